//! Who has which partition: what stands in the bucket, and what to do about it.
//!
//! Each analyst writes a key of its own every two seconds, and the key of each partition that it
//! has, with how far it has come. Every write names the revision that it replaces, so that of two
//! who want one partition one is refused. Nobody's clock is compared with another's: a key that
//! does not change for ten seconds of one's own time is of somebody who is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How often a key is renewed.
pub(super) const RENEW: Duration = Duration::from_secs(2);

/// After how long without a change its owner is gone.
pub(super) const GONE: Duration = Duration::from_secs(10);

/// A partition, as it stands in the bucket.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Lease {
    /// The analyst that has it; nobody, when it is empty.
    pub(super) owner: String,
    /// The place in the stream up to which everything that was to be told is delivered.
    pub(super) place: u64,
    /// When the message at that place was stored, in milliseconds since 1970.
    pub(super) at: u64,
    /// Memories that were written down, oldest first.
    pub(super) memories: Vec<Kept>,
}

/// A memory that was written down.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// Its name in the object store.
    pub(super) name: String,
    /// The last message that it has heard.
    pub(super) place: u64,
    /// When that was stored, in milliseconds since 1970.
    pub(super) at: u64,
    /// Who goes on from it reads what comes after this one.
    pub(super) resume: u64,
}

/// What is known of the bucket.
#[derive(Debug)]
pub(super) struct Board {
    me: String,
    group: String,
    partitions: u16,
    keys: BTreeMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    revision: u64,
    value: Vec<u8>,
    changed: Instant,
}

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Wish {
    /// Partitions to take, with the revision to replace (0: none) and what stood there.
    pub(super) take: Vec<(u16, u64, Lease)>,
    /// Partitions to leave to others.
    pub(super) leave: Vec<u16>,
}

impl Board {
    /// An empty board of one analyst.
    pub(super) fn new(me: &str, group: &str, partitions: u16) -> Board {
        let (me, group) = (me.to_owned(), group.to_owned());
        Board { me, group, partitions, keys: BTreeMap::new() }
    }

    /// The key of an analyst.
    pub(super) fn my_key(&self) -> String {
        format!("{}.analyst.{}", self.group, self.me)
    }

    /// The key of a partition.
    pub(super) fn key_of(&self, partition: u16) -> String {
        format!("{}.part.{partition}", self.group)
    }

    /// A key changed, or was there.
    pub(super) fn hear(&mut self, key: &str, revision: u64, value: &[u8], now: Instant) {
        let known = self.keys.get(key).is_some_and(|seen| seen.revision >= revision);
        if !known && key.strip_prefix(&self.group).is_some_and(|rest| rest.starts_with('.')) {
            let seen = Seen { revision, value: value.to_vec(), changed: now };
            self.keys.insert(key.to_owned(), seen);
        }
    }

