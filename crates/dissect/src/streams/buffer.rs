//! Octets of one side that came before their turn, or that a reader wants more of.

use std::mem;
use std::ops::Range;

use super::pieces::{Piece, Pieces};

/// Octets that all openings of a shard may hold together.
#[derive(Debug)]
pub(crate) struct Budget {
    held: usize,
    max: usize,
}

impl Budget {
    /// Nothing held yet.
    pub(crate) const fn new(max: usize) -> Budget {
        Budget { held: 0, max }
    }

    /// Take `octets`; false, and nothing taken, when there are not as many left.
    pub(crate) const fn take(&mut self, octets: usize) -> bool {
        match self.held.checked_add(octets) {
            Some(held) if held <= self.max => {
                self.held = held;
                true
            }
            _ => false,
        }
    }

    /// Whether `octets` more can be taken; of a small budget, half of it is room enough.
    pub(crate) fn has_room(&self, octets: usize) -> bool {
        self.max.saturating_sub(self.held) >= octets.min(self.max / 2)
    }

    /// Give back what was taken.
    pub(crate) const fn give(&mut self, octets: usize) {
        self.held = self.held.saturating_sub(octets);
    }

    /// Octets held now.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }
}

/// What became of octets that were to be held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Put {
    /// They are held. True when they contradict octets that were there before; those stand.
    Held(bool),
    /// There would be too many gaps.
    Holes,
    /// The budget is spent.
    OverBudget,
}

/// The octets held of one side: the first that came for each place, and where gaps are.
#[derive(Default, Debug)]
pub(crate) struct Buffer {
    octets: Vec<u8>,
    /// Octets at the front of `octets` that were let go of already.
    passed: usize,
    /// In order, apart from each other; offsets count from behind `passed`.
    pieces: Pieces,
    /// Octets taken from the budget.
    charged: usize,
}

/// The smallest allocation.
const CHARGED_MIN: usize = 512;

impl Buffer {
    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The octets that are there without a gap from the start.
    pub(crate) fn at_hand(&self) -> &[u8] {
        match self.pieces.first() {
            Some(&Piece { start: 0, end }) => self.held().get(..end).unwrap_or_default(),
            _ => &[],
        }
    }

    fn held(&self) -> &[u8] {
        self.octets.get(self.passed..).unwrap_or_default()
    }

    /// Whether these octets are all there, and the same.
    pub(crate) fn has(&self, offset: usize, octets: &[u8]) -> bool {
        let end = offset.saturating_add(octets.len());
        self.pieces.iter().any(|piece| piece.start <= offset && end <= piece.end)
            && self.held().get(offset..end) == Some(octets)
    }

    /// Where the octets behind the first gap begin.
    pub(crate) fn behind_gap(&self) -> Option<usize> {
        self.pieces.iter().map(|piece| piece.start).find(|&start| start > 0)
    }

