//! The rows of the inventory, within a bound.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::quality::RandomState;
use model::{Identity, Timestamp, ToolId, Usage, UsageId};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::Octets;
use crate::limits::{INVENTORY_JOINED_MAX, JOINS_MAX, Limits};
use crate::memory::{Known, Recent};

/// What makes two signs one row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key {
    pub(super) host: IpAddr,
    pub(super) tool: ToolId,
    pub(super) operator: Option<Arc<str>>,
    pub(super) inbound: bool,
    pub(super) rule: Arc<str>,
}

/// A sign of a use, or several of one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign<'a> {
    pub(super) key: &'a Key,
    /// The tool's name for people.
    pub(super) name: &'a Arc<str>,
    pub(super) zone: Option<&'a Arc<str>>,
    pub(super) authorised: bool,
    pub(super) at: Timestamp,
    pub(super) signs: u64,
    /// What was known of the host's use of the tool, where the sign shows it running.
    pub(super) known: Option<Known>,
}

/// Where a sign was noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Noted {
    pub(super) row: UsageId,
    /// The row that went into that one.
    pub(super) joined: Option<UsageId>,
    pub(super) new: Option<bool>,
}

/// All rows, by id and by what makes them one.
#[derive(Debug)]
pub(crate) struct Inventory {
    rows: Recent<UsageId, Row>,
    /// Each row once, by the hash of its key, which is keyed anew in each process: the keys
    /// themselves are long, are chosen by the wire, and stand in the rows. The id in octets packs
    /// better than as a number.
    ids: HashMap<u64, [u8; 16], RandomState>,
    /// Rows that changed since they were last handed out.
    changed: Vec<UsageId>,
    /// Rows that had to go, and wait to be handed out a last time.
    gone: VecDeque<(UsageId, Usage)>,
    gone_max: usize,
    /// Where rows went into.
    joined: Recent<UsageId, UsageId>,
    untold: u64,
}

#[derive(Debug)]
struct Row {
    usage: Usage,
    /// Whether what was known of the host's use of the tool when it began has been asked.
    asked: bool,
    changed: bool,
    /// Whether it was ever handed out.
    told: bool,
}

/// Changed rows that are kept track of, whatever became of them, before it is looked after.
const CHANGED_MIN: usize = 1024;

impl Inventory {
    pub(crate) fn new(limits: &Limits) -> Inventory {
        Inventory {
            rows: Recent::new(limits.inventory_max.max(1)),
            ids: HashMap::with_hasher(RandomState::default()),
            changed: Vec::new(),
            gone: VecDeque::new(),
            gone_max: limits.inventory_gone_max.max(1),
            joined: Recent::new(INVENTORY_JOINED_MAX),
            untold: 0,
        }
    }

    /// Rows held, rows that went since there was no room, and rows that nobody fetched in time.
    pub(crate) fn counts(&self) -> (usize, u64, u64) {
        (self.rows.len(), self.rows.evicted(), self.untold)
    }

    /// Note a sign. `before`: the row of the sign before it in the same story; where only the
    /// operator differs, it became known better, and the row goes with it.
    pub(super) fn note(&mut self, before: Option<UsageId>, sign: &Sign<'_>) -> Noted {
        let before = before.map(|row| self.now(row));
        let known = before.and_then(|row| self.rows.peek(&row).map(|held| (row, &held.usage)));
        let (row, joined) = match known {
            Some((row, usage)) if sign.key.is_of(usage) => (row, None),
            Some((row, usage)) if sign.key.renames(usage) => self.rename(row, sign.key),
            _ => (self.find(sign), None),
        };
        let mut new = None;
        if let Some(held) = self.rows.get(&row) {
            held.add(sign);
            new = held.usage.new;
        }
        self.mark(row);
        Noted { row, joined, new }
    }

    /// A flow reached a server of a row's use; it counted for `other` before, where that is given.
    pub(super) fn begin_session(&mut self, row: UsageId, other: Option<UsageId>) {
        if let Some(other) = other.map(|row| self.now(row)) {
            if other == row {
                return; // it went there with its row
            }
            if let Some(held) = self.rows.peek_mut(&other) {
                held.usage.sessions = held.usage.sessions.saturating_sub(1);
                self.mark(other);
            }
        }
        if let Some(held) = self.rows.peek_mut(&row) {
            held.usage.sessions = held.usage.sessions.saturating_add(1);
        }
    }

