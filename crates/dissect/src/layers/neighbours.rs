//! Frames in which machines say whose an address is: ARP (RFC 826) and IPv6 neighbour discovery
//! (RFC 4861). They are no one's conversation and stay in the bucket that they are counted in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::ip_number;
use model::{HintSource, Mac, Refused, VlanId};

use super::Stop;
use super::descent::head;
use super::ip::Datagram;
use crate::hints::{one_host, one_interface};
use crate::limits::NEIGHBOUR_OPTIONS_MAX;

/// What a machine said: this address is at that interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Neighbour {
    /// The address; of one host.
    pub(crate) ip: IpAddr,
    /// The interface; of one machine.
    pub(crate) mac: Mac,
    /// By ARP, or by neighbour discovery.
    pub(crate) by: HintSource,
    /// The innermost VLAN.
    pub(crate) vlan: Option<VlanId>,
}

/// The EtherType of ARP (RFC 826, "Definitions").
pub(super) const ARP: u16 = 0x0806;

fn stop<'a>(why: Refused, neighbour: Option<Neighbour>) -> Stop<'a> {
    neighbour.map_or(Stop::Refused(why), |neighbour| Stop::Neighbour(why, neighbour))
}

/// Why a frame of ARP leads to no packet; and whose address it tells, if it does.
#[cold]
pub(super) fn arp<'a>(rest: &[u8], vlan: Option<VlanId>) -> Stop<'a> {
    stop(Refused::NotIp, sender(rest, vlan))
}

/// RFC 826, "Packet format": hardware and protocol type, lengths, operation, and the sender's pair.
fn sender(rest: &[u8], vlan: Option<VlanId>) -> Option<Neighbour> {
    let (kinds, rest) = rest.split_first_chunk::<8>()?;
    // Ethernet, or IEEE 802 (RFC 5342 §3); IPv4; six and four octets; request or reply. Others
    // (RARP, InARP: RFC 903, RFC 2390) are not asked.
    let &[0, 1 | 6, 8, 0, 6, 4, 0, 1 | 2] = kinds else { return None };
    let (mac, rest) = rest.split_first_chunk::<6>()?;
    let (ip, _) = rest.split_first_chunk::<4>()?;
    // A probe's sender is 0.0.0.0 (RFC 5227 §2.1.1): it has no address yet. An announcement
    // (§2.3), and any other gratuitous one, has.
    let ip = one_host(Ipv4Addr::from(*ip).into())?;
    Some(Neighbour { ip, mac: one_interface(*mac)?, by: HintSource::Arp, vlan })
}

/// Why a datagram of ICMPv6 leads to no packet; and whose address it tells, if it does.
#[cold]
pub(super) fn icmp<'a>(datagram: &Datagram<'_>, vlan: Option<VlanId>) -> Stop<'a> {
    stop(Refused::OtherTransport, discovery(datagram, vlan))
}

/// Whether a datagram may be neighbour discovery: from this link (RFC 4861 §7.1: no router has
/// passed it on), and in one piece (RFC 6980 §5; one that was put together has no hops here).
pub(super) fn from_this_link(datagram: &Datagram<'_>) -> bool {
    datagram.v6 && datagram.next == ip_number::IPV6_ICMP && datagram.hops == 255
}

