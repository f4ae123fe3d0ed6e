//! What a new book lists that an old one did not, and the other way round.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::book::{Book, PatternOwner};
use crate::listed::Text;
use crate::{names, networks};

/// What became of a feed from one book to the next. Feeds are the same whose ids are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedChange {
    /// Its id.
    pub id: Arc<str>,
    /// Indicators that the old book had; `None` when it had no such feed.
    pub before: Option<usize>,
    /// Indicators that the new book has; `None` when it has no such feed.
    pub now: Option<usize>,
    /// Indicators that just the new book has.
    pub added: usize,
    /// Indicators that just the old book has.
    pub removed: usize,
}

impl FeedChange {
    /// Whether a feed that held something holds nothing any more: a truncated download, say.
    #[must_use]
    pub fn emptied(&self) -> bool {
        self.before.is_some_and(|before| before > 0) && self.now == Some(0)
    }
}

impl Book {
    /// How the feeds of this book differ from those of an older one: those of this book in their
    /// order, then those that are gone. Walks both books' tables; costs no memory for entries,
    /// patterns apart.
    #[must_use]
    pub fn changes_since(&self, old: &Book) -> Vec<FeedChange> {
        let added = count_missing(self, old);
        let removed = count_missing(old, self);
        let numbers = numbers(old);
        let mut changes = Vec::new();
        for (info, added) in self.infos.iter().zip(&added) {
            let before = numbers.get(&*info.id).map(|number| usize::from(*number));
            let held = before.and_then(|number| old.infos.get(number)).map(|info| info.count);
            let removed = before.and_then(|number| removed.get(number)).copied().unwrap_or(0);
            changes.push(FeedChange {
                id: Arc::clone(&info.id),
                before: held,
                now: Some(info.count),
                added: *added,
                removed,
            });
        }
        let here = self::numbers(self);
        for (info, removed) in old.infos.iter().zip(removed) {
            if !here.contains_key(&*info.id) {
                let (id, before) = (Arc::clone(&info.id), Some(info.count));
                changes.push(FeedChange { id, before, now: None, added: 0, removed });
            }
        }
        changes
    }
}

/// The number of each feed by its id.
fn numbers(book: &Book) -> HashMap<&str, u16> {
    book.infos.iter().map(|info| &*info.id).zip(0..).collect()
}

/// For each feed of `one`: its indicators that the feed of the same id in `other` does not have.
fn count_missing(one: &Book, other: &Book) -> Vec<usize> {
    let there = numbers(other);
    let twins: Vec<Option<u16>> =
        one.infos.iter().map(|info| there.get(&*info.id).copied()).collect();
    let mut missing = vec![0usize; one.infos.len()];
    // A page's host stands in the tables too, and is counted with its page.
    let place = |number: u32, page: bool| {
        let (indicator, _) = one.indicator(number)?;
        let same = indicator.has(crate::book::Indicator::PAGE) == page;
        same.then_some(usize::from(indicator.feed))
    };
    let in_feed = |number: u32, feed: u16, page: bool| {
        other.indicator(number).is_some_and(|(entry, _)| {
            entry.feed == feed && entry.has(crate::book::Indicator::PAGE) == page
        })
    };
    let mut count = |feed: usize, known: &dyn Fn(u16) -> bool| {
        let twin = twins.get(feed).copied().flatten();
        if let Some(missing) = missing.get_mut(feed).filter(|_| !twin.is_some_and(known)) {
            *missing = missing.saturating_add(1);
        }
    };
    one.names.for_each(|name, owner| {
        let names::Owner::Listed(number) = owner else { return };
        let Some(feed) = place(number, false) else { return };
        count(feed, &|twin| {
            other
                .names
                .owners(name)
                .any(|owner| matches!(owner, names::Owner::Listed(n) if in_feed(n, twin, false)))
        });
    });
    one.networks.for_each(|network, owner| {
        let networks::Owner::Listed(number) = owner else { return };
        let Some(feed) = place(number, false) else { return };
        count(feed, &|twin| {
            other.networks.owners(&network).iter().any(
                |owner| matches!(owner, networks::Owner::Listed(n) if in_feed(*n, twin, false)),
            )
        });
    });
    for what in Text::ALL {
        let page = what == Text::Url;
        one.listed.for_each(what, |text, number| {
            let Some(feed) = place(number, page) else { return };
            count(feed, &|twin| other.listed.owners(what, text).any(|n| in_feed(n, twin, page)));
        });
    }
    let patterns: HashSet<(u16, &str)> = other
        .patterns
        .iter()
        .filter_map(|(pattern, owner)| match owner {
            PatternOwner::Listed(number) => {
                Some((other.indicator(*number)?.0.feed, &*pattern.text))
            }
            PatternOwner::Row(_) => None,
        })
        .collect();
    for (pattern, owner) in &one.patterns {
        let PatternOwner::Listed(number) = owner else { continue };
        let Some(feed) = place(*number, false) else { continue };
        count(feed, &|twin| patterns.contains(&(twin, &*pattern.text)));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BookBuilder;

    fn book(feeds: &[(&str, &str)]) -> Book {
        let mut builder = BookBuilder::new();
        for (file, text) in feeds {
            builder.feed(file, text);
        }
        builder.build().0
    }

    type Change = (&'static str, Option<usize>, Option<usize>, usize, usize);

    #[test]
    fn what_came_and_what_went_is_counted_by_feed() {
        let old = book(&[
            ("a.txt", "one.example\ntwo.example\n198.51.100.7\n2001:db8::/48\n"),
            ("b.txt", "one.example\n"),
            ("c.txt", "gone.example\n"),
        ]);
        let new = book(&[
            ("new.txt", "one.example\n"),
            ("b.txt", "one.example\nb.example\nb.example\n"),
            ("a.txt", "one.example\nthree.example\n198.51.100.7\n198.51.100.8\n"),
        ]);
        let want: &[Change] = &[
            ("new", None, Some(1), 1, 0),
            ("b", Some(1), Some(2), 1, 0),
            ("a", Some(4), Some(4), 2, 2),
            ("c", Some(1), None, 0, 1),
        ];
        let got = new.changes_since(&old);
        let got: Vec<_> =
            got.iter().map(|c| (&*c.id, c.before, c.now, c.added, c.removed)).collect();
        assert_eq!(got, want);
        assert!(new.changes_since(&new).iter().all(|c| (c.added, c.removed) == (0, 0)));
    }

    #[test]
    fn patterns_count_and_an_empty_feed_is_told() {
        let toml = |rows: &str| format!("id = 'x'\nsource = 'test'\n{rows}");
        let one = "[[indicators]]\npattern = '^a[0-9]+\\.evil\\.example$'\n";
        let two = "[[indicators]]\npattern = '^b[0-9]+\\.evil\\.example$'\n";
        let old = book(&[("x.toml", &toml(one))]);
        let new = book(&[("x.toml", &toml(two))]);
        let change = &new.changes_since(&old)[0];
        assert_eq!((change.added, change.removed, change.emptied()), (1, 1, false));
        let none = book(&[("x.toml", &toml(""))]);
        let change = &none.changes_since(&old)[0];
        assert_eq!((change.added, change.removed, change.emptied()), (0, 1, true));
        let first = &old.changes_since(&book(&[]))[0];
        assert_eq!((first.before, first.added, first.emptied()), (None, 1, false));
    }
}
