//! Whose a message is: DNS, one of its cousins, or none of them.
//!
//! On a port that names the protocol, whatever is shaped like a message is one. On any other port
//! a message must be whole, plain and consumed to its last octet, so that no game or tunnel is
//! ever taken for it.

use std::net::IpAddr;

use model::{Flow, Protocol, Side};

use super::name::{NameFault, Steps, pass_over, walk};
use super::parser::{Header, agrees};
use crate::protocols::limits::DNS_QUESTIONS_MAX;

/// The port of DNS (RFC 1035 §4.2).
const DNS: u16 = 53;
/// The port of the NetBIOS name service (RFC 1002 §4.2).
const NBNS: u16 = 137;
/// The port of multicast DNS (RFC 6762 §3).
const MDNS: u16 = 5353;
/// The port of LLMNR (RFC 4795 §2).
const LLMNR: u16 = 5355;

/// The protocol that one of the ports names; DNS first, since a resolver's client may have any.
pub(super) fn named(flow: &Flow) -> Option<Protocol> {
    [(DNS, Protocol::Dns), (NBNS, Protocol::Nbns), (MDNS, Protocol::Mdns), (LLMNR, Protocol::Llmnr)]
        .into_iter()
        .find(|(port, _)| flow.server.port == *port || flow.client.port == *port)
        .map(|(_, protocol)| protocol)
}

/// Whose a datagram is, and who sent it.
pub(super) fn datagram(flow: &Flow, sender: Side, octets: &[u8]) -> Option<(Protocol, Side)> {
    let header = Header::read(octets)?;
    let protocol = match named(flow) {
        Some(protocol) => shaped(octets, &header).then_some(protocol)?,
        None => plain(octets, &header).then_some(Protocol::Dns)?,
    };
    // A group of hosts never asks: what is sent to one is told as asked by its sender.
    let to_a_group = is_group(flow.end(sender.other()).ip);
    let side = if header.response && !to_a_group { Side::Server } else { Side::Client };
    Some((protocol, side))
}

fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}

/// Whether a message on a port of its own is shaped like one. It may be cut.
pub(super) fn shaped(message: &[u8], header: &Header) -> bool {
    if usize::from(header.questions) > DNS_QUESTIONS_MAX {
        return false;
    }
    if header.questions == 0 && header.records() == 0 {
        // A server that understands nothing answers with a header alone.
        return header.response;
    }
    match pass_over(message, Header::LEN) {
        // A record without the ten octets after its name says nothing.
        Ok(at) => header.questions > 0 || message.len() >= at.saturating_add(10),
        Err(NameFault::Cut) => true,
        Err(NameFault::Malformed | NameFault::Costly) => false,
    }
}

/// Whether a beginning that is not [`shaped`] may yet be: its first record is not all there.
pub(super) fn undecided(message: &[u8], header: &Header) -> bool {
    let first = pass_over(message, Header::LEN);
    header.questions == 0
        && header.records() > 0
        && first.is_ok_and(|at| message.len() < at.saturating_add(10))
}

/// Whether a message on a foreign port is beyond doubt: one question of a host name, a known
/// class, counts that fit, and not one octet too many.
pub(super) fn plain(message: &[u8], header: &Header) -> bool {
    beginning_is_plain(header) && plain_question(message, header).is_some()
}

/// Whether a header is such as resolvers and their clients send.
pub(super) fn beginning_is_plain(header: &Header) -> bool {
    let query = header.rcode == 0 && header.answers == 0 && header.authorities == 0;
    header.opcode == 0
        && header.questions == 1
        && !header.reserved
        && header.rcode <= 5
        && (header.response || query && header.additionals <= 2)
}

fn plain_question(message: &[u8], header: &Header) -> Option<()> {
    let question = walk(message, Header::LEN, &mut Steps::new()).ok()?;
    let mut labels = question.labels(message).peekable();
    labels.peek()?;
    let of_a_host = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if !labels.all(|label| label.iter().all(of_a_host)) || !agrees(message, Header::LEN) {
        return None;
    }
    let (kind, rest) = message.get(question.end..)?.split_first_chunk()?;
    let (class, _) = rest.split_first_chunk()?;
    let (kind, class) = (u16::from_be_bytes(*kind), u16::from_be_bytes(*class));
    // RFC 6895 §3.1 and §3.2: type 0 is reserved; Internet, Chaos, Hesiod, any.
    if kind == 0 || !matches!(class, 1 | 3 | 4 | 255) {
        return None;
    }
    let mut at = question.end.checked_add(4)?;
    for _ in 0..header.records() {
        at = pass_over(message, at).ok()?;
        let head = message.get(at..)?.first_chunk::<10>()?;
        let [.., high, low] = *head;
        at = at.checked_add(10)?.checked_add(u16::from_be_bytes([high, low]).into())?;
    }
    (at == message.len()).then_some(())
}
