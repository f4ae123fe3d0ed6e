//! What the analyst of one sensor does, for one partition of many: facts in, records out.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use detect::{Detector, Policy, State};
use intel::Book;
use model::{Alert, Health, Match, Observation, Timestamp, Usage, UsageId};
use records::{Findings, Recorder, Sensor};
use wire::Role;

use super::merge::Event;
use crate::counts::Counts;
use crate::limits::{FLEET_HOSTS_MAX, FLEET_SENSORS_MAX};

/// All memory of one partition's hosts.
pub(crate) struct Judge {
    book: Arc<Book>,
    detector: Detector,
    recorders: Recorders,
    /// Whether observations are asked for.
    observations_on: bool,
    /// Whether what is told was told before, by who is gone: nothing is written then.
    pub(crate) muted: bool,
    matches: Vec<Match>,
    counts: Counts,
    pub(crate) lines: Lines,
}

/// Lines that wait to be handed over.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) alerts: Vec<u8>,
    pub(crate) observations: Vec<u8>,
    pub(crate) inventory: Vec<u8>,
}

/// Who is told to have observed what.
#[derive(Default)]
struct Recorders {
    /// Writes for one sensor after the other: what it keeps to write faster is kept once.
    recorder: Recorder,
    by_sensor: HashMap<Arc<str>, Sensor>,
    /// The sensor that showed a host last: for what is told without a fact.
    hosts: HashMap<IpAddr, Arc<str>>,
}

impl Recorders {
    fn of(&mut self, sensor: &Arc<str>) -> &mut Recorder {
        if !self.by_sensor.contains_key(sensor) && self.by_sensor.len() >= FLEET_SENSORS_MAX {
            self.by_sensor.clear();
        }
        let known = self.by_sensor.entry(Arc::clone(sensor));
        self.recorder.set_sensor(known.or_insert_with(|| Sensor::new(Some(sensor))));
        &mut self.recorder
    }

    fn of_host(&mut self, host: IpAddr) -> &Recorder {
        match self.hosts.get(&host).and_then(|sensor| self.by_sensor.get(sensor)) {
            Some(sensor) => self.recorder.set_sensor(sensor),
            None => self.recorder.set_sensor(&Sensor::new(None)),
        }
        &self.recorder
    }

    fn note(&mut self, host: IpAddr, sensor: &Arc<str>) {
        match self.hosts.get_mut(&host) {
            Some(known) if known == sensor => {}
            Some(known) => *known = Arc::clone(sensor),
            None => {
                if self.hosts.len() >= FLEET_HOSTS_MAX {
                    self.hosts.clear();
                }
                self.hosts.insert(host, Arc::clone(sensor));
            }
        }
    }
}

impl Judge {
    /// A judge with that memory.
    pub(crate) fn new(book: Arc<Book>, detector: Detector, observations_on: bool) -> Judge {
        Judge {
            book,
            detector,
            recorders: Recorders::default(),
            observations_on,
            muted: false,
            matches: Vec::new(),
            counts: Counts::default(),
            lines: Lines::default(),
        }
    }

    /// From now on other knowledge counts.
    pub(crate) fn reload(&mut self, book: Arc<Book>, policy: Policy) {
        self.book = book;
        self.detector.set_policy(policy);
    }

    /// Weigh what the merge gives.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Fact(sensor, Role::Weighed, seen) => self.weigh(&sensor, &seen),
            Event::Fact(_, Role::Context, seen) => {
                self.advance(seen.at);
                self.detector.setting(&seen);
            }
            Event::Time(at) => self.advance(at),
        }
    }

    /// Nothing will follow: tell what is left.
    pub(crate) fn finish(&mut self) {
        let mut told = Vec::new();
        self.detector.finish(&mut |alert| told.push(alert));
        told.iter().for_each(|alert| self.tell(alert, None));
    }

    /// What must outlive this process.
    pub(crate) fn state(&self) -> State {
        self.detector.state()
    }

    /// Write the rows of the inventory that changed.
    pub(crate) fn tell_inventory(&mut self) {
        let rows = self.detector.take_usages();
        self.tell_usages(&rows);
    }

    /// The partition's part of the health.
    pub(crate) fn health(&self) -> Health {
        self.counts.health(&self.detector)
    }

    /// Alerts first told, by the word of their severity.
    pub(crate) fn severities(&self) -> &BTreeMap<&'static str, u64> {
        self.counts.severities()
    }

    fn advance(&mut self, at: Timestamp) {
        let mut told = Vec::new();
        self.detector.advance(at, &mut |alert| told.push(alert));
        told.iter().for_each(|alert| self.tell(alert, None));
    }

    fn weigh(&mut self, sensor: &Arc<str>, seen: &Observation) {
        self.counts.see(seen);
        self.recorders.of(sensor);
        self.advance(seen.at);
        let mut setting = self.detector.setting(seen);
        self.recorders.note(setting.host, sensor);
        let named = detect::name_of(seen, &setting);
        setting.well_known = named.is_some_and(|name| self.book.is_everyones(name.as_str()));
        self.matches.clear();
        self.book.look_up(seen, setting.server_name.as_ref(), &mut self.matches);
        let mut told = Vec::new();
        let verdict = self.detector.weigh(seen, &setting, &self.matches, &mut |alert| {
            told.push(alert);
        });
        if self.observations_on && !self.muted {
            let found = Findings {
                setting: &setting,
                matches: &self.matches,
                authorised: verdict.authorised,
                rule: verdict.rule.as_deref(),
                uses: &verdict.uses,
                dns_transport: self.book.dns_transport(seen, setting.server_name.as_ref()),
            };
            let out = &mut self.lines.observations;
            let recorder = self.recorders.of(sensor);
            recorder.observation(seen, &found, out);
            for signs in &verdict.recognised {
                recorder.recognised(seen, &Findings { matches: signs, ..found }, out);
            }
        }
        told.iter().for_each(|alert| self.tell(alert, Some(sensor)));
        if self.detector.usages_wait() {
            let rows = self.detector.take_gone_usages();
            self.tell_usages(&rows);
        }
    }

    fn tell(&mut self, alert: &Alert, sensor: Option<&Arc<str>>) {
        if self.muted {
            return;
        }
        let recorder = match sensor {
            Some(sensor) => &*self.recorders.of(sensor),
            None => self.recorders.of_host(alert.host),
        };
        recorder.alert(alert, &mut self.lines.alerts);
        self.counts.tell(alert);
    }

    fn tell_usages(&mut self, rows: &[(UsageId, Usage)]) {
        for (row, usage) in rows.iter().filter(|_| !self.muted) {
            let recorder = self.recorders.of_host(usage.host);
            recorder.inventory(*row, usage, &mut self.lines.inventory);
        }
    }
}
