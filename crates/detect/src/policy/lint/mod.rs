//! What is right in a policy and still not what anyone wants: rules that never decide, that have
//! ended, that let too much through, that nobody answers for.

#[cfg(test)]
mod cases;
mod overlap;
mod week;
mod zones;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Complaint, Timestamp};

use super::Policy;
use super::hours::local_time;
use super::rule::{Kind, Place, Rule};
use crate::limits::LINT_REMARKS_MAX;

/// How bad a remark is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// The program does not start with it.
    Error,
    /// It does something else than it says, or lets more through than anyone would say.
    Warning,
    /// Worth a look.
    Note,
}

impl Level {
    /// The level as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

/// One thing that is to be said of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// How bad.
    pub level: Level,
    /// What kind of thing, e.g. `shadowed`; stable.
    pub code: &'static str,
    /// Where, why, and what to do.
    pub complaint: Complaint,
}

/// What a policy is held against.
#[derive(Clone, Copy, Debug)]
pub struct LintOptions<'a> {
    /// The ids of the catalogue's tools.
    pub tools: &'a [&'a str],
    /// The moment by which rules have ended.
    pub at: Timestamp,
    /// How often each rule decided, by label, in the records that were read; `None`: there were
    /// none.
    pub uses: Option<&'a BTreeMap<Arc<str>, u64>>,
}

/// All that is to be said of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lint {
    /// The remarks, in the order of the files.
    pub remarks: Vec<Remark>,
    /// Remarks that there was no room for.
    pub left_out: u64,
    /// Rules that the records tell of and that the policy lacks: they were of another policy.
    pub foreign_rules: Vec<Arc<str>>,
}

/// Days before its end from which a rule is said to end soon: time to ask whoever answers for it.
const ENDS_SOON_DAYS: i32 = 30;

/// The word that stands for an owner until someone is found.
pub(crate) const NOBODY_YET: &str = "TODO";

impl Policy {
    /// What is to be said of the policy, beside what reading it complained of.
    #[must_use]
    pub fn lint(&self, options: &LintOptions<'_>) -> Lint {
        let mut lint = Lint::default();
        for complaint in self.check_tools(options.tools) {
            lint.push(Level::Error, "unknown-tool", complaint);
        }
        for rule in &self.rules {
            ended(rule, options.at, &mut lint);
            broad(rule, &mut lint);
            unanswered(rule, &mut lint);
        }
        overlap::remark(&self.rules, options.at, &mut lint);
        zones::remark(&self.zones, &self.rules, &mut lint);
        self.never_hit(options, &mut lint);
        lint.remarks.sort_by(|one, other| {
            let key = |remark: &Remark| (remark.complaint.clone(), remark.level);
            key(one).cmp(&key(other))
        });
        lint
    }

    fn never_hit(&self, options: &LintOptions<'_>, lint: &mut Lint) {
        let Some(uses) = options.uses else { return };
        for rule in &self.rules {
            if uses.get(&rule.label).copied().unwrap_or(0) == 0 {
                let why = format!("{} never decided in the records", rule.label);
                let fix = "take it out if nothing needs it any more";
                lint.note("never-hit", rule.place.complain(why, fix));
            }
        }
        let mine = |label: &Arc<str>| self.rules.iter().any(|rule| rule.label == *label);
        let foreign = uses.keys().filter(|label| !mine(label));
        lint.foreign_rules = foreign.take(LINT_REMARKS_MAX).cloned().collect();
    }
}

impl Lint {
    /// How many remarks there are of a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.remarks.iter().filter(|remark| remark.level == level).count()
    }

    fn push(&mut self, level: Level, code: &'static str, complaint: Complaint) {
        if self.remarks.len() >= LINT_REMARKS_MAX && level != Level::Error {
            self.left_out += 1;
            return;
        }
        self.remarks.push(Remark { level, code, complaint });
    }

    fn warn(&mut self, code: &'static str, complaint: Complaint) {
        self.push(Level::Warning, code, complaint);
    }

    fn note(&mut self, code: &'static str, complaint: Complaint) {
        self.push(Level::Note, code, complaint);
    }
}

/// Where a key of a rule stands; the rule, where it has no such key.
fn place<'a>(rule: &'a Rule, key: &str) -> &'a Place {
    rule.keys.of(key).unwrap_or(&rule.place)
}

/// The day that `at` is in the zone by which a rule ends.
fn today(rule: &Rule, at: Timestamp) -> Date {
    let zone = rule.hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
    local_time(at, &zone).date()
}

fn has_ended(rule: &Rule, at: Timestamp) -> bool {
    rule.until.is_some_and(|until| until < today(rule, at))
}

fn ended(rule: &Rule, at: Timestamp, lint: &mut Lint) {
    let Some(until) = rule.until else { return };
    let label = &rule.label;
    if has_ended(rule, at) {
        let why = format!("{label} ended with {until} and fits nothing any more");
        let fix = "take it out, or give it a new end if it is still wanted";
        return lint.warn("expired", place(rule, "until").complain(why, fix));
    }
    let days = until.since(today(rule, at)).map_or(0, |span| span.get_days());
    if days <= ENDS_SOON_DAYS {
        let why = format!("{label} ends with {until}, {}", left(days));
        lint.note(
            "ends-soon",
            place(rule, "until").complain(why, "ask its owner whether it goes on"),
        );
    }
}

fn left(days: i32) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    }
}

fn broad(rule: &Rule, lint: &mut Lint) {
    let label = &rule.label;
    let what = rule.tool.as_ref().map_or("it", |tool| tool.as_str());
    if rule.operators.is_empty() {
        let (why, level) = match rule.kind {
            Kind::Allow => (format!("{label} lets any operator of {what} pass"), Level::Warning),
            Kind::Suppress => {
                (format!("{label} keeps quiet about any operator of {what}"), Level::Note)
            }
        };
        let fix = "add `operators` with your tenant, or with \"unknown\" where it never shows";
        lint.push(level, "any-operator", rule.place.complain(why, fix));
    }
    let whole = |net: &ipnet::IpNet| net.prefix_len() == 0;
    if rule.peers.iter().any(whole) {
        let why = format!("{label} names the whole Internet as peers");
        let fix = "leave `peers` out, or name the networks that are meant";
        lint.warn("any-peer", place(rule, "peers").complain(why, fix));
    }
    // A rule without a tool is about names, which no zone makes any better.
    if rule.zones.is_empty() && rule.tool.is_some() {
        let why = format!("{label} holds everywhere");
        lint.note("any-zone", rule.place.complain(why, "add `zones` with those that need it"));
    }
}

fn unanswered(rule: &Rule, lint: &mut Lint) {
    let label = &rule.label;
    match rule.owner.as_deref() {
        None => {
            let why = format!("nobody answers for {label}");
            lint.note("no-owner", rule.place.complain(why, "add `owner`"));
        }
        Some(NOBODY_YET) => {
            let why = format!("the owner of {label} is still to be found");
            lint.note("no-owner", place(rule, "owner").complain(why, "write who answers for it"));
        }
        Some(_) => {}
    }
    if rule.reason.is_none() {
        let why = format!("{label} does not say why it stands there");
        lint.note("no-reason", rule.place.complain(why, "add `reason`"));
    }
}
