//! Uses seen from the hosts' side, and from the tools'.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{Identity, Severity, ToolId};

use crate::report::Incident;
use crate::uses::{Use, joined};

/// What one host uses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostRow {
    /// The host.
    pub host: IpAddr,
    /// What else it is called.
    pub identity: Identity,
    /// Its zones.
    pub zones: BTreeSet<Arc<str>>,
    /// Its tools, and of each whether every use of it is allowed.
    pub tools: BTreeMap<ToolId, (Arc<str>, bool)>,
    /// Its tools with a use that no rule allows.
    pub unauthorised: u64,
    /// Incidents that it is part of.
    pub incidents: u64,
    /// The severity of the worst alert about a use of it.
    pub severity: Option<Severity>,
}

/// Who uses one tool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToolRow {
    /// The tool.
    pub tool: ToolId,
    /// Its name for people.
    pub name: Arc<str>,
    /// Hosts that use it.
    pub hosts: u64,
    /// Those of them with a use that no rule allows.
    pub unauthorised: u64,
}

/// Hosts: those with most tools first, and of those the ones with most that nobody allows.
pub(crate) fn hosts(uses: &[Use], incidents: &[Incident]) -> Vec<HostRow> {
    let mut rows: BTreeMap<IpAddr, HostRow> = BTreeMap::new();
    for one in uses {
        let usage = &one.usage;
        let row = rows.entry(usage.host).or_insert_with(|| empty(usage.host));
        row.identity = joined(&row.identity, &usage.identity);
        row.zones.extend(usage.zone.clone());
        row.severity = row.severity.max(one.severity);
        let (id, name) = &usage.tool;
        let tool = row.tools.entry(id.clone()).or_insert_with(|| (Arc::clone(name), true));
        tool.1 &= usage.authorised;
    }
    for incident in incidents {
        let alarm = &incident.alarm;
        let all: BTreeSet<IpAddr> = alarm.hosts.iter().copied().chain([alarm.host]).collect();
        for host in all {
            let row = rows.entry(host).or_insert_with(|| empty(host));
            row.incidents += 1;
            row.severity = row.severity.max(Some(alarm.severity));
            if host == alarm.host {
                row.identity = joined(&alarm.identity, &row.identity);
                row.zones.extend(alarm.zone.clone());
            }
        }
    }
    let mut rows: Vec<HostRow> = rows.into_values().collect();
    for row in &mut rows {
        row.unauthorised = row.tools.values().filter(|(_, allowed)| !allowed).count() as u64;
    }
    rows.sort_by_key(|row| {
        (Reverse(row.tools.len()), Reverse(row.unauthorised), Reverse(row.incidents), row.host)
    });
    rows
}

fn empty(host: IpAddr) -> HostRow {
    HostRow {
        host,
        identity: Identity::default(),
        zones: BTreeSet::new(),
        tools: BTreeMap::new(),
        unauthorised: 0,
        incidents: 0,
        severity: None,
    }
}

/// Tools: those that most hosts use without leave first.
pub(crate) fn tools(hosts: &[HostRow]) -> Vec<ToolRow> {
    let mut rows: BTreeMap<&ToolId, ToolRow> = BTreeMap::new();
    for (tool, (name, allowed)) in hosts.iter().flat_map(|host| &host.tools) {
        let row = rows.entry(tool).or_insert_with(|| ToolRow {
            tool: tool.clone(),
            name: Arc::clone(name),
            hosts: 0,
            unauthorised: 0,
        });
        row.hosts += 1;
        row.unauthorised += u64::from(!allowed);
    }
    let mut rows: Vec<ToolRow> = rows.into_values().collect();
    rows.sort_by_key(|row| (Reverse(row.unauthorised), Reverse(row.hosts), row.tool.clone()));
    rows
}
