//! What one analyst, or one partition of a fleet's, has counted so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use detect::Detector;
use model::{Alert, Fact, Health, Observation};

/// Observations weighed and alerts told.
#[derive(Default)]
pub(crate) struct Counts {
    observations: u64,
    alerts: BTreeMap<Arc<str>, u64>,
    severities: BTreeMap<&'static str, u64>,
    updates: u64,
    hellos: u64,
    nameless: u64,
    ech: u64,
}

impl Counts {
    /// An observation is weighed.
    pub(crate) fn see(&mut self, seen: &Observation) {
        self.observations += 1;
        if let Fact::TlsHello(hello) = &seen.fact {
            self.hellos += 1;
            self.nameless += u64::from(hello.server_name.is_none());
            self.ech += u64::from(hello.ech);
        }
    }

    /// An alert is told; true when for the first time.
    pub(crate) fn tell(&mut self, alert: &Alert) -> bool {
        // Each counts once, as bad as it was told last.
        *self.severities.entry(alert.severity.word()).or_default() += 1;
        if let Some(before) = alert.severity_before
            && let Some(count) = self.severities.get_mut(before.word())
        {
            *count = count.saturating_sub(1);
        }
        if alert.update {
            self.updates += 1;
        } else {
            *self.alerts.entry(alert.rule_id.clone()).or_default() += 1;
        }
        !alert.update
    }

    /// Alerts first told, by the word of their severity.
    pub(crate) fn severities(&self) -> &BTreeMap<&'static str, u64> {
        &self.severities
    }

    /// Their part of the health, with the detector's.
    pub(crate) fn health(&self, detector: &Detector) -> Health {
        Health {
            observations: self.observations,
            alerts: self.alerts.clone(),
            updates: self.updates,
            authorised: detector.authorised_counts(),
            rules: detector.rule_uses(),
            tls_hellos: self.hellos,
            tls_nameless: self.nameless,
            tls_ech: self.ech,
            memory: detector.memory_counts(),
            ..Health::default()
        }
    }
}
