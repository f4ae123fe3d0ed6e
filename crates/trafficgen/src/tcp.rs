//! A TCP conversation as a tap beside the client sees it: handshake, segments, acknowledgements.

use crate::TimedFrame;
use crate::frame::{SLICE_BYTES, TCP, Way, packet};
use crate::octets::Octets;
use crate::random::Random;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

const MICROSECOND: u64 = 1_000;
/// What 1,500 octets take at 1 Gbit/s.
const SEGMENT_NANOS: u64 = 12 * MICROSECOND;
/// Octets of payload in a segment that the card cuts up (or puts together) only beyond the tap.
const OFFLOADED_MAX: usize = 61_440;

/// Full segments for each acknowledgement (RFC 9293 §3.8.6.3), and of stacks that receive in bulk.
const PATIENCE: usize = 2;
const BULK_PATIENCE: usize = 32;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// How a conversation ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Close {
    #[default]
    Fin,
    Reset,
    /// Not at all: the capture ends first.
    Open,
}

/// In which order the segments of one sending pass the tap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    #[default]
    Straight,
    /// The last first.
    Reversed,
    /// Each second one before its elder.
    Swapped,
    /// Each twice.
    Repeated,
}

/// The two ends, and the path between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// From client to server.
    pub(crate) out: Way,
    /// From server to client.
    pub(crate) back: Way,
    pub(crate) client_port: u16,
    pub(crate) server_port: u16,
    /// From the tap to the server and back, nanoseconds.
    pub(crate) round_trip: u64,
}

impl Route {
    pub(crate) fn way(&self, side: Side) -> &Way {
        match side {
            Side::Client => &self.out,
            Side::Server => &self.back,
        }
    }

    pub(crate) fn ports(&self, side: Side) -> (u16, u16) {
        match side {
            Side::Client => (self.client_port, self.server_port),
            Side::Server => (self.server_port, self.client_port),
        }
    }

    /// Octets of payload that one segment holds: 1,500 without the headers.
    fn segment_max(&self) -> usize {
        if self.out.from.is_ipv4() { 1460 } else { 1440 }
    }
}

/// What one side has told and heard.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The next octet that it sends.
    next: u32,
    /// What the other side has acknowledged of it.
    acked: u32,
    window: u16,
    ident: u16,
}

/// An open connection in which nobody speaks for now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paused {
    route: Route,
    client: End,
    server: End,
}

/// A connection in the making; frames go to `out` in the order of sending, not always of time.
pub(crate) struct Connection<'a> {
    route: Route,
    client: End,
    server: End,
    last: Side,
    /// Segments in a row for each bare acknowledgement.
    patience: usize,
    /// Octets of a frame with payload that are captured: of the client's, of the server's.
    kept: (usize, usize),
    /// The clock of the conversation, nanoseconds since 1970.
    now: u64,
    random: &'a mut Random,
    out: &'a mut Vec<TimedFrame>,
}

