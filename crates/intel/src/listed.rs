//! Entries of feeds that are neither names nor networks: pages, fingerprints, certificates, files.

use std::borrow::Cow;

use crate::chains::{Chains, NOBODY, Placed};
use crate::texts::Texts;

/// What such an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Text {
    Url,
    Ja3,
    Ja4,
    Certificate,
    File,
}

impl Text {
    pub(crate) const ALL: [Text; 5] =
        [Text::Url, Text::Ja3, Text::Ja4, Text::Certificate, Text::File];

    /// The text as it is kept: a hash as its octets, which are half as many as its digits.
    fn key(self, text: &str) -> Cow<'_, [u8]> {
        match self {
            Text::Ja3 | Text::Certificate => Cow::Owned(packed(text)),
            Text::Url | Text::Ja4 | Text::File => Cow::Borrowed(text.as_bytes()),
        }
    }

    /// The kept text as people write it.
    fn shown(self, key: &[u8]) -> String {
        match self {
            Text::Ja3 | Text::Certificate => {
                key.iter().map(|octet| format!("{octet:02x}")).collect()
            }
            Text::Url | Text::Ja4 | Text::File => String::from_utf8_lossy(key).into_owned(),
        }
    }
}

/// The octets of hexadecimal digits; what is no digit counts as 0, so that a malformed text is
/// found by nobody else's.
fn packed(digits: &str) -> Vec<u8> {
    let mut digits = digits.bytes().map(|digit| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    });
    let mut octets = Vec::with_capacity(32);
    while let Some(high) = digits.next() {
        octets.push(high << 4 | digits.next().unwrap_or(0));
    }
    octets
}

/// Such entries by what they are and say, with the numbers of their indicators.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListedTexts {
    tables: [Texts; Text::ALL.len()],
    chains: Chains,
}

impl ListedTexts {
    /// Note an indicator, unless `as_good` says so of one that stands there.
    pub(crate) fn insert_unless(
        &mut self,
        what: Text,
        text: &str,
        number: u32,
        as_good: impl Fn(u32) -> bool,
    ) -> Placed {
        let ListedTexts { tables, chains } = self;
        let Some(table) = tables.get_mut(what as usize) else { return Placed::Full };
        let placed = table.update(&what.key(text), |head| {
            if let Some(other) = chains.owners(head).find(|other| as_good(*other)) {
                return Some((head, Placed::Again(other)));
            }
            Some((chains.with(head, number)?, Placed::New))
        });
        placed.unwrap_or(Placed::Full)
    }

    /// Whether no feed has such an entry.
    pub(crate) fn none(&self, what: Text) -> bool {
        self.tables.get(what as usize).is_none_or(Texts::is_empty)
    }

    /// The indicators of a text, the last one added first.
    pub(crate) fn owners(&self, what: Text, text: &str) -> impl Iterator<Item = u32> {
        let head = self.tables.get(what as usize).and_then(|table| table.get(&what.key(text)));
        self.chains.owners(head.unwrap_or(NOBODY))
    }

    /// Each entry of a kind and its indicators, in no order.
    pub(crate) fn for_each(&self, what: Text, mut each: impl FnMut(&str, u32)) {
        let Some(table) = self.tables.get(what as usize) else { return };
        table.for_each(|key, head| {
            let text = what.shown(key);
            self.chains.owners(head).for_each(|number| each(&text, number));
        });
    }
}

/// Host and path of `host:port/path`; the path begins with its slash, and is empty where there is
/// none. An IPv6 address stands in brackets (RFC 3986 §3.2.2).
pub(crate) fn url_parts(url: &str) -> (&str, &str) {
    let (end, path) = url.find('/').and_then(|at| url.split_at_checked(at)).unwrap_or((url, ""));
    let host = match end.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => end.split(':').next(),
    };
    (host.unwrap_or(end), path)
}

/// A page as its entry spells it: a port that is the scheme's own is not said.
pub(crate) fn url_of(host: &str, port: Option<u16>, path: &str) -> String {
    match port.filter(|port| !matches!(port, 80 | 443)) {
        Some(port) => format!("{host}:{port}{path}"),
        None => format!("{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_kind_and_text() {
        let sha1 = "0123456789abcdef0123456789abcdef01234567";
        let mut listed = ListedTexts::default();
        assert!(Text::ALL.iter().all(|what| listed.none(*what)));
        let rows = [
            (Text::Certificate, sha1, 1),
            (Text::Ja3, "ada70206e40642a3e4461f35503241d5", 2),
            (Text::Url, "evil.example/a?b", 3),
            (Text::File, "invoice.exe", 4),
            (Text::Ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1", 5),
        ];
        for (what, text, number) in rows {
            assert_eq!(listed.insert_unless(what, text, number, |_| false), Placed::New);
            assert_eq!(listed.insert_unless(what, text, 9, |n| n < 9), Placed::Again(number));
            assert_eq!(listed.owners(what, text).collect::<Vec<_>>(), [number], "{text}");
            let mut back = Vec::new();
            listed.for_each(what, |text, number| back.push((text.to_owned(), number)));
            assert_eq!(back, [(text.to_owned(), number)]);
        }
        let upper = sha1.to_ascii_uppercase();
        assert_eq!(listed.owners(Text::Certificate, &upper).count(), 1);
        assert_eq!(listed.owners(Text::Certificate, &sha1[2..]).count(), 0);
        assert_eq!(listed.owners(Text::Url, "invoice.exe").count(), 0);
        assert!(!listed.none(Text::Url));
    }

    #[test]
    fn an_address_of_a_page_has_two_parts() {
        let table = [
            ("evil.example/a/b?c", ("evil.example", "/a/b?c")),
            ("evil.example", ("evil.example", "")),
            ("/x", ("", "/x")),
            ("evil.example:8080/a:b", ("evil.example", "/a:b")),
            ("[2001:db8::1]:8080/a", ("2001:db8::1", "/a")),
        ];
        for (url, want) in table {
            assert_eq!(url_parts(url), want, "{url}");
        }
        assert_eq!(url_of("evil.example", Some(8080), "/a"), "evil.example:8080/a");
        assert_eq!(url_of("evil.example", Some(443), "/a"), "evil.example/a");
    }
}
