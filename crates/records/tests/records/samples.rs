//! One sample of every kind of record, for the golden lines, the schema and the bench.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::*;
use records::{Files, Findings, Recorder, RecorderOptions};

/// 2026-11-21T20:15:42.123456Z and some nanoseconds.
pub(crate) const AT: Timestamp = Timestamp::from_secs(1_795_292_142, 123_456_789);

/// The sample records by name, each as its line.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for (name, alert) in alerts() {
        let recorder = if name == "alert_relay" { sensor() } else { Recorder::default() };
        lines.push((name, line(|out| recorder.alert(&alert, out))));
    }
    for (name, sample) in observations() {
        lines.push((name, line(|out| assert!(sample.write(&mut Recorder::default(), out)))));
    }
    for (name, sample) in recognised() {
        let found = sample.findings();
        lines.push((name, line(|out| Recorder::default().recognised(&sample.seen, &found, out))));
    }
    for (name, row, usage) in usages() {
        lines.push((name, line(|out| Recorder::default().inventory(row, &usage, out))));
    }
    lines.push(("alert_sensor", line(|out| sensor().lost(AT, "siem", 12, 345, out))));
    let first = line(|out| sensor().health(&health(true), out));
    let first = records::Native::parse(first.as_bytes()).expect("a record of ours");
    let name = "alerts-20261121T201542Z.jsonl";
    lines.push(("header", line(|out| records::header(&first, name, out))));
    lines.push(("health_live", line(|out| sensor().health(&health(true), out))));
    lines.push(("health_empty", line(|out| Recorder::default().health(&Health::default(), out))));
    lines.push(("summary", line(|out| Recorder::default().summary(&health(false), &files(), out))));
    lines
}

pub(crate) fn line(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("a line is text")
}

/// A recorder that knows its sensor's name.
pub(crate) fn sensor() -> Recorder {
    Recorder::new(RecorderOptions { sensor: Some("span-1".into()) })
}

/// An observation and what the other crates said of it.
pub(crate) struct Sample {
    pub(crate) seen: Observation,
    pub(crate) setting: Setting,
    pub(crate) matches: Vec<Match>,
    pub(crate) authorised: Option<bool>,
    pub(crate) rule: Option<&'static str>,
    pub(crate) uses: Vec<UseShown>,
    pub(crate) dns_transport: Option<DnsTransport>,
}

impl Sample {
    pub(crate) fn findings(&self) -> Findings<'_> {
        Findings {
            setting: &self.setting,
            matches: &self.matches,
            authorised: self.authorised,
            rule: self.rule,
            uses: &self.uses,
            dns_transport: self.dns_transport,
        }
    }

    pub(crate) fn write(&self, recorder: &mut Recorder, out: &mut Vec<u8>) -> bool {
        recorder.observation(&self.seen, &self.findings(), out)
    }
}

pub(crate) fn tunnel() -> Tunnel {
    Tunnel {
        kind: TunnelKind::Erspan,
        source: ip("10.9.0.1"),
        destination: ip("10.9.0.2"),
        id: Some(101),
    }
}

