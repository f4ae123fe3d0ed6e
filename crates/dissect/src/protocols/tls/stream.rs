//! Reads both ends of a TLS connection until they encrypt.

use model::{Carrier, DomainName, Fact, Flow, Opening, Protocol, Side, TlsHello, TlsVersion};

use super::preface::{self, Preface};
use super::record::{Behind, Place, consume, gather};
use super::{certificate, hello, sslv2};
use crate::protocols::limits::{TLS_CERTIFICATE_MAX, TLS_EMPTY_RECORDS_MAX, TLS_MESSAGE_MAX};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};

/// Handshake types (RFC 8446 §4, RFC 5246 §7.4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

/// Octets of a handshake message's head: type and length.
const HEAD: usize = 4;
/// The first version that hides certificates (RFC 8446); drafts of it had numbers of their own.
const TLS_1_3: TlsVersion = TlsVersion(0x0304);
const TLS_1_3_DRAFTS: std::ops::Range<u16> = 0x7f00..0x8000;

/// Whether a stream is TLS, at once or behind a request for it.
pub(super) fn probe(_flow: &Flow, _side: Side, octets: &[u8]) -> Probe {
    match preface::read(octets) {
        Preface::Octets(len) => match hello_record(octets.get(len..).unwrap_or_default()) {
            Probe::Mine(Side::Server) => Probe::NotMine,
            probe => probe,
        },
        Preface::More => Probe::More,
        Preface::Foreign => match sslv2::probe(octets) {
            Some(true) => Probe::Mine(Side::Client),
            Some(false) => hello_record(octets),
            None => Probe::More,
        },
    }
}

/// A record of a handshake that begins with a hello, perhaps behind empty ones. Of its version only
/// the first octet tells (RFC 8446 §5.1: it must be ignored).
fn hello_record(mut octets: &[u8]) -> Probe {
    for _ in 0..TLS_EMPTY_RECORDS_MAX {
        match octets {
            [22, 3, _, 0, 0, rest @ ..] => octets = rest,
            _ => break,
        }
    }
    if !octets.iter().zip([22, 3]).all(|(octet, wanted)| *octet == wanted) {
        return Probe::NotMine;
    }
    let Some([_, _, _, high, low, first, rest @ ..]) = octets.get(..) else { return Probe::More };
    let len = u16::from_be_bytes([*high, *low]);
    if len == 0 || len > 1 << 14 {
        return Probe::NotMine;
    }
    // No hello is longer than 64 KiB; the octet may stand in a record of its own.
    let long = len > 1 && rest.first().is_some_and(|octet| *octet != 0);
    match *first {
        CLIENT_HELLO if !long => Probe::Mine(Side::Client),
        SERVER_HELLO if !long => Probe::Mine(Side::Server),
        _ => Probe::NotMine,
    }
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// What one side has said.
#[derive(Default)]
struct Half {
    place: Place,
    /// Octets that must be at hand before looking again is worth the while.
    wanted: usize,
    /// Something was consumed: an old-style hello can stand no more.
    begun: bool,
    done: bool,
}

/// Reads the handshake of one connection.
#[derive(Default)]
struct Reader {
    client: Half,
    server: Half,
    /// The name that was asked for, once a hello was told.
    told: Option<Option<DomainName>>,
    /// The server chose a version that hides the rest.
    hidden: bool,
}

/// What is to be done after a message.
enum After {
    /// Read on behind it.
    Message,
    /// Wait until this many handshake octets are at hand.
    Wait(usize),
    /// Nothing more of this side can be read.
    Done,
}

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        if octets.len() < self.half(side).wanted {
            return Step { consumed: 0, next: Next::More };
        }
        let (consumed, done) = self.messages(side, octets, out);
        let half = self.half(side);
        half.begun |= consumed > 0;
        half.wanted = half.wanted.saturating_sub(consumed);
        half.done |= done;
        let all = self.client.done && self.server.done || self.hidden && self.told.is_some();
        let next = match (all, done) {
            (true, _) => Next::FlowDone,
            (false, true) => Next::SideDone,
            (false, false) => Next::More,
        };
        Step { consumed: consumed as u64, next }
    }

    fn lost(&mut self, side: Side) -> bool {
        self.half(side).done = true;
        false
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        let (gathered, _) = gather(self.half(side).place, octets, TLS_MESSAGE_MAX);
        if let Some(([CLIENT_HELLO, ..], body)) = gathered.split_first_chunk::<HEAD>() {
            self.hello(hello::client(body, false, Carrier::Tls, out.anomaly), out);
        }
    }

    fn protocol(&self) -> Protocol {
        Protocol::Tls
    }
}

