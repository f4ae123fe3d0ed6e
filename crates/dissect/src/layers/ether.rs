//! What EtherTypes announce: tags, headers of switches and backbones, and IP.

use model::Refused;

use super::descent::{Descent, Next, Step, clamp, head, skip};
use super::ip;

/// What takes a header off.
type Opener = for<'a> fn(&'a [u8], &mut Descent<'_>) -> Step<'a>;

/// Follow an EtherType.
pub(super) fn follow<'a>(kind: u16, rest: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    match kind {
        0x0800 => Ok((Next::V4, rest)),
        0x86dd => Ok((Next::V6, rest)),
        // IEEE 802.1Q C-tag, S-tag (802.1ad), and the numbers QinQ used before it had one.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
            descent.deeper()?;
            let (&[a, b, c, d], rest) = head(rest)?;
            descent.tagged(u16::from_be_bytes([a, b]));
            Ok((Next::Type(u16::from_be_bytes([c, d])), rest))
        }
        // IEEE 802.3 §3.2.6: a length, and LLC behind it.
        0..=1535 => Ok((Next::Llc { pad: 0 }, rest)),
        _ => {
            let open = opener(kind).ok_or(Refused::NotIp)?;
            descent.deeper()?;
            open(rest, descent)
        }
    }
}

fn opener(kind: u16) -> Option<Opener> {
    Some(match kind {
        0x8847 | 0x8848 => |rest, _| Ok((Next::Mpls, rest)),
        // RFC 2516 §4: 0x8863 is discovery, which carries nothing.
        0x8864 => |rest, _| Ok((Next::PppOe, rest)),
        // RFC 2637 §4.1.
        0x880b => |rest, _| Ok((Next::Ppp, rest)),
        // RFC 1701: transparent Ethernet bridging.
        0x6558 => |rest, _| Ok((Next::Ethernet, rest)),
        0x894f => |rest, _| Ok((Next::Nsh, rest)),
        0x88e5 => macsec,
        // VN-Tag: direction, target and source interface in 4 octets.
        0x8926 => |rest, _| tagged(rest, 4),
        // IEEE 802.1BR §7: an E-TAG of 6 octets.
        0x893f => |rest, _| tagged(rest, 6),
        // IEEE 802.1Qau: a CN-TAG. IEEE 802.1CB §7.8: an R-TAG.
        0x22e9 => |rest, _| tagged(rest, 2),
        0xf1c1 => |rest, _| tagged(rest, 4),
        // IEEE 802.1ah §9.7: an I-TAG of 4 octets, then the customer's frame.
        0x88e7 => |rest, _| Ok((Next::Ethernet, skip(rest, 4)?)),
        // FabricPath: tree and TTL in 2 octets, then the frame.
        0x8903 => |rest, _| Ok((Next::Ethernet, skip(rest, 2)?)),
        0x22f3 => trill,
        0x8909 => metadata,
        0x4305 => mesh,
        // Marvell's EDSA: two reserved octets, then the tag.
        0xdada => |rest, descent| dsa(skip(rest, 2)?, descent),
        _ => return None,
    })
}

/// A tag of `len` octets before the EtherType of what it was put on.
fn tagged(rest: &[u8], len: usize) -> Step<'_> {
    let (&kind, rest) = head(skip(rest, len)?)?;
    Ok((Next::Type(u16::from_be_bytes(kind)), rest))
}

/// IEEE 802.1AE §9.3: the SecTAG, behind which the data is in clear or not.
fn macsec<'a>(rest: &'a [u8], _: &mut Descent<'_>) -> Step<'a> {
    const ENCRYPTED: u8 = 8;
    const SCI: u8 = 32;
    let (&[control, ..], _) = head::<6>(rest)?;
    if control & ENCRYPTED != 0 {
        return Err(Refused::Encapsulated);
    }
    tagged(rest, if control & SCI != 0 { 14 } else { 6 })
}

