//! Sensors that come and go, and messages that come twice, late or never.

use super::*;
use model::{Endpoint, Fact, Flow, Observation, Transport};
use wire::Head;

fn seen(at: u64) -> Observation {
    let end = |last, port| Endpoint::new([10, 0, 0, last].into(), port);
    let flow = Flow {
        client: end(1, 40_000),
        server: end(2, 443),
        transport: Transport::Tcp,
        vlan: None,
        guessed: false,
    };
    let at = Timestamp::from_secs(at, 0);
    Observation { at, order: 1, flow, ingress: None, fact: Fact::FlowOpen }
}

/// A message: sensor, epoch, lane (0: all), number, tick, last message of the partition before
/// it, facts as place and time.
type Row<'a> = (&'a str, u64, u16, u64, u64, u64, &'a [(u64, u64)]);

fn message(row: Row<'_>) -> Message {
    let (sensor, epoch, lane, seq, tick, sealed, facts) = row;
    let tick = Timestamp::from_secs(tick, 0);
    let told =
        |(place, at): &(u64, u64)| Told { place: *place, role: Role::Weighed, seen: seen(*at) };
    let head = Head {
        sensor: sensor.into(),
        site: "here".into(),
        epoch,
        partitions: 1,
        lane: if lane == 0 { Lane::All } else { Lane::Part(lane - 1) },
        seq,
        tick,
        first: tick,
        last: tick,
        sealed: if lane == 0 { vec![sealed] } else { Vec::new() },
        end: false,
        lost: 0,
        facts: facts.len() as u32,
    };
    Message { head, facts: facts.iter().map(told).collect() }
}

