//! What each section says, as sentences and tables, for every format that people read.

use std::fmt::Write as _;

use model::{Identity, Severity};

use super::tables::{Cell, Column, Table, Tone, numbers, prose, words};
use crate::blind::BlindSpot;
use crate::entry::{Alarm, Stage};
use crate::hosts::HostRow;
use crate::limits::{STAGES_TOLD_MAX, TOOLS_NAMED_MAX};
use crate::moment;
use crate::plain::plain;
use crate::report::{Alert, Incident, Report, UnusedRule};
use crate::uses::Use;

/// What is said where a section has nothing.
pub(crate) const NO_USES: &str = "No use of remote-access software was seen.";
pub(crate) const NO_INCIDENTS: &str = "None: no host showed several stages of one story.";
pub(crate) const NO_ALERTS: &str = "None.";
pub(crate) const NO_UNUSED: &str = "None: every rule of the policy was needed.";
pub(crate) const NO_POLICY: &str =
    "Not known: no policy was given, and no health record tells which rules were in force.";
const NO_NEW: &str = "None: every use was known before.";
const NEW_UNKNOWN: &str =
    "Not known: nothing tells which uses were there before. Give earlier records with --previous.";
pub(crate) const NO_HEALTH: &str =
    "Not known: no record tells how the sensor fared. Give the health records too.";

/// What is said where no use is new.
pub(crate) fn no_new(report: &Report) -> &'static str {
    match (report.uses.is_empty(), report.figures.uses_new) {
        (true, _) => NO_USES,
        (false, None) => NEW_UNKNOWN,
        (false, Some(_)) => NO_NEW,
    }
}

/// The first lines: period, sensor, and what was read.
pub(crate) fn heading(report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = vec![("Period", period(report))];
    if !report.sensors.is_empty() {
        lines.push(("Sensor", listed(report.sensors.iter().map(|name| plain(name)))));
    }
    lines.push(("Read", read(report)));
    lines
}

/// `2026-11-20 20:00:12 to 2026-11-21 08:00:00 UTC (12 h)`.
pub(crate) fn period(report: &Report) -> String {
    let Some(period) = report.period else { return "nothing that has a time".to_owned() };
    let long = period.end.since(period.start);
    format!(
        "{} to {} UTC ({})",
        moment::to_second(period.start),
        moment::to_second(period.end),
        moment::span(long)
    )
}

/// `1,204 records, 3 lines refused; edge.jsonl, core.pcap`.
pub(crate) fn read(report: &Report) -> String {
    let lines = report.lines;
    let mut said = moment::counted(lines.read, "record", "records");
    let refused = moment::counted(lines.refused, "line refused", "lines refused");
    let _ = write!(said, ", {refused}");
    if lines.passed_over > 0 {
        let _ = write!(said, ", {} passed over", moment::number(lines.passed_over));
    }
    if !report.inputs.is_empty() {
        let names = listed(report.inputs.iter().map(|input| plain(&input.name)));
        let _ = write!(said, "; {names}");
    }
    if report.inputs_untold > 0 {
        let _ = write!(said, " and {} more", moment::number(report.inputs_untold));
    }
    said
}

fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The figures, each with what it counts.
pub(crate) fn figures(report: &Report) -> Vec<(String, &'static str, Tone)> {
    let figures = &report.figures;
    let number = moment::number;
    let each = |count: u64, one, many| if count == 1 { one } else { many };
    let bad = |count: u64, tone| if count > 0 { tone } else { Tone::Usual };
    let mut said = vec![
        (
            number(figures.incidents),
            each(figures.incidents, "incident", "incidents"),
            bad(figures.incidents, Tone::Incident),
        ),
        (
            number(figures.uses_unauthorised),
            each(figures.uses_unauthorised, "unauthorised use", "unauthorised uses"),
            bad(figures.uses_unauthorised, Tone::Unauthorised),
        ),
        (
            number(figures.uses_authorised),
            each(figures.uses_authorised, "authorised use", "authorised uses"),
            bad(figures.uses_authorised, Tone::Authorised),
        ),
        (
            number(figures.hosts),
            each(figures.hosts, "host with remote access", "hosts with remote access"),
            Tone::Usual,
        ),
        (number(figures.tools), each(figures.tools, "tool in use", "tools in use"), Tone::Usual),
    ];
    if let Some(new) = figures.uses_new {
        said.push((number(new), "new in this period", Tone::Usual));
    }
    said.push((
        number(figures.sessions),
        each(figures.sessions, "session", "sessions"),
        Tone::Usual,
    ));
    said.push((moment::octets(figures.bytes_sent), "sent by hosts", Tone::Usual));
    said.push((moment::octets(figures.bytes_received), "received by hosts", Tone::Usual));
    said.push((
        number(figures.alerts_total),
        each(figures.alerts_total, "further alert", "further alerts"),
        Tone::Usual,
    ));
    said
}

