//! A name or an address that a list reports.

use model::{ListKind, Meaning, SignSource, Stage};

use super::rule::{Finding, Rule, Sight, Words};
use super::{LINK, REMOTE_ACCESS, TRANSFER};
use crate::weights::{
    INDICATOR_HIGH, INDICATOR_LOW, INDICATOR_MEDIUM, SWEEP_LOW, SWEEP_MEDIUM, Weight,
};

pub(super) const RULE: Rule = Rule { name: "indicator", weigh };

static SWEPT: Words = Words {
    title: "Entry of {list}",
    asked: "{host} asked for {target}",
    reached: "{host} reached {target}",
    advice: "find out who runs {target}, and ask the user of {host} who is connected",
};

static LISTED: Words = Words {
    title: "Entry of {list}",
    asked: "{host} asked for {target}",
    reached: "{host} reached {target}",
    advice: "look on {host} for what was opened and fetched around that time, and cut the host off \
             if a remote session followed",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let Meaning::Indicator { stage, kind, .. } = &sight.sign.meaning else { return None };
    let is_port = sight.sign.source == SignSource::Port;
    let expired = sight.sign.meaning.is_expired(sight.at);
    if is_port || expired || !sight.stands_alone() || sight.asked_from_outside() {
        return None;
    }
    let (weight, words) = weight_of(*kind, sight.sign.confidence_pct)?;
    let technique = match stage {
        Some(Stage::First) => LINK,
        Some(Stage::Second) => TRANSFER,
        Some(Stage::Relay) | None => REMOTE_ACCESS,
    };
    Some(sight.finding(weight, technique, words))
}

/// Only what a list says of attackers is loud. A vendor's server and a name's youth are no reason
/// to call anyone; they count beside others.
fn weight_of(kind: ListKind, sure_pct: u8) -> Option<(&'static Weight, &'static Words)> {
    match (kind, sure_pct) {
        (ListKind::Attacker, 85..) => Some((&INDICATOR_HIGH, &LISTED)),
        (ListKind::Attacker, 50..) => Some((&INDICATOR_MEDIUM, &LISTED)),
        (ListKind::Attacker, _) => Some((&INDICATOR_LOW, &LISTED)),
        (ListKind::Sweep, 85..) => Some((&SWEEP_MEDIUM, &SWEPT)),
        (ListKind::Sweep, _) => Some((&SWEEP_LOW, &SWEPT)),
        (ListKind::Vendor | ListKind::Young, _) => None,
    }
}