    /// The end of the last octets that are there.
    pub(crate) fn end(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.end)
    }

    /// Hold octets at an offset. The first octet that came for a place stays.
    pub(crate) fn put(
        &mut self,
        offset: usize,
        octets: &[u8],
        holes_max: usize,
        budget: &mut Budget,
    ) -> Put {
        let end = offset.saturating_add(octets.len());
        let touched = self.touched(offset, end);
        let before = self.pieces.get(..touched.start).unwrap_or_default();
        let begins_at_0 = before.first().map_or(offset == 0, |piece| piece.start == 0)
            || self.pieces.first().is_some_and(|piece| piece.start == 0);
        let pieces = self.pieces.len().saturating_sub(touched.len()).saturating_add(1);
        if pieces.saturating_sub(usize::from(begins_at_0)) > holes_max {
            return Put::Holes;
        }
        if !self.grow(end, budget) {
            return Put::OverBudget;
        }
        let contradicts = self.fill(touched.clone(), offset, octets);
        self.join(touched, offset, end);
        Put::Held(contradicts)
    }

    /// The same, but the last octet that came for a place stays.
    pub(crate) fn overwrite(
        &mut self,
        offset: usize,
        octets: &[u8],
        holes_max: usize,
        budget: &mut Budget,
    ) -> Put {
        let put = self.put(offset, octets, holes_max, budget);
        let start = self.passed.saturating_add(offset);
        if let (Put::Held(true), Some(place)) =
            (put, self.octets.get_mut(start..start.saturating_add(octets.len())))
        {
            place.copy_from_slice(octets);
        }
        put
    }

    /// Move everything that is held `count` octets back; false when the budget is spent.
    pub(crate) fn make_way(&mut self, count: usize, budget: &mut Budget) -> bool {
        if !self.grow(self.end().saturating_add(count), budget) {
            return false;
        }
        let (from, to) = (self.passed, self.passed.saturating_add(self.end()));
        self.octets.copy_within(from..to, from.saturating_add(count));
        for piece in &mut *self.pieces {
            piece.start = piece.start.saturating_add(count);
            piece.end = piece.end.saturating_add(count);
        }
        true
    }

    /// The same octets once more; `None` when the budget is spent.
    pub(crate) fn copy(&self, budget: &mut Budget) -> Option<Buffer> {
        budget.take(self.charged).then(|| Buffer {
            octets: self.octets.clone(),
            passed: self.passed,
            pieces: self.pieces.clone(),
            charged: self.charged,
        })
    }

    fn join(&mut self, touched: Range<usize>, offset: usize, end: usize) {
        let overlapped = self.pieces.get(touched.clone()).unwrap_or_default();
        let merged = Piece {
            start: overlapped.first().map_or(offset, |piece| piece.start.min(offset)),
            end: overlapped.last().map_or(end, |piece| piece.end.max(end)),
        };
        match self.pieces.get_mut(touched.start) {
            // Nearly always: octets that go on where others end.
            Some(piece) if touched.len() == 1 => *piece = merged,
            _ => self.pieces.replace(touched, merged),
        }
    }

    /// The pieces that overlap or adjoin `offset..end`.
    fn touched(&self, offset: usize, end: usize) -> Range<usize> {
        let first = self.pieces.partition_point(|piece| piece.end < offset);
        let last = self.pieces.partition_point(|piece| piece.start <= end);
        first..last.max(first)
    }

    /// Copy `octets` to where no piece of `touched` has any; tell whether the others differ.
    fn fill(&mut self, touched: Range<usize>, offset: usize, octets: &[u8]) -> bool {
        let end = offset.saturating_add(octets.len());
        let mut contradicts = false;
        let mut from = offset;
        let passed = self.passed;
        let copy = |held: &mut [u8], range: Range<usize>| {
            let new = octets.get(range.start.saturating_sub(offset)..);
            let place = held.get_mut(passed.saturating_add(range.start)..);
            let place = place.and_then(|place| place.get_mut(..range.len()));
            if let (Some(place), Some(new)) = (place, new)
                && let Some(new) = new.get(..place.len())
            {
                place.copy_from_slice(new);
            }
        };
        for piece in self.pieces.get(touched).unwrap_or_default() {
            if from < piece.start {
                copy(&mut self.octets, from..piece.start);
            }
            let both = piece.start.max(offset)..piece.end.min(end);
            if !both.is_empty() {
                let new =
                    octets.get(both.start.saturating_sub(offset)..both.end.saturating_sub(offset));
                contradicts |= self.held().get(both) != new;
            }
            from = from.max(piece.end);
        }
        if from < end {
            copy(&mut self.octets, from..end);
        }
        contradicts
    }

    /// Make room for `end` octets.
    fn grow(&mut self, end: usize, budget: &mut Budget) -> bool {
        if self.passed > self.octets.len() / 4 && self.passed.saturating_add(end) > self.charged {
            self.close_up();
        }
        let end = self.passed.saturating_add(end);
        if end > self.charged {
            let want = end.next_power_of_two().max(CHARGED_MIN);
            if !budget.take(want.saturating_sub(self.charged)) {
                return false;
            }
            self.charged = want;
            self.octets.reserve_exact(want.saturating_sub(self.octets.len()));
        }
        if end > self.octets.len() {
            self.octets.resize(end, 0);
        }
        true
    }

    /// Close up to the front.
    fn close_up(&mut self) {
        let passed = mem::take(&mut self.passed);
        self.octets.drain(..passed.min(self.octets.len()));
    }

    /// Let go of the first `count` octets, there or not. What is held no longer is given back when
    /// nothing else is.
    pub(crate) fn pass(&mut self, count: usize, budget: &mut Budget) {
        self.pieces.retain_mut(|piece| {
            piece.start = piece.start.saturating_sub(count);
            piece.end = piece.end.saturating_sub(count);
            piece.end > 0
        });
        if self.pieces.is_empty() {
            self.clear(budget);
        } else {
            self.passed = self.passed.saturating_add(count);
            // So each octet is moved once at most, however few are let go of at a time.
            if self.passed > self.octets.len() / 2 {
                self.close_up();
            }
        }
    }

    /// Let go of everything.
    pub(crate) fn clear(&mut self, budget: &mut Budget) {
        budget.give(self.charged);
        *self = Buffer::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is at hand, the gaps, and whether anything contradicted, after these puts.
    fn held(puts: &[(usize, &[u8])]) -> (Vec<u8>, Option<usize>, Vec<Put>) {
        let (mut buffer, mut budget) = (Buffer::default(), Budget::new(4096));
        let results = puts.iter().map(|(at, octets)| buffer.put(*at, octets, 2, &mut budget));
        let results = results.collect();
        (buffer.at_hand().to_vec(), buffer.behind_gap(), results)
    }

    #[test]
    fn octets_find_their_place_and_the_first_ones_stand() {
        use Put::{Held, Holes};
        type Row<'a> = (&'a [(usize, &'a [u8])], &'a [u8], Option<usize>, &'a [Put]);
        let table: &[Row<'_>] = &[
            (&[(0, b"abc")], b"abc", None, &[Held(false)]),
            (&[(3, b"def"), (0, b"abc")], b"abcdef", None, &[Held(false), Held(false)]),
            (&[(0, b"abc"), (1, b"bcd")], b"abcd", None, &[Held(false), Held(false)]),
            (&[(0, b"abc"), (1, b"XYd")], b"abcd", None, &[Held(false), Held(true)]),
            (&[(2, b"cd"), (0, b"ABCDEF")], b"ABcdEF", None, &[Held(false), Held(true)]),
            (
                &[(2, b"c"), (5, b"f"), (0, b"abXdeYg")],
                b"abcdefg",
                None,
                &[Held(false), Held(false), Held(true)],
            ),
            (&[(0, b"a"), (5, b"f")], b"a", Some(5), &[Held(false), Held(false)]),
            (&[(1, b"b"), (3, b"d"), (5, b"f")], b"", Some(1), &[Held(false), Held(false), Holes]),
            (
                &[(0, b"a"), (2, b"c"), (4, b"e"), (6, b"g")],
                b"a",
                Some(2),
                &[Held(false), Held(false), Held(false), Holes],
            ),
            (&[(0, b"ab"), (2, b"cd")], b"abcd", None, &[Held(false), Held(false)]),
        ];
        for (puts, want, gap, results) in table {
            let got = held(puts);
            assert_eq!((&*got.0, got.1, &*got.2), (*want, *gap, *results), "{puts:?}");
        }
    }

    #[test]
    fn the_last_octets_may_stand_too_and_others_may_come_before() {
        let (mut buffer, mut budget) = (Buffer::default(), Budget::new(4096));
        assert_eq!(buffer.put(0, b"abcdef", 2, &mut budget), Put::Held(false));
        buffer.pass(1, &mut budget);
        let mut other = buffer.copy(&mut budget).expect("room");
        assert_eq!(other.overwrite(1, b"XY", 2, &mut budget), Put::Held(true));
        assert_eq!(other.overwrite(4, b"fg", 2, &mut budget), Put::Held(false));
        assert_eq!((buffer.at_hand(), other.at_hand()), (&b"bcdef"[..], &b"bXYefg"[..]));
        assert!(other.has(1, b"XYe") && !other.has(1, b"XYZ") && !other.has(5, b"gh"));
        assert!(other.make_way(3, &mut budget));
        assert_eq!((other.at_hand(), other.behind_gap()), (&b""[..], Some(3)));
        assert_eq!(other.put(0, b"123", 2, &mut budget), Put::Held(false));
        assert_eq!(other.at_hand(), b"123bXYefg");
        buffer.clear(&mut budget);
        other.clear(&mut budget);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn octets_let_go_of_one_by_one_are_moved_seldom() {
        let (mut buffer, mut budget) = (Buffer::default(), Budget::new(1 << 16));
        let octets: Vec<u8> = (0..8192u32).map(|number| (number % 251) as u8).collect();
        buffer.put(0, &octets[..4096], 2, &mut budget);
        buffer.put(5000, &octets[5000..], 2, &mut budget);
        for count in 1..4096 {
            buffer.pass(1, &mut budget);
            assert_eq!(buffer.at_hand(), &octets[count..4096]);
            assert_eq!(buffer.behind_gap(), Some(5000 - count));
        }
        buffer.put(1, &octets[4096..5000], 2, &mut budget);
        assert_eq!(buffer.at_hand(), &octets[4095..]);
    }

    #[test]
    fn the_budget_closes() {
        let (mut buffer, mut budget) = (Buffer::default(), Budget::new(2048));
        assert_eq!(buffer.put(0, &[1; 1500], 2, &mut budget), Put::Held(false));
        assert_eq!(budget.held(), 2048);
        assert_eq!(buffer.put(1500, &[2; 1500], 2, &mut budget), Put::OverBudget);
        assert_eq!(buffer.at_hand().len(), 1500);
        buffer.pass(1000, &mut budget);
        assert_eq!((buffer.at_hand().len(), budget.held()), (500, 2048));
        buffer.pass(1000, &mut budget);
        assert_eq!((buffer.is_empty(), budget.held()), (true, 0));
    }
}
