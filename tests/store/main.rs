//! The store of packaging/clickhouse: its schema takes what the program writes, its queries say of
//! that what the lines say. ClickHouse is chDB, the same engine in a Python process.

#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Captures with incidents, lures, several tools, allowed and not, in zones.
const CAPTURES: [&str; 5] =
    ["aa23-025a-campaign", "msp-day", "mass-deployment", "two-tools", "campaign-phone-vendor"];

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that has chDB; `None`, said aloud, where none has.
fn python() -> Option<PathBuf> {
    let peers = std::env::var_os("RMMWATCH_PEERS").map(PathBuf::from);
    let python = peers.unwrap_or_else(|| project().join(".peers")).join("venv/bin/python");
    let import = Command::new(&python).args(["-c", "import chdb"]).output();
    if import.is_ok_and(|run| run.status.success()) {
        return Some(python);
    }
    println!("SKIPPED: chdb is not in .peers/venv (packaging/ci/deps.sh test puts it there)");
    None
}

/// Replay a capture, and name the files of its records.
fn replay(capture: &str, folder: &Path) -> Vec<PathBuf> {
    let pcaps = project().join("pcaps");
    let policy = pcaps.join(format!("{capture}.policy.toml"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.arg("replay").args(["--summary", "none"]).stdin(Stdio::null());
    if policy.exists() {
        command.arg("--policy").arg(policy);
    }
    let mut files = Vec::new();
    for stream in ["alerts", "observations", "health"] {
        files.push(folder.join(format!("{capture}.{stream}.jsonl")));
        command.arg(format!("--{stream}")).args(files.last());
    }
    let run = command.arg(pcaps.join(format!("{capture}.pcap"))).output().expect("the program");
    assert!(run.status.success(), "{capture}: {}", String::from_utf8_lossy(&run.stderr));
    files
}

#[test]
fn the_schema_takes_our_records_and_the_queries_are_right() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> =
        CAPTURES.iter().flat_map(|capture| replay(capture, folder.path())).collect();
    let run = Command::new(python)
        .arg(project().join("tests/store/check.py"))
        .arg(project())
        .args(&files)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&run.stdout);
    let why = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}\n{why}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("checked ") && last.ends_with(" wrong 0"), "{said}\n{why}");
    let checks = last.split(' ').nth(1).and_then(|number| number.parse::<u32>().ok());
    assert!(checks.is_some_and(|checks| checks > 150), "{last}");
    println!("the store: {last}");
}