/// RFC 6325 §3: version, hops and how many words of options; two nicknames; then the frame.
fn trill<'a>(rest: &'a [u8], _: &mut Descent<'_>) -> Step<'a> {
    let (&[a, b, ..], rest) = head::<6>(rest)?;
    let words = usize::from(u16::from_be_bytes([a, b]) >> 6 & 0x1f);
    Ok((Next::Ethernet, skip(rest, words.saturating_mul(4))?))
}

/// Cisco metadata: version 1, how many options, and 4 octets each.
fn metadata<'a>(rest: &'a [u8], _: &mut Descent<'_>) -> Step<'a> {
    let (&[version, options], rest) = head(rest)?;
    if version != 1 {
        return Err(Refused::NotIp);
    }
    tagged(rest, usize::from(options).saturating_mul(4))
}

/// B.A.T.M.A.N. advanced, version 15: frames for one or for all; the rest is routing.
fn mesh<'a>(rest: &'a [u8], _: &mut Descent<'_>) -> Step<'a> {
    let (kind, _) = head::<2>(rest)?;
    let len = match kind {
        [0x40, 15] => 10,
        [0x42, 15] => 18,
        [0x01, 15] => 14,
        _ => return Err(Refused::NotIp),
    };
    Ok((Next::Ethernet, skip(rest, len)?))
}

/// Marvell's distributed switch tag: the switch put the VLAN tag's number into its own.
pub(super) fn dsa<'a>(rest: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    let (&[command, _, high, low, c, d], rest) = head(rest)?;
    if command & 0x20 != 0 {
        descent.tagged(u16::from_be_bytes([high, low]));
    }
    Ok((Next::Type(u16::from_be_bytes([c, d])), rest))
}

/// RFC 8300 §2.2: length in words of 4 octets at the second, what follows at the fourth.
pub(super) fn nsh<'a>(rest: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    descent.deeper()?;
    let (&[_, words, _, next], _) = head(rest)?;
    let len = usize::from(words & 0x3f).saturating_mul(4);
    if len < 8 {
        return Err(Refused::Malformed);
    }
    by_number(next, skip(rest, len)?)
}

/// The numbers that NSH (RFC 8300 §2.2) and VXLAN-GPE share.
pub(super) fn by_number(next: u8, rest: &[u8]) -> Step<'_> {
    let next = match next {
        1 => Next::V4,
        2 => Next::V6,
        3 => Next::Ethernet,
        4 => Next::Nsh,
        5 => Next::Mpls,
        _ => return Err(Refused::NotIp),
    };
    Ok((next, rest))
}

/// Whether octets look like an Ethernet frame: where something is known about what its type says,
/// it holds. `wire` is how many octets it has.
pub(super) fn plausible(frame: &[u8], wire: u32) -> bool {
    let Ok((&[.., high, low, first, second], behind)) = head::<16>(frame) else { return false };
    match u16::from_be_bytes([high, low]) {
        0x0800 => first >> 4 == 4 && first & 15 >= 5,
        0x86dd => first >> 4 == 6,
        // A hardware type.
        0x0806 => [first, second] == [0, 1],
        0x8100 | 0x88a8 => {
            behind.first_chunk().is_some_and(|kind| u16::from_be_bytes(*kind) >= 1536)
        }
        0x8847 | 0x8864 => true,
        len @ 3..=1500 => {
            u32::from(len).saturating_add(14) <= wire
                && matches!((first, second), (0xaa, 0xaa) | (0x42, 0x42) | (0xfe, 0xfe) | (6, 6))
        }
        _ => false,
    }
}

/// Whether an Ethernet frame carries IP that can be vouched for, behind two tags at most.
pub(super) fn vouched(frame: &[u8], wire: u32) -> bool {
    let mut before = 12_usize;
    for _ in 0..3 {
        let Some(rest) = frame.get(before..) else { return false };
        let Some((kind, rest)) = rest.split_first_chunk() else { return false };
        let wire = || wire.saturating_sub(clamp(before)).saturating_sub(2);
        match u16::from_be_bytes(*kind) {
            0x0800 => return ip::vouched(4, rest, wire()),
            0x86dd => return ip::vouched(6, rest, wire()),
            0x8100 | 0x88a8 => before = before.saturating_add(4),
            _ => return false,
        }
    }
    false
}
