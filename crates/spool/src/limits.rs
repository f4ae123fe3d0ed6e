//! Every bound of the spool.

use std::time::Duration;

/// Octets of one record.
///
/// - Why so many: the longest native record is a few KiB; a message of facts is 32 KiB.
/// - What it costs: what a reader's window holds at once.
/// - At the bound: a longer record is not taken; it counts as dropped, for every reader too.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// Octets that wait in memory, all classes together, for a disk that takes them.
///
/// - Why so many: a quarter of a second at the spool's full rate; hours of alerts.
/// - What it costs: itself, when the disk is full or dead.
/// - At the bound: what waits of the last class goes first; then new records, each counted.
pub const BUFFER_BYTES_MAX: usize = 64 << 20;

/// Octets of a segment, at least, whatever is asked for.
///
/// - Why so many: below, files cost more than records.
/// - What it costs: so much is given up at once.
/// - At the bound: a smaller wish counts as this.
pub const SEGMENT_BYTES_MIN: u64 = 64 << 10;

/// Octets of a segment, at most, whatever is asked for.
///
/// - Why so many: a segment is the unit of giving up, and of searching after damage.
/// - What it costs: a second or two of search when such a segment is damaged.
/// - At the bound: a larger wish counts as this.
pub const SEGMENT_BYTES_MAX: u64 = 256 << 20;

/// A spool holds at least so many segments: larger ones are made smaller.
///
/// - Why so many: the oldest segment may be given up without losing half of all.
/// - What it costs: more files.
/// - At the bound: segments are `bytes_max` through this.
pub const SEGMENTS_MIN: u64 = 8;

/// Segments of one class.
///
/// - Why so many: each start begins one, so that a program that dies each second fills hours.
/// - What it costs: about 300 octets of memory each, and a file.
/// - At the bound: the oldest is given up; what was in it and not released counts as dropped.
pub const SEGMENTS_MAX: usize = 1 << 14;

/// How long one segment is written to, when records are few.
///
/// - Why so long: what was released leaves the disk when its segment is closed.
/// - What it costs: 24 small files a day and class.
/// - At the bound: the segment is closed, the next record begins another.
pub const SEGMENT_SPAN_MAX: Duration = Duration::from_secs(3600);

/// Classes of one spool.
///
/// - Why so many: alerts, inventory, health, observations, facts, and room.
/// - What it costs: a folder and an open file each.
/// - At the bound: the spool does not open.
pub const CLASSES_MAX: usize = 16;

/// Readers whose places are known.
///
/// - Why so many: a sink is a reader; a site has a handful.
/// - What it costs: a small file each, and a comparison for each class and tending.
/// - At the bound: another reader is refused.
pub const READERS_MAX: usize = 64;

/// Octets of the name of a class or reader.
///
/// - Why so many: names of folders and files; a class's name stands in each segment's head.
/// - What it costs: nothing.
/// - At the bound: the name is refused.
pub const NAME_LEN_MAX: usize = 64;

/// Octets of a cursor file.
///
/// - Why so many: a line a class.
/// - What it costs: nothing.
/// - At the bound: the file is no cursor.
pub const CURSOR_BYTES_MAX: u64 = 16 << 10;

/// Moments remembered of one segment, to say how old the oldest waiting record is.
///
/// - Why so many: between two of them the time is guessed.
/// - What it costs: 16 octets each.
/// - At the bound: every second one is forgotten.
pub const TIMES_MAX: usize = 64;

/// Places of batches that a reader took and did not release, so that going back is quick.
///
/// - Why so many: a sink has a few batches under way.
/// - What it costs: 24 octets each.
/// - At the bound: later ones are not remembered; going back reads more, and finds the same.
pub const MARKS_MAX: usize = 256;

/// Stretches of missing records that a reader was told of and did not pass yet.
///
/// - Why so many: each is a damaged place or a segment given up within the unreleased part.
/// - What it costs: 16 octets each.
/// - At the bound: the two lowest become one, and records between them that go missing later are
///   not told.
pub const TOLD_MAX: usize = 256;

/// Octets read from a segment at once.
///
/// - Why so many: fewer calls; more would leave the processor's caches.
/// - What it costs: so much memory for each class that a reader reads.
/// - At the bound: another read.
pub const WINDOW_BYTES: usize = 256 << 10;

/// How often a damaged segment's octets may be summed while the next whole record is searched.
///
/// - Why so many: octets that look like a record's head are rare, unless somebody wrote them.
/// - What it costs: time, once for each damaged segment.
/// - At the bound: the rest of the segment counts as damaged.
pub const SEARCH_PASSES_MAX: u64 = 4;

/// Unsynced octets at which the disk is set to work before a sync is due.
///
/// - Why so many: a second of the full rate is several of these, so that the disk never idles.
/// - What it costs: nothing that the sync would not cost.
/// - At the bound: a sync begins in the background.
pub const UNSYNCED_BYTES: u64 = 32 << 20;

/// A step of the wall clock between two tendings beyond which it was set, not waited for.
///
/// - Why so long: tending happens each second or so.
/// - What it costs: records that outlived a suspended machine are kept as much longer.
/// - At the bound: what lies in the spool does not age by the step.
pub const CLOCK_STEP_MAX: Duration = Duration::from_secs(600);

/// Reads of a segment that fail one after the other.
///
/// - Why so many: a disk may stumble; a bad sector stays bad.
/// - What it costs: as many setbacks of a reader.
/// - At the bound: the rest of the segment is passed over, and told as lost.
pub const READ_ATTEMPTS_MAX: u32 = 5;

/// Segments of later classes that one commit of a class gives up on a full disk.
///
/// - Why so many: one makes room for many commits; where somebody reads it, only when they are
///   through.
/// - What it costs: its records, counted.
/// - At the bound: the commit fails, and the next may give up as many again.
pub const GIVEN_UP_MAX: usize = 4;
