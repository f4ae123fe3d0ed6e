//! The way down: from header to header until a segment or datagram of a conversation is met.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::ip_number;
use model::{Frame, LinkType, Refused, Tunnel, TunnelKind, VlanId};

use super::ip::{self, Datagram};
use super::wlan::{self, Form};
use super::{Packet, Stop, Whole, ether, gre, l2tp, link, llc, mpls, neighbours, ppp};
use super::{transport, udp_tunnels};
use crate::ends::Address;
use crate::limits::{DEPTH_MAX, STEPS_MAX};

/// What a header announced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// What the capture says that a frame begins with.
    Link(LinkType),
    /// Ethernet, from the destination on.
    Ethernet,
    /// What an EtherType says; below 1,536, the length before an LLC header.
    Type(u16),
    /// IEEE 802.2, on a network that puts so many octets before bridged frames.
    Llc {
        /// Octets.
        pad: usize,
    },
    /// IEEE 802.11.
    Wlan(Form),
    /// PPP, with its framing or without.
    Ppp,
    /// PPP over Ethernet: the session's header.
    PppOe,
    /// Cisco's HDLC, or PPP's.
    Hdlc,
    /// Frame Relay.
    FrameRelay,
    /// A stack of labels.
    Mpls,
    /// The header of a service path.
    Nsh,
    /// IPv4 or IPv6, by the first nibble.
    Ip,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What comes next and where, or why nothing does.
pub(super) type Step<'a> = Result<(Next, &'a [u8]), Refused>;

/// The first octets, and the others.
pub(super) fn head<const N: usize>(rest: &[u8]) -> Result<(&[u8; N], &[u8]), Refused> {
    rest.split_first_chunk().ok_or(Refused::Truncated)
}

/// All but the first octets.
pub(super) fn skip(rest: &[u8], octets: usize) -> Result<&[u8], Refused> {
    rest.get(octets..).ok_or(Refused::Truncated)
}

/// What a tunnel with ends of its own carries.
pub(super) struct Inside<'a> {
    /// How it carries.
    pub(super) kind: TunnelKind,
    /// What tells it from others between the same ends.
    pub(super) id: Option<u32>,
    /// A VLAN that its header names.
    pub(super) tag: Option<u16>,
    /// What comes next.
    pub(super) next: Next,
    /// And where.
    pub(super) rest: &'a [u8],
}

/// What was met on the way.
pub(super) struct Descent<'t> {
    /// The outermost tunnel with ends of its own.
    pub(super) tunnel: &'t mut Option<Tunnel>,
    /// The innermost VLAN that is not the null one of priority tags (IEEE 802.1Q §9.6).
    pub(super) vlan: Option<VlanId>,
    /// Encapsulations that were opened.
    pub(super) depth: u8,
    /// Octets at the end that the capture cut off.
    pub(super) cut: u32,
}

impl<'t> Descent<'t> {
    /// Before a frame.
    pub(super) fn of(frame: &Frame<'_>, tunnel: &'t mut Option<Tunnel>) -> Descent<'t> {
        Descent { tunnel, vlan: None, depth: 0, cut: cut_off(frame) }
    }

    /// Before a datagram that was put together.
    pub(super) fn again(whole: &Whole<'_>, tunnel: &'t mut Option<Tunnel>) -> Descent<'t> {
        Descent { tunnel, vlan: whole.vlan, depth: whole.depth, cut: 0 }
    }

    /// Before what a datagram carries, of which `cut` octets are missing, when it may yet turn out
    /// that it carries nothing.
    pub(super) fn inside<'u>(&self, tunnel: &'u mut Option<Tunnel>, cut: u32) -> Descent<'u> {
        Descent { tunnel, vlan: self.vlan, depth: self.depth, cut }
    }

    /// How many octets there were on the wire of what was captured to the end.
    #[inline]
    pub(super) fn wire(&self, octets: &[u8]) -> u32 {
        clamp(octets.len()).saturating_add(self.cut)
    }

    /// One encapsulation more.
    pub(super) fn deeper(&mut self) -> Result<(), Refused> {
        if self.depth >= DEPTH_MAX {
            return Err(Refused::Encapsulated);
        }
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    /// A tunnel that a datagram carries.
    pub(super) fn enter(
        &mut self,
        inside: &Inside<'_>,
        datagram: &Datagram<'_>,
    ) -> Result<(), Refused> {
        self.deeper()?;
        if self.tunnel.is_none() {
            let source = end(datagram.source, datagram.v6);
            let destination = end(datagram.destination, datagram.v6);
            *self.tunnel = Some(Tunnel { kind: inside.kind, source, destination, id: inside.id });
        }
        if let Some(tag) = inside.tag {
            self.tagged(tag);
        }
        Ok(())
    }

    /// A tag names a VLAN.
    pub(super) fn tagged(&mut self, tag: u16) {
        let id = VlanId::from_tag(tag);
        if id.get() != 0 {
            self.vlan = Some(id);
        }
    }
}

