//! Every encapsulation and link type: the conversation inside, its VLAN and its tunnel come out,
//! however they are nested; and wherever a frame is cut, it is counted once and nothing is told
//! that is not there.

use dissect::{Dissector, Limits, Seed, Shards, shard};
use model::{Fact, Frame, LinkType, Tally, Timestamp};

mod encapsulations;
mod script;
use encapsulations::{FOUR, NEAR, SIX, all, build};
use script::flow_words;

/// A dissector that reads one frame after the other, long enough apart to know nothing of the last.
struct Stand {
    dissector: Dissector,
    secs: u64,
    before: Tally,
}

impl Stand {
    fn new() -> Stand {
        let limits = Limits { flows_max: 128, ..Limits::default() };
        let dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
        Stand { dissector, secs: script::BEGIN, before: Tally::default() }
    }

    /// The flow, its VLAN and its tunnel; or where the frame was counted.
    fn fate(&mut self, link: LinkType, bytes: &[u8], orig_len: usize) -> String {
        self.secs += 1000;
        let at = Timestamp::from_secs(self.secs, 0);
        let frame = Frame { at, order: self.secs, link, bytes, orig_len: orig_len as u32 };
        let (facts, tally) = script::run(&[frame], 64, &mut self.dissector);
        let before = std::mem::replace(&mut self.before, tally.clone());
        assert_eq!(tally.frames, before.frames + 1);
        for (reason, count) in tally.refused {
            if before.refused.get(&reason).copied().unwrap_or(0) < count {
                return reason.word().to_owned();
            }
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
}

#[test]
fn every_encapsulation_leads_to_its_conversation() {
    let (rows, mut stand) = (all(), Stand::new());
    let wrong: Vec<_> = rows
        .iter()
        .map(|(name, link, frame, want)| (name, stand.fate(*link, frame, frame.len()), want))
        .filter(|(_, got, want)| got != *want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_looks_like_a_tunnel_is_a_datagram() {
    let mut stand = Stand::new();
    let wrong: Vec<_> = NEAR
        .iter()
        .map(|(name, recipe, port)| {
            let want = format!("198.51.100.1:50000 > 198.51.100.2:{port}");
            let frame = build(recipe);
            (name, stand.fate(LinkType::ETHERNET, &frame, frame.len()), want)
        })
        .filter(|(_, got, want)| got != want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wherever_a_frame_is_cut_nothing_is_told_that_is_not_there() {
    let mut stand = Stand::new();
    for (name, link, whole, want) in all() {
        let flow = want.split(" in ").next().unwrap();
        for cut in 0..whole.len() {
            let got = stand.fate(link, &whole[..cut], whole.len());
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
