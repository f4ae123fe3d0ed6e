//! Scenes: what happens, line by line, and the alerts that must come of it, as short lines.
//!
//! ```text
//! 0 10.0.0.5>10.0.0.53:53 query relay.example : DnsQuestion Relay Vendor
//! ```
//! Seconds, client, server, fact, and the signs that intelligence found in it.

mod chains;
mod hostile;
mod identities;
mod inventory;
mod lists;
mod lives;
mod lures;
mod operators;
mod policies;
mod ports;
mod quiet;
mod recognised;
mod resolvers;
mod shared;
mod spreads;

use std::sync::Arc;

use model::{
    Alert, Carrier, CloseReason, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DomainName, Endpoint,
    Fact, FileDownload, FileKind, Flow, FlowClose, HintSource, HostHint, HttpRequest, ListKind,
    Lure, LureKind, Mac, Match, Meaning, Observation, Opening, Operator, Protocol, RecordData,
    RecordType, RemoteProtocol, Role, Side, SignSource, Specificity, Stage, Timestamp,
    TlsCertificate, TlsHello, TlsVersion, ToolId, Transport, VlanId, Volume,
};

use crate::rules::Finding;
use crate::{Detector, Limits, Policy};

/// 2026-11-20, a Friday, 12:00 UTC: seconds of scenes count from here.
pub(crate) const NOON: u64 = 1_795_176_000;

/// The moment so many seconds after noon.
pub(crate) fn moment(secs: u64) -> Timestamp {
    Timestamp::from_secs(NOON + secs, 0)
}

/// A sign from `Source Role Operator`; for an indicator `Source NN%`; for a name that lies
/// `Source imitation` or `Source helpdesk`. Then any of `shared`, `generic`, `tool=…`, `value=…`,
/// `pattern=…`, `list=…`, `stage=…`, `kind=…`, `until=…` (seconds), `weak`, `score=…`,
/// `registrable=…`.
pub(crate) fn sign(line: &str) -> Match {
    let mut words = line.split_whitespace();
    let source = source(words.next().expect(line));
    let mut sign = Match {
        source,
        value: "shown".into(),
        pattern: "pattern".into(),
        list: "catalogue".into(),
        list_version: "1".into(),
        specificity: Specificity::Specific,
        confidence_pct: 99,
        version: None,
        meaning: Meaning::Indicator {
            stage: None,
            description: "a lure".into(),
            kind: ListKind::Attacker,
            until: None,
        },
    };
    let second = words.next().expect(line);
    if let Some(sure) = second.strip_suffix('%') {
        sign.confidence_pct = sure.parse().expect(line);
        sign.list = "feed".into();
    } else if matches!(second, "imitation" | "helpdesk") {
        sign.list = if second == "imitation" { "brands".into() } else { "lures".into() };
        sign.meaning = Meaning::Lure(Arc::new(lure(second == "imitation")));
    } else {
        let operator = match words.next().expect(line) {
            "Vendor" => Operator::Vendor,
            "Server" => Operator::Server,
            named => Operator::Named(named.strip_prefix("Named=").expect(line).into()),
        };
        let tool = ToolId::parse("alpha").expect("an id");
        let role = role(second);
        sign.meaning = Meaning::Tool { tool, name: "Alpha".into(), role, operator };
    }
    words.for_each(|word| adjust(&mut sign, word));
    sign
}

fn lure(imitates: bool) -> Lure {
    Lure {
        kind: if imitates { LureKind::Imitation } else { LureKind::Lure },
        brand: imitates.then(|| ("acme-pay".into(), "Acme Pay".into())),
        method: if imitates { "homoglyph" } else { "short-help" },
        distance: u8::from(imitates),
        score: 80,
        stands_alone: true,
        registrable: "shown".into(),
        steps: vec!["how it reads".into()],
    }
}

fn adjust_lure(lure: &mut Lure, word: &str) {
    match word.split_once('=') {
        None if word == "weak" => lure.stands_alone = false,
        Some(("score", score)) => lure.score = score.parse().expect(word),
        Some(("registrable", name)) => lure.registrable = name.into(),
        _ => panic!("{word}"),
    }
}

