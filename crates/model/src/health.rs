//! How the sensor itself fares: what it saw, what it lost, where it is blind.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{ListKind, Tally, Timestamp};

/// What the kernel says of a live capture, widened so that it never wraps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelCounts {
    /// Packets that passed the filter.
    pub received: u64,
    /// Packets that the ring had no room for.
    pub dropped: u64,
    /// Packets that the interface or its driver dropped.
    pub interface_dropped: u64,
}

/// What the relief did so far: flows of which nothing more is wanted, whose packets the kernel counts
/// and drops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReliefCounts {
    /// Flows whose packets are dropped, or soon will be.
    pub flows: u64,
    /// Packets that were dropped and counted.
    pub packets: u64,
    /// Octets of their IP datagrams.
    pub bytes: u64,
    /// Copies, of span ports that mirror a packet twice, that were dropped beside.
    pub copies: u64,
    /// Flows that there was no room for.
    pub refused: u64,
}

impl ReliefCounts {
    /// And what another lane's did.
    pub fn add(&mut self, other: &ReliefCounts) {
        let ReliefCounts { flows, packets, bytes, copies, refused } = *other;
        self.flows += flows;
        self.packets += packets;
        self.bytes += bytes;
        self.copies += copies;
        self.refused += refused;
    }
}

/// Whether an interface shows anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InterfaceState {
    /// It does.
    Up,
    /// It is down, or its link is.
    Down,
    /// There is no such interface now.
    Gone,
}

impl InterfaceState {
    /// The state as it stands in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            InterfaceState::Up => "up",
            InterfaceState::Down => "down",
            InterfaceState::Gone => "gone",
        }
    }
}

/// An interface that is watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InterfaceHealth {
    /// Its name.
    pub name: Arc<str>,
    /// How it fares now.
    pub state: InterfaceState,
    /// How often it went down or away since the start.
    pub outages: u64,
    /// The most that it sends at once, in octets; 0: unknown.
    pub mtu: u32,
    /// What the kernel counted of each of its lanes.
    pub lanes: Vec<KernelCounts>,
    /// What its relief did, of all lanes together; `None`: it has none.
    pub relief: Option<ReliefCounts>,
}

/// How DNS is carried inside another protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DnsTransport {
    /// RFC 7858, RFC 8094.
    Tls,
    /// RFC 8484.
    Https,
    /// RFC 9250.
    Quic,
}

impl DnsTransport {
    /// The transport as it stands in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            DnsTransport::Tls => "tls",
            DnsTransport::Https => "https",
            DnsTransport::Quic => "quic",
        }
    }
}

/// How names were asked for: in clear, or over an encrypted channel that was recognised as such.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DnsShare {
    /// Flows with DNS in clear.
    pub clear: u64,
    /// Flows of DNS over TLS (RFC 7858).
    pub over_tls: u64,
    /// Flows of DNS over HTTPS (RFC 8484), as far as the resolver is known.
    pub over_https: u64,
    /// Flows of DNS over QUIC (RFC 9250).
    pub over_quic: u64,
}

impl DnsShare {
    /// The share of flows that asked for names under encryption, 0 to 100.
    #[must_use]
    pub fn encrypted_pct(&self) -> f64 {
        let encrypted = self.over_tls + self.over_https + self.over_quic;
        100.0 * encrypted as f64 / (encrypted + self.clear).max(1) as f64
    }
}

/// A list of reported names and addresses that is looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedLoaded {
    /// Its id, as it stands in evidence.
    pub id: Arc<str>,
    /// Its date or version; `-` when it does not say.
    pub version: Arc<str>,
    /// What its entries are.
    pub kind: ListKind,
    /// Its entries.
    pub indicators: u64,
}

/// How often a rule of the policy decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleUse {
    /// Its label, e.g. `allow[0] acme-remote`.
    pub rule: Arc<str>,
    /// Uses: one for each host, tool and operator, until a quiet time ends it.
    pub uses: u64,
    /// Signs of them.
    pub signs: u64,
    /// Packet time of the last one; `None`: there was none.
    pub last: Option<Timestamp>,
}

/// How records leave the sensor. Counts are since the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeliveryHealth {
    /// Records that were dropped since an output was behind, counted at each: observations, and
    /// alerts where one took nothing for seconds.
    pub unwritten: u64,
    /// Octets that the spool holds.
    pub spool_bytes: u64,
    /// Records that the spool gave up: it was full, they were too old, or its disk took nothing.
    pub given_up: u64,
    /// Why the spool's disk took nothing at the last attempt.
    pub trouble: Option<Arc<str>>,
    /// The sinks behind it.
    pub sinks: Vec<SinkHealth>,
}

/// How a sink fares. Counts are since the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SinkHealth {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind, as settings have it.
    pub kind: &'static str,
    /// Records that wait for it.
    pub waiting: u64,
    /// How long the oldest of them has waited, in seconds.
    pub oldest_secs: u64,
    /// Records that it took.
    pub sent: u64,
    /// Records that have no form in its format.
    pub formless: u64,
    /// Records that it will never take.
    pub refused: u64,
    /// Records that left the spool before it had them.
    pub lost: u64,
    /// Attempts that failed.
    pub setbacks: u64,
    /// Why the last attempt failed; `None` once one succeeded.
    pub trouble: Option<Arc<str>>,
}

/// Counts since the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Health {
    /// Packet time of the last frame.
    pub at: Timestamp,
    /// Packet time of the first frame.
    pub since: Timestamp,
    /// What became of the frames.
    pub frames: Tally,
    /// The kernel's counts; `None` on replay.
    pub kernel: Option<KernelCounts>,
    /// The interfaces that are watched; none on replay.
    pub interfaces: Vec<InterfaceHealth>,
    /// Observations that reached the analyst.
    pub observations: u64,
    /// Observations that were dropped on the way since the analyst was behind.
    pub observations_dropped: u64,
    /// Alerts first told, by rule.
    pub alerts: BTreeMap<Arc<str>, u64>,
    /// Alerts told again.
    pub updates: u64,
    /// Uses that a policy rule allowed, by rule.
    pub authorised: BTreeMap<Arc<str>, u64>,
    /// Every rule of the policy, in its order, those that never decided too.
    pub rules: Vec<RuleUse>,
    /// TLS hellos seen.
    pub tls_hellos: u64,
    /// TLS hellos without a server name.
    pub tls_nameless: u64,
    /// TLS hellos whose name is just the outer one.
    pub tls_ech: u64,
    /// How names were asked for.
    pub dns: DnsShare,
    /// Counts of the detector's memory, by what they count, e.g. `stories_evicted`.
    pub memory: BTreeMap<&'static str, u64>,
    /// Lists that are looked up now.
    pub feeds: Vec<FeedLoaded>,
    /// Lanes that panicked and began anew.
    pub panics: u64,
    /// How records leave; `None` where there are no sinks and nothing was dropped.
    pub delivery: Option<DeliveryHealth>,
}

impl Health {
    /// The share of packets that never reached us, 0 to 100.
    #[must_use]
    pub fn loss_pct(&self) -> f64 {
        let Some(kernel) = self.kernel else { return 0.0 };
        let lost = kernel.dropped.saturating_add(kernel.interface_dropped);
        let all = kernel.received.saturating_add(kernel.interface_dropped).max(1);
        100.0 * lost as f64 / all as f64
    }
}