/// `unauthorised`, `authorised`, `incident`, with a mark each that needs no colour.
pub(crate) fn standing(one: &Use) -> (&'static str, Tone) {
    match (one.incident, one.usage.authorised) {
        (true, _) => ("incident", Tone::Incident),
        (false, false) => ("unauthorised", Tone::Unauthorised),
        (false, true) => ("authorised", Tone::Authorised),
    }
}

/// The mark of a tone.
pub(crate) const fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Incident => "◆",
        Tone::Unauthorised => "●",
        Tone::Authorised => "○",
        Tone::Usual | Tone::Quiet => "",
    }
}

const USES: &[Column] = &[
    words("Standing", 14, 0),
    words("Severity", 11, 6),
    words("Tool", 18, 0),
    words("Operator", 20, 3),
    words("Host", 39, 0),
    words("Name", 12, 7),
    words("Zone", 6, 5),
    words("First", 16, 8),
    words("Last", 16, 2),
    numbers("Sessions", 8, 9),
    numbers("Sent", 9, 10),
    numbers("Received", 9, 11),
    words("Rule", 20, 4),
];

/// Who uses what.
pub(crate) fn uses(uses: &[Use], most: usize) -> Table {
    Table::of("Uses of remote access", USES, uses, most, |one| {
        let usage = &one.usage;
        let (word, tone) = standing(one);
        let unknown = || "-".to_owned();
        let octets = one.octets();
        vec![
            Cell::own(format!("{} {word}", mark(tone))).toned(tone),
            Cell::own(severity(one.severity)),
            tool_cell(one),
            Cell::maybe(usage.operator.as_deref()),
            Cell::own(usage.host.to_string()),
            Cell::maybe(name(&usage.identity).as_deref()),
            Cell::maybe(usage.zone.as_deref()),
            Cell::own(moment::to_minute(usage.first)),
            Cell::own(moment::to_minute(usage.last)),
            Cell::own(one.sessions().map_or_else(unknown, moment::number)),
            Cell::own(octets.map_or_else(unknown, |(sent, _)| moment::octets(sent))),
            Cell::own(octets.map_or_else(unknown, |(_, received)| moment::octets(received))),
            Cell::foreign(&usage.rule),
        ]
    })
}

fn tool_cell(one: &Use) -> Cell {
    let mut cell = Cell::foreign(&one.usage.tool.1);
    cell.text.push_str(if one.usage.inbound { " (inbound)" } else { "" });
    cell.text.push_str(if one.new == Some(true) { " (new)" } else { "" });
    cell
}

pub(crate) fn severity(severity: Option<Severity>) -> String {
    severity.map_or_else(|| "-".to_owned(), |one| format!("{} {}", one.word(), one.get()))
}

/// What a host is called besides its address: its name, else its interface's address.
pub(crate) fn name(identity: &Identity) -> Option<String> {
    let name = identity.name.as_deref().map(plain);
    name.or_else(|| identity.mac.map(|mac| mac.to_string()))
}

/// An incident in a line: `10.20.4.17 (till-4), Acme Remote of evil.example`.
pub(crate) fn incident_line(alarm: &Alarm) -> String {
    let mut said = alarm.host.to_string();
    if let Some(name) = name(&alarm.identity) {
        let _ = write!(said, " ({name})");
    }
    if let Some((_, tool)) = &alarm.tool {
        let _ = write!(said, ", {}", plain(tool));
    }
    if let Some(operator) = &alarm.operator {
        let _ = write!(said, " of {}", plain(operator));
    }
    said
}

