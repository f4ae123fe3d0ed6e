//! One lane's flows of which nothing more is wanted: where their counts are, and what is known of
//! them.
//!
//! A flow is put into the map as *watched*, and its packets pass as before. When the lane has seen
//! all frames from before that moment and nothing ended the flow, its packets are dropped. So the
//! first octets of a connection that takes the same ends are never lost, however long frames wait
//! in the ring.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use model::{Flow, ReliefCounts, Timestamp, Volume};

use super::layout::{Counters, Entry, Key};

/// What a lane needs of the kernel.
pub(super) trait Maps {
    /// Put a flow in, or change its entry; false when there is no room.
    fn put(&self, key: &Key, entry: Entry) -> bool;
    /// Take a flow out.
    fn remove(&self, key: &Key);
    /// Read counters from the number `first` on, a few or more; none when they cannot be read.
    fn read(&self, first: u32, most: u32) -> Vec<Counters>;
    /// A number that no entry had yet.
    fn generation(&self) -> u64;
    /// What time it is.
    fn clocks(&self) -> Clocks;
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    /// The clock that frames are stamped with.
    pub(super) wall: Timestamp,
    /// Nanoseconds of the clock that the program in the kernel reads.
    pub(super) monotonic: u64,
}

impl Clocks {
    /// When it was so late on the monotonic clock.
    fn wall_at(self, monotonic: u64) -> Timestamp {
        let ago = self.monotonic.saturating_sub(monotonic);
        Timestamp::from_nanos(self.wall.nanos().saturating_sub(ago))
    }
}

/// How much later than the moment a flow was put in the frames must be that tell that all from
/// before have been seen: processors that stamp frames do not quite agree.
const LATER: Duration = Duration::from_millis(10);

/// Readings of the counts after which a flow is no longer only watched, where no frame tells that:
/// after the clock was set back. Frames wait in the largest ring for less.
const WATCHED_READINGS: u8 = 60;

/// Readings that a place keeps its flow after it was taken out: a processor may still have been
/// about to count a packet.
const LEAVING_READINGS: u8 = 2;

/// How long a flow is not put in anew that a SYN or RST stopped and that goes on all the same.
const STOPPED: Duration = Duration::from_secs(10);

/// What becomes of the flow at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Free,
    /// Its packets are dropped, or are yet watched.
    Held,
    /// It began anew, or broke off, and was taken out.
    Stopped(Timestamp),
    /// It was taken out; so many readings are to come.
    Leaving(u8),
}

/// A place in the array of counters.
struct Place {
    state: State,
    flow: Flow,
    key: Key,
    /// The client is the higher end.
    turned: bool,
    generation: u64,
    /// What was read last, of whatever flow.
    read: Counters,
}

/// A flow that is watched.
struct Watched {
    place: u32,
    generation: u64,
    since: Timestamp,
    readings: u8,
}

/// The flows of one lane.
pub(super) struct Lane<M> {
    maps: M,
    /// Its first place in the array of counters.
    first: u32,
    /// Places that it may have.
    most: u32,
    places: Vec<Place>,
    free: Vec<u32>,
    /// Flows that are held or were stopped, and their places.
    known: HashMap<Key, u32>,
    watched: VecDeque<Watched>,
    counts: ReliefCounts,
}

impl<M: Maps> Lane<M> {
    /// The lane that has `most` places from `first` on.
    pub(super) fn new(maps: M, first: u32, most: u32) -> Lane<M> {
        Lane {
            maps,
            first,
            most,
            places: Vec::new(),
            free: Vec::new(),
            known: HashMap::new(),
            watched: VecDeque::new(),
            counts: ReliefCounts::default(),
        }
    }

    pub(super) fn maps(&self) -> &M {
        &self.maps
    }

    pub(super) fn drop_rest(&mut self, flow: &Flow) {
        let (key, turned) = Key::of(flow);
        if self.known.contains_key(&key) {
            return;
        }
        let Some(number) = self.place() else {
            self.counts.refused += 1;
            return;
        };
        let generation = self.maps.generation();
        let slot = self.first + number;
        if !self.maps.put(&key, Entry { slot, drops: false, generation }) {
            self.counts.refused += 1;
            self.free.push(number);
            return;
        }
        if let Some(place) = self.places.get_mut(number as usize) {
            let read = place.read;
            *place = Place { state: State::Held, flow: *flow, key, turned, generation, read };
        }
        self.known.insert(key, number);
        let since = self.maps.clocks().wall;
        self.watched.push_back(Watched { place: number, generation, since, readings: 0 });
        self.counts.flows += 1;
    }

