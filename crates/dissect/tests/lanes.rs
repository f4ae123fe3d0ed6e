//! One dissector with all shards and several with some tell the same facts, and so do batches of
//! any size.

#![allow(clippy::indexing_slicing)] // It is a test.

use std::net::IpAddr;

use dissect::{Dissector, Limits, SHARDS, Seed, Shards, shard};
use model::{Frame, Observation, Refused, Side, Tally};

mod script;
use script::{ACK, SYN, Script, Tcp, address, fragments, framed, udp};

/// A busy minute: more flows than there are places, of every kind, all mixed.
fn busy() -> Script {
    let mut script = Script::new();
    let mut talks: Vec<_> = (0..300_u32)
        .map(|number| {
            let (low, high) = (number % 250 + 1, number / 250);
            Tcp::new(&format!("10.0.{high}.{low}:{}", 30000 + number % 7), "192.0.2.1:80")
        })
        .collect();
    for round in 0..6 {
        for (number, tcp) in talks.iter_mut().enumerate() {
            let frame = match (round, number % 5) {
                (0, _) => tcp.flags(Side::Client, SYN),
                (_, 0) => continue,
                (1, _) => tcp.flags(Side::Server, SYN | ACK),
                (2, 1) => tcp.say(Side::Client, b"some octets that are of no protocol"),
                (2, _) => tcp.say(Side::Client, b"GET /file HTTP/1.1\r\nHost: a.example\r\n\r\n"),
                (3, 2) => continue,
                (3, _) => tcp.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nMZ"),
                (4, 3) => tcp.flags(Side::Client, script::RST),
                (4, _) => tcp.flags(Side::Client, script::FIN | ACK),
                _ => tcp.flags(Side::Server, script::FIN | ACK),
            };
            script.play([frame]);
            if number % 3 == 0 {
                let (one, other) = (tcp.client, address("10.0.0.53:53"));
                let question = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01";
                let (from, to) = if round % 2 == 0 { (one, other) } else { (other, one) };
                script.play([framed(&udp(from, to, question))]);
            }
        }
        script.wait(11.0);
    }
    script
}

/// The datagram in an Ethernet frame of [`busy`].
fn datagram(frame: &[u8]) -> Vec<u8> {
    let len = usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    frame[14..14 + len].to_vec()
}

/// A datagram in another between two routers (RFC 2003).
fn carried(datagram: &[u8], router: u8) -> Vec<u8> {
    let end = |last| IpAddr::from([198, 51, 100, last]);
    script::ip(end(router), end(200), 4, datagram)
}

/// The busy minute over a wire that cuts datagrams and tunnels, in every way that it can, loses
/// some of the pieces, and shows some packets twice.
fn mangled() -> Script {
    let plain = busy();
    let mut script = Script::new();
    for (number, (at, link, frame)) in plain.frames.iter().enumerate() {
        let inner = datagram(frame);
        let id = number as u16;
        let router = id as u8 % 5;
        let cut = |datagram: &[u8], size| fragments(datagram, size, id);
        let datagrams: Vec<Vec<u8>> = match number % 7 {
            0 => vec![inner],
            1 => cut(&inner, 16),
            2 => vec![carried(&inner, router)],
            3 => cut(&carried(&inner, router), 24),
            4 => cut(&inner, 16).iter().map(|cut| carried(cut, router)).collect(),
            // A fragment in a tunnel that was cut up once more.
            5 => {
                let cuts = cut(&inner, 24).into_iter().enumerate();
                let cuts = cuts.map(|(part, cut)| {
                    fragments(
                        &carried(&cut, router),
                        16,
                        id.wrapping_mul(8).wrapping_add(part as u16),
                    )
                });
                cuts.flatten().collect()
            }
            _ => vec![inner.clone(), carried(&inner, router)],
        };
        for (part, datagram) in datagrams.into_iter().enumerate() {
            let lost = number % 11 == 3 && part == 1;
            if !lost {
                script.frames.push((*at, *link, framed(&datagram)));
            }
        }
    }
    script
}

fn dissector(shards: Shards) -> Dissector {
    Dissector::new(&Limits { flows_max: 256, ..Limits::default() }, Seed([1, 2]), shards)
}

/// Facts in the order of the timeline; those of one tick by when the flow began.
fn merged(lanes: Vec<Vec<Observation>>) -> Vec<Observation> {
    let mut all = lanes.concat();
    all.sort_by_key(|seen| (seen.order, seen.order.is_multiple_of(2).then_some(seen.flow)));
    all
}

fn sum(tallies: &[Tally]) -> Tally {
    let mut sum = Tally::default();
    tallies.iter().for_each(|tally| sum.add(tally));
    sum
}

#[test]
fn any_number_of_lanes() {
    let tally = same_over_lanes(&busy());
    assert!(tally.flows_evicted > 0 && tally.flows_one_way > 0, "{tally:?}");
    let tally = same_over_lanes(&mangled());
    assert!(tally.reassembled > 100 && tally.unassembled > 10, "{tally:?}");
    let refused = |why| tally.refused.get(&why).copied().unwrap_or(0);
    assert!(refused(Refused::Fragment) > 100 && refused(Refused::Duplicate) > 100, "{tally:?}");
}

fn same_over_lanes(script: &Script) -> Tally {
    let frames = script.frames();
    let (whole, tally) = script::run(&frames, 64, &mut dissector(Shards::all()));
    assert!(whole.len() > 500, "{tally:?}");
    let whole = merged(vec![whole]);
    for lanes in [1, 2, 3, 5, SHARDS, SHARDS + 1] {
        let runs = (0..lanes)
            .map(|lane| script::run(&frames, 64, &mut dissector(Shards::nth(lane, lanes))));
        let (facts, tallies): (Vec<_>, Vec<_>) = runs.unzip();
        assert_eq!(merged(facts), whole, "{lanes} lanes");
        assert_eq!(sum(&tallies), tally, "{lanes} lanes");
    }
    tally
}

#[test]
fn frames_that_a_dealer_dealt() {
    // A lane that gets its own frames and all fragments only, but every tick, tells the same.
    for script in [busy(), mangled()] {
        dealt(&script);
    }
}

fn dealt(script: &Script) {
    let frames = script.frames();
    let lane = Shards::nth(1, 2);
    let (want, tally) = script::run(&frames, 64, &mut dissector(lane));
    let mut dissector = dissector(lane);
    let mut facts = Vec::new();
    let mut next = 0;
    for frame in &frames {
        if frame.at.secs() >= next {
            let second = model::Timestamp::from_secs(frame.at.secs(), 0);
            dissector.advance(second, frame.order - 1, &mut |fact| facts.push(fact));
            next = frame.at.secs() + 1;
        }
        if shard(frame).is_none_or(|shard| lane.owns(shard)) {
            dissector.push(&[*frame], &mut |fact| facts.push(fact));
        }
    }
    let last = frames.last().map_or(model::Timestamp::ZERO, |frame: &Frame<'_>| frame.at);
    dissector.finish(last, u64::MAX - 1, &mut |fact| facts.push(fact));
    assert_eq!((facts, dissector.tally()), (want, tally));
}

#[test]
fn batches_of_any_size() {
    for script in [busy(), mangled()] {
        let frames = script.frames();
        let want = script::run(&frames, 64, &mut dissector(Shards::all()));
        for batch in [1, 2, 31, 32, 33, 1000] {
            assert_eq!(script::run(&frames, batch, &mut dissector(Shards::all())), want, "{batch}");
        }
    }
}
