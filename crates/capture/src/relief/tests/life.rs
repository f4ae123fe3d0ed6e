//! The life of flows in the map: watched, dropped, stopped, over; counts come back whole.

use std::cell::{Cell, RefCell};

use model::{Flow, Timestamp, Transport, Volume};

use super::super::interpreter::Machine;
use super::super::lane::{Clocks, Lane, Maps};
use super::super::layout::{Counters, Entry, Key};
use super::code;
use super::frames::{ACK, RST, SYN, back, flow, tcp, udp};

/// The interpreter's machine as a kernel.
struct Simulated {
    machine: RefCell<Machine>,
    generations: Cell<u64>,
    /// Flows that there is room for.
    room: Cell<usize>,
    number: Cell<u32>,
}

/// How far the wall clock is before the monotonic one.
const BOOT: u64 = 1_700_000_000_000_000_000;

impl Simulated {
    fn lane(most: u32) -> Lane<Simulated> {
        let machine = RefCell::new(Machine::new(most as usize + 3));
        let kernel = Simulated {
            machine,
            generations: Cell::new(1),
            room: Cell::new(usize::MAX),
            number: Cell::new(0),
        };
        Lane::new(kernel, 3, most)
    }
}

impl Maps for Simulated {
    fn put(&self, key: &Key, entry: Entry) -> bool {
        let room = self.room.get() > 0;
        if room {
            self.machine.borrow_mut().set(*key, Some(entry));
        }
        room
    }

    fn remove(&self, key: &Key) {
        self.machine.borrow_mut().set(*key, None);
    }

    fn read(&self, first: u32, most: u32) -> Vec<Counters> {
        let machine = self.machine.borrow();
        // Two at once, so that there are several readings.
        let counters = machine.counters.iter().skip(first as usize).take(most.min(2) as usize);
        counters.map(Counters::read).collect()
    }

    fn generation(&self) -> u64 {
        self.generations.replace(self.generations.get() + 1)
    }

    fn clocks(&self) -> Clocks {
        let monotonic = self.machine.borrow().now;
        Clocks { wall: Timestamp::from_nanos(BOOT + monotonic), monotonic }
    }
}

/// The frame comes, so many milliseconds later; whether it was dropped.
fn comes(lane: &Lane<Simulated>, frame: &[u8], later: u64) -> bool {
    let mut machine = lane.maps().machine.borrow_mut();
    machine.now += later * 1_000_000;
    machine.run(&code(), frame) == 0
}

/// A segment of the flow, like no other.
fn data(lane: &Lane<Simulated>, flow: &Flow) -> bool {
    let number = lane.maps().number.replace(lane.maps().number.get() + 100);
    comes(lane, &tcp(flow, ACK, number, 100), 5)
}

/// All frames so far were seen.
fn seen(lane: &mut Lane<Simulated>) {
    let now = lane.maps().clocks().wall;
    lane.seen(Timestamp::from_nanos(now.nanos() + 11_000_000));
}

fn asked(lane: &mut Lane<Simulated>) -> Vec<(Flow, [Volume; 2], Timestamp)> {
    let mut told = Vec::new();
    lane.counts(&mut |flow, volumes, last| told.push((*flow, volumes, last)));
    told
}

fn volume(packets: u64, bytes: u64) -> Volume {
    Volume { packets, bytes }
}

const NONE: Volume = Volume { packets: 0, bytes: 0 };

fn web(port: u16) -> Flow {
    flow(Transport::Tcp, &format!("10.0.0.9:{port}"), "192.0.2.7:443")
}

#[test]
fn increments_are_told_once_and_the_last_ones_after_the_end() {
    let mut lane = Simulated::lane(8);
    // One of each order of ends.
    let flows = [web(40000), back(&web(50000))];
    for flow in &flows {
        lane.drop_rest(flow);
        lane.drop_rest(flow);
        assert!(!data(&lane, flow), "it is watched");
    }
    seen(&mut lane);
    for flow in &flows {
        assert!(data(&lane, flow));
        assert!(data(&lane, &back(flow)) && data(&lane, &back(flow)));
        let last = lane.maps().clocks().wall;
        let all = asked(&mut lane);
        assert_eq!(all, [(*flow, [volume(1, 140), volume(2, 280)], last)]);
        assert_eq!(asked(&mut lane), []);
        assert!(data(&lane, flow));
        lane.over(flow);
        lane.over(flow);
        assert!(!data(&lane, flow), "it is over");
        assert_eq!(asked(&mut lane)[0].1, [volume(1, 140), NONE]);
        assert_eq!(asked(&mut lane), []);
    }
    let counts = lane.so_far();
    assert_eq!((counts.flows, counts.packets, counts.bytes), (0, 8, 1120));
}

