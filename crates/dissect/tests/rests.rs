//! Flows of which nothing more is wanted: told of, counted elsewhere, and never less than they were.

#![allow(clippy::indexing_slicing, reason = "a test reads frames that it made")]

use std::collections::BTreeMap;

use dissect::{Credit, Dissector, Limits, Rest, Seed, Shards};
use model::{Fact, Flow, Frame, Observation, Side, Volume};

mod script;
use script::{ACK, Script, Tcp};

const PLAIN: &[u8] = b"\x80\x81 of no protocol, so given up";

fn dissector() -> Dissector {
    Dissector::new(&Limits::default(), Seed([1, 2]), Shards::all())
}

/// Bulk of `segments` frames after both sides said something that no one knows, a millisecond apart.
fn bulk(client: &str, server: &str, segments: usize) -> Script {
    let mut tcp = Tcp::new(client, server);
    let mut script = Script::of(tcp.greet());
    script.play([tcp.say(Side::Client, PLAIN), tcp.say(Side::Server, PLAIN)]);
    for number in 0..segments {
        let octets = vec![0; 100 + number % 50];
        script.play([tcp.say(Side::Server, &octets), tcp.segment(Side::Client, ACK, 0, &[])]);
    }
    script.play(tcp.part());
    script
}

/// Who drops the rest of flows before they are seen, and counts it, as a kernel would.
#[derive(Default)]
struct Kernel {
    dropping: BTreeMap<Flow, Credit>,
    dropped: usize,
}

impl Kernel {
    fn hear(&mut self, rest: Rest) {
        match rest {
            Rest::Unwanted(flow) => {
                let none = Volume::default();
                let credit = Credit {
                    flow,
                    from_client: none,
                    from_server: none,
                    last: model::Timestamp::ZERO,
                };
                self.dropping.entry(flow).or_insert(credit);
            }
            Rest::Over(flow) => drop(self.dropping.remove(&flow)),
        }
    }

    /// What was counted is credited, as at each beat.
    fn settle(&mut self, dissector: &mut Dissector) {
        for credit in self.dropping.values_mut().filter(|credit| credit.last.nanos() > 0) {
            assert!(dissector.credit(credit));
            (credit.from_client, credit.from_server) = Default::default();
        }
    }

    /// Whether a frame of the one flow of a script is dropped. The flags' octet and the length
    /// stand where `script::framed` puts them.
    fn takes(&mut self, frame: &Frame<'_>) -> bool {
        let Some(credit) = self.dropping.values_mut().next() else { return false };
        let v6 = frame.bytes[12] == 0x86;
        let (ports, len) = if v6 {
            (54, 40 + u64::from(u16::from_be_bytes([frame.bytes[18], frame.bytes[19]])))
        } else {
            (34, u64::from(u16::from_be_bytes([frame.bytes[16], frame.bytes[17]])))
        };
        if frame.bytes[ports + 13] & 7 != 0 {
            return false;
        }
        let from = u16::from_be_bytes([frame.bytes[ports], frame.bytes[ports + 1]]);
        let volume = match from == credit.flow.client.port {
            true => &mut credit.from_client,
            false => &mut credit.from_server,
        };
        *volume = Volume { packets: volume.packets + 1, bytes: volume.bytes + len };
        credit.last = frame.at;
        self.dropped += 1;
        true
    }
}

fn closes(facts: &[Observation]) -> Vec<String> {
    let closes = facts.iter().filter(|seen| matches!(seen.fact, Fact::FlowClose(_)));
    closes.map(|seen| format!("{:?} {:?}", seen.flow, seen.fact)).collect()
}

#[test]
fn what_is_counted_elsewhere_counts_as_if_it_had_been_seen() {
    for (client, server) in [
        ("10.0.0.1:40000", "10.0.0.2:9999"),
        // The client is the higher end.
        ("10.0.0.9:40000", "10.0.0.2:9999"),
        ("[2001:db8::1]:40000", "[2001:db8::2]:9999"),
    ] {
        let script = bulk(client, server, 500);
        let (seen, _) = script::run(&script.frames(), 64, &mut dissector());

        let (mut dissector, mut kernel, mut relieved) = (dissector(), Kernel::default(), vec![]);
        dissector.tell_rests();
        for frame in script.frames() {
            if !kernel.takes(&frame) {
                kernel.settle(&mut dissector);
                dissector.push(&[frame], &mut |fact| relieved.push(fact));
                dissector.take_rests().for_each(|rest| kernel.hear(rest));
            }
        }
        kernel.settle(&mut dissector);
        let last = script.frames().last().map_or(model::Timestamp::ZERO, |frame| frame.at);
        dissector.finish(last, u64::MAX, &mut |fact| relieved.push(fact));
        assert_eq!(closes(&relieved), closes(&seen), "{client}");
        assert!(kernel.dropped > 900, "{} dropped", kernel.dropped);
        assert_eq!(dissector.take_rests().filter(|rest| matches!(rest, Rest::Over(_))).count(), 1);
    }
}

