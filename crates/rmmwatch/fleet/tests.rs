//! A partition that goes from one analyst to another, wherever the first one ended.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use capture::{Input, ReplayOptions, Timeline};
use detect::Detector;
use dissect::Seed;
use model::{Observation, Timestamp};
use trafficgen::Scenario;

use super::forward::{ForwardPlan, Forwarder};
use super::judge::Judge;
use super::lease::{Kept, Lease};
use super::merge::{Merge, Stored};
use crate::cli::KnowledgeArgs;
use crate::knowledge::Knowledge;
use crate::lanes::{Alone, Batch, Take, put_in_order};

/// The first day teaches; on the third, one name is not new and another one is. Somebody is always
/// at work.
const THREE_DAYS: &str = r#"
about    = "Names that lie, on the first day and on the third"
start    = 2026-11-16T09:00:00Z
seed     = 1
resolver = "10.9.0.53"
[hosts]
anna = { addresses = ["10.1.4.11"] }
ben  = { addresses = ["10.1.4.12"] }
[names]
"old-anyddesk.com"  = ["198.51.100.60"]
"anyddesk.com"      = ["198.51.100.61"]
"www.example.com"   = ["198.51.100.62"]
[[act]]
at = 0
kind = "lookup"
client = "anna"
name = "old-anyddesk.com"
[[act]]
at = 1800
kind = "lookup"
client = "ben"
name = "www.example.com"
repeat = 50
every = 3600
[[act]]
at = 172800
kind = "lookup"
client = "ben"
name = "old-anyddesk.com"
[[act]]
at = 172860
kind = "lookup"
client = "ben"
name = "anyddesk.com"
"#;

/// A memory that was written down, as the object store would have it.
struct Written {
    kept: Kept,
    octets: Vec<u8>,
}

struct Bench {
    knowledge: Knowledge,
    messages: Vec<Stored>,
}

impl Bench {
    fn new(capture: PathBuf, policy: Option<&str>) -> Bench {
        let policy = policy.map(|path| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path));
        let args = KnowledgeArgs { policy, ..KnowledgeArgs::default() };
        let knowledge = Knowledge::load_sound(&args, true).unwrap_or_else(|_| panic!("knowledge"));
        let mut bench = Bench { knowledge, messages: Vec::new() };
        bench.messages = bench.sense(capture);
        bench
    }

    fn detector(&self) -> Detector {
        Detector::new(self.knowledge.policy.clone(), &detect::Limits::default())
    }

    /// What a sensor sends of a capture, stored as it would be live.
    fn sense(&self, capture: PathBuf) -> Vec<Stored> {
        let mut detector = self.detector();
        let messages = forwarded(capture, |seen, to| {
            let setting = detector.setting(&seen);
            to.push(&seen, &setting);
        });
        let stored = messages.into_iter().zip(1..).map(|(octets, seq)| {
            let message = wire::read(&octets).expect("a message");
            Stored { seq, at: message.head.tick.nanos() / 1_000_000, message }
        });
        stored.collect()
    }

    /// What an analyst tells of the messages after `from` and up to `to`, those up to `place` told
    /// before; and what it writes down.
    fn analyse(
        &self,
        detector: Detector,
        (from, place, to): (u64, u64, u64),
        every: Duration,
        conclude: bool,
    ) -> (Vec<String>, Vec<Written>) {
        let mut judge = Judge::new(self.knowledge.book.clone(), detector, false);
        let (mut merge, mut kept_at, mut written) = (Merge::new(0, 1), None, Vec::new());
        let every = every.as_millis() as u64;
        for stored in self.messages.iter().filter(|one| one.seq > from && one.seq <= to) {
            let (seq, at) = (stored.seq, stored.at);
            judge.muted = seq <= place;
            merge.push(stored.clone(), &mut |event| judge.take(event));
            if at >= kept_at.get_or_insert(at).saturating_add(every) {
                kept_at = Some(at);
                let name = seq.to_string();
                let kept = Kept { name, place: seq, at, resume: merge.resume() };
                written.push(Written { kept, octets: judge.state().seal() });
            }
        }
        if conclude {
            judge.muted = false;
            merge.finish(&mut |event| judge.take(event));
            judge.finish();
        }
        let lines = String::from_utf8(judge.lines.alerts).expect("records are UTF-8");
        (lines.lines().map(str::to_owned).collect(), written)
    }

    /// One analyst tells of the messages up to `place` and is gone; another one concludes.
    fn split(&self, place: u64, window: Duration) -> (Vec<String>, Vec<String>, u64) {
        let every = window / 8;
        let (before, written) = self.analyse(self.detector(), (0, 0, place), every, false);
        let at = self.messages.iter().find(|one| one.seq == place).map_or(0, |one| one.at);
        let mut lease = Lease { place, at, ..Lease::default() };
        for one in &written {
            lease.add(one.kept.clone(), window);
        }
        let (mut detector, mut from) = (self.detector(), 0);
        if let Some(kept) = lease.memory(window, 1) {
            let memory = written.iter().find(|one| one.kept.name == kept.name).expect("it is kept");
            detector.restore(&memory.octets).expect("a memory");
            from = kept.resume;
        }
        let (after, _) = self.analyse(detector, (from, place, u64::MAX), every, true);
        (before, after, from)
    }

    fn all(&self) -> BTreeSet<String> {
        let every = Duration::from_secs(u64::MAX / 2000);
        let (lines, _) = self.analyse(self.detector(), (0, 0, u64::MAX), every, true);
        lines.into_iter().collect()
    }
}

