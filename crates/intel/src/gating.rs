//! The gate is asked about every indicator of every feed; what it holds stays, as a generic one.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Complaint;

use crate::book::{Book, Indicator, PatternOwner};
use crate::gate::Gate;
use crate::limits::GATE_NOTES_PER_FILE_MAX;
use crate::listed::Text;
use crate::names;
use crate::naming::{self, Public};
use crate::networks;
use crate::pile::Pile;
use crate::sheet::shown;

/// Ask the gate about every indicator. `files`: the file of each feed.
pub(crate) fn gate_feeds(book: &mut Book, files: &[Arc<str>]) {
    let Book { gate, names, networks, patterns, listed, indicators, infos, .. } = book;
    let notes = files.iter().map(|_| BTreeSet::new()).collect();
    let mut gating = Gating { gate, indicators, counts: vec![0; files.len()], notes };
    names.for_each(|name, owner| {
        let names::Owner::Listed(number) = owner else { return };
        if let Some(group) = gating.gate.holds_name(name) {
            // Else every name below would carry it.
            let suffix = naming::public(name) != Public::No;
            gating.hold(number, group, suffix, || name.to_owned());
        }
    });
    networks.for_each(|network, owner| {
        let networks::Owner::Listed(number) = owner else { return };
        if let Some(group) = gating.gate.holds_network(&network) {
            gating.hold(number, group, false, || network.to_string());
        }
    });
    for (pattern, owner) in &*patterns {
        let PatternOwner::Listed(number) = owner else { continue };
        if let Some(group) = gating.gate.holds_pattern(pattern) {
            gating.hold(*number, group, false, || pattern.text.to_string());
        }
    }
    listed.for_each(Text::File, |name, number| {
        if let Some(group) = gating.gate.holds_file(name) {
            gating.hold(number, group, false, || name.to_owned());
        }
    });
    let Gating { counts, notes, .. } = gating;
    for ((info, file), (count, notes)) in
        infos.iter_mut().zip(files).zip(counts.into_iter().zip(notes))
    {
        info.gated = count;
        let more = count.saturating_sub(notes.len());
        let after = notes.last().map_or(1, |last| last.line.saturating_add(1));
        for Note { line, text, group } in notes {
            let group = book.gate.group_name(group);
            let why = format!("gated: `{}` never alerts alone: {group}", shown(&text));
            book.gated.push(note(file, line, 1, why));
        }
        if more > 0 {
            let why = format!("gated: {more} more indicators of this feed never alert alone");
            book.gated.push(note(file, after, 1, why));
        }
    }
}

/// What is told of an indicator that is held; in order of lines.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    line: u32,
    text: String,
    group: u16,
}

struct Gating<'b> {
    gate: &'b Gate,
    indicators: &'b mut Pile<Indicator>,
    /// By feed.
    counts: Vec<usize>,
    /// The first of each feed.
    notes: Vec<BTreeSet<Note>>,
}

impl Gating<'_> {
    fn hold(&mut self, number: u32, group: u16, exact: bool, text: impl FnOnce() -> String) {
        let Some(indicator) = self.indicators.get_mut(number) else { return };
        if indicator.has(Indicator::PAGE) {
            // The page counts as before; its host is everyone's.
            indicator.marks |= Indicator::HOST_HELD;
            return;
        }
        indicator.gate = group;
        if exact {
            indicator.marks |= Indicator::EXACT;
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
        notes.insert(Note { line, text: text(), group });
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
