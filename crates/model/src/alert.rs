//! What the sensor tells a person: who, what, why, how sure.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    Chain, Direction, DomainName, Flow, Identity, ListKind, Lure, Protocol, Role, SignSource,
    Timestamp, ToolId, Tunnel,
};

/// An alert's id, derived from its rule, host and subject, so that the same capture gives the
/// same ids anywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u128);

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What kind of thing was detected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Detection {
    /// A tool's relay was contacted.
    Relay,
    /// A tool's service was contacted.
    Api,
    /// A tool was fetched.
    Download,
    /// A tool was recognised by its octets.
    Protocol,
    /// A name that lies.
    Lure,
    /// An entry of a list.
    Indicator,
    /// Several stages of one story.
    Campaign,
    /// Remote access from outside.
    Inbound,
}

impl Detection {
    /// The detection as it stands in a rule's id and in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Detection::Relay => "relay",
            Detection::Api => "api",
            Detection::Download => "download",
            Detection::Protocol => "protocol",
            Detection::Lure => "lure",
            Detection::Indicator => "indicator",
            Detection::Campaign => "campaign",
            Detection::Inbound => "inbound",
        }
    }
}

/// How bad, 0 to 100: informational below 20, low from 20, medium from 40, high from 70, critical
/// from 90.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Severity(u8);

impl Severity {
    /// The severity `value`; more than 100 is 100.
    #[must_use]
    pub const fn new(value: u8) -> Severity {
        Severity(if value > 100 { 100 } else { value })
    }

    /// The number, 0 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The number as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.0 {
            0..=19 => "informational",
            20..=39 => "low",
            40..=69 => "medium",
            70..=89 => "high",
            _ => "critical",
        }
    }
}

/// A sign that counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Evidence {
    /// Where it was seen.
    pub source: SignSource,
    /// What was seen.
    pub value: Arc<str>,
    /// The entry that fits it.
    pub pattern: Arc<str>,
    /// The list that the entry stands in.
    pub list: Arc<str>,
    /// That list's version.
    pub list_version: Arc<str>,
    /// The endpoint's role, for a tool's sign.
    pub role: Option<Role>,
    /// What the entries of the list are, for an entry of a list of reports.
    pub kind: Option<ListKind>,
    /// Whether the entry had expired when the sign was seen.
    pub expired: bool,
}

/// What the policy says of a use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyVerdict {
    /// Whether a rule allows it.
    pub authorised: bool,
    /// The zone of the host.
    pub zone: Option<Arc<str>>,
    /// The rule that decided, e.g. `allow[0] screenconnect`, or `deny-by-default`.
    pub rule: Arc<str>,
}

/// Why a story is told now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Occasion {
    /// For the first time.
    First,
    /// It became worse, or surer, or a stage joined.
    Growth,
    /// It goes on.
    Still,
    /// It is over, as far as can be seen.
    Ended,
}

impl Occasion {
    /// The occasion as it stands in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Occasion::First => "first",
            Occasion::Growth => "growth",
            Occasion::Still => "still",
            Occasion::Ended => "ended",
        }
    }
}

/// One story, told when it is first seen and again when it grows or ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// The same for all tellings of a story.
    pub id: AlertId,
    /// Packet time of this telling.
    pub at: Timestamp,
    /// Whether the story was told before.
    pub update: bool,
    /// Why it is told now.
    pub occasion: Occasion,
    /// How bad it was told to be the last time; `None` when it was not told before.
    pub severity_before: Option<Severity>,
    /// Stable per kind of detection and tool; never holds a host or a domain.
    pub rule_id: Arc<str>,
    /// The rule's name for people.
    pub rule_name: Arc<str>,
    /// What kind of thing it is.
    pub detection: Detection,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 100 per cent.
    pub confidence_pct: u8,
    /// One sentence that a person can act on.
    pub reason: String,
    /// ATT&CK techniques, e.g. `T1219.002`.
    pub techniques: Vec<&'static str>,
    /// The flow that triggered this telling.
    pub flow: Flow,
    /// The outermost tunnel that it came in, where there was one.
    pub ingress: Option<Arc<Tunnel>>,
    /// What that flow's content is.
    pub protocol: Option<Protocol>,
    /// The name of its server, where one is known.
    pub server_name: Option<DomainName>,
    /// The host inside that the story is about.
    pub host: IpAddr,
    /// Which way the flow crosses our border.
    pub direction: Direction,
    /// The tool, and its name for people.
    pub tool: Option<(ToolId, Arc<str>)>,
    /// The tenant.
    pub operator: Option<Arc<str>>,
    /// What the policy says.
    pub policy: PolicyVerdict,
    /// What the name pretends, where it lies.
    pub lure: Option<Arc<Lure>>,
    /// The stages, where several make one incident.
    pub chain: Option<Chain>,
    /// What the host is called besides its address.
    pub identity: Identity,
    /// Further hosts that it is about, in the order in which they joined.
    pub hosts: Vec<IpAddr>,
    /// Alerts of this rule that were held back and stand in this one.
    pub more: u64,
    /// Every sign that counted; never empty.
    pub evidence: Vec<Evidence>,
    /// Signs seen so far, repeated ones too.
    pub count: u64,
    /// Time of the first sign.
    pub start: Timestamp,
    /// Time of the last sign so far.
    pub end: Timestamp,
}
