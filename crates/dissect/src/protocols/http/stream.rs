//! Reads the requests of a connection, and of its responses what kind of file each one is.

use std::collections::VecDeque;

use model::{DomainName, Fact, Flow, HttpRequest, Protocol, Side};

use super::body::{Body, Progress, announced, declared};
use super::file::{Coming, First};
use super::head::{Begins, Head, begins, end, without_empty_lines};
use super::request;
use super::text::find;
use crate::protocols::dns;
use crate::protocols::limits::{
    DNS_HTTPS_MAX, HTTP_WAITING_MAX, HTTP_WAITING_OCTETS_MAX, WAIT_MAX,
};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};

/// Whether a stream is HTTP/1.
pub(super) fn probe(_flow: &Flow, _side: Side, octets: &[u8]) -> Probe {
    begins(octets).probe()
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// What a side is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Stage {
    /// A head.
    #[default]
    Heads,
    /// A body.
    Body(Body),
    /// A body of so many octets that is a DNS message.
    Dns(usize),
    /// Somewhere unknown: what begins a segment as a head does is one.
    Searching,
}

#[derive(Clone, Copy, Debug, Default)]
struct Half {
    stage: Stage,
    /// Octets at hand that were looked at in vain.
    seen: usize,
}

/// A request that waits for its answer.
struct Waiting {
    host: Option<DomainName>,
    path: Option<Box<str>>,
    asks: Asks,
}

impl Waiting {
    fn octets(&self) -> usize {
        let host = self.host.as_ref().map_or(0, |host| host.as_str().len());
        host.saturating_add(self.path.as_ref().map_or(0, |path| path.len()))
    }
}

/// What a request does to its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asks {
    /// Nothing.
    Plain,
    /// HEAD: the answer has no body.
    HeadOnly,
    /// CONNECT: after it another protocol begins, if it is granted.
    Tunnel,
}

/// Reads one connection.
#[derive(Default)]
struct Reader {
    client: Half,
    server: Half,
    waiting: VecDeque<Waiting>,
    /// Requests behind those that wait, which found no place.
    unremembered: u32,
    /// Octets were lost: what waits may have been answered already.
    stale: bool,
    /// The file that comes down, from which side, and its first octets.
    coming: Option<(Side, Coming, First)>,
    /// The last request was a CONNECT.
    tunnel_asked: bool,
    handed_over: bool,
}

/// A body that is a DNS message, and short enough to be read.
fn dns_body(head: Head<'_>, body: Body) -> Option<Stage> {
    let Body::Length(len) = body else { return None };
    let len = usize::try_from(len).ok().filter(|len| *len <= DNS_HTTPS_MAX)?;
    let kind = head.field("Content-Type")?;
    dns::is_message_type(&kind).then_some(Stage::Dns(len))
}

/// What became of the octets at hand.
enum Turn {
    /// So many were used, and more can be read.
    Used(usize),
    /// So many are used, some of which may not be here yet; nothing can be read without more.
    Wait(u64),
    /// So many are used; this side is done.
    SideDone(u64),
    /// So many are used; another protocol begins.
    HandedOver(u64),
}

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        let mut start = 0usize;
        loop {
            let rest = octets.get(start..).unwrap_or_default();
            let (used, next) = match self.turn(side, rest, out) {
                Turn::Used(count) => {
                    start = start.saturating_add(count);
                    continue;
                }
                Turn::Wait(count) => (count, Next::More),
                Turn::SideDone(count) => (count, Next::SideDone),
                Turn::HandedOver(count) => {
                    self.handed_over = true;
                    (count, Next::FlowDone)
                }
            };
            return Step { consumed: used.saturating_add(start as u64), next };
        }
    }

    fn lost(&mut self, side: Side) -> bool {
        *self.half(side) = Half { stage: Stage::Searching, seen: 0 };
        self.stale = true;
        if self.coming.as_ref().is_some_and(|(from, ..)| *from == side) {
            self.coming = None;
        }
        true
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        let octets = without_empty_lines(octets);
        let at_a_head = !matches!(self.half(side).stage, Stage::Body(_) | Stage::Dns(_));
        if at_a_head && begins(octets) == Begins::Request {
            (out.anomaly)("http_head_cut");
            self.request(Head(octets), out);
        }
    }

    fn handed_over(&self) -> bool {
        self.handed_over
    }

    fn protocol(&self) -> Protocol {
        Protocol::Http
    }
}

