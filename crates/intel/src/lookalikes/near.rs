//! Everything one edit away from a spelling, to be found wherever it stands in a text.
//!
//! A table has the hash of each variant of each spelling, and no text: whether what hashes alike is
//! a variant is told by comparing it with the spelling. What begins with four letters with which no
//! variant begins, as most places of most names do, is told by one look into a small set.

use hashbrown::HashTable;

use super::variants::{Alphabet, each_variant, is_variant};

/// Which texts are near which spellings.
#[derive(Debug, Default)]
pub(super) struct Near {
    table: HashTable<Entry>,
    /// Four letters with which some variant begins. A few others are taken for such.
    begins: Vec<u64>,
    /// A bit for each length that some variant has.
    lens: u64,
    alphabet: Alphabet,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    spelling: u16,
}

/// Letters by which a place is told to be worth a closer look; no variant is shorter.
const BEGIN_LEN: usize = 4;

/// The bit of [`Near::lens`] that stands for this many letters and all more.
const LENS_LAST: usize = 63;

/// Bits of [`Near::begins`] for each variant: most share their beginning with others.
const BITS_A_VARIANT: usize = 4;

impl Near {
    /// Nothing, in those letters, with room for the variants of so many letters of spellings.
    pub(super) fn new(alphabet: Alphabet, letters: usize) -> Near {
        let variants = letters.saturating_mul(alphabet.len().saturating_mul(2));
        let words = (variants * BITS_A_VARIANT / 64).next_power_of_two();
        let table = HashTable::with_capacity(variants);
        Near { table, begins: vec![0; words], lens: 0, alphabet }
    }

    /// Add a folded spelling of four letters and more.
    pub(super) fn add(&mut self, spelling: &[u8], number: u16) {
        let Near { table, begins, lens, alphabet } = self;
        each_variant(spelling, alphabet, &mut |variant| {
            let Some(begin) = variant.first_chunk::<BEGIN_LEN>() else { return };
            let hash = variant.iter().fold(0, |hash, octet| grown(hash, *octet));
            let entry = Entry { hash: mixed(hash), spelling: number };
            let same = |other: &Entry| other.hash == entry.hash && other.spelling == entry.spelling;
            let spread = spread(entry.hash);
            if table.find(spread, same).is_some() {
                return;
            }
            table.insert_unique(spread, entry, |entry| self::spread(entry.hash));
            let (word, bits) = begin_place(u32::from_be_bytes(*begin), begins.len());
            if let Some(word) = begins.get_mut(word) {
                *word |= bits;
            }
            *lens |= 1 << variant.len().min(LENS_LAST);
        });
    }

    /// Give each place of a folded text that is near a spelling: start, end, and the spelling's
    /// number; in no order. `folded` has a spelling of a number.
    pub(super) fn find<'s>(
        &self,
        text: &[u8],
        folded: impl Fn(u16) -> Option<&'s [u8]>,
        mut each: impl FnMut(usize, usize, u16),
    ) {
        let mut begin = 0u32;
        for (at, octet) in text.iter().enumerate() {
            begin = begin << 8 | u32::from(*octet);
            let Some(start) = (at + 1).checked_sub(BEGIN_LEN) else { continue };
            let (word, bits) = begin_place(begin, self.begins.len());
            if self.begins.get(word).is_none_or(|word| word & bits != bits) {
                continue;
            }
            let rest = text.get(start..).unwrap_or_default();
            let mut hash = 0u64;
            for (end, octet) in (1usize..).zip(rest) {
                let longer = self.lens >> end.min(LENS_LAST);
                if longer == 0 {
                    break;
                }
                hash = grown(hash, *octet);
                if longer & 1 == 0 {
                    continue;
                }
                let mixed = mixed(hash);
                let seen = rest.get(..end).unwrap_or_default();
                for entry in self.table.iter_hash(spread(mixed)) {
                    let is_near = || {
                        let spelling = folded(entry.spelling).unwrap_or_default();
                        is_variant(seen, spelling, &self.alphabet)
                    };
                    if entry.hash == mixed && is_near() {
                        each(start, start.saturating_add(end), entry.spelling);
                    }
                }
            }
        }
    }
}

