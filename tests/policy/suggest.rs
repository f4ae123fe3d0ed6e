//! A policy learned from captures: it is one, and under it what it allows is quiet.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{printed, rmmwatch, shown, text};

/// The captures of the project.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let entries = std::fs::read_dir(folder).expect("pcaps").flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "pcap")).collect();
    all.sort();
    all
}

/// Tool and operator of each rule that is no comment; `unknown` is an operator.
fn allowed(policy: &str) -> BTreeSet<(String, String)> {
    let table: toml::Table = policy.parse().expect("a policy is TOML");
    let rules = table.get("allow").and_then(toml::Value::as_array);
    let mut all = BTreeSet::new();
    for rule in rules.into_iter().flatten() {
        let tool = rule["tool"].as_str().expect("a tool");
        for operator in rule["operators"].as_array().expect("operators") {
            all.insert((tool.to_owned(), operator.as_str().expect("text").to_owned()));
        }
    }
    all
}

fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

#[test]
fn what_is_learned_from_a_capture_is_quiet_when_it_is_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let (facts, rows) = (file("facts.jsonl"), file("rows.jsonl"));
    let mut learned = 0;
    for capture in captures() {
        let streams =
            ["--alerts", "/dev/null", "--observations", shown(&facts), "--health", shown(&rows)];
        printed(&[&replay(&capture)[..], &streams].concat(), 0);
        // Observations alone and the inventory alone tell the same, but for the hours.
        let suggest =
            |records: &Path| printed(&["policy", "suggest", "--hosts", "1", shown(records)], 0);
        let suggested = suggest(&facts);
        let allowed = allowed(&suggested);
        assert_eq!(self::allowed(&suggest(&rows)), allowed, "{}", capture.display());
        if allowed.is_empty() {
            continue;
        }
        learned += allowed.len();
        quiet_under(&suggested, &allowed, &capture, folder.path());
    }
    assert!(learned > 20, "{learned} rules were learned");
}

fn replay(capture: &Path) -> [&str; 5] {
    ["replay", "--quiet", "--summary", "none", shown(capture)]
}

/// Replay under a policy: nothing that it allows is told.
fn quiet_under(policy: &str, allowed: &BTreeSet<(String, String)>, capture: &Path, folder: &Path) {
    let (path, alerts) = (folder.join("p.toml"), folder.join("alerts.jsonl"));
    std::fs::write(&path, policy).expect("written");
    let more = ["--policy", shown(&path), "--alerts", shown(&alerts)];
    printed(&[&replay(capture)[..], &more].concat(), 0);
    for alert in records(&alerts) {
        let rmm = &alert["rmm"];
        let Some(tool) = rmm["tool"].as_str() else { continue };
        let operator = rmm["operator"].as_str().unwrap_or("unknown");
        let is_allowed = allowed.contains(&(tool.to_owned(), operator.to_owned()));
        assert!(
            !is_allowed || rmm["detection"] == "inbound",
            "{}: {tool} of {operator} is allowed, and still told: {alert}\n{policy}",
            capture.display()
        );
    }
}

#[test]
fn an_attack_is_not_learned() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen.jsonl");
    let demo = "pcaps/aa23-025a-campaign.pcap";
    let out = ["--alerts", shown(&seen), "--observations", shown(&seen)];
    let done = rmmwatch(&[&["replay", "--quiet", demo], &out[..]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    // One host alone, and that in an incident.
    let suggested = printed(&["policy", "suggest", shown(&seen)], 0);
    assert!(!allowed(&suggested).iter().any(|(tool, _)| tool == "anydesk"), "{suggested}");
    assert!(suggested.contains("# Not written as a rule:"), "{suggested}");
    // A policy at hand goes on, with its zones.
    let old = "pcaps/aa23-025a-campaign.policy.toml";
    let suggested = printed(&["policy", "suggest", "--policy", old, shown(&seen)], 0);
    let path = folder.path().join("p.toml");
    std::fs::write(&path, &suggested).expect("written");
    let lint = printed(&["policy", "lint", "--policy", shown(&path)], 0);
    assert!(lint.contains("\n0 errors, "), "{lint}");
    assert!(suggested.contains("name = \"vdi\"") && suggested.contains("owner = \"it-helpdesk\""));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let junk = folder.path().join("junk.jsonl");
    std::fs::write(&junk, "{\"a\":1}\nnot JSON\n").expect("written");
    let done = rmmwatch(&["policy", "suggest", shown(&junk)]);
    assert_eq!(done.status.code(), Some(3), "{}", text(&done.stderr));
    assert!(text(&done.stderr).contains("junk.jsonl:2:"), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("Nothing was used"), "{}", text(&done.stdout));
    assert_eq!(rmmwatch(&["policy", "suggest", "/no/such/file"]).status.code(), Some(4));
}
