//! Where in a name a brand stands, to the letter or nearly, at a cost that does not grow with the
//! brands.

use super::brand::Nature;
use super::near::Near;
use super::variants::{Alphabet, Way, tell};
use super::view::{Folds, View};

/// From how many letters on a coined spelling is looked for with two edits.
const TWO_EDITS_LEN_MIN: usize = 9;

/// Places of a name that are weighed, in each of two readings.
///
/// - Why so many: a name that imitates shows its brand once; overlapping edits find it ten times.
/// - What it costs: a few hundred nanoseconds each.
/// - At the bound: places further from the registered label's end are not weighed, unless they are a
///   brand to the letter.
const SPANS_MAX: usize = 6;

/// Places of one spelling among them that are not it to the letter.
///
/// - Why so many: overlapping edits of one place.
/// - What it costs: as above.
/// - At the bound: further ones are not weighed; `ample` five times hides no other brand.
const SPANS_OF_ONE_MAX: usize = 3;

/// Places besides, for brands to the letter.
///
/// - Why so many: with those above, more words that hold a brand than a label has room for.
/// - What it costs: as above.
/// - At the bound: further ones are not weighed.
const SPANS_WHOLE_MAX: usize = 4;

/// A spelling of a brand.
#[derive(Debug)]
pub(super) struct Spelling {
    pub(super) brand: u16,
    pub(super) nature: Nature,
    /// Whether it is a vendor of remote access, and no word of the language.
    pub(super) remote: bool,
    pub(super) text: Box<[u8]>,
    folded: Box<[u8]>,
}

/// A spelling as it is given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) brand: u16,
    pub(super) nature: Nature,
    pub(super) remote: bool,
    pub(super) text: Box<str>,
}

/// A place in a name that is a brand, or nearly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    /// Octets of the name.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Number of the spelling.
    pub(super) spelling: u16,
    pub(super) way: Way,
    pub(super) distance: u8,
}

/// All spellings, to be found.
#[derive(Default)]
pub(super) struct Spans {
    near: Near,
    /// Words without which no label has the shape of a help desk, folded, by their first letter.
    triggers: Vec<Vec<Box<[u8]>>>,
    spellings: Vec<Spelling>,
    /// Spellings looked for with two edits, by the length of the words that can be meant to be
    /// them.
    long: Vec<Long>,
}

/// Spellings by the letter that they begin with and by the one that they end with, each list in the
/// order of their numbers.
#[derive(Debug)]
struct Long {
    by_first: Vec<Vec<Far>>,
    by_last: Vec<Vec<Far>>,
}

impl std::fmt::Debug for Spans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spans").field("spellings", &self.spellings.len()).finish_non_exhaustive()
    }
}

