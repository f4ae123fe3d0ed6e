//! Every encapsulation and link type: the conversation inside, its VLAN and its tunnel come out,
//! however they are nested; and wherever a frame is cut, it is counted once and nothing is told
//! that is not there.

use dissect::{Dissector, Limits, Seed, Shards, shard};
use model::{Fact, Frame, LinkType, Timestamp};

mod encapsulations;
mod script;
use encapsulations::{FOUR, NEAR, SIX, all, build};
use script::flow_words;

/// The flow, its VLAN and its tunnel; or where the frame was counted.
fn fate_of_cut(link: LinkType, bytes: &[u8], orig_len: usize) -> String {
    let limits = Limits { flows_max: 128, ..Limits::default() };
    let mut dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
    let at = Timestamp::from_secs(script::BEGIN, 0);
    let frame = Frame { at, order: 1, link, bytes, orig_len: orig_len as u32 };
    let (facts, tally) = script::run(&[frame], 64, &mut dissector);
    assert_eq!((tally.frames, tally.bytes), (1, orig_len as u64));
    if let Some((reason, count)) = tally.refused.first_key_value() {
        assert_eq!((*count, tally.refused.len()), (1, 1));
        return reason.word().to_owned();
    }
    for seen in &facts {
        if let Fact::FlowClose(_) = &seen.fact {
            let flow = flow_words(seen);
            return match &seen.ingress {
                Some(tunnel) => format!("{flow} in {tunnel}"),
                None => flow,
            };
        }
    }
    panic!("{facts:?}");
}

fn fate(link: LinkType, bytes: &[u8]) -> String {
    fate_of_cut(link, bytes, bytes.len())
}

#[test]
fn every_encapsulation_leads_to_its_conversation() {
    let rows = all();
    let wrong: Vec<_> = rows
        .iter()
        .map(|(name, link, frame, want)| (name, fate(*link, frame), want))
        .filter(|(_, got, want)| got != *want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_looks_like_a_tunnel_is_a_datagram() {
    let wrong: Vec<_> = NEAR
        .iter()
        .map(|(name, recipe, port)| {
            let want = format!("198.51.100.1:50000 > 198.51.100.2:{port}");
            (name, fate(LinkType::ETHERNET, &build(recipe)), want)
        })
        .filter(|(_, got, want)| got != want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wherever_a_frame_is_cut_nothing_is_told_that_is_not_there() {
    for (name, link, whole, want) in all() {
        let flow = want.split(" in ").next().unwrap();
        for cut in 0..whole.len() {
            let got = fate_of_cut(link, &whole[..cut], whole.len());
            let told = got.split(" in ").next().unwrap();
            // A reason; the conversation; or the datagram that carries it.
            let fine = !told.contains(" > ")
                || told == flow
                || told.starts_with("198.51.100.1:")
                || told.starts_with("198.51.100.2:");
            assert!(fine, "{name}, {cut} of {}: {got}", whole.len());
        }
    }
}

#[test]
fn a_dealer_finds_the_shard_of_the_conversation_inside() {
    let shard_of = |link, bytes: &[u8]| {
        shard(&Frame { at: Timestamp::ZERO, order: 1, link, bytes, orig_len: bytes.len() as u32 })
    };
    let shards = ["four", "six"].map(|recipe| shard_of(LinkType::RAW, &build(recipe)));
    for (name, link, frame, want) in all() {
        for (flow, shard) in [FOUR, SIX].into_iter().zip(&shards) {
            assert!(!want.starts_with(flow) || shard_of(link, &frame) == *shard, "{name}");
        }
    }
}
