//! When flows are to be looked at again: a timer wheel of intrusive lists.
//!
//! It is lazy: a packet does not move its flow. When a flow's second comes up, whoever turns the
//! wheel sees from its last packet whether it is due and links it anew if not.

use zerocopy::FromZeros;

use super::table::{Slot, zeros};

/// Seconds around the wheel; a moment further away is looked at on the way.
const BUCKETS: u32 = 512;

/// How far away the neighbours in a list are. A slot that is in none is its own neighbour, so that a
/// wheel begins as zeros, of which none need be touched.
#[derive(Clone, Copy, FromZeros)]
#[repr(C)]
struct Link {
    next: u32,
    before: u32,
}

/// The timer wheel of one shard: a link for each slot, then one for each bucket, whose list it
/// closes to a ring.
pub(crate) struct Wheel {
    links: Vec<Link>,
    slots: u32,
    now: u32,
}

impl Wheel {
    /// A wheel for that many slots.
    pub(crate) fn new(slots: usize) -> Wheel {
        let slots = u32::try_from(slots).unwrap_or(u32::MAX - BUCKETS);
        Wheel { links: zeros(slots as usize + BUCKETS as usize), slots, now: 0 }
    }

    /// Look at `slot` again in the second `due`, or on the way there.
    pub(crate) fn link(&mut self, slot: Slot, due: u32) {
        self.unlink(slot);
        let soon = self.now.saturating_add(1);
        let bucket = due.clamp(soon, self.now.saturating_add(BUCKETS - 1)) % BUCKETS;
        let ring = self.slots + bucket;
        let first = self.next(ring);
        self.join(ring, slot.0);
        self.join(slot.0, first);
    }

    /// Look at `slot` no more.
    pub(crate) fn unlink(&mut self, slot: Slot) {
        let Some(&Link { next, before }) = self.links.get(slot.0 as usize) else { return };
        self.join(slot.0.wrapping_add(before), slot.0.wrapping_add(next));
        self.join(slot.0, slot.0);
    }

    /// Turn to the second `now` and put every slot that comes up into `due`; they are in no list
    /// then. A jump of any length costs one turn at most. Back in time nothing comes up: those that
    /// wait do so a little longer.
    pub(crate) fn turn(&mut self, now: u32, due: &mut Vec<Slot>) {
        let steps = now.saturating_sub(self.now).min(BUCKETS);
        self.now = now;
        for step in 0..steps {
            let ring = self.slots + now.wrapping_sub(step) % BUCKETS;
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
        self.links.get(link as usize).map_or(link, |found| link.wrapping_add(found.next))
    }

    fn join(&mut self, before: u32, next: u32) {
        if let Some(link) = self.links.get_mut(before as usize) {
            link.next = next.wrapping_sub(before);
        }
        if let Some(link) = self.links.get_mut(next as usize) {
            link.before = before.wrapping_sub(next);
        }
    }
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
        wheel.unlink(Slot(2));
        assert_eq!(turned(&mut wheel, 1_000_001), [5]);
        assert_eq!(turned(&mut wheel, 1_000_002), [3]);
        assert_eq!(turned(&mut wheel, 1_000_003), [1]);
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
    }
}
