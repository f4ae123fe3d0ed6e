//! DHCP messages, of IPv4 (RFC 2131, RFC 2132, RFC 4702) and of IPv6 (RFC 8415, RFC 4704).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::frame::Mac;
use crate::octets::Octets;

/// Seconds that a lease lasts.
const LEASE: u32 = 86_400;

/// Octets of the shortest message: some relays drop shorter ones (RFC 1542 §2.1).
const MESSAGE_BYTES_MIN: usize = 300;

/// One of the four messages of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Discover,
    Offer,
    Request,
    Acknowledge,
}

impl Turn {
    fn asks(self) -> bool {
        matches!(self, Turn::Discover | Turn::Request)
    }
}

/// A lease, and what its client calls itself.
pub(crate) struct Lease<'a, A> {
    pub(crate) id: u32,
    pub(crate) mac: Mac,
    /// What the client gets.
    pub(crate) address: A,
    /// Who gives it.
    pub(crate) server: A,
    pub(crate) name: &'a str,
    pub(crate) domain: Option<&'a str>,
}

impl<A> Lease<'_, A> {
    /// The labels of the full name; a partial one has no root at its end (RFC 4702 §3.1).
    fn labels(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let domain = self.domain.into_iter().flat_map(|domain| domain.split('.'));
        for label in [self.name].into_iter().chain(domain) {
            out.block(1, |out| out.put(label.as_bytes()));
        }
        if self.domain.is_some() {
            out.put8(0);
        }
        out
    }
}

/// A message of IPv4. A client that renews its lease says so with the address that it has.
pub(crate) fn message(turn: Turn, lease: &Lease<'_, Ipv4Addr>, renews: bool) -> Vec<u8> {
    let none = Ipv4Addr::UNSPECIFIED;
    let mut out = vec![if turn.asks() { 1 } else { 2 }, 1, 6, 0];
    out.put32(lease.id);
    out.put32(0);
    let has = if renews { lease.address } else { none };
    let gets = if turn.asks() { none } else { lease.address };
    for address in [has, gets, none, none] {
        out.put(&address.octets());
    }
    out.put(&lease.mac);
    // The rest of the hardware address, the server's name, the file.
    out.resize(236, 0);
    out.put(&[99, 130, 83, 99]);
    let mut option = |code: u8, value: &[u8]| {
        out.put8(code);
        out.block(1, |out| out.put(value));
    };
    let kind = match turn {
        Turn::Discover => 1,
        Turn::Offer => 2,
        Turn::Request => 3,
        Turn::Acknowledge => 5,
    };
    option(53, &[kind]);
    if turn.asks() {
        option(61, &[&[1][..], &lease.mac].concat());
        option(12, lease.name.as_bytes());
    }
    if turn == Turn::Request && !renews {
        option(50, &lease.address.octets());
    }
    if turn != Turn::Discover && !renews {
        option(54, &lease.server.octets());
    }
    if lease.domain.is_some() && turn == Turn::Request {
        // The server is to see to the records, and the name is in labels.
        option(81, &[&[5, 0, 0][..], &lease.labels()].concat());
    }
    if turn.asks() {
        option(55, &[1, 3, 6, 15, 51]);
    } else {
        option(1, &[255, 255, 255, 0]);
        option(3, &lease.server.octets());
        option(51, &LEASE.to_be_bytes());
    }
    out.put8(255);
    if out.len() < MESSAGE_BYTES_MIN {
        out.resize(MESSAGE_BYTES_MIN, 0);
    }
    out
}

/// A message of IPv6. The server knows itself by its own interface.
pub(crate) fn message_v6(
    turn: Turn,
    lease: &Lease<'_, Ipv6Addr>,
    server: Mac,
    renews: bool,
) -> Vec<u8> {
    let kind = match turn {
        Turn::Discover => 1,
        Turn::Offer => 2,
        Turn::Request if renews => 5,
        Turn::Request => 3,
        Turn::Acknowledge => 7,
    };
    let mut out = Vec::new();
    out.put32(kind << 24 | lease.id & 0x00FF_FFFF);
    let mut option = |code: u16, value: &[u8]| {
        out.put16(code);
        out.block(2, |out| out.put(value));
    };
    // RFC 8415 §11.4: of a link-layer address.
    let identifier = |mac: Mac| [&[0, 3, 0, 1][..], &mac].concat();
    option(1, &identifier(lease.mac));
    if turn != Turn::Discover {
        option(2, &identifier(server));
    }
    // §21.4: an association, the times to renew and rebind; §21.6: an address and its lifetimes.
    let mut association = vec![0, 0, 0, 1];
    let times = if turn.asks() { [0; 2] } else { [LEASE / 2, LEASE / 5 * 4] };
    times.iter().for_each(|time| association.put32(*time));
    if turn != Turn::Discover {
        association.put16(5);
        association.block(2, |out| {
            out.put(&lease.address.octets());
            out.put32(if turn.asks() { 0 } else { LEASE });
            out.put32(if turn.asks() { 0 } else { LEASE });
        });
    }
    option(3, &association);
    option(39, &[&[1][..], &lease.labels()].concat());
    if turn.asks() {
        option(8, &[0, 0]);
        option(6, &[0, 23, 0, 24, 0, 39]);
    }
    out
}