/// What stands beside an incident's name.
pub(crate) fn incident_facts(incident: &Incident) -> Vec<(&'static str, String)> {
    let alarm = &incident.alarm;
    let mut facts = vec![
        ("Severity", severity(Some(alarm.severity))),
        ("Confidence", format!("{} %", alarm.confidence_pct)),
        ("From", format!("{} UTC", moment::to_second(alarm.start))),
        ("To", format!("{} UTC", moment::to_second(alarm.end))),
        ("Zone", alarm.zone.as_deref().map_or_else(|| "-".to_owned(), plain)),
        ("Id", alarm.id.to_string()),
    ];
    if !alarm.hosts.is_empty() {
        let hosts = alarm.hosts.iter().take(TOOLS_NAMED_MAX).map(ToString::to_string);
        let more = alarm.hosts.len().saturating_sub(TOOLS_NAMED_MAX);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        facts.push(("Further hosts", listed(hosts) + &rest));
    }
    facts
}

const STAGES: &[Column] = &[
    numbers("No.", 3, 0),
    words("Stage", 11, 0),
    words("Time", 19, 0),
    words("After", 13, 2),
    words("What", 24, 0),
    prose("Why it counts"),
];

/// The stages of an incident, with their distance from the first.
pub(crate) fn stages(incident: &Incident) -> Table {
    let all: Vec<(usize, &Stage)> = incident.alarm.stages.iter().enumerate().collect();
    let start = all.first().map(|(_, stage)| stage.at);
    let host = incident.alarm.host;
    Table::of("Stages of the incident", STAGES, &all, STAGES_TOLD_MAX, |(place, stage)| {
        let after = match start {
            Some(start) if *place > 0 => format!("+ {}", moment::span(stage.at.since(start))),
            _ => "-".to_owned(),
        };
        let mut why = Cell::foreign(&stage.why);
        if stage.host != host {
            let _ = write!(why.text, " (on {})", stage.host);
        }
        vec![
            Cell::own((place + 1).to_string()),
            Cell::own(stage.stage.word()).toned(Tone::Incident),
            Cell::own(moment::to_second(stage.at)),
            Cell::own(after),
            Cell::foreign(&stage.name),
            why,
        ]
    })
}

const ALERTS: &[Column] = &[
    words("Severity", 13, 0),
    words("Host", 39, 0),
    words("Rule", 28, 3),
    words("Last", 16, 2),
    numbers("Signs", 5, 4),
    words("Part of", 11, 3),
    prose("What happened"),
];

/// Alerts that are no incidents.
pub(crate) fn alerts(alerts: &[Alert], most: usize) -> Table {
    Table::of("Alerts", ALERTS, alerts, most, |alert| {
        let alarm = &alert.alarm;
        let part = alert.incident.map_or_else(|| "-".to_owned(), |n| format!("incident {}", n + 1));
        let mut reason = Cell::foreign(&alarm.reason);
        if alarm.more > 0 {
            let _ = write!(reason.text, " (and {} more)", moment::number(alarm.more));
        }
        vec![
            Cell::own(severity(Some(alarm.severity))),
            Cell::own(alarm.host.to_string()),
            Cell::foreign(&alarm.rule_id),
            Cell::own(moment::to_minute(alarm.end)),
            Cell::own(moment::number(alarm.count)),
            Cell::own(part),
            reason,
        ]
    })
}

const HOSTS: &[Column] = &[
    words("Host", 39, 0),
    words("Name", 12, 2),
    words("Zone", 8, 3),
    numbers("Tools", 5, 0),
    numbers("Unauthorised", 12, 0),
    numbers("Incidents", 9, 4),
    words("Worst", 12, 5),
    words("Which (● unauthorised, ○ authorised)", 24, 1),
];

/// Hosts by their number of tools.
pub(crate) fn hosts(hosts: &[HostRow], most: usize) -> Table {
    Table::of("Hosts by number of tools", HOSTS, hosts, most, |host| {
        let zones = listed(host.zones.iter().map(|zone| plain(zone)));
        vec![
            Cell::own(host.host.to_string()),
            Cell::maybe(name(&host.identity).as_deref()),
            Cell::maybe((!zones.is_empty()).then_some(zones.as_str())),
            Cell::own(moment::number(host.tools.len() as u64)),
            Cell::own(moment::number(host.unauthorised)),
            Cell::own(moment::number(host.incidents)),
            Cell::own(severity(host.severity)),
            Cell::foreign(&which(host)),
        ]
    })
}