fn adjust(sign: &mut Match, word: &str) {
    match word.split_once('=') {
        None if word == "shared" => sign.specificity = Specificity::Shared,
        None if word == "generic" => sign.specificity = Specificity::Generic,
        Some(("value", value)) => sign.value = value.into(),
        Some(("pattern", pattern)) => sign.pattern = pattern.into(),
        Some(("list", list)) => sign.list = list.into(),
        Some(("sure", sure)) => sign.confidence_pct = sure.parse().expect(word),
        Some(("tool", id)) => {
            let Meaning::Tool { tool, name, .. } = &mut sign.meaning else { panic!("{word}") };
            *tool = ToolId::parse(id).expect(word);
            *name = id.to_uppercase().into();
        }
        Some(("stage", which)) => {
            let Meaning::Indicator { stage, .. } = &mut sign.meaning else { panic!("{word}") };
            *stage = Some(match which {
                "first" => Stage::First,
                "second" => Stage::Second,
                _ => Stage::Relay,
            });
        }
        Some(("kind", which)) => {
            let Meaning::Indicator { kind, .. } = &mut sign.meaning else { panic!("{word}") };
            let all = [ListKind::Attacker, ListKind::Sweep, ListKind::Vendor, ListKind::Young];
            *kind = all.into_iter().find(|kind| kind.word() == which).expect(word);
        }
        Some(("until", secs)) => {
            let Meaning::Indicator { until, .. } = &mut sign.meaning else { panic!("{word}") };
            *until = Some(moment(secs.parse().expect(word)));
        }
        _ => {
            let Meaning::Lure(lure) = &mut sign.meaning else { panic!("{word}") };
            adjust_lure(Arc::make_mut(lure), word);
        }
    }
}

fn source(word: &str) -> SignSource {
    use SignSource as S;
    let all = [
        S::DnsQuestion,
        S::DnsAnswer,
        S::TlsSni,
        S::QuicSni,
        S::TlsAlpn,
        S::TlsCertificate,
        S::TlsJa4,
        S::HttpHost,
        S::HttpUserAgent,
        S::HttpPath,
        S::HttpFile,
        S::Payload,
        S::Port,
        S::Address,
    ];
    let found = all.into_iter().find(|source| format!("{source:?}") == word);
    found.unwrap_or_else(|| panic!("{word}"))
}

fn role(word: &str) -> Role {
    use Role as R;
    let all = [R::Relay, R::Api, R::Unknown, R::Download, R::Update, R::Telemetry, R::Website];
    let found = all.into_iter().find(|role| format!("{role:?}") == word);
    found.unwrap_or_else(|| panic!("{word}"))
}

/// `relay 50`, or `-`.
pub(crate) fn finding_words(finding: Option<Finding>) -> String {
    finding.map_or("-".into(), |finding| {
        format!("{} {}", finding.weight.detection.word(), finding.severity.get())
    })
}

fn name(text: &str) -> Option<DomainName> {
    DomainName::from_text(text.as_bytes()).ok().filter(|_| text != "-")
}

/// The observation and the signs of one line.
fn step(line: &str, order: u64) -> (Observation, Vec<Match>) {
    let (what, signs) = line.split_once(" : ").unwrap_or((line.trim_end_matches(" :"), ""));
    let words: Vec<&str> = what.split_whitespace().collect();
    let at = Timestamp::from_secs(NOON + words[0].parse::<u64>().expect(line), 0);
    let (client, server) = words[1].split_once('>').expect(line);
    let (server, vlan) = server.split_once('@').unwrap_or((server, ""));
    let (client, client_port) = client.split_once('#').unwrap_or((client, "50000"));
    let (ip, port) = server.rsplit_once(':').expect(line);
    let flow = Flow {
        client: Endpoint::new(client.parse().expect(line), client_port.parse().expect(line)),
        server: Endpoint::new(ip.parse().expect(line), port.parse().expect(line)),
        transport: Transport::Tcp,
        vlan: vlan.parse().ok().map(VlanId::from_tag),
        guessed: false,
    };
    let argument = words.get(3).copied().unwrap_or("-");
    let fact = fact(words[2], argument, words.get(4).copied().unwrap_or("-"), at);
    let lent = |sign: &mut Match| {
        if &*sign.value == "shown" && argument != "-" {
            sign.value = argument.into();
        }
        // Of most names the last two labels were registered.
        let last_two = sign.value.rsplitn(3, '.').take(2).map(str::len).sum::<usize>() + 1;
        let registered = sign.value.len().saturating_sub(last_two);
        if let Meaning::Lure(lure) = &mut sign.meaning
            && &*lure.registrable == "shown"
        {
            Arc::make_mut(lure).registrable = sign.value[registered..].into();
        }
    };
    let mut signs: Vec<Match> =
        signs.split(';').filter(|text| !text.trim().is_empty()).map(sign).collect();
    signs.iter_mut().for_each(lent);
    (Observation { at, order, flow, ingress: None, fact }, signs)
}

