//! A TLS ClientHello put together from the pieces that CRYPTO frames bring, in any order.

use model::{Carrier, TlsHello};

use super::frames::Crypto;
use crate::protocols::limits::QUIC_PIECES_MAX;
use crate::protocols::reader::DATAGRAMS_HELD_MAX;
use crate::protocols::tls::hello;
use crate::streams::{Budget, Buffer, Put};

/// The handshake message type of a ClientHello (RFC 8446 §4).
const CLIENT_HELLO: u8 = 1;

/// What there is of a hello.
#[derive(Debug)]
pub(super) struct Assembly {
    buffer: Buffer,
    budget: Budget,
}

/// How far a hello has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress<'a> {
    /// The body of a whole one.
    Whole(&'a [u8]),
    /// As much as there is of one.
    Part(&'a [u8]),
    /// It is no hello, or one that never fits.
    Foreign,
}

impl Assembly {
    pub(super) fn new() -> Assembly {
        Assembly { buffer: Buffer::default(), budget: Budget::new(DATAGRAMS_HELD_MAX) }
    }

    /// Octets held.
    pub(super) const fn held(&self) -> usize {
        self.budget.held()
    }

    /// Begin anew.
    pub(super) fn clear(&mut self) {
        self.buffer.clear(&mut self.budget);
    }

    /// Hold a piece. The first octet that came for a place stays.
    pub(super) fn put(&mut self, piece: Crypto<'_>, anomaly: &mut dyn FnMut(&'static str)) {
        if piece.octets.is_empty() {
            return;
        }
        let offset = usize::try_from(piece.offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(piece.octets.len());
        let put = if end > DATAGRAMS_HELD_MAX {
            Put::OverBudget
        } else {
            // As many pieces as that have one gap less between them, and one before them.
            self.buffer.put(offset, piece.octets, QUIC_PIECES_MAX, &mut self.budget)
        };
        match put {
            Put::Held(false) => {}
            Put::Held(true) => anomaly("quic_crypto_contradicts"),
            Put::Holes => anomaly("quic_crypto_in_too_many_pieces"),
            Put::OverBudget => anomaly("quic_crypto_too_far_ahead"),
        }
    }

    /// The hello, when it is whole; `Err` when it will never be one.
    pub(super) fn whole(
        &self,
        version: u32,
        anomaly: &mut dyn FnMut(&'static str),
    ) -> Result<Option<TlsHello>, ()> {
        match self.progress() {
            Progress::Whole(body) => {
                Ok(Some(hello::client(body, true, Carrier::Quic(version), anomaly)))
            }
            Progress::Part(_) => Ok(None),
            Progress::Foreign => {
                anomaly("quic_hello_malformed");
                Err(())
            }
        }
    }

    /// What there is of a hello that will not become whole, if it has the name.
    pub(super) fn cut(
        &self,
        version: u32,
        anomaly: &mut dyn FnMut(&'static str),
    ) -> Option<TlsHello> {
        let Progress::Part(body) = self.progress() else { return None };
        let named = |hello: &TlsHello| hello.server_name.is_some();
        (!body.is_empty())
            .then(|| hello::client(body, false, Carrier::Quic(version), anomaly))
            .filter(named)
    }

    fn progress(&self) -> Progress<'_> {
        let octets = self.buffer.at_hand();
        let Some((head, body)) = octets.split_first_chunk() else {
            let foreign = octets.first().is_some_and(|kind| *kind != CLIENT_HELLO);
            return if foreign { Progress::Foreign } else { Progress::Part(&[]) };
        };
        let [kind, high, middle, low]: [u8; 4] = *head;
        let len = u32::from_be_bytes([0, high, middle, low]) as usize;
        if kind != CLIENT_HELLO || len > DATAGRAMS_HELD_MAX.saturating_sub(head.len()) {
            return Progress::Foreign;
        }
        body.get(..len).map_or(Progress::Part(body), Progress::Whole)
    }
}
