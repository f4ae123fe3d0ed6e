//! Rules that no compiler knows.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which crate may know which. A new arrow is a decision: ARCHITECTURE.md changes with it.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("capture", &["model"]),
    ("dissect", &["model"]),
    ("intel", &["model"]),
    ("detect", &["model"]),
    ("records", &["model"]),
    ("spool", &[]),
    ("deliver", &["spool"]),
    ("wire", &["model"]),
    ("audit", &["model"]),
    ("trafficgen", &[]),
    (
        ".",
        &["model", "capture", "dissect", "intel", "detect", "records", "deliver", "wire", "audit"],
    ),
];

/// The crates that know no clock, thread, file or socket.
const CORE: &[&str] = &["model", "dissect", "intel", "detect", "records", "wire", "audit"];

/// Third-party crates that are met in one place only.
const MET_IN_ONE_PLACE: &[(&str, &str)] = &[
    ("dns_parser", "crates/dissect/src/protocols/dns"),
    ("tls_parser", "crates/dissect/src/protocols/tls"),
    ("x509_parser", "crates/dissect/src/protocols/tls"),
    ("quick_xml", "crates/intel/src/formats/stix1"),
    ("etherparse", "crates/dissect/src/layers"),
    ("pcap::", "crates/capture/src"),
    ("tokio", "crates/deliver/src"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with that ending, without what is built.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && name != "target" && name != ".git" {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Source files of the product: not tests, not benches.
fn sources() -> Vec<PathBuf> {
    files(&root().join("crates"), "rs")
        .into_iter()
        .filter(|path| !shown(path).contains("/tests/"))
        .collect()
}

/// The product's part of a file: before its tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn crates_know_only_what_they_may() {
    for (name, allowed) in ARROWS {
        let manifest = if *name == "." {
            root().join("Cargo.toml")
        } else {
            root().join("crates").join(name).join("Cargo.toml")
        };
        let table: toml::Table = read(&manifest).parse().expect("a manifest is TOML");
        let known: BTreeSet<&str> = table
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flat_map(|list| list.keys().map(String::as_str))
            .filter(|name| root().join("crates").join(name).is_dir())
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert_eq!(known, allowed, "{}", shown(&manifest));
    }
    let members = std::fs::read_dir(root().join("crates")).expect("crates").flatten();
    for member in members {
        let name = member.file_name().to_string_lossy().into_owned();
        let listed = ARROWS.iter().any(|(known, _)| *known == name) || name == "rmmwatch";
        assert!(listed, "crates/{name} stands in no row of the allowed arrows");
    }
}

#[test]
fn unsafe_stays_in_one_module_of_capture() {
    let with_unsafe: Vec<String> = sources()
        .iter()
        .filter(|path| {
            product(&read(path)).lines().any(|line| {
                let code = line.split("//").next().unwrap_or(line);
                code.contains("unsafe {")
                    || code.contains("unsafe fn")
                    || code.contains("unsafe impl")
            })
        })
        .map(|path| shown(path))
        .collect();
    assert!(
        with_unsafe.len() <= 1
            && with_unsafe.iter().all(|path| path.starts_with("crates/capture/")),
        "{with_unsafe:?}"
    );
    for (name, _) in ARROWS.iter().filter(|(name, _)| *name != "capture") {
        let manifest =
            read(&root().join(if *name == "." { "." } else { "crates" }).join(if *name == "." {
                "Cargo.toml".to_owned()
            } else {
                format!("{name}/Cargo.toml")
            }));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} takes the common lints");
    }
    assert!(read(&root().join("Cargo.toml")).contains("unsafe_code = \"forbid\""));
}

#[test]
fn the_core_is_held_by_its_clippy_file() {
    for name in CORE {
        let text = read(&root().join("crates").join(name).join("clippy.toml"));
        for banned in ["SystemTime::now", "Instant::now", "thread::spawn", "fs::File::open"] {
            assert!(text.contains(banned), "crates/{name}/clippy.toml does not ban {banned}");
        }
    }
}

#[test]
fn third_party_parsers_are_met_in_one_place() {
    for path in sources() {
        let place = shown(&path);
        let text = read(&path);
        let product = product(&text);
        for (name, home) in MET_IN_ONE_PLACE {
            let used = product.lines().any(|line| {
                let code = line.trim_start();
                !code.starts_with("//")
                    && (code.contains(&format!("use {}", name.trim_end_matches("::")))
                        || code.contains(&format!(" {}::", name.trim_end_matches("::"))))
            });
            // Signals, and what reads from a broker: the analysts of a fleet, and bundles.
            let reads = ["signals.rs", "fleet/", "bundle.rs", "bundle/"];
            let home_of_program = *name == "tokio"
                && place
                    .strip_prefix("crates/rmmwatch/")
                    .is_some_and(|place| reads.iter().any(|home| place.starts_with(home)));
            let own_crate = *name == "pcap::" && place.starts_with("crates/trafficgen");
            assert!(
                !used || place.starts_with(home) || home_of_program || own_crate,
                "{place} meets {name}, which lives in {home}"
            );
        }
    }
}

#[test]
fn every_file_has_a_caption() {
    let folders = ["crates", "tests", "benches"];
    for path in folders.iter().flat_map(|folder| files(&root().join(folder), "rs")) {
        assert!(read(&path).starts_with("//!"), "{} has no caption", shown(&path));
    }
}

#[test]
fn nothing_is_ignored_stubbed_or_left_for_later() {
    let words = ["#[ignore", "todo!(", "unimplemented!(", "FIXME", "XXX"];
    for path in files(&root().join("crates"), "rs") {
        let text = read(&path);
        for word in words {
            assert!(!text.contains(word), "{} holds {word}", shown(&path));
        }
    }
}

/// Knowledge is data: no tool's name, domain or port stands in the program's Rust.
#[test]
fn no_tool_stands_in_rust() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for path in files(&root().join("config/catalogue"), "toml") {
        let table: toml::Table = read(&path).parse().expect("a catalogue file is TOML");
        for row in table.get("names").and_then(toml::Value::as_array).into_iter().flatten() {
            for key in ["exact", "suffix"] {
                words.extend(row.get(key).and_then(toml::Value::as_str).map(str::to_owned));
            }
        }
    }
    let product = [
        "model", "capture", "dissect", "intel", "detect", "records", "spool", "deliver", "wire",
        "audit", "rmmwatch",
    ];
    for path in product.iter().flat_map(|name| files(&root().join("crates").join(name), "rs")) {
        let place = shown(&path);
        if place.contains("/tests") {
            continue;
        }
        let text = read(&path);
        let code: String = self::product(&text)
            .lines()
            .map(|line| line.split("//").next().unwrap_or(line).to_owned() + "\n")
            .collect();
        for word in &words {
            assert!(!code.contains(&format!("\"{word}\"")), "{place} names {word}");
        }
    }
}

