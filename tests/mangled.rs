//! Every scenario as a network hands it on: packets late, twice, cut anew, in fragments, in a VLAN,
//! lost. What is not lost says the same; what is lost may make a sensor say less, never more.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say what it found, and fail"
)]
#![allow(dead_code, reason = "what tests share, not all of them use")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::{Alert, Severity};
use trafficgen::{Mangle, mangle};

/// What the program's gate of one-way flows is bound by.
#[path = "../crates/rmmwatch/limits.rs"]
mod limits;
mod sensor;

use sensor::{Story, by_id, stages, stories, told, worst};

const SEEDS: [u64; 3] = [1, 23, 456];

const NOTHING: Mangle =
    Mangle { segments: 0, fragments: 0, twice: 0, vlan: None, lost: 0, late: 0 };

/// Everything but loss.
const ALL: Mangle =
    Mangle { segments: 60, fragments: 20, twice: 30, vlan: Some(999), lost: 0, late: 3_000_000 };

/// What an alert is about, by what must stay the same: host, kind, tool, operator, severity, stages.
type Told = (IpAddr, &'static str, String, String, &'static str, String);

fn tellings(alerts: &[Alert]) -> BTreeSet<Told> {
    let tell = |records: Vec<&Alert>| {
        let last = records.last()?;
        let tool = last.tool.as_ref().map(|(tool, _)| tool.to_string()).unwrap_or_default();
        let operator = last.operator.as_deref().unwrap_or_default().to_owned();
        let (kind, stages) = (last.detection.word(), stages(&records).join(", "));
        Some((last.host, kind, tool, operator, worst(&records), stages))
    };
    by_id(alerts).into_values().filter_map(tell).collect()
}

/// What an alert is about, whatever it was recognised by: a tool, a list's entry, a name that lies.
fn subjects(alert: &Alert) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = alert.tool.iter().map(|(tool, _)| tool.to_string()).collect();
    let lists = alert.evidence.iter().filter(|sign| sign.kind.is_some());
    all.extend(lists.map(|sign| format!("{}: {}", sign.list, sign.pattern)));
    all.extend(alert.lure.iter().map(|lure| lure.registrable.to_string()));
    all
}

/// What is said in `mangled` and is not in `clean`, or is worse than there: of the same host, in an
/// alert about the same, or in an incident that has it among its evidence.
fn more(clean: &[Alert], mangled: &[Alert]) -> Option<String> {
    let held = |alert: &Alert, other: &Alert| {
        let same = match (&alert.chain, &other.chain) {
            (Some(_), Some(_)) => true,
            (Some(_), None) => false,
            // What the incident tells in the clean run may be told on its own in the other.
            (None, Some(chain)) => {
                let about = subjects(alert);
                let named = |step: &model::Step| about.iter().any(|one| step.name.contains(&**one));
                let patterns = |alert: &Alert| -> BTreeSet<_> {
                    alert.evidence.iter().map(|sign| sign.pattern.clone()).collect()
                };
                !about.is_disjoint(&subjects(other))
                    || chain.steps.iter().any(named)
                    || !patterns(alert).is_disjoint(&patterns(other))
            }
            (None, None) => {
                let kinds = [alert.detection, other.detection];
                let campaigns = kinds.map(|kind| kind == model::Detection::Campaign);
                campaigns[0] == campaigns[1] && !subjects(alert).is_disjoint(&subjects(other))
            }
        };
        alert.host == other.host && same
    };
    mangled.iter().find_map(|alert| {
        let there = clean.iter().filter(|other| held(alert, other));
        let most: Option<Severity> = there.map(|other| other.severity).max();
        let (shown, rule, host) = (alert.severity, &alert.rule_id, alert.host);
        match most {
            None => Some(format!("{rule} of {host} was not told before: {}", alert.reason)),
            Some(most) if shown > most && shown.word() != most.word() => {
                Some(format!("{rule} of {host} is {}, and was {}", shown.word(), most.word()))
            }
            Some(_) => None,
        }
    })
}

