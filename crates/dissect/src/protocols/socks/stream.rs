//! Reads what both ends say until the server relays, and hands over to what is relayed.

use model::{Flow, Protocol, Side};

use super::message::{self, Found};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};

/// Whether a stream is SOCKS.
///
/// The first octets of either end are short and say little, so that they are never enough: in
/// version 5 a client must have asked for a connection, in version 4 the server must have granted
/// it. Until then the octets wait, and are a byte signature's if nothing comes of it.
pub(super) fn probe(flow: &Flow, side: Side, octets: &[u8]) -> Probe {
    match said(side, octets) {
        Probe::NotMine if flow.guessed => said(side.other(), octets),
        probe => probe,
    }
}

fn said(side: Side, octets: &[u8]) -> Probe {
    let found = match side {
        Side::Client => message::client(octets),
        Side::Server => message::server(octets),
    };
    match found {
        Found::Whole { len, relays } => whole(side, octets, len, relays),
        Found::More => Probe::More,
        Found::Foreign => Probe::NotMine,
    }
}

fn whole(side: Side, octets: &[u8], len: usize, relays: bool) -> Probe {
    let behind = octets.get(len..).unwrap_or_default();
    match (side, octets.first()) {
        (Side::Client, Some(5)) => Probe::Mine(side),
        // A reply says enough behind the method alone.
        (Side::Server, Some(5)) if relays && behind_method(octets) => Probe::Mine(side),
        (Side::Server, Some(5)) if behind.is_empty() => Probe::More,
        // Its client waits for the reply; without one, what it relays must be known.
        (Side::Client, Some(4)) => match behind {
            [] => Probe::More,
            [0x16, 3, ..] | [3, 0, ..] | [b'A'..=b'Z', b'A'..=b'Z', ..] => Probe::Mine(side),
            [_] => Probe::More,
            _ => Probe::NotMine,
        },
        (Side::Server, Some(0)) if behind.is_empty() => Probe::Mine(side),
        _ => Probe::NotMine,
    }
}

/// Whether what a server says begins with the method that it chose.
const fn behind_method(octets: &[u8]) -> bool {
    matches!(octets, [5, _, 5, ..] | [5, 2, 1, 0, 5, ..])
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// Reads one connection's beginning.
#[derive(Default)]
struct Reader {
    /// The client asked for a connection, so that what follows is relayed.
    asked: bool,
    handed_over: bool,
}

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        let found = match side {
            // The client goes on: the server's reply was not seen, or is not waited for.
            Side::Client if self.asked => Found::Whole { len: 0, relays: true },
            Side::Client => message::client(octets),
            Side::Server => message::server(octets),
        };
        let step = |consumed: usize, next| Step { consumed: consumed as u64, next };
        match (found, side) {
            (Found::More, _) => step(0, Next::More),
            (Found::Foreign, _) => {
                (out.anomaly)("socks_malformed");
                step(0, Next::FlowDone)
            }
            (Found::Whole { len, relays: true }, Side::Client) if !self.asked => {
                self.asked = true;
                // What it says before the reply is relayed, too.
                let more = octets.len() > len;
                self.handed_over = more;
                step(len, if more { Next::FlowDone } else { Next::More })
            }
            (Found::Whole { len, relays }, _) => {
                self.handed_over = relays;
                step(len, Next::FlowDone)
            }
        }
    }

    fn lost(&mut self, _side: Side) -> bool {
        false
    }

    fn handed_over(&self) -> bool {
        self.handed_over
    }

    fn protocol(&self) -> Protocol {
        Protocol::Socks
    }
}
