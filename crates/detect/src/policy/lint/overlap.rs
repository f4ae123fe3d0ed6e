//! Rules that can fit one use: which of them decides, and which never does.

use std::collections::BTreeMap;

use ipnet::IpNet;
use model::{Timestamp, ToolId};

use super::super::operator::OperatorPattern;
use super::super::rule::{Kind, Rule};
use super::week::Week;
use super::{Lint, has_ended};
use crate::limits::LINT_PAIRS_MAX;

/// A rule, its place in the policy, and its hours as a set.
struct Held<'a> {
    place: usize,
    rule: &'a Rule,
    week: Option<Week>,
}

pub(super) fn remark(rules: &[Rule], at: Timestamp, lint: &mut Lint) {
    let mut by_tool: BTreeMap<Option<&ToolId>, Vec<Held<'_>>> = BTreeMap::new();
    for (place, rule) in rules.iter().enumerate() {
        // What fits nothing overlaps nothing, and is told by itself.
        if !has_ended(rule, at) {
            let week = rule.hours.as_ref().map(Week::of);
            by_tool.entry(rule.tool.as_ref()).or_default().push(Held { place, rule, week });
        }
    }
    let mut pairs_left = LINT_PAIRS_MAX;
    for (tool, held) in &by_tool {
        // A rule without a tool meets those of all tools.
        let others = if tool.is_some() { by_tool.get(&None) } else { None };
        for (number, one) in held.iter().enumerate() {
            let later = held.get(number + 1..).unwrap_or_default();
            let met = later.iter().chain(others.into_iter().flatten());
            let met: Vec<&Held<'_>> = met.take(pairs_left).collect();
            pairs_left = pairs_left.saturating_sub(met.len());
            compare(one, &met, lint);
        }
    }
}

/// Hold a rule against others: say which of them never decides, else the first overlap.
fn compare(one: &Held<'_>, others: &[&Held<'_>], lint: &mut Lint) {
    let mut overlaps = 0;
    let mut first = None;
    for other in others {
        if let Some((ahead, behind)) = shadow(one, other) {
            let why = format!(
                "{} never decides: {} fits all that it fits, and comes before it",
                behind.rule.label, ahead.rule.label
            );
            let fix = "take one of them out, or make this one look more closely";
            lint.warn("shadowed", behind.rule.place.complain(why, fix));
        } else if meet(one, other) {
            let (ahead, behind, step) = closer(one, other);
            if ahead.rule.kind != behind.rule.kind {
                let (yes, no) = (ahead.rule.kind.word(), behind.rule.kind.word());
                let why = format!(
                    "{} and {} can fit the same use: {yes}, and not {no}, decides there, by \
                     {step}",
                    ahead.rule.label, behind.rule.label
                );
                let fix = "take what both fit out of one of them, unless that is meant";
                let line = |held: &Held<'_>| (held.rule.place.line, held.place);
                let later = if line(one) > line(other) { one } else { other };
                lint.warn("conflict", later.rule.place.complain(why, fix));
            } else {
                overlaps += 1;
                first.get_or_insert((other, ahead, step));
            }
        }
    }
    if let Some((other, ahead, step)) = first {
        let more =
            if overlaps > 1 { format!(", and {} more", overlaps - 1) } else { String::new() };
        let why = format!(
            "{} overlaps with {}{more}: where both fit, {} decides, by {step}",
            one.rule.label, other.rule.label, ahead.rule.label
        );
        lint.note("overlap", one.rule.place.complain(why, "nothing, if that is meant"));
    }
}

/// Of two rules the one that decides wherever the other fits, first; `None`: neither does.
fn shadow<'a, 'r>(one: &'a Held<'r>, other: &'a Held<'r>) -> Option<(&'a Held<'r>, &'a Held<'r>)> {
    let never = |ahead: &Held<'_>, behind: &Held<'_>| {
        let comes_first = (ahead.rule.kind, ahead.place) < (behind.rule.kind, behind.place);
        comes_first && as_close(ahead, behind)
    };
    match (never(one, other), never(other, one)) {
        (true, _) => Some((one, other)),
        (_, true) => Some((other, one)),
        _ => None,
    }
}

