//! The real EveBox: it takes our EVE records by its interface and from a file, and its own interface
//! shows them again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use deliver::sinks::{Entry, EveBoxPlan, Kind};
use serde_json::Value;

use crate::peers::{
    Server, carrier, carry, carry_all, eve, free_port, get, http, program, wait_until,
};

/// So many seconds back that it looks: the records are older than its own default.
const RANGE: &str = "time_range=999999999s";

struct EveBox {
    port: u16,
    _server: Server,
}

impl EveBox {
    /// With a folder of its own, reading `input` where there is one; said where it cannot be had.
    fn start(folder: &Path, input: Option<&Path>) -> Option<EveBox> {
        if std::env::var_os("RMMWATCH_LONG").is_none() {
            println!(
                "SKIPPED: without RMMWATCH_LONG, EveBox is left out (it takes minutes to build)"
            );
            return None;
        }
        let port = free_port();
        let mut command = Command::new(program("evebox")?);
        command.args(["server", "--sqlite", "--no-tls", "--no-auth", "--disable-geoip"]);
        command.args(["--disable-retention", "--host", "127.0.0.1", "-p", &port.to_string()]);
        command.arg("-D").arg(folder).arg("-C").arg(folder);
        if let Some(input) = input {
            command.arg("--input").arg(input);
        }
        let server = Server::start(&mut command);
        wait_until("EveBox answers", || get(port, "/api/version").is_some());
        Some(EveBox { port, _server: server })
    }

    fn json(&self, path: &str) -> Value {
        let text = get(self.port, path).unwrap_or_else(|| panic!("EveBox has {path}"));
        serde_json::from_str(&text).expect("JSON")
    }

    /// How often a field has which value.
    fn by(&self, field: &str) -> BTreeMap<String, u64> {
        let rows = self.json(&format!("/api/agg?field={field}&size=1000&{RANGE}"));
        let row = |row: &Value| {
            let key = match &row["key"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (key, row["count"].as_u64().expect("a count"))
        };
        rows["rows"].as_array().expect("rows").iter().map(row).collect()
    }

    fn count(&self) -> u64 {
        self.by("event_type").values().sum()
    }
}

/// How often a field has which value in what we send.
fn expected(batch: &[Entry], path: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entry in batch {
        let record: Value = serde_json::from_slice(&entry.body).expect("JSON");
        let key = match record.pointer(path) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => continue,
        };
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn shows_all_of(evebox: &EveBox, batch: &[Entry]) {
    for (field, path) in [
        ("event_type", "/event_type"),
        ("alert.signature", "/alert/signature"),
        ("alert.signature_id", "/alert/signature_id"),
        ("alert.metadata.rmm_tool", "/alert/metadata/rmm_tool"),
        ("alert.metadata.rmm_host", "/alert/metadata/rmm_host"),
        ("src_ip", "/src_ip"),
        ("host", "/host"),
        ("tls.sni", "/tls/sni"),
    ] {
        let expected = expected(batch, path);
        assert!(!expected.is_empty(), "{field} stands in what is sent");
        let found: BTreeMap<_, _> =
            evebox.by(field).into_iter().filter(|(key, _)| key != "null").collect();
        println!("EveBox shows {field}: {found:?}");
        assert_eq!(found, expected, "{field}");
    }
    // Its inbox: a row a signature and pair of hosts.
    let inbox = evebox.json(&format!("/api/alerts?{RANGE}"));
    let rows = inbox["events"].as_array().expect("rows");
    let signature = |row: &Value| row["_source"]["alert"]["signature"].to_string();
    let signatures: BTreeSet<String> = rows.iter().map(signature).collect();
    println!("EveBox's inbox: {signatures:?}");
    assert_eq!(signatures.len(), expected(batch, "/alert/signature").len());
}

#[test]
fn evebox_shows_what_was_submitted() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(evebox) = EveBox::start(folder.path(), None) else { return };
    let batch = eve();
    let mut sink = carrier(Kind::EveBox(EveBoxPlan { http: http(evebox.port, "/api/1/submit") }));
    assert_eq!(carry(&mut *sink, &batch).expect("taken").refused, []);
    assert_eq!(evebox.count(), batch.len() as u64);
    shows_all_of(&evebox, &batch);

    // What it leaves out without a word is found by its count.
    let mut torn = batch[..8].to_vec();
    torn[5].body = b"{\"event_type\":\"alert\"}".to_vec();
    torn[2].body = b"no JSON".to_vec();
    let refused = carry_all(&mut *sink, &torn);
    assert_eq!(refused, [torn[2].id.clone(), torn[5].id.clone()]);
}

#[test]
fn evebox_reads_our_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (batch, path) = (eve(), folder.path().join("eve.json"));
    let mut text = Vec::new();
    for entry in &batch {
        text.extend_from_slice(&entry.body);
        text.push(b'\n');
    }
    std::fs::write(&path, text).expect("written");
    let Some(evebox) = EveBox::start(folder.path(), Some(&path)) else { return };
    wait_until("EveBox has read it all", || evebox.count() >= batch.len() as u64);
    shows_all_of(&evebox, &batch);
}
