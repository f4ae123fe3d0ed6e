//! Reads both ends of a TLS connection until they encrypt.

use model::{Carrier, DomainName, Fact, Flow, Opening, Protocol, Side, TlsHello, TlsVersion};

use super::chain::{self, Chain, Leaf};
use super::preface::{self, Preface};
use super::record::{Behind, Place, consume, gather, past_strays};
use super::{hello, sslv2};
use crate::protocols::limits::{TLS_CERTIFICATE_MAX, TLS_HELLOS_MAX, TLS_MESSAGE_MAX};
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

/// Whether a stream is TLS, at once or behind what either end says to begin it.
pub(super) fn probe(_flow: &Flow, _side: Side, octets: &[u8]) -> Probe {
    match preface::read(octets) {
        Preface::Octets(len) => hello_record(octets.get(len..).unwrap_or_default()),
        Preface::More => Probe::More,
        Preface::Foreign => match sslv2::probe(octets) {
            Some(true) => Probe::Mine(Side::Client),
            Some(false) => hello_record(octets),
            None => Probe::More,
        },
    }
}

/// A record of a handshake that begins with a hello, perhaps behind others. Of its version only the
/// first octet tells (RFC 8446 §5.1: it must be ignored).
fn hello_record(octets: &[u8]) -> Probe {
    let Some(octets) = past_strays(octets) else { return Probe::More };
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
    /// Its certificate, while the chain behind it comes.
    chain: Option<Chain>,
    done: bool,
}

/// Reads the handshake of one connection.
#[derive(Default)]
struct Reader {
    client: Half,
    server: Half,
    /// The name that was asked for, once a hello was told.
    told: Option<Option<DomainName>>,
    /// Hellos that were read.
    hellos: u32,
    /// The server chose a version that hides the rest.
    hidden: bool,
}

/// What is to be done after a message.
enum After {
    /// Read on behind it.
    Message,
    /// Wait until this many handshake octets are at hand.
    Wait(usize),
    /// A certificate in so many handshake octets, and the chain behind it.
    Chain(Chain, usize),
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
        if all {
            for half in [&mut self.client, &mut self.server] {
                half.chain.take().into_iter().for_each(|chain| chain.tell(out));
            }
        }
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
        if let Some(chain) = self.half(side).chain.take() {
            return chain.tell(out);
        }
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
        let Some(mut start) = self.before(side, octets, out) else { return (0, false) };
        loop {
            let rest = octets.get(start..).unwrap_or_default();
            if let Some(chain) = self.half(side).chain.take() {
                let (consumed, done) = self.chain(side, chain, rest, out);
                return (start.saturating_add(consumed), done);
            }
            let place = self.half(side).place;
            let (head, behind) = gather(place, rest, HEAD);
            let Some(([kind, len @ ..], _)) = head.split_first_chunk::<HEAD>() else {
                return (start, self.ended(side, behind, &head, out));
            };
            let len = u32::from_be_bytes([0, len[0], len[1], len[2]]);
            let whole = HEAD.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
            let leaf = HEAD.saturating_add(TLS_CERTIFICATE_MAX);
            let want = if *kind == CERTIFICATE { whole.min(leaf) } else { whole };
            let (message, behind) = gather(place, rest, want.min(TLS_MESSAGE_MAX));
            let there = message.get(HEAD..whole).or_else(|| message.get(HEAD..));
            let body = there.unwrap_or_default();
            let after = self.message(side, *kind, body, message.len() >= whole, whole, out);
            let read = match after {
                After::Message => whole,
                After::Chain(chain, read) => {
                    self.half(side).chain = Some(chain);
                    read
                }
                After::Done => return (start, true),
                After::Wait(want) => {
                    let missing = want.saturating_sub(message.len());
                    self.half(side).wanted = octets.len().saturating_add(missing.max(1));
                    return (start, self.ended(side, behind, &message, out));
                }
            };
            let (place, consumed) = consume(place, rest, read);
            self.half(side).place = place;
            start = start.saturating_add(consumed);
        }
    }

    /// What stands before the first record: how many octets it takes; `None` until it is whole.
    fn before(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Option<usize> {
        if self.half(side).begun {
            return Some(0);
        }
        if sslv2::probe(octets) == Some(true) {
            let old = sslv2::read(octets)?;
            self.hello(old.hello, out);
            return Some(old.len);
        }
        match preface::read(octets) {
            Preface::Octets(len) => {
                tell_preface(side, octets.get(..len).unwrap_or_default(), out);
                Some(len)
            }
            // The other end has begun; this one's answer is still to come.
            Preface::More => None,
            Preface::Foreign => Some(0),
        }
    }

    /// Hash what is at hand of a chain: how many octets of the stream were consumed, and whether
    /// the side is done. Unless the chain ends here its last octet stays, so that whoever holds the
    /// octets calls `cut` when no more come.
    fn chain(
        &mut self,
        side: Side,
        mut chain: Chain,
        octets: &[u8],
        out: &mut Out<'_>,
    ) -> (usize, bool) {
        let mut start = 0usize;
        while chain.left() > 0 {
            let rest = octets.get(start..).unwrap_or_default();
            let place = self.half(side).place;
            let (run, behind) = gather(place, rest, 1);
            if run.is_empty() && behind == Behind::More {
                self.half(side).chain = Some(chain);
                return (start, false);
            } else if run.is_empty() {
                break;
            }
            let mut count = run.len().min(chain.left());
            let (after, used) = consume(place, rest, run.len());
            let (next, behind) = gather(after, rest.get(used..).unwrap_or_default(), 1);
            let last = run.len() < chain.left() && next.is_empty() && behind == Behind::More;
            count = count.saturating_sub(usize::from(last));
            chain.push(run.get(..count).unwrap_or_default());
            let (place, used) = consume(place, rest, count);
            self.half(side).place = place;
            start = start.saturating_add(used);
            if last {
                self.half(side).chain = Some(chain);
                return (start, false);
            }
        }
        chain.tell(out);
        (start, true)
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
            return match chain::leaf(side, body, whole.saturating_sub(HEAD), out) {
                Leaf::Wait(count) => After::Wait(HEAD.saturating_add(count)),
                Leaf::Shown(chain, count) => After::Chain(chain, HEAD.saturating_add(count)),
                Leaf::None => After::Done,
            };
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
            CLIENT_HELLO => {
                self.hello(hello::client(body, true, Carrier::Tls, out.anomaly), out);
                self.hellos = self.hellos.saturating_add(1);
                if self.hellos >= TLS_HELLOS_MAX {
                    return After::Done;
                }
            }
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
