//! One story: one host's use of one tool of one operator, or its contact with one name that a
//! list reports or that lies.

use std::net::IpAddr;
use std::sync::Arc;

use model::{Timestamp, ToolId};

use super::case::Case;
use crate::limits::SERVERS_PER_STORY_MAX;
use crate::memory::{Rank, ToolKnown};

/// What makes two signs one story.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Key {
    pub(crate) host: IpAddr,
    pub(crate) subject: Subject,
}

/// What a story is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Subject {
    /// A tool.
    Tool {
        tool: ToolId,
        /// Whether it came from outside.
        inbound: bool,
        /// `None`: the vendor, or nobody that shows.
        operator: Option<Arc<str>>,
    },
    /// An entry of a list.
    Indicator { list: Arc<str>, pattern: Arc<str> },
    /// A registered name, and all below it, that lies.
    Lure { registrable: Arc<str> },
}

impl Subject {
    /// The operator, where one shows.
    pub(crate) fn operator(&self) -> Option<&Arc<str>> {
        match self {
            Subject::Tool { operator, .. } => operator.as_ref(),
            Subject::Indicator { .. } | Subject::Lure { .. } => None,
        }
    }
}

/// A story. Authorised use is one too, without a case: what the flow and the host showed is
/// needed to know the next sign for the same.
#[derive(Debug)]
pub(crate) struct Story {
    /// Unique; later stories have greater ones.
    pub(crate) serial: u64,
    pub(crate) key: Key,
    /// How well the operator is known.
    pub(crate) rank: Rank,
    /// The last sign of life.
    pub(super) end: Timestamp,
    /// Flows of it that did not end yet.
    pub(super) flows_open: u32,
    servers: Vec<IpAddr>,
    names: Vec<Arc<str>>,
    /// What was known of the tool's use when the story's first sign of it was met.
    pub(crate) known: Option<ToolKnown>,
    /// Whether it is a stage of an incident, which tells it.
    pub(crate) absorbed: bool,
    /// The rule that last allowed it or kept quiet about it.
    pub(crate) rule: Option<Arc<str>>,
    /// What is told of it; nothing while the policy allows all of it.
    pub(crate) case: Option<Case>,
}

impl Story {
    pub(super) fn new(serial: u64, key: Key, rank: Rank, at: Timestamp) -> Story {
        Story {
            serial,
            key,
            rank,
            end: at,
            flows_open: 0,
            servers: Vec::new(),
            names: Vec::new(),
            known: None,
            absorbed: false,
            rule: None,
            case: None,
        }
    }

    pub(crate) fn operator(&self) -> Option<&Arc<str>> {
        self.key.subject.operator()
    }

    /// Remember a server under its address and its names.
    pub(crate) fn remember(&mut self, server: Option<IpAddr>, names: &[&str]) {
        if let Some(ip) = server
            && self.servers.len() < SERVERS_PER_STORY_MAX
            && !self.servers.contains(&ip)
        {
            self.servers.push(ip);
        }
        for name in names {
            let known = self.names.iter().any(|known| &**known == *name);
            if !known && self.names.len() < SERVERS_PER_STORY_MAX {
                self.names.push((*name).into());
            }
        }
    }

    /// Whether it knows the server by its address or one of its names.
    pub(crate) fn knows(&self, server: Option<IpAddr>, names: &[&str]) -> bool {
        server.is_some_and(|ip| self.servers.contains(&ip))
            || names.iter().any(|name| self.names.iter().any(|known| &**known == *name))
    }
}
