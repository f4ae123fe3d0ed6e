//! Captures rewritten so that their names must not change: tiny segments, reordering, fragments,
//! split records, tunnels, other link layers, one direction alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{corpus, judge, walk};

/// Every rewriting that the corpus has a truth for keeps every name.
#[test]
fn every_rewriting_keeps_its_names() {
    let Some(captures) = corpus() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = walk(&captures.join("files"));
    let wanted = wanted(&captures.join("variants_truth.tsv"));
    for (capture, variants) in &wanted {
        let from = original(&captures.join("files"), &files, capture);
        let done = Command::new("python3")
            .arg(captures.join("mutate.py"))
            .arg(&from)
            .arg(folder.path().join(capture))
            .args(variants)
            .output()
            .expect("python3 runs");
        let why = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {why}", from.display());
    }
    let made = walk(folder.path()).len();
    let kinds: BTreeSet<&String> = wanted.values().flatten().collect();
    println!("{} captures in {} kinds of rewriting: {made} files", wanted.len(), kinds.len());
    assert_eq!(made, wanted.values().map(BTreeSet::len).sum::<usize>());
    let results = tempfile::tempdir().expect("a temporary folder");
    let json = results.path().join("score.json");
    let score = judge(&captures, folder.path(), "variants_truth.tsv", &json);
    for kind in ["dns", "tls", "quic", "http"] {
        let row = &score["kinds"][kind];
        println!("{kind}: {} of {} names are missed", row["missed"], row["truth_names"]);
        assert_eq!(row["name_recall"].as_f64(), Some(1.0), "{kind}: {}", score["missed"][kind]);
    }
}

/// The rewritings of each capture; a capture's path has `__` for `/`.
fn wanted(truth: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let text = std::fs::read_to_string(truth).expect("variants_truth.tsv");
    for line in text.lines().skip(1) {
        let path = line.split('\t').next().unwrap_or_default();
        let (capture, variant) = path.rsplit_once('/').expect("a capture and its variant");
        let variant = variant.strip_suffix(".pcap").expect("a capture");
        wanted.entry(capture.to_owned()).or_default().insert(variant.to_owned());
    }
    wanted
}

/// The capture that was rewritten: some paths leave folders out between the source and the file.
fn original(root: &Path, files: &[PathBuf], capture: &str) -> PathBuf {
    let path = capture.replace("__", "/");
    let whole = root.join(&path);
    if whole.exists() {
        return whole;
    }
    let (source, rest) = path.split_once('/').expect("a source");
    let found =
        files.iter().find(|file| file.starts_with(root.join(source)) && file.ends_with(rest));
    found.unwrap_or_else(|| panic!("{capture} is in no folder")).clone()
}
