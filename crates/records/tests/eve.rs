//! EVE events against their golden lines, the restated schema, and lines of anyone's.

#![allow(clippy::disallowed_methods, reason = "goldens, cases and configuration are files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use records::{Format, FormatOptions, Native, eve_sid, shape};
use serde_json::{Value, json};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn validator() -> Validator {
    let text = fs::read_to_string(here("tests/soc/eve.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
}

fn assert_valid(validator: &Validator, what: &str, line: &str) -> Value {
    let event: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{what}: {why}"));
    let wrong: Vec<_> =
        validator.iter_errors(&event).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{line}");
    assert!(!line.contains('\n') && line.len() <= records::limits::EVE_LINE_BYTES_MAX, "{what}");
    event
}

fn eve(line: &str) -> Option<String> {
    let record = Native::parse(line.as_bytes()).unwrap_or_else(|why| panic!("{why}: {line}"));
    let mut out = b"before".to_vec();
    let shaped = shape(Format::Eve, &record, &FormatOptions::default(), &mut out);
    let rest = String::from_utf8(out).expect("text").strip_prefix("before").map(str::to_owned);
    let rest = rest.expect("what was there stays");
    assert_eq!(shaped, !rest.is_empty(), "{line}");
    shaped.then_some(rest)
}

/// The golden native records by name.
fn natives() -> BTreeMap<String, String> {
    let folder = fs::read_dir(here("tests/golden")).expect("the golden folder");
    let named = folder.map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("a golden line"))
    });
    named.collect()
}

#[test]
fn every_kind_of_record_has_its_golden_event() {
    let validator = validator();
    let (mut events, mut without) = (String::new(), Vec::new());
    for (name, line) in natives() {
        match eve(&line) {
            Some(event) => {
                assert_valid(&validator, &name, &event);
                events += &format!("{event}\n");
            }
            None => without.push(name),
        }
    }
    let path = here("tests/soc/eve.jsonl");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &events).expect("golden events are written");
    }
    assert_eq!(events, fs::read_to_string(&path).unwrap_or_default(), "BLESS=1 rewrites them");
    // The opening of a flow, what a file holds, remote protocols, NetBIOS and the inventory.
    let none = ["flow_open", "header", "inventory", "nbns_", "remote_protocol"];
    for name in without {
        assert!(none.iter().any(|begin| name.starts_with(begin)), "{name} has no event");
    }
}

#[test]
fn the_page_shows_golden_events() {
    let page = fs::read_to_string(here("../../docs/formats/eve.md")).expect("the page");
    let natives = natives();
    let mut shown = 0;
    for part in page.split("<!-- golden: eve ").skip(1) {
        let (name, rest) = part.split_once(" -->\n```json\n").expect("a name and a block");
        let (block, _) = rest.split_once("\n```").expect("the block's end");
        assert_eq!(eve(&natives[name]).as_deref(), Some(block), "{name}");
        shown += 1;
    }
    assert!(shown >= 4, "only {shown}");
}

