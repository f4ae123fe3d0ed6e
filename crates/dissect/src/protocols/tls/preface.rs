//! What either end may say in clear before TLS begins in the same stream: a request to begin it, or
//! its answer.
//!
//! Three families: remote desktops (MS-RDPBCGR §1.3.1.1: an X.224 connection request), lines of
//! text, and the requests of databases and directories.

mod binary;
mod lines;

use binary::fixed;

/// What octets are, as far as they tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Preface {
    /// A preface of so many octets; TLS may follow.
    Octets(usize),
    /// The beginning of one.
    More,
    /// None.
    Foreign,
}

/// The longest connection request: cookie and negotiation data are short.
const REQUEST_MAX: usize = 512;

/// What octets are that an end sent first. Whose they are need not be known: what clients say, no
/// server does.
pub(super) fn read(octets: &[u8]) -> Preface {
    match octets.first() {
        None => Preface::More,
        // A record of TLS.
        Some(22) => Preface::Foreign,
        Some(3) => connection_request(octets),
        Some(0) => binary::postgresql(octets),
        Some(0x30) => binary::ldap(octets),
        Some(b'<') => lines::xmpp(octets),
        Some(_) => {
            let families = [
                lines::client,
                lines::server,
                binary::mysql,
                binary::mysql_server,
                binary::postgresql_server,
            ];
            let read = families.map(|family| family(octets));
            let known = read.into_iter().find(|preface| matches!(preface, Preface::Octets(_)));
            let more = read.contains(&Preface::More);
            known.unwrap_or(if more { Preface::More } else { Preface::Foreign })
        }
    }
}

/// RFC 1006 §6: version 3, reserved, length of all; X.224 §13.3: length of the rest, code 14.
fn connection_request(octets: &[u8]) -> Preface {
    let Some(head) = octets.first_chunk::<6>() else {
        return fixed(octets.get(..2).unwrap_or(octets), &[3, 0]).or_more(octets.len() < 6);
    };
    let [version, reserved, high, low, rest, code] = *head;
    let len = usize::from(u16::from_be_bytes([high, low]));
    let sound = (version, reserved, code) == (3, 0, 0xe0)
        && (11..=REQUEST_MAX).contains(&len)
        && usize::from(rest).checked_add(5) == Some(len);
    match sound {
        true if octets.len() >= len => Preface::Octets(len),
        true => Preface::More,
        false => Preface::Foreign,
    }
}

impl Preface {
    /// The octets are too few to be told apart, unless they are already foreign.
    fn or_more(self, few: bool) -> Preface {
        if few && self != Preface::Foreign { Preface::More } else { self }
    }
}

#[cfg(test)]
mod tests;
