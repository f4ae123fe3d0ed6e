//! Answers that were worked out lately, so that they need not be worked out again.

use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use super::prints::Prints;
use crate::limits::MEMO_LEN;
use crate::registered::registered;

/// Answers by key, each at the one place that its key's hash gives; what comes to a place pushes
/// out what was there. So it never grows, and a flood costs what it would cost without.
#[derive(Debug)]
pub(crate) struct Memo<K, V> {
    slots: Vec<Option<(K, V)>>,
}

impl<K: Copy + Eq, V: Copy> Memo<K, V> {
    pub(crate) fn new() -> Memo<K, V> {
        Memo { slots: vec![None; MEMO_LEN] }
    }

    /// The answer for `key`, as it was worked out before or as `make` works it out now.
    #[inline]
    pub(crate) fn get(&mut self, hash: u64, key: K, make: impl FnOnce() -> V) -> V {
        // The remainder: no more places than there are.
        let place = hash as usize % MEMO_LEN;
        match self.slots.get_mut(place) {
            Some(Some((known, value))) if *known == key => *value,
            Some(slot) => slot.insert((key, make())).1,
            None => make(),
        }
    }
}

/// The place of an address, or of two: neighbours must not share one. It only has to be quick.
#[inline]
pub(crate) fn place_of(one: u128, other: u128) -> u64 {
    let half = |ip: u128| ip as u64 ^ (ip >> 64) as u64;
    // 2^64 by the golden ratio, and a prime.
    let hash = half(one).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ half(other).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    hash >> 40
}

/// Fingerprints of registered names, by a name below them: a question, its answer and the flow that
/// follows show one name, and the public suffix list is long.
#[derive(Debug)]
pub(crate) struct Owners {
    prints: Prints,
    /// By the hash of the name, which stands for the name: 64 bits under a key of this process.
    known: Memo<u64, u64>,
    keys: RandomState,
}

impl Owners {
    pub(crate) fn new(prints: Prints) -> Owners {
        Owners { prints, known: Memo::new(), keys: RandomState::default() }
    }

    /// The fingerprint of what someone registered of `name`.
    pub(crate) fn print(&mut self, name: &str) -> u64 {
        let hash = self.keys.hash_one(name);
        self.known.get(hash, hash, || self.prints.name(registered(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_worked_out_again_and_never_another_keys() {
        let mut memo: Memo<u64, u64> = Memo::new();
        let mut made = 0;
        // Keys that come to one place push each other out.
        let place = |key: u64| key * MEMO_LEN as u64;
        for (key, want_made) in [(1, 1), (1, 1), (2, 2), (1, 3), (1, 3)] {
            let value = memo.get(place(key), key, || {
                made += 1;
                key * 10
            });
            assert_eq!((value, made), (key * 10, want_made), "{key}");
        }
    }

    #[test]
    fn names_below_one_have_its_fingerprint() {
        let prints = Prints::new([1, 2]);
        let mut owners = Owners::new(prints);
        let table = [
            ("www.acme.example", "acme.example"),
            ("acme.example", "acme.example"),
            ("www.acme.example", "acme.example"),
            ("a.b.acme.co.uk", "acme.co.uk"),
            ("192.0.2.1", "192.0.2.1"),
        ];
        for (name, owner) in table {
            assert_eq!(owners.print(name), prints.name(owner), "{name}");
        }
    }
}