impl<'a> Connection<'a> {
    /// The three segments that open a connection, from `now` on.
    pub(crate) fn open(
        route: Route,
        now: u64,
        random: &'a mut Random,
        out: &'a mut Vec<TimedFrame>,
    ) -> Connection<'a> {
        let mut end = |window| {
            let next = random.next() as u32;
            End { next, acked: next, window, ident: random.word() }
        };
        let (client, server) = (end(64_240), end(65_535));
        let (last, patience, kept) = (Side::Client, PATIENCE, (usize::MAX, usize::MAX));
        let mut this = Connection { route, client, server, last, patience, kept, now, random, out };
        this.emit(Side::Client, SYN, &[]);
        this.turn(Side::Server);
        this.emit(Side::Server, SYN | ACK, &[]);
        this.turn(Side::Client);
        (this.client.window, this.server.window) = (1026, 502); // behind the scale of the SYN
        this.emit(Side::Client, ACK, &[]);
        this
    }

    /// Leave the connection open, to go on with it later.
    pub(crate) fn pause(self) -> Paused {
        Paused { route: self.route, client: self.client, server: self.server }
    }

    /// Go on with a connection: at `now`, `side` speaks first.
    pub(crate) fn resume(
        paused: Paused,
        side: Side,
        now: u64,
        random: &'a mut Random,
        out: &'a mut Vec<TimedFrame>,
    ) -> Connection<'a> {
        let Paused { route, client, server } = paused;
        let (patience, kept) = (PATIENCE, (usize::MAX, usize::MAX));
        Connection { route, client, server, last: side, patience, kept, now, random, out }
    }

    /// One segment: an acknowledgement where `payload` is empty.
    pub(crate) fn tell(&mut self, side: Side, payload: &[u8]) {
        self.turn(side);
        self.emit(side, if payload.is_empty() { ACK } else { PSH | ACK }, payload);
    }

    /// The time of the last segment, nanoseconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn random(&mut self) -> &mut Random {
        self.random
    }

    /// Acknowledge each n-th segment only, as stacks do that receive in bulk.
    pub(crate) fn acknowledge_each(&mut self, segments: usize) {
        self.patience = segments.max(1);
    }

    /// From now on a frame with payload is captured up to so many octets.
    pub(crate) fn keep(&mut self, of_client: usize, of_server: usize) {
        self.kept = (of_client, of_server);
    }

    /// Whether the tap keeps the headers only of what is sent from now on.
    pub(crate) fn slice(&mut self, sliced: bool) {
        let kept = if sliced { SLICE_BYTES } else { usize::MAX };
        self.keep(kept, kept);
        self.acknowledge_each(if sliced { BULK_PATIENCE } else { PATIENCE });
    }

    pub(crate) fn wait(&mut self, nanos: u64) {
        self.now += nanos;
    }

    /// Send as a card with offload lets a tap in the host see it: in segments of 60 KiB.
    pub(crate) fn send_offloaded(&mut self, side: Side, payload: &[u8]) {
        self.turn(side);
        for piece in payload.chunks(OFFLOADED_MAX) {
            self.emit(side, PSH | ACK, piece);
            self.now += SEGMENT_NANOS * 41 + self.random.between(0, 90 * MICROSECOND);
        }
    }

    pub(crate) fn send(&mut self, side: Side, payload: &[u8]) {
        self.send_as(side, payload, usize::MAX, Order::Straight);
    }

    /// Send in segments of at most `segment` octets, which pass the tap in `order`.
    pub(crate) fn send_as(&mut self, side: Side, payload: &[u8], segment: usize, order: Order) {
        self.turn(side);
        let first = self.out.len();
        let size = segment.clamp(1, self.route.segment_max());
        let count = payload.len().div_ceil(size);
        for (number, piece) in payload.chunks(size).enumerate() {
            let last = number + 1 == count;
            self.emit(side, if last { PSH | ACK } else { ACK }, piece);
            self.now += SEGMENT_NANOS + self.random.between(0, 3 * MICROSECOND);
            if order == Order::Straight && segment >= self.route.segment_max() {
                self.acknowledge(side, number, last);
            }
        }
        self.reorder(first, order);
    }

    /// Each second full segment is acknowledged (RFC 9293 §3.8.6.3), the last by what follows.
    fn acknowledge(&mut self, sender: Side, number: usize, last: bool) {
        if !(number + 1).is_multiple_of(self.patience) || last {
            return;
        }
        let now = self.now;
        match sender {
            Side::Client => {
                self.now += self.route.round_trip;
                self.emit(Side::Server, ACK, &[]);
            }
            Side::Server => {
                self.now += 40 * MICROSECOND;
                self.emit(Side::Client, ACK, &[]);
            }
        }
        self.now = now;
    }

    fn reorder(&mut self, first: usize, order: Order) {
        let sent = self.out.split_off(first);
        let (times, mut frames): (Vec<u64>, Vec<Vec<u8>>) = sent.into_iter().unzip();
        match order {
            Order::Straight => {}
            Order::Reversed => frames.reverse(),
            Order::Swapped => frames.chunks_mut(2).for_each(|pair| pair.reverse()),
            Order::Repeated => {
                let again: Vec<_> = frames.iter().cloned().zip(times.iter()).collect();
                // A retransmission, 5 microseconds behind.
                self.out.extend(again.into_iter().map(|(frame, at)| (at + 5 * MICROSECOND, frame)));
            }
        }
        self.out.extend(times.into_iter().zip(frames));
    }

    /// End the connection.
    pub(crate) fn close(mut self, how: Close) {
        match how {
            Close::Open => {}
            Close::Reset => {
                self.wait(self.route.round_trip);
                self.emit(Side::Client, RST | ACK, &[]);
            }
            Close::Fin => {
                self.turn(Side::Client);
                self.wait(MICROSECOND * 300);
                self.emit(Side::Client, FIN | ACK, &[]);
                self.turn(Side::Server);
                self.emit(Side::Server, FIN | ACK, &[]);
                self.turn(Side::Client);
                self.emit(Side::Client, ACK, &[]);
            }
        }
    }

    /// The other side has its turn: what was sent must travel first.
    fn turn(&mut self, side: Side) {
        if self.last != side {
            self.now += match side {
                Side::Server => self.route.round_trip + self.random.between(0, 400 * MICROSECOND),
                Side::Client => 60 * MICROSECOND + self.random.between(0, 90 * MICROSECOND),
            };
            self.last = side;
        }
    }

    fn emit(&mut self, side: Side, flags: u8, payload: &[u8]) {
        let (mine, other) = match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        other.acked = other.next;
        let acknowledged = if flags & ACK == 0 { 0 } else { other.next };
        let shift = if side == Side::Client { 8 } else { 7 };
        let segment = Segment {
            ports: self.route.ports(side),
            number: mine.next,
            acknowledged,
            flags,
            window: mine.window,
            options: (flags & SYN != 0).then(|| syn_options(self.route.segment_max(), shift)),
        };
        let way = self.route.way(side);
        let mut frame = segment.frame(way, mine.ident, payload);
        if !payload.is_empty() {
            frame.truncate(if side == Side::Client { self.kept.0 } else { self.kept.1 });
        }
        self.out.push((self.now, frame));
        mine.ident = mine.ident.wrapping_add(1);
        let counted = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        mine.next = mine.next.wrapping_add(counted);
    }
}

