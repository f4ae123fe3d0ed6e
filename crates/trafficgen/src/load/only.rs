//! One kind of packet and nothing else: what each costs, and the worst that a network can send.

use std::io::{self, Write};

use super::office::{Office, datagram_of};
use super::small::FRAME_BYTES;
use super::tape::Tape;
use super::{START, Scale, Truth};
use crate::TimedFrame;
use crate::tcp::{Connection, Paused, Segment, Side};
use crate::tls::{Hello, client_hello};

/// Sessions that are open while only small packets pass.
const OPEN: usize = 1_000;
/// Octets of payload in a small packet: with the headers of TCP over IPv4 and Ethernet it has 64.
const SMALL_BYTES: usize = 10;
/// Octets of payload that one segment holds.
const SEGMENT_BYTES: usize = 1_440;

/// Which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Acknowledgements and ten octets of data, in turns, of sessions that shook hands before; few
    /// sessions speak much. Half a million frames a second.
    Established,
    /// Questions and answers; 50,000 a second each.
    Dns,
    /// ClientHellos without the handshake of TCP before them, half of them in two segments;
    /// 20,000 a second.
    Hellos,
    /// The client's Initials of QUIC, half of the hellos in two; 20,000 hellos a second.
    Initials,
}

impl Only {
    /// From one frame, or flow, to the next.
    fn step(self) -> u64 {
        match self {
            Only::Established => 2_000,
            Only::Dns => 20_000,
            Only::Hellos | Only::Initials => 50_000,
        }
    }
}

/// Write about `packets` frames of one kind.
pub fn only(kind: Only, packets: u64, scale: &Scale, sink: impl Write) -> io::Result<Truth> {
    let mut tape = Tape::new(sink)?;
    let mut office = Office::new(1, scale);
    let (mut now, mut frames) = (START, Vec::new());
    let step = kind.step() * scale.pace.max(1);
    let mut sessions = Vec::new();
    if kind == Only::Established {
        // They shake hands at a rate that an office has, and are done before the rest begins.
        for _ in 0..OPEN {
            sessions.push(session(&mut office, now, &mut frames));
            now += 1_000_000;
            tape.add(now, &mut frames)?;
        }
        now += 10_000_000_000;
    }
    while tape.frames() < packets {
        match kind {
            Only::Established => small(&mut office, &mut sessions, now, &mut frames),
            Only::Dns => {
                let (host, number, name) = office.wish();
                office.lookup(now, host, number, &name, &mut frames);
            }
            Only::Hellos => hello(&mut office, now, &mut frames),
            Only::Initials => initials(&mut office, now, &mut frames),
        }
        tape.add(now, &mut frames)?;
        now += step;
    }
    tape.finish(office.truth)
}

fn session(office: &mut Office, now: u64, out: &mut Vec<TimedFrame>) -> Paused {
    let (host, number, name) = office.wish();
    office.hands(now, host, number, &name, out).pause()
}

/// One small packet of one session, often of a few.
fn small(office: &mut Office, sessions: &mut [Paused], now: u64, out: &mut Vec<TimedFrame>) {
    let unit = office.random.between(0, 1 << 20) as f64 / f64::from(1 << 20);
    let at = (unit * unit * unit * sessions.len() as f64) as usize;
    let Some(paused) = sessions.get_mut(at) else { return };
    let chance = office.random.next();
    let side = if chance & 1 == 0 { Side::Client } else { Side::Server };
    let payload = if chance & 2 == 0 { Vec::new() } else { office.random.octets(SMALL_BYTES) };
    let mut tcp = Connection::resume(*paused, side, now, &mut office.random, out);
    tcp.tell(side, &payload);
    *paused = tcp.pause();
    if let Some((_, frame)) = out.last_mut()
        && frame.len() < FRAME_BYTES
    {
        frame.resize(FRAME_BYTES, 0);
    }
}

fn hello(office: &mut Office, now: u64, out: &mut Vec<TimedFrame>) {
    let (host, number, name) = office.wish();
    office.truth.said("tls", &name);
    let route = office.route(host, number, 443);
    let random = &mut office.random;
    let kind = if random.between(0, 2) == 0 { Hello::Plain } else { Hello::Browser };
    let octets = client_hello(kind, Some(&name), &["h2".to_owned()], random);
    let (first, acknowledged, ident) = (random.next() as u32, random.next() as u32, random.word());
    for (place, part) in octets.chunks(SEGMENT_BYTES).enumerate() {
        let number = first.wrapping_add((place * SEGMENT_BYTES) as u32);
        let segment = Segment::data(route.ports(Side::Client), number, acknowledged);
        let ident = ident.wrapping_add(place as u16);
        let at = now + 12_000 * place as u64;
        out.push((at, segment.frame(route.way(Side::Client), ident, part)));
    }
}

fn initials(office: &mut Office, now: u64, out: &mut Vec<TimedFrame>) {
    let (host, number, name) = office.wish();
    let route = office.route(host, number, 443);
    let talk = office.quic_hands(&name);
    let ident = office.random.word();
    let Some((side, flight)) = talk.flights.first() else { return };
    for (place, datagram) in flight.iter().enumerate() {
        let ident = ident.wrapping_add(place as u16);
        out.push((now + 12_000 * place as u64, datagram_of(&route, *side, ident, datagram)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_nothing_else_and_the_same_each_time() {
        for (kind, packets, transport, most) in [
            (Only::Dns, 2_000, "dns", 300),
            (Only::Hellos, 2_000, "tls", 1_514),
            (Only::Initials, 200, "quic", 1_314),
            (Only::Established, 60_000, "tls", 1_514),
        ] {
            let (mut file, mut again) = (Vec::new(), Vec::new());
            let scale = Scale { names: 50, ..Scale::default() };
            let truth = only(kind, packets, &scale, &mut file).unwrap();
            assert_eq!(only(kind, packets, &scale, &mut again).unwrap(), truth, "{kind:?}");
            assert!(file == again, "{kind:?}");
            assert!((packets..packets + 5).contains(&truth.frames), "{kind:?}: {truth:?}");
            assert!(truth.names.keys().all(|(said, _)| *said == transport), "{kind:?}");
            let (_, frames) = crate::pcap::read(&file).unwrap();
            assert!(frames.iter().all(|(_, frame)| frame.len() <= most), "{kind:?}");
            assert!(frames.is_sorted_by_key(|(at, _)| *at), "{kind:?}");
            if kind == Only::Established {
                let tail = frames.get(55_000..).unwrap();
                assert!(tail.iter().all(|(_, frame)| (64..=84).contains(&frame.len())));
            }
        }
    }
}
