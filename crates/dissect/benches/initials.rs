//! What a QUIC hello costs, in nanoseconds of CPU: `cargo bench -p rmmwatch-dissect --bench initials`.
//!
//! Each hello is of a flow of its own, so the figures hold the row, the keys, the ciphers and the
//! hello. The frames are those of a committed capture, from other addresses.
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // A bench has a clock and a reader.
#![allow(clippy::indexing_slicing, clippy::expect_used)]

use std::path::Path;
use std::time::Instant;

use dissect::{Dissector, Limits, Seed, Shards};
use model::Fact;

#[path = "../tests/captures/mod.rs"]
mod captures;
#[path = "../tests/script/mod.rs"]
mod script;
use script::{Script, ethernet, udp};

const FLOWS: u32 = 500;
/// Many short runs, the best of which nothing came between.
const RUNS: u32 = 200;
/// Octets before the payload: Ethernet, IPv4, UDP.
const HEADERS: usize = 14 + 20 + 8;

/// These datagrams of the client, of each of many flows, from this port.
fn hellos(datagrams: &[Vec<u8>], port: u16) -> Script {
    let mut script = Script::fast();
    for flow in 0..FLOWS {
        let [a, b, c, d] = (flow + 0x0a00_0001).to_be_bytes();
        let from = script::address(&format!("{a}.{b}.{c}.{d}:{port}"));
        let to = script::address("192.0.2.80:443");
        script.play(datagrams.iter().map(|octets| ethernet(&[], 0x0800, &udp(from, to, octets))));
    }
    script
}

fn measure(what: &str, script: &Script, initials: u32) {
    let frames = script.frames();
    let (mut best, mut hellos) = (f64::MAX, 0);
    for _ in 0..RUNS {
        let mut dissector = Dissector::new(&Limits::default(), Seed([1, 2]), Shards::all());
        hellos = 0;
        let clock = Instant::now();
        for frames in frames.chunks(64) {
            dissector.push(frames, &mut |seen| {
                hellos += u32::from(matches!(seen.fact, Fact::TlsHello(_)));
            });
        }
        best = best.min(clock.elapsed().as_nanos() as f64);
    }
    let (each, flow) = (best / f64::from(initials * FLOWS), best / f64::from(FLOWS));
    println!("{what:44} {hellos:6} hellos  {each:7.0} ns an Initial  {flow:7.0} ns a flow");
}

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pcaps/quic-hellos.pcap");
    let capture = captures::Capture::read(&path).expect("the committed capture");
    let payloads = |last: u8| -> Vec<Vec<u8>> {
        let client = [10, 1, 4, last];
        let frames = capture.frames();
        let sent = frames.iter().filter(|frame| frame.bytes[26..30] == client);
        sent.take(2).map(|frame| frame.bytes[HEADERS..].to_vec()).collect()
    };
    let (two, one) = (payloads(11), payloads(19));
    measure("a hello of one Initial", &hellos(&one[..1], 50_000), 1);
    measure("a hello of one Initial, from a server's port", &hellos(&one[..1], 4433), 1);
    measure("a hello of two Initials", &hellos(&two, 50_000), 2);
    measure("the first of two Initials alone", &hellos(&two[..1], 50_000), 1);
    let mut damaged = one[..1].to_vec();
    damaged[0][60] ^= 1;
    measure("an Initial whose tag fails", &hellos(&damaged, 50_000), 1);
    let other = vec![vec![0x80; 1200]];
    measure("a datagram that is none", &hellos(&other, 50_000), 1);
}
