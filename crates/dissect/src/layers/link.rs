//! What captures begin with, by their link type (tcpdump.org's LINKTYPE_ list).

use model::{LinkType, Refused};

use super::descent::{Descent, Next, Step, head, skip};
use super::wlan::{self, Form};
use super::{cooked, ether, juniper, llc, ppp};

/// Take the link layer off.
pub(super) fn strip<'a>(link: LinkType, bytes: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    match link {
        LinkType::ETHERNET => ethernet(bytes),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => Ok((Next::Ip, bytes)),
        // What they say, and then what is there: some captures mix them up.
        LinkType::IPV4 | LinkType::IPV6 => Ok((Next::Ip, bytes)),
        LinkType::LINUX_SLL => cooked::linux(bytes),
        LinkType::LINUX_SLL2 => cooked::linux_2(bytes),
        LinkType::NULL | LinkType::LOOP => cooked::loopback(bytes),
        LinkType::NFLOG => cooked::nflog(bytes),
        LinkType::PFLOG => cooked::pflog(bytes),
        LinkType::PKTAP | LinkType::PKTAP_USER => cooked::pktap(bytes, descent),
        LinkType::WIRESHARK_UPPER_PDU => cooked::exported(bytes),
        // Family, security association, flags.
        LinkType::ENC => Ok((Next::Ip, skip(bytes, 12)?)),
        // Solaris: version, family, hook, length, interfaces and zones.
        LinkType::IPNET => Ok((Next::Ip, skip(bytes, 24)?)),
        // BSD's SLIP: direction and the header as it was compressed.
        LinkType::SLIP => Ok((Next::Ip, skip(bytes, 16)?)),
        // Two EUI-64 addresses. A global route header of 40 octets, then RFC 4391 §6.
        LinkType::APPLE_IP_OVER_IEEE1394 => typed(bytes, 16, 0),
        LinkType::IPOIB => typed(bytes, 40, 2),
        _ => serial(link, bytes, descent),
    }
}

/// Serial lines, and LANs that are not Ethernet.
fn serial<'a>(link: LinkType, bytes: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    match link {
        LinkType::PPP | LinkType::PPP_HDLC => match bytes {
            // Cisco's HDLC, which the same interface may speak.
            [0x0f | 0x8f, 0, ..] => Ok((Next::Hdlc, bytes)),
            _ => Ok((Next::Ppp, bytes)),
        },
        LinkType::PPP_ETHER => Ok((Next::PppOe, bytes)),
        // One octet says which way it went.
        LinkType::PPP_PPPD | LinkType::PPP_WITH_DIR => Ok((Next::Ppp, skip(bytes, 1)?)),
        LinkType::C_HDLC => Ok((Next::Hdlc, bytes)),
        LinkType::C_HDLC_WITH_DIR => Ok((Next::Hdlc, skip(bytes, 1)?)),
        LinkType::FRAME_RELAY => Ok((Next::FrameRelay, bytes)),
        LinkType::FRAME_RELAY_WITH_DIR => Ok((Next::FrameRelay, skip(bytes, 1)?)),
        LinkType::MULTILINK_FRAME_RELAY => ppp::frame_relay_multilink(bytes),
        LinkType::FDDI => llc::fddi(bytes),
        LinkType::TOKEN_RING => llc::token_ring(bytes),
        LinkType::ARCNET => llc::arcnet(bytes, false),
        LinkType::ARCNET_LINUX => llc::arcnet(bytes, true),
        LinkType::ATM_RFC1483 | LinkType::ATM_CLIP => llc::atm(bytes),
        LinkType::SUNATM => llc::sun_atm(bytes),
        LinkType::IEEE802_11 => Ok((Next::Wlan(Form::Plain), bytes)),
        LinkType::RADIOTAP => wlan::radiotap(bytes),
        LinkType::PRISM => wlan::prism(bytes),
        LinkType::AVS => wlan::avs(bytes),
        LinkType::PPI => {
            descent.deeper()?;
            wlan::ppi(bytes)
        }
        _ => switched(link, bytes, descent),
    }
}

