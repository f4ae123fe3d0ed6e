//! One partition's messages of all sensors, put back into one timeline.
//!
//! What comes out depends on the stored messages alone, in their order in the stream, and on when the
//! stream stored them; never on a clock of ours, nor on how fast they are read. So another analyst
//! that reads the same messages weighs the same facts in the same order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use wire::{Head, Lane, Message, Role, Told};

use crate::limits::{
    FLEET_FACTS_HELD_MAX, FLEET_GAPS_MAX, FLEET_MESSAGES_HELD_MAX, FLEET_SOURCES_MAX,
};

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

#[derive(Debug, Default)]
struct Source {
    /// Messages of the partition that no mark covers yet.
    parts: BTreeMap<u64, Arrived>,
    /// Marks that wait for what they cover.
    marks: BTreeMap<u64, (Head, Arrived)>,
    /// The last message of the partition, and of marks, that was taken or given up.
    done: Option<(u64, u64)>,
    /// Messages of the partition that were given up, and may still come.
    missing: BTreeSet<u64>,
    /// Since when the next mark waits.
    waits: Option<u64>,
    /// When a mark was taken last, or anything heard first.
    marked: u64,
    /// When anything was heard last.
    heard: u64,
    /// Up to where its timeline is whole.
    tick: Option<Timestamp>,
    ready: VecDeque<Ready>,
    lost: u64,
    ended: bool,
}

/// Facts of one message, and its place in the stream.
#[derive(Debug)]
struct Arrived {
    seq: u64,
    facts: Vec<Told>,
}

/// A fact whose turn comes when no other sensor can have an earlier one.
#[derive(Debug)]
struct Ready {
    key: Timestamp,
    /// Since when it is ready.
    since: u64,
    seq: u64,
    told: Told,
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

impl Source {
    /// Whether others wait for it.
    fn is_live(&self, now: u64) -> bool {
        !self.ended && now.saturating_sub(self.marked) < PATIENCE
    }

    /// Whether its first fact has waited for others long enough.
    fn has_waited(&self, now: u64) -> bool {
        self.ready.front().is_some_and(|ready| now.saturating_sub(ready.since) >= PATIENCE)
    }

    /// Facts that are held.
    fn len(&self) -> usize {
        let parts: usize = self.parts.values().map(|arrived| arrived.facts.len()).sum();
        let marks: usize = self.marks.values().map(|(_, arrived)| arrived.facts.len()).sum();
        parts + marks + self.ready.len()
    }

    /// Messages that are held.
    fn messages(&self) -> usize {
        self.parts.len() + self.marks.len()
    }

    /// Places in the stream of what is held.
    fn held(&self) -> impl Iterator<Item = u64> {
        let parts = self.parts.values().map(|arrived| arrived.seq);
        let marks = self.marks.values().map(|(_, arrived)| arrived.seq);
        parts.chain(marks).chain(self.ready.iter().map(|ready| ready.seq))
    }

    /// A message of the partition.
    fn hear(&mut self, number: u64, arrived: Arrived, now: u64, counts: &mut MergeCounts) {
        let Some((done, _)) = self.done.filter(|(done, _)| number <= *done) else {
            if self.parts.insert(number, arrived).is_some() {
                counts.twice += 1;
            }
            return;
        };
        debug_assert!(number <= done);
        if !self.missing.remove(&number) {
            counts.twice += 1;
            return;
        }
        // Better late than never.
        let tick = self.tick.unwrap_or(Timestamp::MAX);
        self.ready.extend(arrived.facts.into_iter().map(|told| {
            let key = told.seen.at.min(tick);
            Ready { key, since: now, seq: arrived.seq, told }
        }));
    }

    /// A mark.
    fn hear_mark(&mut self, head: Head, arrived: Arrived, counts: &mut MergeCounts) {
        let old = self.done.is_some_and(|(_, done)| head.seq <= done);
        if old || self.marks.insert(head.seq, (head, arrived)).is_some() {
            counts.twice += 1;
        }
    }

    /// Take every mark for which all has come, or was waited for long enough.
    fn take_marks(&mut self, number: u16, now: u64, counts: &mut MergeCounts) {
        while let Some((&seq, (head, _))) = self.marks.first_key_value() {
            let sealed = head.sealed.get(usize::from(number)).copied().unwrap_or_default();
            let (missing_parts, missing_marks) = self.missing(seq, sealed);
            if missing_parts + missing_marks > 0 {
                let since = *self.waits.get_or_insert(now);
                if now.saturating_sub(since) < PATIENCE {
                    return;
                }
                counts.missing += missing_parts + missing_marks;
            }
            self.waits = None;
            self.take_mark(sealed, now);
        }
    }

