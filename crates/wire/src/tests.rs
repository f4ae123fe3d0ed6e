//! Messages there and back, and octets that are none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use model::{
    Carrier, CloseReason, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DomainName, Endpoint, Fact,
    FileDownload, FileKind, Flow, FlowClose, HintSource, HostHint, HttpRequest, Ja3, Ja4, Mac,
    Observation, Opening, Protocol, RecordData, RecordType, RemoteProtocol, Side, Timestamp,
    TlsCertificate, TlsHello, TlsVersion, Transport, Tunnel, TunnelKind, VlanId, Volume,
};

use crate::limits::{LIST_LEN_MAX, MESSAGE_BYTES_MAX, TEXT_LEN_MAX};
use crate::{Head, Lane, Packer, Role, WireError, fuzz, is_token, peek, read, token};

const AT: Timestamp = Timestamp::from_nanos(1_795_176_000_123_456_789);

fn name(text: &str) -> Option<DomainName> {
    Some(DomainName::from_text(text.as_bytes()).expect("a name"))
}

fn seen(fact: Fact) -> Observation {
    let flow = Flow {
        client: Endpoint::new(Ipv4Addr::new(10, 0, 0, 1).into(), 40_000),
        server: Endpoint::new(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(), 443),
        transport: Transport::Tcp,
        vlan: Some(VlanId::from_tag(4095)),
        guessed: true,
    };
    let tunnel = Tunnel {
        kind: TunnelKind::Vxlan,
        source: Ipv4Addr::LOCALHOST.into(),
        destination: Ipv6Addr::LOCALHOST.into(),
        id: Some(7),
    };
    Observation { at: AT, order: 9, flow, ingress: Some(Arc::new(tunnel)), fact }
}

fn record(data: RecordData) -> DnsRecord {
    let kind = RecordType::HTTPS;
    DnsRecord { name: name("a\\b.example"), kind, ttl_secs: u32::MAX, data }
}

/// One of each kind, with every option taken and left.
fn facts() -> Vec<Observation> {
    let question = DnsQuestion { name: name("www.example"), kind: RecordType(65535) };
    let address = |ip: IpAddr| record(RecordData::Address(ip));
    let service = RecordData::Service {
        target: name("svc.example"),
        hints: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        ech: true,
    };
    let records = vec![
        address(Ipv4Addr::new(192, 0, 2, 1).into()),
        address(Ipv6Addr::UNSPECIFIED.into()),
        record(RecordData::Name(None)),
        record(RecordData::Name(name("other.example"))),
        record(service),
        record(RecordData::Other(512)),
    ];
    let volume = Volume { packets: u64::MAX, bytes: 1 };
    let details = RemoteProtocol::DETAILS.iter().map(|word| (*word, "told".into())).collect();
    vec![
        seen(Fact::FlowOpen),
        seen(Fact::FlowClose(Box::new(FlowClose {
            reason: CloseReason::Evicted,
            opened: Timestamp::ZERO,
            last: Timestamp::MAX,
            from_client: volume,
            from_server: Volume::default(),
            protocol: Some(Protocol::Dhcpv6),
        }))),
        seen(Fact::DnsQuery(Box::new(DnsQuery {
            protocol: Protocol::Mdns,
            id: 65535,
            question: question.clone(),
        }))),
        seen(Fact::DnsAnswer(Box::new(DnsAnswer {
            protocol: Protocol::Dns,
            id: 0,
            question: Some(question),
            rcode: 3,
            records,
        }))),
        seen(Fact::TlsHello(Box::new(TlsHello {
            carrier: Carrier::Quic(0x6b33_43cf),
            server_name: name("sni.example"),
            alpn: vec![Box::from(&b"h2"[..]), Box::from(&b"\xff\0"[..])],
            version: TlsVersion(0x0303),
            versions: vec![TlsVersion(0x0304)],
            ech: true,
            ja3: Some(Ja3::of("771,1-2,3,4,5".into())),
            ja4: Some(Ja4::of("t13d0101h2_1301_0000".into())),
        }))),
        seen(Fact::TlsCertificate(Box::new(TlsCertificate {
            side: Side::Server,
            subject: "CN=relay.example".into(),
            issuer: "CN=Exämple".into(),
            names: vec![name("relay.example").expect("a name")],
            der: Box::from(&b"\x30\0\xff"[..]),
            chain: vec!["AB".into()],
            not_before: i64::MIN,
            not_after: i64::MAX,
        }))),
        seen(Fact::HttpRequest(Box::new(HttpRequest {
            method: "GET".into(),
            host: None,
            port: Some(8080),
            path: "/a?b".into(),
            user_agent: Some("agent".into()),
        }))),
        seen(Fact::FileDownload(Box::new(FileDownload {
            kind: FileKind::MachO,
            name: Some("setup.exe".into()),
            host: name("dl.example"),
            path: None,
            size: Some(u64::MAX),
        }))),
        seen(Fact::Remote(Box::new(RemoteProtocol {
            protocol: Protocol::Rfb,
            side: Side::Client,
            version: None,
            details,
        }))),
        seen(Fact::Opening(Box::new(Opening {
            side: Side::Client,
            first_len: u32::MAX,
            octets: vec![0xff; Opening::LEN_MAX].into(),
        }))),
        seen(Fact::HostHint(Box::new(HostHint {
            ip: Ipv4Addr::LOCALHOST.into(),
            mac: Some(Mac([1, 2, 3, 4, 5, 6])),
            name: Some("host".into()),
            by: HintSource::Neighbour,
        }))),
    ]
}

fn head(lane: Lane) -> Head {
    let sealed = if lane == Lane::All { vec![1; 4] } else { Vec::new() };
    Head {
        sensor: "sensor-1".into(),
        site: "site one".into(),
        epoch: 1_795_176_000_000,
        partitions: 4,
        lane,
        seq: 12,
        tick: AT,
        first: AT,
        last: AT,
        sealed,
        end: false,
        lost: 1,
        facts: 0,
    }
}

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