/// Whether a rule fits all that another fits, and looks as closely at each such use.
fn as_close(ahead: &Held<'_>, behind: &Held<'_>) -> bool {
    let (mine, its) = (ahead.rule, behind.rule);
    fn same_shape<T>(mine: &[T], its: &[T]) -> bool {
        mine.is_empty() == its.is_empty()
    }
    let until = match (mine.until, its.until) {
        (Some(mine), Some(its)) => mine >= its,
        (mine, its) => mine.is_none() && its.is_none(),
    };
    let hours = match (&ahead.week, &behind.week) {
        (Some(mine), Some(its)) => mine.covers(its),
        (mine, its) => mine.is_none() && its.is_none(),
    };
    // Without a tool an `allow` is for names that lie alone, a `suppress` for what lists report too.
    let same_things = mine.tool == its.tool && (mine.tool.is_some() || mine.kind == its.kind);
    same_things
        && until
        && hours
        && same_shape(&mine.operators, &its.operators)
        && its.operators.iter().all(|pattern| mine.operators.contains(pattern))
        && same_shape(&mine.zones, &its.zones)
        && its.zones.iter().all(|zone| mine.zones.contains(zone))
        && same_shape(&mine.peers, &its.peers)
        && its.peers.iter().all(|net| mine.peers.contains(net))
}

/// Whether some use can fit both. Rules without a tool are of other things: an `allow` of names
/// that lie, a `suppress` of those and of what lists report.
fn meet(one: &Held<'_>, other: &Held<'_>) -> bool {
    let (mine, its) = (one.rule, other.rule);
    let allows_names = |rule: &Rule| rule.tool.is_none() && rule.kind == Kind::Allow;
    let tools = mine.tool == its.tool || !allows_names(mine) && !allows_names(its);
    fn share<T>(mine: &[T], its: &[T], meets: impl Fn(&T, &T) -> bool) -> bool {
        let any = || mine.iter().any(|mine| its.iter().any(|its| meets(mine, its)));
        mine.is_empty() || its.is_empty() || any()
    }
    let hours = match (&one.week, &other.week) {
        (Some(mine), Some(its)) => mine.meets(its),
        _ => true,
    };
    tools
        && hours
        && share(&mine.operators, &its.operators, patterns_meet)
        && share(&mine.zones, &its.zones, |mine, its| mine == its)
        && share(&mine.peers, &its.peers, nets_meet)
}

fn patterns_meet(mine: &OperatorPattern, its: &OperatorPattern) -> bool {
    mine.covers(its) || its.covers(mine)
}

fn nets_meet(mine: &IpNet, its: &IpNet) -> bool {
    mine.contains(its) || its.contains(mine)
}

/// The one that decides where both fit, the other, and the key that says so.
fn closer<'a, 'r>(
    one: &'a Held<'r>,
    other: &'a Held<'r>,
) -> (&'a Held<'r>, &'a Held<'r>, &'static str) {
    let (mine, its) = (one.rule, other.rule);
    let weight = |rule: &Rule, against: &Rule| {
        let meeting = rule.operators.iter().filter(|pattern| {
            let mut others = against.operators.iter();
            against.operators.is_empty() || others.any(|other| patterns_meet(pattern, other))
        });
        meeting.map(OperatorPattern::weight).max().unwrap_or(0)
    };
    let prefix = |rule: &Rule, against: &Rule| {
        let meeting = rule.peers.iter().filter(|net| {
            against.peers.is_empty() || against.peers.iter().any(|other| nets_meet(net, other))
        });
        meeting.map(|net| usize::from(net.prefix_len()) + 1).max().unwrap_or(0)
    };
    let flag = usize::from;
    let steps = [
        ("tool", flag(mine.tool.is_some()), flag(its.tool.is_some())),
        ("operators", weight(mine, its), weight(its, mine)),
        ("zones", flag(!mine.zones.is_empty()), flag(!its.zones.is_empty())),
        ("peers", prefix(mine, its), prefix(its, mine)),
        ("hours", flag(mine.hours.is_some()), flag(its.hours.is_some())),
        ("until", flag(mine.until.is_some()), flag(its.until.is_some())),
        ("kind", flag(mine.kind == Kind::Allow), flag(its.kind == Kind::Allow)),
    ];
    let step = steps.into_iter().find(|(_, mine, its)| mine != its);
    match step {
        Some((step, mine, its)) if mine > its => (one, other, step),
        Some((step, ..)) => (other, one, step),
        None if one.place < other.place => (one, other, "order"),
        None => (other, one, "order"),
    }
}
