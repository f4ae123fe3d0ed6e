//! OCSF, STIX, MISP and the envelopes against their golden lines, and against odd records.

#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests read and write golden files, fail, and say why they skip"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use records::{Format, FormatOptions, Native, Template, shape};
use serde_json::Value;

/// The formats of this test. Lines for log collectors and EVE have tests of their own.
const FORMATS: [Format; 6] =
    [Format::Ocsf, Format::Stix, Format::Misp, Format::Hec, Format::Loki, Format::Alertmanager];

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Every golden native line, by its name.
fn natives() -> Vec<(String, Vec<u8>)> {
    let folder = fs::read_dir(tests().join("golden")).expect("the golden folder");
    let files = folder.map(|entry| entry.expect("a file").path());
    let mut all: Vec<_> = files
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a golden line"))
        })
        .collect();
    all.sort();
    all
}

fn shaped(format: Format, line: &[u8], options: &FormatOptions) -> Option<String> {
    let record = Native::parse(line).expect("a record");
    let mut out = b"before".to_vec();
    let has_form = shape(format, &record, options, &mut out);
    let text = String::from_utf8(out).expect("UTF-8");
    let text = text.strip_prefix("before").expect("what was there stays").to_owned();
    assert_eq!(has_form, !text.is_empty(), "{format:?}");
    has_form.then_some(text)
}

#[test]
fn every_record_has_its_golden_line_in_every_format() {
    let blessing = std::env::var_os("BLESS").is_some();
    for format in FORMATS {
        let path = tests().join(format!("formats/{}.jsonl", format.word()));
        let mut lines = String::new();
        for (name, line) in natives() {
            let Some(text) = shaped(format, &line, &FormatOptions::default()) else { continue };
            assert!(!text.contains('\n') && text.len() < 16 << 10, "{name}: one line, no longer");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            assert!(value.is_object(), "{name}");
            lines.push_str(&format!("{text}\n"));
        }
        if blessing {
            fs::write(&path, &lines).expect("golden lines are written");
        }
        let want = fs::read_to_string(&path).unwrap_or_default();
        assert!(lines == want, "{}; BLESS=1 rewrites it", path.display());
        assert!(lines.lines().count() >= 10, "{format:?}");
    }
}

#[test]
fn the_pages_show_golden_lines() {
    let natives = natives();
    for page in ["ocsf", "sharing", "envelopes"] {
        let path = tests().join(format!("../../../docs/formats/{page}.md"));
        let text = fs::read_to_string(&path).expect("the page");
        let mut shown = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("<!-- golden: ") {
            let (what, after) = after.split_once(" -->\n```json\n").expect("a block after it");
            let (_, after) = after.split_once("```\n").expect("the block's end");
            let (word, name) = what.split_once(' ').expect("a format and a golden record");
            let (_, line) = natives.iter().find(|(known, _)| known == name).expect("a record");
            let format = Format::parse(word).expect("a format");
            let line = shaped(format, line, &FormatOptions::default()).expect("a form");
            shown.push_str(&format!("{before}<!-- golden: {what} -->\n```json\n{line}\n```\n"));
            rest = after;
        }
        shown.push_str(rest);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &shown).expect("the page is written");
        }
        let text = fs::read_to_string(&path).expect("the page");
        assert!(shown == text, "docs/formats/{page}.md is not up to date; BLESS=1 rewrites it");
    }
}

#[test]
fn what_has_a_form_where() {
    let kinds = |format| {
        let mut kinds = BTreeSet::new();
        for (_, line) in natives() {
            if shaped(format, &line, &FormatOptions::default()).is_some() {
                kinds.insert(Native::parse(&line).expect("a record").dataset().to_owned());
            }
        }
        kinds.into_iter().collect::<Vec<_>>().join(" ")
    };
    let all = "alert header health inventory observation summary";
    let table = [
        (Format::Ecs, all),
        (Format::Hec, all),
        (Format::Loki, all),
        (Format::Ocsf, "alert observation"),
        (Format::Stix, "alert"),
        (Format::Misp, "alert"),
        (Format::Alertmanager, "alert"),
    ];
    for (format, want) in table {
        assert_eq!(kinds(format), want, "{format:?}");
    }
}

