//! What a record of an observation costs, by kind of fact: instructions a line, which are the same
//! on every machine, and nanoseconds.
//!
//! `cargo bench -p rmmwatch-records --bench observation` runs itself under callgrind where valgrind
//! is installed: of lines of one flow, and of lines of a new flow each. valgrind has no SHA
//! instructions: what is hashed by them (Community ID, JA4) costs about ten times as much there.
//! `-- KIND LINES [new]` writes that many lines of one kind and nothing else, for a profile of one's
//! own. What a line costs to be read back is told in nanoseconds alone.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a bench reads the clock, runs itself and prints"
)]

#[path = "../tests/records/samples.rs"]
#[allow(dead_code)]
mod samples;

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use records::{Reader, Recorder};

/// Lines of a run under callgrind.
const COUNTED: u32 = 2_000;
/// Rounds, and the lines of each, that are timed; the least counts, since other work only adds.
const ROUNDS: usize = 20;
const TIMED: u32 = 5_000;
/// What the analyst gathers before it hands lines over.
const BUFFER: usize = 64 << 10;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [kind, lines, new @ ..] = args.as_slice() {
        let lines = lines.parse().expect("a number of lines");
        return write(&mut sample(kind), lines, !new.is_empty());
    }
    println!("{:32} {:>7} {:>13} {:>9} {:>5} {:>8}", "", "", "instructions", "", "ns", "");
    println!(
        "{:32} {:>7} {:>13} {:>9} {:>5} {:>8}",
        "kind", "octets", "same flow", "new flow", "write", "read"
    );
    for (kind, mut sample) in samples::observations() {
        let line = samples::line(|out| assert!(sample.write(&mut Recorder::default(), out)));
        let (same, new) = (counted(kind, ""), counted(kind, "new"));
        let (written, read) = (nanoseconds(&mut sample), reading(&line));
        let octets = line.len();
        println!("{kind:32} {octets:>7} {same:>13} {new:>9} {written:>5.0} {read:>8.0}");
    }
}

/// Instructions of one line more.
fn counted(kind: &str, new: &str) -> String {
    let run = |lines| instructions(kind, lines, new);
    match (run(2 * COUNTED), run(COUNTED)) {
        (Some(twice), Some(once)) => ((twice - once) / u64::from(COUNTED)).to_string(),
        _ => "-".to_owned(),
    }
}

fn sample(kind: &str) -> samples::Sample {
    let mut all = samples::observations().into_iter();
    all.find_map(|(name, sample)| (name == kind).then_some(sample)).expect("a kind of sample")
}

/// Write so many lines, as the analyst does.
fn write(sample: &mut samples::Sample, lines: u32, new: bool) {
    let mut recorder = Recorder::default();
    let mut out = Vec::with_capacity(2 * BUFFER);
    for _ in 0..lines {
        if out.len() > BUFFER {
            out.clear();
        }
        if new {
            let client = &mut sample.seen.flow.client;
            client.port = client.port.wrapping_add(1);
        }
        black_box(black_box(&*sample).write(&mut recorder, &mut out));
    }
}

/// Instructions of a run of this bench that writes so many lines; `None` without valgrind.
fn instructions(kind: &str, lines: u32, new: &str) -> Option<u64> {
    let myself = std::env::current_exe().ok()?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(myself);
    valgrind.args([kind, &lines.to_string()]);
    let output = valgrind.args(Some(new).filter(|new| !new.is_empty())).output().ok()?;
    let told = String::from_utf8(output.stderr).ok()?;
    told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

fn nanoseconds(sample: &mut samples::Sample) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        write(sample, TIMED, false);
        start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMED)
    });
    rounds.min_by(f64::total_cmp).unwrap_or_default()
}

/// Nanoseconds that a line costs to be read back.
fn reading(line: &str) -> f64 {
    const LINES: u32 = 1_000;
    let text = line.repeat(LINES as usize);
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let mut reader = Reader::new();
        reader.read("records", black_box(text.as_bytes())).expect("memory never fails");
        black_box(reader.finish());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(LINES)
    });
    rounds.min_by(f64::total_cmp).unwrap_or_default()
}
