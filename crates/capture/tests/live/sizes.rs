//! Frames of all sizes, tagged ones, and interfaces that have no ring of ours.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use capture::{Live, LiveOptions};
use model::LinkType;

use crate::wire::{IN, OUT, Wire, ether, ip, ipv4, root, send, udp};

fn open() -> Vec<Live> {
    vec![Live::open(&LiveOptions::new(IN)).expect("it opens")]
}

#[test]
fn frames_come_as_they_were_sent() {
    if !root() {
        return;
    }
    let datagram = |len: usize| ipv4(1, 2, (0, 0), &udp(1000, 2000, &vec![9; len]));
    let tagged = |tags: &[(u16, u16)], len: usize| {
        let mut payload = Vec::new();
        for (at, (_, tci)) in tags.iter().enumerate() {
            payload.extend(tci.to_be_bytes());
            payload.extend(tags.get(at + 1).map_or(0x0800, |(kind, _)| *kind).to_be_bytes());
        }
        payload.extend(datagram(len));
        ether(tags[0].0, &payload)
    };
    let frames = vec![
        ether(0x0800, &datagram(0)),
        ether(0x0800, &datagram(1000)),
        ether(0x0806, &[0; 46]),
        // The kernel takes the first tag off; it must be there again, whatever its type.
        tagged(&[(0x8100, 0x0005)], 30),
        tagged(&[(0x8100, 0xafff)], 30),
        tagged(&[(0x8100, 0x0000)], 30),
        tagged(&[(0x88a8, 0x0007), (0x8100, 0x0009)], 30),
        // As long as the wire takes.
        ether(0x0800, &datagram(9000 - 28)),
        tagged(&[(0x8100, 0x0005)], 9000 - 32),
    ];
    let wire = Wire::up();
    let sent = frames.clone();
    let seen = wire.carry(open, || send(sent), usize::MAX);
    assert_eq!(seen.len(), frames.len());
    for (seen, sent) in seen.iter().zip(&frames) {
        let len = sent.len();
        assert_eq!(&seen.octets, sent, "of {len} octets: {:02x?}", &sent[..24]);
        assert_eq!(seen.orig_len as usize, len);
    }
}

#[test]
fn offloaded_segments_come_whole() {
    if !root() {
        return;
    }
    const OCTETS: usize = 4 << 20;
    let wire = Wire::up();
    for (space, name, address) in
        [(&wire.sender, OUT, "10.9.0.1/24"), (&wire.sensor, IN, "10.9.0.2/24")]
    {
        ip(&["-n", space, "addr", "add", address, "dev", name]);
        ip(&["-n", space, "link", "set", name, "arp", "on", "mtu", "1500"]);
    }
    let (bound, wait) = std::sync::mpsc::sync_channel(1);
    let seen = std::thread::scope(|scope| {
        Wire::inside(scope, &wire.sensor, move || {
            let listener = TcpListener::bind("10.9.0.2:4000").expect("an address");
            bound.send(()).unwrap();
            let (mut from, _) = listener.accept().expect("a connection");
            let mut got = Vec::new();
            from.read_to_end(&mut got).expect("octets");
            assert_eq!(got.len(), OCTETS);
        });
        wait.recv().unwrap();
        wire.carry(
            open,
            || {
                let mut to = TcpStream::connect("10.9.0.2:4000").expect("a connection");
                to.write_all(&vec![5; OCTETS]).expect("octets");
            },
            usize::MAX,
        )
    });
    // All octets of the stream, told by their places.
    let mut ends: Vec<(u32, u32)> = Vec::new();
    let mut longest = 0;
    for one in &seen {
        let octets = &one.octets;
        let half = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
        if octets.len() < 54 || half(12) != 0x0800 || octets[23] != 6 || half(36) != 4000 {
            continue;
        }
        assert_eq!(one.orig_len as usize, octets.len(), "nothing is cut");
        let begin = u32::from_be_bytes(octets[38..42].try_into().unwrap());
        let header = 34 + usize::from(octets[46] >> 4) * 4;
        let payload = u32::try_from(octets.len().saturating_sub(header)).unwrap();
        longest = longest.max(octets.len());
        ends.push((begin, payload));
    }
    // The sender may go from one processor to another, and what it sends then overtakes.
    ends.retain(|(_, payload)| *payload > 0);
    let some = ends.first().expect("octets").0;
    let from_some = |begin: u32| begin.wrapping_sub(some) as i32;
    let first = ends.iter().map(|(begin, _)| *begin).min_by_key(|begin| from_some(*begin)).unwrap();
    ends.sort_unstable_by_key(|(begin, _)| begin.wrapping_sub(first));
    let mut reached = 0;
    for (begin, payload) in ends {
        let begin = begin.wrapping_sub(first);
        assert!(begin <= reached, "a gap before {begin}, at {reached}");
        reached = reached.max(begin + payload);
    }
    assert_eq!(reached as usize, OCTETS);
    assert!(longest > 20_000, "offloaded segments are seen: {longest}");
}

#[test]
fn what_has_no_ring_is_read_through_libpcap() {
    if !root() {
        return;
    }
    let wire = Wire::up();
    let open = || {
        let mut lives = Live::lanes(&LiveOptions::new("any"), 4, (0, 4)).expect("it opens");
        assert_eq!(lives.len(), 1);
        let live = lives.first_mut().unwrap();
        assert!(live.fallback().is_some());
        assert!(matches!(live.link(), LinkType::LINUX_SLL | LinkType::LINUX_SLL2));
        lives
    };
    let frames = (0..50).map(|_| ether(0x0800, &ipv4(1, 2, (0, 0), &udp(1, 2, &[3; 40]))));
    assert_eq!(wire.carry(open, || send(frames), usize::MAX).len(), 50);
}

#[test]
fn a_loop_shows_each_packet_once() {
    if !root() {
        return;
    }
    let wire = Wire::up();
    ip(&["-n", &wire.sensor, "link", "set", "lo", "up"]);
    let (ready, wait) = std::sync::mpsc::sync_channel(0);
    let seen = std::thread::scope(|scope| {
        let reader = Wire::inside(scope, &wire.sensor, move || {
            let mut lives = vec![Live::open(&LiveOptions::new("lo")).expect("it opens")];
            ready.send(()).unwrap();
            crate::wire::read(&mut lives, usize::MAX)
        });
        wait.recv().unwrap();
        Wire::inside(scope, &wire.sensor, || {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
            for number in 0..100u8 {
                socket.send_to(&[number; 33], "127.0.0.1:9").expect("sent");
            }
        });
        reader.join().unwrap()
    });
    let datagrams = seen.iter().filter(|one| one.octets.len() == 14 + 28 + 33).count();
    assert_eq!(datagrams, 100);
}

#[test]
fn an_interface_that_cannot_be_captured_on_is_refused_with_its_reason() {
    if !root() {
        return;
    }
    let wire = Wire::up();
    ip(&["-n", &wire.sensor, "link", "set", IN, "down"]);
    let table = [(IN, "it is down"), ("nowhere0", "there is no interface `nowhere0`")];
    std::thread::scope(|scope| {
        for (name, want) in table {
            Wire::inside(scope, &wire.sensor, move || {
                let refused = Live::open(&LiveOptions::new(name)).err().expect("it is refused");
                assert!(refused.to_string().contains(want), "{refused}");
            });
        }
    });
}
