//! What one host met lately, and whether it makes an incident.

use std::time::Duration;

use model::{ChainStage, Flow, Timestamp};

use super::incident::Incident;
use super::step::{Met, SHORTLY, Weight};
use super::sum::kinds;
use crate::caps::apart;
use crate::limits::STEPS_MAX;
use crate::stories::Case;

/// One host's way.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// What may become stages; once there is an incident, further ones go there.
    steps: Vec<Met>,
    pub(crate) incident: Option<Box<Incident>>,
}

/// How long things count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) weak: Duration,
    pub(crate) lure: Duration,
}

impl Trail {
    /// Whether the host met a strong lure within that time before `at`.
    pub(crate) fn lured(&self, at: Timestamp, within: Duration) -> bool {
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        own.chain(&self.steps).any(|step| step.is_strong_lure() && apart(step.at, at) <= within)
    }

    /// Whether a program or the like came down within that time before `at`, and from where. What
    /// counts only beside something that was not met yet may have been anything.
    pub(crate) fn fetched(&self, at: Timestamp, within: Duration) -> Option<&Met> {
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        let stands = |step: &&Met| matches!(step.weight, Weight::Strong | Weight::Weak);
        own.chain(self.steps.iter().filter(stands))
            .filter(|step| step.stage == ChainStage::Download && step.at <= at)
            .find(|step| apart(step.at, at) <= within)
    }

    /// The step of another tool that is part of this. A relay that a list reports is no tool.
    pub(crate) fn another(&self, met: &Met, windows: Windows) -> Option<&Met> {
        let id = |step: &Met| step.tool.as_ref().map(|(id, _)| id.clone());
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        own.chain(self.steps.iter().filter(|step| counts(step, met.at, windows)))
            .find(|step| step.is_tool() && step.tool.is_some() && id(step) != id(met))
    }

    /// The story is part of this already.
    pub(crate) fn holds_story(&self, serial: u64) -> Option<&Met> {
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        own.chain(&self.steps).find(|step| step.story == Some(serial) && step.is_tool())
    }

    /// Whether that file of that flow is a download already, as of a tool's file; it was asked for
    /// by its path, or shows at this very moment.
    pub(crate) fn has_download(&self, flow: &Flow, at: Timestamp, name: &str) -> bool {
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        own.chain(&self.steps).any(|step| {
            let file = step.at == at || &*step.name == name;
            step.stage == ChainStage::Download && file && step.spot.flow == *flow
        })
    }

    /// Whether the host met a lure under that registered name.
    pub(crate) fn has_lure(&self, subject: &str) -> bool {
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        own.chain(&self.steps).any(|step| step.is_strong_lure() && &*step.subject == subject)
    }

    /// Whether a lure or a program came before: what follows may be the second name.
    pub(crate) fn has_led(&self, at: Timestamp, windows: Windows) -> bool {
        self.lured(at, windows.weak) || self.fetched(at, windows.weak).is_some()
    }

    /// That story says too little to be a step.
    pub(crate) fn forget(&mut self, serial: u64) {
        self.steps.retain(|step| step.story != Some(serial));
    }

    /// That story is gone now: what it knew stays with its steps.
    pub(crate) fn leave(&mut self, serial: u64, case: &Case) {
        for step in self.steps.iter_mut().filter(|step| step.story == Some(serial)) {
            step.story = None;
            step.told = case.was_told().then_some(case.id).or(step.told);
            step.evidence = case.evidence.iter().take(LEFT_SIGNS_MAX).cloned().collect();
        }
    }

    /// A step is met, which may have begun before `now`. What is met again stays at its first time.
    pub(crate) fn meet(&mut self, met: Met, now: Timestamp, windows: Windows) {
        self.steps.retain(|step| counts(step, now, windows));
        if let Some(known) = self.steps.iter_mut().find(|step| step.is_same(&met)) {
            known.learn(met);
            return;
        }
        if self.steps.len() >= STEPS_MAX {
            // The weak go first, and of those the oldest.
            let weak = self.steps.iter().position(|step| step.weight != Weight::Strong);
            self.steps.remove(weak.unwrap_or(0));
        }
        self.steps.push(met);
    }

