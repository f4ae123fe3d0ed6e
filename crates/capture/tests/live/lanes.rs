//! Several lanes: each packet once, each flow in one lane.

use std::collections::{BTreeMap, BTreeSet};

use crate::wire::{End, IN, Wire, ether, ipv4, root, send, udp};
use capture::{Live, LiveOptions};

/// A datagram number `number` from one end to the other.
fn frame(from: End, to: End, number: u64) -> Vec<u8> {
    let payload = [&number.to_be_bytes()[..], &[0; 100]].concat();
    ether(0x0800, &ipv4(from.0, to.0, (0, 0), &udp(from.1, to.1, &payload)))
}

/// Its ends and its number.
fn parts(octets: &[u8]) -> (End, End, u64) {
    let half = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
    let number = u64::from_be_bytes(octets[42..50].try_into().unwrap());
    ((half(28), half(34)), (half(32), half(36)), number)
}

#[test]
fn no_packet_is_seen_twice_or_lost_and_no_flow_is_in_two_lanes() {
    if !root() {
        return;
    }
    const FLOWS: u64 = 400;
    const FRAMES: u64 = 40_000;
    for lanes in [1, 2, 4] {
        let wire = Wire::up();
        let open = || Live::lanes(&LiveOptions::new(IN), lanes, (0, lanes)).expect("it opens");
        let frames = (0..FRAMES).map(|number| {
            let flow = (number / 2 % FLOWS) as u16;
            let (one, two) = ((flow, 1024 + flow), (0x0900 + flow % 7, 443));
            // Both directions.
            if number % 2 == 0 { frame(one, two, number) } else { frame(two, one, number) }
        });
        let seen = wire.carry(open, || send(frames), FRAMES as usize);
        let mut numbers = BTreeMap::new();
        let mut homes: BTreeMap<[End; 2], BTreeSet<usize>> = BTreeMap::new();
        let mut orders = BTreeSet::new();
        for one in &seen {
            let (from, to, number) = parts(&one.octets);
            *numbers.entry(number).or_insert(0) += 1;
            homes.entry([from.min(to), from.max(to)]).or_default().insert(one.lane);
            assert!(one.order % 2 == 1 && orders.insert(one.order), "orders never repeat");
        }
        assert_eq!(numbers.len() as u64, FRAMES, "{lanes} lanes: none is lost");
        assert!(numbers.values().all(|count| *count == 1), "{lanes} lanes: none is seen twice");
        assert_eq!(homes.len() as u64, FLOWS);
        assert!(homes.values().all(|home| home.len() == 1), "{lanes} lanes: a flow is in one");
        let used: BTreeSet<usize> = homes.into_values().flatten().collect();
        assert_eq!(used.len(), lanes, "all lanes are used");
    }
}

#[test]
fn fragments_reach_the_lane_of_their_flow() {
    if !root() {
        return;
    }
    const FLOWS: u16 = 60;
    let wire = Wire::up();
    let open = || Live::lanes(&LiveOptions::new(IN), 4, (0, 4)).expect("it opens");
    let frames = (0..FLOWS).flat_map(|flow| {
        let whole = udp(2000 + flow, 53, &[7; 2000]);
        let (first, rest) = whole.split_at(1200);
        let piece = |payload: &[u8], piece: u16| {
            ether(0x0800, &ipv4(flow, 0x0900, (flow + 1, piece), payload))
        };
        // The last one first, and the flow's other direction unbroken.
        let answer = ether(0x0800, &ipv4(0x0900, flow, (0, 0), &udp(53, 2000 + flow, &[8; 90])));
        [piece(rest, 1200 / 8), piece(first, 0x2000), answer]
    });
    let seen = wire.carry(open, || send(frames.collect::<Vec<_>>()), usize::MAX);
    let mut homes: BTreeMap<u16, BTreeSet<usize>> = BTreeMap::new();
    for one in &seen {
        let half = |at: usize| u16::from_be_bytes([one.octets[at], one.octets[at + 1]]);
        homes.entry(half(28).min(half(32))).or_default().insert(one.lane);
        assert_eq!(half(20) & 0x3fff, 0, "fragments of IPv4 come put together");
    }
    assert_eq!(seen.len(), 2 * usize::from(FLOWS));
    assert_eq!(homes.len(), usize::from(FLOWS));
    assert!(homes.values().all(|home| home.len() == 1), "{homes:?}");
}

