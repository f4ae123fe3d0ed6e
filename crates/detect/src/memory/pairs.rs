//! What follows of a pair of addresses alone, while it is asked for again.

use std::net::IpAddr;

use model::{Direction, Flow, VlanId};

use super::memo::{Memo, place_of};
use super::prints::Prints;
use super::recent::bits;
use crate::policy::Policy;

/// Pairs of client and server. Each fact of a flow, a question and its answer, and all that a client
/// asks its resolver are of one pair: its fingerprint and its place in our networks are worked out
/// once.
#[derive(Debug)]
pub(crate) struct Pairs {
    prints: Prints,
    known: Memo<Key, Pair>,
}

/// Client and server as halves of numbers, since they pack better, and the VLAN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key {
    ends: [[u64; 2]; 2],
    vlan: Option<VlanId>,
}

/// What is known of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    /// The fingerprint of both.
    pub(crate) print: u64,
    /// Whether the host inside is the server.
    pub(crate) server_is_host: bool,
    pub(crate) direction: Direction,
    /// The place of the host's zone in the policy.
    pub(crate) zone: Option<u32>,
}

impl Pairs {
    pub(crate) fn new(prints: Prints) -> Pairs {
        Pairs { prints, known: Memo::new() }
    }

    /// The policy is another one.
    pub(crate) fn forget(&mut self) {
        self.known = Memo::new();
    }

    /// What follows of the client and the server of a flow.
    #[inline]
    pub(crate) fn of(&mut self, flow: &Flow, policy: &Policy) -> Pair {
        let (client, server) = (bits(flow.client.ip), bits(flow.server.ip));
        let key = Key { ends: [halves(client), halves(server)], vlan: flow.vlan };
        let prints = self.prints;
        self.known.get(place_of(client, server), key, || {
            let (host, direction) = policy.place(flow);
            Pair {
                print: prints.pair(flow.client.ip, flow.server.ip),
                server_is_host: host != flow.client.ip,
                direction,
                zone: policy.zone_place(host, flow.vlan),
            }
        })
    }

    /// The fingerprint of a client and a server that no flow has.
    pub(crate) fn print(&self, client: IpAddr, server: IpAddr) -> u64 {
        self.prints.pair(client, server)
    }
}

const fn halves(number: u128) -> [u64; 2] {
    [number as u64, (number >> 64) as u64]
}
