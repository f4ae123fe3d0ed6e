//! Which rows stand at a name: one hash table over names, walked by the suffixes of what was seen.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

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

/// Names, each once, and their owners. Names lie one behind the other in one text, so that a
/// million of them cost 40 octets each besides their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameTable {
    table: HashTable<u32>,
    /// Keyed: what is looked up comes from the wire.
    hasher: RandomState,
    text: String,
    spans: Vec<Span>,
    owned: Vec<Owned>,
    /// The fewest and the most labels that a name of the table has.
    labels_min: usize,
    labels_max: usize,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    len: u8,
    /// The first of its owners.
    head: u32,
}

#[derive(Clone, Copy, Debug)]
struct Owned {
    owner: Owner,
    next: u32,
}

const NONE: u32 = u32::MAX;
const _: () = assert!(size_of::<Span>() <= 12 && size_of::<Owned>() <= 12);

impl NameTable {
    /// Note that `owner` owns `name`, which has 1 to 253 octets. `false`: there is no more place.
    pub(crate) fn insert(&mut self, name: &str, owner: Owner) -> bool {
        let Ok(next_owned) = u32::try_from(self.owned.len()) else { return false };
        let hash = self.hasher.hash_one(name);
        let found = self.table.find(hash, |number| self.text_of(*number) == Some(name)).copied();
        let number = match found {
            Some(number) => number,
            None => match self.add(name, hash) {
                Some(number) => number,
                None => return false,
            },
        };
        let Some(span) = usize::try_from(number).ok().and_then(|i| self.spans.get_mut(i)) else {
            return false;
        };
        self.owned.push(Owned { owner, next: span.head });
        span.head = next_owned;
        true
    }

    fn add(&mut self, name: &str, hash: u64) -> Option<u32> {
        let number = u32::try_from(self.spans.len()).ok().filter(|number| *number != NONE)?;
        let start = u32::try_from(self.text.len()).ok()?;
        let len = u8::try_from(name.len()).ok()?;
        self.text.push_str(name);
        self.spans.push(Span { start, len, head: NONE });
        let NameTable { table, hasher, text, spans, .. } = self;
        table.insert_unique(hash, number, |number| {
            hasher.hash_one(span_text(text, spans, *number).unwrap_or_default())
        });
        let labels = name.split('.').count();
        self.labels_max = self.labels_max.max(labels);
        self.labels_min = if self.labels_min == 0 { labels } else { self.labels_min.min(labels) };
        Some(number)
    }

    fn text_of(&self, number: u32) -> Option<&str> {
        span_text(&self.text, &self.spans, number)
    }

    /// Give each suffix of `name` that the table has, shortest first, with its owners.
    ///
    /// Suffixes with more labels than any name of the table has are not looked for, so a name of
    /// 127 labels costs no more than its last few.
    pub(crate) fn walk<'n>(&self, name: &'n str, each: &mut impl FnMut(&'n str, Owner)) {
        let mut labels = 0usize;
        let mut end = name.len();
        while labels < self.labels_max {
            let dot = name.get(..end).and_then(|head| head.bytes().rposition(|c| c == b'.'));
            labels = labels.saturating_add(1);
            if labels >= self.labels_min {
                let start = dot.map_or(0, |dot| dot.saturating_add(1));
                let suffix = name.get(start..).unwrap_or_default();
                let hash = self.hasher.hash_one(suffix);
                if let Some(number) =
                    self.table.find(hash, |number| self.text_of(*number) == Some(suffix))
                {
                    self.owners(*number).for_each(|owner| each(suffix, owner));
                }
            }
            match dot {
                Some(dot) => end = dot,
                None => return,
            }
        }
    }

    fn owners(&self, number: u32) -> impl Iterator<Item = Owner> {
        let at = |number: u32| usize::try_from(number).ok();
        let mut next = at(number).and_then(|i| self.spans.get(i)).map_or(NONE, |span| span.head);
        std::iter::from_fn(move || {
            let owned = at(next).and_then(|i| self.owned.get(i))?;
            next = owned.next;
            Some(owned.owner)
        })
    }

    /// Each name and its owners, in the order in which names came in.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&str, Owner)) {
        for number in 0..u32::try_from(self.spans.len()).unwrap_or(NONE) {
            let name = self.text_of(number).unwrap_or_default();
            self.owners(number).for_each(|owner| each(name, owner));
        }
    }

    /// Give back memory that growth left over.
    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.owned.shrink_to_fit();
    }
}

fn span_text<'t>(text: &'t str, spans: &[Span], number: u32) -> Option<&'t str> {
    let span = spans.get(usize::try_from(number).ok()?)?;
    let start = usize::try_from(span.start).ok()?;
    text.get(start..start.checked_add(usize::from(span.len))?)
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
        for (name, want) in names {
            let want: Vec<_> = want.iter().map(|(s, o)| ((*s).to_owned(), *o)).collect();
            assert_eq!(found(&table, name), want, "{name}");
        }
    }
}
