//! The record of an alert: who, what, why, how sure.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::community_id::CommunityId;
use crate::json::{self, Json, Page, Word, fields};
use model::{Alert, DomainName, SignSource};

use super::attack::{self, Tactic};
use super::chain::{Called, Incident};
use super::envelope::{Ecs, End, Event, Id, Ingress, Network, Observer, Policy};
use super::lure::Pretence;
use super::signs::Proof;
use super::{SCHEMA_VERSION, words};
use crate::stamp::Stamp;

struct Line<'a> {
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    message: String,
    rule: Rule<'a>,
    threat: Threat<'a>,
    observer: Observer<'a>,
    source: End<'a>,
    destination: End<'a>,
    network: Network<'a>,
    dns: Option<Asked<'a>>,
    tls: Option<Greeted<'a>>,
    url: Option<Visited<'a>>,
    file: Option<Fetched<'a>>,
    related: Related<'a>,
    rmm: Rmm<'a>,
}

fields!(Line<'_>:
    at as "@timestamp", ecs, event, message, rule, threat, observer, source, destination, network,
    ?dns, ?tls, ?url, ?file, related, rmm
);

struct Rule<'a> {
    id: &'a str,
    name: &'a str,
}

fields!(Rule<'_>: id, name);

/// `threat`. Ids and names are arrays of one order.
struct Threat<'a> {
    framework: Word,
    tactic: Pairs<'a>,
    technique: Techniques<'a>,
    software: Option<Software<'a>>,
}

fields!(Threat<'_>: framework, ?tactic, technique, ?software);

#[derive(Default)]
struct Pairs<'a> {
    id: Vec<&'a str>,
    name: Vec<&'a str>,
}

impl Json for Pairs<'_> {
    fn json(&self, out: &mut Page) {
        let start = out.len();
        self.members(out);
        json::enclose(out, start, b"{}");
    }

    fn says_nothing(&self) -> bool {
        self.id.is_empty()
    }
}

#[derive(Default)]
struct Techniques<'a> {
    technique: Pairs<'a>,
    subtechnique: Pairs<'a>,
}

fields!(Techniques<'_>: ..technique, ?subtechnique);

struct Software<'a> {
    name: &'a str,
    kind: Word,
}

fields!(Software<'_>: name, kind as "type");

/// `dns` of an alert. This and the next three repeat the first sign of their kind where a search
/// over all records looks for it.
struct Asked<'a> {
    question: Question<'a>,
}

fields!(Asked<'_>: question);

struct Question<'a> {
    name: &'a str,
}

fields!(Question<'_>: name);

/// `tls` of an alert.
struct Greeted<'a> {
    client: Hello<'a>,
}

fields!(Greeted<'_>: client);

struct Hello<'a> {
    server_name: &'a str,
}

fields!(Hello<'_>: server_name);

/// `url` of an alert.
struct Visited<'a> {
    domain: &'a str,
}

fields!(Visited<'_>: domain);

/// `file` of an alert.
struct Fetched<'a> {
    name: &'a str,
}

fields!(Fetched<'_>: name);

struct Related<'a> {
    ip: Vec<IpAddr>,
    hosts: Vec<&'a str>,
}

fields!(Related<'_>: ip, ?hosts);

/// `rmm` of an alert.
struct Rmm<'a> {
    schema: u32,
    host: IpAddr,
    identity: Option<Called<'a>>,
    hosts: &'a [IpAddr],
    guessed: bool,
    ingress: Option<Ingress>,
    detection: Word,
    tool: Option<&'a str>,
    operator: Option<&'a str>,
    confidence: f64,
    authorised: bool,
    policy: Policy<'a>,
    lure: Option<Pretence<'a>>,
    chain: Option<Incident<'a>>,
    evidence: Proof<'a>,
    count: u64,
    more: Option<u64>,
    update: bool,
    occasion: Word,
}

fields!(Rmm<'_>:
    schema, host, ?identity, ?hosts, ?guessed, ?ingress, detection, ?tool, ?operator, confidence,
    authorised, policy, ?lure, ?chain, evidence, count, ?more, update, occasion
);

pub(super) fn write(alert: &Alert, observer: Observer<'_>, out: &mut Vec<u8>) {
    let flow = &alert.flow;
    let domain = alert.server_name.as_ref().map(DomainName::as_str);
    let tool = alert.tool.as_ref().map(|(id, _)| id.as_str());
    let line = Line {
        at: Stamp(alert.at),
        ecs: Ecs::HERE,
        event: Event {
            id: Id(alert.id),
            severity: Some(alert.severity.get()),
            reason: Some(&alert.reason),
            start: Some(Stamp(alert.start)),
            end: Some(Stamp(alert.end)),
            ..Event::new(words::alert_class(alert.detection))
        },
        message: message(alert),
        rule: Rule { id: &alert.rule_id, name: &alert.rule_name },
        threat: threat(alert),
        observer,
        source: End::new(flow.client, None),
        destination: End::new(flow.server, domain),
        network: Network::new(flow, CommunityId::of(flow), alert.direction, protocol(alert)),
        dns: first(alert, &[SignSource::DnsQuestion])
            .map(|name| Asked { question: Question { name } }),
        tls: first(alert, &[SignSource::TlsSni, SignSource::QuicSni])
            .map(|server_name| Greeted { client: Hello { server_name } }),
        url: first(alert, &[SignSource::HttpHost]).map(|domain| Visited { domain }),
        file: first(alert, &[SignSource::HttpFile]).map(|name| Fetched { name }),
        related: related(alert),
        rmm: Rmm {
            schema: SCHEMA_VERSION,
            host: alert.host,
            identity: Called::new(&alert.identity),
            hosts: &alert.hosts,
            guessed: flow.guessed,
            ingress: alert.ingress.as_deref().map(Ingress::new),
            detection: Word(alert.detection.word()),
            tool,
            operator: alert.operator.as_deref(),
            confidence: f64::from(alert.confidence_pct.min(100)) / 100.0,
            authorised: alert.policy.authorised,
            policy: Policy { zone: alert.policy.zone.as_deref(), rule: Some(&alert.policy.rule) },
            lure: alert.lure.as_deref().map(Pretence::new),
            chain: alert.chain.as_ref().map(|chain| Incident::new(chain, alert.host)),
            evidence: Proof(&alert.evidence),
            count: alert.count,
            more: Some(alert.more).filter(|more| *more > 0),
            update: alert.update,
            occasion: Word(alert.occasion.word()),
        },
    };
    super::line(&line, out);
}

