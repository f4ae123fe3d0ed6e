//! Long headers (RFC 9000 §17.2), and the packets that one datagram holds (§12.2).

use super::version::{Kind, Version};
use crate::protocols::limits::QUIC_PACKETS_MAX;

/// RFC 9000 §17.2: the bit that a long header sets.
const LONG: u8 = 0x80;
/// The bit that every packet sets, unless both ends agreed to leave it to chance (RFC 9287).
pub(super) const FIXED: u8 = 0x40;
/// The longest connection id (RFC 9000 §17.2).
const ID_MAX: usize = 20;

/// A packet with a long header whose octets are all there. Its number, and four bits of its first
/// octet, are still protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Packet<'a> {
    /// Its version.
    pub(super) version: Version,
    /// What it is; never a Retry.
    pub(super) kind: Kind,
    /// The connection id of whom it is for, 0 to 20 octets.
    pub(super) destination: &'a [u8],
    /// All its octets.
    pub(super) octets: &'a [u8],
    /// Where its number begins in them.
    pub(super) number_at: usize,
}

/// The packets at the start of a datagram, up to [`QUIC_PACKETS_MAX`]. It ends at a Retry, a short
/// header, padding, or anything that is not whole.
pub(super) fn packets(datagram: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    let mut rest = datagram;
    let next = move || {
        let (packet, behind) = packet(rest)?;
        rest = behind;
        Some(packet)
    };
    std::iter::from_fn(next).take(QUIC_PACKETS_MAX)
}

/// The version that a long header names, whatever it is (RFC 8999 §5.1).
pub(super) fn version(octets: &[u8]) -> Option<u32> {
    let [first, number @ ..] = *octets.first_chunk::<5>()?;
    (first & LONG != 0).then(|| u32::from_be_bytes(number))
}

/// The packet that octets begin with, and what follows it.
fn packet(octets: &[u8]) -> Option<(Packet<'_>, &[u8])> {
    let version = Version::find(version(octets)?)?;
    let (first, behind) = octets.split_first()?;
    let kind = version.kind(*first);
    let (destination, rest) = id(behind.get(4..)?)?;
    let (_source, rest) = id(rest)?;
    let rest = match kind {
        Kind::Initial => {
            let (token, rest) = varint(rest)?;
            rest.get(usize::try_from(token).ok()?..)?
        }
        Kind::ZeroRtt | Kind::Handshake => rest,
        Kind::Retry => return None,
    };
    let (len, rest) = varint(rest)?;
    let len = usize::try_from(len).ok()?;
    let number_at = octets.len().checked_sub(rest.len())?;
    let (octets, behind) = octets.split_at_checked(number_at.checked_add(len)?)?;
    Some((Packet { version, kind, destination, octets, number_at }, behind))
}

/// A connection id behind its length.
fn id(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = octets.split_first()?;
    rest.split_at_checked(usize::from(*len)).filter(|(id, _)| id.len() <= ID_MAX)
}

/// A variable-length integer (RFC 9000 §16), and what follows it.
pub(super) fn varint(octets: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = octets.split_first()?;
    let (more, rest) = rest.split_at_checked((1usize << (first >> 6)) - 1)?;
    let value = |value: u64, octet: &u8| value << 8 | u64::from(*octet);
    Some((more.iter().fold(u64::from(first & 0x3f), value), rest))
}
