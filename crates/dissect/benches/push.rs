//! What a frame costs, in nanoseconds of CPU: `cargo bench -p rmmwatch-dissect --bench push`.
//!
//! Frames lie in memory; so the figures hold what dissecting costs and the first touch of the
//! frame, but no reading of files. With `RMMWATCH_CORPUS` set, real captures follow. An argument is
//! how many frames each case has, a second one how many runs the best is taken of, a word picks
//! the cases whose names hold it.
// A bench has a clock and a reader.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::indexing_slicing)]

use std::time::Instant;

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Frame, Side, Timestamp};

#[path = "../tests/captures/mod.rs"]
mod captures;
#[path = "../tests/script/mod.rs"]
mod script;
use script::{ACK, SYN, Script, Tcp};

fn dissector() -> Dissector {
    Dissector::new(&Limits::default(), Seed([1, 2]), Shards::all())
}

/// splitmix64.
fn mix(seed: u64) -> u64 {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

fn talks(count: u64) -> Vec<Tcp> {
    let talk = |number: u64| {
        let [.., a, b, c] = (number / 16).to_be_bytes();
        let client = format!("10.{a}.{b}.{c}:{}", 32768 + number % 16);
        Tcp::new(&client, &format!("192.0.2.{}:443", number % 200 + 1))
    };
    (0..count).map(talk).collect()
}

/// The same frame with an identification of its own, as a sender gives each datagram: without one
/// it would be taken for a mirror's copy of another.
fn numbered(mut frame: Vec<u8>, packet: u64) -> Vec<u8> {
    let [.., high, low] = packet.to_be_bytes();
    frame.splice(18..20, [high, low]);
    frame
}

/// Frames of `len` octets of payload, of `flows` flows that were opened and given up before, in
/// random order. Opening is not timed.
fn bulk(flows: u64, packets: u64, len: usize) -> (Script, Script) {
    let mut begin = Script::fast();
    let mut talks = talks(flows);
    for tcp in &mut talks {
        begin.play(tcp.greet());
        begin.play([tcp.say(Side::Client, b"\x80\x81 of no protocol, so given up at once")]);
        begin.play([tcp.say(Side::Server, b"\x80\x81 of no protocol, so given up at once")]);
    }
    let payload = vec![0u8; len];
    let mut rest = begin.clone();
    rest.frames.clear();
    for packet in 0..packets {
        let Some(tcp) = talks.get((mix(packet) % flows) as usize) else { continue };
        let side = if packet % 3 == 0 { Side::Client } else { Side::Server };
        let payload = if packet % 3 == 0 { &[][..] } else { &payload };
        rest.play([numbered(tcp.segment(side, ACK, 0, payload), packet)]);
    }
    (begin, rest)
}

/// Frames of bodies that an HTTP reader skips by their length, of `flows` flows in random order.
fn downloads(flows: u64, packets: u64, len: usize) -> (Script, Script) {
    let mut begin = Script::fast();
    let mut talks = talks(flows);
    for tcp in &mut talks {
        begin.play(tcp.greet());
        begin.play([
            tcp.say(Side::Client, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
            tcp.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        ]);
    }
    let payload = vec![0u8; len];
    let mut rest = begin.clone();
    rest.frames.clear();
    for packet in 0..packets {
        if let Some(tcp) = talks.get_mut((mix(packet) % flows) as usize) {
            let side = if packet % 3 == 0 { Side::Client } else { Side::Server };
            let frame = tcp.say(side, if packet % 3 == 0 { &[] } else { &payload });
            rest.play([numbered(frame, packet)]);
        }
    }
    (begin, rest)
}

fn flood(packets: u64) -> Script {
    let talks = talks(packets);
    let mut script = Script::fast();
    script.play(talks.iter().map(|tcp| tcp.segment(Side::Client, SYN, 0, &[])));
    script
}

/// Least nanoseconds a frame of several runs, and facts told.
fn cost(begin: &[Frame<'_>], frames: &[Frame<'_>], batch: usize, runs: u64) -> (f64, u64) {
    let mut best = f64::MAX;
    let mut facts = 0;
    for _ in 0..runs {
        let mut dissector = dissector();
        dissector.push(begin, &mut |_| {});
        facts = 0;
        let clock = Instant::now();
        for frames in frames.chunks(batch) {
            dissector.push(frames, &mut |_| facts += 1);
        }
        best = best.min(clock.elapsed().as_nanos() as f64 / frames.len() as f64);
    }
    (best, facts)
}

/// The same for reading just the length and the last octet of each frame.
fn touch(frames: &[Frame<'_>]) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..7 {
        let clock = Instant::now();
        let mut sum = 0u64;
        for frame in frames {
            sum += u64::from(*frame.bytes.get(30).unwrap_or(&0)) + frame.bytes.len() as u64;
        }
        std::hint::black_box(sum);
        best = best.min(clock.elapsed().as_nanos() as f64 / frames.len() as f64);
    }
    best
}

fn report(name: &str, begin: &[Frame<'_>], frames: &[Frame<'_>], runs: u64) {
    let mut picks = std::env::args().skip(1).filter(|word| word.parse::<u64>().is_err());
    if !picks.all(|word| word.starts_with('-') || name.contains(&word)) {
        return;
    }
    let floor = touch(frames);
    let (alone, _) = cost(begin, frames, 1, runs);
    let (together, facts) = cost(begin, frames, 64, runs);
    println!(
        "{name:34} {:8} frames {facts:7} facts  touch {floor:5.1}  batch of 1 {alone:6.1}  batch of 64 {together:6.1} ns",
        frames.len()
    );
}

fn main() {
    let mut arguments = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let packets = arguments.next().unwrap_or(400_000);
    let runs = arguments.next().unwrap_or(7);
    // Frames that a reader has just put into the cache, as a replay does.
    let (begin, rest) = bulk(100, 400, 700);
    let frames = rest.frames();
    // Each time long enough after the last one for no copy of it.
    let later =
        |at: Timestamp, times: usize| Timestamp::from_nanos(at.nanos() + times as u64 * 2_000_000);
    let warm: Vec<_> = (0..packets as usize)
        .map(|number| (number / frames.len(), frames[number % frames.len()]))
        .map(|(times, frame)| Frame { at: later(frame.at, times), ..frame })
        .collect();
    report("bulk, 100 flows, frames in cache", &begin.frames(), &warm, runs);
    for (name, flows, len) in [
        ("bulk, 100 flows", 100, 700),
        ("bulk, 10,000 flows", 10_000, 700),
        ("bulk, 130,000 flows", 130_000, 700),
        ("bulk, 130,000 flows, no payload", 130_000, 0),
    ] {
        let (begin, rest) = bulk(flows, packets, len);
        report(name, &begin.frames(), &rest.frames(), runs);
    }
    let (begin, rest) = downloads(10_000, packets, 700);
    report("HTTP downloads, 10,000 flows", &begin.frames(), &rest.frames(), runs);
    report("SYN flood, a flow a frame", &[], &flood(packets).frames(), runs);
    let files = captures::corpus();
    let captures: Vec<_> = files.iter().filter_map(|path| captures::Capture::read(path)).collect();
    let frames: Vec<_> = captures.iter().flat_map(captures::Capture::frames).collect();
    if frames.is_empty() {
        println!("real captures: skipped, RMMWATCH_CORPUS is not set");
    } else {
        report("real captures, one after the other", &[], &frames, runs);
    }
}