/// What comes of each message, stored so many seconds after the first: `a3` is a fact of sensor
/// a at the third second, `|3` that time has come so far.
fn told(merge: &mut Merge, rows: &[(u64, Row<'_>)]) -> Vec<String> {
    let first = merge.last + 1;
    let rows = rows.iter().zip(first..).map(|((after, row), seq)| {
        let mut told = Vec::new();
        let stored = Stored { seq, at: after * 1000, message: message(*row) };
        merge.push(stored, &mut |event| {
            told.push(match event {
                Event::Fact(sensor, _, seen) => format!("{sensor}{}", seen.at.secs()),
                Event::Time(at) => format!("|{}", at.secs()),
            });
        });
        told.join(" ")
    });
    rows.collect()
}

#[test]
fn one_sensor_comes_out_as_it_went_in() {
    let rows = [
        (0, ("a", 1, 1, 1, 2, 0, &[(2, 2), (4, 1)][..])),
        // Facts for all stand between, by their places.
        (0, ("a", 1, 0, 1, 2, 1, &[(1, 1), (3, 2)])),
        (1, ("a", 1, 0, 2, 3, 1, &[])),
        (2, ("a", 1, 1, 2, 4, 0, &[(5, 4)])),
        (2, ("a", 1, 0, 3, 4, 2, &[])),
    ];
    let mut merge = Merge::new(0, 1);
    assert_eq!(told(&mut merge, &rows), ["", "a1 a2 a2 a1 |2", "|3", "", "a4 |4"]);
    let want = MergeCounts { late: 1, sensors: 1, ..MergeCounts::default() };
    assert_eq!((merge.counts(), merge.resume()), (want, 5));
}

#[test]
fn sensors_are_merged_by_packet_time() {
    let rows = [
        (0, ("a", 1, 1, 1, 5, 0, &[(1, 1), (2, 5)][..])),
        (0, ("b", 1, 1, 1, 3, 0, &[(1, 2)])),
        (0, ("a", 1, 0, 1, 5, 1, &[])),
        // b is heard of, and holds a until it has told its time.
        (1, ("b", 1, 0, 1, 3, 1, &[])),
        (2, ("b", 1, 0, 2, 6, 1, &[])),
    ];
    let mut merge = Merge::new(0, 1);
    assert_eq!(told(&mut merge, &rows), ["", "", "", "a1 b2 |3", "a5 |5"]);
    assert_eq!(merge.resume(), 5);
}

#[test]
fn who_is_silent_holds_others_for_ten_seconds() {
    let rows = [
        (0, ("b", 1, 0, 1, 1, 0, &[][..])),
        (1, ("a", 1, 1, 1, 2, 0, &[(1, 2)])),
        (1, ("a", 1, 0, 1, 2, 1, &[])),
        (9, ("a", 1, 0, 2, 9, 1, &[])),
        (10, ("a", 1, 0, 3, 10, 1, &[])),
        // It comes back: what it brings is late, and not lost.
        (11, ("b", 1, 1, 1, 3, 0, &[(1, 2), (2, 3)])),
        (11, ("b", 1, 0, 2, 3, 1, &[])),
    ];
    let mut merge = Merge::new(0, 1);
    let want = ["|1", "", "", "", "a2 |10", "", "b2 b3"];
    assert_eq!(told(&mut merge, &rows), want);
}

#[test]
fn what_is_missing_is_waited_for_and_what_comes_twice_is_not_told_twice() {
    let mut merge = Merge::new(0, 1);
    let rows = [
        (0, ("a", 1, 1, 1, 1, 0, &[(1, 1)][..])),
        // The third before the second.
        (0, ("a", 1, 1, 3, 1, 0, &[(3, 1)])),
        (0, ("a", 1, 0, 1, 1, 3, &[])),
        (1, ("a", 1, 1, 2, 1, 0, &[(2, 1)])),
        (2, ("a", 1, 1, 2, 1, 0, &[(2, 1)])),
        (2, ("a", 1, 0, 1, 1, 3, &[])),
        // The fourth comes when nobody waits any more.
        (3, ("a", 1, 1, 5, 2, 0, &[(5, 2)])),
        (3, ("a", 1, 0, 2, 2, 5, &[])),
        (13, ("a", 1, 0, 3, 3, 5, &[])),
        (14, ("a", 1, 1, 4, 2, 0, &[(4, 2)])),
        (14, ("a", 1, 1, 4, 2, 0, &[(4, 2)])),
    ];
    let want = ["", "", "", "a1 a1 a1 |1", "", "", "", "", "a2 |3", "a2", ""];
    assert_eq!(told(&mut merge, &rows), want);
    let counts = merge.counts();
    assert_eq!((counts.missing, counts.twice), (1, 3));
}

#[test]
fn who_listens_in_the_middle_misses_nothing_of_before() {
    let rows = [
        (0, ("a", 1, 1, 70, 7, 0, &[(1000, 7)][..])),
        (0, ("a", 1, 0, 50, 7, 70, &[])),
        (1, ("a", 1, 0, 51, 8, 70, &[])),
    ];
    let mut merge = Merge::new(0, 1);
    assert_eq!(told(&mut merge, &rows), ["", "a7 |7", "|8"]);
    assert_eq!(merge.counts().missing, 0);
}

#[test]
fn a_sensor_that_begins_anew_or_dies_leaves_what_it_sent() {
    let rows = [
        (0, ("a", 1, 0, 1, 1, 0, &[][..])),
        (0, ("a", 1, 1, 1, 2, 0, &[(1, 2)])),
        (1, ("a", 2, 0, 1, 5, 0, &[])),
        (2, ("b", 1, 1, 1, 6, 0, &[(1, 6)])),
        (13, ("a", 2, 0, 2, 7, 0, &[])),
    ];
    let mut merge = Merge::new(0, 1);
    assert_eq!(told(&mut merge, &rows), ["|1", "", "a2 |5", "", "b6 |7"]);
}

#[test]
fn a_clock_that_was_ahead_holds_nothing_for_ever() {
    let rows = [
        (0, ("a", 1, 1, 1, 9_000, 0, &[(1, 9_000)][..])),
        (0, ("b", 1, 0, 1, 1, 0, &[])),
        (0, ("a", 1, 0, 1, 9_000, 1, &[])),
        (1, ("a", 1, 1, 2, 2, 0, &[(2, 2)])),
        (1, ("a", 1, 0, 2, 2, 2, &[])),
        (1, ("b", 1, 0, 2, 2, 0, &[])),
    ];
    let mut merge = Merge::new(0, 1);
    assert_eq!(told(&mut merge, &rows), ["", "", "|1", "", "", "a9000 a2 |2"]);
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let mut merge = Merge::new(0, 1);
    let facts: Vec<(u64, u64)> = (0..100).map(|place| (place, 1)).collect();
    let mut given = 0;
    // Never a mark, from more sensors than are followed.
    for number in 0..1200u64 {
        let name = format!("s{number}");
        let stored =
            Stored { seq: number + 1, at: 0, message: message((&name, 1, 1, 1, 1, 0, &facts)) };
        merge
            .push(stored, &mut |event| given += usize::from(event != Event::Time(Timestamp::ZERO)));
        let held: usize = merge.sources.values().map(Source::len).sum();
        assert!(held <= FLEET_FACTS_HELD_MAX && merge.sources.len() <= FLEET_SOURCES_MAX);
    }
    assert!(merge.counts().forced > 0);
    merge.finish(&mut |event| given += usize::from(matches!(event, Event::Fact(..))));
    assert_eq!(given, 120_000);
    // A number of messages that none can send is no work.
    let row = ("s1", 1, 0, 999_999_999_999, 1, 999_999_999_999, &[][..]);
    let stored = Stored { seq: 3000, at: 20_000, message: message(row) };
    merge.push(stored, &mut |_| {});
    assert_eq!(merge.counts().foreign, 0);
}