pub(crate) fn name(text: &str) -> DomainName {
    DomainName::from_text(text.as_bytes()).expect("a name")
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(crate) fn flow(transport: Transport, client: (&str, u16), server: (&str, u16)) -> Flow {
    Flow {
        client: Endpoint::new(ip(client.0), client.1),
        server: Endpoint::new(ip(server.0), server.1),
        transport,
        vlan: None,
        guessed: false,
    }
}

pub(crate) fn tls_flow() -> Flow {
    flow(Transport::Tcp, ("10.20.4.17", 49_811), ("195.181.174.176", 443))
}

fn quic_flow() -> Flow {
    flow(Transport::Udp, ("10.20.4.17", 50_123), ("195.181.174.176", 443))
}

fn dns_flow() -> Flow {
    flow(Transport::Udp, ("10.20.4.17", 54_585), ("8.8.8.8", 53))
}

fn tool() -> ToolId {
    ToolId::parse("anydesk").expect("an id")
}

fn sign(source: SignSource, value: &str, pattern: &str, specificity: Specificity) -> Match {
    Match {
        source,
        value: value.into(),
        pattern: pattern.into(),
        list: "catalogue".into(),
        list_version: "2026-08-21".into(),
        specificity,
        confidence_pct: 90,
        version: None,
        meaning: Meaning::Tool {
            tool: tool(),
            name: "AnyDesk".into(),
            role: Role::Relay,
            operator: Operator::Vendor,
        },
    }
}

fn indicator(value: &str) -> Match {
    Match {
        list: "aa23-025a".into(),
        list_version: "2023-01-25".into(),
        meaning: Meaning::Indicator {
            stage: Some(Stage::First),
            description: "a page of the campaign".into(),
            kind: ListKind::Attacker,
            until: None,
        },
        ..sign(SignSource::DnsQuestion, value, value, Specificity::Specific)
    }
}

/// The alerts: one with everything, one with nothing that can be missing, one by address.
pub(crate) fn alerts() -> Vec<(&'static str, Alert)> {
    let relay = relay_alert();
    let update = Alert {
        at: AT.after(std::time::Duration::from_secs(600)),
        update: true,
        occasion: Occasion::Growth,
        count: 41,
        end: AT.after(std::time::Duration::from_secs(600)),
        ..relay.clone()
    };
    let inbound = Alert {
        id: AlertId(7),
        rule_id: "rmm.inbound.anydesk".into(),
        rule_name: "Remote access from outside: AnyDesk".into(),
        detection: Detection::Inbound,
        severity: Severity::new(90),
        confidence_pct: 100,
        techniques: vec!["T1133", "T1219.002", "T1219", "T1566.002", "T9999.001"],
        flow: Flow {
            guessed: true,
            ..flow(Transport::Tcp, ("2001:db8::7", 50_000), ("fd00::2", 7_070))
        },
        protocol: None,
        server_name: None,
        host: ip("fd00::2"),
        direction: Direction::Inbound,
        operator: None,
        evidence: vec![
            Evidence {
                source: SignSource::Payload,
                value: "16 03 01".into(),
                pattern: "16 03 ??".into(),
                list: "catalogue".into(),
                list_version: "2026-08-21".into(),
                role: Some(Role::Relay),
                kind: None,
                expired: false,
            },
            Evidence {
                source: SignSource::Address,
                value: "2001:db8::7".into(),
                pattern: "2001:db8::/32".into(),
                list: "mine".into(),
                list_version: "1".into(),
                role: None,
                kind: Some(ListKind::Sweep),
                expired: true,
            },
        ],
        ..relay.clone()
    };
    let proof = |source, value: &str| Evidence {
        source,
        value: value.into(),
        pattern: value.into(),
        list: "catalogue".into(),
        list_version: "2026-08-21".into(),
        role: Some(Role::Download),
        kind: None,
        expired: false,
    };
    let download = Alert {
        id: AlertId(2),
        rule_id: "rmm.download.anydesk".into(),
        rule_name: "Remote-access tool fetched: AnyDesk".into(),
        detection: Detection::Download,
        severity: Severity::new(40),
        techniques: vec!["T1105", "T1219.002"],
        protocol: Some(Protocol::Http),
        server_name: Some(name("download.example")),
        evidence: vec![
            proof(SignSource::HttpHost, "download.example"),
            proof(SignSource::HttpHost, "192.0.2.80"),
            proof(SignSource::HttpPath, "/AnyDesk.exe"),
            proof(SignSource::HttpFile, "AnyDesk.exe"),
            proof(SignSource::HttpUserAgent, "AnyDesk/8"),
        ],
        ..relay.clone()
    };
    let quic = Alert {
        id: AlertId(3),
        ingress: Some(Arc::new(Tunnel { id: None, kind: TunnelKind::Gre, ..tunnel() })),
        protocol: Some(Protocol::Quic),
        flow: quic_flow(),
        evidence: vec![Evidence {
            source: SignSource::QuicSni,
            role: Some(Role::Relay),
            ..proof(SignSource::QuicSni, "relay-3185a847.net.anydesk.com")
        }],
        ..relay.clone()
    };
    vec![
        ("alert_download", download),
        ("alert_quic", quic),
        ("alert_relay", relay),
        ("alert_update", update),
        ("alert_indicator", indicator_alert()),
        ("alert_lure", lure_alert()),
        ("alert_lure_without_brand", brandless_alert()),
        ("alert_inbound", inbound),
        ("alert_chain", chain_alert()),
        ("alert_more", summed_alert()),
    ]
}

/// An incident of four stages, at its end.
fn chain_alert() -> Alert {
    let later = |minutes: u64| AT.after(std::time::Duration::from_secs(60 * minutes));
    let id = AlertId(0xc4a1);
    let step = |stage, minutes, event, name: &str, why: &str| Step {
        stage,
        at: later(minutes),
        event: AlertId(event),
        name: name.into(),
        host: ip("10.20.4.17"),
        why: why.into(),
    };
    let steps = vec![
        step(ChainStage::Lure, 0, 4, "paypa1-support.example", "it imitates PayPal"),
        step(ChainStage::Download, 1, 0xc4a1, "setup.exe", "a program came from that name"),
        step(ChainStage::Relay, 3, 0xc4a1, "AnyDesk", "the host's first contact with the tool"),
        Step {
            host: ip("10.20.4.18"),
            ..step(ChainStage::Session, 9, 0xc4a1, "AnyDesk", "6 minutes, 2,000,000 octets out")
        },
    ];
    Alert {
        id,
        at: later(24),
        update: true,
        occasion: Occasion::Ended,
        rule_id: "rmm.campaign.chain".into(),
        rule_name: "From a lure to remote access".into(),
        detection: Detection::Campaign,
        severity: Severity::new(92),
        reason: "10.20.4.17 went from a lure to AnyDesk in 3 minutes; isolate it.".into(),
        chain: Some(Chain {
            id,
            steps,
            sum: vec!["three stages: 90".into(), "session: + 2".into()],
        }),
        identity: Identity {
            mac: Some(Mac([0, 0, 0x5e, 0, 0x53, 0x23])),
            name: Some("desk-7".into()),
        },
        count: 41,
        end: later(9),
        ..relay_alert()
    }
}

/// What stands for alerts that were held back.
fn summed_alert() -> Alert {
    Alert {
        id: AlertId(0x5c0),
        occasion: Occasion::Still,
        update: true,
        hosts: vec![ip("10.20.4.18"), ip("10.20.4.19"), ip("fd00::2")],
        more: 412,
        identity: Identity { mac: None, name: Some("desk-7".into()) },
        ..relay_alert()
    }
}

fn relay_alert() -> Alert {
    Alert {
        ingress: None,
        id: AlertId(0xa3f1_c0de_5b7e_4d21_0011_2233_4455_6677),
        at: AT,
        update: false,
        occasion: Occasion::First,
        severity_before: None,
        rule_id: "rmm.relay.anydesk".into(),
        rule_name: "Remote-access relay contacted: AnyDesk".into(),
        detection: Detection::Relay,
        severity: Severity::new(50),
        confidence_pct: 95,
        reason: "10.20.4.17 uses AnyDesk, which no rule allows in the zone office-lan; ask its \
                 user, or isolate it."
            .into(),
        techniques: vec!["T1219.002"],
        flow: Flow { vlan: Some(VlanId::from_tag(120)), ..tls_flow() },
        protocol: Some(Protocol::Tls),
        server_name: Some(name("relay-3185a847.net.anydesk.com")),
        host: ip("10.20.4.17"),
        direction: Direction::Outbound,
        tool: Some((tool(), "AnyDesk".into())),
        operator: Some("AnyDesk".into()),
        policy: PolicyVerdict {
            authorised: false,
            zone: Some("office-lan".into()),
            rule: "deny-by-default".into(),
        },
        lure: None,
        chain: None,
        identity: Identity::default(),
        hosts: Vec::new(),
        more: 0,
        evidence: vec![Evidence {
            source: SignSource::TlsSni,
            value: "relay-3185a847.net.anydesk.com".into(),
            pattern: "*.net.anydesk.com".into(),
            list: "catalogue".into(),
            list_version: "2026-08-21".into(),
            role: Some(Role::Relay),
            kind: None,
            expired: false,
        }],
        count: 1,
        start: AT,
        end: AT,
    }
}

fn indicator_alert() -> Alert {
    let found = indicator("myhelpcare.online");
    Alert {
        id: AlertId(1),
        rule_id: "indicator.aa23-025a".into(),
        rule_name: "Reported name contacted: aa23-025a".into(),
        detection: Detection::Indicator,
        severity: Severity::new(75),
        confidence_pct: 7,
        reason: "10.20.4.17 asked for a name that the list \"aa23-025a\" reports.".into(),
        techniques: vec![],
        flow: dns_flow(),
        protocol: Some(Protocol::Dns),
        server_name: None,
        host: ip("10.20.4.17"),
        tool: None,
        operator: None,
        policy: PolicyVerdict { authorised: false, zone: None, rule: "deny-by-default".into() },
        lure: None,
        evidence: vec![Evidence {
            source: found.source,
            value: found.value,
            pattern: found.pattern,
            list: found.list,
            list_version: found.list_version,
            role: None,
            kind: Some(ListKind::Attacker),
            expired: false,
        }],
        ..relay_alert()
    }
}

fn lure_alert() -> Alert {
    let sign = |source, list: &str| Evidence {
        source,
        value: "login.paypa1-support.example".into(),
        pattern: "paypa1-support.example".into(),
        list: list.into(),
        list_version: "2026-11-22".into(),
        role: None,
        kind: (list != "brands").then_some(ListKind::Young),
        expired: false,
    };
    Alert {
        id: AlertId(4),
        rule_id: "rmm.lure.imitation".into(),
        rule_name: "A name that imitates a brand".into(),
        detection: Detection::Lure,
        severity: Severity::new(65),
        confidence_pct: 97,
        reason: "10.20.4.17 reached login.paypa1-support.example (195.181.174.176:443), which \
                 imitates PayPal (homoglyph, 1 edit); ask the user of 10.20.4.17 what led them \
                 there."
            .into(),
        techniques: vec!["T1566.002", "T1583.001"],
        server_name: Some(name("login.paypa1-support.example")),
        tool: None,
        operator: None,
        lure: Some(Arc::new(Lure {
            kind: LureKind::Imitation,
            brand: Some(("paypal".into(), "PayPal".into())),
            method: "homoglyph",
            distance: 1,
            score: 92,
            stands_alone: true,
            registrable: "paypa1-support.example".into(),
            steps: vec![
                "registered name: paypa1-support.example".into(),
                "severity: 50, a name that imitates a brand or a vendor".into(),
            ],
        })),
        evidence: vec![
            sign(SignSource::DnsQuestion, "brands"),
            sign(SignSource::TlsSni, "brands"),
            sign(SignSource::TlsSni, "new-names"),
        ],
        count: 3,
        ..relay_alert()
    }
}

fn brandless_alert() -> Alert {
    let lure = Lure {
        kind: LureKind::Lure,
        brand: None,
        method: "short-help",
        distance: 0,
        score: 61,
        stands_alone: true,
        registrable: "xyhelp24.example".into(),
        steps: vec!["severity: 30, a name that speaks like a help desk".into()],
    };
    let sign = Evidence {
        source: SignSource::DnsQuestion,
        value: "xyhelp24.example".into(),
        pattern: "xyhelp24.example".into(),
        list: "lures".into(),
        list_version: "2026-11-22".into(),
        role: None,
        kind: None,
        expired: false,
    };
    Alert {
        id: AlertId(5),
        rule_id: "rmm.lure.helpdesk".into(),
        rule_name: "A name that speaks like a help desk".into(),
        severity: Severity::new(30),
        confidence_pct: 61,
        reason: "10.20.4.17 asked for xyhelp24.example, which speaks like a help desk \
                 (short-help); ask the user of 10.20.4.17 what led them there."
            .into(),
        techniques: vec!["T1566.002"],
        lure: Some(Arc::new(lure)),
        evidence: vec![sign],
        detection: Detection::Lure,
        ..indicator_alert()
    }
}

/// A setting without a zone or a lent name.
pub(crate) fn setting() -> Setting {
    Setting {
        host: ip("10.20.4.17"),
        direction: Direction::Outbound,
        zone: None,
        server_name: None,
        name_shared: false,
        well_known: false,
    }
}

/// An observation that no one says anything of.
pub(crate) fn plain(flow: Flow, fact: Fact) -> Sample {
    let seen = Observation { at: AT, order: 1, flow, ingress: None, fact };
    Sample {
        seen,
        setting: setting(),
        matches: vec![],
        authorised: None,
        rule: None,
        uses: vec![],
        dns_transport: None,
    }
}

/// What an observation adds to the inventory.
fn shown() -> UseShown {
    UseShown {
        row: UsageId(0xa1),
        joined: None,
        tool: (tool(), "AnyDesk".into()),
        operator: None,
        authorised: false,
        rule: "deny-by-default".into(),
        signs: 1,
        new: None,
    }
}

/// Rows of the inventory: one with everything, one with nothing that can be missing.
pub(crate) fn usages() -> Vec<(&'static str, UsageId, Usage)> {
    let full = Usage {
        host: ip("10.20.4.17"),
        zone: Some("office-lan".into()),
        identity: Identity {
            mac: Some(Mac([0, 0, 0x5e, 0, 0x53, 0x23])),
            name: Some("desk-7".into()),
        },
        tool: (tool(), "AnyDesk".into()),
        operator: Some("acme".into()),
        inbound: false,
        authorised: true,
        rule: "allow[0] acme-remote".into(),
        first: AT,
        last: AT.after(std::time::Duration::from_secs(3_600)),
        signs: 41,
        sessions: 7,
        bytes_sent: 1_234_567,
        bytes_received: 89_012,
        new: Some(true),
    };
    let bare = Usage {
        host: ip("fd00::2"),
        zone: None,
        identity: Identity::default(),
        operator: None,
        inbound: true,
        authorised: false,
        rule: "deny-by-default".into(),
        new: None,
        ..full.clone()
    };
    vec![
        ("inventory", UsageId(0xa1_0000_0000_0000_0000_0000_0000), full),
        ("inventory_bare", UsageId(0xa2), bare),
    ]
}

fn question(text: &str, kind: u16) -> DnsQuestion {
    let name = DomainName::from_text(text.as_bytes()).ok();
    DnsQuestion { name, kind: RecordType(kind) }
}

pub(crate) fn query(protocol: Protocol, text: &str, kind: u16) -> Fact {
    Fact::DnsQuery(Box::new(DnsQuery { protocol, id: 0xf29f, question: question(text, kind) }))
}

pub(crate) fn observations() -> Vec<(&'static str, Sample)> {
    let mut samples = dns();
    samples.extend(tls());
    samples.extend(web());
    samples.extend(flows());
    samples.extend(remote());
    samples
}

fn dns() -> Vec<(&'static str, Sample)> {
    let multicast = |port| flow(Transport::Udp, ("fe80::1", port), ("ff02::fb", port));
    let nbns = flow(Transport::Udp, ("10.20.4.17", 137), ("10.20.255.255", 137));
    let matched = Sample {
        setting: Setting { zone: Some("office-lan".into()), ..setting() },
        matches: vec![
            indicator("acme.example"),
            Match {
                meaning: Meaning::Tool {
                    tool: ToolId::parse("screenconnect").expect("an id"),
                    name: "ScreenConnect".into(),
                    role: Role::Relay,
                    operator: Operator::Named("acme.example".into()),
                },
                ..indicator("acme.example")
            },
        ],
        authorised: Some(true),
        rule: Some("allow[0] acme-remote"),
        uses: vec![UseShown {
            joined: Some(UsageId(0xa0)),
            tool: (ToolId::parse("screenconnect").expect("an id"), "ScreenConnect".into()),
            operator: Some("acme.example".into()),
            authorised: true,
            rule: "allow[0] acme-remote".into(),
            new: Some(false),
            ..shown()
        }],
        ..plain(
            Flow { vlan: Some(VlanId::from_tag(7)), guessed: true, ..dns_flow() },
            query(Protocol::Dns, "acme.example", 1),
        )
    };
    let young = Match {
        list: "new-names".into(),
        meaning: Meaning::Indicator {
            stage: None,
            description: "registered lately".into(),
            kind: ListKind::Young,
            until: Some(AT),
        },
        ..indicator("paypa1-support.example")
    };
    let lies = Match {
        list: "brands".into(),
        meaning: lure_alert().lure.map_or(young.meaning.clone(), Meaning::Lure),
        ..indicator("paypa1-support.example")
    };
    let lying = Sample {
        matches: vec![lies, young],
        ..plain(dns_flow(), query(Protocol::Dns, "paypa1-support.example", 1))
    };
    let refusal =
        DnsAnswer { protocol: Protocol::Dns, id: 0, question: None, rcode: 4_095, records: vec![] };
    vec![
        ("dns_query", plain(dns_flow(), query(Protocol::Dns, "www.example.com", 65))),
        ("dns_query_root", plain(dns_flow(), query(Protocol::Dns, "", 2))),
        ("dns_query_unknown_type", plain(dns_flow(), query(Protocol::Dns, "a\\b.example", 999))),
        ("dns_query_matched", matched),
        ("dns_query_lure", lying),
        ("mdns_query", plain(multicast(5_353), query(Protocol::Mdns, "_http._tcp.local", 12))),
        ("llmnr_query", plain(multicast(5_355), query(Protocol::Llmnr, "wpad", 28))),
        ("nbns_query", plain(nbns, query(Protocol::Nbns, "fileserver", 32))),
        ("dns_answer", plain(dns_flow(), Fact::DnsAnswer(Box::new(answer())))),
        ("dns_answer_bare", plain(dns_flow(), Fact::DnsAnswer(Box::new(refusal)))),
    ]
}

/// An answer with a record of every kind.
pub(crate) fn answer() -> DnsAnswer {
    let record = |owner: &str, kind, data| DnsRecord {
        name: DomainName::from_text(owner.as_bytes()).ok(),
        kind: RecordType(kind),
        ttl_secs: 300,
        data,
    };
    let service = RecordData::Service {
        target: None,
        hints: vec![ip("192.0.2.9"), ip("2001:db8::9"), ip("192.0.2.10")],
        ech: true,
    };
    DnsAnswer {
        protocol: Protocol::Dns,
        id: 0xf29f,
        question: Some(question("www.example.com", 1)),
        rcode: 0,
        records: vec![
            record("www.example.com", 5, RecordData::Name(Some(name("edge.example.net")))),
            record("edge.example.net", 1, RecordData::Address(ip("192.0.2.7"))),
            record("edge.example.net", 28, RecordData::Address(ip("2001:db8::7"))),
            record("edge.example.net", 65, service),
            record("edge.example.net", 16, RecordData::Other(12)),
            record("", 2, RecordData::Name(None)),
        ],
    }
}

pub(crate) fn hello() -> TlsHello {
    TlsHello {
        carrier: Carrier::Tls,
        server_name: Some(name("relay-3185a847.net.anydesk.com")),
        alpn: vec![b"h2".as_slice().into(), b"http/1.1".as_slice().into(), b"\x00\\"[..].into()],
        version: TlsVersion(0x0303),
        versions: vec![TlsVersion(0x7f1c), TlsVersion(0x0304), TlsVersion(0x0303)],
        ech: true,
        ja3: Some(Ja3::of("e7d705a3286e19ea42f587b344ee6865".into())),
        ja4: Some(Ja4::of("t13d1516h2_8daaf6152771_e5627efa2ab1".into())),
    }
}

fn tls() -> Vec<(&'static str, Sample)> {
    let bare = TlsHello {
        carrier: Carrier::Tls,
        server_name: None,
        alpn: vec![],
        version: TlsVersion(0x0300),
        versions: vec![],
        ech: false,
        ja3: None,
        ja4: None,
    };
    let certificate = TlsCertificate {
        side: Side::Server,
        subject: "CN=AnyNet Relay,O=philandro Software GmbH,C=DE".into(),
        issuer: "CN=AnyNet Root CA,O=philandro Software GmbH,C=DE".into(),
        names: vec![name("relay.example"), name("*.relay.example")],
        der: Box::from(*b"the octets of a certificate"),
        chain: vec!["00F5AC3A1B02D6D3A0D8B3E1C0FFEE00112233449EF5AC3A1B02D6D3A0D8B3E1".into()],
        not_before: 1_397_183_875,
        not_after: 253_402_300_800,
    };
    let client = TlsCertificate {
        side: Side::Client,
        subject: "CN=AnyDesk Client".into(),
        issuer: "CN=AnyDesk Client".into(),
        names: vec![name("client.example")],
        der: Box::from(*b"the octets of a client"),
        chain: Vec::new(),
        not_before: -1,
        not_after: 0,
    };
    let bare_certificate = TlsCertificate {
        side: Side::Server,
        subject: "".into(),
        issuer: "".into(),
        names: vec![],
        der: Box::default(),
        chain: Vec::new(),
        not_before: i64::MIN,
        not_after: i64::MAX,
    };
    let lent = Setting { server_name: Some(name("lent.example")), ..setting() };
    let nameless = Sample { setting: lent, ..plain(tls_flow(), Fact::TlsHello(Box::new(bare))) };
    let dtls = TlsHello {
        carrier: Carrier::Dtls,
        server_name: None,
        alpn: vec![],
        version: TlsVersion(0xfefd),
        versions: vec![TlsVersion(0xfefd)],
        ech: false,
        ..hello()
    };
    let quic = TlsHello {
        carrier: Carrier::Quic(1),
        alpn: vec![b"h3".as_slice().into()],
        versions: vec![TlsVersion(0x0304)],
        ech: false,
        ja4: Some(Ja4::of("q13d0312h3_55b375c5d22e_06cda9e17597".into())),
        ..hello()
    };
    let google = TlsHello {
        carrier: Carrier::Quic(u32::from_be_bytes(*b"Q046")),
        ja3: None,
        ja4: None,
        versions: vec![],
        alpn: vec![],
        ..quic.clone()
    };
    let private = TlsHello {
        server_name: Some(name("resolver.example")),
        alpn: vec![b"dot".as_slice().into()],
        ..quic.clone()
    };
    let private = TlsHello { carrier: Carrier::Tls, ..private };
    let private = Sample {
        dns_transport: Some(DnsTransport::Tls),
        ..plain(
            flow(Transport::Tcp, ("10.20.4.17", 49_812), ("192.0.2.53", 853)),
            Fact::TlsHello(Box::new(private)),
        )
    };
    let mut mirrored = plain(quic_flow(), Fact::TlsHello(Box::new(quic.clone())));
    mirrored.seen.ingress = Some(Arc::new(tunnel()));
    vec![
        ("quic_client_hello", plain(quic_flow(), Fact::TlsHello(Box::new(quic)))),
        ("quic_client_hello_google", plain(quic_flow(), Fact::TlsHello(Box::new(google)))),
        ("quic_client_hello_mirrored", mirrored),
        ("tls_client_hello_datagrams", plain(quic_flow(), Fact::TlsHello(Box::new(dtls)))),
        ("tls_client_hello_dns", private),
        ("tls_client_hello", plain(tls_flow(), Fact::TlsHello(Box::new(hello())))),
        ("tls_client_hello_bare", nameless),
        ("tls_certificate", plain(tls_flow(), Fact::TlsCertificate(Box::new(certificate)))),
        (
            "tls_certificate_bare",
            plain(tls_flow(), Fact::TlsCertificate(Box::new(bare_certificate))),
        ),
        ("tls_certificate_client", plain(tls_flow(), Fact::TlsCertificate(Box::new(client)))),
    ]
}

pub(crate) fn request() -> HttpRequest {
    HttpRequest {
        method: "GET".into(),
        host: Some(name("myhelpcare.online")),
        port: Some(8_080),
        path: "/setup.exe?id=1?&q=\"x\"".into(),
        user_agent: Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64)".into()),
    }
}

