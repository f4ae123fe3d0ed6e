//! The record of an observation: one fact from the wire. This is the path that traffic drives.
//!
//! What every one of them has is written as it stands, from the first octet to the last; what only
//! some facts or findings have is listed by [`fields!`].

use std::sync::Arc;

use model::{DnsTransport, Fact, FlowClose, Meaning, Observation, Protocol, ToolId, Volume};

use super::dns;
use super::envelope::{Class, Ingress, Policy, Sensor};
use super::flows::{FlowText, Flows};
use super::inventory::Uses;
use super::kinds::{Kind, REMOTE, server_name, shown_by};
use super::prints::Prints;
use super::signs::{self, Signs};
use super::web::{Alpn, File, Http, Quic, RmmFile, RmmTls, Tls, Url, UserAgent};
use super::{Findings, words};
use crate::json::{self, Json, Page, Word, constant, fields};
use crate::stamp::{FIRST_LEN, Stamps};

/// Writes observations, one after the other; what they have in common is kept between.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    flows: Flows,
    prints: Prints,
    stamps: Stamps,
    /// The record that is being written.
    page: Page,
}

/// What signs and policy say of an observation, in `rmm`.
struct Weighed<'a> {
    tool: Option<&'a str>,
    role: Option<Word>,
    operator: Option<&'a str>,
    version: Option<&'a str>,
    authorised: Option<bool>,
    uses: Uses<'a>,
    evidence: Signs<'a>,
}

fields!(members Weighed<'_>: ?tool, ?role, ?operator, ?version, ?authorised, ?uses, ?evidence);

/// What only some facts have, before `rmm`.
#[derive(Default)]
struct Told<'a> {
    tls: Option<Tls<'a>>,
    url: Option<Url<'a>>,
    http: Option<Http<'a>>,
    user_agent: Option<UserAgent<'a>>,
    file: Option<File<'a>>,
}

fields!(members Told<'_>: ?tls, ?url, ?http, ?user_agent, ?file);

/// What only some facts have in `rmm`, before `dns_transport`.
struct Greeting<'a> {
    alpn: Option<Alpn<'a>>,
    tls: Option<RmmTls<'a>>,
    ja4: Option<Arc<str>>,
    quic: Option<Quic>,
    ech: bool,
}

fields!(members Greeting<'_>: ?alpn, ?tls, ?ja4, ?quic, ?ech);

/// The same behind it.
struct Rest<'a> {
    file: Option<RmmFile>,
    side: Option<Word>,
    details: Details<'a>,
}

