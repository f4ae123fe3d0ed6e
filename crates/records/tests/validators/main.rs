//! What others' validators say of our lines: of every golden record, and of every alert and
//! observation that stands in a case under tests/cases.
//!
//! They are Python packages in `.peers/venv`, which packaging/ci/deps.sh makes; `RMMWATCH_PEERS`
//! names another folder. Without them the tests say that they skip.

#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests read and write golden files, fail, and say why they skip"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use records::{Format, FormatOptions, Native, shape};
use serde_json::Value;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every native line of the golden ones, and of all cases: its file and itself.
fn natives() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(here().join("golden")).expect("the golden folder") {
        files.push(entry.expect("a file").path());
    }
    for entry in fs::read_dir(project().join("tests/cases")).expect("the cases") {
        let case = entry.expect("a case").path();
        files.extend(["alerts.jsonl", "observations.jsonl"].map(|name| case.join(name)));
    }
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let text = fs::read_to_string(file).expect("lines");
        let lines = text.lines().enumerate();
        all.extend(lines.map(|(number, line)| {
            (format!("{}:{}", file.display(), number + 1), line.as_bytes().to_owned())
        }));
    }
    assert!(all.len() > 100, "{} lines", all.len());
    all
}

fn shaped(format: Format, line: &[u8]) -> Option<String> {
    let record = Native::parse(line).expect("a record");
    let mut out = Vec::new();
    shape(format, &record, &FormatOptions::default(), &mut out)
        .then(|| String::from_utf8(out).expect("UTF-8"))
}

/// What a validator says of lines, its last line apart; `None`, said aloud, where it is not here.
fn ask(script: &str, package: &str, lines: &[String]) -> Option<(String, String)> {
    let peers = std::env::var_os("RMMWATCH_PEERS").map(PathBuf::from);
    let python = peers.unwrap_or_else(|| project().join(".peers")).join("venv/bin/python");
    let import = Command::new(&python).args(["-c", &format!("import {package}")]).output();
    if !import.is_ok_and(|run| run.status.success()) {
        println!(
            "SKIPPED: {package} is not in .peers/venv (packaging/ci/deps.sh test puts it there)"
        );
        return None;
    }
    let mut run = Command::new(&python)
        .arg(here().join("validators").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = run.stdin.take().expect("its standard input");
    // It reads all of it before it writes.
    stdin.write_all(lines.join("\n").as_bytes()).expect("lines");
    drop(stdin);
    let run = run.wait_with_output().expect("it ends");
    let said = String::from_utf8(run.stdout).expect("UTF-8");
    assert!(run.status.success(), "{said}");
    let (errors, last) = said.trim_end().rsplit_once('\n').unwrap_or(("", said.trim_end()));
    Some((errors.to_owned(), last.to_owned()))
}

/// All records in that format are valid; one that is spoiled is not, so that the validator is seen
/// to be one.
fn all_are_valid(
    format: Format,
    script: &str,
    package: &str,
    at_least: usize,
    spoil: fn(&str) -> String,
) {
    let (places, lines): (Vec<_>, Vec<_>) = natives()
        .into_iter()
        .filter_map(|(place, line)| Some((place, shaped(format, &line)?)))
        .unzip();
    assert!(lines.len() >= at_least, "{}", lines.len());
    let Some((errors, last)) = ask(script, package, &lines) else { return };
    let explained: Vec<String> = errors
        .lines()
        .map(|error| {
            let number = error.split(':').next().and_then(|n| n.parse::<usize>().ok());
            let place = number.and_then(|n| places.get(n - 1));
            format!("{} {error}", place.map_or("", String::as_str))
        })
        .collect();
    assert_eq!(last, format!("checked {} wrong 0", lines.len()), "{explained:#?}");
    let spoiled = vec![spoil(&lines[0])];
    assert_ne!(spoiled[0], lines[0]);
    let (_, last) = ask(script, package, &spoiled).expect("it was here just now");
    assert!(!last.ends_with("wrong 0"), "a spoiled line passed: {}", spoiled[0]);
    println!("{}: {} lines, all valid", format.word(), lines.len());
}

#[test]
fn cef_has_the_keys_lengths_and_types_of_its_dictionary() {
    all_are_valid(Format::Cef, "cef.py", "cefevent", 100, |line| {
        line.replacen(" rt=", " notAKey=1 rt=", 1).replacen("|rt=", "|notAKey=1 rt=", 1)
    });
}

#[test]
fn syslog_is_read_as_rfc_5424() {
    all_are_valid(Format::Syslog, "syslog.py", "syslog_rfc5424_parser", 100, |line| {
        line.replacen("rmmwatch@32473", "rmmwatch 32473", 1)
    });
}

#[test]
fn ocsf_is_valid_by_its_own_schema() {
    all_are_valid(Format::Ocsf, "ocsf.py", "ocsf_json_schema", 100, |line| {
        line.replacen("\"metadata\":{", "\"metadata\":{\"unknown\":1,", 1)
    });
}

#[test]
fn stix_is_parsed_strictly() {
    all_are_valid(Format::Stix, "stix.py", "stix2", 60, |line| {
        line.replacen("\"network-traffic--", "\"network-traffic--0", 1)
    });
}

#[test]
fn misp_takes_events_and_objects() {
    all_are_valid(Format::Misp, "misp.py", "pymisp", 60, |line| {
        line.replacen("\"object_relation\":\"ip-src\"", "\"object_relation\":\"ip-from\"", 1)
    });
}

#[test]
fn community_ids_are_those_of_others() {
    let lines: Vec<String> = natives()
        .into_iter()
        .filter(|(_, line)| {
            let record = Native::parse(line).expect("a record");
            record.text(&["network", "community_id"]).is_some()
        })
        .map(|(_, line)| String::from_utf8(line).expect("UTF-8"))
        .collect();
    let Some((errors, last)) = ask("community_id.py", "communityid", &lines) else { return };
    assert_eq!(last, format!("checked {} wrong 0", lines.len()), "{errors}");
    println!("Community ID: {} records, all the same", lines.len());
}

#[test]
fn bundles_of_one_capture_merge() {
    // The same object in two bundles is the same, or one of them is a later version.
    let mut by_case: BTreeMap<String, BTreeMap<(String, String), Value>> = BTreeMap::new();
    for (place, line) in natives().iter().filter(|(place, _)| place.contains("/cases/")) {
        let case = place.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let known = by_case.entry(case).or_default();
        let Some(bundle) = shaped(Format::Stix, line) else { continue };
        let bundle: Value = serde_json::from_str(&bundle).expect("JSON");
        for object in bundle["objects"].as_array().expect("objects") {
            let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
            let before = known.insert((text("id"), text("modified")), object.clone());
            assert!(before.is_none_or(|before| before == *object), "{place}: {object}");
        }
    }
    assert!(by_case.len() > 30);
}
