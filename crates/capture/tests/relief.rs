//! Relief by the kernel that runs: frames sent into one end of a veth pair, in a network namespace
//! of each test's own; what comes out of the rings at the other end, and what was counted. Needs
//! root, `unshare`, `setpriv` and `ip`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail, and says when it skips"
)]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use capture::{Live, LiveOptions, Relief, ReliefError};
use model::{Flow, Timestamp, Transport, Volume};

#[path = "../src/relief/tests/frames.rs"]
#[allow(dead_code, reason = "the tests of the program use all of it")]
mod frames;

use frames::{ACK, FIN, RST, SYN, back, flow, tcp, udp, widened};

const INSIDE: &str = "RMMWATCH_INSIDE";

/// Whether this is the process in the namespace. If not, it runs one there, with `before` around
/// it, and that tells how the test went.
fn inside(test: &str, before: &[&str]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let id = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        println!("skipped: a network namespace needs root");
        return false;
    }
    let around = [&["unshare", "--net", "--"], before].concat();
    let done = Command::new(around[0])
        .args(&around[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(done.success());
    false
}

/// A wire with rings at one end.
struct Wire {
    sender: pcap::Capture<pcap::Active>,
    lanes: Vec<(Live, Relief)>,
    /// What each flow's client and server sent that was counted, and when the last came.
    counted: BTreeMap<Flow, ([Volume; 2], Timestamp)>,
}

impl Wire {
    fn up(lanes: usize) -> Wire {
        let ip = |args: &str| {
            let done = Command::new("ip").args(args.split(' ')).status().unwrap();
            assert!(done.success(), "ip {args}");
        };
        // Nothing but our frames is on it.
        let _ = std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        ip("link add ra type veth peer name rb");
        for end in ["ra", "rb"] {
            ip(&format!("link set {end} arp off up"));
        }
        let options =
            LiveOptions { ring_bytes: 4 << 20, block_wait_ms: 5, ..LiveOptions::new("rb") };
        let lives = Live::lanes(&options, lanes, (0, lanes)).unwrap();
        let reliefs = Relief::open(lanes, options.snap_len).unwrap();
        let lanes: Vec<(Live, Relief)> = lives.into_iter().zip(reliefs).collect();
        for (live, relief) in &lanes {
            relief.attach(live.socket().unwrap()).unwrap();
        }
        let sender = pcap::Capture::from_device("ra").unwrap().open().unwrap();
        Wire { sender, lanes, counted: BTreeMap::new() }
    }

    /// Send frames; which of them came through, and on which lane.
    fn send(&mut self, frames: &[Vec<u8>]) -> Vec<(usize, Vec<u8>)> {
        for frame in frames {
            self.sender.sendpacket(frame.as_slice()).unwrap();
        }
        let begun = Instant::now();
        let mut came = Vec::new();
        while begun.elapsed() < Duration::from_millis(60) {
            for (number, (live, _)) in self.lanes.iter_mut().enumerate() {
                live.poll(Duration::from_millis(5), &mut |run| {
                    came.extend(run.iter().map(|frame| (number, frame.bytes.to_vec())));
                })
                .unwrap();
            }
        }
        came
    }

    /// The lane that has the flow does not want its rest, and has seen all before.
    fn drop_rest(&mut self, lane: usize, flow: &Flow) {
        let (_, relief) = &mut self.lanes[lane];
        relief.drop_rest(flow);
        relief.seen(now().after(Duration::from_secs(1)));
    }

    fn count(&mut self) {
        for (_, relief) in &mut self.lanes {
            relief.counts(&mut |flow, volumes, last| {
                let (sums, at) = self.counted.entry(*flow).or_default();
                for (sum, more) in sums.iter_mut().zip(volumes) {
                    sum.packets += more.packets;
                    sum.bytes += more.bytes;
                }
                *at = last;
            });
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::ZERO.after(since)
}

/// A conversation's bulk: segments of both ends, like no others.
fn bulk(flow: &Flow, from: u32, segments: u32) -> Vec<Vec<u8>> {
    let both = |number| {
        let payload = 100 + (number as usize * 37) % 1000;
        [tcp(&back(flow), ACK, number * 2000, payload), tcp(flow, ACK, number, 0)]
    };
    (from..from + segments).flat_map(both).collect()
}

/// Octets of the IP datagrams in frames, by the octets of the headers.
fn octets(frames: &[Vec<u8>]) -> u64 {
    frames.iter().map(|frame| frame.len() as u64 - 14).sum()
}

fn volume(frames: &[Vec<u8>]) -> Volume {
    Volume { packets: frames.len() as u64, bytes: octets(frames) }
}

#[test]
fn flows_vanish_and_are_counted_to_the_octet_on_every_lane() {
    if !inside("flows_vanish_and_are_counted_to_the_octet_on_every_lane", &[]) {
        return;
    }
    let mut wire = Wire::up(2);
    let flows: Vec<Flow> = (0..16u16)
        .map(|number| match number % 4 {
            0 => flow(Transport::Tcp, &format!("10.0.0.{number}:40000"), "192.0.2.7:443"),
            1 => flow(Transport::Tcp, &format!("192.0.2.{number}:40000"), "10.0.0.7:443"),
            2 => flow(Transport::Tcp, &format!("[2001:db8::{number}]:40000"), "[2001:db8::f]:443"),
            _ => flow(Transport::Tcp, &format!("[2001:db8::{number}]:443"), "[2001:db8::2]:443"),
        })
        .collect();
    let mut lanes = BTreeMap::new();
    for one in &flows {
        let came = wire.send(&bulk(one, 0, 3));
        assert_eq!(came.len(), 6, "{one:?}");
        assert!(came.iter().all(|(lane, _)| *lane == came[0].0), "one flow, one lane");
        lanes.insert(*one, came[0].0);
    }
    let used = |lane| lanes.values().any(|of| *of == lane);
    assert!(used(0) && used(1), "{lanes:?}");
    // Every other one is relieved.
    for one in flows.iter().step_by(2) {
        wire.drop_rest(lanes[one], one);
    }
    let before = now();
    for (number, one) in flows.iter().enumerate() {
        let came = wire.send(&bulk(one, 10, 200));
        assert_eq!(came.len(), if number % 2 == 0 { 0 } else { 400 }, "{one:?}");
    }
    wire.count();
    assert_eq!(wire.counted.len(), 8);
    for one in flows.iter().step_by(2) {
        // Only the server's have data.
        let sent = bulk(one, 10, 200).into_iter();
        let (server, client): (Vec<_>, Vec<_>) = sent.partition(|frame| frame.len() > 100);
        let (volumes, last) = wire.counted[one];
        assert_eq!(volumes, [volume(&client), volume(&server)], "{one:?}");
        assert!(last > before && last <= now(), "{last:?}");
    }
    // The end comes through, and what comes after it is over.
    let one = flows[0];
    let fin = tcp(&one, FIN | ACK, 9, 0);
    assert_eq!(wire.send(std::slice::from_ref(&fin)), [(lanes[&one], fin)]);
    wire.send(&bulk(&one, 500, 5));
    wire.lanes[lanes[&one]].1.over(&one);
    assert_eq!(wire.send(&bulk(&one, 600, 5)).len(), 10);
    wire.counted.clear();
    wire.count();
    assert_eq!(wire.counted[&one].0[0], Volume { packets: 5, bytes: 200 });
    wire.counted.clear();
    wire.count();
    assert!(wire.counted.is_empty());
    let so_far: Vec<_> = wire.lanes.iter().map(|(_, relief)| relief.so_far()).collect();
    assert_eq!(so_far.iter().map(|lane| lane.packets).sum::<u64>(), 8 * 400 + 10);
    assert_eq!(so_far.iter().map(|lane| lane.flows).sum::<u64>(), 7);
}

#[test]
fn a_new_connection_and_all_that_is_odd_come_through() {
    if !inside("a_new_connection_and_all_that_is_odd_come_through", &[]) {
        return;
    }
    let mut wire = Wire::up(1);
    let web = flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443");
    let quic = flow(Transport::Udp, "10.0.0.9:50000", "192.0.2.7:443");
    for one in [&web, &quic] {
        wire.drop_rest(0, one);
    }
    let data = tcp(&web, ACK, 1, 100);
    assert_eq!(wire.send(&[data.clone(), udp(&quic, &[0x41; 60])]).len(), 0);
    let odd = [
        widened(data.clone(), 12, &[0x81, 0, 0, 9, 0x81, 0, 0, 10]),
        frames::with(data.clone(), 20, &[0x20, 0]),
        udp(&quic, &[0xc1; 60]),
        tcp(&back(&web), RST, 7, 0),
    ];
    assert_eq!(wire.send(&odd).len(), odd.len());
    assert_eq!(wire.send(&[tcp(&web, SYN, 1, 0), tcp(&web, ACK, 2, 50)]).len(), 2, "it is stopped");
    // The same with a tag that the kernel takes off: it is in the frame that we are lent.
    let tagged = widened(udp(&quic, &[0x42; 60]), 12, &[0x81, 0, 0, 9]);
    assert_eq!(wire.send(&[tagged]).len(), 0);
    wire.count();
    assert_eq!(wire.counted[&quic].0[0], Volume { packets: 2, bytes: 2 * 88 });
    assert_eq!(wire.counted[&web].0[0], Volume { packets: 1, bytes: 140 });
}

#[test]
fn without_the_right_there_is_a_reason() {
    let drop = ["setpriv", "--bounding-set", "-bpf,-sys_admin"];
    if !inside("without_the_right_there_is_a_reason", &drop) {
        return;
    }
    let open = std::fs::read_to_string("/proc/sys/kernel/unprivileged_bpf_disabled");
    if open.is_ok_and(|text| text.trim() == "0") {
        println!("skipped: this kernel lets anyone load filters");
        return;
    }
    match Relief::open(1, 65_535) {
        Err(error @ ReliefError::NoPermission { .. }) => {
            let said = error.to_string();
            assert!(said.contains("CAP_BPF") && said.contains("not permitted"), "{said}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let"),
    }
}

#[test]
fn what_is_no_packet_socket_is_refused() {
    match Relief::open(3, 65_535) {
        Ok(lanes) => {
            assert_eq!(lanes.len(), 3);
            let file = std::fs::File::open("/dev/null").unwrap();
            assert!(matches!(lanes[0].attach(&file), Err(ReliefError::Refused { .. })));
        }
        Err(error) => println!("skipped: {error}"),
    }
}
