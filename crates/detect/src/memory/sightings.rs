//! A compact table of what was met, when first, and by how many hosts.

use std::time::Duration;

use hashbrown::HashTable;
use model::Timestamp;

use super::pieces::Pieces;
use crate::limits::{SETTLED_AFTER, SETTLED_OF_EIGHT, TOUCHED_EVERY};

/// Things by fingerprint, at most `max`, each with up to `HOSTS` hosts that met it.
///
/// What was met on one occasion alone goes before what was met again later: a flood of things that
/// never come back pushes out nothing but itself and its like. Within both the one not met for
/// longest goes first.
#[derive(Debug)]
pub(crate) struct Sightings<const HOSTS: usize> {
    /// Places in `slots`, by the fingerprint there.
    index: HashTable<u32>,
    slots: Pieces<Slot<HOSTS>>,
    /// Met on one occasion; met again.
    once: Queue,
    settled: Queue,
    max: u32,
    evicted: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot<const HOSTS: usize> {
    print: u64,
    seen: Seen<HOSTS>,
    newer: u32,
    older: u32,
}

/// What is known of one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen<const HOSTS: usize> {
    /// Nanoseconds, as the halves of the number: the slot packs better.
    first: [u32; 2],
    /// Whole seconds, to [`TOUCHED_EVERY`].
    last: u32,
    /// Short fingerprints; 0 where there is none yet.
    hosts: [u16; HOSTS],
    /// Whether the sensor had watched for long enough by then to call it new.
    learnt: bool,
    settled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Queue {
    newest: u32,
    oldest: u32,
    len: u32,
}

const NONE: u32 = u32::MAX;

impl<const HOSTS: usize> Seen<HOSTS> {
    fn new(at: Timestamp, learnt: bool) -> Self {
        let mut seen =
            Seen { first: [0; 2], last: secs(at), hosts: [0; HOSTS], learnt, settled: false };
        seen.set_first(at);
        seen
    }

    /// When it was first met.
    pub(crate) fn first(&self) -> Timestamp {
        let [low, high] = self.first;
        Timestamp::from_nanos(u64::from(low) | u64::from(high) << 32)
    }

    fn set_first(&mut self, at: Timestamp) {
        // The two halves: each fits.
        self.first = [at.nanos() as u32, (at.nanos() >> 32) as u32];
    }

    /// When it was last met, in seconds since 1970, to [`TOUCHED_EVERY`].
    pub(crate) fn last_secs(&self) -> u32 {
        self.last
    }

    /// How many hosts met it; no more than are remembered.
    pub(crate) fn hosts(&self) -> u8 {
        u8::try_from(self.prints().count()).unwrap_or(u8::MAX)
    }

    /// Short fingerprints of the hosts.
    pub(crate) fn prints(&self) -> impl Iterator<Item = u16> {
        self.hosts.iter().copied().take_while(|host| *host != 0)
    }

    pub(crate) fn learnt(&self) -> bool {
        self.learnt
    }

    pub(crate) fn settled(&self) -> bool {
        self.settled
    }

    /// As it was written down.
    pub(crate) fn restored(
        first: Timestamp,
        last: u32,
        learnt: bool,
        settled: bool,
        hosts: impl Iterator<Item = u16>,
    ) -> Self {
        let mut seen = Seen::new(first, learnt);
        seen.last = last;
        seen.settled = settled;
        hosts.for_each(|host| seen.met_by(host));
        seen
    }

    /// Whether a further host would be remembered.
    fn has_room(&self) -> bool {
        self.hosts.last() == Some(&0)
    }

    fn met_by(&mut self, host: u16) {
        for known in &mut self.hosts {
            if *known == 0 {
                *known = host;
            }
            if *known == host {
                return;
            }
        }
    }
}

impl<const HOSTS: usize> Sightings<HOSTS> {
    /// A table for `max` things; for none at all it forgets each at once.
    pub(crate) fn new(max: usize) -> Self {
        Sightings {
            index: HashTable::new(),
            slots: Pieces::new(),
            once: Queue::EMPTY,
            settled: Queue::EMPTY,
            max: u32::try_from(max).unwrap_or(NONE).min(NONE - 1),
            evicted: 0,
        }
    }

    /// Things held, and things that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.slots.len() as usize, self.evicted)
    }

    /// A host met it; what is known of it now. `learnt` counts when it is new.
    pub(crate) fn meet(
        &mut self,
        print: u64,
        host: u16,
        at: Timestamp,
        learnt: bool,
    ) -> Seen<HOSTS> {
        self.meet_by(print, || host, at, learnt)
    }