/// The value of the first sign of one of those sources.
fn first<'a>(alert: &'a Alert, sources: &[SignSource]) -> Option<&'a str> {
    alert.evidence.iter().find(|sign| sources.contains(&sign.source)).map(|sign| &*sign.value)
}

/// The line for a list of alerts: the rule, the host, and the other end or the name asked for.
fn message(alert: &Alert) -> String {
    let Alert { rule_name, host, .. } = alert;
    let (client, server) = (alert.flow.client, alert.flow.server);
    if *host == server.ip && *host != client.ip {
        return format!("{rule_name}: {host} from {client}");
    }
    match (&alert.server_name, first(alert, &[SignSource::DnsQuestion])) {
        (Some(name), _) => format!("{rule_name}: {host} to {name}:{}", server.port),
        (None, Some(name)) => format!("{rule_name}: {host} asked for {name}"),
        (None, None) => format!("{rule_name}: {host} to {server}"),
    }
}

/// What the flow speaks: what a reader knew, else the tool whose octets it showed.
fn protocol(alert: &Alert) -> Option<&str> {
    let by_octets = || {
        let shown = alert.evidence.iter().any(|sign| sign.source == SignSource::Payload);
        alert.tool.as_ref().filter(|_| shown).map(|(id, _)| id.as_str())
    };
    alert.protocol.map(words::protocol).or_else(by_octets)
}

fn threat(alert: &Alert) -> Threat<'_> {
    let mut tactics: Vec<&Tactic> = Vec::new();
    let mut techniques = Techniques::default();
    let ids = match alert.techniques.as_slice() {
        [] => &[attack::DEFAULT],
        ids => ids,
    };
    for &id in ids {
        let known = attack::look_up(id).or_else(|| attack::look_up(attack::parent(id)));
        if let Some(row) = known
            && !tactics.contains(&row.tactic)
        {
            tactics.push(row.tactic);
        }
        techniques.technique.add(attack::parent(id));
        if attack::parent(id) != id {
            techniques.subtechnique.add(id);
        }
    }
    Threat {
        framework: Word("MITRE ATT&CK"),
        tactic: Pairs {
            id: tactics.iter().map(|tactic| tactic.id).collect(),
            name: tactics.iter().map(|tactic| tactic.name).collect(),
        },
        technique: techniques,
        software: alert.tool.as_ref().map(|(_, name)| Software { name, kind: Word("Tool") }),
    }
}

impl Pairs<'_> {
    /// `id` and `name`, each with a comma before it.
    fn members(&self, out: &mut Page) {
        fields!(@each self, out, id, name);
    }

    /// Add a technique once. One without a name here stands under its id, so that the arrays stay
    /// of one length.
    fn add(&mut self, id: &'static str) {
        if !self.id.contains(&id) {
            self.id.push(id);
            self.name.push(attack::look_up(id).map_or(id, |row| row.name));
        }
    }
}

/// Every address and host name that the record tells, once, the most telling first.
fn related(alert: &Alert) -> Related<'_> {
    let mut ips = vec![alert.flow.client.ip, alert.flow.server.ip, alert.host];
    let mut hosts = Vec::new();
    let named = alert.server_name.as_ref().map(DomainName::as_str);
    let own = alert.identity.name.as_deref();
    let signs = alert.evidence.iter().filter(|sign| match sign.source {
        SignSource::DnsQuestion
        | SignSource::DnsAnswer
        | SignSource::TlsSni
        | SignSource::QuicSni
        | SignSource::HttpHost
        | SignSource::Address => true,
        SignSource::TlsAlpn
        | SignSource::TlsCertificate
        | SignSource::TlsJa4
        | SignSource::TlsJa3
        | SignSource::HttpUrl
        | SignSource::HttpUserAgent
        | SignSource::HttpPath
        | SignSource::HttpFile
        | SignSource::Payload
        | SignSource::Port => false,
    });
    for value in named.into_iter().chain(signs.map(|sign| &*sign.value)) {
        match value.parse::<IpAddr>() {
            Ok(ip) => ips.push(ip), // an HTTP host may be an address
            Err(_) => hosts.push(value),
        }
    }
    hosts.extend(own);
    ips.extend(alert.chain.iter().flat_map(|chain| &chain.steps).map(|step| step.host));
    ips.extend(&alert.hosts);
    Related { ip: once(ips), hosts: once(hosts) }
}

/// The values in their order, each just once. An alert of a wave may tell hundreds of hosts.
fn once<T: Ord + Copy>(values: Vec<T>) -> Vec<T> {
    let mut known = BTreeSet::new();
    values.into_iter().filter(|value| known.insert(*value)).collect()
}
