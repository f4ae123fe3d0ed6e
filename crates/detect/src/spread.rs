//! Mass deployment: many hosts begin to use the same unauthorised tool within an hour. Someone
//! rolls it out; the question is who.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    Alert, AlertId, Chain, ChainStage, Detection, Evidence, Identity, Occasion, Severity, Step,
    Timestamp, ToolId,
};

use crate::caps::apart;
use crate::chain::spell;
use crate::limits::{
    HOSTS_LISTED_MAX, SPREAD_HOSTS, SPREAD_SPAN, SPREAD_STEPS_MAX, SPREADS_MAX,
    SUMMARY_EVIDENCE_MAX,
};
use crate::stories::{self, Story, id_of};
use crate::weights::API;

/// How bad it is.
pub(crate) const SEVERITY: u8 = 80;
/// How bad while the sensor does not know yet what was there before.
pub(crate) const SEVERITY_WHILE_LEARNING: u8 = 55;

const RULE_ID: &str = "rmm.campaign.spread";

/// A tool, and its operator: `None` is the vendor.
pub(crate) type Subject = (ToolId, Option<Arc<str>>);

/// One host's first use.
pub(crate) struct Joining {
    /// The story's own alert, as it stands.
    pub(crate) alert: Alert,
    /// Whether a record told it.
    told: bool,
    /// What was reached, for people.
    target: Arc<str>,
    /// Whether the sensor had watched for long enough to know what was there before.
    learnt: bool,
}

impl Joining {
    /// The story as it stands.
    pub(crate) fn new(story: &Story, at: Timestamp) -> Option<Joining> {
        let case = story.case.as_ref()?;
        Some(Joining {
            alert: story.telling(Occasion::First, at)?,
            told: case.was_told(),
            target: Arc::clone(&case.spot.target),
            learnt: story.known?.host.learnt,
        })
    }
}

/// What a story counts as a first use of, where it does and did not before: an unauthorised tool
/// that the host, or the network of that operator, met within the last hour.
pub(crate) fn subject(story: &Story, at: Timestamp) -> Option<Subject> {
    let stories::Subject::Tool { tool, inbound: false, operator } = &story.key.subject else {
        return None;
    };
    let same = |(t, o): &Subject| t == tool && o == operator;
    if story.wave.as_ref().is_some_and(same) {
        return None;
    }
    let (case, known) = (story.case.as_ref()?, story.known?);
    let finding = &case.finding;
    let specific = finding.severity.get() >= finding.weight.severity.max(API.severity);
    let used = case.spot.reached || finding.weight.detection != Detection::Api;
    let new = |first: Timestamp| at.since(first) < SPREAD_SPAN;
    let met = new(known.host.first) || known.operator.is_some_and(|known| new(known.first));
    (specific && used && met && new(case.start)).then(|| (tool.clone(), operator.clone()))
}

/// Waves of hosts that begin to use a tool.
#[derive(Debug, Default)]
pub(crate) struct Spreads {
    waves: BTreeMap<Subject, Wave>,
    /// The same by when the last host joined.
    lasts: BTreeSet<(Timestamp, Subject)>,
    evicted: u64,
}

/// Hosts that began to use one tool within an hour, and those that followed.
#[derive(Debug)]
struct Wave {
    /// Before it is told those of the last hour; then all, as far as they are listed.
    joined: Vec<Joined>,
    /// Hosts in all.
    hosts: u64,
    last: Timestamp,
    told: Option<Told>,
    learnt: bool,
    evidence: Vec<Evidence>,
    confidence_pct: u8,
    /// What the first story says.
    sample: Alert,
}

#[derive(Debug)]
struct Joined {
    host: IpAddr,
    at: Timestamp,
    /// The host's own alert, and whether a record told it.
    event: (AlertId, bool),
    target: Arc<str>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    id: AlertId,
    hosts: u64,
}

impl Spreads {
    /// Waves held, and waves that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.waves.len(), self.evicted)
    }

    /// A host began to use a tool; alerts that come of it.
    pub(crate) fn join(&mut self, subject: &Subject, joining: &Joining) -> Vec<Alert> {
        let at = joining.alert.at;
        let mut due = Vec::new();
        if !self.waves.contains_key(subject)
            && self.waves.len() >= SPREADS_MAX
            && let Some((_, oldest)) = self.lasts.first().cloned()
        {
            self.evicted += 1;
            due.extend(self.close(&oldest, at));
        }
        let wave = self.waves.entry(subject.clone()).or_insert_with(|| Wave::new(&joining.alert));
        self.lasts.remove(&(wave.last, subject.clone()));
        wave.join(joining);
        self.lasts.insert((wave.last, subject.clone()));
        due.extend(wave.tell_if_due(at));
        due
    }

    /// Its operator became known better: it belongs to another wave.
    pub(crate) fn leave(&mut self, subject: &Subject, event: AlertId) {
        if let Some(wave) = self.waves.get_mut(subject).filter(|wave| wave.told.is_none()) {
            wave.joined.retain(|joined| joined.event.0 != event);
            wave.hosts = wave.joined.len() as u64;
        }
    }

    /// When the next wave is over.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.lasts.first().map(|(last, _)| last.after(SPREAD_SPAN))
    }

    /// Packet time passes: waves that nobody joined for an hour are over.
    pub(crate) fn pass_time(&mut self, now: Timestamp) -> Vec<Alert> {
        let mut over = Vec::new();
        while let Some((last, subject)) =
            self.lasts.first().filter(|(last, _)| last.after(SPREAD_SPAN) <= now).cloned()
        {
            over.extend(self.close(&subject, last.after(SPREAD_SPAN)));
        }
        over
    }

    /// The capture ended.
    pub(crate) fn finish(&mut self, now: Timestamp) -> Vec<Alert> {
        let subjects: Vec<Subject> = self.waves.keys().cloned().collect();
        subjects.iter().filter_map(|subject| self.close(subject, now)).collect()
    }

    fn close(&mut self, subject: &Subject, at: Timestamp) -> Option<Alert> {
        let wave = self.waves.remove(subject)?;
        self.lasts.remove(&(wave.last, subject.clone()));
        let told = wave.told.filter(|told| told.hosts != wave.hosts)?;
        Some(wave.alert(told.id, at, Occasion::Ended))
    }
}

