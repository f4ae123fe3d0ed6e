//! Real captures that nobody here made, with the names that are in them, where they are at hand:
//! the folder named by `RMMWATCH_CORPUS`. Without it these tests say that they skip.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

mod alerts;
#[path = "../../crates/rmmwatch/limits.rs"]
#[allow(dead_code, reason = "the gate of one-way flows asks for one of them")]
mod limits;
mod mutated;
mod records;
#[path = "../sensor/mod.rs"]
mod sensor;
mod tools;
mod variants;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("RMMWATCH_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: RMMWATCH_CORPUS names no folder of captures");
    }
    let captures = folder?.join("captures");
    assert!(captures.join("truth.tsv").exists(), "{} has no truth.tsv", captures.display());
    Some(captures)
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_rmmwatch")
}

/// Names that are there, seen by hand in the capture, and that the maker of the truth does not
/// tell; docs/coverage.md says what each is. Kind, end of the capture's path, name.
const TRUE_ALL_THE_SAME: &[(&str, &str, &str)] = &[
    ("http", "pcap/http2.pcapng", "127.0.0.1"),
    ("http", "app-layer-protocol-exact/input.pcap", "dns.google"),
    ("http", "wireshark/grpc_person_search_json_with_image.pcapng", "localhost"),
    ("http", "wireshark/packet-h2-14_headers.pcapng", "localhost"),
    ("http", "decode-teredo-01/input.pcap", "ipv6.google.com"),
    ("http", "tunnels/teredo_bubble_with_payload.pcap", "ipv6.google.com"),
    ("http", "tcp-urgp-01-oob/tcp-urgent1.pcap", "10.10.10.55"),
    ("http", "wireshark/tcp-badsegments.pcap", "localhost"),
    ("tls", "pcap/rdp2.pcap", "drcsalgfc043"),
    ("tls", "rdp/rdpeudp-handshake-success.pcap", "localhost"),
];

/// Recall and precision of distinct names, by the corpus's own judge.
#[test]
fn names_are_found_and_none_invented() {
    let Some(captures) = corpus() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("score.json");
    let score = judge(&captures, &captures.join("files"), "truth.tsv", &json);
    for (kind, recall) in [("dns", 0.995), ("tls", 0.995), ("quic", 0.98), ("http", 0.99)] {
        let row = &score["kinds"][kind];
        let found = row["name_recall"].as_f64().expect("a recall");
        let invented = score["false"][kind]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| {
                let text = |at: usize| one[at].as_str().unwrap_or_default();
                !TRUE_ALL_THE_SAME.iter().any(|(of, path, name)| {
                    *of == kind && text(0).ends_with(path) && text(1) == *name
                })
            })
            .count() as f64;
        let told = found * row["truth_names"].as_f64().expect("a count") + invented;
        let precision = (told - invented) / told;
        println!("{kind}: recall {found:.4}, precision {precision:.4}");
        assert!(found >= recall, "{kind}: recall {found} is under {recall}");
        assert!(precision >= 0.995, "{kind}: precision {precision} is under 0.995");
    }
}

/// Run the corpus's own judge over the captures in `files`; what it prints is shown.
fn judge(captures: &Path, files: &Path, truth: &str, json: &Path) -> serde_json::Value {
    let observe =
        format!("python3 {} {} {{pcap}}", captures.join("observe.py").display(), program());
    let done = Command::new("python3")
        .arg(captures.join("score.py"))
        .arg(files)
        .arg(captures.join(truth))
        .args(["--run", &observe, "--misses", "60", "--fps", "40", "--json"])
        .arg(json)
        .output()
        .expect("python3 runs");
    println!("{}", String::from_utf8_lossy(&done.stdout));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&std::fs::read(json).expect("a score")).expect("JSON")
}

/// Every file, one by one: no panic, no end but 0 and 3, and a sum that closes.
#[test]
fn every_capture_ends_well() {
    let Some(captures) = corpus() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let health = folder.path().join("health.jsonl");
    for path in walk(&captures.join("files")) {
        let status = Command::new(program())
            .args(["replay", "--summary", "none", "--quiet", "--alerts", "/dev/null"])
            .args(["--observations", "/dev/null", "--health"])
            .arg(&health)
            .arg(&path)
            .stderr(Stdio::null())
            .status()
            .expect("the program runs");
        let shown = path.display();
        assert!(matches!(status.code(), Some(0 | 3)), "{shown}: {status}");
        let line = std::fs::read_to_string(&health).expect("a health record");
        let record: serde_json::Value =
            serde_json::from_str(line.lines().next().unwrap_or_default()).expect("JSON");
        assert_eq!(record["rmm"]["health"]["panics"], 0, "{shown}");
        assert_eq!(record["rmm"]["health"]["frames"]["sum_closes"], true, "{shown}: {line}");
    }
}

/// All captures together, once and again, on one lane and on two: the same alerts to the octet,
/// in bounded memory.
#[test]
fn alerts_are_the_same_every_time_and_memory_is_bounded() {
    let Some(captures) = corpus() else { return };
    let mut first = None;
    for lanes in ["1", "1", "2"] {
        let (alerts, peak_kib) = replay_all(&captures.join("files"), lanes);
        println!("{lanes} lanes: {} octets of alerts, peak {peak_kib} KiB", alerts.len());
        assert!(!alerts.is_empty());
        assert!(peak_kib < 300 << 10, "{lanes} lanes: peak {peak_kib} KiB");
        assert!(*first.get_or_insert_with(|| alerts.clone()) == alerts, "{lanes} lanes differ");
    }
}

/// Alerts and the peak of resident memory in KiB, as the kernel told the shell's child.
fn replay_all(folder: &Path, lanes: &str) -> (Vec<u8>, u64) {
    let script = "import resource, subprocess, sys\n\
        code = subprocess.call(sys.argv[1:])\n\
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n\
        sys.stderr.write('peak %d\\n' % peak)\n\
        sys.exit(code)";
    let done = Command::new("python3")
        .args(["-c", script, program(), "replay", "--quiet", "--summary", "none"])
        .args(["--observations", "/dev/null", "--lanes", lanes])
        .arg(folder)
        .output()
        .expect("python3 runs");
    assert!(matches!(done.status.code(), Some(0 | 3)), "{}", done.status);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    let peak = told.lines().find_map(|line| line.strip_prefix("peak "));
    (done.stdout, peak.and_then(|kib| kib.parse().ok()).expect("a peak"))
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