    /// The steps that make an incident, if they do: two different stages, a strong one among them.
    pub(crate) fn ripe(&mut self, now: Timestamp, windows: Windows) -> Option<Vec<Met>> {
        self.steps.retain(|step| counts(step, now, windows));
        let mut valid: Vec<&Met> =
            self.steps.iter().filter(|step| self.holds(step, now, windows)).collect();
        // Who follows a link and fetches something else hours later is not led there any more,
        // unless a tool runs in the end.
        let runs = valid.iter().any(|step| step.is_tool());
        let of_lure = |subject: &str| {
            self.steps.iter().any(|s| s.stage == ChainStage::Download && &*s.subject == subject)
        };
        valid.retain(|step| {
            let late = step.is_strong_lure() && apart(step.at, now) > windows.weak;
            runs || !late || of_lure(&step.subject)
        });
        let without_session = valid.iter().copied().filter(|s| s.stage != ChainStage::Session);
        let stages = kinds(without_session);
        let strong = valid.iter().any(|step| step.weight == Weight::Strong);
        if stages.len() < 2 || !strong || is_one_contact(&valid, &stages) {
            return None;
        }
        let taken: Vec<Met> = valid.into_iter().cloned().collect();
        self.steps.retain(|step| !taken.iter().any(|one| one.is_same(step)));
        Some(taken)
    }

    /// Whether what a step needs beside it is there.
    fn holds(&self, step: &Met, now: Timestamp, windows: Windows) -> bool {
        let lured = || self.lured(step.at, windows.weak);
        let own_relay = || {
            self.steps.iter().any(|other| {
                other.is_tool()
                    && other.operator.is_some()
                    && other.at >= step.at
                    && apart(other.at, step.at) <= SHORTLY
            })
        };
        // What came down long after the tool was met does not explain it, unless the tool is new.
        let mut tools = self.tools().peekable();
        let explains = step.weight == Weight::Strong
            || !step.leads()
            || tools.peek().is_none()
            || tools.any(|tool| !tool.perhaps_old || step.at.since(tool.at) <= OLD_AFTER);
        let beside = match step.weight {
            Weight::Strong | Weight::Weak => true,
            Weight::AfterLure => lured(),
            Weight::BeforeOwnRelay => lured() || own_relay(),
        };
        explains
            && beside
            && (step.stage != ChainStage::SecondName || self.fetched(now, windows.weak).is_some())
    }

    fn tools(&self) -> impl Iterator<Item = &Met> {
        let own = self.incident.iter().flat_map(|incident| incident.steps());
        own.chain(&self.steps).filter(|step| step.is_tool())
    }

    /// What is not part of an incident, to be looked at anew.
    pub(crate) fn take_new(&mut self, windows: Windows) -> Vec<Met> {
        let holds = |step| self.holds(step, step.at, windows);
        let ready: Vec<bool> = self.steps.iter().map(holds).collect();
        let mut place = ready.into_iter();
        self.steps.extract_if(.., |_| place.next().unwrap_or(false)).collect()
    }

    /// What it holds that counts and is in no incident.
    pub(crate) fn into_steps(mut self, now: Timestamp, windows: Windows) -> Vec<Met> {
        self.steps.retain(|step| counts(step, now, windows));
        self.steps
    }

    /// Whether nothing of it counts any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.incident.is_none()
    }
}

/// How long after a tool that may be an old one a weak stage still belongs to it.
const OLD_AFTER: Duration = Duration::from_secs(5 * 60);

/// Signs of a story that is gone which each of its steps keeps.
const LEFT_SIGNS_MAX: usize = 8;

/// A list's entry and a tool under one registered name are one contact, not two stages; so is a
/// tool's file and the new name that it came from.
fn is_one_contact(valid: &[&Met], stages: &[ChainStage]) -> bool {
    let lures = || valid.iter().filter(|step| step.stage == ChainStage::Lure);
    match stages {
        [ChainStage::Lure, ChainStage::Download] => lures().all(|lure| !lure.is_strong_lure()),
        [ChainStage::Lure, ChainStage::Relay] => lures().all(|lure| {
            valid.iter().filter(|step| step.is_tool()).all(|relay| {
                // A question's server is the resolver, which all names share.
                let reached = relay.spot.reached && lure.spot.reached;
                (reached && relay.spot.flow.server == lure.spot.flow.server)
                    || relay.place() == lure.subject
            })
        }),
        _ => false,
    }
}

fn counts(step: &Met, now: Timestamp, windows: Windows) -> bool {
    let window = if step.is_strong_lure() { windows.lure } else { windows.weak };
    apart(step.at, now) <= window
}
