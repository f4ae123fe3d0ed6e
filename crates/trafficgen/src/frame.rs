//! One frame from outside in: Ethernet, perhaps a VLAN tag, IP, and what IP carries.

use std::net::IpAddr;

use crate::checksum::Checksum;
use crate::octets::Octets;

/// The shortest Ethernet frame, without its check sequence (IEEE 802.3 §3.2.8). A span port shows
/// the padding too, so that a reader must go by the length in the IP header.
const FRAME_BYTES_MIN: usize = 60;

/// IANA protocol numbers.
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;

/// EtherTypes.
pub(crate) const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
pub(crate) const VLAN: u16 = 0x8100;
/// The outer of two tags (IEEE 802.1Q §9.5.1).
pub(crate) const SERVICE_VLAN: u16 = 0x88A8;
pub(crate) const IPV6: u16 = 0x86DD;

/// An Ethernet address.
pub(crate) type Mac = [u8; 6];

/// One direction of a conversation: where its packets come from and where they go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) from: IpAddr,
    pub(crate) to: IpAddr,
    pub(crate) from_mac: Mac,
    pub(crate) to_mac: Mac,
    pub(crate) vlan: Option<u16>,
    /// Time to live, as the tap sees it.
    pub(crate) hops: u8,
}

fn link_header(out: &mut Vec<u8>, to: Mac, from: Mac, vlan: Option<u16>, ether_type: u16) {
    out.put(&to);
    out.put(&from);
    if let Some(id) = vlan {
        out.put16(VLAN);
        out.put16(id & 0x0FFF);
    }
    out.put16(ether_type);
}

/// What is kept of a frame of which the tap keeps the headers only: Ethernet, a tag, IPv6, TCP.
pub(crate) const SLICE_BYTES: usize = 80;

/// Octets that a frame had on the wire: as many as its IP header says where more were sent than
/// kept.
#[must_use]
pub fn wire_len(frame: &[u8]) -> usize {
    let word = |at: usize| {
        frame.get(at..at + 2).and_then(|two| two.try_into().ok()).map_or(0, u16::from_be_bytes)
    };
    let mut at = 12;
    while matches!(word(at), VLAN | SERVICE_VLAN) {
        at += 4;
    }
    let told = match word(at) {
        IPV4 => at + 2 + usize::from(word(at + 4)),
        IPV6 => at + 42 + usize::from(word(at + 6)),
        _ => 0,
    };
    told.max(frame.len())
}

/// A frame in a VLAN, outside of the tags that it has.
pub(crate) fn tagged(frame: &[u8], vlan: u16) -> Vec<u8> {
    let (ends, rest) = frame.split_at(frame.len().min(12));
    let inner = rest.first_chunk::<2>().map_or(0, |two| u16::from_be_bytes(*two));
    let kind = if matches!(inner, VLAN | SERVICE_VLAN) { SERVICE_VLAN } else { VLAN };
    let mut out = ends.to_vec();
    out.put16(kind);
    out.put16(vlan & 0x0FFF);
    out.put(rest);
    out
}

fn pad(frame: &mut Vec<u8>) {
    if frame.len() < FRAME_BYTES_MIN {
        frame.resize(FRAME_BYTES_MIN, 0);
    }
}

/// An IP packet in a frame: `write` adds `len` octets, in which the checksum stands at `sum_at`.
pub(crate) fn packet(
    way: &Way,
    protocol: u8,
    ident: u16,
    len: usize,
    sum_at: usize,
    write: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut out = Vec::with_capacity(FRAME_BYTES_MIN.max(len + 58));
    match (way.from, way.to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            link_header(&mut out, way.to_mac, way.from_mac, way.vlan, IPV4);
            let start = out.len();
            // RFC 791 §3.1. Don't fragment is set, as all of today's systems do.
            out.put(&[0x45, 0]);
            out.put16((len + 20) as u16);
            out.put16(ident);
            out.put16(0x4000);
            out.put(&[way.hops, protocol, 0, 0]);
            out.put(&from.octets());
            out.put(&to.octets());
            let mut sum = Checksum::default();
            sum.add(out.get(start..).unwrap_or_default());
            out.patch16(start + 10, sum.finish());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            link_header(&mut out, way.to_mac, way.from_mac, way.vlan, IPV6);
            // RFC 8200 §3.
            out.put32(0x6000_0000 | u32::from(ident));
            out.put16(len as u16);
            out.put(&[protocol, way.hops]);
            out.put(&from.octets());
            out.put(&to.octets());
        }
        (from, to) => panic!("a packet from {from} to {to} mixes families"),
    }
    let start = out.len();
    write(&mut out);
    let mut sum = Checksum::default();
    if protocol != ICMP {
        sum.add_pseudo_header(way.from, way.to, protocol, len);
    }
    sum.add(out.get(start..).unwrap_or_default());
    let sum = match sum.finish() {
        0 if protocol == UDP => 0xFFFF, // RFC 768: zero means that there is no checksum
        sum => sum,
    };
    out.patch16(start + sum_at, sum);
    pad(&mut out);
    out
}

