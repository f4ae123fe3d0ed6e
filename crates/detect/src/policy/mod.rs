//! What is allowed where, as the people who run the network wrote it down.

mod account;
mod grammar;
mod hours;
mod lint;
mod nearest;
mod networks;
mod operator;
mod page;
mod reasons;
mod rule;
mod ruling;
mod spans;
mod suggest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::{Complaint, Direction, Fact, Flow, Timestamp, ToolId, VlanId};
use toml::de::{DeTable, Error};

use networks::Zones;
use page::Page;
use rule::{Kind, Rule};

pub use account::{Account, Outcome, RuleAccount, Topic, Visit};
pub use hours::{moment_text, read_moment};
pub use lint::{Level, Lint, LintOptions, Remark};
pub(crate) use rule::Use;
pub(crate) use ruling::{Denial, Ruling};
pub use suggest::{HoursUsed, Learned, SuggestOptions, Suggestion};

/// Zones, and rules that allow remote access or keep quiet about it. All else is unauthorised.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    zones: Zones,
    rules: Vec<Rule>,
    /// Places in `rules` by tool; `None`: those for any tool.
    by_tool: BTreeMap<Option<ToolId>, Vec<usize>>,
    /// Whether a rule knows an operator by its certificate: only then is one hashed.
    asks_certificates: bool,
    /// Whether a port of a tool, reached from outside, is an alert by itself.
    ports_alert: bool,
}

/// What a person wants to know of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleInfo<'a> {
    /// `allow[0] acme-remote`: its kind, its place among its kind, its tool.
    pub label: &'a Arc<str>,
    /// Who answers for it.
    pub owner: Option<&'a str>,
    /// Why it stands there.
    pub reason: Option<&'a str>,
    /// The first moment at which it no longer holds.
    pub ends: Option<Timestamp>,
}

/// Whether a file holds only a policy, or other settings too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Policy,
    Settings,
}

impl Policy {
    /// The policy without zones and rules: inside are the private networks, and all remote access
    /// is unauthorised.
    #[must_use]
    pub fn deny_by_default() -> Policy {
        Policy::default()
    }

    /// Read a policy file. `file` is its name in complaints. What has a complaint is left out, so
    /// that a caller who goes on in spite of it denies more, not less.
    #[must_use]
    pub fn parse(file: &str, text: &str) -> (Policy, Vec<Complaint>) {
        let mut policy = Policy::default();
        let complaints = policy.add(file, text);
        (policy, complaints)
    }

    /// Read one more policy file. A rule may name the zones of this file and of those before it.
    pub fn add(&mut self, file: &str, text: &str) -> Vec<Complaint> {
        self.read(file, text, Whole::Policy)
    }

    /// Read the policy's tables out of a file that holds other settings too, whose reader knows
    /// them.
    pub fn add_from_settings(&mut self, file: &str, text: &str) -> Vec<Complaint> {
        self.read(file, text, Whole::Settings)
    }

