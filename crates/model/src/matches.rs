//! What intelligence says of an observation: a sign, where it was seen and what it points to.

use std::fmt;
use std::sync::Arc;

use crate::Timestamp;

/// A tool's name in the catalogue: lower case, digits, hyphens; e.g. `anydesk`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolId(Arc<str>);

impl ToolId {
    /// The id, or `None` when it is empty, longer than 64 octets or has other characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<ToolId> {
        let plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-');
        (!text.is_empty() && text.len() <= 64 && text.bytes().all(plain))
            .then(|| ToolId(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ToolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an endpoint does for its tool: how strong a sign of use it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Carries sessions.
    Relay,
    /// Serves the running software.
    Api,
    /// Its role is not established; a host name this specific counts as use.
    Unknown,
    /// Hands out the software.
    Download,
    /// Brings newer versions to installed software.
    Update,
    /// Takes usage figures or crash reports.
    Telemetry,
    /// Is read by people.
    Website,
}

impl Role {
    /// The role as it stands in catalogue files and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Role::Relay => "relay",
            Role::Api => "api",
            Role::Unknown => "unknown",
            Role::Download => "download",
            Role::Update => "update",
            Role::Telemetry => "telemetry",
            Role::Website => "website",
        }
    }
}

/// How much a sign proves on its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Specificity {
    /// Nothing else shows it.
    Specific,
    /// Other products of the vendor or its library show it too: never at full severity alone.
    Shared,
    /// Everyone shows it: never alerts alone.
    Generic,
}

/// Where in the traffic a sign was seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SignSource {
    /// The name of a question.
    DnsQuestion,
    /// The name that the client last resolved this server's address from.
    DnsAnswer,
    /// The server name of a TLS hello.
    TlsSni,
    /// The server name of a hello inside QUIC.
    QuicSni,
    /// A protocol offered in a TLS hello.
    TlsAlpn,
    /// Subject, issuer or names of a certificate.
    TlsCertificate,
    /// The JA4 fingerprint of a TLS hello.
    TlsJa4,
    /// The JA3 fingerprint of a TLS hello.
    TlsJa3,
    /// The host of an HTTP request.
    HttpHost,
    /// The User-Agent of an HTTP request.
    HttpUserAgent,
    /// The path of an HTTP request.
    HttpPath,
    /// Host and path of an HTTP request.
    HttpUrl,
    /// The name of a file that came down.
    HttpFile,
    /// The first octets of a flow.
    Payload,
    /// The server's port.
    Port,
    /// The server's address.
    Address,
}

/// Which end of the campaign an indicator was reported from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// The page that the victim is led to.
    First,
    /// Where the first program fetches more from.
    Second,
    /// A relay of the criminal's.
    Relay,
}

/// Who runs the server that a sign points to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operator {
    /// The vendor, for all of its customers.
    Vendor,
    /// A tenant whose name the sign holds, e.g. an instance's host name.
    Named(Arc<str>),
    /// Whoever runs the server: its name where one is known, else its address.
    Server,
}

/// What a sign points to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// A remote-access tool.
    Tool {
        /// The tool's id in the catalogue.
        tool: ToolId,
        /// The tool's name for people.
        name: Arc<str>,
        /// What this endpoint does for it.
        role: Role,
        /// Who runs it.
        operator: Operator,
    },
    /// An entry of a list of reported names and addresses.
    Indicator {
        /// Which end of a campaign it was, where the list says.
        stage: Option<Stage>,
        /// What the list says of it.
        description: Arc<str>,
        /// What the entries of the list are.
        kind: ListKind,
        /// From when on it no longer counts, where the list says.
        until: Option<Timestamp>,
    },
    /// A name that lies.
    Lure(Arc<Lure>),
}

impl Meaning {
    /// Whether it is an entry that no longer counts at `at`.
    #[must_use]
    pub fn is_expired(&self, at: Timestamp) -> bool {
        matches!(self, Meaning::Indicator { until: Some(until), .. } if *until <= at)
    }
}

/// What the entries of a list are: how loud a hit may be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ListKind {
    /// Names and addresses of attackers.
    #[default]
    Attacker,
    /// Servers that were seen to run remote-access software, anyone's.
    Sweep,
    /// Servers of vendors of remote-access software.
    Vendor,
    /// Names that were registered lately.
    Young,
}

impl ListKind {
    /// The kind as it stands in settings, feeds and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ListKind::Attacker => "attacker",
            ListKind::Sweep => "sweep",
            ListKind::Vendor => "vendor",
            ListKind::Young => "young",
        }
    }
}

/// How a name lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LureKind {
    /// It imitates a brand or a vendor.
    Imitation,
    /// It speaks like a help desk, and names no brand.
    Lure,
}

impl LureKind {
    /// The kind as it stands in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            LureKind::Imitation => "imitation",
            LureKind::Lure => "lure",
        }
    }
}

/// What a name pretends, and how that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lure {
    /// How it lies.
    pub kind: LureKind,
    /// The brand's id and its name for people; `None` for a lure without a brand.
    pub brand: Option<(Arc<str>, Arc<str>)>,
    /// The technique: `homoglyph`, `omission`, `combination`, `short-help` …
    pub method: &'static str,
    /// Edits between the part that imitates and the brand.
    pub distance: u8,
    /// How much it looks like a lie, 0 to 100.
    pub score: u8,
    /// Whether the name alone is worth an alert; else it is noted, and counts beside other signs.
    pub stands_alone: bool,
    /// The name that someone registered.
    pub registrable: Arc<str>,
    /// Every step of how it was found, for people.
    pub steps: Vec<String>,
}

/// One sign that intelligence found in an observation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Where it was seen.
    pub source: SignSource,
    /// What was seen, as text.
    pub value: Arc<str>,
    /// The entry that fits it.
    pub pattern: Arc<str>,
    /// The list that the entry stands in: `catalogue` or a feed's id.
    pub list: Arc<str>,
    /// The list's version or date.
    pub list_version: Arc<str>,
    /// How much it proves on its own.
    pub specificity: Specificity,
    /// How sure the list is, 0 to 100 per cent.
    pub confidence_pct: u8,
    /// The tool's version, where what was seen shows it.
    pub version: Option<Arc<str>>,
    /// What it points to.
    pub meaning: Meaning,
}
