//! How conversations are dealt to lanes: by their pair of addresses, inside all tunnels.
//!
//! Everything that a dissector remembers is parted by shard, so that one dissector with all
//! shards and several with some each tell the same facts. The shard is not keyed: whoever deals
//! frames out must agree with whoever reads them. A stranger who aims at one shard gets a
//! sixteenth of the memory to fill, with a keyed table inside.
//!
//! Fragments are the exception. Until a datagram is whole no one knows what it carries, and when it
//! carries a tunnel, its conversation may live in any shard. So every lane gets all fragments and
//! keeps the same table of them, and the lane that owns the shard of what comes out reads it.

use model::Frame;

use crate::ends::Address;
use crate::layers::{self, Stop};

/// Shards in all.
pub const SHARDS: usize = 16;

/// Which shards a dissector owns, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shards(u16);

impl Shards {
    /// All of them.
    #[must_use]
    pub const fn all() -> Shards {
        Shards(u16::MAX)
    }

    /// Those of the lane `lane` (from 0) of `lanes`: every `lanes`-th, from `lane` on. Nothing
    /// when there are more lanes than shards and this is one of the last; `lanes` 0 is read as 1.
    #[must_use]
    pub fn nth(lane: usize, lanes: usize) -> Shards {
        Shards((lane..SHARDS).step_by(lanes.max(1)).fold(0, |bits, shard| bits | 1 << shard))
    }

    /// Whether `shard` is among them.
    #[must_use]
    pub const fn owns(self, shard: usize) -> bool {
        shard < SHARDS && self.0 >> shard & 1 == 1
    }
}

/// The shard that a frame belongs to, 0 to 15: that of the conversation inside, whatever tunnels it
/// came in; 0 when it tells of none. `None` for a fragment, which every lane must see: only the
/// whole datagram tells whose it is. Cheap: whoever deals frames to lanes calls it for each.
#[must_use]
pub fn shard(frame: &Frame<'_>) -> Option<usize> {
    match layers::addresses(frame) {
        Ok((source, destination)) => Some(shard_of(&source, &destination)),
        Err(Stop::Refused(_) | Stop::Neighbour(..)) => Some(NO_CONVERSATION),
        Err(Stop::Fragment(_)) => None,
    }
}

/// The shard that counts what belongs to no conversation.
pub(crate) const NO_CONVERSATION: usize = 0;

/// The shard of a pair of addresses, the same both ways.
#[inline]
pub(crate) fn shard_of(one: &Address, other: &Address) -> usize {
    let ([a, b], [c, d]) = (one, other);
    let sum = b.wrapping_add(*d) ^ a.wrapping_add(*c).rotate_left(32);
    // Fibonacci hashing; the four highest bits are the best mixed.
    (sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_all_shards_out_and_none_twice() {
        for lanes in 1..=20 {
            for shard in 0..SHARDS {
                let owners = (0..lanes).filter(|&lane| Shards::nth(lane, lanes).owns(shard));
                assert_eq!(owners.count(), 1, "shard {shard} of {lanes} lanes");
            }
        }
        assert_eq!(Shards::nth(0, 1), Shards::all());
        assert!(!Shards::all().owns(SHARDS));
    }

    #[test]
    fn a_pair_of_addresses_has_one_shard_both_ways_and_pairs_spread() {
        let mut counts = [0u32; SHARDS];
        for client in 0..4096u64 {
            let (one, other) = ([0, 0x0a00_0000 + client], [0, 0x5db8_d822]);
            assert_eq!(shard_of(&one, &other), shard_of(&other, &one));
            counts[shard_of(&one, &other)] += 1;
        }
        assert!(counts.iter().all(|&count| (128..512).contains(&count)), "{counts:?}");
    }
}
