//! Every bound of this crate outside the protocol readers, each with its reason.

use std::time::Duration;

/// Flows remembered at once, over all shards.
///
/// - Why so many: 20,000 hosts with a dozen live flows each.
/// - What it costs: 72 octets for each flow that there is at once (its row and when it began), and
///   for each that there may be 24 (its share of a set, two links of the timer wheel); 24 MiB in
///   all, taken as they are first used.
/// - At the bound: of the eight flows that share a set, the one that was silent longest goes;
///   `flows_evicted` counts it.
pub const FLOWS_MAX: usize = 1 << 18;

/// Octets held for the openings of all TCP streams together, over all shards.
///
/// - Why so many: 20,000 handshakes at once with 3 KiB each.
/// - What it costs: itself, taken as needed.
/// - At the bound: the opening for which no octets came for longest is given up, so that
///   beginnings that never go on do not blind; `openings_over_budget` counts it.
pub const OPENINGS_BYTES_MAX: usize = 64 << 20;

/// Octets held of one side of a TCP stream.
///
/// - Why so many: post-quantum hellos have 1.5 to 2 KiB, certificate chains and HTTP heads up to
///   12 KiB.
/// - What it costs: of the budget above.
/// - At the bound: a side whose reader waits for more is given up; when octets behind a gap do not
///   fit any more, the gap counts as lost (`gaps`) and reading goes on behind it.
pub const OPENING_LEN_MAX: usize = 16 << 10;

/// Gaps between the octets held of one side.
///
/// - Why so many: a burst of reordered segments leaves a few; a 16 KiB window of full segments
///   has eleven.
/// - What it costs: 8 octets each.
/// - At the bound: the first gap counts as lost; `gaps` counts it.
pub const HOLES_MAX: usize = 16;

/// How long an open TCP connection may be silent.
///
/// - Why so long: keep-alives of remote access tools come every 15 s to 4 min; what is cut too
///   early comes back as a flow with guessed roles.
/// - What it costs: the row.
pub const TCP_IDLE: Duration = Duration::from_secs(300);

/// How long a TCP connection of which one end was seen may be silent.
///
/// - Why so long: SYNs are repeated for about a minute (RFC 6298 §5.7 doubles from 1 s).
/// - What it costs: the row, and floods fill rows.
pub const TCP_HALF_OPEN: Duration = Duration::from_secs(60);

/// How long a TCP connection that ended is remembered.
///
/// - Why so long: its last ACKs, and segments that come late or twice, must not look like a new
///   flow; and they count into its volume.
/// - What it costs: the row.
pub const TCP_LINGER: Duration = Duration::from_secs(5);

/// How long a UDP conversation may be silent.
///
/// - Why so long: NAT devices keep theirs for at least two minutes on paper (RFC 4787 §4.3) and
///   30 s to 60 s in the field, so tools repeat within that.
/// - What it costs: the row.
pub const UDP_IDLE: Duration = Duration::from_secs(60);

/// Encapsulations opened in one frame: each tag, label stack, session header and tunnel is one.
/// A mirrored trunk of a provider has six or seven; a frame with more than these counts as
/// `Encapsulated`, so that no stranger's 64 KiB of tags costs 16,000 steps.
pub(crate) const DEPTH_MAX: u8 = 12;

/// Headers taken off one frame between two datagrams. Encapsulations run out first; this holds if
/// one should ever be opened without being counted.
pub(crate) const STEPS_MAX: u8 = 64;

/// Labels of one MPLS stack. Service paths have eight or so; more count as `Encapsulated`.
pub(crate) const LABELS_MAX: usize = 16;

/// Route entries of one GRE header, a thing of the past (RFC 2784 §2.3); more count as `Malformed`.
pub(crate) const ROUTES_MAX: usize = 8;

/// Extension headers of one GTP-U datagram. There are one or two; with more it is an ordinary
/// datagram.
pub(crate) const GTP_EXTENSIONS_MAX: usize = 8;

/// IPv6 extension headers followed in one datagram. Real ones have two or three; a datagram with
/// more counts as `Malformed`, so that no stranger's 64 KiB costs 8,000 steps.
pub(crate) const EXTENSIONS_MAX: usize = 8;

/// Contiguous octets of one side that stream protocols are asked about before none is taken to
/// know it. Probes decide on a few dozen, but a conversation in clear before TLS may take this
/// long. Segments are not counted: someone who sends an octet at a time is still recognised, and
/// costs at most these 4 KiB looked at once more per segment.
pub(crate) const PROBED_LEN_MAX: usize = 4 << 10;

