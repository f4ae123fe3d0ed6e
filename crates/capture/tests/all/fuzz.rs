//! The fuzz body, driven by a seeded mutator over small captures of every format.

use crate::build::{Classic, Ng, Order, gzip, zstd};

/// A small generator of numbers (splitmix64): the same on every machine.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides.max(1) as u64) as usize
    }
}

fn samples() -> Vec<Vec<u8>> {
    let classic = |order, magic| {
        let fresh = Classic::new(order, magic, 1);
        fresh.frame(1, &[1; 60]).frame(2, &[2; 9]).record(3, 4, &[3; 100], 1_500).octets
    };
    let ng = |order| {
        Ng::new(order)
            .interface(1, 96, &[(9, &[9]), (14, &[0; 8])])
            .packet(0, 7, &[1; 61], 61)
            .simple(&[4; 20], 20)
            .old_packet(0, 6, &[3; 3])
            .block(5, &[0; 20])
            .section(Order::Little)
            .interface(101, 0, &[(9, &[0x90])])
            .packet(0, 9, &[5; 8], 8)
            .octets
    };
    let mut snoop = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
    for word in [90u32, 6, 32, 0, 77, 5, 0x0102_0304, 0x0506_0000] {
        snoop.extend(word.to_be_bytes());
    }
    let plain = vec![
        classic(Order::Little, Classic::MICROS),
        classic(Order::Big, Classic::NANOS),
        classic(Order::Little, Classic::MODIFIED),
        ng(Order::Little),
        ng(Order::Big),
        snoop,
    ];
    let packed = [gzip(&plain[0]), zstd(&plain[3]), [gzip(&plain[4]), gzip(&plain[1])].concat()];
    [plain, packed.to_vec()].concat()
}

/// Break a capture in one to four places.
fn mutate(dice: &mut Dice, octets: &mut Vec<u8>, other: &[u8]) {
    const ODD: [u32; 8] = [0, 1, 3, 0xff, 0x7fff_ffff, u32::MAX, 0x0a0d_0d0a, 262_145];
    for _ in 0..=dice.throw(4) {
        let at = dice.throw(octets.len());
        match dice.throw(6) {
            0 => octets[at] ^= 1 << dice.throw(8),
            1 => octets[at] = dice.throw(256) as u8,
            2 => {
                let word = ODD[dice.throw(ODD.len())];
                let word = if dice.throw(2) == 0 { word.to_le_bytes() } else { word.to_be_bytes() };
                let at = at & !3;
                for (to, from) in octets.iter_mut().skip(at).zip(word) {
                    *to = from;
                }
            }
            3 => octets.truncate(at.max(1)),
            4 => octets.extend(&other[dice.throw(other.len())..]),
            _ => {
                let end = (at + dice.throw(40)).min(octets.len());
                octets.drain(at..end);
                if octets.is_empty() {
                    octets.push(0);
                }
            }
        }
    }
}

#[test]
fn broken_captures_are_read_the_same_however_they_come() {
    let samples = samples();
    for sample in &samples {
        capture::fuzz::reader(sample);
    }
    let rounds = std::env::var("FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000);
    for seed in 0..rounds {
        let mut dice = Dice(seed);
        let mut octets = samples[dice.throw(samples.len())].clone();
        let other = &samples[dice.throw(samples.len())];
        mutate(&mut dice, &mut octets, other);
        let done = std::panic::catch_unwind(|| capture::fuzz::reader(&octets));
        assert!(done.is_ok(), "seed {seed}");
    }
}
