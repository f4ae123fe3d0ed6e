//! How much the detector remembers, why so much, and what happens at each bound. With every table
//! full it holds under 256 MiB (`make bench-memory`). A hash table of up to seven eighths of a power
//! of two takes half of what one of the whole power takes: hence the sevens.

use std::time::Duration;

/// Uses of a tool, and contacts with listed names, that are told as one story each; those that
/// sleep count too.
///
/// - Why so many: 8,000 hosts with three tools each within the quiet time.
/// - What it costs: about 1.5 KiB a story, 36 MiB in all.
/// - At the bound: of those that sleep, else of all, the one that was silent longest ends and is
///   told a last time; `stories_evicted` counts it.
pub const STORIES_MAX: usize = 3 << 13;

/// Addresses whose last name is remembered, each for one client.
///
/// - Why so many: 19,000 clients with a dozen live servers each.
/// - What it costs: about 120 octets each with its index and its share of a name, 26 MiB in all.
/// - At the bound: the one neither answered nor used for longest goes; `names_evicted` counts it.
pub const NAMES_MAX: usize = 7 << 15;

/// Answers that are kept of each kind that is asked for again and again: the fingerprint of a pair of
/// addresses, of an address, and of the registered name above a name.
///
/// - Why so many: the facts of one flow, and a question and its answer, are near each other. A
///   thousand stay in a core's own cache.
/// - What it costs: 24 to 48 octets each, 120 KiB in all.
/// - At the bound: the answer is worked out again.
pub const MEMO_LEN: usize = 1 << 10;

/// Other registered names that one client resolved an address from, besides the last one.
///
/// - Why so many: one is enough to make the last name a guess; another keeps it one when the first
///   has ended.
/// - What it costs: 8 octets each, in each entry of [`NAMES_MAX`].
/// - At the bound: the one that ends first is not remembered.
pub const OTHER_NAMES_MAX: usize = 2;

/// Names that resolvers inside were asked for by hosts inside, with the names above them.
///
/// - Why so many: some 50,000 different names in an hour, each with two above it.
/// - What it costs: about 80 octets each, 10 MiB in all.
/// - At the bound: the one asked for longest ago goes, and its resolver would be told as who asked;
///   `questions_evicted` counts it.
pub const QUESTIONS_MAX: usize = 1 << 17;

/// Names above one that was asked for, which its resolver may have to ask for first.
///
/// - Why so many: RFC 9156 §2.3 proposes four single labels, and names of tools are no deeper.
/// - What it costs: places in the table of [`QUESTIONS_MAX`]; most are there already.
/// - At the bound: a resolver that asks for one further up may be told as who asked.
pub const PARENTS_MAX: usize = 4;

/// How soon the same question to the same resolver says nothing new of who asked.
///
/// - Why so long: a name in heavy use is noted once a second, and not at each question.
/// - What it costs: a question counts as asked so much earlier, of [`NAME_KEPT_MIN`].
/// - At the bound: it is noted anew.
pub const HEARD_AGAIN: Duration = Duration::from_secs(1);

/// Flows that showed a sign, so that later signs of the same flow join the same story.
///
/// - Why so many: 10,000 hosts with three live connections of their tools each.
/// - What it costs: about 400 octets each, 13 MiB in all.
/// - At the bound: the one without a sign for longest goes, and its story no longer waits for
///   its end; `flows_evicted` counts it.
pub const FLOWS_MAX: usize = 1 << 15;

/// Flows that showed a tool by what passed on them, so that each tool is told once a flow.
///
/// - Why so many: a sign shows at a flow's beginning, so that only flows of the last minutes matter.
/// - What it costs: about 250 octets each, 1 MiB in all.
/// - At the bound: the one without such a sign for longest goes; were it to show the tool again, a
///   second record would tell it. `recognised_evicted` counts it.
pub const RECOGNISED_MAX: usize = 4096;

/// Registered names that lie, or might, so that new ones and our own are known.
///
/// - Why so many: one name in a hundred or so looks like one; a large network asks for millions.
/// - What it costs: 60 octets each, 4 MiB in all.
/// - At the bound: the one seen longest ago goes, of those seen on one occasion first, and would be
///   new again; `lures_evicted` counts it.
pub const LURES_MAX: usize = 1 << 16;

