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

const _: () = assert!(CHUNKS_MAX * CHUNK_BYTES <= 4 << 20);
