//! What one run of one sensor sent of one partition: put in order, and held until its turn.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::Timestamp;
use wire::{Head, Told};

use super::{MergeCounts, PATIENCE};
use crate::limits::FLEET_GAPS_MAX;

#[derive(Debug, Default)]
pub(super) struct Source {
    /// Messages of the partition that no mark covers yet.
    pub(super) parts: BTreeMap<u64, Arrived>,
    /// Marks that wait for what they cover.
    pub(super) marks: BTreeMap<u64, (Head, Arrived)>,
    /// The last message of the partition, and of marks, that was taken or given up.
    pub(super) done: Option<(u64, u64)>,
    /// Messages of the partition that were given up, and may still come.
    pub(super) missing: BTreeSet<u64>,
    /// Since when the next mark waits.
    pub(super) waits: Option<u64>,
    /// When a mark was taken last, or anything heard first.
    pub(super) marked: u64,
    /// When anything was heard last.
    pub(super) heard: u64,
    /// Up to where its timeline is whole.
    pub(super) tick: Option<Timestamp>,
    pub(super) ready: VecDeque<Ready>,
    pub(super) lost: u64,
    pub(super) ended: bool,
}

/// Facts of one message, and its place in the stream.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) seq: u64,
    pub(super) facts: Vec<Told>,
}

/// A fact whose turn comes when no other sensor can have an earlier one.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) key: Timestamp,
    /// Since when it is ready.
    pub(super) since: u64,
    pub(super) seq: u64,
    pub(super) told: Told,
}

impl Source {
    /// Whether others wait for it.
    pub(super) fn is_live(&self, now: u64) -> bool {
        !self.ended && now.saturating_sub(self.marked) < PATIENCE
    }

    /// Whether its first fact has waited for others long enough.
    pub(super) fn has_waited(&self, now: u64) -> bool {
        self.ready.front().is_some_and(|ready| now.saturating_sub(ready.since) >= PATIENCE)
    }

    /// Facts that are held.
    pub(super) fn len(&self) -> usize {
        let parts: usize = self.parts.values().map(|arrived| arrived.facts.len()).sum();
        let marks: usize = self.marks.values().map(|(_, arrived)| arrived.facts.len()).sum();
        parts + marks + self.ready.len()
    }

    /// Messages that are held.
    pub(super) fn messages(&self) -> usize {
        self.parts.len() + self.marks.len()
    }

    /// Places in the stream of what is held.
    pub(super) fn held(&self) -> impl Iterator<Item = u64> {
        let parts = self.parts.values().map(|arrived| arrived.seq);
        let marks = self.marks.values().map(|(_, arrived)| arrived.seq);
        parts.chain(marks).chain(self.ready.iter().map(|ready| ready.seq))
    }

    /// A message of the partition.
    pub(super) fn hear(
        &mut self,
        number: u64,
        arrived: Arrived,
        now: u64,
        counts: &mut MergeCounts,
    ) {
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
    pub(super) fn hear_mark(&mut self, head: Head, arrived: Arrived, counts: &mut MergeCounts) {
        let old = self.done.is_some_and(|(_, done)| head.seq <= done);
        if old || self.marks.insert(head.seq, (head, arrived)).is_some() {
            counts.twice += 1;
        }
    }

    /// Take every mark for which all has come, or was waited for long enough.
    pub(super) fn take_marks(&mut self, number: u16, now: u64, counts: &mut MergeCounts) {
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
    pub(super) fn missing(&self, seq: u64, sealed: u64) -> (u64, u64) {
        let Some((part, mark)) = self.done.or((seq == 1).then_some((0, 0))) else {
            // It was running before we listened: what came before is not ours to miss.
            let first = self.parts.first_key_value().map_or(sealed, |(first, _)| first - 1);
            return (lacking(&self.parts, first, sealed), 0);
        };
        (lacking(&self.parts, part, sealed), seq.saturating_sub(mark).saturating_sub(1))
    }

    /// Put what the first mark covers into the order of the sensor.
    pub(super) fn take_mark(&mut self, sealed: u64, now: u64) {
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

    pub(super) fn make_ready(
        &mut self,
        arrived: impl Iterator<Item = Arrived>,
        tick: Timestamp,
        now: u64,
    ) {
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
    pub(super) fn flush(&mut self, number: u16, now: u64, counts: &mut MergeCounts) {
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