    /// A key was removed.
    pub(super) fn forget(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// What to do, for who has those partitions.
    pub(super) fn wish(&self, mine: &BTreeSet<u16>, now: Instant) -> Wish {
        let analysts = self.analysts(now);
        let fair = usize::from(self.partitions).div_ceil(analysts.len().max(1));
        let mut wish = Wish::default();
        if mine.len() > fair {
            wish.leave = mine.iter().rev().take(mine.len() - fair).copied().collect();
            return wish;
        }
        // Those who begin together do not all reach for the same.
        let begin = self
            .me
            .bytes()
            .fold(0u16, |sum, octet| sum.wrapping_mul(31).wrapping_add(octet.into()));
        let all = (0..self.partitions)
            .map(|step| (u32::from(begin) + u32::from(step)) % u32::from(self.partitions));
        let all = all.filter_map(|number| u16::try_from(number).ok());
        for number in all.filter(|number| !mine.contains(number)) {
            if wish.take.len() + mine.len() >= fair {
                break;
            }
            let seen = self.keys.get(&self.key_of(number));
            let lease = seen.map(|seen| read(&seen.value)).unwrap_or_default();
            if !seen.is_some_and(|seen| self.is_held(seen, now)) {
                wish.take.push((number, seen.map_or(0, |seen| seen.revision), lease));
            }
        }
        wish
    }

    /// Whether every partition is ours or somebody's who is there.
    pub(super) fn all_have_owners(&self, mine: &BTreeSet<u16>, now: Instant) -> bool {
        (0..self.partitions).all(|number| {
            let seen = self.keys.get(&self.key_of(number));
            mine.contains(&number) || seen.is_some_and(|seen| self.is_held(seen, now))
        })
    }

    /// Whether another analyst has that partition.
    fn is_held(&self, seen: &Seen, now: Instant) -> bool {
        let owner = read(&seen.value).owner;
        let renewed = now.saturating_duration_since(seen.changed) < GONE;
        !owner.is_empty() && owner != self.me && renewed
    }

    /// Keys of analysts that are gone.
    pub(super) fn gone(&self, now: Instant) -> Vec<String> {
        let prefix = format!("{}.analyst.", self.group);
        let old = self.keys.iter().filter(|(key, seen)| {
            let old = now.saturating_duration_since(seen.changed) >= GONE;
            old && key.strip_prefix(&prefix).is_some_and(|name| name != self.me)
        });
        old.map(|(key, _)| key.clone()).collect()
    }

    /// Analysts that are there, oneself among them.
    pub(super) fn analysts(&self, now: Instant) -> BTreeSet<&str> {
        let prefix = format!("{}.analyst.", self.group);
        let fresh =
            self.keys.iter().filter(|(_, seen)| now.saturating_duration_since(seen.changed) < GONE);
        let named = fresh.filter_map(|(key, _)| key.strip_prefix(&prefix));
        named.chain([self.me.as_str()]).collect()
    }
}

/// A lease as it was written; what cannot be read is nobody's, from the beginning.
fn read(value: &[u8]) -> Lease {
    serde_json::from_slice(value).unwrap_or_default()
}

impl Lease {
    /// As it is written.
    pub(super) fn octets(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The memory to go on from: the newest that is older than `window` before the place; else, where
    /// the stream does not reach back to the beginning any more, the oldest that it still follows.
    /// `first`: the first message that the stream still has.
    pub(super) fn memory(&self, window: Duration, first: u64) -> Option<&Kept> {
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let usable = || self.memories.iter().filter(|kept| kept.place <= self.place);
        let whole = |kept: &&Kept| kept.resume.saturating_add(1) >= first;
        let old = |kept: &&Kept| kept.at.saturating_add(window) <= self.at;
        usable()
            .rfind(|kept| whole(kept) && old(kept))
            // All of the stream is younger: from its beginning, with nothing remembered.
            .or_else(|| if first <= 1 { None } else { usable().find(whole) })
            // What lies between is lost; what was learnt before is not.
            .or_else(|| if first <= 1 { None } else { usable().next_back() })
    }

    /// Add a memory; the answer are the names of those that nobody will go on from any more.
    pub(super) fn add(&mut self, kept: Kept, window: Duration) -> Vec<String> {
        self.memories.push(kept);
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let at = self.at;
        let old = |kept: &Kept| kept.at.saturating_add(window) <= at;
        let needed = self.memories.iter().rposition(old).unwrap_or(0);
        self.memories.drain(..needed).map(|kept| kept.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(owner: &str) -> Vec<u8> {
        Lease { owner: owner.to_owned(), place: 7, ..Lease::default() }.octets()
    }

    #[test]
    fn partitions_are_shared_and_taken_over() {
        let begun = Instant::now();
        let at = |secs| begun + Duration::from_secs(secs);
        let none = BTreeSet::new();
        let mut board = Board::new("me", "g", 4);
        let numbers = |wish: &Wish| wish.take.iter().map(|take| take.0).collect::<BTreeSet<_>>();
        // Alone: all.
        assert_eq!(numbers(&board.wish(&none, at(0))), BTreeSet::from([0, 1, 2, 3]));
        // Another one has three of them: one is free, and I may have two.
        board.hear("g.analyst.you", 1, b"", at(0));
        for number in 0..3u64 {
            board.hear(&format!("g.part.{number}"), 2 + number, &lease("you"), at(0));
        }
        board.hear("other.part.3", 9, &lease("you"), at(0));
        assert_eq!(board.wish(&none, at(1)).take, [(3, 0, Lease::default())]);
        // It leaves one.
        board.hear("g.part.1", 10, &lease(""), at(2));
        let wish = board.wish(&BTreeSet::from([3]), at(3));
        assert_eq!((wish.take.len(), wish.take[0].0, wish.take[0].1), (1, 1, 10));
        assert_eq!(wish.take[0].2.place, 7);
        // It dies: nothing changes any more.
        assert_eq!(board.wish(&BTreeSet::from([1, 3]), at(9)), Wish::default());
        assert!(
            board.all_have_owners(&BTreeSet::from([1, 3]), at(9)) && board.gone(at(9)).is_empty()
        );
        assert!(!board.all_have_owners(&BTreeSet::from([1, 3]), at(10)));
        assert_eq!(board.gone(at(10)), ["g.analyst.you"]);
        assert_eq!(numbers(&board.wish(&BTreeSet::from([1, 3]), at(10))), BTreeSet::from([0, 2]));
        // It comes back: I leave what is more than half.
        board.hear("g.analyst.you", 20, b"", at(20));
        let mine = BTreeSet::from([0, 1, 2, 3]);
        assert_eq!(board.wish(&mine, at(21)).leave, [3, 2]);
        assert_eq!(board.analysts(at(21)).len(), 2);
        board.forget("g.analyst.you");
        assert_eq!(board.wish(&mine, at(21)), Wish::default());
    }

    #[test]
    fn an_old_word_of_a_key_changes_nothing() {
        let begun = Instant::now();
        let mut board = Board::new("me", "g", 1);
        board.hear("g.part.0", 5, &lease("you"), begun);
        board.hear("g.part.0", 4, &lease(""), begun);
        assert_eq!(board.wish(&BTreeSet::new(), begun), Wish::default());
        board.hear("g.part.0", 6, b"no lease", begun);
        assert_eq!(board.wish(&BTreeSet::new(), begun).take, [(0, 6, Lease::default())]);
    }

    #[test]
    fn who_takes_over_goes_on_from_before_the_window() {
        let kept = |name: &str, place, at| Kept { name: name.into(), place, at, resume: place - 1 };
        let window = Duration::from_secs(10);
        let mut lease = Lease { owner: "x".into(), place: 50, at: 50_000, memories: Vec::new() };
        assert_eq!(lease.memory(window, 1), None);
        for (name, place, at) in [("a", 10, 10_000), ("b", 30, 30_000), ("c", 45, 45_000)] {
            assert!(lease.add(kept(name, place, at), window).len() <= 1);
        }
        assert_eq!(lease.memories.len(), 2, "a is needed no more");
        let name = |lease: &Lease, first| lease.memory(window, first).map(|kept| kept.name.clone());
        assert_eq!(name(&lease, 1).as_deref(), Some("b"));
        // The stream forgot what follows b: c, though it is young.
        assert_eq!(name(&lease, 40).as_deref(), Some("c"));
        assert_eq!(name(&lease, 60).as_deref(), Some("c"), "with a gap");
        // All that is remembered is young, and the stream is whole: from its beginning.
        lease.at = 35_000;
        assert_eq!(name(&lease, 1), None);
        // A memory of what was not delivered is none to go on from.
        lease.place = 20;
        assert_eq!(name(&lease, 25), None);
    }
}
