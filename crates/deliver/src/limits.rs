//! What this crate holds at most, and why.

/// Chunks of lines that wait for one target.
///
/// - Why so many: a few milliseconds of a slow disk at full observation rate.
/// - What it costs: with chunks of [`CHUNK_BYTES`], 4 MiB a target.
/// - At the bound: the sender waits; nothing is dropped here.
pub const CHUNKS_MAX: usize = 64;

/// How many octets of lines a sender best gathers before it sends them. Advice, not a bound.
///
/// - Why so many: one write a chunk keeps the cost of a system call below a percent.
/// - What it costs: [`CHUNKS_MAX`] times as much a target.
/// - Beyond it: a longer chunk is written as well, it only holds more memory while it waits.
pub const CHUNK_BYTES: usize = 64 << 10;

/// Waiting chunks that are put together into one write, in octets.
///
/// - Why so many: a sender of single lines should not cost a system call a line.
/// - What it costs: one buffer of this size a target.
/// - At the bound: the rest waits for the next write.
pub const WRITE_BYTES: usize = 256 << 10;

/// Files that a summary record names, of each kind (passed over, damaged).
///
/// - Why so many: a line of the summary stays below 16 KiB with paths of usual length, which is
///   where common collectors cut.
/// - What it costs: nothing that stays.
/// - At the bound: the rest is only counted.
pub const FILES_NAMED_MAX: usize = 40;

/// Rows of rules that the summary text shows.
///
/// - Why so many: the whole text fits on a terminal of 25 lines.
/// - What it costs: nothing that stays.
/// - At the bound: the rest is summed up in one row.
pub const RULE_ROWS_MAX: usize = 6;

const _: () = assert!(CHUNKS_MAX * CHUNK_BYTES <= 4 << 20);

/// Feeds that one health record names.
///
/// - Why so many: a large site has a few dozen.
/// - What it costs: about 100 octets each.
/// - At the bound: the rest is not named; `rmmwatch check` names all.
pub const FEEDS_NAMED_MAX: usize = 256;

/// Rules of the policy that a health record names.
///
/// - Why so many: what people write by hand is a tenth of it.
/// - What it costs: 100 octets each in every health record.
/// - At the bound: later rules are not named.
pub const RULES_NAMED_MAX: usize = 4096;

/// Lines that could not be read of which the reader says why.
///
/// - Why so many: more than a person reads.
/// - What it costs: under 1 KiB each.
/// - At the bound: further ones are only counted.
pub const COMPLAINTS_MAX: usize = 100;
