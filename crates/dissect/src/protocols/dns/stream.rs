//! DNS over TCP: messages behind a length, one after another (RFC 1035 §4.2.2, RFC 7766).

use model::{Flow, Protocol, Side};

use super::claim;
use super::parser::Header;
use crate::protocols::limits::{DNS_STRICT_TCP_MAX, WAIT_MAX};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};

/// Whether a stream is DNS.
pub(super) fn probe(flow: &Flow, _side: Side, octets: &[u8]) -> Probe {
    let strict = claim::named(flow) != Some(Protocol::Dns);
    let Some((len, rest)) = octets.split_first_chunk() else { return Probe::More };
    let len = usize::from(u16::from_be_bytes(*len));
    if len < Header::LEN || strict && len > DNS_STRICT_TCP_MAX {
        return Probe::NotMine;
    }
    let message = rest.get(..len).unwrap_or(rest);
    let Some(header) = Header::read(message) else { return Probe::More };
    let whole = message.len() == len;
    let mine = match (strict, whole) {
        (false, false) if claim::undecided(message, &header) => return Probe::More,
        (false, _) => claim::shaped(message, &header),
        (true, true) => claim::plain(message, &header),
        (true, false) if claim::beginning_is_plain(&header) => return Probe::More,
        (true, false) => false,
    };
    match mine {
        true if header.response => Probe::Mine(Side::Server),
        true => Probe::Mine(Side::Client),
        false => Probe::NotMine,
    }
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader { searching: [false; 2] })
}

/// Reads the messages of both sides.
struct Reader {
    /// Whether that side lost octets, so that the next ones may stand anywhere in a message.
    searching: [bool; 2],
}

impl Reader {
    fn searching(&mut self, side: Side) -> &mut bool {
        let [client, server] = &mut self.searching;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }
}

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        let mut rest = octets;
        let done = |rest: &[u8]| octets.len().saturating_sub(rest.len()) as u64;
        while let Some((len, after)) = rest.split_first_chunk() {
            let len = usize::from(u16::from_be_bytes(*len));
            let message = after.get(..len).unwrap_or(after);
            if message.len() < len.min(WAIT_MAX) {
                break;
            }
            let header = Header::read(message);
            if !header.is_some_and(|header| claim::shaped(message, &header)) {
                if *self.searching(side) {
                    return Step { consumed: octets.len() as u64, next: Next::More };
                }
                (out.anomaly)("dns_tcp_framing_lost");
                return Step { consumed: done(rest), next: Next::SideDone };
            }
            *self.searching(side) = false;
            super::tell(Protocol::Dns, message, out);
            match after.get(len..) {
                Some(after) => rest = after,
                None => {
                    let consumed = done(rest).saturating_add(2).saturating_add(len as u64);
                    return Step { consumed, next: Next::More };
                }
            }
        }
        Step { consumed: done(rest), next: Next::More }
    }

    fn lost(&mut self, side: Side) -> bool {
        *self.searching(side) = true;
        true
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        let Some((_, message)) = octets.split_first_chunk::<2>() else { return };
        let header = Header::read(message);
        if !*self.searching(side) && header.is_some_and(|header| claim::shaped(message, &header)) {
            super::tell(Protocol::Dns, message, out);
        }
    }

    fn protocol(&self) -> Protocol {
        Protocol::Dns
    }
}
