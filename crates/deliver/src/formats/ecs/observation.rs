//! The record of an observation: one fact from the wire. This is the path that traffic drives.

use std::net::IpAddr;

use model::{
    Carrier, DomainName, Fact, FlowClose, Match, Meaning, Observation, Protocol, Setting, Volume,
};
use serde::Serialize;

use super::dns::Dns;
use super::envelope::{Ecs, End, Event, Network, Observer, unset};
use super::signs::{self, Signs};
use super::web::{Alpn, File, Http, RmmFile, RmmTls, Tls, Url, UserAgent, Versions};
use super::{SCHEMA_VERSION, words};
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
    policy: Option<Zone<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorised: Option<bool>,
    #[serde(skip_serializing_if = "Signs::is_empty")]
    evidence: Signs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<Alpn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<RmmTls<'a>>,
    #[serde(skip_serializing_if = "unset")]
    ech: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<RmmFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_reason: Option<&'static str>,
}

/// `rmm.policy` of an observation.
#[derive(Serialize)]
struct Zone<'a> {
    zone: &'a str,
}

pub(super) fn write(
    seen: &Observation,
    setting: &Setting,
    matches: &[Match],
    authorised: Option<bool>,
    observer: Observer<'_>,
    out: &mut Vec<u8>,
) -> bool {
    let tool_found = || matches.iter().any(|found| matches!(found.meaning, Meaning::Tool { .. }));
    if matches!(seen.fact, Fact::Opening(_)) && !tool_found() {
        return false;
    }
    let pointed = signs::pointed(matches);
    let rmm = Rmm {
        schema: SCHEMA_VERSION,
        host: setting.host,
        guessed: seen.flow.guessed,
        policy: setting.zone.as_deref().map(|zone| Zone { zone }),
        tool: pointed.as_ref().map(|pointed| pointed.tool.as_str()),
        role: pointed.as_ref().map(|pointed| pointed.role),
        operator: pointed.as_ref().and_then(|pointed| pointed.operator),
        authorised,
        evidence: Signs(matches),
        alpn: None,
        tls: None,
        ech: false,
        file: None,
        side: None,
        close_reason: None,
    };
    let kind = Kind::of(&seen.fact);
    let protocol = kind.protocol.map(words::protocol).or(match seen.fact {
        Fact::Opening(_) => rmm.tool, // the signature of its octets is what named it
        _ => None,
    });
    let volumes = Volumes::of(&seen.fact);
    let domain = server_name(&seen.fact).or(setting.server_name.as_ref()).map(DomainName::as_str);
    let flow = &seen.flow;
    let mut line = Line {
        at: Stamp(seen.at),
        ecs: Ecs::HERE,
        event: Event {
            action: Some(kind.action),
            ..Event::new("event", "rmmwatch.observation", kind.category, kind.types)
        },
        observer,
        source: End::new(flow.client, None, volumes.client),
        destination: End::new(flow.server, domain, volumes.server),
        network: Network::new(flow, setting.direction, protocol, volumes.both),
        dns: None,
        tls: None,
        url: None,
        http: None,
        user_agent: None,
        file: None,
        rmm,
    };
    line.fill(&seen.fact);
    super::line_with_id(&line, out);
    true
}

impl<'a> Line<'a> {
    /// Add what only this fact has.
    fn fill(&mut self, fact: &'a Fact) {
        match fact {
            Fact::FlowOpen => {}
            Fact::FlowClose(close) => self.close(close),
            Fact::DnsQuery(query) => self.dns = Some(Dns::query(query)),
            Fact::DnsAnswer(answer) => self.dns = Some(Dns::answer(answer)),
            Fact::TlsHello(hello) => {
                self.tls = Some(Tls::hello(hello));
                self.rmm.alpn = (!hello.alpn.is_empty()).then_some(Alpn(&hello.alpn));
                self.rmm.tls = (!hello.versions.is_empty())
                    .then_some(RmmTls { versions: Versions(&hello.versions) });
                self.rmm.ech = hello.ech;
            }
            Fact::TlsCertificate(shown) => {
                self.tls = Some(Tls::certificate(shown));
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
            Fact::Remote(remote) => self.rmm.side = Some(words::side(remote.side)),
            Fact::Opening(opening) => self.rmm.side = Some(words::side(opening.side)),
        }
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
    fn of(fact: &Fact) -> Kind {
        const NETWORK: &[&str] = &["network"];
        const PROTOCOL: &[&str] = &["protocol", "info"];
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
        | Fact::Opening(_) => None,
    }
}
