//! Rows of the inventory, of its records and of observations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use model::{Identity, Timestamp, ToolId, Usage, UsageId};

use super::hours::{Hours, HoursTold};
use super::line::{Line, Rmm, Use};
use super::words::{self, Why, Words, need};
use crate::limits::{MEMBERS_READ_MAX, USAGES_READ_MAX};

/// Rows by id.
#[derive(Debug, Default)]
pub(super) struct Usages {
    rows: HashMap<UsageId, Draft>,
    hours: Hours,
    pub(super) left_out: u64,
}

/// A row as far as it is known.
#[derive(Debug)]
struct Draft {
    usage: Usage,
    /// When the record was made that told operator and zone.
    at: Timestamp,
    /// Whether an inventory record told it: then observations have no say.
    told: bool,
}

/// An observation, as far as rows of the inventory need it.
struct Seen<'a> {
    rmm: &'a Rmm<'a>,
    host: IpAddr,
    inbound: bool,
    at: Timestamp,
    /// Where it is the end of a flow.
    closed: Option<Closed>,
}

/// What a flow carried, as seen from the host, and when.
#[derive(Clone, Copy)]
struct Closed {
    sent: u64,
    received: u64,
    first: Timestamp,
    last: Timestamp,
}

impl Usages {
    /// Take an inventory record.
    pub(super) fn row(&mut self, line: &Line<'_>, words: &mut Words) -> Result<(), Why> {
        let event = need("event", line.event.as_ref())?;
        let rmm = need("rmm", line.rmm.as_ref())?;
        let counts = need("rmm.inventory", rmm.inventory.as_ref())?;
        let id = words::usage_id("event.id", need("event.id", event.id.as_ref())?)?;
        let tool = words::tool(need("rmm.tool", rmm.tool.as_ref())?)?;
        let identity = rmm.identity.as_ref();
        let policy = need("rmm.policy", rmm.policy.as_ref())?;
        let at = words::moment("@timestamp", need("@timestamp", line.at.as_ref())?)?;
        let usage = Usage {
            host: need("rmm.host", rmm.host)?,
            zone: words.held(policy.zone.as_ref()),
            identity: Identity {
                mac: identity
                    .and_then(|known| known.mac.as_ref())
                    .and_then(|t| words::mac(t.get())),
                name: words.held(identity.and_then(|known| known.name.as_ref())),
            },
            tool: named(tool, words.held(counts.name.as_ref())),
            operator: words.held(rmm.operator.as_ref()),
            inbound: counts.inbound,
            authorised: need("rmm.authorised", rmm.authorised)?,
            rule: words.hold(need("rmm.policy.rule", policy.rule.as_ref())?.get()),
            first: words::moment("event.start", need("event.start", event.start.as_ref())?)?,
            last: words::moment("event.end", need("event.end", event.end.as_ref())?)?,
            signs: counts.signs,
            sessions: counts.sessions,
            bytes_sent: counts.bytes_sent,
            bytes_received: counts.bytes_received,
            new: counts.new,
        };
        let room = self.rows.len() < USAGES_READ_MAX;
        match self.rows.entry(id) {
            Entry::Occupied(mut known) => {
                if !known.get().told || known.get().at <= at {
                    known.insert(Draft { usage, at, told: true });
                }
            }
            Entry::Vacant(place) if room => {
                place.insert(Draft { usage, at, told: true });
            }
            Entry::Vacant(_) => self.left_out += 1,
        }
        Ok(())
    }

    /// Take what an observation adds.
    pub(super) fn observe(&mut self, line: &Line<'_>, words: &mut Words) -> Result<(), Why> {
        let rmm = need("rmm", line.rmm.as_ref())?;
        let Some(uses) = &rmm.uses else { return Ok(()) };
        let host = need("rmm.host", rmm.host)?;
        let direction = line.network.as_ref().and_then(|network| network.direction.as_ref());
        let seen = Seen {
            rmm,
            host,
            inbound: direction.is_some_and(|word| word.get() == "inbound"),
            at: words::moment("@timestamp", need("@timestamp", line.at.as_ref())?)?,
            closed: closed(line, host)?,
        };
        for shown in uses.iter().take(MEMBERS_READ_MAX) {
            self.add(&seen, shown, words)?;
        }
        Ok(())
    }

