//! What a record of an observation costs, by kind of fact: instructions a line, which are the same
//! on every machine, and nanoseconds.
//!
//! `cargo bench -p rmmwatch-records --bench observation` runs itself under callgrind where valgrind
//! is installed. valgrind has no SHA instructions: a line whose Community ID is not that of the
//! line before costs about ten times the hash there. `-- KIND LINES` writes that many lines of one
//! kind and nothing else, for a profile of one's own.

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

use records::Recorder;

/// Lines of a run under callgrind.
const COUNTED: u32 = 2_000;
/// Rounds, and the lines of each, that are timed; the least counts, since other work only adds.
const ROUNDS: usize = 20;
const TIMED: u32 = 5_000;
/// What the analyst gathers before it hands lines over.
const BUFFER: usize = 64 << 10;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    if let (Some(kind), Some(lines)) = (args.next(), args.next()) {
        let lines = lines.parse().expect("a number of lines");
        return write(&sample(&kind), lines);
    }
    println!("{:32} {:>7} {:>13} {:>7}", "kind", "octets", "instructions", "ns");
    for (kind, sample) in samples::observations() {
        let octets =
            samples::line(|out| assert!(sample.write(&mut Recorder::default(), out))).len();
        let counted = match (instructions(kind, 2 * COUNTED), instructions(kind, COUNTED)) {
            (Some(twice), Some(once)) => ((twice - once) / u64::from(COUNTED)).to_string(),
            _ => "-".to_owned(),
        };
        println!("{kind:32} {octets:>7} {counted:>13} {:>7.0}", nanoseconds(&sample));
    }
}

fn sample(kind: &str) -> samples::Sample {
    let mut all = samples::observations().into_iter();
    all.find_map(|(name, sample)| (name == kind).then_some(sample)).expect("a kind of sample")
}

/// Write so many lines, as the analyst does.
fn write(sample: &samples::Sample, lines: u32) {
    let mut recorder = Recorder::default();
    let mut out = Vec::with_capacity(2 * BUFFER);
    for _ in 0..lines {
        if out.len() > BUFFER {
            out.clear();
        }
        black_box(black_box(sample).write(&mut recorder, &mut out));
    }
}

/// Instructions of a run of this bench that writes so many lines; `None` without valgrind.
fn instructions(kind: &str, lines: u32) -> Option<u64> {
    let myself = std::env::current_exe().ok()?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(myself);
    let output = valgrind.args([kind, &lines.to_string()]).output().ok()?;
    let told = String::from_utf8(output.stderr).ok()?;
    told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

fn nanoseconds(sample: &samples::Sample) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        write(sample, TIMED);
        start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMED)
    });
    rounds.min_by(f64::total_cmp).unwrap_or_default()
}
