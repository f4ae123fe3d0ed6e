//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers.

use etherparse::err::{ip_auth, ipv4, ipv6};
use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice, ip_number,
};
use model::Refused;

use super::descent::{Descent, clamp};
use super::{Piece, Stop, Whole};
use crate::ends::Address;
use crate::limits::EXTENSIONS_MAX;

/// A whole IP datagram, or as much of it as was captured.
#[derive(Clone, Copy)]
pub(super) struct Datagram<'a> {
    /// Who sent it.
    pub(super) source: Address,
    /// Whom it was sent to.
    pub(super) destination: Address,
    /// The addresses are of IPv6.
    pub(super) v6: bool,
    /// What it carries.
    pub(super) next: IpNumber,
    /// Octets on the wire, headers included.
    pub(super) len: u32,
    /// Octets on the wire behind the headers.
    pub(super) payload_len: u32,
    /// The captured ones of them; padding of the link layer is not among them.
    pub(super) payload: &'a [u8],
    /// Hops left; 0 of one that was put together.
    pub(super) hops: u8,
    /// The identification of IPv4; 0 of IPv6, or of one that was put together.
    pub(super) id: u16,
}

/// Read an IPv4 header of a whole datagram; nothing where [`v4`] has more to say. Where it has no
/// length, as of segments that the network card is to cut up (TSO), the datagram is all that the
/// frame has, with the `cut` octets that were not captured.
// No error is made here: the busiest caller so keeps what it reads in registers.
#[inline(always)]
pub(super) fn whole_v4(octets: &[u8], cut: u32) -> Option<Datagram<'_>> {
    let header = Ipv4HeaderSlice::from_slice(octets).ok()?;
    let datagram = behind_v4(&header, octets, cut)?;
    let whole = !header.is_fragmenting_payload() && datagram.next != ip_number::AUTH;
    whole.then_some(datagram)
}

#[inline(always)]
fn behind_v4<'a>(header: &Ipv4HeaderSlice<'a>, octets: &'a [u8], cut: u32) -> Option<Datagram<'a>> {
    let header_len = header.slice().len();
    let (len, end) = match header.total_len() {
        0 => (clamp(octets.len()).saturating_add(cut), octets.len()),
        len => (u32::from(len), usize::from(len).min(octets.len())),
    };
    Some(Datagram {
        source: [0, u64::from(u32::from_be_bytes(header.source()))],
        destination: [0, u64::from(u32::from_be_bytes(header.destination()))],
        v6: false,
        next: header.protocol(),
        len,
        payload_len: len.saturating_sub(clamp(header_len)),
        // Behind the header there is at least nothing.
        payload: octets.get(header_len..end)?,
        hops: header.ttl(),
        id: header.identification(),
    })
}

/// Read an IPv4 header.
pub(super) fn v4<'a>(octets: &'a [u8], descent: &Descent<'_>) -> Result<Datagram<'a>, Stop<'a>> {
    if let Some(datagram) = whole_v4(octets, descent.cut) {
        return Ok(datagram);
    }
    let header = Ipv4HeaderSlice::from_slice(octets).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(_) => Refused::Truncated,
        ipv4::HeaderSliceError::Content(_) => Refused::Malformed,
    })?;
    let datagram = behind_v4(&header, octets, descent.cut).ok_or(Refused::Malformed)?;
    if header.is_fragmenting_payload() {
        let id = u32::from(header.identification());
        let offset = u32::from(header.fragments_offset().value()).saturating_mul(8);
        return Err(datagram.piece(id, offset, header.more_fragments(), descent));
    }
    Ok(behind_auth(datagram)?)
}

/// Read an IPv6 header; nothing where [`v6`] has an error to tell. What it carries may be an extension
/// header. Where it has no length, as of [`whole_v4`]; RFC 2675 §3: a jumbogram has none here either.
#[inline(always)]
pub(super) fn whole_v6(octets: &[u8], cut: u32) -> Option<Datagram<'_>> {
    let header = Ipv6HeaderSlice::from_slice(octets).ok()?;
    let behind = octets.get(header.slice().len()..)?;
    let (len, payload) = match usize::from(header.payload_length()) {
        0 => (clamp(octets.len()).saturating_add(cut), behind),
        len => (
            u32::from(header.payload_length()).saturating_add(40),
            behind.get(..len).unwrap_or(behind),
        ),
    };
    Some(Datagram {
        source: words(header.source()),
        destination: words(header.destination()),
        v6: true,
        next: header.next_header(),
        len,
        payload_len: len.saturating_sub(40),
        payload,
        hops: header.hop_limit(),
        id: 0,
    })
}

/// Read an IPv6 header and its extensions.
pub(super) fn v6<'a>(octets: &'a [u8], descent: &Descent<'_>) -> Result<Datagram<'a>, Stop<'a>> {
    let Some(datagram) = whole_v6(octets, descent.cut) else {
        return Err(match Ipv6HeaderSlice::from_slice(octets) {
            Err(ipv6::HeaderSliceError::Content(_)) => Refused::Malformed.into(),
            _ => Refused::Truncated.into(),
        });
    };
    extensions(datagram, descent)
}

/// Take up a datagram that was put together.
pub(super) fn whole<'a>(
    whole: &Whole<'a>,
    descent: &Descent<'_>,
) -> Result<Datagram<'a>, Stop<'a>> {
    let &Whole { v6, source, destination, next, payload, payload_len, .. } = whole;
    let len = payload_len.saturating_add(if v6 { 40 } else { 20 });
    let datagram =
        Datagram { source, destination, v6, next, len, payload_len, payload, hops: 0, id: 0 };
    match (v6, next) {
        (true, _) => extensions(datagram, descent),
        (false, ip_number::AUTH) => Ok(behind_auth(datagram)?),
        (false, _) => Ok(datagram),
    }
}

