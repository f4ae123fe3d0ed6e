//! What tells segments of one sender apart when they contradict each other: a forged one that the
//! server must never accept has to differ from a true one in something.
#![warn(clippy::arithmetic_side_effects)]

use crate::ends::Address;
use crate::layers::{Packet, Segment};

/// Whether a checksum holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sum {
    /// It does.
    Good,
    /// It does not. Before a network card has filled it in, no segment's does.
    Bad,
    /// The segment was not captured whole.
    Unknown,
}

/// What the network and the server make of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Marks {
    /// Hops that it had left: one with too few never reaches the server.
    pub(crate) hops: u8,
    /// A server drops what its checksum does not hold for (RFC 9293 §3.1).
    pub(crate) sum: Sum,
    /// It has an MD5 signature (RFC 2385), and is dropped by a server that agreed on none.
    pub(crate) signed: bool,
    /// It acknowledges something; what does not is dropped (RFC 9293 §3.10.7.4).
    pub(crate) acknowledges: bool,
}

impl Marks {
    /// Of a TCP packet.
    pub(crate) fn of(packet: &Packet<'_>) -> Marks {
        let flags = match packet.segment {
            Segment::Tcp { flags, .. } => flags.ack(),
            Segment::Udp => false,
        };
        Marks {
            hops: packet.hops,
            sum: checksum(packet),
            signed: packet.header.get(20..).is_some_and(has_signature),
            acknowledges: flags,
        }
    }
}

/// Sequence number of the urgent octet of a segment, where it has one (RFC 6093 §2: the pointer
/// points behind it). A server's program does not find it among the others.
pub(crate) fn urgent(packet: &Packet<'_>) -> Option<u32> {
    const URG: u8 = 0x20;
    let Segment::Tcp { sequence, .. } = packet.segment else { return None };
    let &[.., flags, _, _, _, _, high, low] = packet.header.first_chunk::<20>()?;
    let pointer = u32::from(u16::from_be_bytes([high, low]));
    let within = pointer > 0 && pointer as usize <= packet.payload.len();
    (flags & URG != 0 && within).then(|| sequence.wrapping_add(pointer).wrapping_sub(1))
}

/// Whether the options hold an MD5 signature.
fn has_signature(mut options: &[u8]) -> bool {
    const SIGNATURE: u8 = 19;
    loop {
        options = match options {
            [0, ..] | [] => return false,
            [1, rest @ ..] => rest,
            [SIGNATURE, ..] => return true,
            [_, len, ..] if *len >= 2 => options.get(usize::from(*len)..).unwrap_or_default(),
            _ => return false,
        };
    }
}

/// Whether the checksum of a TCP segment holds (RFC 9293 §3.1).
fn checksum(packet: &Packet<'_>) -> Sum {
    if packet.header.is_empty() || packet.payload.len() != packet.payload_len as usize {
        return Sum::Unknown;
    }
    let len = packet.header.len().saturating_add(packet.payload.len());
    // Addresses of IPv4 stand in the low half of their second word; zeros add nothing.
    let sum = [packet.key.low, packet.key.high]
        .iter()
        .fold(0u64, |sum, address| sum.saturating_add(words(&octets(address))));
    let tail = (len as u64).saturating_add(6).to_be_bytes();
    let sum = sum.saturating_add(words(&tail));
    let sum = sum.saturating_add(words(packet.header)).saturating_add(words(packet.payload));
    match fold(sum) {
        u16::MAX => Sum::Good,
        _ => Sum::Bad,
    }
}

fn octets(address: &Address) -> [u8; 16] {
    let [high, low] = address.map(u128::from);
    (high << 64 | low).to_be_bytes()
}

