//! What an opened Initial holds: frames, of which those of the handshake matter (RFC 9000 §12.4).

use super::packet::varint;
use super::version::Dialect;

/// Octets of a handshake, and where in it they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Crypto<'a> {
    /// Octets before them.
    pub(super) offset: u64,
    /// The octets.
    pub(super) octets: &'a [u8],
}

/// Frame types (RFC 9000 §19).
const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;
const CRYPTO: u8 = 0x06;
const CONNECTION_CLOSE: u8 = 0x1c;
/// Of Google's versions with protected Initials.
const GOOGLE_PING: u8 = 0x07;
const GOOGLE_CRYPTO: u8 = 0x08;

/// Show each piece of the handshake, in the order of the packet. False: there was a frame that no
/// Initial may hold (RFC 9000 §12.4, table 3) or that ends early; what stood before it was shown.
pub(super) fn walk<'a>(dialect: Dialect, payload: &'a [u8], show: impl FnMut(Crypto<'a>)) -> bool {
    match dialect {
        Dialect::Tls => walk_standard(payload, show).is_some(),
        Dialect::GoogleTls | Dialect::GoogleChlo => walk_google(payload, show).is_some(),
    }
}

fn walk_standard<'a>(payload: &'a [u8], mut show: impl FnMut(Crypto<'a>)) -> Option<()> {
    let mut rest = payload;
    // Each turn takes an octet at least.
    while let Some((kind, behind)) = rest.split_first() {
        rest = match *kind {
            PADDING => without_padding(behind),
            PING => behind,
            ACK => behind_ack(behind)?,
            ACK_ECN => behind_integers(behind_ack(behind)?, 3)?,
            CRYPTO => {
                let (piece, behind) = crypto(behind)?;
                show(piece);
                behind
            }
            CONNECTION_CLOSE => {
                let (reason, behind) = varint(behind_integers(behind, 2)?)?;
                behind.get(usize::try_from(reason).ok()?..)?
            }
            _ => return None,
        };
    }
    Some(())
}

/// Q050, T050 and T051. A client's first packets hold no other frames than these; the others have
/// forms of their own, and whatever stands behind one is not looked at.
fn walk_google<'a>(payload: &'a [u8], mut show: impl FnMut(Crypto<'a>)) -> Option<()> {
    let mut rest = payload;
    while let Some((kind, behind)) = rest.split_first() {
        rest = match *kind {
            PADDING => without_padding(behind),
            GOOGLE_PING => behind,
            GOOGLE_CRYPTO => {
                let (piece, behind) = crypto(behind)?;
                show(piece);
                behind
            }
            _ => return None,
        };
    }
    Some(())
}

/// The octets behind padding, which is most of nearly every Initial: by sixteen, then one by one.
fn without_padding(mut octets: &[u8]) -> &[u8] {
    while let Some((run, behind)) = octets.split_first_chunk::<16>()
        && u128::from_ne_bytes(*run) == 0
    {
        octets = behind;
    }
    while let Some((&PADDING, behind)) = octets.split_first() {
        octets = behind;
    }
    octets
}

/// RFC 9000 §19.6.
fn crypto(octets: &[u8]) -> Option<(Crypto<'_>, &[u8])> {
    let (offset, rest) = varint(octets)?;
    let (len, rest) = varint(rest)?;
    let (octets, behind) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    Some((Crypto { offset, octets }, behind))
}

/// RFC 9000 §19.3: the largest number, the delay, a count of ranges, the first one, and the ranges.
fn behind_ack(octets: &[u8]) -> Option<&[u8]> {
    let (count, rest) = varint(behind_integers(octets, 2)?)?;
    let integers = count.checked_mul(2)?.checked_add(1)?;
    behind_integers(rest, integers)
}

/// Pass over integers of variable length; each takes an octet, so there are no more than those.
fn behind_integers(octets: &[u8], count: u64) -> Option<&[u8]> {
    let count = usize::try_from(count).ok().filter(|count| *count <= octets.len())?;
    (0..count).try_fold(octets, |rest, _| Some(varint(rest)?.1))
}
