//! The record of an observation: one fact from the wire. This is the path that traffic drives.

use std::net::IpAddr;

use model::{
    Carrier, DnsTransport, DomainName, Fact, FlowClose, Ja4, Meaning, Observation, Protocol,
    RemoteProtocol, Side, ToolId, Volume,
};
use serde::{Serialize, Serializer};

use super::dns::Dns;
use super::envelope::{Ecs, End, Event, Ingress, Network, Observer, Policy, unset};
use super::inventory::Uses;
use super::signs::{self, Signs};
use super::web::{Alpn, File, Http, Quic, RmmFile, RmmTls, Tls, Url, UserAgent};
use super::{Findings, SCHEMA_VERSION, words};
use crate::stamp::Stamp;

/// A line. What a fact does not have is left out.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "@timestamp")]
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    observer: Observer<'a>,
    source: End<'a>,
    destination: End<'a>,
    network: Network<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<Dns<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Url<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<Http<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<UserAgent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File<'a>>,
    rmm: Rmm<'a>,
}

/// `rmm` of an observation.
#[derive(Serialize)]
struct Rmm<'a> {
    schema: u32,
    host: IpAddr,
    #[serde(skip_serializing_if = "unset")]
    guessed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingress: Option<Ingress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Policy<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorised: Option<bool>,
    #[serde(skip_serializing_if = "Uses::is_empty")]
    uses: Uses<'a>,
    #[serde(skip_serializing_if = "Signs::is_empty")]
    evidence: Signs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<Alpn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<RmmTls<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quic: Option<Quic>,
    #[serde(skip_serializing_if = "unset")]
    ech: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_transport: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<RmmFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: Details<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_reason: Option<&'static str>,
}

/// `rmm.details`: what a protocol told in clear, by fixed words; the first of each.
struct Details<'a>(&'a [(&'static str, Box<str>)]);

impl Details<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = |place: usize, word: &str| {
            self.0.iter().take(place).any(|(earlier, _)| *earlier == word)
        };
        let rows = self.0.iter().enumerate().filter(|(place, (word, _))| !known(*place, word));
        serializer.collect_map(rows.map(|(_, (word, text))| (word, text)))
    }
}

pub(super) fn write(
    seen: &Observation,
    found: &Findings<'_>,
    observer: Observer<'_>,
    out: &mut Vec<u8>,
) -> bool {
    let tool_found =
        || found.matches.iter().any(|sign| matches!(sign.meaning, Meaning::Tool { .. }));
    // A hint is for memory: what it says stands in alerts and in the inventory.
    if matches!(seen.fact, Fact::HostHint(_)) {
        return false;
    }
    if matches!(seen.fact, Fact::Opening(_)) && !tool_found() {
        return false;
    }
    let mut line = Line::new(seen, found, &Kind::of(&seen.fact), observer);
    line.fill(&seen.fact);
    line.rmm.dns_transport = found.dns_transport.map(DnsTransport::word);
    super::line_with_id(&line, out);
    true
}

/// The `remote-protocol` record of a fact that is told as something else.
pub(super) fn write_recognised(
    seen: &Observation,
    found: &Findings<'_>,
    observer: Observer<'_>,
    out: &mut Vec<u8>,
) {
    let kind = Kind {
        action: "remote-protocol",
        category: Kind::NETWORK,
        types: Kind::PROTOCOL,
        ..Kind::of(&seen.fact)
    };
    let mut line = Line::new(seen, found, &kind, observer);
    // The record of the fact itself has them.
    line.rmm.uses = Uses(&[]);
    line.rmm.side = Some(words::side(shown_by(&seen.fact)));
    super::line_with_id(&line, out);
}

/// Whose octets tell a fact; a hello and a request are the client's.
fn shown_by(fact: &Fact) -> Side {
    match fact {
        Fact::TlsCertificate(shown) => shown.side,
        Fact::Remote(remote) => remote.side,
        Fact::Opening(opening) => opening.side,
        Fact::DnsAnswer(_) | Fact::FileDownload(_) => Side::Server,
        Fact::FlowOpen
        | Fact::FlowClose(_)
        | Fact::DnsQuery(_)
        | Fact::TlsHello(_)
        | Fact::HttpRequest(_)
        | Fact::HostHint(_) => Side::Client,
    }
}

