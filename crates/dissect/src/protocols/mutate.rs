//! Damages samples in a way that can be repeated: the fuzz bodies' daily bread in plain tests.

/// A small generator of numbers (xorshift64*): the same seed gives the same damage everywhere.
pub(super) struct Numbers(u64);

impl Numbers {
    /// From a seed; zero is taken for one.
    pub(super) fn new(seed: u64) -> Numbers {
        Numbers(seed.max(1))
    }

    /// A number below `bound`, or zero.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let wide = u128::from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)) * bound as u128;
        usize::try_from(wide >> 64).expect("less than the bound")
    }

    /// An octet.
    pub(super) fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("less than 256")
    }
}

/// Hand `count` damaged copies of the samples to `each`, or `FUZZ_ROUNDS` where that is set.
#[allow(clippy::disallowed_methods)] // A test may be told how long to run.
pub(super) fn mutants(samples: &[Vec<u8>], seed: u64, count: usize, mut each: impl FnMut(&[u8])) {
    let mut numbers = Numbers::new(seed);
    let rounds = std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    for _ in 0..rounds.unwrap_or(count) {
        let mut octets = samples[numbers.below(samples.len())].clone();
        for _ in 0..=numbers.below(4) {
            damage(&mut octets, samples, &mut numbers);
        }
        octets.truncate(1 << 16);
        each(&octets);
    }
}

fn damage(octets: &mut Vec<u8>, samples: &[Vec<u8>], numbers: &mut Numbers) {
    let at = numbers.below(octets.len() + 1);
    let end = at + numbers.below(octets.len() - at + 1);
    match numbers.below(8) {
        0 => octets.truncate(at),
        1 => octets.insert(at, numbers.octet()),
        2 => drop(octets.drain(at..end)),
        3 => octets.extend_from_within(at..end),
        4 => {
            let other = &samples[numbers.below(samples.len())];
            let start = numbers.below(other.len() + 1);
            octets.splice(at.., other[start..].iter().copied());
        }
        5 | 6 if at < octets.len() => octets[at] ^= 1 << numbers.below(8),
        _ if at < octets.len() => {
            const EDGES: [u8; 8] = [0, 1, 0x0c, 0x3f, 0x7f, 0x80, 0xc0, 0xff];
            octets[at] = EDGES[numbers.below(EDGES.len())];
        }
        _ => octets.push(numbers.octet()),
    }
}
