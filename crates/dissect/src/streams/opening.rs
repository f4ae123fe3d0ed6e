//! The streams of one flow while something is still wanted of them, and who reads them.

use std::mem;

use super::buffer::{Budget, Buffer};
use super::second::Second;
use super::stream::{Placed, Stream};
use crate::desk::Talk;
use crate::ends::{Each, Way};
use crate::limits::STRAY_AHEAD;
use crate::protocols::reader::{DATAGRAMS_HELD_MAX, DatagramReader, Next, StreamReader};

/// The octet budget is spent; the opening must go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OverBudget;

/// Both sides of a flow's stream, and the reader that claimed them; or, of a UDP flow, its reader.
#[derive(Default)]
pub(crate) struct Opening {
    pub(super) reader: Option<Box<dyn StreamReader>>,
    pub(super) streams: Each<Stream>,
    /// Other ways to understand what the client says.
    pub(super) second: Second,
    /// The reader has consumed octets, so that it may hand over.
    pub(super) advanced: bool,
    /// Octets that `reader` was last known to hold.
    reader_held: usize,
    pub(super) datagrams: Option<Box<dyn DatagramReader>>,
    /// Octets that `datagrams` was last known to hold.
    datagrams_held: usize,
}

/// What reading made of octets.
#[derive(Default)]
struct Fed {
    consumed: u64,
    /// A reader claimed the flow; the other side's octets wait for it.
    claimed: bool,
    /// The reader handed the flow over; what is held of either side is to be probed.
    anew: bool,
}

impl Opening {
    /// Nothing is known of either side; these protocols may claim it.
    pub(super) fn new(candidates: u16) -> Opening {
        let mut opening = Opening::default();
        for way in Way::BOTH {
            *opening.streams.of_mut(way) = Stream::new(candidates);
        }
        opening
    }

    /// A word of either stream, to have them near.
    #[inline]
    pub(crate) fn both_ends(&self) -> u64 {
        let [one, other] = Way::BOTH.map(|way| self.stream(way).segments);
        u64::from(one ^ other)
    }

    /// One side's stream.
    pub(crate) fn stream(&self, way: Way) -> &Stream {
        self.streams.of(way)
    }

    /// Whether octets are held that may still become a message, or that contradict each other.
    pub(crate) fn is_amid(&self) -> bool {
        Way::BOTH.iter().any(|way| !self.stream(*way).buffer.is_empty()) || self.is_of_two_minds()
    }

    /// Whether a segment stands so far from what its receiver waits for that it is not taken.
    pub(crate) fn is_far(&self, way: Way, sequence: u32) -> bool {
        let next = self.stream(way).place_of_next();
        let distance = next.map_or(0, |next| sequence.wrapping_sub(next).cast_signed());
        distance.unsigned_abs() as usize > STRAY_AHEAD
    }

    /// The same as [`Opening::stream`], to be changed.
    pub(crate) fn stream_mut(&mut self, way: Way) -> &mut Stream {
        self.streams.of_mut(way)
    }

    /// A segment's payload came. What is done with is told in `talk.meta`.
    pub(crate) fn arrive(
        &mut self,
        way: Way,
        sequence: u32,
        payload: &[u8],
        wire_len: u32,
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) -> Result<(), OverBudget> {
        let window = talk.desk.bounds.window;
        self.begin_earlier(way, sequence, budget, talk);
        // Each turn loses a gap, and there are no more of them than holes.
        for _ in 0..window.holes_max.saturating_add(3) {
            let overlaps = &mut talk.desk.counts.overlaps;
            let stream = self.streams.of_mut(way);
            match stream.place(sequence, payload, wire_len, &window, budget, overlaps) {
                Placed::Nothing => return Ok(()),
                Placed::Direct(octets) => return self.direct(way, octets, budget, talk),
                Placed::Held => {
                    self.drain(way, false, budget, talk);
                    return Ok(());
                }
                Placed::Lost => {
                    self.leap(way, Some(sequence), budget, talk);
                    if talk.meta.done(way) {
                        return Ok(());
                    }
                }
                Placed::OverBudget => return Err(OverBudget),
            }
        }
        self.give_up(way, budget, talk);
        Ok(())
    }

