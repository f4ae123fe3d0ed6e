//! Packets that a span port shows twice: what counts once, and what must not be passed over.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test.

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, Observation, Refused, Side, Tally};

mod script;
use script::{ACK, Script, Tcp, address, framed, udp};

fn run(script: &Script) -> (Vec<Observation>, Tally) {
    let limits = Limits { flows_max: 1024, ..Limits::default() };
    let mut dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
    script::run(&script.frames(), 64, &mut dissector)
}

/// Frames counted as copies when the second comes so many microseconds after the first.
fn copies(first: &[u8], second: &[u8], micros: u64) -> u64 {
    let mut script = Script::fast();
    script.play([first.to_vec()]).wait(micros as f64 / 1e6 - 1e-6).play([second.to_vec()]);
    let (_, tally) = run(&script);
    assert_eq!(tally.frames, 2);
    tally.refused.get(&Refused::Duplicate).copied().unwrap_or(0)
}

fn with(frame: &[u8], change: &[(usize, u8)]) -> Vec<u8> {
    let mut octets = frame.to_vec();
    for (place, octet) in change {
        octets[*place] = *octet;
    }
    octets
}

#[test]
fn the_same_packet_a_moment_later_counts_once() {
    let tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    let four = tcp.segment(Side::Client, ACK, 0, b"some octets");
    let other = Tcp::new("[fd00::1]:40000", "[fd00::2]:9999");
    let six = other.segment(Side::Client, ACK, 0, b"some octets");
    let asked =
        framed(&udp(address("10.0.0.1:5000"), address("10.0.0.9:53"), b"a question of sorts"));
    let (ends, back) = (
        udp(address("10.0.0.1:7"), address("10.0.0.9:7"), b"echo"),
        udp(address("10.0.0.9:7"), address("10.0.0.1:7"), b"echo"),
    );
    let tagged = |frame: &[u8]| [&frame[..12], &[0x81, 0, 0, 7], &frame[12..]].concat();
    let behind = 14 + 20;
    type Case<'a> = (&'a str, &'a [u8], Vec<u8>, u64, u64);
    let table: &[Case<'_>] = &[
        ("the same", &four, four.clone(), 1, 1),
        ("the same, 900 µs later", &four, four.clone(), 900, 1),
        ("the same, 1 ms later", &four, four.clone(), 1000, 0),
        ("another VLAN", &four, tagged(&four), 10, 1),
        ("another TTL", &four, with(&four, &[(22, 63), (24, 9)]), 10, 1),
        ("other MAC addresses", &four, with(&four, &[(3, 9), (9, 9)]), 10, 1),
        ("another identification", &four, with(&four, &[(19, 9)]), 10, 0),
        ("another checksum", &four, with(&four, &[(behind + 17, 9)]), 10, 0),
        ("another sequence number", &four, with(&four, &[(behind + 7, 9)]), 10, 0),
        ("another acknowledgement", &four, with(&four, &[(behind + 11, 9)]), 10, 0),
        ("other flags", &four, with(&four, &[(behind + 13, 0x18)]), 10, 0),
        ("another window", &four, with(&four, &[(behind + 15, 9)]), 10, 0),
        ("another port", &four, with(&four, &[(behind + 1, 9)]), 10, 0),
        ("IPv6", &six, six.clone(), 10, 1),
        ("IPv6, another hop limit", &six, with(&six, &[(21, 63)]), 10, 1),
        ("IPv6, another checksum", &six, with(&six, &[(14 + 40 + 17, 9)]), 10, 0),
        ("UDP", &asked, asked.clone(), 10, 1),
        ("UDP, without checksum, other first octets", &asked, with(&asked, &[(43, 9)]), 10, 0),
        ("UDP, without checksum, other last octets", &asked, with(&asked, &[(60, 9)]), 10, 0),
        ("the other way", &framed(&ends), framed(&back), 10, 0),
    ];
    for (name, first, second, micros, want) in table {
        assert_eq!(copies(first, second, *micros), *want, "{name}");
    }
}

#[test]
fn a_connection_that_is_mirrored_twice_reads_as_once() {
    let play = |script: &mut Script, times: usize| {
        let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:80");
        let mut frames = tcp.greet();
        frames.push(tcp.say(Side::Client, b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        frames.push(tcp.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMZ.."));
        frames.extend(tcp.part());
        let question = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01";
        frames.push(framed(&udp(address("10.0.0.1:5000"), address("10.0.0.9:53"), question)));
        for frame in frames {
            for copy in 0..times {
                let frame = with(&frame, &[(22, 64 - copy as u8)]);
                script.wait(if copy == 0 { 0.01 } else { 0.00002 }).play([frame]);
            }
        }
    };
    let told = |times| {
        let mut script = Script::fast();
        play(&mut script, times);
        let (facts, tally) = run(&script);
        let words = script::all_words(&facts);
        // Moments differ a little.
        let words: Vec<_> = words.into_iter().filter(|words| !words.starts_with("Dns")).collect();
        let asked = facts.iter().filter(|seen| matches!(seen.fact, Fact::DnsQuery(_))).count();
        (words, asked, tally.tcp, tally.udp, tally.gaps, tally.overlaps)
    };
    assert_eq!(told(2), told(1));
    assert_eq!(told(3), told(1));
    assert_eq!(told(1).1, 1);
}

#[test]
fn a_forged_twin_hides_no_name() {
    // Same flow, length, identification and no checksum; only the name within differs.
    let question = |name: &[u8; 60]| {
        let name = [&[60][..], name, &[7], b"example", &[0]].concat();
        [&b"\0\x07\x01\0\0\x01\0\0\0\0\0\0"[..], &name, &[0, 1, 0, 1]].concat()
    };
    let (mut decoy, mut real) = ([b'a'; 60], [b'a'; 60]);
    (decoy[59], real[59]) = (b'd', b'r');
    let (from, to) = (address("10.0.0.1:5000"), address("10.0.0.9:53"));
    let mut script = Script::fast();
    script.play([decoy, real, decoy, real].map(|name| framed(&udp(from, to, &question(&name)))));
    let (facts, _) = run(&script);
    let ends = facts.iter().filter_map(|seen| match &seen.fact {
        Fact::DnsQuery(query) => Some(query.question.name.as_ref()?.as_str().as_bytes()[59]),
        _ => None,
    });
    let ends: Vec<u8> = ends.collect();
    assert!(ends.contains(&b'r') && ends.contains(&b'd'), "{ends:?}");
}
