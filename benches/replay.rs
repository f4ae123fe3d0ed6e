//! CPU time per packet of `rmmwatch replay` beside a bare libpcap loop that only counts: the same
//! file, the same run, interleaved, medians. `make bench`.
//!
//! The captures are two office mixes that the generator makes, or the one that
//! `RMMWATCH_BENCH_CAPTURE` names. A child process each, its user and system time as the kernel
//! told it, so that start-up counts too.

#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "a bench prints its table")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Rounds that are measured, after one that only warms the page cache.
const ROUNDS: usize = 5;

/// Octets of the generated mix.
const MIX_BYTES: &str = "400000000";

/// What replay may cost, as a multiple of the bare loop.
const RATIO_MAX: f64 = 2.0;

/// libpcap's own read loop, in C, as every user of libpcap pays for it.
const FLOOR: &str = r#"
#include <pcap/pcap.h>
#include <stdio.h>
static unsigned long packets, octets;
static void count(unsigned char *u, const struct pcap_pkthdr *h, const unsigned char *p) {
    (void)u; packets++; octets += h->caplen; if (h->caplen) octets += p[0] & 1;
}
int main(int argc, char **argv) {
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *in = argc > 1 ? pcap_open_offline(argv[1], error) : 0;
    if (!in) { fprintf(stderr, "%s\n", argc > 1 ? error : "no file"); return 1; }
    pcap_loop(in, -1, count, 0);
    printf("%lu %lu\n", packets, octets);
    return 0;
}
"#;

fn main() {
    // `cargo test` runs benches too, to see that they work; the measure is for `cargo bench`.
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let floor = floor(folder.path());
    if let Some(named) = std::env::var_os("RMMWATCH_BENCH_CAPTURE") {
        compare(&floor, named.as_ref(), "the capture named");
        return;
    }
    let bulk = mix(folder.path(), "9");
    let ratio = compare(&floor, &bulk, "an office's bulk, some thirty frames a flow");
    let dense = mix(folder.path(), "1");
    compare(&floor, &dense, "all short sessions, ten frames a flow");
    println!("replay / libpcap loop = {ratio:.2} on bulk (at most {RATIO_MAX})");
    if ratio > RATIO_MAX {
        std::process::exit(1);
    }
}

/// Print the table of one capture; the ratio of replay to the floor.
fn compare(floor: &Path, capture: &Path, what: &str) -> f64 {
    let packets: f64 = {
        let told = Command::new(floor).arg(capture).output().expect("the floor runs");
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        text.split(' ').next().and_then(|word| word.parse().ok()).expect("a count")
    };
    let replay = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
        command.args(["replay", "--quiet", "--summary", "none", "--alerts", "/dev/null"]);
        command.args(more).arg(capture);
        command
    };
    let mut bare = Command::new(floor);
    bare.arg(capture);
    let mut runs = [
        ("libpcap loop that counts", bare),
        ("rmmwatch replay, alerts", replay(&[])),
        ("rmmwatch replay, alerts and observations", replay(&["--observations", "/dev/null"])),
        ("rmmwatch replay, two lanes", replay(&["--lanes", "2"])),
    ];
    let mut nanos = [const { Vec::new() }; 4];
    for round in 0..=ROUNDS {
        for ((_, command), nanos) in runs.iter_mut().zip(&mut nanos) {
            let spent = cpu(command);
            if round > 0 {
                nanos.push(spent * 1e9 / packets);
            }
        }
    }
    let medians: Vec<f64> = nanos.iter_mut().map(|nanos| median(nanos)).collect();
    println!("{what}: {packets} packets, medians of {ROUNDS} interleaved rounds, user + system");
    for ((name, _), median) in runs.iter().zip(&medians) {
        println!("{median:8.1} ns/packet  {:5.2} x  {name}", median / medians[0]);
    }
    medians[1] / medians[0]
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn mix(folder: &Path, volume: &str) -> PathBuf {
    let path = folder.join(format!("mix-{volume}.pcap"));
    let done = Command::new("cargo")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "--release", "--quiet", "-p", "rmmwatch-trafficgen", "--", "mix", "--bytes"])
        .args([MIX_BYTES, "--volume", volume, "-o"])
        .arg(&path)
        .stdout(Stdio::null())
        .status()
        .expect("cargo runs");
    assert!(done.success(), "the generator made no mix");
    path
}

fn floor(folder: &Path) -> PathBuf {
    let source = folder.join("floor.c");
    let program = folder.join("floor");
    std::fs::write(&source, FLOOR).expect("the floor's source is written");
    let done = Command::new("cc")
        .args(["-O2", "-o"])
        .args([&program, &source])
        .arg("-lpcap")
        .status()
        .expect("a C compiler");
    assert!(done.success(), "the floor does not compile");
    program
}

/// User and system seconds of one run.
fn cpu(command: &mut Command) -> f64 {
    let before = children();
    let status = command.stdout(Stdio::null()).status().expect("it runs");
    assert!(status.success(), "{command:?}: {status}");
    children() - before
}

/// CPU seconds of all children that were waited for, as `/proc/self/stat` has them.
fn children() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    // Fields 16 and 17 of proc(5), counted behind the name in parentheses; a hundredth each.
    let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: f64 = fields[13..15].iter().filter_map(|f| f.parse::<f64>().ok()).sum();
    ticks / 100.0
}