/// A UDP datagram (RFC 768).
pub(crate) fn datagram(way: &Way, ident: u16, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let len = payload.len() + 8;
    packet(way, UDP, ident, len, 6, |out| {
        out.put16(ports.0);
        out.put16(ports.1);
        out.put16(len as u16);
        out.put16(0);
        out.put(payload);
    })
}

/// An echo request or its reply (RFC 792, RFC 4443 §4).
pub(crate) fn echo(way: &Way, ident: u16, number: u16, reply: bool) -> Vec<u8> {
    let (protocol, kind) = match (way.from.is_ipv4(), reply) {
        (true, false) => (ICMP, 8),
        (true, true) => (ICMP, 0),
        (false, false) => (ICMPV6, 128),
        (false, true) => (ICMPV6, 129),
    };
    let filler: Vec<u8> = (b'a'..=b'w').chain(b'a'..=b'i').collect();
    packet(way, protocol, ident, 8 + filler.len(), 2, |out| {
        out.put(&[kind, 0, 0, 0]);
        out.put16(1);
        out.put16(number);
        out.put(&filler);
    })
}

/// A neighbour asked for, or telling, its Ethernet address (RFC 826; IPv6: RFC 4861 §4.3, §4.4).
/// An IPv6 question goes to a group, so that its `target` stands beside the way.
pub(crate) fn neighbour(way: &Way, target: IpAddr, reply: bool) -> Vec<u8> {
    match (way.from, way.to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut out = Vec::with_capacity(FRAME_BYTES_MIN);
            let to_mac = if reply { way.to_mac } else { [0xFF; 6] };
            link_header(&mut out, to_mac, way.from_mac, way.vlan, ARP);
            out.put(&[0, 1, 8, 0, 6, 4, 0, if reply { 2 } else { 1 }]);
            out.put(&way.from_mac);
            out.put(&from.octets());
            out.put(if reply { &way.to_mac } else { &[0; 6] });
            out.put(&to.octets());
            pad(&mut out);
            out
        }
        _ => {
            let way = Way { hops: 255, ..*way };
            packet(&way, ICMPV6, 0, 32, 2, |out| {
                out.put(&[if reply { 136 } else { 135 }, 0, 0, 0]);
                out.put32(if reply { 0x6000_0000 } else { 0 });
                if let IpAddr::V6(target) = target {
                    out.put(&target.octets());
                }
                out.put(&[if reply { 2 } else { 1 }, 1]);
                out.put(&way.from_mac);
            })
        }
    }
}

/// The Ethernet address of a multicast group (RFC 1112 §6.4, RFC 2464 §7).
pub(crate) fn multicast_mac(group: IpAddr) -> Mac {
    match group {
        IpAddr::V4(group) => {
            let [_, b, c, d] = group.octets();
            [0x01, 0x00, 0x5E, b & 0x7F, c, d]
        }
        IpAddr::V6(group) => {
            let [.., a, b, c, d] = group.octets();
            [0x33, 0x33, a, b, c, d]
        }
    }
}

/// An Ethernet address of a host's own: locally administered, told by its IP address.
pub(crate) fn host_mac(address: IpAddr) -> Mac {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [0x02, 0x00, a, b, c, d]
        }
        IpAddr::V6(address) => {
            let [.., a, b, c, d] = address.octets();
            [0x02, 0x06, a, b, c, d]
        }
    }
}
