//! IEEE 802.2 LLC and SNAP, and the LANs that have nothing else: FDDI, Token Ring, ARCNET, ATM.

use model::Refused;

use super::descent::{Descent, Next, Step, head, skip};

/// An LLC header (IEEE 802.2 §3). `pad` is how many octets the network puts before a bridged frame
/// (RFC 2684 §5.2).
pub(super) fn open<'a>(rest: &'a [u8], pad: usize, descent: &mut Descent<'_>) -> Step<'a> {
    match head(rest) {
        // Unnumbered information to SNAP, IP (RFC 948), or an OSI network protocol.
        Ok((&[0xaa | 0xab, 0xaa | 0xab, 0x03], rest)) => {
            descent.deeper()?;
            snap(rest, pad)
        }
        Ok((&[0x06, 0x06 | 0x07, 0x03], rest)) => Ok((Next::V4, rest)),
        Ok((&[0xfe, 0xfe, 0x03], rest)) => {
            descent.deeper()?;
            let (&[id], rest) = head(rest)?;
            network(id, rest)
        }
        // Spanning tree, NetBEUI, IPX …
        Ok(_) => Err(Refused::NotIp),
        Err(why) => Err(why),
    }
}

/// IEEE 802 §9.4: whose numbers they are, then the number.
fn snap(rest: &[u8], pad: usize) -> Step<'_> {
    let (&[a, b, c, high, low], rest) = head(rest)?;
    let number = u16::from_be_bytes([high, low]);
    match ([a, b, c], number) {
        // RFC 1042, and IEEE 802.1H: EtherTypes.
        ([0, 0, 0] | [0, 0, 0xf8], 1536..) => Ok((Next::Type(number), rest)),
        // RFC 2684 §5.2, RFC 2427 §4.2: a bridged frame, with its check sum or without.
        ([0, 0x80, 0xc2], 1 | 7) => Ok((Next::Ethernet, skip(rest, pad)?)),
        _ => Err(Refused::NotIp),
    }
}

/// What a network layer protocol identifier says (ISO/IEC TR 9577).
pub(super) fn network(id: u8, rest: &[u8]) -> Step<'_> {
    match id {
        0xcc => Ok((Next::V4, rest)),
        0x8e => Ok((Next::V6, rest)),
        0x80 => snap(rest, 0),
        // RFC 1973.
        0xcf => Ok((Next::Ppp, rest)),
        _ => Err(Refused::NotIp),
    }
}

/// FDDI: frame control, two addresses. Frames with LLC have 0101 there.
pub(super) fn fddi(bytes: &[u8]) -> Step<'_> {
    let (&[control, ..], rest) = head::<13>(bytes)?;
    if control & 0xf0 != 0x50 {
        return Err(Refused::NotIp);
    }
    Ok((Next::Llc { pad: 0 }, rest))
}

/// IEEE 802.5: access and frame control, two addresses, and a route where the first bit of the
/// source says so.
pub(super) fn token_ring(bytes: &[u8]) -> Step<'_> {
    let (head, mut rest) = head::<14>(bytes)?;
    let &[_, control, _, _, _, _, _, _, source, ..] = head;
    if control & 0xc0 != 0x40 {
        return Err(Refused::NotIp);
    }
    if source & 0x80 != 0 {
        let len = rest.first().ok_or(Refused::Truncated)? & 0x1f;
        rest = skip(rest, usize::from(len.max(2)))?;
    }
    Ok((Next::Llc { pad: 0 }, rest))
}

/// ARCNET with a header of RFC 1201, or RFC 1051, behind the two addresses. Linux keeps two octets
/// more, and puts packets together; others show each frame.
pub(super) fn arcnet(bytes: &[u8], linux: bool) -> Step<'_> {
    let (&[kind], rest) = head(skip(bytes, if linux { 4 } else { 2 })?)?;
    match kind {
        // RFC 1051 has no more than this.
        0xf0 => return Ok((Next::V4, rest)),
        0xd4 | 0xc4 => {}
        _ => return Err(Refused::NotIp),
    }
    let (&[mut flag, ..], mut rest) = head::<3>(rest)?;
    if flag == 0xff && !linux {
        // An exception frame, longer than it had to be: the header comes again.
        let (&[_, again, _, _], behind) = head(rest)?;
        (flag, rest) = (again, behind);
    }
    if flag != 0 {
        return Err(Refused::Fragment);
    }
    Ok((if kind == 0xd4 { Next::V4 } else { Next::V6 }, rest))
}

/// RFC 2684: LLC, or IP alone on its circuit (§6).
pub(super) fn atm(rest: &[u8]) -> Step<'_> {
    match rest {
        [0xaa, 0xaa, 0x03, ..] | [0xfe, 0xfe, 0x03, ..] | [0x06, 0x06, 0x03, ..] => {
            Ok((Next::Llc { pad: 2 }, rest))
        }
        _ => Ok((Next::Ip, rest)),
    }
}

/// SunATM: direction and kind, path, channel; then LAN emulation or LLC.
pub(super) fn sun_atm(bytes: &[u8]) -> Step<'_> {
    let (&[kind, ..], rest) = head::<4>(bytes)?;
    match kind & 0x0f {
        1 => Ok((Next::Ethernet, skip(rest, 2)?)),
        2 => atm(rest),
        _ => Err(Refused::NotIp),
    }
}