impl Reader {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn turn(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Turn {
        match self.half(side).stage {
            Stage::Heads => self.heads(side, octets, out),
            Stage::Body(body) => self.body(side, body, octets, out),
            Stage::Dns(len) => self.message(side, len, octets, out),
            Stage::Searching => self.search(side, octets),
        }
    }

    fn heads(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Turn {
        let rest = without_empty_lines(octets);
        let empty = octets.len().saturating_sub(rest.len());
        let seen = std::mem::take(&mut self.half(side).seen).saturating_sub(empty);
        let fresh = rest.get(seen..).unwrap_or_default();
        if seen > 0 && rest.len() < WAIT_MAX && find(fresh, b'\n').is_none() {
            self.half(side).seen = rest.len();
            return Turn::Wait(empty as u64);
        }
        let begins = begins(rest);
        if begins == Begins::Foreign {
            if side == Side::Client && self.tunnel_asked {
                return Turn::HandedOver(empty as u64);
            }
            (out.anomaly)("http_framing_lost");
            self.half(side).stage = Stage::Searching;
            return Turn::Wait(octets.len() as u64);
        }
        if let Some(end) = end(rest, seen) {
            let head = Head(rest.get(..end).unwrap_or(rest));
            return self.head(begins, side, head, empty.saturating_add(end), out);
        }
        if rest.len() < WAIT_MAX {
            self.half(side).seen = rest.len();
            return Turn::Wait(empty as u64);
        }
        (out.anomaly)("http_head_too_long");
        if begins == Begins::Request {
            self.request(Head(rest), out);
        }
        self.half(side).stage = Stage::Searching;
        Turn::Wait(octets.len() as u64)
    }

    /// A whole head, which takes `len` octets.
    fn head(
        &mut self,
        begins: Begins,
        side: Side,
        head: Head<'_>,
        len: usize,
        out: &mut Out<'_>,
    ) -> Turn {
        if begins == Begins::Response {
            return self.response(side, head, len, out);
        }
        self.request(head, out);
        let body = announced(head).unwrap_or_else(|()| {
            (out.anomaly)("http_length_malformed");
            None
        });
        if let Some(body) = body {
            self.half(side).stage = dns_body(head, body).unwrap_or(Stage::Body(body));
        }
        Turn::Used(len)
    }

    /// A DNS message (RFC 8484 §4.1), when all of it is there.
    fn message(&mut self, side: Side, len: usize, octets: &[u8], out: &mut Out<'_>) -> Turn {
        let Some(message) = octets.get(..len) else { return Turn::Wait(0) };
        dns::tell_message(message, out);
        *self.half(side) = Half::default();
        Turn::Used(len)
    }

    fn request(&mut self, head: Head<'_>, out: &mut Out<'_>) {
        let Some(request) = request::read(head) else { return };
        self.remember(&request);
        let message = dns::in_path(request.path.as_bytes());
        (out.fact)(Fact::HttpRequest(Box::new(request)));
        if let Some(message) = message {
            dns::tell_message(&message, out);
        }
    }

    fn remember(&mut self, request: &HttpRequest) {
        if std::mem::take(&mut self.stale) {
            self.waiting.clear();
            self.unremembered = 0;
        }
        let asks = match &*request.method {
            "HEAD" => Asks::HeadOnly,
            "CONNECT" => Asks::Tunnel,
            _ => Asks::Plain,
        };
        self.tunnel_asked = asks == Asks::Tunnel;
        if self.unremembered > 0 || self.waiting.len() >= HTTP_WAITING_MAX {
            self.unremembered = self.unremembered.saturating_add(1);
            return;
        }
        let mut waiting =
            Waiting { host: request.host.clone(), path: Some(request.path.clone()), asks };
        let held = self.waiting.iter().map(Waiting::octets).fold(0, usize::saturating_add);
        if held.saturating_add(waiting.octets()) > HTTP_WAITING_OCTETS_MAX {
            waiting = Waiting { host: None, path: None, asks };
        }
        self.waiting.push_back(waiting);
    }

    fn answered(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front();
        if waiting.is_none() {
            self.unremembered = self.unremembered.saturating_sub(1);
        }
        waiting
    }

    fn response(&mut self, side: Side, head: Head<'_>, len: usize, out: &mut Out<'_>) -> Turn {
        let status = head.first().get(9..12).unwrap_or_default();
        // RFC 9110 §15.2: an interim response, before the one that answers; but after 101 the
        // connection speaks another protocol (§15.2.2).
        match status {
            b"101" => return Turn::HandedOver(len as u64),
            [b'1', ..] => return Turn::Used(len),
            _ => {}
        }
        let answers = self.answered();
        let asks = answers.as_ref().map_or(Asks::Plain, |waiting| waiting.asks);
        if asks == Asks::Tunnel && status.starts_with(b"2") {
            return Turn::HandedOver(len as u64);
        }
        self.tunnel_asked = false;
        if asks == Asks::HeadOnly || matches!(status, b"204" | b"304") {
            return Turn::Used(len);
        }
        let body = announced(head).unwrap_or_else(|()| {
            (out.anomaly)("http_length_malformed");
            None
        });
        if let Some(stage) = body.and_then(|body| dns_body(head, body)) {
            self.half(side).stage = stage;
            return Turn::Used(len);
        }
        let (host, path) = answers.map_or((None, None), |waiting| (waiting.host, waiting.path));
        let disposition = head.field("Content-Disposition");
        let size = declared(head).ok().flatten();
        let coming = Coming::new(disposition.as_deref(), host, path, size);
        self.coming = Some((side, coming, First::wanted()));
        // RFC 9112 §6.3: without a length, a response's body is all that follows.
        self.half(side).stage = Stage::Body(body.unwrap_or(Body::Close));
        Turn::Used(len)
    }

    fn body(&mut self, side: Side, body: Body, octets: &[u8], out: &mut Out<'_>) -> Turn {
        let mut body = body;
        let coming = self.coming.take_if(|(from, ..)| *from == side);
        let mut first = coming.as_ref().map_or(First::none(), |(_, _, first)| *first);
        let (count, progress) = body.read(octets, &mut first);
        let wants_more = first.wants_more();
        if let Some((_, coming, _)) = coming {
            match first.kind() {
                Some(kind) => (out.fact)(Fact::FileDownload(Box::new(coming.told(kind)))),
                None if wants_more => self.coming = Some((side, coming, first)),
                None => {}
            }
        }
        let half = self.half(side);
        match progress {
            Progress::More if body == Body::Close && !wants_more => Turn::SideDone(count),
            Progress::More => {
                half.stage = Stage::Body(body);
                Turn::Wait(count)
            }
            Progress::Ended => {
                *half = Half::default();
                let here = usize::try_from(count).ok().filter(|count| *count < octets.len());
                here.map_or(Turn::Wait(count), Turn::Used)
            }
            Progress::Malformed => {
                (out.anomaly)("http_chunk_malformed");
                *half = Half { stage: Stage::Searching, seen: 0 };
                Turn::Wait(octets.len() as u64)
            }
        }
    }

    /// Look for a head at the beginning of the octets at hand, and at that of the newest ones.
    fn search(&mut self, side: Side, octets: &[u8]) -> Turn {
        let newest = std::mem::take(&mut self.half(side).seen).min(octets.len());
        for start in [0, newest] {
            match begins(octets.get(start..).unwrap_or_default()) {
                Begins::Request | Begins::Response => {
                    *self.half(side) = Half::default();
                    return Turn::Used(start);
                }
                Begins::More if octets.len() < WAIT_MAX => {
                    self.half(side).seen = octets.len().saturating_sub(start);
                    return Turn::Wait(start as u64);
                }
                Begins::More | Begins::Foreign => {}
            }
        }
        Turn::Wait(octets.len() as u64)
    }
}
