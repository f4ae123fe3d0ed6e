//! Packets that came a moment before: a span port that mirrors what goes in and what comes out
//! shows a packet twice, with another VLAN, TTL or tunnel around it.
//!
//! A packet is known again by a mark of what both copies share: the flow and the way in it, the
//! IPv4 identification, and of the transport header everything but options (for UDP some of the
//! first octets too). A mark that was seen less than a millisecond before is a twin's.
//!
//! What this takes for a twin although it is none: within a millisecond, an acknowledgement that
//! is repeated octet for octet, or a segment that is sent again unchanged, where the datagrams have
//! no identification (IPv6) or always the same one. Those say nothing new. A repeated packet of
//! IPv4 has an identification of its own and counts.
//!
//! Whoever forges a twin hides nothing with it. A twin is not counted twice, but of a TCP stream
//! that is still read it is read like any segment that comes again. A UDP datagram of a flow that
//! is still read must be the same in all of its octets to be a twin.

use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use model::Timestamp;

use crate::layers::{Packet, Segment};
use crate::limits::TWINS;

/// Units of 1,024 nanoseconds that a twin may be apart: just under a millisecond.
const APART: u32 = 976;

#[derive(Clone, Copy, Default)]
struct Seen {
    /// The half of the mark that does not choose the place.
    mark: u32,
    /// When, in units of 1,024 ns; comes round in 73 minutes.
    when: u32,
    /// Of all octets of its payload; 0 when no one looked.
    content: u32,
}

/// The mark of a packet whose flow has this hash.
#[inline]
pub(crate) fn mark_of(packet: &Packet<'_>, flow: u64) -> u64 {
    let said = match packet.segment {
        Segment::Tcp { sequence, acknowledged, .. } => {
            u64::from(sequence) << 32 | u64::from(acknowledged)
        }
        // Counters, and the first octets of what is encrypted behind them.
        Segment::Udp => word_at(packet.payload, 0) ^ word_at(packet.payload, 16).rotate_left(29),
    };
    let way = (packet.way as u64) << 63;
    let (one, other) = (flow ^ said ^ way, packet.marks ^ SPREAD);
    let product = u128::from(one.wrapping_add(u64::from(packet.payload_len))) * u128::from(other);
    // Both halves of the product, so that each bit counts.
    product as u64 ^ (product >> 64) as u64
}

/// Octets of 2^64 divided by the golden ratio: no marks are all its bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn word_at(octets: &[u8], at: usize) -> u64 {
    let word = octets.get(at..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u64::from_le_bytes(*word))
}

/// What tells octets from others of the same mark, never 0. The mark is the key: it comes of a
/// keyed hash.
pub(crate) fn content_of(mark: u64, octets: &[u8]) -> u32 {
    let mut hasher = FoldHasher::with_seed(mark, SharedSeed::global_fixed());
    hasher.write(octets);
    // The cut-off half is meant.
    hasher.finish() as u32 | 1
}

/// The packets that came last, each in the place that its mark chooses.
pub(crate) struct Twins {
    seen: Box<[Seen; TWINS]>,
}

impl Twins {
    /// None yet.
    pub(crate) fn new() -> Twins {
        Twins { seen: Box::new([Seen::default(); TWINS]) }
    }

    /// Whether a packet with this mark came a moment before; if not, it is remembered. `content`,
    /// unless it is 0, must be the same too.
    #[inline]
    pub(crate) fn again(&mut self, mark: u64, content: u32, at: Timestamp) -> bool {
        // The cut-off halves are meant.
        let when = (at.nanos() >> 10) as u32;
        let place = (mark >> 32) as usize % TWINS;
        let Some(seen) = self.seen.get_mut(place) else { return false };
        let apart = when.wrapping_sub(seen.when).wrapping_add(APART - 1);
        let twin = seen.mark == mark as u32
            && apart < 2 * APART - 1
            && (content == 0 || content == seen.content);
        if !twin {
            *seen = Seen { mark: mark as u32, when, content };
        }
        twin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_just_under_a_millisecond_either_way() {
        let base = 1_700_000_000_000_000_000;
        for (apart, twin) in [
            (0i64, true),
            (1000, true),
            (998_000, true),
            (1_000_000, false),
            (-998_000, true),
            (-1_000_000, false),
            (3_600_000_000_000, false),
        ] {
            let mut twins = Twins::new();
            assert!(!twins.again(7, 0, Timestamp::from_nanos(base)));
            let at = Timestamp::from_nanos(base.saturating_add_signed(apart));
            assert_eq!(twins.again(7, 0, at), twin, "{apart}");
        }
    }

    #[test]
    fn another_mark_or_content_is_no_twin() {
        let mut twins = Twins::new();
        let at = Timestamp::from_nanos(1_700_000_000_000_000_000);
        assert!(!twins.again(7, 5, at));
        assert!(!twins.again(8, 5, at), "it took the place");
        assert!(!twins.again(7, 5, at));
        assert!(twins.again(7, 5, at));
        assert!(twins.again(7, 0, at), "no one reads it");
        assert!(!twins.again(7, 6, at));
        assert!(!twins.again(7, 5, at));
    }
}
