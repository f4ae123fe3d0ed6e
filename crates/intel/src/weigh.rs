//! Which rows and indicators fit a name, and which of them win.

use model::{Role, Specificity};

use crate::book::{Book, Indicator, PatternOwner};
use crate::index::RowNumber;
use crate::limits::{FEEDS_PER_NAME_MAX, OWNERS_PER_NAME_MAX};
use crate::names::Owner;
use crate::naming::{self, Public};

/// How close an entry is to a name; the later wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Closeness {
    Suffix,
    Pattern,
    Exact,
}

/// An entry that fits a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit<'b> {
    pub(crate) closeness: Closeness,
    /// Octets of the name that the entry fixes.
    pub(crate) len: usize,
    /// A row's or an indicator's number.
    pub(crate) number: u32,
    /// The entry as text.
    pub(crate) text: &'b str,
}

impl Hit<'_> {
    const fn rank(&self) -> (Closeness, usize) {
        (self.closeness, self.len)
    }
}

/// All that fits a name.
#[derive(Debug, Default)]
pub(crate) struct Weighed<'b> {
    /// Rows of the catalogue.
    pub(crate) rows: Vec<Hit<'b>>,
    /// Indicators of feeds.
    pub(crate) listed: Vec<Hit<'b>>,
    /// The longest name of the gate at or above it, and its group.
    pub(crate) gate: Option<(&'b str, u16)>,
}

impl Weighed<'_> {
    /// Whether no row and no indicator fits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.listed.is_empty()
    }

    /// Whether the catalogue says whose the name is. A row about a name that hands out names to
    /// anyone (`trycloudflare.com`) says nothing of what a tenant calls itself.
    pub(crate) fn knows(&self, name: &str) -> bool {
        if self.rows.is_empty() {
            return false;
        }
        let tenant = naming::tenant(name).map_or(0, str::len);
        let speaks =
            |hit: &Hit<'_>| hit.closeness == Closeness::Exact || hit.len == 0 || hit.len >= tenant;
        self.rows.iter().any(speaks)
    }

    /// The group of the gate that stands between the entry and the name: an entry for a wide
    /// name does not speak for the part of it that everyone meets.
    pub(crate) fn gate_between(&self, hit: &Hit<'_>) -> Option<u16> {
        self.gate
            .filter(|(name, _)| hit.closeness != Closeness::Exact && name.len() > hit.len)
            .map(|(_, group)| group)
    }
}

impl Book {
    /// All that fits the name. Allocates for what fits only.
    pub(crate) fn weigh<'b>(&'b self, name: &'b str) -> Weighed<'b> {
        let mut all = Weighed::default();
        self.names.walk(name, &mut |suffix, owner| {
            let whole = suffix.len() == name.len();
            let hit =
                |closeness, number| Hit { closeness, len: suffix.len(), number, text: suffix };
            match owner {
                Owner::Exact(row) if whole => all.rows.push(hit(Closeness::Exact, row)),
                Owner::Exact(_) => {}
                Owner::Suffix(row) => all.rows.push(hit(Closeness::Suffix, row)),
                Owner::Pattern(number) => {
                    if let Ok(number) = usize::try_from(number) {
                        self.weigh_pattern(name, number, &mut all);
                    }
                }
                Owner::Listed(number) => {
                    if self.indicators.get(number).is_some_and(|it| self.speaks(&it, suffix, whole))
                    {
                        all.listed.push(hit(Closeness::Suffix, number));
                    }
                }
                // Shortest first, so the last is the longest.
                Owner::Gate(group) => all.gate = Some((suffix, group)),
            }
        });
        for number in &self.loose {
            self.weigh_pattern(name, *number, &mut all);
        }
        all
    }

    /// Whether an indicator speaks for a name at or below the one that it stands at; `whole`: for
    /// just that. The gate is asked here, not once for each of a million names at the start.
    fn speaks(&self, indicator: &Indicator, at: &str, whole: bool) -> bool {
        if indicator.has(Indicator::PAGE) {
            // The page counts; its host, where it is everyone's, is no hint at it.
            return whole && self.gate.holds_name(at).is_none();
        }
        // Of a suffix that is held, all names below would be listed.
        let suffix = || naming::public(at) != Public::No && self.gate.holds_name(at).is_some();
        whole || !(indicator.has(Indicator::EXACT) || suffix())
    }

    /// The group of the gate that holds the very entry which lists a name.
    pub(crate) fn gate_of(&self, hit: &Hit<'_>) -> Option<u16> {
        let indicator = self.indicators.get(hit.number)?;
        if hit.closeness == Closeness::Pattern {
            return Some(indicator.gate).filter(|group| *group != Indicator::FREE);
        }
        let page = indicator.has(Indicator::PAGE);
        if page { None } else { self.gate.holds_name(hit.text) }
    }

    fn weigh_pattern<'b>(&'b self, name: &str, number: usize, all: &mut Weighed<'b>) {
        let Some((pattern, owner)) = self.patterns.get(number) else { return };
        if !pattern.fits(name) {
            return;
        }
        let hit = |number| Hit {
            closeness: Closeness::Pattern,
            len: pattern.ending.len(),
            number,
            text: &pattern.text,
        };
        match owner {
            PatternOwner::Row(row) => all.rows.push(hit(*row)),
            PatternOwner::Listed(indicator) => all.listed.push(hit(*indicator)),
        }
    }

    /// The rows that win: the closest; of one tool just one, a stated role before an unknown one,
    /// then the more specific, then the earlier. Sorted by tool.
    pub(crate) fn winners<'b>(&self, all: &Weighed<'b>) -> Vec<Hit<'b>> {
        let Some(best) = all.rows.iter().map(Hit::rank).max() else { return Vec::new() };
        let mut best: Vec<Hit<'b>> =
            all.rows.iter().filter(|hit| hit.rank() == best).copied().collect();
        best.sort_by_key(|hit| self.standing(hit.number));
        best.dedup_by_key(|hit| self.tool_of(hit.number));
        best.truncate(OWNERS_PER_NAME_MAX);
        best
    }

    fn standing(&self, row: RowNumber) -> (Option<u32>, bool, Specificity, RowNumber) {
        let (unknown, specificity) =
            self.row(row).map_or((true, Specificity::Generic), |(_, row, _)| {
                (row.role == Role::Unknown, row.specificity)
            });
        (self.tool_of(row), unknown, specificity, row)
    }

    fn tool_of(&self, row: RowNumber) -> Option<u32> {
        usize::try_from(row).ok().and_then(|i| self.rows.get(i)).map(|place| place.tool)
    }

    /// The closest indicator of each feed, in the order of the feeds.
    pub(crate) fn winners_listed<'b>(&self, all: &Weighed<'b>) -> Vec<Hit<'b>> {
        let feed = |hit: &Hit<'_>| self.indicator(hit.number).map(|(entry, _)| entry.feed);
        // An entry for names before one for a page, which says less of its host.
        let page = |hit: &Hit<'_>| {
            self.indicator(hit.number).is_some_and(|(entry, _)| entry.has(Indicator::PAGE))
        };
        let mut best = all.listed.clone();
        best.sort_by_key(|hit| (feed(hit), page(hit), std::cmp::Reverse(hit.rank()), hit.number));
        best.dedup_by_key(|hit| feed(hit));
        best.truncate(FEEDS_PER_NAME_MAX);
        best
    }
}