impl Reader {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Read messages: how many octets of the stream were consumed, and whether the side is done.
    fn messages(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> (usize, bool) {
        let mut start = 0usize;
        if !self.half(side).begun {
            if sslv2::probe(octets) == Some(true) {
                let Some(old) = sslv2::read(octets) else { return (0, false) };
                self.hello(old.hello, out);
                start = old.len;
            } else if let Preface::Octets(len) = preface::read(octets) {
                tell_preface(side, octets.get(..len).unwrap_or_default(), out);
                start = len;
            }
        }
        loop {
            let rest = octets.get(start..).unwrap_or_default();
            let place = self.half(side).place;
            let (head, behind) = gather(place, rest, HEAD);
            let Some(([kind, len @ ..], _)) = head.split_first_chunk::<HEAD>() else {
                return (start, self.ended(side, behind, &head, out));
            };
            let len = u32::from_be_bytes([0, len[0], len[1], len[2]]);
            let whole = HEAD.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
            let want = if *kind == CERTIFICATE { whole.min(TLS_CERTIFICATE_MAX) } else { whole };
            let (message, behind) = gather(place, rest, want.min(TLS_MESSAGE_MAX));
            let there = message.get(HEAD..whole).or_else(|| message.get(HEAD..));
            let body = there.unwrap_or_default();
            match self.message(side, *kind, body, message.len() >= whole, whole, out) {
                After::Message => {
                    let (place, consumed) = consume(place, rest, whole);
                    self.half(side).place = place;
                    start = start.saturating_add(consumed);
                }
                After::Done => return (start, true),
                After::Wait(want) => {
                    let missing = want.saturating_sub(message.len());
                    self.half(side).wanted = octets.len().saturating_add(missing.max(1));
                    return (start, self.ended(side, behind, &message, out));
                }
            }
        }
    }

    /// The octets at hand end before a message does. Whether anything can follow.
    fn ended(&mut self, side: Side, behind: Behind, message: &[u8], out: &mut Out<'_>) -> bool {
        match behind {
            Behind::More => return false,
            Behind::Encrypted => {}
            Behind::Foreign => (out.anomaly)("tls_record_malformed"),
        }
        if let Some(([CLIENT_HELLO, ..], body)) = message.split_first_chunk::<HEAD>() {
            self.hello(hello::client(body, false, Carrier::Tls, out.anomaly), out);
        }
        self.half(side).done = true;
        true
    }

    /// Read one message, of which all or the first octets are at hand.
    fn message(
        &mut self,
        side: Side,
        kind: u8,
        body: &[u8],
        is_whole: bool,
        whole: usize,
        out: &mut Out<'_>,
    ) -> After {
        if kind == CERTIFICATE {
            return certificate_message(side, body, is_whole, out);
        }
        if matches!(
            kind,
            NEW_SESSION_TICKET
                | SERVER_KEY_EXCHANGE
                | SERVER_HELLO_DONE
                | CLIENT_KEY_EXCHANGE
                | FINISHED
        ) {
            return After::Done;
        }
        if whole > TLS_MESSAGE_MAX {
            (out.anomaly)("tls_message_too_long");
            if kind == CLIENT_HELLO {
                self.hello(hello::client(body, false, Carrier::Tls, out.anomaly), out);
            }
            return After::Done;
        }
        if !is_whole {
            return After::Wait(whole);
        }
        match kind {
            CLIENT_HELLO => self.hello(hello::client(body, true, Carrier::Tls, out.anomaly), out),
            SERVER_HELLO => match hello::server_version(body) {
                Some(version) => {
                    self.hidden |= version >= TLS_1_3 || TLS_1_3_DRAFTS.contains(&version.0);
                    if self.hidden {
                        return After::Done;
                    }
                }
                None => (out.anomaly)("tls_hello_malformed"),
            },
            _ => {}
        }
        After::Message
    }

    /// Tell a hello, once a connection; again only when a renewed one asks for another name.
    fn hello(&mut self, hello: TlsHello, out: &mut Out<'_>) {
        let again = self.told.as_ref().is_some_and(|name| *name == hello.server_name);
        if !again {
            self.told = Some(hello.server_name.clone());
            (out.fact)(Fact::TlsHello(Box::new(hello)));
        }
    }
}

/// What stood before TLS is of no protocol that is known here: it is told for byte signatures.
fn tell_preface(side: Side, octets: &[u8], out: &mut Out<'_>) {
    let first_len = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let octets = octets.get(..Opening::LEN_MAX).unwrap_or(octets).into();
    (out.fact)(Fact::Opening(Box::new(Opening { side, first_len, octets })));
}

/// Tell the end certificate of a Certificate message (RFC 5246 §7.4.2). The chain behind it is not
/// waited for: the side is done.
fn certificate_message(side: Side, body: &[u8], is_whole: bool, out: &mut Out<'_>) -> After {
    /// The lengths of the list and of its first certificate.
    const LENGTHS: usize = 6;
    let Some(([_, _, _, len @ ..], rest)) = body.split_first_chunk::<LENGTHS>() else {
        // A client without a certificate sends an empty list.
        return if is_whole { After::Done } else { After::Wait(HEAD + LENGTHS) };
    };
    let len = u32::from_be_bytes([0, len[0], len[1], len[2]]);
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let want = len.saturating_add(HEAD + LENGTHS);
    if want > TLS_CERTIFICATE_MAX {
        (out.anomaly)("tls_certificate_too_long");
        return After::Done;
    }
    match rest.get(..len) {
        Some(der) => match certificate::read(side, der) {
            Some(read) => (out.fact)(Fact::TlsCertificate(Box::new(read))),
            None => (out.anomaly)("tls_certificate_unreadable"),
        },
        None if is_whole => (out.anomaly)("tls_certificate_malformed"),
        None => return After::Wait(want),
    }
    After::Done
}
