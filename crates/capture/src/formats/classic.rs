//! Classic pcap (draft-ietf-opsawg-pcap): a header of 24 octets, then records of 16 and a frame.

use model::{Frame, LinkType, Timestamp};

use super::{Format, Records, Step, Verdict};
use crate::endian::Endian;
use crate::limits::{FRAME_MAX, RECORD_MAX, RECORD_MAX_BUS};
use crate::run::{Gate, Run};

/// Octets of the file's header.
const FILE_HEADER: usize = 24;
/// Octets of a record's header, but for one patched libpcap.
const PLAIN_HEADER: usize = 16;

/// Records with microseconds.
const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
/// Records with nanoseconds.
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;
/// Records with microseconds and eight more octets of header (Kuznetsov's patch of libpcap 0.4).
const MAGIC_MODIFIED: u32 = 0xa1b2_cd34;

/// Link types whose records may be longer than a network's: D-Bus, USB, EBHSCR.
const BUSES: [LinkType; 3] = [LinkType(231), LinkType(249), LinkType(279)];

/// Which of a record's two lengths comes first; old writers disagreed.
#[derive(Clone, Copy)]
enum Lengths {
    /// What was kept, then what was on the wire.
    KeptFirst,
    /// The other way round (before version 2.3).
    WireFirst,
    /// Either: the smaller is what was kept (version 2.3).
    Either,
}

/// A classic capture.
pub(crate) struct Classic {
    endian: Endian,
    link: LinkType,
    /// Nanoseconds of one unit of a record's fraction.
    unit: u32,
    /// Octets of a record's header: 16 or 24.
    header: usize,
    lengths: Lengths,
    record_max: u32,
}

/// Whether a file that begins with `octets` is a classic capture.
pub(super) fn judge(octets: &[u8]) -> Verdict {
    let Some((magic, _)) = octets.split_first_chunk::<4>() else {
        return Verdict::More(4);
    };
    let endian = match (known(u32::from_le_bytes(*magic)), known(u32::from_be_bytes(*magic))) {
        (Some(_), _) => Endian::Little,
        (_, Some(_)) => Endian::Big,
        (None, None) => return Verdict::Foreign,
    };
    let Some([magic, version, _, _, _, link]) = endian.words::<6>(octets) else {
        return Verdict::More(FILE_HEADER);
    };
    let Some((unit, header)) = known(magic) else {
        return Verdict::Foreign;
    };
    // Two 16-bit numbers, read as one of 32 bits.
    let (major, minor) = match endian {
        Endian::Little => (version & 0xffff, version >> 16),
        Endian::Big => (version >> 16, version & 0xffff),
    };
    let lengths = match (major, minor) {
        // 543.0 was written by a router's firmware.
        (2, 0..=2) | (543, _) => Lengths::WireFirst,
        (2, 3) => Lengths::Either,
        (2, _) => Lengths::KeptFirst,
        _ => return Verdict::Unread(format!("pcap version {major}.{minor} is not read")),
    };
    // The upper bits tell of a frame check sequence; the number itself has 16.
    let link = LinkType(u16::try_from(link & 0x03ff_ffff).unwrap_or(u16::MAX));
    let record_max = if BUSES.contains(&link) { RECORD_MAX_BUS } else { RECORD_MAX };
    let classic = Classic { endian, link, unit, header, lengths, record_max };
    Verdict::Capture(Format::Classic(classic), FILE_HEADER)
}

/// A magic number's unit of time in nanoseconds, and octets of a record's header.
const fn known(magic: u32) -> Option<(u32, usize)> {
    match magic {
        MAGIC_MICROS => Some((1_000, PLAIN_HEADER)),
        MAGIC_NANOS => Some((1, PLAIN_HEADER)),
        MAGIC_MODIFIED => Some((1_000, 24)),
        _ => None,
    }
}

impl Records for Classic {
    #[inline]
    fn next<'a>(&mut self, octets: &'a [u8]) -> Step<'a> {
        let (Some([secs, fraction, kept, wire]), Some(body)) =
            (self.endian.words::<4>(octets), octets.get(self.header..))
        else {
            return Step::More(self.header);
        };
        let (kept, wire) = match self.lengths {
            Lengths::KeptFirst => (kept, wire),
            Lengths::WireFirst => (wire, kept),
            Lengths::Either => (kept.min(wire), kept.max(wire)),
        };
        if kept > self.record_max {
            return too_long(kept);
        }
        let len = (kept as usize).min(FRAME_MAX);
        let Some(bytes) = body.get(..len) else {
            return Step::More(self.header.saturating_add(len));
        };
        Step::Frame {
            at: Timestamp::from_nanos(nanos(secs, fraction, u64::from(self.unit))),
            link: self.link,
            bytes,
            orig_len: wire.max(kept),
            taken: self.header as u64 + u64::from(kept),
        }
    }
}

impl Classic {
    /// Put the frames of plain records into a run, as [`Run::fill`] would, up to the first that
    /// needs a closer look. Gives how many octets were gone past.
    ///
    /// Nearly all captures are of this kind: written on a PC since 1998. 38 instructions a frame
    /// where the general loop takes 71.
    pub(super) fn skim<'a>(
        &self,
        run: &mut Run<'a>,
        octets: &'a [u8],
        gate: &mut Gate<'_>,
    ) -> usize {
        let plain = self.endian == Endian::Little
            && self.header == PLAIN_HEADER
            && matches!(self.lengths, Lengths::KeptFirst)
            && gate.filter.is_none();
        if !plain {
            return 0;
        }
        let (link, unit, until) = (self.link, u64::from(self.unit), gate.until.0);
        let mut order = 2 * gate.lent + 1;
        let mut rest = octets;
        let before = run.frames().len();
        while let Some((head, body)) = rest.split_first_chunk::<PLAIN_HEADER>() {
            let head = u128::from_le_bytes(*head);
            let [secs, fraction, kept, wire] = [0, 32, 64, 96].map(|at| (head >> at) as u32);
            let at = Timestamp::from_nanos(nanos(secs, fraction, unit));
            if kept > FRAME_MAX as u32 || at >= until {
                break;
            }
            let Some((bytes, left)) = body.split_at_checked(kept as usize) else { break };
            let frame = Frame { at, order, link, bytes, orig_len: wire.max(kept) };
            if !run.push(frame) {
                break;
            }
            order += 2;
            rest = left;
        }
        let lent = run.frames().len() - before;
        let gone = octets.len() - rest.len();
        gate.lent += lent as u64;
        run.octets += (gone - lent * PLAIN_HEADER) as u64;
        gone
    }
}

/// A record's moment. 32 bits of seconds and 32 of microseconds are less than 2^63 nanoseconds.
#[inline]
fn nanos(secs: u32, fraction: u32, unit: u64) -> u64 {
    u64::from(secs) * 1_000_000_000 + u64::from(fraction) * unit
}

/// A record's length that no frame has.
#[cold]
fn too_long<'a>(kept: u32) -> Step<'a> {
    Step::Flaw { why: format!("a record claims {kept} octets; the rest is not read"), taken: None }
}
