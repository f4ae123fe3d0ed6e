//! What is one edit away from a spelling, and how what is shown came from it.

use super::view::Folds;

/// From how many letters on a spelling is looked for with an edit in it. Shorter ones are a
/// letter away from everything.
const EDIT_LEN_MIN: usize = 5;
/// From how many letters on a letter may be missing: what is left must still be five long.
const OMISSION_LEN_MIN: usize = 6;

/// How a span came from its brand's spelling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Way {
    Exact,
    /// Letters replaced by some that look alike.
    Homoglyph,
    Repetition,
    Transposition,
    Omission,
    VowelSwap,
    Replacement,
    Insertion,
    TwoEdits,
}

impl Way {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Way::Exact => "exact",
            Way::Homoglyph => "homoglyph",
            Way::Repetition => "repetition",
            Way::Transposition => "transposition",
            Way::Omission => "omission",
            Way::VowelSwap => "vowel-swap",
            Way::Replacement => "replacement",
            Way::Insertion => "insertion",
            Way::TwoEdits => "two-edits",
        }
    }
}

/// The letters and digits that may stand in place of another, folded.
#[derive(Clone, Debug, Default)]
pub(super) struct Alphabet {
    letters: Vec<u8>,
    /// A bit for each octet that is one of them.
    bits: [u64; 4],
}

impl Alphabet {
    pub(super) fn new(folds: &Folds) -> Alphabet {
        let mut letters: Vec<u8> = (b'a'..=b'z').chain(b'0'..=b'9').map(|c| folds.of(c)).collect();
        letters.sort_unstable();
        letters.dedup();
        let mut bits = [0; 4];
        for letter in &letters {
            if let Some(word) = bits.get_mut(usize::from(letter >> 6)) {
                *word |= 1 << (letter & 63);
            }
        }
        Alphabet { letters, bits }
    }

    pub(super) const fn len(&self) -> usize {
        self.letters.len()
    }

    fn has(&self, octet: u8) -> bool {
        self.bits.get(usize::from(octet >> 6)).is_some_and(|word| word & 1 << (octet & 63) != 0)
    }
}

/// Give the spelling and everything one edit away from it. A letter before or behind it is none:
/// the spelling itself is found there.
pub(super) fn each_variant(text: &[u8], alphabet: &Alphabet, each: &mut impl FnMut(&[u8])) {
    each(text);
    if text.len() < EDIT_LEN_MIN {
        return;
    }
    let letters = &alphabet.letters;
    let mut variant: Vec<u8> = Vec::with_capacity(text.len().saturating_add(1));
    for (at, own) in text.iter().enumerate() {
        let (head, tail) = text.split_at_checked(at).unwrap_or((text, &[]));
        let rest = tail.get(1..).unwrap_or_default();
        let mut give = |parts: &[&[u8]]| {
            variant.clear();
            parts.iter().for_each(|part| variant.extend_from_slice(part));
            each(&variant);
        };
        if text.len() >= OMISSION_LEN_MIN {
            give(&[head, rest]);
        }
        for letter in letters.iter().filter(|letter| *letter != own) {
            give(&[head, &[*letter], rest]);
        }
        if at > 0 {
            for letter in letters {
                give(&[head, &[*letter], tail]);
            }
        }
        if let Some((next, rest)) = rest.split_first().filter(|(next, _)| *next != own) {
            give(&[head, &[*next, *own], rest]);
        }
    }
}

/// Whether [`each_variant`] gives a folded text for a spelling.
pub(super) fn is_variant(seen: &[u8], spelling: &[u8], alphabet: &Alphabet) -> bool {
    let len = spelling.len();
    let head = seen.iter().zip(spelling).take_while(|(one, other)| one == other).count();
    if head == len && seen.len() == len {
        return true;
    }
    if len < EDIT_LEN_MIN {
        return false;
    }
    let back = seen.iter().rev().zip(spelling.iter().rev());
    let tail = back.take_while(|(one, other)| one == other).count();
    if seen.len() == len {
        let rest = len.saturating_sub(head).saturating_sub(tail);
        let swapped = || {
            let (one, other) = (seen.get(head..), spelling.get(head..));
            matches!((one, other), (Some([a, b, ..]), Some([c, d, ..])) if a == d && b == c)
        };
        return match rest {
            1 => seen.get(head).is_some_and(|octet| alphabet.has(*octet)),
            2 => swapped(),
            _ => false,
        };
    }
    if seen.len() == len.saturating_add(1) {
        // The letter too many stands behind the first one and before the last one.
        let from = len.saturating_sub(tail).max(1);
        let to = head.min(len.saturating_sub(1));
        return from <= to && seen.get(from).is_some_and(|octet| alphabet.has(*octet));
    }
    let shorter = seen.len().saturating_add(1) == len && len >= OMISSION_LEN_MIN;
    shorter && head.saturating_add(tail) >= seen.len()
}