    /// The same; the host is asked for where there is room for it.
    pub(crate) fn meet_by(
        &mut self,
        print: u64,
        host: impl FnOnce() -> u16,
        at: Timestamp,
        learnt: bool,
    ) -> Seen<HOSTS> {
        let place = match self.find(print) {
            Some(place) => place,
            None => {
                // What is forgotten at once is not new either.
                let mut new = Seen::new(at, learnt && self.max > 0);
                new.met_by(host());
                self.insert(print, new);
                return new;
            }
        };
        let Some(slot) = self.slots.get_mut(place) else { return Seen::new(at, false) };
        if slot.seen.has_room() {
            slot.seen.met_by(host());
        }
        let seen = slot.seen;
        let now = secs(at);
        if now >= seen.last.saturating_add(secs_of(TOUCHED_EVERY)) {
            slot.seen.last = now;
            let again = at.since(seen.first()) >= SETTLED_AFTER;
            self.touch(place, seen.settled || again);
        }
        seen
    }

    /// What is known of a thing, without meeting it.
    #[cfg(test)]
    pub(crate) fn peek(&self, print: u64) -> Option<Seen<HOSTS>> {
        self.find(print).and_then(|place| self.slots.get(place)).map(|slot| slot.seen)
    }

    /// All that is held, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Seen<HOSTS>)> {
        self.slots.iter().map(|slot| (slot.print, &slot.seen))
    }

    /// Forget all, and hold these instead; of too many the ones met last.
    pub(crate) fn restore(&mut self, mut all: Vec<(u64, Seen<HOSTS>)>) {
        *self = Sightings::new(self.max as usize);
        all.sort_by_key(|(_, seen)| seen.last);
        self.index.reserve(all.len().min(self.max as usize), |_| 0);
        for (print, seen) in all {
            if self.find(print).is_none() {
                self.insert(print, seen);
            }
        }
    }

    fn find(&self, print: u64) -> Option<u32> {
        let same = |place: &u32| self.slots.get(*place).is_some_and(|slot| slot.print == print);
        self.index.find(print, same).copied()
    }

    fn insert(&mut self, print: u64, mut seen: Seen<HOSTS>) {
        let settled = std::mem::take(&mut seen.settled);
        let slot = Slot { print, seen, newer: NONE, older: NONE };
        let place = if self.slots.len() < self.max {
            self.slots.push(slot, self.max as usize)
        } else {
            self.evicted += 1;
            let Some(place) = self.evict() else { return };
            if let Some(old) = self.slots.get_mut(place) {
                *old = slot;
            }
            place
        };
        let slots = &self.slots;
        self.index.insert_unique(print, place, |place| slots.get(*place).map_or(0, |s| s.print));
        self.link(place, false);
        if settled {
            self.touch(place, true);
        }
    }

    /// Take out what goes first; its place is free then.
    fn evict(&mut self) -> Option<u32> {
        let place = if self.once.len > 0 { self.once.oldest } else { self.settled.oldest };
        let print = self.slots.get(place)?.print;
        self.unlink(place);
        if let Ok(entry) = self.index.find_entry(print, |known| *known == place) {
            entry.remove();
        }
        Some(place)
    }

    /// It was met: it becomes the newest of its queue. Of the settled ones too many, the oldest is
    /// as if it had been met once.
    fn touch(&mut self, place: u32, settled: bool) {
        self.unlink(place);
        self.link(place, settled);
        let room = u64::from(self.max) * SETTLED_OF_EIGHT / 8;
        if settled && u64::from(self.settled.len) > room {
            let oldest = self.settled.oldest;
            self.unlink(oldest);
            self.link(oldest, false);
        }
    }

    fn queue(&mut self, settled: bool) -> &mut Queue {
        if settled { &mut self.settled } else { &mut self.once }
    }

    fn unlink(&mut self, place: u32) {
        let Some(&Slot { newer, older, seen, .. }) = self.slots.get(place) else { return };
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.queue(seen.settled).newest = older,
        }
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.queue(seen.settled).oldest = newer,
        }
        self.queue(seen.settled).len -= 1;
    }

    fn link(&mut self, place: u32, settled: bool) {
        let queue = self.queue(settled);
        let older = std::mem::replace(&mut queue.newest, place);
        queue.len += 1;
        if older == NONE {
            queue.oldest = place;
        }
        if let Some(slot) = self.slots.get_mut(place) {
            slot.seen.settled = settled;
            (slot.newer, slot.older) = (NONE, older);
        }
        if let Some(slot) = self.slots.get_mut(older) {
            slot.newer = place;
        }
    }
}

impl Queue {
    const EMPTY: Queue = Queue { newest: NONE, oldest: NONE, len: 0 };
}

/// Whole seconds; up to 2106, later moments saturate.
fn secs(at: Timestamp) -> u32 {
    u32::try_from(at.secs()).unwrap_or(u32::MAX)
}

