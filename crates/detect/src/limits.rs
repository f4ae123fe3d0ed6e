//! How much the detector remembers, why so much, and what happens at each bound.

use std::time::Duration;

/// Uses of a tool, and contacts with listed names, that are told as one story each.
///
/// - Why so many: 10,000 hosts with three tools each within the quiet time.
/// - What it costs: about 2 KiB a story, 64 MiB in all.
/// - At the bound: the one that was silent longest ends and is told a last time;
///   `stories_evicted` counts it.
pub const STORIES_MAX: usize = 1 << 15;

/// Addresses whose last name is remembered, each for one client.
///
/// - Why so many: 20,000 clients with a dozen live servers each.
/// - What it costs: about 200 octets each with its index and its share of a name, 50 MiB in all.
/// - At the bound: the one neither answered nor used for longest goes; `names_evicted` counts it.
pub const NAMES_MAX: usize = 1 << 18;

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
/// - What it costs: under 400 octets each with the hosts, 25 MiB in all.
/// - At the bound: the one seen longest ago goes, and would be new again; `lures_evicted` counts
///   it.
pub const LURES_MAX: usize = 1 << 16;

/// Hosts that are remembered of a name that lies; a name that so many use is common.
///
/// - Why so many: a campaign reaches a few people of a house at once; our own names reach all.
/// - What it costs: 17 octets each.
/// - At the bound: further ones are not remembered; they would change nothing.
pub const LURE_HOSTS_MAX: usize = 8;

/// For how long a name that lies is new.
///
/// - Why so long: a wave of calls or mails goes on for a day, and its later victims count as much.
/// - What it costs: nothing.
/// - At the bound: the name's age says nothing any more.
pub const LURE_FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a sensor must have watched before a name is new to it.
///
/// - Why so long: within a day most hosts ask for most of what they use.
/// - What it costs: names of the first day are never new.
/// - At the bound: as above.
pub const LURE_LEARNING: Duration = Duration::from_secs(24 * 60 * 60);

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

/// Silence after which a story ends. The next sign begins a new one.
///
/// - Why so long: tools without a session call home every few minutes; people return from lunch
///   later than that.
/// - What it costs: the last telling of a story comes this much later.
/// - At the bound: the story is told a last time. A flow that is still open holds its story open.
pub const QUIET: Duration = Duration::from_secs(15 * 60);

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

/// Signs, tools and stories that one flow remembers.
///
/// - Why so many: a proxy's connection may carry several tools.
/// - What it costs: under 100 octets each.
/// - At the bound: further ones are judged without the flow's memory.
pub const NOTES_PER_FLOW_MAX: usize = 8;

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
    /// See [`LURE_LEARNING`].
    pub lure_learning: Duration,
    /// See [`EVIDENCE_MAX`].
    pub evidence_max: usize,
    /// See [`GROWTHS_MAX`].
    pub growths_max: u8,
    /// See [`QUIET`].
    pub quiet: Duration,
    /// See [`NAME_KEPT_MIN`].
    pub name_kept_min: Duration,
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
            lure_learning: LURE_LEARNING,
            evidence_max: EVIDENCE_MAX,
            growths_max: GROWTHS_MAX,
            quiet: QUIET,
            name_kept_min: NAME_KEPT_MIN,
        }
    }
}
