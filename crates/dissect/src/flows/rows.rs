//! Rows of flows, close together, in memory that is taken when flows come for it.

use super::row::Row;

/// Rows whose memory is taken at once: 32 KiB.
const CHUNK: usize = 512;

/// Where the list of free rows ends.
const NONE: u32 = u32::MAX;

/// The rows of one shard. Numbers are given out one after the other; one that was freed is the next
/// to be given out, as its memory is the nearest.
pub(super) struct Rows {
    chunks: Vec<Chunk>,
    /// Numbers that were ever given out.
    given: u32,
    /// The number that was freed last.
    free: u32,
}

struct Chunk {
    rows: Vec<Row>,
    /// Nanoseconds since 1970 of each flow's first packet, which its packets do not need; of a row
    /// that is free, the number that was freed before.
    opened: Vec<u64>,
}

impl Default for Rows {
    fn default() -> Rows {
        Rows { chunks: Vec::new(), given: 0, free: NONE }
    }
}

/// Of a number: its chunk, and its place there.
const fn split(number: u32) -> (usize, usize) {
    (number as usize / CHUNK, number as usize % CHUNK)
}

impl Rows {
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Row> {
        let (chunk, place) = split(number);
        self.chunks.get(chunk)?.rows.get(place)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Row> {
        let (chunk, place) = split(number);
        self.chunks.get_mut(chunk)?.rows.get_mut(place)
    }

    pub(super) fn opened(&self, number: u32) -> u64 {
        let (chunk, place) = split(number);
        self.chunks.get(chunk).and_then(|chunk| chunk.opened.get(place)).copied().unwrap_or(0)
    }

    /// Put a row into a free place. Answers its number.
    pub(super) fn put(&mut self, row: Row, opened: u64) -> u32 {
        let (chunk, place) = split(self.free);
        if let Some(chunk) = self.chunks.get_mut(chunk)
            && let (Some(home), Some(time)) =
                (chunk.rows.get_mut(place), chunk.opened.get_mut(place))
        {
            let number = self.free;
            // What was put there when it was freed.
            self.free = *time as u32;
            (*home, *time) = (row, opened);
            return number;
        }
        let number = self.given;
        self.given += 1;
        if split(number).1 == 0 {
            let (rows, opened) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
            self.chunks.push(Chunk { rows, opened });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.rows.push(row);
            chunk.opened.push(opened);
        }
        number
    }

    /// Free a place.
    pub(super) fn free(&mut self, number: u32) {
        let (chunk, place) = split(number);
        let chunk = self.chunks.get_mut(chunk);
        if let Some(time) = chunk.and_then(|chunk| chunk.opened.get_mut(place)) {
            *time = u64::from(self.free);
            self.free = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ends::Way;

    #[test]
    fn what_was_freed_last_is_given_out_first() {
        let mut rows = Rows::default();
        let put = |rows: &mut Rows, opened| rows.put(Row::default(), opened);
        let given: Vec<u32> = (0..CHUNK as u64 + 3).map(|at| put(&mut rows, at)).collect();
        assert_eq!(given, (0..CHUNK as u32 + 3).collect::<Vec<_>>());
        assert_eq!(rows.chunks.len(), 2);
        for number in [5, CHUNK as u32, 7] {
            rows.free(number);
        }
        let again: Vec<u32> = (0..4).map(|at| put(&mut rows, 1_000 + at)).collect();
        assert_eq!(again, [7, CHUNK as u32, 5, CHUNK as u32 + 3]);
        let opened: Vec<u64> = again.iter().map(|number| rows.opened(*number)).collect();
        assert_eq!(opened, [1_000, 1_001, 1_002, 1_003]);
        assert_eq!((rows.opened(6), rows.opened(9 * CHUNK as u32)), (6, 0));
    }

    #[test]
    fn a_row_is_new_when_it_is_given_out_again() {
        let mut rows = Rows::default();
        let number = rows.put(Row::default(), 1);
        rows.get_mut(number).expect("a row").count(Way::FromLow, 99);
        rows.free(number);
        assert_eq!(rows.put(Row::default(), 2), number);
        assert!(!rows.get(number).expect("a row").begun());
    }
}
