//! The gate is asked about the indicators of feeds; what it holds stays, as a generic one.
//!
//! It is asked when one of them is met (`weigh.rs`, `look_up/`), not about a million of them before
//! the first packet; only about patterns, which are few and take long, before. What is told of all
//! of them is put together when someone wants to read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ipnet::IpNet;
use model::Complaint;

use crate::book::{Book, Indicator, PatternOwner};
use crate::gate::Gate;
use crate::limits::GATE_NOTES_PER_FILE_MAX;
use crate::listed::Text;
use crate::names;
use crate::networks;
use crate::sheet::shown;

/// Ask the gate about every pattern.
pub(crate) fn gate_patterns(book: &mut Book) {
    for (pattern, owner) in &book.patterns {
        let PatternOwner::Listed(number) = owner else { continue };
        if let Some(group) = book.gate.holds_pattern(pattern)
            && let Some(indicator) = book.indicators.get_mut(*number)
        {
            indicator.gate = group;
        }
    }
}

/// What is held.
#[derive(Clone, Copy)]
enum Held<'h> {
    Network(IpNet),
    Text(&'h str),
}

/// Give each indicator that the gate holds; of pages, their hosts.
fn each_held(book: &Book, each: &mut impl FnMut(u32, u16, Held<'_>)) {
    let Book { gate, names, networks, patterns, listed, .. } = book;
    names.for_each(|name, owner| {
        let names::Owner::Listed(number) = owner else { return };
        if let Some(group) = gate.holds_name(name) {
            each(number, group, Held::Text(name));
        }
    });
    networks.for_each(|network, owner| {
        let networks::Owner::Listed(number) = owner else { return };
        if let Some(group) = gate.holds_network(&network) {
            each(number, group, Held::Network(network));
        }
    });
    for (pattern, owner) in patterns {
        let PatternOwner::Listed(number) = owner else { continue };
        let Some(indicator) = book.indicators.get(*number) else { continue };
        if indicator.gate != Indicator::FREE {
            each(*number, indicator.gate, Held::Text(&pattern.text));
        }
    }
    listed.for_each(Text::File, |name, number| {
        if let Some(group) = gate.holds_file(name) {
            each(number, group, Held::Text(name));
        }
    });
}

/// What the gate made generic: notes for people, and how many indicators of each feed.
#[derive(Debug)]
pub(crate) struct Gated {
    pub(crate) notes: Vec<Complaint>,
    pub(crate) counts: Vec<usize>,
}

/// Ask the gate about all indicators.
pub(crate) fn all_gated(book: &Book) -> Gated {
    let files = &book.feed_files;
    let notes = files.iter().map(|_| BTreeSet::new()).collect();
    let mut telling = Telling { book, counts: vec![0; files.len()], notes };
    each_held(book, &mut |number, group, held| telling.hold(number, group, held));
    let Telling { counts, notes, .. } = telling;
    let mut all = book.gated_rows.clone();
    for (file, (count, notes)) in files.iter().zip(counts.iter().zip(notes)) {
        tell_feed(&book.gate, file, *count, notes, &mut all);
    }
    all.sort();
    Gated { notes: all, counts }
}

/// What is told of a feed: its first indicators that are held, and how many more there are.
fn tell_feed(
    gate: &Gate,
    file: &Arc<str>,
    count: usize,
    notes: BTreeSet<Note>,
    out: &mut Vec<Complaint>,
) {
    let more = count.saturating_sub(notes.len());
    let after = notes.last().map_or(1, |last| last.line.saturating_add(1));
    for Note { line, text, group } in notes {
        let group = gate.group_name(group);
        let why = format!("gated: `{}` never alerts alone: {group}", shown(&text));
        out.push(note(file, line, 1, why));
    }
    if more > 0 {
        let why = format!("gated: {more} more indicators of this feed never alert alone");
        out.push(note(file, after, 1, why));
    }
}

/// What is told of an indicator that is held; in order of lines.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    line: u32,
    text: String,
    group: u16,
}

struct Telling<'b> {
    book: &'b Book,
    /// By feed.
    counts: Vec<usize>,
    /// The first of each feed.
    notes: Vec<BTreeSet<Note>>,
}

impl Telling<'_> {
    fn hold(&mut self, number: u32, group: u16, held: Held<'_>) {
        let Some(indicator) = self.book.indicators.get(number) else { return };
        if indicator.has(Indicator::PAGE) {
            return;
        }
        let (line, feed) = (indicator.line, usize::from(indicator.feed));
        let (Some(count), Some(notes)) = (self.counts.get_mut(feed), self.notes.get_mut(feed))
        else {
            return;
        };
        *count = count.saturating_add(1);
        let full = notes.len() >= GATE_NOTES_PER_FILE_MAX;
        if full && notes.last().is_some_and(|last| last.line <= line) {
            return;
        }
        let text = match held {
            Held::Network(network) => network.to_string(),
            Held::Text(text) => text.to_owned(),
        };
        notes.insert(Note { line, text, group });
        if full {
            notes.pop_last();
        }
    }
}

/// A note of the gate.
pub(crate) fn note(file: &Arc<str>, line: u32, column: u32, why: String) -> Complaint {
    let fix = "it stays as corroboration; take it out of the list, or write it more closely";
    Complaint { file: Arc::clone(file), line, column, why, fix: fix.to_owned() }
}
