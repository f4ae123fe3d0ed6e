//! What overlapping, oversized, tiny, doubled and missing fragments come to; and the bounds.

use super::*;

/// A fragment in a few words: where it begins, whether others follow, what it holds.
type Cut<'a> = (u32, bool, &'a [u8]);

fn piece<'a>(id: u32, &(offset, more, payload): &Cut<'a>) -> Piece<'a> {
    Piece {
        v6: false,
        source: [0, 0x0a00_0001],
        destination: [0, 0x0a00_0002],
        id,
        next: IpNumber(17),
        offset,
        more,
        payload,
        payload_len: payload.len() as u32,
        vlan: None,
        depth: 1,
    }
}

fn table(limits: &Limits) -> Fragments {
    Fragments::new(limits, HashKey::new([1, 2]))
}

/// What came of fragments that are a millisecond apart: the whole, anomalies, and what was left.
fn fate(cuts: &[Cut<'_>]) -> (Option<String>, Vec<&'static str>, Vec<String>) {
    let mut table = table(&Limits::default());
    let (mut whole, mut anomalies, mut parts) = (None, Vec::new(), Vec::new());
    for (millis, cut) in cuts.iter().enumerate() {
        let at = Timestamp::from_nanos(millis as u64 * 1_000_000);
        let came = table.push(&piece(1, cut), None, at);
        anomalies.extend(came.anomaly);
        whole = whole.or_else(|| came.whole.map(|whole| text(&whole)));
    }
    table.finish(&mut parts);
    assert_eq!((table.cost, table.numbers.len()), (0, 0), "nothing is left behind");
    (whole, anomalies, parts.iter().map(text).collect())
}

/// The octets, and how many there should be where some lack.
fn text(gathered: &Gathered) -> String {
    let octets = String::from_utf8_lossy(&gathered.octets).into_owned();
    let lacks = gathered.len as usize != gathered.octets.len();
    if lacks { format!("{octets} of {}", gathered.len) } else { octets }
}

const CONTRADICT: &str = "ip_fragments_contradict";

#[test]
fn what_comes_of_them() {
    type Case<'a> = (&'a str, &'a [Cut<'a>], Option<&'a str>, &'a [&'static str], &'a [&'a str]);
    let (a, b, c) = (&b"AAAAAAAA"[..], &b"BBBBBBBB"[..], &b"CCC"[..]);
    let long = &[b'L'; 1480][..];
    let table: &[Case<'_>] = &[
        (
            "in order",
            &[(0, true, a), (8, true, b), (16, false, c)],
            Some("AAAAAAAABBBBBBBBCCC"),
            &[],
            &[],
        ),
        (
            "reversed",
            &[(16, false, c), (8, true, b), (0, true, a)],
            Some("AAAAAAAABBBBBBBBCCC"),
            &[],
            &[],
        ),
        (
            "mixed",
            &[(8, true, b), (16, false, c), (0, true, a)],
            Some("AAAAAAAABBBBBBBBCCC"),
            &[],
            &[],
        ),
        (
            "each twice",
            &[(0, true, a), (0, true, a), (8, true, b), (8, true, b), (16, false, c)],
            Some("AAAAAAAABBBBBBBBCCC"),
            &[],
            &[],
        ),
        ("an empty last one", &[(0, true, a), (8, false, b"")], Some("AAAAAAAA"), &[], &[]),
        ("the last one lacks", &[(0, true, a), (8, true, b)], None, &[], &["AAAAAAAABBBBBBBB"]),
        ("the middle lacks", &[(0, true, a), (16, false, c)], None, &[], &["AAAAAAAA of 19"]),
        ("the first lacks", &[(8, true, b), (16, false, c)], None, &[], &[]),
        // Odd octets before others are no one's.
        ("an odd end", &[(0, true, b"AAAAAAAAxy"), (8, false, c)], Some("AAAAAAAACCC"), &[], &[]),
        ("tiny ones", &[(0, true, b"A"), (0, true, b""), (8, false, c)], None, &[], &[]),
        // Each of these made hosts fall over when it was new.
        (
            "teardrop: the second ends within the first",
            &[(0, true, b"AAAAAAAABBBBBBBBDDDDDDDD"), (8, false, b"ZZZZ")],
            Some("AAAAAAAABBBB"),
            &[CONTRADICT],
            &[],
        ),
        (
            "newtear: the same octets again, and the end within",
            &[(0, true, b"AAAAAAAABBBBBBBB"), (8, false, b"BBBB")],
            Some("AAAAAAAABBBB"),
            &[CONTRADICT],
            &[],
        ),
        (
            "bonk: a later one begins far within an earlier",
            &[(0, true, b"AAAAAAAABBBBBBBB"), (8, true, b"ZZZZZZZZDDDDDDDD"), (24, false, c)],
            Some("AAAAAAAABBBBBBBBDDDDDDDDCCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "nestea: the last one before the end of what is there",
            &[(0, true, a), (16, true, b), (8, false, c)],
            Some("AAAAAAAACCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "two ends: the first counts",
            &[(8, false, c), (8, false, b"CCCCC"), (0, true, a)],
            Some("AAAAAAAACCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "beyond the end",
            &[(8, false, c), (16, true, b), (0, true, a)],
            Some("AAAAAAAACCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "ports written over",
            &[(0, true, b"ports 1 AAAAAAAA"), (0, true, b"ports 2 "), (16, false, c)],
            Some("ports 1 AAAAAAAACCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "ports written over before they come",
            &[(8, true, b), (0, true, b"ports 1 ZZZZZZZZ"), (16, false, c)],
            Some("ports 1 BBBBBBBBCCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "one over many",
            &[(0, true, a), (16, true, b), (32, true, a), (0, true, &[b'Z'; 40]), (40, false, c)],
            Some("AAAAAAAAZZZZZZZZBBBBBBBBZZZZZZZZAAAAAAAACCC"),
            &[CONTRADICT],
            &[],
        ),
        (
            "ping of death",
            &[(0, true, a), (65_528, false, long), (8, false, c)],
            Some("AAAAAAAACCC"),
            &["ip_fragments_too_long"],
            &[],
        ),
        (
            "rose: the first and one far away",
            &[(0, true, a), (64_800, false, b)],
            None,
            &[],
            &["AAAAAAAA of 64808"],
        ),
    ];
    for (name, cuts, whole, anomalies, parts) in table {
        let got = fate(cuts);
        assert_eq!(got.0.as_deref(), *whole, "{name}");
        assert_eq!(got.1, *anomalies, "{name}");
        assert_eq!(got.2, *parts, "{name}");
    }
}

#[test]
fn any_order_any_sizes_with_copies() {
    let samples: Vec<Vec<u8>> = (0..6).map(|number| sample(number, 100 + number * 331)).collect();
    for sample in &samples {
        for id in 0..3 {
            for turns in 0..3 {
                for forged in 0..8 {
                    fuzz(&[&[id, id, turns, forged], &sample[..]].concat());
                }
            }
        }
    }
}

fn sample(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| ((at * (seed + 3)) ^ (at >> 3)) as u8).collect()
}

#[test]
fn what_a_fragment_says_of_others_costs_nothing() {
    let mut table = table(&Limits::default());
    for id in 0..1000 {
        table.push(&piece(id, &(65_440, true, b"12345678")), None, Timestamp::ZERO);
    }
    assert!(table.cost < 1000 * 600, "{}", table.cost);
}

#[test]
fn fragments_belong_together_by_addresses_id_protocol_and_family() {
    let one = piece(1, &(0, true, b"AAAAAAAA"));
    let last = piece(1, &(8, false, b"CCC"));
    let others: &[(&str, Piece<'_>, bool)] = &[
        ("the same", last, true),
        ("VLAN and tunnel", Piece { depth: 3, vlan: Some(VlanId::from_tag(7)), ..last }, true),
        ("source", Piece { source: [0, 9], ..last }, false),
        ("destination", Piece { destination: [0, 9], ..last }, false),
        ("ways", Piece { source: last.destination, destination: last.source, ..last }, false),
        ("id", Piece { id: 2, ..last }, false),
        ("protocol", Piece { next: IpNumber(6), ..last }, false),
        ("family", Piece { v6: true, ..last }, false),
    ];
    for (name, other, together) in others {
        let mut table = table(&Limits::default());
        table.push(&one, None, Timestamp::ZERO);
        let whole = table.push(other, None, Timestamp::ZERO).whole;
        assert_eq!(whole.is_some(), *together, "{name}");
        if let Some(whole) = whole {
            assert_eq!((whole.whole().vlan, whole.whole().depth), (None, 1), "as the first has it");
        }
    }
    // RFC 8200 §4.5: of IPv6 the next header of the first fragment counts.
    let mut table = table(&Limits::default());
    let six = |piece| Piece { v6: true, ..piece };
    table.push(&Piece { next: IpNumber(6), ..six(last) }, None, Timestamp::ZERO);
    let whole = table.push(&six(one), None, Timestamp::ZERO).whole.expect("whole");
    assert_eq!((whole.whole().next, whole.whole().v6), (IpNumber(17), true));
}

#[test]
fn a_copy_within_a_millisecond_begins_nothing_anew() {
    let mut table = table(&Limits::default());
    let cuts: [Cut<'_>; 3] = [(0, true, b"AAAAAAAA"), (8, true, b"BBBBBBBB"), (16, false, b"CCC")];
    for (micros, cut) in cuts.iter().enumerate() {
        for copy in [false, true] {
            let at = Timestamp::from_nanos((micros * 2 + usize::from(copy)) as u64 * 1000);
            let came = table.push(&piece(1, cut), None, at);
            assert_eq!((came.twin, came.whole.is_some()), (copy, micros == 2 && !copy));
        }
    }
    // Later, or with other octets, it is a datagram of its own.
    let later = Timestamp::from_nanos(2_000_000);
    assert!(!table.push(&piece(1, &cuts[0]), None, later).twin);
    assert!(!table.push(&piece(2, &cuts[0]), None, later).twin);
    assert!(!table.push(&piece(2, &(0, true, b"aaaaaaaa")), None, later).twin);
}

#[test]
fn what_waits_too_long_is_given_up_and_its_beginning_told() {
    let mut table = table(&Limits::default());
    let at = |secs: u64| Timestamp::from_secs(1_000_000 + secs, 0);
    let first: Cut<'_> = (0, true, b"AAAAAAAA");
    table.push(&piece(1, &first), None, at(0));
    table.push(&piece(2, &(8, false, b"CCC")), None, at(0));
    table.push(&piece(3, &first), None, at(5));
    // A clock that was a year ahead.
    table.push(&piece(4, &first), None, at(31_536_000));
    let mut told = Vec::new();
    assert_eq!((table.expire(at(5), &mut told), told.len()), (1, 1), "from the future");
    assert_eq!((table.expire(at(30), &mut told), told.len()), (0, 1));
    assert_eq!((table.expire(at(31), &mut told), told.len()), (2, 2), "one has no beginning");
    assert_eq!((table.expire(at(36), &mut told), told.len()), (1, 3));
    assert_eq!(told.iter().map(|part| part.key.id).collect::<Vec<_>>(), [4, 1, 3]);
    assert_eq!(table.cost, 0);
}

#[test]
fn who_began_first_makes_room() {
    let first: Cut<'_> = (0, true, b"AAAAAAAA");
    let mut by_number = table(&Limits { fragmented_max: 3, ..Limits::default() });
    let given_up =
        |table: &mut Fragments, id| table.push(&piece(id, &first), None, Timestamp::ZERO).given_up;
    let counts: Vec<_> = (0..5).map(|id| given_up(&mut by_number, id)).collect();
    assert_eq!(counts, [0, 0, 0, 1, 1]);
    let mut told = Vec::new();
    assert_eq!(by_number.expire(Timestamp::ZERO, &mut told), 0, "counted already");
    assert_eq!(told.iter().map(|part| part.key.id).collect::<Vec<_>>(), [0, 1]);
    // Nothing makes the table dearer than its bound.
    let bound = 100_000;
    let mut by_cost = table(&Limits { fragments_bytes_max: bound, ..Limits::default() });
    let octets = vec![7; 1400];
    for number in 0..5000u32 {
        let cut = (number % 7 * 1400, true, &octets[..]);
        by_cost.push(&piece(number / 7 * 3 % 50 + number / 500, &cut), None, Timestamp::ZERO);
        assert!(by_cost.cost <= bound && by_cost.late.len() <= PARTS_MAX);
        let cost: usize = by_cost.datagrams.values().map(Datagram::cost).sum();
        assert_eq!(cost, by_cost.cost, "what it costs is known");
    }
}

#[test]
fn pieces_apart_have_a_bound() {
    let mut table = table(&Limits::default());
    let mut anomalies = 0;
    for number in 0..2000 {
        let came = table.push(&piece(1, &(number * 16, true, b"12345678")), None, Timestamp::ZERO);
        anomalies += u32::from(came.anomaly == Some("ip_fragments_too_many"));
    }
    assert_eq!(anomalies, 2000 - crate::limits::FRAGMENT_RUNS_MAX as u32);
    assert!(table.cost < 64 << 10, "{}", table.cost);
}