fields!(members Rest<'_>: ?file, ?side, ?details);

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

impl Writer {
    /// Add the record of a fact.
    pub(super) fn write(
        &mut self,
        sensor: &Sensor,
        seen: &Observation,
        found: &Findings<'_>,
        out: &mut Vec<u8>,
    ) {
        let Writer { flows, prints, stamps, page } = self;
        let text = flows.text(&seen.flow);
        let kind = Kind::of(&seen.fact);
        let weighed = Weighed::new(seen, found);
        begin(page, stamps.first(seen.at), kind.class);
        if let Fact::FlowClose(close) = &seen.fact {
            times(page, stamps, close);
        }
        place(page, sensor, text, seen, found);
        network(page, text, seen, found, kind.protocol.ok_or(weighed.as_ref()));
        told(page, prints, &seen.fact);
        rmm(page, text, seen, found);
        if let Some(weighed) = &weighed {
            weighed.members(page);
        }
        more(page, prints, &seen.fact, found.dns_transport);
        page.put(b"}}\n");
        super::finish(page, out);
    }

    /// Add the `remote-protocol` record of a fact that is told as something else.
    pub(super) fn write_recognised(
        &mut self,
        sensor: &Sensor,
        seen: &Observation,
        found: &Findings<'_>,
        out: &mut Vec<u8>,
    ) {
        let Writer { flows, stamps, page, .. } = self;
        let text = flows.text(&seen.flow);
        let weighed = Weighed::new(seen, found);
        begin(page, stamps.first(seen.at), REMOTE);
        place(page, sensor, text, seen, found);
        network(page, text, seen, found, Kind::of(&seen.fact).protocol.ok_or(weighed.as_ref()));
        rmm(page, text, seen, found);
        if let Some(weighed) = weighed {
            // The record of the fact itself has the rows.
            Weighed { uses: Uses(&[]), ..weighed }.members(page);
        }
        let side = Some(words::side(shown_by(&seen.fact)));
        Rest { file: None, side, details: Details(&[]) }.members(page);
        page.put(b"}}\n");
        super::finish(page, out);
    }
}

/// `@timestamp`, `ecs`, and what events of one kind have in common.
#[inline]
fn begin(page: &mut Page, first: [u8; FIRST_LEN], class: Class) {
    page.clear();
    page.put(&first);
    page.add(class.begin.as_bytes());
}

/// When the flow began and ended.
#[inline]
fn times(page: &mut Page, stamps: &mut Stamps, close: &FlowClose) {
    constant!(page, ",\"start\":\"");
    page.put(&stamps.text(close.opened));
    constant!(page, "\",\"end\":\"");
    page.put(&stamps.text(close.last));
    constant!(page, "\",\"duration\":");
    json::digits(page, close.last.nanos().saturating_sub(close.opened.nanos()));
}

/// `observer`, `source`, `destination`, and `network` before its protocol.
#[inline]
fn place(
    page: &mut Page,
    sensor: &Sensor,
    text: &FlowText,
    seen: &Observation,
    found: &Findings<'_>,
) {
    constant!(page, "},\"observer\":");
    sensor.observer(seen.ingress.as_deref(), page);
    let name = server_name(&seen.fact).or(found.setting.server_name.as_ref());
    let close = closed(&seen.fact);
    if name.is_none() && close.is_none() {
        return page.add(text.both_ends());
    }
    page.add(text.source());
    if let Some(close) = close {
        volume(page, close.from_client);
    }
    page.add(text.destination());
    if let Some(name) = name {
        constant!(page, ",\"domain\":");
        name.json(page);
    }
    if let Some(close) = close {
        volume(page, close.from_server);
    }
    page.add(text.network());
}

/// The rest of `network`: of that protocol, or of what is known where that is not.
#[inline]
fn network(
    page: &mut Page,
    text: &FlowText,
    seen: &Observation,
    found: &Findings<'_>,
    protocol: Result<Protocol, Option<&Weighed<'_>>>,
) {
    match (protocol, &seen.fact) {
        (Ok(protocol), _) => words::protocol_member(page, protocol),
        // The signature of its octets is what named it.
        (Err(Some(Weighed { tool: Some(tool), .. })), Fact::Opening(_)) => {
            constant!(page, ",\"protocol\":");
            tool.json(page);
        }
        _ => {}
    }
    words::direction_member(page, found.setting.direction);
    page.add(text.community_id());
    if let Some(FlowClose { from_client, from_server, .. }) = closed(&seen.fact) {
        let packets = from_client.packets.saturating_add(from_server.packets);
        let bytes = from_client.bytes.saturating_add(from_server.bytes);
        volume(page, Volume { packets, bytes });
    }
    page.put(b"}");
}

fn closed(fact: &Fact) -> Option<&FlowClose> {
    match fact {
        Fact::FlowClose(close) => Some(close),
        _ => None,
    }
}

/// `packets` and `bytes`.
#[inline]
fn volume(page: &mut Page, sent: Volume) {
    constant!(page, ",\"packets\":");
    json::digits(page, sent.packets);
    constant!(page, ",\"bytes\":");
    json::digits(page, sent.bytes);
}

/// What a fact tells under ECS's names.
#[inline]
fn told(page: &mut Page, prints: &mut Prints, fact: &Fact) {
    match fact {
        Fact::FlowOpen
        | Fact::FlowClose(_)
        | Fact::Remote(_)
        | Fact::Opening(_)
        | Fact::HostHint(_) => {}
        Fact::DnsQuery(query) => dns::query(page, query),
        Fact::DnsAnswer(answer) => dns::answer(page, answer),
        Fact::TlsHello(hello) => {
            Told { tls: Some(Tls::hello(hello, prints)), ..Told::default() }.members(page);
        }
        Fact::TlsCertificate(shown) => {
            Told { tls: Some(Tls::certificate(shown)), ..Told::default() }.members(page);
        }
        Fact::HttpRequest(request) => Told {
            url: Some(Url::request(request)),
            http: Some(Http::request(request)),
            user_agent: request.user_agent.as_deref().map(|original| UserAgent { original }),
            ..Told::default()
        }
        .members(page),
        Fact::FileDownload(file) => Told {
            url: Some(Url::download(file)).filter(|url| !url.is_empty()),
            file: Some(File::new(file)),
            ..Told::default()
        }
        .members(page),
    }
}

/// What every observation has in `rmm`: its host, and where it was.
#[inline]
fn rmm(page: &mut Page, text: &FlowText, seen: &Observation, found: &Findings<'_>) {
    let host = found.setting.host;
    constant!(page, ",\"rmm\":{\"schema\":1,\"host\":\"");
    match text.address(host, &seen.flow) {
        Some(text) => page.add(text),
        None => json::ip(page, host),
    }
    page.put(b"\"");
    if seen.flow.guessed {
        constant!(page, ",\"guessed\":true");
    }
    if let Some(tunnel) = &seen.ingress {
        constant!(page, ",\"ingress\":");
        Ingress::new(tunnel).json(page);
    }
    let zone = found.setting.zone.as_deref();
    if zone.is_some() || found.rule.is_some() {
        constant!(page, ",\"policy\":");
        Policy { zone, rule: found.rule }.json(page);
    }
}

/// What a fact tells in `rmm`.
#[inline]
fn more(page: &mut Page, prints: &mut Prints, fact: &Fact, dns_transport: Option<DnsTransport>) {
    match fact {
        Fact::TlsHello(hello) => Greeting {
            alpn: (!hello.alpn.is_empty()).then_some(Alpn(&hello.alpn)),
            tls: RmmTls::hello(hello),
            ja4: hello.ja4.as_ref().map(|ja4| prints.ja4(ja4)),
            quic: Quic::of(hello.carrier),
            ech: hello.ech,
        }
        .members(page),
        Fact::TlsCertificate(shown) => {
            let tls = RmmTls::certificate(shown);
            Greeting { alpn: None, tls, ja4: None, quic: None, ech: false }.members(page);
        }
        _ => {}
    }
    if let Some(transport) = dns_transport {
        constant!(page, ",\"dns_transport\":");
        Word(transport.word()).json(page);
    }
    let (file, side, details) = match fact {
        Fact::FlowClose(close) => return words::close_reason_member(page, close.reason),
        Fact::FlowOpen
        | Fact::DnsQuery(_)
        | Fact::DnsAnswer(_)
        | Fact::TlsHello(_)
        | Fact::HttpRequest(_)
        | Fact::HostHint(_) => return,
        Fact::TlsCertificate(shown) => (None, Some(shown.side), [].as_slice()),
        Fact::FileDownload(file) => {
            (Some(RmmFile { kind: words::file_kind(file.kind) }), None, [].as_slice())
        }
        Fact::Remote(remote) => (None, Some(remote.side), &*remote.details),
        Fact::Opening(opening) => (None, Some(opening.side), [].as_slice()),
    };
    Rest { file, side: side.map(words::side), details: Details(details) }.members(page);
}

impl<'a> Weighed<'a> {
    /// What there is to say; for most of what passes, nothing.
    #[inline]
    fn new(seen: &'a Observation, found: &Findings<'a>) -> Option<Weighed<'a>> {
        let unknown =
            found.matches.is_empty() && found.uses.is_empty() && found.authorised.is_none();
        let remote = match &seen.fact {
            Fact::Remote(remote) => remote.version.as_deref(),
            _ => None,
        };
        (!unknown || remote.is_some()).then(|| Weighed::of(seen, found, remote))
    }

    fn of(seen: &'a Observation, found: &Findings<'a>, remote: Option<&'a str>) -> Weighed<'a> {
        let pointed = signs::pointed(found.matches);
        // The end of a flow shows no sign; what the flow showed before it is known.
        let tool = pointed.as_ref().map(|pointed| pointed.tool);
        let used = found.uses.iter().find(|used| tool.is_none_or(|tool| used.tool.0 == *tool));
        let used = used.filter(|_| tool.is_some() || matches!(seen.fact, Fact::FlowClose(_)));
        Weighed {
            tool: tool.or(used.map(|used| &used.tool.0)).map(ToolId::as_str),
            role: pointed.as_ref().map(|pointed| pointed.role),
            operator: used
                .and_then(|used| used.operator.as_deref())
                .or(pointed.as_ref().and_then(|pointed| pointed.operator)),
            // What a catalogue's row made of it says more than the protocol's own number.
            version: pointed.as_ref().and_then(|pointed| pointed.version).or(remote),
            authorised: found.authorised,
            uses: Uses(found.uses),
            evidence: Signs { found: found.matches, at: seen.at },
        }
    }
}