/// The sum of 16-bit words, in the machine's own order: a ones' complement sum has none.
fn words(octets: &[u8]) -> u64 {
    let (chunks, rest) = octets.as_chunks::<8>();
    let mut sum = 0u64;
    // A datagram has so few octets that the sum of their halves fits.
    let halves = |chunk: [u8; 8]| {
        let word = u64::from_ne_bytes(chunk);
        (word >> 32).wrapping_add(word & 0xffff_ffff)
    };
    for chunk in chunks {
        sum = sum.wrapping_add(halves(*chunk));
    }
    let mut last = [0; 8];
    for (place, octet) in last.iter_mut().zip(rest) {
        *place = *octet;
    }
    sum.wrapping_add(halves(last))
}

const fn fold(mut sum: u64) -> u16 {
    // Each turn halves the width.
    sum = (sum >> 32).wrapping_add(sum & 0xffff_ffff);
    sum = (sum >> 32).wrapping_add(sum & 0xffff_ffff);
    sum = (sum >> 16).wrapping_add(sum & 0xffff);
    sum = (sum >> 16).wrapping_add(sum & 0xffff);
    sum = (sum >> 16).wrapping_add(sum & 0xffff);
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ends::{Key, Way};
    use crate::layers::TcpFlags;

    /// A segment from 10.0.0.1:40000 to 10.0.0.2:80 with this checksum.
    fn packet<'a>(header: &'a [u8], payload: &'a [u8]) -> Packet<'a> {
        let (key, way) = Key::of(([0, 0x0a00_0001], 40_000), ([0, 0x0a00_0002], 80), 0);
        assert_eq!(way, Way::FromLow);
        let flags = TcpFlags(header[13]);
        let segment = Segment::Tcp { sequence: 1000, acknowledged: 0, flags };
        let payload_len = payload.len() as u32;
        let (vlan, ip_len, hops, marks) = (None, 0, 64, 0);
        Packet { key, way, vlan, segment, ip_len, payload_len, payload, header, hops, marks }
    }

    fn header(sum: u16, urgent: u16) -> Vec<u8> {
        let mut octets = vec![0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 0x38, 0xff, 0xff];
        octets.extend(sum.to_be_bytes());
        octets.extend(urgent.to_be_bytes());
        octets
    }

    #[test]
    fn checksums() {
        // By hand: 0a00+0001+0a00+0002 + 0006+0019 + 9c40+0050+03e8+5038+ffff + 4845+4c4c+4f00.
        let mut sum = 0x0a00u32 + 1 + 0x0a00 + 2 + 6 + 25;
        sum += 0x9c40 + 0x50 + 0x03e8 + 0x5038 + 0xffff + 0x4845 + 0x4c4c + 0x4f00;
        let folded = (sum & 0xffff) + (sum >> 16);
        let right = !(((folded & 0xffff) + (folded >> 16)) as u16);
        let good = header(right, 0);
        assert_eq!(Marks::of(&packet(&good, b"HELLO")).sum, Sum::Good);
        assert_eq!(Marks::of(&packet(&good, b"HALLO")).sum, Sum::Bad);
        assert_eq!(Marks::of(&packet(&header(0, 0), b"HELLO")).sum, Sum::Bad);
        let cut = Packet { payload_len: 99, ..packet(&good, b"HELLO") };
        assert_eq!(Marks::of(&cut).sum, Sum::Unknown);
    }

    #[test]
    fn the_urgent_octet_is_the_last_one_before_the_pointer() {
        let table = [(0, None), (1, Some(1000)), (5, Some(1004)), (6, None)];
        for (pointer, want) in table {
            assert_eq!(urgent(&packet(&header(0, pointer), b"HELLO")), want, "{pointer}");
        }
    }

    #[test]
    fn signatures_among_options() {
        let table: &[(&[u8], bool)] = &[
            (&[], false),
            (&[1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0], false),
            (&[1, 1, 19, 18], true),
            (&[8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 19, 18], true),
            (&[0, 19, 18], false),
            (&[8, 0, 19, 18], false),
            (&[8], false),
        ];
        for (options, want) in table {
            assert_eq!(has_signature(options), *want, "{options:?}");
        }
    }
}