/// Registered names that anyone here had to do with, so that new ones are known.
///
/// - Why so many: a network of 100,000 hosts meets some hundred thousand in a month.
/// - What it costs: 50 octets each, 50 MiB in all.
/// - At the bound: as for [`LURES_MAX`]; `first_names_evicted` counts it.
pub const FIRST_NAMES_MAX: usize = 1 << 20;

/// Hosts' uses of tools, so that a host's first one is known.
///
/// - Why so many: 100,000 hosts with four tools each, and some with more.
/// - What it costs: 37 octets each, 17 MiB in all.
/// - At the bound: as for [`LURES_MAX`]; `first_host_tools_evicted` counts it.
pub const FIRST_HOST_TOOLS_MAX: usize = 7 << 16;

/// Tools that the network used.
///
/// - Why so many: ten times what the catalogue has; it, and not the wire, says what there is.
/// - What it costs: 60 octets each.
/// - At the bound: as for [`LURES_MAX`]; `first_tools_evicted` counts it.
pub const FIRST_TOOLS_MAX: usize = 1 << 12;

/// Operators of tools that the network had to do with.
///
/// - Why so many: every server that anyone may run is one, by its name or address.
/// - What it costs: 60 octets each, 4 MiB in all.
/// - At the bound: as for [`LURES_MAX`]; `first_operators_evicted` counts it.
pub const FIRST_OPERATORS_MAX: usize = 1 << 16;

/// Hosts that are remembered of a name, a tool or an operator.
///
/// - Why so many: the rules ask for at most [`LURE_HOSTS_MAX`].
/// - What it costs: two octets each, used or not.
/// - At the bound: further ones are not counted.
pub const FIRST_HOSTS_MAX: usize = 8;

/// Hosts that are remembered of a name: fewer, since names are many.
///
/// - Why so many: a name that more hosts know is nobody's bait.
/// - What it costs: two octets each, used or not.
/// - At the bound: further ones are not counted.
pub const NAME_HOSTS_MAX: usize = 4;

/// How long after it was first met a thing must be met again to be settled: what was not goes
/// first at a table's bound.
///
/// - Why so long: one visit, one download and one scan are over by then. Who floods the table must
///   come back after it, and by then his first flood has pushed out itself.
/// - What it costs: nothing.
/// - At the bound: one occasion becomes two.
pub const SETTLED_AFTER: Duration = Duration::from_secs(60 * 60);

/// Eighths of a table that settled things may take.
///
/// - Why so many: what is new needs room for an hour, or nothing would settle any more.
/// - What it costs: nothing.
/// - At the bound: the settled thing not met for longest is as if it had been met once.
pub const SETTLED_OF_EIGHT: u64 = 6;

/// How often a thing that is met all the time is moved to the newest end of its table.
///
/// - Why so seldom: popular names are met thousands of times a second, and the order of a table
///   with room for hours does not depend on a minute.
/// - What it costs: less than moving it each time.
/// - At the bound: it is moved.
pub const TOUCHED_EVERY: Duration = Duration::from_secs(60);

/// Hosts that are remembered of a name that lies; a name that so many use is common.
///
/// - Why so many: a campaign reaches a few people of a house at once; our own names reach all.
/// - What it costs: room in [`FIRST_HOSTS_MAX`].
/// - At the bound: further ones are not remembered; they would change nothing.
pub const LURE_HOSTS_MAX: usize = 8;

/// For how long a name that lies is new.
///
/// - Why so long: a wave of calls or mails goes on for a day, and its later victims count as much.
/// - What it costs: nothing.
/// - At the bound: the name's age says nothing any more.
pub const LURE_FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a sensor must have watched before a name, a tool or an operator is new to it.
///
/// - Why so long: within a day most hosts ask for most of what they use.
/// - What it costs: what is met on the first day is never new.
/// - At the bound: what is met then for the first time is new. Time that nobody watched, between a
///   stop and a start, does not count.
pub const LEARNING: Duration = Duration::from_secs(24 * 60 * 60);

