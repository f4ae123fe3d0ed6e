//! One partition's messages of all sensors, put back into one timeline.
//!
//! What comes out depends on the stored messages alone, in their order in the stream, and on when the
//! stream stored them; never on a clock of ours, nor on how fast they are read. So another analyst
//! that reads the same messages weighs the same facts in the same order.

mod source;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use wire::{Lane, Message, Role, Told};

use self::source::{Arrived, Source};
use crate::limits::{FLEET_FACTS_HELD_MAX, FLEET_MESSAGES_HELD_MAX, FLEET_SOURCES_MAX};

/// How long one sensor's silence holds the facts of others, and how long a message that is missing
/// is waited for; in milliseconds between two messages' arrivals in the stream.
const PATIENCE: u64 = 10_000;

/// Packet time that goes back so far tells of a clock that was ahead.
const CLOCK_SET_BACK: Duration = Duration::from_secs(60);

/// A message as the stream holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stored {
    /// Its place in the stream.
    pub(crate) seq: u64,
    /// When the stream got it, in milliseconds since 1970.
    pub(crate) at: u64,
    /// What it says.
    pub(crate) message: Message,
}

/// What comes out of the merge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A fact, seen by that sensor.
    Fact(Arc<str>, Role, Box<model::Observation>),
    /// Packet time has come that far everywhere.
    Time(Timestamp),
}

/// How it fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct MergeCounts {
    /// Messages that never came, or later than they were waited for.
    pub(crate) missing: u64,
    /// Messages that came twice.
    pub(crate) twice: u64,
    /// Facts that came after later ones had been given.
    pub(crate) late: u64,
    /// Facts that were given without waiting for other sensors, for want of room.
    pub(crate) forced: u64,
    /// Messages for another number of partitions.
    pub(crate) foreign: u64,
    /// Facts that sensors say they lost.
    pub(crate) lost: u64,
    /// Sensors heard of lately.
    pub(crate) sensors: u64,
}

/// The merge of one partition.
#[derive(Debug)]
pub(crate) struct Merge {
    number: u16,
    partitions: u16,
    sources: BTreeMap<Whose, Source>,
    /// When the newest message was stored.
    now: u64,
    /// Key of the latest fact that was given.
    given: Timestamp,
    /// The latest time that was told.
    told: Timestamp,
    counts: MergeCounts,
    /// Facts sensors that are gone lost.
    lost_before: u64,
    last: u64,
}

/// One run of one sensor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Whose {
    sensor: Arc<str>,
    epoch: u64,
}

impl Merge {
    /// The merge of partition `number`.
    pub(crate) fn new(number: u16, partitions: u16) -> Merge {
        Merge {
            number,
            partitions,
            sources: BTreeMap::new(),
            now: 0,
            given: Timestamp::ZERO,
            told: Timestamp::ZERO,
            counts: MergeCounts::default(),
            lost_before: 0,
            last: 0,
        }
    }

    /// Take the next message of the stream.
    pub(crate) fn push(&mut self, stored: Stored, out: &mut impl FnMut(Event)) {
        let Stored { seq, at, message } = stored;
        let Message { head, facts } = message;
        self.last = seq;
        self.now = self.now.max(at);
        if head.partitions != self.partitions {
            self.counts.foreign += 1;
            return;
        }
        let now = self.now;
        let whose = Whose { sensor: head.sensor.as_ref().into(), epoch: head.epoch };
        if !self.sources.contains_key(&whose) {
            self.make_room(out);
            self.end_earlier(&whose);
        }
        let source = self.sources.entry(whose);
        let source = source.or_insert_with(|| Source { marked: now, ..Source::default() });
        source.heard = now;
        let arrived = Arrived { seq, facts };
        let counts = &mut self.counts;
        match head.lane {
            Lane::Part(number) if number == self.number => {
                source.hear(head.seq, arrived, now, counts);
            }
            Lane::Part(_) => return,
            Lane::All => source.hear_mark(head, arrived, counts),
        }
        for source in self.sources.values_mut() {
            source.take_marks(self.number, now, counts);
            if now.saturating_sub(source.heard) >= PATIENCE && !source.parts.is_empty() {
                source.flush(self.number, now, counts);
            }
        }
        self.release(out);
    }

    /// A sensor begins anew: of its earlier run nothing more will come.
    fn end_earlier(&mut self, whose: &Whose) {
        let first = Whose { sensor: Arc::clone(&whose.sensor), epoch: 0 };
        for (_, source) in self.sources.range_mut(first..whose.clone()) {
            source.flush(self.number, self.now, &mut self.counts);
            source.ended = true;
        }
    }

