//! DNS over HTTPS (RFC 8484) in clear: a message as a body, or in a path.

use model::Protocol;

use super::claim;
use super::parser::Header;
use crate::protocols::limits::DNS_HTTPS_MAX;
use crate::protocols::reader::Out;

/// RFC 8484 §6.
const TYPE: &[u8] = b"application/dns-message";

/// Whether a body of this type is a message.
pub(in crate::protocols) fn is_message_type(value: &[u8]) -> bool {
    let kind = value.split(|octet| *octet == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(TYPE)
}

/// Tell what a body says.
pub(in crate::protocols) fn tell_message(octets: &[u8], out: &mut Out<'_>) {
    let header = Header::read(octets);
    if header.is_some_and(|header| claim::shaped(octets, &header)) {
        super::tell(Protocol::Dns, octets, out);
    }
}

/// The question in a path, where there is one (RFC 8484 §4.1: `?dns=` and base64url). A path may
/// hold such a word by chance: the message must be plain beyond doubt.
pub(in crate::protocols) fn in_path(path: &[u8]) -> Option<Vec<u8>> {
    let query = path.iter().position(|octet| *octet == b'?')?;
    let mut parts = path.get(query..)?.split(|octet| matches!(octet, b'?' | b'&'));
    let coded = parts.find_map(|part| part.strip_prefix(b"dns="))?;
    let message = decode(coded)?;
    let header = Header::read(&message)?;
    (!header.response && claim::plain(&message, &header)).then_some(message)
}

/// Undo base64url (RFC 4648 §5), with or without padding.
fn decode(coded: &[u8]) -> Option<Vec<u8>> {
    let coded = coded.strip_suffix(b"==").or_else(|| coded.strip_suffix(b"=")).unwrap_or(coded);
    if coded.len() > DNS_HTTPS_MAX {
        return None;
    }
    let mut octets = Vec::with_capacity(coded.len());
    let (mut bits, mut count) = (0u32, 0u32);
    for digit in coded {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            // The eight bits that are whole.
            octets.push((bits >> count) as u8);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decoded() {
        let table: &[(&[u8], Option<&[u8]>)] = &[
            (b"", Some(b"")),
            (
                b"AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB",
                Some(b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01"),
            ),
            (b"-_8", Some(b"\xfb\xff")),
            (b"-_8=", Some(b"\xfb\xff")),
            (b"a b", None),
        ];
        for (coded, want) in table {
            assert_eq!(decode(coded).as_deref(), *want, "{}", coded.escape_ascii());
        }
    }

    #[test]
    fn types() {
        for (value, want) in [
            (&b"application/dns-message"[..], true),
            (b"Application/DNS-Message; charset=x", true),
            (b"application/dns-json", false),
        ] {
            assert_eq!(is_message_type(value), want);
        }
    }
}
