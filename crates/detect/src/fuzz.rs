//! Fuzz bodies: each takes any octets and asserts what must hold for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use model::{
    Alert, AlertId, Carrier, CloseReason, Detection, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord,
    DomainName, Endpoint, Fact, FileDownload, FileKind, Flow, FlowClose, HintSource, HostHint,
    ListKind, Lure, LureKind, Mac, Match, Meaning, Observation, Occasion, Operator, Protocol,
    RecordData, RecordType, Role, SignSource, Specificity, Stage, Step, Timestamp, TlsHello,
    TlsVersion, ToolId, Transport, Usage, UsageId, Volume,
};

use crate::limits::STAGES_ALIKE_MAX;
use crate::state::dressed;
use crate::{Detector, HoursUsed, Learned, Limits, LintOptions, Policy, SuggestOptions};

/// When a run begins: 2026-11-20T12:00:00Z.
const BEGIN: u64 = 1_795_176_000;

/// Any text read as a policy: complaints lie inside of it, and reading is repeatable.
pub fn policy(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let lines = text.split('\n').count();
    let (policy, complaints) = Policy::parse("policy.toml", &text);
    for complaint in &complaints {
        assert!(usize::try_from(complaint.line).is_ok_and(|line| line <= lines), "{complaint}");
        assert!(complaint.column >= 1 && !complaint.why.is_empty(), "{complaint}");
        assert!(!complaint.fix.is_empty(), "{complaint}");
    }
    let (again, same) = Policy::parse("policy.toml", &text);
    assert_eq!(complaints, same);
    assert!(policy.rules().eq(again.rules()) && policy.zones().eq(again.zones()));
    hold_against_itself(&policy, complaints.is_empty());
    // Whatever it says, it can be asked.
    judge_with(policy, octets);
}

/// Remarks lie within bounds, and a policy written anew says the same.
fn hold_against_itself(policy: &Policy, sound: bool) {
    let lint = LintOptions { tools: &["alpha"], at: Timestamp::from_secs(BEGIN, 0), uses: None };
    for remark in policy.lint(&lint).remarks {
        assert!(!remark.complaint.why.is_empty() && !remark.complaint.fix.is_empty(), "{remark:?}");
    }
    // A rule may name a zone that is in error and left out: that is told once.
    let Some(options) = SuggestOptions::new("UTC", 2).ok().filter(|_| sound) else { return };
    let hours = HoursUsed::new();
    let learned = Learned { usages: &[], hours: &hours, incidents: &[], tools: &[] };
    let text = policy.suggest(&learned, &options).text;
    let (written, complaints) = Policy::parse("policy.toml", &text);
    assert!(complaints.is_empty(), "{complaints:?}: {text}");
    assert!(written.zones().eq(policy.zones()) && written.rules().eq(policy.rules()), "{text}");
}

/// Any run of facts and signs: each story is told first once, in bounds, with evidence, and the
/// same run gives the same alerts.
pub fn judge(octets: &[u8]) {
    let first = judge_with(Policy::deny_by_default(), octets);
    assert_eq!(first, judge_with(Policy::deny_by_default(), octets));
}

/// Any octets read as a state, as they are and as a body under a right head: refused with a place
/// inside, or taken up within bounds and written again as it was.
pub fn state(octets: &[u8]) {
    let limits = Limits { first_names_max: 3, first_host_tools_max: 3, ..Limits::default() };
    let body = dressed(octets.len(), |out| out.octets.extend_from_slice(octets)).seal();
    for octets in [octets, &*body] {
        let mut detector = Detector::new(Policy::deny_by_default(), &limits);
        match detector.restore(octets) {
            Ok(restored) => {
                assert!(restored.names <= 3 && restored.uses <= 3, "{restored:?}");
                let again = detector.state().seal();
                let mut twin = Detector::new(Policy::deny_by_default(), &limits);
                assert_eq!(twin.restore(&again), Ok(restored));
                assert_eq!(
                    twin.memory_counts().get("names"),
                    detector.memory_counts().get("names")
                );
            }
            Err(error) => {
                assert!(error.at <= octets.len() && !error.to_string().is_empty(), "{error:?}");
                // Nothing of it was taken up.
                assert_eq!(
                    detector.state().seal(),
                    Detector::new(Policy::deny_by_default(), &limits).state().seal()
                );
            }
        }
    }
}