impl Wave {
    fn new(sample: &Alert) -> Wave {
        Wave {
            joined: Vec::new(),
            hosts: 0,
            last: sample.at,
            told: None,
            learnt: false,
            evidence: Vec::new(),
            confidence_pct: 0,
            sample: sample.clone(),
        }
    }

    fn join(&mut self, joining: &Joining) {
        let alert = &joining.alert;
        if self.told.is_none() {
            self.joined.retain(|joined| apart(joined.at, alert.at) < SPREAD_SPAN);
            self.hosts = self.joined.len() as u64;
        }
        if self.joined.iter().any(|joined| joined.host == alert.host) {
            return;
        }
        if self.joined.is_empty() {
            *self = Wave::new(alert); // The first of a new hour.
        }
        self.hosts = self.hosts.saturating_add(1);
        self.last = alert.at;
        self.learnt = joining.learnt;
        self.confidence_pct = self.confidence_pct.max(alert.confidence_pct);
        if self.joined.len() < HOSTS_LISTED_MAX {
            self.joined.push(Joined {
                host: alert.host,
                at: alert.at,
                event: (alert.id, joining.told),
                target: Arc::clone(&joining.target),
            });
        }
        for sign in &alert.evidence {
            if self.evidence.len() < SUMMARY_EVIDENCE_MAX && !self.evidence.contains(sign) {
                self.evidence.push(sign.clone());
            }
        }
    }

    /// Told at [`SPREAD_HOSTS`] hosts, at twice as many, and so on.
    fn tell_if_due(&mut self, at: Timestamp) -> Option<Alert> {
        let (id, occasion) = match self.told {
            None if self.hosts >= SPREAD_HOSTS as u64 => (self.id(), Occasion::First),
            Some(told) if self.hosts >= told.hosts.saturating_mul(2) => (told.id, Occasion::Growth),
            _ => return None,
        };
        let alert = self.alert(id, at, occasion);
        self.told = Some(Told { id, hosts: self.hosts });
        Some(alert)
    }

    fn id(&self) -> AlertId {
        let (tool, operator) = (self.tool(), self.sample.operator.as_deref().unwrap_or_default());
        id_of(&[
            b"spread",
            tool.as_bytes(),
            operator.as_bytes(),
            &self.start().nanos().to_le_bytes(),
        ])
    }

    fn tool(&self) -> &str {
        self.sample.tool.as_ref().map_or("", |(tool, _)| tool.as_str())
    }

    fn start(&self) -> Timestamp {
        self.joined.first().map_or(self.last, |joined| joined.at)
    }

    fn alert(&self, id: AlertId, at: Timestamp, occasion: Occasion) -> Alert {
        let (severity, sum) = self.severity();
        let name = self.sample.tool.as_ref().map_or("", |(_, name)| &**name);
        let what = match &self.sample.operator {
            Some(operator) => format!("{name} of {operator}"),
            None => name.to_owned(),
        };
        let (hosts, within) = (self.hosts, spell(self.last.since(self.start())));
        let reason = format!(
            "{hosts} hosts began to use {what} within {within}: ask IT whether it rolls this out; \
             if not, cut them off, and look for what they have in common and who could install it \
             on all of them."
        );
        let steps = self.joined.iter().take(SPREAD_STEPS_MAX).map(|joined| Step {
            stage: ChainStage::Spread,
            at: joined.at,
            event: if joined.event.1 { joined.event.0 } else { id },
            name: Arc::clone(&joined.target),
            host: joined.host,
            why: format!("began to use {what}").into(),
        });
        Alert {
            id,
            at: at.max(self.last),
            update: self.told.is_some(),
            severity_before: self.told.is_some().then_some(severity),
            occasion,
            rule_id: RULE_ID.into(),
            rule_name: "Many hosts begin to use one tool".into(),
            detection: Detection::Campaign,
            severity,
            confidence_pct: self.confidence_pct,
            reason,
            lure: None,
            chain: Some(Chain { id, steps: steps.collect(), sum }),
            identity: Identity::default(),
            hosts: self.joined.iter().map(|joined| joined.host).collect(),
            more: 0,
            evidence: self.evidence.clone(),
            count: hosts,
            start: self.start(),
            end: self.last,
            ..self.sample.clone()
        }
    }

    fn severity(&self) -> (Severity, Vec<String>) {
        let mut sum = vec![format!("severity: {SEVERITY}, {} hosts within an hour", self.hosts)];
        if self.learnt {
            return (Severity::new(SEVERITY), sum);
        }
        let what = "the most while the sensor learns what was here before";
        sum.push(format!("severity: {SEVERITY_WHILE_LEARNING}, {what}"));
        (Severity::new(SEVERITY_WHILE_LEARNING), sum)
    }
}
