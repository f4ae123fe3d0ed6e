//! What strangers do so that a name is not read: floods, torn and disguised beginnings.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test.

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, Observation, Side, Tally};

mod script;
use script::{ACK, RST, SYN, Script, Tcp, address, framed, udp};

fn run(script: &Script, limits: &Limits) -> (Vec<Observation>, Tally) {
    let mut dissector = Dissector::new(limits, Seed([1, 2]), Shards::all());
    script::run(&script.frames(), 64, &mut dissector)
}

/// The names of hellos, and the hosts and paths of requests.
fn names(facts: &[Observation]) -> Vec<String> {
    let name = |seen: &Observation| match &seen.fact {
        Fact::TlsHello(hello) => Some(hello.server_name.as_ref()?.to_string()),
        Fact::HttpRequest(request) => Some(format!("{}{}", request.host.as_ref()?, request.path)),
        _ => None,
    };
    facts.iter().filter_map(name).collect()
}

fn behind(len: usize, octets: &[u8]) -> Vec<u8> {
    [&octets.len().to_be_bytes()[8 - len..], octets].concat()
}

/// A ClientHello of about 1,700 octets that asks for `name`, in a record.
fn hello(name: &str) -> Vec<u8> {
    let extension = |kind: u16, value: &[u8]| [&kind.to_be_bytes(), &behind(2, value)[..]].concat();
    let name = behind(2, &[&[0], &behind(2, name.as_bytes())[..]].concat());
    let extensions = [extension(51, &[9; 1600]), extension(0, &name)].concat();
    let lists = [behind(1, &[7; 32]), behind(2, &[0x13, 1]), behind(1, &[0])].concat();
    let body = [&[3, 3], &[0x5a; 32][..], &lists, &behind(2, &extensions)].concat();
    let message = [&[1], &behind(3, &body)[..]].concat();
    [&[22, 3, 1], &behind(2, &message)[..]].concat()
}

fn tcp() -> Tcp {
    Tcp::new("10.0.0.1:40000", "10.0.0.2:9999")
}

/// What is read when the client sends these octets after a handshake.
fn read(segments: impl IntoIterator<Item = Vec<u8>>) -> Vec<String> {
    let mut tcp = tcp();
    let mut script = Script::of(tcp.greet());
    for octets in segments {
        script.play([tcp.say(Side::Client, &octets)]);
    }
    names(&run(&script, &Limits { flows_max: 1024, ..Limits::default() }).0)
}

#[test]
fn hellos_in_disguise() {
    let sound = hello("relay.example");
    let with = |change: fn(&mut Vec<u8>)| {
        let mut octets = sound.clone();
        change(&mut octets);
        octets
    };
    let table: &[(&str, Vec<u8>)] = &[
        ("a record's version that no one knows", with(|octets| octets[2] = 0x7f)),
        ("an empty record before", with(|octets| drop(octets.splice(0..0, [22, 3, 1, 0, 0])))),
        ("many empty records before", { [[22, 3, 1, 0, 0].repeat(30), sound.clone()].concat() }),
        ("an octet a record", {
            sound[5..].iter().flat_map(|octet| [22, 3, 1, 0, 1, *octet]).collect()
        }),
    ];
    for (what, octets) in table {
        for size in [1, 7, 1000, octets.len()] {
            let segments = octets.chunks(size).map(<[u8]>::to_vec);
            assert_eq!(read(segments), ["relay.example"], "{what}, segments of {size}");
        }
    }
}

#[test]
fn a_long_request_an_octet_at_a_time() {
    let path = format!("/{}", "x".repeat(400));
    let request = format!("GET {path} HTTP/1.1\r\nHost: relay.example\r\n\r\n");
    let segments = request.bytes().map(|octet| vec![octet]);
    assert_eq!(read(segments), [format!("relay.example{path}")]);
}

#[test]
fn a_syn_or_a_rst_that_the_server_never_sees_tears_nothing() {
    let octets = hello("relay.example");
    let (one, other) = octets.split_at(900);
    for (what, flags) in [("SYN", SYN), ("RST", RST), ("RST, ACK", RST | ACK)] {
        for ahead in [0, 5, 1_000_000_000, -1_000_000_000] {
            let mut tcp = tcp();
            let mut script = Script::of(tcp.greet());
            let stray = tcp.segment(Side::Client, flags, ahead, &[]);
            script.play([stray.clone(), tcp.say(Side::Client, one), stray]);
            script.play([tcp.say(Side::Client, other)]);
            let (facts, _) = run(&script, &Limits { flows_max: 1024, ..Limits::default() });
            assert_eq!(names(&facts), ["relay.example"], "{what} {ahead} ahead");
        }
    }
}

