//! Frames built by hand, and what a dissector says of them, in words short enough for a table.
#![allow(dead_code, unreachable_pub)] // Each test uses a part.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test's.

use std::net::{IpAddr, SocketAddr};

use model::{Fact, Frame, LinkType, Observation, Side, Tally, Timestamp};

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;

/// The first second of every script.
pub const BEGIN: u64 = 1_700_000_000;

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// An IP datagram of either family. Checksums are left at 0: no one looks at them.
pub fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            octets.extend([0x45, 0]);
            octets.extend((payload.len() as u16 + 20).to_be_bytes());
            octets.extend([0, 1, 0x40, 0, 64, protocol, 0, 0]);
            octets.extend(from.octets());
            octets.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            octets.extend([0x60, 0, 0, 0]);
            octets.extend((payload.len() as u16).to_be_bytes());
            octets.extend([protocol, 64]);
            octets.extend(from.octets());
            octets.extend(to.octets());
        }
        _ => panic!("both ends are of one family"),
    }
    octets.extend(payload);
    octets
}

/// A datagram of [`ip`] cut into fragments of `size` octets, a multiple of eight.
pub fn fragments(datagram: &[u8], size: usize, id: u16) -> Vec<Vec<u8>> {
    let six = datagram[0] >> 4 == 6;
    let (head, payload) = datagram.split_at(if six { 40 } else { 20 });
    let places = (0..payload.len()).step_by(size);
    let cut = |at: usize| {
        let part = &payload[at..payload.len().min(at + size)];
        fragment(head, at, at + size < payload.len(), part, id)
    };
    places.map(cut).collect()
}

/// One fragment behind the IP header of a whole datagram.
pub fn fragment(head: &[u8], at: usize, more: bool, part: &[u8], id: u16) -> Vec<u8> {
    let mut head = head.to_vec();
    let (at, more) = (at as u16, u16::from(more));
    if head[0] >> 4 == 4 {
        head[2..4].copy_from_slice(&(part.len() as u16 + 20).to_be_bytes());
        head[4..6].copy_from_slice(&id.to_be_bytes());
        head[6..8].copy_from_slice(&((at / 8) | (more << 13)).to_be_bytes());
    } else {
        head[4..6].copy_from_slice(&(part.len() as u16 + 8).to_be_bytes());
        let next = std::mem::replace(&mut head[6], 44);
        head.extend([next, 0]);
        head.extend((at | more).to_be_bytes());
        head.extend(u32::from(id).to_be_bytes());
    }
    [head, part.to_vec()].concat()
}

pub fn udp_header(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    octets.extend(from.to_be_bytes());
    octets.extend(to.to_be_bytes());
    octets.extend((payload.len() as u16 + 8).to_be_bytes());
    octets.extend([0, 0]);
    octets.extend(payload);
    octets
}

pub fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    ip(from.ip(), to.ip(), 17, &udp_header(from.port(), to.port(), payload))
}

pub fn tcp_header(ports: (u16, u16), flags: u8, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    octets.extend(ports.0.to_be_bytes());
    octets.extend(ports.1.to_be_bytes());
    octets.extend(numbers.0.to_be_bytes());
    octets.extend(numbers.1.to_be_bytes());
    octets.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    octets.extend(payload);
    octets
}

/// An Ethernet frame around `payload`, with VLAN tags outermost first.
pub fn ethernet(tags: &[(u16, u16)], kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    for (kind, tag) in tags {
        octets.extend(kind.to_be_bytes());
        octets.extend(tag.to_be_bytes());
    }
    octets.extend(kind.to_be_bytes());
    octets.extend(payload);
    octets
}