impl<'a> Line<'a> {
    /// What every observation has.
    fn new(
        seen: &'a Observation,
        found: &Findings<'a>,
        kind: &Kind,
        observer: Observer<'a>,
    ) -> Line<'a> {
        let pointed = signs::pointed(found.matches);
        let setting = found.setting;
        let zone = setting.zone.as_deref();
        // The end of a flow shows no sign; what the flow showed before it is known.
        let tool = pointed.as_ref().map(|pointed| pointed.tool);
        let used = found.uses.iter().find(|used| tool.is_none_or(|tool| used.tool.0 == *tool));
        let used = used.filter(|_| tool.is_some() || matches!(seen.fact, Fact::FlowClose(_)));
        let rmm = Rmm {
            schema: SCHEMA_VERSION,
            host: setting.host,
            guessed: seen.flow.guessed,
            ingress: seen.ingress.as_deref().map(Ingress::new),
            policy: (zone.is_some() || found.rule.is_some())
                .then_some(Policy { zone, rule: found.rule }),
            tool: tool.or(used.map(|used| &used.tool.0)).map(ToolId::as_str),
            role: pointed.as_ref().map(|pointed| pointed.role),
            operator: used
                .and_then(|used| used.operator.as_deref())
                .or(pointed.as_ref().and_then(|pointed| pointed.operator)),
            version: pointed.as_ref().and_then(|pointed| pointed.version),
            authorised: found.authorised,
            uses: Uses(found.uses),
            evidence: Signs { found: found.matches, at: seen.at },
            alpn: None,
            tls: None,
            ja4: None,
            quic: None,
            ech: false,
            dns_transport: None,
            file: None,
            side: None,
            details: Details(&[]),
            close_reason: None,
        };
        let protocol = kind.protocol.map(words::protocol).or(match seen.fact {
            Fact::Opening(_) => rmm.tool, // the signature of its octets is what named it
            _ => None,
        });
        let volumes = Volumes::of(&seen.fact);
        let name = server_name(&seen.fact).or(setting.server_name.as_ref());
        let flow = &seen.flow;
        Line {
            at: Stamp(seen.at),
            ecs: Ecs::HERE,
            event: Event {
                action: Some(kind.action),
                ..Event::new("event", "rmmwatch.observation", kind.category, kind.types)
            },
            observer,
            source: End::new(flow.client, None, volumes.client),
            destination: End::new(flow.server, name.map(DomainName::as_str), volumes.server),
            network: Network::new(flow, setting.direction, protocol, volumes.both),
            dns: None,
            tls: None,
            url: None,
            http: None,
            user_agent: None,
            file: None,
            rmm,
        }
    }

    /// Add what only this fact has.
    fn fill(&mut self, fact: &'a Fact) {
        match fact {
            Fact::FlowOpen | Fact::HostHint(_) => {}
            Fact::FlowClose(close) => self.close(close),
            Fact::DnsQuery(query) => self.dns = Some(Dns::query(query)),
            Fact::DnsAnswer(answer) => self.dns = Some(Dns::answer(answer)),
            Fact::TlsHello(hello) => {
                self.tls = Some(Tls::hello(hello));
                self.rmm.alpn = (!hello.alpn.is_empty()).then_some(Alpn(&hello.alpn));
                self.rmm.tls = RmmTls::hello(hello);
                self.rmm.ja4 = hello.ja4.as_ref().map(Ja4::print);
                self.rmm.quic = Quic::of(hello.carrier);
                self.rmm.ech = hello.ech;
            }
            Fact::TlsCertificate(shown) => {
                self.tls = Some(Tls::certificate(shown));
                self.rmm.tls = RmmTls::certificate(shown);
                self.rmm.side = Some(words::side(shown.side));
            }
            Fact::HttpRequest(request) => {
                self.url = Some(Url::request(request));
                self.http = Some(Http::request(request));
                self.user_agent =
                    request.user_agent.as_deref().map(|original| UserAgent { original });
            }
            Fact::FileDownload(file) => {
                self.url = Some(Url::download(file)).filter(|url| !url.is_empty());
                self.file = Some(File::new(file));
                self.rmm.file = Some(RmmFile { kind: words::file_kind(file.kind) });
            }
            Fact::Remote(remote) => self.remote(remote),
            Fact::Opening(opening) => self.rmm.side = Some(words::side(opening.side)),
        }
    }

    fn remote(&mut self, remote: &'a RemoteProtocol) {
        self.rmm.side = Some(words::side(remote.side));
        // What a catalogue's row made of it says more than the protocol's own number.
        self.rmm.version = self.rmm.version.or(remote.version.as_deref());
        self.rmm.details = Details(&remote.details);
    }

    fn close(&mut self, close: &FlowClose) {
        self.event.start = Some(Stamp(close.opened));
        self.event.end = Some(Stamp(close.last));
        let nanos = close.last.since(close.opened).as_nanos();
        self.event.duration = Some(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.rmm.close_reason = Some(words::close_reason(close.reason));
    }
}

