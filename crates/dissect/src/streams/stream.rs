//! One side of a TCP stream: where its next octet stands among the sequence numbers.

use super::buffer::{Budget, Buffer, Put};
use crate::limits::{
    EARLIER_MAX, GAP_ACKS_MAX, SHOWN_ALWAYS_MAX, STRAY_AHEAD, STRAYS_MAX, STRAYS_UNACKNOWLEDGED_MAX,
};

/// How far ahead of what was seen last the place of the next wanted octet may be kept, so that
/// "before" and "behind" keep their meaning on the circle of sequence numbers.
const AHEAD_MAX: i64 = 1 << 30;

/// What became of a segment's payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placed<'a> {
    /// Nothing of it is wanted now.
    Nothing,
    /// It begins with the next octet, and nothing else is held: to be read from the frame.
    Direct(&'a [u8]),
    /// It is held with others.
    Held,
    /// It stands so far behind a gap that the gap will not close any more.
    Lost,
    /// The octet budget is spent.
    OverBudget,
}

/// The bounds of one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Octets held at most.
    pub(crate) len_max: usize,
    /// Gaps at most.
    pub(crate) holes_max: usize,
}

/// One side of a stream.
#[derive(Default, Debug)]
pub(crate) struct Stream {
    /// Sequence number of the first octet that was not consumed.
    next: u32,
    /// Sequence number of the first octet of all.
    begin: u32,
    /// Octets from `next` on that are to be passed over unread.
    skip: u64,
    /// Whether `next` means something yet.
    started: bool,
    /// It began with octets, not with a SYN: what comes before them may be late.
    floating: bool,
    /// Times that it turned out to have begun earlier.
    earlier: u8,
    strays: u8,
    gap_acks: u8,
    /// The octet behind the last one that the other end acknowledged, once it did.
    acknowledged: Option<u32>,
    /// Octets at hand that were shown, in vain.
    shown: usize,
    /// Segments with payload that came while protocols were probed.
    pub(crate) segments: u8,
    /// Payload length on the wire of the first segment.
    pub(crate) first_len: u32,
    /// Protocols that the octets may still be of, by their place in the list.
    pub(crate) candidates: u16,
    /// What is held.
    pub(crate) buffer: Buffer,
}

impl Stream {
    /// A side of which nothing is known yet.
    pub(crate) fn new(candidates: u16) -> Stream {
        Stream { candidates, ..Stream::default() }
    }

    /// Its first octet will be number `sequence`, unless it began already.
    pub(crate) const fn start(&mut self, sequence: u32) {
        if !self.started {
            self.started = true;
            self.begin = sequence;
            self.next = sequence;
        }
    }

    /// Sequence number of the first octet that was not consumed, once it began; not while octets
    /// are skipped.
    pub(crate) fn place_of_next(&self) -> Option<u32> {
        (self.started && self.skip == 0).then_some(self.next)
    }

    /// The other end answered its SYN: the first octet will be number `sequence`.
    pub(crate) const fn greeted(&mut self, sequence: u32) {
        self.start(sequence);
        self.acknowledged = Some(sequence);
    }

    /// Whether octets that come next are passed over unread.
    pub(crate) const fn skips(&self) -> bool {
        self.skip > 0
    }