/// A state of a detector that saw what those octets make of it: something to mutate.
#[must_use]
pub fn state_sample(octets: &[u8]) -> Vec<u8> {
    let mut detector = Detector::new(Policy::deny_by_default(), &Limits::default());
    run(&mut detector, octets, |_| {});
    detector.state().seal()
}

fn judge_with(policy: Policy, octets: &[u8]) -> Vec<Alert> {
    // Tables that are always full, and such as hold a run.
    let room = if octets.len().is_multiple_of(2) { 3 } else { 64 };
    let limits = Limits {
        stories_max: room,
        names_max: room,
        questions_max: room,
        flows_max: room,
        recognised_max: room,
        identities_max: room,
        lures_max: room,
        first_names_max: room,
        first_host_tools_max: room,
        first_tools_max: room,
        first_operators_max: room,
        learning: Duration::from_secs(300),
        evidence_max: 4,
        growths_max: 2,
        quiet: Duration::from_secs(60),
        sleep: Duration::from_secs(600),
        again: Duration::from_secs(200),
        cap_tellings: 5,
        name_kept_min: Duration::from_secs(120),
        inventory_max: room,
        trails_max: room,
        chain_window: Duration::from_secs(600),
        chain_lure: Duration::from_secs(1200),
        chain_over: Duration::from_secs(900),
        ..Limits::default()
    };
    let mut detector = Detector::new(policy, &limits);
    let alerts = run(&mut detector, octets, |detector| {
        let counts = detector.memory_counts();
        assert!(detector.chain.holds_together());
        assert!(counts.get("incidents") <= counts.get("trails"), "{counts:?}");
        for bounded in [
            "trails",
            "questions",
            "stories",
            "names",
            "flows",
            "recognised",
            "lures",
            "identities",
            "first_names",
            "inventory",
        ] {
            assert!(counts.get(bounded).is_some_and(|count| *count <= room as u64), "{counts:?}");
        }
    });
    promises(&alerts);
    inventory(&detector.take_usages(), &limits);
    alerts
}

/// What holds for rows of the inventory at the end, whatever was seen.
fn inventory(rows: &[(UsageId, Usage)], limits: &Limits) {
    assert!(rows.len() <= limits.inventory_max + limits.inventory_gone_max);
    let ids: BTreeSet<UsageId> = rows.iter().map(|(row, _)| *row).collect();
    assert_eq!(ids.len(), rows.len(), "{rows:?}");
    for (_, row) in rows {
        assert!(row.first <= row.last, "{row:?}");
        assert_eq!(row.authorised, row.rule.starts_with("allow"), "{row:?}");
        // Without a session no octets; what went into another row has nothing left.
        assert!(row.sessions > 0 || row.bytes_sent + row.bytes_received == 0, "{row:?}");
        assert!(row.signs >= row.sessions, "{row:?}");
    }
}

/// Give a detector what the octets say, up to the capture's end.
fn run(detector: &mut Detector, octets: &[u8], check: impl Fn(&Detector)) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = Vec::new();
    let mut at = BEGIN;
    for (number, chunk) in octets.chunks(8).take(256).enumerate() {
        let byte = |place: usize| chunk.get(place).copied().unwrap_or(0);
        at += u64::from(byte(0) % 32);
        let seen = Observation {
            at: Timestamp::from_secs(at - u64::from(byte(0) >> 7) + broken(byte(0)), 0),
            order: number as u64 * 2 + 1,
            flow: flow(byte(1)),
            ingress: None,
            fact: fact(byte(2), at),
        };
        detector.advance(seen.at, &mut |alert| alerts.push(alert));
        let setting = detector.setting(&seen);
        let signs: Vec<Match> = (3..8).step_by(2).map(|p| sign(byte(p), byte(p + 1))).collect();
        let signs = signs.get(..usize::from(byte(2) >> 6)).unwrap_or_default();
        let verdict = detector.weigh(&seen, &setting, signs, &mut |alert| alerts.push(alert));
        for shown in &verdict.recognised {
            assert!(!shown.is_empty() && shown.iter().all(|sign| signs.contains(sign)));
        }
        check(detector);
    }
    detector.finish(&mut |alert| alerts.push(alert));
    assert_eq!(detector.memory_counts().get("stories"), Some(&0));
    alerts
}

