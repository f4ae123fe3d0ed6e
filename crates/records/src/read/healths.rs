//! How a sensor fared, once a run, as the run's last record says.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{DnsShare, KernelCounts, Refused, RuleUse, Timestamp};

use super::line::{self, ByRule, Line, RuleRow};
use super::told::HealthTold;
use super::words::{self, Why, Words, need};
use crate::limits::{MEMBERS_READ_MAX, RUNS_READ_MAX};

/// The last record of each run: of a sensor since a moment.
#[derive(Debug, Default)]
pub(super) struct Healths {
    runs: BTreeMap<(Timestamp, Option<Arc<str>>), HealthTold>,
    pub(super) left_out: u64,
}

impl Healths {
    pub(super) fn take(&mut self, line: &Line<'_>, words: &mut Words) -> Result<(), Why> {
        let health = read(line, words)?;
        let run = (health.since, health.sensor.clone());
        if let Some(known) = self.runs.get_mut(&run) {
            if known.at <= health.at {
                *known = health;
            }
        } else if self.runs.len() < RUNS_READ_MAX {
            self.runs.insert(run, health);
        } else {
            self.left_out += 1;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<HealthTold> {
        self.runs.into_values().collect()
    }
}

fn read(line: &Line<'_>, words: &mut Words) -> Result<HealthTold, Why> {
    let event = need("event", line.event.as_ref())?;
    let network = need("network", line.network.as_ref())?;
    let rmm = need("rmm", line.rmm.as_ref())?;
    let health = need("rmm.health", rmm.health.as_ref())?;
    let observer = line.observer.as_ref();
    let rules = health.rules.iter().take(MEMBERS_READ_MAX).map(|row| rule(row, words));
    Ok(HealthTold {
        rules: rules.collect::<Result<_, Why>>()?,
        sensor: words.held(observer.and_then(|observer| observer.name.as_ref())),
        since: words::moment("event.start", need("event.start", event.start.as_ref())?)?,
        at: words::moment("@timestamp", need("@timestamp", line.at.as_ref())?)?,
        packets: network.packets.unwrap_or_default(),
        bytes: network.bytes.unwrap_or_default(),
        loss_pct: health.loss_pct.clamp(0.0, 100.0),
        kernel: health.kernel.as_ref().map(|kernel| KernelCounts {
            received: kernel.received,
            dropped: kernel.dropped,
            interface_dropped: kernel.interface_dropped,
        }),
        refused: refused(&health.frames.refused),
        flows_evicted: health.flows.evicted,
        streams_given_up: health.streams.over_budget.saturating_add(health.streams.gaps),
        panics: health.panics,
        flows: health.flows.opened,
        flows_one_way: health.flows.one_way,
        observations_dropped: health.observations.dropped,
        tls_hellos: health.tls.hellos,
        tls_nameless: health.tls.nameless,
        tls_ech: health.tls.ech,
        dns: DnsShare {
            clear: health.dns.clear,
            over_tls: health.dns.over_tls,
            over_https: health.dns.over_https,
            over_quic: health.dns.over_quic,
        },
        alerts: by_rule(&health.alerts, words),
        authorised: by_rule(&health.authorised, words),
    })
}

fn refused(counts: &line::Refused) -> BTreeMap<Refused, u64> {
    let count = |why| match why {
        Refused::LinkType => counts.link_type,
        Refused::NotIp => counts.not_ip,
        Refused::OtherTransport => counts.other_transport,
        Refused::Encapsulated => counts.encapsulated,
        Refused::Fragment => counts.fragment,
        Refused::Truncated => counts.truncated,
        Refused::Malformed => counts.malformed,
        Refused::Duplicate => counts.duplicate,
    };
    let all = Refused::ALL.into_iter().map(|why| (why, count(why)));
    all.filter(|(_, count)| *count > 0).collect()
}

fn rule(row: &RuleRow<'_>, words: &mut Words) -> Result<RuleUse, Why> {
    let last = row.last.as_ref().map(|last| words::moment("a rule's last use", last));
    Ok(RuleUse {
        rule: words.hold(row.rule.get()),
        uses: row.uses,
        signs: row.signs,
        last: last.transpose()?,
    })
}

fn by_rule(counts: &ByRule<'_>, words: &mut Words) -> Vec<(Arc<str>, u64)> {
    let rows = counts.by_rule.iter().take(MEMBERS_READ_MAX);
    rows.map(|row| (words.hold(row.rule.get()), row.count)).collect()
}
