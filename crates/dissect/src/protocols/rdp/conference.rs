//! What the ends of an unprotected session say of themselves: the core data of MS-RDPBCGR
//! §2.2.1.3.2 and §2.2.1.4.2, in a conference's request (T.124) in a connection's (T.125) in an
//! envelope (RFC 1006).

use model::Side;

use crate::protocols::limits::{RDP_BLOCKS_MAX, RDP_CONFERENCE_MAX};

/// What octets behind a greeting are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Read {
    /// Core data.
    Is(Core),
    /// The beginning of such a message.
    More,
    /// Something else.
    Foreign,
}

/// Core data, as far as they are of use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Core {
    /// The protocol's version.
    pub(super) version: u32,
    /// The client's build.
    pub(super) build: Option<u32>,
    /// The client's keyboard layout, a language of Windows.
    pub(super) keyboard: Option<u32>,
    /// The name of the client's host.
    pub(super) name: Vec<u8>,
}

/// Envelope, data unit, and the tag of a connection's request or response, whose last octet tells
/// which.
const HEAD: [u8; 9] = [3, 0, 0, 0, 2, 0xf0, 0x80, 0x7f, 0];
const REQUEST: u8 = 0x65;
const RESPONSE: u8 = 0x66;

/// Read what `side` says behind its greeting.
pub(super) fn read(side: Side, octets: &[u8]) -> Read {
    let (tag, key, block): (u8, &[u8], u16) = match side {
        Side::Client => (REQUEST, b"Duca", 0xc001),
        Side::Server => (RESPONSE, b"McDn", 0x0c01),
    };
    let fits = octets.iter().zip(HEAD).enumerate().all(|(place, (octet, wanted))| match place {
        2 | 3 => true,
        8 => *octet == tag,
        _ => *octet == wanted,
    });
    if !fits {
        return Read::Foreign;
    }
    let Some([_, _, high, low, ..]) = octets.first_chunk::<9>() else { return Read::More };
    let len = usize::from(u16::from_be_bytes([*high, *low])).min(RDP_CONFERENCE_MAX);
    let message = octets.get(..octets.len().min(len)).unwrap_or(octets);
    if message.len() < len {
        return Read::More;
    }
    // The key stands behind parameters of the connection in one of several codings.
    let place = message.windows(key.len()).position(|octets| octets == key);
    let data = place.and_then(|place| message.get(place.saturating_add(key.len())..));
    data.and_then(behind_length).and_then(|data| core(data, block)).map_or(Read::Foreign, Read::Is)
}

/// What stands behind a length of one or two octets (X.691 §11.9).
fn behind_length(octets: &[u8]) -> Option<&[u8]> {
    match octets {
        [0x80..=0xff, _, rest @ ..] | [0..0x80, rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Find the core data among the blocks: type, length, value.
fn core(data: &[u8], wanted: u16) -> Option<Core> {
    let mut rest = data;
    for _ in 0..RDP_BLOCKS_MAX {
        let ([type_low, type_high, low, high], _) = rest.split_first_chunk::<4>()?;
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let block = rest.get(4..len.min(rest.len()))?;
        if u16::from_le_bytes([*type_low, *type_high]) == wanted {
            let version = number(block, 0)?;
            let (keyboard, build) = (number(block, 12), number(block, 16));
            let name = block.get(20..52).map(text).unwrap_or_default();
            let is_client = wanted == 0xc001;
            return Some(match is_client {
                true => Core { version, build, keyboard, name },
                false => Core { version, ..Core::default() },
            });
        }
        rest = rest.get(len.max(4)..)?;
    }
    None
}

fn number(octets: &[u8], place: usize) -> Option<u32> {
    let word = octets.get(place..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*word))
}

/// Text of two octets a letter, up to its final zero.
pub(super) fn text(octets: &[u8]) -> Vec<u8> {
    let letters = octets.chunks_exact(2).map_while(|pair| match pair {
        [low, high] => Some(u16::from_le_bytes([*low, *high])).filter(|letter| *letter != 0),
        _ => None,
    });
    let text: String =
        char::decode_utf16(letters).map(|letter| letter.unwrap_or('\u{fffd}')).collect();
    text.into_bytes()
}

/// A version in words (MS-RDPBCGR §2.2.1.3.2): 10.0 is 5 of the eighth major, 10.1 is 6.
pub(super) fn version(version: u32) -> String {
    match version {
        0x0008_0001 => "4.0".to_owned(),
        0x0008_0004 => "5.0-8.1".to_owned(),
        0x0008_0005..=0x0008_003f => {
            format!("10.{}", version.wrapping_sub(0x0008_0005))
        }
        _ => format!("{version:#010x}"),
    }
}
