//! A capture of a visit of each sort that a list may speak of.

use std::sync::OnceLock;

use super::{output, written};

/// One visit of each sort that a list may speak of.
const SCENARIO: &str = r#"
about    = "What lists speak of"
start    = 2026-10-14T09:00:00Z
seed     = 7
resolver = "192.0.2.53"
[hosts]
anna = { addresses = ["10.1.4.11", "2001:db8:4::11"] }
[names]
"login.shop.example" = ["45.153.34.10"]
"six.sea.example"    = ["2a0e:9b00:7::5"]
"pages.lake.example" = ["45.153.35.20"]
"files.hill.example" = ["45.153.36.30"]
[[act]]
at = 0
kind = "tls"
client = "anna"
server = "login.shop.example"
hello = "plain"
version = "1.2"
[[act]]
at = 10
kind = "tls"
client = "anna"
server = "six.sea.example"
[[act]]
at = 20
kind = "http"
client = "anna"
server = "pages.lake.example"
requests = [{ path = "/a/gate.php?id=7", bytes = 1200 }]
[[act]]
at = 30
kind = "http"
client = "anna"
server = "files.hill.example"
requests = [{ path = "/get/invoice-4711.exe", body = "exe", bytes = 12000 }]
"#;

/// The scenario's capture, and what it shows that only the wire tells.
pub(crate) struct Wire {
    _folder: tempfile::TempDir,
    pub(crate) capture: String,
    pub(crate) ja3: String,
    pub(crate) ja4: String,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

pub(crate) fn wire() -> &'static Wire {
    static WIRE: OnceLock<Wire> = OnceLock::new();
    WIRE.get_or_init(|| {
        let scenario = trafficgen::Scenario::parse(SCENARIO).expect("a scenario");
        let (folder, path) = written("visits.pcap", &scenario.capture());
        let capture = path.display().to_string();
        let quiet = ["replay", "--quiet", "--summary", "none", "--alerts", "/dev/null"];
        let done = output(&[&quiet[..], &["--observations", "-", &capture]].concat());
        let seen: Vec<serde_json::Value> = String::from_utf8_lossy(&done.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let first = |pointer: &str| {
            let mut found = seen.iter().filter_map(|record| record.pointer(pointer));
            found.next().and_then(|value| value.as_str()).expect(pointer).to_owned()
        };
        Wire {
            _folder: folder,
            capture,
            ja3: first("/tls/client/ja3"),
            ja4: first("/rmm/ja4"),
            sha1: first("/tls/server/hash/sha1").to_ascii_lowercase(),
            sha256: first("/tls/server/hash/sha256").to_ascii_lowercase(),
        }
    })
}
