//! The sensor within a test: frames in, alerts out, on one thread and with one book for all runs.
//!
//! The same crates in the same order as the program's analyst; that both say the same of each
//! scenario is a test in `tests/scenarios.rs`.

#![allow(dead_code, reason = "each test that drives the sensor uses a part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use detect::{Detector, Policy};
use dissect::{Dissector, Seed, Shards};
use intel::Book;
use model::{Alert, AlertId, Frame, LinkType, Observation, Timestamp};
use trafficgen::{Scenario, TimedFrame};

#[path = "../../crates/rmmwatch/one_way.rs"]
mod one_way;
#[path = "../../crates/intel/tests/ships/mod.rs"]
mod ships;

use one_way::OneWay;

/// What a scenario is called, what it plays, and the policy beside its capture.
pub(crate) struct Story {
    pub(crate) name: String,
    pub(crate) scenario: Scenario,
    pub(crate) policy: Option<String>,
}

/// All scenarios, by name.
pub(crate) fn stories() -> &'static [Story] {
    static ALL: LazyLock<Vec<Story>> = LazyLock::new(|| {
        let pcaps = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pcaps");
        let folder = std::fs::read_dir(pcaps.join("scenarios")).expect("pcaps/scenarios");
        let mut all: Vec<Story> = folder
            .flatten()
            .filter_map(|entry| {
                let name = entry.path().file_stem()?.to_str()?.to_owned();
                let text = std::fs::read_to_string(entry.path()).expect("a scenario");
                let scenario = Scenario::parse(&text);
                let scenario = scenario.unwrap_or_else(|error| panic!("{name}:{error}"));
                let policy = std::fs::read_to_string(pcaps.join(format!("{name}.policy.toml")));
                Some(Story { name, scenario, policy: policy.ok() })
            })
            .collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    });
    &ALL
}

/// Everything that ships, read once.
fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let (book, complaints) = ships::builder().build();
        assert!(complaints.is_empty(), "{complaints:?}");
        book
    })
}

/// What the sensor tells of frames, under a policy.
pub(crate) fn told(frames: &[TimedFrame], policy: Option<&str>) -> Vec<Alert> {
    let mut sensor = Sensor::new(policy);
    for (place, (nanos, octets)) in frames.iter().enumerate() {
        // The times of the capture file.
        let at = Timestamp::from_nanos(nanos / 1_000 * 1_000);
        let order = place as u64 * 2 + 1;
        let orig_len = trafficgen::wire_len(octets) as u32;
        sensor.push(&Frame { at, order, link: LinkType::ETHERNET, bytes: octets, orig_len });
    }
    sensor.finish()
}

/// What the sensor tells of a capture file, under no policy.
pub(crate) fn told_of(capture: &Path) -> Vec<Alert> {
    let mut sensor = Sensor::new(None);
    let options = capture::ReplayOptions::default();
    let timeline = capture::Timeline::open(&[capture::Input::Path(capture.to_owned())], &options);
    let mut timeline = timeline.unwrap_or_else(|why| panic!("{}: {why}", capture.display()));
    while timeline
        .read(&mut |frames| frames.iter().for_each(|frame| sensor.push(frame)))
        .unwrap_or_else(|why| panic!("{}: {why}", capture.display()))
    {}
    sensor.finish()
}

struct Sensor {
    dissector: Dissector,
    gate: OneWay,
    facts: Vec<Observation>,
    /// When time is told next, and the time and order of the last frame.
    next: Option<Timestamp>,
    last: (Timestamp, u64),
    analyst: Analyst,
}

struct Analyst {
    detector: Detector,
    matches: Vec<model::Match>,
    alerts: Vec<Alert>,
}

impl Sensor {
    fn new(policy: Option<&str>) -> Sensor {
        let mut rules = Policy::deny_by_default();
        if let Some(text) = policy {
            let complaints = rules.add("policy.toml", text);
            assert!(complaints.is_empty(), "{complaints:?}");
        }
        // The tables of a whole network would take longer to clear than a scenario takes to read.
        let limits = dissect::Limits { flows_max: 4_096, ..dissect::Limits::default() };
        Sensor {
            dissector: Dissector::new(&limits, Seed([1, 2]), Shards::all()),
            gate: OneWay::default(),
            facts: Vec::new(),
            next: None,
            last: (Timestamp::ZERO, 1),
            analyst: Analyst {
                detector: Detector::new(rules, &detect::Limits::default()),
                matches: Vec::new(),
                alerts: Vec::new(),
            },
        }
    }

    fn push(&mut self, frame: &Frame<'_>) {
        let Sensor { dissector, facts, next, .. } = self;
        let Frame { at, order, .. } = *frame;
        if next.is_none_or(|next| at >= next) {
            let second = Timestamp::from_secs(at.secs(), 0);
            dissector.advance(second, order - 1, &mut |seen| facts.push(seen));
            *next = Some(Timestamp::from_secs(at.secs() + 1, 0));
        }
        dissector.push(std::slice::from_ref(frame), &mut |seen| facts.push(seen));
        self.last = (at, order + 1);
        self.weigh();
    }

    fn weigh(&mut self) {
        let Sensor { facts, gate, analyst, .. } = self;
        for seen in facts.drain(..) {
            if gate.passes(&seen, &mut |held| analyst.weigh(held)) {
                analyst.weigh(&seen);
            }
        }
    }

    fn finish(mut self) -> Vec<Alert> {
        let (at, order) = self.last;
        self.dissector.finish(at, order, &mut |seen| self.facts.push(seen));
        self.weigh();
        let Sensor { mut gate, mut analyst, .. } = self;
        gate.finish(&mut |held| analyst.weigh(held));
        let Analyst { mut detector, mut alerts, .. } = analyst;
        detector.finish(&mut |alert| alerts.push(alert));
        alerts
    }
}

impl Analyst {
    fn weigh(&mut self, seen: &Observation) {
        let Analyst { detector, matches, alerts } = self;
        detector.advance(seen.at, &mut |alert| alerts.push(alert));
        let mut setting = detector.setting(seen);
        let named = detect::name_of(seen, &setting);
        setting.well_known = named.is_some_and(|name| book().is_everyones(name.as_str()));
        matches.clear();
        book().look_up(seen, setting.server_name.as_ref(), matches);
        detector.weigh(seen, &setting, matches, &mut |alert| alerts.push(alert));
    }
}

/// Alerts by what they tell, each with its records in their order.
pub(crate) fn by_id(alerts: &[Alert]) -> BTreeMap<AlertId, Vec<&Alert>> {
    let mut all: BTreeMap<AlertId, Vec<&Alert>> = BTreeMap::new();
    alerts.iter().for_each(|alert| all.entry(alert.id).or_default().push(alert));
    all
}

/// The stages of an incident as it was last told, each once, in the order of their times.
pub(crate) fn stages(records: &[&Alert]) -> Vec<&'static str> {
    let steps = records.last().and_then(|last| last.chain.as_ref()).map(|chain| &chain.steps);
    let mut words: Vec<&str> = Vec::new();
    for step in steps.into_iter().flatten() {
        if !words.contains(&step.stage.word()) {
            words.push(step.stage.word());
        }
    }
    words
}

/// How bad an alert was told at its worst, as a word.
pub(crate) fn worst(records: &[&Alert]) -> &'static str {
    records.iter().max_by_key(|alert| alert.severity).map_or("", |alert| alert.severity.word())
}