/// A silence of the whole wire that is none: nobody watched, or a clock is broken.
///
/// - Why so long: captures of one network may lie days apart and tell of it; no wire that someone
///   watches is silent for a month.
/// - What it costs: nothing.
/// - At the bound: the time does not count as watched ([`LEARNING`]).
pub const UNWATCHED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// After how long a name that many hosts use is common.
///
/// - Why so long: longer than a weekend's campaign, shorter than a vendor's contract.
/// - What it costs: nothing.
/// - At the bound: the name's severity falls.
pub const LURE_COMMON_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Different signs that one story lists.
///
/// - Why so many: every kind of sign of a tool with three dozen host names.
/// - What it costs: under 200 octets a sign.
/// - At the bound: further ones are counted in the story's `count` and in `signs_left_out`.
pub const EVIDENCE_MAX: usize = 48;

/// Times that a story is told again since a new kind of sign joined it. A rise in severity is
/// always told: there are few steps.
///
/// - Why so many: asked, contacted, spoke.
/// - What it costs: a record each.
/// - At the bound: what is new waits for the last telling.
pub const GROWTHS_MAX: u8 = 3;

/// Silence after which a story is told to be over, and sleeps.
///
/// - Why so long: tools without a session call home every few minutes; people return from lunch
///   later than that.
/// - What it costs: the last telling of a story comes this much later.
/// - At the bound: the story sleeps; one that was never unauthorised is forgotten. A flow that is
///   still open holds its story open.
pub const QUIET: Duration = Duration::from_secs(15 * 60);

/// How long a story sleeps. The next sign within that time goes on with it; a later one begins a
/// new one.
///
/// - Why so long: software that calls home twice an hour, and a person who comes back every
///   morning, are one story.
/// - What it costs: places in the table of [`STORIES_MAX`]; those that sleep are the first to go.
/// - At the bound: the story is told a last time, if it has anything new.
pub const SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a story that does not grow is told to go on, and how often it is told to be over.
///
/// - Why so long: two records a shift, so that who takes over knows what is still there.
/// - What it costs: at most six records of each kind a day, and for software that calls home every
///   half hour eight in all.
/// - At the bound: what is new waits for the next time.
pub const AGAIN: Duration = Duration::from_secs(4 * 60 * 60);

/// First tellings of one rule within [`CAP_SPAN`].
///
/// - Why so many: more than a person looks at one by one within an hour.
/// - What it costs: a record each.
/// - At the bound: further ones are held back and stand in one summary; `alerts_held` counts them.
pub const CAP_TELLINGS: u32 = 20;

/// How long the tellings of a rule are counted together, from the first of them on.
///
/// - Why so long: what breaks out over a network does so within minutes.
/// - What it costs: a summary is told a last time this much later.
/// - At the bound: the count begins anew.
pub const CAP_SPAN: Duration = Duration::from_secs(60 * 60);

/// Rules whose tellings are counted.
///
/// - Why so many: two hundred tools with four kinds of detection each.
/// - What it costs: about 120 octets a rule, and under 8 KiB for each that is over its cap.
/// - At the bound: the count that began longest ago ends, and that rule may tell so many again.
pub const CAP_RULES_MAX: usize = 1024;

/// Hosts that begin to use one tool within [`SPREAD_SPAN`] before it is told as rolled out.
///
/// - Why so many: a person or two try a new tool; eight at once do what someone else decided.
/// - What it costs: nothing.
/// - At the bound: one alert, and again at twice as many.
pub const SPREAD_HOSTS: usize = 8;

/// How near in time first uses of a tool count together, and after how long without a further one
/// a wave is over.
///
/// - Why so long: software is rolled out within minutes, and machines that sleep follow.
/// - What it costs: the hosts of that time.
/// - At the bound: an earlier first use counts no more.
pub const SPREAD_SPAN: Duration = Duration::from_secs(60 * 60);

/// Tools and operators whose first uses are counted.
///
/// - Why so many: far more than begin to be used without permission within an hour.
/// - What it costs: about 4 KiB each, and under 40 KiB for one that spread over a subnet.
/// - At the bound: the one that no host joined for longest goes; `spreads_evicted` counts it.
pub const SPREADS_MAX: usize = 1024;

/// Hosts that a mass deployment lists with the time of their first use.
///
/// - Why so many: enough to see where it began.
/// - What it costs: some 200 octets each in the record.
/// - At the bound: further ones are listed as hosts, without their time.
pub const SPREAD_STEPS_MAX: usize = 32;

