//! Eight-way sets of flows: no chain, no growth, no pause.
//!
//! Sets hold what a flow is found by, and the numbers of rows. Rows lie close together in the order
//! in which they were first needed, and one that was freed is the next to be used: so what a table
//! touches of its memory, and what lies in the cache, grows with the flows that there are and not
//! with those that there may be.

use zerocopy::FromZeros;

use super::row::Row;
use super::rows::Rows;
use super::wheel::SLOTS_MAX;
use crate::ends::Key;
use crate::limits::FLOWS_MAX;

/// Ways of a set.
const WAYS: usize = 8;

/// The place of a flow in its shard's table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    const fn set(self) -> usize {
        self.0 as usize / WAYS
    }

    const fn way(self) -> usize {
        self.0 as usize % WAYS
    }
}

/// What is read to find a flow, and to see which was silent longest, in two cache lines that lie
/// side by side.
#[derive(Clone, Copy, Default, FromZeros)]
#[repr(C, align(128))]
struct Set {
    /// Fourteen bits of each flow's hash, [`KEPT`] and a bit that is always set; 0 for a free place.
    tags: [u16; WAYS],
    /// Number of each flow's opening, 0 for none.
    openings: [u16; WAYS],
    /// Number of each flow's row.
    rows: [u32; WAYS],
    /// Nanoseconds since 1970 of each flow's last packet.
    last: [u64; WAYS],
}

const _: () = assert!(size_of::<Set>() == 128);
const _: () = assert!(FLOWS_MAX / WAYS * size_of::<Set>() + FLOWS_MAX * 72 <= 22 << 20);

impl Set {
    /// The ways that have this tag, the highest bit of sixteen for each, lowest way first. A way
    /// behind one that has it may be among them although it has another. All eight are compared at
    /// once, as one number.
    #[inline]
    fn alike(&self, tag: u16) -> u128 {
        zeros_in((self.all_tags() & !(ONES * KEPT as u128)) ^ (ONES * u128::from(tag)))
    }

    #[inline]
    fn all_tags(&self) -> u128 {
        u128::from_le(zerocopy::transmute!(self.tags.map(u16::to_le)))
    }

    /// The first way that is free; [`WAYS`] where none is.
    #[inline]
    fn free(&self) -> usize {
        zeros_in(self.all_tags()).trailing_zeros() as usize / 16
    }

    /// The way that was silent longest of those that are not [`KEPT`], or of all where all are.
    #[inline]
    fn oldest(&self) -> usize {
        let (mut least, mut oldest) = (u64::MAX, 0);
        for (way, (tag, last)) in self.tags.iter().zip(&self.last).enumerate() {
            // The lowest bit of a nanosecond makes room. No branch: each would be anyone's guess.
            let silent = last >> 1 | u64::from(tag & KEPT != 0) << 63;
            (least, oldest) = if silent < least { (silent, way) } else { (least, oldest) };
        }
        oldest
    }
}

/// One in each lane of sixteen bits.
const ONES: u128 = 0x0001_0001_0001_0001_0001_0001_0001_0001;

/// The highest bit of each lane of sixteen that is zero. One behind such a lane may have it although
/// it is not zero: taking one away borrows from it.
#[inline]
const fn zeros_in(lanes: u128) -> u128 {
    lanes.wrapping_sub(ONES) & !lanes & ONES << 15
}

/// The flows of one shard.
pub(crate) struct Table {
    sets: Vec<Set>,
    rows: Rows,
}

/// What came of asking for a place.
pub(crate) enum Place {
    /// It is free.
    Free(Slot),
    /// The flow in it was silent longest of those that could have made room: of those that do not
    /// speak both ways or are over, if there are any in the set.
    Taken(Slot),
}

/// Set in a tag while the flow speaks both ways and has not ended: what does not makes room first,
/// so that a flood of unanswered SYNs displaces itself and no conversation.
const KEPT: u16 = 2;

