//! Scenarios that were damaged by chance: refused with a place, or played, and never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

/// A sequence of its own (xorshift), so that the suspect's is not its judge.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

const PIECES: [&str; 30] = [
    "0",
    "-1",
    "1e300",
    "inf",
    "nan",
    "\"\"",
    "[]",
    "{}",
    "= ",
    "\n",
    "#",
    "[[act]]\n",
    "6",
    "4",
    "true",
    "\"anna\"",
    "\"2001:db8::1\"",
    "\"255.255.255.255\"",
    "family = 6\n",
    "skip = 9\n",
    "segment = 0\n",
    "repeat = 3\n",
    "at = 1\n",
    "port = 65536\n",
    "vlan = 5000",
    "slice = true\n",
    "tap = \"inbound\"\n",
    "at = \"9:59:59\"\n",
    "severity = \"high..low\"\n",
    "\u{fffd}",
];

#[test]
fn damaged_scenarios_are_refused_or_played() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pcaps/scenarios");
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let (mut files, mut kept) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let sample = fs::read(&path).unwrap();
        if sample.len() > 6_000 {
            continue; // the demo takes too long to play a hundred times
        }
        files += 1;
        for _ in 0..80 {
            let mut text = sample.clone();
            for _ in 0..=chance.below(3) {
                let at = chance.below(text.len());
                let end = (at + chance.below(12)).min(text.len());
                let piece = PIECES[chance.below(PIECES.len())].as_bytes();
                match chance.below(4) {
                    0 => drop(text.splice(at..at, piece.iter().copied())),
                    1 => drop(text.splice(at..end, piece.iter().copied())),
                    2 => drop(text.drain(at..end)),
                    _ => text[at] = chance.below(256) as u8,
                }
            }
            kept += usize::from(text == sample);
            trafficgen::fuzz::scenario(&text);
        }
    }
    assert!(files >= 10 && kept < 40, "{files} samples, {kept} of them unharmed");
}

#[test]
fn captures_of_any_octets_are_mangled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pcaps");
    let mut chance = Chance(0x0123_4567_89AB_CDEF);
    for name in ["ipv6-session", "one-way-out", "quic-hellos"] {
        let sample = fs::read(folder.join(name).with_extension("pcap")).unwrap();
        trafficgen::fuzz::mangled(&sample);
        for _ in 0..60 {
            let mut octets = sample.clone();
            // Headers more than anything: there the lengths are.
            for _ in 0..200 {
                let at = chance.below(octets.len());
                octets[at] = chance.below(256) as u8;
            }
            octets.truncate(chance.below(octets.len() * 2).max(24));
            trafficgen::fuzz::mangled(&octets);
        }
    }
}