/// Hosts that one alert about several lists.
///
/// - Why so many: a subnet's worth.
/// - What it costs: 17 octets each, and in the record under 40.
/// - At the bound: further ones are counted, not listed.
pub const HOSTS_LISTED_MAX: usize = 256;

/// Signs that a summary lists.
///
/// - Why so many: enough to see what it is about.
/// - What it costs: under 200 octets each.
/// - At the bound: further ones stand in the alerts that were told only.
pub const SUMMARY_EVIDENCE_MAX: usize = 8;

/// The least time that an address keeps its name.
///
/// - Why so long: clients keep connections, and many keep answers, far beyond their TTL.
/// - What it costs: places in the table of [`NAMES_MAX`].
/// - At the bound: the name is forgotten, unless a flow used it less than this ago.
pub const NAME_KEPT_MIN: Duration = Duration::from_secs(60 * 60);

/// The most time that an answer's TTL may ask for (RFC 2181 §8 allows 68 years).
///
/// - Why so long: addresses of real servers rarely change hands within a day.
/// - What it costs: as above.
/// - At the bound: a longer TTL counts as this one.
pub const NAME_KEPT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Names that are followed from a question through its CNAME records.
///
/// - Why so many: resolvers give up between 8 and 16.
/// - What it costs: the records of one message are read so many times at most.
/// - At the bound: addresses further down get no name.
pub const CNAME_HOPS_MAX: usize = 16;

/// Names, and addresses, of servers that one story remembers, so that it knows them again.
///
/// - Why so many: a client tries a handful of relays.
/// - What it costs: 16 octets each.
/// - At the bound: further ones are not remembered; a nameless flow to one begins its own story.
pub const SERVERS_PER_STORY_MAX: usize = 16;

/// Stories of one host and tool that are asked whether they know a server.
///
/// - Why so many: who supports many customers calls a few dozen of them a day. A page can make a
///   browser call thousands, each of which is a story then.
/// - What it costs: some comparisons for each sign of the tool.
/// - At the bound: a server that a further story knows begins its own.
pub const OPERATORS_LOOKED_AT_MAX: usize = 64;

/// Signs, tools and stories that one flow remembers.
///
/// - Why so many: a proxy's connection may carry several tools.
/// - What it costs: under 100 octets each.
/// - At the bound: further ones are judged without the flow's memory.
pub const NOTES_PER_FLOW_MAX: usize = 8;

/// Hosts whose way from a lure to a session is followed.
///
/// - Why so many: a host has one only after a lure, a program from a new name, or a tool that nobody
///   allows.
/// - What it costs: about 1 KiB a step, 50 MiB if all have as many as they may.
/// - At the bound: the one that met nothing for longest goes; if it has an incident, that is told a
///   last time. `trails_evicted` counts it.
pub const TRAILS_MAX: usize = 1 << 13;

/// Steps of one host that wait for others to make an incident.
///
/// - Why so many: a lure, a second one, two programs, two tools.
/// - What it costs: about 1 KiB each.
/// - At the bound: the oldest weak one goes, else the oldest.
pub const STEPS_MAX: usize = 6;

/// Incidents at once.
///
/// - Why so many: far more than anyone can look at in a day.
/// - What it costs: about 25 KiB each if it has all stages and signs that it may, 100 MiB in all.
/// - At the bound: the one that has not grown for longest is told a last time and goes.
pub const INCIDENTS_MAX: usize = 1 << 12;

/// Stages that one incident lists.
///
/// - Why so many: the longest known campaign has seven; names and tools repeat. Six kinds with
///   [`STAGES_ALIKE_MAX`] of each.
/// - What it costs: about 1 KiB each.
/// - At the bound: further ones are counted in the incident's `more`; those that have a story are
///   told by that.
pub const STAGES_MAX: usize = 18;

/// Stages of one kind that one incident lists.
///
/// - Why so many: a second and a third name or tool say more; further ones do not. A page of forty
///   names that lie leaves room for the tool that follows.
/// - What it costs: room in [`STAGES_MAX`].
/// - At the bound: as there.
pub const STAGES_ALIKE_MAX: usize = 3;

/// Stories that one incident tells.
///
/// - Why so many: each stage has one, or two where a list has several entries of one name.
/// - What it costs: 24 octets each.
/// - At the bound: further ones tell themselves.
pub const STORIES_TAKEN_MAX: usize = 32;

