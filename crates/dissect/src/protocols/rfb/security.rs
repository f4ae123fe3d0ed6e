//! The security that a server offers (RFC 6143 §7.1.2), what each kind of it puts before the
//! desktop or before TLS, and the desktop's name (§7.3.2).

use super::reading::Read;
use crate::protocols::limits::RFB_SECURITY_MAX;

/// RFC 6143 §7.2.1.
pub(super) const NONE: u8 = 1;
/// TLS from the next octet on.
pub(super) const TLS: u8 = 18;
/// A talk about versions and kinds, then mostly TLS.
pub(super) const VENCRYPT: u8 = 19;

/// The registry of kinds (RFC 6143 §8.1.2, RFC 7869), and those that are met without being in it.
const NAMES: [(u8, &str); 21] = [
    (NONE, "none"),
    (2, "vnc"),
    (5, "ra2"),
    (6, "ra2ne"),
    (7, "sspi"),
    (8, "sspine"),
    (16, "tight"),
    (17, "ultra"),
    (TLS, "tls"),
    (VENCRYPT, "vencrypt"),
    (20, "sasl"),
    (21, "md5"),
    (22, "xvp"),
    (23, "tunnel"),
    (24, "ssh"),
    (30, "ard"),
    (35, "kerberos"),
    (112, "mslogon"),
    (113, "mslogon2"),
    (129, "ra256"),
    (130, "ra256ne"),
];

/// The word for a kind; its number where there is none.
pub(super) fn word(kind: u8) -> String {
    let known = NAMES.iter().find(|(number, _)| *number == kind);
    known.map_or_else(|| kind.to_string(), |(_, name)| (*name).to_owned())
}

/// Whether octets begin with a kind that has a word.
pub(super) fn is_known(octets: &[u8]) -> bool {
    octets.first().is_some_and(|kind| NAMES.iter().any(|(number, _)| number == kind))
}

/// What a server offers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Offer {
    /// The kinds, in its order; none when it refuses.
    pub(super) kinds: Vec<u8>,
    /// Why it refuses.
    pub(super) reason: Vec<u8>,
    /// The server chose, as it does up to version 3.6: the client has no say.
    pub(super) decided: bool,
}

/// Whether the client of a version chooses from a list (RFC 6143 §7.1.2, appendix A).
pub(super) fn has_list(agreed: (u16, u16)) -> bool {
    agreed >= (3, 7)
}

/// Read what a server says behind its version. `agreed` is the version of both ends, `None` while
/// only the server's is known to be new enough for a list.
pub(super) fn offer(agreed: Option<(u16, u16)>, octets: &[u8]) -> Read<Offer> {
    let Some((count, rest)) = octets.split_first() else { return Read::More };
    let word = octets.first_chunk::<4>().map(|word| u32::from_be_bytes(*word));
    // As a refusal its text would have 256 octets or more.
    let decides = agreed.is_none() && matches!(word, Some(1..=2));
    if agreed.is_some_and(|agreed| !has_list(agreed)) || decides {
        return match word.map(u8::try_from) {
            None => Read::More,
            Some(Ok(0)) => refusal(octets.get(4..).unwrap_or_default(), 4),
            Some(Ok(kind)) => {
                Read::Is(Offer { kinds: vec![kind], decided: true, ..Offer::default() }, 4)
            }
            Some(Err(_)) => Read::Foreign,
        };
    }
    let count = usize::from(*count);
    if count == 0 {
        return refusal(rest, 1);
    }
    // No server repeats itself, and 0 is no kind.
    let kinds = rest.get(..rest.len().min(count)).unwrap_or_default();
    let odd = kinds
        .iter()
        .enumerate()
        .any(|(place, kind)| *kind == 0 || kinds.iter().take(place).any(|other| other == kind));
    if count > RFB_SECURITY_MAX || odd {
        return Read::Foreign;
    }
    if kinds.len() < count {
        return Read::More;
    }
    Read::Is(Offer { kinds: kinds.into(), ..Offer::default() }, count.saturating_add(1))
}

/// Why a server refuses: a length and a text.
fn refusal(octets: &[u8], before: usize) -> Read<Offer> {
    let Some((len, rest)) = octets.split_first_chunk::<4>() else { return Read::More };
    let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
    let whole = before.saturating_add(4).saturating_add(len);
    match rest.get(..len) {
        Some(reason) => Read::Is(Offer { reason: reason.into(), ..Offer::default() }, whole),
        None if len <= REASON_MAX => Read::More,
        None => Read::Foreign,
    }
}

/// Octets of a reason that are waited for; real ones are a sentence.
const REASON_MAX: usize = 512;

/// Read the name of a desktop for which no one has to give a name or password: what the server says
/// behind its offer. `result` tells whether it first says that all is well (RFC 6143 §7.1.3).
pub(super) fn desktop(result: bool, octets: &[u8]) -> Read<&[u8]> {
    let before = if result { 4 } else { 0 };
    if octets.iter().take(before).any(|octet| *octet != 0) {
        return Read::Foreign;
    }
    // Width, height, 16 octets of pixel format, the name's length.
    let init = octets.get(before..).unwrap_or_default();
    let Some(([_, _, _, _, depth, ..], rest)) = init.split_first_chunk::<20>() else {
        return Read::More;
    };
    if !matches!(depth, 8 | 16 | 32) {
        return Read::Foreign;
    }
    let Some((len, rest)) = rest.split_first_chunk::<4>() else { return Read::More };
    let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
    match rest.get(..len) {
        Some(name) => Read::Is(name, octets.len().saturating_sub(rest.len()).saturating_add(len)),
        None if len <= REASON_MAX => Read::More,
        None => Read::Foreign,
    }
}

/// What the server says between its offer and TLS, once a kind that leads there was chosen: octets
/// of it. VeNCrypt: its version, that the client's is well, a list of subkinds of four octets, that
/// the chosen one is well.
pub(super) fn server_before_tls(kind: u8, octets: &[u8]) -> Read<()> {
    if kind == TLS {
        return Read::Is((), 0);
    }
    match octets {
        [0, 2, 0, count, rest @ ..] => {
            let len = usize::from(*count).saturating_mul(4);
            match rest.get(len) {
                Some(1) => Read::Is((), len.saturating_add(5)),
                Some(_) => Read::Foreign,
                None => Read::More,
            }
        }
        _ if [0, 2, 0].starts_with(octets) || octets == [0, 2, 0] => Read::More,
        _ => Read::Foreign,
    }
}

/// The same of the client, behind its choice: the version, and the subkind.
pub(super) fn client_before_tls(kind: u8) -> usize {
    if kind == TLS { 0 } else { 6 }
}
