//! Uses put together: what several records say of one host's use of one tool becomes one row.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{AlertId, ChainStage, Identity, Severity, Timestamp, ToolId, Usage};
use serde::Serialize;

use crate::entry::Alarm;
use crate::limits::ROWS_MAX;

/// What a row of the report stands on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KnownFrom {
    /// Rows of the inventory.
    Inventory,
    /// Alerts; sessions and octets are not known.
    Alerts,
}

/// One row of the report: a host's use of a tool of one operator, as one rule judges it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// The row; times, signs, sessions and octets over all records of it.
    pub usage: Usage,
    /// What it stands on.
    pub known_from: KnownFrom,
    /// The severity of the worst alert about it, where one was told.
    pub severity: Option<Severity>,
    /// Whether it is part of an incident.
    pub incident: bool,
    /// Whether it began in the period; `None`: nothing tells.
    pub new: Option<bool>,
}

impl Use {
    /// Sessions, where they are known.
    #[must_use]
    pub fn sessions(&self) -> Option<u64> {
        self.metered().then_some(self.usage.sessions)
    }

    /// Octets sent and received by the host, where they are known.
    #[must_use]
    pub fn octets(&self) -> Option<(u64, u64)> {
        self.metered().then_some((self.usage.bytes_sent, self.usage.bytes_received))
    }

    fn metered(&self) -> bool {
        self.known_from == KnownFrom::Inventory
    }
}

/// What tells one row of the report from another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Key {
    host: IpAddr,
    tool: ToolId,
    operator: Option<Arc<str>>,
    inbound: bool,
    authorised: bool,
    rule: Arc<str>,
    zone: Option<Arc<str>>,
}

/// All rows that were read.
pub(crate) struct Rows {
    /// By their first sign too: later records of one run replace its earlier ones, those of another
    /// run add to them.
    rows: HashMap<(Key, Timestamp), Box<Usage>>,
    rows_max: usize,
    /// Rows for which there was no room.
    pub(crate) missing: u64,
}

impl Default for Rows {
    fn default() -> Rows {
        Rows { rows: HashMap::new(), rows_max: ROWS_MAX, missing: 0 }
    }
}

impl Rows {
    /// A row of the inventory: the last record of it stands.
    pub(crate) fn take(&mut self, usage: Box<Usage>) {
        let key = (key(&usage), usage.first);
        if let Some(known) = self.rows.get_mut(&key) {
            let newer = (known.last, known.signs) <= (usage.last, usage.signs);
            let (old, young) = if newer { (&**known, &*usage) } else { (&*usage, &**known) };
            let identity = joined(&old.identity, &young.identity);
            let new = old.new.or(young.new);
            if newer {
                *known = usage;
            }
            known.identity = identity;
            known.new = new;
        } else if self.rows.len() >= self.rows_max {
            self.missing += 1;
        } else {
            self.rows.insert(key, usage);
        }
    }

    /// One row for each use, in no order yet. Alerts make rows for hosts and tools without one.
    pub(crate) fn put_together<'a>(
        self,
        alarms: impl Iterator<Item = &'a Alarm>,
    ) -> Vec<(Usage, KnownFrom)> {
        let mut rows: HashMap<Key, (Usage, KnownFrom)> = HashMap::new();
        for ((key, _), usage) in self.rows {
            match rows.get_mut(&key) {
                Some((known, _)) => add(known, &usage),
                None => {
                    rows.insert(key, (*usage, KnownFrom::Inventory));
                }
            }
        }
        let covered: HashSet<(IpAddr, ToolId)> =
            rows.keys().map(|key| (key.host, key.tool.clone())).collect();
        for usage in alarms.filter_map(told_by) {
            if covered.contains(&(usage.host, usage.tool.0.clone())) || rows.len() >= self.rows_max
            {
                continue;
            }
            match rows.get_mut(&key(&usage)) {
                Some((known, _)) => add(known, &usage),
                None => {
                    rows.insert(key(&usage), (usage, KnownFrom::Alerts));
                }
            }
        }
        rows.into_values().collect()
    }
}

/// What an alert says of a use, where it speaks of a tool.
fn told_by(alarm: &Alarm) -> Option<Usage> {
    Some(Usage {
        host: alarm.host,
        zone: alarm.zone.clone(),
        identity: alarm.identity.clone(),
        tool: alarm.tool.clone()?,
        operator: alarm.operator.clone(),
        inbound: alarm.detection == model::Detection::Inbound,
        authorised: alarm.authorised,
        rule: Arc::clone(&alarm.policy_rule),
        first: alarm.start,
        last: alarm.end,
        signs: alarm.count,
        sessions: 0,
        bytes_sent: 0,
        bytes_received: 0,
        new: None,
    })
}

fn key(usage: &Usage) -> Key {
    Key {
        host: usage.host,
        tool: usage.tool.0.clone(),
        operator: usage.operator.clone(),
        inbound: usage.inbound,
        authorised: usage.authorised,
        rule: Arc::clone(&usage.rule),
        zone: usage.zone.clone(),
    }
}

