//! Packets of flows of which nothing more is wanted cost no allocation, however many there are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test.

use std::alloc::System;

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Observation, Side, Tally, Timestamp};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

mod script;
use script::{Script, Tcp, address, framed, udp};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FLOWS: usize = 300;

/// What clients say first.
const OPENINGS: [&[u8]; 3] = [
    b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"some octets that are of no protocol",
    b"SSH-2.0-OpenSSH_9.2\r\n",
];

/// Flows of several protocols, each heard both ways and beyond what a reader looks at.
fn warm_up(talks: &mut [Tcp]) -> Script {
    let mut script = Script::fast();
    for (number, tcp) in talks.iter_mut().enumerate() {
        script.play(tcp.greet());
        script.play([tcp.say(Side::Client, OPENINGS[number % OPENINGS.len()])]);
    }
    for _ in 0..60 {
        for tcp in talks.iter_mut() {
            script.play([tcp.say(Side::Server, &[7; 1400]), tcp.say(Side::Client, &[0xf3; 1400])]);
        }
    }
    script
}

/// So many packets more for each flow, over several seconds, acknowledgements and datagrams too.
fn steady(talks: &mut [Tcp], rounds: usize, after: &Script) -> Script {
    let mut script = Script::fast();
    let begun = after.frames().last().unwrap().at;
    script.wait((begun.nanos() / 1_000 - script::BEGIN * 1_000_000) as f64 / 1e6);
    for _ in 0..rounds {
        for tcp in talks.iter_mut() {
            script.play([
                tcp.say(Side::Server, &[9; 1400]),
                tcp.segment(Side::Client, script::ACK, 0, &[]),
            ]);
        }
        let (one, other) = (address("10.0.0.9:5004"), address("10.0.0.8:5004"));
        script.play([framed(&udp(one, other, &[0x77; 400]))]);
        script.wait(0.25);
    }
    script
}

/// Read frames as a replay does; facts go nowhere. Gives how many.
fn read(dissector: &mut Dissector, script: &Script) -> usize {
    let frames = script.frames();
    let mut facts = 0;
    let mut second = 0;
    let mut count = |_: Observation| facts += 1;
    for run in frames.chunks(64) {
        if run[0].at.secs() > second {
            second = run[0].at.secs();
            dissector.advance(Timestamp::from_secs(second, 0), run[0].order - 1, &mut count);
        }
        dissector.push(run, &mut count);
    }
    facts
}

/// Allocations, re-allocations and facts of so many rounds of a warm dissector, and its counts.
fn cost(rounds: usize) -> (usize, usize, Tally) {
    let mut talks: Vec<Tcp> = (0..FLOWS)
        .map(|number| {
            Tcp::new(&format!("10.0.{}.{}:4000", number / 250, number % 250), "192.0.2.1:80")
        })
        .collect();
    let mut dissector = Dissector::new(&Limits::default(), Seed([1, 2]), Shards::all());
    let warm = warm_up(&mut talks);
    assert!(read(&mut dissector, &warm) >= FLOWS);
    let more = steady(&mut talks, rounds, &warm);
    let frames = more.frames().len();
    assert_eq!(frames, rounds * (2 * FLOWS + 1));
    // The list of frames is one of them.
    let region = Region::new(GLOBAL);
    let facts = read(&mut dissector, &more);
    let change = region.change();
    (change.allocations + change.reallocations, facts, dissector.tally())
}

#[test]
fn packets_of_done_flows_allocate_nothing() {
    let (few, ..) = cost(20);
    let (many, facts, tally) = cost(80);
    println!("{few} allocations in {} packets, {many} in {}", 20 * 601, 80 * 601);
    assert!(tally.closes(), "{tally:?}");
    assert!(facts < 100, "{facts} facts of flows that are done");
    // A tick that closes flows makes a list of them; the flow of datagrams is new at first.
    assert!(many <= few + 20, "{few} allocations, then {many}");
    assert!(few < 50, "{few} allocations");
}
