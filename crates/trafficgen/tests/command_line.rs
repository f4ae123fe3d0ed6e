//! The program: what it writes, and what it says when it cannot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rmmwatch-trafficgen")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_mistake_is_told_with_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.toml");
    let text = "about = \"x\"\nstart = 2022-09-14T14:00:00Z\n[hosts]\n[[act]]\nat = 0\n\
                kind = \"ping\"\nclient = \"nobody\"\nserver = \"192.0.2.1\"\n";
    fs::write(&path, text).unwrap();
    let (path, target) = (path.to_str().unwrap(), folder.path().join("x.pcap"));
    let output = run(&["build", path, "-o", target.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), format!("{path}:7:10: no host is called `nobody`; there are none\n"));
    assert!(!target.exists());
}

#[test]
fn loads_are_written_with_their_truth() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (mix, names, small) = (file("mix.pcap"), file("mix.names"), file("small.pcap"));
    let output = run(&["mix", "--bytes", "2e6", "-o", &mix, "--names", &names]);
    assert!(output.status.success(), "{}", said(&output));
    let names = fs::read_to_string(names).unwrap();
    assert!(names.starts_with("transport\tname\tcount\ndns\t"), "{names:.60}");
    assert!(names.contains("\ntls\t"));
    let output = run(&["small", "--packets", "10", "-o", &small]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::metadata(small).unwrap().len(), 24 + 10 * (16 + 64));
}

#[test]
fn a_capture_is_mangled_by_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (small, one, two, other) = (file("s.pcap"), file("1.pcap"), file("2.pcap"), file("3.pcap"));
    assert!(run(&["small", "--packets", "400", "-o", &small]).status.success());
    let mangled = |seed: &str, to: &str| {
        let share = ["--lost", "10", "--twice", "20", "--vlan", "9", "--late-ms", "2"];
        let output = run(&[&["mangle", &small, "-o", to, "--seed", seed], &share[..]].concat());
        assert!(output.status.success(), "{}", said(&output));
        fs::read(to).unwrap()
    };
    assert_eq!(mangled("7", &one), mangled("7", &two));
    assert_ne!(mangled("7", &one), mangled("8", &other));
    let output = run(&["mangle", "Cargo.toml", "-o", &one]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "Cargo.toml: this is no classic capture\n");
}
