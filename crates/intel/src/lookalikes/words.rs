//! What a label is made of: the likeliest way to take it apart into words.

use super::vocabulary::Class;
use crate::texts::Texts;

/// Longest label (RFC 1035 §2.3.4).
pub(super) const LABEL_MAX: usize = 63;

/// Costs in tenths of a bit: how unlikely a part is. A word of the language costs by its rank; a
/// letter that belongs to no word costs more than its share of any word.
const LETTER: u32 = 95;
const DIGIT: u32 = 35;
/// A word of the vocabulary, or another's name: as a word of rank 20.
const VOCABULARY: u32 = 85;
/// What a letter that belongs to no word costs more beside a brand.
const STRAY: u32 = 65;

/// Words of a language, and their ranks: the most frequent has 1.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    words: Texts,
    count: u32,
}

impl Ranked {
    /// Add words, one a line; `#` begins a remark. What is no word of 2 to 63 letters has no rank.
    pub(super) fn read(&mut self, text: &str) {
        self.words.reserve(text.len() / WORD_OCTETS);
        for line in text.as_bytes().split(|octet| *octet == b'\n') {
            let word = line.trim_ascii();
            let sound =
                (2..=LABEL_MAX).contains(&word.len()) && word.iter().all(u8::is_ascii_lowercase);
            if sound {
                self.count = self.count.saturating_add(1).min(RANK_MAX);
                let rank = self.count;
                // Of a word given twice the first counts.
                self.words.update(word, |known| Some((known.min(rank), ())));
            }
        }
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        self.words.get(word.as_bytes()).is_some()
    }

    /// How many words were given.
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Every word once, the most frequent first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.words.in_order().filter_map(|word| std::str::from_utf8(word).ok())
    }
}

/// Octets that a word of a list takes, with the end of its line; it is a little more in English.
const WORD_OCTETS: usize = 8;

/// Every word that is known, to be found wherever it stands.
///
/// The table of the language's words is the one in which their ranks are; vocabulary and others'
/// names stand in it too, in place of a word of the language.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The rank of a word, or [`GIVEN`] and what it says.
    table: Texts,
    /// By the first three letters of words: a bit for each length that some of them have.
    lens: Vec<u32>,
    /// The same for words of one and two letters.
    short: u32,
}

/// Set beside what a word says that is none of the language's.
const GIVEN: u32 = 1 << 30;
/// What is worth no more than this rank is worth this.
const RANK_MAX: u32 = GIVEN - 1;

/// Places of [`Words::lens`]: five bits for each of three letters.
const LENS_PLACES: usize = 1 << 15;
/// The bit that stands for this many letters and all more.
const LENS_LAST: usize = 31;

fn lens_place(first: u8, second: u8, third: u8) -> usize {
    usize::from(first & 31) | usize::from(second & 31) << 5 | usize::from(third & 31) << 10
}

/// A part of a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Word(Class),
    Digits,
    /// A letter that belongs to no word.
    Letter,
    /// A hyphen, or a letter of another script.
    Gap,
}

/// The cheapest ways from the beginning to each place, and from each place to the end.
#[derive(Debug)]
pub(super) struct Parts {
    before: [(u32, u8, Part); LABEL_MAX + 1],
    after: [(u32, u8, Part); LABEL_MAX + 1],
    len: usize,
}

impl Words {
    /// Words with what they say; of a word given twice the first counts, and before one of the
    /// language.
    pub(super) fn new(given: &[(Box<str>, Class)], ranked: Ranked) -> Words {
        let Ranked { words: mut table, .. } = ranked;
        for (word, class) in given {
            let cost = VOCABULARY.saturating_add(if word.len() < 3 { 20 } else { 0 });
            let said = GIVEN | pack(*class, cost);
            table.update(word.as_bytes(), |known| {
                let first = known == crate::chains::NOBODY || known & GIVEN == 0;
                Some((if first { said } else { known }, ()))
            });
        }
        let mut words = Words { table: Texts::default(), lens: vec![0; LENS_PLACES], short: 0 };
        for word in table.in_order() {
            let bit = 1 << word.len().min(LENS_LAST);
            match word {
                [first, second, third, ..] => {
                    if let Some(lens) = words.lens.get_mut(lens_place(*first, *second, *third)) {
                        *lens |= bit;
                    }
                }
                _ => words.short |= bit,
            }
        }
        words.table = table;
        words
    }

    /// Take a label apart. `label` is lower case; what is behind 63 octets is not looked at.
    pub(super) fn part(&self, label: &[u8]) -> Parts {
        let label = label.get(..label.len().min(LABEL_MAX)).unwrap_or_default();
        let len = label.len();
        let far = (u32::MAX, 0, Part::Gap);
        let mut parts = Parts { before: [far; LABEL_MAX + 1], after: [far; LABEL_MAX + 1], len };
        let mut found: Vec<(u8, u8, Class, u32)> = Vec::with_capacity(32);
        for at in 0..len {
            self.find_at(label, at, &mut found);
        }
        found.sort_unstable_by_key(|(_, end, ..)| *end);
        parts.go_forward(label, &found);
        found.sort_unstable_by_key(|(start, ..)| *start);
        parts.go_back(label, &found);
        parts
    }

