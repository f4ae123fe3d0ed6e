//! MPLS (RFC 3032): a stack of labels, and what is behind its bottom, which no field names.

use model::Refused;

use super::descent::{Descent, Next, Step, head, skip};
use super::{ether, ip};
use crate::limits::LABELS_MAX;

/// Generic associated channel (RFC 5586 §4): maintenance, and no one's traffic.
const MAINTENANCE: u32 = 13;

/// Take the labels off.
pub(super) fn open<'a>(mut rest: &'a [u8], descent: &Descent<'_>) -> Step<'a> {
    for _ in 0..LABELS_MAX {
        let (&entry, behind) = head(rest)?;
        rest = behind;
        let entry = u32::from_be_bytes(entry);
        if entry & 0x100 != 0 {
            return if entry >> 12 == MAINTENANCE {
                Err(Refused::NotIp)
            } else {
                bottom(rest, descent.wire(rest))
            };
        }
    }
    Err(Refused::Encapsulated)
}

/// RFC 4928 §3: the first nibble tells IP from the rest; a pseudowire's control word (RFC 4385 §3)
/// begins with 0, the associated channel (RFC 4385 §5) with 1. A pseudowire without a control word
/// may begin with anything: then the frame inside has to make sense, and more so than IP would.
fn bottom(rest: &[u8], wire: u32) -> Step<'_> {
    let first = rest.first().ok_or(Refused::Truncated)? >> 4;
    match first {
        4 | 6 if !ether::plausible(rest, wire) || ip::plausible(first, rest, wire) => {
            Ok((Next::Ip, rest))
        }
        0 => {
            let inside = skip(rest, 4)?;
            let less = wire.saturating_sub(4);
            // Both readings may make sense; a control word hardly ever has flags or a length.
            let bare = ether::plausible(rest, wire);
            let usual = rest.starts_with(&[0, 0]);
            match inside {
                _ if bare && !usual => Ok((Next::Ethernet, rest)),
                _ if ether::plausible(inside, less) => Ok((Next::Ethernet, inside)),
                _ if bare => Ok((Next::Ethernet, rest)),
                // RFC 4618 §4: PPP or HDLC in a pseudowire.
                [0xff, 0x03, ..] | [0, 0x21 | 0x57, ..] => Ok((Next::Ppp, inside)),
                [0x0f | 0x8f, 0, ..] => Ok((Next::Hdlc, inside)),
                _ => Err(Refused::NotIp),
            }
        }
        _ if ether::plausible(rest, wire) => Ok((Next::Ethernet, rest)),
        _ => Err(Refused::NotIp),
    }
}
