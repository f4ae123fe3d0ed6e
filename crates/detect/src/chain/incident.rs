//! An incident: its stages, all their evidence, and the alert that tells it.

use std::hash::Hasher as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{
    Alert, AlertId, Chain, ChainStage, Detection, Evidence, Identity, Lure, Occasion, Severity,
    Step, Timestamp,
};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::step::Met;
use super::sum::{kinds, sum};
use crate::limits::{Limits, STAGES_ALIKE_MAX, STAGES_MAX, STORIES_TAKEN_MAX};
use crate::stories::Story;

/// Several stages of one incident on one host.
#[derive(Debug)]
pub(crate) struct Incident {
    id: AlertId,
    host: IpAddr,
    /// In the order of their times.
    steps: Vec<Met>,
    evidence: Vec<Evidence>,
    techniques: Vec<&'static str>,
    /// What each story said so far; stories that are over count too.
    stories: Vec<Taken>,
    lure: Option<Arc<Lure>>,
    end: Timestamp,
    /// Packet time of the stage that joined last.
    pub(crate) grown: Timestamp,
    steps_left_out: u64,
    told: Option<Told>,
}

/// What an incident took over of a story.
#[derive(Clone, Copy, Debug)]
struct Taken {
    serial: u64,
    /// Signs, and how many of them it lists.
    count: u64,
    listed: usize,
}

#[derive(PartialEq, Eq, Debug)]
struct Told {
    steps: usize,
    stories: usize,
    count: u64,
    end: Timestamp,
    severity: Severity,
}

