//! Every kind of record against its golden line and the published schema.

#![allow(clippy::disallowed_methods, reason = "goldens and the schema are files")]

mod hostile;
mod ordered;
mod reading;
mod samples;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use model::{ListKind, Meaning, Observation};
use records::Recorder;
use serde_json::Value;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn schema() -> Value {
    serde_json::from_str(records::SCHEMA).expect("the schema is JSON")
}

fn validator() -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema())
        .expect("the schema is a schema")
}

fn assert_valid(validator: &Validator, what: &str, line: &str) {
    let record: Value = serde_json::from_str(line).expect("a line is JSON");
    let wrong: Vec<_> = validator
        .iter_errors(&record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{line}");
}

#[test]
fn every_kind_has_its_golden_line() {
    let samples = samples::all();
    for (name, line) in &samples {
        let path = golden().join(format!("{name}.json"));
        if blessing() {
            fs::write(&path, line).expect("a golden line is written");
        }
        let want = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(*line, want, "{name}; BLESS=1 rewrites it");
    }
    let known: BTreeSet<_> = samples.iter().map(|(name, _)| format!("{name}.json")).collect();
    for entry in fs::read_dir(golden()).expect("the golden folder") {
        let file = entry.expect("a file").file_name().into_string().expect("a plain name");
        assert!(known.contains(&file), "{file} belongs to no sample");
    }
}

#[test]
fn every_kind_is_valid_and_one_line() {
    let validator = validator();
    for (name, line) in samples::all() {
        assert_eq!(line.matches('\n').count(), 1, "{name}");
        assert!(line.ends_with("}\n"), "{name}");
        assert!(line.len() < 16 << 10, "{name} is longer than collectors keep");
        assert_valid(&validator, name, &line);
        ordered::assert_as_serde_writes(name, &line);
    }
}

/// Every path of a record, arrays of objects as `name[]`; the values of other arrays are no paths.
fn paths(value: &Value, at: &str, all: &mut BTreeSet<String>) {
    let Value::Object(fields) = value else {
        all.insert(at.to_owned());
        return;
    };
    for (key, value) in fields {
        let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                all.insert(format!("{at}[]"));
                items.iter().for_each(|item| paths(item, &format!("{at}[]"), all));
            }
            _ => paths(value, &at, all),
        }
    }
}

#[test]
fn every_field_is_told_and_every_told_field_has_a_golden_line() {
    let mut written = BTreeSet::new();
    for (_, line) in samples::all() {
        paths(&serde_json::from_str(&line).expect("JSON"), "", &mut written);
    }
    // An empty array of objects shows no `[]`; another sample has it filled.
    written.retain(|path| !written_twice(path));
    let page = fs::read_to_string(docs().join("records.md")).expect("the page");
    let told: BTreeSet<_> = page
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?.split_once('`').map(|(path, _)| path.to_owned())
        })
        .collect();
    let untold: Vec<_> = written.difference(&told).collect();
    let unshown: Vec<_> = told.difference(&written).collect();
    assert!(untold.is_empty(), "docs/records.md does not tell {untold:?}");
    assert!(unshown.is_empty(), "no golden line shows {unshown:?}");
}

/// Arrays of objects that may be empty.
fn written_twice(path: &str) -> bool {
    [
        "links_refused",
        "by_rule",
        "health.rules",
        "anomalies",
        "memory",
        "feeds",
        "passed_over.files",
        "damaged.files",
    ]
    .iter()
    .any(|array| path.ends_with(array))
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn the_page_shows_the_golden_lines() {
    let samples = samples::all();
    let path = docs().join("records.md");
    let page = fs::read_to_string(&path).expect("the page");
    let mut shown = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("<!-- golden: ") {
        let (name, after) = after.split_once(" -->\n```json\n").expect("a block after its mark");
        let (_, after) = after.split_once("```\n").expect("the block's end");
        let (_, line) = samples.iter().find(|(known, _)| *known == name).expect("a sample");
        shown.push_str(&format!("{before}<!-- golden: {name} -->\n```json\n{line}```\n"));
        rest = after;
    }
    shown.push_str(rest);
    if blessing() {
        fs::write(&path, &shown).expect("the page is written");
    } else {
        assert!(shown == page, "docs/records.md is not up to date; BLESS=1 rewrites it");
    }
    for action in ACTIONS {
        assert!(shown.contains(&format!("\"action\":\"{action}\"")), "no example of {action}");
    }
}

const ACTIONS: [&str; 10] = [
    "dns-query",
    "dns-answer",
    "tls-client-hello",
    "quic-client-hello",
    "tls-certificate",
    "http-request",
    "file-download",
    "flow-open",
    "flow-close",
    "remote-protocol",
];

/// Every object of a record, as JSON pointers.
fn objects(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            all.push(at.to_owned());
            for (key, value) in fields {
                objects(value, &format!("{at}/{key}"), all);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                objects(item, &format!("{at}/{place}"), all);
            }
        }
        _ => {}
    }
}

