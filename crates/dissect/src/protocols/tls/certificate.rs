//! The one place that meets the `x509-parser` crate: what an end certificate says of its owner.

use std::fmt::Write;

use model::{DomainName, Side, TlsCertificate};
use x509_parser::asn1_rs::{BmpString, Tag};
use x509_parser::extensions::{GeneralName, SubjectAlternativeName};
use x509_parser::nom::Parser;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificateParser};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::protocols::limits::{TLS_NAMES_MAX, TLS_SUBJECT_MAX};

/// Read a certificate that `side` showed; `None` when it cannot be read.
pub(super) fn read(side: Side, der: &[u8]) -> Option<TlsCertificate> {
    // Of the extensions just one is of interest.
    let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
    let (_, certificate) = parser.parse(der).ok()?;
    let validity = certificate.validity();
    Some(TlsCertificate {
        side,
        subject: text(certificate.subject()),
        issuer: text(certificate.issuer()),
        names: names(&certificate),
        der: der.into(),
        chain: Vec::new(),
        not_before: validity.not_before.timestamp(),
        not_after: validity.not_after.timestamp(),
    })
}

/// The DNS names of the subject alternative name (RFC 5280 §4.2.1.6).
fn names(certificate: &X509Certificate<'_>) -> Vec<DomainName> {
    let mut names = Vec::new();
    for extension in certificate.extensions() {
        if extension.oid != OID_X509_EXT_SUBJECT_ALT_NAME {
            continue;
        }
        let Ok((_, alternatives)) = SubjectAlternativeName::from_der(extension.value) else {
            continue;
        };
        for name in &alternatives.general_names {
            if let GeneralName::DNSName(name) = name
                && names.len() < TLS_NAMES_MAX
            {
                names.extend(DomainName::from_text(name.as_bytes()));
            }
        }
    }
    names
}

/// A distinguished name as text: RFC 4514's attributes and escapes, in the order of the certificate.
fn text(name: &X509Name<'_>) -> Box<str> {
    let mut text = String::new();
    for (set, relative) in name.iter().enumerate() {
        for (number, attribute) in relative.iter().enumerate() {
            text.push_str(match (set, number) {
                (0, 0) => "",
                (_, 0) => ", ",
                _ => "+",
            });
            push_attribute(&mut text, attribute);
        }
        if text.len() > TLS_SUBJECT_MAX {
            text.truncate(text.floor_char_boundary(TLS_SUBJECT_MAX));
            break;
        }
    }
    text.into()
}

fn push_attribute(text: &mut String, attribute: &AttributeTypeAndValue<'_>) {
    match attribute.attr_type().as_bytes() {
        // RFC 5280 §4.1.2.4: those that nearly all names are of, without the crate's hash table.
        [0x55, 4, 3] => text.push_str("CN"),
        [0x55, 4, 6] => text.push('C'),
        [0x55, 4, 7] => text.push('L'),
        [0x55, 4, 8] => text.push_str("ST"),
        [0x55, 4, 10] => text.push('O'),
        [0x55, 4, 11] => text.push_str("OU"),
        _ => match oid2abbrev(attribute.attr_type(), oid_registry()) {
            Ok(name) => text.push_str(name),
            Err(_) => text.push_str(&attribute.attr_type().to_id_string()),
        },
    }
    text.push('=');
    let value = attribute.attr_value();
    if value.tag() == Tag::BmpString
        && let Ok(wide) = BmpString::try_from(value.clone())
    {
        return push_value(text, wide.string().as_bytes());
    }
    push_value(text, value.data);
}

/// RFC 4514 §2.4. Octets that are no UTF-8 are written as pairs of hexadecimal digits, too.
fn push_value(text: &mut String, value: &[u8]) {
    let value = value.get(..TLS_SUBJECT_MAX).unwrap_or(value);
    let plain =
        |octet: &u8| octet.is_ascii_alphanumeric() | matches!(*octet, b' '..=b'!' | b'-'..=b'/');
    if value.iter().all(plain)
        && let Ok(value) = std::str::from_utf8(value)
    {
        return text.push_str(value);
    }
    for chunk in value.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', letter]),
                _ if letter.is_control() => {
                    push_hex(text, letter.encode_utf8(&mut [0; 4]).as_bytes())
                }
                _ => text.push(letter),
            }
        }
        push_hex(text, chunk.invalid());
    }
}

fn push_hex(text: &mut String, octets: &[u8]) {
    for octet in octets {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{octet:02X}");
    }
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_so_that_an_attribute_stands_alone() {
        let table: &[(&[u8], &str)] = &[
            (b"philandro Software GmbH", "philandro Software GmbH"),
            (b"Acme, Inc.", "Acme\\, Inc."),
            ("Müller".as_bytes(), "Müller"),
            (b"M\xfcller", "M\\FCller"),
            (b"a\0b", "a\\00b"),
        ];
        for (value, want) in table {
            let mut text = String::new();
            push_value(&mut text, value);
            assert_eq!(text, *want);
        }
    }

    #[test]
    fn attributes_are_called_as_the_crate_calls_them() {
        for number in 0..=127 {
            let kind = x509_parser::der_parser::oid::Oid::new(vec![0x55, 4, number].into());
            let value = x509_parser::asn1_rs::Any::from_tag_and_data(Tag::PrintableString, b"a");
            let mut text = String::new();
            let want = oid2abbrev(&kind, oid_registry()).map_or(kind.to_id_string(), str::to_owned);
            push_attribute(&mut text, &AttributeTypeAndValue::new(kind, value));
            assert_eq!(text, format!("{want}=a"));
        }
    }

    #[test]
    fn what_is_no_certificate_gives_nothing() {
        for der in [&b""[..], b"\x30", b"\x30\x82\xff\xff", &[0x30; 64]] {
            assert_eq!(read(Side::Server, der), None);
        }
    }
}
