//! A name as it looks: in ASCII whatever its script, without hyphens, letters that look alike read
//! as one.

use idna::punycode;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::vocabulary::Vocabulary;

/// The most octets of a name that are looked at (RFC 1035 §2.3.4).
pub(super) const LEN_MAX: usize = model::DomainName::LEN_MAX;

/// What each octet is read as when letters that look alike are one.
#[derive(Clone, Debug)]
pub(super) struct Folds([u8; 256]);

impl Folds {
    pub(super) fn new(vocabulary: &Vocabulary) -> Folds {
        let mut table = [0u8; 256];
        for (octet, place) in (0u8..=255).zip(&mut table) {
            *place = octet.to_ascii_lowercase();
        }
        for (from, to) in &vocabulary.folds {
            if let Some(place) = table.get_mut(usize::from(*from)) {
                *place = *to;
            }
        }
        Folds(table)
    }

    pub(super) fn of(&self, octet: u8) -> u8 {
        self.0.get(usize::from(octet)).copied().unwrap_or(octet)
    }
}

impl Default for Folds {
    fn default() -> Folds {
        Folds::new(&Vocabulary::default())
    }
}

/// A name's letters without hyphens and dots, folded, and where each stands in the name.
#[derive(Debug)]
pub(super) struct View {
    octets: [u8; LEN_MAX],
    origin: [u8; LEN_MAX],
    len: usize,
}

impl View {
    pub(super) const fn new() -> View {
        View { octets: [0; LEN_MAX], origin: [0; LEN_MAX], len: 0 }
    }

    /// Look at `name` up to `end`.
    pub(super) fn fill(&mut self, name: &str, end: usize, folds: &Folds) {
        self.len = 0;
        let octets = name.as_bytes().iter().take(end.min(LEN_MAX));
        let mut places = self.octets.iter_mut().zip(&mut self.origin);
        for (at, octet) in (0u8..).zip(octets) {
            if matches!(octet, b'-' | b'.') {
                continue;
            }
            if let Some((place, origin)) = places.next() {
                *place = folds.of(*octet);
                *origin = at;
                self.len = self.len.saturating_add(1);
            }
        }
    }

    /// Read pairs of letters as the letter that they look like. `false`: there are none.
    pub(super) fn read_pairs(&mut self, pairs: &[([u8; 2], u8)], folds: &Folds) -> bool {
        let mut changed = false;
        let (mut from, mut to) = (0usize, 0usize);
        while let Some(&first) = self.octets().get(from) {
            let origin = self.origin.get(from).copied().unwrap_or(0);
            let next = from.saturating_add(1);
            let second = self.octets().get(next).copied();
            let looks = second.and_then(|second| {
                let fits =
                    |pair: &&([u8; 2], u8)| pair.0.map(|octet| folds.of(octet)) == [first, second];
                pairs.iter().find(fits).map(|(_, like)| folds.of(*like))
            });
            changed |= looks.is_some();
            if let (Some(place), Some(old)) = (self.octets.get_mut(to), self.origin.get_mut(to)) {
                *place = looks.unwrap_or(first);
                *old = origin;
            }
            to = to.saturating_add(1);
            from = if looks.is_some() { next.saturating_add(1) } else { next };
        }
        if changed {
            self.len = to;
        }
        changed
    }

    pub(super) fn octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    /// Where in the name the letter at `at` stands; behind the last one, the octet after it.
    pub(super) fn place(&self, at: usize, end: usize) -> usize {
        if at >= self.len {
            return end;
        }
        self.origin.get(at).map_or(end, |place| usize::from(*place))
    }
}

/// The name with its A-labels (RFC 5890 §2.3.2.1) as the ASCII that they look like; `None` when it
/// has none. A label that is no Punycode stays as it is: what a browser refuses to show may still
/// be meant to be read.
pub(super) fn unveil(name: &str, vocabulary: &Vocabulary) -> Option<String> {
    if !name.split('.').any(|label| label.starts_with("xn--")) {
        return None;
    }
    let mut out = String::with_capacity(name.len());
    for (number, label) in name.split('.').enumerate() {
        if number > 0 {
            out.push('.');
        }
        match label.strip_prefix("xn--").and_then(punycode::decode_to_string) {
            Some(text) => out.push_str(&looks(&text, vocabulary)),
            None => out.push_str(label),
        }
    }
    out.truncate(out.floor_char_boundary(LEN_MAX));
    Some(out)
}

/// The ASCII that a text looks like. Letters that look like none part words, as hyphens do.
fn looks(text: &str, vocabulary: &Vocabulary) -> String {
    let mut out = String::with_capacity(text.len());
    let lower = text.chars().flat_map(char::to_lowercase);
    let parts = lower.nfkd().filter(|c| !is_combining_mark(*c)).take(LEN_MAX);
    for c in parts {
        if c.is_ascii() {
            out.push(if c.is_ascii_alphanumeric() { c } else { '-' });
            continue;
        }
        if let Some(like) = vocabulary.confusables.get(&c) {
            out.push_str(like);
            continue;
        }
        // UTS 39 §4: the skeleton, whose letters may be upper case.
        let mut single = [0u8; 4];
        let skeleton = unicode_security::skeleton(c.encode_utf8(&mut single));
        let ascii: String =
            skeleton.filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        out.push_str(if ascii.is_empty() { "-" } else { &ascii });
    }
    out
}
