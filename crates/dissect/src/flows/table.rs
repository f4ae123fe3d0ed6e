//! Eight-way sets of flows: no chain, no growth, no pause.

use zerocopy::FromZeros;

use super::row::Row;
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

/// What is read to find a flow, in one cache line.
#[derive(Clone, Copy, Default, FromZeros)]
#[repr(C)]
struct Head {
    /// Fourteen bits of each flow's hash, [`KEPT`] and a bit that is always set; 0 for a free place.
    tags: [u16; WAYS],
    /// Second of each flow's last packet, since 1970.
    last: [u32; WAYS],
    /// Number of each flow's opening, 0 for none.
    openings: [u16; WAYS],
}

const _: () = assert!(size_of::<Head>() == 64);

impl Head {
    /// The ways that have this tag, the highest bit of sixteen for each, lowest way first. A way
    /// behind one that has it may be among them although it has another. All eight are compared at
    /// once, as one number: where a lane of sixteen bits is zero, taking one away borrows.
    #[inline]
    fn alike(&self, tag: u16) -> u128 {
        const ONES: u128 = 0x0001_0001_0001_0001_0001_0001_0001_0001;
        let tags = u128::from_le(zerocopy::transmute!(self.tags.map(u16::to_le)));
        let other = (tags & !(ONES * KEPT as u128)) ^ (ONES * u128::from(tag));
        other.wrapping_sub(ONES) & !other & ONES << 15
    }
}

/// A set, in ten cache lines.
#[derive(Clone, Copy, Default, FromZeros)]
#[repr(C, align(64))]
struct Set {
    head: Head,
    rows: [Row; WAYS],
}

const _: () = assert!(size_of::<Set>() == 640);
const _: () = assert!(FLOWS_MAX / WAYS * size_of::<Set>() <= 20 << 20);

/// The flows of one shard.
pub(crate) struct Table {
    sets: Vec<Set>,
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
    /// A table for at most `flows_max` flows, rounded down to whole sets, one at least. Its memory is
    /// asked for as zeros, which the operating system gives page by page when they are first used:
    /// a large table costs nothing at the start, and a short capture touches little of it.
    pub(crate) fn new(flows_max: usize) -> Table {
        // No more than a wheel has: a flow beyond would never be silent for too long.
        let sets = (flows_max / WAYS).clamp(1, SLOTS_MAX as usize / WAYS);
        Table { sets: zeros(sets) }
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
        let way = usize::from(likely);
        if set.rows.get(way).is_some_and(|row| row.is(key)) && set.head.tags.get(way) != Some(&0) {
            return Some(slot(home, way));
        }
        let mut ways = set.head.alike(tag_of(hash));
        while ways != 0 {
            let way = ways.trailing_zeros() as usize / 16;
            if set.rows.get(way).is_some_and(|row| row.is(key)) {
                return Some(slot(home, way));
            }
            ways &= ways - 1;
        }
        None
    }

    /// Read a word of the memory where `hash` is looked for, so that it is near when it is needed.
    #[inline]
    pub(crate) fn touch_head(&self, hash: u64) -> u64 {
        self.sets.get(self.home(hash)).map_or(0, |set| u64::from(set.head.tags[0]))
    }

    /// The same for the row; the head should have come already. Also tells which way of the set
    /// that is, and the number of the flow's opening.
    #[inline]
    pub(crate) fn touch_row(&self, hash: u64) -> (u64, u8, u16) {
        let Some(set) = self.sets.get(self.home(hash)) else { return (0, 0, 0) };
        // Eight when there is none.
        let way = (set.head.alike(tag_of(hash)).trailing_zeros() / 16) as u8;
        let opening = set.head.openings.get(usize::from(way)).copied().unwrap_or(0);
        (set.rows.get(usize::from(way)).map_or(0, Row::both_ends), way, opening)
    }

    /// Where a new flow goes: a free place of its set, else that of the longest silent.
    pub(crate) fn place(&self, hash: u64) -> Place {
        let home = self.home(hash);
        let Some(set) = self.sets.get(home) else { return Place::Free(Slot(0)) };
        if let Some(way) = set.head.tags.iter().position(|&tag| tag == 0) {
            return Place::Free(slot(home, way));
        }
        // Rows are only read to tell flows apart that fell silent in the same second.
        let all_kept = set.head.tags.iter().all(|tag| tag & KEPT != 0);
        let may_go = |way: usize| all_kept || set.head.tags.get(way).is_some_and(|t| t & KEPT == 0);
        let second = set.head.last.iter().enumerate();
        let second = second.filter(|(way, _)| may_go(*way)).map(|(_, last)| last).min();
        let silent = set.head.last.iter().zip(&set.rows).enumerate();
        let silent = silent.filter(|(way, (last, _))| Some(*last) == second && may_go(*way));
        let mut silent = silent.peekable();
        let oldest = silent.next().map(|(way, (_, row))| {
            if silent.peek().is_none() {
                return way;
            }
            let others = silent.map(|(way, (_, row))| (row.last_nanos, way));
            others.fold((row.last_nanos, way), Ord::min).1
        });
        Place::Taken(slot(home, oldest.unwrap_or(0)))
    }

    /// Put a new flow where [`Table::place`] said; it has neither time nor opening yet.
    pub(crate) fn put(&mut self, slot: Slot, hash: u64, row: Row) {
        let Some(set) = self.sets.get_mut(slot.set()) else { return };
        let way = slot.way();
        if let (Some(tag), Some(place)) = (set.head.tags.get_mut(way), set.rows.get_mut(way)) {
            *tag = tag_of(hash);
            *place = row;
        }
    }

    /// Forget a flow.
    pub(crate) fn free(&mut self, slot: Slot) {
        if let Some(set) = self.sets.get_mut(slot.set()) {
            if let Some(tag) = set.head.tags.get_mut(slot.way()) {
                *tag = 0;
            }
            if let Some(last) = set.head.last.get_mut(slot.way()) {
                *last = 0;
            }
            if let Some(opening) = set.head.openings.get_mut(slot.way()) {
                *opening = 0;
            }
        }
    }

    /// Everything of one flow.
    #[inline]
    pub(crate) fn entry(&mut self, slot: Slot) -> Option<Entry<'_>> {
        let set = self.sets.get_mut(slot.set())?;
        let way = slot.way();
        let tag = set.head.tags.get_mut(way)?;
        if *tag == 0 {
            return None;
        }
        Some(Entry {
            tag,
            row: set.rows.get_mut(way)?,
            last_secs: set.head.last.get_mut(way)?,
            opening: set.head.openings.get_mut(way)?,
        })
    }

    /// Every place that has a flow.
    pub(crate) fn taken(&self) -> impl Iterator<Item = Slot> {
        self.sets.iter().enumerate().flat_map(|(home, set)| {
            let ways = set.head.tags.iter().enumerate();
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
    /// Second of its last packet, since 1970.
    pub(crate) last_secs: &'a mut u32,
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