impl Spans {
    /// Spellings with the number of their brand.
    pub(super) fn new<'w>(
        given: Vec<Given>,
        triggers: impl Iterator<Item = &'w str>,
        folds: &Folds,
    ) -> Spans {
        let letters = given.iter().map(|one| one.text.len()).sum();
        let near = Near::new(Alphabet::new(folds), letters);
        let mut spans = Spans { near, triggers: by_letter(), ..Spans::default() };
        for (number, Given { brand, nature, remote, text }) in (0u16..).zip(given) {
            let text = text.into_boxed_bytes();
            let folded: Box<[u8]> = text.iter().map(|octet| folds.of(*octet)).collect();
            spans.near.add(&folded, number);
            if nature == Nature::Coined && folded.len() >= TWO_EDITS_LEN_MIN {
                spans.add_far(&folded, number);
            }
            spans.spellings.push(Spelling { brand, nature, remote, text, folded });
        }
        for word in triggers {
            let folded: Box<[u8]> = word.bytes().map(|octet| folds.of(octet)).collect();
            let first = folded.first().copied().unwrap_or_default();
            if let Some(words) = spans.triggers.get_mut(letter_place(first)) {
                words.push(folded);
            }
        }
        spans
    }

    fn add_far(&mut self, folded: &[u8], spelling: u16) {
        let letters = folded.iter().fold(0, |all, octet| all | letter_bit(*octet));
        let first = folded.first().copied().unwrap_or_default();
        let last = folded.last().copied().unwrap_or_default();
        let far = Far { letters, first, last, spelling };
        let lens = folded.len().saturating_sub(2)..=folded.len().saturating_add(2);
        for len in lens.filter(|len| *len <= FAR_MAX) {
            if self.long.len() <= len {
                let none = || Long { by_first: by_letter(), by_last: by_letter() };
                self.long.resize_with(len.saturating_add(1), none);
            }
            let Some(long) = self.long.get_mut(len) else { continue };
            let lists = [(&mut long.by_first, far.first), (&mut long.by_last, far.last)];
            for (list, letter) in lists {
                if let Some(list) = list.get_mut(letter_place(letter)) {
                    list.push(far);
                }
            }
        }
    }

    pub(super) fn spelling(&self, number: u16) -> Option<&Spelling> {
        self.spellings.get(usize::from(number))
    }

    /// Whether a trigger stands in what `view` is filled with.
    pub(super) fn triggered(&self, view: &View) -> bool {
        let text = view.octets();
        text.iter().enumerate().any(|(at, octet)| {
            let words = self.triggers.get(letter_place(*octet)).map_or(&[][..], Vec::as_slice);
            let rest = text.get(at..).unwrap_or_default();
            words.iter().any(|word| rest.starts_with(word))
        })
    }

    /// Every place of `name`, up to `end`, that is a brand or nearly. `view` is filled with it.
    pub(super) fn find(
        &self,
        name: &str,
        end: usize,
        view: &View,
        folds: &Folds,
        exact: bool,
        out: &mut Vec<Span>,
    ) {
        let mut hits: Vec<(usize, usize, u16)> = Vec::new();
        let folded = |number| self.spelling(number).map(|spelling| &*spelling.folded);
        self.near.find(view.octets(), folded, |from, to, number| hits.push((to, from, number)));
        hits.sort_unstable();
        // From the end: what somebody registered stands there, and no host's labels before it can
        // use up the places.
        let first = out.len();
        for (to, from, number) in hits.into_iter().rev() {
            let held = out.get(first..).unwrap_or_default();
            if held.len() >= SPANS_MAX.saturating_add(SPANS_WHOLE_MAX) {
                break;
            }
            let Some(spelling) = self.spelling(number) else { continue };
            let whole = view.octets().get(from..to) == Some(&*spelling.folded);
            let of_one = || held.iter().filter(|span| span.spelling == number).count();
            if !whole && (held.len() >= SPANS_MAX || of_one() >= SPANS_OF_ONE_MAX) {
                continue;
            }
            let start = view.place(from, end);
            let told = if exact {
                let stop = view.place(to, end).min(end);
                let seen = view.octets().get(from..to).unwrap_or_default();
                tell_pair(name, (start, stop), seen, spelling).map(|told| (stop, told))
            } else {
                let stop = view.place(to.saturating_sub(1), end).saturating_add(1);
                let shown = name.as_bytes().get(start..stop).unwrap_or_default();
                let told = tell(shown, &spelling.text, folds);
                told.filter(|(way, _)| {
                    *way != Way::Omission || !swallowed(name, start, stop, spelling)
                })
                .map(|told| (stop, told))
            };
            let Some((stop, (way, distance))) = told else { continue };
            let span = Span { start, end: stop, spelling: number, way, distance };
            // Overlapping edits of one spelling may both be of use: `anydeskk` is a brand with a
            // letter behind it, and a brand with a letter twice. What is equal is kept once.
            if !out.contains(&span) {
                out.push(span);
            }
        }
    }

    /// Words of the name that are two edits away from a long brand: whole labels, and what hyphens
    /// part of them.
    pub(super) fn find_far(&self, name: &str, end: usize, folds: &Folds, out: &mut Vec<Span>) {
        let octets = name.as_bytes().get(..end).unwrap_or_default();
        // Where the last two labels begin: what somebody registered is one of them, but for few.
        let mut dots = octets.iter().enumerate().rev().filter(|(_, octet)| **octet == b'.');
        let tail = dots.nth(1).map_or(0, |(dot, _)| dot.saturating_add(1));
        let (mut label, mut word, mut hyphens) = (0usize, 0usize, 0usize);
        for (at, octet) in octets.iter().enumerate() {
            if !matches!(octet, b'.' | b'-') {
                continue;
            }
            self.find_far_word(name, (word, at), (0, tail), folds, out);
            word = at.saturating_add(1);
            hyphens = hyphens.saturating_add(usize::from(*octet == b'-'));
            if *octet == b'.' {
                if hyphens > 0 {
                    self.find_far_word(name, (label, at), (hyphens, tail), folds, out);
                }
                (label, hyphens) = (word, 0);
            }
        }
        self.find_far_word(name, (word, end), (0, tail), folds, out);
        if hyphens > 0 {
            self.find_far_word(name, (label, end), (hyphens, tail), folds, out);
        }
    }

    fn find_far_word(
        &self,
        name: &str,
        (start, end): (usize, usize),
        (hyphens, tail): (usize, usize),
        folds: &Folds,
        out: &mut Vec<Span>,
    ) {
        let len = end.saturating_sub(start).saturating_sub(hyphens);
        let Some(long) = self.long.get(len) else { return };
        let text = name.as_bytes().get(start..end).unwrap_or_default();
        let (Some(first), Some(last)) = (text.first(), text.last()) else { return };
        let (first, last) = (folds.of(*first), folds.of(*last));
        let plain = text.iter().filter(|octet| **octet != b'-');
        let mut letters: Option<u64> = None;
        // Who imitates leaves the first letter or the last one as it is.
        for far in long.either(first, last) {
            let letters = *letters.get_or_insert_with(|| {
                let bits = plain.clone().map(|octet| letter_bit(folds.of(*octet)));
                bits.fold(0, |all, bit| all | bit)
            });
            let apart = (far.letters & !letters).count_ones() > 2
                || (letters & !far.letters).count_ones() > 2;
            if apart {
                continue;
            }
            // Of a word near the end only places near the end count: no label before it hides it.
            let counted = out.iter().filter(|span| start < tail || span.start >= tail);
            if counted.count() >= FAR_SPANS_MAX {
                return;
            }
            let Some(spelling) = self.spelling(far.spelling) else { continue };
            let seen: String = plain.clone().map(|octet| char::from(folds.of(*octet))).collect();
            if strsim::osa_distance(&seen, &String::from_utf8_lossy(&spelling.folded)) == 2 {
                let (spelling, way) = (far.spelling, Way::TwoEdits);
                out.push(Span { start, end, spelling, way, distance: 2 });
            }
        }
    }
}

