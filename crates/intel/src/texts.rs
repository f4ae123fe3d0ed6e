//! Many short texts, each once: one hash table over texts that lie one behind the other.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::chains::{Head, NOBODY};
use crate::limits::TEXTS_BYTES_MAX;

/// Texts and a head for each. A text costs nine octets in the table, which is at least 7/16 full,
/// and one or three besides its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    table: HashTable<Entry>,
    /// Keyed: what is looked up comes from the wire.
    hasher: RandomState,
    octets: Octets,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    head: Head,
}

impl Texts {
    /// Change the head of a text, which is [`NOBODY`] for a new one. `None`: there is no more
    /// place, and nothing changed.
    pub(crate) fn update<T>(
        &mut self,
        text: &[u8],
        change: impl FnOnce(Head) -> Option<(Head, T)>,
    ) -> Option<T> {
        let Texts { table, hasher, octets } = self;
        let hash = hasher.hash_one(text);
        if let Some(entry) = table.find_mut(hash, |entry| octets.get(entry.start) == text) {
            let (head, told) = change(entry.head)?;
            entry.head = head;
            return Some(told);
        }
        let start = octets.push(text)?;
        let (head, told) = change(NOBODY)?;
        table.insert_unique(hash, Entry { start, head }, |entry| {
            hasher.hash_one(octets.get(entry.start))
        });
        Some(told)
    }

    /// Make room for so many more texts.
    pub(crate) fn reserve(&mut self, count: usize) {
        let Texts { table, hasher, octets } = self;
        table.reserve(count, |entry| hasher.hash_one(octets.get(entry.start)));
    }

    /// The hash by which a text is found.
    pub(crate) fn hash(&self, text: &[u8]) -> u64 {
        self.hasher.hash_one(text)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The head of a text, if it is there.
    pub(crate) fn get(&self, text: &[u8]) -> Option<Head> {
        self.get_hashed(text, self.hash(text))
    }

    /// The same, for a text whose hash is known.
    pub(crate) fn get_hashed(&self, text: &[u8], hash: u64) -> Option<Head> {
        let found = self.table.find(hash, |entry| self.octets.get(entry.start) == text);
        found.map(|entry| entry.head)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Each text, in the order in which they came.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &[u8]> {
        self.octets.blocks.iter().flat_map(|block| {
            let mut rest = block.as_slice();
            std::iter::from_fn(move || {
                let (text, after) = first(rest)?;
                rest = after;
                Some(text)
            })
        })
    }

    /// Each text and its head, in no order.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&[u8], Head)) {
        for entry in &self.table {
            each(self.octets.get(entry.start), entry.head);
        }
    }
}

/// Texts one behind the other, in blocks, so that growing copies nothing. Before each stands its
/// length: one octet, or 255 and two more.
#[derive(Clone, Debug, Default)]
struct Octets {
    blocks: Vec<Vec<u8>>,
}

const BLOCK_BITS: u32 = 20;
const BLOCK_OCTETS: usize = 1 << BLOCK_BITS;
const LONG: u8 = u8::MAX;

/// Blocks that there are at the most; their numbers must fit above the bits of a place in one.
const BLOCKS_MAX: usize = TEXTS_BYTES_MAX >> BLOCK_BITS;
const _: () = assert!(BLOCKS_MAX <= 1 << (32 - BLOCK_BITS));

impl Octets {
    /// Add a text; `None` when there is no more place, or it is longer than 65,535 octets.
    fn push(&mut self, text: &[u8]) -> Option<u32> {
        let len = u16::try_from(text.len()).ok()?;
        let needed = text.len().checked_add(3)?;
        let fits = |block: &Vec<u8>| block.len().saturating_add(needed) <= BLOCK_OCTETS;
        if !self.blocks.last().is_some_and(fits) {
            if self.blocks.len() >= BLOCKS_MAX {
                return None;
            }
            // The first grows by and by: most tables are small.
            let room = if self.blocks.is_empty() { 0 } else { BLOCK_OCTETS };
            self.blocks.push(Vec::with_capacity(room));
        }
        let number = u32::try_from(self.blocks.len().checked_sub(1)?).ok()?;
        let block = self.blocks.last_mut()?;
        let start = u32::try_from(block.len()).ok()?;
        match u8::try_from(len) {
            Ok(short) if short != LONG => block.push(short),
            _ => {
                block.push(LONG);
                block.extend_from_slice(&len.to_be_bytes());
            }
        }
        block.extend_from_slice(text);
        Some((number << BLOCK_BITS) | start)
    }

    fn get(&self, start: u32) -> &[u8] {
        self.try_get(start).unwrap_or_default()
    }

    fn try_get(&self, start: u32) -> Option<&[u8]> {
        let block = self.blocks.get(usize::try_from(start >> BLOCK_BITS).ok()?)?;
        let start = usize::try_from(start).ok()? & (BLOCK_OCTETS - 1);
        first(block.get(start..)?).map(|(text, _)| text)
    }
}

/// The first text of a block's rest, and what is behind it.
fn first(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    match octets.split_first()? {
        (&LONG, rest) => {
            let (len, rest) = rest.split_first_chunk::<2>()?;
            rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
        }
        (len, rest) => rest.split_at_checked(usize::from(*len)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_found_again() {
        let mut texts = Texts::default();
        let lens = [0usize, 1, 253, 254, 255, 256, 8192, 65_535];
        let text = |number: usize, len: usize| vec![u8::try_from(number % 251).unwrap(); len];
        let count = 2_000usize;
        for number in 0..count {
            let key = text(number, lens[number % lens.len()]);
            let told = texts.update(&key, |head| Some((u32::try_from(number).unwrap(), head)));
            assert!(told.is_some(), "{number}");
        }
        let mut seen = 0usize;
        texts.for_each(|_, _| seen += 1);
        assert_eq!(texts.in_order().count(), seen);
        assert_eq!(texts.in_order().take(9).map(<[u8]>::len).collect::<Vec<_>>()[..8], lens);
        assert!(seen > 1000 && texts.octets.blocks.len() > 10, "{seen}");
        for number in 0..count {
            let key = text(number, lens[number % lens.len()]);
            assert!(texts.get(&key).is_some(), "{number}");
        }
        assert_eq!(texts.get(b"other"), None);
        assert_eq!(texts.update(&vec![0; 65_536], |head| Some((head, ()))), None);
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let mut texts = Texts::default();
        assert_eq!(texts.update(b"a", |_| Some((5, ()))), Some(()));
        assert_eq!(texts.update(b"a", |_| None::<(Head, ())>), None);
        assert_eq!(texts.update(b"b", |_| None::<(Head, ())>), None);
        assert_eq!((texts.get(b"a"), texts.get(b"b")), (Some(5), None));
    }
}
