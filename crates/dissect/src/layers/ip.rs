//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers.

use etherparse::err::{ip_auth, ipv4, ipv6};
use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice, ip_number,
};
use model::Refused;

use super::link::Network;
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
}

/// Read the IP header. `room` is what the link layer had for the datagram on the wire: it counts
/// where the header has no length, as of segments that the network card is to cut up (TSO).
#[inline]
pub(super) fn read(network: Network, octets: &[u8], room: u32) -> Result<Datagram<'_>, Refused> {
    let room = room.max(clamp(octets.len()));
    match network {
        Network::V4 => v4(octets, room),
        Network::V6 => v6(octets, room),
    }
}

#[inline]
fn v4(octets: &[u8], room: u32) -> Result<Datagram<'_>, Refused> {
    let header = Ipv4HeaderSlice::from_slice(octets).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(_) => Refused::Truncated,
        ipv4::HeaderSliceError::Content(_) => Refused::Malformed,
    })?;
    let header_len = header.slice().len();
    let (len, end) = match header.total_len() {
        0 => (room, octets.len()),
        len => (u32::from(len), usize::from(len).min(octets.len())),
    };
    // Behind the header there is at least nothing.
    let payload = octets.get(header_len..end).ok_or(Refused::Malformed)?;
    if header.is_fragmenting_payload() {
        return Err(Refused::Fragment);
    }
    let mut datagram = Datagram {
        source: [0, u64::from(u32::from_be_bytes(header.source()))],
        destination: [0, u64::from(u32::from_be_bytes(header.destination()))],
        v6: false,
        next: header.protocol(),
        len,
        payload_len: len.saturating_sub(clamp(header_len)),
        payload,
    };
    if datagram.next == ip_number::AUTH {
        let auth =
            IpAuthHeaderSlice::from_slice(payload).map_err(|error| refusal_of_auth(&error))?;
        let used = auth.slice().len();
        datagram.next = auth.next_header();
        datagram.payload = payload.get(used..).ok_or(Refused::Truncated)?;
        datagram.payload_len = datagram.payload_len.saturating_sub(clamp(used));
    }
    Ok(datagram)
}

#[inline]
fn v6(octets: &[u8], room: u32) -> Result<Datagram<'_>, Refused> {
    let header = Ipv6HeaderSlice::from_slice(octets).map_err(|error| match error {
        ipv6::HeaderSliceError::Len(_) => Refused::Truncated,
        ipv6::HeaderSliceError::Content(_) => Refused::Malformed,
    })?;
    let behind = octets.get(header.slice().len()..).unwrap_or_default();
    let (len, behind) = match usize::from(header.payload_length()) {
        // RFC 2675 §3: a jumbogram has no length here, nor has a segment that is to be cut up.
        0 => (room, behind),
        len => (
            u32::from(header.payload_length()).saturating_add(40),
            behind.get(..len).unwrap_or(behind),
        ),
    };
    let (next, payload) = extensions(header.next_header(), behind)?;
    let headers = clamp(behind.len().saturating_sub(payload.len())).saturating_add(40);
    Ok(Datagram {
        source: words(header.source()),
        destination: words(header.destination()),
        v6: true,
        next,
        len,
        payload_len: len.saturating_sub(headers),
        payload,
    })
}

/// Walk the extension headers (RFC 8200 §4), in whatever order they come.
fn extensions(mut next: IpNumber, mut rest: &[u8]) -> Result<(IpNumber, &[u8]), Refused> {
    for _ in 0..=EXTENSIONS_MAX {
        let used = match next {
            ip_number::IPV6_HOP_BY_HOP | ip_number::IPV6_ROUTE | ip_number::IPV6_DEST_OPTIONS => {
                let header =
                    Ipv6RawExtHeaderSlice::from_slice(rest).map_err(|_| Refused::Truncated)?;
                next = header.next_header();
                header.slice().len()
            }
            ip_number::IPV6_FRAG => {
                let header =
                    Ipv6FragmentHeaderSlice::from_slice(rest).map_err(|_| Refused::Truncated)?;
                // RFC 6946: an "atomic fragment" is whole.
                if header.is_fragmenting_payload() {
                    return Err(Refused::Fragment);
                }
                next = header.next_header();
                header.slice().len()
            }
            ip_number::AUTH => {
                let header =
                    IpAuthHeaderSlice::from_slice(rest).map_err(|error| refusal_of_auth(&error))?;
                next = header.next_header();
                header.slice().len()
            }
            _ => return Ok((next, rest)),
        };
        rest = rest.get(used..).ok_or(Refused::Truncated)?;
    }
    Err(Refused::Malformed)
}

fn refusal_of_auth(error: &ip_auth::HeaderSliceError) -> Refused {
    match error {
        ip_auth::HeaderSliceError::Len(_) => Refused::Truncated,
        ip_auth::HeaderSliceError::Content(_) => Refused::Malformed,
    }
}

/// Both addresses, by their place alone.
pub(super) fn addresses(network: Network, octets: &[u8]) -> Option<(Address, Address)> {
    match network {
        Network::V4 => {
            let (_, pair) = octets.split_at_checked(12)?;
            let (&[a, b, c, d, e, f, g, h], _) = pair.split_first_chunk::<8>()?;
            let source = u64::from(u32::from_be_bytes([a, b, c, d]));
            let destination = u64::from(u32::from_be_bytes([e, f, g, h]));
            Some(([0, source], [0, destination]))
        }
        Network::V6 => {
            let (_, pair) = octets.split_at_checked(8)?;
            let (source, pair) = pair.split_first_chunk::<16>()?;
            let (destination, _) = pair.split_first_chunk::<16>()?;
            Some((words(*source), words(*destination)))
        }
    }
}

fn words(octets: [u8; 16]) -> Address {
    let whole = u128::from_be_bytes(octets);
    // The halves of a 128-bit number fit 64 bits each.
    [(whole >> 64) as u64, whole as u64]
}

fn clamp(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
