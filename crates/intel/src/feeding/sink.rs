//! Where the entries of a feed go: each into its table, once, with what is said of it.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::Stage;

use crate::book::{Book, Detail, Indicator, PatternOwner};
use crate::builder::add_pattern;
use crate::chains::Placed;
use crate::day::Day;
use crate::formats::{Listed, Subject};
use crate::gate;
use crate::limits::{
    CONFIDENCE_FEED_PCT, DETAIL_BYTES_MAX, FEED_FILE_BYTES_MAX, INDICATORS_MAX,
    PATTERNS_REFUSED_MAX,
};
use crate::listed::{Text, url_parts};
use crate::names::Owner;
use crate::networks;
use crate::pattern::NamePattern;
use crate::rows::FeedOptions;

/// Finds descriptions that were said before.
#[derive(Debug, Default)]
pub(crate) struct Details {
    known: HashTable<u32>,
    hasher: RandomState,
    /// Octets that they take.
    octets: usize,
}

/// Names that wait for each other: looking for the places of all of them at once, which are not in
/// the cache, takes little longer than for that of one.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// One behind the other.
    texts: String,
    names: Vec<Bare>,
}

/// Names that wait at the most: their places take 64 octets each of the fastest cache.
const WAITING_MAX: usize = 128;

/// A name of which a list says no more than that it is listed.
#[derive(Debug)]
struct Bare {
    /// Where it ends in the texts.
    end: usize,
    hash: u64,
    line: u32,
    until: Option<Day>,
    stage: Option<Stage>,
    exact: bool,
}

impl Waiting {
    fn push(&mut self, name: &str, listed: &Listed<'_>) {
        self.texts.push_str(name);
        let Listed { line, until, stage, exact, .. } = *listed;
        self.names.push(Bare { end: self.texts.len(), hash: 0, line, until, stage, exact });
    }
}

fn is_bare(listed: &Listed<'_>) -> bool {
    listed.confidence_pct.is_none() && listed.description.trim().is_empty()
}

/// Where the entries of one feed go.
pub(super) struct Sink<'b> {
    pub(super) book: &'b mut Book,
    pub(super) details: &'b mut Details,
    pub(super) options: &'b FeedOptions,
    pub(super) feed: u16,
    /// The number of its first indicator.
    pub(super) first: u32,
    pub(super) count: usize,
    pub(super) repeated: u64,
    pub(super) undescribed: u64,
    pub(super) full: bool,
    /// Names that were in the book before.
    pub(super) names_before: usize,
    /// Names that wait to be put into their table together.
    pub(super) waiting: Waiting,
    /// Patterns for which there was no place, and the line of the first.
    pub(super) patterns_refused: usize,
    pub(super) pattern_refused_at: Option<u32>,
}

