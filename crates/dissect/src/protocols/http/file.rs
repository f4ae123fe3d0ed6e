//! What a body's first octets say it is, and what the file is called.

use model::{FileDownload, FileKind};

use super::text::{decode_percent, printable_end};
use crate::protocols::limits::HTTP_FILE_NAME_MAX;

/// What files begin with.
const MAGIC: &[(&[u8], FileKind)] = &[
    (b"MZ", FileKind::Pe),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Msi),
    (b"\x7fELF", FileKind::Elf),
    (b"\xfe\xed\xfa\xce", FileKind::MachO),
    (b"\xfe\xed\xfa\xcf", FileKind::MachO),
    (b"\xce\xfa\xed\xfe", FileKind::MachO),
    (b"\xcf\xfa\xed\xfe", FileKind::MachO),
    (b"PK\x03\x04", FileKind::Zip),
];
/// A universal binary's magic, which Java's class files share. Behind it stands the count of
/// architectures there, and the class format's version, 45 and up, here.
const UNIVERSAL: &[u8] = b"\xca\xfe\xba\xbe";
const ARCHITECTURES_MAX: u32 = 0x1f;

/// The first octets of a body, as they come in.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocols) struct First {
    octets: [u8; First::LEN],
    len: usize,
    wanted: bool,
}

impl First {
    /// Octets that suffice.
    pub(in crate::protocols) const LEN: usize = 8;

    /// Of a body whose kind is of interest.
    pub(in crate::protocols) const fn wanted() -> First {
        First { octets: [0; First::LEN], len: 0, wanted: true }
    }

    /// Of a body that nobody cares for.
    pub(super) const fn none() -> First {
        First { octets: [0; First::LEN], len: 0, wanted: false }
    }

    /// Take octets, as many as are of use.
    pub(in crate::protocols) fn push(&mut self, octets: &[u8]) {
        for octet in octets {
            match self.octets.get_mut(self.len) {
                Some(place) if self.wanted => {
                    *place = *octet;
                    self.len = self.len.saturating_add(1);
                }
                _ => return,
            }
        }
    }

    /// Whether more octets can still change the answer.
    pub(in crate::protocols) fn wants_more(&self) -> bool {
        let known = self.known();
        let may_be = |magic: &[u8]| magic.len() > known.len() && magic.starts_with(known);
        self.wanted
            && self.kind().is_none()
            && (MAGIC.iter().any(|(magic, _)| may_be(magic))
                || may_be(UNIVERSAL)
                || known.starts_with(UNIVERSAL) && known.len() < self.octets.len())
    }

    /// What they say.
    pub(in crate::protocols) fn kind(&self) -> Option<FileKind> {
        let known = self.known();
        if let Some(rest) = known.strip_prefix(UNIVERSAL) {
            let count = u32::from_be_bytes(*rest.first_chunk()?);
            return (1..=ARCHITECTURES_MAX).contains(&count).then_some(FileKind::MachO);
        }
        MAGIC.iter().find(|(magic, _)| known.starts_with(magic)).map(|(_, kind)| *kind)
    }

    fn known(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

/// What will be told of a body if its first octets are of a known kind.
#[derive(Debug)]
pub(in crate::protocols) struct Coming(FileDownload);

impl Coming {
    /// From the response's Content-Disposition field and the request that it answers.
    pub(in crate::protocols) fn new(
        disposition: Option<&[u8]>,
        host: Option<model::DomainName>,
        path: Option<Box<str>>,
        size: Option<u64>,
    ) -> Coming {
        let name = disposition.and_then(of_disposition);
        // The kind is set when it is known.
        Coming(FileDownload { kind: FileKind::Pe, name, host, path, size })
    }

    /// The fact, once the kind is known.
    pub(in crate::protocols) fn told(self, kind: FileKind) -> FileDownload {
        let name = self.0.name.or_else(|| self.0.path.as_deref().and_then(of_path));
        FileDownload { kind, name, ..self.0 }
    }
}

/// The name that a Content-Disposition field gives (RFC 6266 §4.3): `filename*` before `filename`.
fn of_disposition(value: &[u8]) -> Option<Box<str>> {
    let (mut plain, mut extended) = (None, None);
    let mut rest = value;
    while let Some((part, after)) = parameter(rest) {
        rest = after;
        let Some(equals) = part.iter().position(|octet| *octet == b'=') else { continue };
        let (name, value) = part.split_at(equals);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"filename*") {
            // RFC 8187 §3.2: character set, language, percent-encoded octets.
            let encoded = value.splitn(3, |octet| *octet == b'\'').nth(2);
            extended = extended.or_else(|| encoded.map(decode_percent));
        } else if name.eq_ignore_ascii_case(b"filename") {
            plain = plain.or_else(|| Some(unquote(value)));
        }
    }
    extended.as_deref().and_then(last_segment).or_else(|| plain.as_deref().and_then(last_segment))
}

/// The octets up to the next semicolon outside quotes, and those behind it.
fn parameter(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    if octets.is_empty() {
        return None;
    }
    let (mut quoted, mut escaped) = (false, false);
    let end = octets.iter().position(|octet| {
        let literal = escaped;
        escaped = quoted && !literal && *octet == b'\\';
        quoted ^= *octet == b'"' && !literal;
        *octet == b';' && !quoted
    });
    let (part, rest) = octets.split_at(end.unwrap_or(octets.len()));
    Some((part, rest.get(1..).unwrap_or_default()))
}

/// A quoted string's text (RFC 9110 §5.6.4). A backslash that escapes nothing is part of a path.
fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else { return value.to_vec() };
    let mut text = Vec::with_capacity(inner.len());
    let mut octets = inner.iter().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => break,
            b'\\' => match octets.next_if(|next| matches!(next, b'"' | b'\\')) {
                Some(next) => text.push(*next),
                None => text.push(b'\\'),
            },
            _ => text.push(*octet),
        }
    }
    text
}

