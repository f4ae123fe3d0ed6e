//! A port of a tool on a host inside, reached from outside. Ports belong to nobody: the policy says
//! whether one alone is worth an alert.

use model::{Direction, SignSource};

use super::REMOTE_ACCESS;
use super::rule::{Finding, Rule, Sight, Words};
use crate::weights::{PORT, is_use};

pub(super) const RULE: Rule = Rule { name: "port", weigh };

static REACHED: Words = Words {
    title: "{tool}: from outside",
    asked: "{peer} outside asked for a port of {tool} on {host}",
    reached: "{peer} outside reached {target}, a port of {tool}, on {host}, and what answered does \
              not show",
    advice: "find out what answers there, and close it at the perimeter unless it is meant for \
             everyone",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let (role, _) = sight.tool()?;
    let hint = sight.sign.source == SignSource::Port && sight.stands_alone();
    (hint && sight.direction == Direction::Inbound && is_use(role)).then(|| Finding {
        // No port is specific, and the weight is that of a hint already.
        severity: model::Severity::new(PORT.severity),
        weight: &PORT,
        techniques: REMOTE_ACCESS,
        words: &REACHED,
    })
}
