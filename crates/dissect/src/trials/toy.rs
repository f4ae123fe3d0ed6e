//! A protocol that has just what readers may do.
//!
//! Its client begins with `TOY!`, its server with `YOT!`. Messages follow: `m`, a length octet and
//! a text, which is told; `s`, four octets of length and as much to be skipped; `e`, the side has
//! no more to say; `q`, the flow has not; `h`, another protocol follows; `n`, no gap may follow.
//! A datagram `Q…` is a client's, `A…` is a server's.

use model::{Fact, Flow, HttpRequest, Protocol, Side};

use crate::protocols::reader::{Datagram, Entry, Next, Out, Probe, Step, StreamReader};

pub(super) const TOYS: &[Entry] = &[Entry {
    name: "toy",
    probe: Some(probe),
    start: Some(|| Box::new(Reader::default())),
    claim: Some(claim),
    datagram: Some(tell),
    begin: None,
}];

fn probe(_: &Flow, _: Side, octets: &[u8]) -> Probe {
    for (magic, side) in [(b"TOY!", Side::Client), (b"YOT!", Side::Server)] {
        if octets.starts_with(magic) {
            return Probe::Mine(side);
        }
        if magic.starts_with(octets) {
            return Probe::More;
        }
    }
    Probe::NotMine
}

fn claim(_: &Flow, _: Side, octets: &[u8]) -> Datagram {
    match octets.first() {
        Some(b'Q') => Datagram::Mine(Protocol::Dns, Side::Client),
        Some(b'A') => Datagram::Mine(Protocol::Dns, Side::Server),
        _ => Datagram::NotMine,
    }
}

fn tell(side: Side, octets: &[u8], out: &mut Out<'_>) {
    let method = match side {
        Side::Client => "client:",
        Side::Server => "server:",
    };
    (out.fact)(Fact::HttpRequest(Box::new(HttpRequest {
        method: method.into(),
        host: None,
        port: None,
        path: String::from_utf8_lossy(octets).into(),
        user_agent: None,
    })));
}

#[derive(Default)]
struct Reader {
    brittle: bool,
    handed_over: bool,
}

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        let step = |consumed: usize| Step { consumed: consumed as u64, next: Next::More };
        match octets {
            [b'T' | b'Y', b'O', _, b'!', ..] => step(4),
            [b'm', len, rest @ ..] => match rest.get(..usize::from(*len)) {
                Some(text) => {
                    tell(side, text, out);
                    step(2 + text.len())
                }
                None => step(0),
            },
            [b's', a, b, c, d, ..] => {
                let skip = u32::from_be_bytes([*a, *b, *c, *d]);
                Step { consumed: 5 + u64::from(skip), next: Next::More }
            }
            [b'e', ..] => Step { consumed: 1, next: Next::SideDone },
            [b'q', ..] => Step { consumed: 1, next: Next::FlowDone },
            [b'h', ..] => {
                self.handed_over = true;
                Step { consumed: 1, next: Next::FlowDone }
            }
            [b'n', ..] => {
                self.brittle = true;
                step(1)
            }
            [b'w', ..] => step(0),
            [other, ..] if !b"TYms".contains(other) => {
                (out.anomaly)("toy_unknown_message");
                step(1)
            }
            _ => step(0),
        }
    }

    fn lost(&mut self, _: Side) -> bool {
        !self.brittle
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        tell(side, &[b"cut ", octets].concat(), out);
    }

    fn handed_over(&self) -> bool {
        self.handed_over
    }

    fn protocol(&self) -> Protocol {
        Protocol::Http
    }
}
