//! Flows: who their client is, when they open and close and why, and what happens when there are
//! too many. Payloads here are of no protocol.

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, Side};

mod script;
use script::{ACK, FIN, RST, SYN, Script, Tcp, address, all_words, flow_words, framed, udp};

fn dissector(flows_max: usize) -> Dissector {
    let limits = Limits { flows_max, ..Limits::default() };
    Dissector::new(&limits, Seed([1, 2]), Shards::all())
}

fn told(script: &Script) -> Vec<String> {
    all_words(&script::run(&script.frames(), 64, &mut dissector(1024)).0)
}

const PLAIN: &[u8] = b"nothing that anyone knows";

fn tcp() -> Tcp {
    Tcp::new("10.0.0.1:40000", "10.0.0.2:9999")
}

#[test]
fn a_connection_opens_speaks_and_closes() {
    let mut tcp = tcp();
    let mut script = Script::of(tcp.greet());
    script.play([tcp.say(Side::Client, PLAIN), tcp.say(Side::Server, b"another thing entirely")]);
    script.play(tcp.part());
    assert_eq!(
        told(&script),
        [
            "open",
            "opening client 25 nothing that anyone knows",
            "opening server 22 another thing entirely",
            "close Fin 5/3"
        ]
    );
}

#[test]
fn what_ends_a_flow() {
    type Play = fn(&mut Tcp, &mut Script);
    let table: &[(&str, Play, &[&str])] = &[
        (
            "RST",
            |tcp, script| {
                script.play([tcp.flags(Side::Server, RST)]);
            },
            &["close Reset 2/2"],
        ),
        (
            "one FIN",
            |tcp, script| {
                script.play([tcp.flags(Side::Client, FIN | ACK)]);
            },
            &["close End 3/1"],
        ),
        (
            "both FINs, then RST",
            |tcp, script| {
                script.play(tcp.part()).play([tcp.flags(Side::Client, RST)]);
            },
            &["close Fin 5/2"],
        ),
        (
            "silence after both FINs",
            |tcp, script| {
                script.play(tcp.part()).wait(4.0).play([tcp.flags(Side::Client, ACK)]);
                script.wait(20.0).play([udp_frame("10.9.9.9:1", "10.9.9.8:1")]);
            },
            &["close Fin 5/2"],
        ),
        (
            "five minutes",
            |tcp, script| {
                script.wait(299.0).play([tcp.flags(Side::Client, ACK)]);
                script.wait(302.0).play([tcp.flags(Side::Client, ACK)]);
            },
            &["close Timeout 3/1"],
        ),
        (
            "a new SYN after the end",
            |tcp, script| {
                script.play(tcp.part());
                tcp.next = [70_000, 90_000];
                script.play(tcp.greet());
            },
            &["close Fin 4/2", "open", "close End 2/1"],
        ),
        (
            "a new SYN without an end",
            |tcp, script| {
                tcp.next = [70_000, 90_000];
                script.play(tcp.greet());
            },
            &["close Timeout 2/1", "open", "close End 2/1"],
        ),
        (
            "the same SYN again",
            |tcp, script| {
                let again = tcp.segment(Side::Client, SYN, -1, &[]);
                script.play([again]);
            },
            &["close End 3/1"],
        ),
    ];
    for (name, play, want) in table {
        let mut tcp = tcp();
        let mut script = Script::of(tcp.greet());
        play(&mut tcp, &mut script);
        let got = told(&script);
        assert_eq!(got[0], "open", "{name}");
        // Another shard's flow of one packet only moves time.
        let got: Vec<_> = got[1..].iter().filter(|words| !words.ends_with("/0")).collect();
        assert_eq!(got, *want, "{name}");
    }
}

fn udp_frame(from: &str, to: &str) -> Vec<u8> {
    framed(&udp(address(from), address(to), &[]))
}

#[test]
fn the_second_side_opens_a_flow_and_silence_closes_it() {
    let (one, other) = ("10.0.0.1:40000", "10.0.0.2:9999");
    let mut script = Script::of([udp_frame(one, other), udp_frame(one, other)]);
    script.play([udp_frame(other, one)]).wait(59.0).play([udp_frame(one, other)]);
    script.wait(62.0).play([udp_frame(other, one), udp_frame(one, other)]);
    let want = ["open", "close Timeout 3/1", "open", "close End 1/1"];
    assert_eq!(told(&script), want);
}