    /// How many messages of the partition, and how many marks, lack before that mark.
    fn missing(&self, seq: u64, sealed: u64) -> (u64, u64) {
        let Some((part, mark)) = self.done.or((seq == 1).then_some((0, 0))) else {
            // It was running before we listened: what came before is not ours to miss.
            let first = self.parts.first_key_value().map_or(sealed, |(first, _)| first - 1);
            return (lacking(&self.parts, first, sealed), 0);
        };
        (lacking(&self.parts, part, sealed), seq.saturating_sub(mark).saturating_sub(1))
    }

    /// Put what the first mark covers into the order of the sensor.
    fn take_mark(&mut self, sealed: u64, now: u64) {
        let Some((seq, (head, arrived))) = self.marks.pop_first() else { return };
        let later = self.parts.split_off(&sealed.saturating_add(1));
        let covered = std::mem::replace(&mut self.parts, later);
        let before = match self.done {
            Some((part, _)) => part,
            None if seq == 1 => 0,
            None => covered.first_key_value().map_or(sealed, |(first, _)| first - 1),
        };
        if sealed.saturating_sub(before) > covered.len() as u64 {
            let tail = sealed.saturating_sub(FLEET_GAPS_MAX).max(before);
            let lacks = (tail + 1..=sealed).filter(|number| !covered.contains_key(number));
            self.missing.extend(lacks);
            while self.missing.len() as u64 > FLEET_GAPS_MAX {
                self.missing.pop_first();
            }
        }
        self.done = Some((sealed.max(before), seq));
        self.marked = now;
        self.lost = head.lost;
        self.ended |= head.end;
        if self.tick.is_some_and(|tick| head.tick < tick) {
            // Its clock was ahead: what it told then is not of the future.
            self.ready.iter_mut().for_each(|ready| ready.key = ready.key.min(head.tick));
        }
        self.tick = Some(head.tick);
        self.make_ready(covered.into_values().chain([arrived]), head.tick, now);
    }

    fn make_ready(&mut self, arrived: impl Iterator<Item = Arrived>, tick: Timestamp, now: u64) {
        let mut all: Vec<Ready> = Vec::new();
        for Arrived { seq, facts } in arrived {
            all.extend(facts.into_iter().map(|told| {
                let key = told.seen.at.min(tick);
                Ready { key, since: now, seq, told }
            }));
        }
        all.sort_by_key(|ready| ready.told.place);
        self.ready.extend(all);
    }

