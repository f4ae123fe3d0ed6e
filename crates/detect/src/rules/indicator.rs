//! A name or an address that a list reports.

use model::{Meaning, SignSource, Stage};

use super::rule::{Finding, Rule, Sight, Words};
use super::{LINK, REMOTE_ACCESS, TRANSFER};
use crate::weights::{INDICATOR_HIGH, INDICATOR_LOW, INDICATOR_MEDIUM};

pub(super) const RULE: Rule = Rule { name: "indicator", weigh };

static LISTED: Words = Words {
    title: "Entry of {list}",
    asked: "{host} asked for {target}",
    reached: "{host} reached {target}",
    advice: "look on {host} for what was opened and fetched around that time, and cut the host off \
             if a remote session followed",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let Meaning::Indicator { stage, .. } = &sight.sign.meaning else { return None };
    let is_port = sight.sign.source == SignSource::Port;
    if is_port || !sight.stands_alone() || sight.asked_from_outside() {
        return None;
    }
    let weight = match sight.sign.confidence_pct {
        85.. => &INDICATOR_HIGH,
        50.. => &INDICATOR_MEDIUM,
        _ => &INDICATOR_LOW,
    };
    let technique = match stage {
        Some(Stage::First) => LINK,
        Some(Stage::Second) => TRANSFER,
        Some(Stage::Relay) | None => REMOTE_ACCESS,
    };
    Some(sight.finding(weight, technique, &LISTED))
}
