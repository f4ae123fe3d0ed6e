//! Whatever the wire says, a record is one valid line: random facts against the schema.

use model::*;
use records::Recorder;

use crate::ordered::assert_as_serde_writes;
use crate::samples::{self, Sample};

/// A small generator with a seed (xorshift64*): the same facts in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let place = self.next() as usize % all.len();
        *all.get(place).expect("a place below the length")
    }

    fn small(&mut self) -> u16 {
        u16::try_from(self.below(1 << 16)).expect("16 bits")
    }

    fn octets(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most)).map(|_| u8::try_from(self.below(256)).expect("8 bits")).collect()
    }

    /// Any text at all: the model promises printable ASCII in some places, we do not lean on it.
    fn text(&mut self) -> Box<str> {
        String::from_utf8_lossy(&self.octets(40)).into()
    }

    fn name(&mut self) -> Option<DomainName> {
        DomainName::from_text(&self.octets(40)).ok()
    }

    fn end(&mut self, v4: bool) -> Endpoint {
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        let ip = match v4 {
            true => std::net::Ipv4Addr::from(bits as u32).into(),
            false => std::net::Ipv6Addr::from(bits).into(),
        };
        Endpoint::new(ip, self.small())
    }

    fn protocol(&mut self) -> Protocol {
        match self.below(4) {
            0 => Protocol::Dns,
            1 => Protocol::Mdns,
            2 => Protocol::Llmnr,
            _ => Protocol::Nbns,
        }
    }

    fn side(&mut self) -> Side {
        if self.flip() { Side::Client } else { Side::Server }
    }

    fn record(&mut self) -> DnsRecord {
        let data = match self.below(4) {
            0 => RecordData::Address(self.address()),
            1 => RecordData::Name(self.name()),
            2 => RecordData::Service {
                target: self.name(),
                hints: (0..self.below(4)).map(|_| self.address()).collect(),
                ech: self.flip(),
            },
            _ => RecordData::Other(self.small()),
        };
        let ttl_secs = u32::from(self.small()) << 16;
        DnsRecord { name: self.name(), kind: RecordType(self.small()), ttl_secs, data }
    }

    fn address(&mut self) -> std::net::IpAddr {
        let v4 = self.flip();
        self.end(v4).ip
    }

    fn question(&mut self) -> DnsQuestion {
        DnsQuestion { name: self.name(), kind: RecordType(self.small()) }
    }

    fn fact(&mut self) -> Fact {
        match self.below(9) {
            0 => Fact::FlowOpen,
            1 => Fact::FlowClose(Box::new(FlowClose {
                reason: CloseReason::Timeout,
                opened: Timestamp::from_nanos(self.next()),
                last: Timestamp::from_nanos(self.next()),
                from_client: Volume { packets: self.next(), bytes: self.next() },
                from_server: Volume { packets: self.next(), bytes: self.next() },
                protocol: self.flip().then(|| self.protocol()),
            })),
            2 => Fact::DnsQuery(Box::new(DnsQuery {
                protocol: self.protocol(),
                id: self.small(),
                question: self.question(),
            })),
            3 => Fact::DnsAnswer(Box::new(DnsAnswer {
                protocol: self.protocol(),
                id: self.small(),
                question: self.flip().then(|| self.question()),
                rcode: self.small(),
                records: (0..self.below(5)).map(|_| self.record()).collect(),
            })),
            4 => Fact::TlsHello(Box::new(TlsHello {
                carrier: self.carrier(),
                server_name: self.name(),
                alpn: (0..self.below(4)).map(|_| self.octets(10).into()).collect(),
                version: TlsVersion(self.small()),
                versions: (0..self.below(4)).map(|_| self.version()).collect(),
                ech: self.flip(),
                ja3: self.flip().then(|| Ja3::of(self.digits(b"0123456789abcdef", 32))),
                ja4: self.flip().then(|| Ja4::of(self.ja4())),
            })),
            5 => Fact::TlsCertificate(Box::new(TlsCertificate {
                side: self.side(),
                subject: self.text(),
                issuer: self.text(),
                names: (0..self.below(4)).filter_map(|_| self.name()).collect(),
                der: self.octets(40).into(),
                chain: (0..self.below(3)).map(|_| self.digits(b"0123456789ABCDEF", 64)).collect(),
                not_before: self.next() as i64,
                not_after: self.next() as i64,
            })),
            6 => Fact::HttpRequest(Box::new(HttpRequest {
                method: self.text(),
                host: self.name(),
                port: self.flip().then(|| self.small()),
                path: self.text(),
                user_agent: self.flip().then(|| self.text()),
            })),
            7 => Fact::Remote(Box::new(RemoteProtocol {
                protocol: if self.flip() { Protocol::Rdp } else { Protocol::Rfb },
                side: self.side(),
                version: self.flip().then(|| self.text()),
                details: (0..self.below(4)).map(|_| (self.word(), self.text())).collect(),
            })),
            _ => Fact::FileDownload(Box::new(FileDownload {
                kind: FileKind::Zip,
                name: self.flip().then(|| self.text()),
                host: self.name(),
                path: self.flip().then(|| self.text()),
                size: self.flip().then(|| self.next()),
            })),
        }
    }

    fn digits(&mut self, of: &[u8; 16], count: usize) -> Box<str> {
        (0..count).map(|_| char::from(self.one_of(of))).collect()
    }

    fn ja4(&mut self) -> Box<str> {
        let head = self.one_of(&["t13d1516h2", "q13i0000zZ", "d00d990100", "ts3i020300"]);
        let hash = |dice: &mut Dice| dice.digits(b"0123456789abcdef", 12);
        format!("{head}_{}_{}", hash(self), hash(self)).into()
    }

    fn word(&mut self) -> &'static str {
        self.one_of(&["cookie", "security", "software", "requested"])
    }

    fn carrier(&mut self) -> Carrier {
        match self.below(5) {
            0 => Carrier::Tls,
            1 => Carrier::Dtls,
            2 => Carrier::Quic(1),
            3 => Carrier::Quic(0xff00_0000 | self.small() as u32 & 0xff),
            _ => Carrier::Quic(self.next() as u32),
        }
    }

    fn ingress(&mut self) -> Option<std::sync::Arc<Tunnel>> {
        let (source, destination) = (self.address(), self.address());
        let id = self.flip().then(|| self.next() as u32);
        let kind = if self.flip() { TunnelKind::Vxlan } else { TunnelKind::GtpU };
        self.flip().then(|| Tunnel { kind, source, destination, id }.into())
    }

    fn version(&mut self) -> TlsVersion {
        match self.flip() {
            true => TlsVersion(0x0300 + (self.small() & 7)),
            false => TlsVersion(0xfef0 | self.small()),
        }
    }

    fn sample(&mut self) -> Sample {
        let v4 = self.flip();
        let flow = Flow {
            client: self.end(v4),
            server: self.end(v4),
            transport: if self.flip() { Transport::Tcp } else { Transport::Udp },
            vlan: self.flip().then(|| VlanId::from_tag(self.small())),
            guessed: self.flip(),
        };
        let fact = self.fact();
        let mut sample = samples::plain(flow, fact);
        sample.seen.at = Timestamp::from_nanos(self.next());
        sample.seen.ingress = self.ingress();
        sample.setting.server_name = self.name();
        sample.authorised = self.flip().then(|| self.flip());
        sample
    }
}