/// The tag of a hash: bits that do not choose the set.
const fn tag_of(hash: u64) -> u16 {
    // The low sixteen bits; the last one is always set, as 0 means a free place.
    hash as u16 & !KEPT | 1
}

impl Table {
    /// A table for at most `flows_max` flows, rounded down to whole sets, one at least. The memory of
    /// its sets is asked for as zeros, which the operating system gives page by page when they are
    /// first used; that of rows is when there are flows to put there. A large table costs nothing at
    /// the start, and a short capture touches little of it.
    pub(crate) fn new(flows_max: usize) -> Table {
        // No more than a wheel has: a flow beyond would never be silent for too long.
        let sets = (flows_max / WAYS).clamp(1, SLOTS_MAX as usize / WAYS);
        Table { sets: zeros(sets), rows: Rows::default() }
    }

    /// Places in all.
    pub(crate) const fn slots(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// The set that a hash belongs in: its high half, scaled, as a division would be slow.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        let scaled = (u128::from(hash) * self.sets.len() as u128) >> 64;
        scaled as usize
    }

    /// The flow `key`, if it is known. `likely` is where [`Table::touch_row`] saw its tag.
    #[inline(always)] // In the loop over a batch.
    pub(crate) fn find(&self, key: &Key, hash: u64, likely: u8) -> Option<Slot> {
        let home = self.home(hash);
        let set = self.sets.get(home)?;
        // A row that was freed may be another flow's by now, so the tag has to stand too.
        let is = |way: usize| {
            let row = set.rows.get(way).and_then(|number| self.rows.get(*number));
            row.is_some_and(|row| row.is(key)) && set.tags.get(way).is_some_and(|tag| *tag != 0)
        };
        let way = usize::from(likely);
        if is(way) {
            return Some(slot(home, way));
        }
        let mut ways = set.alike(tag_of(hash));
        while ways != 0 {
            let way = ways.trailing_zeros() as usize / 16;
            if is(way) {
                return Some(slot(home, way));
            }
            ways &= ways - 1;
        }
        None
    }

    /// Read a word of the memory where `hash` is looked for, so that it is near when it is needed.
    #[inline]
    pub(crate) fn touch_head(&self, hash: u64) -> u64 {
        self.sets.get(self.home(hash)).map_or(0, |set| u64::from(set.tags[0]) ^ set.last[0])
    }

    /// The same for the row; the set should have come already. Also tells which way of the set
    /// that is, and the number of the flow's opening.
    #[inline]
    pub(crate) fn touch_row(&self, hash: u64) -> (u64, u8, u16) {
        let Some(set) = self.sets.get(self.home(hash)) else { return (0, 0, 0) };
        // Eight when there is none.
        let way = (set.alike(tag_of(hash)).trailing_zeros() / 16) as u8;
        let opening = set.openings.get(usize::from(way)).copied().unwrap_or(0);
        let row = set.rows.get(usize::from(way)).and_then(|number| self.rows.get(*number));
        (row.map_or(0, Row::word), way, opening)
    }

    /// Where a new flow goes: a free place of its set, else that of the longest silent.
    pub(crate) fn place(&self, hash: u64) -> Place {
        let home = self.home(hash);
        let Some(set) = self.sets.get(home) else { return Place::Free(Slot(0)) };
        match set.free() {
            WAYS => Place::Taken(slot(home, set.oldest())),
            way => Place::Free(slot(home, way)),
        }
    }

    /// Put a new flow where [`Table::place`] said, which is free by now; it has no opening yet.
    /// `opened` is in nanoseconds since 1970.
    pub(crate) fn put(&mut self, slot: Slot, hash: u64, row: Row, opened: u64) {
        let Some(set) = self.sets.get_mut(slot.set()) else { return };
        let way = slot.way();
        if let (Some(tag), Some(last), Some(number)) =
            (set.tags.get_mut(way), set.last.get_mut(way), set.rows.get_mut(way))
        {
            *tag = tag_of(hash);
            *last = 0;
            *number = self.rows.put(row, opened);
        }
    }