/// RFC 4861 §4.3, §4.4: type, code, checksum, flags, target, options.
fn discovery(datagram: &Datagram<'_>, vlan: Option<VlanId>) -> Option<Neighbour> {
    const SOLICITATION: u8 = 135;
    const ADVERTISEMENT: u8 = 136;
    const SOURCE_LINK_LAYER: u8 = 1;
    const TARGET_LINK_LAYER: u8 = 2;
    let (&[kind, 0, _, _, _, _, _, _], rest) = head::<8>(datagram.payload).ok()? else {
        return None;
    };
    let (target, options) = rest.split_first_chunk::<16>()?;
    // §7.1.1, §7.1.2: the target is never a group.
    let target = one_host(Ipv6Addr::from(*target).into())?;
    let (ip, wanted) = match kind {
        SOLICITATION => {
            let [high, low] = datagram.source;
            let source = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low));
            // The unspecified source of a probe for duplicates (RFC 4862 §5.4.2) is none.
            (one_host(source.into())?, SOURCE_LINK_LAYER)
        }
        ADVERTISEMENT => (target, TARGET_LINK_LAYER),
        _ => return None,
    };
    let mac = one_interface(link_layer(options, wanted)?)?;
    Some(Neighbour { ip, mac, by: HintSource::Neighbour, vlan })
}

