//! The inventory: who uses which tool, of whom, since when, and as which rule judges it.
//!
//! Every use is a row, allowed or not. A sign costs one look-up; a flow's octets come with its end.

mod table;

use std::net::IpAddr;
use std::sync::Arc;

use model::{FlowClose, Match, Meaning, Observation, Setting, Usage, UsageId, UseShown};

use crate::detector::{Detector, Verdict};
use crate::judgement::DENY_BY_DEFAULT;
use crate::memory::{Carried, Known};
use crate::policy::Ruling;
use crate::scene::Scene;
use crate::stories::Subject;

pub(crate) use table::Inventory;
use table::{Key, Sign};

/// What a flow carried in the end, as seen from the host inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Octets {
    sent: u64,
    received: u64,
}

impl Octets {
    fn of(close: &FlowClose, host: IpAddr, server: IpAddr) -> Octets {
        let (client, server_sent) = (close.from_client.bytes, close.from_server.bytes);
        if host == server {
            Octets { sent: server_sent, received: client }
        } else {
            Octets { sent: client, received: server_sent }
        }
    }
}

impl Detector {
    /// Rows that changed since the last call, and those that had to go since, each with its id; in
    /// the order of host, tool, operator and rule. After [`Detector::finish`] all that are left. A
    /// row without signs went into another one, when its operator became known.
    pub fn take_usages(&mut self) -> Vec<(UsageId, Usage)> {
        let rows = self.inventory.take();
        self.called(rows)
    }

    /// Only the rows that had to go since the last call: to be fetched when
    /// [`Detector::usages_wait`] says so.
    pub fn take_gone_usages(&mut self) -> Vec<(UsageId, Usage)> {
        let rows = self.inventory.take_gone();
        self.called(rows)
    }

    /// Whether so many rows had to go that they should be fetched now.
    #[must_use]
    pub fn usages_wait(&self) -> bool {
        self.inventory.waits()
    }

    /// The rows with what their hosts are called by now.
    fn called(&self, mut rows: Vec<(UsageId, Usage)>) -> Vec<(UsageId, Usage)> {
        for (_, usage) in &mut rows {
            usage.identity = self.identities.of(usage.host);
        }
        rows
    }

    /// Note a use that a story tells, or would.
    pub(crate) fn note_use(
        &mut self,
        scene: &Scene<'_>,
        serial: u64,
        signs: &[&Match],
        ruling: &Ruling,
        known: Option<Known>,
        verdict: &mut Verdict,
    ) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        let Subject::Tool { tool, inbound, operator } = &story.key.subject else { return };
        let name = signs.iter().find_map(|sign| match &sign.meaning {
            Meaning::Tool { name, .. } => Some(name),
            Meaning::Indicator { .. } | Meaning::Lure(_) => None,
        });
        let Some(name) = name else { return };
        let (authorised, rule) = word(ruling);
        let key = Key {
            host: story.key.host,
            tool: tool.clone(),
            operator: operator.clone(),
            inbound: *inbound,
            rule,
        };
        let count = signs.len() as u64;
        let sign = Sign {
            key: &key,
            name,
            zone: scene.setting.zone.as_ref(),
            authorised,
            at: scene.seen.at,
            signs: count,
            known,
        };
        let noted = self.inventory.note(story.row, &sign);
        story.row = Some(noted.row);
        if scene.reached {
            match self.flows.carry(&scene.seen.flow, &key.tool, noted.row) {
                Carried::Same => {}
                Carried::New => self.inventory.begin_session(noted.row, None),
                Carried::Instead(other) => self.inventory.begin_session(noted.row, Some(other)),
            }
        }
        verdict.uses.push(UseShown {
            row: noted.row,
            joined: noted.joined,
            tool: (key.tool, Arc::clone(name)),
            operator: key.operator,
            authorised,
            rule: key.rule,
            signs: count,
            new: noted.new,
        });
    }

    /// A flow ended: its octets count for the uses that it showed.
    pub(crate) fn close_uses(
        &mut self,
        seen: &Observation,
        setting: &Setting,
        close: &FlowClose,
    ) -> Verdict {
        let octets = Octets::of(close, setting.host, seen.flow.server.ip);
        let mut verdict = Verdict::default();
        for row in self.flows.rows(&seen.flow) {
            let Some((row, usage)) = self.inventory.close(row, octets, close.last) else {
                continue;
            };
            verdict.decide(usage.authorised, &usage.rule);
            verdict.uses.push(UseShown {
                row,
                joined: None,
                tool: usage.tool.clone(),
                operator: usage.operator.clone(),
                authorised: usage.authorised,
                rule: Arc::clone(&usage.rule),
                signs: 0,
                new: usage.new,
            });
        }
        verdict
    }
}

/// Whether a ruling allows a use, and the rule that decided.
pub(crate) fn word(ruling: &Ruling) -> (bool, Arc<str>) {
    match ruling {
        Ruling::Allowed(rule) => (true, Arc::clone(rule)),
        Ruling::Suppressed(rule) => (false, Arc::clone(rule)),
        Ruling::Denied(_) => (false, DENY_BY_DEFAULT.into()),
    }
}