    /// A place that is free.
    fn place(&mut self) -> Option<u32> {
        if let Some(number) = self.free.pop() {
            return Some(number);
        }
        let number = u32::try_from(self.places.len()).ok().filter(|number| *number < self.most)?;
        let nowhere = model::Endpoint::new(std::net::Ipv4Addr::UNSPECIFIED.into(), 0);
        let flow = Flow {
            client: nowhere,
            server: nowhere,
            transport: model::Transport::Udp,
            vlan: None,
            guessed: false,
        };
        let (key, turned) = Key::of(&flow);
        let read = Counters::default();
        self.places.push(Place { state: State::Free, flow, key, turned, generation: 0, read });
        Some(number)
    }

    pub(super) fn over(&mut self, flow: &Flow) {
        let (key, _) = Key::of(flow);
        let Some(number) = self.known.remove(&key) else { return };
        let Some(place) = self.places.get_mut(number as usize) else { return };
        if place.state == State::Held {
            self.maps.remove(&key);
            self.counts.flows -= 1;
        }
        place.state = State::Leaving(LEAVING_READINGS);
    }

    pub(super) fn seen(&mut self, at: Timestamp) {
        while self.watched.front().is_some_and(|first| first.since.after(LATER) < at) {
            if let Some(watched) = self.watched.pop_front() {
                self.begin(&watched);
            }
        }
    }

    /// What was only watched is dropped from now on.
    fn begin(&mut self, watched: &Watched) {
        let Some(place) = self.places.get(watched.place as usize) else { return };
        if place.state == State::Held && place.generation == watched.generation {
            let slot = self.first + watched.place;
            let entry = Entry { slot, drops: true, generation: place.generation };
            // There is room for it, as it is there.
            self.maps.put(&place.key, entry);
        }
    }

    pub(super) fn counts(&mut self, each: &mut dyn FnMut(&Flow, [Volume; 2], Timestamp)) {
        let clocks = self.maps.clocks();
        let mut number = 0;
        while let Some(left) = self.places.len().checked_sub(number).filter(|left| *left > 0) {
            let (Ok(first), Ok(left)) = (u32::try_from(number), u32::try_from(left)) else { break };
            let read = self.maps.read(self.first + first, left);
            if read.is_empty() {
                break;
            }
            for counters in read {
                self.read(number, counters, clocks, each);
                number += 1;
            }
        }
        for watched in &mut self.watched {
            watched.readings = watched.readings.saturating_add(1);
        }
        while self.watched.front().is_some_and(|first| first.readings >= WATCHED_READINGS) {
            if let Some(watched) = self.watched.pop_front() {
                self.begin(&watched);
            }
        }
    }

    /// One place was read.
    fn read(
        &mut self,
        number: usize,
        now: Counters,
        clocks: Clocks,
        each: &mut dyn FnMut(&Flow, [Volume; 2], Timestamp),
    ) {
        let Some(place) = self.places.get_mut(number) else { return };
        let before = std::mem::replace(&mut place.read, now);
        self.counts.copies += now.copies.wrapping_sub(before.copies);
        let [low, high] = [0, 1].map(|end| more(&before, &now, end));
        if low.packets + high.packets > 0 {
            self.counts.packets += low.packets + high.packets;
            self.counts.bytes += low.bytes + high.bytes;
            let volumes = if place.turned { [high, low] } else { [low, high] };
            each(&place.flow, volumes, clocks.wall_at(now.last));
        }
        match place.state {
            State::Held if now.stopped == place.generation => {
                self.maps.remove(&place.key);
                self.counts.flows -= 1;
                place.state = State::Stopped(clocks.wall);
            }
            State::Stopped(since) if clocks.wall.since(since) >= STOPPED => {
                self.known.remove(&place.key);
                place.state = State::Leaving(LEAVING_READINGS);
            }
            State::Leaving(readings @ 2..) => place.state = State::Leaving(readings - 1),
            State::Leaving(_) => {
                place.state = State::Free;
                self.free.push(number as u32);
            }
            State::Free | State::Held | State::Stopped(_) => {}
        }
    }

    pub(super) fn so_far(&self) -> ReliefCounts {
        self.counts
    }
}

/// What came since, from the lower end (0) or the higher one (1).
fn more(before: &Counters, now: &Counters, end: usize) -> Volume {
    let of = |counters: &Counters| counters.volumes.get(end).copied().unwrap_or_default();
    let ([packets_before, bytes_before], [packets, bytes]) = (of(before), of(now));
    Volume {
        packets: packets.wrapping_sub(packets_before),
        bytes: bytes.wrapping_sub(bytes_before),
    }
}
