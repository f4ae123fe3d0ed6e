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

/// The packets that came last, each in the place that its mark chooses.
pub(crate) struct Twins {
    /// The half of the mark that does not choose the place; and when it was seen, in units of
    /// 1,024 ns, which come round in 73 minutes.
    seen: Box<[u64; TWINS]>,
    /// Of all octets of its payload, where someone looked.
    contents: Box<[u32; TWINS]>,
}

impl Twins {
    /// None yet.
    pub(crate) fn new() -> Twins {
        Twins { seen: Box::new([0; TWINS]), contents: Box::new([0; TWINS]) }
    }

    /// Read the word of the place of this mark, so that it is near when it is needed.
    #[inline]
    pub(crate) fn touch(&self, mark: u64) -> u64 {
        self.seen.get(place_of(mark)).copied().unwrap_or(0)
    }

    /// Whether a packet with this mark came a moment before; if not, it is remembered.
    #[inline]
    pub(crate) fn again(&mut self, mark: u64, at: Timestamp) -> bool {
        // The cut-off halves are meant, here and below.
        let when = (at.nanos() >> 10) as u32;
        let Some(seen) = self.seen.get_mut(place_of(mark)) else { return false };
        let apart = when.wrapping_sub(*seen as u32).wrapping_add(APART - 1);
        let twin = *seen >> 32 == mark & 0xffff_ffff && apart < 2 * APART - 1;
        if !twin {
            *seen = mark << 32 | u64::from(when);
        }
        twin
    }

    /// The same of one that has this content too.
    #[inline(never)]
    pub(crate) fn same_again(&mut self, mark: u64, octets: &[u8], at: Timestamp) -> bool {
        let content = content_of(mark, octets);
        let twin = self.again(mark, at);
        match self.contents.get_mut(place_of(mark)) {
            Some(known) => std::mem::replace(known, content) == content && twin,
            None => false,
        }
    }
}

#[inline]
const fn place_of(mark: u64) -> usize {
    (mark >> 32) as usize % TWINS
}

/// What tells octets from others of the same mark. The mark is the key: it comes of a keyed hash.
fn content_of(mark: u64, octets: &[u8]) -> u32 {
    let mut hasher = FoldHasher::with_seed(mark, SharedSeed::global_fixed());
    hasher.write(octets);
    hasher.finish() as u32
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
            assert!(!twins.again(7, Timestamp::from_nanos(base)));
            let at = Timestamp::from_nanos(base.saturating_add_signed(apart));
            assert_eq!(twins.again(7, at), twin, "{apart}");
        }
    }

    #[test]
    fn another_mark_or_content_is_no_twin() {
        let mut twins = Twins::new();
        let at = Timestamp::from_nanos(1_700_000_000_000_000_000);
        assert!(!twins.same_again(7, b"one", at));
        assert!(!twins.same_again(8, b"one", at), "it took the place");
        assert!(!twins.same_again(7, b"one", at));
        assert!(twins.same_again(7, b"one", at));
        assert!(twins.again(7, at), "no one reads it");
        assert!(!twins.same_again(7, b"another", at));
        assert!(!twins.same_again(7, b"one", at));
    }
}