    /// Nothing will follow: give what is held.
    pub(crate) fn finish(&mut self, out: &mut impl FnMut(Event)) {
        for source in self.sources.values_mut() {
            source.flush(self.number, self.now, &mut self.counts);
            source.ended = true;
        }
        self.release(out);
    }

    /// The place in the stream after which all must be read to have what is held, and what follows.
    pub(crate) fn resume(&self) -> u64 {
        let held = self.sources.values().flat_map(Source::held);
        held.min().map_or(self.last, |seq| seq.saturating_sub(1))
    }

    /// How it fares.
    pub(crate) fn counts(&self) -> MergeCounts {
        let lost: u64 = self.sources.values().map(|source| source.lost).sum();
        let sensors = self.sources.values().filter(|source| source.is_live(self.now)).count();
        MergeCounts { lost: self.lost_before + lost, sensors: sensors as u64, ..self.counts }
    }

    /// Up to where the timeline is whole: as far as every sensor that is heard of has come.
    fn watermark(&self) -> Option<Timestamp> {
        let live = self.sources.values().filter(|source| source.is_live(self.now));
        // One that has not told its time yet holds the others, for as long as it may be silent.
        live.map(|source| source.tick.unwrap_or_default()).min()
    }

    /// Give what is due, in the order of packet time; of one sensor always in its own.
    fn release(&mut self, out: &mut impl FnMut(Event)) {
        let mut held: usize = self.sources.values().map(Source::len).sum();
        let messages: usize = self.sources.values().map(Source::messages).sum();
        if held > FLEET_FACTS_HELD_MAX || messages > FLEET_MESSAGES_HELD_MAX {
            for source in self.sources.values_mut() {
                source.flush(self.number, self.now, &mut self.counts);
            }
        }
        let live = self.watermark();
        let watermark = live.unwrap_or(Timestamp::MAX);
        let now = self.now;
        let mut sources: Vec<(&Whose, &mut Source)> = self.sources.iter_mut().collect();
        let heads = sources.iter().enumerate();
        let heads = heads.filter_map(|(at, (_, source))| Some((source.ready.front()?.key, at)));
        let mut heads: BinaryHeap<Reverse<(Timestamp, usize)>> = heads.map(Reverse).collect();
        while let Some(Reverse((key, at))) = heads.pop() {
            let Some((whose, source)) = sources.get_mut(at) else { break };
            let room = held <= FLEET_FACTS_HELD_MAX;
            let due = key <= watermark || source.has_waited(now);
            if room && !due {
                break;
            }
            let Some(ready) = source.ready.pop_front() else { break };
            held -= 1;
            self.counts.forced += u64::from(!due);
            self.counts.late += u64::from(key < self.given);
            let back = self.given.since(key) >= CLOCK_SET_BACK;
            self.given = if back { key } else { self.given.max(key) };
            let Told { role, seen, .. } = ready.told;
            out(Event::Fact(Arc::clone(&whose.sensor), role, Box::new(seen)));
            if let Some(next) = source.ready.front() {
                heads.push(Reverse((next.key, at)));
            }
        }
        // Where all have ended, time has come as far as they had.
        let ticks = || self.sources.values().filter_map(|source| source.tick).max();
        if let Some(time) = live.or_else(ticks).filter(|time| *time > Timestamp::ZERO)
            && (time > self.told || self.told.since(time) >= CLOCK_SET_BACK)
        {
            self.told = time;
            out(Event::Time(time));
        }
    }

    /// A place for one sensor's run more, where there is none: the one that was silent longest goes.
    fn make_room(&mut self, out: &mut impl FnMut(Event)) {
        if self.sources.len() < FLEET_SOURCES_MAX {
            return;
        }
        let oldest = self.sources.iter().min_by_key(|(_, source)| source.marked);
        let Some(oldest) = oldest.map(|(whose, _)| whose.clone()) else { return };
        if let Some(source) = self.sources.get_mut(&oldest) {
            source.flush(self.number, self.now, &mut self.counts);
            for ready in std::mem::take(&mut source.ready) {
                self.counts.forced += 1;
                let Told { role, seen, .. } = ready.told;
                out(Event::Fact(Arc::clone(&oldest.sensor), role, Box::new(seen)));
            }
            self.lost_before += source.lost;
        }
        self.sources.remove(&oldest);
    }
}
