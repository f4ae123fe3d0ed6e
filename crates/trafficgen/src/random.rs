//! Chance from a seed: the same seed, the same captures, on any machine.

/// A SplitMix64 sequence (Steele, Lea, Flood 2014): small, fast, and good enough for filler.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of `seed`; `branch` tells sequences of one seed apart.
    pub(crate) fn new(seed: u64, branch: u64) -> Random {
        let mut random = Random(seed ^ branch.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` up to, and without, `high`; `low` where there is none.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.saturating_sub(low) {
            0 => low,
            // Multiply and shift instead of a division: the bias is below 2^-32 here.
            span => low + ((u128::from(self.next()) * u128::from(span)) >> 64) as u64,
        }
    }

    pub(crate) fn word(&mut self) -> u16 {
        self.next() as u16
    }

    /// Add `count` octets of chance.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, count: usize) {
        out.reserve(count);
        for _ in 0..count / 8 {
            out.extend_from_slice(&self.next().to_le_bytes());
        }
        out.extend(self.next().to_le_bytes().into_iter().take(count % 8));
    }

    pub(crate) fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::new();
        self.fill(&mut out, count);
        out
    }

    /// Put a list in an order of chance (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.between(0, last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_sequence_and_branches_differ() {
        let draw = |seed, branch| Random::new(seed, branch).octets(21);
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
        assert_ne!(draw(7, 0), draw(8, 0));
        assert_eq!(draw(7, 0).len(), 21);
    }

    #[test]
    fn between_keeps_its_bounds_and_reaches_them() {
        let mut random = Random::new(1, 2);
        let drawn: Vec<u64> = (0..1000).map(|_| random.between(5, 8)).collect();
        assert!(drawn.iter().all(|n| (5..8).contains(n)));
        assert!((5..8).all(|n| drawn.contains(&n)));
        assert_eq!(random.between(9, 9), 9);
    }
}
