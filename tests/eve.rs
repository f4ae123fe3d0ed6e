//! EVE events of ours beside those of Suricata itself, for the same captures: no name that it does
//! not write, and the same values.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Suricata told to write all that we do, with the fingerprints and the Community ID.
const SETTINGS: &str = "%YAML 1.1
---
default-log-dir: .
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      community-id: true
      types:
        - dns: {version: 2}
        - tls: {custom: [subject, issuer, fingerprint, sni, version, not_before, not_after, ja3, \
                        ja4, client]}
        - quic
        - http: {extended: yes}
        - files
        - flow
        - stats: {totals: yes}
stats: {enabled: yes}
logging: {outputs: [{console: {enabled: no}}]}
vars: {address-groups: {HOME_NET: any, EXTERNAL_NET: any}}
app-layer:
  protocols:
    tls: {enabled: yes, ja3-fingerprints: yes, ja4-fingerprints: yes}
    quic: {enabled: yes}
    http: {enabled: yes}
    dns: {udp: {enabled: yes}, tcp: {enabled: yes}}
";

const CAPTURES: &[&str] = &[
    "aa23-025a-campaign",
    "chain-ipv6",
    "dns-tcp-and-https-records",
    "http-downloads",
    "ipv6-session",
    "lures",
    "quic-hellos",
];

/// What must be the same where both have it.
const SAME: &[&str] = &[
    "src_ip",
    "src_port",
    "dest_ip",
    "dest_port",
    "proto",
    "vlan",
    "community_id",
    "dns.version",
    "dns.type",
    "dns.id",
    "dns.rrname",
    "dns.rrtype",
    "dns.rcode",
    "dns.grouped.A",
    "dns.grouped.AAAA",
    "dns.grouped.CNAME",
    "dns.grouped.PTR",
    "tls.sni",
    "tls.ja3.hash",
    "tls.ja4",
    "tls.subject",
    "tls.issuerdn",
    "tls.fingerprint",
    "tls.notbefore",
    "tls.notafter",
    "tls.client.subject",
    "tls.client.issuerdn",
    "tls.client.fingerprint",
    "tls.client.notbefore",
    "tls.client.notafter",
    "quic.sni",
    "quic.version",
    "quic.ja3.hash",
    "http.hostname",
    "http.url",
    "http.http_user_agent",
    "http.http_method",
    "http.http_port",
    "flow.start",
    "flow.pkts_toserver",
    "flow.pkts_toclient",
];

/// What the schema allows and Suricata 7 writes elsewhere, or not for these captures: what the
/// flow speaks stands in alerts and flows, the sensor's name where it has one.
const ALLOWED: &[&str] = &["app_proto", "host", "pkt_src"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether there is a Suricata whose JA4 can be compared.
fn has_suricata() -> bool {
    let told = Command::new("suricata").arg("--build-info").output();
    told.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("HAVE_JA4"))
}

fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("an event is JSON")).collect()
}

fn of_suricata(capture: &Path) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = folder.path().join("suricata.yaml");
    std::fs::write(&settings, SETTINGS).expect("settings are written");
    let mut run = Command::new("suricata");
    run.arg("-c").arg(&settings).arg("-r").arg(capture).arg("-l").arg(folder.path());
    run.args(["--runmode", "single", "-k", "none"]).current_dir(folder.path());
    let status = run.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("suricata runs");
    assert!(status.success(), "suricata: {status}");
    events(&std::fs::read_to_string(folder.path().join("eve.json")).expect("its events"))
}

fn of_ours(capture: &Path) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (seen, health) = (folder.path().join("seen"), folder.path().join("health"));
    let mut run = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    run.args(["replay", "-q", "--summary", "none", "--format", "eve", "--alerts", "none"]);
    run.arg("--observations").arg(&seen).arg("--health").arg(&health).arg(capture);
    let out = run.current_dir(root()).output().expect("rmmwatch runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let read = |path: &Path| events(&std::fs::read_to_string(path).expect("events"));
    let mut all = read(&seen);
    all.extend(read(&health));
    all
}