/// Facts in their order.
#[derive(Default)]
struct Gathered(Vec<Observation>);

impl Take for Gathered {
    const AT_ONCE: usize = 1024;

    fn take(&mut self, facts: &mut Batch, _: Timestamp, _: bool) -> bool {
        put_in_order(facts);
        self.0.append(facts);
        true
    }
}

/// The messages of a capture, or of a folder of captures, whose facts `push` forwards.
fn forwarded(capture: PathBuf, mut push: impl FnMut(Observation, &mut Forwarder)) -> Vec<Vec<u8>> {
    let plan =
        ForwardPlan { sensor: "span".to_owned(), site: "here".to_owned(), epoch: 1, partitions: 1 };
    let mut to = Forwarder::new(plan);
    let timeline = Timeline::open(&[Input::Path(capture)], &ReplayOptions::default());
    let mut timeline = timeline.expect("a capture");
    let mut lane = Alone::new(dissect::Limits::default(), Seed([1, 2]), Gathered::default());
    while timeline.read(&mut |frames| _ = lane.push(frames)).expect("it is read") {}
    let (_, Gathered(facts)) = lane.finish();
    facts.into_iter().for_each(|seen| push(seen, &mut to));
    to.finish();
    to.take()
}

fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_fact_of_every_capture_arrives_as_it_was_seen() {
    let mut detector = Detector::new(detect::Policy::deny_by_default(), &detect::Limits::default());
    let mut all = Vec::new();
    let messages = forwarded(root("pcaps"), |seen, to| {
        let setting = detector.setting(&seen);
        to.push(&seen, &setting);
        all.push(seen);
    });
    let messages = messages.iter().map(|octets| wire::read(octets).expect("a message"));
    let mut told: Vec<wire::Told> = messages.flat_map(|message| message.facts).collect();
    told.sort_by_key(|told| told.place);
    assert!(all.len() > 3000, "{}", all.len());
    assert_eq!(told.len(), all.len());
    for (told, seen) in told.iter().zip(&all) {
        assert_eq!(&told.seen, seen);
    }
}

#[test]
fn wherever_one_ends_another_tells_the_rest_and_nothing_twice() {
    let policy = Some("pcaps/aa23-025a-campaign.policy.toml");
    let bench = Bench::new(root("pcaps/aa23-025a-campaign.pcap"), policy);
    let (all, last) = (bench.all(), bench.messages.len() as u64);
    assert!(all.len() > 5 && last > 20, "{} {last}", all.len());
    for place in 0..=last {
        let (before, after, _) = bench.split(place, Duration::from_secs(72 * 3600));
        let told: BTreeSet<String> = before.iter().chain(&after).cloned().collect();
        assert_eq!(told, all, "after message {place}");
        assert_eq!(told.len(), before.len() + after.len(), "twice, after message {place}");
    }
}

#[test]
fn what_was_learnt_days_ago_is_read_from_a_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("days.pcap");
    let frames = Scenario::parse(THREE_DAYS).expect("a scenario").frames();
    let file = std::fs::File::create(&path).expect("a capture");
    let precision = trafficgen::pcap::Precision::Microseconds;
    trafficgen::pcap::write(file, precision, &frames).expect("written");
    let bench = Bench::new(path, None);
    let (all, last) = (bench.all(), bench.messages.len() as u64);
    let fresh = |lines: &mut dyn Iterator<Item = &String>| {
        lines.filter(|line| line.contains("nobody here asked for it")).count()
    };
    // Each is told first, and that it was quiet since.
    assert_eq!((all.len(), fresh(&mut all.iter())), (6, 2), "{all:#?}");
    let mut remembered = 0;
    for place in (last / 2..=last).step_by(7) {
        let (before, after, from) = bench.split(place, Duration::from_secs(6 * 3600));
        remembered += u64::from(from > 0);
        let told: BTreeSet<String> = before.iter().chain(&after).cloned().collect();
        let new = told.difference(&all).collect::<Vec<_>>();
        assert!(all.is_subset(&told), "after message {place}");
        assert!(new.is_empty(), "after message {place}: {new:#?}");
    }
    assert!(remembered > 5, "{remembered} of {last}");
}
