//! When flows are to be looked at again: a timer wheel of intrusive lists.
//!
//! It is lazy: a packet does not move its flow, nor does its end take it out. When a slot's second
//! comes up, whoever turns the wheel sees whether a flow is there, and from its last packet whether
//! it is due, and links it anew if not. So a flow that takes the place of another touches no
//! neighbour's memory.

use zerocopy::FromZeros;

use super::table::{Slot, zeros};

/// Seconds around the wheel; a moment further away is looked at on the way.
const BUCKETS: u32 = 512;

/// The most slots of a wheel: with the links of its buckets, as many as distances tell apart.
pub(super) const SLOTS_MAX: u32 = MASK - BUCKETS;

/// Bits of a distance between links.
const BITS: u32 = 24;
const MASK: u32 = (1 << BITS) - 1;

/// How far away the neighbours in a list are, and in which bucket's list it is: the next in the low
/// 24 bits, the one before in the next 24, the bucket above. A slot that is in none is its own
/// neighbour, so that a wheel begins as zeros, of which none need be touched.
#[derive(Clone, Copy, FromZeros)]
#[repr(transparent)]
struct Link(u64);

const _: () = assert!(size_of::<Link>() == 8 && BUCKETS <= 1 << 16);

impl Link {
    const fn next(self) -> u32 {
        self.0 as u32 & MASK
    }

    const fn before(self) -> u32 {
        (self.0 >> BITS) as u32 & MASK
    }

    const fn bucket(self) -> u32 {
        (self.0 >> (2 * BITS)) as u32
    }

    const fn set_next(&mut self, next: u32) {
        self.0 = self.0 & !(MASK as u64) | (next & MASK) as u64;
    }

    const fn set_before(&mut self, before: u32) {
        self.0 = self.0 & !((MASK as u64) << BITS) | ((before & MASK) as u64) << BITS;
    }

    const fn set_bucket(&mut self, bucket: u32) {
        self.0 = self.0 << 16 >> 16 | (bucket as u64) << (2 * BITS);
    }
}

/// The timer wheel of one shard: a link for each slot, then one for each bucket, whose list it
/// closes to a ring.
pub(crate) struct Wheel {
    links: Vec<Link>,
    /// A bit for each bucket whose list may have slots: a leap in time looks at no others.
    filled: [u64; BUCKETS as usize / 64],
    slots: u32,
    now: u32,
}

impl Wheel {
    /// A wheel for that many slots, [`SLOTS_MAX`] at most.
    pub(crate) fn new(slots: usize) -> Wheel {
        let slots = u32::try_from(slots).unwrap_or(SLOTS_MAX).min(SLOTS_MAX);
        let filled = [0; BUCKETS as usize / 64];
        Wheel { links: zeros(slots as usize + BUCKETS as usize), filled, slots, now: 0 }
    }

    /// Look at `slot` again in the second `due`, or on the way there.
    #[inline]
    pub(crate) fn link(&mut self, slot: Slot, due: u32) {
        let Some(link) = self.links.get(slot.0 as usize).filter(|_| slot.0 < self.slots) else {
            return;
        };
        let wait = due.saturating_sub(self.now).clamp(1, BUCKETS - 1);
        if link.next() != 0 && self.wait_of(link.bucket()) <= wait {
            return;
        }
        self.move_to(slot.0, self.now.wrapping_add(wait) % BUCKETS);
    }

    /// Seconds until a bucket comes up. The one that just did is the last.
    const fn wait_of(&self, bucket: u32) -> u32 {
        match bucket.wrapping_sub(self.now) % BUCKETS {
            0 => BUCKETS,
            wait => wait,
        }
    }

    fn move_to(&mut self, slot: u32, bucket: u32) {
        let Some(link) = self.links.get_mut(slot as usize) else { return };
        let (next, before) = (at(slot, link.next()), at(slot, link.before()));
        link.set_bucket(bucket);
        if let Some(word) = self.filled.get_mut(bucket as usize / 64) {
            *word |= 1 << (bucket % 64);
        }
        self.join(before, next);
        let ring = self.slots + bucket;
        let first = self.next(ring);
        self.join(ring, slot);
        self.join(slot, first);
    }