fn web() -> Vec<(&'static str, Sample)> {
    let http = flow(Transport::Tcp, ("10.20.4.17", 49_900), ("203.0.113.9", 8_080));
    let nameless =
        HttpRequest { host: None, port: None, user_agent: None, path: "/".into(), ..request() };
    let connect = HttpRequest {
        method: "CONNECT".into(),
        path: "myhelpcare.online:443".into(),
        port: Some(443),
        ..request()
    };
    let file = FileDownload {
        kind: FileKind::Pe,
        name: Some("setup.exe".into()),
        host: Some(name("myhelpcare.online")),
        path: Some("/get?id=7".into()),
        size: Some(4_096),
    };
    let orphan =
        FileDownload { kind: FileKind::MachO, name: None, host: None, path: None, size: None };
    vec![
        ("http_request", plain(http, Fact::HttpRequest(Box::new(request())))),
        ("http_request_nameless", plain(http, Fact::HttpRequest(Box::new(nameless)))),
        ("http_request_connect", plain(http, Fact::HttpRequest(Box::new(connect)))),
        ("file_download", plain(http, Fact::FileDownload(Box::new(file)))),
        ("file_download_bare", plain(http, Fact::FileDownload(Box::new(orphan)))),
    ]
}

pub(crate) fn close() -> FlowClose {
    FlowClose {
        reason: CloseReason::Fin,
        opened: AT,
        last: AT.after(std::time::Duration::from_millis(1_500)),
        from_client: Volume { packets: 4, bytes: 812 },
        from_server: Volume { packets: 3, bytes: 3_120 },
        protocol: Some(Protocol::Tls),
    }
}

