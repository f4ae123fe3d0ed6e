//! What an audit takes in: uses, alerts, and how the sensor fared.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::{AlertId, ChainStage, Detection, Identity, Severity, Timestamp, ToolId, Usage};

/// One thing that was read.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A row of the inventory. Later rows of the same use replace it.
    Usage(Box<Usage>),
    /// An alert, or a further telling of one.
    Alarm(Box<Alarm>),
    /// How a sensor fared.
    Fared(Box<Fared>),
}

/// An alert as it was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// The same for all tellings.
    pub id: AlertId,
    /// Packet time of this telling.
    pub at: Timestamp,
    /// What kind of thing was detected.
    pub detection: Detection,
    /// Its rule, e.g. `rmm.relay.acme-remote`.
    pub rule_id: Arc<str>,
    /// The rule's name for people.
    pub rule_name: Arc<str>,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 100 per cent.
    pub confidence_pct: u8,
    /// One sentence that a person can act on.
    pub reason: Arc<str>,
    /// The host inside.
    pub host: IpAddr,
    /// What else it is called.
    pub identity: Identity,
    /// Further hosts.
    pub hosts: Vec<IpAddr>,
    /// The tool, and its name for people.
    pub tool: Option<(ToolId, Arc<str>)>,
    /// The tenant.
    pub operator: Option<Arc<str>>,
    /// The host's zone.
    pub zone: Option<Arc<str>>,
    /// Whether a rule allows it.
    pub authorised: bool,
    /// The rule of the policy that decided.
    pub policy_rule: Arc<str>,
    /// Signs so far.
    pub count: u64,
    /// Alerts that were held back and stand in this one.
    pub more: u64,
    /// Time of the first sign.
    pub start: Timestamp,
    /// Time of the last sign.
    pub end: Timestamp,
    /// The stages, where several make one incident; empty otherwise.
    pub stages: Vec<Stage>,
}

/// One stage of an incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Which stage it is.
    pub stage: ChainStage,
    /// Packet time.
    pub at: Timestamp,
    /// The alert that told it on its own; the incident's where none did.
    pub event: AlertId,
    /// The name, file, tool or address that it shows.
    pub name: Arc<str>,
    /// The host.
    pub host: IpAddr,
    /// Why it counts.
    pub why: Arc<str>,
}

/// What a sensor counted since it started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fared {
    /// Its name, where it has one.
    pub sensor: Option<Arc<str>>,
    /// Packet time of its first frame: tells one start of a sensor from another.
    pub since: Timestamp,
    /// Packet time of its last frame.
    pub at: Timestamp,
    /// The counts; what a record does not tell is left out.
    pub counts: BTreeMap<Count, u64>,
    /// Frames that told nothing about a conversation, by the record's word for why.
    pub refused: BTreeMap<Arc<str>, u64>,
    /// Rules of the policy in force, those that never decided too; `None` where it is not told.
    pub rules: Option<Vec<RuleCount>>,
}

/// How often a rule decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleCount {
    /// The rule, e.g. `allow[0] acme-remote`.
    pub rule: Arc<str>,
    /// Uses that it decided on.
    pub uses: u64,
    /// Packet time of the last one.
    pub last: Option<Timestamp>,
}

/// What is counted, of a sensor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Count {
    /// Frames read.
    Frames,
    /// Their octets on the wire.
    Bytes,
    /// Packets that came to the interface, lost ones too; absent on replay.
    Offered,
    /// Those that the kernel, the interface or its driver dropped.
    Lost,
    /// Flows opened.
    Flows,
    /// Flows that ended without their second end having spoken.
    FlowsOneWay,
    /// Flows that lost their place to another.
    FlowsEvicted,
    /// Streams and openings that were given up.
    StreamsGivenUp,
    /// Observations that were dropped since the analyst was behind.
    ObservationsDropped,
    /// TLS hellos.
    Hellos,
    /// TLS hellos without a server name.
    HellosNameless,
    /// TLS hellos whose name is just the outer one (Encrypted Client Hello).
    HellosEch,
    /// Flows with DNS in clear.
    DnsClear,
    /// Flows of DNS over TLS, HTTPS or QUIC.
    DnsEncrypted,
    /// Lanes that panicked and began anew.
    Panics,
}

/// A rule of a policy, as those who wrote it described it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Rule {
    /// As it stands in records, e.g. `allow[0] acme-remote`.
    pub id: Arc<str>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// Why it stands.
    pub reason: Option<Arc<str>>,
    /// From when on it no longer counts.
    pub until: Option<Timestamp>,
}