    /// The words that begin at a place of a label: start, end, and what they say and cost.
    fn find_at(&self, label: &[u8], at: usize, found: &mut Vec<(u8, u8, Class, u32)>) {
        let rest = label.get(at..).unwrap_or_default();
        let mut lens = self.short;
        if let [first, second, third, ..] = rest {
            lens |= self.lens.get(lens_place(*first, *second, *third)).copied().unwrap_or(0);
        }
        while lens != 0 {
            let len = usize::try_from(lens.trailing_zeros()).unwrap_or(LENS_LAST);
            lens &= lens.wrapping_sub(1);
            let last = if len < LENS_LAST { len } else { rest.len() };
            for len in len..=last {
                let Some(word) = rest.get(..len) else { return };
                let Some(said) = self.table.get(word) else { continue };
                let (class, cost) = match said & GIVEN {
                    0 => (Class::Plain, cost_of(said)),
                    _ => unpack(said & !GIVEN),
                };
                let place = |at: usize| u8::try_from(at).unwrap_or(0);
                found.push((place(at), place(at.saturating_add(len)), class, cost));
            }
        }
    }
}

/// What a word of a rank costs.
fn cost_of(rank: u32) -> u32 {
    // Zipf's law: a word of rank r has about the share 1/(10 r).
    let bits = f64::from(rank).log2() * 10.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bits = bits as u32;
    bits.saturating_add(40)
}

fn single(octet: u8) -> (u32, Part) {
    match octet {
        b'a'..=b'z' => (LETTER, Part::Letter),
        b'0'..=b'9' => (DIGIT, Part::Digits),
        _ => (0, Part::Gap),
    }
}

/// A class and a cost in one number: the class has the lowest four bits.
const fn pack(class: Class, cost: u32) -> u32 {
    (cost << 4) | class as u32
}

fn unpack(value: u32) -> (Class, u32) {
    (Class::numbered(value & 15), value >> 4)
}

impl Parts {
    fn go_forward(&mut self, label: &[u8], found: &[(u8, u8, Class, u32)]) {
        let mut words = found.iter().peekable();
        if let Some(first) = self.before.first_mut() {
            *first = (0, 0, Part::Gap);
        }
        for (at, octet) in (0usize..).zip(label) {
            let end = at.saturating_add(1);
            let (cost, part) = single(*octet);
            let base = self.before.get(at).map_or(u32::MAX, |(cost, ..)| *cost);
            let mut best = (base.saturating_add(cost), 1u8, part);
            while let Some((start, _, class, cost)) =
                words.next_if(|(_, word_end, ..)| usize::from(*word_end) == end)
            {
                let base = self.before.get(usize::from(*start)).map_or(u32::MAX, |(c, ..)| *c);
                let len = u8::try_from(end.saturating_sub(usize::from(*start))).unwrap_or(0);
                let total = base.saturating_add(*cost);
                // Of equals the longer word.
                if total < best.0 || total == best.0 && len > best.1 {
                    best = (total, len, Part::Word(*class));
                }
            }
            if let Some(place) = self.before.get_mut(end) {
                *place = best;
            }
        }
    }

    fn go_back(&mut self, label: &[u8], found: &[(u8, u8, Class, u32)]) {
        let mut words = found.iter().rev().peekable();
        if let Some(last) = self.after.get_mut(self.len) {
            *last = (0, 0, Part::Gap);
        }
        for (at, octet) in label.iter().enumerate().rev() {
            let (cost, part) = single(*octet);
            let base = self.after.get(at.saturating_add(1)).map_or(u32::MAX, |(c, ..)| *c);
            let mut best = (base.saturating_add(cost), 1u8, part);
            while let Some((_, end, class, cost)) =
                words.next_if(|(start, ..)| usize::from(*start) == at)
            {
                let base = self.after.get(usize::from(*end)).map_or(u32::MAX, |(c, ..)| *c);
                let len = u8::try_from(usize::from(*end).saturating_sub(at)).unwrap_or(0);
                let total = base.saturating_add(*cost);
                if total < best.0 || total == best.0 && len > best.1 {
                    best = (total, len, Part::Word(*class));
                }
            }
            if let Some(place) = self.after.get_mut(at) {
                *place = best;
            }
        }
    }

    /// The parts up to `end`, last one first: start, end, part.
    pub(super) fn before(&self, end: usize) -> impl Iterator<Item = (usize, usize, Part)> + '_ {
        let mut at = end.min(self.len);
        std::iter::from_fn(move || {
            let (_, len, part) = *self.before.get(at).filter(|_| at > 0)?;
            let end = at;
            at = at.checked_sub(usize::from(len.max(1)))?;
            Some((at, end, part))
        })
    }

    /// The parts from `start` on, in order.
    pub(super) fn after(&self, start: usize) -> impl Iterator<Item = (usize, usize, Part)> + '_ {
        let mut at = start;
        std::iter::from_fn(move || {
            let (_, len, part) = *self.after.get(at).filter(|_| at < self.len)?;
            let start = at;
            at = at.saturating_add(usize::from(len.max(1)));
            Some((start, at, part))
        })
    }

    /// What the cheapest way over the whole label costs.
    pub(super) fn cost(&self) -> u32 {
        self.before.get(self.len).map_or(u32::MAX, |(cost, ..)| *cost)
    }

    /// What the cheapest way costs that keeps a part from `start` to `end` whole, at a price of
    /// its own. Letters that belong to no word cost more here: `t` before `rustdesk` explains
    /// nothing, `trust` does.
    pub(super) fn cost_around(&self, start: usize, end: usize, own: u32) -> u32 {
        let strays = self.before(start).chain(self.after(end));
        let strays = strays.filter(|(_, _, part)| *part == Part::Letter).count();
        let strays = u32::try_from(strays).unwrap_or(u32::MAX).saturating_mul(STRAY);
        let before = self.before.get(start).map_or(u32::MAX, |(cost, ..)| *cost);
        let after = self.after.get(end).map_or(u32::MAX, |(cost, ..)| *cost);
        before.saturating_add(after).saturating_add(own).saturating_add(strays)
    }

    /// All parts, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, usize, Part)> + '_ {
        self.after(0)
    }
}
