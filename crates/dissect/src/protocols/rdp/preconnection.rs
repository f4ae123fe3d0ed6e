//! What a client may say before its greeting: which of several desktops behind one address it wants
//! (MS-RDPEPS §2.2.1). Hosts of virtual machines are asked so, and then go on with TLS at once.

use super::conference::text;

/// What octets are that a client sent first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Read {
    /// Such a message of so many octets, and the name in it.
    Is(Vec<u8>, usize),
    /// The beginning of one.
    More,
    /// Something else.
    Foreign,
}

/// Length, flags, version, number: four octets each.
const HEAD: usize = 16;
/// Letters of the name; those that were seen are 36 long.
const LETTERS_MAX: u16 = 256;

/// Read the octets that a client sent first.
pub(super) fn read(octets: &[u8]) -> Read {
    let plausible = octets.iter().enumerate().take(12).all(|(place, octet)| match place {
        0 => *octet >= 16,
        1 => *octet <= 2,
        8 => matches!(octet, 1 | 2),
        _ => *octet == 0,
    });
    if !plausible {
        return Read::Foreign;
    }
    let Some((head, rest)) = octets.split_first_chunk::<HEAD>() else { return Read::More };
    let len = usize::from(u16::from_le_bytes([head[0], head[1]]));
    if head[8] == 1 {
        return if len == HEAD { Read::Is(Vec::new(), len) } else { Read::Foreign };
    }
    let Some((letters, name)) = rest.split_first_chunk::<2>() else { return Read::More };
    let letters = u16::from_le_bytes(*letters);
    let octets = usize::from(letters).saturating_mul(2);
    if letters > LETTERS_MAX || octets.saturating_add(HEAD).saturating_add(2) != len {
        return Read::Foreign;
    }
    name.get(..octets).map_or(Read::More, |name| Read::Is(text(name), len))
}