#[test]
fn a_place_that_another_flow_had_counts_from_where_it_is() {
    let mut lane = Simulated::lane(1);
    for round in 0..3 {
        let flow = web(40000 + round);
        lane.drop_rest(&flow);
        seen(&mut lane);
        assert!(data(&lane, &flow));
        lane.over(&flow);
        lane.drop_rest(&web(1));
        assert_eq!(lane.so_far().refused, u64::from(round) + 1, "the place is not free yet");
        assert_eq!(asked(&mut lane), [(flow, [volume(1, 140), NONE], lane.maps().clocks().wall)]);
        asked(&mut lane);
    }
}

#[test]
fn a_connection_on_the_same_ends_is_seen_from_its_first_packet() {
    for begins in [SYN, RST] {
        let (mut lane, flow) = (Simulated::lane(4), web(40000));
        // It ended and began anew while its rest still waited in the ring.
        lane.drop_rest(&flow);
        assert!(!comes(&lane, &tcp(&flow, begins, 9, 0), 1));
        seen(&mut lane);
        assert!(!data(&lane, &flow));
        asked(&mut lane);
        lane.drop_rest(&flow);
        seen(&mut lane);
        assert!(!data(&lane, &flow), "its end was not seen yet");
        lane.over(&flow);
        lane.drop_rest(&flow);
        assert!(!data(&lane, &flow));
        seen(&mut lane);
        assert!(data(&lane, &flow), "it is the new one's rest now");
    }
}

#[test]
fn what_was_stopped_and_goes_on_is_dropped_again_later() {
    let (mut lane, flow) = (Simulated::lane(4), web(40000));
    lane.drop_rest(&flow);
    seen(&mut lane);
    assert!(!comes(&lane, &tcp(&flow, SYN, 9, 0), 1));
    asked(&mut lane);
    assert_eq!(lane.so_far().flows, 0);
    lane.drop_rest(&flow);
    assert_eq!(lane.so_far().flows, 0, "not yet");
    assert!(!comes(&lane, &tcp(&flow, ACK, 9, 9), 10_000));
    asked(&mut lane);
    lane.drop_rest(&flow);
    seen(&mut lane);
    assert!(data(&lane, &flow));
}

#[test]
fn a_lane_that_tells_nothing_drops_after_sixty_readings() {
    let (mut lane, flow) = (Simulated::lane(4), web(40000));
    lane.drop_rest(&flow);
    for _ in 0..60 {
        assert!(!data(&lane, &flow));
        asked(&mut lane);
    }
    assert!(data(&lane, &flow));
}

#[test]
fn what_there_is_no_room_for_passes_and_is_counted() {
    let mut lane = Simulated::lane(2);
    for port in 1..=3 {
        lane.drop_rest(&web(port));
    }
    assert_eq!((lane.so_far().flows, lane.so_far().refused), (2, 1));
    seen(&mut lane);
    assert!(data(&lane, &web(2)) && !data(&lane, &web(3)));
    lane.maps().room.set(0);
    lane.over(&web(1));
    asked(&mut lane);
    asked(&mut lane);
    lane.drop_rest(&web(3));
    assert_eq!((lane.so_far().flows, lane.so_far().refused), (1, 2), "the map is full");
    lane.maps().room.set(1);
    lane.drop_rest(&web(3));
    assert_eq!(lane.so_far().flows, 2);
}

#[test]
fn datagrams_are_counted_too() {
    let quic = flow(Transport::Udp, "[2001:db8::9]:50000", "[2001:db8::7]:443");
    let mut lane = Simulated::lane(2);
    lane.drop_rest(&quic);
    seen(&mut lane);
    assert!(comes(&lane, &udp(&quic, &[0x40; 100]), 5));
    assert!(!comes(&lane, &udp(&back(&quic), &[0xc0; 100]), 5), "a long header");
    assert_eq!(asked(&mut lane)[0].1, [volume(1, 148), NONE]);
}
