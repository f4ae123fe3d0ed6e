//! Judge the names on standard input, one a line, by all that `config/` holds:
//! `cargo run --release -p rmmwatch-intel --example judge_names <names >verdicts.tsv`
//!
//! One line for each: name, registrable name, verdict (`alert`, `log` or `none`), tier, brand,
//! method, edits, score. The time that the judgement alone took is told on standard error.
//! `--steps` adds a column of every step, for reviews.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "an example reads files and the clock"
)]

#[path = "../tests/ships/mod.rs"]
mod ships;

use std::hint::black_box;
use std::io::{BufWriter, Read as _, Write as _};
use std::time::Instant;

fn main() {
    let with_steps = std::env::args().any(|arg| arg == "--steps");
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let names: Vec<String> =
        text.lines().map(|line| line.trim_end_matches('.').to_ascii_lowercase()).collect();
    let (book, complaints) = ships::builder().build();
    complaints.iter().for_each(|complaint| eprintln!("{complaint}"));
    let start = Instant::now();
    for name in &names {
        black_box(book.look_alike(black_box(name)));
    }
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / names.len().max(1) as f64;
    eprintln!("{nanoseconds:.0} ns per name, {} names", names.len());
    let mut out = BufWriter::new(std::io::stdout().lock());
    for name in &names {
        let registrable = psl::domain_str(name).unwrap_or(name);
        write!(out, "{name}\t{registrable}\t").unwrap();
        let Some(lure) = book.look_alike(name) else {
            writeln!(out, "none\t-\t-\t-\t0\t0").unwrap();
            continue;
        };
        let verdict = if lure.stands_alone { "alert" } else { "log" };
        let brand = lure.brand.as_ref().map_or("-", |(id, _)| id);
        let (tier, method) = (lure.kind.word(), lure.method);
        let (distance, score) = (lure.distance, lure.score);
        write!(out, "{verdict}\t{tier}\t{brand}\t{method}\t{distance}\t{score}").unwrap();
        let steps = lure.steps.join(" | ");
        writeln!(
            out,
            "{}{}",
            if with_steps { "\t" } else { "" },
            if with_steps { &steps } else { "" }
        )
        .unwrap();
    }
}
