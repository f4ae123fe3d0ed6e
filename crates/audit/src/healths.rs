//! How the sensors fared, from counts since each one's start, and which rules they knew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Timestamp;

use crate::entry::{Count, Fared, Rule};
use crate::limits::{RULES_MAX, RUNS_MAX};

/// Counts of all sensors, and rules of all policies.
#[derive(Default)]
pub(crate) struct Healths {
    /// The last record of each run, by sensor and first frame.
    runs: BTreeMap<(Option<Arc<str>>, Timestamp), Box<Fared>>,
    /// Rules that were in force, by id.
    rules: BTreeMap<Arc<str>, Rule>,
    /// Those of them that decided something.
    used: BTreeSet<Arc<str>>,
    rules_told: bool,
    /// Health records for which there was no room.
    pub(crate) runs_missing: u64,
    /// Rules for which there was no room.
    pub(crate) rules_missing: u64,
}

/// Counts of all sensors together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Total {
    pub(crate) counts: BTreeMap<Count, u64>,
    pub(crate) refused: BTreeMap<Arc<str>, u64>,
    /// Runs that it is the sum of.
    pub(crate) runs: u64,
}

impl Total {
    pub(crate) fn get(&self, count: Count) -> u64 {
        self.counts.get(&count).copied().unwrap_or(0)
    }

    /// Whether a sensor counted it at all.
    pub(crate) fn tells(&self, count: Count) -> bool {
        self.counts.contains_key(&count)
    }
}

impl Healths {
    /// Take a record; the last one of each run stands. `since` begins the period.
    pub(crate) fn take(&mut self, fared: Box<Fared>, since: Option<Timestamp>) {
        for rule in fared.rules.iter().flatten() {
            if !self.rules.contains_key(&rule.rule) {
                self.rule(&Rule { id: Arc::clone(&rule.rule), ..Rule::default() });
            }
            let in_time = since.is_none_or(|since| rule.last.is_some_and(|last| last >= since));
            if rule.uses > 0 && in_time && self.rules.contains_key(&rule.rule) {
                self.used.insert(Arc::clone(&rule.rule));
            }
        }
        self.rules_told |= fared.rules.is_some();
        let key = (fared.sensor.clone(), fared.since);
        let full = self.runs.len() >= RUNS_MAX;
        match self.runs.get_mut(&key) {
            Some(known) if known.at <= fared.at => *known = fared,
            Some(_) => {}
            None if full => self.runs_missing += 1,
            None => {
                self.runs.insert(key, fared);
            }
        }
    }

    /// A rule is in force.
    pub(crate) fn rule(&mut self, rule: &Rule) {
        if self.rules.len() < RULES_MAX || self.rules.contains_key(&rule.id) {
            self.rules.insert(Arc::clone(&rule.id), rule.clone());
        } else {
            self.rules_missing += 1;
        }
    }

    /// A policy was told, be it without a rule.
    pub(crate) fn policy_told(&mut self) {
        self.rules_told = true;
    }

    /// Rules in force that decided nothing, by id; `None` where nothing tells which were in force.
    pub(crate) fn unused(&self) -> Option<impl Iterator<Item = &Rule>> {
        let unused = self.rules.values().filter(|rule| !self.used.contains(&rule.id));
        self.rules_told.then_some(unused)
    }

    /// All counts.
    pub(crate) fn total(&self) -> Total {
        let mut total = Total { runs: self.runs.len() as u64, ..Total::default() };
        for run in self.runs.values() {
            add(&mut total.counts, &run.counts);
            add(&mut total.refused, &run.refused);
        }
        total
    }
}

fn add<K: Ord + Clone>(sum: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        let place = sum.entry(key.clone()).or_default();
        *place = place.saturating_add(*count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::RuleCount;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs, 0)
    }

    fn fared(sensor: &str, since: u64, until: u64, frames: u64) -> Box<Fared> {
        Box::new(Fared {
            sensor: Some(sensor.into()),
            since: at(since),
            at: at(until),
            counts: [(Count::Frames, frames)].into(),
            ..Fared::default()
        })
    }

    #[test]
    fn the_last_record_of_each_run_counts() {
        type Row<'a> = (&'a [(&'a str, u64, u64, u64)], u64);
        let table: [Row<'_>; 4] = [
            (&[("a", 1, 10, 5), ("a", 1, 20, 9)], 9),
            (&[("a", 1, 20, 9), ("a", 1, 10, 5)], 9), // any order
            (&[("a", 1, 10, 5), ("a", 30, 40, 2)], 7), // began anew
            (&[("a", 1, 10, 5), ("b", 1, 10, 2)], 7),
        ];
        for (records, want) in table {
            let mut healths = Healths::default();
            for &(sensor, since, until, frames) in records {
                healths.take(fared(sensor, since, until, frames), None);
            }
            assert_eq!(healths.total().get(Count::Frames), want, "{records:?}");
        }
    }

    #[test]
    fn a_rule_is_unused_that_decided_nothing_in_the_period() {
        let table = [(0, None, None, true), (2, Some(5), None, false), (2, Some(5), Some(9), true)];
        for (uses, last, since, unused) in table {
            let mut healths = Healths::default();
            assert!(healths.unused().is_none());
            let rules = vec![RuleCount { rule: "allow[0] x".into(), uses, last: last.map(at) }];
            let record = Fared { rules: Some(rules), ..*fared("a", 1, 10, 5) };
            healths.take(Box::new(record), since.map(at));
            assert_eq!(healths.unused().expect("told").count() == 1, unused);
        }
    }

    #[test]
    fn runs_beyond_the_bound_are_counted() {
        let mut healths = Healths::default();
        for run in 0..RUNS_MAX as u64 + 3 {
            healths.take(fared("a", run, run, 1), None);
        }
        assert_eq!((healths.total().runs, healths.runs_missing), (RUNS_MAX as u64, 3));
    }
}
