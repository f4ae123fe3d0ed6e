//! One folder a case: a capture, and every line that must come out of it.
//!
//! `tests/cases/<name>/case.toml` names the capture and the arguments; `alerts.jsonl` (and, where
//! the case asks for them, `observations.jsonl`) hold the lines. `BLESS=1 cargo test` writes them
//! anew, and the reviewer reads the difference.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case proves, for the reader.
    #[allow(dead_code, reason = "for the reader")]
    proves: String,
    /// The capture, from the project's root.
    capture: String,
    /// Arguments besides.
    #[serde(default)]
    args: Vec<String>,
    /// Whether the observations are held too.
    #[serde(default)]
    observations: bool,
    /// The exit code.
    #[serde(default)]
    exit: i32,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<PathBuf> {
    let folder = root().join("tests/cases");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("tests/cases").flatten().map(|e| e.path()).collect();
    cases.sort();
    assert!(cases.len() >= 10, "only {} cases", cases.len());
    cases
}

/// What a replay of the case gives: alerts, observations, health, exit code.
struct Outcome {
    alerts: String,
    observations: String,
    health: String,
    exit: i32,
}

fn replay(case: &Case, more: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let done = Command::new(env!("CARGO_BIN_EXE_rmmwatch"))
        .current_dir(root())
        .args(["replay", "--quiet", "--summary", "none", "--alerts"])
        .arg(at("alerts"))
        .arg("--observations")
        .arg(at("observations"))
        .arg("--health")
        .arg(at("health"))
        .args(&case.args)
        .args(more)
        .arg(&case.capture)
        .output()
        .expect("the program runs");
    let read = |name| std::fs::read_to_string(at(name)).expect("records are UTF-8 text");
    Outcome {
        alerts: read("alerts"),
        observations: read("observations"),
        health: read("health"),
        exit: done.status.code().unwrap_or(-1),
    }
}

fn load(folder: &Path) -> Case {
    let text = std::fs::read_to_string(folder.join("case.toml")).expect("a case.toml");
    toml::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let schema = serde_json::from_str(records::SCHEMA).expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("the schema is a schema")
    })
}

fn assert_valid(case: &Path, lines: &str) {
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        let wrong: Vec<String> = schema().iter_errors(&record).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}\n{line}", case.display());
    }
}

fn assert_lines(case: &Path, name: &str, got: &str) {
    let path = case.join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, got).expect("the expected lines are written");
        return;
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (got, want)) in got.lines().zip(want.lines()).enumerate() {
        assert_eq!(got, want, "{} line {}", path.display(), number + 1);
    }
    assert_eq!(got.lines().count(), want.lines().count(), "{}: number of lines", path.display());
}

#[test]
fn every_case_gives_its_lines() {
    for folder in cases() {
        let case = load(&folder);
        let got = replay(&case, &[]);
        assert_eq!(got.exit, case.exit, "{}", folder.display());
        assert_lines(&folder, "alerts.jsonl", &got.alerts);
        if case.observations {
            assert_lines(&folder, "observations.jsonl", &got.observations);
        }
        for lines in [&got.alerts, &got.observations, &got.health] {
            assert_valid(&folder, lines);
        }
        assert!(got.health.contains("\"sum_closes\":true"), "{}: {}", folder.display(), got.health);
    }
}

#[test]
fn any_number_of_lanes_gives_the_same_octets() {
    for folder in cases() {
        let case = load(&folder);
        let one = replay(&case, &["--lanes", "1"]);
        for lanes in ["2", "4", "5", "16"] {
            let many = replay(&case, &["--lanes", lanes]);
            let shown = folder.display();
            assert_eq!(one.alerts, many.alerts, "{shown}: {lanes} lanes");
            assert_eq!(one.observations, many.observations, "{shown}: {lanes} lanes");
        }
    }
}

#[test]
fn no_alert_is_told_per_packet() {
    for folder in cases() {
        let got = replay(&load(&folder), &[]);
        let mut first: Vec<String> = Vec::new();
        for line in got.alerts.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let id = record["event"]["id"].as_str().expect("an id").to_owned();
            let update = record["rmm"]["update"] == true;
            assert_eq!(first.contains(&id), update, "{}: {line}", folder.display());
            assert!(!record["rmm"]["evidence"].as_array().expect("evidence").is_empty(), "{line}");
            first.push(id);
        }
    }
}

#[test]
fn observations_alone_tell_the_inventory() {
    let mut rows = 0;
    for folder in cases() {
        let shown = folder.display();
        let got = replay(&load(&folder), &[]);
        let told = |text: &str| {
            let told = records::read::read("records", text.as_bytes()).expect("memory never fails");
            assert_eq!(told.refused, 0, "{shown}: {:?}", told.complaints);
            told
        };
        let inventory = told(&got.health).usages;
        let mut observed = told(&got.observations).usages;
        rows += inventory.len();
        // What a host is called stands in no observation.
        for (seen, row) in observed.iter_mut().zip(&inventory) {
            seen.identity = row.identity.clone();
        }
        assert_eq!(observed, inventory, "{shown}");
        let both = told(&format!("{}{}", got.observations, got.health)).usages;
        assert_eq!(both, inventory, "{shown}");
        let alerts = told(&got.alerts).alerts;
        let ids: std::collections::BTreeSet<_> = alerts.iter().map(|alert| alert.id).collect();
        assert_eq!(ids.len(), alerts.len(), "{shown}");
        assert_eq!(alerts.is_empty(), got.alerts.is_empty(), "{shown}");
    }
    assert!(rows >= 15, "only {rows} rows");
}
