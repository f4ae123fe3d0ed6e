//! The keyed hash of a conversation.

use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use crate::ends::Key;

/// The key of the hash. A stranger chooses the addresses and ports, so the hash must not be his to
/// foresee; and even if it were, a set has eight places and no chain behind them.
#[derive(Clone)]
pub(crate) struct HashKey {
    first: u64,
    shared: SharedSeed,
}

impl HashKey {
    /// From two random words.
    pub(crate) fn new(seed: [u64; 2]) -> HashKey {
        let [first, second] = seed;
        HashKey { first, shared: SharedSeed::from_u64(second) }
    }

    /// The hash of a conversation.
    #[inline]
    pub(crate) fn hash(&self, key: &Key) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.first, &self.shared);
        for word in [key.low, key.high].as_flattened() {
            hasher.write_u64(*word);
        }
        hasher.write_u64(key.tail);
        hasher.finish()
    }

    /// The hash of any words.
    pub(crate) fn hash_words(&self, words: &[u64]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.first, &self.shared);
        for word in words {
            hasher.write_u64(*word);
        }
        hasher.finish()
    }
}