    /// Octets came that may stand before the first ones of this way.
    fn begin_earlier(
        &mut self,
        way: Way,
        sequence: u32,
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) {
        let stream = self.streams.of_mut(way);
        if self.reader.is_none() && stream.is_floating() {
            let (candidates, window) = (talk.desk.candidates(), talk.desk.bounds.window);
            stream.begin_earlier(sequence, candidates, &window, budget);
        }
    }

    /// The other side speaks: no more comes of this one for now. What of its octets was not shown
    /// yet is shown; if they are just waited with, they are told.
    pub(crate) fn answer(&mut self, way: Way, budget: &mut Budget, talk: &mut Talk<'_, '_>) {
        if talk.meta.done(way) {
            return;
        }
        self.settle(way, budget, talk);
        if self.reader.is_none() && !talk.meta.done(way) {
            let stream = self.streams.of(way);
            if stream.candidates == 0 && !stream.buffer.at_hand().is_empty() {
                self.give_up(way, budget, talk);
            }
        }
    }

    /// Show the octets at hand that were not shown yet.
    pub(super) fn settle(&mut self, way: Way, budget: &mut Budget, talk: &mut Talk<'_, '_>) {
        if self.streams.of(way).unshown() && !talk.meta.done(way) {
            self.drain(way, true, budget, talk);
        }
    }

    /// The other end acknowledged everything before `sequence`.
    pub(crate) fn acknowledged(
        &mut self,
        way: Way,
        sequence: u32,
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) {
        let stream = self.streams.of_mut(way);
        if stream.acknowledged(sequence) {
            self.leap(way, None, budget, talk);
        } else if stream.is_floating() && stream.is_acknowledged() {
            // Nothing before it is late any more.
            self.answer(way, budget, talk);
        }
    }

    /// Read octets straight from the frame.
    fn direct(
        &mut self,
        way: Way,
        octets: &[u8],
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) -> Result<(), OverBudget> {
        let fed = self.feed(way, octets, talk);
        self.charge(budget, talk)?;
        let window = talk.desk.bounds.window;
        if talk.meta.done(way) {
            self.streams.of_mut(way).buffer.clear(budget);
        } else {
            let rest = u64::try_from(octets.len()).unwrap_or(u64::MAX).saturating_sub(fed.consumed);
            let stream = self.streams.of_mut(way);
            if !stream.consume_direct(octets, fed.consumed, &window, budget) {
                return Err(OverBudget);
            }
            stream.note_shown();
            if rest > window.len_max as u64 {
                self.give_up(way, budget, talk);
            }
        }
        if fed.anew {
            self.drain(way, true, budget, talk);
        }
        if fed.anew || fed.claimed {
            self.drain(way.other(), true, budget, talk);
        }
        Ok(())
    }

    /// Read what is held of one side for as long as that brings new octets to hand: at once if
    /// `now`, else when enough of them came.
    pub(super) fn drain(
        &mut self,
        way: Way,
        now: bool,
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) {
        let window = talk.desk.bounds.window;
        let mut other_waits = false;
        let mut now = now;
        loop {
            if talk.meta.done(way) {
                self.streams.of_mut(way).buffer.clear(budget);
                break;
            }
            if !now && !self.streams.of(way).worth_showing(&window) {
                break;
            }
            let buffer = mem::take(&mut self.streams.of_mut(way).buffer);
            let len = buffer.at_hand().len();
            let fed =
                if len == 0 { Fed::default() } else { self.feed(way, buffer.at_hand(), talk) };
            self.put_back(way, buffer, budget);
            if self.charge(budget, talk).is_err() {
                talk.desk.counts.openings_over_budget += 1;
            }
            other_waits |= fed.claimed || fed.anew;
            if talk.meta.done(way) {
                continue;
            }
            let stream = self.streams.of_mut(way);
            stream.consume(fed.consumed, budget);
            let read = usize::try_from(fed.consumed).unwrap_or(usize::MAX);
            let left = stream.buffer.at_hand().len();
            if fed.anew || left > len.saturating_sub(read) {
                now = true;
                continue;
            }
            stream.note_shown();
            if left >= window.len_max {
                self.give_up(way, budget, talk);
            }
            break;
        }
        // Whoever claims or hands over has consumed octets, so this ends.
        if other_waits {
            self.drain(way.other(), true, budget, talk);
        }
    }