#[test]
fn a_flow_that_is_counted_elsewhere_is_not_silent() {
    let script = bulk("10.0.0.1:40000", "10.0.0.2:9999", 100);
    let frames = script.frames();
    let (frames, _) = frames.split_at(frames.len() - 3);
    let mut dissector = dissector();
    dissector.tell_rests();
    dissector.push(frames, &mut |_| {});
    let rests: Vec<_> = dissector.take_rests().collect();
    let Some(&Rest::Unwanted(flow)) = rests.first() else { panic!("{rests:?}") };
    let mut closed = 0;
    for minute in 1..30u64 {
        let last = model::Timestamp::from_secs(script::BEGIN + minute * 60, 0);
        let one = Volume { packets: 1, bytes: 5_000_000_000 };
        assert!(dissector.credit(&Credit { flow, from_client: one, from_server: one, last }));
        dissector.advance(last, u64::MAX, &mut |_| closed += 1);
    }
    assert_eq!(closed, 0);
    let mut volumes = vec![];
    let end = model::Timestamp::from_secs(script::BEGIN + 10_000, 0);
    dissector.advance(end, u64::MAX, &mut |seen| {
        if let Fact::FlowClose(close) = seen.fact {
            volumes.push((close.from_client, close.from_server.packets));
        }
    });
    // SYN, ACK, its word and an acknowledgement each of a hundred segments; then 29 of 5 GB.
    let octets = 29 * 5_000_000_000 + 102 * 40 + 40 + PLAIN.len() as u64;
    assert_eq!(volumes, [(Volume { packets: 103 + 29, bytes: octets }, 102 + 29)]);
    let credit =
        Credit { flow, from_client: Volume::default(), from_server: Volume::default(), last: end };
    assert!(!dissector.credit(&credit), "it is over");
}

#[test]
fn nobody_is_told_who_did_not_ask_and_short_flows_are_not_told_of() {
    let script = bulk("10.0.0.1:40000", "10.0.0.2:9999", 200);
    let mut silent = dissector();
    silent.push(&script.frames(), &mut |_| {});
    assert_eq!(silent.take_rests().count(), 0);

    let short = bulk("10.0.0.1:40000", "10.0.0.2:9999", 10);
    let mut asked = dissector();
    asked.tell_rests();
    asked.push(&short.frames(), &mut |_| {});
    assert!(asked.take_rests().all(|rest| matches!(rest, Rest::Over(_))));
}

#[test]
fn an_end_is_told_while_what_was_counted_can_still_be_credited() {
    let script = bulk("10.0.0.1:40000", "10.0.0.2:9999", 200);
    let mut dissector = dissector();
    dissector.tell_rests();
    dissector.push(&script.frames(), &mut |_| {});
    let rests: Vec<_> = dissector.take_rests().collect();
    let (Some(&Rest::Unwanted(flow)), Some(&Rest::Over(ended))) = (rests.first(), rests.last())
    else {
        panic!("{rests:?}")
    };
    assert_eq!(flow, ended);
    let last = script.frames().last().map_or(model::Timestamp::ZERO, |frame| frame.at);
    let one = Volume { packets: 1, bytes: 40 };
    let mut credit = Credit { flow, from_client: one, from_server: one, last };
    assert!(dissector.credit(&credit), "it lingers");
    // What was counted before this connection began was another's on the same ends.
    credit.last = model::Timestamp::from_secs(script::BEGIN - 1, 0);
    assert!(!dissector.credit(&credit));
}

#[test]
fn where_tunnels_may_be_nothing_is_told() {
    let mut dissector = dissector();
    dissector.tell_rests();
    // VXLAN's port, GTP-U's, and none of any tunnel.
    for (port, told) in [(4789, false), (2152, false), (4790, false), (9999, true)] {
        let ends =
            [script::address("10.0.0.1:40000"), script::address(&format!("10.0.0.2:{port}"))];
        let mut script = Script::new();
        for number in 0..200_u32 {
            let octets =
                [b"QQQQ".as_slice(), &number.to_be_bytes(), b"a datagram of none"].concat();
            script.play([
                script::framed(&script::udp(ends[0], ends[1], &octets)),
                script::framed(&script::udp(ends[1], ends[0], &octets)),
            ]);
        }
        dissector.push(&script.frames(), &mut |_| {});
        assert_eq!(dissector.take_rests().count() > 0, told, "{port}");
    }
}