/// An Ethernet frame around an IP datagram, padded to 60 octets as on the wire.
pub fn framed(datagram: &[u8]) -> Vec<u8> {
    let kind = if datagram[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
    let mut octets = ethernet(&[], kind, datagram);
    octets.resize(octets.len().max(60), 0xee);
    octets
}

/// A TCP connection that keeps its sequence numbers.
#[derive(Clone)]
pub struct Tcp {
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub next: [u32; 2],
}

impl Tcp {
    pub fn new(client: &str, server: &str) -> Tcp {
        Tcp { client: address(client), server: address(server), next: [1000, 5000] }
    }

    /// A segment whose first octet is `ahead` of the next one of its side; nothing is remembered.
    pub fn segment(&self, side: Side, flags: u8, ahead: i64, payload: &[u8]) -> Vec<u8> {
        let (from, to, own, other) = match side {
            Side::Client => (self.client, self.server, self.next[0], self.next[1]),
            Side::Server => (self.server, self.client, self.next[1], self.next[0]),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { other };
        let numbers = (own.wrapping_add(ahead as u32), acknowledged);
        let header = tcp_header((from.port(), to.port()), flags, numbers, payload);
        framed(&ip(from.ip(), to.ip(), 6, &header))
    }

    fn pass(&mut self, side: Side, octets: usize) {
        let next = &mut self.next[usize::from(side == Side::Server)];
        *next = next.wrapping_add(octets as u32);
    }

    pub fn say(&mut self, side: Side, payload: &[u8]) -> Vec<u8> {
        let frame = self.segment(side, ACK, 0, payload);
        self.pass(side, payload.len());
        frame
    }

    pub fn flags(&mut self, side: Side, flags: u8) -> Vec<u8> {
        let frame = self.segment(side, flags, 0, &[]);
        self.pass(side, usize::from(flags & (SYN | FIN) != 0));
        frame
    }

    /// The three segments of a handshake.
    pub fn greet(&mut self) -> Vec<Vec<u8>> {
        vec![
            self.flags(Side::Client, SYN),
            self.flags(Side::Server, SYN | ACK),
            self.flags(Side::Client, ACK),
        ]
    }

    /// Both FINs and the last ACK.
    pub fn part(&mut self) -> Vec<Vec<u8>> {
        vec![
            self.flags(Side::Client, FIN | ACK),
            self.flags(Side::Server, FIN | ACK),
            self.flags(Side::Client, ACK),
        ]
    }
}

/// Frames and when they come.
#[derive(Clone)]
pub struct Script {
    pub frames: Vec<(Timestamp, LinkType, Vec<u8>)>,
    micros: u64,
    step: u64,
}

impl Script {
    pub fn new() -> Script {
        Script { frames: Vec::new(), micros: 0, step: 1000 }
    }

    /// A script of frames a microsecond apart.
    pub fn fast() -> Script {
        Script { step: 1, ..Script::new() }
    }

    /// A script of Ethernet frames a millisecond apart.
    pub fn of(frames: impl IntoIterator<Item = Vec<u8>>) -> Script {
        let mut script = Script::new();
        script.play(frames);
        script
    }

    /// The next frame comes this much later.
    pub fn wait(&mut self, secs: f64) -> &mut Script {
        self.micros = self.micros.saturating_add_signed((secs * 1e6) as i64);
        self
    }

    pub fn play(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) -> &mut Script {
        for frame in frames {
            self.play_on(LinkType::ETHERNET, frame);
        }
        self
    }

    pub fn play_on(&mut self, link: LinkType, frame: Vec<u8>) -> &mut Script {
        let at = Timestamp::from_secs(BEGIN, self.micros * 1000);
        self.frames.push((at, link, frame));
        self.micros += self.step;
        self
    }

    pub fn frames(&self) -> Vec<Frame<'_>> {
        let frames = self.frames.iter().enumerate().map(|(number, (at, link, bytes))| Frame {
            at: *at,
            order: number as u64 * 2 + 1,
            link: *link,
            bytes,
            orig_len: bytes.len() as u32,
        });
        frames.collect()
    }
}

/// What the program does with a dissector: ticks before frames of a new second, then the frames.
pub fn run(
    frames: &[Frame<'_>],
    batch: usize,
    dissector: &mut super::Dissector,
) -> (Vec<Observation>, Tally) {
    let mut facts = Vec::new();
    let mut next = Timestamp::ZERO;
    let mut waiting = 0;
    for (number, frame) in frames.iter().enumerate() {
        if frame.at >= next {
            for frames in frames[waiting..number].chunks(batch) {
                dissector.push(frames, &mut |fact| facts.push(fact));
            }
            waiting = number;
            let second = Timestamp::from_secs(frame.at.secs(), 0);
            dissector.advance(second, frame.order - 1, &mut |fact| facts.push(fact));
            next = Timestamp::from_secs(frame.at.secs() + 1, 0);
        }
    }
    for frames in frames[waiting..].chunks(batch) {
        dissector.push(frames, &mut |fact| facts.push(fact));
    }
    let last = frames.last().map_or(Timestamp::ZERO, |frame| frame.at);
    dissector.finish(last, u64::MAX - 1, &mut |fact| facts.push(fact));
    let tally = dissector.tally();
    assert!(tally.closes(), "{tally:?}");
    (facts, tally)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

/// A fact in a few words; the flow is left out.
pub fn words(seen: &Observation) -> String {
    match &seen.fact {
        Fact::FlowOpen => "open".to_owned(),
        Fact::FlowClose(close) => format!(
            "close {:?} {}/{}",
            close.reason, close.from_client.packets, close.from_server.packets
        ),
        Fact::Opening(opening) => format!(
            "opening {} {} {}",
            side(opening.side),
            opening.first_len,
            String::from_utf8_lossy(&opening.octets)
        ),
        Fact::HttpRequest(request) => format!("{} {}", request.method, request.path),
        other => format!("{other:?}"),
    }
}

pub fn all_words(facts: &[Observation]) -> Vec<String> {
    facts.iter().map(words).collect()
}

/// A flow in a few words.
pub fn flow_words(seen: &Observation) -> String {
    let flow = &seen.flow;
    let vlan = flow.vlan.map_or(String::new(), |vlan| format!(" vlan {}", vlan.get()));
    let guessed = if flow.guessed { " guessed" } else { "" };
    format!("{} > {}{vlan}{guessed}", flow.client, flow.server)
}