    /// Take what the reader holds from the budget. Where that is spent, nothing more is read.
    fn charge(&mut self, budget: &mut Budget, talk: &mut Talk<'_, '_>) -> Result<(), OverBudget> {
        let held = self.reader.as_ref().map_or(0, |reader| reader.held());
        budget.give(mem::take(&mut self.reader_held));
        if budget.take(held) {
            self.reader_held = held;
            return Ok(());
        }
        self.reader = None;
        for way in Way::BOTH {
            talk.meta.set_done(way, true);
        }
        Err(OverBudget)
    }

    /// The buffer was lent while its octets were read. A side that began anew has none by then.
    fn put_back(&mut self, way: Way, buffer: Buffer, budget: &mut Budget) {
        let mut before = mem::replace(&mut self.streams.of_mut(way).buffer, buffer);
        before.clear(budget);
    }

    /// Show octets to the protocols, or to the reader that claimed the flow.
    fn feed(&mut self, way: Way, octets: &[u8], talk: &mut Talk<'_, '_>) -> Fed {
        let mut fed = Fed::default();
        if self.reader.is_none() {
            fed.claimed = self.probe(way, octets, talk);
        }
        let Some(reader) = self.reader.as_mut() else { return fed };
        let side = talk.meta.side(way);
        let mut rest = octets;
        loop {
            let step = talk.lend(|out| reader.read(side, rest, out));
            talk.desk.counts.look(match step.consumed {
                0 => rest.len(),
                consumed => usize::try_from(consumed).unwrap_or(usize::MAX).min(rest.len()),
            });
            fed.consumed = fed.consumed.saturating_add(step.consumed);
            self.advanced |= step.consumed > 0;
            match step.next {
                Next::More => {}
                Next::SideDone => {
                    talk.meta.set_done(way, true);
                    break;
                }
                Next::FlowDone => {
                    fed.anew = self.flow_done(way, talk);
                    break;
                }
            }
            let used = usize::try_from(step.consumed).unwrap_or(usize::MAX);
            match rest.get(used..) {
                Some(behind) if used > 0 && !behind.is_empty() => rest = behind,
                _ => break,
            }
        }
        fed
    }

    /// The reader wants no more. True when it handed the flow over, which it can only do behind
    /// octets of its own.
    fn flow_done(&mut self, way: Way, talk: &mut Talk<'_, '_>) -> bool {
        let reader = self.reader.take();
        let anew = self.advanced && reader.is_some_and(|reader| reader.handed_over());
        let candidates = talk.desk.candidates();
        for each in Way::BOTH {
            if anew {
                self.reopen(each, candidates, talk);
            }
            talk.meta.set_done(each, !anew);
        }
        if !anew {
            self.linger(way, talk);
        }
        anew
    }

    /// A protocol claimed a UDP flow.
    pub(crate) fn read_datagrams(&mut self, reader: Box<dyn DatagramReader>) {
        self.datagrams = Some(reader);
    }

    /// A datagram for the reader. `Ok(false)`: it wants no more.
    pub(crate) fn datagram(
        &mut self,
        way: Way,
        octets: &[u8],
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) -> Result<bool, OverBudget> {
        let Some(reader) = self.datagrams.as_mut() else { return Ok(false) };
        let side = talk.meta.side(way);
        let next = talk.lend(|out| reader.read(side, octets, out));
        let held = reader.held();
        debug_assert!(held <= DATAGRAMS_HELD_MAX, "a reader keeps to its bound");
        budget.give(self.datagrams_held);
        self.datagrams_held = 0;
        if next == Next::FlowDone {
            return Ok(false);
        }
        if !budget.take(held) {
            return Err(OverBudget);
        }
        self.datagrams_held = held;
        Ok(true)
    }

    /// Let go of everything that is held.
    pub(super) fn clear(&mut self, budget: &mut Budget) {
        budget.give(self.datagrams_held);
        budget.give(self.reader_held);
        self.second.clear(budget);
        for way in Way::BOTH {
            self.streams.of_mut(way).buffer.clear(budget);
        }
        *self = Opening::default();
    }
}