#[test]
fn a_typing_error_fails() {
    let validator = validator();
    for (name, line) in samples::all() {
        let record: Value = serde_json::from_str(&line).expect("JSON");
        let mut places = Vec::new();
        objects(&record, "", &mut places);
        for place in places {
            let mut wrong = record.clone();
            let object = wrong.pointer_mut(&place).and_then(Value::as_object_mut).expect("it");
            object.insert("tpyo".into(), Value::from(1));
            assert!(!validator.is_valid(&wrong), "{name}: {place}/tpyo passes");
            let keys: Vec<_> =
                record.pointer(&place).and_then(Value::as_object).expect("it").keys().collect();
            for key in keys {
                let mut wrong = record.clone();
                let object = wrong.pointer_mut(&place).and_then(Value::as_object_mut).expect("it");
                object.insert(key.clone(), Value::Null);
                assert!(!validator.is_valid(&wrong), "{name}: null passes at {place}/{key}");
            }
        }
    }
}

#[test]
fn what_an_action_does_not_have_fails() {
    let validator = validator();
    for (name, sample) in samples::observations() {
        let line = samples::line(|out| assert!(sample.write(&mut Recorder::default(), out)));
        let record: Value = serde_json::from_str(&line).expect("JSON");
        for action in ACTIONS {
            let mut other = record.clone();
            if other["event"]["action"] == action {
                continue;
            }
            other["event"]["action"] = action.into();
            // A flow's opening is a subset of what a remote protocol may say, not the reverse.
            let silent = matches!(action, "flow-open") && name.starts_with("flow_open");
            assert!(silent || !validator.is_valid(&other), "{name} passes as {action}");
        }
    }
}

#[test]
fn an_opening_without_a_tool_has_no_record() {
    let mut samples = samples::observations();
    let (_, sample) =
        samples.iter_mut().find(|(name, _)| *name == "remote_protocol").expect("the sample");
    let mut out = b"before".to_vec();
    let meaning = Meaning::Indicator {
        stage: None,
        description: "a list's".into(),
        kind: ListKind::Attacker,
        until: None,
    };
    sample.matches[0].meaning = meaning;
    assert!(!sample.write(&mut Recorder::default(), &mut out), "an indicator is no protocol");
    sample.matches.clear();
    assert!(!sample.write(&mut Recorder::default(), &mut out));
    assert_eq!(out, b"before");
}

#[test]
fn equal_facts_have_equal_ids_and_other_facts_have_others() {
    let id = |line: &str| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        record["event"]["id"].as_str().expect("an id").to_owned()
    };
    let mut ids = BTreeSet::new();
    for (name, sample) in samples::observations() {
        let one = samples::line(|out| assert!(sample.write(&mut Recorder::default(), out)));
        // What is in the buffer already and where the frame stood do not count.
        let moved = Observation { order: 99, ..sample.seen.clone() };
        let moved = samples::Sample { seen: moved, ..sample };
        let two = samples::line(|out| {
            out.extend_from_slice(b"{}\n");
            assert!(moved.write(&mut Recorder::default(), out));
        });
        let two = two.strip_prefix("{}\n").expect("what was there stays");
        assert_eq!(one, two, "{name}");
        assert!(ids.insert(id(&one)), "{name} has another's id");
    }
}
