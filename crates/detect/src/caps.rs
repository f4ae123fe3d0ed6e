//! So many alerts of one rule within an hour are enough: further ones are held back, and told in
//! one summary. What is high, and incidents, are never held back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Alert, Detection, Occasion, Severity, Timestamp};

use crate::limits::{CAP_RULES_MAX, CAP_SPAN, HOSTS_LISTED_MAX, Limits, SUMMARY_EVIDENCE_MAX};
use crate::stories::id_of;

/// What is so bad is told whatever the number.
pub(crate) const NEVER_HELD: Severity = Severity::new(70);

/// The rules of which something was told within the hour.
#[derive(Debug)]
pub(crate) struct Caps {
    windows: BTreeMap<Arc<str>, Window>,
    /// The same by when they end.
    ends: BTreeSet<(Timestamp, Arc<str>)>,
    /// First tellings of a rule within [`CAP_SPAN`].
    tellings: u32,
    held: u64,
}

/// One rule's hour.
#[derive(Debug)]
struct Window {
    begun: Timestamp,
    told: u32,
    summary: Option<Summary>,
}

/// What was held back of a rule within its hour.
#[derive(Debug)]
struct Summary {
    /// The worst of them; evidence, techniques, count and times are of all.
    worst: Alert,
    hosts: Vec<IpAddr>,
    more: u64,
    /// How many there were when it was last told.
    told: u64,
    /// How bad it was told to be.
    told_as: Option<Severity>,
}

impl Caps {
    pub(crate) fn new(limits: &Limits) -> Caps {
        Caps {
            windows: BTreeMap::new(),
            ends: BTreeSet::new(),
            tellings: limits.cap_tellings,
            held: 0,
        }
    }

    /// First tellings that were held back.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Whether an alert may be told, and summaries that are due.
    pub(crate) fn pass(&mut self, alert: &Alert) -> (bool, Vec<Alert>) {
        let counts = alert.occasion == Occasion::First
            && alert.severity < NEVER_HELD
            && alert.detection != Detection::Campaign;
        if !counts {
            return (true, Vec::new());
        }
        let mut due = self.make_room(&alert.rule_id, alert.at);
        let tellings = self.tellings;
        let window = self.windows.entry(Arc::clone(&alert.rule_id)).or_insert_with(|| {
            self.ends.insert((alert.at.after(CAP_SPAN), Arc::clone(&alert.rule_id)));
            Window { begun: alert.at, told: 0, summary: None }
        });
        if window.told < tellings {
            window.told += 1;
            return (true, due);
        }
        self.held += 1;
        due.extend(window.hold(alert, tellings));
        (false, due)
    }

    /// When the next hour is over.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Packet time passes: the summaries of hours that are over.
    pub(crate) fn pass_time(&mut self, now: Timestamp) -> Vec<Alert> {
        let mut over = Vec::new();
        while let Some((end, rule)) = self.ends.first().filter(|(end, _)| *end <= now).cloned() {
            over.extend(self.close(&rule, end));
        }
        over
    }

    /// The capture ended.
    pub(crate) fn finish(&mut self, now: Timestamp) -> Vec<Alert> {
        let rules: Vec<Arc<str>> = self.ends.iter().map(|(_, rule)| Arc::clone(rule)).collect();
        rules.iter().filter_map(|rule| self.close(rule, now)).collect()
    }

    /// End a window that is not of this hour, and the oldest where there are too many.
    fn make_room(&mut self, rule: &Arc<str>, at: Timestamp) -> Vec<Alert> {
        let mut over = Vec::new();
        if let Some(window) = self.windows.get(rule) {
            // A broken clock's hour in the future would hold everything back until then.
            if apart(window.begun, at) >= CAP_SPAN {
                over.extend(self.close(rule, at));
            }
        } else if self.windows.len() >= CAP_RULES_MAX
            && let Some((_, oldest)) = self.ends.first().cloned()
        {
            over.extend(self.close(&oldest, at));
        }
        over
    }