impl Long {
    /// The spellings that begin with the one letter or end with the other, by their numbers.
    fn either(&self, first: u8, last: u8) -> impl Iterator<Item = &Far> {
        let begin = self.by_first.get(letter_place(first)).into_iter().flatten();
        let end = self.by_last.get(letter_place(last)).into_iter().flatten();
        let mut begin = begin.filter(move |far| far.first == first);
        let mut end = end.filter(move |far| far.last == last);
        let (mut one, mut other) = (begin.next(), end.next());
        std::iter::from_fn(move || {
            let number = |far: Option<&Far>| far.map_or(u32::MAX, |far| u32::from(far.spelling));
            let next = if number(one) <= number(other) { one } else { other }?;
            if number(one) == u32::from(next.spelling) {
                one = begin.next();
            }
            if number(other) == u32::from(next.spelling) {
                other = end.next();
            }
            Some(next)
        })
    }
}

/// A list for each letter.
fn by_letter<T>() -> Vec<Vec<T>> {
    std::iter::repeat_with(Vec::new).take(64).collect()
}

/// Where the list of a letter or a digit is; a few share theirs.
fn letter_place(octet: u8) -> usize {
    usize::from(octet & 63)
}

/// A spelling that is looked for with two edits, and what tells at a glance that a word is not it.
#[derive(Clone, Copy, Debug)]
struct Far {
    letters: u64,
    first: u8,
    last: u8,
    spelling: u16,
}

/// With so many places found already, words are no longer compared with two edits.
const FAR_SPANS_MAX: usize = 6;

/// Words of more letters are not compared with two edits.
const FAR_MAX: usize = 24;

/// A spelling that is shown with two letters in place of one that they look like.
fn tell_pair(
    name: &str,
    (start, end): (usize, usize),
    seen: &[u8],
    spelling: &Spelling,
) -> Option<(Way, u8)> {
    let shown = name.as_bytes().get(start..end)?;
    let letters = shown.iter().filter(|octet| octet.is_ascii_alphanumeric()).count();
    // The pair must stand in the brand, not beside it.
    (seen == &*spelling.folded && letters > spelling.text.len()).then_some((Way::Homoglyph, 1))
}

/// Whether the missing letter is the first or the last one, and another stands in its place: then
/// it is no omission, `cafe` in `securecafe3` is no brand of more letters.
fn swallowed(name: &str, start: usize, end: usize, spelling: &Spelling) -> bool {
    let letter = |at: Option<usize>| {
        at.and_then(|at| name.as_bytes().get(at)).is_some_and(u8::is_ascii_alphanumeric)
    };
    let mut seen = name.get(start..end).unwrap_or_default().bytes().filter(|c| *c != b'-');
    let (seen_first, seen_last) = (seen.clone().next(), seen.next_back());
    let own = &spelling.text;
    let lost_first = seen_first != own.first().copied() && seen_first == own.get(1).copied();
    let lost_last = seen_last != own.last().copied();
    (lost_first && letter(start.checked_sub(1))) || (lost_last && letter(Some(end)))
}

/// A bit for a letter or a digit.
const fn letter_bit(octet: u8) -> u64 {
    1 << (octet & 63)
}
