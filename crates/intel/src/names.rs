//! Which rows stand at a name: one hash table over names, walked by the suffixes of what was seen.

use crate::chains::{Chains, Placed};
use crate::texts::Texts;

/// Who owns a name of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Owner {
    /// A row about this name alone.
    Exact(u32),
    /// A row about this name and all below it.
    Suffix(u32),
    /// A pattern that ends in this name.
    Pattern(u32),
    /// An indicator of a feed.
    Listed(u32),
    /// A group of the safety gate.
    Gate(u16),
}

/// The owner as a number: what it is above, which one below.
const NUMBER_BITS: u32 = 28;
const NUMBER_MAX: u32 = (1 << NUMBER_BITS) - 1;

impl Owner {
    fn code(self) -> Option<u32> {
        let (kind, number) = match self {
            Owner::Exact(row) => (0, row),
            Owner::Suffix(row) => (1, row),
            Owner::Pattern(number) => (2, number),
            Owner::Listed(number) => (3, number),
            Owner::Gate(group) => (4, u32::from(group)),
        };
        (number <= NUMBER_MAX).then_some(kind << NUMBER_BITS | number)
    }

    fn of(code: u32) -> Owner {
        let number = code & NUMBER_MAX;
        match code >> NUMBER_BITS {
            0 => Owner::Exact(number),
            1 => Owner::Suffix(number),
            2 => Owner::Pattern(number),
            3 => Owner::Listed(number),
            _ => Owner::Gate(u16::try_from(number).unwrap_or(u16::MAX)),
        }
    }
}

/// Names, each once, and their owners. A name costs 16 to 24 octets besides its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameTable {
    texts: Texts,
    chains: Chains,
    /// The fewest and the most labels that a name of the table has.
    labels_min: usize,
    labels_max: usize,
    /// Which ends of two labels names of the table have.
    ends: Option<Ends>,
}

/// A set that never says no to what is in it, and seldom yes to what is not: a word of it is in the
/// cache, or one step away, when the table's own places are not.
#[derive(Clone, Debug)]
struct Ends {
    words: Vec<u64>,
}

impl Ends {
    fn of(count: usize) -> Ends {
        let words = (count / 8).next_power_of_two();
        Ends { words: vec![0; words] }
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63);
        let word = usize::try_from(hash >> 20).unwrap_or(0) & self.words.len().saturating_sub(1);
        (word, bits)
    }

    fn add(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bits;
        }
    }

    fn may_have(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.words.get(word).is_some_and(|word| word & bits == bits)
    }
}

/// The last two labels of a name of two and more.
fn end_of(name: &[u8]) -> Option<&[u8]> {
    let mut dots = name.iter().enumerate().rev().filter(|(_, octet)| **octet == b'.');
    dots.next()?;
    let start = dots.next().map_or(0, |(dot, _)| dot.saturating_add(1));
    name.get(start..)
}

impl NameTable {
    /// Note that `owner` owns `name`, which has 1 to 253 octets. `false`: there is no more place.
    pub(crate) fn insert(&mut self, name: &str, owner: Owner) -> bool {
        self.insert_unless(name, owner, |_| false) != Placed::Full
    }

    /// The same, unless the name has an owner that is as good.
    pub(crate) fn insert_unless(
        &mut self,
        name: &str,
        owner: Owner,
        as_good: impl Fn(Owner) -> bool,
    ) -> Placed {
        self.insert_hashed(name, self.hash(name), owner, as_good)
    }

    /// The hash by which a name is found.
    pub(crate) fn hash(&self, name: &str) -> u64 {
        self.texts.hash(name.as_bytes())
    }

    /// Fetch the places of names that are about to be added.
    pub(crate) fn touch(&self, hashes: impl Iterator<Item = u64>) {
        self.texts.touch(hashes);
    }

    /// As [`Self::insert_unless`], of a name whose hash is known.
    pub(crate) fn insert_hashed(
        &mut self,
        name: &str,
        hash: u64,
        owner: Owner,
        as_good: impl Fn(Owner) -> bool,
    ) -> Placed {
        let Some(code) = owner.code() else { return Placed::Full };
        let chains = &mut self.chains;
        let placed = self.texts.update_hashed(name.as_bytes(), hash, |head| {
            if let Some(other) = chains.owners(head).find(|code| as_good(Owner::of(*code))) {
                return Some((head, Placed::Again(other & NUMBER_MAX)));
            }
            Some((chains.with(head, code)?, Placed::New))
        });
        if placed == Some(Placed::New) {
            self.ends = None;
            let dots = name.bytes().filter(|octet| *octet == b'.').count();
            let labels = dots.saturating_add(1);
            self.labels_max = self.labels_max.max(labels);
            let least = if self.labels_min == 0 { labels } else { self.labels_min };
            self.labels_min = least.min(labels);
        }
        placed.unwrap_or(Placed::Full)
    }

    /// Make room for so many more names.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.texts.reserve(count);
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Note that all names are in, so that most names that are not can be told at once.
    pub(crate) fn finish(&mut self) {
        let mut ends = Ends::of(self.texts.len());
        for end in self.texts.in_order().filter_map(end_of) {
            ends.add(self.texts.hash(end));
        }
        self.ends = Some(ends);
    }