    fn close(&mut self, rule: &Arc<str>, at: Timestamp) -> Option<Alert> {
        let window = self.windows.remove(rule)?;
        self.ends.remove(&(window.begun.after(CAP_SPAN), Arc::clone(rule)));
        let summary = window.summary.as_ref().filter(|summary| summary.more != summary.told)?;
        Some(summary.alert(&window, self.tellings, at, Occasion::Ended))
    }
}

impl Window {
    /// Hold an alert back; the summary, where it is due.
    fn hold(&mut self, alert: &Alert, tellings: u32) -> Option<Alert> {
        let mut summary = self.summary.take().unwrap_or_else(|| Summary::new(alert));
        summary.add(alert);
        let due = if summary.told == 0 {
            Some(Occasion::First)
        } else {
            is_round(summary.more).then_some(Occasion::Growth)
        };
        let told = due.map(|occasion| summary.alert(self, tellings, alert.at, occasion));
        if told.is_some() {
            summary.told = summary.more;
            summary.told_as = Some(summary.worst.severity);
        }
        self.summary = Some(summary);
        told
    }
}

impl Summary {
    fn new(alert: &Alert) -> Summary {
        let worst = Alert { count: 0, evidence: Vec::new(), ..alert.clone() };
        Summary { worst, hosts: Vec::new(), more: 0, told: 0, told_as: None }
    }

    fn add(&mut self, alert: &Alert) {
        self.more = self.more.saturating_add(1);
        if self.hosts.len() < HOSTS_LISTED_MAX && !self.hosts.contains(&alert.host) {
            self.hosts.push(alert.host);
        }
        let so_far = &mut self.worst;
        let mut evidence = std::mem::take(&mut so_far.evidence);
        let mut techniques = std::mem::take(&mut so_far.techniques);
        for sign in &alert.evidence {
            if evidence.len() < SUMMARY_EVIDENCE_MAX && !evidence.contains(sign) {
                evidence.push(sign.clone());
            }
        }
        for technique in &alert.techniques {
            if !techniques.contains(technique) {
                techniques.push(technique);
                techniques.sort_unstable();
            }
        }
        let count = so_far.count.saturating_add(alert.count);
        let (start, end) = (so_far.start.min(alert.start), so_far.end.max(alert.end));
        if alert.severity > so_far.severity {
            *so_far = alert.clone();
        }
        so_far.evidence = evidence;
        so_far.techniques = techniques;
        (so_far.count, so_far.start, so_far.end) = (count, start, end);
    }

    fn alert(&self, window: &Window, tellings: u32, at: Timestamp, occasion: Occasion) -> Alert {
        let worst = &self.worst;
        let hosts = match self.hosts.len() {
            1 => "1 host".to_owned(),
            HOSTS_LISTED_MAX => format!("at least {HOSTS_LISTED_MAX} hosts"),
            several => format!("{several} hosts"),
        };
        let more = self.more;
        let reason = format!(
            "{tellings} alerts \u{201c}{}\u{201d} were told within an hour, and {more} more, of \
             {hosts}, were held back; the worst of them: {}",
            worst.rule_name, worst.reason
        );
        let hour = window.begun.secs() / CAP_SPAN.as_secs();
        Alert {
            id: id_of(&[b"summary", worst.rule_id.as_bytes(), &hour.to_le_bytes()]),
            at: at.max(worst.end),
            update: self.told > 0,
            severity_before: self.told_as,
            occasion,
            reason,
            operator: None,
            hosts: self.hosts.clone(),
            more,
            ..worst.clone()
        }
    }
}

/// 10, 100, 1000 …
fn is_round(number: u64) -> bool {
    number >= 10 && number.checked_ilog10().is_some_and(|zeros| number == 10_u64.pow(zeros))
}

/// How far two moments are apart.
pub(crate) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}
