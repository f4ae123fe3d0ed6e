//! One rule of the policy, what it asks for, and how closely it looks.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Complaint, Timestamp, ToolId};

use super::hours::{Hours, local_time};
use super::operator::OperatorPattern;

/// Whether a rule allows a use or only keeps quiet about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Allow,
    Suppress,
}

impl Kind {
    /// The kind as it is written.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::Allow => "allow",
            Kind::Suppress => "suppress",
        }
    }
}

/// A rule. Everything that it names must fit; what it leaves out fits everything.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    /// `allow[0] acme-remote`: unique, and found again in the file by counting.
    pub(crate) label: Arc<str>,
    /// Where the tool stands in the file.
    pub(crate) place: Place,
    /// Where its keys stand.
    pub(crate) keys: Keys,
    /// `None`: any tool, and indicators; of an `allow` only names that lie.
    pub(crate) tool: Option<ToolId>,
    pub(crate) operators: Vec<OperatorPattern>,
    pub(crate) zones: Vec<Arc<str>>,
    pub(crate) peers: Vec<IpNet>,
    pub(crate) hours: Option<Hours>,
    /// The last day on which it holds, in the zone of `hours`, else UTC.
    pub(crate) until: Option<Date>,
    pub(crate) owner: Option<Arc<str>>,
    pub(crate) reason: Option<Arc<str>>,
}

/// A place in a file, lines and columns from 1.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Place {
    /// A complaint about what stands here.
    pub(crate) fn complain(&self, why: String, fix: impl Into<String>) -> Complaint {
        let Place { file, line, column } = self.clone();
        Complaint { file, line, column, why, fix: fix.into() }
    }
}

/// The places of a table's keys, by key, in the file's order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(pub(crate) Vec<(Box<str>, Place)>);

impl Keys {
    /// Where `key` stands.
    pub(crate) fn of(&self, key: &str) -> Option<&Place> {
        self.0.iter().find(|(name, _)| &**name == key).map(|(_, place)| place)
    }
}

/// A use of a tool, or a contact with a listed name, as a rule looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'a> {
    /// `None` for an indicator, and for a name that lies.
    pub(crate) tool: Option<&'a ToolId>,
    /// Whether it is a name that lies: one may turn out to be ours.
    pub(crate) lure: bool,
    /// What the operator is known as, in any spelling that shows: its name, its server's name and
    /// address. For an indicator what was seen.
    pub(crate) operators: &'a [&'a str],
    /// It is a server that the vendor runs for all tenants alike, and carries no session: every
    /// tenant's software needs it, so that it speaks against none.
    pub(crate) common: bool,
    /// Whether it shows whose tenant it is.
    pub(crate) tenant_seen: bool,
    pub(crate) zone: Option<&'a str>,
    /// The other end; `None` while only a name was asked for.
    pub(crate) peer: Option<IpAddr>,
    /// `None`: at any time, which no rule with hours or an end allows.
    pub(crate) at: Option<Timestamp>,
}

/// What a rule can ask for. In the order in which a person wants to hear of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Aspect {
    Operator,
    Until,
    Hours,
    Peer,
    Zone,
    Tool,
}

/// How closely a rule that fits looks: the greater one decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Closeness {
    tool: bool,
    /// The length of the pattern that fits; an exact one beats all others.
    operator: usize,
    zone: bool,
    /// Prefix length, plus one.
    peer: u16,
    hours: bool,
    until: bool,
}

/// A rule that fits, among others that do: the greatest decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Rank {
    closeness: Closeness,
    allows: bool,
    first: Reverse<usize>,
}

impl Rank {
    /// The key of a policy file at which two ranks differ first; for those of no key `kind` and
    /// `order`.
    pub(crate) fn differs_at(&self, other: &Rank) -> Option<&'static str> {
        let (mine, its) = (self.closeness, other.closeness);
        let steps = [
            ("tool", mine.tool == its.tool),
            ("operators", mine.operator == its.operator),
            ("zones", mine.zone == its.zone),
            ("peers", mine.peer == its.peer),
            ("hours", mine.hours == its.hours),
            ("until", mine.until == its.until),
            ("kind", self.allows == other.allows),
            ("order", self.first == other.first),
        ];
        steps.into_iter().find(|(_, same)| !same).map(|(step, _)| step)
    }
}

