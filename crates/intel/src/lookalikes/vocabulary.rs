//! The vocabulary of names that lie, as its file tells it: words, endings, letters that look alike.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::sheet::{self, Complaints, Placed, Sheet, shown};

/// What a word says beside a brand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Class {
    /// A help desk speaks so.
    Help,
    /// With digits or round the clock it speaks of a page to log in on.
    Stem,
    /// What a victim is to do, or what is at stake.
    Access,
    /// Nothing.
    Glue,
    /// Honest dealers and partners say it of a brand too.
    Trade,
    /// The clock round.
    Around,
    /// A stem that is a machine of the campaign with two digits behind it.
    Machine,
    /// A word of the language.
    Plain,
    /// Another's name: a company a letter away, or a word that holds a brand's letters by chance.
    Other,
}

impl Class {
    /// Every class, each at its own number.
    const ALL: [Class; 9] = [
        Class::Help,
        Class::Stem,
        Class::Access,
        Class::Glue,
        Class::Trade,
        Class::Around,
        Class::Machine,
        Class::Plain,
        Class::Other,
    ];

    /// The class of a number; of one that no class has, a word of the language.
    pub(super) fn numbered(number: u32) -> Class {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        Class::ALL.get(place).copied().unwrap_or(Class::Plain)
    }

    /// The class as it stands behind a word in an explanation.
    pub(super) const fn remark(self) -> &'static str {
        match self {
            Class::Help => " (help)",
            Class::Stem => " (stem)",
            Class::Access => " (access)",
            Class::Glue => " (glue)",
            Class::Trade => " (trade)",
            Class::Around => " (around)",
            Class::Machine => " (machine)",
            Class::Plain => " (word)",
            Class::Other => " (another's)",
        }
    }
}

const CLASSES: [(&str, Class); 7] = [
    ("help", Class::Help),
    ("stem", Class::Stem),
    ("access", Class::Access),
    ("glue", Class::Glue),
    ("trade", Class::Trade),
    ("around", Class::Around),
    ("machine", Class::Machine),
];

/// What an ending says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Ending {
    /// The campaign's; cheap too.
    Tight,
    /// It costs little and is abused much.
    Cheap,
    /// It was seen in the campaign, but is honest mostly.
    Used,
    /// It speaks like a help desk; it is cheap too.
    Help,
}

const ENDINGS: [(&str, Ending); 4] = [
    ("tight", Ending::Tight),
    ("cheap", Ending::Cheap),
    ("used", Ending::Used),
    ("help", Ending::Help),
];

/// The vocabulary.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// The newest day on which one of its entries was checked; `-` without entries.
    pub(super) version: Arc<str>,
    pub(super) words: Vec<(Box<str>, Class)>,
    pub(super) endings: HashMap<Box<str>, Ending, RandomState>,
    pub(super) carriers: HashSet<Box<str>, RandomState>,
    /// What each octet is read as.
    pub(super) folds: Vec<(u8, u8)>,
    pub(super) pairs: Vec<([u8; 2], u8)>,
    pub(super) confusables: HashMap<char, Box<str>, RandomState>,
}

impl Ending {
    /// Whether a name under it costs next to nothing.
    pub(super) const fn is_cheap(self) -> bool {
        !matches!(self, Ending::Used)
    }
}

impl Default for Vocabulary {
    fn default() -> Vocabulary {
        Vocabulary {
            version: "-".into(),
            words: Vec::new(),
            endings: HashMap::default(),
            carriers: HashSet::default(),
            folds: Vec::new(),
            pairs: Vec::new(),
            confusables: HashMap::default(),
        }
    }
}

