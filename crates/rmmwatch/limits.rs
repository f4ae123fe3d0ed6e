//! What the program's own channels hold.

use std::time::Duration;

/// Batches of observations that may wait between one lane and the analyst.
///
/// - Why so many: a stall of the analyst of some milliseconds must not stall a lane.
/// - What it costs: a batch holds the facts of at most [`PARCEL_FRAMES_MAX`] frames.
/// - At the bound: on replay the lane waits; live the batch is dropped and counted.
pub(crate) const BATCHES_WAITING_MAX: usize = 64;

/// Frames in one parcel that the reader deals to a lane.
///
/// - Why so many: it hides the cost of handing over.
/// - What it costs: with [`PARCEL_BYTES_MAX`], 512 KiB a parcel, three parcels a lane.
/// - At the bound: the parcel is sent.
pub(crate) const PARCEL_FRAMES_MAX: usize = 2048;

/// Octets in one parcel; a larger single frame still fits alone.
pub(crate) const PARCEL_BYTES_MAX: usize = 512 << 10;

/// Parcels that may wait before one lane.
pub(crate) const PARCELS_WAITING_MAX: usize = 3;

/// Lanes of one run: each shard of the dissector belongs to one lane.
pub(crate) const LANES_MAX: usize = dissect::SHARDS;

/// Lanes of all interfaces of a live capture together.
///
/// - Why so many: more than any host has CPUs to spare.
/// - What it costs: a thread, a ring and tables each.
/// - At the bound: the command line is refused.
pub(crate) const LIVE_LANES_MAX: usize = 64;

/// Facts that wait until every lane of a live capture has reached their time.
///
/// - Why so many: what a busy lane tells in the seconds that a silent one takes to say so.
/// - What it costs: about 500 octets each, 32 MiB.
/// - At the bound: they are given without waiting; facts of two lanes may then be out of order by
///   as long as that lane was silent.
pub(crate) const FACTS_HELD_MAX: usize = 1 << 16;

/// How long a lane reads on after it was told to stop: what its ring has by then.
///
/// - Why so long: a full ring of the usual size takes a second.
/// - What it costs: this much of the time that stopping takes, under full load alone.
/// - At the bound: the rest is counted as dropped.
pub(crate) const DRAIN_MAX: Duration = Duration::from_secs(2);

/// Octets of records that are gathered before they are handed to delivery.
///
/// - Why so many: as delivery advises; handing over wakes two threads.
/// - What it costs: this much for each of three streams.
/// - At the bound: they are handed over; live, every second at the latest.
pub(crate) const RECORD_BUFFER_BYTES: usize = deliver::limits::CHUNK_BYTES;

/// One-way flows that are held until it is known whether the whole capture is one-way.
///
/// - Why so many: a span port that shows both ways shows a two-way flow long before.
/// - What it costs: about 200 octets each, under 1 MiB.
/// - At the bound: the capture is taken to be one-way, and they are told.
pub(crate) const ONE_WAY_HELD_MAX: usize = 4096;

/// Flows with DNS inside another protocol, so that each counts once.
///
/// - Why so many: clients keep a connection or two to their resolver; 10,000 hosts never all do.
/// - What it costs: about 200 octets each, under 1 MiB.
/// - At the bound: the one that counted longest ago goes, and would count anew with another hello.
pub(crate) const DNS_FLOWS_MAX: usize = 4096;

/// Octets that are carried at once from standard input or a pipe: what a pipe holds.
pub(crate) const RELAY_BYTES: usize = 64 << 10;

/// Lines that `explain -` reads from standard input, in octets each; a longer line is cut there.
pub(crate) const EXPLAIN_LINE_BYTES_MAX: usize = 4096;

/// The largest state that is read, in octets.
///
/// - Why so much: a detector with every table full writes a fifth of it.
/// - What it costs: as much memory while it is read.
/// - At the bound: the file is refused, by name.
pub(crate) const STATE_FILE_BYTES_MAX: u64 = 512 << 20;

