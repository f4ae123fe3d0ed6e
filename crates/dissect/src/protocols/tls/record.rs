//! Records (RFC 8446 §5.1): the envelopes that handshake messages come in, several in one or one
//! in several.

use std::borrow::Cow;

use crate::protocols::limits::{TLS_EMPTY_RECORDS_MAX, TLS_STRAY_RECORD_MAX};

/// RFC 8446 §5.1.
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// RFC 6520 §3.
const HEARTBEAT: u8 = 24;

/// Octets of a record's head: type, version, length.
const HEAD: usize = 5;
/// RFC 8446 §5.2: the longest an encrypted record may be, and older versions allow.
const LEN_MAX: usize = (1 << 14) + 2048;

/// Where in a stream of records a reader stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    /// Octets of the handshake record at hand that were not consumed.
    left: usize,
}

/// What follows the handshake octets at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Behind {
    /// More octets are needed to tell.
    More,
    /// Encrypted records, or application data.
    Encrypted,
    /// No record of this protocol.
    Foreign,
}

/// Whether the octets begin with records that are looked past before a hello: empty ones, alerts
/// and heartbeats. What follows them; `None` when more octets are needed to tell.
pub(super) fn past_strays(mut octets: &[u8]) -> Option<&[u8]> {
    for _ in 0..TLS_EMPTY_RECORDS_MAX {
        let Some((head, after)) = octets.split_first_chunk::<HEAD>() else {
            let stray = matches!(octets, [ALERT | HEARTBEAT] | [ALERT | HEARTBEAT, 3, ..]);
            return if stray { None } else { Some(octets) };
        };
        let [kind, major, _, high, low] = *head;
        let len = usize::from(u16::from_be_bytes([high, low]));
        let stray = match kind {
            HANDSHAKE => len == 0,
            ALERT | HEARTBEAT => len <= TLS_STRAY_RECORD_MAX,
            _ => false,
        };
        if major != 3 || !stray {
            return Some(octets);
        }
        octets = after.get(len..)?;
    }
    Some(octets)
}

/// One step along the records: a run of handshake octets, or what stands behind the last one.
enum Piece<'a> {
    /// Handshake octets, the octets after them, and how many of their record are still to come.
    Handshake(&'a [u8], &'a [u8], usize),
    Behind(Behind),
}

/// The next piece; alerts and heartbeats are passed over.
fn piece(place: Place, octets: &[u8]) -> Piece<'_> {
    let (mut rest, mut left) = (octets, place.left);
    while left == 0 {
        let Some((head, after)) = rest.split_first_chunk::<HEAD>() else {
            return Piece::Behind(Behind::More);
        };
        let [kind, major, _, high, low] = *head;
        let len = usize::from(u16::from_be_bytes([high, low]));
        // RFC 8446 §5.1: the version of a record must be ignored; servers look at its first octet.
        if major != 3 || len > LEN_MAX {
            return Piece::Behind(Behind::Foreign);
        }
        match kind {
            HANDSHAKE => (rest, left) = (after, len),
            ALERT | HEARTBEAT => match after.get(len..) {
                Some(after) => rest = after,
                None => return Piece::Behind(Behind::More),
            },
            CHANGE_CIPHER_SPEC | APPLICATION_DATA => return Piece::Behind(Behind::Encrypted),
            _ => return Piece::Behind(Behind::Foreign),
        }
    }
    let (run, after) = rest.split_at_checked(left).unwrap_or((rest, &[]));
    match run {
        [] => Piece::Behind(Behind::More),
        _ => Piece::Handshake(run, after, left.saturating_sub(run.len())),
    }
}

/// The handshake octets at hand, at most about `want`, and what follows them. Borrowed when they
/// stand in one record.
pub(super) fn gather(place: Place, octets: &[u8], want: usize) -> (Cow<'_, [u8]>, Behind) {
    let (mut place, mut rest) = (place, octets);
    let mut gathered: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    loop {
        match piece(place, rest) {
            Piece::Behind(behind) => return (gathered, behind),
            Piece::Handshake(run, after, left) => {
                if gathered.is_empty() {
                    gathered = Cow::Borrowed(run);
                } else {
                    gathered.to_mut().extend_from_slice(run);
                }
                (place, rest) = (Place { left }, after);
            }
        }
        if gathered.len() >= want {
            return (gathered, Behind::More);
        }
    }
}

/// Consume `count` handshake octets that [`gather`] has shown: the new place, and how many octets
/// of the stream that were.
pub(super) fn consume(place: Place, octets: &[u8], count: usize) -> (Place, usize) {
    let (mut place, mut rest, mut count) = (place, octets, count);
    while count > 0 {
        let Piece::Handshake(run, after, left) = piece(place, rest) else { break };
        let taken = run.len().min(count);
        let untaken = run.len().saturating_sub(taken);
        place = Place { left: left.saturating_add(untaken) };
        let start = rest.len().saturating_sub(after.len()).saturating_sub(untaken);
        rest = rest.get(start..).unwrap_or_default();
        count = count.saturating_sub(taken);
    }
    (place, octets.len().saturating_sub(rest.len()))
}
