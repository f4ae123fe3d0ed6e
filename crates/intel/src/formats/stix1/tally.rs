//! What was left out for the same reason is told once, with its number and the first place.

use crate::sheet::Complaints;

use super::place::Place;

/// Why something was left out without a complaint of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// It counts when something is not there.
    Negated,
    /// It is something that happened on a host.
    Event,
    /// It is defined in no package of the file.
    Missing,
    /// It stands where victims or sightings are told.
    Aside,
    /// Its prefix is declared nowhere.
    Undeclared,
    /// It refers to an entity that no XML has by itself.
    Entity,
    /// Its text is overlong.
    Long,
}

const REASONS: [(Reason, &str, &str); 7] = [
    (
        Reason::Negated,
        "this is about what is not seen (negate, NONE, DoesNotEqual)",
        "left out: only what is seen can be found",
    ),
    (Reason::Event, "this is an event on a host", "left out: no wire shows it"),
    (
        Reason::Missing,
        "this refers to what is defined nowhere in this file",
        "put the package that defines it into the same file",
    ),
    (
        Reason::Aside,
        "this stands among sightings, victims or measures",
        "left out: to be an indicator, let an Indicator refer to it",
    ),
    (
        Reason::Undeclared,
        "the prefix of this element is declared nowhere",
        "declare it, as in xmlns:cybox=\"http://cybox.mitre.org/cybox-2\"",
    ),
    (
        Reason::Entity,
        "this refers to an entity of the file's own",
        "left out: write the text itself, or one of &amp; &lt; &gt; &quot; &apos;",
    ),
    (Reason::Long, "this text is too long", "left out: write several shorter ones"),
];

/// How often, and where first.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: [(u64, Option<Place>); REASONS.len()],
}

impl Tally {
    pub(super) fn add(&mut self, reason: Reason, place: Place) {
        let at = REASONS.iter().position(|(known, ..)| *known == reason);
        if let Some((count, first)) = at.and_then(|at| self.counts.get_mut(at)) {
            *count = count.saturating_add(1);
            first.get_or_insert(place);
        }
    }

    pub(super) fn finish(self, complaints: &mut Complaints<'_>) {
        for ((_, what, fix), (count, first)) in REASONS.into_iter().zip(self.counts) {
            if let Some(place) = first {
                let why = match count.saturating_sub(1) {
                    0 => what.to_owned(),
                    more => format!("{what}, and {more} more like it"),
                };
                complaints.placed(place.line, place.column, why, fix);
            }
        }
    }
}
