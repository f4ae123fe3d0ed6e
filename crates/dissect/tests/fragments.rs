//! IP fragments: what is in them is read in whatever way they come, and what never comes whole is
//! told as far as it goes. What becomes of single octets is in `fragments/tests.rs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test.

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, Observation, Refused, Tally};

mod script;
use script::{Script, address, flow_words, fragment, fragments, framed, udp};

fn run(script: &Script) -> (Vec<Observation>, Tally) {
    let limits = Limits { flows_max: 1024, ..Limits::default() };
    let mut dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
    script::run(&script.frames(), 64, &mut dissector)
}

/// A DNS answer with one question and a text record that makes it long.
fn answer(name: &str) -> Vec<u8> {
    let mut octets = vec![0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    for label in name.split('.') {
        octets.push(label.len() as u8);
        octets.extend(label.bytes());
    }
    octets.extend([0, 0, 16, 0, 1]);
    let text = [&[250][..], &[b'x'; 250]].concat().repeat(6);
    octets.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
    octets.extend((text.len() as u16).to_be_bytes());
    octets.extend(text);
    octets
}

const FOUR: [&str; 2] = ["10.0.0.53:53", "10.0.0.1:40000"];
const SIX: [&str; 2] = ["[fd00::53]:53", "[fd00::1]:40000"];

fn datagram(ends: [&str; 2]) -> Vec<u8> {
    udp(address(ends[0]), address(ends[1]), &answer("relay.example"))
}

/// Names asked for, each with the number of records that came with it, and the ends.
fn names(facts: &[Observation]) -> Vec<String> {
    let name = |seen: &Observation| match &seen.fact {
        Fact::DnsAnswer(answer) => {
            let name = answer.question.as_ref()?.name.as_ref()?;
            Some(format!("{name} {} {}", answer.records.len(), flow_words(seen)))
        }
        _ => None,
    };
    facts.iter().filter_map(name).collect()
}

fn refused(tally: &Tally, why: Refused) -> u64 {
    tally.refused.get(&why).copied().unwrap_or(0)
}

#[test]
fn a_datagram_in_fragments_is_read_like_a_whole_one() {
    for (ends, want) in [
        (FOUR, "relay.example 1 10.0.0.1:40000 > 10.0.0.53:53 guessed"),
        (SIX, "relay.example 1 [fd00::1]:40000 > [fd00::53]:53 guessed"),
    ] {
        for size in [8, 24, 64, 512, 1480] {
            for order in ["as sent", "reversed", "twice each", "from the middle on"] {
                let mut cuts = fragments(&datagram(ends), size, 7);
                let count = cuts.len() as u64;
                match order {
                    "reversed" => cuts.reverse(),
                    "twice each" => {
                        cuts = cuts.into_iter().flat_map(|cut| [cut.clone(), cut]).collect();
                    }
                    "from the middle on" => cuts.rotate_left(count as usize / 2),
                    _ => {}
                }
                let mut script = Script::fast();
                script.play(cuts.iter().map(|cut| framed(cut)));
                let (facts, tally) = run(&script);
                assert_eq!(names(&facts), [want], "{size} {order}");
                let copies = tally.frames - count;
                assert_eq!(
                    (tally.udp, tally.reassembled, tally.unassembled),
                    (1, 1, 0),
                    "{size} {order}"
                );
                assert_eq!(refused(&tally, Refused::Fragment), count - 1, "{size} {order}");
                assert_eq!(refused(&tally, Refused::Duplicate), copies, "{size} {order}");
                assert_eq!((tally.flows, tally.anomalies.len()), (1, 0));
                let packets = facts.iter().find_map(|seen| match &seen.fact {
                    Fact::FlowClose(close) => Some(close.from_server.packets),
                    _ => None,
                });
                assert_eq!(packets, Some(1), "a datagram is one packet");
            }
        }
    }
}

#[test]
fn what_never_comes_whole_is_told_as_far_as_it_goes() {
    for (ends, want) in [
        (FOUR, "relay.example 0 10.0.0.1:40000 > 10.0.0.53:53 guessed"),
        (SIX, "relay.example 0 [fd00::1]:40000 > [fd00::53]:53 guessed"),
    ] {
        let cuts = fragments(&datagram(ends), 512, 7);
        let told = |keep: &[usize], wait: f64| {
            let mut script = Script::of(keep.iter().map(|&at| framed(&cuts[at])));
            // Time passes by what others say.
            let other = udp(address("10.9.9.9:9"), address("10.9.9.8:9"), b"another");
            script.wait(wait).play([framed(&other)]);
            let (facts, tally) = run(&script);
            assert_eq!((tally.reassembled, tally.unassembled), (0, 1));
            assert_eq!(refused(&tally, Refused::Fragment), keep.len() as u64);
            let first = facts.iter().find(|seen| matches!(seen.fact, Fact::DnsAnswer(_)));
            (names(&facts), first.map(|seen| seen.at.secs() - script::BEGIN))
        };
        // At the end of the capture; when 30 s are over.
        assert_eq!(told(&[0], 1.0), (vec![want.to_owned()], Some(1)));
        assert_eq!(told(&[0, 1], 40.0), (vec![want.to_owned()], Some(40)));
        assert_eq!(told(&[1, 0], 31.0), (vec![want.to_owned()], Some(31)));
        // No one knows whose the others are.
        assert_eq!(told(&[1, 2], 1.0), (vec![], None));
    }
}

#[test]
fn ports_that_are_written_over_change_no_flow() {
    for ends in [FOUR, SIX] {
        let whole = datagram(ends);
        let head = &whole[..if ends == FOUR { 20 } else { 40 }];
        let cuts = fragments(&whole, 512, 7);
        let forged = udp(address("10.0.0.53:4444"), address("10.0.0.1:5555"), b"nothing at all");
        let lie = framed(&fragment(head, 0, true, &forged[20..36], 7));
        let mut script = Script::of([framed(&cuts[0]), lie.clone(), framed(&cuts[1]), lie]);
        script.play(cuts[2..].iter().map(|cut| framed(cut)));
        let (facts, tally) = run(&script);
        assert_eq!(names(&facts).len(), 1);
        assert_eq!((tally.flows, tally.reassembled), (1, 1));
        assert_eq!(tally.anomalies.get("ip_fragments_contradict"), Some(&2));
    }
}

#[test]
fn a_flood_of_fragments_is_counted_and_bounded() {
    let mut script = Script::fast();
    let whole = udp(address("10.0.0.1:1"), address("10.0.0.2:2"), &[7; 3000]);
    for id in 0..20_000 {
        let cut = fragment(&whole[..20], usize::from(id % 7) * 1480, true, &whole[20..500], id);
        script.play([framed(&cut)]);
    }
    let (_, tally) = run(&script);
    assert_eq!((tally.frames, tally.reassembled, tally.unassembled), (20_000, 0, 20_000));
    assert_eq!(refused(&tally, Refused::Fragment), 20_000);
}
