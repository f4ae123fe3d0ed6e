//! What was met here for the first time, when, and by how many hosts: names, tools, operators.

use std::net::IpAddr;
use std::time::Duration;

use model::{Timestamp, ToolId};

use super::memo::{Memo, place_of};
use super::prints::Prints;
use super::recent::bits;
use super::sightings::{Seen, Sightings};
use crate::limits::{FIRST_HOSTS_MAX, Limits, NAME_HOSTS_MAX, UNWATCHED};

/// First sightings: host and tool, network and tool, network and operator, network and registered
/// name. Four tables, so that a flood of one kind pushes out nothing of another.
#[derive(Debug)]
pub(crate) struct Firsts {
    pub(crate) names: Sightings<NAME_HOSTS_MAX>,
    pub(crate) host_tools: Sightings<0>,
    pub(crate) tools: Sightings<FIRST_HOSTS_MAX>,
    pub(crate) operators: Sightings<FIRST_HOSTS_MAX>,
    pub(crate) watch: Watch,
    pub(crate) prints: Prints,
    /// Short fingerprints of hosts.
    own: Memo<u128, u16>,
}

/// [`UNWATCHED`], which is far from what the number could hold.
const UNWATCHED_NANOS: u64 = UNWATCHED.as_nanos() as u64;

/// For how long the sensor has watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Watch {
    /// Packet time of the first observation ever, later by the time that nobody watched.
    pub(crate) begun: Option<Timestamp>,
    /// Packet time of the last one.
    pub(crate) last: Timestamp,
    /// Nobody watched since `last`.
    away: bool,
    /// `begun` and `last` before the last gap that nobody watched, in case a broken clock made it.
    before: Option<(Timestamp, Timestamp)>,
    learning: Duration,
}

/// What was known of something when it was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    /// When it was first met; now, for something new.
    pub(crate) first: Timestamp,
    /// How many hosts met it, this one counted; no more than are remembered.
    pub(crate) hosts: u8,
    /// Whether the sensor had watched for long enough, when it was first met, to call it new then.
    pub(crate) learnt: bool,
}

/// What was known of a tool's use when it was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ToolKnown {
    /// This host's use of the tool.
    pub(crate) host: Known,
    /// The network's use of the tool.
    pub(crate) network: Known,
    /// The network's contact with the operator, where one shows.
    pub(crate) operator: Option<Known>,
}

impl Firsts {
    pub(crate) fn new(limits: &Limits) -> Firsts {
        Firsts {
            names: Sightings::new(limits.first_names_max),
            host_tools: Sightings::new(limits.first_host_tools_max),
            tools: Sightings::new(limits.first_tools_max),
            operators: Sightings::new(limits.first_operators_max),
            watch: Watch::new(limits.learning),
            prints: Prints::FIXED,
            own: Memo::new(),
        }
    }

    /// Fingerprints are made by these from now on.
    pub(crate) fn set_prints(&mut self, prints: Prints) {
        self.prints = prints;
        self.own = Memo::new();
    }

    /// Time passes: the first moment is when learning begins.
    pub(crate) fn watch(&mut self, at: Timestamp) {
        self.watch.pass(at);
    }

    /// Whether the sensor has watched for long enough to call what it meets now new.
    pub(crate) fn learnt(&mut self, at: Timestamp) -> bool {
        self.watch.learnt(at)
    }

    /// A host had to do with the registered name of that fingerprint.
    pub(crate) fn see_name(&mut self, registered: u64, host: IpAddr, at: Timestamp) -> Known {
        let learnt = self.watch.learnt(at);
        let (prints, own, bits) = (self.prints, &mut self.own, bits(host));
        let own = || own.get(place_of(bits, 0), bits, || prints.host(host));
        self.names.meet_by(registered, own, at, learnt).into()
    }

    /// A host used a tool, of an operator where one shows.
    pub(crate) fn see_tool(
        &mut self,
        host: IpAddr,
        tool: &ToolId,
        operator: Option<&str>,
        at: Timestamp,
    ) -> ToolKnown {
        let (prints, learnt) = (self.prints, self.watch.learnt(at));
        let own = prints.host(host);
        let alone = self.host_tools.meet(prints.host_tool(host, tool), own, at, learnt);
        ToolKnown {
            host: Known { hosts: 1, ..alone.into() },
            network: self.tools.meet(prints.tool(tool), own, at, learnt).into(),
            operator: operator.map(|operator| {
                let print = prints.operator(tool, operator);
                self.operators.meet(print, own, at, learnt).into()
            }),
        }
    }