/// Octets of an unknown side that are enough for a byte signature. A side that has told fewer is
/// given until its next segments, the other side's word or the flow's end.
pub(crate) const OPENING_LEN_ENOUGH: usize = 16;

/// Segments of an unknown side that are enough, however short: one octet each gives as many as
/// [`OPENING_LEN_ENOUGH`].
pub(crate) const OPENING_SEGMENTS_ENOUGH: u8 = 16;

/// Datagrams in a row that no protocol claims, after which a UDP flow without a protocol is asked
/// about no more.
pub(crate) const UNCLAIMED_MAX: u32 = 4;

/// The same for a flow that once had a protocol.
pub(crate) const UNCLAIMED_AFTER_CLAIM_MAX: u32 = 7;

/// Octets ahead of a stream from which on a segment is taken for a stray or forged one. Senders
/// rarely have more under way, and a capture that lost more has lost the stream anyway.
pub(crate) const STRAY_AHEAD: usize = 1 << 20;

/// Such segments in a row, before the stream is taken to have lost what is between.
pub(crate) const STRAYS_MAX: u8 = 4;

/// Segments beyond the window while the other end is heard and acknowledges nothing of them, before
/// the stream is taken to have lost what is between all the same: the other end's acknowledgements
/// may have gone another way. A few forged ones must not hide what was lost by no one.
pub(crate) const STRAYS_UNACKNOWLEDGED_MAX: u8 = 64;

/// Times that a stream whose beginning no SYN told is taken to have begun earlier than it seemed.
///
/// - Why so many: the first flight of a page's request in small segments, last one first.
/// - What it costs: what is held is moved each time.
/// - At the bound: what comes before is not read.
pub(crate) const EARLIER_MAX: u8 = 64;

/// Octets that wait for more before they are shown to a reader each time that more come. Above, they
/// are shown when a sixteenth more came, or when nothing more will: however few octets a segment
/// has, each is looked at some twenty times at most.
pub(crate) const SHOWN_ALWAYS_MAX: usize = 256;

/// Octets of what a client said since the server last spoke that are held beside the stream, so that
/// segments which contradict each other can be told in every way (`streams::flight`).
///
/// - Why so many: a long hello or head, and a false one before it.
/// - What it costs: of the budget for openings, until the server answers; some 100 ns a connection.
/// - At the bound: what stands behind is read in one way only.
pub(crate) const FLIGHT_LEN_MAX: usize = 8 << 10;

/// Gaps in that.
pub(crate) const FLIGHT_HOLES_MAX: usize = 16;

/// Kinds of segments in that, by hops left, checksum and the like.
///
/// - Why so many: a true one, and false ones made in two or three ways.
/// - What it costs: as many octets again for each beyond the first.
/// - At the bound: the others count for the whole only.
pub(crate) const FLIGHT_KINDS_MAX: usize = 4;

/// Urgent octets in that.
pub(crate) const FLIGHT_URGENT_MAX: usize = 8;

/// Octets between where a SYN said that a stream begins and the first that came of it, if those
/// before are only late: more than a first flight has. Beyond, the SYN was of another connection.
pub(crate) const LATE_MAX: u32 = 64 << 10;

/// Times that the other end acknowledges octets behind a gap before the capture is taken to have
/// missed it: late frames of the same batch come before that.
pub(crate) const GAP_ACKS_MAX: u8 = 8;

/// Frames worked on together, so that the flow table's memory is fetched for all of them at once.
pub(crate) const BATCH: usize = 32;

/// Fragmented datagrams that are put together at once.
///
/// - Why so many: fragments of one datagram come within microseconds of each other, so that only
///   lossy or hostile ones wait; 4,096 in 30 s are 136 a second of those.
/// - What it costs: of the budget below, 512 octets each beside what came of them.
/// - At the bound: the one that began first is given up; `unassembled` counts it, and its beginning
///   is told.
pub const FRAGMENTED_MAX: usize = 4096;

/// Octets held for fragmented datagrams together.
///
/// - Why so many: 256 of the longest there can be, or 4,096 that lack something of 4 KiB.
/// - What it costs: itself, taken as needed, in every lane.
/// - At the bound: as [`FRAGMENTED_MAX`].
pub const FRAGMENTS_BYTES_MAX: usize = 16 << 20;

/// How long a fragmented datagram may lack something: as long as Linux waits
/// (`net.ipv4.ipfrag_time`). RFC 8200 §4.5 has 60 s, RFC 791 §3.2 15 s.
pub(crate) const FRAGMENTS_AGE: Duration = Duration::from_secs(30);

