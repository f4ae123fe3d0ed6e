//! A frame's layers, peeled down to the TCP segment or UDP datagram inside.
//!
//! etherparse is met in this folder only, header by header: its `LaxSlicedPacket` would cost four
//! times as much and stops at the first header that it dislikes.
#![warn(clippy::arithmetic_side_effects)]

mod ip;
mod link;
mod transport;

use model::{Frame, Refused, Tunnel, VlanId};

use crate::ends::{Address, Key, Way};
use crate::shard::shard_of;

/// What a frame carried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet<'a> {
    /// Between whom, and over what.
    pub(crate) key: Key,
    /// Who of them sent it.
    pub(crate) way: Way,
    /// The innermost VLAN.
    pub(crate) vlan: Option<VlanId>,
    /// What the transport header says beyond its ports.
    pub(crate) segment: Segment,
    /// Octets of the IP datagram on the wire, its header included.
    pub(crate) ip_len: u32,
    /// Octets of the payload on the wire; more than `payload` holds when the frame was cut.
    pub(crate) payload_len: u32,
    /// The octets of the payload that were captured.
    pub(crate) payload: &'a [u8],
}

/// What a transport header says beyond its ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    /// RFC 9293 §3.1.
    Tcp {
        /// Sequence number of the first octet (of the SYN, where there is one).
        sequence: u32,
        /// The next octet that the sender expects; without meaning when the ACK flag is not set.
        acknowledged: u32,
        /// The flags.
        flags: TcpFlags,
    },
    /// RFC 768.
    Udp,
}

impl Segment {
    /// Whether it is a SYN and no answer to one.
    pub(crate) const fn begins(self) -> bool {
        matches!(self, Segment::Tcp { flags, .. } if flags.syn() && !flags.ack())
    }
}

/// The flags of a TCP segment, as the header's fourteenth octet holds them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TcpFlags(pub(crate) u8);

impl TcpFlags {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const ACK: u8 = 16;

    /// The sender has no more to say.
    pub(crate) const fn fin(self) -> bool {
        self.0 & TcpFlags::FIN != 0
    }

    /// The sender's first segment.
    pub(crate) const fn syn(self) -> bool {
        self.0 & TcpFlags::SYN != 0
    }

    /// The sender breaks off.
    pub(crate) const fn rst(self) -> bool {
        self.0 & TcpFlags::RST != 0
    }

    /// The acknowledgement number holds.
    pub(crate) const fn ack(self) -> bool {
        self.0 & TcpFlags::ACK != 0
    }
}

impl Packet<'_> {
    /// The shard that its conversation lives in.
    pub(crate) fn shard(&self) -> usize {
        shard_of(&self.key.low, &self.key.high)
    }
}

/// Peel a frame, or tell why it says nothing about a conversation. The outermost tunnel that has
/// ends of its own goes to `tunnel`.
#[inline]
pub(crate) fn peel<'a>(
    frame: &Frame<'a>,
    _tunnel: &mut Option<Tunnel>,
) -> Result<Packet<'a>, Refused> {
    let inside = link::strip(frame.link, frame.bytes)?;
    let beyond = u32::try_from(frame.bytes.len().saturating_sub(inside.octets.len()));
    let room = frame.orig_len.saturating_sub(beyond.unwrap_or(u32::MAX));
    let datagram = ip::read(inside.network, inside.octets, room)?;
    transport::read(datagram, inside.vlan)
}

/// The addresses of the outermost IP header, read without judging it: what [`peel`] tells of a
/// frame that it accepts, at a fraction of the cost.
pub(crate) fn addresses(frame: &Frame<'_>) -> Option<(Address, Address)> {
    let inside = link::strip(frame.link, frame.bytes).ok()?;
    ip::addresses(inside.network, inside.octets)
}
