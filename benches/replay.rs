//! The stages of a replay, one behind the other, so that what each costs can be told apart by
//! counting instructions (packaging/bench/instructions.py): a run with a stage more, less one
//! without it, is that stage. Nothing can be inlined away between two runs.
//!
//! `cargo bench --bench replay -- STAGE CAPTURE`; the stages are `read`, `dissect` (read too) and
//! `weigh` (read and dissected too: what `detect` and `intel` make of each observation). One thread,
//! fixed keys, all of `config/`. What writing costs is the program's own difference.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench says what it did")]

use std::hint::black_box;
use std::path::PathBuf;

use capture::{Input, ReplayOptions, Timeline};
use detect::{Detector, Limits, Policy};
use dissect::{Dissector, Seed, Shards};
use intel::Book;
use model::{Frame, Match, Observation, Timestamp};

#[path = "../crates/intel/tests/ships/mod.rs"]
mod ships;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How far a run goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Read,
    Dissect,
    Weigh,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [stage, capture] = words.as_slice() else {
        // So does `cargo test`, which runs benches to see that they work.
        println!("replay STAGE CAPTURE; `make bench-instructions` asks for each");
        return;
    };
    let stage = match stage.as_str() {
        "read" => Stage::Read,
        "dissect" => Stage::Dissect,
        "weigh" => Stage::Weigh,
        other => {
            eprintln!("no stage is called {other}: read, dissect, weigh");
            std::process::exit(2);
        }
    };
    let mut octets = 0;
    let mut seen = 0u64;
    let end = match stage {
        Stage::Read => {
            read(capture, &mut |frames| octets += touch(frames));
            None
        }
        Stage::Dissect => dissect(capture, &mut |one| {
            black_box(&one);
            seen += 1;
        }),
        Stage::Weigh => {
            let mut scales = Scales::new();
            dissect(capture, &mut |one| {
                scales.weigh(&one);
                seen += 1;
            })
        }
    };
    println!("{octets} octets, {seen} observations, until {end:?}");
}

/// The first octet of each frame, and their lengths: as little as a reader can do.
fn touch(frames: &[Frame<'_>]) -> u64 {
    frames
        .iter()
        .map(|frame| frame.bytes.len() as u64 + frame.bytes.first().map_or(0, |o| u64::from(*o)))
        .sum()
}

fn read(capture: &str, each: &mut dyn FnMut(&[Frame<'_>])) {
    let inputs = [Input::Path(PathBuf::from(capture))];
    let mut timeline = Timeline::open(&inputs, &ReplayOptions::default()).expect("the capture");
    while timeline.read(each).expect("the capture is read") {}
}

/// As the program does it with one lane; when the last frame was.
fn dissect(capture: &str, sink: &mut dyn FnMut(Observation)) -> Option<Timestamp> {
    let mut dissector = Dissector::new(&dissect::Limits::default(), Seed([1, 2]), Shards::all());
    let mut last = None;
    read(capture, &mut |frames| {
        dissector.push(frames, &mut |seen| sink(seen));
        last = frames.last().map(|frame| (frame.at, frame.order + 1)).or(last);
    });
    let (at, order) = last?;
    dissector.finish(at, order, &mut |seen| sink(seen));
    Some(at)
}

/// What weighs: everything that ships, and a policy that allows nothing.
struct Scales {
    detector: Detector,
    book: Book,
    matches: Vec<Match>,
}

impl Scales {
    fn new() -> Scales {
        let (book, complaints) = ships::builder().build();
        assert!(complaints.is_empty(), "{complaints:?}");
        let detector = Detector::new(Policy::deny_by_default(), &Limits::default());
        Scales { detector, book, matches: Vec::new() }
    }

    fn weigh(&mut self, one: &Observation) {
        let ignore = &mut |alert| drop(black_box(alert));
        self.detector.advance(one.at, ignore);
        let setting = self.detector.setting(one);
        self.matches.clear();
        self.book.look_up(one, setting.server_name.as_ref(), &mut self.matches);
        black_box(self.detector.weigh(one, &setting, &self.matches, ignore));
        black_box(self.book.dns_transport(one, setting.server_name.as_ref()));
    }
}
