//! Facts of live lanes, each with a timeline of its own, in the order of time.
//!
//! A fact is given once every lane has reached its time; a lane says how far it is at least once a
//! second, a silent one too. A single lane waits for nobody.

use std::sync::mpsc::Receiver;

use model::{Observation, Timestamp};

use crate::lanes::{Batch, Round, Spare, put_in_order};
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
    spare: Spare,
    sides: Vec<Side>,
    held: usize,
}

impl Merge {
    /// Rounds of so many lanes, numbered from 0, through one channel, in batches from `spare`.
    pub(crate) fn new(lanes: usize, from: Receiver<Round>, spare: Spare) -> Merge {
        let sides = (0..lanes).map(|_| Side::default()).collect();
        Merge { from, spare, sides, held: 0 }
    }

    /// The next stretch of the timeline; `None` at its end. Facts that are done with are given back.
    pub(crate) fn next(&mut self, done: Batch) -> Option<Round> {
        self.spare.put(done);
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
    fn put(&mut self, mut round: Round) -> Batch {
        let Some(side) = self.sides.get_mut(round.lane) else { return round.facts };
        // The clock was set back: what is held would wait until it has caught up.
        let back = round.until < side.until;
        if back {
            side.last = Timestamp::ZERO;
        }
        side.until = round.until;
        self.held += round.facts.len();
        for fact in round.facts.drain(..) {
            // The order within a lane is right already, and no fact is ahead of its lane.
            side.last = side.last.max(fact.at.min(side.until));
            side.facts.push((side.last, fact));
        }
        self.spare.put(round.facts);
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
        // Out of the spare ones, to which it goes back: each batch more would stay there.
        let mut facts = self.spare.take();
        facts.extend(given.into_iter().map(|(_, fact)| fact));
        facts
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use model::{Endpoint, Fact, Flow, Transport};

    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs, 0)
    }

    /// A lane's round: how far it is, and when its facts were, in seconds.
    fn round(lane: usize, until: u64, facts: &[u64]) -> Round {
        let end = |port| Endpoint::new([10, 0, 0, lane as u8].into(), port);
        let flow = Flow {
            client: end(40_000),
            server: end(443),
            transport: Transport::Tcp,
            vlan: None,
            guessed: false,
        };
        let fact = |secs: &u64| {
            let fact = Fact::FlowOpen;
            Observation { at: at(*secs), order: 1, flow, ingress: None, fact }
        };
        let facts = facts.iter().map(fact).collect();
        Round { facts, lane, until: at(until), ..Round::default() }
    }

    fn seconds(facts: &Batch) -> Vec<u64> {
        facts.iter().map(|fact| fact.at.secs()).collect()
    }

    #[test]
    fn facts_are_given_when_every_lane_has_reached_them() {
        let (_to, from) = sync_channel(1);
        let mut merge = Merge::new(2, from, Spare::default());
        // A lane, how far it is, its facts; what is given then.
        type Step = (usize, u64, &'static [u64], &'static [u64]);
        let table: &[Step] = &[
            (0, 5, &[3, 5], &[]),
            (1, 4, &[], &[3]),
            (1, 6, &[5, 6], &[5, 5]),
            // One that is silent says how far it is.
            (0, 7, &[], &[6]),
            (0, 9, &[8], &[]),
            // The clock was set back: nothing waits until it has caught up.
            (1, 2, &[1, 2], &[1, 2, 8]),
            (0, 3, &[3], &[3]),
            (1, 4, &[3], &[3]),
            // No such lane.
            (2, 4, &[1], &[1]),
        ];
        for (step, (lane, until, facts, want)) in table.iter().enumerate() {
            assert_eq!(seconds(&merge.put(round(*lane, *until, facts))), *want, "step {step}");
        }
        assert_eq!(merge.held, 0);
    }

    #[test]
    fn a_lane_that_is_never_heard_holds_nothing_up_for_ever() {
        let (_to, from) = sync_channel(1);
        let mut merge = Merge::new(2, from, Spare::default());
        let facts = vec![4; FACTS_HELD_MAX];
        assert_eq!(merge.put(round(0, 5, &facts)).len(), 0);
        assert_eq!(merge.put(round(0, 6, &[6])).len(), FACTS_HELD_MAX + 1);
        assert_eq!(merge.held, 0);
    }

    #[test]
    fn batches_that_go_round_do_not_become_more() {
        let (to, from) = sync_channel(2);
        let spare = Spare::default();
        let mut merge = Merge::new(2, from, spare.clone());
        let mut done = Batch::new();
        for secs in 1..100 {
            for lane in 0..2 {
                let mut facts = spare.take();
                facts.append(&mut round(lane, secs, &[secs]).facts);
                let until = at(secs);
                to.send(Round { facts, beat: None, lane, until }).expect("room");
            }
            done = merge.next(done).expect("facts").facts;
            assert_eq!(done.len(), 2);
        }
        assert!(spare.kept() <= 4, "{} batches", spare.kept());
    }

    #[test]
    fn what_is_held_at_the_end_is_given() {
        let (to, from) = sync_channel(4);
        let mut merge = Merge::new(2, from, Spare::default());
        to.send(round(1, 9, &[8])).expect("room");
        to.send(round(0, 7, &[7])).expect("room");
        drop(to);
        let mut given = Vec::new();
        while let Some(round) = merge.next(Batch::new()) {
            given.push(seconds(&round.facts));
        }
        assert_eq!(given, [vec![7], vec![8]]);
    }
}