/// The last segment of a path, without its query.
fn of_path(path: &str) -> Option<Box<str>> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segment = path.rsplit('/').next().unwrap_or_default();
    last_segment(&decode_percent(segment.as_bytes()))
}

/// A file's name without folders, whichever slash divides them; `None` when nothing is left.
fn last_segment(name: &[u8]) -> Option<Box<str>> {
    let segment = name.rsplit(|octet| matches!(octet, b'/' | b'\\')).next().unwrap_or_default();
    let segment = segment.trim_ascii();
    (!segment.is_empty()).then(|| printable_end(segment, HTTP_FILE_NAME_MAX))
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_their_first_octets() {
        use FileKind::{Elf, MachO, Msi, Pe, Zip};
        let table: &[(&[u8], Option<FileKind>)] = &[
            (b"MZ\x90\0\x03\0\0\0\x04", Some(Pe)),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Some(Msi)),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe2", None),
            (b"\x7fELF\x02\x01\x01\0", Some(Elf)),
            (b"\xfe\xed\xfa\xce\0\0\0\0", Some(MachO)),
            (b"\xcf\xfa\xed\xfe\x07\0\0\x01", Some(MachO)),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", Some(MachO)),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", None),
            (b"\xca\xfe\xba\xbe\0\0\0\0", None),
            (b"PK\x03\x04\x14\0\0\0", Some(Zip)),
            (b"PK\x05\x06\0\0\0\0", None),
            (b"<html><b", None),
            (b"M", None),
        ];
        for (octets, want) in table {
            let mut first = First::wanted();
            for octet in *octets {
                first.push(&[*octet]);
            }
            assert_eq!(first.kind(), *want, "{octets:02x?}");
            assert_eq!(first.wants_more(), *octets == b"M", "{octets:02x?}");
        }
        assert!(First::wanted().wants_more());
        assert!(!First::none().wants_more());
    }

    #[test]
    fn names_of_files() {
        let table: &[(&str, Option<&str>)] = &[
            ("attachment; filename=\"AnyDesk.exe\"", Some("AnyDesk.exe")),
            ("attachment; filename=AnyDesk.exe", Some("AnyDesk.exe")),
            ("attachment;filename=\"a;b.exe\"; x=y", Some("a;b.exe")),
            ("attachment; filename=\"a\\\"b.exe\"", Some("a\"b.exe")),
            ("attachment; filename=\"C:\\tmp\\x.exe\"", Some("x.exe")),
            ("attachment; filename=\"../../x.exe\"", Some("x.exe")),
            (
                "attachment; filename=a.exe; filename*=UTF-8''%e2%82%ac%20b.exe",
                Some("\\xe2\\x82\\xac b.exe"),
            ),
            ("attachment; filename*=UTF-8''a%2Fb.exe", Some("b.exe")),
            ("attachment; filename=\"\"", None),
            ("inline", None),
        ];
        for (value, want) in table {
            assert_eq!(of_disposition(value.as_bytes()).as_deref(), *want, "{value}");
        }
        let paths: &[(&str, Option<&str>)] = &[
            ("/Bin/Setup%20Client.exe?e=Access&y=/x", Some("Setup Client.exe")),
            ("/", None),
            ("/a/", None),
            ("x.exe", Some("x.exe")),
            ("/a%2fb.exe", Some("b.exe")),
        ];
        for (path, want) in paths {
            assert_eq!(of_path(path).as_deref(), *want, "{path}");
        }
    }
}