fn fact(word: &str, argument: &str, more: &str, at: Timestamp) -> Fact {
    let question = DnsQuestion { name: name(argument), kind: RecordType::A };
    match word {
        "query" => Fact::DnsQuery(Box::new(DnsQuery { protocol: Protocol::Dns, id: 1, question })),
        // An address that stands in an HTTPS record (RFC 9460 §7.3).
        "hint" => Fact::DnsAnswer(Box::new(DnsAnswer {
            protocol: Protocol::Dns,
            id: 1,
            records: vec![DnsRecord {
                name: question.name.clone(),
                kind: RecordType::HTTPS,
                ttl_secs: 60,
                data: RecordData::Service {
                    target: None,
                    hints: vec![more.parse().expect(more)],
                    ech: true,
                },
            }],
            question: Some(DnsQuestion { kind: RecordType::HTTPS, ..question }),
            rcode: 0,
        })),
        // An address, or `nx`, `nothing`, `nothing6` (of an AAAA record), `trouble`.
        "answer" => Fact::DnsAnswer(Box::new(DnsAnswer {
            protocol: Protocol::Dns,
            id: 1,
            records: match more.parse() {
                Ok(ip) => vec![DnsRecord {
                    name: question.name.clone(),
                    kind: RecordType::A,
                    ttl_secs: 60,
                    data: RecordData::Address(ip),
                }],
                Err(_) => Vec::new(),
            },
            question: Some(DnsQuestion {
                kind: if more == "nothing6" { RecordType::AAAA } else { RecordType::A },
                ..question
            }),
            rcode: match more {
                "nx" => 3,
                "trouble" => 2,
                _ => 0,
            },
        })),
        // An address and the last octet of its interface.
        "lease" => {
            let (ip, mac) = more.split_once('=').expect(more);
            Fact::HostHint(Box::new(HostHint {
                ip: ip.parse().expect(more),
                mac: Some(Mac([2, 0, 0, 0, 0, mac.parse().expect(more)])),
                name: (argument != "-").then(|| argument.into()),
                by: HintSource::Dhcp,
            }))
        }
        "open" => Fact::FlowOpen,
        "hello" => hello(Carrier::Tls, argument, false),
        "quic" => hello(Carrier::Quic(1), argument, false),
        "quic-ech" => hello(Carrier::Quic(1), argument, true),
        "remote" => Fact::Remote(Box::new(RemoteProtocol {
            protocol: Protocol::Rdp,
            side: Side::Client,
            version: None,
            details: Vec::new(),
        })),
        "certificate" => Fact::TlsCertificate(Box::new(TlsCertificate {
            side: Side::Server,
            subject: "CN=x".into(),
            issuer: "CN=x".into(),
            names: Vec::new(),
            der: Box::default(),
            chain: Vec::new(),
            not_before: 0,
            not_after: 0,
        })),
        "http" => Fact::HttpRequest(Box::new(HttpRequest {
            method: "GET".into(),
            host: name(argument),
            port: None,
            path: "/".into(),
            user_agent: None,
        })),
        "file" | "archive" => Fact::FileDownload(Box::new(FileDownload {
            kind: if word == "file" { FileKind::Pe } else { FileKind::Zip },
            name: Some("setup.exe".into()),
            host: name(argument),
            path: None,
            size: None,
        })),
        "opening" => Fact::Opening(Box::new(Opening {
            side: Side::Client,
            first_len: 4,
            octets: Box::new([0x87, 0, 0x10, 0]),
        })),
        // Seconds since it was opened, octets of the client, octets of the server.
        "close" => close(if argument.contains('/') { argument } else { "0/1/1" }, at),
        _ => panic!("{word}"),
    }
}

fn close(argument: &str, at: Timestamp) -> Fact {
    let number: Vec<u64> = argument.split('/').map(|n| n.parse().expect(argument)).collect();
    let volume = |bytes| Volume { packets: 1, bytes };
    Fact::FlowClose(Box::new(FlowClose {
        reason: CloseReason::Fin,
        opened: Timestamp::from_secs(at.secs() - number[0], 0),
        last: at,
        from_client: volume(number[1]),
        from_server: volume(number[2]),
        protocol: None,
    }))
}

fn hello(carrier: Carrier, argument: &str, ech: bool) -> Fact {
    Fact::TlsHello(Box::new(TlsHello {
        carrier,
        server_name: name(argument),
        alpn: Vec::new(),
        version: TlsVersion(0x0303),
        versions: Vec::new(),
        ech,
        ja3: None,
        ja4: None,
    }))
}