fn flows() -> Vec<(&'static str, Sample)> {
    let hint = sign(SignSource::Port, "7070", "tcp/7070", Specificity::Generic);
    let other = Match {
        meaning: Meaning::Tool {
            tool: ToolId::parse("other").expect("an id"),
            name: "Other".into(),
            role: Role::Api,
            operator: Operator::Server,
        },
        ..hint.clone()
    };
    let ambiguous = Sample { matches: vec![hint, other], ..plain(tls_flow(), Fact::FlowOpen) };
    let open = Sample {
        setting: Setting { server_name: Some(name("lent.example")), ..setting() },
        ..plain(tls_flow(), Fact::FlowOpen)
    };
    let silent = FlowClose {
        reason: CloseReason::Evicted,
        from_server: Volume::default(),
        protocol: None,
        ..close()
    };
    let opening = Opening { side: Side::Client, first_len: 3, octets: b"\x16\x03\x01"[..].into() };
    let remote = Sample {
        matches: vec![sign(SignSource::Payload, "16 03 01", "16 03 ??", Specificity::Specific)],
        authorised: Some(false),
        ..plain(tls_flow(), Fact::Opening(Box::new(opening)))
    };
    vec![
        ("flow_open", open),
        ("flow_open_ambiguous", ambiguous),
        ("flow_close", plain(tls_flow(), Fact::FlowClose(Box::new(close())))),
        (
            "flow_close_of_a_tool",
            Sample {
                authorised: Some(false),
                rule: Some("deny-by-default"),
                uses: vec![UseShown { signs: 0, ..shown() }],
                ..plain(tls_flow(), Fact::FlowClose(Box::new(close())))
            },
        ),
        ("flow_close_one_way", plain(tls_flow(), Fact::FlowClose(Box::new(silent)))),
        ("remote_protocol", remote),
    ]
}

