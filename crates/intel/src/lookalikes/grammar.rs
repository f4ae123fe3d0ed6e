//! Names that speak like a help desk and name no brand: `vhelp.info`, `247secure.us`, `win01.xyz`.

use super::vocabulary::{Class, Ending};
use super::words::{Part, Parts};

/// From here on a lure is worth an alert by its name alone.
pub(super) const ALERT: u8 = 60;
/// From here on it is noted.
pub(super) const NOTE: u8 = 40;

/// The fewest and the most letters and digits that a label of this kind has.
const LEN_MIN: usize = 3;
const LEN_MAX: usize = 24;

/// A shape that a label has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    pub(super) method: &'static str,
    pub(super) score: u8,
}

/// The shape of a registered label under an ending.
pub(super) fn shape(label: &[u8], parts: &Parts, ending: Ending) -> Option<Shape> {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric();
    let len = label.iter().filter(|octet| plain(octet)).count();
    if !(LEN_MIN..=LEN_MAX).contains(&len) {
        return None;
    }
    let cheap = ending.is_cheap();
    let tight = ending == Ending::Tight;
    let hyphen = label.contains(&b'-');
    let mut count = Count::default();
    for (from, to, part) in parts.all() {
        count.add(from, to, part);
        let digit = part == Part::Digits && count.digits == 1;
        count.zero_first |= digit && label.get(from) == Some(&b'0');
    }
    let Count { help, stem, around, machine, other, digits, letters, .. } = count;
    if other > 0 {
        return None;
    }
    let shorts = letters.saturating_add(digits);
    let told = |method, score| Some(Shape { method, score });
    match (help, stem, around, machine) {
        // A stem and a number of two digits that begins with 0: `win21` is a betting shop.
        (0, 0, 0, 1) if cheap && letters == 0 && digits == 2 && count.zero_first => {
            told("machine-number", 70)
        }
        (1.., _, 1.., _) if cheap && shorts <= 3 => told("help-around-the-clock", 75),
        (0, 1.., 1.., _) if shorts <= 2 => told("access-around-the-clock", 68),
        (2, 0, 0, 0) if cheap && shorts <= 2 => told("help-help", 65),
        (0, 1, 0, 0) if letters == 0 && !hyphen && (2..=4).contains(&digits) => {
            told("access-number", 64)
        }
        (1, 0, 0, 0) if cheap && letters == 0 && (2..=4).contains(&digits) => {
            told("help-number", 64)
        }
        (1, 0, 0, 0) if tight && !hyphen && count.begins_odd && (1..=4).contains(&shorts) => {
            told("short-help", 62)
        }
        (1, 0, 0, 0) if cheap && (1..=6).contains(&shorts) => told("help-short", 45),
        (0, 0, 0, 0) if ending == Ending::Help && (1..=6).contains(&shorts) => {
            told("short-ending", 42)
        }
        _ => None,
    }
}

/// What a label is made of.
#[derive(Default)]
struct Count {
    help: u32,
    stem: u32,
    around: u32,
    machine: u32,
    other: u32,
    digits: u32,
    letters: u32,
    /// Whether its first digit is a nought.
    zero_first: bool,
    /// Whether it begins with what is no word.
    begins_odd: bool,
}

impl Count {
    fn add(&mut self, from: usize, to: usize, part: Part) {
        let len = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
        let (count, by) = match part {
            Part::Word(Class::Help) => (&mut self.help, 1),
            Part::Word(Class::Stem) => (&mut self.stem, 1),
            Part::Word(Class::Around) => (&mut self.around, 1),
            Part::Word(Class::Machine) => (&mut self.machine, 1),
            Part::Digits => (&mut self.digits, 1),
            Part::Letter => (&mut self.letters, 1),
            // Two letters are an abbreviation, not a word.
            Part::Word(_) if len <= 2 => (&mut self.letters, len),
            Part::Word(_) => (&mut self.other, 1),
            Part::Gap => return,
        };
        *count = count.saturating_add(by);
        let odd = match part {
            Part::Digits | Part::Letter => true,
            Part::Word(class) => {
                len <= 2 && !matches!(class, Class::Help | Class::Stem | Class::Machine)
            }
            Part::Gap => false,
        };
        self.begins_odd |= from == 0 && odd;
    }
}