#[test]
fn any_fact_is_one_valid_line() {
    let schema = serde_json::from_str(records::SCHEMA).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut dice = Dice(0x5eed);
    for round in 0..4_000 {
        let sample = dice.sample();
        let line = samples::line(|out| assert!(sample.write(&mut Recorder::default(), out)));
        assert_eq!((line.matches('\n').count(), line.ends_with("}\n")), (1, true), "{round}");
        let record: serde_json::Value = serde_json::from_str(&line).expect("a line is JSON");
        let wrong: Vec<_> = validator.iter_errors(&record).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "round {round}: {wrong:?}\n{line}");
        assert_as_serde_writes(&format!("round {round}"), &line);
        assert_texts_stand(&sample.seen.fact, &record);
    }
}

/// Every text of a fact stands in its record as it came.
fn assert_texts_stand(fact: &Fact, record: &serde_json::Value) {
    let name = |name: &Option<DomainName>| name.as_ref().map(|name| name.as_str().to_owned());
    let text = |text: &Option<Box<str>>| text.as_ref().map(ToString::to_string);
    let rows: Vec<(&str, Option<String>)> = match fact {
        Fact::DnsQuery(query) => vec![
            ("/dns/question/name", name(&query.question.name).or(Some(".".into()))),
            ("/dns/id", Some(query.id.to_string())),
        ],
        Fact::TlsHello(hello) => vec![("/tls/client/server_name", name(&hello.server_name))],
        Fact::TlsCertificate(shown) => {
            let end = if shown.side == Side::Client { "client" } else { "server" };
            let told = |path| record.pointer(&format!("/tls/{end}/x509/{path}/distinguished_name"));
            assert_eq!(told("subject").and_then(|told| told.as_str()), Some(&*shown.subject));
            assert_eq!(told("issuer").and_then(|told| told.as_str()), Some(&*shown.issuer));
            vec![]
        }
        Fact::HttpRequest(request) => vec![
            ("/http/request/method", Some(request.method.to_string())),
            ("/url/domain", name(&request.host)),
            ("/user_agent/original", text(&request.user_agent)),
        ],
        Fact::FileDownload(file) => vec![
            ("/file/name", text(&file.name)),
            ("/file/size", file.size.map(|size| size.to_string())),
            ("/url/domain", name(&file.host)),
        ],
        _ => vec![],
    };
    for (path, want) in rows {
        let told = record.pointer(path).map(|told| match told.as_str() {
            Some(text) => text.to_owned(),
            None => told.to_string(),
        });
        assert_eq!(told, want, "{path}");
    }
}
