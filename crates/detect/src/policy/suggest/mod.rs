//! A starting policy, learned from what was used: one rule for each tool and operator that several
//! hosts have in common, and as comments what a person must think about first.

#[cfg(test)]
mod cases;
mod gather;
mod habit;
mod places;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;
use model::{Timestamp, ToolId, Usage};

use super::Policy;
use super::hours::time_zone;
use gather::gather;
use places::Places;
use write::Writer;

/// Whole hours since 1970 in which a tool of an operator was used.
pub type HoursUsed = BTreeMap<(ToolId, Option<Arc<str>>), BTreeSet<u32>>;

/// What was seen in the period to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Learned<'a> {
    /// The uses.
    pub usages: &'a [Usage],
    /// When they were made, where the records tell more than the first and the last moment.
    pub hours: &'a HoursUsed,
    /// Hosts of incidents, each with the tool of its incident, where that has one.
    pub incidents: &'a [(IpAddr, Option<ToolId>)],
    /// The ids of the catalogue's tools.
    pub tools: &'a [&'a str],
}

/// How a policy is to be learned.
#[derive(Clone, Debug)]
pub struct SuggestOptions {
    zone: TimeZone,
    zone_name: String,
    hosts_min: usize,
}

impl SuggestOptions {
    /// Hours are told in that time zone of the tz database; a rule needs at least `hosts_min` hosts
    /// to be written out.
    ///
    /// # Errors
    /// Why there is no such time zone, and the fix.
    pub fn new(zone: &str, hosts_min: usize) -> Result<SuggestOptions, String> {
        let found = time_zone(zone).map_err(|(why, fix)| format!("{why}; {fix}"))?;
        let zone_name = found.iana_name().unwrap_or("UTC").to_owned();
        Ok(SuggestOptions { zone: found, zone_name, hosts_min })
    }
}

/// A starting policy.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Suggestion {
    /// The policy as TOML.
    pub text: String,
    /// Rules that were learned.
    pub rules: usize,
    /// Rules that stand as comments, since something speaks against them.
    pub commented: usize,
    /// Uses that the policy at hand allows already.
    pub allowed: usize,
    /// Pairs of a tool and an operator that there was no room for.
    pub left_out: usize,
}

impl Policy {
    /// A policy that has all of this one, and allows what was used, as far as nothing speaks
    /// against that.
    #[must_use]
    pub fn suggest(&self, learned: &Learned<'_>, options: &SuggestOptions) -> Suggestion {
        let gathered = gather(self, learned, options);
        let places = Places::of(self, &gathered.groups);
        let mut writer = Writer::new(options);
        writer.head(&gathered);
        writer.own_zones(self);
        writer.new_zones(&places);
        writer.own_rules(self);
        for (group, doubts) in gathered.groups.iter().filter(|(_, doubts)| doubts.is_empty()) {
            writer.rule(group, doubts, &places);
        }
        for (group, doubts) in gathered.groups.iter().filter(|(_, doubts)| !doubts.is_empty()) {
            writer.rule(group, doubts, &places);
        }
        Suggestion {
            rules: gathered.groups.iter().filter(|(_, doubts)| doubts.is_empty()).count(),
            commented: gathered.groups.iter().filter(|(_, doubts)| !doubts.is_empty()).count(),
            allowed: gathered.allowed,
            left_out: gathered.left_out,
            text: writer.finish(),
        }
    }
}

/// Uses of one tool of one operator, by all hosts.
#[derive(Debug)]
struct Group<'a> {
    tool: &'a ToolId,
    tool_name: &'a str,
    operator: Option<&'a Arc<str>>,
    inbound: bool,
    /// The hosts, each with the zone that its record tells.
    hosts: BTreeMap<IpAddr, Option<&'a Arc<str>>>,
    /// Whether a policy allowed all of it at the time.
    authorised: bool,
    sessions: u64,
    signs: u64,
    first: Timestamp,
    last: Timestamp,
    /// When it is used, where that is a habit.
    hours: Option<String>,
}
