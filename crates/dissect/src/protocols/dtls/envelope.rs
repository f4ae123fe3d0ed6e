//! What relays and tunnels wrap around DTLS in a datagram: TURN (RFC 8656) and CAPWAP (RFC 5415).

/// RFC 8489 §5.
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// RFC 8656 §17: the Send and Data indications, and their DATA attribute.
const SEND: u16 = 0x0016;
const DATA: u16 = 0x0017;
const ATTRIBUTE_DATA: u16 = 0x0013;
/// Attributes looked at for it; real indications have three.
const ATTRIBUTES_MAX: usize = 8;

/// The octets inside an envelope; the octets themselves where there is none.
pub(super) fn open(octets: &[u8]) -> &[u8] {
    match octets {
        [0x40..=0x7f, ..] => channel_data(octets).unwrap_or(octets),
        [0, 0x16 | 0x17, ..] => indication(octets).unwrap_or(octets),
        // RFC 5415 §4.2: the preamble of a CAPWAP packet in DTLS, three octets reserved.
        [1, 0, 0, 0, inner @ ..] => inner,
        _ => octets,
    }
}

/// Whether a datagram is of a protocol that two ends speak before DTLS in the same flow: STUN, and
/// TURN that relays STUN.
pub(super) fn leads(octets: &[u8]) -> bool {
    let inner = match octets {
        [0x40..=0x7f, ..] => channel_data(octets).unwrap_or_default(),
        _ => octets,
    };
    matches!(inner, [0..=3, _, _, _, rest @ ..] if rest.starts_with(&STUN_COOKIE))
}

/// RFC 8656 §12.4: a channel's number, a length, that many octets, and over UDP perhaps up to three
/// of padding.
fn channel_data(octets: &[u8]) -> Option<&[u8]> {
    let ([_, _, high, low], rest) = octets.split_first_chunk()?;
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    (rest.len().saturating_sub(len) < 4).then(|| rest.get(..len)).flatten()
}

/// RFC 8489 §5 and §14: type, length, cookie, transaction; attributes padded to four octets.
fn indication(octets: &[u8]) -> Option<&[u8]> {
    let (head, mut rest) = octets.split_first_chunk::<20>()?;
    let [high, low, _, _, cookie @ ..] = *head;
    if !matches!(u16::from_be_bytes([high, low]), SEND | DATA) || !cookie.starts_with(&STUN_COOKIE)
    {
        return None;
    }
    for _ in 0..ATTRIBUTES_MAX {
        let ([kind, sort, high, low], after) = rest.split_first_chunk()?;
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        if u16::from_be_bytes([*kind, *sort]) == ATTRIBUTE_DATA {
            return after.get(..len);
        }
        rest = after.get(len.next_multiple_of(4)..)?;
    }
    None
}