    fn add(&mut self, seen: &Seen<'_>, shown: &Use<'_>, words: &mut Words) -> Result<(), Why> {
        let id = words::usage_id("rmm.uses.id", &shown.id)?;
        let tool = words::tool(&shown.tool)?;
        if let Some(joined) = &shown.joined {
            self.join(words::usage_id("rmm.uses.joined", joined)?, id);
        }
        let room = self.rows.len() < USAGES_READ_MAX;
        let draft = match self.rows.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) if room => {
                let tool = named(tool, words.held(shown.name.as_ref()));
                let rule = words.hold(shown.rule.get());
                place.insert(Draft::new(seen, tool, rule, shown.authorised))
            }
            Entry::Vacant(_) => {
                self.left_out += 1;
                return Ok(());
            }
        };
        if seen.closed.is_none() && shown.signs > 0 {
            self.hours.note(id, seen.at);
        }
        if draft.told {
            return Ok(());
        }
        let usage = &mut draft.usage;
        if draft.at <= seen.at {
            draft.at = seen.at;
            usage.operator = words.held(shown.operator.as_ref());
            usage.new = shown.new;
        }
        match seen.closed {
            Some(closed) => {
                usage.sessions = usage.sessions.saturating_add(1);
                usage.bytes_sent = usage.bytes_sent.saturating_add(closed.sent);
                usage.bytes_received = usage.bytes_received.saturating_add(closed.received);
                usage.last = usage.last.max(closed.last);
            }
            None => {
                usage.signs = usage.signs.saturating_add(shown.signs);
                usage.first = usage.first.min(seen.at);
                usage.last = usage.last.max(seen.at);
                let policy = seen.rmm.policy.as_ref();
                usage.zone = words.held(policy.and_then(|policy| policy.zone.as_ref()));
                usage.authorised = shown.authorised;
            }
        }
        Ok(())
    }

    /// One row went into another. What inventory records tell of either is as it should be.
    fn join(&mut self, from: UsageId, into: UsageId) {
        if from == into {
            return;
        }
        self.hours.join(from, into);
        if self.rows.get(&from).is_none_or(|draft| draft.told) {
            return;
        }
        let Some(gone) = self.rows.remove(&from) else { return };
        match self.rows.entry(into) {
            Entry::Occupied(mut known) => {
                let draft = known.get_mut();
                if !draft.told {
                    take_in(&mut draft.usage, &gone.usage);
                }
            }
            // Its own beginning is in another input.
            Entry::Vacant(place) => {
                place.insert(gone);
            }
        }
    }

    /// All rows, those of one host, tool, operator, way and rule as one; and when they were used.
    pub(super) fn finish(self) -> (Vec<Usage>, HoursTold) {
        let used = self.rows.iter().map(|(id, draft)| (*id, &draft.usage));
        let hours = self.hours.finish(used.filter(|(_, row)| row.signs > 0));
        let rows = self.rows.into_values().map(|draft| draft.usage);
        let mut rows: Vec<Usage> = rows.filter(|row| row.signs > 0 || row.sessions > 0).collect();
        rows.sort_by(|a, b| key(a).cmp(&key(b)).then(a.first.cmp(&b.first)));
        rows.dedup_by(|later, kept| {
            let same = key(later) == key(kept);
            if same {
                take_in(kept, later);
            }
            same
        });
        (rows, hours)
    }
}

impl Draft {
    fn new(seen: &Seen<'_>, tool: (ToolId, Arc<str>), rule: Arc<str>, authorised: bool) -> Draft {
        let first = seen.closed.map_or(seen.at, |closed| closed.first);
        let usage = Usage {
            host: seen.host,
            zone: None,
            identity: Identity::default(),
            tool,
            operator: None,
            inbound: seen.inbound,
            authorised,
            rule,
            first,
            last: first,
            signs: 0,
            sessions: 0,
            bytes_sent: 0,
            bytes_received: 0,
            new: None,
        };
        Draft { usage, at: Timestamp::ZERO, told: false }
    }
}

/// What a flow carried; `None` while it goes on.
fn closed(line: &Line<'_>, host: IpAddr) -> Result<Option<Closed>, Why> {
    let event = need("event", line.event.as_ref())?;
    if event.action.as_ref().is_none_or(|action| action.get() != "flow-close") {
        return Ok(None);
    }
    let client = need("source", line.source.as_ref())?;
    let server = need("destination", line.destination.as_ref())?;
    let octets = (client.bytes.unwrap_or(0), server.bytes.unwrap_or(0));
    let (sent, received) = if server.ip == Some(host) { (octets.1, octets.0) } else { octets };
    Ok(Some(Closed {
        sent,
        received,
        first: words::moment("event.start", need("event.start", event.start.as_ref())?)?,
        last: words::moment("event.end", need("event.end", event.end.as_ref())?)?,
    }))
}

/// A tool and its name; its id where the record has none.
fn named(tool: ToolId, name: Option<Arc<str>>) -> (ToolId, Arc<str>) {
    let name = name.unwrap_or_else(|| tool.as_str().into());
    (tool, name)
}

type Key<'a> = (&'a IpAddr, &'a ToolId, Option<&'a str>, bool, &'a str);

fn key(usage: &Usage) -> Key<'_> {
    (&usage.host, &usage.tool.0, usage.operator.as_deref(), usage.inbound, &usage.rule)
}

fn take_in(usage: &mut Usage, other: &Usage) {
    if other.first < usage.first {
        usage.new = other.new;
    }
    if other.last > usage.last {
        usage.zone.clone_from(&other.zone);
        usage.identity.clone_from(&other.identity);
    }
    usage.first = usage.first.min(other.first);
    usage.last = usage.last.max(other.last);
    usage.signs = usage.signs.saturating_add(other.signs);
    usage.sessions = usage.sessions.saturating_add(other.sessions);
    usage.bytes_sent = usage.bytes_sent.saturating_add(other.bytes_sent);
    usage.bytes_received = usage.bytes_received.saturating_add(other.bytes_received);
}
