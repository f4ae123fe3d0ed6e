//! TCP (RFC 9293) and UDP (RFC 768) headers. Checksums are not looked at: a span port shows
//! segments before the network card has filled them in.

use etherparse::err::tcp::HeaderSliceError;
use etherparse::{TcpSlice, UdpSlice};
use model::{Refused, VlanId};

use super::descent::clamp;
use super::ip::Datagram;
use super::{Packet, Segment, Stop, TcpFlags};
use crate::ends::Key;

/// What a transport header holds.
pub(super) struct Head<'a> {
    /// Source and destination.
    pub(super) ports: (u16, u16),
    segment: Segment,
    /// The octets behind it that were captured.
    pub(super) payload: &'a [u8],
    /// How many they were on the wire.
    pub(super) payload_len: u32,
    header: &'a [u8],
    /// What the rest of the header holds.
    marks: u64,
}

impl<'a> Head<'a> {
    /// The packet of a conversation.
    #[inline(always)]
    pub(super) fn packet(self, datagram: &Datagram<'_>, vlan: Option<VlanId>) -> Packet<'a> {
        let kind = if self.segment == Segment::Udp { Key::UDP } else { 0 }
            | if datagram.v6 { Key::V6 } else { 0 };
        let (from, to) = self.ports;
        let (key, way) = Key::of((datagram.source, from), (datagram.destination, to), kind);
        Packet {
            key,
            way,
            vlan,
            segment: self.segment,
            ip_len: datagram.len,
            payload_len: self.payload_len,
            payload: self.payload,
            header: self.header,
            hops: datagram.hops,
            // Where TCP has its urgent pointer.
            marks: self.marks ^ u64::from(datagram.id),
        }
    }
}

/// The segment in a datagram.
pub(super) fn tcp<'a>(
    datagram: &Datagram<'a>,
    vlan: Option<VlanId>,
) -> Result<Packet<'a>, Stop<'a>> {
    let head = match whole_tcp(datagram) {
        Some(head) => head,
        None => match TcpSlice::from_slice(datagram.payload) {
            Err(HeaderSliceError::Content(_)) => return Err(Refused::Malformed.into()),
            _ => tcp_cut(datagram)?,
        },
    };
    Ok(head.packet(datagram, vlan))
}

/// A TCP header that is all there; nothing where [`tcp`] has more to say.
#[inline(always)]
pub(super) fn whole_tcp<'a>(datagram: &Datagram<'a>) -> Option<Head<'a>> {
    let slice = TcpSlice::from_slice(datagram.payload).ok()?;
    // Offset and flags, window, checksum, urgent pointer.
    let (_, rest) = slice.slice().split_at_checked(12)?;
    let rest = *rest.first_chunk::<8>()?;
    let [_, flags, ..] = rest;
    Some(Head {
        ports: (slice.source_port(), slice.destination_port()),
        segment: Segment::Tcp {
            sequence: slice.sequence_number(),
            acknowledged: slice.acknowledgment_number(),
            flags: TcpFlags(flags),
        },
        payload: slice.payload(),
        payload_len: datagram.payload_len.saturating_sub(clamp(slice.header_len())),
        header: slice.header_slice(),
        marks: u64::from_be_bytes(rest),
    })
}

/// A header that the capture cut behind its flags still tells who spoke to whom.
fn tcp_cut<'a>(datagram: &Datagram<'a>) -> Result<Head<'a>, Refused> {
    let head = datagram.payload.first_chunk::<14>().ok_or(Refused::Truncated)?;
    let &[a, b, c, d, s0, s1, s2, s3, k0, k1, k2, k3, offset, flags] = head;
    let header_len = u32::from(offset >> 4).saturating_mul(4);
    if header_len < 20 || header_len > datagram.payload_len {
        return Err(Refused::Malformed);
    }
    Ok(Head {
        ports: (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        segment: Segment::Tcp {
            sequence: u32::from_be_bytes([s0, s1, s2, s3]),
            acknowledged: u32::from_be_bytes([k0, k1, k2, k3]),
            flags: TcpFlags(flags),
        },
        payload: &[],
        header: &[],
        marks: 0,
        payload_len: datagram.payload_len.saturating_sub(header_len),
    })
}

/// The UDP header of a datagram.
#[inline(always)]
pub(super) fn udp<'a>(datagram: &Datagram<'a>) -> Result<Head<'a>, Refused> {
    let slice = UdpSlice::from_slice_lax(datagram.payload).map_err(|_| Refused::Truncated)?;
    let payload_len = match u32::from(slice.length()) {
        // RFC 2675 §4: a jumbogram's, or one that is to be cut up.
        0 => datagram.payload_len.saturating_sub(8),
        // No longer than the datagram that it is in.
        len @ 8.. => len.min(datagram.payload_len).saturating_sub(8),
        _ => return Err(Refused::Malformed),
    };
    Ok(Head {
        ports: (slice.source_port(), slice.destination_port()),
        segment: Segment::Udp,
        payload: slice.payload(),
        payload_len,
        header: &[],
        marks: u64::from(slice.length()) << 32 | u64::from(slice.checksum()) << 16,
    })
}