/// What came of a scene.
pub(crate) struct Outcome {
    pub(crate) alerts: Vec<Alert>,
    pub(crate) verdicts: Vec<Option<bool>>,
    /// `3 alpha TlsAlpn+TlsCertificate`: the line, from 0, the tool and the signs that showed it.
    pub(crate) recognised: Vec<String>,
    pub(crate) detector: Detector,
}

/// Play a scene twice: it must come out the same.
pub(crate) fn play(policy: &str, limits: &Limits, scene: &str) -> Outcome {
    let first = play_once(policy, limits, scene);
    let again = play_once(policy, limits, scene);
    assert_eq!(first.alerts, again.alerts, "the same input gives the same alerts");
    assert_eq!(first.recognised, again.recognised);
    let mut told: Vec<model::AlertId> = Vec::new();
    for alert in &first.alerts {
        assert!(!alert.evidence.is_empty() && alert.start <= alert.end, "{alert:?}");
        assert!(alert.reason.ends_with('.') && !alert.reason.contains(['{', '}']), "{alert:?}");
        assert_eq!(alert.update, told.contains(&alert.id), "the first telling is no update");
        told.push(alert.id);
    }
    first
}

fn play_once(policy: &str, limits: &Limits, scene: &str) -> Outcome {
    play_with(policy, limits, scene, &mut |_| {})
}

/// Play a scene once, and look at the detector after each line.
pub(crate) fn play_with(
    policy: &str,
    limits: &Limits,
    scene: &str,
    look: &mut impl FnMut(&mut Detector),
) -> Outcome {
    let (policy, complaints) = Policy::parse("policy.toml", policy);
    assert_eq!(complaints, [], "a good policy");
    let mut detector = Detector::new(policy, limits);
    let mut alerts = Vec::new();
    let mut verdicts = Vec::new();
    let mut recognised = Vec::new();
    let lines = scene.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        let (seen, signs) = step(line, number as u64 * 2 + 1);
        detector.advance(seen.at, &mut |alert| alerts.push(alert));
        let setting = detector.setting(&seen);
        let verdict = detector.weigh(&seen, &setting, &signs, &mut |alert| alerts.push(alert));
        recognised.extend(verdict.recognised.iter().map(|signs| shown(number, signs)));
        if !signs.is_empty() {
            verdicts.push(verdict.authorised);
        }
        look(&mut detector);
    }
    detector.finish(&mut |alert| alerts.push(alert));
    Outcome { alerts, verdicts, recognised, detector }
}

fn shown(line: usize, signs: &[Match]) -> String {
    let sources: Vec<String> = signs.iter().map(|sign| format!("{:?}", sign.source)).collect();
    let tool = signs.iter().find_map(|sign| match &sign.meaning {
        Meaning::Tool { tool, .. } => Some(tool.as_str()),
        Meaning::Indicator { .. } | Meaning::Lure(_) => None,
    });
    format!("{line} {} {}", tool.unwrap_or("-"), sources.join("+"))
}

/// `0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0`: when, first or again, rule, severity,
/// confidence, host, operator, signs, first and last sign.
pub(crate) fn short(alert: &Alert) -> String {
    let secs = |at: Timestamp| at.secs() as i64 - NOON as i64;
    format!(
        "{} {} {} {} {}% {} {} x{} {}-{}",
        secs(alert.at),
        if alert.update { "upd" } else { "new" },
        alert.rule_id,
        alert.severity.get(),
        alert.confidence_pct,
        alert.host,
        alert.operator.as_deref().unwrap_or("-"),
        alert.count,
        secs(alert.start),
        secs(alert.end),
    )
}

/// Play a scene and compare.
#[track_caller]
pub(crate) fn expect(policy: &str, scene: &str, want: &[&str]) -> Outcome {
    let outcome = play(policy, &Limits::default(), scene);
    let got: Vec<String> = outcome.alerts.iter().map(short).collect();
    assert_eq!(got, want, "{scene}\n{:#?}", reasons(&outcome.alerts));
    outcome
}

/// What each alert tells a person.
pub(crate) fn reasons(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| alert.reason.as_str()).collect()
}

/// The only thing that a list of one holds.
pub(crate) fn only<T: std::fmt::Debug>(mut list: Vec<T>) -> T {
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

/// Text behind an `Arc`, as tests compare it.
pub(crate) fn text(text: &Option<Arc<str>>) -> Option<&str> {
    text.as_deref()
}
