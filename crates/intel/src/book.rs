//! The index over catalogue and feeds, and what it says of itself.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use model::{Complaint, ListKind, Lure, Meaning, Operator, Protocol, Role, Specificity, Stage};

use crate::catalogue::{Taken, Tenant};
use crate::day::Day;
use crate::gate::Gate;
use crate::gating::{Gated, all_gated};
use crate::glob::Glob;
use crate::index::{Certificates, Files, Payloads, Ports, RowNumber};
use crate::indicators::Indicators;
use crate::labels::Labels;
use crate::limits::{CONFIDENCE_GENERIC_PCT, CONFIDENCE_SHARED_PCT, CONFIDENCE_SPECIFIC_PCT};
use crate::listed::ListedTexts;
use crate::lookalikes::LookAlikes;
use crate::met::{self, Met};
use crate::names::NameTable;
use crate::naming;
use crate::networks::NetworkTable;
use crate::pattern::NamePattern;
use crate::resolvers::Resolvers;
use crate::rows::{FeedInfo, Hosting, Row, Tool};
use crate::weigh::Weighed;

/// The list that every row of the catalogue stands in.
pub(crate) const CATALOGUE: &str = "catalogue";

/// Everything known of tools and reported names, made to be asked.
///
/// A book never changes; a new one takes its place. Asking it allocates only for what it finds.
#[derive(Default)]
pub struct Book {
    pub(crate) tools: Vec<Tool>,
    pub(crate) rows: Vec<RowPlace>,
    pub(crate) names: NameTable,
    pub(crate) patterns: Vec<(NamePattern, PatternOwner)>,
    /// Patterns that no table finds, by number.
    pub(crate) loose: Vec<usize>,
    pub(crate) networks: NetworkTable,
    /// Entries of feeds that are neither names nor networks.
    pub(crate) listed: ListedTexts,
    pub(crate) ports: Ports,
    pub(crate) alpns: Vec<(Box<[u8]>, RowNumber)>,
    /// By fingerprint.
    pub(crate) ja4s: HashMap<Box<str>, Vec<RowNumber>, RandomState>,
    /// What stands before the first hash of each of them.
    pub(crate) ja4_heads: HashSet<Box<str>, RandomState>,
    pub(crate) certificates: Certificates,
    pub(crate) user_agents: Vec<(Glob, RowNumber)>,
    pub(crate) paths: Vec<PathSign>,
    pub(crate) files: Files,
    pub(crate) payloads: Payloads,
    pub(crate) protocols: Vec<ProtocolSign>,
    /// What rows take out of what was seen.
    pub(crate) taken: HashMap<RowNumber, Taken, RandomState>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) infos: Vec<FeedInfo>,
    pub(crate) indicators: Indicators,
    /// Octets that the patterns take at the most.
    pub(crate) pattern_octets: usize,
    pub(crate) details: Vec<Detail>,
    pub(crate) labels: Labels,
    pub(crate) resolvers: Resolvers,
    pub(crate) lookalikes: LookAlikes,
    pub(crate) met: Met,
    pub(crate) gate: Gate,
    /// What the gate made generic of the catalogue.
    pub(crate) gated_rows: Vec<Complaint>,
    /// That, and what it makes generic of feeds, once someone asks.
    pub(crate) gated: OnceLock<Gated>,
    /// The file of each feed, for notes about its lines.
    pub(crate) feed_files: Vec<Arc<str>>,
    pub(crate) catalogue_list: Arc<str>,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book")
            .field("tools", &self.tools.len())
            .field("rows", &self.rows.len())
            .field("feeds", &self.infos)
            .finish_non_exhaustive()
    }
}

/// Where a row stands among the tools, and which part of a name tells the tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowPlace {
    pub(crate) tool: u32,
    pub(crate) row: u32,
    pub(crate) tenant: Tenant,
}

/// Who owns a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PatternOwner {
    Row(RowNumber),
    Listed(u32),
}

/// A protocol of remote access, and what it must tell of itself.
#[derive(Debug)]
pub(crate) struct ProtocolSign {
    pub(crate) protocol: Protocol,
    pub(crate) told: Option<Glob>,
    pub(crate) row: RowNumber,
}

