//! What records told, in the audit's words.

use std::collections::BTreeMap;

use audit::{Alarm, Count, Entry, Fared, Rule, RuleCount, Stage};
use detect::RuleInfo;
use model::Identity;
use records::{AlertTold, HealthTold};

/// A rule of the policy in force.
pub(super) fn rule(rule: RuleInfo<'_>) -> Rule {
    Rule {
        id: rule.label.clone(),
        owner: rule.owner.map(Into::into),
        reason: rule.reason.map(Into::into),
        until: rule.ends,
    }
}

/// An alert.
pub(super) fn alarm(told: AlertTold) -> Entry {
    let stages = told.stages.into_iter().map(|stage| Stage {
        stage: stage.stage,
        at: stage.at,
        event: stage.event,
        name: stage.name,
        host: stage.host,
        why: stage.why,
    });
    Entry::Alarm(Box::new(Alarm {
        id: told.id,
        at: told.at,
        detection: told.detection,
        rule_id: told.rule_id,
        rule_name: told.rule_name,
        severity: told.severity,
        confidence_pct: told.confidence_pct,
        reason: told.reason,
        host: told.host,
        identity: Identity { mac: None, name: told.host_name },
        hosts: told.hosts,
        tool: told.tool,
        operator: told.operator,
        zone: told.zone,
        authorised: told.authorised,
        policy_rule: told.policy_rule,
        count: told.count,
        more: told.more,
        start: told.start,
        end: told.end,
        stages: stages.collect(),
    }))
}

/// How a sensor fared.
pub(super) fn fared(told: HealthTold) -> Entry {
    let dns = told.dns;
    let encrypted = dns.over_tls.saturating_add(dns.over_https).saturating_add(dns.over_quic);
    let mut counts = BTreeMap::from([
        (Count::Frames, told.packets),
        (Count::Bytes, told.bytes),
        (Count::Flows, told.flows),
        (Count::FlowsOneWay, told.flows_one_way),
        (Count::ObservationsDropped, told.observations_dropped),
        (Count::Hellos, told.tls_hellos),
        (Count::HellosNameless, told.tls_nameless),
        (Count::HellosEch, told.tls_ech),
        (Count::DnsClear, dns.clear),
        (Count::DnsEncrypted, encrypted),
        (Count::FlowsEvicted, told.flows_evicted),
        (Count::StreamsGivenUp, told.streams_given_up),
        (Count::Panics, told.panics),
    ]);
    if let Some(kernel) = told.kernel {
        let lost = kernel.dropped.saturating_add(kernel.interface_dropped);
        counts.insert(Count::Lost, lost);
        counts.insert(Count::Offered, kernel.received.saturating_add(kernel.interface_dropped));
    }
    let refused = told.refused.into_iter().map(|(why, count)| (why.word().into(), count));
    let rules = told.rules.into_iter().map(|rule| RuleCount {
        rule: rule.rule,
        uses: rule.uses,
        last: rule.last,
    });
    let rules: Vec<RuleCount> = rules.collect();
    Entry::Fared(Box::new(Fared {
        sensor: told.sensor,
        since: told.since,
        at: told.at,
        counts,
        refused: refused.collect(),
        // A policy without rules and a record that tells none look alike.
        rules: (!rules.is_empty()).then_some(rules),
    }))
}