    /// Make everything ready, covered or not.
    fn flush(&mut self, number: u16, now: u64, counts: &mut MergeCounts) {
        while let Some((&seq, (head, _))) = self.marks.first_key_value() {
            let sealed = head.sealed.get(usize::from(number)).copied().unwrap_or_default();
            let (parts, marks) = self.missing(seq, sealed);
            counts.missing += parts + marks;
            self.take_mark(sealed, now);
        }
        self.waits = None;
        if let Some((&last, _)) = self.parts.last_key_value() {
            let (_, mark) = self.done.unwrap_or_default();
            self.done = Some((last, mark));
        }
        let parts = std::mem::take(&mut self.parts);
        self.make_ready(parts.into_values(), Timestamp::MAX, now);
    }
}

/// How many numbers after `from`, up to `to`, are no keys.
fn lacking(among: &BTreeMap<u64, Arrived>, from: u64, to: u64) -> u64 {
    if to <= from {
        return 0;
    }
    let there = among.range(from.saturating_add(1)..=to).count() as u64;
    (to - from).saturating_sub(there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Endpoint, Fact, Flow, Observation, Transport};

    fn seen(at: u64) -> Observation {
        let end = |last, port| Endpoint::new([10, 0, 0, last].into(), port);
        let flow = Flow {
            client: end(1, 40_000),
            server: end(2, 443),
            transport: Transport::Tcp,
            vlan: None,
            guessed: false,
        };
        let at = Timestamp::from_secs(at, 0);
        Observation { at, order: 1, flow, ingress: None, fact: Fact::FlowOpen }
    }

    /// A message: sensor, epoch, lane (0: all), number, tick, last message of the partition before
    /// it, facts as place and time.
    type Row<'a> = (&'a str, u64, u16, u64, u64, u64, &'a [(u64, u64)]);

    fn message(row: Row<'_>) -> Message {
        let (sensor, epoch, lane, seq, tick, sealed, facts) = row;
        let tick = Timestamp::from_secs(tick, 0);
        let told =
            |(place, at): &(u64, u64)| Told { place: *place, role: Role::Weighed, seen: seen(*at) };
        let head = Head {
            sensor: sensor.into(),
            site: "here".into(),
            epoch,
            partitions: 1,
            lane: if lane == 0 { Lane::All } else { Lane::Part(lane - 1) },
            seq,
            tick,
            first: tick,
            last: tick,
            sealed: if lane == 0 { vec![sealed] } else { Vec::new() },
            end: false,
            lost: 0,
            facts: facts.len() as u32,
        };
        Message { head, facts: facts.iter().map(told).collect() }
    }

    /// What comes of each message, stored so many seconds after the first: `a3` is a fact of sensor
    /// a at the third second, `|3` that time has come so far.
    fn told(merge: &mut Merge, rows: &[(u64, Row<'_>)]) -> Vec<String> {
        let first = merge.last + 1;
        let rows = rows.iter().zip(first..).map(|((after, row), seq)| {
            let mut told = Vec::new();
            let stored = Stored { seq, at: after * 1000, message: message(*row) };
            merge.push(stored, &mut |event| {
                told.push(match event {
                    Event::Fact(sensor, _, seen) => format!("{sensor}{}", seen.at.secs()),
                    Event::Time(at) => format!("|{}", at.secs()),
                });
            });
            told.join(" ")
        });
        rows.collect()
    }

    #[test]
    fn one_sensor_comes_out_as_it_went_in() {
        let rows = [
            (0, ("a", 1, 1, 1, 2, 0, &[(2, 2), (4, 1)][..])),
            // Facts for all stand between, by their places.
            (0, ("a", 1, 0, 1, 2, 1, &[(1, 1), (3, 2)])),
            (1, ("a", 1, 0, 2, 3, 1, &[])),
            (2, ("a", 1, 1, 2, 4, 0, &[(5, 4)])),
            (2, ("a", 1, 0, 3, 4, 2, &[])),
        ];
        let mut merge = Merge::new(0, 1);
        assert_eq!(told(&mut merge, &rows), ["", "a1 a2 a2 a1 |2", "|3", "", "a4 |4"]);
        let want = MergeCounts { late: 1, sensors: 1, ..MergeCounts::default() };
        assert_eq!((merge.counts(), merge.resume()), (want, 5));
    }

    #[test]
    fn sensors_are_merged_by_packet_time() {
        let rows = [
            (0, ("a", 1, 1, 1, 5, 0, &[(1, 1), (2, 5)][..])),
            (0, ("b", 1, 1, 1, 3, 0, &[(1, 2)])),
            (0, ("a", 1, 0, 1, 5, 1, &[])),
            // b is heard of, and holds a until it has told its time.
            (1, ("b", 1, 0, 1, 3, 1, &[])),
            (2, ("b", 1, 0, 2, 6, 1, &[])),
        ];
        let mut merge = Merge::new(0, 1);
        assert_eq!(told(&mut merge, &rows), ["", "", "", "a1 b2 |3", "a5 |5"]);
        assert_eq!(merge.resume(), 5);
    }

    #[test]
    fn who_is_silent_holds_others_for_ten_seconds() {
        let rows = [
            (0, ("b", 1, 0, 1, 1, 0, &[][..])),
            (1, ("a", 1, 1, 1, 2, 0, &[(1, 2)])),
            (1, ("a", 1, 0, 1, 2, 1, &[])),
            (9, ("a", 1, 0, 2, 9, 1, &[])),
            (10, ("a", 1, 0, 3, 10, 1, &[])),
            // It comes back: what it brings is late, and not lost.
            (11, ("b", 1, 1, 1, 3, 0, &[(1, 2), (2, 3)])),
            (11, ("b", 1, 0, 2, 3, 1, &[])),
        ];
        let mut merge = Merge::new(0, 1);
        let want = ["|1", "", "", "", "a2 |10", "", "b2 b3"];
        assert_eq!(told(&mut merge, &rows), want);
    }

    #[test]
    fn what_is_missing_is_waited_for_and_what_comes_twice_is_not_told_twice() {
        let mut merge = Merge::new(0, 1);
        let rows = [
            (0, ("a", 1, 1, 1, 1, 0, &[(1, 1)][..])),
            // The third before the second.
            (0, ("a", 1, 1, 3, 1, 0, &[(3, 1)])),
            (0, ("a", 1, 0, 1, 1, 3, &[])),
            (1, ("a", 1, 1, 2, 1, 0, &[(2, 1)])),
            (2, ("a", 1, 1, 2, 1, 0, &[(2, 1)])),
            (2, ("a", 1, 0, 1, 1, 3, &[])),
            // The fourth comes when nobody waits any more.
            (3, ("a", 1, 1, 5, 2, 0, &[(5, 2)])),
            (3, ("a", 1, 0, 2, 2, 5, &[])),
            (13, ("a", 1, 0, 3, 3, 5, &[])),
            (14, ("a", 1, 1, 4, 2, 0, &[(4, 2)])),
            (14, ("a", 1, 1, 4, 2, 0, &[(4, 2)])),
        ];
        let want = ["", "", "", "a1 a1 a1 |1", "", "", "", "", "a2 |3", "a2", ""];
        assert_eq!(told(&mut merge, &rows), want);
        let counts = merge.counts();
        assert_eq!((counts.missing, counts.twice), (1, 3));
    }

    #[test]
    fn who_listens_in_the_middle_misses_nothing_of_before() {
        let rows = [
            (0, ("a", 1, 1, 70, 7, 0, &[(1000, 7)][..])),
            (0, ("a", 1, 0, 50, 7, 70, &[])),
            (1, ("a", 1, 0, 51, 8, 70, &[])),
        ];
        let mut merge = Merge::new(0, 1);
        assert_eq!(told(&mut merge, &rows), ["", "a7 |7", "|8"]);
        assert_eq!(merge.counts().missing, 0);
    }

    #[test]
    fn a_sensor_that_begins_anew_or_dies_leaves_what_it_sent() {
        let rows = [
            (0, ("a", 1, 0, 1, 1, 0, &[][..])),
            (0, ("a", 1, 1, 1, 2, 0, &[(1, 2)])),
            (1, ("a", 2, 0, 1, 5, 0, &[])),
            (2, ("b", 1, 1, 1, 6, 0, &[(1, 6)])),
            (13, ("a", 2, 0, 2, 7, 0, &[])),
        ];
        let mut merge = Merge::new(0, 1);
        assert_eq!(told(&mut merge, &rows), ["|1", "", "a2 |5", "", "b6 |7"]);
    }

    #[test]
    fn a_clock_that_was_ahead_holds_nothing_for_ever() {
        let rows = [
            (0, ("a", 1, 1, 1, 9_000, 0, &[(1, 9_000)][..])),
            (0, ("b", 1, 0, 1, 1, 0, &[])),
            (0, ("a", 1, 0, 1, 9_000, 1, &[])),
            (1, ("a", 1, 1, 2, 2, 0, &[(2, 2)])),
            (1, ("a", 1, 0, 2, 2, 2, &[])),
            (1, ("b", 1, 0, 2, 2, 0, &[])),
        ];
        let mut merge = Merge::new(0, 1);
        assert_eq!(told(&mut merge, &rows), ["", "", "|1", "", "", "a9000 a2 |2"]);
    }

    #[test]
    fn memory_is_bounded_whatever_is_sent() {
        let mut merge = Merge::new(0, 1);
        let facts: Vec<(u64, u64)> = (0..100).map(|place| (place, 1)).collect();
        let mut given = 0;
        // Never a mark, from more sensors than are followed.
        for number in 0..1200u64 {
            let name = format!("s{number}");
            let stored =
                Stored { seq: number + 1, at: 0, message: message((&name, 1, 1, 1, 1, 0, &facts)) };
            merge.push(stored, &mut |event| {
                given += usize::from(event != Event::Time(Timestamp::ZERO))
            });
            let held: usize = merge.sources.values().map(Source::len).sum();
            assert!(held <= FLEET_FACTS_HELD_MAX && merge.sources.len() <= FLEET_SOURCES_MAX);
        }
        assert!(merge.counts().forced > 0);
        merge.finish(&mut |event| given += usize::from(matches!(event, Event::Fact(..))));
        assert_eq!(given, 120_000);
        // A number of messages that none can send is no work.
        let row = ("s1", 1, 0, 999_999_999_999, 1, 999_999_999_999, &[][..]);
        let stored = Stored { seq: 3000, at: 20_000, message: message(row) };
        merge.push(stored, &mut |_| {});
        assert_eq!(merge.counts().foreign, 0);
    }
}
