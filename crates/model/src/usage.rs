//! The inventory: who uses which remote-access tool, of whom, since when, and whether they may.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::{Identity, Timestamp, ToolId};

/// A row's id: the same for all its tellings, whatever becomes known of its operator; the same
/// capture gives the same ids anywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageId(pub u128);

impl fmt::Display for UsageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for UsageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What one observation adds to a row of the inventory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UseShown {
    /// The row.
    pub row: UsageId,
    /// A row that went into this one, since it turned out to be the same operator's.
    pub joined: Option<UsageId>,
    /// The tool, and its name for people.
    pub tool: (ToolId, Arc<str>),
    /// The tenant, as far as it is known by now.
    pub operator: Option<Arc<str>>,
    /// Whether a rule allows it.
    pub authorised: bool,
    /// The rule that decided.
    pub rule: Arc<str>,
    /// Signs of it in the observation; none at the end of its flow.
    pub signs: u64,
    /// As [`Usage::new`].
    pub new: Option<bool>,
}

/// One row of the inventory: one host's use of one tool of one operator, as one rule judges it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Usage {
    /// The host inside.
    pub host: IpAddr,
    /// Its zone, where one is configured.
    pub zone: Option<Arc<str>>,
    /// What else it is called.
    pub identity: Identity,
    /// The tool, and its name for people.
    pub tool: (ToolId, Arc<str>),
    /// The tenant; `None`: the vendor, for all of its customers, or nobody that shows.
    pub operator: Option<Arc<str>>,
    /// Whether it came from outside.
    pub inbound: bool,
    /// Whether a rule allows it.
    pub authorised: bool,
    /// The rule that decided, e.g. `allow[0] acme-remote`, or `deny-by-default`.
    pub rule: Arc<str>,
    /// Packet time of the first sign.
    pub first: Timestamp,
    /// Packet time of the last sign, and of the last packet of its flows.
    pub last: Timestamp,
    /// Signs seen.
    pub signs: u64,
    /// Flows that reached a server of it.
    pub sessions: u64,
    /// Octets that the host sent on them, as far as they ended.
    pub bytes_sent: u64,
    /// Octets that the host received on them.
    pub bytes_received: u64,
    /// Whether this host was not known to use the tool before, though the sensor had watched long
    /// enough to know; `None`: it had not.
    pub new: Option<bool>,
}