/// A clock may say anything for one frame.
fn broken(byte: u8) -> u64 {
    if byte == 0xff { 10_000_000 } else { 0 }
}

/// What holds for all records of one incident: it only grows, and what it tells nobody else does.
#[derive(Default)]
struct Incidents<'a> {
    last: BTreeMap<AlertId, &'a Alert>,
    /// Alerts that an incident tells from now on.
    taken: BTreeSet<AlertId>,
}

impl<'a> Incidents<'a> {
    fn hold(&mut self, alert: &'a Alert) {
        // What begins anew in the same second has the same id.
        if !alert.update {
            self.taken.remove(&alert.id);
            self.last.remove(&alert.id);
        }
        assert!(!self.taken.contains(&alert.id), "told by its incident: {alert:?}");
        let Some(chain) = alert.chain.as_ref().filter(|_| &*alert.rule_id != "rmm.campaign.spread")
        else {
            return;
        };
        assert_eq!(chain.id, alert.id, "{alert:?}");
        assert!(chain.steps.is_sorted_by_key(|step| step.at), "{alert:?}");
        let kinds: BTreeSet<_> = chain.steps.iter().map(|step| step.stage).collect();
        assert!(kinds.len() >= 2 && alert.severity.get() >= 75, "{alert:?}");
        assert!(kinds.len() >= 3 || alert.severity.get() == 75, "{alert:?}");
        for kind in kinds {
            let alike = chain.steps.iter().filter(|step| step.stage == kind).count();
            assert!(alike <= STAGES_ALIKE_MAX, "{alert:?}");
        }
        if let Some(before) = self.last.insert(alert.id, alert) {
            let count = |alert: &Alert| alert.chain.as_ref().map_or(0, |chain| chain.steps.len());
            assert!(before.severity <= alert.severity, "{before:?} {alert:?}");
            assert!(before.confidence_pct <= alert.confidence_pct, "{before:?} {alert:?}");
            assert!(count(before) <= count(alert) && before.count <= alert.count, "{alert:?}");
            let known = before.chain.iter().flat_map(|chain| &chain.steps);
            let still = |old: &&Step| {
                chain
                    .steps
                    .iter()
                    .any(|new| (new.stage, new.at, new.event) == (old.stage, old.at, old.event))
            };
            assert!(known.clone().all(|step| still(&step)), "{before:?} {alert:?}");
        }
        let others = chain.steps.iter().map(|step| step.event).filter(|event| *event != alert.id);
        self.taken.extend(others);
    }
}

/// What holds for all alerts of a run.
fn promises(alerts: &[Alert]) {
    let mut told: BTreeSet<AlertId> = BTreeSet::new();
    let mut incidents = Incidents::default();
    for alert in alerts {
        incidents.hold(alert);
        let stages = alert.chain.iter().flat_map(|chain| &chain.steps);
        for stage in stages {
            assert!(stage.event == alert.id || told.contains(&stage.event), "{alert:?}");
        }
        // With room for three stories one may go and begin again in the same second: then the
        // same evidence has the same id.
        assert!(!alert.update || told.contains(&alert.id), "{alert:?}");
        assert_eq!(alert.update, alert.occasion != Occasion::First, "{alert:?}");
        told.insert(alert.id);
        assert!(!alert.evidence.is_empty() && alert.evidence.len() <= 8, "{alert:?}");
        assert!(alert.start <= alert.end && alert.count >= 1, "{alert:?}");
        assert!(alert.confidence_pct <= 99 && alert.severity.get() > 0, "{alert:?}");
        assert!(alert.reason.ends_with('.') && !alert.techniques.is_empty(), "{alert:?}");
        // A name and what surrounds it are never critical, and high with a program only.
        let lies = alert.detection == Detection::Lure;
        let fetched = alert.evidence.iter().any(|sign| sign.source == SignSource::HttpFile);
        let most = if fetched || alert.count > 4 { 75 } else { 65 };
        assert!(!lies || alert.lure.is_some() && alert.severity.get() <= most, "{alert:?}");
    }
}

