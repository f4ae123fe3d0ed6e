//! Who hosts are besides their addresses: told at the frame that says it, when it is news, by one
//! lane; and counted where it always was.

#![allow(clippy::indexing_slicing)] // It is a test.

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, LinkType, Observation, Refused, Tally};

mod script;
use script::{Script, address, ethernet, flow_words, fragments, framed, ip, udp};

/// ARP (RFC 826) of `10.0.0.<host>` at an interface that ends in `mac`.
fn arp(host: u8, mac: u8) -> Vec<u8> {
    let sender = [2, 0, 0, 0, 0, mac, 10, 0, 0, host];
    [&[0, 1, 8, 0, 6, 4, 0, 1][..], &sender, &[0; 6], &[10, 0, 0, 1]].concat()
}

/// An advertisement (RFC 4861 §4.4) of `fd00::<host>`.
fn advertisement(host: u8, mac: u8) -> Vec<u8> {
    let mut target = [0; 16];
    (target[0], target[15]) = (0xfd, host);
    let body = [&[136, 0, 0, 0, 0x60, 0, 0, 0][..], &target, &[2, 1, 2, 0, 0, 0, 0, mac]].concat();
    let end = |text: &str| text.parse().expect(text);
    let mut datagram = ip(end("fe80::1"), end("ff02::1"), 58, &body);
    datagram[7] = 255;
    datagram
}

/// A renewal (RFC 2131 §4.3.2) of `10.0.0.<host>`.
fn renewal(host: u8, mac: u8) -> Vec<u8> {
    let mut octets = vec![0; 240];
    (octets[0], octets[1], octets[2]) = (1, 1, 6);
    octets[12..16].copy_from_slice(&[10, 0, 0, host]);
    octets[28..34].copy_from_slice(&[2, 0, 0, 0, 0, mac]);
    octets[236..].copy_from_slice(&[99, 130, 83, 99]);
    let octets = [&octets[..], b"\x35\x01\x03\x0c\x02pc\xff"].concat();
    udp(address("10.0.0.9:68"), address("10.0.0.1:67"), &octets)
}

fn run(script: &Script, batch: usize, shards: Shards) -> (Vec<Observation>, Tally) {
    let limits = Limits { flows_max: 1024, ..Limits::default() };
    script::run(&script.frames(), batch, &mut Dissector::new(&limits, Seed([1, 2]), shards))
}

/// Hints with their place in the timeline; the others are passed over.
fn hints(facts: &[Observation]) -> Vec<String> {
    let one = |seen: &Observation| match &seen.fact {
        Fact::HostHint(hint) => {
            let mac = hint.mac.map(|mac| mac.0[5]).unwrap_or_default();
            let name = hint.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            let tunnel = seen.ingress.as_ref().map(|tunnel| format!(" in {:?}", tunnel.kind));
            let vlan = seen.flow.vlan.map(|vlan| format!(" vlan {}", vlan.get()));
            let (tunnel, vlan) = (tunnel.unwrap_or_default(), vlan.unwrap_or_default());
            Some(format!("{} {} at {mac}{name}{vlan}{tunnel}", seen.order / 2, hint.ip))
        }
        _ => None,
    };
    facts.iter().filter_map(one).collect()
}

#[test]
fn what_is_news_is_told_where_it_is_said() {
    // RFC 7348: VXLAN; RFC 2003: IP in IP, here cut in two on the way.
    let vxlan = |frame: &[u8]| {
        let inner = [&[8, 0, 0, 0, 0, 0, 7, 0][..], frame].concat();
        udp(address("198.51.100.1:50000"), address("198.51.100.2:4789"), &inner)
    };
    let carried = |datagram: &[u8]| {
        let end = |text: &str| text.parse().expect(text);
        ip(end("198.51.100.1"), end("198.51.100.2"), 41, datagram)
    };
    let cut = fragments(&carried(&advertisement(9, 9)), 48, 7);
    let other = || framed(&udp(address("10.0.0.1:5000"), address("10.0.0.2:6000"), b"other"));
    let script = Script::of([
        other(),
        ethernet(&[], 0x0806, &arp(5, 1)),
        other(),
        ethernet(&[], 0x0806, &arp(5, 1)),
        ethernet(&[(0x8100, 7)], 0x0806, &arp(5, 2)),
        ethernet(&[(0x88a8, 3), (0x8100, 7)], 0x0806, &arp(5, 2)),
        ethernet(&[], 0x0806, &arp(5, 3)),
        framed(&advertisement(5, 3)),
        framed(&advertisement(5, 3)),
        framed(&vxlan(&ethernet(&[], 0x0806, &arp(6, 4)))),
        framed(&carried(&advertisement(7, 5))),
        framed(&cut[0]),
        framed(&cut[1]),
        framed(&renewal(9, 6)),
        other(),
    ]);
    let want = [
        "1 10.0.0.5 at 1",
        "4 10.0.0.5 at 2 vlan 7",
        "6 10.0.0.5 at 3",
        "7 fd00::5 at 3",
        "9 10.0.0.6 at 4 in Vxlan",
        "10 fd00::7 at 5 in IpInIp",
        "12 fd00::9 at 9 in IpInIp",
        "13 10.0.0.9 at 6 pc",
    ];
    let (facts, tally) = run(&script, 64, Shards::all());
    assert_eq!(hints(&facts), want);
    let hint = facts.iter().find(|seen| matches!(seen.fact, Fact::HostHint(_))).expect("a hint");
    assert_eq!(flow_words(hint), "10.0.0.5:0 > 10.0.0.5:0 guessed");
    // Each frame stays in the bucket that it had.
    let refused = |why| tally.refused.get(&why).copied().unwrap_or(0);
    assert!(tally.closes(), "{tally:?}");
    let counts = [Refused::NotIp, Refused::OtherTransport, Refused::Fragment].map(refused);
    assert_eq!((counts, tally.udp, tally.frames), ([6, 4, 1], 4, 15), "{tally:?}");
    // Facts come in the order of their frames, however many are read together.
    assert!(facts.is_sorted_by_key(|seen| seen.order));
    assert_eq!(facts, run(&script, 1, Shards::all()).0);
    for lanes in [2, 3, 16] {
        let all = (0..lanes).map(|lane| run(&script, 64, Shards::nth(lane, lanes)));
        let (lanes, tallies): (Vec<_>, Vec<_>) = all.unzip();
        let mut merged = lanes.concat();
        merged.sort_by_key(|seen| (seen.order, seen.flow));
        assert_eq!(hints(&merged), want);
        let mut sum = Tally::default();
        tallies.iter().for_each(|one| sum.add(one));
        assert_eq!(sum, tally);
    }
}

#[test]
fn a_flood_is_told_in_part_and_counted() {
    let forged = |number: u32| {
        let [_, b, c, d] = number.to_be_bytes();
        let head = [0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, c, d];
        ethernet(&[], 0x0806, &[&head[..], &[10, b, c, d], &[0; 10]].concat())
    };
    let mut script = Script::new();
    script.frames.extend((0..5000_u32).map(|number| {
        let at = model::Timestamp::from_secs(script::BEGIN, (number * 1000).into());
        (at, LinkType::ETHERNET, forged(number))
    }));
    let (facts, tally) = run(&script, 64, Shards::all());
    assert_eq!(facts.len(), 1024, "within a second");
    assert_eq!(tally.anomalies.get("neighbours_too_many"), Some(&(5000 - 1024)));
    assert!(tally.closes() && tally.frames == 5000);
}