/// Flows under encryption that may turn out to be downloads.
///
/// - Why so many: those to names that are new here, for as long as they are open.
/// - What it costs: under 200 octets each, 2 MiB in all.
/// - At the bound: the oldest goes, and is no stage.
pub const WATCHED_MAX: usize = 8192;

/// How far apart a weak stage and the others may be.
///
/// - Why so long: from the mail or the call to the session takes minutes; people are put on hold.
/// - What it costs: chance neighbours: an update within the hour of a tool.
/// - At the bound: the step is forgotten.
pub const CHAIN_WINDOW: Duration = Duration::from_secs(60 * 60);

/// For how long a lure counts.
///
/// - Why so long: people call back after the weekend.
/// - What it costs: a place in the host's trail.
/// - At the bound: the lure is forgotten as a stage; its own alert stands.
pub const CHAIN_LURE: Duration = Duration::from_secs(72 * 60 * 60);

/// After how long without a further stage an incident is over.
///
/// - Why so long: who got in comes back the same day.
/// - What it costs: the last telling comes this much later.
/// - At the bound: it is told a last time; what is met later is an incident of its own.
pub const CHAIN_OVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Octets that make a flow under encryption a download, if the name speaks for it.
///
/// - Why so many: portable remote-access programs have 4 to 12 MiB, the smallest about one.
/// - What it costs: pages with large pictures count too, beside a lure.
/// - At the bound: smaller ones are no stage.
pub const DOWNLOAD_BYTES_MIN: u64 = 1 << 20;

/// Rows of the inventory: a host's use of a tool of one operator under one rule.
///
/// - Why so many: 100,000 hosts with a tool each, and some with two.
/// - What it costs: about 400 octets each with their index, 44 MiB in all.
/// - At the bound: the row seen longest ago goes and is handed out a last time; were it seen again,
///   it would begin anew. `inventory_evicted` counts it.
pub const INVENTORY_MAX: usize = 7 << 14;

/// Rows of the inventory that went and wait to be handed out.
///
/// - Why so many: the caller fetches them as soon as half of it is full.
/// - What it costs: about 300 octets each, 1 MiB in all.
/// - At the bound: the one that waits longest is never told as it ended; `inventory_untold` counts
///   it.
pub const INVENTORY_GONE_MAX: usize = 1 << 12;

/// Rows of the inventory that went into another, of which flows that are still open may know.
///
/// - Why so many: an operator shows within moments of the first flow; few flows wait for that.
/// - What it costs: about 100 octets each, 400 KiB in all.
/// - At the bound: the octets of a flow that knows the oldest one are counted nowhere.
pub const INVENTORY_JOINED_MAX: usize = 1 << 12;

/// How often a row of the inventory is followed that went into another, which did so too.
///
/// - Why so many: an address becomes a name, and a name a tenant.
/// - What it costs: a look-up each.
/// - At the bound: the octets of a flow that knows the first one are counted nowhere.
pub const JOINS_MAX: usize = 8;

/// Remarks that `policy lint` makes of one policy; errors are told beyond it.
///
/// - Why so many: nobody reads more.
/// - What it costs: some hundred octets each.
/// - At the bound: further ones are counted.
pub const LINT_REMARKS_MAX: usize = 4096;

/// Pairs of rules that `policy lint` holds against each other.
///
/// - Why so many: two thousand rules for one tool.
/// - What it costs: under a second.
/// - At the bound: overlaps of the later rules are not told.
pub const LINT_PAIRS_MAX: usize = 1 << 21;

/// Addresses of hosts inside whose interface and name are remembered, and interfaces.
///
/// - Why so many: 100,000 hosts with an address each, or 28,000 with three more of IPv6.
/// - What it costs: about 250 octets each with its interface and name, 27 MiB in all.
/// - At the bound: the one not heard of for longest goes, and is told of without a name until it is
///   heard again; `identities_evicted` and `interfaces_evicted` count it.
pub const IDENTITIES_MAX: usize = 7 << 14;

/// Addresses that one interface may have at once and still be one host's.
///
/// - Why so many: a host has a dozen addresses of IPv6 in several networks; a router that answers
///   for others (RFC 1027) has a subnet's worth.
/// - What it costs: 32 octets each.
/// - At the bound: the interface says of nobody who it is.
pub const ADDRESSES_PER_MAC_MAX: usize = 16;