/// The hash of a text that is one octet longer: one for all beginnings of a place.
const fn grown(hash: u64, octet: u8) -> u64 {
    (hash.wrapping_add(octet as u64 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What the table keeps of a hash: the upper half, which all letters have changed.
const fn mixed(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// That as the table wants it, which looks at the lowest bits and the highest ones.
const fn spread(hash: u32) -> u64 {
    (hash as u64) << 32 | hash as u64
}

/// Where in a set of so many words, a power of two, four letters stand, and their two bits there.
fn begin_place(begin: u32, words: usize) -> (usize, u64) {
    let hash = u64::from(begin).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = usize::try_from(hash >> 44).unwrap_or(0) & words.saturating_sub(1);
    (word, 1 << (hash >> 32 & 63) | 1 << (hash >> 38 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookalikes::view::Folds;

    /// What each variant would find by comparing it with every part of the text.
    fn plainly(text: &[u8], spellings: &[&[u8]], alphabet: &Alphabet) -> Vec<(usize, usize, u16)> {
        let mut found = Vec::new();
        for (number, spelling) in (0u16..).zip(spellings) {
            each_variant(spelling, alphabet, &mut |variant| {
                for (at, part) in text.windows(variant.len()).enumerate() {
                    if part == variant {
                        found.push((at, at + part.len(), number));
                    }
                }
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn what_is_one_edit_away_is_found_and_nothing_else() {
        let alphabet = Alphabet::new(&Folds::default());
        let spellings: [&[u8]; 6] =
            [b"acme", b"acmes", b"acmewerke", b"werke", b"aaaaaa", b"papaya"];
        let mut near = Near::new(alphabet.clone(), 8);
        for (number, spelling) in (0u16..).zip(spellings) {
            near.add(spelling, number);
        }
        let texts: [&[u8]; 14] = [
            b"",
            b"acm",
            b"acme",
            b"acmewerke",
            b"xacmewrekex",
            b"amcewerke",
            b"acmewerkeacmewerke",
            b"acme_werke",
            b"aaaaaaaaaaa",
            b"aaaabaaaa",
            b"papayapapapaya",
            b"pappaya",
            b"werkewerk",
            b"w3rkeacnes",
        ];
        for text in texts {
            assert_finds(&near, text, &spellings, &alphabet);
        }
    }

    /// Few letters, so that every kind of edit comes up, at every place and next to each other.
    #[test]
    fn what_is_found_in_texts_of_few_letters_is_what_comparing_finds() {
        let alphabet = Alphabet::new(&Folds::default());
        let long = [b"ab".repeat(31), b"c".to_vec()].concat();
        let spellings: [&[u8]; 8] =
            [b"abca", b"aabbc", b"abcab", b"aabaab", b"cacbab", b"abacabacab", b"aaaaa", &long];
        let letters = spellings.iter().map(|spelling| spelling.len()).sum();
        let mut near = Near::new(alphabet.clone(), letters);
        for (number, spelling) in (0u16..).zip(spellings) {
            near.add(spelling, number);
        }
        let mut dice = 0x2545_f491_4f6c_dd1du64;
        let mut roll = |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            usize::try_from((dice >> 20) % sides).expect("a small number")
        };
        for _ in 0..400 {
            let mut text: Vec<u8> = (0..roll(24)).map(|_| b"abcabcab.x"[roll(10)]).collect();
            text.extend_from_slice(spellings[roll(8)]);
            let place = roll(text.len() as u64);
            match roll(4) {
                0 => text.swap(place, place.saturating_sub(1)),
                1 => text.insert(place, b"abc-"[roll(4)]),
                2 => drop(text.remove(place)),
                _ => text[place] = b"abc-"[roll(4)],
            }
            text.extend((0..roll(4)).map(|_| b"abc"[roll(3)]));
            assert_finds(&near, &text, &spellings, &alphabet);
        }
    }

    fn assert_finds(near: &Near, text: &[u8], spellings: &[&[u8]], alphabet: &Alphabet) {
        let mut found = Vec::new();
        let folded = |number: u16| spellings.get(usize::from(number)).copied();
        near.find(text, folded, |start, end, number| found.push((start, end, number)));
        found.sort_unstable();
        let text_shown = String::from_utf8_lossy(text);
        assert_eq!(found, plainly(text, spellings, alphabet), "{text_shown}");
    }
}