impl Incident {
    /// An incident of `steps`, which must not be empty.
    pub(crate) fn new(host: IpAddr, steps: Vec<Met>, at: Timestamp) -> Incident {
        let mut incident = Incident {
            id: AlertId(0),
            host,
            steps: Vec::new(),
            evidence: Vec::new(),
            techniques: Vec::new(),
            stories: Vec::new(),
            lure: None,
            end: at,
            grown: at,
            steps_left_out: 0,
            told: None,
        };
        for step in steps {
            incident.join(step, at);
        }
        incident.id = incident_id(host, incident.start());
        incident
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &Met> {
        self.steps.iter()
    }

    pub(crate) fn start(&self) -> Timestamp {
        self.steps.first().map_or(Timestamp::ZERO, |step| step.at)
    }

    pub(crate) fn holds(&self, met: &Met) -> bool {
        self.steps.iter().any(|step| step.is_same(met))
    }

    /// A stage joins, unless it is one already or there is no room. Many of one kind leave room for
    /// all others: what comes last is the worst.
    pub(crate) fn join(&mut self, step: Met, now: Timestamp) {
        if self.holds(&step) {
            return;
        }
        let alike = self.steps.iter().filter(|known| known.stage == step.stage).count();
        if alike >= STAGES_ALIKE_MAX || self.steps.len() >= STAGES_MAX {
            self.steps_left_out += 1;
            return;
        }
        // Not the latest: one frame of a broken clock would keep it for ever.
        self.grown = now;
        self.end = self.end.max(step.at);
        for technique in step.techniques {
            self.learn_technique(technique);
        }
        let place = self.steps.partition_point(|known| known.at <= step.at);
        self.steps.insert(place, step);
    }

    /// Take over what a story that is a stage knows now; false: there is no room, and it tells
    /// itself.
    pub(crate) fn absorb(&mut self, story: &Story, limits: &Limits) -> bool {
        let (serial, Some(case)) = (story.serial, &story.case) else { return false };
        let place = self.stories.iter().position(|known| known.serial == serial);
        if place.is_none() && self.stories.len() >= STORIES_TAKEN_MAX {
            return false;
        }
        let place = place.unwrap_or(self.stories.len());
        let now = Taken { serial, count: case.count, listed: case.evidence.len() };
        let listed = match self.stories.get_mut(place) {
            Some(known) => std::mem::replace(known, now).listed,
            None => {
                self.stories.push(now);
                0
            }
        };
        self.end = self.end.max(case.end);
        for technique in &case.techniques {
            self.learn_technique(technique);
        }
        for sign in case.evidence.iter().skip(listed) {
            self.add_evidence(sign, limits);
        }
        if self.lure.is_none() {
            self.lure.clone_from(&case.lure);
        }
        let own = self.steps.iter_mut().filter(|step| step.story == Some(serial) && step.is_tool());
        own.for_each(|step| step.follow(case, story.operator()));
        true
    }

    /// Whether that story is one of its stages.
    pub(crate) fn has_stage_of(&self, serial: u64) -> bool {
        self.steps.iter().any(|step| step.story == Some(serial))
    }

    /// The stories that it tells.
    pub(crate) fn stories(&self) -> impl Iterator<Item = u64> {
        self.stories.iter().map(|story| story.serial)
    }

    fn learn_technique(&mut self, technique: &'static str) {
        if !self.techniques.contains(&technique) {
            self.techniques.push(technique);
            self.techniques.sort_unstable();
        }
    }

    fn add_evidence(&mut self, sign: &Evidence, limits: &Limits) {
        if self.evidence.len() < limits.evidence_max.max(1) && !self.evidence.contains(sign) {
            self.evidence.push(sign.clone());
        }
    }

    fn count(&self) -> u64 {
        let own = self.steps.iter().filter(|step| step.story.is_none()).count() as u64;
        self.stories.iter().map(|story| story.count).sum::<u64>() + own
    }

    /// Whether anything changed since it was last told.
    pub(crate) fn has_news(&self) -> bool {
        self.told.as_ref() != Some(&self.as_told())
    }

    fn as_told(&self) -> Told {
        let (steps, stories) = (self.steps.len(), self.stories.len());
        let severity = sum(&self.steps).severity;
        Told { steps, stories, count: self.count(), end: self.end, severity }
    }

    /// Whether a stage joined since it was last told, or another story of one.
    pub(crate) fn grew(&self) -> bool {
        self.told
            .as_ref()
            .is_none_or(|told| told.steps < self.steps.len() || told.stories < self.stories.len())
    }

    /// Tell it as it stands.
    pub(crate) fn tell(&mut self, over: bool, at: Timestamp, limits: &Limits) -> Option<Alert> {
        for step in 0..self.steps.len() {
            let own = self.steps.get(step).map(|step| step.evidence.clone()).unwrap_or_default();
            own.iter().for_each(|sign| self.add_evidence(sign, limits));
        }
        let occasion = match (&self.told, over) {
            (None, _) => Occasion::First,
            (Some(_), true) => Occasion::Ended,
            (Some(_), false) => Occasion::Growth,
        };
        let tools = || self.steps.iter().rev().filter(|step| step.is_tool());
        let named = tools().find(|step| step.tool.is_some());
        let latest = named.or_else(|| tools().next()).or(self.steps.last())?;
        let sum = sum(&self.steps);
        let spot = &latest.spot;
        let alert = Alert {
            id: self.id,
            at: at.max(if over { self.end } else { at }),
            update: self.told.is_some(),
            severity_before: self.told.as_ref().map(|told| told.severity),
            occasion,
            rule_id: RULE_ID.into(),
            rule_name: RULE_NAME.into(),
            detection: Detection::Campaign,
            severity: sum.severity,
            confidence_pct: sum.sure_pct,
            reason: self.reason(),
            techniques: self.techniques.clone(),
            flow: spot.flow,
            ingress: spot.ingress.clone(),
            protocol: spot.protocol,
            server_name: spot.server_name.clone(),
            host: self.host,
            direction: spot.direction,
            tool: latest.tool.clone(),
            operator: latest.operator.clone(),
            policy: spot.policy.clone(),
            lure: self.lure.clone(),
            chain: Some(Chain { id: self.id, steps: self.told_steps(), sum: sum.steps }),
            identity: Identity::default(),
            hosts: self.other_addresses(),
            more: self.steps_left_out,
            evidence: self.evidence.clone(),
            count: self.count(),
            start: self.start(),
            end: self.end,
        };
        self.told = Some(self.as_told());
        Some(alert)
    }

    /// Further addresses of the host that stages were met under.
    fn other_addresses(&self) -> Vec<IpAddr> {
        let mut others: Vec<IpAddr> = Vec::new();
        for ip in self.steps.iter().map(Met::host) {
            if ip != self.host && !others.contains(&ip) {
                others.push(ip);
            }
        }
        others
    }

    fn told_steps(&self) -> Vec<Step> {
        let told = |step: &Met| Step {
            stage: step.stage,
            at: step.at,
            event: step.told.unwrap_or(self.id),
            name: Arc::clone(&step.name),
            host: step.host(),
            why: Arc::clone(&step.why),
        };
        self.steps.iter().map(told).collect()
    }

    /// One sentence: what the host did, in order, and what to do about it.
    fn reason(&self) -> String {
        let zone = self.steps.iter().rev().find_map(|step| step.spot.policy.zone.as_ref());
        let mut text = match zone {
            Some(zone) => format!("{} (zone {zone})", self.host),
            None => self.host.to_string(),
        };
        // One clause for each stage, and one for each tool: `rmm.chain` has them all.
        let mut told: Vec<ChainStage> = Vec::new();
        for step in &self.steps {
            if told.contains(&step.stage) && !step.is_tool() || told.len() >= CLAUSES_MAX {
                continue;
            }
            text.push_str(if told.is_empty() { " " } else { ", then " });
            text.push_str(&step.why);
            told.push(step.stage);
        }
        let last = self.steps.last().map_or(Timestamp::ZERO, |step| step.at);
        let stages = kinds(self.steps.iter()).len();
        let within = spell(last.since(self.start()));
        let runs = self.steps.iter().any(Met::is_tool);
        let advice = match runs {
            true => "cut the host off, and call its user on a number that you know",
            false => {
                "call the user of the host on a number that you know, and look for what was \
                      started there"
            }
        };
        format!("{text}: {stages} stages within {within}; {advice}.")
    }
}

/// Clauses that one reason has.
const CLAUSES_MAX: usize = 8;
const RULE_ID: &str = "rmm.campaign.chain";
const RULE_NAME: &str = "A chain from lure to remote access";

/// `40 seconds`, `12 minutes`, `3 hours`, `2 days`.
pub(crate) fn spell(time: Duration) -> String {
    let secs = time.as_secs();
    let (number, word) = match secs {
        0..=119 => (secs.max(1), "second"),
        120..=7_199 => (secs / 60, "minute"),
        7_200..=172_799 => (secs / 3_600, "hour"),
        _ => (secs / 86_400, "day"),
    };
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// The same for the same evidence, on any machine; see `alert_id`.
fn incident_id(host: IpAddr, start: Timestamp) -> AlertId {
    let mut hasher = SipHasher24::new_with_keys(0x726d_6d77_6174_6368, 0x696e_6369_6465_6e74);
    match host {
        IpAddr::V4(ip) => hasher.write(&ip.octets()),
        IpAddr::V6(ip) => hasher.write(&ip.octets()),
    }
    hasher.write(&start.nanos().to_le_bytes());
    AlertId(hasher.finish128().as_u128())
}

/// Octets for people: `12 MiB`.
pub(crate) fn octets(bytes: u64) -> String {
    match bytes {
        0..=10_239 => format!("{bytes} octets"),
        10_240..=10_485_759 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// What a stage shows, by ATT&CK.
pub(crate) const fn techniques(stage: ChainStage) -> &'static [&'static str] {
    match stage {
        ChainStage::Lure => crate::rules::LINK,
        ChainStage::Download | ChainStage::SecondName => crate::rules::TRANSFER,
        ChainStage::Relay | ChainStage::SecondTool | ChainStage::Session | ChainStage::Spread => {
            crate::rules::REMOTE_ACCESS
        }
    }
}