/// How long an interface counts as having an address that it does not speak of.
///
/// - Why so long: hosts that are there say so within the hour; temporary addresses (RFC 8981 §3.8)
///   change every day.
/// - What it costs: nothing.
/// - At the bound: the address counts no more for the bound above.
pub const ADDRESSES_PER_MAC_SPAN: Duration = Duration::from_secs(24 * 60 * 60);

/// Pairs of a tool and an operator that a suggested policy speaks of.
///
/// - Why so many: more than anyone reviews; behind it are only tenants that one host has.
/// - What it costs: half a KiB of text each.
/// - At the bound: those with the fewest hosts are counted, and not named.
pub const SUGGEST_GROUPS_MAX: usize = 1024;

/// Zones that a suggested policy invents.
///
/// - Why so many: a network of 65,536 addresses in pieces of 256.
/// - What it costs: 80 octets of text each.
/// - At the bound: none are named, and rules hold everywhere.
pub const SUGGEST_ZONES_MAX: usize = 256;

/// The bounds of one detector, so that a test can reach them with a few facts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// See [`STORIES_MAX`].
    pub stories_max: usize,
    /// See [`NAMES_MAX`].
    pub names_max: usize,
    /// See [`QUESTIONS_MAX`].
    pub questions_max: usize,
    /// See [`FLOWS_MAX`].
    pub flows_max: usize,
    /// See [`RECOGNISED_MAX`].
    pub recognised_max: usize,
    /// See [`LURES_MAX`].
    pub lures_max: usize,
    /// See [`INVENTORY_MAX`].
    pub inventory_max: usize,
    /// See [`INVENTORY_GONE_MAX`].
    pub inventory_gone_max: usize,
    /// See [`FIRST_NAMES_MAX`].
    pub first_names_max: usize,
    /// See [`FIRST_HOST_TOOLS_MAX`].
    pub first_host_tools_max: usize,
    /// See [`FIRST_TOOLS_MAX`].
    pub first_tools_max: usize,
    /// See [`FIRST_OPERATORS_MAX`].
    pub first_operators_max: usize,
    /// See [`LEARNING`].
    pub learning: Duration,
    /// See [`EVIDENCE_MAX`].
    pub evidence_max: usize,
    /// See [`GROWTHS_MAX`].
    pub growths_max: u8,
    /// See [`QUIET`].
    pub quiet: Duration,
    /// See [`SLEEP`].
    pub sleep: Duration,
    /// See [`AGAIN`].
    pub again: Duration,
    /// See [`CAP_TELLINGS`].
    pub cap_tellings: u32,
    /// See [`NAME_KEPT_MIN`].
    pub name_kept_min: Duration,
    /// See [`TRAILS_MAX`].
    pub trails_max: usize,
    /// See [`CHAIN_WINDOW`].
    pub chain_window: Duration,
    /// See [`CHAIN_LURE`].
    pub chain_lure: Duration,
    /// See [`CHAIN_OVER`].
    pub chain_over: Duration,
    /// See [`IDENTITIES_MAX`].
    pub identities_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            stories_max: STORIES_MAX,
            names_max: NAMES_MAX,
            questions_max: QUESTIONS_MAX,
            flows_max: FLOWS_MAX,
            recognised_max: RECOGNISED_MAX,
            lures_max: LURES_MAX,
            inventory_max: INVENTORY_MAX,
            inventory_gone_max: INVENTORY_GONE_MAX,
            first_names_max: FIRST_NAMES_MAX,
            first_host_tools_max: FIRST_HOST_TOOLS_MAX,
            first_tools_max: FIRST_TOOLS_MAX,
            first_operators_max: FIRST_OPERATORS_MAX,
            learning: LEARNING,
            evidence_max: EVIDENCE_MAX,
            growths_max: GROWTHS_MAX,
            quiet: QUIET,
            sleep: SLEEP,
            again: AGAIN,
            cap_tellings: CAP_TELLINGS,
            name_kept_min: NAME_KEPT_MIN,
            trails_max: TRAILS_MAX,
            chain_window: CHAIN_WINDOW,
            chain_lure: CHAIN_LURE,
            chain_over: CHAIN_OVER,
            identities_max: IDENTITIES_MAX,
        }
    }
}
