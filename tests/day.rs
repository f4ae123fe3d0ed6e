//! A working day of an organisation that uses remote access under its policy, with three campaigns
//! hidden in it: each is found as one critical incident of its victim, and hardly anything else is
//! told.
//!
//! The small organisation is replayed each time; that of 2,000 hosts and 40 tools takes minutes and
//! some gigabytes below the temporary folder, where `RMMWATCH_LONG` is set (`make test-full`).

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::BufWriter;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use trafficgen::load::{self, Campaign, Plan, Playbook, Tool};

/// Medium: what an analyst looks at on the same day.
const MEDIUM: u64 = 40;
/// Critical.
const CRITICAL: u64 = 90;
/// Alerts of medium or more besides the incidents, at most.
const OTHERS_MAX: usize = 5;

/// What became of one alert: all records of one `event.id` together.
#[derive(Debug)]
struct Told {
    host: IpAddr,
    rule: String,
    campaign: bool,
    severity: u64,
    stages: Vec<String>,
    message: String,
}

#[test]
fn three_campaigns_are_found_in_a_small_organisations_day() {
    judge(&Plan { hosts: 200, tools: 10, campaigns: 3, days: 2, seed: 1 });
}

#[test]
fn three_campaigns_are_found_among_two_thousand_hosts_and_forty_tools() {
    if std::env::var_os("RMMWATCH_LONG").is_none() {
        println!("skipped: RMMWATCH_LONG is not set");
        return;
    }
    judge(&Plan { hosts: 2_000, tools: 40, campaigns: 3, days: 2, seed: 1 });
}

/// A day is a function of its seed, and its frames are in order.
#[test]
fn a_day_is_the_same_each_time() {
    let plan = Plan { hosts: 100, tools: 10, campaigns: 3, days: 1, seed: 7 };
    let make = || {
        let mut capture = Vec::new();
        let account = load::day(&plan, &playbook(), &catalogue(), &mut capture).expect("a day");
        (capture, account.policy, account.frames)
    };
    let (one, policy, frames) = make();
    let again = make();
    assert!(one == again.0 && policy == again.1, "two runs differ");
    assert_eq!(times(&one).count() as u64, frames);
    assert!(times(&one).is_sorted(), "frames are out of order");
}

fn judge(plan: &Plan) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (told, campaigns) = replay(plan, folder.path());
    let list = || {
        let lines = told.values().map(|one| {
            format!("{} {} {} {:?} {}", one.severity, one.host, one.rule, one.stages, one.message)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(campaigns.len() as u64, plan.campaigns);
    for campaign in &campaigns {
        let mine: Vec<&Told> =
            told.values().filter(|one| one.campaign && one.host == campaign.host).collect();
        let (kind, host) = (campaign.kind, campaign.host);
        assert_eq!(mine.len(), 1, "{kind}: incidents of {host}\n{}", list());
        let one = mine[0];
        assert_eq!(one.rule, "rmm.campaign.chain", "{kind}");
        assert!(one.severity >= CRITICAL, "{kind}: {one:?}\n{}", list());
        assert!(one.stages.iter().any(|stage| stage == "relay"), "{kind}: {one:?}");
        assert!(one.stages.iter().any(|stage| stage == "session"), "{kind}: {one:?}");
    }
    let victims: Vec<IpAddr> = campaigns.iter().map(|one| one.host.into()).collect();
    let elsewhere = told.values().filter(|one| one.campaign && !victims.contains(&one.host));
    assert_eq!(elsewhere.count(), 0, "incidents of others\n{}", list());
    let others = told.values().filter(|one| !one.campaign && one.severity >= MEDIUM).count();
    println!("{} campaigns; {others} other alerts of medium or more:\n{}", victims.len(), list());
    assert!(others <= OTHERS_MAX, "{others} other alerts of medium or more\n{}", list());
}

/// Make the day, replay it, and read what was told.
fn replay(plan: &Plan, folder: &Path) -> (BTreeMap<String, Told>, Vec<Campaign>) {
    let (capture, policy) = (folder.join("day.pcap"), folder.join("day.policy.toml"));
    let file = BufWriter::with_capacity(1 << 20, fs::File::create(&capture).expect("a capture"));
    let account = load::day(plan, &playbook(), &catalogue(), file).expect("a day");
    fs::write(&policy, &account.policy).expect("a policy");
    let alerts = folder.join("alerts.jsonl");
    let done = Command::new(env!("CARGO_BIN_EXE_rmmwatch"))
        .args(["replay", "--quiet", "--summary", "none", "--policy"])
        .arg(&policy)
        .arg("--alerts")
        .arg(&alerts)
        .arg(&capture)
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = fs::read_to_string(&alerts).expect("alerts");
    (told(&text), account.hidden.campaigns)
}

fn told(lines: &str) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for line in lines.lines() {
        let record: Value = serde_json::from_str(line).expect("each line is JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let stages = record["rmm"]["chain"]["stages"].as_array().cloned().unwrap_or_default();
        let severity = record["event"]["severity"].as_u64().unwrap_or_default();
        let one = Told {
            host: text(&record["rmm"]["host"]).parse().expect("a host"),
            rule: text(&record["rule"]["id"]),
            campaign: record["rmm"]["detection"] == "campaign",
            severity,
            stages: stages.iter().map(|stage| text(&stage["stage"])).collect(),
            message: text(&record["message"]),
        };
        let id = text(&record["event"]["id"]);
        // What was told at its worst counts, and all that is known at the end.
        let worst = told.get(&id).map_or(0, |before| before.severity);
        told.insert(id, Told { severity: severity.max(worst), ..one });
    }
    told
}

/// The time of each frame of a capture, microseconds since 1970.
fn times(capture: &[u8]) -> impl Iterator<Item = u64> {
    let word = |at: usize| {
        let octets = capture.get(at..at + 4).and_then(|four| four.first_chunk::<4>());
        octets.map(|four| u64::from(u32::from_le_bytes(*four)))
    };
    let mut at = 24;
    std::iter::from_fn(move || {
        let time = word(at)? * 1_000_000 + word(at + 4)?;
        at += 16 + word(at + 8)? as usize;
        Some(time)
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn playbook() -> Playbook {
    let text = fs::read_to_string(root().join("packaging/bench/day.toml")).expect("a playbook");
    Playbook::parse(&text).expect("the playbook")
}

fn catalogue() -> Vec<Tool> {
    let entries = fs::read_dir(root().join("config/catalogue")).expect("the catalogue");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let text = |path: &PathBuf| fs::read_to_string(path).expect("a tool's file");
    paths.iter().map(|path| Tool::parse(&text(path)).expect("a tool")).collect()
}