#[test]
fn envelopes_hold_other_formats() {
    let (_, line) = natives().into_iter().find(|(name, _)| name == "alert_relay").expect("it");
    let within = |format, inner| {
        let options = FormatOptions { index: Some("ids".into()), inner: Some(inner) };
        let text = shaped(format, &line, &options)?;
        Some(serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    let hec = within(Format::Hec, Format::Ocsf).expect("a form");
    assert_eq!(hec["event"]["class_uid"], 4001);
    assert_eq!(hec["sourcetype"], "rmmwatch:ocsf");
    assert_eq!(hec["index"], "ids");
    let loki = within(Format::Loki, Format::Ocsf).expect("a form");
    assert!(loki["values"][0][1].as_str().expect("a line").starts_with("{\"activity_id\":"));
    for envelope in [Format::Hec, Format::Loki] {
        assert_eq!(within(envelope, Format::Hec), None, "no envelope in an envelope");
        assert_eq!(within(envelope, Format::Loki), None);
    }
}

/// A sign, its pattern in STIX (nothing: no indicator) and `type to_ids` in MISP.
#[test]
fn what_is_an_indicator() {
    let name = "[domain-name:value = 'bad.example']";
    let table = [
        (("dns.question", "bad.example", "feed", ""), name, "hostname true"),
        (("dns.question", "bad.example", "catalogue", "relay"), "", "hostname false"),
        (("http.host", "new here", "memory", ""), "", "hostname false"),
        (("address", "a large download", "memory", ""), "", ""),
        (("http.file", "bad.example", "brands", ""), "", "filename false"),
        (
            ("tls.sni", r"^(?:a|b)\.bad'\.example$", "feed", ""),
            r"[domain-name:value MATCHES '^(?:a|b)\\.bad\'\\.example$']",
            "hostname true",
        ),
        (
            ("tls.sni", "*.bad.example", "feed", ""),
            "[domain-name:value LIKE '%.bad.example']",
            "hostname true",
        ),
        (("address", "192.0.2.0/24", "feed", ""), "[ipv4-addr:value ISSUBSET '192.0.2.0/24']", ""),
    ];
    let (_, line) = natives().into_iter().find(|(name, _)| name == "alert_relay").expect("it");
    for ((source, pattern, list, role), in_stix, in_misp) in table {
        let mut record: Value = serde_json::from_slice(&line).expect("JSON");
        let sign = serde_json::json!({"source": source, "value": "x.bad.example",
            "pattern": pattern, "list": list, "list_version": "1", "role": role});
        record["rmm"]["evidence"] = Value::Array(vec![sign]);
        let shaped = |format| {
            let text = shaped(format, record.to_string().as_bytes(), &FormatOptions::default());
            serde_json::from_str::<Value>(&text.expect("a form")).expect("JSON")
        };
        let bundle = shaped(Format::Stix);
        let objects = bundle["objects"].as_array().expect("objects");
        let indicator = objects.iter().find(|object| object["type"] == "indicator");
        let found = indicator.map_or("", |object| object["pattern"].as_str().expect("a pattern"));
        assert_eq!(found, in_stix, "{source} {pattern} {list}");
        let event = shaped(Format::Misp);
        let of = &event["Event"]["Attribute"][0];
        let found = format!("{} {}", of["type"].as_str().expect("a type"), of["to_ids"]);
        let found = if of["type"] == "comment" { "" } else { &found };
        assert_eq!(found, in_misp, "{source} {pattern} {list}");
    }
}

#[test]
fn all_hosts_are_told() {
    let table = [
        ("alert_chain", vec!["10.20.4.17", "10.20.4.18"]),
        ("alert_more", vec!["10.20.4.17", "10.20.4.18", "10.20.4.19", "fd00::2"]),
    ];
    for (name, want) in table {
        let (_, line) = natives().into_iter().find(|(known, _)| known == name).expect("it");
        let shaped = |format| {
            let text = shaped(format, &line, &FormatOptions::default()).expect("a form");
            serde_json::from_str::<Value>(&text).expect("JSON")
        };
        let misp = shaped(Format::Misp);
        let rows = misp["Event"]["Attribute"].as_array().expect("attributes").iter();
        let hosts = rows.filter(|row| row["type"] == "ip-src");
        let hosts: Vec<_> = hosts.filter_map(|row| row["value"].as_str()).collect();
        assert_eq!(hosts, want[1..], "{name}");
        let alert = shaped(Format::Alertmanager);
        assert_eq!(alert["annotations"]["hosts"], want[1..].join(", "), "{name}");
        if name == "alert_chain" {
            let finding = shaped(Format::Ocsf);
            let rows = finding["resources"].as_array().expect("resources").iter();
            let hosts: Vec<_> = rows.filter_map(|row| row["ip"].as_str()).collect();
            assert_eq!(hosts, want, "{name}");
        }
    }
    // Who comes from outside is the source of an attack, not where it goes.
    let (_, line) = natives().into_iter().find(|(name, _)| name == "alert_inbound").expect("it");
    let text = shaped(Format::Misp, &line, &FormatOptions::default()).expect("a form");
    let event: Value = serde_json::from_str(&text).expect("JSON");
    let rows = event["Event"]["Attribute"].as_array().expect("attributes");
    let found = rows.iter().find(|row| row["value"] == "2001:db8::7").expect("its source");
    assert_eq!(found["type"], "ip-src");
}

/// Two sensors that saw the same packets: what each of them made is its own, the rest is shared.
#[test]
fn sensors_share_what_is_not_theirs() {
    let (_, line) = natives().into_iter().find(|(name, _)| name == "alert_relay").expect("it");
    let mut other: Value = serde_json::from_slice(&line).expect("JSON");
    other["observer"]["name"] = "span-2".into();
    let ids = |line: &[u8]| {
        let text = shaped(Format::Stix, line, &FormatOptions::default()).expect("a form");
        let bundle: Value = serde_json::from_str(&text).expect("JSON");
        let objects = bundle["objects"].as_array().expect("objects").clone();
        let id = |object: &Value| object["id"].as_str().expect("an id").to_owned();
        objects.iter().map(id).collect::<BTreeSet<_>>()
    };
    let (one, other) = (ids(&line), ids(other.to_string().as_bytes()));
    let kind = |id: &&String| id.split_once("--").map_or("", |(kind, _)| kind).to_owned();
    let own: Vec<_> = one.iter().filter(|id| !other.contains(*id)).map(|id| kind(&id)).collect();
    assert_eq!(own, ["identity", "observed-data", "sighting"]);
}

/// Ids that a foreign record tells twice, and how often each stands in a bundle.
#[test]
fn a_technique_told_twice_is_told_once() {
    let (_, line) = natives().into_iter().find(|(name, _)| name == "alert_relay").expect("it");
    let mut record: Value = serde_json::from_slice(&line).expect("JSON");
    record["threat"]["technique"]["id"] = serde_json::json!(["T1", "T2", "T1"]);
    record["threat"]["technique"]["subtechnique"]["id"] = serde_json::json!(["T2.1", "T2.1"]);
    let options = FormatOptions::default();
    let text = shaped(Format::Stix, record.to_string().as_bytes(), &options).expect("a form");
    for (id, times) in [("T1", 1), ("T2", 0), ("T2.1", 1)] {
        let told = text.matches(&format!("\"external_id\":\"{id}\"")).count();
        assert_eq!(told, times, "{id}");
    }
}

/// What is no address is told as none, and is no observable.
#[test]
fn ends_without_an_address() {
    let (_, line) = natives().into_iter().find(|(name, _)| name == "alert_relay").expect("it");
    let mut record: Value = serde_json::from_slice(&line).expect("JSON");
    record["destination"]["ip"] = "a name".into();
    record["rmm"]["identity"] = serde_json::json!({"mac": "00:11"});
    let line = record.to_string();
    for (format, never) in [
        (Format::Ocsf, "\"name\":\"dst_endpoint.ip\""),
        (Format::Ocsf, "\"mac\""),
        (Format::Stix, "mac-addr"),
        (Format::Misp, "\"object_relation\":\"ip-dst\""),
    ] {
        let text = shaped(format, line.as_bytes(), &FormatOptions::default()).expect("a form");
        assert!(!text.contains(never), "{format:?}: {text}");
    }
}

/// A record with `value` in the place of each of its fields in turn.
fn with_each_field(line: &[u8], value: &Value, then: &mut dyn FnMut(&[u8])) {
    fn places(value: &Value, at: &str, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    all.push(at.clone());
                    places(value, &at, all);
                }
            }
            Value::Array(items) => {
                for (place, value) in items.iter().enumerate() {
                    all.push(format!("{at}/{place}"));
                    places(value, &format!("{at}/{place}"), all);
                }
            }
            _ => {}
        }
    }
    let whole: Value = serde_json::from_slice(line).expect("JSON");
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    for place in all {
        let mut odd = whole.clone();
        *odd.pointer_mut(&place).expect("a place") = value.clone();
        then(odd.to_string().as_bytes());
    }
}

