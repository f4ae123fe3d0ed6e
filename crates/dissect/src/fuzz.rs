//! Fuzz bodies: each takes any octets and asserts something.

use model::{Fact, Frame, LinkType, Observation, Timestamp};

use crate::dissector::{Dissector, Seed};
use crate::layers;
use crate::limits::Limits;
use crate::protocols::FUZZ;
use crate::shard::{Shards, shard};

/// A fuzz body and its name.
pub type Body = (&'static str, fn(&[u8]));

/// The fuzz bodies of the protocol readers.
#[must_use]
pub fn protocols() -> &'static [Body] {
    FUZZ
}

/// Datagrams cut into fragments as the octets say: see `fragments`.
///
/// # Panics
/// When what comes out is not what was cut.
pub fn fragments(octets: &[u8]) {
    crate::fragments::fuzz(octets);
}

/// Link types that the first octet of a frame chooses from.
const LINKS: [LinkType; 12] = [
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::RAW_BSD,
    LinkType::RAW_OPENBSD,
    LinkType(147),
    LinkType(u16::MAX),
];

/// Bounds so tight that a few frames reach them.
fn tight() -> Limits {
    Limits {
        flows_max: 128,
        openings_bytes_max: 16 * 4096,
        opening_len_max: 512,
        holes_max: 2,
        fragmented_max: 3,
        fragments_bytes_max: 4096,
        ..Limits::default()
    }
}

/// Read octets as a list of frames: link type, seconds since the frame before, octets cut off, two
/// octets of length, and the frame. What such a list begins with is then sensible to mutate.
fn cut_up(mut octets: &[u8]) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    let mut secs = 1_700_000_000_u64;
    while let Some((&[link, wait, cut, high, low], rest)) = octets.split_first_chunk::<5>() {
        let len = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (bytes, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        secs = match wait {
            0..250 => secs.saturating_add(u64::from(wait)),
            250..253 => secs.saturating_sub(1000),
            253.. => secs.saturating_add(1 << 33),
        };
        let link = LINKS.get(usize::from(link) % LINKS.len()).copied().unwrap_or(LinkType::RAW);
        let orig_len = u32::try_from(len).unwrap_or(0).saturating_add(u32::from(cut));
        let order = frames.len() as u64 * 2 + 1;
        frames.push(Frame { at: Timestamp::from_secs(secs, 0), order, link, bytes, orig_len });
        octets = behind;
    }
    frames
}

/// The inverse of what [`frames`] reads: a sample to mutate.
#[must_use]
pub fn sample(frames: &[(LinkType, &[u8])]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (link, bytes) in frames {
        let place = LINKS.iter().position(|other| other == link).unwrap_or(0);
        let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        octets.extend([u8::try_from(place).unwrap_or(0), 1, 0]);
        octets.extend(len.to_be_bytes());
        octets.extend(*bytes);
    }
    octets
}

/// Dissect octets as frames, in batches of `batch`, with ticks of time between.
fn facts_of(frames: &[Frame<'_>], batch: usize, shards: Shards) -> (Vec<Observation>, bool, u64) {
    let mut dissector = Dissector::new(&tight(), Seed([1, 2]), shards);
    let mut facts = Vec::new();
    let mut last = Timestamp::ZERO;
    let seconds = frames.chunk_by(|one, other| one.at == other.at);
    for second in seconds {
        if let Some(first) = second.first() {
            last = first.at;
            dissector.advance(last, first.order.saturating_sub(1), &mut |fact| facts.push(fact));
        }
        for frames in second.chunks(batch) {
            dissector.push(frames, &mut |fact| facts.push(fact));
        }
    }
    dissector.finish(last, u64::MAX - 1, &mut |fact| facts.push(fact));
    let tally = dissector.tally();
    assert!(tally.closes(), "{tally:?}");
    (facts, tally.flows_evicted > 0, tally.flows)
}

/// Any octets as frames: each is counted once, every flow that opens closes, and neither the size
/// of the batches nor the number of lanes changes a fact.
///
/// # Panics
/// When that is not so.
pub fn frames(octets: &[u8]) {
    let frames = cut_up(octets);
    for frame in &frames {
        if let Ok(packet) = layers::peel(frame, &mut None) {
            assert_eq!(Some(packet.shard()), shard(frame), "one shard for readers and dealers");
            assert!(packet.payload.len() <= packet.payload_len as usize, "{packet:?}");
            assert!(packet.payload_len < packet.ip_len.max(1), "{packet:?}");
        }
    }
    let (facts, _, flows) = facts_of(&frames, 64, Shards::all());
    let count = |what: fn(&Fact) -> bool| facts.iter().filter(|seen| what(&seen.fact)).count();
    let opened = count(|fact| matches!(fact, Fact::FlowOpen));
    let closed = count(|fact| matches!(fact, Fact::FlowClose(close) if !close.one_way()));
    assert_eq!(opened, closed, "what opened was closed");
    assert!(opened as u64 <= flows);
    assert_eq!(facts, facts_of(&frames, 1, Shards::all()).0, "batches of one");
    let lanes = [0, 1].map(|lane| facts_of(&frames, 64, Shards::nth(lane, 2)).0);
    let mut merged = lanes.concat();
    let mut whole = facts;
    // The facts of one frame keep their order; those of a tick are told apart by the flow.
    let key = |seen: &Observation| (seen.order, seen.order.is_multiple_of(2).then_some(seen.flow));
    merged.sort_by_key(key);
    whole.sort_by_key(key);
    assert_eq!(whole, merged, "two lanes");
}