    /// Whether no octet of it was at hand yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.next == self.begin && self.buffer.at_hand().is_empty()
    }

    /// Whether nothing told where it begins.
    pub(crate) const fn is_floating(&self) -> bool {
        self.floating
    }

    /// Whether it just turned out to have begun earlier, or has just begun, and so may once more.
    pub(crate) const fn may_begin_earlier(&self) -> bool {
        self.floating && self.segments <= self.earlier.saturating_add(1)
    }

    /// Whether all that is at hand was acknowledged.
    pub(crate) fn is_acknowledged(&self) -> bool {
        let end = self.next.wrapping_add(self.buffer.at_hand().len() as u32);
        self.acknowledged.is_some_and(|sequence| sequence.wrapping_sub(end).cast_signed() >= 0)
    }

    /// Whether the octets at hand are to be shown: not each time that a few more came.
    pub(crate) fn worth_showing(&self, window: &Window) -> bool {
        let len = self.buffer.at_hand().len();
        len <= SHOWN_ALWAYS_MAX || len >= window.len_max || len - self.shown.min(len) >= len / 16
    }

    /// Whether octets are at hand that were not shown.
    pub(crate) fn unshown(&self) -> bool {
        self.buffer.at_hand().len() > self.shown
    }

    /// All octets at hand were shown.
    pub(crate) fn note_shown(&mut self) {
        self.shown = self.buffer.at_hand().len();
    }

    /// Octets came that stand just before the first ones of a stream of which nothing is known yet:
    /// it began with them. False when that is not so, or there is no room.
    pub(crate) fn begin_earlier(
        &mut self,
        sequence: u32,
        candidates: u16,
        window: &Window,
        budget: &mut Budget,
    ) -> bool {
        let before = self.next.wrapping_sub(sequence) as usize;
        let held = self.buffer.end();
        if !self.floating
            || self.next != self.begin
            || self.earlier >= EARLIER_MAX
            || before == 0
            || before.saturating_add(held) > window.len_max
            || !self.buffer.make_way(before, budget)
        {
            return false;
        }
        self.earlier = self.earlier.saturating_add(1);
        (self.begin, self.next) = (sequence, sequence);
        self.shown = 0;
        let segments = self.segments;
        self.probe_anew(candidates);
        self.segments = segments;
        true
    }

    /// Whether it began with `sequence`.
    pub(crate) const fn began_with(&self, sequence: u32) -> bool {
        self.started && self.begin == sequence
    }

    /// Forget what protocols said, as if the next octet were the first.
    pub(crate) const fn probe_anew(&mut self, candidates: u16) {
        self.candidates = candidates;
        self.segments = 0;
        self.first_len = 0;
        self.shown = 0;
    }

    /// Find the place of a payload whose first octet is number `sequence`; `wire_len` octets of
    /// it were on the wire. Counts contradictions in `overlaps`.
    pub(crate) fn place<'a>(
        &mut self,
        sequence: u32,
        payload: &'a [u8],
        wire_len: u32,
        window: &Window,
        budget: &mut Budget,
        overlaps: &mut u64,
    ) -> Placed<'a> {
        if !self.started {
            // RFC 1122 §4.2.3.6: a keep-alive may repeat an octet, often as 0, that was
            // acknowledged before the capture began.
            if payload == [0] {
                return Placed::Nothing;
            }
            self.start(sequence);
            self.floating = true;
        }
        self.hop(sequence);
        // Two's complement: numbers in the half of the circle behind `next` are before it.
        let ahead = sequence.wrapping_sub(self.next).cast_signed();
        let cut = usize::try_from(ahead.min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let Some(fresh) = payload.get(cut..).filter(|fresh| !fresh.is_empty()) else {
            return Placed::Nothing;
        };
        let offset = usize::try_from(ahead.max(0)).unwrap_or(0);
        if offset == 0 && self.first_len == 0 {
            self.first_len = wire_len;
        }
        if offset == 0 && self.buffer.is_empty() {
            self.came();
            return Placed::Direct(fresh);
        }
        let fills = offset <= self.buffer.at_hand().len();
        let room = window.len_max.saturating_sub(offset);
        let fresh = match fresh.get(..room) {
            None => fresh,
            // The reader waits for more than may be held: it gets the last that fits.
            Some(fits) if fills => fits,
            Some(_) => return self.beyond(offset),
        };
        match self.buffer.put(offset, fresh, window.holes_max, budget) {
            Put::Held(contradicts) => {
                *overlaps += u64::from(contradicts);
                if fills {
                    self.gap_acks = 0;
                }
                self.came();
                Placed::Held
            }
            Put::Holes => self.lost_unless_heard(1),
            Put::OverBudget => Placed::OverBudget,
        }
    }

    /// Octets came that do not fit the window behind the first gap.
    fn beyond(&mut self, offset: usize) -> Placed<'static> {
        if offset >= STRAY_AHEAD {
            return self.lost_after(STRAYS_MAX);
        }
        self.lost_unless_heard(STRAYS_MAX)
    }

    /// There is no place for octets behind a gap. The gap will not close any more, unless the other
    /// end is heard and has not gone on behind it either; if it is not heard, this is so after
    /// `unheard` such segments.
    fn lost_unless_heard(&mut self, unheard: u8) -> Placed<'static> {
        match self.acknowledged {
            Some(_) if self.is_acknowledged_behind_gap() => self.lost_after(1),
            Some(_) => self.lost_after(STRAYS_UNACKNOWLEDGED_MAX),
            None => self.lost_after(unheard),
        }
    }

    fn lost_after(&mut self, strays: u8) -> Placed<'static> {
        self.strays = self.strays.saturating_add(1);
        if self.strays < strays {
            return Placed::Nothing;
        }
        self.strays = 0;
        Placed::Lost
    }

    fn is_acknowledged_behind_gap(&self) -> bool {
        let end = self.next.wrapping_add(self.buffer.at_hand().len() as u32);
        self.acknowledged.is_some_and(|sequence| sequence.wrapping_sub(end).cast_signed() > 0)
    }

    const fn came(&mut self) {
        self.strays = 0;
        self.segments = self.segments.saturating_add(1);
    }

    /// Move over octets that are to be skipped, as far as the circle of numbers allows.
    fn hop(&mut self, sequence: u32) {
        if self.skip > 0 {
            let behind = i64::from(self.next.wrapping_sub(sequence).cast_signed());
            let room = u64::try_from(AHEAD_MAX - behind).unwrap_or(0);
            let step = self.skip.min(room).min(u64::from(u32::MAX >> 1));
            // Under 2^31.
            self.next = self.next.wrapping_add(step as u32);
            self.skip -= step;
        }
    }

    /// `count` octets are needed no more; those that are not there yet are skipped when they come.
    pub(crate) fn consume(&mut self, count: u64, budget: &mut Budget) {
        if count == 0 {
            return;
        }
        self.shown = 0;
        let there = u64::try_from(self.buffer.end()).unwrap_or(u64::MAX).min(count);
        // What is held is far less than 2^32.
        self.next = self.next.wrapping_add(there as u32);
        self.skip = self.skip.saturating_add(count.saturating_sub(there));
        if there > 0 {
            self.buffer.pass(usize::try_from(there).unwrap_or(usize::MAX), budget);
        }
    }

    /// The same for octets that were read from the frame; hold the rest of them. False when the
    /// budget is spent.
    pub(crate) fn consume_direct(
        &mut self,
        octets: &[u8],
        count: u64,
        window: &Window,
        budget: &mut Budget,
    ) -> bool {
        let read = usize::try_from(count).unwrap_or(usize::MAX).min(octets.len());
        // A frame's payload is far shorter than 2^32.
        self.next = self.next.wrapping_add(read as u32);
        self.skip = self.skip.saturating_add(count.saturating_sub(read as u64));
        match octets.get(read..) {
            Some(rest) if !rest.is_empty() => {
                self.buffer.put(0, rest, window.holes_max, budget) != Put::OverBudget
            }
            _ => true,
        }
    }

    /// The other end acknowledges all octets before `sequence`. True when it did so behind a gap
    /// so often that the capture must have missed what stood there.
    pub(crate) fn acknowledged(&mut self, sequence: u32) -> bool {
        let newer = |known: u32| sequence.wrapping_sub(known).cast_signed() > 0;
        if self.acknowledged.is_none_or(newer) {
            self.acknowledged = Some(sequence);
        }
        if !self.started || self.buffer.behind_gap().is_none() {
            return false;
        }
        let known = self.buffer.at_hand().len();
        let told = usize::try_from(sequence.wrapping_sub(self.next).cast_signed()).unwrap_or(0);
        if told > known {
            self.gap_acks = self.gap_acks.saturating_add(1);
        }
        self.gap_acks >= GAP_ACKS_MAX
    }

    /// Give the octets before the first gap up, and the gap; go on behind it, or at `sequence`
    /// when nothing is held there.
    pub(crate) fn leap(&mut self, sequence: Option<u32>, budget: &mut Budget) {
        self.gap_acks = 0;
        self.shown = 0;
        self.floating = false;
        match (self.buffer.behind_gap(), sequence) {
            (Some(start), _) => self.consume(start as u64, budget),
            (None, Some(sequence)) => {
                self.buffer.clear(budget);
                self.next = sequence;
            }
            (None, None) => self.buffer.clear(budget),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { len_max: 64, holes_max: 2 };

    struct Bench {
        stream: Stream,
        budget: Budget,
        overlaps: u64,
    }

    impl Bench {
        fn started_at(sequence: u32) -> Bench {
            let mut stream = Stream::new(1);
            stream.start(sequence);
            Bench { stream, budget: Budget::new(4096), overlaps: 0 }
        }

        fn place<'a>(&mut self, sequence: u32, octets: &'a [u8]) -> Placed<'a> {
            let len = octets.len() as u32;
            let (budget, overlaps) = (&mut self.budget, &mut self.overlaps);
            self.stream.place(sequence, octets, len, &WINDOW, budget, overlaps)
        }
    }

    #[test]
    fn numbers_wrap() {
        let mut bench = Bench::started_at(u32::MAX - 1);
        assert_eq!(bench.place(1, b"def"), Placed::Held);
        assert_eq!(bench.place(u32::MAX - 1, b"abc"), Placed::Held);
        assert_eq!(bench.stream.buffer.at_hand(), b"abcdef");
        bench.stream.consume(6, &mut bench.budget);
        assert_eq!(bench.place(u32::MAX, b"old"), Placed::Nothing);
        assert_eq!(bench.place(3, b".gh"), Placed::Direct(b"gh".as_slice()));
    }

    #[test]
    fn skipped_octets_cost_nothing_however_many_there_are() {
        let mut bench = Bench::started_at(1000);
        let body = 10_000_000_000_u64;
        bench.stream.consume(body, &mut bench.budget);
        let mut at = 0_u64;
        while at < body {
            let sequence = 1000_u32.wrapping_add(at as u32);
            assert_eq!(bench.place(sequence, &[0; 1000]), Placed::Nothing, "{at}");
            at += 250_000_000; // Most frames of the body are missing.
        }
        let behind = 1000_u32.wrapping_add(body as u32);
        let ends = bench.place(behind.wrapping_sub(2), b"..next");
        assert_eq!(ends, Placed::Direct(b"next".as_slice()));
    }

    #[test]
    fn one_stray_segment_moves_nothing_but_four_do() {
        let mut bench = Bench::started_at(0);
        assert_eq!(bench.place(2_000_000, b"far"), Placed::Nothing);
        assert_eq!(bench.place(0, b"near"), Placed::Direct(b"near".as_slice()));
        assert!(bench.stream.consume_direct(b"near", 4, &WINDOW, &mut bench.budget));
        for _ in 0..3 {
            assert_eq!(bench.place(2_000_000, b"far"), Placed::Nothing);
        }
        assert_eq!(bench.place(2_000_000, b"far"), Placed::Lost);
        bench.stream.leap(Some(2_000_000), &mut bench.budget);
        assert_eq!(bench.place(2_000_000, b"far"), Placed::Direct(b"far".as_slice()));
    }

    #[test]
    fn a_keep_alive_does_not_begin_a_stream() {
        let mut bench = Bench::started_at(0);
        bench.stream = Stream::new(1);
        assert_eq!(bench.place(99, &[0]), Placed::Nothing);
        assert_eq!(bench.place(100, b"GET"), Placed::Direct(b"GET".as_slice()));
        assert!(bench.stream.consume_direct(b"GET", 3, &WINDOW, &mut bench.budget));
        assert_eq!(bench.place(102, &[0]), Placed::Nothing);
        assert_eq!(bench.place(103, b" /"), Placed::Direct(b" /".as_slice()));
    }

    #[test]
    fn acknowledgements_prove_a_gap() {
        let mut bench = Bench::started_at(0);
        assert_eq!(bench.place(10, b"behind"), Placed::Held);
        assert!(!bench.stream.acknowledged(0));
        let proven = (0..20).position(|_| bench.stream.acknowledged(16));
        assert_eq!(proven, Some(usize::from(GAP_ACKS_MAX) - 1));
        bench.stream.leap(None, &mut bench.budget);
        assert_eq!(bench.stream.buffer.at_hand(), b"behind");
    }
}
