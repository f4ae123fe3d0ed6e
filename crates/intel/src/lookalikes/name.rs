//! A name taken apart by the public suffix list: what somebody registered, and under what.

use super::vocabulary::{Ending, Vocabulary};
use super::words::{Part, Parts};

/// A name and its parts, as places in it.
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Where the registered label begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) ending: Option<Ending>,
    /// Whether the ending is one that names are registered under.
    pub(super) public: bool,
}

impl<'a> Name<'a> {
    /// `text` is the name as it looks, of as many labels.
    pub(super) fn split(name: &str, text: &'a str, vocabulary: &Vocabulary) -> Option<Name<'a>> {
        let suffix = psl::suffix(name.as_bytes())?;
        let public = suffix.is_known();
        let ending = std::str::from_utf8(suffix.as_bytes()).ok()?;
        let labels = ending.split('.').count();
        let mut end = text.len();
        for _ in 0..labels {
            end = text.get(..end)?.rfind('.')?;
        }
        let start = text.get(..end)?.rfind('.').map_or(0, |dot| dot.saturating_add(1));
        let class = vocabulary.ending(ending).or_else(|| {
            // `us.com` and its like are listed whole; else the last label speaks.
            let private = suffix.typ() == Some(psl::Type::Private);
            ending.rsplit('.').next().filter(|_| !private).and_then(|last| vocabulary.ending(last))
        });
        Some(Name { text, start, end, ending: class, public })
    }

    /// The public suffix, as it looks.
    pub(super) fn suffix(&self) -> &str {
        self.text.get(self.end..).unwrap_or_default().trim_start_matches('.')
    }

    /// The label that somebody registered.
    pub(super) fn label(&self) -> &[u8] {
        self.text.as_bytes().get(self.start..self.end).unwrap_or_default()
    }

    /// The parts of that label, for people.
    pub(super) fn told(&self, parts: &Parts) -> String {
        let label = self.label();
        let mut told = String::with_capacity(160);
        told.push_str("words:");
        for (start, end, part) in parts.all() {
            told.push(' ');
            told.push_str(&String::from_utf8_lossy(label.get(start..end).unwrap_or_default()));
            if let Part::Word(class) = part {
                told.push_str(class.remark());
            }
        }
        told
    }
}

/// Whether the label in which a place of the name as it looks ends is written just so.
pub(super) fn is_as_written(name: &str, text: &str, end: usize) -> bool {
    let after = text.get(end..).unwrap_or_default().matches('.').count();
    name.rsplit('.').nth(after) == text.rsplit('.').nth(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_label_is_found_whatever_the_name() {
        // The name, as it looks; the label, the suffix, whether it is a public one.
        let table = [
            ("www.a.com", "www.a.com", Some(("a", "com", true))),
            ("www.a.co.uk", "www.a.co.uk", Some(("a", "co.uk", true))),
            ("x.a.pages.dev", "x.a.pages.dev", Some(("a", "pages.dev", true))),
            ("xn--e1afmkfd.com", "primep.com", Some(("primep", "com", true))),
            ("a.xn--p1ai", "a.po", Some(("a", "po", true))),
            ("a.local", "a.local", Some(("a", "local", false))),
            ("a.com.", "a.com.", Some(("a", "com.", true))),
            (".com", ".com", Some(("", "com", true))),
            ("com", "com", None),
            ("", "", None),
            ("..", "..", Some(("", "", false))),
        ];
        for (name, text, want) in table {
            let split = Name::split(name, text, &Vocabulary::default());
            let got = split.as_ref().map(|split| {
                (std::str::from_utf8(split.label()).unwrap(), split.suffix(), split.public)
            });
            assert_eq!(got, want, "{name}");
        }
    }

    #[test]
    fn a_label_is_compared_with_its_own() {
        let (name, text) = ("xn--a.b.com", "wide-text.b.com");
        assert!(is_as_written(name, text, text.len()));
        assert!(is_as_written(name, text, 11));
        assert!(!is_as_written(name, text, 4));
        assert!(!is_as_written("", text, 99), "a place behind the end");
    }
}
