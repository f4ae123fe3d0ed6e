//! A body for fuzzing: it takes any octets and asserts what must hold for all of them.

use crate::limits::COMPLAINTS_MAX;
use crate::read::{Told, read};

/// Records of any octets are read the same twice, and every line is in one count. The first octets
/// stand before what a record of ours has behind them, so that a body gets past the opening brace.
pub fn records(octets: &[u8]) {
    let told = whole(octets);
    assert_eq!(told, whole(octets));
    let mut prefixed = BEGINNING.as_bytes().to_vec();
    prefixed.extend_from_slice(octets);
    whole(&prefixed);
}

const BEGINNING: &str = "{\"@timestamp\":\"2026-11-21T20:15:42.123456Z\",\"event\":{\"id\":\"000000\
    a1000000000000000000000000\",\"dataset\":\"rmmwatch.inventory\",\"start\":";

fn whole(octets: &[u8]) -> Told {
    let told = match read("records.jsonl", octets) {
        Ok(told) => told,
        Err(error) => panic!("octets in memory never fail: {error}"),
    };
    assert!(told.passed_over + told.refused + told.observations <= told.lines);
    let kept = told.usages.len() + told.alerts.len() + told.health.len();
    // An observation may show several uses.
    assert!(kept as u64 <= told.lines + octets.len() as u64 / 8);
    assert_eq!(told.complaints.len() as u64, told.refused.min(COMPLAINTS_MAX as u64));
    for complaint in &told.complaints {
        assert!(complaint.line >= 1 && complaint.column >= 1 && !complaint.why.is_empty());
        assert!(!complaint.to_string().contains(|c: char| c.is_control()), "{complaint}");
    }
    for usage in &told.usages {
        assert!(usage.signs > 0 || usage.sessions > 0, "{usage:?}");
    }
    for alert in &told.alerts {
        assert!(alert.confidence_pct <= 100, "{alert:?}");
    }
    told
}
