//! The whole report as one object, in a stable order. docs/report.md names every field.

use std::collections::BTreeMap;
use std::io::{self, Write};

use model::{Identity, Severity, Timestamp};
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};

use crate::blind::BlindSpot;
use crate::entry::Alarm;
use crate::figures::Figures;
use crate::gather::Lines;
use crate::hosts::{HostRow, ToolRow};
use crate::moment;
use crate::report::{Alert, Incident, InputRead, RefusedLine, Report, UnusedRule};
use crate::uses::{KnownFrom, Use};

/// The version of this object; it grows when a field changes its meaning.
const SCHEMA: u32 = 1;

/// One object, with a line end.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &object(report)).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    period: PeriodObject,
    read: ReadObject<'a>,
    sentence: String,
    summary: &'a Figures,
    incidents: Each<'a, Incident>,
    uses: Each<'a, Use>,
    alerts: Each<'a, Alert>,
    hosts: Each<'a, HostRow>,
    tools: Each<'a, ToolRow>,
    unused_rules: Option<Each<'a, UnusedRule>>,
    blind_spots: Vec<SpotObject<'a>>,
    left_out: &'a [String],
}

fn object(report: &Report) -> Object<'_> {
    let stamp = |at: Option<Timestamp>| at.map(moment::exact);
    Object {
        schema: SCHEMA,
        period: PeriodObject {
            start: stamp(report.period.map(|period| period.start)),
            end: stamp(report.period.map(|period| period.end)),
            since: stamp(report.asked.since),
            until: stamp(report.asked.until),
        },
        read: ReadObject {
            inputs: &report.inputs,
            inputs_untold: report.inputs_untold,
            sensors: report.sensors.iter().map(|name| &**name).collect(),
            lines: report.lines,
            refused_first: &report.refused_first,
        },
        sentence: report.sentence(),
        summary: &report.figures,
        incidents: Each(&report.incidents),
        uses: Each(&report.uses),
        alerts: Each(&report.alerts),
        hosts: Each(&report.hosts),
        tools: Each(&report.tools),
        unused_rules: report.unused.as_deref().map(Each),
        blind_spots: report.blind.iter().map(spot).collect(),
        left_out: &report.left_out,
    }
}

#[derive(Serialize)]
struct PeriodObject {
    start: Option<String>,
    end: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct ReadObject<'a> {
    inputs: &'a [InputRead],
    inputs_untold: u64,
    sensors: Vec<&'a str>,
    #[serde(flatten)]
    lines: Lines,
    refused_first: &'a [RefusedLine],
}

/// Rows that are made one by one, so that a million of them is not held twice.
struct Each<'a, T>(&'a [T]);

impl<T: Row> Serialize for Each<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.len()))?;
        for one in self.0 {
            rows.serialize_element(&one.row())?;
        }
        rows.end()
    }
}

trait Row {
    fn row(&self) -> impl Serialize + '_;
}

#[derive(Serialize)]
struct HostObject<'a> {
    ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
}

fn host(ip: std::net::IpAddr, identity: &Identity) -> HostObject<'_> {
    HostObject {
        ip: ip.to_string(),
        name: identity.name.as_deref(),
        mac: identity.mac.map(|mac| mac.to_string()),
    }
}

#[derive(Serialize)]
struct ToolObject<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct SeverityObject {
    number: u8,
    word: &'static str,
}

fn severity(severity: Severity) -> SeverityObject {
    SeverityObject { number: severity.get(), word: severity.word() }
}

#[derive(Serialize)]
struct UseObject<'a> {
    authorised: bool,
    incident: bool,
    severity: Option<SeverityObject>,
    tool: ToolObject<'a>,
    operator: Option<&'a str>,
    host: HostObject<'a>,
    zone: Option<&'a str>,
    inbound: bool,
    first: String,
    last: String,
    signs: u64,
    sessions: Option<u64>,
    bytes_sent: Option<u64>,
    bytes_received: Option<u64>,
    rule: &'a str,
    new: Option<bool>,
    known_from: KnownFrom,
}

impl Row for Use {
    fn row(&self) -> impl Serialize + '_ {
        let usage = &self.usage;
        let (sent, received) = self.octets().unzip();
        UseObject {
            authorised: usage.authorised,
            incident: self.incident,
            severity: self.severity.map(severity),
            tool: ToolObject { id: usage.tool.0.as_str(), name: &usage.tool.1 },
            operator: usage.operator.as_deref(),
            host: host(usage.host, &usage.identity),
            zone: usage.zone.as_deref(),
            inbound: usage.inbound,
            first: moment::exact(usage.first),
            last: moment::exact(usage.last),
            signs: usage.signs,
            sessions: self.sessions(),
            bytes_sent: sent,
            bytes_received: received,
            rule: &usage.rule,
            new: self.new,
            known_from: self.known_from,
        }
    }
}