fn which(host: &HostRow) -> String {
    let one = |(name, allowed): &(std::sync::Arc<str>, bool)| {
        let tone = if *allowed { Tone::Authorised } else { Tone::Unauthorised };
        format!("{} {}", mark(tone), plain(name))
    };
    // Those that nobody allows first: they must not fall to the bound.
    let mut tools: Vec<_> = host.tools.values().collect();
    tools.sort_by_key(|(_, allowed)| *allowed);
    let mut said = listed(tools.iter().take(TOOLS_NAMED_MAX).map(|tool| one(tool)));
    let more = tools.len().saturating_sub(TOOLS_NAMED_MAX);
    if more > 0 {
        let _ = write!(said, " and {more} more");
    }
    if said.is_empty() { "-".to_owned() } else { said }
}

const NEW: &[Column] = &[
    words("First", 16, 4),
    words("Standing", 14, 0),
    words("Tool", 18, 0),
    words("Operator", 20, 1),
    words("Host", 39, 0),
    words("Name", 12, 3),
    words("Zone", 8, 2),
];

/// Uses that began in the period, the earliest first.
pub(crate) fn new(uses: &[Use], most: usize) -> Table {
    let mut new: Vec<&Use> = uses.iter().filter(|one| one.new == Some(true)).collect();
    new.sort_by_key(|one| one.usage.first);
    Table::of("Uses that are new", NEW, &new, most, |one| {
        let usage = &one.usage;
        let (word, tone) = standing(one);
        vec![
            Cell::own(moment::to_minute(usage.first)),
            Cell::own(format!("{} {word}", mark(tone))).toned(tone),
            Cell::foreign(&usage.tool.1),
            Cell::maybe(usage.operator.as_deref()),
            Cell::own(usage.host.to_string()),
            Cell::maybe(name(&usage.identity).as_deref()),
            Cell::maybe(usage.zone.as_deref()),
        ]
    })
}

const UNUSED: &[Column] = &[
    words("Rule", 24, 0),
    words("Owner", 12, 2),
    words("Reason", 20, 4),
    words("Until", 16, 3),
    words("State", 8, 0),
];

/// Rules without a use.
pub(crate) fn unused(rules: &[UnusedRule], most: usize) -> Table {
    Table::of("Rules without a use", UNUSED, rules, most, |one| {
        let rule = &one.rule;
        vec![
            Cell::foreign(&rule.id),
            Cell::maybe(rule.owner.as_deref()),
            Cell::maybe(rule.reason.as_deref()),
            Cell::own(rule.until.map_or_else(|| "-".to_owned(), moment::to_minute)),
            Cell::own(if one.expired { "expired" } else { "unused" }),
        ]
    })
}

const BLIND: &[Column] = &[
    words("What", 16, 0),
    numbers("Count", 6, 0),
    numbers("Of", 6, 2),
    numbers("Share", 7, 0),
    prose("What it means"),
];

/// Where the sensor could not see.
pub(crate) fn blind(spots: &[BlindSpot]) -> Table {
    Table::of("Blind spots", BLIND, spots, spots.len(), |spot| {
        let (of, share) = match spot.of {
            0 if spot.count > 0 => ("-".to_owned(), "-".to_owned()),
            of => (format!("{} {}", moment::number(of), spot.unit), moment::share(spot.count, of)),
        };
        let mut meaning = spot.meaning.to_owned();
        if !spot.details.is_empty() {
            let details = spot.details.iter();
            let each =
                details.map(|(why, n)| format!("{} {}", moment::number(*n), why.replace('_', " ")));
            let _ = write!(meaning, " Of these: {}.", listed(each));
        }
        vec![
            Cell::own(spot.title),
            Cell::own(moment::number(spot.count)),
            Cell::own(of),
            Cell::own(share),
            Cell::own(meaning),
        ]
    })
}
