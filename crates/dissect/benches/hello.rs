//! What a TLS hello costs, fingerprints and all: `cargo bench -p rmmwatch-dissect --bench hello`.
//!
//! Connections whose first segment is a browser's hello, beside the same ones whose first segment
//! is as long and of no protocol; the difference is what reading a hello costs. An argument is how
//! many.
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // A bench has a clock and a reader.

use std::time::Instant;

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Frame, Side};

#[path = "../tests/hellos/mod.rs"]
mod hellos;
#[path = "../tests/script/mod.rs"]
mod script;
use script::{Script, Tcp};

fn connections(count: u64, first: &[u8]) -> Script {
    let mut script = Script::fast();
    for number in 0..count {
        let [.., a, b, c] = number.to_be_bytes();
        let mut tcp = Tcp::new(&format!("10.{a}.{b}.{c}:50000"), "192.0.2.1:443");
        script.play(tcp.greet());
        script.play([tcp.say(Side::Client, first)]);
    }
    script
}

/// Nanoseconds a connection, the best of several runs; and facts.
fn cost(frames: &[Frame<'_>], connections: u64) -> (f64, u64) {
    let mut best = f64::MAX;
    let mut facts = 0;
    for _ in 0..9 {
        let mut dissector = Dissector::new(&Limits::default(), Seed([1, 2]), Shards::all());
        facts = 0;
        let begun = Instant::now();
        for batch in frames.chunks(64) {
            dissector.push(batch, &mut |_| facts += 1);
        }
        best = best.min(begun.elapsed().as_nanos() as f64 / connections as f64);
    }
    (best, facts)
}

fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let hello = hellos::chrome("www.example.com");
    let mut other = hello.clone();
    other.fill(0x81);
    let costs = [&hello, &other].map(|first| {
        let script = connections(count, first);
        cost(&script.frames(), count)
    });
    let [(with, facts), (without, _)] = costs;
    println!(
        "a connection with a hello of {} octets {with:.0} ns, with other octets {without:.0} ns: a hello {:.0} ns, {facts} facts",
        hello.len(),
        with - without
    );
}
