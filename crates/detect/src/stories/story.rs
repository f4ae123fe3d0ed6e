//! One story: one host's use of one tool of one operator, or its contact with one name that a
//! list reports or that lies.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Alert, Occasion, Timestamp, ToolId, UsageId};

use super::case::Case;
use super::telling::tell;
use crate::limits::{Limits, SERVERS_PER_STORY_MAX};
use crate::memory::{Rank, ToolKnown};
use crate::spread;

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

/// How long stories are silent before they sleep, how long they sleep, and how often those that
/// do not grow are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) silence: Duration,
    pub(super) sleep: Duration,
    pub(super) again: Duration,
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
    pub(super) phase: Phase,
    /// When it must be looked at, at the latest; the table keeps the order.
    pub(super) due: Option<Timestamp>,
    /// When it was last told, whatever for.
    pub(super) told_at: Timestamp,
    /// When it was last told as over.
    pub(super) ended_at: Option<Timestamp>,
    /// It was told to go on when it fell silent, so that its end is news.
    pub(super) owes_end: bool,
    /// The wave of hosts that it was counted in.
    pub(crate) wave: Option<spread::Subject>,
    /// Whether its last sign was one that the policy does not allow.
    pub(crate) denied: bool,
    servers: Vec<IpAddr>,
    names: Vec<Arc<str>>,
    /// What was known of the tool's use when the story's first sign of it was met.
    pub(crate) known: Option<ToolKnown>,
    /// Whether it is a stage of an incident, which tells it.
    pub(crate) absorbed: bool,
    /// The rule that last allowed it or kept quiet about it.
    pub(crate) rule: Option<Arc<str>>,
    /// The row of the inventory that its last sign added to.
    pub(crate) row: Option<UsageId>,
    /// What is told of it; nothing while the policy allows all of it.
    pub(crate) case: Option<Case>,
}

/// Whether a story is awake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Since then, without a pause.
    Awake { since: Timestamp },
    /// Since then; the next sign wakes it.
    Asleep { since: Timestamp },
}

impl Story {
    pub(super) fn new(serial: u64, key: Key, rank: Rank, at: Timestamp) -> Story {
        Story {
            serial,
            key,
            rank,
            end: at,
            flows_open: 0,
            phase: Phase::Awake { since: at },
            due: None,
            told_at: at,
            ended_at: None,
            owes_end: false,
            wave: None,
            denied: false,
            servers: Vec::new(),
            names: Vec::new(),
            known: None,
            absorbed: false,
            rule: None,
            row: None,
            case: None,
        }
    }

    pub(crate) fn operator(&self) -> Option<&Arc<str>> {
        self.key.subject.operator()
    }

    /// Why it is worth a record now, if it is.
    pub(crate) fn occasion(&mut self, limits: &Limits) -> Option<Occasion> {
        if self.absorbed {
            return None;
        }
        let operator = self.key.subject.operator();
        let case = self.case.as_mut()?;
        // From outside it is not the host that uses the tool.
        if let (Some(known), Subject::Tool { inbound: false, .. }) =
            (&self.known, &self.key.subject)
        {
            case.made.learn(known, case.start);
        }
        case.occasion(operator, limits)
    }

    /// Whether it changed since it was last told.
    pub(crate) fn has_news(&self) -> bool {
        !self.absorbed && self.case.as_ref().is_some_and(|case| case.has_news(self.operator()))
    }

    /// Whether its end is worth a record.
    pub(crate) fn has_last_word(&self) -> bool {
        self.has_news() || self.owes_end && !self.absorbed
    }

    /// The alert that tells it as it stands.
    pub(crate) fn telling(&self, occasion: Occasion, at: Timestamp) -> Option<Alert> {
        self.case.as_ref().map(|case| tell(case, self.operator(), occasion, at.max(case.end)))
    }

    /// When it must be looked at next, if nothing happens.
    pub(super) fn next(&self, pace: &Pace) -> Option<Timestamp> {
        match self.phase {
            Phase::Awake { since } => {
                let sleeps = (self.flows_open == 0).then(|| self.end.after(pace.silence));
                let was_told = self.case.as_ref().is_some_and(Case::was_told);
                let still = (was_told && !self.absorbed)
                    .then(|| later(self.told_at.max(since), pace.again))
                    .flatten();
                sleeps.into_iter().chain(still).min()
            }
            Phase::Asleep { since } => {
                let over = since.after(pace.sleep);
                let again = self.ended_at.map_or(Some(since), |at| later(at, pace.again));
                let again = again.filter(|_| self.has_news()).map(|again| again.max(since));
                Some(again.map_or(over, |again| again.min(over)))
            }
        }
    }

    /// Whether it showed a sign of life lately.
    pub(crate) fn is_awake(&self) -> bool {
        matches!(self.phase, Phase::Awake { .. })
    }

    /// What was known of the use when it was met; its operator may be met later.
    pub(crate) fn meet(&mut self, known: Option<ToolKnown>) {
        match (&mut self.known, known) {
            (Some(before), Some(now)) => before.operator = before.operator.or(now.operator),
            (before, now) => *before = before.or(now),
        }
    }

    /// Remember a server under its address and its names.
    pub(crate) fn remember(&mut self, server: Option<IpAddr>, names: &[&str]) {
        if let Some(ip) = server
            && self.servers.len() < SERVERS_PER_STORY_MAX
            && !self.servers.contains(&ip)
        {
            self.servers.reserve_exact(1);
            self.servers.push(ip);
        }
        for name in names {
            let known = self.names.iter().any(|known| &**known == *name);
            if !known && self.names.len() < SERVERS_PER_STORY_MAX {
                self.names.reserve_exact(1);
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

/// The moment so much later; nothing at the end of time, where no moment is.
fn later(at: Timestamp, wait: Duration) -> Option<Timestamp> {
    Some(at.after(wait)).filter(|later| *later > at)
}