#[test]
fn odd_fields_never_break_a_line() {
    let values = [
        Value::Null,
        serde_json::json!([]),
        serde_json::json!({}),
        serde_json::json!("a\n\u{0}\"\\|=\u{2028}\u{1f4a9}"),
        serde_json::json!("x".repeat(9_000)),
        serde_json::json!(-1.5e300),
        serde_json::json!(u64::MAX),
        serde_json::json!(vec!["y"; 600]),
    ];
    let kept = ["alert_chain", "dns_answer", "flow_close_of_a_tool"];
    for (_, line) in natives().iter().filter(|(name, _)| kept.contains(&name.as_str())) {
        for value in &values {
            with_each_field(line, value, &mut |odd| {
                if Native::parse(odd).is_err() {
                    return;
                }
                for format in FORMATS {
                    let options = FormatOptions::default();
                    let Some(text) = shaped(format, odd, &options) else { continue };
                    assert!(!text.contains(['\n', '\r']), "{format:?}");
                    serde_json::from_str::<Value>(&text).expect("JSON");
                }
            });
        }
    }
}

#[test]
fn templates_of_any_octets() {
    let sample = records::fuzz::TEMPLATE_SAMPLE.as_bytes();
    records::fuzz::template(sample);
    let natives = natives();
    let (_, line) = natives.iter().find(|(name, _)| name == "alert_lure").expect("it");
    let record = Native::parse(line).expect("a record");
    let template = Template::parse("a.json", records::fuzz::TEMPLATE_SAMPLE).expect("a template");
    let mut out = Vec::new();
    template.render(&record, &mut out).expect("a body");
    let body: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(body["signs"].as_array().map(Vec::len), Some(3));
    assert_eq!(body["id"], record.id());
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..1_500 {
        let mut octets = sample.to_vec();
        for _ in 0..=random(3) {
            let (from, to, len) = (random(octets.len()), random(octets.len()), random(12));
            match random(3) {
                0 => octets[to] = b"{}%#|'\" (x"[random(10)],
                1 => drop(octets.drain(from..(from + len).min(octets.len()))),
                _ => {
                    let part = octets[from..(from + len).min(octets.len())].to_vec();
                    octets.splice(to..to, part);
                }
            }
        }
        records::fuzz::template(&octets);
    }
}
