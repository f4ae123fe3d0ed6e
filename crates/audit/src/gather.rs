//! The audit: takes what was read, in any order, and keeps what the report needs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{AlertId, Timestamp, ToolId, Usage};

use crate::entry::{Alarm, Entry, Rule};
use crate::figures::Period;
use crate::healths::Healths;
use crate::limits::{
    ALARMS_MAX, INPUTS_TOLD_MAX, PREVIOUS_MAX, REFUSED_TOLD_MAX, SENSORS_TOLD_MAX,
};
use crate::report::{InputRead, RefusedLine, Report};
use crate::uses::{Rows, joined};

/// What the report is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Question {
    /// Leave out what was over before it.
    pub since: Option<Timestamp>,
    /// Leave out what began then or later.
    pub until: Option<Timestamp>,
}

/// Lines of records, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Lines {
    /// Lines read.
    #[serde(rename = "lines")]
    pub read: u64,
    /// Lines that are no record which a report is made of.
    pub passed_over: u64,
    /// Lines that could not be read.
    pub refused: u64,
    /// Rows, alerts and runs that there was no room for.
    pub left_out: u64,
}

/// What a use is known by from one period to the next: host, tool, operator.
pub(crate) type UseName = (IpAddr, ToolId, Option<Arc<str>>);

/// An audit in the making.
#[derive(Default)]
pub struct Audit {
    pub(crate) question: Question,
    pub(crate) rows: Rows,
    pub(crate) alarms: HashMap<AlertId, Box<Alarm>>,
    pub(crate) healths: Healths,
    pub(crate) previous: Option<HashSet<UseName>>,
    pub(crate) read: Read,
}

/// What was read, and what was not.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) inputs: Vec<InputRead>,
    pub(crate) inputs_untold: u64,
    pub(crate) lines: Lines,
    pub(crate) refused_first: Vec<RefusedLine>,
    pub(crate) sensors: BTreeSet<Arc<str>>,
    pub(crate) sensors_untold: bool,
    /// Moments of all entries, before any was left out.
    pub(crate) seen: Option<Period>,
    /// Entries outside the period.
    pub(crate) outside: u64,
    pub(crate) alarms_missing: u64,
    pub(crate) previous_missing: u64,
}

impl Audit {
    /// An audit of nothing yet.
    #[must_use]
    pub fn new(question: Question) -> Audit {
        Audit { question, ..Audit::default() }
    }

    /// An input was read.
    pub fn input(&mut self, input: InputRead) {
        if self.read.inputs.len() < INPUTS_TOLD_MAX {
            self.read.inputs.push(input);
        } else {
            self.read.inputs_untold += 1;
        }
    }

    /// Lines were read.
    pub fn lines(&mut self, lines: Lines) {
        let sum = &mut self.read.lines;
        sum.read = sum.read.saturating_add(lines.read);
        sum.passed_over = sum.passed_over.saturating_add(lines.passed_over);
        sum.refused = sum.refused.saturating_add(lines.refused);
        sum.left_out = sum.left_out.saturating_add(lines.left_out);
    }

    /// Where a refused line stands, and why it is one. [`Self::lines`] counts it.
    pub fn refused(&mut self, place: &str, why: &str) {
        if self.read.refused_first.len() < REFUSED_TOLD_MAX {
            self.read.refused_first.push(RefusedLine { place: place.into(), why: why.into() });
        }
    }

    /// Rules that the policy in force has, be they none.
    pub fn policy(&mut self, rules: impl IntoIterator<Item = Rule>) {
        self.healths.policy_told();
        for rule in rules {
            self.healths.rule(&rule);
        }
    }

    /// Earlier records are given, be they none: a use that they do not hold is new.
    pub fn previous(&mut self, usages: impl IntoIterator<Item = Usage>) {
        let known = self.previous.get_or_insert_default();
        for usage in usages {
            if known.len() < PREVIOUS_MAX {
                known.insert((usage.host, usage.tool.0, usage.operator));
            } else {
                self.read.previous_missing += 1;
            }
        }
    }

    /// Take one thing that was read.
    pub fn take(&mut self, entry: Entry) {
        if let Entry::Fared(fared) = &entry {
            self.sensor(fared.sensor.as_ref());
        }
        if let Some(span) = span_of(&entry) {
            self.read.seen = Some(self.read.seen.map_or(span, |seen| seen.joined(span)));
            let Question { since, until } = self.question;
            if since.is_some_and(|since| span.end < since)
                || until.is_some_and(|until| span.start >= until)
            {
                self.read.outside += 1;
                return;
            }
        }
        match entry {
            Entry::Usage(usage) => self.rows.take(usage),
            Entry::Alarm(alarm) => self.alarm(alarm),
            Entry::Fared(fared) => self.healths.take(fared, self.question.since),
        }
    }

    fn sensor(&mut self, sensor: Option<&Arc<str>>) {
        let known = &mut self.read.sensors;
        let Some(sensor) = sensor.filter(|sensor| !known.contains(*sensor)) else { return };
        if known.len() < SENSORS_TOLD_MAX {
            known.insert(Arc::clone(sensor));
        } else {
            self.read.sensors_untold = true;
        }
    }

    /// The last telling of an alert stands.
    fn alarm(&mut self, alarm: Box<Alarm>) {
        if let Some(known) = self.alarms.get_mut(&alarm.id) {
            let start = known.start.min(alarm.start);
            let newer = (known.at, known.count) <= (alarm.at, alarm.count);
            let (old, young) = if newer { (&**known, &*alarm) } else { (&*alarm, &**known) };
            let identity = joined(&old.identity, &young.identity);
            if newer {
                *known = alarm;
            }
            known.start = start;
            known.identity = identity;
        } else if self.alarms.len() < ALARMS_MAX {
            self.alarms.insert(alarm.id, alarm);
        } else {
            self.read.alarms_missing += 1;
        }
    }

    /// All is read: the report.
    #[must_use]
    pub fn finish(self) -> Report {
        Report::of(self)
    }
}

/// From when to when an entry speaks.
fn span_of(entry: &Entry) -> Option<Period> {
    let (start, end) = match entry {
        Entry::Usage(usage) => (usage.first, usage.last),
        Entry::Alarm(alarm) => (alarm.start, alarm.end.max(alarm.start)),
        Entry::Fared(fared) => (fared.since, fared.at),
    };
    // A sensor that saw no packet has no time.
    (end > Timestamp::ZERO).then_some(Period { start: start.min(end), end })
}
