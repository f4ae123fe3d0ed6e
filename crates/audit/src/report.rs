//! The report: everything that any of its formats tells, in the order in which it is told.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{AlertId, Timestamp};
use serde::Serialize;

use crate::blind::{self, BlindSpot};
use crate::entry::{Alarm, Rule};
use crate::figures::{Figures, Period};
use crate::gather::{Audit, Lines, Question, Read, UseName};
use crate::hosts::{self, HostRow, ToolRow};
use crate::limits::ROWS_MAX;
use crate::moment;
use crate::uses::{self, Alarmed, KnownFrom, Use};

/// A report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The period that was asked for, where one was.
    pub asked: Question,
    /// From the first to the last moment of what is told; `None` where nothing is.
    pub period: Option<Period>,
    /// What was read.
    pub inputs: Vec<InputRead>,
    /// Inputs that are not told by name.
    pub inputs_untold: u64,
    /// Names of sensors.
    pub sensors: Vec<Arc<str>>,
    /// Lines of records.
    pub lines: Lines,
    /// The first lines that could not be read.
    pub refused_first: Vec<RefusedLine>,
    /// The report in a few figures.
    pub figures: Figures,
    /// Incidents, the worst first.
    pub incidents: Vec<Incident>,
    /// Who uses what: unauthorised first, then the worst, then the latest.
    pub uses: Vec<Use>,
    /// Hosts, those with most tools first.
    pub hosts: Vec<HostRow>,
    /// Tools, those that most hosts use without leave first.
    pub tools: Vec<ToolRow>,
    /// Alerts that are no incidents, the worst first.
    pub alerts: Vec<Alert>,
    /// Rules of the policy in force without a use; `None` where nothing tells the policy.
    pub unused: Option<Vec<UnusedRule>>,
    /// Where the sensor could not see; empty where no sensor told how it fared.
    pub blind: Vec<BlindSpot>,
    /// What the report leaves out or cannot know, in sentences.
    pub left_out: Vec<String>,
    /// Whether nothing was read that could tell of anything.
    pub nothing: bool,
}

/// An input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InputRead {
    /// As the user named it.
    pub name: String,
    /// `records` or `capture`.
    pub kind: &'static str,
}

/// A line that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RefusedLine {
    /// File, line and column.
    pub place: String,
    /// Why.
    pub why: String,
}

/// An incident: several stages on one host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    /// Its last telling; its stages are in the order of their times.
    pub alarm: Alarm,
}

/// An alert that is no incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// Its last telling.
    pub alarm: Alarm,
    /// The incident that it became a stage of: its place in [`Report::incidents`].
    pub incident: Option<usize>,
}

/// A rule that nothing in the period needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnusedRule {
    /// The rule.
    pub rule: Rule,
    /// Whether it had run out before the period ended.
    pub expired: bool,
}

impl Report {
    pub(crate) fn of(audit: Audit) -> Report {
        let Audit { question, rows, alarms, healths, previous, read } = audit;
        let rows_missing = rows.missing;
        let alarmed = Alarmed::of(&alarms);
        let newness = Newness { since: question.since, seen: read.seen, previous };
        let mut uses: Vec<Use> = rows
            .put_together(alarms.values().map(|alarm| &**alarm))
            .into_iter()
            .map(|(usage, known_from)| {
                let (severity, incident) = alarmed.about(&usage).unzip();
                let new = newness.of(&usage);
                Use { usage, known_from, severity, incident: incident.unwrap_or(false), new }
            })
            .collect();
        uses::sort(&mut uses);
        let (incidents, alerts) = split(alarms.into_values().map(|alarm| *alarm));
        let hosts = hosts::hosts(&uses, &incidents);
        let tools = hosts::tools(&hosts);
        let period = period(&question, &read);
        let nothing = read.seen.is_none() && read.lines.passed_over == 0;
        let used: HashSet<&Arc<str>> = uses.iter().map(|one| &one.usage.rule).collect();
        let unused = healths.unused().map(|rules| {
            let rules = rules.filter(|rule| !used.contains(&rule.id));
            let expired = |rule: &Rule| {
                rule.until.zip(period).is_some_and(|(until, period)| until <= period.end)
            };
            rules.map(|rule| UnusedRule { expired: expired(rule), rule: rule.clone() }).collect()
        });
        let total = healths.total();
        let missing = Missing {
            rows: rows_missing,
            runs: healths.runs_missing,
            rules: healths.rules_missing,
            no_health: total.runs == 0,
            no_previous: newness.previous.is_none(),
        };
        Report {
            left_out: left_out(&question, &read, &missing, &uses),
            figures: Figures::of(&uses, &incidents, &alerts),
            asked: question,
            period,
            inputs: read.inputs,
            inputs_untold: read.inputs_untold,
            sensors: read.sensors.into_iter().collect(),
            lines: read.lines,
            refused_first: read.refused_first,
            incidents,
            uses,
            hosts,
            tools,
            alerts,
            unused,
            blind: blind::spots(&total),
            nothing,
        }
    }

