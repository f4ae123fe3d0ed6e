//! What program and sensor share: how flows, their entries and their counters lie in maps.

use std::net::IpAddr;

use model::{Endpoint, Flow, Transport};

/// In the word of what a key's flow carries: its addresses are of IPv6.
pub(super) const V6: i32 = 0x100;

/// Both ends of a flow, the lower one first, and what carries it.
///
/// | octets | |
/// |---|---|
/// | 0-15 | address of the lower end; an IPv4 address in octets 8-11, the others 0 |
/// | 16-31 | the same of the higher end |
/// | 32-35 | port of the lower, port of the higher end, in the network's order |
/// | 36-39 | 6 for TCP or 17 for UDP, and [`V6`], in the machine's order |
///
/// Which end is the lower one matters to nobody; it goes by their octets as this machine loads
/// them in words, since that is the quickest to tell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key(pub(super) [u8; KEY_OCTETS]);

/// Octets of a key.
pub(super) const KEY_OCTETS: usize = 40;

impl Key {
    /// The key of a flow, and whether its client is the higher end.
    pub(super) fn of(flow: &Flow) -> (Key, bool) {
        let (client, server) = (End::of(flow.client), End::of(flow.server));
        let turned = client.order() > server.order();
        let (low, high) = if turned { (server, client) } else { (client, server) };
        let transport = match flow.transport {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        let kind: i32 = if flow.client.ip.is_ipv6() { transport | V6 } else { transport };
        let kind = kind.to_ne_bytes();
        let parts: [&[u8]; 5] = [&low.address, &high.address, &low.port, &high.port, &kind];
        let mut octets = [0; KEY_OCTETS];
        for (place, octet) in octets.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *octet;
        }
        (Key(octets), turned)
    }
}

/// One end, as its octets lie in a key.
struct End {
    address: [u8; 16],
    port: [u8; 2],
}

impl End {
    fn of(end: Endpoint) -> End {
        let address = match end.ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d, 0, 0, 0, 0]
            }
            IpAddr::V6(ip) => ip.octets(),
        };
        End { address, port: end.port.to_be_bytes() }
    }

    /// What ends are ordered by: as the program loads them.
    fn order(&self) -> (u64, u64, u16) {
        let (words, _) = self.address.as_chunks();
        let word = |at: usize| words.get(at).map_or(0, |word| u64::from_ne_bytes(*word));
        (word(0), word(1), u16::from_ne_bytes(self.port))
    }
}

/// What the map has for a flow.
///
/// | octets | |
/// |---|---|
/// | 0-3 | the number of its counters |
/// | 4-7 | 1: its packets are dropped; 0: it is watched |
/// | 8-15 | a number that no other entry had |
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) slot: u32,
    pub(super) drops: bool,
    pub(super) generation: u64,
}

/// Octets of an entry.
pub(super) const ENTRY_OCTETS: usize = 16;
pub(super) const SLOT: i16 = 0;
pub(super) const DROPS: i16 = 4;
pub(super) const GENERATION: i16 = 8;

impl Entry {
    /// As it lies in the map.
    pub(super) fn octets(self) -> [u8; ENTRY_OCTETS] {
        let [a, b, c, d] = self.slot.to_ne_bytes();
        let [e, f, g, h] = u32::from(self.drops).to_ne_bytes();
        let [i, j, k, l, m, n, o, p] = self.generation.to_ne_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

/// What was counted at one place of the array. The kernel alone writes there, so nothing is lost
/// when the place becomes another flow's: its counts go on from where they are.
///
/// | octets | |
/// |---|---|
/// | 0-15 | packets and octets from the lower end |
/// | 16-31 | packets and octets from the higher end |
/// | 32-39 | when the last came, in nanoseconds of the monotonic clock |
/// | 40-47 | the generation of the entry that a SYN or RST stopped |
/// | 48-55 | copies that were dropped and not counted |
/// | 56-63 | nothing: counters of two flows share no cache line |
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Counters {
    /// Packets and octets from the lower end, then from the higher.
    pub(super) volumes: [[u64; 2]; 2],
    pub(super) last: u64,
    pub(super) stopped: u64,
    pub(super) copies: u64,
}

/// Octets of a flow's counters.
pub(super) const COUNTERS_OCTETS: usize = 64;
pub(super) const FROM_LOW: i16 = 0;
pub(super) const FROM_HIGH: i16 = 16;
pub(super) const PACKETS: i16 = 0;
pub(super) const OCTETS: i16 = 8;
pub(super) const LAST: i16 = 32;
pub(super) const STOPPED: i16 = 40;
pub(super) const COPIES: i16 = 48;

impl Counters {
    /// As they were read.
    pub(super) fn read(octets: &[u8; COUNTERS_OCTETS]) -> Counters {
        let (words, _) = octets.as_chunks();
        let word = |at: usize| words.get(at).map_or(0, |word| u64::from_ne_bytes(*word));
        Counters {
            volumes: [[word(0), word(1)], [word(2), word(3)]],
            last: word(4),
            stopped: word(5),
            copies: word(6),
        }
    }
}