#[test]
fn every_name_of_the_schema_is_met() {
    let text = fs::read_to_string(here("tests/soc/eve.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    let events = fs::read_to_string(here("tests/soc/eve.jsonl")).expect("golden events");
    for (name, kind) in schema["properties"].as_object().expect("properties") {
        for name in kind["properties"].as_object().into_iter().flat_map(|o| o.keys()).chain([name])
        {
            assert!(events.contains(&format!("\"{name}\":")), "{name} stands in no golden event");
        }
    }
}

#[test]
fn alerts_of_whole_captures_are_valid() {
    let validator = validator();
    let mut told = 0;
    for case in fs::read_dir(here("../../tests/cases")).expect("the cases") {
        let path = case.expect("a case").path();
        for name in ["alerts.jsonl", "observations.jsonl"] {
            let lines = fs::read_to_string(path.join(name)).unwrap_or_default();
            for event in lines.lines().filter_map(eve) {
                let event = assert_valid(&validator, &path.display().to_string(), &event);
                told += u32::from(event["event_type"] == "alert");
            }
        }
    }
    assert!(told > 20, "only {told} alerts");
}

/// Signatures are told apart by number: tools of the catalogue in every detection, lists, lies.
#[test]
fn no_two_shipped_rules_share_a_number() {
    let names = |folder: &str| -> Vec<String> {
        let folder = fs::read_dir(here("../../config").join(folder)).expect("a folder of config");
        let paths = folder.map(|entry| entry.expect("an entry").path());
        paths.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
    };
    let (tools, lists) = (names("catalogue"), names("feeds"));
    assert!(tools.len() > 100 && !lists.is_empty());
    let mut rules: Vec<String> = Vec::new();
    for kind in ["relay", "api", "download", "protocol", "inbound", "campaign", "lure"] {
        rules.extend(tools.iter().map(|tool| format!("rmm.{kind}.{tool}")));
    }
    rules.extend(lists.iter().map(|list| format!("rmm.indicator.{list}")));
    let more = ["lure.imitation", "lure.helpdesk", "campaign.chain", "campaign.spread"];
    rules.extend(more.map(|rest| format!("rmm.{rest}")));
    let mut known: BTreeMap<u32, &str> = BTreeMap::new();
    for rule in &rules {
        let sid = eve_sid(rule);
        assert!((1_000_000..2_000_000).contains(&sid), "{rule}: {sid}");
        if let Some(other) = known.insert(sid, rule) {
            panic!("{rule} and {other} have the number {sid}");
        }
    }
}

/// What only a flow has stands in no alert that is about none.
#[test]
fn an_alert_without_a_flow_has_no_direction() {
    let natives = natives();
    for (name, flow) in [("alert_sensor", false), ("alert_relay", true)] {
        let event: Value = serde_json::from_str(&eve(&natives[name]).expect(name)).expect("JSON");
        for field in ["src_ip", "flow_id", "direction", "tx_id"] {
            assert_eq!(event.get(field).is_some(), flow, "{name} {field}");
        }
    }
}

/// An alert names its further hosts, and where a stage was.
#[test]
fn further_hosts_are_told() {
    let natives = natives();
    for (name, hosts, stage) in [
        ("alert_more", json!(["10.20.4.18", "10.20.4.19", "fd00::2"]), Value::Null),
        ("alert_chain", json!(["10.20.4.18"]), json!("session: AnyDesk (10.20.4.18)")),
        ("alert_relay", Value::Null, Value::Null),
    ] {
        let event: Value = serde_json::from_str(&eve(&natives[name]).expect(name)).expect("JSON");
        let metadata = &event["alert"]["metadata"];
        let last = metadata["rmm_stages"].as_array().and_then(|all| all.last()).cloned();
        assert_eq!((&metadata["rmm_hosts"], last.unwrap_or_default()), (&hosts, stage), "{name}");
    }
}

/// Events of one flow have one number, those of another flow or VLAN another.
#[test]
fn events_of_a_flow_are_joined() {
    let natives = natives();
    let id = |name: &str| {
        let event: Value = serde_json::from_str(&eve(&natives[name]).expect(name)).expect("JSON");
        event["flow_id"].as_u64().expect("a number")
    };
    let table = [
        ("tls_client_hello", "flow_close", true),
        ("tls_client_hello", "tls_certificate", true),
        ("dns_query", "dns_answer", true),
        ("tls_client_hello", "quic_client_hello", false),
        ("dns_query", "dns_query_matched", false),
        ("tls_client_hello", "alert_relay", false),
    ];
    for (one, other, same) in table {
        assert_eq!(id(one) == id(other), same, "{one} {other}");
    }
}

/// Every field of every golden record in turn becomes something else.
#[test]
fn lines_of_anyone_make_valid_events_or_none() {
    let validator = validator();
    let long = "\u{1}\"\\\u{2028}\u{1f980}".repeat(80);
    let strange = [
        json!(null),
        json!(-7),
        json!(1.5),
        json!(u64::MAX),
        json!(true),
        json!(""),
        json!("a\nb\r\u{0}"),
        json!(long),
        json!([[], {}, 7, long]),
        json!({"ip": ["x"], "a\nb": long}),
        json!(vec![json!({"source": long, "value": long, "list": long, "name": long}); 40]),
    ];
    let one_of_each = |name: &String| {
        let kinds = ["chain", "lure", "answer", "hello", "certificate", "http_request", "file_dow"];
        kinds.iter().chain(&["close_of", "live"]).any(|kind| name.contains(kind))
    };
    for (name, line) in natives().into_iter().filter(|(name, _)| one_of_each(name)) {
        let record: Value = serde_json::from_str(&line).expect("JSON");
        let mut paths = BTreeSet::new();
        walk(&record, "", &mut paths);
        for path in &paths {
            for value in &strange {
                let mut changed = record.clone();
                *changed.pointer_mut(path).expect("a field") = value.clone();
                let text = changed.to_string();
                if Native::parse(text.as_bytes()).is_err() {
                    continue;
                }
                if let Some(event) = eve(&text) {
                    assert_valid(&validator, &format!("{name} {path} {value}"), &event);
                }
            }
        }
    }
}

fn walk(value: &Value, at: &str, paths: &mut BTreeSet<String>) {
    if let Some(fields) = value.as_object() {
        for (name, field) in fields {
            let path = format!("{at}/{name}");
            walk(field, &path, paths);
            paths.insert(path);
        }
    }
}
