//! How a side's reading ends: at a gap that never closes, where it leads nowhere, with the flow.

use super::buffer::Budget;
use super::opening::Opening;
use crate::desk::Talk;
use crate::ends::Way;

impl Opening {
    /// A gap never closed.
    pub(super) fn leap(
        &mut self,
        way: Way,
        sequence: Option<u32>,
        budget: &mut Budget,
        talk: &mut Talk<'_, '_>,
    ) {
        talk.desk.counts.gaps += 1;
        self.settle(way, budget, talk);
        if talk.meta.done(way) {
            return;
        }
        self.cut(way, talk);
        let side = talk.meta.side(way);
        let go_on = match &mut self.reader {
            // The beginning that a SYN told was never that of these octets.
            Some(_) if self.streams.of(way).is_untouched() => true,
            Some(reader) => reader.lost(side),
            // What is behind the gap may still show a protocol, but no opening any more.
            None => self.streams.of(way).buffer.at_hand().is_empty(),
        };
        if !go_on {
            talk.meta.set_done(way, true);
        }
        self.streams.of_mut(way).leap(sequence, budget);
        self.drain(way, true, budget, talk);
    }

    /// A side's octets lead to nothing more.
    pub(super) fn give_up(&mut self, way: Way, budget: &mut Budget, talk: &mut Talk<'_, '_>) {
        self.cut(way, talk);
        talk.meta.set_done(way, true);
        self.streams.of_mut(way).buffer.clear(budget);
    }

    /// What is at hand of a side is all that there will be.
    fn cut(&mut self, way: Way, talk: &mut Talk<'_, '_>) {
        let stream = self.streams.of(way);
        let octets = stream.buffer.at_hand();
        if octets.is_empty() || talk.meta.done(way) {
            return;
        }
        let side = talk.meta.side(way);
        match &mut self.reader {
            Some(reader) => talk.lend(|out| reader.cut(side, octets, out)),
            None => talk.tell_opening(way, stream.first_len, octets),
        }
    }

    /// The flow is over: read what is still held, gaps or not.
    pub(crate) fn finish(&mut self, budget: &mut Budget, talk: &mut Talk<'_, '_>) {
        if let Some(reader) = self.datagrams.as_mut() {
            return talk.lend(|out| reader.cut(out));
        }
        let client = talk.meta.client();
        for way in [client, client.other()] {
            self.settle(way, budget, talk);
            for _ in 0..=talk.desk.bounds.window.holes_max {
                let waits = self.streams.of(way).buffer.behind_gap().is_some();
                if !waits || talk.meta.done(way) {
                    break;
                }
                self.leap(way, None, budget, talk);
            }
            self.give_up(way, budget, talk);
        }
        self.tell_second(budget, talk);
    }
}
