//! What a line costs: nanoseconds and octets per observation record, by kind, written and read back.
//!
//! `cargo bench -p rmmwatch-records`. The least of several rounds, since other work on the machine only adds; one core, no output.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a bench reads the clock and prints"
)]

#[path = "../tests/records/samples.rs"]
#[allow(dead_code)]
mod samples;

use std::hint::black_box;
use std::time::Instant;

use records::{Reader, Recorder};

const ROUNDS: usize = 40;
const LINES: u32 = 10_000;

fn main() {
    let mut recorder = Recorder::default();
    println!("{:28} {:>8} {:>8} {:>8}", "kind", "ns", "octets", "read ns");
    for (name, sample) in samples::observations() {
        let mut out = Vec::with_capacity(64 << 10);
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..LINES {
                    if out.len() > 60 << 10 {
                        out.clear();
                    }
                    black_box(black_box(&sample).write(&mut recorder, &mut out));
                }
                start.elapsed().as_secs_f64() * 1e9 / f64::from(LINES)
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        let len = samples::line(|out| {
            sample.write(&mut recorder, out);
        });
        let least = rounds.first().copied().unwrap_or_default();
        println!("{name:28} {least:>8.0} {:>8} {:>8.0}", len.len(), reading(&len));
    }
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