fn rdp_flow() -> Flow {
    flow(Transport::Tcp, ("203.0.113.9", 51_000), ("10.20.4.17", 3_389))
}

/// Protocols of remote access that a reader knows, with a tool and without one.
fn remote() -> Vec<(&'static str, Sample)> {
    let greeting = RemoteProtocol {
        protocol: Protocol::Ssh,
        side: Side::Server,
        version: Some("2.0".into()),
        details: vec![
            ("software", "OpenSSH_9.6".into()),
            ("client_software", "OpenSSH_9.9".into()),
            ("software", "again".into()),
        ],
    };
    let request = RemoteProtocol {
        protocol: Protocol::Rdp,
        side: Side::Client,
        version: None,
        details: vec![
            ("preconnection", "vm-7".into()),
            ("cookie", "admin".into()),
            ("token", "3640205228.15629.0000".into()),
            ("requested", "tls,credssp".into()),
            ("mode", "restricted-admin".into()),
            ("selected", "standard".into()),
            ("build", "9600".into()),
            ("keyboard", "0x0409".into()),
            ("client", "DESK-7".into()),
        ],
    };
    let screen = RemoteProtocol {
        protocol: Protocol::Rfb,
        side: Side::Server,
        version: Some("003.008".into()),
        details: vec![
            ("viewer", "003.008".into()),
            ("security", "vnc,tls".into()),
            ("chosen", "vnc".into()),
            ("desktop", "root@screen".into()),
            ("repeater", "ID:1234".into()),
            ("direction", "reverse".into()),
        ],
    };
    let datagrams = RemoteProtocol {
        version: None,
        details: vec![
            ("transport_version", "2".into()),
            ("transport", "lossy".into()),
            ("refused", "ssl-required".into()),
        ],
        ..request.clone()
    };
    let inbound = Setting { direction: Direction::Inbound, ..setting() };
    let signed = |source, value: &str| Match {
        version: Some("5.1".into()),
        ..sign(source, value, value, Specificity::Specific)
    };
    let ssh = flow(Transport::Tcp, ("10.20.4.17", 49_813), ("192.0.2.22", 22));
    vec![
        (
            "remote_protocol_rdp_datagrams",
            plain(
                Flow { transport: Transport::Udp, ..rdp_flow() },
                Fact::Remote(Box::new(datagrams)),
            ),
        ),
        ("remote_protocol_ssh", plain(ssh, Fact::Remote(Box::new(greeting)))),
        (
            "remote_protocol_rdp",
            Sample { setting: inbound, ..plain(rdp_flow(), Fact::Remote(Box::new(request))) },
        ),
        (
            "remote_protocol_vnc",
            Sample {
                matches: vec![signed(SignSource::Payload, "RFB 003.008")],
                authorised: Some(false),
                ..plain(rdp_flow(), Fact::Remote(Box::new(screen)))
            },
        ),
    ]
}

