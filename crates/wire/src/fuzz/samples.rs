//! Messages to begin with: one fact of each kind, with every option taken and left.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use model::{
    Carrier, CloseReason, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DomainName, Endpoint, Fact,
    FileDownload, FileKind, Flow, FlowClose, HintSource, HostHint, HttpRequest, Ja3, Ja4, Mac,
    Observation, Opening, Protocol, RecordData, RecordType, RemoteProtocol, Side, Timestamp,
    TlsCertificate, TlsHello, TlsVersion, Transport, Tunnel, TunnelKind, VlanId, Volume,
};

use crate::{Head, Lane, Packer, Role};

const AT: Timestamp = Timestamp::from_nanos(1_795_176_000_123_456_789);

fn name(text: &str) -> Option<DomainName> {
    DomainName::from_text(text.as_bytes()).ok()
}

pub(crate) fn seen(fact: Fact) -> Observation {
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

pub(crate) fn record(data: RecordData) -> DnsRecord {
    let kind = RecordType::HTTPS;
    DnsRecord { name: name("a\\b.example"), kind, ttl_secs: u32::MAX, data }
}

/// One of each kind, with every option taken and left.
pub(crate) fn facts() -> Vec<Observation> {
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
            names: name("relay.example").into_iter().collect(),
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

pub(crate) fn head(lane: Lane) -> Head {
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

/// A message of all of them for each lane, and one of each.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    let pack = |facts: &[Observation], lane| {
        let mut packer = Packer::default();
        for (place, seen) in facts.iter().enumerate() {
            packer.push(place as u64, Role::Weighed, seen);
        }
        packer.seal(head(lane)).ok()
    };
    let facts = facts();
    let all = [Lane::Part(3), Lane::All].map(|lane| pack(&facts, lane));
    let each = facts.chunks(1).map(|one| pack(one, Lane::Part(0)));
    all.into_iter().chain(each).flatten().collect()
}