/// A path that a request must have.
#[derive(Debug)]
pub(crate) struct PathSign {
    pub(crate) glob: Glob,
    pub(crate) speaks_of_query: bool,
    pub(crate) method: Option<Box<str>>,
    pub(crate) row: RowNumber,
}

/// What a match needs to know of a feed.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    pub(crate) id: Arc<str>,
    pub(crate) version: Arc<str>,
    /// What an indicator without a description is said to be.
    pub(crate) description: Arc<str>,
    pub(crate) confidence_pct: u8,
    pub(crate) kind: ListKind,
}

/// An entry of a feed. Small: there can be millions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Indicator {
    pub(crate) feed: u16,
    /// The group of the gate that holds its pattern, or [`Indicator::FREE`]. Of all else the gate
    /// is asked when it is met.
    pub(crate) gate: u16,
    /// Its number in the details, or [`Indicator::PLAIN`].
    pub(crate) detail: u32,
    pub(crate) line: u32,
    /// The first day on which it no longer counts.
    pub(crate) until: Day,
    pub(crate) stage: Option<Stage>,
    /// Of [`Indicator::EXACT`] and [`Indicator::PAGE`].
    pub(crate) marks: u8,
}

impl Indicator {
    pub(crate) const FREE: u16 = u16::MAX;
    pub(crate) const PLAIN: u32 = u32::MAX;
    /// Just the name, nothing below it.
    pub(crate) const EXACT: u8 = 1;
    /// It is about one page; its host is a hint at it.
    pub(crate) const PAGE: u8 = 2;

    pub(crate) const fn has(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }
}

const _: () = assert!(size_of::<Indicator>() <= 16);

/// What a feed says of an indicator beyond its being listed.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    /// Empty: nothing.
    pub(crate) description: Arc<str>,
    pub(crate) confidence_pct: Option<u8>,
}

impl Book {
    /// The tools, sorted by id.
    #[must_use]
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The feeds, in the order in which they were added.
    #[must_use]
    pub fn feeds(&self) -> &[FeedInfo] {
        &self.infos
    }

    /// How many brands names are compared with.
    #[must_use]
    pub fn brands(&self) -> usize {
        self.lookalikes.brands()
    }

    /// Warnings about brands of the user's own that are short or common.
    #[must_use]
    pub fn brand_notes(&self) -> &[Complaint] {
        self.lookalikes.notes()
    }

    /// Whether a name lies: imitates a brand, or speaks like a help desk. `name` is as the wire
    /// shows it: lower case, A-labels, no trailing dot.
    #[must_use]
    pub fn look_alike(&self, name: &str) -> Option<Lure> {
        let place = self.met.place(name);
        if place.known() & met::QUIET != 0 {
            return None;
        }
        let lure = self.lookalikes.judge(name);
        if lure.is_none() {
            place.note(met::QUIET);
        }
        lure
    }

    /// What the safety gate made generic: no error, but worth a look.
    #[must_use]
    pub fn gated(&self) -> &[Complaint] {
        &self.all_gated().notes
    }

    /// How many indicators of a feed the safety gate made generic, by its place in
    /// [`Self::feeds`].
    #[must_use]
    pub fn gated_of(&self, feed: usize) -> usize {
        self.all_gated().counts.get(feed).copied().unwrap_or(0)
    }

    /// The gate is asked about every indicator, which takes a while and which only `check` needs.
    fn all_gated(&self) -> &Gated {
        self.gated.get_or_init(|| all_gated(self))
    }

    /// Whether everyone has to do with a name, so that meeting it is no news: what someone
    /// registered is held by the safety gate, is a brand's own, or is a tool's in the catalogue.
    /// `name` is as the wire shows it.
    #[must_use]
    pub fn is_everyones(&self, name: &str) -> bool {
        let place = self.met.place(name);
        let known = place.known();
        if known & met::ASKED != 0 {
            return known & met::EVERYONES != 0;
        }
        let all = self.weigh(name);
        let unlisted = if all.is_empty() { met::UNLISTED } else { 0 };
        let found = self.find_everyones(name, &all);
        place.note(met::ASKED | unlisted | if found { met::EVERYONES } else { 0 });
        found
    }