    /// Counts of what is held, and of what had to go, by what they count.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 8] {
        let (names, names_evicted) = self.names.counts();
        let (hosts, hosts_evicted) = self.host_tools.counts();
        let (tools, tools_evicted) = self.tools.counts();
        let (operators, operators_evicted) = self.operators.counts();
        [
            ("first_names", names as u64),
            ("first_names_evicted", names_evicted),
            ("first_host_tools", hosts as u64),
            ("first_host_tools_evicted", hosts_evicted),
            ("first_tools", tools as u64),
            ("first_tools_evicted", tools_evicted),
            ("first_operators", operators as u64),
            ("first_operators_evicted", operators_evicted),
        ]
    }
}

impl<const HOSTS: usize> From<Seen<HOSTS>> for Known {
    fn from(seen: Seen<HOSTS>) -> Known {
        Known { first: seen.first(), hosts: seen.hosts(), learnt: seen.learnt() }
    }
}

impl Watch {
    pub(crate) fn new(learning: Duration) -> Watch {
        Watch { begun: None, last: Timestamp::ZERO, away: false, before: None, learning }
    }

    #[inline]
    pub(crate) fn pass(&mut self, at: Timestamp) {
        // Before the first packet of a wire there is no time.
        if at == Timestamp::ZERO {
            return;
        }
        // What nearly always holds: time goes on, or a tap is a little late.
        let apart = at.nanos().abs_diff(self.last.nanos());
        if self.begun.is_some() && !self.away && apart < UNWATCHED_NANOS {
            self.last = self.last.max(at);
            return;
        }
        self.jump(at);
    }

    /// The first moment, the first after a pause, or one far from the last.
    #[cold]
    fn jump(&mut self, at: Timestamp) {
        let begun = *self.begun.get_or_insert(at);
        let (gap, back) = (at.since(self.last), self.last.since(at));
        if std::mem::take(&mut self.away) {
            self.begun = Some(begun.after(gap));
        } else if self.last > Timestamp::ZERO && gap >= UNWATCHED {
            self.before = Some((begun, self.last));
            self.begun = Some(begun.after(gap));
        } else if back >= UNWATCHED {
            let (begun, last) = self.before.take().unwrap_or((at, at));
            (self.begun, self.last) = (Some(begun), last);
        }
        self.last = self.last.max(at);
    }

    /// Until the next moment that passes nobody watched.
    pub(crate) fn pause(&mut self) {
        self.away = self.begun.is_some();
    }

    /// Whether the sensor has watched for so long that what it meets now for the first time is new.
    pub(crate) fn learnt(&mut self, at: Timestamp) -> bool {
        at.since(*self.begun.get_or_insert(at)) >= self.learning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600;

    fn moment(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs, 0)
    }

    /// First met, hosts, learnt; of a registered name.
    fn name(firsts: &mut Firsts, name: &str, host: u8, secs: u64) -> (u64, u8, bool) {
        firsts.watch(moment(secs));
        let print = firsts.prints.name(name);
        let known = firsts.see_name(print, [10, 0, 0, host].into(), moment(secs));
        (known.first.secs(), known.hosts, known.learnt)
    }