/// Add a further run or sign of the same use. Of what does not add up the older record decides, so
/// that no order of reading shows.
fn add(known: &mut Usage, more: &Usage) {
    let order = |one: &Usage| (one.first, one.last, one.signs);
    let earlier = order(more) < order(known);
    let (old, young) = if earlier { (more, &*known) } else { (&*known, more) };
    let identity = joined(&old.identity, &young.identity);
    let new = old.new.or(young.new);
    known.identity = identity;
    known.new = new;
    known.tool.1 = Arc::clone((&known.tool.1).max(&more.tool.1));
    known.first = known.first.min(more.first);
    known.last = known.last.max(more.last);
    known.signs = known.signs.saturating_add(more.signs);
    known.sessions = known.sessions.saturating_add(more.sessions);
    known.bytes_sent = known.bytes_sent.saturating_add(more.bytes_sent);
    known.bytes_received = known.bytes_received.saturating_add(more.bytes_received);
}

/// What the younger record says, and where it is silent the older one.
pub(crate) fn joined(old: &Identity, young: &Identity) -> Identity {
    Identity { mac: young.mac.or(old.mac), name: young.name.clone().or_else(|| old.name.clone()) }
}

/// What alerts say of one host's use of one tool, by operator: the worst severity, and whether one
/// is an incident.
type ByOperator = BTreeMap<Option<Arc<str>>, (Severity, bool)>;

/// What is known of alerts, by host and tool; and of tools that stages of incidents name.
#[derive(Default)]
pub(crate) struct Alarmed(
    HashMap<(IpAddr, ToolId), ByOperator>,
    HashMap<(IpAddr, Arc<str>), Severity>,
);

impl Alarmed {
    pub(crate) fn of(alarms: &HashMap<AlertId, Box<Alarm>>) -> Alarmed {
        let mut alarmed = Alarmed::default();
        for alarm in alarms.values().filter(|alarm| !alarm.authorised) {
            alarmed.note(alarm, (alarm.severity, !alarm.stages.is_empty()));
            for stage in &alarm.stages {
                // What was told by itself before is part of the incident now.
                if let Some(stage) = alarms.get(&stage.event).filter(|told| told.id != alarm.id) {
                    alarmed.note(stage, (alarm.severity, true));
                }
                if matches!(stage.stage, ChainStage::Relay | ChainStage::SecondTool) {
                    let place = alarmed.1.entry((stage.host, Arc::clone(&stage.name)));
                    let place = place.or_insert(alarm.severity);
                    *place = (*place).max(alarm.severity);
                }
            }
        }
        alarmed
    }

    fn note(&mut self, alarm: &Alarm, found: (Severity, bool)) {
        let Some((tool, _)) = &alarm.tool else { return };
        let by_operator = self.0.entry((alarm.host, tool.clone())).or_default();
        let place = by_operator.entry(alarm.operator.clone()).or_insert(found);
        *place = worse(*place, found);
    }

    /// The worst alert about a use, and whether it is part of an incident.
    pub(crate) fn about(&self, usage: &Usage) -> Option<(Severity, bool)> {
        let fits = |operator: &Option<Arc<str>>| {
            *operator == usage.operator || operator.is_none() || usage.operator.is_none()
        };
        let by_operator = self.0.get(&(usage.host, usage.tool.0.clone())).into_iter().flatten();
        let about = by_operator.filter(|(operator, _)| fits(operator)).map(|(_, found)| *found);
        let named = self.1.get(&(usage.host, Arc::clone(&usage.tool.1)));
        let named = named.map(|severity| (*severity, true));
        about.chain(named).reduce(worse).filter(|_| !usage.authorised)
    }
}

fn worse(one: (Severity, bool), two: (Severity, bool)) -> (Severity, bool) {
    (one.0.max(two.0), one.1 || two.1)
}

/// Unauthorised before authorised, worse before better, later before earlier.
pub(crate) fn sort(uses: &mut [Use]) {
    let rank = |one: &Use| {
        let usage = &one.usage;
        (usage.authorised, Reverse(one.incident), Reverse(one.severity), Reverse(usage.last))
    };
    let names = |a: &Usage, b: &Usage| -> Ordering {
        let hosts = a.host.cmp(&b.host).then_with(|| a.tool.0.cmp(&b.tool.0));
        let operators = || a.operator.cmp(&b.operator).then_with(|| a.inbound.cmp(&b.inbound));
        let rules = || a.rule.cmp(&b.rule).then_with(|| a.zone.cmp(&b.zone));
        hosts.then_with(operators).then_with(rules)
    };
    uses.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| names(&a.usage, &b.usage)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_bound_are_counted() {
        let row = |first| Usage {
            host: IpAddr::from([10, 0, 0, 1]),
            zone: None,
            identity: Identity::default(),
            tool: (ToolId::parse("tool").expect("an id"), "Tool".into()),
            operator: None,
            inbound: false,
            authorised: false,
            rule: "deny-by-default".into(),
            first: Timestamp::from_nanos(first),
            last: Timestamp::from_nanos(9),
            signs: 1,
            sessions: 1,
            bytes_sent: 0,
            bytes_received: 0,
            new: None,
        };
        let mut rows = Rows { rows_max: 3, ..Rows::default() };
        for first in [0, 1, 2, 3, 4, 0] {
            rows.take(Box::new(row(first)));
        }
        assert_eq!(rows.missing, 2);
        let together = rows.put_together(std::iter::empty());
        assert_eq!(together.iter().map(|(row, _)| row.sessions).collect::<Vec<_>>(), [3]);
    }
}