/// Observations whose flow showed a tool by what passed, and that are told as something else.
pub(crate) fn recognised() -> Vec<(&'static str, Sample)> {
    let alpn = sign(SignSource::TlsAlpn, "anydesk/9.0.3", "anydesk/", Specificity::Specific);
    let alpn = Match { version: Some("9.0.3".into()), ..alpn };
    let client = Sample {
        matches: vec![alpn],
        authorised: Some(false),
        ..plain(tls_flow(), Fact::TlsHello(Box::new(hello())))
    };
    let agent = sign(SignSource::HttpUserAgent, "Agent/1", "Agent/*", Specificity::Shared);
    let http = flow(Transport::Tcp, ("10.20.4.17", 49_900), ("203.0.113.9", 8_080));
    let request =
        Sample { matches: vec![agent], ..plain(http, Fact::HttpRequest(Box::new(request()))) };
    vec![("remote_protocol_alpn", client), ("remote_protocol_agent", request)]
}

pub(crate) fn health(live: bool) -> Health {
    let kernel = KernelCounts { received: 1_000, dropped: 3, interface_dropped: 0 };
    Health {
        dns: DnsShare { clear: 90, over_tls: 4, over_https: 5, over_quic: 1 },
        at: AT,
        since: Timestamp::from_secs(1_795_288_542, 0),
        frames: Tally {
            reassembled: 3,
            unassembled: 1,
            frames: 1_000,
            bytes: 654_321,
            tcp: 700,
            udp: 280,
            refused: BTreeMap::from([
                (Refused::LinkType, 4),
                (Refused::NotIp, 15),
                (Refused::Fragment, 1),
            ]),
            links_refused: BTreeMap::from([(LinkType(105), 4)]),
            flows: 90,
            flows_one_way: 8,
            flows_evicted: 1,
            openings_over_budget: 2,
            overlaps: 3,
            gaps: 4,
            anomalies: BTreeMap::from([("dns.truncated", 5), ("tls.bad_extension", 6)]),
        },
        kernel: live.then_some(kernel),
        interfaces: match live {
            true => vec![InterfaceHealth {
                name: "span0".into(),
                state: InterfaceState::Up,
                outages: 1,
                mtu: 9_000,
                lanes: vec![kernel],
                relief: Some(ReliefCounts {
                    flows: 40,
                    packets: 7_000,
                    bytes: 9_100_000,
                    copies: 2,
                    refused: 1,
                }),
            }],
            false => Vec::new(),
        },
        observations: 345,
        observations_dropped: 6,
        alerts: counts(&[("rmm.relay.anydesk", 2), ("indicator.aa23-025a", 1)]),
        updates: 4,
        authorised: counts(&[("allow[0] screenconnect", 12)]),
        rules: vec![
            RuleUse { rule: "allow[0] screenconnect".into(), uses: 12, signs: 340, last: Some(AT) },
            RuleUse { rule: "suppress[0] any tool".into(), uses: 0, signs: 0, last: None },
        ],
        tls_hellos: 30,
        tls_nameless: 1,
        tls_ech: 10,
        memory: BTreeMap::from([("stories", 3), ("stories_evicted", 0)]),
        feeds: vec![model::FeedLoaded {
            id: "aa23-025a".into(),
            version: "2023-01-25".into(),
            kind: model::ListKind::Attacker,
            indicators: 12,
        }],
        panics: 0,
        delivery: live.then(|| DeliveryHealth {
            unwritten: 7,
            spool_bytes: 65_536,
            given_up: 2,
            trouble: Some("no space left on device".into()),
            sinks: vec![SinkHealth {
                name: "siem".into(),
                kind: "syslog",
                waiting: 12,
                oldest_secs: 34,
                sent: 500,
                formless: 1,
                refused: 3,
                lost: 2,
                setbacks: 5,
                trouble: Some("siem.example:6514: connection refused".into()),
            }],
        }),
    }
}

pub(crate) fn counts(rows: &[(&str, u64)]) -> BTreeMap<Arc<str>, u64> {
    rows.iter().map(|&(rule, count)| (rule.into(), count)).collect()
}

pub(crate) fn files() -> Files {
    Files {
        read: 3,
        passed_over: vec![("notes.txt".into(), "plain text".into())],
        damaged: vec![
            ("cut.pcap".into(), "octet 4711: the last frame is cut".into()),
            ("cut.pcap".into(), "octet 900: a length that cannot be".into()),
        ],
    }
}
