//! Facts of live lanes, each with a timeline of its own, in the order of time.
//!
//! A fact is given once every lane has reached its time; a lane says how far it is at least once a
//! second, a silent one too. A single lane waits for nobody.

use std::sync::mpsc::Receiver;

use model::{Observation, Timestamp};

use crate::lanes::{Batch, Round, put_in_order};
use crate::limits::FACTS_HELD_MAX;

/// One lane, as far as it was heard of.
#[derive(Default)]
struct Side {
    /// The packet time that it has reached.
    until: Timestamp,
    /// The time of its last fact.
    last: Timestamp,
    /// Its facts that wait.
    facts: Vec<(Timestamp, Observation)>,
}

/// Merges what lanes send.
pub(crate) struct Merge {
    from: Receiver<Round>,
    sides: Vec<Side>,
    held: usize,
}

impl Merge {
    /// Rounds of so many lanes, numbered from 0, through one channel.
    pub(crate) fn new(lanes: usize, from: Receiver<Round>) -> Merge {
        let sides = (0..lanes).map(|_| Side::default()).collect();
        Merge { from, sides, held: 0 }
    }

    /// The next stretch of the timeline; `None` at its end.
    pub(crate) fn next(&mut self) -> Option<Round> {
        loop {
            let Ok(mut round) = self.from.recv() else {
                let facts = self.give(None);
                return (!facts.is_empty()).then(|| Round { facts, ..Round::default() });
            };
            if let Some(beat) = &mut round.beat {
                // News are not of a lane's time.
                beat.at = self.reached();
                return Some(round);
            }
            put_in_order(&mut round.facts);
            let facts = if self.sides.len() == 1 { self.alone(round) } else { self.put(round) };
            if !facts.is_empty() {
                return Some(Round { facts, ..Round::default() });
            }
        }
    }

    /// The packet time that all lanes have reached.
    fn reached(&self) -> Timestamp {
        self.sides.iter().map(|side| side.until).min().unwrap_or_default()
    }

    /// A round of the only lane.
    fn alone(&mut self, round: Round) -> Batch {
        if let Some(side) = self.sides.first_mut() {
            side.until = round.until;
        }
        round.facts
    }

    /// A round of one of several lanes; gives the facts that need not wait any longer.
    fn put(&mut self, round: Round) -> Batch {
        let Some(side) = self.sides.get_mut(round.lane) else { return round.facts };
        // The clock was set back: what is held would wait until it has caught up.
        let back = round.until < side.until;
        if back {
            side.last = Timestamp::ZERO;
        }
        side.until = round.until;
        self.held += round.facts.len();
        for fact in round.facts {
            // The order within a lane is right already, and no fact is ahead of its lane.
            side.last = side.last.max(fact.at.min(side.until));
            side.facts.push((side.last, fact));
        }
        let all = back || self.held > FACTS_HELD_MAX;
        self.give((!all).then(|| self.reached()))
    }

    /// Take out what is held up to `until`, or all, by time and then by lane.
    fn give(&mut self, until: Option<Timestamp>) -> Batch {
        let mut given = Vec::new();
        for side in &mut self.sides {
            let count = match until {
                Some(until) => side.facts.partition_point(|(at, _)| *at <= until),
                None => side.facts.len(),
            };
            given.extend(side.facts.drain(..count));
        }
        self.held -= given.len();
        given.sort_by_key(|(at, _)| *at);
        given.into_iter().map(|(_, fact)| fact).collect()
    }
}
