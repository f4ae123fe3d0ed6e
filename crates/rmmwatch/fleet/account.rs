//! The partitions' reports as one.

use std::collections::BTreeMap;

use intel::Book;
use model::{Health, RuleUse};

use super::work::Report;

/// All partitions' health, added up.
pub(super) fn sum(reports: &[Report], book: &Book) -> Health {
    let mut health = Health {
        feeds: book.feeds().iter().map(crate::analyst::loaded).collect(),
        ..Health::default()
    };
    for report in reports {
        let Report { health: part, merge, unreadable, .. } = report;
        health.observations += part.observations;
        health.updates += part.updates;
        health.tls_hellos += part.tls_hellos;
        health.tls_nameless += part.tls_nameless;
        health.tls_ech += part.tls_ech;
        for (into, from) in
            [(&mut health.alerts, &part.alerts), (&mut health.authorised, &part.authorised)]
        {
            for (rule, count) in from {
                *into.entry(rule.clone()).or_default() += count;
            }
        }
        add_rules(&mut health.rules, &part.rules);
        let merged = [
            ("fleet_facts_forced", merge.forced),
            ("fleet_facts_late", merge.late),
            ("fleet_facts_lost", merge.lost),
            ("fleet_messages_foreign", merge.foreign),
            ("fleet_messages_missing", merge.missing),
            ("fleet_messages_twice", merge.twice),
            ("fleet_messages_unreadable", *unreadable),
        ];
        for (what, count) in part.memory.iter().map(|(what, count)| (*what, *count)).chain(merged) {
            *health.memory.entry(what).or_default() += count;
        }
        // Each sensor is heard by every partition.
        let sensors = health.memory.entry("fleet_sensors").or_default();
        *sensors = (*sensors).max(merge.sensors);
    }
    health
}

/// Alerts first told, by the word of their severity.
pub(super) fn severities(reports: &[Report]) -> BTreeMap<&'static str, u64> {
    let mut all = BTreeMap::new();
    for (word, count) in reports.iter().flat_map(|report| &report.severities) {
        *all.entry(*word).or_default() += count;
    }
    all
}

/// A key that nobody outside can know: the standard library's own source of random keys.
pub(super) fn random_key() -> [u64; 2] {
    use std::hash::{BuildHasher as _, RandomState};
    [RandomState::new().hash_one(0u8), RandomState::new().hash_one(1u8)]
}

fn add_rules(into: &mut Vec<RuleUse>, from: &[RuleUse]) {
    for rule in from {
        match into.iter_mut().find(|known| known.rule == rule.rule) {
            Some(known) => {
                known.uses += rule.uses;
                known.signs += rule.signs;
                known.last = known.last.max(rule.last);
            }
            None => into.push(rule.clone()),
        }
    }
}
