//! The options of a greeting: who asks, and what the ends agree to protect the session with.

use super::x224::Read;

/// What a request says (MS-RDPBCGR §2.2.1.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Options {
    /// Behind `mstshash=`: the user, mostly, cut at nine octets by the usual client.
    pub(super) cookie: Option<Box<[u8]>>,
    /// What a balancer put there instead, to find the server again.
    pub(super) token: Option<Box<[u8]>>,
    /// What the client can do, and how it wants to log on.
    pub(super) asked: Option<Asked>,
}

/// A negotiation request (MS-RDPBCGR §2.2.1.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// Its flags.
    pub(super) flags: u8,
    /// Protocols of security, a bit each; none: the one of old.
    pub(super) protocols: u32,
}

/// What a server answers (MS-RDPBCGR §2.2.1.2.1, §2.2.1.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// It chose this protocol of security.
    Selected(u32),
    /// It refuses, with this code.
    Refused(u32),
}

const ASKED: u8 = 1;
const SELECTED: u8 = 2;
const REFUSED: u8 = 3;
const CORRELATION: u8 = 6;

const COOKIE: &[u8] = b"Cookie: mstshash=";
const ANY_COOKIE: &[u8] = b"Cookie: ";
const END: &[u8] = b"\r\n";

/// Read the options of a request; `None` when they are another protocol's.
pub(super) fn request(options: &[u8]) -> Option<Options> {
    let (line, rest) = line(options);
    let asked = asked(rest)?;
    let mut read = Options { asked, ..Options::default() };
    if let Some(line) = line {
        match (line.strip_prefix(COOKIE), line.strip_prefix(ANY_COOKIE)) {
            (Some(cookie), _) => read.cookie = Some(cookie.into()),
            (None, Some(token)) => read.token = Some(token.into()),
            // A token of another shape counts only beside what is surely the protocol's own.
            (None, None) if asked.is_some() => read.token = Some(line.into()),
            (None, None) => return None,
        }
    }
    Some(read)
}

/// What stands before a negotiation: a line of text, or nothing.
fn line(options: &[u8]) -> (Option<&[u8]>, &[u8]) {
    if !options.first().is_some_and(u8::is_ascii_graphic) {
        return (None, options);
    }
    let end = options.windows(END.len()).position(|pair| pair == END);
    let (line, rest) = options.split_at_checked(end.unwrap_or(options.len())).unwrap_or_default();
    (Some(line), rest.get(END.len()..).unwrap_or_default())
}

/// Read a negotiation request, with or without the number behind it by which a server's log names
/// the connection; `None` when it is neither that nor nothing.
fn asked(octets: &[u8]) -> Option<Option<Asked>> {
    let Some(([ASKED, flags, 8, 0, protocols @ ..], rest)) = octets.split_first_chunk::<8>() else {
        return octets.is_empty().then_some(None);
    };
    let correlated = matches!(rest, [CORRELATION, _, 36, 0, ..]) && rest.len() == 36;
    let asked = Asked { flags: *flags, protocols: u32::from_le_bytes(*protocols) };
    (rest.is_empty() || correlated).then_some(Some(asked))
}

/// What the first octets of a request's options tell, while the others are still to come.
pub(super) fn request_begun(options: &[u8]) -> Read {
    if options.starts_with(COOKIE) {
        let (cookie, rest) = line(options);
        let whole = cookie.filter(|_| !rest.is_empty()).and_then(|line| line.strip_prefix(COOKIE));
        return Read::Begun(Options { cookie: whole.map(Into::into), ..Options::default() });
    }
    match options.first() {
        None | Some(&ASKED) => Read::More,
        Some(first) if first.is_ascii_graphic() => Read::More,
        Some(_) => Read::Foreign,
    }
}

/// Read the options of a confirmation; `None` when they are another protocol's.
pub(super) fn confirm(options: &[u8]) -> Option<Option<Answer>> {
    match *options {
        [] => Some(None),
        [SELECTED, _, 8, 0, a, b, c, d] => {
            Some(Some(Answer::Selected(u32::from_le_bytes([a, b, c, d]))))
        }
        [REFUSED, _, 8, 0, a, b, c, d] => {
            Some(Some(Answer::Refused(u32::from_le_bytes([a, b, c, d]))))
        }
        _ => None,
    }
}

/// The protocols of security (MS-RDPBCGR §2.2.1.1.1), by their bits.
const PROTOCOLS: [(u32, &str); 5] =
    [(1, "tls"), (2, "credssp"), (4, "rdstls"), (8, "credssp-ex"), (16, "aad")];
/// No bit: the protocol's own, in clear or with its own encryption.
pub(super) const STANDARD: u32 = 0;

/// Words for protocols of security, e.g. `tls,credssp`; their number where one has none.
pub(super) fn protocols(bits: u32) -> String {
    let known = PROTOCOLS.iter().fold(0, |all, (bit, _)| all | bit);
    if bits & !known != 0 {
        return format!("{bits:#x}");
    }
    let words: Vec<_> =
        PROTOCOLS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, word)| *word).collect();
    if bits == STANDARD { "standard".to_owned() } else { words.join(",") }
}

/// Words for how a client wants to log on without giving its password away (MS-RDPBCGR
/// §2.2.1.1.1).
pub(super) const fn mode(flags: u8) -> &'static str {
    match flags & 3 {
        1 => "restricted-admin",
        2 => "redirected-authentication",
        3 => "restricted-admin,redirected-authentication",
        _ => "",
    }
}

/// Words for why a server refuses (MS-RDPBCGR §2.2.1.2.2).
pub(super) fn refusal(code: u32) -> String {
    let word = match code {
        1 => "tls-required",
        2 => "tls-not-allowed",
        3 => "no-certificate",
        4 => "inconsistent-flags",
        5 => "credssp-required",
        6 => "tls-with-user-authentication-required",
        _ => return code.to_string(),
    };
    word.to_owned()
}
