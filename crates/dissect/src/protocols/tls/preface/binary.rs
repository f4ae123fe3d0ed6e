//! Requests to begin TLS, and their answers, in protocols of octets: PostgreSQL, MySQL, LDAP.

use super::Preface;
use crate::protocols::limits::TLS_PREFACE_MAX;

/// PostgreSQL (its manual, §54.2.10 and §54.2.11): a length and the number of a request, for GSSAPI
/// or for TLS; a client that is refused the one may ask for the other.
pub(super) fn postgresql(octets: &[u8]) -> Preface {
    const GSS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
    const TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    match octets.strip_prefix(&GSS) {
        Some([]) => Preface::More,
        Some(rest) => behind(GSS.len(), fixed(rest, &TLS)),
        None if GSS.starts_with(octets) => Preface::More,
        None => fixed(octets, &TLS),
    }
}

/// Its server answers with one letter a request: no, yes.
pub(super) fn postgresql_server(octets: &[u8]) -> Preface {
    match octets {
        [b'S'] | [b'N'] | [b'N', b'S'] => Preface::More,
        [b'S', 22, ..] => Preface::Octets(1),
        [b'N', b'S', 22, ..] => Preface::Octets(2),
        _ => Preface::Foreign,
    }
}

/// MySQL (its internals, Protocol::SSLRequest): a packet of 32 octets, the second one of the
/// connection, whose capabilities have TLS; 23 octets are reserved, of which MariaDB uses four.
pub(super) fn mysql(octets: &[u8]) -> Preface {
    const LEN: usize = 4 + 32;
    const TLS: u8 = 0x08;
    let head = fixed(octets.get(..4).unwrap_or(octets), &[32, 0, 0, 1]);
    match (head, octets.get(..LEN)) {
        (Preface::Foreign, _) => Preface::Foreign,
        (_, None) => Preface::More,
        (_, Some(request)) => {
            let asks = request.get(5).is_some_and(|high| high & TLS != 0);
            let reserved = request.get(13..32).is_some_and(|octets| *octets == [0; 19]);
            if asks && reserved { Preface::Octets(LEN) } else { Preface::Foreign }
        }
    }
}

/// Its server's greeting (Protocol::HandshakeV10): the first packet, protocol 10, a version.
pub(super) fn mysql_server(octets: &[u8]) -> Preface {
    match octets {
        [len, 0, 0, 0, 10, version, ..] if version.is_ascii_digit() => {
            let end = usize::from(*len).saturating_add(4);
            if octets.len() > end { Preface::Octets(end) } else { Preface::More }
        }
        [0x20..=0xff, rest @ ..] if rest.len() < 5 && [0, 0, 0, 10].starts_with(first(rest, 4)) => {
            Preface::More
        }
        _ => Preface::Foreign,
    }
}

/// LDAP (RFC 4511 §4.14): an extended request, perhaps behind a question or two about what the
/// server can; of its server, the answers. A log-in comes after TLS, or there is none.
pub(super) fn ldap(octets: &[u8]) -> Preface {
    /// Messages before TLS: two questions and what they find.
    const MESSAGES_MAX: usize = 6;
    let mut rest = octets;
    let mut extended = false;
    for _ in 0..MESSAGES_MAX {
        if rest.first() == Some(&22) && extended {
            return Preface::Octets(octets.len().saturating_sub(rest.len()));
        }
        match message(rest) {
            Ok(Some((operation, after))) => {
                extended = matches!(operation, 0x77 | 0x78);
                rest = after;
            }
            Ok(None) if octets.len() < TLS_PREFACE_MAX => return Preface::More,
            _ => return Preface::Foreign,
        }
    }
    Preface::Foreign
}

/// The operation of the message at the front, and what follows it; `None` until it is whole.
fn message(octets: &[u8]) -> Result<Option<(u8, &[u8])>, ()> {
    let sequence = match octets {
        [0x30, ..] => element(octets),
        [] => return Ok(None),
        _ => return Err(()),
    };
    // What is there of a message tells its operation before it is whole.
    let (content, after) = match sequence {
        Element::Whole(content, after) => (content, Some(after)),
        Element::Begun(content) => (content, None),
        Element::More => return Ok(None),
        Element::Foreign => return Err(()),
    };
    let operation = match content {
        [2, 1..=4, ..] => match element(content) {
            Element::Whole(_, [operation, ..]) => *operation,
            _ => return Ok(None),
        },
        [] | [2] => return Ok(None),
        _ => return Err(()),
    };
    // Search and extended requests, their results and answers.
    if !matches!(operation, 0x63 | 0x64 | 0x65 | 0x73 | 0x77 | 0x78) {
        return Err(());
    }
    Ok(after.map(|after| (operation, after)))
}

/// A BER element (X.690 §8.1).
enum Element<'a> {
    /// Its content, and what follows.
    Whole(&'a [u8], &'a [u8]),
    /// What is there of its content.
    Begun(&'a [u8]),
    More,
    Foreign,
}

fn element(octets: &[u8]) -> Element<'_> {
    let (len, content) = match octets {
        [_, len @ 0..=0x7f, rest @ ..] => (usize::from(*len), rest),
        [_, 0x81, len, rest @ ..] => (usize::from(*len), rest),
        [_, 0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [_, 0x84, 0, 0, high, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        [] | [_] | [_, 0x81 | 0x82 | 0x84, ..] if octets.len() < 6 => return Element::More,
        _ => return Element::Foreign,
    };
    match content.split_at_checked(len) {
        Some((content, after)) => Element::Whole(content, after),
        None => Element::Begun(content),
    }
}

fn behind(count: usize, preface: Preface) -> Preface {
    match preface {
        Preface::Octets(len) => Preface::Octets(count.saturating_add(len)),
        other => other,
    }
}

fn first(octets: &[u8], count: usize) -> &[u8] {
    octets.get(..count).unwrap_or(octets)
}

fn fixed(octets: &[u8], whole: &[u8]) -> Preface {
    if octets.starts_with(whole) {
        Preface::Octets(whole.len())
    } else if whole.starts_with(octets) {
        Preface::More
    } else {
        Preface::Foreign
    }
}