/// Maximum segment size, window scale, selective acknowledgement (RFC 9293 §3.2, RFC 7323, 2018).
fn syn_options(segment_max: usize, shift: u8) -> Vec<u8> {
    let [high, low] = (segment_max as u16).to_be_bytes();
    vec![2, 4, high, low, 1, 3, 3, shift, 1, 1, 4, 2]
}

/// One segment's header (RFC 9293 §3.1).
pub(crate) struct Segment {
    pub(crate) ports: (u16, u16),
    pub(crate) number: u32,
    pub(crate) acknowledged: u32,
    pub(crate) flags: u8,
    pub(crate) window: u16,
    pub(crate) options: Option<Vec<u8>>,
}

impl Segment {
    /// A first segment, as a scanner or a flood sends it.
    pub(crate) fn syn(ports: (u16, u16), number: u32) -> Segment {
        // Segment size and permission of selective acknowledgement: 28 octets with the header.
        let options = Some(vec![2, 4, 5, 0xB4, 1, 1, 4, 2]);
        Segment { ports, number, acknowledged: 0, flags: SYN, window: 64_240, options }
    }

    /// Octets in the middle of a connection.
    pub(crate) fn data(ports: (u16, u16), number: u32, acknowledged: u32) -> Segment {
        Segment { ports, number, acknowledged, flags: PSH | ACK, window: 1026, options: None }
    }

    /// That all before `acknowledged` came, and no octets of its own.
    pub(crate) fn acknowledgement(ports: (u16, u16), number: u32, acknowledged: u32) -> Segment {
        Segment { ports, number, acknowledged, flags: ACK, window: 1026, options: None }
    }

    /// What a closed port answers to `number`.
    pub(crate) fn refusal(ports: (u16, u16), number: u32) -> Segment {
        let acknowledged = number.wrapping_add(1);
        let flags = RST | ACK;
        Segment { ports, number: 0, acknowledged, flags, window: 0, options: None }
    }

    /// What an open port answers to `number`.
    pub(crate) fn welcome(ports: (u16, u16), own: u32, number: u32) -> Segment {
        let acknowledged = number.wrapping_add(1);
        let options = Some(vec![2, 4, 5, 0xB4]);
        Segment { ports, number: own, acknowledged, flags: SYN | ACK, window: 65_535, options }
    }

    /// A bare reset, as a scanner ends what it opened.
    pub(crate) fn reset(ports: (u16, u16), number: u32) -> Segment {
        Segment { ports, number, acknowledged: 0, flags: RST, window: 0, options: None }
    }

