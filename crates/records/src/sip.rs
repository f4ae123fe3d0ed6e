//! SipHash-1-3 with 128 bits of a line that is there as a whole (Aumasson and Bernstein, "SipHash: a
//! fast short-input PRF", 2012, and the authors' reference code for 128 bits).
//!
//! The crate `siphasher` has it too, and is what the tests compare with. Here the key's state is made
//! while compiling and four words go a step, so that a line takes a fifth less: hashing is more than
//! half of what a record costs.

/// A key, ready to be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(State);

#[derive(Clone, Copy, Debug)]
struct State {
    a: u64,
    b: u64,
    c: u64,
    d: u64,
}

impl Key {
    /// The key of those octets.
    pub(crate) const fn new(octets: [u8; 16]) -> Key {
        let both = u128::from_le_bytes(octets);
        #[allow(clippy::cast_possible_truncation)] // the lower and the upper half
        let (low, high) = (both as u64, (both >> 64) as u64);
        Key(State {
            a: low ^ 0x736f_6d65_7073_6575,
            b: high ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            c: low ^ 0x6c79_6765_6e65_7261,
            d: high ^ 0x7465_6462_7974_6573,
        })
    }

    /// The hash of all these octets, the first of its 16 octets lowest.
    pub(crate) fn hash(self, octets: &[u8]) -> u128 {
        let Key(mut state) = self;
        let (words, rest) = octets.as_chunks::<8>();
        let (eights, words) = words.as_chunks::<8>();
        for eight in eights {
            for word in eight {
                state.take(u64::from_le_bytes(*word));
            }
        }
        for word in words {
            state.take(u64::from_le_bytes(*word));
        }
        // What is left, and in the highest octet how many there are in all, modulo 256.
        let left = rest.iter().rfold(0, |word, octet| word << 8 | u64::from(*octet));
        state.take(left | (octets.len() as u64) << 56);
        state.c ^= 0xee;
        let low = state.end();
        state.b ^= 0xdd;
        u128::from(low) | u128::from(state.end()) << 64
    }
}

impl State {
    #[inline(always)] // a call takes as long as the round
    fn take(&mut self, word: u64) {
        self.d ^= word;
        self.round();
        self.a ^= word;
    }

    fn end(&mut self) -> u64 {
        for _ in 0..3 {
            self.round();
        }
        self.a ^ self.b ^ self.c ^ self.d
    }

    #[inline(always)]
    fn round(&mut self) {
        let State { mut a, mut b, mut c, mut d } = *self;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        d = d.rotate_left(21) ^ a;
        c = c.rotate_left(32);
        *self = State { a, b, c, d };
    }
}

#[cfg(test)]
mod tests {
    use siphasher::sip128::SipHasher13;

    use super::*;

    #[test]
    fn as_the_crate_of_that_name_hashes() {
        let octets: Vec<u8> =
            (0..1_100_u32).map(|at| at.wrapping_mul(167).to_le_bytes()[0]).collect();
        let keys = [
            [0; 16],
            [0xff; 16],
            *b"rmmwatch.record1",
            *b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
        ];
        for key in keys {
            for len in (0..80).chain(250..270).chain([688, 1_024, 1_099]) {
                let octets = &octets[..len];
                let want = SipHasher13::new_with_key(&key).hash(octets).as_u128();
                assert_eq!(Key::new(key).hash(octets), want, "{len} octets");
            }
        }
    }
}
