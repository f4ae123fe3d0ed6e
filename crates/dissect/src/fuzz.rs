//! Fuzz bodies: each takes any octets and asserts something.

use std::collections::BTreeMap;

use model::{Fact, Frame, LinkType, Observation, Timestamp, Tunnel};

use crate::dissector::{Dissector, Seed};
use crate::hints;
use crate::layers;
use crate::limits::{DEPTH_MAX, Limits};
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

/// Link types by the first octet of a frame: its number, but for 20 to 49, which no one uses, those
/// from 256 on.
fn link_of(octet: u8) -> LinkType {
    match u16::from(octet) {
        number @ 20..50 => LinkType(number + 236),
        number => LinkType(number),
    }
}

/// The octet for a link type; that of Ethernet where there is none.
fn octet_of(link: LinkType) -> u8 {
    (0..=u8::MAX).find(|octet| link_of(*octet) == link).unwrap_or(1)
}

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
        let link = link_of(link);
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
        let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        octets.extend([octet_of(*link), 1, 0]);
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

/// What is peeled off a frame, alone.
fn layers(frame: &Frame<'_>) {
    let mut tunnel = None;
    let peeled = layers::peel(frame, &mut tunnel);
    if let Some(usual) = layers::usual(frame) {
        let both = (Ok::<_, layers::Stop<'_>>(usual), &peeled);
        assert_eq!(
            format!("{:?}", both.0),
            format!("{:?}", both.1),
            "the short way is the long one"
        );
        assert_eq!(tunnel, None);
    }
    if let Ok(packet) = &peeled {
        assert_eq!(Some(packet.shard()), shard(frame), "one shard for readers and dealers");
        assert!(packet.payload.len() <= packet.payload_len as usize, "{packet:?}");
        assert!(packet.payload_len < packet.ip_len.max(1), "{packet:?}");
        assert!(
            frame.bytes.as_ptr_range().contains(&packet.payload.as_ptr())
                || packet.payload.is_empty()
        );
        if let Some(tunnel) = tunnel {
            assert_eq!(tunnel.source.is_ipv4(), tunnel.destination.is_ipv4(), "{tunnel:?}");
            // What is outside of it stays the outermost one.
            let mut outer = Some(Tunnel { id: Some(7), ..tunnel });
            assert!(layers::peel(frame, &mut outer).is_ok());
            assert_eq!(outer, Some(Tunnel { id: Some(7), ..tunnel }));
        }
    }
    if let Err(layers::Stop::Fragment(piece)) = &peeled {
        assert!(piece.payload.len() <= piece.payload_len as usize, "{piece:?}");
        assert!(piece.depth <= DEPTH_MAX + 1 && piece.offset < 1 << 16, "{piece:?}");
    }
}

/// Any octets as frames: each is counted once, every flow that opens closes, and neither the size
/// of the batches nor the number of lanes changes a fact.
///
/// # Panics
/// When that is not so.
pub fn frames(octets: &[u8]) {
    let frames = cut_up(octets);
    frames.iter().for_each(layers);
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

/// Any octets as what neighbours say, in ARP and in discovery, tagged or not: what is told is of one
/// host and one interface, and news, however many lanes there are.
///
/// # Panics
/// When that is not so.
pub fn neighbours(octets: &[u8]) {
    let said: Vec<Vec<u8>> = octets.chunks(40).take(64).map(frame_of_a_neighbour).collect();
    let frames: Vec<Frame<'_>> = said
        .iter()
        .enumerate()
        .map(|(number, bytes)| Frame {
            at: Timestamp::from_secs(1_700_000_000 + number as u64 / 8, 0),
            order: number as u64 * 2 + 1,
            link: LinkType::ETHERNET,
            bytes,
            orig_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        })
        .collect();
    let (facts, _, _) = facts_of(&frames, 64, Shards::all());
    let mut known = BTreeMap::new();
    for seen in &facts {
        let Fact::HostHint(hint) = &seen.fact else { continue };
        assert_eq!(hints::one_host(hint.ip), Some(hint.ip), "{hint:?}");
        assert_eq!(hint.mac.and_then(|mac| hints::one_interface(mac.0)), hint.mac, "{hint:?}");
        assert!(hint.mac.is_some() && hint.name.is_none(), "{hint:?}");
        assert_eq!((seen.flow.client.ip, seen.flow.client.port), (hint.ip, 0), "{seen:?}");
        let before = known.insert((seen.flow.vlan, hint.ip), hint.mac);
        assert_ne!(before, Some(hint.mac), "it is news: {hint:?}");
    }
    assert_eq!(facts, facts_of(&frames, 1, Shards::all()).0, "batches of one");
    assert_eq!(facts, facts_of(&frames, 64, Shards::nth(0, 3)).0, "the lane of no conversation");
    assert!(facts_of(&frames, 64, Shards::nth(1, 3)).0.is_empty(), "and no other");
}

/// A frame that says something of a neighbour, but for what the octets put in its place.
fn frame_of_a_neighbour(octets: &[u8]) -> Vec<u8> {
    let (&shape, rest) = octets.split_first().unwrap_or((&0, &[]));
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    if shape & 1 != 0 {
        frame.extend([0x81, 0, 0, shape >> 4]);
    }
    let arp: &[u8] = &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1 + (shape >> 2 & 1), 2, 0, 0, 0, 0];
    let discovery: &[u8] =
        &[0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 58, 255, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    frame.extend(if shape & 2 != 0 { discovery } else { arp });
    frame.extend(rest);
    frame
}