#[test]
fn every_scenario_has_its_capture() {
    for path in files(&root().join("pcaps/scenarios"), "toml") {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let pcap = root().join("pcaps").join(format!("{stem}.pcap"));
        assert!(pcap.exists(), "{} has no capture; `make pcaps` builds it", shown(&path));
    }
}

#[test]
fn every_dependency_has_its_line() {
    let told = read(&root().join("docs/dependencies.md"));
    let manifest: toml::Table = read(&root().join("Cargo.toml")).parse().expect("TOML");
    let list = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table)
        .expect("workspace.dependencies");
    for name in list.keys().filter(|name| !root().join("crates").join(name).is_dir()) {
        assert!(
            told.contains(&format!("| {name} |")),
            "docs/dependencies.md has no line for {name}"
        );
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let endings = ["rs", "toml", "md", "sh"];
    let all = endings.iter().flat_map(|ending| files(&root(), ending));
    // In two pieces each, so that this file does not say them either.
    let words = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("../sha", "red"),
        concat!("index.crates", ".io"),
        concat!("deb.debian", ".org"),
    ];
    let mut found: BTreeMap<String, &str> = BTreeMap::new();
    for path in all {
        let text = read(&path);
        found.extend(words.iter().filter(|word| text.contains(**word)).map(|w| (shown(&path), *w)));
    }
    assert!(found.is_empty(), "{found:?}");
}