    /// A flow of a row's use ended; the row as it is then.
    pub(super) fn close(
        &mut self,
        row: UsageId,
        octets: Octets,
        last: Timestamp,
    ) -> Option<(UsageId, &Usage)> {
        let row = self.now(row);
        self.mark(row);
        let usage = &mut self.rows.get(&row)?.usage;
        usage.bytes_sent = usage.bytes_sent.saturating_add(octets.sent);
        usage.bytes_received = usage.bytes_received.saturating_add(octets.received);
        usage.last = usage.last.max(last);
        Some((row, usage))
    }

    /// At the end all rows are handed out, whether they changed or not.
    pub(crate) fn finish(&mut self) {
        let all: Vec<UsageId> = self.rows.iter().map(|(row, _)| *row).collect();
        all.into_iter().for_each(|row| self.mark(row));
    }

    pub(super) fn waits(&self) -> bool {
        self.gone.len() >= self.gone_max.div_ceil(2)
    }

    pub(super) fn take_gone(&mut self) -> Vec<(UsageId, Usage)> {
        sorted(std::mem::take(&mut self.gone).into())
    }

    pub(super) fn take(&mut self) -> Vec<(UsageId, Usage)> {
        let mut all: Vec<(UsageId, Usage)> = std::mem::take(&mut self.gone).into();
        for row in std::mem::take(&mut self.changed) {
            if let Some(held) = self.rows.peek_mut(&row).filter(|held| held.changed) {
                (held.changed, held.told) = (false, true);
                all.push((row, held.usage.clone()));
            }
        }
        sorted(all)
    }

    /// Where a row went, if it went into another.
    fn now(&self, row: UsageId) -> UsageId {
        let next = |row: &UsageId| self.joined.peek(row).copied();
        std::iter::successors(Some(row), next).take(JOINS_MAX).last().unwrap_or(row)
    }

    fn mark(&mut self, row: UsageId) {
        if let Some(held) = self.rows.peek_mut(&row).filter(|held| !held.changed) {
            held.changed = true;
            if self.changed.len() > 2 * self.rows.len() + CHANGED_MIN {
                // Most of them went since: nobody fetched them for long, or there are too many.
                let Inventory { changed, rows, .. } = self;
                changed.retain(|row| rows.peek(row).is_some_and(|held| held.changed));
            }
            self.changed.push(row);
        }
    }

    /// The row of a sign, begun when there is none.
    fn find(&mut self, sign: &Sign<'_>) -> UsageId {
        if let Some(row) = self.row_of(sign.key) {
            return row;
        }
        let mut row = sign.key.id(sign.at);
        // A row that began at the same moment may have been renamed since.
        while self.rows.peek(&row).is_some() {
            row = UsageId(row.0.wrapping_add(1));
        }
        self.remember(sign.key, row);
        if let Some((gone, held)) = self.rows.insert(row, Row::new(sign)) {
            self.forget(&Key::of(&held.usage));
            self.let_go(gone, held.usage);
        }
        row
    }

    /// The row with that key.
    fn row_of(&self, key: &Key) -> Option<UsageId> {
        let row = *self.ids.get(&self.ids.hasher().hash_one(key))?;
        let row = UsageId(u128::from_ne_bytes(row));
        self.rows.peek(&row).is_some_and(|held| key.is_of(&held.usage)).then_some(row)
    }

    fn remember(&mut self, key: &Key, row: UsageId) {
        let hash = self.ids.hasher().hash_one(key);
        self.ids.insert(hash, row.0.to_ne_bytes());
    }

    fn forget(&mut self, key: &Key) {
        let hash = self.ids.hasher().hash_one(key);
        self.ids.remove(&hash);
    }

    /// A row's operator became known better: give the row that has it, and the one that went into
    /// another for it.
    fn rename(&mut self, row: UsageId, key: &Key) -> (UsageId, Option<UsageId>) {
        let Some(other) = self.row_of(key) else {
            if let Some(held) = self.rows.peek_mut(&row) {
                let old = Key::of(&held.usage);
                held.usage.operator.clone_from(&key.operator);
                self.forget(&old);
                self.remember(key, row);
            }
            return (row, None);
        };
        if let Some(held) = self.rows.remove(&row) {
            self.forget(&Key::of(&held.usage));
            self.joined.insert(row, other);
            if let Some(stays) = self.rows.peek_mut(&other) {
                stays.take_in(&held.usage);
            }
            if held.told {
                self.let_go(row, emptied(held.usage));
            }
        }
        (other, Some(row))
    }