#[test]
fn roles() {
    let table: &[(&str, Vec<Vec<u8>>, &str)] = &[
        ("SYN", vec![tcp().segment(Side::Client, SYN, 0, &[])], "10.0.0.1:40000 > 10.0.0.2:9999"),
        (
            "SYN and ACK",
            vec![tcp().segment(Side::Server, SYN | ACK, 0, &[])],
            "10.0.0.1:40000 > 10.0.0.2:9999",
        ),
        (
            "mid-stream, to a system port",
            vec![Tcp::new("10.0.0.1:3000", "10.0.0.2:443").segment(Side::Client, ACK, 0, PLAIN)],
            "10.0.0.1:3000 > 10.0.0.2:443 guessed",
        ),
        (
            "mid-stream, from a system port",
            vec![Tcp::new("10.0.0.1:3000", "10.0.0.2:443").segment(Side::Server, ACK, 0, PLAIN)],
            "10.0.0.1:3000 > 10.0.0.2:443 guessed",
        ),
        (
            "mid-stream, to an ephemeral port",
            vec![tcp().segment(Side::Server, ACK, 0, PLAIN)],
            "10.0.0.1:40000 > 10.0.0.2:9999 guessed",
        ),
        (
            "mid-stream, nothing to tell by",
            vec![Tcp::new("10.0.0.1:3000", "10.0.0.2:3001").segment(Side::Server, ACK, 0, PLAIN)],
            "10.0.0.2:3001 > 10.0.0.1:3000 guessed",
        ),
        ("UDP", vec![udp_frame("10.0.0.2:9999", "10.0.0.1:8888")], "10.0.0.2:9999 > 10.0.0.1:8888"),
        (
            "UDP, both system",
            vec![udp_frame("10.0.0.2:123", "10.0.0.1:123")],
            "10.0.0.2:123 > 10.0.0.1:123",
        ),
        (
            "UDP, an answer",
            vec![udp_frame("10.0.0.2:53", "10.0.0.1:40000")],
            "10.0.0.1:40000 > 10.0.0.2:53 guessed",
        ),
        (
            "UDP, to a group",
            vec![udp_frame("10.0.0.2:500", "239.255.255.250:1900")],
            "10.0.0.2:500 > 239.255.255.250:1900",
        ),
        (
            "UDP, to a group of IPv6",
            vec![udp_frame("[fe80::1]:500", "[ff02::1]:1900")],
            "[fe80::1]:500 > [ff02::1]:1900",
        ),
    ];
    for (name, frames, want) in table {
        let script = Script::of(frames.clone());
        let (facts, _) = script::run(&script.frames(), 64, &mut dissector(1024));
        assert!(!facts.is_empty(), "{name}");
        for seen in facts {
            assert_eq!(flow_words(&seen), *want, "{name}");
        }
    }
}

#[test]
fn a_vlan_tag_does_not_part_the_two_ways_of_a_flow() {
    let mut tcp = tcp();
    let tagged = |mut frame: Vec<u8>, vlan: u8| {
        frame.splice(12..12, [0x81, 0, 0, vlan]);
        frame
    };
    let [syn, answer, ack] = <[_; 3]>::try_from(tcp.greet()).unwrap();
    let script = Script::of([tagged(syn, 5), tagged(answer, 6), ack]);
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(1024));
    assert_eq!((all_words(&facts), tally.flows), (vec!["open".into(), "close End 2/1".into()], 1));
    assert_eq!(flow_words(&facts[0]), "10.0.0.1:40000 > 10.0.0.2:9999 vlan 5");
}

#[test]
fn volumes_are_those_of_the_wire() {
    let mut tcp = tcp();
    let script = Script::of([tcp.say(Side::Client, PLAIN), tcp.flags(Side::Server, ACK)]);
    let (facts, _) = script::run(&script.frames(), 64, &mut dissector(1024));
    let close = facts.iter().find_map(|seen| match &seen.fact {
        Fact::FlowClose(close) => Some(close),
        _ => None,
    });
    let close = close.unwrap();
    assert_eq!((close.from_client.bytes, close.from_server.bytes), (65, 40), "padding left out");
    assert_eq!(close.last.since(close.opened).as_millis(), 1);
}

#[test]
fn floods_cost_rows_and_no_facts_once_a_conversation_was_heard() {
    let flood = |script: &mut Script| {
        for port in 1..=500 {
            let tcp = Tcp::new(&format!("10.0.0.1:{port}"), "10.0.0.2:9999");
            script.play([tcp.segment(Side::Client, SYN, 0, &[])]);
        }
    };
    // Nothing but one way: each is told, be it for want of room or at the end.
    let mut script = Script::new();
    flood(&mut script);
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(1024));
    assert_eq!((facts.len(), tally.flows, tally.flows_one_way), (500, 500, 500));
    // The pair of addresses has one shard, so all of it shares 1024 / 16 places.
    assert_eq!(tally.flows_evicted, 500 - 64);
    // A conversation before them stays, however long it was silent.
    let mut script = Script::of(tcp().greet());
    flood(&mut script);
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(1024));
    assert_eq!(all_words(&facts), ["open", "close End 2/1"]);
    assert_eq!((tally.flows, tally.flows_one_way), (501, 500));
}

#[test]
fn the_longest_silent_makes_room() {
    // One set of eight places; nine flows of one pair of addresses, the first of which goes on.
    let frame = |port: u16, back: bool| {
        let (one, other) = (address(&format!("10.0.0.1:{port}")), address("10.0.0.2:9999"));
        let (from, to) = if back { (other, one) } else { (one, other) };
        framed(&udp(from, to, &[]))
    };
    let mut script = Script::new();
    for port in 2001..=2008 {
        script.play([frame(port, false), frame(port, true)]);
    }
    script.play([frame(2001, false), frame(2009, false), frame(2009, true)]);
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(1));
    let evicted: Vec<_> = facts
        .iter()
        .filter(|seen| script::words(seen).starts_with("close Evicted"))
        .map(|seen| seen.flow.client.port)
        .collect();
    assert_eq!((evicted, tally.flows_evicted), (vec![2002], 1));
}

#[test]
fn time_that_leaps_breaks_nothing() {
    let mut script = Script::new();
    for wait in [0.0, 4.0, -3600.0, 100.0, 1e9, -1e9, 61.0, 1e7, -5.0, 3.0] {
        let mut tcp = tcp();
        script.wait(wait).play(tcp.greet()).play([tcp.say(Side::Client, PLAIN)]).play(tcp.part());
    }
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(1024));
    let closes = facts.iter().filter(|seen| matches!(seen.fact, Fact::FlowClose(_))).count();
    assert_eq!(closes as u64, tally.flows);
    for seen in &facts {
        if let Fact::FlowClose(close) = &seen.fact {
            assert!(close.last >= close.opened);
        }
    }
}
