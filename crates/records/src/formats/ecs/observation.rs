//! The record of an observation: one fact from the wire. This is the path that traffic drives.

use std::net::IpAddr;

use crate::community_id::CommunityId;
use crate::json::{self, Json, Page, Word, fields};
use model::{
    Carrier, DnsTransport, DomainName, Fact, FlowClose, Ja4, Meaning, Observation, Protocol,
    RemoteProtocol, Side, ToolId, Volume,
};

use super::dns::Dns;
use super::envelope::{Class, Ecs, End, Event, Ingress, Network, Observer, Policy, class};
use super::inventory::Uses;
use super::signs::{self, Signs};
use super::web::{Alpn, File, Http, Quic, RmmFile, RmmTls, Tls, Url, UserAgent};
use super::{Findings, SCHEMA_VERSION, words};
use crate::stamp::Stamp;

/// What the recorder knows of where an observation was made.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) observer: Observer<'a>,
    pub(super) community_id: CommunityId,
}

/// A line. What a fact does not have is left out.
struct Line<'a> {
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    observer: Observer<'a>,
    source: End<'a>,
    destination: End<'a>,
    network: Network<'a>,
    dns: Option<Dns<'a>>,
    tls: Option<Tls<'a>>,
    url: Option<Url<'a>>,
    http: Option<Http<'a>>,
    user_agent: Option<UserAgent<'a>>,
    file: Option<File<'a>>,
    rmm: Rmm<'a>,
}

fields!(Line<'_>:
    at as "@timestamp", ecs, event, observer, source, destination, network, ?dns, ?tls, ?url,
    ?http, ?user_agent, ?file, rmm
);

/// `rmm` of an observation.
struct Rmm<'a> {
    schema: u32,
    host: IpAddr,
    guessed: bool,
    ingress: Option<Ingress>,
    policy: Option<Policy<'a>>,
    tool: Option<&'a str>,
    role: Option<Word>,
    operator: Option<&'a str>,
    version: Option<&'a str>,
    authorised: Option<bool>,
    uses: Uses<'a>,
    evidence: Signs<'a>,
    alpn: Option<Alpn<'a>>,
    tls: Option<RmmTls<'a>>,
    ja4: Option<String>,
    quic: Option<Quic>,
    ech: bool,
    dns_transport: Option<Word>,
    file: Option<RmmFile>,
    side: Option<Word>,
    details: Details<'a>,
    close_reason: Option<Word>,
}

fields!(Rmm<'_>:
    schema, host, ?guessed, ?ingress, ?policy, ?tool, ?role, ?operator, ?version, ?authorised,
    ?uses, ?evidence, ?alpn, ?tls, ?ja4, ?quic, ?ech, ?dns_transport, ?file, ?side, ?details,
    ?close_reason
);

