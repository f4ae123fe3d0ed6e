//! L2TP: PPP over UDP (version 2, RFC 2661), any link over UDP or IP (version 3, RFC 3931).

use model::{Refused, TunnelKind};

use super::descent::{Inside, Next, clamp, head, skip};
use super::ether;

const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;

/// The data of a session over UDP; nothing when it is the ends' own talk, or not L2TP.
pub(super) fn over_udp(payload: &[u8], wire: u32) -> Option<Inside<'_>> {
    let (&flags, rest) = head(payload).ok()?;
    let flags = u16::from_be_bytes(flags);
    match flags & (CONTROL | VERSION) {
        2 => version_2(flags, rest),
        // RFC 3931 §4.1.2.1: two reserved octets, then as over IP.
        3 => {
            let rest = skip(rest, 2).ok()?;
            version_3(rest, wire.saturating_sub(4))
        }
        _ => None,
    }
}

/// RFC 2661 §3.1.
fn version_2(flags: u16, mut rest: &[u8]) -> Option<Inside<'_>> {
    if flags & LENGTH != 0 {
        rest = skip(rest, 2).ok()?;
    }
    let (&id, mut rest) = head(rest).ok()?;
    if flags & SEQUENCE != 0 {
        rest = skip(rest, 4).ok()?;
    }
    if flags & OFFSET != 0 {
        let (&len, behind) = head(rest).ok()?;
        rest = skip(behind, usize::from(u16::from_be_bytes(len))).ok()?;
    }
    let behind = rest.strip_prefix(&[0xff, 0x03]).unwrap_or(rest);
    // Network protocols, their control protocols, and the link's: all that PPP carries here.
    let known = matches!(behind, [0x00, 0x21 | 0x57 | 0x2d | 0x2f | 0x3d | 0xfd, ..])
        || matches!(behind, [0x80 | 0xc0 | 0xc2, _, ..] | [0x02, 0x81 | 0x83, ..])
        || matches!(behind, [0x21 | 0x57, 0x45 | 0x60, ..]);
    let id = Some(u32::from_be_bytes(id));
    known.then_some(Inside { kind: TunnelKind::L2tp, id, tag: None, next: Next::Ppp, rest })
}

/// The data of a session over IP (RFC 3931 §4.1.1).
pub(super) fn over_ip(payload: &[u8], wire: u32) -> Result<Inside<'_>, Refused> {
    // Session 0 is the ends' own talk.
    let (&id, _) = head::<4>(payload)?;
    if id == [0; 4] {
        return Err(Refused::OtherTransport);
    }
    version_3(payload, wire).ok_or(Refused::Encapsulated)
}

/// No field says how long the cookie is (0, 4 or 8 octets), nor whether a sublayer (4) follows it,
/// nor what is inside: the first reading by which IP makes sense is taken.
fn version_3(payload: &[u8], wire: u32) -> Option<Inside<'_>> {
    let (&id, rest) = head(payload).ok()?;
    let id = Some(u32::from_be_bytes(id)).filter(|id| *id != 0);
    id?;
    for before in [0, 4, 8, 12] {
        let rest = skip(rest, before).ok()?;
        let next = match rest {
            [0xff, 0x03, 0, 0x21 | 0x57, ..] => Next::Ppp,
            _ if ether::vouched(rest, wire.saturating_sub(clamp(before)).saturating_sub(4)) => {
                Next::Ethernet
            }
            _ => continue,
        };
        return Some(Inside { kind: TunnelKind::L2tp, id, tag: None, next, rest });
    }
    None
}