#[derive(Serialize)]
struct AlarmObject<'a> {
    id: String,
    rule: &'a str,
    rule_name: &'a str,
    detection: &'static str,
    severity: SeverityObject,
    confidence_pct: u8,
    reason: &'a str,
    host: HostObject<'a>,
    hosts: Vec<String>,
    tool: Option<ToolObject<'a>>,
    operator: Option<&'a str>,
    zone: Option<&'a str>,
    authorised: bool,
    policy_rule: &'a str,
    first: String,
    last: String,
    signs: u64,
    more: u64,
}

fn alarm(alarm: &Alarm) -> AlarmObject<'_> {
    let tool = alarm.tool.as_ref();
    AlarmObject {
        id: alarm.id.to_string(),
        rule: &alarm.rule_id,
        rule_name: &alarm.rule_name,
        detection: alarm.detection.word(),
        severity: severity(alarm.severity),
        confidence_pct: alarm.confidence_pct,
        reason: &alarm.reason,
        host: host(alarm.host, &alarm.identity),
        hosts: alarm.hosts.iter().map(ToString::to_string).collect(),
        tool: tool.map(|(id, name)| ToolObject { id: id.as_str(), name }),
        operator: alarm.operator.as_deref(),
        zone: alarm.zone.as_deref(),
        authorised: alarm.authorised,
        policy_rule: &alarm.policy_rule,
        first: moment::exact(alarm.start),
        last: moment::exact(alarm.end),
        signs: alarm.count,
        more: alarm.more,
    }
}

#[derive(Serialize)]
struct IncidentObject<'a> {
    #[serde(flatten)]
    alarm: AlarmObject<'a>,
    stages: Vec<StageObject<'a>>,
}

#[derive(Serialize)]
struct StageObject<'a> {
    stage: &'static str,
    at: String,
    host: String,
    name: &'a str,
    why: &'a str,
    event_id: String,
}

impl Row for Incident {
    fn row(&self) -> impl Serialize + '_ {
        let stages = self.alarm.stages.iter().map(|stage| StageObject {
            stage: stage.stage.word(),
            at: moment::exact(stage.at),
            host: stage.host.to_string(),
            name: &stage.name,
            why: &stage.why,
            event_id: stage.event.to_string(),
        });
        IncidentObject { stages: stages.collect(), alarm: alarm(&self.alarm) }
    }
}

#[derive(Serialize)]
struct AlertObject<'a> {
    #[serde(flatten)]
    alarm: AlarmObject<'a>,
    /// From 1, in the order of the incidents.
    incident: Option<usize>,
}

impl Row for Alert {
    fn row(&self) -> impl Serialize + '_ {
        AlertObject { alarm: alarm(&self.alarm), incident: self.incident.map(|place| place + 1) }
    }
}

#[derive(Serialize)]
struct HostRowObject<'a> {
    host: HostObject<'a>,
    zones: Vec<&'a str>,
    tools: BTreeMap<&'a str, &'static str>,
    tools_total: usize,
    unauthorised: u64,
    incidents: u64,
    severity: Option<SeverityObject>,
}

impl Row for HostRow {
    fn row(&self) -> impl Serialize + '_ {
        let standing = |allowed: bool| if allowed { "authorised" } else { "unauthorised" };
        let tools = self.tools.iter().map(|(id, (_, allowed))| (id.as_str(), standing(*allowed)));
        HostRowObject {
            host: host(self.host, &self.identity),
            zones: self.zones.iter().map(|zone| &**zone).collect(),
            tools: tools.collect(),
            tools_total: self.tools.len(),
            unauthorised: self.unauthorised,
            incidents: self.incidents,
            severity: self.severity.map(severity),
        }
    }
}

#[derive(Serialize)]
struct ToolRowObject<'a> {
    tool: ToolObject<'a>,
    hosts: u64,
    hosts_unauthorised: u64,
}

impl Row for ToolRow {
    fn row(&self) -> impl Serialize + '_ {
        ToolRowObject {
            tool: ToolObject { id: self.tool.as_str(), name: &self.name },
            hosts: self.hosts,
            hosts_unauthorised: self.unauthorised,
        }
    }
}

#[derive(Serialize)]
struct RuleObject<'a> {
    rule: &'a str,
    owner: Option<&'a str>,
    reason: Option<&'a str>,
    until: Option<String>,
    expired: bool,
}

impl Row for UnusedRule {
    fn row(&self) -> impl Serialize + '_ {
        RuleObject {
            rule: &self.rule.id,
            owner: self.rule.owner.as_deref(),
            reason: self.rule.reason.as_deref(),
            until: self.rule.until.map(moment::exact),
            expired: self.expired,
        }
    }
}

#[derive(Serialize)]
struct SpotObject<'a> {
    id: &'a str,
    title: &'a str,
    count: u64,
    of: Option<u64>,
    unit: &'a str,
    details: BTreeMap<&'a str, u64>,
    meaning: &'a str,
}

fn spot(spot: &BlindSpot) -> SpotObject<'_> {
    SpotObject {
        id: spot.id,
        title: spot.title,
        count: spot.count,
        of: (spot.of > 0).then_some(spot.of),
        unit: spot.unit,
        details: spot.details.iter().map(|(why, count)| (why.as_str(), *count)).collect(),
        meaning: spot.meaning,
    }
}