/// What a fact is in ECS's words.
struct Kind {
    action: &'static str,
    category: &'static [&'static str],
    types: &'static [&'static str],
    protocol: Option<Protocol>,
}

impl Kind {
    const NETWORK: &[&str] = &["network"];
    const PROTOCOL: &[&str] = &["protocol", "info"];

    fn of(fact: &Fact) -> Kind {
        const NETWORK: &[&str] = Kind::NETWORK;
        const PROTOCOL: &[&str] = Kind::PROTOCOL;
        let (action, category, types, protocol): (_, &[&str], &[&str], _) = match fact {
            Fact::FlowOpen => ("flow-open", NETWORK, &["connection", "start"], None),
            Fact::FlowClose(close) => {
                ("flow-close", NETWORK, &["connection", "end"], close.protocol)
            }
            Fact::DnsQuery(query) => ("dns-query", NETWORK, PROTOCOL, Some(query.protocol)),
            Fact::DnsAnswer(answer) => ("dns-answer", NETWORK, PROTOCOL, Some(answer.protocol)),
            Fact::TlsHello(hello) => {
                let action = match hello.carrier {
                    Carrier::Quic(_) => "quic-client-hello",
                    Carrier::Tls | Carrier::Dtls => "tls-client-hello",
                };
                (action, NETWORK, PROTOCOL, Some(hello.carrier.protocol()))
            }
            Fact::TlsCertificate(_) => ("tls-certificate", NETWORK, PROTOCOL, Some(Protocol::Tls)),
            Fact::HttpRequest(_) => {
                let types = &["protocol", "access"];
                ("http-request", &["network", "web"], types, Some(Protocol::Http))
            }
            Fact::FileDownload(_) => {
                ("file-download", &["network", "file"], &["access"], Some(Protocol::Http))
            }
            Fact::Remote(remote) => ("remote-protocol", NETWORK, PROTOCOL, Some(remote.protocol)),
            Fact::Opening(_) => ("remote-protocol", NETWORK, PROTOCOL, None),
            Fact::HostHint(_) => ("host-hint", NETWORK, PROTOCOL, None),
        };
        Kind { action, category, types, protocol }
    }
}

/// What each end and both together sent; known when the flow closes.
struct Volumes {
    client: Option<Volume>,
    server: Option<Volume>,
    both: Option<Volume>,
}

impl Volumes {
    fn of(fact: &Fact) -> Volumes {
        let Fact::FlowClose(close) = fact else {
            return Volumes { client: None, server: None, both: None };
        };
        let (client, server) = (close.from_client, close.from_server);
        let both = Volume {
            packets: client.packets.saturating_add(server.packets),
            bytes: client.bytes.saturating_add(server.bytes),
        };
        Volumes { client: Some(client), server: Some(server), both: Some(both) }
    }
}

/// The server's name, where the fact itself tells it.
fn server_name(fact: &Fact) -> Option<&DomainName> {
    match fact {
        Fact::TlsHello(hello) => hello.server_name.as_ref(),
        Fact::HttpRequest(request) => request.host.as_ref(),
        Fact::FileDownload(file) => file.host.as_ref(),
        Fact::FlowOpen
        | Fact::FlowClose(_)
        | Fact::DnsQuery(_)
        | Fact::DnsAnswer(_)
        | Fact::TlsCertificate(_)
        | Fact::Remote(_)
        | Fact::Opening(_)
        | Fact::HostHint(_) => None,
    }
}
