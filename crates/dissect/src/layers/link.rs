//! Link layers: what stands before the IP header, and the VLAN that it names.

use model::{LinkType, Refused};

use super::descent::{Next, Step};

/// Take the link layer off.
pub(super) fn strip(link: LinkType, bytes: &[u8]) -> Step<'_> {
    match link {
        LinkType::ETHERNET => ethernet(bytes),
        LinkType::LINUX_SLL => {
            // LINKTYPE_LINUX_SLL: type, ARPHRD_, address length, address (8), protocol.
            let (head, rest) = bytes.split_first_chunk::<16>().ok_or(Refused::Truncated)?;
            let [.., high, low] = *head;
            Ok((Next::Type(u16::from_be_bytes([high, low])), rest))
        }
        LinkType::LINUX_SLL2 => {
            // LINKTYPE_LINUX_SLL2: protocol, reserved, interface, ARPHRD_, type, address.
            let (head, rest) = bytes.split_first_chunk::<20>().ok_or(Refused::Truncated)?;
            let [high, low, ..] = *head;
            Ok((Next::Type(u16::from_be_bytes([high, low])), rest))
        }
        LinkType::NULL | LinkType::LOOP => loopback(bytes),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => Ok((Next::Ip, bytes)),
        LinkType::IPV4 => Ok((Next::V4, bytes)),
        LinkType::IPV6 => Ok((Next::V6, bytes)),
        _ => Err(Refused::LinkType),
    }
}

/// IEEE 802.3 §3.2: two addresses, then a type or, below 1,536, a length.
pub(super) fn ethernet(bytes: &[u8]) -> Step<'_> {
    let (head, rest) = bytes.split_first_chunk::<14>().ok_or(Refused::Truncated)?;
    let [.., high, low] = *head;
    Ok((Next::Type(u16::from_be_bytes([high, low])), rest))
}

/// The address family as a host wrote it: its own order, or the network's.
fn loopback(bytes: &[u8]) -> Step<'_> {
    let (&family, octets) = bytes.split_first_chunk::<4>().ok_or(Refused::Truncated)?;
    match u32::from_be_bytes(family).min(u32::from_le_bytes(family)) {
        2 => Ok((Next::V4, octets)),
        // AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD, macOS.
        10 | 24 | 28 | 30 => Ok((Next::V6, octets)),
        _ => Err(Refused::NotIp),
    }
}
