//! A stand for readers: feeds them as the flow table does, for tests and fuzz bodies.

use std::net::{IpAddr, Ipv4Addr};

use model::{Endpoint, Fact, Flow, Side, Transport};

use super::reader::{
    DATAGRAMS_HELD_MAX, Datagram, DatagramReader, Entry, Next, Out, Probe, StreamReader,
};

/// Octets that an opening holds.
const WINDOW: usize = 16 << 10;

/// What came out.
#[derive(Default, Debug)]
pub(super) struct Told {
    /// The facts, in order.
    pub(super) facts: Vec<Fact>,
    /// The anomalies, in order.
    pub(super) anomalies: Vec<&'static str>,
    /// Whether the flow needs no more octets.
    pub(super) done: bool,
}

/// A flow from port 40000 to `port`.
pub(super) fn flow(transport: Transport, port: u16) -> Flow {
    let at = |last, port| Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), port);
    Flow { client: at(1, 40_000), server: at(2, port), transport, vlan: None, guessed: true }
}

/// Feed one datagram of `sender`. `None`: nobody's.
pub(super) fn datagram(
    entries: &[Entry],
    flow: &Flow,
    sender: Side,
    octets: &[u8],
) -> Option<(Datagram, Told)> {
    for entry in entries {
        let (Some(claim), Some(read)) = (entry.claim, entry.datagram) else { continue };
        let claimed = claim(flow, sender, octets);
        let Datagram::Mine(_, side) = claimed else { continue };
        let mut told = Told::default();
        told.out(flow, |out| read(side, octets, out));
        return Some((claimed, told));
    }
    None
}

/// Feed the datagrams of a flow, each with its sender as the flow stands at first, to a protocol
/// whose messages span several. The flow as it stands in the end; `None`: nobody claimed it.
pub(super) fn datagrams(
    entry: &Entry,
    flow: &Flow,
    sent: &[(Side, &[u8])],
) -> (Option<Flow>, Told) {
    let (mut told, mut flow, mut turned) = (Told::default(), *flow, false);
    let (Some(claim), Some(begin)) = (entry.claim, entry.begin) else { return (None, told) };
    let mut reader: Option<Box<dyn DatagramReader>> = None;
    for (sender, octets) in sent {
        let side = if turned { sender.other() } else { *sender };
        if reader.is_none() {
            let Datagram::Mine(_, client) = claim(&flow, side, octets) else { continue };
            if client != side {
                turned = !turned;
                std::mem::swap(&mut flow.client, &mut flow.server);
            }
        }
        let reader = reader.get_or_insert_with(begin);
        let side = if turned { sender.other() } else { *sender };
        told.done = told.out(&flow, |out| reader.read(side, octets, out)) == Next::FlowDone;
        if told.done {
            break;
        }
        assert!(reader.held() <= DATAGRAMS_HELD_MAX, "{} keeps to its bound", entry.name);
    }
    if let Some(reader) = reader.as_mut().filter(|_| !told.done) {
        told.out(&flow, |out| reader.cut(out));
    }
    (reader.map(|_| flow), told)
}

/// Feed the segments of a stream, each with its side; an empty segment is a gap.
pub(super) fn stream(entries: &[Entry], flow: &Flow, segments: &[(Side, &[u8])]) -> Told {
    let mut stand = Stand::new(entries, *flow);
    for (side, octets) in segments {
        let side = if stand.turned { side.other() } else { *side };
        if octets.is_empty() {
            stand.gap(side);
        } else {
            stand.push(side, octets);
        }
    }
    stand.end()
}

/// Feed any octets in several cuts, as datagrams and as streams, to the ports.
pub(super) fn fuzz(entry: &Entry, octets: &[u8], ports: &[u16]) {
    let entries = std::slice::from_ref(entry);
    for port in ports {
        for sender in [Side::Client, Side::Server] {
            datagram(entries, &flow(Transport::Udp, *port), sender, octets);
        }
        let flow = flow(Transport::Tcp, *port);
        let whole = stream(entries, &flow, &[(Side::Client, octets)]);
        let (first, second) = octets.split_at(octets.len() / 2);
        let (third, fourth) = second.split_at(second.len() / 2);
        let client = [first, third, fourth].map(|part| (Side::Client, part));
        let parts: Vec<_> = client.into_iter().filter(|(_, part)| !part.is_empty()).collect();
        let split = stream(entries, &flow, &parts);
        // However a sound stream is cut into segments, it says the same.
        if whole.anomalies.is_empty() && split.anomalies.is_empty() {
            assert_eq!(whole.facts, split.facts, "{} cut in segments", entry.name);
        }
        let sides = [(Side::Client, first), (Side::Server, second), (Side::Client, fourth)];
        stream(entries, &flow, &sides);
    }
}