/// The first option of that kind that holds an Ethernet address (RFC 4861 §4.6.1, RFC 2464 §6).
/// Nothing where an option has no length: such a message is to be discarded (§4.6).
fn link_layer(mut options: &[u8], wanted: u8) -> Option<[u8; 6]> {
    let mut found = None;
    for _ in 0..NEIGHBOUR_OPTIONS_MAX {
        // In units of eight octets, this head included.
        let Some(&[kind, units, a, b, c, d, e, f]) = options.first_chunk() else { break };
        if units == 0 {
            return None;
        }
        if kind == wanted && units == 1 && found.is_none() {
            found = Some([a, b, c, d, e, f]);
        }
        options = options.get(usize::from(units).saturating_mul(8)..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arp_tells() {
        let table: &[(&str, &str, Option<&str>)] = &[
            ("request", "0001 0800 06 04 0001 020000000011 0a00000b 000000000000 0a000001", SOME),
            ("reply", "0001 0800 06 04 0002 020000000011 0a00000b 0200000000aa 0a000001", SOME),
            ("IEEE 802", "0006 0800 06 04 0001 020000000011 0a00000b 000000000000 0a000001", SOME),
            // RFC 5227 §2.3, §3: an announcement asks for the sender's own.
            (
                "announcement",
                "0001 0800 06 04 0001 020000000011 0a00000b 000000000000 0a00000b",
                SOME,
            ),
            // The target is not looked at, so that a cut frame tells too.
            ("cut behind the sender", "0001 0800 06 04 0001 020000000011 0a00000b", SOME),
            // RFC 5227 §2.1.1.
            ("probe", "0001 0800 06 04 0001 020000000011 00000000 000000000000 0a00000b", None),
            ("cut", "0001 0800 06 04 0001 020000000011 0a0000", None),
            ("a group's address", "0001 0800 06 04 0002 020000000011 e0000001", None),
            ("everyone's address", "0001 0800 06 04 0002 020000000011 ffffffff", None),
            ("loopback", "0001 0800 06 04 0002 020000000011 7f000001", None),
            ("a group's interface", "0001 0800 06 04 0002 030000000011 0a00000b", None),
            ("everyone's interface", "0001 0800 06 04 0002 ffffffffffff 0a00000b", None),
            ("no interface", "0001 0800 06 04 0002 000000000000 0a00000b", None),
            // RFC 903, RFC 2390 §7.
            ("reverse", "0001 0800 06 04 0003 020000000011 0a00000b", None),
            ("inverse", "0001 0800 06 04 0008 020000000011 0a00000b", None),
            ("of another length", "0001 0800 08 04 0002 020000000011 0a00000b", None),
            ("not of IPv4", "0001 86dd 06 04 0002 020000000011 0a00000b", None),
            ("not of Ethernet", "0020 0800 06 04 0002 020000000011 0a00000b", None),
            ("nothing", "", None),
        ];
        for (name, text, want) in table {
            let told = sender(&octets(text), None);
            let words = told.map(|told| format!("{} {}", told.ip, told.mac));
            assert_eq!(words.as_deref(), *want, "{name}");
        }
    }

    const SOME: Option<&str> = Some("10.0.0.11 02-00-00-00-00-11");
    const TARGET: Option<&str> = Some("fd00::1 02-00-00-00-00-11");
    const SOURCE: Option<&str> = Some("fd00::5 02-00-00-00-00-11");

    #[test]
    fn what_neighbour_discovery_tells() {
        let t = "fd000000000000000000000000000001";
        let table: &[(&str, &str, u8, String, Option<&str>)] = &[
            ("solicitation", "fd00::5", 255, format!("87 00 0000 00000000 {t} {SRC}"), SOURCE),
            ("advertisement", "fd00::5", 255, format!("88 00 0000 60000000 {t} {TGT}"), TARGET),
            (
                "behind another option",
                "fd00::5",
                255,
                format!("88 00 0000 0 0000000 {t} 0e 02 00000000000000000000000000 00 {TGT}"),
                TARGET,
            ),
            (
                "the first counts",
                "fd00::5",
                255,
                format!("88 00 0000 00000000 {t} {TGT} 02 01 020000000099"),
                TARGET,
            ),
            // RFC 4862 §5.4.2.
            ("probe for duplicates", "::", 255, format!("87 00 0000 00000000 {t}"), None),
            ("from nowhere", "::", 255, format!("87 00 0000 00000000 {t} {SRC}"), None),
            // RFC 4861 §4.4: may be left out when the advertisement is solicited.
            ("without an option", "fd00::5", 255, format!("88 00 0000 60000000 {t}"), None),
            (
                "with the other's option",
                "fd00::5",
                255,
                format!("88 00 0000 60000000 {t} {SRC}"),
                None,
            ),
            // §7.1.2.
            (
                "passed on by a router",
                "fd00::5",
                254,
                format!("88 00 0000 60000000 {t} {TGT}"),
                None,
            ),
            ("of another code", "fd00::5", 255, format!("88 01 0000 60000000 {t} {TGT}"), None),
            (
                "of a group",
                "fd00::5",
                255,
                format!("88 00 0000 60000000 ff020000000000000000000000000001 {TGT}"),
                None,
            ),
            (
                "an option without length",
                "fd00::5",
                255,
                format!("88 00 0000 60000000 {t} {TGT} 05 00 000000000000"),
                None,
            ),
            // RFC 4861 §4.6.1: of another link layer.
            (
                "a long address",
                "fd00::5",
                255,
                format!("88 00 0000 60000000 {t} 02 02 0200000000110000000000000000"),
                None,
            ),
            (
                "a group's interface",
                "fd00::5",
                255,
                format!("88 00 0000 60000000 {t} 02 01 333300000001"),
                None,
            ),
            // §4.1, §4.2: routers and who looks for them are not asked.
            ("router solicitation", "fd00::5", 255, format!("85 00 0000 00000000 {SRC}"), None),
            ("echo", "fd00::5", 255, "80 00 0000 00010001 61626364".to_owned(), None),
            ("cut", "fd00::5", 255, "88 00 0000 60000000 fd00".to_owned(), None),
            ("nothing", "fd00::5", 255, String::new(), None),
        ];
        for (name, source, hops, text, want) in table {
            let payload = octets(text);
            let source = u128::from(source.parse::<Ipv6Addr>().expect(source));
            let datagram = Datagram {
                source: [(source >> 64) as u64, source as u64],
                destination: [0, 0],
                v6: true,
                next: ip_number::IPV6_ICMP,
                len: 0,
                payload_len: 0,
                payload: &payload,
                hops: *hops,
                id: 0,
            };
            let told = from_this_link(&datagram).then(|| discovery(&datagram, None)).flatten();
            let words = told.map(|told| format!("{} {}", told.ip, told.mac));
            assert_eq!(words.as_deref(), *want, "{name}");
        }
    }

    const SRC: &str = "01 01 020000000011";
    const TGT: &str = "02 01 020000000011";

    /// Octets out of hexadecimal digits.
    fn octets(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
    }
}