/// Separate pieces held of one datagram; those that follow each other in order are one.
///
/// - Why so many: a datagram of 9,000 octets in the smallest fragments there are, in any order, has
///   1,125 of them at most half of the time apart.
/// - What it costs: 12 octets each, of the budget above.
/// - At the bound: what would be another piece is dropped; `ip_fragments_too_many` counts it.
pub(crate) const FRAGMENT_RUNS_MAX: usize = 1024;

/// Beginnings that are kept of datagrams that had to make room, until the next second tells them.
///
/// - Why so many: a few names of each are worth it; a flood may have the rest.
/// - What it costs: [`PART_LEN_MAX`] each, 512 KiB.
/// - At the bound: the others are only counted.
pub(crate) const PARTS_MAX: usize = 256;

/// Octets of such a beginning: what one Ethernet frame has, and some.
pub(crate) const PART_LEN_MAX: usize = 2 << 10;

/// Packets of one shard that are known again when a span port mirrors them twice.
///
/// - Why so many: copies follow within some ten microseconds, in which 100 Gbit/s have a thousand
///   packets over 16 shards.
/// - What it costs: 12 octets each, 96 KiB in all.
/// - At the bound: the later packet takes the place; a copy of the earlier one counts as a packet.
pub(crate) const TWINS: usize = 512;

/// Addresses whose interface is known, so that ARP and neighbour discovery are told when they say
/// something new.
///
/// - Why so many: what a sensor's span port sees of links with some thousand hosts, each with an
///   address of IPv4 and three of IPv6.
/// - What it costs: some 150 octets each, 2 MiB in the lane that has such frames; some 200 ns a frame.
/// - At the bound: the one not heard of for longest goes, and is told again when it is heard.
pub(crate) const NEIGHBOURS_MAX: usize = 16 << 10;

/// Times that such a frame is told within a second of packet time.
///
/// - Why so many: after a power cut all hosts of a large link say who they are within seconds.
/// - What it costs: a fact each; without the bound, a forger's frames would fill the way to the
///   analyst, and others' facts would be dropped there.
/// - At the bound: the frame is not told, nor known; `neighbours_too_many` counts it, and it is told
///   when it comes again later.
pub(crate) const NEIGHBOUR_NEWS_PER_SECOND: u32 = 1024;

/// After how long what a neighbour goes on to say is told again.
///
/// - Why so long: a few facts a host and day; and what was forgotten, or never arrived since the
///   analyst was behind, is back within the hour.
/// - What it costs: a fact each.
/// - At the bound: it is told again.
pub(crate) const NEIGHBOUR_TOLD_EVERY: Duration = Duration::from_secs(60 * 60);

/// Options of one message of neighbour discovery that are read. There are one or two, routers have
/// eight; the rest of one with more is not looked at.
pub(crate) const NEIGHBOUR_OPTIONS_MAX: usize = 16;

/// The bounds of a dissector that a caller may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// As [`FLOWS_MAX`]. Rounded down to whole sets of eight in each of 16 shards, 128 at least.
    pub flows_max: usize,
    /// As [`OPENINGS_BYTES_MAX`].
    pub openings_bytes_max: usize,
    /// As [`OPENING_LEN_MAX`].
    pub opening_len_max: usize,
    /// As [`HOLES_MAX`].
    pub holes_max: usize,
    /// As [`TCP_IDLE`]. This and the other times are read in whole seconds, rounded up.
    pub tcp_idle: Duration,
    /// As [`TCP_HALF_OPEN`].
    pub tcp_half_open: Duration,
    /// As [`TCP_LINGER`].
    pub tcp_linger: Duration,
    /// As [`UDP_IDLE`].
    pub udp_idle: Duration,
    /// As [`FRAGMENTED_MAX`].
    pub fragmented_max: usize,
    /// As [`FRAGMENTS_BYTES_MAX`].
    pub fragments_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            flows_max: FLOWS_MAX,
            openings_bytes_max: OPENINGS_BYTES_MAX,
            opening_len_max: OPENING_LEN_MAX,
            holes_max: HOLES_MAX,
            tcp_idle: TCP_IDLE,
            tcp_half_open: TCP_HALF_OPEN,
            tcp_linger: TCP_LINGER,
            udp_idle: UDP_IDLE,
            fragmented_max: FRAGMENTED_MAX,
            fragments_bytes_max: FRAGMENTS_BYTES_MAX,
        }
    }
}