    #[test]
    fn a_name_is_new_only_where_the_sensor_had_learnt_when_it_was_first_met() {
        let mut firsts = Firsts::new(&Limits::default());
        type Line = (&'static str, u8, u64, (u64, u8, bool));
        let table: &[Line] = &[
            ("a.example", 1, 100, (100, 1, false)),
            ("a.example", 1, 200, (100, 1, false)),
            ("a.example", 2, 2 * DAY, (100, 2, false)),
            ("b.example", 1, 2 * DAY, (2 * DAY, 1, true)),
            ("b.example", 9, 3 * DAY, (2 * DAY, 2, true)),
        ];
        for (text, host, secs, want) in table {
            assert_eq!(name(&mut firsts, text, *host, *secs), *want, "{text} {secs}");
        }
        for host in 3..=99 {
            name(&mut firsts, "b.example", host, 3 * DAY);
        }
        assert_eq!(name(&mut firsts, "b.example", 3, 3 * DAY).1, 4, "no more are remembered");
    }

    #[test]
    fn tools_are_known_by_host_by_network_and_by_operator() {
        let mut firsts = Firsts::new(&Limits::default());
        let mut see = |host: u8, tool: &str, operator: Option<&str>, secs| {
            let tool = ToolId::parse(tool).expect("an id");
            let known = firsts.see_tool([10, 0, 0, host].into(), &tool, operator, moment(secs));
            let short = |known: Known| (known.first.secs(), known.hosts);
            (short(known.host), short(known.network), known.operator.map(short))
        };
        assert_eq!(see(1, "alpha", None, 1), ((1, 1), (1, 1), None));
        assert_eq!(see(1, "alpha", Some("x"), 2), ((1, 1), (1, 1), Some((2, 1))));
        assert_eq!(see(2, "alpha", Some("x"), 3), ((3, 1), (1, 2), Some((2, 2))));
        assert_eq!(see(2, "beta", Some("x"), 4), ((4, 1), (4, 1), Some((4, 1))));
        let counts = firsts.counts().map(|(_, count)| count);
        assert_eq!(counts, [0, 0, 3, 0, 2, 0, 2, 0]);
    }

    #[test]
    fn a_flood_of_hosts_goes_itself() {
        let mut firsts = Firsts::new(&Limits { first_host_tools_max: 64, ..Limits::default() });
        let tool = ToolId::parse("alpha").expect("an id");
        let real = [10, 0, 0, 1].into();
        let first = firsts.see_tool(real, &tool, None, moment(0)).host.first;
        firsts.see_tool(real, &tool, None, moment(3600));
        for spoofed in 0..10_000u32 {
            let host = (0x0a01_0000 + spoofed).to_be_bytes().into();
            firsts.see_tool(host, &tool, None, moment(4000));
        }
        assert_eq!(firsts.see_tool(real, &tool, None, moment(4001)).host.first, first);
        assert_eq!(firsts.host_tools.counts(), (64, 10_001 - 64));
    }

    #[test]
    fn captures_that_lie_years_apart_and_a_broken_clock_teach_nothing() {
        const YEAR: u64 = 365 * DAY;
        // Moments that pass, and whether the last of them is one at which the sensor has learnt.
        let table: &[(&str, &[u64], bool)] = &[
            ("a day", &[YEAR, YEAR + DAY], true),
            ("a weekend at home", &[YEAR, YEAR + 3 * DAY], true),
            ("an hour, and an hour years later", &[YEAR, YEAR + 3600, 9 * YEAR], false),
            ("years, half a day each", &[YEAR, YEAR + DAY / 2, 9 * YEAR, 9 * YEAR + DAY / 2], true),
            ("the first clock says 1970", &[1, 50 * YEAR], false),
            ("the first clock is ahead", &[90 * YEAR, 50 * YEAR, 50 * YEAR + 9], false),
            ("and a day later", &[90 * YEAR, 50 * YEAR, 50 * YEAR + DAY], true),
            ("one clock in between", &[YEAR, YEAR + DAY, 90 * YEAR, YEAR + DAY + 1], true),
            ("and one that is behind", &[50 * YEAR, 50 * YEAR + DAY, 9, 50 * YEAR + DAY], false),
        ];
        for (what, moments, want) in table {
            let mut watch = Watch::new(Duration::from_secs(DAY));
            moments.iter().for_each(|secs| watch.pass(moment(*secs)));
            let last = moment(*moments.last().expect("one"));
            assert_eq!(watch.learnt(last), *want, "{what}");
        }
    }

    #[test]
    fn time_that_nobody_watched_teaches_nothing() {
        let mut watch = Watch::new(Duration::from_secs(DAY));
        watch.pass(moment(1000));
        watch.pass(moment(1000 + DAY / 2));
        watch.pause();
        watch.pass(moment(1000 + 9 * DAY));
        assert!(!watch.learnt(moment(1000 + 9 * DAY)), "half a day in all");
        assert!(watch.learnt(moment(1000 + 9 * DAY + DAY / 2)));
    }
}
