//! Serial lines: PPP, PPP over Ethernet, Cisco's HDLC, Frame Relay.

use model::Refused;

use super::descent::{Descent, Next, Step, head, skip};
use super::llc;

/// A PPP frame (RFC 1661 §2), with or without the address and control of HDLC-like framing
/// (RFC 1662 §3.1), its protocol in one octet or two (RFC 1661 §6.5).
pub(super) fn ppp<'a>(rest: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    descent.deeper()?;
    let rest = rest.strip_prefix(&[0xff, 0x03]).unwrap_or(rest);
    let (&[first], behind) = head(rest)?;
    let (protocol, rest) = if first & 1 == 1 {
        (u16::from(first), behind)
    } else {
        let (&pair, behind) = head(rest)?;
        (u16::from_be_bytes(pair), behind)
    };
    match protocol {
        0x0021 => Ok((Next::V4, rest)),
        0x0057 => Ok((Next::V6, rest)),
        // RFC 3032 §4.3.
        0x0281 | 0x0283 => Ok((Next::Mpls, rest)),
        0x0031 => bridged(rest),
        0x003d => multilink(rest),
        // Van Jacobson's compression (RFC 1332), compressed (RFC 1962), encrypted (RFC 1968).
        0x002d | 0x002f | 0x0053 | 0x0055 | 0x00fb | 0x00fd => Err(Refused::Encapsulated),
        // LCP, IPCP, authentication, CDP, OSI …
        _ => Err(Refused::NotIp),
    }
}

/// RFC 3518 §4.2: flags, the kind of LAN, its number where a flag says so, then the frame.
fn bridged(rest: &[u8]) -> Step<'_> {
    const NUMBERED: u8 = 0x40;
    const ETHERNET: u8 = 1;
    let (&[flags, kind], rest) = head(rest)?;
    if kind != ETHERNET {
        return Err(Refused::NotIp);
    }
    Ok((Next::Ethernet, if flags & NUMBERED != 0 { skip(rest, 4)? } else { rest }))
}

/// RFC 1990 §3: a fragment that is both the first and the last is a packet. Long sequence numbers
/// are taken for granted.
fn multilink(rest: &[u8]) -> Step<'_> {
    const WHOLE: u8 = 0xc0;
    let (&[flags, ..], rest) = head::<4>(rest)?;
    if flags & WHOLE == WHOLE { Ok((Next::Ppp, rest)) } else { Err(Refused::Fragment) }
}

/// RFC 2516 §4: version and type 1, code 0 for data, session, length; then PPP.
pub(super) fn over_ethernet(rest: &[u8]) -> Step<'_> {
    match head::<6>(rest)? {
        (&[0x11, 0, ..], rest) => Ok((Next::Ppp, rest)),
        (&[0x11, ..], _) => Err(Refused::NotIp),
        _ => Err(Refused::Malformed),
    }
}

/// Cisco's HDLC: 0F for one or 8F for all, 00, an EtherType; or PPP in HDLC-like framing.
pub(super) fn hdlc(rest: &[u8]) -> Step<'_> {
    match head(rest)? {
        (&[0xff, 0x03], rest) => Ok((Next::Ppp, rest)),
        (&[0x0f | 0x8f, _], rest) => {
            let (&kind, rest) = head(rest)?;
            match u16::from_be_bytes(kind) {
                // ISO's protocols have their LLC numbers here.
                0..=1535 | 0xfefe => Err(Refused::NotIp),
                kind => Ok((Next::Type(kind), rest)),
            }
        }
        _ => Err(Refused::NotIp),
    }
}

/// Frame Relay: an address of 2 to 4 octets (Q.922 §3.3, the last one is odd), then RFC 2427, or
/// an EtherType as Cisco has it.
pub(super) fn frame_relay<'a>(rest: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    descent.deeper()?;
    let len = match rest {
        [a, b, ..] if a & 1 == 0 && b & 1 == 1 => 2,
        [a, b, c, ..] if (a | b) & 1 == 0 && c & 1 == 1 => 3,
        [a, b, c, d, ..] if (a | b | c) & 1 == 0 && d & 1 == 1 => 4,
        [_, _, _, _, ..] => return Err(Refused::NotIp),
        _ => return Err(Refused::Truncated),
    };
    let rest = skip(rest, len)?;
    match head(rest)? {
        // An unnumbered frame; a pad octet before SNAP.
        (&[0x03, 0], rest) => {
            let (&[id], rest) = head(rest)?;
            llc::network(id, rest)
        }
        (&[0x03, id], rest) => llc::network(id, rest),
        (&kind, rest) => match u16::from_be_bytes(kind) {
            0..=1535 => Err(Refused::NotIp),
            kind => Ok((Next::Type(kind), rest)),
        },
    }
}

/// FRF.16.1 §2: frames over several lines; one that is both the first and the last part is whole.
pub(super) fn frame_relay_multilink(rest: &[u8]) -> Step<'_> {
    match head::<2>(rest)? {
        (&[flags, _], rest) if flags & 0xe1 == 0xc1 => Ok((Next::FrameRelay, rest)),
        (&[flags, _], _) if flags & 0x20 != 0 => Err(Refused::NotIp),
        _ => Err(Refused::Fragment),
    }
}