    /// Give each suffix of `name` that the table has, shortest first, with its owners.
    ///
    /// Suffixes with more labels than any name of the table has are not looked for, so a name of
    /// 127 labels costs no more than its last few; nor are any of a name whose last two labels no
    /// name of the table has.
    pub(crate) fn walk<'n>(&self, name: &'n str, each: &mut impl FnMut(&'n str, Owner)) {
        let mut labels = 0usize;
        let mut end = name.len();
        while labels < self.labels_max {
            let dot = name.get(..end).and_then(|head| head.bytes().rposition(|c| c == b'.'));
            labels = labels.saturating_add(1);
            if labels == 2 || labels >= self.labels_min {
                let start = dot.map_or(0, |dot| dot.saturating_add(1));
                let suffix = name.get(start..).unwrap_or_default();
                let hash = self.texts.hash(suffix.as_bytes());
                if labels == 2 && self.ends.as_ref().is_some_and(|ends| !ends.may_have(hash)) {
                    return;
                }
                if let Some(head) = self.texts.get_hashed(suffix.as_bytes(), hash) {
                    self.chains.owners(head).for_each(|code| each(suffix, Owner::of(code)));
                }
            }
            match dot {
                Some(dot) => end = dot,
                None => return,
            }
        }
    }

    /// The owners of just this name, the last one added first.
    pub(crate) fn owners(&self, name: &str) -> impl Iterator<Item = Owner> {
        let head = self.texts.get(name.as_bytes()).unwrap_or(crate::chains::NOBODY);
        self.chains.owners(head).map(Owner::of)
    }

    /// Each name and its owners, in the order in which names came.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&str, Owner)) {
        self.texts.for_each(|name, head| {
            let name = std::str::from_utf8(name).unwrap_or_default();
            self.chains.owners(head).for_each(|code| each(name, Owner::of(code)));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &NameTable, name: &str) -> Vec<(String, Owner)> {
        let mut found = Vec::new();
        table.walk(name, &mut |suffix, owner| found.push((suffix.to_owned(), owner)));
        found.sort();
        found
    }

    #[test]
    fn suffixes_follow_label_boundaries() {
        let mut table = NameTable::default();
        assert_eq!(found(&table, "x.example.com"), []);
        table.insert("n-able.example", Owner::Suffix(1));
        table.insert("a.n-able.example", Owner::Exact(2));
        table.insert("n-able.example", Owner::Listed(3));
        let deep = format!("{}n-able.example", "x.".repeat(119));
        let names: &[(&str, &[(&str, Owner)])] = &[
            ("sustain-able.example", &[]),
            ("xn-able.example", &[]),
            ("example", &[]),
            ("n-able.example.com", &[]),
            ("", &[]),
            ("..", &[]),
            (
                "b.n-able.example",
                &[("n-able.example", Owner::Suffix(1)), ("n-able.example", Owner::Listed(3))],
            ),
            (
                "a.n-able.example",
                &[
                    ("a.n-able.example", Owner::Exact(2)),
                    ("n-able.example", Owner::Suffix(1)),
                    ("n-able.example", Owner::Listed(3)),
                ],
            ),
            (&deep, &[("n-able.example", Owner::Suffix(1)), ("n-able.example", Owner::Listed(3))]),
        ];
        for finished in [false, true] {
            for (name, want) in names {
                let want: Vec<_> = want.iter().map(|(s, o)| ((*s).to_owned(), *o)).collect();
                assert_eq!(found(&table, name), want, "{name} {finished}");
            }
            table.finish();
        }
    }

    #[test]
    fn ends_tell_most_names_that_are_not_there() {
        let mut table = NameTable::default();
        for number in 0..10_000u32 {
            table.insert(&format!("a{number}.b{number}.example"), Owner::Listed(number));
        }
        table.insert("local", Owner::Gate(3));
        table.finish();
        let ends = table.ends.clone().unwrap();
        let may = |name: &str| ends.may_have(table.texts.hash(end_of(name.as_bytes()).unwrap()));
        assert!((0..10_000).all(|number| may(&format!("x.b{number}.example"))));
        let wrong = (0..10_000).filter(|number| may(&format!("x.c{number}.example"))).count();
        assert!(wrong < 1_000, "{wrong} of 10000");
        assert_eq!(found(&table, "a.b.local"), [("local".to_owned(), Owner::Gate(3))]);
        let ends = [("a.b.c", Some("b.c")), ("b.c", Some("b.c")), ("c", None), (".c", Some(".c"))];
        for (name, want) in ends {
            assert_eq!(end_of(name.as_bytes()), want.map(str::as_bytes), "{name}");
        }
    }

    #[test]
    fn a_list_that_repeats_itself_owns_a_name_once() {
        let mut table = NameTable::default();
        let of_list = |owner: Owner| matches!(owner, Owner::Listed(10..));
        let table_of = [
            (Owner::Listed(1), Placed::New),
            (Owner::Listed(10), Placed::New),
            (Owner::Listed(11), Placed::Again(10)),
            (Owner::Listed(NUMBER_MAX + 1), Placed::Full),
        ];
        for (owner, want) in table_of {
            assert_eq!(table.insert_unless("evil.example", owner, of_list), want, "{owner:?}");
        }
        let owners: Vec<_> = table.owners("evil.example").collect();
        assert_eq!(owners, [Owner::Listed(10), Owner::Listed(1)]);
    }

    #[test]
    fn owners_are_numbers_and_back() {
        for owner in [
            Owner::Exact(0),
            Owner::Suffix(7),
            Owner::Pattern(NUMBER_MAX),
            Owner::Listed(1 << 23),
            Owner::Gate(u16::MAX),
        ] {
            assert_eq!(owner.code().map(Owner::of), Some(owner));
        }
        assert_eq!(Owner::Exact(NUMBER_MAX + 1).code(), None);
    }
}
