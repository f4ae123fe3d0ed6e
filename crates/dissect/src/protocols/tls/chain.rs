//! A Certificate message (RFC 5246 §7.4.2): the end certificate, read when it is whole, and the
//! chain behind it, hashed as it comes so that none of it is held.

use model::{Fact, Side, TlsCertificate, upper_hex};
use sha2::{Digest, Sha256};

use super::certificate;
use crate::protocols::limits::{TLS_CERTIFICATE_MAX, TLS_CHAIN_MAX, TLS_CHAIN_OCTETS_MAX};
use crate::protocols::reader::Out;

/// The lengths of the list and of its first certificate.
const LENGTHS: usize = 6;

/// What the beginning of a message's body comes to.
pub(super) enum Leaf {
    /// So many octets of the body are needed.
    Wait(usize),
    /// An end certificate in the first so many octets of the body; the chain may follow.
    Shown(Chain, usize),
    /// There is none that could be read.
    None,
}

/// An end certificate that was read, and what has come of the chain behind it.
pub(super) struct Chain {
    certificate: Box<TlsCertificate>,
    /// Octets of the list that are still to come.
    left: usize,
    at: At,
}

enum At {
    /// In the three octets of a length: how many there were, and their number so far.
    Length(u8, u32),
    /// In a certificate of which so many octets are still to come.
    Certificate(usize, Box<Sha256>),
}

/// Read the beginning of a message that `side` sent: its `body` as far as it is there, of `whole`
/// octets.
pub(super) fn leaf(side: Side, body: &[u8], whole: usize, out: &mut Out<'_>) -> Leaf {
    let Some((head, rest)) = body.split_first_chunk::<LENGTHS>() else {
        // A client without a certificate sends an empty list.
        return if body.len() >= whole { Leaf::None } else { Leaf::Wait(LENGTHS) };
    };
    let [a, b, c, d, e, f] = *head;
    let number = |octets: [u8; 3]| {
        let [high, middle, low] = octets;
        usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX)
    };
    let (list, len) = (number([a, b, c]), number([d, e, f]));
    let end = len.saturating_add(LENGTHS);
    if end > TLS_CERTIFICATE_MAX {
        (out.anomaly)("tls_certificate_too_long");
        return Leaf::None;
    }
    let Some(der) = rest.get(..len) else {
        if body.len() < whole {
            return Leaf::Wait(end);
        }
        (out.anomaly)("tls_certificate_malformed");
        return Leaf::None;
    };
    let Some(read) = certificate::read(side, der) else {
        (out.anomaly)("tls_certificate_unreadable");
        return Leaf::None;
    };
    // The list has a length of its own; neither goes beyond the message.
    let left = list.saturating_add(3).min(whole).saturating_sub(end).min(TLS_CHAIN_OCTETS_MAX);
    Leaf::Shown(Chain { certificate: Box::new(read), left, at: At::Length(0, 0) }, end)
}

impl Chain {
    /// Octets of the chain that are still to come; none when it is over.
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// The next octets of the list, at most [`Chain::left`].
    pub(super) fn push(&mut self, mut octets: &[u8]) {
        while let Some((first, rest)) = octets.split_first() {
            match &mut self.at {
                At::Length(count, number) => {
                    (*count, *number) = (*count + 1, (*number << 8) | u32::from(*first));
                    (octets, self.left) = (rest, self.left.saturating_sub(1));
                    if *count == 3 {
                        let len = usize::try_from(*number).unwrap_or(usize::MAX);
                        self.at = At::Certificate(len, Box::default());
                        // One that is longer than the list, or empty, is none.
                        if len > self.left || len == 0 {
                            self.left = 0;
                        }
                    }
                }
                At::Certificate(len, hash) => {
                    let (part, rest) = octets.split_at_checked(*len).unwrap_or((octets, &[]));
                    hash.update(part);
                    *len = len.saturating_sub(part.len());
                    (octets, self.left) = (rest, self.left.saturating_sub(part.len()));
                    if *len == 0 {
                        let hash = std::mem::take(hash).finalize();
                        self.certificate.chain.push(upper_hex(&hash).into());
                        self.at = At::Length(0, 0);
                        if self.certificate.chain.len() >= TLS_CHAIN_MAX {
                            self.left = 0;
                        }
                    }
                }
            }
            if self.left == 0 {
                return;
            }
        }
    }

    /// Tell the certificate with what came of its chain.
    pub(super) fn tell(self, out: &mut Out<'_>) {
        (out.fact)(Fact::TlsCertificate(self.certificate));
    }
}

/// Tell what a whole message's body shows.
pub(in crate::protocols) fn tell(side: Side, body: &[u8], out: &mut Out<'_>) {
    if let Leaf::Shown(mut chain, end) = leaf(side, body, body.len(), out) {
        let rest = body.get(end..).unwrap_or_default();
        chain.push(rest.get(..chain.left()).unwrap_or(rest));
        chain.tell(out);
    }
}