    pub(crate) fn frame(&self, way: &Way, ident: u16, payload: &[u8]) -> Vec<u8> {
        let options = self.options.as_deref().unwrap_or_default();
        let header = 20 + options.len();
        packet(way, TCP, ident, header + payload.len(), 16, |out| {
            out.put16(self.ports.0);
            out.put16(self.ports.1);
            out.put32(self.number);
            out.put32(self.acknowledged);
            out.put(&[(header as u8 / 4) << 4, self.flags]);
            out.put16(self.window);
            out.put32(0);
            out.put(options);
            out.put(payload);
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use etherparse::{PacketHeaders, TransportHeader};

    use super::*;
    use crate::frame::host_mac;

    pub(crate) fn route(client: &str, server: &str) -> Route {
        let (from, to): (IpAddr, IpAddr) = (client.parse().unwrap(), server.parse().unwrap());
        let way = |from, to, hops| Way {
            from,
            to,
            from_mac: host_mac(from),
            to_mac: host_mac(to),
            vlan: None,
            hops,
        };
        Route {
            out: way(from, to, 128),
            back: way(to, from, 57),
            client_port: 50_000,
            server_port: 443,
            round_trip: 20_000_000,
        }
    }

    /// (from the client?, sequence relative to the first, flags, payload), in order of time.
    fn segments(frames: &mut [TimedFrame]) -> Vec<(bool, u32, String, usize)> {
        frames.sort_by_key(|(at, _)| *at);
        let mut base = [None; 2];
        let mut seen = Vec::new();
        for (_, frame) in frames.iter() {
            let headers = PacketHeaders::from_ethernet_slice(frame).unwrap();
            let Some(TransportHeader::Tcp(tcp)) = headers.transport else { panic!("no TCP") };
            let side = usize::from(tcp.source_port == 443);
            let first = *base[side].get_or_insert(tcp.sequence_number);
            let flags = [(tcp.syn, 'S'), (tcp.ack, 'A'), (tcp.psh, 'P'), (tcp.fin, 'F')];
            let flags = flags.iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
            let len = headers.payload.slice().len();
            seen.push((side == 0, tcp.sequence_number.wrapping_sub(first), flags, len));
        }
        seen
    }

    #[test]
    fn a_conversation_opens_speaks_and_closes() {
        let table = [("10.1.0.2", "192.0.2.1", 1460), ("2001:db8::2", "2001:db8::1", 1440)];
        for (client, server, max) in table {
            let (mut random, mut out) = (Random::new(1, 1), Vec::new());
            let mut tcp = Connection::open(route(client, server), 0, &mut random, &mut out);
            tcp.send(Side::Client, &vec![b'x'; max + 40]);
            tcp.send(Side::Server, &[b'y'; 10]);
            tcp.close(Close::Fin);
            let len = max as u32 + 40;
            let want = [
                (true, 0, "S", 0),
                (false, 0, "SA", 0),
                (true, 1, "A", 0),
                (true, 1, "A", max),
                (true, 1 + max as u32, "AP", 40),
                (false, 1, "AP", 10),
                (true, 1 + len, "AF", 0),
                (false, 11, "AF", 0),
                (true, 2 + len, "A", 0),
            ];
            let want: Vec<_> = want.map(|(c, n, f, l)| (c, n, f.to_owned(), l)).to_vec();
            assert_eq!(segments(&mut out), want, "{client}");
        }
    }

    #[test]
    fn segments_pass_in_the_order_asked_for() {
        let table = [
            (Order::Straight, vec![1, 3, 5]),
            (Order::Reversed, vec![5, 3, 1]),
            (Order::Swapped, vec![3, 1, 5]),
            (Order::Repeated, vec![1, 1, 3, 3, 5, 5]),
        ];
        for (order, want) in table {
            let (mut random, mut out) = (Random::new(1, 1), Vec::new());
            let mut tcp =
                Connection::open(route("10.1.0.2", "192.0.2.1"), 0, &mut random, &mut out);
            tcp.send_as(Side::Client, b"abcde", 2, order);
            let seen = segments(&mut out);
            let seen: Vec<u32> = seen.iter().filter(|s| s.3 > 0).map(|s| s.1).collect();
            assert_eq!(seen, want, "{order:?}");
        }
    }
}
