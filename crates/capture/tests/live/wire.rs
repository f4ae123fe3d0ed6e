//! A wire of two namespaces, and what is sent over it.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use capture::Live;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Two namespaces of our own; taken down when dropped.
pub(crate) struct Wire {
    pub(crate) sender: String,
    pub(crate) sensor: String,
}

/// The ends of the wire.
pub(crate) const OUT: &str = "tap0";
pub(crate) const IN: &str = "tap1";

pub(crate) fn ip(args: &[&str]) {
    let done = Command::new("ip").args(args).output().expect("ip runs (Debian: iproute2)");
    assert!(done.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Whether namespaces can be made; says so where not.
pub(crate) fn root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: making network namespaces needs root");
    }
    root
}

impl Wire {
    pub(crate) fn up() -> Wire {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let wire = Wire { sender: format!("rca{id}"), sensor: format!("rcb{id}") };
        for space in [&wire.sender, &wire.sensor] {
            ip(&["netns", "add", space]);
            // A quiet wire: no IPv6 neighbour chatter of its own.
            for key in ["all", "default"] {
                let key = format!("net.ipv6.conf.{key}.disable_ipv6=1");
                let _ = Command::new("ip")
                    .args(["netns", "exec", space, "sysctl", "-qw", &key])
                    .output();
            }
        }
        wire.join();
        wire
    }

    /// Lay the wire itself.
    pub(crate) fn join(&self) {
        let (one, two) = (&self.sender, &self.sensor);
        ip(&["-n", one, "link", "add", OUT, "type", "veth", "peer", "name", IN, "netns", two]);
        for (space, name) in [(one, OUT), (two, IN)] {
            ip(&["-n", space, "link", "set", name, "mtu", "9000", "arp", "off", "up"]);
        }
    }

    /// Act inside one of its namespaces, on a thread of its own.
    pub(crate) fn inside<'s, 'e, T: Send + 's>(
        scope: &'s std::thread::Scope<'s, 'e>,
        space: &'s str,
        act: impl FnOnce() -> T + Send + 's,
    ) -> ScopedJoinHandle<'s, T> {
        scope.spawn(move || {
            let file = File::open(format!("/var/run/netns/{space}")).expect("a namespace");
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("the namespace is entered");
            act()
        })
    }

    /// Capture what `send` puts on the wire until `enough` frames came or nothing more comes. Gives
    /// each frame with its lane.
    pub(crate) fn carry(
        &self,
        open: impl FnOnce() -> Vec<Live> + Send,
        send: impl FnOnce() + Send,
        enough: usize,
    ) -> Vec<Seen> {
        let (ready, wait) = std::sync::mpsc::sync_channel(0);
        std::thread::scope(|scope| {
            let reader = Wire::inside(scope, &self.sensor, move || {
                let mut lives = open();
                ready.send(()).expect("the sender waits");
                read(&mut lives, enough)
            });
            if wait.recv().is_ok() {
                Wire::inside(scope, &self.sender, send).join().expect("it sends");
            }
            reader.join().expect("it reads")
        })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for space in [&self.sender, &self.sensor] {
            let _ = Command::new("ip").args(["netns", "del", space]).status();
        }
    }
}

/// A frame that was read.
pub(crate) struct Seen {
    pub(crate) lane: usize,
    pub(crate) order: u64,
    pub(crate) octets: Vec<u8>,
    pub(crate) orig_len: u32,
}

/// Read until so many frames came, or nothing more for a second.
pub(crate) fn read(lives: &mut [Live], enough: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut last = Instant::now();
    while last.elapsed() < Duration::from_secs(1) {
        for (lane, live) in lives.iter_mut().enumerate() {
            let wait = Duration::from_millis(5);
            let lent = live.poll(wait, &mut |frames| {
                assert!(frames.len() <= capture::RUN_MAX);
                for frame in frames {
                    let (order, orig_len) = (frame.order, frame.orig_len);
                    seen.push(Seen { lane, order, octets: frame.bytes.to_vec(), orig_len });
                }
            });
            if lent.expect("it goes on") > 0 {
                last = Instant::now();
            }
        }
        if seen.len() > enough {
            break;
        }
    }
    seen
}

/// Send frames into this end of the wire.
pub(crate) fn send(frames: impl IntoIterator<Item = Vec<u8>>) {
    let handle = pcap::Capture::from_device(OUT).expect("the wire").snaplen(64).open();
    let mut handle = handle.expect("the wire opens");
    for frame in frames {
        handle.sendpacket(frame.as_slice()).expect("a frame is sent");
    }
}

/// An Ethernet frame, with that type and that payload.
pub(crate) fn ether(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The Internet checksum (RFC 1071).
pub(crate) fn checksum(octets: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    let mut sum: u32 = octets.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// One end: the last two octets of its address, and its port.
pub(crate) type End = (u16, u16);

/// An IPv4 packet of that protocol; `piece` is the field of flags and fragment offset.
pub(crate) fn ipv4(from: u16, to: u16, (id, piece): (u16, u16), payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + payload.len()).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(len.to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(piece.to_be_bytes());
    packet.extend([64, 17, 0, 0, 10, 1]);
    packet.extend(from.to_be_bytes());
    packet.extend([10, 1]);
    packet.extend(to.to_be_bytes());
    let sum = checksum(&packet).to_be_bytes();
    packet[10..12].copy_from_slice(&sum);
    packet.extend(payload);
    packet
}

/// A UDP datagram without checksum.
pub(crate) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap();
    let mut datagram = Vec::new();
    for word in [from, to, len, 0] {
        datagram.extend(word.to_be_bytes());
    }
    datagram.extend(payload);
    datagram
}
