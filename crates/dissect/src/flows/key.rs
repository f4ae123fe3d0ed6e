//! What tells one conversation from another, and its keyed hash.

use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use super::row::Way;
use crate::layers::{Address, Packet, Segment};

/// Both ends of a conversation, the lower one first, and what carries it.
///
/// The VLAN is no part of it: a span port may show the two directions of one conversation with
/// different tags, and a conversation torn in two halves would have neither roles nor names. Two
/// networks that use the same private addresses on different VLANs can so share a row while the
/// same ports meet; that is the rarer mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Key {
    /// The lower end's address.
    pub(crate) low: Address,
    /// The higher end's address.
    pub(crate) high: Address,
    /// Ports of the lower end (bits 32 to 47) and of the higher (bits 16 to 31), then bit 1 for
    /// IPv6 and bit 0 for UDP.
    pub(crate) tail: u64,
}

impl Key {
    /// Set in `tail` when UDP carries the conversation.
    pub(crate) const UDP: u64 = 1;
    /// Set in `tail` when the addresses are of IPv6.
    pub(crate) const V6: u64 = 2;

    /// The conversation of a packet, and which way the packet went in it.
    pub(crate) fn of(packet: &Packet<'_>) -> (Key, Way) {
        let kind = if packet.transport == Segment::Udp { Key::UDP } else { 0 }
            | if packet.v6 { Key::V6 } else { 0 };
        let from = (packet.source, packet.source_port);
        let to = (packet.destination, packet.destination_port);
        let ((low, high), way) =
            if from <= to { ((from, to), Way::FromLow) } else { ((to, from), Way::FromHigh) };
        let tail = u64::from(low.1) << 32 | u64::from(high.1) << 16 | kind;
        (Key { low: low.0, high: high.0, tail }, way)
    }
}

/// The key of the hash. A stranger chooses the addresses and ports, so the hash must not be his to
/// foresee; and even if it were, a set has eight places and no chain behind them.
#[derive(Clone)]
pub(crate) struct HashKey {
    first: u64,
    shared: SharedSeed,
}

impl HashKey {
    /// From two random words.
    pub(crate) fn new(seed: [u64; 2]) -> HashKey {
        let [first, second] = seed;
        HashKey { first, shared: SharedSeed::from_u64(second) }
    }

    /// The hash of a conversation.
    pub(crate) fn hash(&self, key: &Key) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.first, &self.shared);
        for word in [key.low, key.high].as_flattened() {
            hasher.write_u64(*word);
        }
        hasher.write_u64(key.tail);
        hasher.finish()
    }
}
