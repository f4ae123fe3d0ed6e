//! A frame's layers, peeled down to the TCP segment or UDP datagram inside.
//!
//! etherparse is met in this folder only, header by header: its `LaxSlicedPacket` would cost four
//! times as much and stops at the first header that it dislikes.
#![warn(clippy::arithmetic_side_effects)]

mod cooked;
mod descent;
mod ether;
mod gre;
mod ip;
mod juniper;
mod l2tp;
mod link;
mod llc;
mod mpls;
mod neighbours;
mod ppp;
mod transport;
mod udp_tunnels;
mod wlan;

pub(crate) use etherparse::IpNumber;
use etherparse::ip_number;
use model::{Frame, LinkType, Refused, Tunnel, VlanId};

use crate::ends::{Address, Key, Way};
use crate::shard::shard_of;
use descent::{Descent, Next};
pub(crate) use neighbours::Neighbour;
pub(crate) use udp_tunnels::is_of_tunnels;

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
    /// A TCP header with its options; nothing of UDP, or of a header that was cut.
    pub(crate) header: &'a [u8],
    /// Hops that the datagram had left; 0 where a tunnel or fragments hid them.
    pub(crate) hops: u8,
    /// What both copies of a packet that is mirrored twice share beside ports, numbers and payload:
    /// the IPv4 identification and the fixed rest of the transport header, its checksum too.
    pub(crate) marks: u64,
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
    /// Whether it is a SYN, or the answer to one.
    pub(crate) const fn greets(self) -> bool {
        matches!(self, Segment::Tcp { flags, .. } if flags.syn())
    }

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

/// Why a frame led to no packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop<'a> {
    /// It tells nothing about a conversation.
    Refused(Refused),
    /// Neither does this one, but it tells whose an address is.
    Neighbour(Refused, Neighbour),
    /// It holds a part of a datagram; [`resume`] goes on when the whole of it is there.
    Fragment(Piece<'a>),
}

impl From<Refused> for Stop<'_> {
    fn from(why: Refused) -> Self {
        Stop::Refused(why)
    }
}

/// A fragment of a datagram (RFC 791 §3.2, RFC 8200 §4.5), of whatever depth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// The addresses are of IPv6.
    pub(crate) v6: bool,
    /// Who sent the datagram.
    pub(crate) source: Address,
    /// Whom it was sent to.
    pub(crate) destination: Address,
    /// What tells the fragments of one datagram from another's; 16 bits of IPv4, 32 of IPv6.
    pub(crate) id: u32,
    /// What the datagram carries, or its first extension header that was cut up with it.
    pub(crate) next: IpNumber,
    /// Where the octets stand in the datagram's payload; 65,528 at most.
    pub(crate) offset: u32,
    /// Others come behind it.
    pub(crate) more: bool,
    /// The octets that were captured.
    pub(crate) payload: &'a [u8],
    /// How many they were on the wire.
    pub(crate) payload_len: u32,
    /// The innermost VLAN so far.
    pub(crate) vlan: Option<VlanId>,
    /// Encapsulations that were opened on the way, and one for having been put together.
    pub(crate) depth: u8,
}

/// A datagram that was put together from its fragments; the fields are those of [`Piece`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<'a> {
    pub(crate) v6: bool,
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) next: IpNumber,
    pub(crate) payload: &'a [u8],
    pub(crate) payload_len: u32,
    pub(crate) vlan: Option<VlanId>,
    pub(crate) depth: u8,
}

/// Peel a frame, or tell why it says nothing about a conversation. The outermost tunnel that has
/// ends of its own goes to `tunnel`. Where [`usual`] gives a packet, it is this one.
///
/// # Errors
/// [`Stop`], also for a fragment.
#[inline(never)]
pub(crate) fn peel<'a>(
    frame: &Frame<'a>,
    tunnel: &mut Option<Tunnel>,
) -> Result<Packet<'a>, Stop<'a>> {
    descent::walk(Next::Link(frame.link), frame.bytes, &mut Descent::of(frame, tunnel))
}

/// Ethernet with a tag or none, IPv4 or IPv6, TCP or UDP without a tunnel: what almost all frames are.
/// Nothing where anything more is to be said: [`peel`] says it.
// Into its one busy caller: a packet is written once, to where it waits.
#[inline(always)]
pub(crate) fn usual<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    let (&[.., high, low], mut rest) = frame.bytes.split_first_chunk::<14>()?;
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    let (mut kind, mut tag) = ([high, low], VlanId::from_tag(0));
    if kind == [0x81, 0] {
        let (&[a, b, c, d], behind) = rest.split_first_chunk::<4>()?;
        (kind, tag, rest) = ([c, d], VlanId::from_tag(u16::from_be_bytes([a, b])), behind);
    }
    let datagram = match kind {
        [8, 0] => ip::whole_v4(rest, descent::cut_off(frame))?,
        [0x86, 0xdd] => ip::whole_v6(rest, descent::cut_off(frame))?,
        _ => return None,
    };
    let head = match datagram.next {
        ip_number::TCP => transport::whole_tcp(&datagram)?,
        ip_number::UDP => {
            let head = transport::udp(&datagram).ok()?;
            if udp_tunnels::suspected(&head) {
                return None;
            }
            head
        }
        _ => return None,
    };
    let vlan = if tag.get() == 0 { None } else { Some(tag) };
    Some(head.packet(&datagram, vlan))
}

/// Go on from a datagram that was put together.
///
/// # Errors
/// [`Stop`]: a fragment once more, when a tunnel inside carries one.
pub(crate) fn resume<'a>(
    whole: &Whole<'a>,
    tunnel: &mut Option<Tunnel>,
) -> Result<Packet<'a>, Stop<'a>> {
    let mut descent = Descent::again(whole, tunnel);
    let datagram = ip::whole(whole, &descent)?;
    descent::datagram(&datagram, &mut descent)
}

/// The addresses of the conversation that [`peel`] tells of a frame.
///
/// # Errors
/// [`Stop`], as [`peel`] has it.
pub(crate) fn addresses<'a>(frame: &Frame<'a>) -> Result<(Address, Address), Stop<'a>> {
    if frame.link == LinkType::ETHERNET
        && let Some((&[.., 8, 0], datagram)) = frame.bytes.split_first_chunk::<14>()
        && let Some((head, rest)) = datagram.split_first_chunk::<12>()
        && let Some(ends) = rest.first_chunk::<8>()
        // IPv4 without options, no fragment, TCP: no one has to judge it.
        && let &[0x45, _, _, _, _, _, 0 | 0x40, 0, _, 6, _, _] = head
    {
        let ends = u64::from_be_bytes(*ends);
        return Ok(([0, ends >> 32], [0, ends & u64::from(u32::MAX)]));
    }
    let peeled = usual(frame).map_or_else(|| peel(frame, &mut None), Ok);
    peeled.map(|packet| (packet.key.low, packet.key.high))
}
