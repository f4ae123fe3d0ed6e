//! The lists of a TLS client's hello, and the texts that its fingerprints are hashes of.

use std::sync::Arc;

use crate::{Ja3, Ja4};

/// The extensions that JA4's second hash leaves out: its head tells of them.
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// The lists of a hello that its fingerprints are made of, GREASE left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HelloLists {
    /// The version field.
    version: u16,
    /// What stands before JA4's first hash.
    head: [u8; 10],
    /// All lists, one behind the other.
    numbers: Vec<u16>,
    /// Where each of them ends.
    ends: [usize; 5],
    /// How many were added.
    lists: usize,
}

impl HelloLists {
    /// The lists of a hello with that version field; none yet, of about `len` numbers in all.
    #[must_use]
    pub fn new(version: u16, len: usize) -> HelloLists {
        let numbers = Vec::with_capacity(len);
        HelloLists { version, head: [b'0'; 10], numbers, ends: [0; 5], lists: 0 }
    }

    /// Add the next list; how many numbers it has. In turn: cipher suites, extensions, groups, point
    /// formats, signature algorithms; what is not added is empty, a sixth list is passed over.
    pub fn add(&mut self, numbers: impl Iterator<Item = u16>) -> usize {
        let begin = self.numbers.len();
        if self.lists < self.ends.len() {
            self.numbers.extend(numbers);
        }
        let end = self.numbers.len();
        for place in self.ends.iter_mut().skip(self.lists) {
            *place = end;
        }
        self.lists += 1;
        end - begin
    }

    /// Both fingerprints; `head`, in ASCII, is what stands before JA4's first hash.
    #[must_use]
    pub fn prints(mut self, head: [u8; 10]) -> (Ja3, Ja4) {
        self.head = head;
        let lists = Arc::new(self);
        (Ja3::made_of(Arc::clone(&lists)), Ja4::made_of(lists))
    }

    /// What stands before JA4's first hash.
    pub(crate) fn head(&self) -> &str {
        str::from_utf8(&self.head).unwrap_or_default()
    }

    /// All numbers.
    pub(crate) fn numbers(&self) -> &[u16] {
        &self.numbers
    }

    fn lists(&self) -> [&[u16]; 5] {
        let mut from = 0;
        self.ends.map(|to| {
            let list = self.numbers.get(from..to).unwrap_or_default();
            from = to;
            list
        })
    }

    /// `version,ciphers,extensions,groups,formats`, numbers in decimal with dashes between.
    pub(crate) fn ja3(&self) -> String {
        let mut text = Vec::with_capacity(512);
        push_dashed(&mut text, std::iter::once(self.version));
        let [lists @ .., _] = self.lists();
        for list in lists {
            text.push(b',');
            push_dashed(&mut text, list.iter().copied());
        }
        written(text)
    }

    /// The raw form: a head, then lists of hexadecimal numbers.
    pub(crate) fn ja4(&self) -> String {
        let [ciphers, extensions, _, _, signatures] = self.lists();
        let mut text = Vec::with_capacity(512);
        text.extend_from_slice(&self.head);
        text.push(b'_');
        let mut sorted = ciphers.to_vec();
        sorted.sort_unstable();
        push_commas(&mut text, sorted.iter().copied());
        text.push(b'_');
        sorted.clear();
        let kept = |kind: &&u16| !matches!(**kind, SERVER_NAME | ALPN);
        sorted.extend(extensions.iter().filter(kept));
        sorted.sort_unstable();
        push_commas(&mut text, sorted.iter().copied());
        if !signatures.is_empty() && !sorted.is_empty() {
            text.push(b'_');
            push_commas(&mut text, signatures.iter().copied());
        }
        written(text)
    }
}

/// A fingerprint's letters, all of which are ASCII.
fn written(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap_or_default()
}

/// Write numbers in decimal with dashes between. Whole words are written, of which the next number
/// covers what it does not need: so no number's length is copied by.
fn push_dashed(text: &mut Vec<u8>, numbers: impl Iterator<Item = u16>) {
    let begins = text.len();
    let most = numbers.size_hint().1.unwrap_or_default();
    text.resize(begins.saturating_add(most.saturating_mul(6)).saturating_add(2), 0);
    let mut end = begins;
    for number in numbers {
        let (word, len) = dashed(number);
        if let Some(place) = text.get_mut(end..).and_then(|place| place.first_chunk_mut()) {
            *place = word;
            end = end.saturating_add(len);
        }
    }
    // The last dash.
    text.truncate(end.saturating_sub(1).max(begins));
}

/// A number in decimal, a dash behind it, and how many octets both take: 2 to 6.
#[inline]
fn dashed(number: u16) -> ([u8; 8], usize) {
    let [a, b, c, d] = [number / 10_000, number / 1000 % 10, number / 100 % 10, number / 10 % 10];
    let digit = |value: u16| value.to_le_bytes()[0] + b'0';
    let word = [digit(a), digit(b), digit(c), digit(d), digit(number % 10), b'-', 0, 0];
    let two = usize::from(number >= 10) + usize::from(number >= 100);
    let four = usize::from(number >= 1000) + usize::from(number >= 10_000);
    let len = 2 + two + four;
    // Without the zeros before it: its first octet is the word's lowest.
    let word = u64::from_le_bytes(word) >> (8 * (6 - len));
    (word.to_le_bytes(), len)
}

/// Write numbers in four hexadecimal digits with commas between.
fn push_commas(text: &mut Vec<u8>, numbers: impl Iterator<Item = u16>) {
    let begins = text.len();
    let most = numbers.size_hint().1.unwrap_or_default();
    text.resize(begins.saturating_add(most.saturating_mul(5)), 0);
    let mut end = begins;
    let (places, _) = text.get_mut(begins..).unwrap_or_default().as_chunks_mut::<5>();
    for (place, number) in places.iter_mut().zip(numbers) {
        let [high, low] = number.to_be_bytes();
        let ([a, b], [c, d]) = (hex(high), hex(low));
        *place = [a, b, c, d, b','];
        end = end.saturating_add(place.len());
    }
    // The last comma.
    text.truncate(end.saturating_sub(1).max(begins));
}

#[inline]
fn hex(octet: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    [digit(octet >> 4), digit(octet & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_text() {
        for number in 0..=u16::MAX {
            let (word, len) = dashed(number);
            assert_eq!(&word[..len], format!("{number}-").as_bytes());
            let mut text = b"a".to_vec();
            push_commas(&mut text, [number, 7].into_iter());
            assert_eq!(text, format!("a{number:04x},0007").as_bytes());
        }
        let mut text = b"a".to_vec();
        push_commas(&mut text, std::iter::empty());
        push_dashed(&mut text, std::iter::empty());
        push_dashed(&mut text, [1, 23, 45678].into_iter());
        assert_eq!(text, b"a1-23-45678");
    }
}