impl Aspect {
    /// The key that asks for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Aspect::Operator => "operators",
            Aspect::Until => "until",
            Aspect::Hours => "hours",
            Aspect::Peer => "peers",
            Aspect::Zone => "zones",
            Aspect::Tool => "tool",
        }
    }
}

impl Rule {
    /// Where the rule, `place`th of the policy from 0, stands among those that fit a use.
    pub(crate) fn rank(&self, place: usize, made: &Use<'_>) -> Rank {
        Rank {
            closeness: self.closeness(made),
            allows: self.kind == Kind::Allow,
            first: Reverse(place),
        }
    }

    /// What of the rule the use does not fit; empty when all of it does.
    pub(crate) fn misfits(&self, made: &Use<'_>) -> Vec<Aspect> {
        if let (true, Some(_)) = (made.lure, &self.tool) {
            // Who may run a tool under a name owns the name, at any hour and everywhere.
            let ours = self.kind == Kind::Allow && !self.operators.is_empty();
            let fits = ours && self.fits_operator(made);
            return if fits { Vec::new() } else { vec![Aspect::Tool] };
        }
        let fits = [
            (Aspect::Operator, self.fits_operator(made)),
            (Aspect::Until, self.fits_until(made.at)),
            (Aspect::Hours, self.fits_hours(made.at)),
            (Aspect::Peer, self.fits_peer(made.peer)),
            (Aspect::Zone, self.fits_zone(made.zone)),
            (Aspect::Tool, self.fits_tool(made)),
        ];
        fits.into_iter().filter(|(_, fits)| !fits).map(|(aspect, _)| aspect).collect()
    }

    /// How closely the rule looks at a use that it fits.
    pub(crate) fn closeness(&self, made: &Use<'_>) -> Closeness {
        let named = self.operators.iter().filter(|pattern| pattern.fits_use(made));
        let named = named.map(OperatorPattern::weight);
        let near = self.peers.iter().filter(|net| made.peer.is_none_or(|peer| net.contains(&peer)));
        Closeness {
            tool: self.tool.is_some(),
            operator: named.max().unwrap_or(usize::from(!self.operators.is_empty())),
            zone: !self.zones.is_empty(),
            peer: near.map(|net| u16::from(net.prefix_len()) + 1).max().unwrap_or(0),
            hours: self.hours.is_some(),
            until: self.until.is_some(),
        }
    }

    /// To allow a name that looks like a lie allows no tool, nor what a list reports.
    fn fits_tool(&self, made: &Use<'_>) -> bool {
        match (&self.tool, self.kind) {
            (Some(mine), _) => Some(mine) == made.tool,
            (None, Kind::Allow) => made.lure,
            (None, Kind::Suppress) => true,
        }
    }

    fn fits_operator(&self, made: &Use<'_>) -> bool {
        let fits = || self.operators.iter().any(|pattern| pattern.fits_use(made));
        self.operators.is_empty() || made.common || fits()
    }

    fn fits_zone(&self, zone: Option<&str>) -> bool {
        self.zones.is_empty() || self.zones.iter().any(|mine| Some(&**mine) == zone)
    }

    /// A question for a name has no other end yet: the contact that follows is judged.
    fn fits_peer(&self, peer: Option<IpAddr>) -> bool {
        let Some(peer) = peer.map(|peer| peer.to_canonical()) else { return true };
        self.peers.is_empty() || self.peers.iter().any(|network| network.contains(&peer))
    }

    fn fits_hours(&self, at: Option<Timestamp>) -> bool {
        let Some(hours) = &self.hours else { return true };
        at.is_some_and(|at| hours.hold(local_time(at, &hours.zone)))
    }

    /// The first moment at which it no longer holds; `None`: it has no end.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        let zone = self.hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
        let moment = self.until?.tomorrow().ok()?.to_zoned(zone).ok()?.timestamp();
        u64::try_from(moment.as_nanosecond()).ok().map(Timestamp::from_nanos)
    }

    fn fits_until(&self, at: Option<Timestamp>) -> bool {
        let Some(until) = self.until else { return true };
        let zone = self.hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
        at.is_some_and(|at| local_time(at, &zone).date() <= until)
    }
}