#[test]
fn one_way_captures_know_from_the_syn_where_a_stream_begins() {
    let octets = hello("relay.example");
    let (one, other) = octets.split_at(900);
    for syn in [SYN, SYN | ACK] {
        let tcp = tcp();
        let late = [
            tcp.segment(Side::Client, syn, -1, &[]),
            tcp.segment(Side::Client, ACK, 900, other),
            tcp.segment(Side::Client, ACK, 0, one),
        ];
        let (facts, _) = run(&Script::of(late), &Limits { flows_max: 1024, ..Limits::default() });
        assert_eq!(names(&facts), ["relay.example"], "flags {syn}");
        let closes = facts.iter().filter_map(|seen| match &seen.fact {
            Fact::FlowClose(close) => {
                Some(close.from_client.packets.max(close.from_server.packets))
            }
            _ => None,
        });
        assert_eq!(closes.collect::<Vec<_>>(), [3]);
        // A SYN that has nothing to do with what follows hides nothing.
        for ahead in [1 << 20, 1 << 30, -5000, -(1 << 30)] {
            let other_syn = [
                tcp.segment(Side::Client, syn, ahead, &[]),
                tcp.segment(Side::Client, ACK, 0, one),
                tcp.segment(Side::Client, ACK, 900, other),
            ];
            let limits = Limits { flows_max: 1024, ..Limits::default() };
            let (facts, _) = run(&Script::of(other_syn), &limits);
            if ahead == -5000 {
                continue; // Within reach of a late first flight: the gap is waited for.
            }
            assert_eq!(names(&facts), ["relay.example"], "flags {syn}, {ahead} ahead");
        }
    }
}

/// `count` frames of ends that no one hears of again, the `number`th by `frame`.
fn flood(script: &mut Script, from: u32, count: u32, flags: u8, payload: &[u8]) {
    for number in from..from + count {
        let [a, b, c, d] = number.wrapping_mul(0x9e37_79b1).to_be_bytes();
        let ends = (format!("{}.{b}.{c}.{d}:{}", a | 1, 1024 + number % 60_000), "10.0.0.2:443");
        let tcp = Tcp::new(&ends.0, ends.1);
        script.play([tcp.segment(Side::Client, flags, 0, payload)]);
    }
}

/// Real connections in the midst of a flood whose hello comes in two halves: which are read.
fn heard_amid(flags: u8, payload: &[u8], limits: &Limits) -> (usize, Tally) {
    let mut script = Script::fast();
    let mut from = 0;
    let mut more = |script: &mut Script, count| {
        flood(script, from, count, flags, payload);
        from += count;
    };
    more(&mut script, 40_000);
    for number in 0..20 {
        let mut tcp = Tcp::new(&format!("10.0.1.{number}:40000"), "10.0.0.2:443");
        let [syn, answer, ack] = <[_; 3]>::try_from(tcp.greet()).unwrap();
        let octets = hello("relay.example");
        let (one, other) = octets.split_at(900);
        for frame in [syn, answer, ack, tcp.say(Side::Client, one), tcp.say(Side::Client, other)] {
            script.play([frame]);
            more(&mut script, 400);
        }
    }
    let (facts, tally) = run(&script, limits);
    (names(&facts).len(), tally)
}

#[test]
fn floods_do_not_blind() {
    let limits = Limits { openings_bytes_max: 8 << 20, flows_max: 1 << 15, ..Limits::default() };
    let (heard, tally) = heard_amid(SYN, &[], &limits);
    assert!(tally.flows_evicted > 10_000, "{tally:?}");
    assert_eq!(heard, 20, "a flood of SYNs: {tally:?}");
    let (heard, tally) = heard_amid(ACK, b"G", &limits);
    assert!(tally.openings_over_budget > 10_000, "{tally:?}");
    assert_eq!(heard, 20, "a flood of beginnings: {tally:?}");
}

#[test]
fn noise_is_no_dns() {
    // xorshift64*
    let mut state = 88_172_645_463_325_252_u64;
    let mut roll = move |sides: u64| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % sides
    };
    let rounds = option_env!("NOISE_ROUNDS").and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let mut dissector = Dissector::new(
        &Limits { flows_max: 1024, ..Limits::default() },
        Seed([1, 2]),
        Shards::all(),
    );
    let mut false_facts = 0u64;
    for number in 0..rounds {
        let len = [12, 17, 20, 28, 40, 64, 100][roll(7) as usize] + roll(8) as usize;
        // Octets of few values, as counters, padding and small numbers are.
        let kinds = [256, 4, 2, 32, 128][roll(5) as usize];
        let mut octets: Vec<u8> = (0..len).map(|_| roll(kinds) as u8).collect();
        match roll(5) {
            // What real-time media (RFC 3550) and STUN-like headers begin with.
            0 => octets[0] = 0x80,
            1 => octets[..4].copy_from_slice(&[0, 1, 0, 0]),
            // The header of a question, and noise behind.
            2 => octets[2..12].copy_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
            3 => octets[2..12].fill(0),
            _ => {}
        }
        let (from, to) = (format!("10.0.0.1:{}", 1024 + number % 60_000), "10.0.0.2:9999");
        let bytes = framed(&udp(address(&from), address(to), &octets));
        let frame = model::Frame {
            at: model::Timestamp::from_secs(script::BEGIN + number / 1000, 0),
            order: number * 2 + 1,
            link: model::LinkType::ETHERNET,
            bytes: &bytes,
            orig_len: bytes.len() as u32,
        };
        dissector.push(&[frame], &mut |seen| {
            if matches!(seen.fact, Fact::DnsQuery(_) | Fact::DnsAnswer(_)) {
                false_facts += 1;
            }
        });
    }
    println!("{false_facts} of {rounds}");
    assert!(false_facts * 100_000 <= rounds, "{false_facts} of {rounds}");
}
