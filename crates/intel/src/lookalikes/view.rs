//! A name as it looks: in ASCII whatever its script, without hyphens, letters that look alike read
//! as one.

use idna::punycode;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::vocabulary::Vocabulary;

/// The most octets of a name that are looked at (RFC 1035 §2.3.4).
pub(super) const LEN_MAX: usize = model::DomainName::LEN_MAX;

/// What each octet is read as when letters that look alike are one, and which two letters look like
/// another one.
#[derive(Clone, Debug)]
pub(super) struct Folds {
    table: [u8; 256],
    /// By the first letter of a pair, folded: a bit for each second one.
    firsts: [u32; 32],
    pairs: Vec<([u8; 2], u8)>,
}

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
        let mut folds = Folds { table, firsts: [0; 32], pairs: Vec::new() };
        for (pair, like) in &vocabulary.pairs {
            let pair @ [first, second] = pair.map(|octet| folds.of(octet));
            if let Some(seconds) = folds.firsts.get_mut(usize::from(first & 31)) {
                *seconds |= 1 << (second & 31);
            }
            folds.pairs.push((pair, folds.of(*like)));
        }
        folds
    }

    pub(super) fn of(&self, octet: u8) -> u8 {
        self.table.get(usize::from(octet)).copied().unwrap_or(octet)
    }

    /// Whether two folded octets may be a pair; seldom so when they are none.
    fn may_pair(&self, first: u8, second: u8) -> bool {
        let seconds = self.firsts.get(usize::from(first & 31)).copied().unwrap_or(0);
        seconds & (1 << (second & 31)) != 0
    }

    fn pair(&self, first: u8, second: u8) -> Option<u8> {
        if !self.may_pair(first, second) {
            return None;
        }
        let fits = |(pair, _): &&([u8; 2], u8)| *pair == [first, second];
        self.pairs.iter().find(fits).map(|(_, like)| *like)
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
    /// Whether two letters side by side may look like another one.
    paired: bool,
}

impl View {
    /// Look at `name` up to `end`.
    pub(super) fn new(name: &str, end: usize, folds: &Folds) -> View {
        let mut view = View { octets: [0; LEN_MAX], origin: [0; LEN_MAX], len: 0, paired: false };
        let octets = name.as_bytes().iter().take(end.min(LEN_MAX));
        let mut len = 0usize;
        let mut before = 0u8;
        let mut places = view.octets.iter_mut().zip(&mut view.origin);
        for (at, octet) in (0u8..).zip(octets) {
            if matches!(octet, b'-' | b'.') {
                continue;
            }
            let Some((place, origin)) = places.next() else { break };
            *place = folds.of(*octet);
            *origin = at;
            view.paired |= folds.may_pair(before, *place);
            before = *place;
            len = len.saturating_add(1);
        }
        view.len = len;
        view
    }

    /// Read pairs of letters as the letter that they look like. `false`: there are none.
    pub(super) fn read_pairs(&mut self, folds: &Folds) -> bool {
        if !self.paired {
            return false;
        }
        let mut changed = false;
        let (mut from, mut to) = (0usize, 0usize);
        while let Some(&first) = self.octets().get(from) {
            let origin = self.origin.get(from).copied().unwrap_or(0);
            let next = from.saturating_add(1);
            let second = self.octets().get(next).copied();
            let looks = second.and_then(|second| folds.pair(first, second));
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

/// The name with its A-labels (RFC 5890 §2.3.2.1), and labels of raw octets, as the ASCII that they
/// look like; `None` when it has none. A label that is no Punycode stays as it is: what a browser
/// refuses to show may still be meant to be read.
pub(super) fn unveil(name: &str, vocabulary: &Vocabulary) -> Option<String> {
    let raw = name.as_bytes().contains(&b'\\');
    // Nearly all names end here, so no search that first makes itself a table.
    let parted = name.as_bytes().windows(2).any(|at| at == b"--");
    let veiled = parted && (name.starts_with("xn--") || name.contains(".xn--"));
    if !raw && !veiled {
        return None;
    }
    let mut out = String::with_capacity(name.len());
    for (number, label) in name.split('.').enumerate() {
        if number > 0 {
            out.push('.');
        }
        let shown = match label.strip_prefix("xn--") {
            Some(code) => punycode::decode_to_string(code),
            None => Some(label).filter(|_| raw).and_then(unescape),
        };
        match shown {
            Some(text) => out.push_str(&looks(&text, vocabulary)),
            None => out.push_str(label),
        }
    }
    let kept = last(&out).len();
    Some(out.split_off(out.len().saturating_sub(kept)))
}

/// A label with its octets that are no ASCII (`\xNN`) read as UTF-8, as some programs send them;
/// `None` when it has none.
fn unescape(label: &str) -> Option<String> {
    let mut parts = label.split("\\x");
    let mut octets = parts.next().filter(|first| first.len() < label.len())?.as_bytes().to_vec();
    for part in parts {
        let octet = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        octets.extend(octet);
        let rest = if octet.is_some() { part.get(2..) } else { Some(part) };
        octets.extend_from_slice(rest.unwrap_or_default().as_bytes());
    }
    Some(String::from_utf8_lossy(&octets).into_owned())
}

/// The end of a name, as much as is looked at. Octets that are no letters are written as four, and
/// letters of other scripts may look like several, so that a text may be longer than the wire's
/// name; what somebody registered stands at its end, and no label before it hides it.
pub(super) fn last(name: &str) -> &str {
    let over = name.len().saturating_sub(LEN_MAX);
    name.get(name.ceil_char_boundary(over)..).unwrap_or_default()
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