/// `rmm.details`: what a protocol told in clear, by fixed words; the first of each.
struct Details<'a>(&'a [(&'static str, Box<str>)]);

impl Json for Details<'_> {
    fn json(&self, out: &mut Page) {
        let known = |place: usize, word: &str| {
            self.0.iter().take(place).any(|(earlier, _)| *earlier == word)
        };
        let rows = self.0.iter().enumerate().filter(|(place, (word, _))| !known(*place, word));
        json::map(out, rows.map(|(_, (word, text))| (*word, text)));
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a fact has a record.
pub(super) fn has_record(fact: &Fact, found: &Findings<'_>) -> bool {
    match fact {
        // A hint is for memory: what it says stands in alerts and in the inventory.
        Fact::HostHint(_) => false,
        Fact::Opening(_) => {
            found.matches.iter().any(|sign| matches!(sign.meaning, Meaning::Tool { .. }))
        }
        _ => true,
    }
}

pub(super) fn write(
    seen: &Observation,
    found: &Findings<'_>,
    place: Place<'_>,
    page: &mut Page,
    out: &mut Vec<u8>,
) {
    let mut line = Line::new(seen, found, &Kind::of(&seen.fact), place);
    line.fill(&seen.fact);
    line.rmm.dns_transport = found.dns_transport.map(DnsTransport::word).map(Word);
    super::line_with_id(&line, page, out);
}

/// The `remote-protocol` record of a fact that is told as something else.
pub(super) fn write_recognised(
    seen: &Observation,
    found: &Findings<'_>,
    place: Place<'_>,
    page: &mut Page,
    out: &mut Vec<u8>,
) {
    let kind = Kind { class: REMOTE, ..Kind::of(&seen.fact) };
    let mut line = Line::new(seen, found, &kind, place);
    // The record of the fact itself has them.
    line.rmm.uses = Uses(&[]);
    line.rmm.side = Some(words::side(shown_by(&seen.fact)));
    super::line_with_id(&line, page, out);
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
    fn new(seen: &'a Observation, found: &Findings<'a>, kind: &Kind, place: Place<'a>) -> Line<'a> {
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
            event: Event::new(kind.class),
            observer: place.observer,
            source: End::new(flow.client, None, volumes.client),
            destination: End::new(flow.server, name.map(DomainName::as_str), volumes.server),
            network: Network::new(
                flow,
                place.community_id,
                setting.direction,
                protocol,
                volumes.both,
            ),
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
    class: Class,
    protocol: Option<Protocol>,
}

/// The class of an observation: `[category …] [type …] action`.
macro_rules! seen {
    ([$($category:literal)+] [$($type:literal)+] $action:literal) => {
        class!("event" [$($category)+] [$($type)+] $action, "observation")
    };
}

const FLOW_OPEN: Class = seen!(["network"] ["connection" "start"] "flow-open");
const FLOW_CLOSE: Class = seen!(["network"] ["connection" "end"] "flow-close");
const DNS_QUERY: Class = seen!(["network"] ["protocol" "info"] "dns-query");
const DNS_ANSWER: Class = seen!(["network"] ["protocol" "info"] "dns-answer");
const TLS_HELLO: Class = seen!(["network"] ["protocol" "info"] "tls-client-hello");
const QUIC_HELLO: Class = seen!(["network"] ["protocol" "info"] "quic-client-hello");
const TLS_CERTIFICATE: Class = seen!(["network"] ["protocol" "info"] "tls-certificate");
const HTTP_REQUEST: Class = seen!(["network" "web"] ["protocol" "access"] "http-request");
const FILE_DOWNLOAD: Class = seen!(["network" "file"] ["access"] "file-download");
const REMOTE: Class = seen!(["network"] ["protocol" "info"] "remote-protocol");
const HOST_HINT: Class = seen!(["network"] ["protocol" "info"] "host-hint");

impl Kind {
    fn of(fact: &Fact) -> Kind {
        let (class, protocol) = match fact {
            Fact::FlowOpen => (FLOW_OPEN, None),
            Fact::FlowClose(close) => (FLOW_CLOSE, close.protocol),
            Fact::DnsQuery(query) => (DNS_QUERY, Some(query.protocol)),
            Fact::DnsAnswer(answer) => (DNS_ANSWER, Some(answer.protocol)),
            Fact::TlsHello(hello) => {
                let class = match hello.carrier {
                    Carrier::Quic(_) => QUIC_HELLO,
                    Carrier::Tls | Carrier::Dtls => TLS_HELLO,
                };
                (class, Some(hello.carrier.protocol()))
            }
            Fact::TlsCertificate(_) => (TLS_CERTIFICATE, Some(Protocol::Tls)),
            Fact::HttpRequest(_) => (HTTP_REQUEST, Some(Protocol::Http)),
            Fact::FileDownload(_) => (FILE_DOWNLOAD, Some(Protocol::Http)),
            Fact::Remote(remote) => (REMOTE, Some(remote.protocol)),
            Fact::Opening(_) => (REMOTE, None),
            Fact::HostHint(_) => (HOST_HINT, None),
        };
        Kind { class, protocol }
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
