//! Snoop (RFC 1761): Solaris' own capture format. Big-endian, microseconds.

use model::{LinkType, Timestamp};

use super::{Format, Records, Step, Verdict};
use crate::endian::Endian;
use crate::limits::{FRAME_MAX, RECORD_MAX};

/// RFC 1761 §4: the first eight octets.
const MAGIC: [u8; 8] = *b"snoop\0\0\0";
/// Octets of the file's header.
const FILE_HEADER: usize = 16;
/// Octets of a record's header.
const RECORD_HEADER: usize = 24;

/// A snoop capture.
pub(crate) struct Snoop {
    link: LinkType,
}

/// Whether a file that begins with `octets` is a snoop capture.
pub(super) fn judge(octets: &[u8]) -> Verdict {
    let seen = octets.get(..MAGIC.len()).unwrap_or(octets);
    if !MAGIC.starts_with(seen) {
        return Verdict::Foreign;
    }
    let Some([_, _, version, link]) = Endian::Big.words::<4>(octets) else {
        return Verdict::More(FILE_HEADER);
    };
    if version != 2 {
        return Verdict::Unread(format!("snoop version {version} is not read"));
    }
    // RFC 1761 §4's numbers are not those of the other formats.
    let link = match link {
        0 | 4 => LinkType::ETHERNET,
        2 => LinkType(6),
        8 => LinkType(10),
        _ => LinkType(u16::MAX),
    };
    Verdict::Capture(Format::Snoop(Snoop { link }), FILE_HEADER)
}

impl Records for Snoop {
    fn next<'a>(&mut self, octets: &'a [u8]) -> Step<'a> {
        // RFC 1761 §5: original length, included length, record length, drops, seconds, microseconds.
        let Some([wire, kept, record, _, secs, micros]) = Endian::Big.words::<6>(octets) else {
            return Step::More(RECORD_HEADER);
        };
        let room = (record as usize).checked_sub(RECORD_HEADER);
        if kept > RECORD_MAX || room.is_none_or(|room| room < kept as usize) {
            let why = format!("a record of {record} octets claims a frame of {kept}");
            return Step::Flaw { why, taken: None };
        }
        let end = RECORD_HEADER.saturating_add((kept as usize).min(FRAME_MAX));
        let Some(bytes) = octets.get(RECORD_HEADER..end) else {
            return Step::More(end);
        };
        Step::Frame {
            at: Timestamp::from_secs(u64::from(secs), u64::from(micros).saturating_mul(1_000)),
            link: self.link,
            bytes,
            orig_len: wire.max(kept),
            taken: u64::from(record),
        }
    }
}
