//! Uses put together by tool and operator, and what speaks against allowing each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{ToolId, Usage};

use super::super::operator::OperatorPattern;
use super::super::rule::Use;
use super::super::{Policy, Ruling};
use super::habit::habit;
use super::{Group, Learned, SuggestOptions};
use crate::limits::SUGGEST_GROUPS_MAX;

/// All groups, the ones with most hosts first, each with what speaks against it.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    pub(super) groups: Vec<(Group<'a>, Vec<String>)>,
    pub(super) allowed: usize,
    pub(super) left_out: usize,
    pub(super) usages: usize,
}

type Groups<'a> = BTreeMap<(&'a ToolId, Option<&'a Arc<str>>, bool), Group<'a>>;

pub(super) fn gather<'a>(
    policy: &Policy,
    learned: &Learned<'a>,
    options: &SuggestOptions,
) -> Gathered<'a> {
    let mut gathered = Gathered { usages: learned.usages.len(), ..Gathered::default() };
    let mut groups: Groups<'a> = BTreeMap::new();
    for usage in learned.usages {
        if allows(policy, usage) {
            gathered.allowed += 1;
            continue;
        }
        let key = (&usage.tool.0, usage.operator.as_ref(), usage.inbound);
        groups.entry(key).or_insert_with(|| Group::new(usage)).join(usage);
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.hosts.len()));
    gathered.left_out = groups.len().saturating_sub(SUGGEST_GROUPS_MAX);
    groups.truncate(SUGGEST_GROUPS_MAX);
    for group in &mut groups {
        let key = (group.tool.clone(), group.operator.cloned());
        group.hours = learned.hours.get(&key).and_then(|hours| habit(hours, options));
    }
    let doubts: Vec<Vec<String>> =
        groups.iter().map(|group| doubts(group, &groups, learned, options)).collect();
    gathered.groups = groups.into_iter().zip(doubts).collect();
    gathered
}

/// Whether the policy at hand allows a use already: by what it says of it now, or since it is the
/// rule that allowed it then.
fn allows(policy: &Policy, usage: &Usage) -> bool {
    let tool = &usage.tool.0;
    let then =
        |rule: &super::super::Rule| rule.label == usage.rule && rule.tool.as_ref() == Some(tool);
    if usage.authorised && policy.rules.iter().any(then) {
        return true;
    }
    let zone = policy.zone_of(usage.host, None).or(usage.zone.as_ref());
    let operators: Vec<&str> = usage.operator.as_deref().into_iter().collect();
    let ruling = policy.rule_on(&Use {
        tool: Some(tool),
        lure: false,
        operators: &operators,
        common: false,
        tenant_seen: usage.operator.is_some(),
        zone: zone.map(|zone| &**zone),
        peer: None,
        at: Some(usage.last),
    });
    matches!(ruling, Ruling::Allowed(_))
}

impl<'a> Group<'a> {
    fn new(usage: &'a Usage) -> Group<'a> {
        Group {
            tool: &usage.tool.0,
            tool_name: &usage.tool.1,
            operator: usage.operator.as_ref(),
            inbound: usage.inbound,
            hosts: BTreeMap::new(),
            authorised: true,
            sessions: 0,
            signs: 0,
            first: usage.first,
            last: usage.last,
            hours: None,
        }
    }

    fn join(&mut self, usage: &'a Usage) {
        let zone = self.hosts.entry(usage.host).or_default();
        *zone = zone.or(usage.zone.as_ref());
        self.authorised &= usage.authorised;
        self.sessions = self.sessions.saturating_add(usage.sessions);
        self.signs = self.signs.saturating_add(usage.signs);
        self.first = self.first.min(usage.first);
        self.last = self.last.max(usage.last);
    }
}

/// What speaks against a rule for a group.
fn doubts(
    group: &Group<'_>,
    all: &[Group<'_>],
    learned: &Learned<'_>,
    options: &SuggestOptions,
) -> Vec<String> {
    let mut doubts = Vec::new();
    if group.inbound {
        doubts.push("it came from outside: name the `peers` that may come".to_owned());
    }
    let host = learned.incidents.iter().find(|(host, tool)| {
        group.hosts.contains_key(host) && tool.as_ref().is_none_or(|tool| tool == group.tool)
    });
    if let Some((host, _)) = host {
        doubts.push(format!("it is part of an incident of {host}"));
    }
    let hosts = group.hosts.len();
    if hosts < options.hosts_min && !group.authorised {
        doubts.push(match (hosts, group.operator) {
            (1, Some(_)) => "one host alone has this operator, as a victim would".to_owned(),
            (1, None) => "one host alone uses it".to_owned(),
            _ => format!("{hosts} hosts alone use it"),
        });
    }
    if group.operator.is_none() && is_beside_a_tenant(group, all) {
        let why = "its hosts use a tenant of the same tool, and their software's calls to the \
                   vendor pass with that";
        doubts.push(why.to_owned());
    }
    if !learned.tools.contains(&group.tool.as_str()) {
        doubts.push("the catalogue does not have the tool".to_owned());
    }
    if pattern(group).is_none() {
        doubts.push("a policy cannot name this operator".to_owned());
    }
    doubts
}

/// Whether each host has a tenant of the same tool too.
fn is_beside_a_tenant(group: &Group<'_>, all: &[Group<'_>]) -> bool {
    let tenants = all.iter().filter(|other| {
        other.tool == group.tool && other.operator.is_some() && other.inbound == group.inbound
    });
    let hosts: BTreeSet<&IpAddr> = tenants.flat_map(|tenant| tenant.hosts.keys()).collect();
    group.hosts.keys().all(|host| hosts.contains(host))
}

/// How a rule names the group's operator.
///
/// What a server is called on the wire is the word of whoever calls it. A server name `*.com`,
/// `CN=…` or `sha256:…` must not become what these mean in a policy.
pub(super) fn pattern(group: &Group<'_>) -> Option<OperatorPattern> {
    let Some(operator) = group.operator else { return Some(OperatorPattern::Unknown) };
    OperatorPattern::parse(operator).ok().filter(|pattern| {
        matches!(pattern, OperatorPattern::Exact(_))
            && !pattern.asks_certificate()
            && operator.bytes().all(|byte| byte.is_ascii_graphic())
            && pattern.fits(operator)
    })
}