    fn find_everyones(&self, name: &str, all: &Weighed<'_>) -> bool {
        let holds = |name| self.gate.holds_name(name).is_some();
        // A name above which someone registered one is no public suffix, and what the gate holds by
        // its own list stands in the table of names too, at this name or above it.
        let Some(registered) = naming::registrable(name) else {
            return holds(name) || self.lookalikes.owns(name) || !all.rows.is_empty();
        };
        let held = || all.gate.is_some() && (holds(name) || holds(registered));
        !all.rows.is_empty() || self.lookalikes.owns(registered) || held()
    }

    pub(crate) fn row(&self, number: RowNumber) -> Option<(&Tool, &Row, Tenant)> {
        let place = self.rows.get(usize::try_from(number).ok()?)?;
        let tool = self.tools.get(usize::try_from(place.tool).ok()?)?;
        let row = tool.rows.get(usize::try_from(place.row).ok()?)?;
        Some((tool, row, place.tenant))
    }

    pub(crate) fn indicator(&self, number: u32) -> Option<(Indicator, &Feed)> {
        let indicator = self.indicators.get(number)?;
        Some((indicator, self.feeds.get(usize::from(indicator.feed))?))
    }

    pub(crate) fn detail(&self, indicator: &Indicator) -> Option<&Detail> {
        self.details.get(usize::try_from(indicator.detail).ok()?)
    }

    /// What an indicator means, and how sure its feed is.
    pub(crate) fn meaning_listed(&self, indicator: &Indicator, feed: &Feed) -> (Meaning, u8) {
        let detail = self.detail(indicator);
        let description = detail
            .map(|detail| &detail.description)
            .filter(|description| !description.is_empty())
            .unwrap_or(&feed.description);
        let confidence = detail.and_then(|detail| detail.confidence_pct);
        let meaning = Meaning::Indicator {
            stage: indicator.stage,
            description: Arc::clone(description),
            kind: feed.kind,
            until: indicator.until.begins(),
        };
        (meaning, confidence.unwrap_or(feed.confidence_pct))
    }
}

/// What a row of a tool means.
pub(crate) fn meaning_tool(tool: &Tool, role: Role, operator: Operator) -> Meaning {
    Meaning::Tool { tool: tool.id.clone(), name: Arc::clone(&tool.name), role, operator }
}

/// Who runs the server that a sign without a name points to.
pub(crate) const fn operator_of(tool: &Tool) -> Operator {
    match tool.hosting {
        Hosting::Vendor => Operator::Vendor,
        Hosting::SelfHosted | Hosting::Both => Operator::Server,
    }
}

/// How sure the catalogue is of a row.
pub(crate) const fn confidence(specificity: Specificity) -> u8 {
    match specificity {
        Specificity::Specific => CONFIDENCE_SPECIFIC_PCT,
        Specificity::Shared => CONFIDENCE_SHARED_PCT,
        Specificity::Generic => CONFIDENCE_GENERIC_PCT,
    }
}

#[cfg(test)]
mod tests {
    use crate::naming;

    #[test]
    fn what_is_everyones_is_told_as_asking_each_list_tells_it() {
        let mut builder = crate::BookBuilder::new();
        builder.gate("gate.toml", include_str!("../../../config/gate.toml"));
        let (book, complaints) = builder.build();
        assert_eq!(complaints, []);
        let held: Vec<String> = book.gate.names().map(|(name, _)| name.to_owned()).collect();
        let fixed = ["com", "co.uk", "x.co.uk", "github.io", "a.github.io", "b.ck", "a.b.ck", "a"];
        let mut told = [0, 0];
        for name in held.iter().map(String::as_str).chain(fixed) {
            for before in ["", "www.", "x.", "www.x.", "a.b.c."] {
                let name = format!("{before}{name}");
                let registered = naming::registrable(&name).unwrap_or(&name);
                let want = book.gate.holds_name(&name).is_some()
                    || book.gate.holds_name(registered).is_some()
                    || book.lookalikes.owns(registered)
                    || !book.weigh(&name).rows.is_empty();
                for round in ["asked", "remembered"] {
                    assert_eq!(book.is_everyones(&name), want, "{name} {round}");
                }
                told[usize::from(want)] += 1;
            }
        }
        assert!(told.iter().all(|count| *count > 10), "{told:?}");
    }
}
