//! Conversations in lines of text that lead to TLS: mail (RFC 3207, RFC 9051, RFC 2595), files (RFC
//! 4217), news (RFC 4642), chat (IRCv3, RFC 6120), sieves (RFC 5804), Gnutella.
//!
//! What counts is how an end begins. Then come lines of text, and TLS at the start of one: what was
//! said to ask for it need not be understood.

use super::Preface;
use crate::protocols::limits::TLS_PREFACE_MAX;

/// How a client begins; not letter for letter.
const CLIENT: [&[u8]; 26] = [
    b"EHLO ",
    b"HELO ",
    b"LHLO ",
    b"STARTTLS\r\n",
    b"STLS\r\n",
    b"NOOP\r\n",
    b"RSET\r\n",
    b"HELP\r\n",
    b"SYST\r\n",
    b"FEAT\r\n",
    b"CAPA\r\n",
    b"CAPABILITY\r\n",
    b"CAPABILITIES\r\n",
    b"MODE READER\r\n",
    b"AUTH\r\n",
    b"AUTH ",
    b"USER ",
    b"APOP ",
    b"HOST ",
    b"CLNT ",
    b"OPTS ",
    b"CAP LS",
    b"CAP REQ",
    b"NICK ",
    b"AUTHENTICATE ",
    b"GNUTELLA CONNECT/",
];
/// The same behind a tag (RFC 9051 §2.2.1).
const TAGGED: [&[u8]; 7] = [
    b"STARTTLS\r\n",
    b"CAPABILITY\r\n",
    b"NOOP\r\n",
    b"ID ",
    b"LOGIN ",
    b"AUTHENTICATE ",
    b"ENABLE ",
];
/// Octets of a tag; real ones have four.
const TAG_MAX: usize = 16;
/// How a server begins.
const SERVER: [&[u8]; 10] = [
    b"220 ",
    b"220-",
    b"200 ",
    b"201 ",
    b"+OK",
    b"* OK",
    b"* PREAUTH",
    b"\"IMPLEMENTATION\"",
    b"GNUTELLA/",
    b"NOTICE ",
];

/// What the lines of a client come to.
pub(super) fn client(octets: &[u8]) -> Preface {
    let graphic = octets.first().is_none_or(u8::is_ascii_graphic);
    if graphic && (begins(&CLIENT, octets) || tagged(octets)) {
        lines(octets)
    } else {
        Preface::Foreign
    }
}

/// What the lines of a server come to.
pub(super) fn server(octets: &[u8]) -> Preface {
    let graphic = octets.first().is_none_or(u8::is_ascii_graphic);
    if graphic && begins(&SERVER, octets) { lines(octets) } else { Preface::Foreign }
}

/// XMPP (RFC 6120 §4 and §5), of either end: the beginning of a stream's document, and TLS behind a
/// tag's end.
pub(super) fn xmpp(octets: &[u8]) -> Preface {
    /// How a document may begin, and what its root is called; that stands near the front.
    const BEGINS: [&[u8]; 2] = [b"<?xml ", b"<stream:stream"];
    const ROOT: &[u8] = b"<stream:stream";
    const ROOT_WITHIN: usize = 256;
    if !begins(&BEGINS, octets) {
        return Preface::Foreign;
    }
    let front = octets.get(..ROOT_WITHIN).unwrap_or(octets);
    if !front.windows(ROOT.len()).any(|part| part == ROOT) {
        return if octets.len() < ROOT_WITHIN && text(octets) {
            Preface::More
        } else {
            Preface::Foreign
        };
    }
    let shown = octets.get(..TLS_PREFACE_MAX).unwrap_or(octets);
    match shown.iter().position(|octet| *octet == 22) {
        Some(at) if shown.get(..at).is_some_and(|before| text(before) && closed(before)) => {
            Preface::Octets(at)
        }
        None if text(shown) && octets.len() < TLS_PREFACE_MAX => Preface::More,
        _ => Preface::Foreign,
    }
}

/// Lines of text up to the first octet of a TLS record at the start of one.
fn lines(octets: &[u8]) -> Preface {
    let shown = octets.get(..TLS_PREFACE_MAX).unwrap_or(octets);
    let mut end = 0usize;
    for line in shown.split_inclusive(|octet| *octet == b'\n') {
        if line.first() == Some(&22) {
            return if end > 0 { Preface::Octets(end) } else { Preface::Foreign };
        }
        if !text(line) {
            return Preface::Foreign;
        }
        end = end.saturating_add(line.len());
    }
    if octets.len() < TLS_PREFACE_MAX { Preface::More } else { Preface::Foreign }
}

/// Text of any character set.
fn text(octets: &[u8]) -> bool {
    octets.iter().all(|octet| *octet >= b' ' && *octet != 0x7f || matches!(octet, b'\t'..=b'\r'))
}

/// Whether a tag ends here, apart from white space.
fn closed(octets: &[u8]) -> bool {
    octets.trim_ascii_end().ends_with(b">")
}

/// Whether the octets begin, or may come to begin, with one of these.
fn begins(words: &[&[u8]], octets: &[u8]) -> bool {
    let Some(first) = octets.first() else { return true };
    let first = first.to_ascii_lowercase();
    words.iter().any(|word| {
        // Few words get past their first letter.
        word.first().is_some_and(|letter| letter.to_ascii_lowercase() == first) && {
            let len = word.len().min(octets.len());
            word.get(..len).is_some_and(|word| {
                octets.get(..len).is_some_and(|octets| octets.eq_ignore_ascii_case(word))
            })
        }
    })
}

fn tagged(octets: &[u8]) -> bool {
    let tag = octets.iter().take(TAG_MAX).take_while(|octet| octet.is_ascii_graphic()).count();
    let behind = octets.get(tag..).unwrap_or_default();
    tag > 0
        && (behind.is_empty()
            || behind.strip_prefix(b" ").is_some_and(|rest| begins(&TAGGED, rest)))
}