impl<'a> Datagram<'a> {
    /// Step over a header of `used` octets.
    fn skip(&mut self, used: usize) -> Result<(), Refused> {
        self.payload = self.payload.get(used..).ok_or(Refused::Truncated)?;
        self.payload_len = self.payload_len.saturating_sub(clamp(used));
        Ok(())
    }

    fn piece(&self, id: u32, offset: u32, more: bool, descent: &Descent<'_>) -> Stop<'a> {
        Stop::Fragment(Piece {
            v6: self.v6,
            source: self.source,
            destination: self.destination,
            id,
            next: self.next,
            offset,
            more,
            payload: self.payload,
            payload_len: self.payload_len,
            vlan: descent.vlan,
            depth: descent.depth.saturating_add(1),
        })
    }
}

/// RFC 4302: what is authenticated stands in clear behind it.
fn behind_auth(mut datagram: Datagram<'_>) -> Result<Datagram<'_>, Refused> {
    let auth = IpAuthHeaderSlice::from_slice(datagram.payload).map_err(|error| match error {
        ip_auth::HeaderSliceError::Len(_) => Refused::Truncated,
        ip_auth::HeaderSliceError::Content(_) => Refused::Malformed,
    })?;
    datagram.next = auth.next_header();
    datagram.skip(auth.slice().len())?;
    Ok(datagram)
}

/// Walk the extension headers (RFC 8200 §4), in whatever order they come.
fn extensions<'a>(
    mut datagram: Datagram<'a>,
    descent: &Descent<'_>,
) -> Result<Datagram<'a>, Stop<'a>> {
    for _ in 0..=EXTENSIONS_MAX {
        match datagram.next {
            // Mobility, host identity and shim6 headers (RFC 6275, 7401, 5533) are built alike.
            ip_number::IPV6_HOP_BY_HOP
            | ip_number::IPV6_ROUTE
            | ip_number::IPV6_DEST_OPTIONS
            | ip_number::MOBILITY
            | ip_number::HIP
            | ip_number::SHIM6 => {
                let header = Ipv6RawExtHeaderSlice::from_slice(datagram.payload)
                    .map_err(|_| Refused::Truncated)?;
                datagram.next = header.next_header();
                datagram.skip(header.slice().len())?;
            }
            ip_number::IPV6_FRAG => {
                let header = Ipv6FragmentHeaderSlice::from_slice(datagram.payload)
                    .map_err(|_| Refused::Truncated)?;
                datagram.next = header.next_header();
                datagram.skip(header.slice().len())?;
                // RFC 6946: an "atomic fragment" is whole.
                if header.is_fragmenting_payload() {
                    let offset = u32::from(header.fragment_offset().value()).saturating_mul(8);
                    let (id, more) = (header.identification(), header.more_fragments());
                    return Err(datagram.piece(id, offset, more, descent));
                }
            }
            ip_number::AUTH => datagram = behind_auth(datagram)?,
            _ => return Ok(datagram),
        }
    }
    Err(Refused::Malformed.into())
}

/// Whether octets may be an IP header of that version, of `wire` octets in all: its lengths hold.
pub(super) fn plausible(version: u8, octets: &[u8], wire: u32) -> bool {
    match (version, octets) {
        (4, &[first, _, a, b, ..]) => {
            let header = u32::from(first & 15).saturating_mul(4);
            let len = u32::from(u16::from_be_bytes([a, b]));
            first >> 4 == 4 && header >= 20 && header <= len && len <= wire
        }
        (6, &[first, _, _, _, a, b, ..]) => {
            let len = u32::from(u16::from_be_bytes([a, b])).saturating_add(40);
            first >> 4 == 6 && len <= wire
        }
        _ => false,
    }
}

/// Whether they are, as far as an IP header tells: an IPv4 header has its checksum (RFC 791 §3.1);
/// an IPv6 header has none, but fills what is there and carries something known.
pub(super) fn vouched(version: u8, octets: &[u8], wire: u32) -> bool {
    if !plausible(version, octets, wire) {
        return false;
    }
    match (version, octets) {
        (4, &[first, ..]) => {
            let header = octets.get(..usize::from(first & 15).saturating_mul(4));
            header.is_some_and(|header| checksum(header) == 0xffff)
        }
        (6, &[_, _, _, _, a, b, next, hops, ..]) => {
            let len = u32::from(u16::from_be_bytes([a, b])).saturating_add(40);
            let known =
                matches!(next, 0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 60 | 132);
            // A link layer may have padded it.
            known && hops > 0 && wire.saturating_sub(len) < 48
        }
        _ => false,
    }
}

/// The sum of 16-bit words that is all ones over a header with its checksum in it (RFC 1071).
fn checksum(header: &[u8]) -> u32 {
    let words = header.chunks_exact(2).filter_map(|pair| pair.first_chunk());
    let sum = words.fold(0_u32, |sum, word| sum.saturating_add(u16::from_be_bytes(*word).into()));
    // A header has 30 words at most, so one carry may follow the first.
    let sum = (sum & 0xffff).saturating_add(sum >> 16);
    (sum & 0xffff).saturating_add(sum >> 16)
}

fn words(octets: [u8; 16]) -> Address {
    let whole = u128::from_be_bytes(octets);
    // The halves of a 128-bit number fit 64 bits each.
    [(whole >> 64) as u64, whole as u64]
}
