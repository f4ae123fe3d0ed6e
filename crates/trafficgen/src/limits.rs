//! How much a scenario may ask for: a slip of the finger must not fill a disk.

/// Acts in one scenario, each repetition counted.
///
/// - Why so many: a busy hour of a small office has a few hundred.
/// - What it costs: each act makes tens of frames, kept until the capture is sorted.
/// - At the bound: the scenario is refused with the line of the act that was too many.
pub const ACTS_MAX: usize = 10_000;

/// Octets of payload that one act may send in one direction.
///
/// - Why so many: captures are committed, and a remote session shows in a tenth of this.
/// - What it costs: the frames of an act are in memory, about 1.1 times this.
/// - At the bound: the scenario is refused with the line of the act.
pub const ACT_PAYLOAD_MAX: u64 = 16 << 20;

/// Octets of all frames of one scenario together.
///
/// - Why so many: a hundred times the demo.
/// - What it costs: this much memory.
/// - At the bound: the scenario is refused with the line of the act that was too much.
pub const SCENARIO_BYTES_MAX: usize = 256 << 20;

/// Addresses of one name.
///
/// - Why so many: the largest pools answer with a dozen.
/// - What it costs: 28 octets each in an answer, which must fit one datagram.
/// - At the bound: the scenario is refused.
pub const NAME_ADDRESSES_MAX: usize = 32;

/// Octets of one datagram's payload that a scenario writes out.
///
/// - Why so many: it fits a frame of 1,500 octets over IPv6 too; nothing is fragmented here.
/// - What it costs: nothing.
/// - At the bound: the scenario is refused with the line of the act.
pub const DATAGRAM_BYTES_MAX: usize = 1_400;

/// Octets that a pattern of octets may stand for.
///
/// - Why so many: openings are told by their first kilobyte; 64 KiB is beyond any of them.
/// - What it costs: this much memory while the act plays.
/// - At the bound: the pattern is refused.
pub const PATTERN_BYTES_MAX: usize = 64 << 10;
