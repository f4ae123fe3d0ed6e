//! What records told, as those who read them back want it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    AlertId, ChainStage, Complaint, Detection, DnsShare, KernelCounts, Occasion, Refused, RuleUse,
    Severity, Timestamp, ToolId, Usage,
};

/// Everything that whole inputs of records told.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Told {
    /// Who uses what: no two of the same host, tool, operator, way and rule; in that order. Of
    /// inventory records, and where a row has none of the observations.
    pub usages: Vec<Usage>,
    /// Whole hours since 1970 in which a tool of an operator showed, where observations tell that
    /// of each of its rows.
    pub hours: BTreeMap<(ToolId, Option<Arc<str>>), BTreeSet<u32>>,
    /// Alerts as they were told last, in the order in which their stories began.
    pub alerts: Vec<AlertTold>,
    /// How the sensor fared, once a run, as the run's last record says; in the order of the runs.
    pub health: Vec<HealthTold>,
    /// Lines read, empty ones left out.
    pub lines: u64,
    /// Observations among them.
    pub observations: u64,
    /// Lines that are JSON, and no record that is read here.
    pub passed_over: u64,
    /// Lines that could not be read.
    pub refused: u64,
    /// The first of them, at most [`crate::limits::COMPLAINTS_MAX`]: file, line, why.
    pub complaints: Vec<Complaint>,
    /// Records of uses that there was no room for.
    pub usages_left_out: u64,
    /// Records of alerts that there was no room for.
    pub alerts_left_out: u64,
    /// Records of health that there was no room for.
    pub health_left_out: u64,
}

/// An alert, as its last record says. Texts are cut where a record of ours would not be so long.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertTold {
    /// The story: the same for all its tellings.
    pub id: AlertId,
    /// Packet time of the last telling.
    pub at: Timestamp,
    /// Whether it had been told before.
    pub update: bool,
    /// Why it was told then.
    pub occasion: Occasion,
    /// Time of the first sign.
    pub start: Timestamp,
    /// Time of the last sign.
    pub end: Timestamp,
    /// The host inside.
    pub host: IpAddr,
    /// What the host calls itself.
    pub host_name: Option<Arc<str>>,
    /// Stable per kind of detection and tool.
    pub rule_id: Arc<str>,
    /// The same for people.
    pub rule_name: Arc<str>,
    /// What kind of thing was detected.
    pub detection: Detection,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 100 per cent.
    pub confidence_pct: u8,
    /// The tool, and its name for people.
    pub tool: Option<(ToolId, Arc<str>)>,
    /// The tenant.
    pub operator: Option<Arc<str>>,
    /// One sentence that a person can act on.
    pub reason: Arc<str>,
    /// Whether a policy rule allows it.
    pub authorised: bool,
    /// The zone of the host.
    pub zone: Option<Arc<str>>,
    /// The policy rule that decided.
    pub policy_rule: Arc<str>,
    /// The other end of the flow that triggered the telling, as seen from the host.
    pub peer: Peer,
    /// Signs so far.
    pub count: u64,
    /// The incident, where the alert is one.
    pub chain: Option<AlertId>,
    /// Its stages, in the order of the record.
    pub stages: Vec<StageTold>,
    /// Further hosts that it is about, in the order in which they joined.
    pub hosts: Vec<IpAddr>,
    /// Alerts that were held back and stand in this one.
    pub more: u64,
}

/// The other end of a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    /// Its name, where it is the server and one is known.
    pub name: Option<Arc<str>>,
}

/// A stage of an incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageTold {
    /// Which.
    pub stage: ChainStage,
    /// Packet time.
    pub at: Timestamp,
    /// The alert that told it on its own; the incident where none did.
    pub event: AlertId,
    /// The name, file, tool or address that it shows.
    pub name: Arc<str>,
    /// Its host.
    pub host: IpAddr,
    /// Why it counts.
    pub why: Arc<str>,
}

/// How the sensor fared in one run, as its last health or summary record says.
#[derive(Clone, PartialEq, Debug)]
pub struct HealthTold {
    /// The sensor's name, where it has one.
    pub sensor: Option<Arc<str>>,
    /// Packet time of the first frame.
    pub since: Timestamp,
    /// Packet time of the last frame.
    pub at: Timestamp,
    /// Frames.
    pub packets: u64,
    /// Their octets on the wire.
    pub bytes: u64,
    /// Packets that never reached the sensor, 0 to 100 per cent.
    pub loss_pct: f64,
    /// The kernel's counts; `None` on replay.
    pub kernel: Option<KernelCounts>,
    /// Frames that told nothing, by why, where there were any.
    pub refused: BTreeMap<Refused, u64>,
    /// Flows that lost their place to another.
    pub flows_evicted: u64,
    /// Streams and openings that were given up.
    pub streams_given_up: u64,
    /// Lanes that panicked and began anew.
    pub panics: u64,
    /// Flows opened.
    pub flows: u64,
    /// Flows that ended without their second end having spoken.
    pub flows_one_way: u64,
    /// Facts that were dropped since the sensor was behind.
    pub observations_dropped: u64,
    /// TLS hellos.
    pub tls_hellos: u64,
    /// TLS hellos without a server name.
    pub tls_nameless: u64,
    /// TLS hellos whose name may be just the outer one.
    pub tls_ech: u64,
    /// How names were asked for.
    pub dns: DnsShare,
    /// Alerts first told, by `rule.id`.
    pub alerts: Vec<(Arc<str>, u64)>,
    /// Uses that the policy allowed, by policy rule.
    pub authorised: Vec<(Arc<str>, u64)>,
    /// Every rule of the policy, those that never decided too, in the order of their labels.
    pub rules: Vec<RuleUse>,
}