    /// What a reader with time for one sentence should know.
    pub(crate) fn sentence(&self) -> String {
        if self.nothing {
            // An empty file is no proof that nobody uses anything.
            return "Nothing was read that could tell of remote access: neither a record nor a \
                    packet."
                .to_owned();
        }
        self.figures.sentence()
    }
}

/// What was asked for, and where that is open, what there is.
fn period(question: &Question, read: &Read) -> Option<Period> {
    let seen = read.seen;
    let start = question.since.or(seen.map(|seen| seen.start))?;
    let end = question.until.or(seen.map(|seen| seen.end))?;
    Some(Period { start, end: end.max(start) })
}

/// Whether a use began in the period.
struct Newness {
    since: Option<Timestamp>,
    seen: Option<Period>,
    previous: Option<HashSet<UseName>>,
}

impl Newness {
    fn of(&self, usage: &model::Usage) -> Option<bool> {
        if let Some(previous) = &self.previous {
            let key = (usage.host, usage.tool.0.clone(), usage.operator.clone());
            return Some(!previous.contains(&key));
        }
        let begun = self.since.map(|since| usage.first >= since);
        if begun == Some(false) {
            return Some(false);
        }
        // That a use begins with the records says nothing; that others began long before does.
        let earlier = self.since.zip(self.seen).is_some_and(|(since, seen)| seen.start < since);
        usage.new.or_else(|| begun.filter(|_| earlier))
    }
}

/// Incidents and other alerts, each in its order.
fn split(alarms: impl Iterator<Item = Alarm>) -> (Vec<Incident>, Vec<Alert>) {
    let (mut incidents, mut alerts) = (Vec::new(), Vec::new());
    for mut alarm in alarms {
        if alarm.stages.is_empty() {
            alerts.push(Alert { alarm, incident: None });
        } else {
            alarm.stages.sort_by_key(|stage| stage.at);
            incidents.push(Incident { alarm });
        }
    }
    incidents.sort_by_key(|one| (Reverse(one.alarm.severity), one.alarm.start, one.alarm.id));
    let mut stage_of: HashMap<AlertId, usize> = HashMap::new();
    for (place, incident) in incidents.iter().enumerate() {
        for stage in &incident.alarm.stages {
            stage_of.entry(stage.event).or_insert(place);
        }
    }
    for alert in &mut alerts {
        alert.incident = stage_of.get(&alert.alarm.id).copied();
    }
    alerts.sort_by_key(|one| (Reverse(one.alarm.severity), Reverse(one.alarm.end), one.alarm.id));
    (incidents, alerts)
}

/// What there was no room for, or nothing to go by.
struct Missing {
    rows: u64,
    runs: u64,
    rules: u64,
    no_health: bool,
    no_previous: bool,
}

/// What a reader should know that the tables do not say.
fn left_out(question: &Question, read: &Read, missing: &Missing, uses: &[Use]) -> Vec<String> {
    let mut said = Vec::new();
    let mut counted = |count: u64, one: &str, many: &str| {
        if count > 0 {
            said.push(format!("{}.", moment::counted(count, one, many)));
        }
    };
    counted(
        read.outside,
        "entry lies outside the period and is left out",
        "entries lie outside the period and are left out",
    );
    counted(
        missing.rows.saturating_add(read.alarms_missing).saturating_add(read.lines.left_out),
        "row or alert is missing, since there was no room for it",
        "rows or alerts are missing, since there was no room for them",
    );
    counted(
        missing.runs,
        "record of a sensor's health is missing in the blind spots, since there was no room for it",
        "records of sensors' health are missing in the blind spots, since there was no room for \
         them",
    );
    counted(
        missing.rules,
        "rule of the policy is missing, since there was no room for it",
        "rules of the policy are missing, since there was no room for them",
    );
    counted(
        read.previous_missing,
        "earlier use was not remembered; some may look new that are not",
        "earlier uses were not remembered; some may look new that are not",
    );
    let thin = uses.iter().filter(|one| one.known_from == KnownFrom::Alerts).count() as u64;
    counted(
        thin,
        "use is known from alerts alone: give the inventory's records too for its sessions and \
         octets",
        "uses are known from alerts alone: give the inventory's records too for their sessions and \
         octets",
    );
    if uses.len() >= ROWS_MAX {
        said.push("The table of uses is full; use a shorter period.".to_owned());
    }
    let dated = question.since.is_some() || question.until.is_some();
    if dated && !uses.is_empty() {
        let whole = "Sessions, octets and blind spots are those of whole rows and whole runs of \
                     the sensor, also where they reach beyond the period.";
        said.push(whole.to_owned());
    }
    if missing.no_health {
        let blind = "No record tells how the sensor fared, so that what it could not see is \
                     unknown: give the health records too.";
        said.push(blind.to_owned());
    }
    let unknown = uses.iter().filter(|one| one.new.is_none()).count() as u64;
    if unknown > 0 && missing.no_previous {
        let counted = moment::counted(unknown, "use", "uses");
        said.push(format!(
            "Nothing tells whether {counted} began in this period; give earlier records with \
             --previous."
        ));
    }
    if read.sensors_untold {
        said.push("Not all sensors are named.".to_owned());
    }
    said
}