    /// Complain about rules for tools that the catalogue, whose ids are `known`, does not have.
    #[must_use]
    pub fn check_tools(&self, known: &[&str]) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for rule in &self.rules {
            let Some(tool) = rule.tool.as_ref().filter(|tool| !known.contains(&tool.as_str()))
            else {
                continue;
            };
            let fix = nearest::nearest(tool.as_str(), known.iter().copied()).map_or_else(
                || "`rmmwatch tools` lists the catalogue".to_owned(),
                |word| format!("did you mean `{word}`?"),
            );
            let why = format!("the catalogue has no tool `{tool}`");
            complaints.push(rule.place.complain(why, fix));
        }
        complaints
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> impl Iterator<Item = RuleInfo<'_>> {
        self.rules.iter().map(|rule| RuleInfo {
            label: &rule.label,
            owner: rule.owner.as_deref(),
            reason: rule.reason.as_deref(),
            ends: rule.ends(),
        })
    }

    /// The zones' names, in the order of the files.
    pub fn zones(&self) -> impl Iterator<Item = &str> {
        self.zones.names()
    }

    /// The zone of a host, where it lies in one.
    #[must_use]
    pub fn zone_of(&self, host: IpAddr, vlan: Option<VlanId>) -> Option<&Arc<str>> {
        self.zones.zone_of(host, vlan)
    }

    /// The place of that zone among the zones; see [`Policy::zone_at`].
    pub(crate) fn zone_place(&self, host: IpAddr, vlan: Option<VlanId>) -> Option<u32> {
        self.zones.place_of(host, vlan).and_then(|place| u32::try_from(place).ok())
    }

    /// The zone at a place.
    pub(crate) fn zone_at(&self, place: u32) -> Option<&Arc<str>> {
        self.zones.name_at(place as usize)
    }

    /// The host inside that a record about a flow is about, and which way it crosses our border.
    #[must_use]
    pub fn place(&self, flow: &Flow) -> (IpAddr, Direction) {
        self.zones.place(flow)
    }

    /// Whether an address is one of ours.
    #[must_use]
    pub fn is_inside(&self, ip: IpAddr) -> bool {
        self.zones.inside(ip)
    }

    /// Whether an address is ours, or private.
    pub(crate) fn is_ours(&self, ip: IpAddr) -> bool {
        self.zones.inside(ip) || networks::is_private(ip)
    }

    /// Whether a port of a tool, reached from outside, is an alert by itself.
    pub(crate) fn ports_alert(&self) -> bool {
        self.ports_alert
    }

    fn read(&mut self, file: &str, text: &str, whole: Whole) -> Vec<Complaint> {
        let mut page = Page::new(file, text);
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            self.read_tables(&mut page, root.get_ref(), whole);
        } else {
            // What a parser guesses of a broken file would bring complaints of its own.
            complain_of_syntax(&mut page, &errors);
        }
        page.complaints.sort_by_key(|complaint| (complaint.line, complaint.column));
        page.complaints
    }

    fn read_tables(&mut self, page: &mut Page<'_>, root: &DeTable<'_>, whole: Whole) {
        if whole == Whole::Policy {
            page.check_keys("a policy", root, &grammar::TABLES);
        }
        self.ports_alert = page.inbound(root).unwrap_or(self.ports_alert);
        // A rule that names a zone which is itself in error gets no second complaint.
        let mut known: Vec<Arc<str>> = self.zones.names().map(Arc::from).collect();
        for (table, span) in page.tables(root, "zone") {
            let name = table.get("name").and_then(|name| name.get_ref().as_str());
            let zone = page.zone((table, span.clone()));
            if let Some(name) = name {
                if known.iter().any(|zone| &**zone == name) {
                    let fix = "put its networks into one `[[zone]]`";
                    page.complain(span.start, format!("a second zone is called `{name}`"), fix);
                    continue;
                }
                known.push(name.into());
            }
            if let Some(zone) = zone {
                self.zones.push(zone);
            }
        }
        for (kind, name) in [(Kind::Allow, "allow"), (Kind::Suppress, "suppress")] {
            let before = self.rules.iter().filter(|rule| rule.kind == kind).count();
            for (number, placed) in page.tables(root, name).into_iter().enumerate() {
                if let Some(rule) = page.rule(kind, before + number, placed, &known) {
                    self.push(rule);
                }
            }
        }
    }

    /// What the certificate in a fact, if there is one, is known as to rules that ask for one.
    pub(crate) fn certificate_words(&self, fact: &Fact) -> Vec<String> {
        if self.asks_certificates { operator::certificate_words(fact) } else { Vec::new() }
    }

    fn push(&mut self, rule: Rule) {
        self.asks_certificates |= rule.operators.iter().any(|one| one.asks_certificate());
        self.by_tool.entry(rule.tool.clone()).or_default().push(self.rules.len());
        self.rules.push(rule);
    }
}

/// Complaints for what is no TOML. A slip early in a file can spoil all the rest: a few are enough.
fn complain_of_syntax(page: &mut Page<'_>, errors: &[Error]) {
    const ENOUGH: usize = 8;
    for error in errors.iter().take(ENOUGH) {
        let offset = error.span().map_or(0, |span| span.start);
        let why = format!("this is no TOML: {}", error.message().replace('\n', ", "));
        page.complain(offset, why, "mend the line");
    }
}