/// Ethernet, with what a switch or a capture card put before it or into it.
fn switched<'a>(link: LinkType, bytes: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    match link {
        // Broadcom's switch tag stands behind the addresses, or before them.
        LinkType::DSA_TAG_BRCM => typed(bytes, 16, 0),
        LinkType::DSA_TAG_BRCM_PREPEND => Ok((Next::Ethernet, skip(bytes, 4)?)),
        LinkType::DSA_TAG_DSA => ether::dsa(skip(bytes, 12)?, descent),
        // A type of its own and two reserved octets first.
        LinkType::DSA_TAG_EDSA => ether::dsa(skip(bytes, 16)?, descent),
        LinkType::NETANALYZER => Ok((Next::Ethernet, skip(bytes, 4)?)),
        LinkType::NETANALYZER_TRANSPARENT => Ok((Next::Ethernet, skip(bytes, 12)?)),
        LinkType::ETHERNET_MPACKET => mpacket(bytes),
        LinkType::DOCSIS => docsis(bytes),
        LinkType::ERF => erf(bytes),
        _ => juniper::open(link, bytes),
    }
}

/// IEEE 802.3 §3.2: two addresses, then a type or, below 1,536, a length.
pub(super) fn ethernet(bytes: &[u8]) -> Step<'_> {
    typed(bytes, 12, 0)
}

/// An EtherType behind `before` octets, and `after` octets behind it.
fn typed(bytes: &[u8], before: usize, after: usize) -> Step<'_> {
    let (&kind, rest) = head(skip(bytes, before)?)?;
    Ok((Next::Type(u16::from_be_bytes(kind)), skip(rest, after)?))
}

/// IEEE 802.3br §99.3: a preamble up to a delimiter, which says whether a whole frame, or its
/// beginning, follows.
fn mpacket(bytes: &[u8]) -> Step<'_> {
    let preamble = bytes.iter().take(8).take_while(|octet| **octet == 0x55).count();
    let (&[delimiter], rest) = head(skip(bytes, preamble)?)?;
    match delimiter {
        0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3 => Ok((Next::Ethernet, rest)),
        0x61 | 0x52 | 0x9e | 0x2a => Err(Refused::Fragment),
        _ => Err(Refused::NotIp),
    }
}

/// DOCSIS MAC: frame control, parameter, length, an extended header where a flag says so, and a
/// check sum; then Ethernet, in packets.
fn docsis(bytes: &[u8]) -> Step<'_> {
    const EXTENDED: u8 = 1;
    let (&[control, len, _, _], rest) = head(bytes)?;
    if control >> 6 != 0 || control >> 1 & 0x1f != 0 {
        return Err(Refused::NotIp);
    }
    let extended = if control & EXTENDED != 0 { usize::from(len) } else { 0 };
    Ok((Next::Ethernet, skip(rest, extended.saturating_add(2))?))
}

/// ERF: a time, the kind, flags, lengths; headers of 8 octets more while the first bit of each says
/// so; and for some kinds another few.
fn erf(bytes: &[u8]) -> Step<'_> {
    const MORE: u8 = 0x80;
    let (&[_, _, _, _, _, _, _, _, kind, ..], mut rest) = head::<16>(bytes)?;
    let mut more = kind & MORE != 0;
    while more {
        let (&[first, ..], behind) = head::<8>(rest)?;
        (more, rest) = (first & MORE != 0, behind);
    }
    match kind & !MORE {
        // Ethernet, also with colours and hashes: where it begins, and padding.
        2 | 11 | 16 | 20 => Ok((Next::Ethernet, skip(rest, 2)?)),
        // The same of HDLC on SONET.
        1 | 10 | 15 | 19 => Ok((Next::Hdlc, rest)),
        // Channelled HDLC.
        5 | 17 => Ok((Next::Hdlc, skip(rest, 4)?)),
        // A cell's header, or what tells the circuit, before the first or the whole of a packet.
        4 => llc::atm(skip(rest, 4)?),
        9 => llc::atm(skip(rest, 8)?),
        22 => Ok((Next::V4, rest)),
        23 => Ok((Next::V6, rest)),
        _ => Err(Refused::NotIp),
    }
}
