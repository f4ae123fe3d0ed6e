//! Every format of a small report, octet by octet. `BLESS=1` writes them anew.

use std::path::Path;

use audit::{Audit, Entry, Format, Question, Report, Style};
use model::Usage;

use crate::scene::{self, printed};

fn check(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, got).expect("it can be written");
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == want, "{name} is not what it was; BLESS=1 writes it anew:\n{got}");
}

fn only_authorised() -> Report {
    let mut audit = Audit::new(Question::default());
    let row = Usage {
        operator: Some("acme-msp.example".into()),
        ..scene::usage("10.20.1.5", "Acme Remote", "allow[0] acme-remote", 0, 60)
    };
    audit.take(Entry::Usage(Box::new(row)));
    audit.finish()
}

#[test]
fn every_format_says_what_it_said() {
    let office = scene::office(Question::default()).finish();
    let empty = Audit::new(Question::default()).finish();
    let table: [(&str, &Report, Format, Option<usize>); 12] = [
        ("office.txt", &office, Format::Text, None),
        ("office-80.txt", &office, Format::Text, Some(80)),
        ("office.md", &office, Format::Markdown, None),
        ("office.csv", &office, Format::Csv, None),
        ("office.json", &office, Format::Json, None),
        ("office.html", &office, Format::Html, None),
        ("empty.txt", &empty, Format::Text, None),
        ("empty.csv", &empty, Format::Csv, None),
        ("empty.json", &empty, Format::Json, None),
        ("empty.html", &empty, Format::Html, None),
        ("authorised.txt", &only_authorised(), Format::Text, Some(120)),
        ("authorised.md", &only_authorised(), Format::Markdown, None),
    ];
    for (name, report, format, width) in table {
        check(name, &printed(report, format, width));
    }
}

/// docs/report.md has a row for every field, and for none that there is not.
#[test]
fn every_field_of_json_is_documented() {
    let json = printed(&scene::office(Question::default()).finish(), Format::Json, None);
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let mut fields = std::collections::BTreeSet::new();
    paths(&object, String::new(), &mut fields);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let told: std::collections::BTreeSet<String> = page
        .split_once("### JSON")
        .expect("the chapter")
        .1
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(field, _)| field.to_owned())
        .collect();
    let alike = |field: &String| field.starts_with("incidents[].") && !field.contains(".stages[]");
    fields.retain(|field| !alike(field));
    fields.insert("incidents[]".to_owned());
    assert_eq!(fields, told);
}

/// Every field's path. What has names of its own as keys, or is told once for all, is one field.
fn paths(value: &serde_json::Value, path: String, out: &mut std::collections::BTreeSet<String>) {
    let whole = ["host", "tool", "severity", "tools", "alerts", "details"];
    let name = path.rsplit('.').next().unwrap_or_default();
    match value {
        serde_json::Value::Object(fields) if !(path.contains('.') && whole.contains(&name)) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                paths(value, format!("{path}{dot}{name}"), out);
            }
        }
        serde_json::Value::Array(items) if !items.is_empty() => {
            items.iter().for_each(|item| paths(item, format!("{path}[]"), out));
        }
        serde_json::Value::Array(_) => {
            out.insert(format!("{path}[]"));
        }
        _ => {
            out.insert(path);
        }
    }
}

#[test]
fn colour_is_only_where_it_was_asked_for() {
    let report = scene::office(Question::default()).finish();
    for colour in [true, false] {
        let mut out = Vec::new();
        let style = Style { width: Some(100), colour };
        report.write(Format::Text, style, &mut out).expect("memory does not fail");
        assert_eq!(out.contains(&0x1b), colour);
    }
}

#[test]
fn lines_are_no_wider_than_the_terminal() {
    for audit in [scene::office(Question::default()), scene::hostile()] {
        let report = audit.finish();
        for width in [40, 60, 80, 100, 200] {
            for line in printed(&report, Format::Text, Some(width)).lines() {
                // Hebrew and Latin letters are one column wide each.
                let wide = line.chars().count();
                assert!(wide <= width, "{wide} columns of {width}: {line}");
            }
        }
    }
}

#[test]
fn any_order_of_records_gives_the_same_report() {
    let forth = scene::crowd(300, 9).finish();
    let back = {
        let mut audit = Audit::new(Question::default());
        let mut rows: Vec<Usage> = forth.uses.iter().map(|one| one.usage.clone()).collect();
        rows.reverse();
        rows.into_iter().for_each(|row| audit.take(Entry::Usage(Box::new(row))));
        audit.finish()
    };
    for format in Format::ALL {
        assert!(printed(&forth, format, Some(120)) == printed(&back, format, Some(120)));
    }
}