/// Octets of a frame that the capture cut off.
#[inline]
pub(super) fn cut_off(frame: &Frame<'_>) -> u32 {
    frame.orig_len.saturating_sub(clamp(frame.bytes.len()))
}

fn end(address: Address, v6: bool) -> IpAddr {
    let [high, low] = address;
    if v6 {
        Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)).into()
    } else {
        // An IPv4 address fits 32 bits.
        Ipv4Addr::from(low as u32).into()
    }
}

/// Go down from `next`.
#[inline(never)]
pub(super) fn walk<'a>(
    mut next: Next,
    mut rest: &'a [u8],
    descent: &mut Descent<'_>,
) -> Result<Packet<'a>, Stop<'a>> {
    for _ in 0..STEPS_MAX {
        (next, rest) = match next {
            Next::Link(kind) => link::strip(kind, rest, descent)?,
            Next::Ethernet => link::ethernet(rest)?,
            Next::Type(neighbours::ARP) => return Err(neighbours::arp(rest, descent.vlan)),
            Next::Type(kind) => ether::follow(kind, rest, descent)?,
            Next::Llc { pad } => llc::open(rest, pad, descent)?,
            Next::Wlan(form) => wlan::frame(rest, form)?,
            Next::Ppp => ppp::ppp(rest, descent)?,
            Next::PppOe => ppp::over_ethernet(rest)?,
            Next::Hdlc => ppp::hdlc(rest)?,
            Next::FrameRelay => ppp::frame_relay(rest, descent)?,
            Next::Mpls => mpls::open(rest, descent)?,
            Next::Nsh => ether::nsh(rest, descent)?,
            Next::Ip => match rest.first().ok_or(Refused::Truncated)? >> 4 {
                4 => (Next::V4, rest),
                6 => (Next::V6, rest),
                _ => return Err(Refused::NotIp.into()),
            },
            Next::V4 => return datagram(&ip::v4(rest, descent)?, descent),
            Next::V6 => return datagram(&ip::v6(rest, descent)?, descent),
        }
    }
    Err(Refused::Encapsulated.into())
}

/// Go on with what a datagram carries.
#[inline(never)]
pub(super) fn datagram<'a>(
    datagram: &Datagram<'a>,
    descent: &mut Descent<'_>,
) -> Result<Packet<'a>, Stop<'a>> {
    match datagram.next {
        ip_number::TCP => transport::tcp(datagram, descent.vlan),
        ip_number::UDP => {
            let head = transport::udp(datagram)?;
            if udp_tunnels::suspected(&head)
                && let Some(verdict) = udp_tunnels::open(&head, datagram, descent)
            {
                return verdict;
            }
            Ok(head.packet(datagram, descent.vlan))
        }
        _ => carried(datagram, descent),
    }
}

/// Ethernet (RFC 8986 §4.9) and service paths (RFC 9491) by their protocol numbers.
const ETHERNET: etherparse::IpNumber = etherparse::IpNumber(143);
const NSH: etherparse::IpNumber = etherparse::IpNumber(145);

/// Open a datagram that carries neither a segment nor a datagram of UDP.
#[inline(never)]
fn carried<'a>(datagram: &Datagram<'a>, descent: &mut Descent<'_>) -> Result<Packet<'a>, Stop<'a>> {
    let rest = datagram.payload;
    let of = |kind, next, rest| Inside { kind, id: None, tag: None, next, rest };
    let inside = match datagram.next {
        ip_number::IPV4 => of(TunnelKind::IpInIp, Next::V4, rest),
        ip_number::IPV6 => of(TunnelKind::IpInIp, Next::V6, rest),
        ip_number::GRE => gre::open(rest)?,
        ip_number::MPLS_IN_IP => of(TunnelKind::Mpls, Next::Mpls, rest),
        ip_number::LAYER2_TUNNELING_PROTOCOL => l2tp::over_ip(rest, datagram.payload_len)?,
        // RFC 3378 §3: version 3 and nothing else.
        ip_number::ETHER_IP => of(TunnelKind::EtherIp, Next::Ethernet, skip(rest, 2)?),
        ETHERNET => of(TunnelKind::EtherIp, Next::Ethernet, rest),
        NSH => of(TunnelKind::IpInIp, Next::Nsh, rest),
        _ if neighbours::from_this_link(datagram) => {
            return Err(neighbours::icmp(datagram, descent.vlan));
        }
        _ => return Err(Refused::OtherTransport.into()),
    };
    descent.enter(&inside, datagram)?;
    descent.cut = datagram.payload_len.saturating_sub(clamp(rest.len()));
    walk(inside.next, inside.rest, descent)
}

pub(super) fn clamp(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
