//! The way down: from header to header until a segment or datagram of a conversation is met.

use etherparse::ip_number;
use model::{Frame, LinkType, Refused, Tunnel, VlanId};

use super::ip::{self, Datagram};
use super::{Packet, Stop, Whole, ether, link, transport};
use crate::limits::DEPTH_MAX;

/// What a header announced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// What the capture says that a frame begins with.
    Link(LinkType),
    /// Ethernet, from the destination on.
    Ethernet,
    /// What an EtherType says; below 1,536, the length before an LLC header.
    Type(u16),
    /// IPv4 or IPv6, by the first nibble.
    Ip,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What comes next and where, or why nothing does.
pub(super) type Step<'a> = Result<(Next, &'a [u8]), Refused>;

/// What was met on the way.
pub(super) struct Descent<'t> {
    /// The outermost tunnel with ends of its own.
    pub(super) tunnel: &'t mut Option<Tunnel>,
    /// The innermost VLAN that is not the null one of priority tags (IEEE 802.1Q §9.6).
    pub(super) vlan: Option<VlanId>,
    /// Encapsulations that were opened.
    pub(super) depth: u8,
    /// Octets at the end that the capture cut off.
    cut: u32,
}

impl<'t> Descent<'t> {
    /// Before a frame.
    #[inline]
    pub(super) fn of(frame: &Frame<'_>, tunnel: &'t mut Option<Tunnel>) -> Descent<'t> {
        let cut = frame.orig_len.saturating_sub(clamp(frame.bytes.len()));
        Descent { tunnel, vlan: None, depth: 0, cut }
    }

    /// Before a datagram that was put together.
    pub(super) fn again(whole: &Whole<'_>, tunnel: &'t mut Option<Tunnel>) -> Descent<'t> {
        Descent { tunnel, vlan: whole.vlan, depth: whole.depth, cut: 0 }
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

    /// A tag names a VLAN.
    pub(super) fn tagged(&mut self, tag: u16) {
        let id = VlanId::from_tag(tag);
        if id.get() != 0 {
            self.vlan = Some(id);
        }
    }
}

/// Go down from `next`.
#[inline(never)]
pub(super) fn walk<'a>(
    mut next: Next,
    mut rest: &'a [u8],
    descent: &mut Descent<'_>,
) -> Result<Packet<'a>, Stop<'a>> {
    loop {
        (next, rest) = match next {
            Next::Link(kind) => link::strip(kind, rest)?,
            Next::Ethernet => link::ethernet(rest)?,
            Next::Type(kind) => ether::follow(kind, rest, descent)?,
            Next::Ip => match rest.first().ok_or(Refused::Truncated)? >> 4 {
                4 => (Next::V4, rest),
                6 => (Next::V6, rest),
                _ => return Err(Refused::NotIp.into()),
            },
            Next::V4 => return datagram(ip::v4(rest, descent)?, descent),
            Next::V6 => return datagram(ip::v6(rest, descent)?, descent),
        }
    }
}

/// Go on with what a datagram carries.
pub(super) fn datagram<'a>(
    datagram: Datagram<'a>,
    descent: &mut Descent<'_>,
) -> Result<Packet<'a>, Stop<'a>> {
    match datagram.next {
        ip_number::TCP => transport::tcp(&datagram, descent.vlan),
        ip_number::UDP => Ok(transport::udp(&datagram)?.packet(&datagram, descent.vlan)),
        // IP in IP, IPv6 in IP, GRE, EtherIP, L2TP, MPLS in IP (RFC 4023).
        ip_number::IPV4
        | ip_number::IPV6
        | ip_number::GRE
        | ip_number::ETHER_IP
        | ip_number::LAYER2_TUNNELING_PROTOCOL
        | ip_number::MPLS_IN_IP => Err(Refused::Encapsulated.into()),
        _ => Err(Refused::OtherTransport.into()),
    }
}

pub(super) fn clamp(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
