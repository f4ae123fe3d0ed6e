//! DHCP for IPv6 (RFC 8415), on its own ports: it has no cookie. Which host leased which addresses,
//! and what it wants to be called.

mod message;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use model::{Fact, Flow, HintSource, HostHint, Protocol, Side};

use super::reader::{Datagram, Entry, Out};
use crate::hints::one_host;
use message::Message;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "dhcpv6",
    probe: None,
    start: None,
    claim: Some(claim),
    datagram: Some(datagram),
    begin: None,
};

fn claim(flow: &Flow, _sender: Side, octets: &[u8]) -> Datagram {
    // RFC 8415 §7.2: clients, and servers and relays.
    let own = |port| matches!(port, 546 | 547);
    if !own(flow.client.port) && !own(flow.server.port) {
        return Datagram::NotMine;
    }
    match message::sender(octets) {
        Some(side) => Datagram::Mine(Protocol::Dhcpv6, side),
        None => Datagram::NotMine,
    }
}

fn datagram(sender: Side, octets: &[u8], out: &mut Out<'_>) {
    let Some(read) = message::read(octets) else { return };
    if read.cut {
        (out.anomaly)("dhcpv6_options_cut");
    }
    for hint in hints(&read, out.flow.end(sender).ip) {
        (out.fact)(Fact::HostHint(Box::new(hint)));
    }
}

/// What a message from this address tells of its client.
fn hints(read: &Message, from: IpAddr) -> Vec<HostHint> {
    // A client says all of its own from the link's address; a relay tells which that is.
    let link = read.asks.then(|| read.peer.map_or(from, IpAddr::V6));
    let leased = read.addresses.iter().map(|ip| IpAddr::V6(*ip));
    let all = link.into_iter().chain(leased).filter_map(one_host);
    let hint = |ip| HostHint { ip, mac: read.mac, name: read.name.clone(), by: HintSource::Dhcp };
    let told = all.map(hint).filter(|hint| hint.mac.is_some() || hint.name.is_some());
    told.collect()
}

/// A fuzz body: any octets, as a datagram, alone, behind a request's head and inside a relay's
/// message.
pub(crate) fn fuzz(octets: &[u8]) {
    let request = [&[3, 1, 2, 3][..], octets].concat();
    let len = u16::try_from(request.len()).unwrap_or(u16::MAX).to_be_bytes();
    let relayed = [&[12, 0][..], &[0xfe; 32], &[0, 9], &len, &request].concat();
    for octets in [octets, &request, &relayed] {
        super::drive::fuzz(&ENTRY, octets, &[547, 4000]);
        if let Some(read) = message::read(octets) {
            let told = hints(&read, IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 1]));
            assert!(told.len() <= super::limits::DHCPV6_ADDRESSES_MAX.saturating_add(1));
            told.iter().for_each(super::dhcp::name::assert_sound);
        }
    }
}