/// How what is shown came from the spelling; `None` when it is further than one edit away.
pub(super) fn tell(shown: &[u8], spelling: &[u8], folds: &Folds) -> Option<(Way, u8)> {
    let mut letters = [0u8; 64];
    let mut len = 0usize;
    let plain = shown.iter().filter(|octet| !matches!(octet, b'-' | b'.'));
    for (place, octet) in letters.iter_mut().zip(plain) {
        *place = *octet;
        len = len.saturating_add(1);
    }
    let seen = letters.get(..len)?;
    let same = |one: &u8, other: &u8| folds.of(*one) == folds.of(*other);
    let head = seen.iter().zip(spelling).take_while(|(one, other)| same(one, other)).count();
    let back = seen.iter().rev().zip(spelling.iter().rev());
    let tail = back.take_while(|(one, other)| same(one, other)).count();
    if seen.len() == spelling.len() {
        if head == spelling.len() {
            let changed = seen.iter().zip(spelling).filter(|(one, other)| one != other).count();
            let changed = u8::try_from(changed).unwrap_or(u8::MAX);
            return Some(if changed == 0 { (Way::Exact, 0) } else { (Way::Homoglyph, changed) });
        }
        let (one, other) = (seen.get(head)?, spelling.get(head)?);
        let next = head.saturating_add(1);
        if head.saturating_add(tail).saturating_add(1) >= spelling.len() {
            let vowels = is_vowel(*one) && is_vowel(*other);
            let looks = looks_like(*one, *other);
            return Some(match (vowels, looks) {
                (_, true) => (Way::Homoglyph, 1),
                (true, false) => (Way::VowelSwap, 1),
                (false, false) => (Way::Replacement, 1),
            });
        }
        let swapped = seen.get(next).zip(spelling.get(next));
        let swapped = swapped.is_some_and(|(a, b)| same(one, b) && same(a, other));
        return (swapped && head.saturating_add(tail).saturating_add(2) >= spelling.len())
            .then_some((Way::Transposition, 1));
    }
    if seen.len() == spelling.len().saturating_add(1) {
        if head.saturating_add(tail) < spelling.len() {
            return None;
        }
        let extra = seen.get(head)?;
        let twin = head.checked_sub(1).and_then(|before| seen.get(before));
        let after = seen.get(head.saturating_add(1));
        let twice = twin.is_some_and(|twin| same(twin, extra));
        let twice = twice || after.is_some_and(|after| same(after, extra));
        return Some((if twice { Way::Repetition } else { Way::Insertion }, 1));
    }
    let shorter = seen.len().saturating_add(1) == spelling.len();
    (shorter && head.saturating_add(tail) >= seen.len()).then_some((Way::Omission, 1))
}

const fn is_vowel(octet: u8) -> bool {
    matches!(octet, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// Single letters that look alike without being read as one.
const fn looks_like(one: u8, other: u8) -> bool {
    matches!(
        (one, other),
        (b'm', b'n')
            | (b'n', b'm')
            | (b'n', b'r')
            | (b'u', b'v')
            | (b'v', b'u')
            | (b'v', b'y')
            | (b'y', b'v')
            | (b'w', b'v')
            | (b'c', b'e')
            | (b'e', b'c')
            | (b'b', b'd')
            | (b'd', b'b')
            | (b'g', b'q')
            | (b'q', b'g')
            | (b'k', b'x')
            | (b'f', b't')
            | (b'j', b'i')
            | (b'h', b'b')
            | (b'6', b'b')
    )
}