impl Vocabulary {
    /// Add what a file says.
    pub(super) fn read(&mut self, text: &str, complaints: &mut Complaints<'_>) {
        let table = sheet::parse(text, complaints);
        let top = Sheet::new(&table);
        top.only(&["words", "endings", "carriers", "folds", "pairs", "confusables"], complaints);
        for entry in top.sheets("words", complaints) {
            entry.only(&["class", "words", "source", "checked"], complaints);
            let Some(class) = entry.word("class", &CLASSES, None, complaints) else { continue };
            for word in self.sourced(&entry, "words", complaints) {
                if plain(word.value) {
                    self.words.push((word.value.into(), class));
                } else {
                    refuse(word, "write lower-case letters and digits, at most 63", complaints);
                }
            }
        }
        for entry in top.sheets("endings", complaints) {
            entry.only(&["class", "endings", "source", "checked"], complaints);
            let Some(class) = entry.word("class", &ENDINGS, None, complaints) else { continue };
            for ending in self.sourced(&entry, "endings", complaints) {
                self.endings.insert(ending.value.into(), class);
            }
        }
        for entry in top.sheets("carriers", complaints) {
            entry.only(&["names", "source", "checked"], complaints);
            for name in self.sourced(&entry, "names", complaints) {
                self.carriers.insert(name.value.into());
            }
        }
        self.read_letters(&top, complaints);
    }

    fn read_letters(&mut self, top: &Sheet<'_>, complaints: &mut Complaints<'_>) {
        for entry in top.sheets("folds", complaints) {
            entry.only(&["pairs", "source", "checked"], complaints);
            for pair in self.sourced(&entry, "pairs", complaints) {
                match pair.value.as_bytes() {
                    [from, to] if to.is_ascii_lowercase() => self.folds.push((*from, *to)),
                    _ => refuse(pair, "write the character and the letter: `0o`", complaints),
                }
            }
        }
        for entry in top.sheets("pairs", complaints) {
            entry.only(&["pairs", "source", "checked"], complaints);
            for pair in self.sourced(&entry, "pairs", complaints) {
                match pair.value.as_bytes() {
                    [one, two, b'=', to] => self.pairs.push(([*one, *two], *to)),
                    _ => refuse(pair, "write two letters, `=` and one: `rn=m`", complaints),
                }
            }
        }
        for entry in top.sheets("confusables", complaints) {
            entry.only(&["pairs", "source", "checked"], complaints);
            for pair in self.sourced(&entry, "pairs", complaints) {
                let mut parts = pair.value.splitn(2, '=');
                let from = parts.next().unwrap_or_default().chars().next();
                match (from, parts.next()) {
                    (Some(from), Some(to)) if plain(to) => {
                        self.confusables.insert(from, to.into());
                    }
                    _ => refuse(pair, "write a character, `=` and letters: `ø=o`", complaints),
                }
            }
        }
    }

    /// The texts under a key, of an entry that says who says so.
    fn sourced<'a>(
        &mut self,
        entry: &Sheet<'a>,
        key: &str,
        complaints: &mut Complaints<'_>,
    ) -> Vec<Placed<&'a str>> {
        let source = entry.needed_text("source", "who says so", complaints);
        let checked = entry.needed_date("checked", complaints);
        let texts = entry.texts(key, complaints).unwrap_or_default();
        let (Some(_), Some(checked)) = (source, checked) else { return Vec::new() };
        if self.version.as_ref() == "-" || *self.version < *checked.value {
            self.version = checked.value.into();
        }
        texts
    }

    /// The words without which no label has the shape of a help desk.
    pub(super) fn triggers(&self) -> impl Iterator<Item = &str> {
        let tells =
            |class| matches!(class, Class::Help | Class::Stem | Class::Around | Class::Machine);
        self.words.iter().filter(move |(_, class)| tells(*class)).map(|(word, _)| &**word)
    }

    /// What the ending of a registered name says; `suffix` is its public suffix.
    pub(super) fn ending(&self, suffix: &str) -> Option<Ending> {
        self.endings.get(suffix).copied()
    }
}

fn plain(word: &str) -> bool {
    let letter = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9');
    (1..=63).contains(&word.len()) && word.bytes().all(letter)
}

fn refuse(text: Placed<&str>, fix: &str, complaints: &mut Complaints<'_>) {
    complaints.at(text.offset, format!("`{}` cannot be used", shown(text.value)), fix);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_stands_at_its_number() {
        for (number, class) in (0u32..).zip(Class::ALL) {
            assert_eq!(class as u32, number);
            assert_eq!(Class::numbered(number), class);
        }
        assert!(Class::ALL.len() <= 16, "a class is packed into four bits");
    }
}