fn secs_of(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs, 0)
    }

    /// Meets, as `thing` at second; what is held then, and what went.
    fn held(max: usize, meets: &[(u64, u64)]) -> (Vec<u64>, u64) {
        let mut table: Sightings<2> = Sightings::new(max);
        for (print, secs) in meets {
            table.meet(*print, 1, moment(*secs), true);
        }
        let mut held: Vec<u64> = table.iter().map(|(print, _)| print).collect();
        held.sort_unstable();
        assert!(held.iter().all(|print| table.peek(*print).is_some()));
        assert_eq!(held.len(), table.counts().0);
        (held, table.counts().1)
    }

    #[test]
    fn what_was_met_once_goes_before_what_came_back() {
        type Row<'a> = (usize, &'a [(u64, u64)], &'a [u64], u64);
        let table: &[Row<'_>] = &[
            (3, &[(1, 0), (2, 0), (3, 0)], &[1, 2, 3], 0),
            // The oldest goes; use within the first minutes is one occasion, and makes it newer.
            (3, &[(1, 0), (2, 0), (3, 0), (1, 100), (4, 200)], &[1, 3, 4], 1),
            (3, &[(1, 0), (2, 0), (3, 0), (1, 10), (4, 200)], &[2, 3, 4], 1),
            // 1 came back after an hour: a flood leaves it.
            (3, &[(1, 0), (1, 3600), (2, 4000), (3, 4001), (4, 4002), (5, 4003)], &[1, 4, 5], 2),
            // Of four at most three are settled: the oldest of them goes with what was met once.
            (
                4,
                &[
                    (1, 0),
                    (2, 1),
                    (3, 2),
                    (4, 3),
                    (1, 3601),
                    (2, 3602),
                    (3, 3603),
                    (4, 3604),
                    (5, 4000),
                ],
                &[2, 3, 4, 5],
                1,
            ),
            (1, &[(1, 0), (1, 4000), (2, 4000)], &[2], 1),
            (0, &[(1, 0), (1, 4000)], &[], 2),
        ];
        for (max, meets, want, gone) in table {
            assert_eq!(held(*max, meets), (want.to_vec(), *gone), "{max} {meets:?}");
        }
    }

    #[test]
    fn hosts_are_counted_and_the_first_time_stands() {
        let mut table: Sightings<2> = Sightings::new(8);
        let rows =
            [(5, 1, true, 5, 1), (5, 1, false, 9, 1), (5, 2, false, 10, 2), (5, 3, false, 11, 2)];
        for (print, host, learnt, secs, hosts) in rows {
            table.meet(print, host, moment(secs), learnt);
            let seen = table.peek(print).expect("met");
            assert_eq!((seen.first(), seen.hosts(), seen.learnt()), (moment(5), hosts, true));
        }
        let seen = table.meet(6, 1, moment(1), false);
        assert_eq!((seen.first(), seen.learnt()), (moment(1), false));
    }

    #[test]
    fn a_million_of_them_are_small() {
        assert_eq!(size_of::<Slot<8>>(), 48);
        assert_eq!(size_of::<Slot<4>>(), 40);
        assert_eq!(size_of::<Slot<0>>(), 32);
    }

    /// The same, as plainly as it can be said.
    #[test]
    fn it_does_as_its_plain_twin_does() {
        for max in [1, 2, 5, 9] {
            let mut table: Sightings<0> = Sightings::new(max);
            // Fingerprint, first, last, settled; the newest last.
            let mut twin: Vec<(u64, u64, u64, bool)> = Vec::new();
            let mut dice = 0x2545_f491_4f6c_dd1d_u64;
            for step in 0..4000_u64 {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                let (print, now) = (dice >> 8 & 15, step * 240);
                table.meet(print, 1, moment(now), true);
                if let Some(found) = twin.iter().position(|(known, ..)| *known == print) {
                    let (_, first, _, settled) = twin.remove(found);
                    twin.push((print, first, now, settled || now - first >= 3600));
                    let count = twin.iter().filter(|one| one.3).count();
                    if count > max * 3 / 4 {
                        let oldest = twin.iter().position(|one| one.3).expect("one");
                        let mut one = twin.remove(oldest);
                        one.3 = false;
                        twin.push(one);
                    }
                } else {
                    if twin.len() == max {
                        let once = twin.iter().position(|one| !one.3);
                        twin.remove(once.unwrap_or(0));
                    }
                    twin.push((print, now, now, false));
                }
                let mut got: Vec<_> = table
                    .iter()
                    .map(|(print, seen)| (print, seen.first().secs(), seen.settled()))
                    .collect();
                let mut want: Vec<_> = twin.iter().map(|one| (one.0, one.1, one.3)).collect();
                got.sort_unstable();
                want.sort_unstable();
                assert_eq!(got, want, "step {step} of {max}");
            }
        }
    }
}