#[test]
fn what_came_before_the_hush_is_lent_to_the_last_frame_and_nothing_later() {
    if !root() {
        return;
    }
    let wire = Wire::up();
    let frames = |port| (0..100).map(move |number| frame((1, 4000 + number), (2, port), 1));
    std::thread::scope(|scope| {
        let (ready, wait) = std::sync::mpsc::sync_channel(0);
        let (sent, go_on) = std::sync::mpsc::sync_channel(0);
        Wire::inside(scope, &wire.sensor, move || {
            // Blocks that are not full come late.
            let options = LiveOptions { block_wait_ms: 400, ..LiveOptions::new(IN) };
            let mut lives = Live::lanes(&options, 2, (0, 2)).expect("it opens");
            ready.send(()).unwrap();
            go_on.recv().unwrap();
            assert!(lives.iter().all(Live::hush));
            ready.send(()).unwrap();
            go_on.recv().unwrap();
            let mut left = || -> u64 {
                let each = lives.iter_mut().map(|live| {
                    live.counts();
                    live.left()
                });
                each.sum()
            };
            assert_eq!(left(), 100);
            assert_eq!(crate::wire::read(&mut lives, usize::MAX).len(), 100);
            assert!(lives.iter().all(|live| live.left() == 0));
            // What nobody took is dropped.
            let mut fresh = Live::open(&options).expect("it opens");
            ready.send(()).unwrap();
            go_on.recv().unwrap();
            let mut next = Live::open(&options).expect("it opens");
            next.follow(&mut fresh);
            let counts = next.counts();
            assert_eq!((counts.received, counts.dropped, next.left()), (100, 100, 0));
        });
        for port in [53, 443, 53] {
            wait.recv().unwrap();
            Wire::inside(scope, &wire.sender, move || send(frames(port))).join().unwrap();
            sent.send(()).unwrap();
        }
    });
}

#[test]
fn counts_and_filters_hold_for_each_lane() {
    if !root() {
        return;
    }
    // A filter, and how many of 100 frames to port 53 and 100 to port 443 pass.
    let table = [("", 200), ("udp port 53", 100), ("port 443", 100), ("tcp", 0)];
    for (filter, want) in table {
        let wire = Wire::up();
        let options = LiveOptions { filter: Some(filter.to_owned()), ..LiveOptions::new(IN) };
        let (told, counts) = std::sync::mpsc::sync_channel(1);
        std::thread::scope(|scope| {
            let (ready, wait) = std::sync::mpsc::sync_channel(0);
            Wire::inside(scope, &wire.sensor, move || {
                let mut lives = Live::lanes(&options, 2, (0, 2)).expect("it opens");
                assert!(lives.iter().all(|live| live.fallback().is_none()));
                ready.send(()).unwrap();
                let seen = crate::wire::read(&mut lives, usize::MAX).len();
                let counts = lives.iter_mut().map(Live::counts);
                let received: u64 = counts.map(|counts| counts.received + counts.dropped).sum();
                told.send((seen, received)).unwrap();
            });
            wait.recv().unwrap();
            let frames = (0..200).map(|number| {
                let port = if number % 2 == 0 { 53 } else { 443 };
                frame((1, 4000 + number), (2, port), number.into())
            });
            Wire::inside(scope, &wire.sender, || send(frames));
        });
        assert_eq!(counts.recv().unwrap(), (want, want as u64), "{filter:?}");
    }
}
