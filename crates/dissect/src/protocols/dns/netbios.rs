//! NetBIOS names as they stand in the labels of DNS-like messages.

use model::DomainName;

/// NB: an address record of the NetBIOS name service (RFC 1002 §4.2.1.3).
pub(super) const NB: u16 = 0x20;

/// Read a name whose first label is first-level encoded (RFC 1001 §14.1): sixteen octets, each as
/// two letters from `A` to `P`. The sixteenth says what the name is of, and is left out; so are
/// the blanks (or NULs, after `*`) that fill the name up. Labels that follow are its scope.
///
/// `None` when the first label is not such a name.
pub(super) fn name<'a>(mut labels: impl Iterator<Item = &'a [u8]>) -> Option<DomainName> {
    let mut text = decode(labels.next()?)?.to_vec();
    text.pop();
    while matches!(text.last(), Some(b' ' | 0)) {
        text.pop();
    }
    for label in labels {
        text.push(b'.');
        text.extend_from_slice(label);
    }
    DomainName::from_text(&text).ok()
}

fn decode(label: &[u8]) -> Option<[u8; 16]> {
    let mut octets = [0u8; 16];
    let (pairs, rest) = label.as_chunks::<2>();
    if pairs.len() != octets.len() || !rest.is_empty() {
        return None;
    }
    for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
        let nibble = |letter: u8| letter.checked_sub(b'A').filter(|nibble| *nibble < 16);
        *octet = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(octets)
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    /// The example of RFC 1001 §14.1 is `FRED` and twelve blanks.
    const FRED: &[u8] = b"EGFCEFEECACACACACACACACACACACACA";

    #[test]
    fn names_as_in_the_rfc() {
        let any: Vec<u8> = b"CK".iter().chain(b"AA".repeat(15).iter()).copied().collect();
        let table: &[(&[&[u8]], Option<&str>)] = &[
            (&[FRED], Some("fred")),
            (&[FRED, b"NETBIOS", b"COM"], Some("fred.netbios.com")),
            (&[&any], Some("*")),
            (&[b"ABACFPFPENFDECFCEPFHFDEFFPFPACAB"], Some("\\x01\\x02__msbrowse__\\x02")),
            (&[&FRED[..30]], None),
            (&[b"EGFCEFEECACACACACACACACACACACACa"], None),
            (&[b"EGFCEFEECACACACACACACACACACACACQ"], None),
            (&[], None),
        ];
        for (labels, want) in table {
            let got = name(labels.iter().copied()).map(|name| name.to_string());
            assert_eq!(got.as_deref(), *want, "{labels:?}");
        }
    }
}
