//! What a label is made of: the likeliest way to take it apart into words.

use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder};

use super::vocabulary::Class;

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

/// Every word that is known, to be found in one pass.
#[derive(Default)]
pub(super) struct Words {
    automaton: Option<DoubleArrayAhoCorasick<u32>>,
    count: usize,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").field("count", &self.count).finish_non_exhaustive()
    }
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
    /// Words with what they say; of a word given twice the first counts. `ranked` are words of the
    /// language, the most frequent first.
    pub(super) fn new(given: &[(Box<str>, Class)], ranked: &[Box<str>]) -> Words {
        let mut all: std::collections::BTreeMap<&[u8], u32> = std::collections::BTreeMap::new();
        for (word, class) in given {
            let cost = VOCABULARY.saturating_add(if word.len() < 3 { 20 } else { 0 });
            all.entry(word.as_bytes()).or_insert_with(|| pack(*class, cost));
        }
        for (rank, word) in (1u32..).zip(ranked) {
            // Zipf's law: a word of rank r has about the share 1/(10 r).
            let bits = f64::from(rank).log2() * 10.0;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let cost = 40 + bits as u32;
            all.entry(word.as_bytes()).or_insert_with(|| pack(Class::Plain, cost));
        }
        let count = all.len();
        let automaton =
            DoubleArrayAhoCorasickBuilder::new().use_prefilter(false).build_with_values(all).ok();
        Words { automaton, count }
    }

    /// Take a label apart. `label` is lower case; what is behind 63 octets is not looked at.
    pub(super) fn part(&self, label: &[u8]) -> Parts {
        let label = label.get(..label.len().min(LABEL_MAX)).unwrap_or_default();
        let len = label.len();
        let far = (u32::MAX, 0, Part::Gap);
        let mut parts = Parts { before: [far; LABEL_MAX + 1], after: [far; LABEL_MAX + 1], len };
        // Ends of words come in rising order, and those of one end longest first.
        let mut found: Vec<(u8, u8, Class, u32)> = Vec::with_capacity(32);
        if let Some(automaton) = &self.automaton {
            for hit in automaton.find_overlapping_iter(label) {
                let (class, cost) = unpack(hit.value());
                let place = |at: usize| u8::try_from(at).unwrap_or(0);
                found.push((place(hit.start()), place(hit.end()), class, cost));
            }
        }
        parts.go_forward(label, &found);
        found.sort_unstable_by_key(|(start, ..)| *start);
        parts.go_back(label, &found);
        parts
    }
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