/// Every leaf by its path; an array is a leaf, but for the names inside its objects.
fn leaves(value: &Value, at: &str, all: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let dot = if at.is_empty() { "" } else { "." };
                leaves(field, &format!("{at}{dot}{name}"), all);
            }
        }
        Value::Array(rows) => {
            rows.iter().filter(|row| row.is_object()).for_each(|row| leaves(row, at, all));
            all.insert(at.to_owned(), value.clone());
        }
        _ => {
            all.insert(at.to_owned(), value.clone());
        }
    }
}

fn flat(event: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    leaves(event, "", &mut all);
    all
}

fn text<'v>(event: &'v Value, pointer: &str) -> &'v str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether two events speak of the same thing, values apart. Where the opening of a flow is not in
/// the capture, each takes another end for the client: then they do not meet.
fn meets(ours: &Value, theirs: &Value) -> bool {
    let same = |pointer| ours.pointer(pointer) == theirs.pointer(pointer);
    let place = same("/event_type") && same("/community_id") && same("/src_ip");
    place && same("/src_port") && same("/dns/type") && same("/dns/id")
}

/// What differs of what must not, as `name: ours, theirs`.
fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let (ours, theirs) = (flat(ours), flat(theirs));
    let both = SAME.iter().filter_map(|name| Some((name, ours.get(*name)?, theirs.get(*name)?)));
    // Where one of us let the flow end sooner, its packets are those of a shorter time.
    let same_time =
        ["flow.start", "flow.end"].iter().all(|name| ours.get(*name) == theirs.get(*name));
    let both = both.filter(|(name, ..)| same_time || !name.starts_with("flow."));
    both.filter(|(name, mine, other)| match (mine.as_u64(), other.as_u64()) {
        // We count a frame that came twice once, and Suricata leaves one out at a flow's edge.
        (Some(mine), Some(other)) if name.starts_with("flow.pkts_") => mine.abs_diff(other) > 1,
        // Names of hosts are lower case in a record.
        _ => mine != other && mine.to_string() != other.to_string().to_lowercase(),
    })
    .map(|(name, mine, other)| format!("{name}: {mine}, {other}"))
    .collect()
}

#[test]
fn suricata_says_the_same() {
    if !has_suricata() {
        return println!("SKIPPED: no suricata with JA4 to compare with");
    }
    let (mut names, mut written) = (BTreeSet::new(), BTreeSet::new());
    let mut count: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let captures = CAPTURES.iter().map(|name| root().join(format!("pcaps/{name}.pcap")));
    for capture in captures.chain(corpus()) {
        let theirs = of_suricata(&capture);
        theirs.iter().for_each(|event| names.extend(named(event)));
        for event in of_ours(&capture) {
            written.extend(named(&event));
            let known = count.entry(text(&event, "/event_type").to_owned()).or_default();
            known.0 += 1;
            let all = theirs.iter().filter(|other| meets(&event, other));
            let least = all.map(|other| differences(&event, other)).min_by_key(Vec::len);
            known.1 += usize::from(least.is_some());
            let least = least.unwrap_or_default();
            wrong.extend(least.iter().map(|what| format!("{}: {what}", capture.display())));
        }
    }
    println!("events of ours, and those that Suricata has too: {count:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    for kind in ["dns", "tls", "quic", "http", "fileinfo", "flow"] {
        let (ours, met) = count.get(kind).copied().unwrap_or_default();
        assert!(
            ours > 0 && met + 1 + ours / 20 >= ours,
            "{kind}: {ours} of ours, {met} of them met"
        );
    }
    let unknown: Vec<_> = written.difference(&names).collect();
    assert!(unknown.is_empty(), "Suricata does not write {unknown:?}");
}

/// `event_type` and name of every leaf, but those that it writes elsewhere.
fn named(event: &Value) -> Vec<(String, String)> {
    let kind = text(event, "/event_type");
    let names = flat(event).into_keys().filter(|name| !ALLOWED.contains(&name.as_str()));
    names.map(|name| (kind.to_owned(), name)).collect()
}

/// A capture of others, with certificates of clients; none where there is no corpus.
fn corpus() -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("RMMWATCH_CORPUS") else {
        println!(
            "SKIPPED in part: RMMWATCH_CORPUS is not set, so that only captures of ours count"
        );
        return None;
    };
    let path = "captures/files/ndpi/tests/cfgs/default/pcap/anydesk.pcapng";
    Some(PathBuf::from(corpus).join(path)).filter(|path| path.is_file())
}