    /// Forget a flow.
    pub(crate) fn free(&mut self, slot: Slot) {
        let (Some(set), way) = (self.sets.get_mut(slot.set()), slot.way()) else { return };
        if let (Some(tag @ 1..), Some(opening), Some(number)) =
            (set.tags.get_mut(way), set.openings.get_mut(way), set.rows.get(way))
        {
            (*tag, *opening) = (0, 0);
            self.rows.free(*number);
        }
    }

    /// Everything of one flow but when it began.
    #[inline]
    pub(crate) fn entry(&mut self, slot: Slot) -> Option<Entry<'_>> {
        let set = self.sets.get_mut(slot.set())?;
        let way = slot.way();
        let tag = set.tags.get_mut(way)?;
        if *tag == 0 {
            return None;
        }
        Some(Entry {
            tag,
            row: self.rows.get_mut(*set.rows.get(way)?)?,
            last: set.last.get_mut(way)?,
            opening: set.openings.get_mut(way)?,
        })
    }

    /// When a flow began, in nanoseconds since 1970.
    pub(crate) fn opened(&self, slot: Slot) -> u64 {
        let set = self.sets.get(slot.set());
        set.and_then(|set| set.rows.get(slot.way())).map_or(0, |number| self.rows.opened(*number))
    }

    /// Every place that has a flow.
    pub(crate) fn taken(&self) -> impl Iterator<Item = Slot> {
        self.sets.iter().enumerate().flat_map(|(home, set)| {
            let ways = set.tags.iter().enumerate();
            ways.filter(|(_, tag)| **tag != 0).map(move |(way, _)| slot(home, way))
        })
    }
}

/// So many of them, all zeros.
pub(super) fn zeros<T: FromZeros>(count: usize) -> Vec<T> {
    // Without the memory, the other way ends the program as any collection does.
    T::new_vec_zeroed(count).unwrap_or_else(|_| (0..count).map(|_| T::new_zeroed()).collect())
}

/// One flow's memory.
pub(crate) struct Entry<'a> {
    tag: &'a mut u16,
    /// Its row.
    pub(crate) row: &'a mut Row,
    /// Nanoseconds since 1970 of its last packet; 0 before the first is counted.
    pub(crate) last: &'a mut u64,
    /// The number of its opening, 0 for none.
    pub(crate) opening: &'a mut u16,
}

impl Entry<'_> {
    /// Whether the flow speaks both ways and has not ended, so that others make room before it.
    pub(crate) const fn keep(&mut self, kept: bool) {
        if kept {
            *self.tag |= KEPT;
        } else {
            *self.tag &= !KEPT;
        }
    }
}

/// The number of sets is such that this fits.
const fn slot(home: usize, way: usize) -> Slot {
    Slot((home * WAYS + way) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_searched_as_one_would_way_by_way() {
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        let mut roll = |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % sides
        };
        for _ in 0..20_000 {
            let mut set = Set::default();
            for way in 0..WAYS {
                // Few values, so that there are equal ones, and such as borrow from a neighbour.
                set.tags[way] = [0, 1, 3, 5, 0x8001, 0xffff][roll(6) as usize];
                set.last[way] = [2, 2, 4, 6, 1 << 62][roll(5) as usize];
            }
            let free = set.tags.iter().position(|tag| *tag == 0).unwrap_or(WAYS);
            assert_eq!(set.free(), free, "{:x?}", set.tags);
            let oldest = (0..WAYS).min_by_key(|way| (set.tags[*way] & KEPT, set.last[*way], *way));
            assert_eq!(Some(set.oldest()), oldest, "{:x?} {:?}", set.tags, set.last);
            let wanted = 0x8001;
            let like = set.tags.iter().position(|tag| tag & !KEPT == wanted).unwrap_or(WAYS);
            assert_eq!(set.alike(wanted).trailing_zeros() as usize / 16, like, "{:x?}", set.tags);
        }
    }
}