impl Told {
    fn out<T>(&mut self, flow: &Flow, act: impl FnOnce(&mut Out<'_>) -> T) -> T {
        let (facts, anomalies) = (&mut self.facts, &mut self.anomalies);
        act(&mut Out {
            flow,
            fact: &mut |fact| facts.push(fact),
            anomaly: &mut |name| anomalies.push(name),
        })
    }
}

enum State {
    Probing,
    Reading(Box<dyn StreamReader>),
    Done,
}

#[derive(Default)]
struct Half {
    held: Vec<u8>,
    skip: u64,
    done: bool,
}

struct Stand<'a> {
    entries: &'a [Entry],
    flow: Flow,
    /// The roles were the other way round: what is fed as one side's is the other's.
    turned: bool,
    state: State,
    halves: [Half; 2],
    told: Told,
}

const fn number(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

impl<'a> Stand<'a> {
    fn new(entries: &'a [Entry], flow: Flow) -> Stand<'a> {
        let halves = [Half::default(), Half::default()];
        Stand { entries, flow, turned: false, state: State::Probing, halves, told: Told::default() }
    }

    fn half(&mut self, side: Side) -> &mut Half {
        let [client, server] = &mut self.halves;
        if number(side) == 0 { client } else { server }
    }

    fn push(&mut self, side: Side, octets: &[u8]) {
        let turned = self.turned;
        // An opening is 16 KiB: what is longer comes in pieces.
        for piece in octets.chunks(1460) {
            let side = if self.turned == turned { side } else { side.other() };
            let half = self.half(side);
            if half.done {
                return;
            }
            let skipped = usize::try_from(half.skip).unwrap_or(usize::MAX).min(piece.len());
            half.skip = half.skip.saturating_sub(skipped as u64);
            half.held.extend_from_slice(piece.get(skipped..).unwrap_or_default());
            self.settle(side);
            if self.half(side).held.len() > WINDOW {
                self.give_up(side);
            }
        }
    }

    fn settle(&mut self, side: Side) {
        if matches!(self.state, State::Probing) {
            self.probe(side);
        } else {
            self.read(side);
        }
    }

    fn probe(&mut self, side: Side) {
        let held = std::mem::take(&mut self.half(side).held);
        let mut more = false;
        for entry in self.entries {
            let (Some(probe), Some(start)) = (entry.probe, entry.start) else { continue };
            match probe(&self.flow, side, &held) {
                Probe::Mine(sender) => {
                    if self.flow.guessed && sender != side {
                        let flow = &mut self.flow;
                        std::mem::swap(&mut flow.client, &mut flow.server);
                        self.halves.swap(0, 1);
                        self.turned = !self.turned;
                        self.half(sender).held = held;
                    } else {
                        self.half(side).held = held;
                    }
                    self.state = State::Reading(start());
                    // A side that nobody knew begins anew with its next octet.
                    self.halves.iter_mut().for_each(|half| half.done = false);
                    let first = if self.flow.guessed { sender } else { side };
                    self.read(first);
                    return self.read(first.other());
                }
                Probe::More => more = true,
                Probe::NotMine => {}
            }
        }
        let half = self.half(side);
        half.done = !more;
        if more {
            half.held = held;
        }
    }

    fn read(&mut self, side: Side) {
        loop {
            let half = match side {
                Side::Client => &mut self.halves[0],
                Side::Server => &mut self.halves[1],
            };
            let State::Reading(reader) = &mut self.state else { return };
            if half.done || half.held.is_empty() {
                return;
            }
            let step = self.told.out(&self.flow, |out| reader.read(side, &half.held, out));
            let given = half.held.len();
            let taken = usize::try_from(step.consumed).unwrap_or(usize::MAX).min(given);
            half.held.drain(..taken);
            half.skip = step.consumed.saturating_sub(given as u64);
            match step.next {
                Next::More if taken > 0 => {}
                Next::More => return,
                Next::SideDone => half.done = true,
                Next::FlowDone => return self.over(),
            }
        }
    }

    fn over(&mut self) {
        let State::Reading(reader) = std::mem::replace(&mut self.state, State::Done) else {
            return;
        };
        if reader.handed_over() {
            self.state = State::Probing;
            self.halves.iter_mut().for_each(|half| half.done = false);
            for side in [Side::Client, Side::Server] {
                if !self.half(side).held.is_empty() {
                    self.settle(side);
                }
            }
        } else {
            self.told.done = true;
            self.halves.iter_mut().for_each(|half| half.done = true);
        }
    }

    fn cut(&mut self, side: Side) {
        let held = std::mem::take(&mut self.half(side).held);
        let done = self.half(side).done;
        if let State::Reading(reader) = &mut self.state
            && !held.is_empty()
            && !done
        {
            self.told.out(&self.flow, |out| reader.cut(side, &held, out));
        }
    }

    fn gap(&mut self, side: Side) {
        self.cut(side);
        let goes_on = match &mut self.state {
            State::Reading(reader) => reader.lost(side),
            State::Probing | State::Done => false,
        };
        self.half(side).done |= !goes_on;
    }

    fn give_up(&mut self, side: Side) {
        self.cut(side);
        self.half(side).done = true;
    }

    fn end(mut self) -> Told {
        self.cut(Side::Client);
        self.cut(Side::Server);
        self.told
    }
}
