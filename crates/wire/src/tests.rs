//! Messages there and back, and octets that are none.

use std::net::Ipv4Addr;

use model::{
    DnsAnswer, Fact, HintSource, HostHint, Observation, Protocol, RecordData, Side, TlsCertificate,
};

use crate::fuzz::samples::{facts, head, record, seen};
use crate::limits::{LIST_LEN_MAX, MESSAGE_BYTES_MAX, TEXT_LEN_MAX};
use crate::{Head, Lane, Packer, Role, WireError, fuzz, is_token, peek, read, token};

fn packed(facts: &[Observation], head: Head) -> Result<Vec<u8>, WireError> {
    let mut packer = Packer::default();
    for (place, seen) in facts.iter().enumerate() {
        let role = if place % 2 == 0 { Role::Weighed } else { Role::Context };
        assert!(packer.push(1000 + place as u64, role, seen));
    }
    packer.seal(head)
}

#[test]
fn every_kind_of_fact_comes_back() {
    let facts = facts();
    for lane in [Lane::Part(3), Lane::All] {
        let octets = packed(&facts, head(lane)).expect("sound");
        let message = read(&octets).expect("ours");
        assert_eq!(message.head, Head { facts: facts.len() as u32, ..head(lane) });
        assert_eq!(peek(&octets).as_ref(), Ok(&message.head));
        let back: Vec<_> = message.facts.iter().map(|told| told.seen.clone()).collect();
        assert_eq!(back, facts);
        assert_eq!(message.facts[1].role, Role::Context);
        assert_eq!(message.facts[10].place, 1010);
        fuzz::message(&octets[1..]);
    }
}

#[test]
fn an_empty_message_is_one() {
    let octets = packed(&[], head(Lane::All)).expect("sound");
    assert!(octets.len() < 100, "{}", octets.len());
    assert_eq!(read(&octets).map(|message| message.facts), Ok(Vec::new()));
}

#[test]
fn heads_give_ids_and_subjects() {
    let part = head(Lane::Part(3));
    assert_eq!(part.id(), "sensor-1-1a1f8d3ea00-3-12");
    assert_eq!(part.subject(), "rmm.v1.facts.3.site-one.sensor-1");
    assert_eq!(head(Lane::All).subject(), "rmm.v1.facts.all.site-one.sensor-1");
    let long = "x".repeat(100);
    let table = [("a.b>*", "a-b--"), ("é", "-"), ("", "-"), ("A-1", "A-1"), (&*long, &long[..32])];
    for (from, want) in table {
        assert_eq!(token(from), want);
        assert!(is_token(&token(from)));
    }
}

#[test]
fn octets_that_are_no_message_are_refused() {
    let good = packed(&facts(), head(Lane::All)).expect("sound");
    for len in 0..good.len() {
        assert!(read(&good[..len]).is_err(), "cut to {len}");
    }
    let mut longer = good.clone();
    longer.push(0);
    let mut newer = good.clone();
    newer[0] = 2;
    let table: [(&[u8], WireError); 4] = [
        (b"", WireError::Empty),
        (&newer, WireError::Version(2)),
        (&longer, WireError::Garbled),
        (&vec![1; MESSAGE_BYTES_MAX + 1], WireError::Long(MESSAGE_BYTES_MAX + 1)),
    ];
    for (octets, want) in table {
        assert_eq!(read(octets).map(|_| ()), Err(want));
    }
    // Whatever octet is changed, nothing breaks, and what is read is sound.
    for place in 0..good.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = good.clone();
            changed[place] ^= change;
            fuzz::message(&changed);
        }
    }
}

#[test]
fn what_no_sensor_makes_is_refused() {
    let heads = [
        Head { sensor: "".into(), ..head(Lane::All) },
        Head { site: "a\nb".into(), ..head(Lane::All) },
        Head { site: "x".repeat(129).into(), ..head(Lane::All) },
        Head { partitions: 0, sealed: Vec::new(), ..head(Lane::All) },
        Head { partitions: 1025, sealed: vec![0; 1025], ..head(Lane::All) },
        Head { sealed: vec![1; 3], ..head(Lane::All) },
        Head { sealed: vec![1], ..head(Lane::Part(0)) },
        Head { end: true, ..head(Lane::Part(0)) },
        Head { seq: 0, ..head(Lane::All) },
        Head { epoch: 1 << 44, ..head(Lane::All) },
        head(Lane::Part(4)),
    ];
    for head in heads {
        let told = packed(&[], head.clone());
        assert!(matches!(told, Err(WireError::Unsound(_))), "{head:?}");
    }
    let long: Box<str> = "x".repeat(TEXT_LEN_MAX + 1).into();
    let hint = |name: &str| {
        let (ip, by) = (Ipv4Addr::LOCALHOST.into(), HintSource::Arp);
        Fact::HostHint(Box::new(HostHint { ip, mac: None, name: Some(name.into()), by }))
    };
    let records = vec![record(RecordData::Other(0)); LIST_LEN_MAX + 1];
    let answer = DnsAnswer { protocol: Protocol::Dns, id: 0, question: None, rcode: 0, records };
    let facts = [hint(&long), hint("a\u{1b}b"), Fact::DnsAnswer(Box::new(answer))];
    for fact in facts {
        let octets = packed(&[seen(fact)], head(Lane::All)).expect("packed");
        assert!(matches!(read(&octets), Err(WireError::Unsound(_))));
    }
    // Twice the same place.
    let (mut packer, one) = (Packer::default(), seen(Fact::FlowOpen));
    assert!(packer.push(0, Role::Weighed, &one) && packer.push(0, Role::Weighed, &one));
    let octets = packer.seal(head(Lane::All)).expect("sealed");
    assert!(matches!(read(&octets), Err(WireError::Unsound(_))));
}

#[test]
fn a_message_stays_within_its_bound() {
    let mut packer = Packer::default();
    let big = seen(Fact::TlsCertificate(Box::new(TlsCertificate {
        side: Side::Server,
        subject: "".into(),
        issuer: "".into(),
        names: Vec::new(),
        der: vec![1; 12 << 10].into(),
        chain: Vec::new(),
        not_before: 0,
        not_after: 0,
    })));
    let mut facts = 0u64;
    while packer.push(facts, Role::Weighed, &big) {
        facts += 1;
        assert_eq!(packer.is_enough(), facts >= 3);
    }
    let octets = packer.seal(head(Lane::Part(0))).expect("sealed");
    assert!(octets.len() <= MESSAGE_BYTES_MAX && facts > 80, "{facts}");
    assert!(packer.is_empty());
    assert_eq!(read(&octets).map(|message| message.facts.len() as u64), Ok(facts));
}
