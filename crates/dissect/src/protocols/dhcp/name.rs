//! What a host wants to be called: as text or as the labels of a domain name, made safe to print.

use std::fmt::Write;
use std::sync::Arc;

use model::HostHint;

use crate::protocols::limits::HOST_NAME_MAX;

/// A name as text (RFC 2132 §3.14). Zeros at its end are padding (§2); nothing is no name.
pub(in crate::protocols) fn text(octets: &[u8]) -> Option<Arc<str>> {
    let mut name = String::new();
    push(&mut name, octets, |octet| octet == b'.');
    finish(name)
}

/// A name as the labels of RFC 1035 §3.1, never compressed; a partial one has no final zero
/// (RFC 4702 §3.1, RFC 4704 §4.2). Nothing where the labels do not fit.
pub(in crate::protocols) fn labels(mut octets: &[u8]) -> Option<Arc<str>> {
    let mut name = String::new();
    while let Some((&len, rest)) = octets.split_first() {
        if len == 0 {
            break;
        }
        // Two bits more would be a pointer (RFC 1035 §4.1.4).
        let (label, behind) = rest.split_at_checked(usize::from(len)).filter(|_| len < 64)?;
        if !name.is_empty() && name.len() < HOST_NAME_MAX {
            name.push('.');
        }
        push(&mut name, label, |_| false);
        octets = behind;
    }
    finish(name)
}

/// Add octets: those of host names (RFC 1123 §2.1, and `_`) as they are, others as `\xNN`.
fn push(name: &mut String, octets: &[u8], more: impl Fn(u8) -> bool) {
    let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last.saturating_add(1));
    for &octet in octets.get(..end).unwrap_or_default() {
        let plain = octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') || more(octet);
        if name.len().saturating_add(if plain { 1 } else { 4 }) > HOST_NAME_MAX {
            return;
        }
        if plain {
            name.push(char::from(octet));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "\\x{octet:02x}");
        }
    }
}

fn finish(name: String) -> Option<Arc<str>> {
    let name = name.trim_matches('.');
    (!name.is_empty()).then(|| name.into())
}

/// What must hold of every hint that a reader tells.
pub(in crate::protocols) fn assert_sound(hint: &HostHint) {
    assert!(crate::hints::one_host(hint.ip).is_some(), "{hint:?}");
    assert!(hint.mac.is_none_or(|mac| crate::hints::one_interface(mac.0) == Some(mac)), "{hint:?}");
    assert!(hint.mac.is_some() || hint.name.is_some(), "{hint:?}");
    if let Some(name) = &hint.name {
        assert!((1..=HOST_NAME_MAX).contains(&name.len()), "{hint:?}");
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.\\".contains(&octet);
        assert!(name.bytes().all(fits), "{hint:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_bounded() {
        let long = [b'a'; 300];
        let odd = [0xff; 300];
        let table: &[(&[u8], Option<&str>)] = &[
            (b"DESKTOP-7QX", Some("DESKTOP-7QX")),
            (b"anna_pc.corp.example", Some("anna_pc.corp.example")),
            (b"printer.", Some("printer")),
            (b"pc\0\0", Some("pc")),
            (b"p\0c", Some("p\\x00c")),
            (b"Anna's phone", Some("Anna\\x27s\\x20phone")),
            (b"a\\x20b", Some("a\\x5cx20b")),
            (b"a\r\nb", Some("a\\x0d\\x0ab")),
            (b"b\xc3\xbcro", Some("b\\xc3\\xbcro")),
            (b"...", None),
            (b"\0", None),
            (b"", None),
        ];
        for (octets, want) in table {
            assert_eq!(text(octets).as_deref(), *want, "{octets:?}");
        }
        assert_eq!(text(&long).map(|name| name.len()), Some(253));
        assert_eq!(text(&odd).map(|name| name.len()), Some(252), "no escape is cut");
    }

    #[test]
    fn labels_are_joined() {
        let full = [&[63][..], &[b'a'; 63]].concat().repeat(6);
        let table: &[(&[u8], Option<&str>)] = &[
            (b"\x02pc\x04corp\x07example\0", Some("pc.corp.example")),
            // RFC 4702 §3.1: partial.
            (b"\x02pc", Some("pc")),
            (b"\x04a.b\\\x01c\0", Some("a\\x2eb\\x5c.c")),
            (b"\x02pc\0\x04more", Some("pc")),
            (b"\0", None),
            (b"", None),
            (b"\x05pc", None),
            (b"\x02pc\xc0\x00", None),
        ];
        for (octets, want) in table {
            assert_eq!(labels(octets).as_deref(), *want, "{octets:?}");
        }
        assert_eq!(labels(&full).map(|name| name.len()), Some(253));
    }
}
