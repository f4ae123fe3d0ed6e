//! Link types of Juniper's routers: a number, flags, extensions, sometimes a cookie of the card that
//! the frame went through; then what the link type says.

use model::{LinkType, Refused};

use super::descent::{Next, Step, head, skip};
use super::llc;

/// Octets that follow instead of a link layer that was taken off.
const NO_LINK_LAYER: u8 = 0x02;
const EXTENDED: u8 = 0x80;

/// What cards write first of their cookies, and then how long those are.
const LINK_SERVICES: u8 = 0x54;
const ADAPTIVE_SERVICES: u8 = 0x47;

/// Take the header off, where the link type is one of these.
pub(super) fn open(link: LinkType, bytes: &[u8]) -> Step<'_> {
    let (cookie, next) = match link {
        LinkType::JUNIPER_ETHER | LinkType::JUNIPER_PPPOE => (None, Next::Ethernet),
        LinkType::JUNIPER_PPP => (None, Next::Ppp),
        LinkType::JUNIPER_FRELAY => (None, Next::FrameRelay),
        LinkType::JUNIPER_CHDLC => (None, Next::Hdlc),
        LinkType::JUNIPER_ATM1 => (Some(4), Next::Llc { pad: 2 }),
        LinkType::JUNIPER_ATM2 => (Some(8), Next::Llc { pad: 2 }),
        LinkType::JUNIPER_MLPPP => (Some(2), Next::Ppp),
        LinkType::JUNIPER_GGSN | LinkType::JUNIPER_MONITOR | LinkType::JUNIPER_SERVICES => {
            (Some(8), Next::Ip)
        }
        LinkType::JUNIPER_PPPOE_ATM => (None, Next::PppOe),
        _ => return Err(Refused::LinkType),
    };
    let (&[b'M', b'G', b'C', flags], mut rest) = head(bytes)? else {
        return Err(Refused::Malformed);
    };
    if flags & EXTENDED != 0 {
        let (&len, behind) = head(rest)?;
        rest = skip(behind, usize::from(u16::from_be_bytes(len)))?;
    }
    if flags & NO_LINK_LAYER != 0 {
        return Ok((Next::Ip, skip(rest, 4)?));
    }
    if let Some(usual) = cookie {
        let len = match rest.first() {
            Some(&ADAPTIVE_SERVICES) => 8,
            Some(&LINK_SERVICES) => usize::saturating_add(usual, 2),
            _ => usual,
        };
        rest = skip(rest, len)?;
    }
    match next {
        Next::Llc { .. } => circuit(rest),
        // An EtherType first.
        Next::PppOe => {
            let (&kind, rest) = head(rest)?;
            Ok((Next::Type(u16::from_be_bytes(kind)), rest))
        }
        _ => Ok((next, rest)),
    }
}

/// ATM: LLC, a network protocol's number alone, PPP, or IP.
fn circuit(rest: &[u8]) -> Step<'_> {
    match rest {
        [0x03, id, rest @ ..] => llc::network(*id, rest),
        [0, 0x21 | 0x57, ..] | [0x02, 0x81 | 0x83, ..] => Ok((Next::Ppp, rest)),
        _ => llc::atm(rest),
    }
}