fn flow(byte: u8) -> Flow {
    let inside = |last| IpAddr::from(Ipv4Addr::new(10, 0, 0, last));
    let outside = |last| IpAddr::from(Ipv4Addr::new(192, 0, 2, last));
    let pick = |byte: u8| if byte & 4 == 0 { inside(byte & 3) } else { outside(byte & 3) };
    Flow {
        client: Endpoint::new(pick(byte), 50_000 + u16::from(byte >> 7)),
        server: Endpoint::new(pick(byte >> 3), 443),
        transport: Transport::Tcp,
        vlan: None,
        guessed: false,
    }
}

fn name(byte: u8) -> Option<DomainName> {
    DomainName::from_text(&[b'a' + byte % 4, b'.', b'x']).ok()
}

fn fact(byte: u8, at: u64) -> Fact {
    let question = DnsQuestion { name: name(byte), kind: RecordType::A };
    match byte % 8 {
        7 => Fact::HostHint(Box::new(HostHint {
            ip: Ipv4Addr::new(10, 0, 0, byte >> 3 & 7).into(),
            mac: (byte & 64 == 0).then_some(Mac([2, 0, 0, 0, 0, byte & 1])),
            name: name(byte).map(|name| name.as_str().into()),
            by: if byte & 128 == 0 { HintSource::Dhcp } else { HintSource::Arp },
        })),
        6 => Fact::FileDownload(Box::new(FileDownload {
            kind: if byte & 8 == 0 { FileKind::Pe } else { FileKind::Zip },
            name: (byte & 16 == 0).then(|| "setup.exe".into()),
            host: name(byte),
            path: None,
            size: None,
        })),
        0 => Fact::FlowOpen,
        1 => Fact::DnsQuery(Box::new(DnsQuery { protocol: Protocol::Dns, id: 0, question })),
        2 => Fact::DnsAnswer(Box::new(DnsAnswer {
            protocol: Protocol::Dns,
            id: 0,
            records: vec![DnsRecord {
                name: question.name.clone(),
                kind: RecordType::A,
                ttl_secs: u32::from(byte),
                data: RecordData::Address(Ipv4Addr::new(192, 0, 2, byte & 3).into()),
            }],
            question: Some(question),
            rcode: u16::from(byte >> 7),
        })),
        3 => Fact::FlowClose(Box::new(FlowClose {
            reason: CloseReason::Fin,
            opened: Timestamp::from_secs(at - u64::from(byte >> 3) * 32, 0),
            last: Timestamp::from_secs(at, 0),
            from_client: Volume { packets: 1, bytes: u64::from(byte >> 4) << 10 },
            from_server: Volume { packets: 1, bytes: u64::from(byte >> 6) << 20 },
            protocol: None,
        })),
        _ => Fact::TlsHello(Box::new(TlsHello {
            carrier: Carrier::Tls,
            server_name: if byte & 8 == 0 { None } else { name(byte) },
            alpn: Vec::new(),
            version: TlsVersion(0x0303),
            versions: Vec::new(),
            ech: false,
            ja3: None,
            ja4: None,
        })),
    }
}