    fn let_go(&mut self, row: UsageId, usage: Usage) {
        if self.gone.len() >= self.gone_max {
            self.gone.pop_front();
            self.untold += 1;
        }
        self.gone.push_back((row, usage));
    }
}

impl Key {
    fn of(usage: &Usage) -> Key {
        Key {
            host: usage.host,
            tool: usage.tool.0.clone(),
            operator: usage.operator.clone(),
            inbound: usage.inbound,
            rule: Arc::clone(&usage.rule),
        }
    }

    /// Whether it is that row's.
    fn is_of(&self, usage: &Usage) -> bool {
        self.operator == usage.operator && self.renames(usage)
    }

    /// Whether it is that row's but for the operator.
    fn renames(&self, usage: &Usage) -> bool {
        let Key { host, tool, inbound, rule, .. } = self;
        (host, tool, inbound, rule) == (&usage.host, &usage.tool.0, &usage.inbound, &usage.rule)
    }

    /// The id of a row that begins at `first`: the same for the same evidence, on any machine.
    fn id(&self, first: Timestamp) -> UsageId {
        // Fixed, as that of alerts is.
        let mut hasher = SipHasher24::new_with_keys(0x726d_6d77_6174_6368, 0x7573_6167_652d_6964);
        let mut field = |octets: &[u8]| {
            hasher.write(&(octets.len() as u64).to_le_bytes());
            hasher.write(octets);
        };
        match self.host {
            IpAddr::V4(ip) => field(&ip.octets()),
            IpAddr::V6(ip) => field(&ip.octets()),
        }
        field(self.tool.as_str().as_bytes());
        field(self.operator.as_deref().unwrap_or_default().as_bytes());
        field(&[u8::from(self.inbound)]);
        field(self.rule.as_bytes());
        field(&first.nanos().to_le_bytes());
        UsageId(hasher.finish128().as_u128())
    }
}

impl Row {
    fn new(sign: &Sign<'_>) -> Row {
        let Key { host, tool, operator, inbound, rule } = sign.key.clone();
        let usage = Usage {
            host,
            zone: None,
            identity: Identity::default(),
            tool: (tool, Arc::clone(sign.name)),
            operator,
            inbound,
            authorised: sign.authorised,
            rule,
            first: sign.at,
            last: sign.at,
            signs: 0,
            sessions: 0,
            bytes_sent: 0,
            bytes_received: 0,
            new: None,
        };
        Row { usage, asked: false, changed: false, told: false }
    }

    fn add(&mut self, sign: &Sign<'_>) {
        let usage = &mut self.usage;
        usage.zone = sign.zone.cloned();
        usage.authorised = sign.authorised;
        usage.first = usage.first.min(sign.at);
        usage.last = usage.last.max(sign.at);
        usage.signs = usage.signs.saturating_add(sign.signs);
        if let Some(known) = sign.known.filter(|_| !self.asked) {
            self.asked = true;
            usage.new = known.learnt.then_some(known.first >= usage.first);
        }
    }

    fn take_in(&mut self, other: &Usage) {
        let usage = &mut self.usage;
        if other.first < usage.first {
            usage.new = other.new;
        }
        usage.first = usage.first.min(other.first);
        usage.last = usage.last.max(other.last);
        usage.signs = usage.signs.saturating_add(other.signs);
        usage.sessions = usage.sessions.saturating_add(other.sessions);
        usage.bytes_sent = usage.bytes_sent.saturating_add(other.bytes_sent);
        usage.bytes_received = usage.bytes_received.saturating_add(other.bytes_received);
    }
}

/// What is told of a row that went into another.
fn emptied(usage: Usage) -> Usage {
    Usage { signs: 0, sessions: 0, bytes_sent: 0, bytes_received: 0, ..usage }
}

/// By what makes rows differ; the id where a row went and began anew.
fn sorted(mut rows: Vec<(UsageId, Usage)>) -> Vec<(UsageId, Usage)> {
    rows.sort_by_cached_key(|(row, usage)| (Key::of(usage), usage.first, *row));
    rows
}