/// What a kind of mangling does wrong to a story; nothing when all is well.
type Check = fn(clean: &[Alert], mangled: &[Alert]) -> Option<String>;

fn same(clean: &[Alert], mangled: &[Alert]) -> Option<String> {
    let (clean, mangled) = (tellings(clean), tellings(mangled));
    let lost: Vec<_> = clean.difference(&mangled).collect();
    let new: Vec<_> = mangled.difference(&clean).collect();
    (clean != mangled).then(|| format!("lost {lost:?}, new {new:?}"))
}

fn no_more(clean: &[Alert], mangled: &[Alert]) -> Option<String> {
    more(clean, mangled)
}

const KINDS: [(&str, Mangle, Check); 8] = [
    ("late", Mangle { late: ALL.late, ..NOTHING }, same),
    ("twice", Mangle { twice: ALL.twice, ..NOTHING }, same),
    ("segments", Mangle { segments: ALL.segments, ..NOTHING }, same),
    ("fragments", Mangle { fragments: ALL.fragments, ..NOTHING }, same),
    ("vlan", Mangle { vlan: ALL.vlan, ..NOTHING }, same),
    ("all", ALL, same),
    ("lost", Mangle { lost: 10, ..NOTHING }, no_more),
    ("all and lost", Mangle { lost: 10, ..ALL }, no_more),
];

/// What cannot be told alike, and why: there only nothing may be added.
const BEYOND: [(&str, &str, &str); 1] =
    [("rustdesk-self-hosted", "segments", "the length of a message is compared with a segment's")];

fn is_beyond(story: &Story, kind: &str) -> bool {
    BEYOND.iter().any(|(name, of, _)| *name == story.name && (*of == kind || kind == "all"))
}

fn faults(story: &Story) -> Vec<String> {
    let frames = story.scenario.frames();
    let policy = story.policy.as_deref();
    let clean = told(&frames, policy);
    let mut faults = Vec::new();
    for (kind, how, check) in KINDS {
        // Told faster than it was, the packets of a story lie closer.
        let how = Mangle { late: (how.late as f64 / story.scenario.pace()) as u64, ..how };
        let check = if is_beyond(story, kind) { no_more } else { check };
        for seed in SEEDS {
            let mangled = told(&mangle(&frames, &how, seed), policy);
            if let Some(why) = check(&clean, &mangled) {
                faults.push(format!("{}, {kind}, seed {seed}: {why}", story.name));
            }
        }
    }
    faults
}

#[test]
fn what_a_network_does_to_packets_changes_no_alert_and_loss_adds_none() {
    let (next, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(story) = stories().get(next.fetch_add(1, Ordering::Relaxed)) {
            for fault in faults(story) {
                println!("{fault}");
                wrong.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(4) {
            threads.spawn(work);
        }
    });
    let runs = stories().len() * KINDS.len() * SEEDS.len();
    let wrong = wrong.load(Ordering::Relaxed);
    println!("{runs} mangled captures of {} scenarios, {wrong} of them wrong", stories().len());
    assert_eq!(wrong, 0);
}

/// Of a tenth lost, most is still told.
#[test]
fn with_a_tenth_lost_most_is_still_told() {
    let how = Mangle { lost: 10, ..NOTHING };
    let (mut whole, mut kept) = (0, 0);
    for story in stories() {
        let frames = story.scenario.frames();
        let hosts = |alerts: &[Alert]| -> BTreeSet<(IpAddr, bool)> {
            alerts.iter().map(|alert| (alert.host, alert.chain.is_some())).collect()
        };
        let clean = hosts(&told(&frames, story.policy.as_deref()));
        let mangled = hosts(&told(&mangle(&frames, &how, 7), story.policy.as_deref()));
        whole += clean.len();
        kept += clean.intersection(&mangled).count();
    }
    println!("of {whole} hosts' alerts and incidents, {kept} are told with a tenth lost");
    assert!(kept * 10 >= whole * 7, "{kept} of {whole}");
}
