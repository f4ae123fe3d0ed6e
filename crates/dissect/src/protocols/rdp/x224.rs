//! How a remote desktop's connection begins: an X.224 request and its confirmation (ITU-T X.224
//! §13.3, §13.4) in the envelopes of RFC 1006 §6, with options that are its own (MS-RDPBCGR
//! §2.2.1.1, §2.2.1.2). Other protocols begin so too (controllers of machines, telephony): only
//! those options make a greeting sure.

use super::negotiation::{self, Answer, Options};

/// What octets are that an end sent first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Read {
    /// A greeting.
    Is(Greeting),
    /// The beginning of a request that says `mstshash`, as no one else does.
    Begun(Options),
    /// Too few octets to tell.
    More,
    /// Something else.
    Foreign,
}

/// A greeting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Greeting {
    /// Its octets.
    pub(super) len: usize,
    /// What it says.
    pub(super) says: Says,
}

/// What a greeting says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Says {
    /// A client's.
    Request(Options),
    /// A server's.
    Confirm(Option<Answer>),
}

impl Says {
    /// Whether no other protocol greets like that.
    pub(super) fn is_sure(&self) -> bool {
        match self {
            Says::Request(options) => *options != Options::default(),
            Says::Confirm(answer) => answer.is_some(),
        }
    }
}

/// Octets before the options: the envelope's four, the length of the rest, the code, two
/// references, the class.
const HEAD: usize = 11;
/// The codes (X.224 §13.3, §13.4), with the credit of class 0.
const REQUEST: u8 = 0xe0;
const CONFIRM: u8 = 0xd0;

/// Read the octets that an end sent first.
pub(super) fn read(octets: &[u8]) -> Read {
    if !octets.iter().zip([3, 0]).all(|(octet, wanted)| *octet == wanted) {
        return Read::Foreign;
    }
    let Some((head, rest)) = octets.split_first_chunk::<HEAD>() else { return Read::More };
    let [_, _, high, low, behind, code, to_high, to_low, _, _, class] = *head;
    let len = usize::from(u16::from_be_bytes([high, low]));
    let lengths = usize::from(behind).checked_add(5) == Some(len) && len >= HEAD;
    // Who asks has no reference of the other end's yet.
    let asks = code == REQUEST && (to_high, to_low) == (0, 0);
    if !lengths || class != 0 || !asks && code != CONFIRM {
        return Read::Foreign;
    }
    let Some(options) = rest.get(..len.saturating_sub(HEAD)) else {
        return if asks { negotiation::request_begun(rest) } else { Read::More };
    };
    let says = match asks {
        true => negotiation::request(options).map(Says::Request),
        false => negotiation::confirm(options).map(Says::Confirm),
    };
    says.map_or(Read::Foreign, |says| Read::Is(Greeting { len, says }))
}
