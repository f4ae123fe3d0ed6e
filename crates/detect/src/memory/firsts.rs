//! What was met here for the first time, when, and by how many hosts: names, tools, operators.

use std::net::IpAddr;
use std::time::Duration;

use model::{Timestamp, ToolId};

use super::recent::Recent;
use crate::limits::Limits;

/// First sightings: host and tool, network and tool, network and operator, network and registered
/// name.
#[derive(Debug)]
pub(crate) struct Firsts {
    names: Recent<Box<str>, Sighted>,
    host_tools: Recent<(IpAddr, ToolId), Sighted>,
    tools: Recent<ToolId, Sighted>,
    operators: Recent<(ToolId, Box<str>), Sighted>,
    /// Packet time of the first observation ever.
    begun: Option<Timestamp>,
    learning: Duration,
}

#[derive(Debug)]
struct Sighted {
    first: Timestamp,
    hosts: Vec<IpAddr>,
}

/// What was known of something when it was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    /// When it was first met; now, for something new.
    pub(crate) first: Timestamp,
    /// How many hosts met it, this one counted; no more than are remembered.
    pub(crate) hosts: u8,
    /// Whether the sensor had watched for long enough by then to call it new.
    pub(crate) learnt: bool,
}

/// What was known of a tool's use when it was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ToolKnown {
    /// This host's use of the tool.
    pub(crate) host: Known,
    /// The network's use of the tool.
    pub(crate) network: Known,
    /// The network's contact with the operator, where one shows.
    pub(crate) operator: Option<Known>,
}

impl Firsts {
    pub(crate) fn new(limits: &Limits) -> Firsts {
        Firsts {
            names: Recent::new(1 << 16),
            host_tools: Recent::new(1 << 16),
            tools: Recent::new(1 << 12),
            operators: Recent::new(1 << 16),
            begun: None,
            learning: limits.lure_learning,
        }
    }

    /// Time passes: the first moment is when learning begins.
    pub(crate) fn watch(&mut self, at: Timestamp) {
        self.begun.get_or_insert(at);
    }

    /// A host had to do with a registered name.
    pub(crate) fn see_name(&mut self, registrable: &str, host: IpAddr, at: Timestamp) -> Known {
        let learnt = self.learnt(at);
        meet(&mut self.names, registrable.into(), host, at, learnt)
    }

    /// A host used a tool, of an operator where one shows.
    pub(crate) fn see_tool(
        &mut self,
        host: IpAddr,
        tool: &ToolId,
        operator: Option<&str>,
        at: Timestamp,
    ) -> ToolKnown {
        let learnt = self.learnt(at);
        ToolKnown {
            host: meet(&mut self.host_tools, (host, tool.clone()), host, at, learnt),
            network: meet(&mut self.tools, tool.clone(), host, at, learnt),
            operator: operator.map(|operator| {
                meet(&mut self.operators, (tool.clone(), operator.into()), host, at, learnt)
            }),
        }
    }

    fn learnt(&mut self, at: Timestamp) -> bool {
        at.since(*self.begun.get_or_insert(at)) >= self.learning
    }
}

fn meet<K: std::hash::Hash + Eq + Clone>(
    table: &mut Recent<K, Sighted>,
    key: K,
    host: IpAddr,
    at: Timestamp,
    learnt: bool,
) -> Known {
    if table.peek(&key).is_none() {
        table.insert(key.clone(), Sighted { first: at, hosts: Vec::new() });
    }
    let Some(seen) = table.get(&key) else { return Known { first: at, hosts: 1, learnt } };
    if seen.hosts.len() < 8 && !seen.hosts.contains(&host) {
        seen.hosts.push(host);
    }
    Known { first: seen.first, hosts: u8::try_from(seen.hosts.len()).unwrap_or(u8::MAX), learnt }
}
