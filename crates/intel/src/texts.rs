//! Many short texts, each once: one hash table over texts that lie one behind the other.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use crate::chains::{Head, NOBODY};
use crate::limits::{INDICATORS_MAX, ROWS_MAX, TEXTS_BYTES_MAX};
use crate::pile::Pile;

/// Texts and a head for each. A text costs eight octets, one or three besides its own, and four in
/// each place of the table, which is at least 5/16 and at most 5/8 full.
///
/// The table holds numbers alone, so that adding a text that is new touches one line of memory that
/// is not in the cache, and all else is read and written in the order in which texts come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// Zero, or the number of a text and one, and above it some bits of its hash. None of them, or
    /// a power of two.
    places: Vec<u32>,
    /// Keyed: what is looked up comes from the wire.
    hasher: RandomState,
    entries: Pile<Entry>,
    octets: Octets,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    head: Head,
}

const NUMBER_BITS: u32 = 23;
const NUMBER_MASK: u32 = (1 << NUMBER_BITS) - 1;
/// Texts of one table.
const ENTRIES_MAX: usize = (1 << NUMBER_BITS) - 1;
const _: () = assert!(INDICATORS_MAX + 2 * ROWS_MAX < ENTRIES_MAX);
const PLACES_MIN: usize = 16;

/// The bits of a hash that stand in a place.
fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0) & !NUMBER_MASK
}

/// Where in a table of that many places a hash is looked for first.
fn first_place(hash: u64, places: usize) -> usize {
    usize::try_from(hash & u64::from(u32::MAX)).unwrap_or(0) & places.wrapping_sub(1)
}

impl Texts {
    /// Change the head of a text, which is [`NOBODY`] for a new one. `None`: there is no more
    /// place, and nothing changed.
    pub(crate) fn update<T>(
        &mut self,
        text: &[u8],
        change: impl FnOnce(Head) -> Option<(Head, T)>,
    ) -> Option<T> {
        self.update_hashed(text, self.hash(text), change)
    }

    /// The same, for a text whose hash is known.
    pub(crate) fn update_hashed<T>(
        &mut self,
        text: &[u8],
        hash: u64,
        change: impl FnOnce(Head) -> Option<(Head, T)>,
    ) -> Option<T> {
        self.reserve(1);
        let place = match self.find(text, hash) {
            Ok(number) => {
                let entry = self.entries.get_mut(number)?;
                let (head, told) = change(entry.head)?;
                entry.head = head;
                return Some(told);
            }
            Err(place) => place,
        };
        let number = self.entries.len();
        if number >= ENTRIES_MAX {
            return None;
        }
        let (head, told) = change(NOBODY)?;
        let start = self.octets.push(text)?;
        self.entries.push(Entry { start, head });
        *self.places.get_mut(place)? = filled(number, hash);
        Some(told)
    }

    /// Make room for so many more texts.
    pub(crate) fn reserve(&mut self, count: usize) {
        let count = self.entries.len().saturating_add(count).min(ENTRIES_MAX);
        let needed = count.saturating_mul(8).div_ceil(5);
        if needed > self.places.len() {
            self.grow(needed.next_power_of_two().max(PLACES_MIN));
        }
    }

    /// Make the table so large, in which all texts find their places anew.
    fn grow(&mut self, len: usize) {
        let mut places = vec![0u32; len];
        for (number, text) in self.in_order().enumerate() {
            let hash = self.hash(text);
            let mut at = first_place(hash, len);
            while let Some(place) = places.get_mut(at) {
                if *place == 0 {
                    *place = filled(number, hash);
                    break;
                }
                at = at.wrapping_add(1) & len.wrapping_sub(1);
            }
        }
        self.places = places;
    }

    /// The number of a text, or the place where it would stand.
    fn find(&self, text: &[u8], hash: u64) -> Result<u32, usize> {
        let (tag, len) = (tag(hash), self.places.len());
        let mut at = first_place(hash, len);
        loop {
            match self.places.get(at) {
                // There are always free places, or none at all.
                Some(0) | None => return Err(at),
                Some(place) if place & !NUMBER_MASK == tag => {
                    let number = (place & NUMBER_MASK).wrapping_sub(1);
                    let entry = self.entries.get(number);
                    if entry.is_some_and(|entry| self.octets.get(entry.start) == text) {
                        return Ok(number);
                    }
                }
                Some(_) => {}
            }
            at = at.wrapping_add(1) & len.wrapping_sub(1);
        }
    }

    /// Fetch the places of these hashes into the cache. One does not wait for the other here, as
    /// they would where each is looked for and filled in turn.
    pub(crate) fn touch(&self, hashes: impl Iterator<Item = u64>) {
        let len = self.places.len();
        let place = |hash| self.places.get(first_place(hash, len)).copied().unwrap_or(0);
        std::hint::black_box(hashes.fold(0u32, |all, hash| all ^ place(hash)));
    }

    /// The hash by which a text is found.
    pub(crate) fn hash(&self, text: &[u8]) -> u64 {
        self.hasher.hash_one(text)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The head of a text, if it is there.
    pub(crate) fn get(&self, text: &[u8]) -> Option<Head> {
        self.get_hashed(text, self.hash(text))
    }

    /// The same, for a text whose hash is known.
    pub(crate) fn get_hashed(&self, text: &[u8], hash: u64) -> Option<Head> {
        let number = self.find(text, hash).ok()?;
        self.entries.get(number).map(|entry| entry.head)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.len() == 0
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

    /// Each text and its head, in the order in which they came.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&[u8], Head)) {
        for (text, entry) in self.in_order().zip(self.entries.iter()) {
            each(text, entry.head);
        }
    }
}

/// A place that holds that text.
fn filled(number: usize, hash: u64) -> u32 {
    let number = u32::try_from(number).unwrap_or(0).wrapping_add(1);
    tag(hash) | number & NUMBER_MASK
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
        texts.for_each(|text, head| {
            assert_eq!(texts.get(text), Some(head));
            seen += 1;
        });
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
