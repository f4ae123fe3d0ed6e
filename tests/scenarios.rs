//! Every scenario gives the alerts that it expects, each as it says, and no other.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say what it found, and fail"
)]
#![allow(dead_code, reason = "what tests share, not all of them use")]

use model::{Alert, AlertId};
use trafficgen::Expected;

/// What the program's gate of one-way flows is bound by.
#[path = "../crates/rmmwatch/limits.rs"]
mod limits;
mod sensor;

use sensor::{Story, by_id, stages, stories, told, worst};

/// Why an alert is not the one expected; nothing when it is.
fn differs(story: &Story, want: &Expected, records: &[&Alert]) -> Option<String> {
    let last = records.last()?;
    let addresses = story.scenario.addresses(&want.host);
    let stages_got = stages(records);
    let shown = |text: &str| {
        last.evidence.iter().any(|sign| sign.value.contains(text) || sign.pattern.contains(text))
            || last.chain.iter().flat_map(|chain| &chain.steps).any(|step| step.name.contains(text))
    };
    let said = |text: &str| records.iter().any(|alert| alert.reason.contains(text));
    let tool = last.tool.as_ref().map(|(tool, _)| tool.as_str());
    let hosts: Vec<_> = want.hosts.iter().flat_map(|host| story.scenario.addresses(host)).collect();
    let checks = [
        (addresses.contains(&last.host), "host"),
        (last.detection.word() == want.detection, "detection"),
        (want.tool.is_none() || tool == want.tool.as_deref(), "tool"),
        (shown(&want.sign), "sign"),
        (want.severity.is_none_or(|level| level.holds(worst(records))), "severity"),
        (want.stages.is_empty() || stages_got == want.stages, "stages"),
        (
            want.operator.is_none() || last.operator.as_deref() == want.operator.as_deref(),
            "operator",
        ),
        (want.rule.as_ref().is_none_or(|rule| *last.rule_id == **rule), "rule"),
        (want.says.as_ref().is_none_or(|words| said(words)), "says"),
        (!want.without.iter().any(|text| shown(text) || said(text)), "without"),
        (hosts.iter().all(|host| last.hosts.contains(host) || last.host == **host), "hosts"),
        (want.hosts.is_empty() || want.hosts.len() == last.hosts.len().max(1), "how many hosts"),
        (want.records.is_none_or(|most| records.len() <= most), "records"),
    ];
    let wrong: Vec<&str> =
        checks.iter().filter(|(right, _)| !right).map(|(_, what)| *what).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

/// An alert in a line, for who reads why a test failed.
fn line(records: &[&Alert]) -> String {
    let Some(last) = records.last() else { return String::new() };
    let tool = last.tool.as_ref().map_or("", |(tool, _)| tool.as_str());
    format!(
        "{} {} of {}: {tool} {} {}, {} records, {}",
        worst(records),
        last.rule_id,
        last.host,
        last.operator.as_deref().unwrap_or_default(),
        stages(records).join(" → "),
        records.len(),
        last.reason
    )
}

/// What is wrong with a scenario: alerts that it did not expect, and those that it misses.
fn faults(story: &Story) -> Vec<String> {
    let alerts = told(&story.scenario.frames(), story.policy.as_deref());
    let mut found: Vec<(AlertId, Vec<&Alert>)> = by_id(&alerts).into_iter().collect();
    // In the order in which they were first told.
    found.sort_by_key(|(id, _)| alerts.iter().position(|alert| alert.id == *id));
    let mut faults = Vec::new();
    for want in story.scenario.expected() {
        match found.iter().position(|(_, records)| differs(story, want, records).is_none()) {
            Some(place) => drop(found.remove(place)),
            None if want.optional => {}
            None => faults.push(format!("missing: {want:?}")),
        }
    }
    for (_, records) in found.iter().filter(|(_, records)| worst(records) != "informational") {
        let near =
            story.scenario.expected().iter().filter_map(|want| differs(story, want, records));
        let near = near.min_by_key(String::len).unwrap_or_default();
        faults.push(format!("not expected ({near}): {}", line(records)));
    }
    faults
}

#[test]
fn every_scenario_gives_the_alerts_that_it_expects_and_no_other() {
    let mut wrong = 0;
    for story in stories() {
        for fault in faults(story) {
            println!("{}: {fault}", story.name);
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0, "scenarios and sensor differ");
    assert!(stories().len() >= 40, "only {} scenarios", stories().len());
}

/// What the sensor tells of the scenario that `STORY` names, record by record.
#[test]
fn a_story_is_shown_to_who_asks() {
    let Some(name) = std::env::var_os("STORY") else {
        return println!("skipped: STORY names no scenario");
    };
    for story in stories().iter().filter(|story| *story.name == *name) {
        for alert in told(&story.scenario.frames(), story.policy.as_deref()) {
            let (at, sure, short) = (alert.at, alert.confidence_pct, alert.id.0 >> 112);
            println!("{at:?} {short:04x} {} {sure}% {}", alert.occasion.word(), line(&[&alert]));
        }
    }
}

/// At least ten scenarios give no alert of low severity or above.
#[test]
fn many_stories_are_quiet() {
    let quiet = stories().iter().filter(|story| story.scenario.expected().is_empty()).count();
    assert!(quiet >= 10, "only {quiet} scenarios expect nothing");
}

/// What the program wrote for each case of a scenario, `event.id` by `event.id`, is what the
/// sensor within these tests tells.
#[test]
fn the_program_and_the_sensor_of_these_tests_say_the_same() {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut compared = 0;
    for story in stories() {
        let Ok(lines) = std::fs::read_to_string(folder.join(&story.name).join("alerts.jsonl"))
        else {
            continue;
        };
        let of = |record: serde_json::Value| {
            let severity = record["event"]["severity"].as_u64().unwrap_or_default();
            (record["event"]["id"].as_str().unwrap_or_default().to_owned(), severity)
        };
        let records = lines.lines().map(|line| of(serde_json::from_str(line).expect("JSON")));
        let program: Vec<(String, u64)> = records.collect();
        let alerts = told(&story.scenario.frames(), story.policy.as_deref());
        let of = |alert: &Alert| (alert.id.to_string(), u64::from(alert.severity.get()));
        let here: Vec<(String, u64)> = alerts.iter().map(of).collect();
        assert_eq!(program, here, "{}", story.name);
        compared += 1;
    }
    assert!(compared >= 15, "only {compared} scenarios have a case");
}

/// Each story has its case, so that the lines themselves are held.
#[test]
fn every_scenario_has_a_case() {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for story in stories() {
        let case = std::fs::read_to_string(folder.join(&story.name).join("case.toml"));
        let case = case.unwrap_or_else(|_| panic!("tests/cases/{} has no case", story.name));
        let policy = format!("pcaps/{}.policy.toml", story.name);
        assert_eq!(case.contains(&policy), story.policy.is_some(), "{}", story.name);
    }
}
