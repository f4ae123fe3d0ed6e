//! The fuzz bodies, driven by a mutator with fixed seeds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test.

use std::net::IpAddr;

use dissect::{Dissector, fuzz};
use model::{LinkType, Side};

mod encapsulations;
mod script;
use script::{ACK, FIN, RST, Tcp, address, ethernet, fragments, framed, ip, tcp_header, udp};

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 31)) % sides.max(1) as u64) as usize
    }
}

/// How often to damage a sample: `FUZZ_ROUNDS` times where that is set.
#[allow(clippy::disallowed_methods)] // A test may be told how long to run.
fn rounds(usual: u64) -> u64 {
    std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

/// Change octets here and there, cut them, double a part of them.
fn mutate(octets: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.roll(6) {
        let place = dice.roll(octets.len());
        match dice.roll(8) {
            0 => octets.truncate(place),
            1 => {
                let part = octets[place..(place + dice.roll(200)).min(octets.len())].to_vec();
                let into = dice.roll(octets.len());
                octets.splice(into..into, part);
            }
            2 => {
                octets.drain(place..(place + dice.roll(40)).min(octets.len()));
            }
            3 | 4 => {
                if let Some(octet) = octets.get_mut(place) {
                    *octet = [0, 1, 0x45, 0x60, 0x7f, 0x80, 0xff][dice.roll(7)];
                }
            }
            _ => {
                if let Some(octet) = octets.get_mut(place) {
                    *octet ^= 1 << dice.roll(8);
                }
            }
        }
    }
}

fn samples() -> Vec<Vec<u8>> {
    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:80");
    let mut talk = tcp.greet();
    talk.push(tcp.say(Side::Client, b"GET /a HTTP/1.1\r\nHost: a.example\r\n"));
    talk.push(tcp.segment(Side::Client, ACK, 4, b"there"));
    talk.push(tcp.say(Side::Client, b"User-Agent: x\r\n\r\n"));
    talk.push(tcp.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMZ.."));
    talk.extend(tcp.part());
    talk.push(tcp.flags(Side::Client, RST));
    let mut other = Tcp::new("[fd00::1]:40000", "[fd00::2]:443");
    let mut streams = other.greet();
    for part in 0..12 {
        streams.push(other.segment(Side::Client, ACK, part * 40, b"\x16\x03\x01\x02\x00\x01"));
        streams.push(other.segment(Side::Server, ACK | FIN, part * 7, &[0x16; 20]));
    }
    let question =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01";
    let asks = udp(address("10.0.0.1:5000"), address("10.0.0.9:53"), question);
    let options = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &asks[20..]].concat();
    let six = ip("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap(), 60, &options);
    let cut = tcp_header((1, 2), ACK, (3, 4), &[]);
    let mixed = vec![
        (LinkType::ETHERNET, ethernet(&[(0x88a8, 1), (0x8100, 2)], 0x0800, &asks)),
        (LinkType::RAW, asks.clone()),
        (LinkType::NULL, [&[2, 0, 0, 0], &asks[..]].concat()),
        (LinkType::LINUX_SLL, [&[0; 14][..], &[8, 0], &asks].concat()),
        (LinkType::LINUX_SLL2, [&[8, 0][..], &[0; 18], &asks].concat()),
        (LinkType::IPV6, six.clone()),
        (LinkType::IPV4, ip("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap(), 6, &cut)),
        (LinkType(160), asks.clone()),
    ];
    let router = |last| IpAddr::from([198, 51, 100, last]);
    let carried = |datagram: &[u8]| ip(router(1), router(2), 4, datagram);
    let pieces = [
        fragments(&asks, 16, 1),
        fragments(&carried(&asks), 24, 2),
        fragments(&asks, 8, 3).iter().map(|cut| carried(cut)).collect(),
        fragments(&carried(&fragments(&asks, 24, 4)[0]), 32, 5),
        fragments(&six, 16, 6),
        vec![asks.clone(), asks.clone()],
    ];
    let arp = [&[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 9][..], &[0; 10]].concat();
    let target = [&[0xfd; 16][..], &[2, 1, 2, 0, 0, 0, 0, 9]].concat();
    let mut says = ip(
        "fd00::1".parse().unwrap(),
        "fd00::2".parse().unwrap(),
        58,
        &[&[136, 0, 0, 0, 0, 0, 0, 0][..], &target].concat(),
    );
    says[7] = 255;
    let lease = udp(address("0.0.0.0:68"), address("255.255.255.255:67"), &lease());
    let neighbours = vec![
        ethernet(&[], 0x0806, &arp),
        framed(&asks),
        ethernet(&[(0x88a8, 1), (0x8100, 2)], 0x0806, &arp),
        framed(&says),
        framed(&lease),
        ethernet(&[(0x8100, 2)], 0x86dd, &says),
        framed(&asks),
        ethernet(&[], 0x0806, &arp),
    ];
    let pieces = pieces.concat().into_iter().map(|cut| (LinkType::RAW, cut)).collect::<Vec<_>>();
    let sample = |frames: &[(LinkType, Vec<u8>)]| {
        let lent: Vec<_> = frames.iter().map(|(link, bytes)| (*link, &bytes[..])).collect();
        fuzz::sample(&lent)
    };
    let on_ethernet = |frames: Vec<Vec<u8>>| {
        frames.into_iter().map(|bytes| (LinkType::ETHERNET, bytes)).collect::<Vec<_>>()
    };
    vec![
        sample(&on_ethernet(talk)),
        sample(&on_ethernet(streams)),
        sample(&mixed),
        sample(&pieces),
        sample(&on_ethernet(neighbours)),
    ]
}

/// A DHCP request of one host.
fn lease() -> Vec<u8> {
    let mut octets = vec![0; 240];
    (octets[0], octets[1], octets[2], octets[28]) = (1, 1, 6, 2);
    octets[12..16].copy_from_slice(&[10, 0, 0, 9]);
    octets[236..].copy_from_slice(&[99, 130, 83, 99]);
    [&octets[..], b"\x35\x01\x03\x0c\x02pc\xff"].concat()
}

#[test]
fn whatever_neighbours_say_is_told_once() {
    let said: Vec<u8> = (0..600_u16).map(|number| (number * 7 / 40) as u8).collect();
    for seed in 0..rounds(300) {
        let mut octets = said.clone();
        mutate(&mut octets, &mut Dice(seed));
        fuzz::neighbours(&octets);
    }
}

#[test]
fn mutated_frames_are_all_counted_and_change_nothing_between_batches_and_lanes() {
    for (number, sample) in samples().iter().enumerate() {
        fuzz::frames(sample);
        for seed in 0..rounds(400) {
            let mut octets = sample.clone();
            mutate(&mut octets, &mut Dice(seed << 8 | number as u64));
            fuzz::frames(&octets);
        }
    }
}

#[test]
fn mutated_encapsulations_are_all_counted() {
    let near = encapsulations::NEAR
        .iter()
        .map(|(_, recipe, _)| (LinkType::ETHERNET, encapsulations::build(recipe)));
    let all = encapsulations::all().into_iter().map(|(_, link, bytes, _)| (link, bytes));
    let frames: Vec<_> = all.chain(near).collect();
    for (number, frames) in frames.chunks(12).enumerate() {
        let lent: Vec<_> = frames.iter().map(|(link, bytes)| (*link, &bytes[..])).collect();
        let sample = fuzz::sample(&lent);
        fuzz::frames(&sample);
        for seed in 0..rounds(40) {
            let mut octets = sample.clone();
            mutate(&mut octets, &mut Dice(seed << 8 | number as u64));
            fuzz::frames(&octets);
        }
    }
}

#[test]
fn datagrams_cut_at_random_come_out_as_they_were() {
    let mut dice = Dice(11);
    for _ in 0..rounds(300) {
        let octets: Vec<_> = (0..dice.roll(4000)).map(|_| dice.roll(256) as u8).collect();
        fuzz::fragments(&octets);
    }
}

#[test]
fn protocol_readers_take_any_octets() {
    for (name, body) in fuzz::protocols() {
        assert!(!name.is_empty());
        let mut dice = Dice(7);
        for _ in 0..rounds(300) {
            let octets: Vec<_> = (0..dice.roll(120)).map(|_| dice.roll(256) as u8).collect();
            body(&octets);
        }
    }
}
