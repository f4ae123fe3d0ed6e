//! The signs that are no names: ports, protocols, certificates, requests, files, first octets.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use model::{Opening, TlsCertificate, Transport};

use crate::catalogue::CertificateSign;
use crate::glob::Glob;
use crate::signature::Signature;

/// The number of a row in the book.
pub(crate) type RowNumber = u32;

/// Ports that hint at a tool. Ranges of more than this many ports are kept apart.
const PORTS_EXPANDED_MAX: u16 = 256;

/// Which rows hint at a server port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    single: HashMap<(Transport, u16), Vec<RowNumber>, RandomState>,
    ranges: Vec<(Transport, u16, u16, RowNumber)>,
}

impl Ports {
    pub(crate) fn insert(&mut self, transport: Transport, first: u16, last: u16, row: RowNumber) {
        if last.saturating_sub(first) >= PORTS_EXPANDED_MAX {
            self.ranges.push((transport, first, last, row));
            return;
        }
        for port in first..=last {
            self.single.entry((transport, port)).or_default().push(row);
        }
    }

    pub(crate) fn walk(&self, transport: Transport, port: u16, each: &mut impl FnMut(RowNumber)) {
        if let Some(rows) = self.single.get(&(transport, port)) {
            rows.iter().for_each(|row| each(*row));
        }
        for (held, first, last, row) in &self.ranges {
            if *held == transport && (*first..=*last).contains(&port) {
                each(*row);
            }
        }
    }
}

/// Which rows describe a certificate.
#[derive(Debug, Default)]
pub(crate) struct Certificates(pub(crate) Vec<(CertificateSign, RowNumber)>);

impl Certificates {
    /// Give each row that fits, and the attribute that did.
    pub(crate) fn walk<'c>(
        &self,
        certificate: &'c TlsCertificate,
        each: &mut impl FnMut(&'c str, RowNumber),
    ) {
        if self.0.is_empty() {
            return;
        }
        let subject: Vec<&str> = attributes(&certificate.subject).collect();
        let issuer: Vec<&str> = attributes(&certificate.issuer).collect();
        for (sign, row) in &self.0 {
            let mut shown = None;
            let mut fits = true;
            for (wanted, there) in [(&sign.subject, &subject), (&sign.issuer, &issuer)] {
                if let Some(wanted) = wanted {
                    let found = there.iter().find(|has| has.eq_ignore_ascii_case(wanted));
                    fits &= found.is_some();
                    shown = shown.or(found.copied());
                }
            }
            if let Some(pattern) = &sign.pattern {
                let mut both = subject.iter().chain(&issuer);
                let found = both.find(|has| pattern.is_match(has.as_bytes()));
                fits &= found.is_some();
                shown = shown.or(found.copied());
            }
            if let (true, Some(shown)) = (fits, shown) {
                each(shown, *row);
            }
        }
    }
}

/// The attributes of a distinguished name (RFC 4514 §2): parted by `,` and `+` without a
/// backslash before them.
pub(crate) fn attributes(name: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    name.split(move |c| {
        let parts = !escaped && matches!(c, ',' | '+');
        escaped = !escaped && c == '\\';
        parts
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

/// Which rows are about a file's name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    whole: HashMap<Box<str>, Vec<RowNumber>, RandomState>,
    globs: Vec<(Glob, RowNumber)>,
}

impl Files {
    pub(crate) fn insert(&mut self, name: &str, glob: Glob, row: RowNumber) {
        if glob.is_open() {
            self.globs.push((glob, row));
        } else {
            self.whole.entry(name.to_ascii_lowercase().into()).or_default().push(row);
        }
    }

    pub(crate) fn walk(&self, name: &str, each: &mut impl FnMut(RowNumber)) {
        if let Some(rows) = self.whole.get(name.to_ascii_lowercase().as_str()) {
            rows.iter().for_each(|row| each(*row));
        }
        for (glob, row) in &self.globs {
            if glob.fits(name) {
                each(*row);
            }
        }
    }
}

/// Which rows describe the first octets of a flow. Found by two adjacent octets that are fixed, so
/// that hundreds of rows cost a look-up for each place at which one has such a pair.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payloads {
    tcp: PayloadsOf,
    udp: PayloadsOf,
}

#[derive(Clone, Debug, Default)]
struct PayloadsOf {
    /// By the offset of the pair, then by the pair; few offsets differ.
    by_pair: Vec<(usize, PairTable)>,
    /// Those without a fixed pair.
    others: Vec<(Signature, RowNumber)>,
}

type PairTable = HashMap<[u8; 2], Vec<(Signature, RowNumber)>, RandomState>;

impl Payloads {
    pub(crate) fn insert(&mut self, signature: Signature, row: RowNumber) {
        let side = match signature.transport {
            Transport::Tcp => &mut self.tcp,
            Transport::Udp => &mut self.udp,
        };
        let Some((offset, pair)) = signature.anchor() else {
            side.others.push((signature, row));
            return;
        };
        let place = side.by_pair.iter().position(|(at, _)| *at == offset);
        let place = place.unwrap_or_else(|| {
            side.by_pair.push((offset, HashMap::default()));
            side.by_pair.len().saturating_sub(1)
        });
        if let Some((_, table)) = side.by_pair.get_mut(place) {
            table.entry(pair).or_default().push((signature, row));
        }
    }

    /// The rows that fit, in the order of their numbers.
    pub(crate) fn fitting(&self, transport: Transport, opening: &Opening) -> Vec<RowNumber> {
        let side = match transport {
            Transport::Tcp => &self.tcp,
            Transport::Udp => &self.udp,
        };
        let found = side.by_pair.iter().filter_map(|(offset, table)| {
            let pair = opening.octets.get(*offset..)?.first_chunk::<2>()?;
            table.get(pair)
        });
        let mut rows: Vec<RowNumber> = found
            .flatten()
            .chain(&side.others)
            .filter(|(signature, _)| signature.fits(transport, opening))
            .map(|(_, row)| *row)
            .collect();
        rows.sort_unstable();
        rows
    }
}

/// The path of a request's target without scheme and host (RFC 9112 §3.2.2).
pub(crate) fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|octet| octet.is_ascii_alphabetic()) => {
            rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
        }
        _ => target,
    }
}

/// Whether a path fits: with its query where the glob speaks of one.
pub(crate) fn path_fits(glob: &Glob, speaks_of_query: bool, path: &str) -> bool {
    if speaks_of_query {
        return glob.fits(path);
    }
    glob.fits(path.split('?').next().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_parted_where_no_backslash_stands() {
        let table: &[(&str, &[&str])] = &[
            ("C=DE, O=Example GmbH, CN=relay", &["C=DE", "O=Example GmbH", "CN=relay"]),
            ("C=DE,O=A\\, B+OU=C", &["C=DE", "O=A\\, B", "OU=C"]),
            ("CN=a\\\\,O=b", &["CN=a\\\\", "O=b"]),
            ("", &[]),
            (",,", &[]),
        ];
        for (name, want) in table {
            assert_eq!(attributes(name).collect::<Vec<_>>(), *want, "{name}");
        }
    }

    #[test]
    fn a_target_may_be_absolute() {
        let table = [
            ("/a?b", "/a?b"),
            ("http://h.example/a/b.htm", "/a/b.htm"),
            ("http://h.example", "/"),
            ("/a?u=http://x/y", "/a?u=http://x/y"),
        ];
        for (target, want) in table {
            assert_eq!(path_of(target), want, "{target}");
        }
    }
}
