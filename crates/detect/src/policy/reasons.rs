//! What a rule asks for and what a use lacks of it, in words.

use super::hours::local_time;
use super::operator::OperatorPattern;
use super::page;
use super::rule::{Aspect, Kind, Rule, Use};

/// Why a use does not fit an aspect of a rule, as a clause.
pub(crate) fn lack(aspect: Aspect, rule: &Rule, made: &Use<'_>) -> String {
    match aspect {
        Aspect::Operator => {
            let wanted = joined(&rule.operators);
            match made.operators.first() {
                Some(seen) if made.tenant_seen => format!("{seen} is not {wanted}"),
                _ => format!("it is for {wanted}, and whose tenant it is does not show"),
            }
        }
        Aspect::Until => {
            let until = rule.until.map(|until| until.to_string()).unwrap_or_default();
            format!("it ended with {until}")
        }
        Aspect::Hours => {
            let Some(hours) = &rule.hours else { return String::new() };
            match made.at {
                Some(at) => {
                    let then = local_time(at, &hours.zone).strftime("%a %H:%M");
                    format!("{then} there lies outside of {}", hours.text)
                }
                None => format!("at some time it lies outside of {}", hours.text),
            }
        }
        Aspect::Peer => {
            let peer = made.peer.map(|peer| peer.to_string()).unwrap_or_default();
            format!("{peer} is not in {}", joined(&rule.peers))
        }
        Aspect::Zone => {
            let zones: Vec<&str> = rule.zones.iter().map(|zone| &**zone).collect();
            let zones = page::listed(&zones).replace('`', "").replace(", ", " or ");
            match made.zone {
                Some(zone) => format!("the host lies in {zone}, and it is for {zones}"),
                None => format!("the host lies in no zone, and it is for {zones}"),
            }
        }
        Aspect::Tool => match (&rule.tool, made.lure) {
            (Some(_), true) if rule.kind == Kind::Suppress => {
                "a tool's `suppress` says nothing of names that lie".to_owned()
            }
            (Some(_), true) => "none of its operators owns the name".to_owned(),
            (Some(tool), false) => format!("it is for {tool}"),
            (None, _) => "without a tool it allows names that lie, and nothing else".to_owned(),
        },
    }
}

/// How closely a rule looks at a use, key by key in the order in which rules are compared.
pub(crate) fn looks(rule: &Rule, place: usize, made: &Use<'_>) -> Vec<(&'static str, String)> {
    let or = |words: String, none: &str| if words.is_empty() { none.to_owned() } else { words };
    let zones: Vec<&str> = rule.zones.iter().map(|zone| &**zone).collect();
    let hours = rule.hours.as_ref().map(|hours| hours.text.to_string()).unwrap_or_default();
    let mut peers = or(joined(&rule.peers), "any peer");
    if made.peer.is_none() && !rule.peers.is_empty() {
        peers.push_str(", as long as no server is reached");
    }
    let until = rule.until.map(|until| format!("until {until}")).unwrap_or_default();
    let kind = match rule.kind {
        Kind::Allow => "allow, which comes before suppress",
        Kind::Suppress => "suppress",
    };
    vec![
        ("tool", or(rule.tool.as_ref().map(ToString::to_string).unwrap_or_default(), "any tool")),
        ("operators", operators(rule, made)),
        ("zones", or(zones.join(" or "), "any zone")),
        ("peers", peers),
        ("hours", or(hours, "any hour")),
        ("until", or(until, "no end")),
        ("kind", kind.to_owned()),
        ("order", format!("the {} rule of the policy", ordinal(place + 1))),
    ]
}

/// The pattern by which a rule fits a use's operator, and what it is worth.
fn operators(rule: &Rule, made: &Use<'_>) -> String {
    let fits = rule.operators.iter().filter(|pattern| pattern.fits_use(made));
    match fits.max_by_key(|pattern| pattern.weight()) {
        Some(pattern @ OperatorPattern::Exact(_)) => format!("{pattern}, exactly"),
        Some(pattern @ OperatorPattern::Below(_)) => {
            format!("{pattern}, a suffix of {} characters", pattern.weight())
        }
        Some(OperatorPattern::Unknown) => "a tenant that does not show".to_owned(),
        None if rule.operators.is_empty() => "any operator".to_owned(),
        None if made.common => "any of its tenants needs this server".to_owned(),
        None => joined(&rule.operators),
    }
}

fn joined(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