    /// Turn to the second `now` and put every slot that comes up into `due`; they are in no list
    /// then. A jump of any length costs one turn at most. Back in time nothing comes up: those that
    /// wait do so a little longer.
    pub(crate) fn turn(&mut self, now: u32, due: &mut Vec<Slot>) {
        let steps = now.saturating_sub(self.now).min(BUCKETS);
        self.now = now;
        for step in 0..steps {
            let bucket = now.wrapping_sub(step) % BUCKETS;
            let (word, bit) = (self.filled.get_mut(bucket as usize / 64), 1 << (bucket % 64));
            let Some(word) = word.filter(|word| **word & bit != 0) else { continue };
            *word &= !bit;
            let ring = self.slots + bucket;
            let mut slot = self.next(ring);
            while slot != ring {
                due.push(Slot(slot));
                let next = self.next(slot);
                self.join(slot, slot);
                slot = next;
            }
            self.join(ring, ring);
        }
    }

    fn next(&self, link: u32) -> u32 {
        self.links.get(link as usize).map_or(link, |found| at(link, found.next()))
    }

    fn join(&mut self, before: u32, next: u32) {
        if let Some(link) = self.links.get_mut(before as usize) {
            link.set_next(next.wrapping_sub(before));
        }
        if let Some(link) = self.links.get_mut(next as usize) {
            link.set_before(before.wrapping_sub(next));
        }
    }
}

/// The link that lies so far from another.
const fn at(link: u32, distance: u32) -> u32 {
    link.wrapping_add(distance) & MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(wheel: &mut Wheel, now: u32) -> Vec<u32> {
        let mut due = Vec::new();
        wheel.turn(now, &mut due);
        let mut due: Vec<_> = due.into_iter().map(|slot| slot.0).collect();
        due.sort_unstable();
        due
    }

    #[test]
    fn slots_come_up_in_their_second_or_on_the_way_there() {
        let mut wheel = Wheel::new(8);
        assert_eq!(turned(&mut wheel, 1_000_000), []);
        wheel.link(Slot(1), 1_000_003);
        wheel.link(Slot(2), 1_000_003);
        wheel.link(Slot(3), 1_000_004);
        wheel.link(Slot(4), 2_000_000);
        wheel.link(Slot(5), 7);
        wheel.link(Slot(3), 1_000_002);
        // It is looked at on the way.
        wheel.link(Slot(2), 1_000_004);
        // There is no such slot.
        wheel.link(Slot(8), 1_000_001);
        assert_eq!(turned(&mut wheel, 1_000_001), [5]);
        assert_eq!(turned(&mut wheel, 1_000_002), [3]);
        assert_eq!(turned(&mut wheel, 1_000_003), [1, 2]);
        assert_eq!(turned(&mut wheel, 1_000_510), []);
        assert_eq!(turned(&mut wheel, 1_000_511), [4]);
    }

    #[test]
    fn jumps_and_steps_back_lose_nothing() {
        let mut wheel = Wheel::new(8);
        wheel.link(Slot(0), 60);
        assert_eq!(turned(&mut wheel, u32::MAX), [0]);
        wheel.link(Slot(0), u32::MAX);
        assert_eq!(turned(&mut wheel, 100), []);
        wheel.link(Slot(1), 103);
        assert_eq!(turned(&mut wheel, 700), [0, 1]);
        // The bucket that just came up is the last to come up again.
        wheel.link(Slot(2), 700 + BUCKETS - 1);
        assert_eq!(turned(&mut wheel, 699), []);
        wheel.link(Slot(2), 705);
        assert_eq!(turned(&mut wheel, 705), [2]);
    }

    #[test]
    fn each_slot_comes_up_by_its_second_whatever_came_before() {
        let (slots, mut dice) = (40, 0x2545_f491_4f6c_dd1d_u64);
        let mut wheel = Wheel::new(slots);
        let mut asked: Vec<Option<u32>> = vec![None; slots];
        let mut now = 1_000;
        turned(&mut wheel, now);
        for _ in 0..20_000 {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let slot = (dice >> 8) as usize % slots;
            if dice % 4 == 0 {
                now += (dice >> 20) as u32 % 300;
                for slot in turned(&mut wheel, now) {
                    asked[slot as usize] = None;
                }
                assert!(asked.iter().flatten().all(|due| *due > now), "{asked:?} at {now}");
            } else {
                let due = now + 1 + (dice >> 20) as u32 % 700;
                wheel.link(Slot(slot as u32), due);
                asked[slot] = Some(asked[slot].map_or(due, |before| before.min(due)));
            }
        }
    }
}
