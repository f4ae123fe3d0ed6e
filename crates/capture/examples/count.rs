//! Counts the frames of captures, and does nothing with them: what reading alone costs. The rest
//! of a replay's cost is dissecting, matching and writing.
//!
//! `cargo run --profile quick -p rmmwatch-capture --example count -- FILE…`

#![allow(clippy::print_stdout, reason = "a program that prints")]

use capture::{CaptureError, Input, ReplayOptions, Timeline};

fn main() -> Result<(), CaptureError> {
    let inputs: Vec<Input> =
        std::env::args_os().skip(1).map(|arg| Input::Path(arg.into())).collect();
    let mut timeline = Timeline::open(&inputs, &ReplayOptions::default())?;
    let (mut frames, mut octets) = (0u64, 0u64);
    while timeline.read(&mut |run| {
        frames += run.len() as u64;
        octets += run.iter().map(|frame| frame.bytes.len() as u64).sum::<u64>();
    })? {}
    println!("{frames} frames, {octets} octets");
    Ok(())
}
