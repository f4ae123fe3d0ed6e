//! Link layers: what stands before the IP header, and the VLAN that it names.

use model::{LinkType, Refused, VlanId};

use crate::limits::LINK_TAGS_MAX;

/// Which IP a link layer announced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Network {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

/// What a link layer held.
pub(crate) struct Inside<'a> {
    /// What it said that it is.
    pub(crate) network: Network,
    /// From the IP header on, with whatever padding follows the datagram.
    pub(crate) octets: &'a [u8],
    /// The innermost VLAN that is not the null one of priority tags (IEEE 802.1Q §9.6).
    pub(crate) vlan: Option<VlanId>,
}

/// Take the link layer off.
#[inline]
pub(crate) fn strip(link: LinkType, bytes: &[u8]) -> Result<Inside<'_>, Refused> {
    match link {
        LinkType::ETHERNET => ethernet(bytes),
        LinkType::LINUX_SLL => {
            // LINKTYPE_LINUX_SLL: type, ARPHRD_, address length, address (8), protocol.
            let (head, rest) = bytes.split_first_chunk::<16>().ok_or(Refused::Truncated)?;
            let [.., high, low] = *head;
            by_type(u16::from_be_bytes([high, low]), rest)
        }
        LinkType::LINUX_SLL2 => {
            // LINKTYPE_LINUX_SLL2: protocol, reserved, interface, ARPHRD_, type, address.
            let (head, rest) = bytes.split_first_chunk::<20>().ok_or(Refused::Truncated)?;
            let [high, low, ..] = *head;
            by_type(u16::from_be_bytes([high, low]), rest)
        }
        LinkType::NULL | LinkType::LOOP => loopback(bytes),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => by_version(bytes),
        LinkType::IPV4 => Ok(Inside { network: Network::V4, octets: bytes, vlan: None }),
        LinkType::IPV6 => Ok(Inside { network: Network::V6, octets: bytes, vlan: None }),
        _ => Err(Refused::LinkType),
    }
}

/// IEEE 802.3 §3.2: two addresses, then a type or, below 1,536, a length.
#[inline]
fn ethernet(bytes: &[u8]) -> Result<Inside<'_>, Refused> {
    let (head, rest) = bytes.split_first_chunk::<14>().ok_or(Refused::Truncated)?;
    let [.., high, low] = *head;
    match u16::from_be_bytes([high, low]) {
        // By far the most frequent.
        0x0800 => Ok(Inside { network: Network::V4, octets: rest, vlan: None }),
        kind => by_type(kind, rest),
    }
}

/// Follow EtherTypes through VLAN tags and SNAP to IP.
fn by_type(mut kind: u16, mut rest: &[u8]) -> Result<Inside<'_>, Refused> {
    let mut vlan = None;
    for _ in 0..=LINK_TAGS_MAX {
        match kind {
            0x0800 => return Ok(Inside { network: Network::V4, octets: rest, vlan }),
            0x86dd => return Ok(Inside { network: Network::V6, octets: rest, vlan }),
            // IEEE 802.1Q C-tag, S-tag (802.1ad), and the number QinQ used before it had one.
            0x8100 | 0x88a8 | 0x9100 => {
                let (&[a, b, c, d], after) =
                    rest.split_first_chunk::<4>().ok_or(Refused::Truncated)?;
                let id = VlanId::from_tag(u16::from_be_bytes([a, b]));
                if id.get() != 0 {
                    vlan = Some(id);
                }
                kind = u16::from_be_bytes([c, d]);
                rest = after;
            }
            // IEEE 802 §9.4 SNAP: LLC AA AA 03, a null OUI, then an EtherType.
            0..=1535 => match rest.split_first_chunk::<8>() {
                Some((&[0xaa, 0xaa, 0x03, 0, 0, 0, c, d], after)) => {
                    kind = u16::from_be_bytes([c, d]);
                    rest = after;
                    if kind < 1536 {
                        return Err(Refused::NotIp);
                    }
                }
                _ => return Err(Refused::NotIp),
            },
            _ => return Err(refusal(kind)),
        }
    }
    Err(Refused::Encapsulated)
}

/// Whether IP may hide behind an EtherType that is not followed.
const fn refusal(kind: u16) -> Refused {
    match kind {
        // MPLS, PPPoE sessions, transparent bridging, MACsec, VN-tag, backbone bridging, NSH,
        // TRILL, FabricPath, Cisco metadata, B.A.T.M.A.N.
        0x8847 | 0x8848 | 0x8864 | 0x6558 | 0x88e5 | 0x8926 | 0x88e7 | 0x894f | 0x22f3 | 0x8903
        | 0x8909 | 0x4305 => Refused::Encapsulated,
        _ => Refused::NotIp,
    }
}

/// The address family as a host wrote it: its own order, or the network's.
fn loopback(bytes: &[u8]) -> Result<Inside<'_>, Refused> {
    let (&family, octets) = bytes.split_first_chunk::<4>().ok_or(Refused::Truncated)?;
    let network = match u32::from_be_bytes(family).min(u32::from_le_bytes(family)) {
        2 => Network::V4,
        // AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD, macOS.
        10 | 24 | 28 | 30 => Network::V6,
        _ => return Err(Refused::NotIp),
    };
    Ok(Inside { network, octets, vlan: None })
}

/// The first nibble of an IP header is its version.
fn by_version(bytes: &[u8]) -> Result<Inside<'_>, Refused> {
    let network = match bytes.first().ok_or(Refused::Truncated)? >> 4 {
        4 => Network::V4,
        6 => Network::V6,
        _ => return Err(Refused::NotIp),
    };
    Ok(Inside { network, octets: bytes, vlan: None })
}