/// The largest file of config, policy, catalogue or brands that is read, in octets. Feeds have
/// bounds of their own.
///
/// - Why so much: what people write by hand is a thousandth of it.
/// - What it costs: as much memory while it is read.
/// - At the bound: the file is refused, by name.
pub(crate) const CONFIG_FILE_BYTES_MAX: u64 = 16 << 20;

/// Lines that are no records of which `convert` says why on standard error.
///
/// - Why so many: enough to see what is wrong with a file.
/// - What it costs: nothing that stays.
/// - At the bound: further ones are counted; `convert --lint` says it of all.
pub(crate) const COMPLAINTS_TOLD_MAX: u64 = 10;

/// Partitions of a fleet's facts, where nobody says otherwise.
///
/// - Why so many: as many analysts can share the work; each sees its hosts alone.
/// - What it costs: a buffer each on a sensor, a memory of hosts each on an analyst.
pub(crate) const FLEET_PARTITIONS: u16 = 8;

/// Facts of one partition that wait for other sensors' facts of the same time.
///
/// - Why so many: ten seconds of what one core of an analyst can weigh for a partition.
/// - What it costs: about 500 octets each, 25 MiB.
/// - At the bound: they are given without waiting, and counted.
pub(crate) const FLEET_FACTS_HELD_MAX: usize = 50_000;

/// Messages of one partition that wait for one that is missing, from all sensors together.
///
/// - At the bound: none is waited for any longer; what is missing is counted.
pub(crate) const FLEET_MESSAGES_HELD_MAX: usize = 20_000;

/// Messages that never came, of one sensor, that are still known when they come late.
///
/// - At the bound: the oldest is forgotten; it would count as one that came twice.
pub(crate) const FLEET_GAPS_MAX: u64 = 1024;

/// Sensors' runs that one partition follows.
///
/// - Why so many: a fleet of hundreds of sites, each restarted now and then.
/// - What it costs: under 1 KiB each without facts.
/// - At the bound: the one that was silent longest is forgotten, its facts are given.
pub(crate) const FLEET_SOURCES_MAX: usize = 1024;

/// Sensors whose names one partition keeps ready to be written.
///
/// - At the bound: all are made anew as they come.
pub(crate) const FLEET_SENSORS_MAX: usize = 4096;

/// Hosts of one partition of which is known which sensor showed them last.
///
/// - Why so many: a partition of the largest network has fewer.
/// - What it costs: about 48 octets each, 3 MiB.
/// - At the bound: all are forgotten; what is told without a fact names no sensor until then.
pub(crate) const FLEET_HOSTS_MAX: usize = 1 << 16;

/// Octets of all files of a bundle.
///
/// - Why so many: a policy, and feeds of a million names as text.
/// - What it costs: so much disk, and as much memory while it is fetched.
/// - At the bound: the bundle is refused.
pub(crate) const BUNDLE_BYTES_MAX: u64 = 64 << 20;

/// Files of a bundle.
///
/// - Why so many: a catalogue of its own has some hundred.
/// - What it costs: a file each.
/// - At the bound: the bundle is refused.
pub(crate) const BUNDLE_FILES_MAX: usize = 1024;

/// Octets of a part: NATS takes messages of 1 MiB unless it is told otherwise.
///
/// - Why so many: a feed that grew by a line is a part anew.
/// - What it costs: one message each.
/// - At the bound: the next part begins.
pub(crate) const BUNDLE_PART_BYTES_MAX: usize = 256 << 10;

/// Octets of a signed manifest.
///
/// - Why so many: the largest bundle's, twice; one message of NATS.
/// - What it costs: so much memory, briefly.
/// - At the bound: it is refused.
pub(crate) const BUNDLE_MANIFEST_BYTES_MAX: usize = 768 << 10;