fn sign(byte: u8, more: u8) -> Match {
    use SignSource as S;
    const SOURCES: [SignSource; 12] = [
        S::DnsQuestion,
        S::DnsAnswer,
        S::TlsSni,
        S::TlsAlpn,
        S::TlsCertificate,
        S::HttpHost,
        S::HttpUserAgent,
        S::HttpPath,
        S::HttpFile,
        S::Payload,
        S::Port,
        S::Address,
    ];
    const ROLES: [Role; 7] = [
        Role::Relay,
        Role::Api,
        Role::Unknown,
        Role::Download,
        Role::Update,
        Role::Telemetry,
        Role::Website,
    ];
    let pick = usize::from(byte);
    let source = SOURCES.get(pick % SOURCES.len()).copied().unwrap_or(S::Port);
    let value: Arc<str> = name(more).map_or("x".into(), |name| name.as_str().into());
    let meaning = match ToolId::parse(if more & 16 == 0 { "alpha" } else { "beta" }) {
        Some(tool) if more & 32 == 0 => Meaning::Tool {
            name: tool.as_str().into(),
            tool,
            role: ROLES.get(pick / SOURCES.len() % ROLES.len()).copied().unwrap_or(Role::Api),
            operator: match more >> 6 {
                0 => Operator::Vendor,
                1 => Operator::Server,
                _ => Operator::Named(value.clone()),
            },
        },
        _ if more & 128 == 0 => Meaning::Indicator {
            stage: match more & 3 {
                0 => None,
                1 => Some(Stage::First),
                2 => Some(Stage::Second),
                _ => Some(Stage::Relay),
            },
            description: "{host}".into(),
            kind: match more >> 2 & 3 {
                0 => ListKind::Sweep,
                1 => ListKind::Vendor,
                2 => ListKind::Young,
                _ => ListKind::Attacker,
            },
            until: (more & 64 != 0).then(|| Timestamp::from_secs(BEGIN + u64::from(more) * 16, 0)),
        },
        _ => Meaning::Lure(Arc::new(Lure {
            kind: if more & 64 == 0 { LureKind::Imitation } else { LureKind::Lure },
            brand: (more & 64 == 0).then(|| ("brand".into(), "{host}".into())),
            method: "method",
            distance: more & 3,
            score: byte,
            stands_alone: more & 8 == 0,
            registrable: value.clone(),
            steps: Vec::new(),
        })),
    };
    Match {
        source,
        pattern: value.clone(),
        value,
        list: "list".into(),
        list_version: "1".into(),
        specificity: match byte >> 6 {
            0 => Specificity::Generic,
            1 => Specificity::Shared,
            _ => Specificity::Specific,
        },
        confidence_pct: more,
        version: None,
        meaning,
    }
}

/// Drive a body with samples and with what a seeded mangler makes of them.
#[cfg(test)]
pub(crate) fn drive(samples: &[&[u8]], rounds: u32, body: fn(&[u8])) {
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |sides: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice >> 16).unwrap_or(0) % sides.max(1)
    };
    samples.iter().for_each(|sample| body(sample));
    for _ in 0..rounds {
        let mut octets = samples[roll(samples.len())].to_vec();
        for _ in 0..=roll(4) {
            let place = roll(octets.len());
            match roll(5) {
                0 => octets.truncate(place),
                1 => octets.insert(place, roll(256) as u8),
                2 if place < octets.len() => octets[place] = roll(256) as u8,
                3 if place < octets.len() => drop(octets.remove(place)),
                _ => {
                    let other = samples[roll(samples.len())];
                    let from = roll(other.len());
                    octets.splice(place..place, other[from..].iter().take(24).copied());
                }
            }
        }
        body(&octets);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_run_of_facts_keeps_its_promises() {
        let mut dice = 7_u64;
        let mut sample = Vec::new();
        for _ in 0..1200 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            sample.push((dice >> 33) as u8);
        }
        super::drive(&[&sample, &sample[400..]], 400, super::judge);
        let state = super::state_sample(&sample);
        super::drive(&[&state, &state[28..state.len() - 16]], 2000, super::state);
    }
}
