//! Reads the requests of a connection, and of its responses what kind of file each one is.

use model::{DomainName, Fact, Flow, Protocol, Side};

use super::fields::Fields;
use super::frame::{
    Block, DATA, END_STREAM, Frame, HEADERS, PREFACE, PUSH_PROMISE, SETTINGS, block,
};
use super::hpack::Decoder;
use crate::protocols::dns;
use crate::protocols::http::file::{Coming, First};
use crate::protocols::limits::{DNS_HTTPS_MAX, HTTP2_EXCHANGES_MAX, HTTP2_FRAME_MAX};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};

/// Whether a stream is HTTP/2: a client's preface, or a server's settings.
pub(super) fn probe(_flow: &Flow, _side: Side, octets: &[u8]) -> Probe {
    if octets.starts_with(PREFACE) {
        return Probe::Mine(Side::Client);
    }
    if PREFACE.starts_with(octets) {
        return Probe::More;
    }
    // Nearly all that is of others differs in its first octet.
    if octets.first().is_some_and(|first| *first != 0) {
        return Probe::NotMine;
    }
    // RFC 9113 §6.5: six octets each, of the connection, not yet an answer to others.
    let head = [0, 0, 0, SETTINGS, 0, 0, 0, 0, 0];
    let fits = octets.iter().zip(head).enumerate();
    let settings = fits.map(|(place, (octet, wanted))| match place {
        2 => octet % 6 == 0 && *octet <= 60,
        _ => *octet == wanted,
    });
    match settings.fold(true, |all, fits| all & fits) {
        true if octets.len() >= Frame::HEAD => Probe::Mine(Side::Server),
        true => Probe::More,
        false => Probe::NotMine,
    }
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// What one side has said.
#[derive(Default)]
struct Half {
    /// The preface has come.
    begun: bool,
    decoder: Decoder,
}

/// A request and its answer.
struct Exchange {
    stream: u32,
    host: Option<DomainName>,
    path: Option<Box<str>>,
    /// The file that comes down, and its first octets.
    coming: Option<(Coming, First)>,
    /// The body of either side is a DNS message.
    dns: [bool; 2],
}

impl Exchange {
    fn held(&self) -> usize {
        let host = self.host.as_ref().map_or(0, |host| host.as_str().len());
        let path = self.path.as_ref().map_or(0, |path| path.len());
        size_of::<Exchange>().saturating_add(host).saturating_add(path)
    }

    fn dns(&mut self, side: Side) -> &mut bool {
        let [client, server] = &mut self.dns;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// A part of a body; false when more of it must be there.
    fn data(&mut self, side: Side, frame: &Frame, payload: &[u8], out: &mut Out<'_>) -> bool {
        let is_dns = *self.dns(side) && frame.len <= DNS_HTTPS_MAX;
        let coming = self.coming.as_mut().filter(|_| side == Side::Server);
        let wanted = match &coming {
            _ if is_dns => frame.len,
            // A length of padding may stand before them.
            Some(_) => frame.len.min(First::LEN + 1),
            None => return true,
        };
        if payload.len() < wanted {
            return false;
        }
        let data = frame.data(payload);
        if is_dns && !data.is_empty() {
            *self.dns(side) = false;
            dns::tell_message(data, out);
        } else if let Some((_, first)) = coming {
            first.push(data);
            let (kind, more) = (first.kind(), first.wants_more());
            if kind.is_some() || !more {
                let coming = self.coming.take();
                if let (Some(kind), Some((coming, _))) = (kind, coming) {
                    (out.fact)(Fact::FileDownload(Box::new(coming.told(kind))));
                }
            }
        }
        true
    }
}

/// Reads one connection.
#[derive(Default)]
struct Reader {
    client: Half,
    server: Half,
    /// The oldest first.
    exchanges: Vec<Exchange>,
}

/// What became of the octets at hand.
enum Turn {
    /// So many were used, some of which may not be here yet.
    Used(usize),
    /// More are needed.
    Wait,
    /// This side is done.
    Done,
}

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        let mut start = 0usize;
        while let Some(rest) = octets.get(start..).filter(|rest| !rest.is_empty()) {
            match self.turn(side, rest, out) {
                Turn::Used(count) => start = start.saturating_add(count),
                Turn::Wait => break,
                Turn::Done => return Step { consumed: start as u64, next: Next::SideDone },
            }
        }
        Step { consumed: start as u64, next: Next::More }
    }

    /// What fields mean depends on all before them: nothing more of the side can be read.
    fn lost(&mut self, _side: Side) -> bool {
        false
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        let Some(Frame { kind: HEADERS, .. }) = Frame::read(octets) else { return };
        let (Block::Part(part) | Block::TooLong(part)) = block(octets) else { return };
        let mut fields = Fields::default();
        let decoder = &mut self.half(side).decoder;
        // It ends amid a field, of course.
        let _ = decoder.decode(&part, &mut |name, value| fields.take(name, value));
        if let (Side::Client, Some(request)) = (side, fields.request()) {
            (out.anomaly)("http_head_cut");
            (out.fact)(Fact::HttpRequest(Box::new(request)));
        }
    }

    fn protocol(&self) -> Protocol {
        Protocol::Http
    }

    fn held(&self) -> usize {
        let tables = self.client.decoder.held().saturating_add(self.server.decoder.held());
        self.exchanges.iter().map(Exchange::held).fold(tables, usize::saturating_add)
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
        if side == Side::Client && !self.client.begun {
            if PREFACE.starts_with(octets) && octets != PREFACE {
                return Turn::Wait;
            }
            self.client.begun = true;
            if octets.starts_with(PREFACE) {
                return Turn::Used(PREFACE.len());
            }
        }
        let Some(frame) = Frame::read(octets) else { return Turn::Wait };
        match frame.kind {
            DATA => self.data(side, &frame, octets, out),
            _ if frame.len > HTTP2_FRAME_MAX => {
                (out.anomaly)("http2_framing_lost");
                Turn::Done
            }
            HEADERS | PUSH_PROMISE => self.head(side, &frame, octets, out),
            _ => Turn::Used(frame.whole()),
        }
    }

    fn head(&mut self, side: Side, frame: &Frame, octets: &[u8], out: &mut Out<'_>) -> Turn {
        let (block, used) = match block(octets) {
            Block::Whole(block, used) => (block, Some(used)),
            Block::Part(_) => return Turn::Wait,
            Block::TooLong(block) => {
                (out.anomaly)("http_head_too_long");
                (block, None)
            }
            Block::Malformed => {
                (out.anomaly)("http2_framing_lost");
                return Turn::Done;
            }
        };
        let mut fields = Fields::default();
        let decoder = &mut self.half(side).decoder;
        let read = decoder.decode(&block, &mut |name, value| fields.take(name, value));
        if read.is_err() && used.is_some() {
            (out.anomaly)("http2_fields_malformed");
        }
        // What a server promises no one asked for.
        if frame.kind == HEADERS {
            match side {
                Side::Client => self.request(frame, &fields, out),
                Side::Server => self.response(frame, &fields),
            }
        }
        match used {
            Some(used) if read.is_ok() => Turn::Used(used),
            _ => Turn::Done,
        }
    }

    fn request(&mut self, frame: &Frame, fields: &Fields, out: &mut Out<'_>) {
        let Some(request) = fields.request() else { return };
        if self.exchanges.len() >= HTTP2_EXCHANGES_MAX {
            self.exchanges.remove(0);
        }
        self.exchanges.push(Exchange {
            stream: frame.stream,
            host: request.host.clone(),
            path: Some(request.path.clone()),
            coming: None,
            dns: [fields.is_dns(), false],
        });
        (out.fact)(Fact::HttpRequest(Box::new(request)));
        if let Some(message) = dns::in_path(fields.path()) {
            dns::tell_message(&message, out);
        }
    }

    fn response(&mut self, frame: &Frame, fields: &Fields) {
        // A trailer has no status; an interim response comes before the one that answers.
        if fields.status.as_deref().is_none_or(|status| status.starts_with(b"1")) {
            return;
        }
        let known = self.exchanges.iter().position(|known| known.stream == frame.stream);
        let known = known.map(|place| self.exchanges.remove(place));
        if frame.flags & END_STREAM != 0 {
            return;
        }
        let (host, path) = known.map_or((None, None), |known| (known.host, known.path));
        let disposition = fields.disposition.as_deref();
        let coming = Coming::new(disposition, host, path, fields.length());
        if self.exchanges.len() >= HTTP2_EXCHANGES_MAX {
            self.exchanges.remove(0);
        }
        self.exchanges.push(Exchange {
            stream: frame.stream,
            host: None,
            path: None,
            coming: Some((coming, First::wanted())),
            dns: [false, fields.is_dns()],
        });
    }

    fn data(&mut self, side: Side, frame: &Frame, octets: &[u8], out: &mut Out<'_>) -> Turn {
        let known = self.exchanges.iter().position(|known| known.stream == frame.stream);
        let Some(place) = known else { return Turn::Used(frame.whole()) };
        let payload = octets.get(Frame::HEAD..).unwrap_or_default();
        let payload = payload.get(..frame.len).unwrap_or(payload);
        let exchange = self.exchanges.get_mut(place);
        if exchange.is_some_and(|exchange| !exchange.data(side, frame, payload, out)) {
            return Turn::Wait;
        }
        if side == Side::Server && frame.flags & END_STREAM != 0 {
            self.exchanges.remove(place);
        }
        Turn::Used(frame.whole())
    }
}
