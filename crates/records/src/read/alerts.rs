//! Alerts, each as its last record tells it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use model::{AlertId, Occasion, Severity};

use super::line::{Chain, Line};
use super::told::{AlertTold, Peer, StageTold};
use super::words::{self, Why, Words, cut, need};
use crate::limits::{ALERTS_READ_MAX, MEMBERS_READ_MAX};

/// Alerts by id.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    told: HashMap<AlertId, AlertTold>,
    pub(super) left_out: u64,
}

impl Alerts {
    /// Take a record: of one story the latest holds, of equals the one that was read last.
    pub(super) fn take(&mut self, line: &Line<'_>, words: &mut Words) -> Result<(), Why> {
        // The sensor itself is in trouble: no host, no tool.
        let detection = line.rmm.as_ref().and_then(|rmm| rmm.detection.as_ref());
        if detection.is_some_and(|word| word.0 == "sensor") {
            return Ok(());
        }
        let alert = read(line, words)?;
        let room = self.told.len() < ALERTS_READ_MAX;
        match self.told.entry(alert.id) {
            Entry::Occupied(mut known) => {
                if known.get().at <= alert.at {
                    known.insert(alert);
                }
            }
            Entry::Vacant(place) if room => {
                place.insert(alert);
            }
            Entry::Vacant(_) => self.left_out += 1,
        }
        Ok(())
    }

    /// In the order in which the stories began.
    pub(super) fn finish(self) -> Vec<AlertTold> {
        let mut all: Vec<AlertTold> = self.told.into_values().collect();
        all.sort_by_key(|alert| (alert.start, alert.id));
        all
    }
}

fn read(line: &Line<'_>, words: &mut Words) -> Result<AlertTold, Why> {
    let event = need("event", line.event.as_ref())?;
    let rmm = need("rmm", line.rmm.as_ref())?;
    let rule = need("rule", line.rule.as_ref())?;
    let rule_id = need("rule.id", rule.id.as_ref())?;
    let at = words::moment("@timestamp", need("@timestamp", line.at.as_ref())?)?;
    let start = event.start.as_ref().map(|text| words::moment("event.start", text)).transpose()?;
    let end = event.end.as_ref().map(|text| words::moment("event.end", text)).transpose()?;
    let host = need("rmm.host", rmm.host)?;
    let update = rmm.update.unwrap_or_default();
    let first = if update { Occasion::Growth } else { Occasion::First };
    let policy = rmm.policy.as_ref();
    let software = line.threat.as_ref().and_then(|threat| threat.software.as_ref());
    let tool = rmm.tool.as_ref().map(words::tool).transpose()?.map(|tool| {
        let name = words.held(software.and_then(|software| software.name.as_ref()));
        (tool.clone(), name.unwrap_or_else(|| words.hold(tool.as_str())))
    });
    let (chain, stages) = match &rmm.chain {
        Some(chain) => {
            let id = words::alert_id("rmm.chain.id", &chain.id)?;
            (Some(id), stages(chain, host, words)?)
        }
        None => (None, Vec::new()),
    };
    let confidence = (rmm.confidence.unwrap_or(0.0) * 100.0).round().clamp(0.0, 100.0);
    Ok(AlertTold {
        id: words::alert_id("event.id", need("event.id", event.id.as_ref())?)?,
        at,
        update,
        occasion: rmm.occasion.as_ref().and_then(words::occasion).unwrap_or(first),
        start: start.unwrap_or(at),
        end: end.unwrap_or(at),
        host,
        host_name: words.held(rmm.identity.as_ref().and_then(|known| known.name.as_ref())),
        rule_id: words.hold(rule_id.get()),
        rule_name: words.hold(rule.name.as_ref().unwrap_or(rule_id).get()),
        detection: words::detection(need("rmm.detection", rmm.detection.as_ref())?)?,
        severity: Severity::new(need("event.severity", event.severity)?),
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0 to 100"
        )]
        confidence_pct: confidence as u8,
        tool,
        operator: words.held(rmm.operator.as_ref()),
        reason: cut(event.reason.as_ref().map_or("", |reason| reason.get())).into(),
        authorised: rmm.authorised.unwrap_or_default(),
        zone: words.held(policy.and_then(|policy| policy.zone.as_ref())),
        policy_rule: words
            .hold(policy.and_then(|policy| policy.rule.as_ref()).map_or("", |rule| rule.get())),
        peer: peer(line, host, words)?,
        count: rmm.count.unwrap_or_default(),
        chain,
        stages,
        hosts: rmm.hosts.iter().flatten().copied().take(MEMBERS_READ_MAX).collect(),
        more: rmm.more.unwrap_or_default(),
    })
}

/// The end that is not the host's; the server where both are not.
fn peer(line: &Line<'_>, host: IpAddr, words: &mut Words) -> Result<Peer, Why> {
    let client = need("source", line.source.as_ref())?;
    let server = need("destination", line.destination.as_ref())?;
    let is_server = server.ip == Some(host) && client.ip != Some(host);
    let end = if is_server { client } else { server };
    Ok(Peer {
        ip: need("address of the other end", end.ip)?,
        port: end.port.unwrap_or_default(),
        name: words.held(end.domain.as_ref()),
    })
}

fn stages(chain: &Chain<'_>, host: IpAddr, words: &mut Words) -> Result<Vec<StageTold>, Why> {
    let stages = chain.stages.iter().take(MEMBERS_READ_MAX);
    let stages = stages.map(|stage| {
        Ok(StageTold {
            stage: words::stage(&stage.stage)?,
            at: words::moment("a stage's time", &stage.at)?,
            event: words::alert_id("a stage's event_id", &stage.event_id)?,
            name: words.hold(stage.name.get()),
            host: stage.host.unwrap_or(host),
            why: words.hold(stage.why.as_ref().map_or("", |why| why.get())),
        })
    });
    stages.collect()
}