impl Sink<'_> {
    /// The first `part` octets were read of `whole`: make room for as many names as there will be
    /// if it goes on like this.
    pub(super) fn expect(&mut self, part: usize, whole: u64) {
        self.flush();
        let names = &mut self.book.names;
        let so_far = names.len().saturating_sub(self.names_before) as u64;
        let rest = whole.min(FEED_FILE_BYTES_MAX as u64).saturating_sub(part as u64);
        let more = so_far.saturating_mul(rest).checked_div(part as u64).unwrap_or(0);
        let more = usize::try_from(more).unwrap_or(0).min(INDICATORS_MAX);
        names.reserve(more);
    }

    /// Take an entry. `false`: there is no more place.
    pub(super) fn take(&mut self, listed: &Listed<'_>) -> bool {
        let go_on = match &listed.subject {
            Subject::Name(name) if is_bare(listed) => {
                self.waiting.push(name, listed);
                self.waiting.names.len() < WAITING_MAX || self.flush()
            }
            // All are counted in the order of their lines.
            _ => self.flush() && self.put(listed),
        };
        go_on && !self.full
    }

    /// Put the names that wait into their table. `false`: there is no more place.
    pub(super) fn flush(&mut self) -> bool {
        let mut waiting = std::mem::take(&mut self.waiting);
        let names = &self.book.names;
        let mut start = 0usize;
        for one in &mut waiting.names {
            one.hash = names.hash(waiting.texts.get(start..one.end).unwrap_or_default());
            start = one.end;
        }
        names.touch(waiting.names.iter().map(|one| one.hash));
        let mut start = 0usize;
        for one in &waiting.names {
            let text = waiting.texts.get(start..one.end).unwrap_or_default();
            start = one.end;
            let listed = Listed {
                subject: Subject::Name(Cow::Borrowed(text)),
                exact: one.exact,
                stage: one.stage,
                description: Cow::Borrowed(""),
                confidence_pct: None,
                until: one.until,
                line: one.line,
            };
            if !self.put_name(&listed, text, one.hash) {
                break;
            }
        }
        waiting.texts.clear();
        waiting.names.clear();
        self.waiting = waiting;
        !self.full
    }

    fn put_name(&mut self, listed: &Listed<'_>, text: &str, hash: u64) -> bool {
        let Some(number) = self.next_number() else { return false };
        let placed = self.name(text, hash, number);
        self.note(listed, placed, if listed.exact { Indicator::EXACT } else { 0 })
    }

    /// The number of the next indicator, where there is place for one.
    fn next_number(&mut self) -> Option<u32> {
        let len = self.book.indicators.len();
        let number = u32::try_from(len).ok().filter(|_| len < INDICATORS_MAX);
        self.full |= number.is_none();
        number
    }

    fn put(&mut self, listed: &Listed<'_>) -> bool {
        let Some(number) = self.next_number() else { return false };
        let mut marks = if listed.exact { Indicator::EXACT } else { 0 };
        let placed = match &listed.subject {
            Subject::Name(name) => self.name(name, self.book.names.hash(name), number),
            Subject::Network(network) => self.network(network, number),
            Subject::Pattern(pattern) => match self.pattern(pattern, number) {
                true => Placed::New,
                false => {
                    self.pattern_refused_at.get_or_insert(listed.line);
                    self.patterns_refused = self.patterns_refused.saturating_add(1);
                    return self.patterns_refused < PATTERNS_REFUSED_MAX;
                }
            },
            Subject::Url(url) => match url_parts(url) {
                (host, "" | "/") => self.host(host, number, &mut marks, false),
                (host, _) => {
                    let placed = self.text(Text::Url, url, number);
                    if placed == Placed::New {
                        self.host(host, number, &mut marks, true);
                    }
                    placed
                }
            },
            Subject::Ja3(print) => self.text(Text::Ja3, print, number),
            Subject::Ja4(print) => {
                let head = print.split('_').next().unwrap_or_default();
                self.book.ja4_heads.insert(head.into());
                self.text(Text::Ja4, print, number)
            }
            Subject::Certificate(hash) => self.text(Text::Certificate, hash, number),
            Subject::File(name) => self.text(Text::File, name, number),
        };
        self.note(listed, placed, marks)
    }

    /// Note what became of an entry. `false`: there is no more place.
    fn note(&mut self, listed: &Listed<'_>, placed: Placed, marks: u8) -> bool {
        match placed {
            Placed::New => self.add(listed, marks),
            Placed::Again(other) => self.again(listed, other),
            Placed::Full => self.full = true,
        }
        !self.full
    }

    fn name(&mut self, name: &str, hash: u64, number: u32) -> Placed {
        let Book { names, indicators, .. } = &mut *self.book;
        names.insert_hashed(name, hash, Owner::Listed(number), |owner| match owner {
            Owner::Listed(other) if other >= self.first => {
                indicators.get(other).is_some_and(|other| !other.has(Indicator::PAGE))
            }
            _ => false,
        })
    }

    fn network(&mut self, network: &ipnet::IpNet, number: u32) -> Placed {
        let Book { networks, indicators, .. } = &mut *self.book;
        networks.insert_unless(network, networks::Owner::Listed(number), |owner| match owner {
            networks::Owner::Listed(other) if other >= self.first => {
                indicators.get(other).is_some_and(|other| !other.has(Indicator::PAGE))
            }
            _ => false,
        })
    }

    /// The host of a URL: the URL itself when it has no path, else a hint at its page.
    fn host(&mut self, host: &str, number: u32, marks: &mut u8, page: bool) -> Placed {
        let network = gate::network(host);
        if !page {
            return match network {
                Some(network) => self.network(&network, number),
                None => self.name(host, self.book.names.hash(host), number),
            };
        }
        *marks |= Indicator::PAGE | Indicator::EXACT;
        let first = self.first;
        match network {
            Some(network) => {
                let owner = networks::Owner::Listed(number);
                self.book.networks.insert_unless(
                    &network,
                    owner,
                    |owner| matches!(owner, networks::Owner::Listed(other) if other >= first),
                )
            }
            None => self.book.names.insert_unless(
                host,
                Owner::Listed(number),
                |owner| matches!(owner, Owner::Listed(other) if other >= first),
            ),
        }
    }

    fn pattern(&mut self, pattern: &NamePattern, number: u32) -> bool {
        add_pattern(self.book, pattern.clone(), PatternOwner::Listed(number))
    }

    fn text(&mut self, what: Text, text: &str, number: u32) -> Placed {
        let first = self.first;
        self.book.listed.insert_unless(what, text, number, |other| other >= first)
    }

    fn add(&mut self, listed: &Listed<'_>, marks: u8) {
        let detail = self.detail(listed);
        self.book.indicators.push(Indicator {
            feed: self.feed,
            gate: Indicator::FREE,
            detail,
            line: listed.line,
            until: listed.until.unwrap_or(Day::MAX),
            stage: listed.stage.or(self.options.stage),
            marks,
        });
        self.count = self.count.saturating_add(1);
    }

    /// The feed says once more what it said: the surer, the wider and the later counts.
    fn again(&mut self, listed: &Listed<'_>, other: u32) {
        self.repeated = self.repeated.saturating_add(1);
        let own = self.options.confidence_pct.unwrap_or(CONFIDENCE_FEED_PCT);
        let said = self.book.indicators.get(other).and_then(|other| self.book.detail(&other));
        let before = said.map_or(own, |said| said.confidence_pct.unwrap_or(own));
        let surer = listed.confidence_pct.unwrap_or(own) > before;
        let detail = surer.then(|| self.detail(listed));
        if let Some(other) = self.book.indicators.get_mut(other) {
            other.detail = detail.unwrap_or(other.detail);
            other.until = other.until.max(listed.until.unwrap_or(Day::MAX));
            if !listed.exact && !other.has(Indicator::PAGE) {
                other.marks &= !Indicator::EXACT;
            }
        }
    }

    fn detail(&mut self, listed: &Listed<'_>) -> u32 {
        let description = listed.description.trim();
        let confidence_pct = listed.confidence_pct;
        if description.is_empty() && confidence_pct.is_none() {
            return Indicator::PLAIN;
        }
        let mut description = shown_description(description);
        if self.details.octets >= DETAIL_BYTES_MAX && !description.is_empty() {
            self.undescribed = self.undescribed.saturating_add(1);
            if confidence_pct.is_none() {
                return Indicator::PLAIN;
            }
            // How sure the feed is of it must not be lost; there are but 101 of these.
            description = "";
        }
        let Details { known, hasher, octets } = &mut *self.details;
        let all = &mut self.book.details;
        let at = |all: &[Detail], number: u32| {
            usize::try_from(number).ok().and_then(|number| all.get(number)).cloned()
        };
        let hash = hasher.hash_one((description, confidence_pct));
        let same = |number: &u32| {
            at(all, *number).is_some_and(|other| {
                *other.description == *description && other.confidence_pct == confidence_pct
            })
        };
        if let Some(number) = known.find(hash, same) {
            return *number;
        }
        let cost = description.len().saturating_add(size_of::<Detail>() + 32);
        let Ok(number) = u32::try_from(all.len()) else { return Indicator::PLAIN };
        *octets = octets.saturating_add(cost);
        all.push(Detail { description: description.into(), confidence_pct });
        known.insert_unique(hash, number, |number| {
            at(all, *number)
                .map_or(0, |other| hasher.hash_one((&*other.description, other.confidence_pct)))
        });
        number
    }
}

/// At most 500 octets of a description: it is copied into each match.
fn shown_description(text: &str) -> &str {
    let mut end = text.len().min(500);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}
