//! GRE (RFC 2784, 2890, 1701; enhanced for PPTP: RFC 2637), and ERSPAN in it.

use model::{Refused, TunnelKind};

use super::descent::{Inside, Next, Step, head, skip};
use super::wlan::Form;
use crate::limits::ROUTES_MAX;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
/// Of version 1.
const ACKNOWLEDGED: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Take a GRE header off.
pub(super) fn open(rest: &[u8]) -> Result<Inside<'_>, Refused> {
    let (&[a, b, c, d], rest) = head(rest)?;
    let (flags, kind) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    match flags & VERSION {
        0 => standard(flags, kind, rest),
        1 => enhanced(flags, kind, rest),
        _ => Err(Refused::Malformed),
    }
}

fn standard(flags: u16, kind: u16, mut rest: &[u8]) -> Result<Inside<'_>, Refused> {
    if flags & (CHECKSUM | ROUTING) != 0 {
        rest = skip(rest, 4)?;
    }
    let mut id = None;
    if flags & KEY != 0 {
        let (&key, behind) = head(rest)?;
        (id, rest) = (Some(u32::from_be_bytes(key)), behind);
    }
    if flags & SEQUENCE != 0 {
        rest = skip(rest, 4)?;
    }
    if flags & ROUTING != 0 {
        rest = routes(rest)?;
    }
    match kind {
        0x88be | 0x22eb => erspan(flags, kind, rest),
        _ => {
            let (next, rest) = announced(kind, rest)?;
            Ok(Inside { kind: TunnelKind::Gre, id, tag: None, next, rest })
        }
    }
}

/// What the protocol type says; most are EtherTypes.
fn announced(kind: u16, rest: &[u8]) -> Step<'_> {
    match kind {
        // WCCP version 2 puts 4 octets before the datagram, version 1 none.
        0x883e => match rest.first().ok_or(Refused::Truncated)? >> 4 {
            4 => Ok((Next::V4, rest)),
            _ => Ok((Next::V4, skip(rest, 4)?)),
        },
        // Aruba's access points send frames as they were on the air.
        0x8200..=0x83f0 if kind & 0x000f == 0 => Ok((Next::Wlan(Form::Tunnelled), rest)),
        // Frame Relay (RFC 1701).
        0x6559 => Ok((Next::FrameRelay, rest)),
        // Keep-alives have 0; there are no lengths here.
        0..=1535 => Err(Refused::NotIp),
        _ => Ok((Next::Type(kind), rest)),
    }
}

/// RFC 1701: source route entries, up to one of no length.
fn routes(mut rest: &[u8]) -> Result<&[u8], Refused> {
    for _ in 0..ROUTES_MAX {
        let (&[a, b, _, len], behind) = head(rest)?;
        rest = skip(behind, usize::from(len))?;
        if [a, b, len] == [0, 0, 0] {
            return Ok(rest);
        }
    }
    Err(Refused::Malformed)
}

/// RFC 2637 §4.1: the key is a length and a call. Ethernet over IP of MikroTik looks alike, with
/// its number in little-endian order.
fn enhanced(flags: u16, kind: u16, rest: &[u8]) -> Result<Inside<'_>, Refused> {
    let (&[_, _, a, b], mut rest) = head(rest)?;
    if flags & KEY == 0 {
        return Err(Refused::Malformed);
    }
    if flags & SEQUENCE != 0 {
        rest = skip(rest, 4)?;
    }
    if flags & ACKNOWLEDGED != 0 {
        rest = skip(rest, 4)?;
    }
    let (id, next) = match kind {
        // An acknowledgement alone has nothing behind it.
        0x880b if rest.is_empty() => return Err(Refused::NotIp),
        0x880b => (u16::from_be_bytes([a, b]), Next::Ppp),
        0x6400 if rest.is_empty() => return Err(Refused::NotIp),
        0x6400 => (u16::from_le_bytes([a, b]), Next::Ethernet),
        _ => return Err(Refused::Malformed),
    };
    Ok(Inside { kind: TunnelKind::Gre, id: Some(u32::from(id)), tag: None, next, rest })
}

/// A mirrored frame (draft-foschiano-erspan-03). Type I has no header and no sequence number;
/// type II has 8 octets, type III 12 and maybe 8 more.
fn erspan(flags: u16, kind: u16, rest: &[u8]) -> Result<Inside<'_>, Refused> {
    let (id, vlan, next, rest) = match (kind, rest) {
        (0x88be, _) if flags & SEQUENCE == 0 => (None, None, Next::Ethernet, rest),
        (_, &[first, ..]) if first >> 4 == 1 => {
            let (&[a, b, c, d, ..], rest) = head::<8>(rest)?;
            (session(c, d), Some([a, b]), Next::Ethernet, rest)
        }
        (_, &[first, ..]) if first >> 4 == 2 => {
            let (&[a, b, c, d, _, _, _, _, _, _, kind, more], mut rest) = head(rest)?;
            if more & 1 == 1 {
                rest = skip(rest, 8)?;
            }
            // The frame's type: Ethernet, or a datagram.
            let next = match kind >> 2 & 0x1f {
                0 => Next::Ethernet,
                2 => Next::Ip,
                _ => return Err(Refused::NotIp),
            };
            (session(c, d), Some([a, b]), next, rest)
        }
        (_, &[_, ..]) => return Err(Refused::Malformed),
        _ => return Err(Refused::Truncated),
    };
    // The VLAN of the mirrored port, of frames that had their tag taken off.
    let tag = vlan.map(u16::from_be_bytes);
    Ok(Inside { kind: TunnelKind::Erspan, id, tag, next, rest })
}

fn session(high: u8, low: u8) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes([high, low]) & 0x03ff))
}
