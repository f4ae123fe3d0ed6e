//! Host names as the wire tells them, in one spelling.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A lower-case name without its trailing dot, 1 to 253 octets on the wire (RFC 1035 §2.3.4).
///
/// Octets that are not printable ASCII, the backslash, and a dot inside a label are written
/// `\xNN`, so that no octet is lost and two different names never read alike. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Box<str>")]
pub struct DomainName(Arc<str>);

/// Why octets are no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameError {
    /// Nothing, or only a dot.
    Empty,
    /// More than [`DomainName::LEN_MAX`] octets.
    Long,
    /// Not the one spelling that every name has here.
    Spelling,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameError::Empty => "the name is empty",
            NameError::Long => "the name is longer than 253 octets",
            NameError::Spelling => "the name is not spelt as names are here",
        })
    }
}

impl std::error::Error for NameError {}

impl DomainName {
    /// The most octets a name has without its trailing dot (RFC 1035 §2.3.4).
    pub const LEN_MAX: usize = 253;

    /// Read a name from text, where each dot parts two labels: SNI, HTTP Host, a list's line.
    ///
    /// # Errors
    /// When there is nothing left without the trailing dot, or more than [`Self::LEN_MAX`] octets.
    pub fn from_text(octets: &[u8]) -> Result<DomainName, NameError> {
        let octets = octets.strip_suffix(b".").unwrap_or(octets);
        if let Some(name) = plain(octets, None) {
            return Ok(name);
        }
        let mut text = String::with_capacity(octets.len());
        for &octet in octets {
            push(&mut text, octet, true);
        }
        DomainName::checked(text, octets.len())
    }

    /// Read a name from its labels, as DNS messages carry it: a dot inside a label is no divider.
    ///
    /// # Errors
    /// As [`Self::from_text`]; the root has no labels and so is [`NameError::Empty`].
    pub fn from_labels<'a>(
        labels: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<DomainName, NameError> {
        let mut text = String::with_capacity(64);
        let mut len = 0usize;
        for (number, label) in labels.into_iter().enumerate() {
            if number > 0 {
                text.push('.');
                len = len.saturating_add(1);
            }
            len = len.saturating_add(label.len());
            if len > DomainName::LEN_MAX {
                return Err(NameError::Long);
            }
            for &octet in label {
                push(&mut text, octet, false);
            }
        }
        DomainName::checked(text, len)
    }

    /// Read a name from labels that somebody has put one behind the other, a dot between two; `None`
    /// where a label holds a dot or any octet needs an escape: [`Self::from_labels`] has those.
    #[must_use]
    pub fn from_dotted(octets: &[u8], labels: usize) -> Option<DomainName> {
        plain(octets, Some(labels.checked_sub(1)?))
    }

    /// Take a name as [`Self::as_str`] gave it.
    ///
    /// # Errors
    /// As [`Self::from_text`]; [`NameError::Spelling`] when no name is spelt like that.
    pub fn from_spelling(text: &str) -> Result<DomainName, NameError> {
        let mut len = 0usize;
        let mut octets = text.bytes();
        while let Some(octet) = octets.next() {
            len = len.saturating_add(1);
            let plain = octet.is_ascii_graphic() && !octet.is_ascii_uppercase();
            let sound = match octet {
                b'\\' => escaped(&mut octets).is_some_and(needs_escape),
                _ => plain,
            };
            if !sound {
                return Err(NameError::Spelling);
            }
        }
        DomainName::checked(text.to_owned(), len)
    }

    fn checked(text: String, octets: usize) -> Result<DomainName, NameError> {
        match octets {
            0 => Err(NameError::Empty),
            1..=DomainName::LEN_MAX => Ok(DomainName(text.into())),
            _ => Err(NameError::Long),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels, first one first.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The name and each of its parents, longest first: `a.b.c`, `b.c`, `c`.
    pub fn suffixes(&self) -> impl Iterator<Item = &str> {
        let text: &str = &self.0;
        std::iter::successors(Some(text), |rest| rest.split_once('.').map(|(_, tail)| tail))
    }
}

impl TryFrom<Box<str>> for DomainName {
    type Error = NameError;

    fn try_from(text: Box<str>) -> Result<DomainName, NameError> {
        DomainName::from_spelling(&text)
    }
}

/// The octet behind a backslash, as [`push`] writes it.
fn escaped(octets: &mut std::str::Bytes<'_>) -> Option<u8> {
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        _ => None,
    };
    let (b'x', high, low) = (octets.next()?, octets.next()?, octets.next()?) else { return None };
    Some(digit(high)? << 4 | digit(low)?)
}

/// Whether an octet never stands in a name as it is, or not where a dot would divide.
const fn needs_escape(octet: u8) -> bool {
    matches!(octet, b'\\' | b'.') || !octet.is_ascii_graphic()
}

/// A name of which every octet stands as it is, upper case apart: nearly all are. With so many
/// dots, where that is known. The octets go sixteen at a time, which takes a tenth of what one at a
/// time does.
fn plain(octets: &[u8], dots: Option<usize>) -> Option<DomainName> {
    const RUN: usize = 16;
    const ROOM: usize = DomainName::LEN_MAX.next_multiple_of(RUN);
    if octets.is_empty() || octets.len() > DomainName::LEN_MAX {
        return None;
    }
    // What stands in for octets behind the end is plain, too.
    let mut text = [b'-'; ROOM];
    text.get_mut(..octets.len())?.copy_from_slice(octets);
    let text = text.get_mut(..octets.len().next_multiple_of(RUN))?;
    let (mut sound, mut seen) = (true, 0u8);
    for run in text.as_chunks_mut::<RUN>().0 {
        for octet in run {
            sound &= octet.is_ascii_graphic() & (*octet != b'\\');
            // Under 256.
            seen = seen.wrapping_add(u8::from(*octet == b'.'));
            *octet = octet.to_ascii_lowercase();
        }
    }
    if !sound || dots.is_some_and(|dots| dots != usize::from(seen)) {
        return None;
    }
    // All of it is looked at, since whole runs of ASCII are seen to be text at a glance.
    let text = std::str::from_utf8(text).ok()?;
    text.get(..octets.len()).map(|text| DomainName(text.into()))
}

fn push(text: &mut String, octet: u8, dot_divides: bool) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let plain = match octet {
        b'.' => dot_divides,
        b'\\' => false,
        _ => octet.is_ascii_graphic(),
    };
    if plain {
        text.push(char::from(octet.to_ascii_lowercase()));
    } else {
        text.push_str("\\x");
        for nibble in [octet >> 4, octet & 15] {
            text.push(char::from(HEX.get(usize::from(nibble)).copied().unwrap_or(b'0')));
        }
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl AsRef<str> for DomainName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(octets: &[u8]) -> Result<String, NameError> {
        DomainName::from_text(octets).map(|name| name.to_string())
    }

    #[test]
    fn one_spelling_for_every_name() {
        let long = "a".repeat(254);
        let table: &[(&[u8], Result<&str, NameError>)] = &[
            (b"WWW.Example.COM.", Ok("www.example.com")),
            (b"a b", Ok("a\\x20b")),
            (b"caf\xc3\xa9", Ok("caf\\xc3\\xa9")),
            (b"back\\slash", Ok("back\\x5cslash")),
            (b"", Err(NameError::Empty)),
            (b".", Err(NameError::Empty)),
            (long.as_bytes(), Err(NameError::Long)),
        ];
        for (octets, want) in table {
            assert_eq!(text(octets), want.map(str::to_owned), "{octets:?}");
        }
    }

    #[test]
    fn labels_in_a_row_are_as_many_as_was_said() {
        let table: &[(&[u8], usize, Option<&str>)] = &[
            (b"WWW.Example.COM", 3, Some("www.example.com")),
            (b"com", 1, Some("com")),
            (b"www.example.com", 2, None),
            (b"com", 0, None),
            (b"", 0, None),
            (b"a b", 1, None),
        ];
        for (octets, labels, want) in table {
            let got = DomainName::from_dotted(octets, *labels);
            assert_eq!(got.as_ref().map(DomainName::as_str), *want, "{octets:?} {labels}");
        }
    }

    #[test]
    fn a_dot_inside_a_label_is_told_apart() {
        let name = DomainName::from_labels([b"a.b".as_slice(), b"C"]).map(|n| n.to_string());
        assert_eq!(name.as_deref(), Ok("a\\x2eb.c"));
        assert_eq!(DomainName::from_labels([]), Err(NameError::Empty));
    }

    #[test]
    fn a_spelling_is_taken_back_and_no_other_is() {
        let dots = "a.b.".repeat(60);
        let escapes = "\\x00".repeat(253);
        let sound = ["www.example.com", "a\\x20b", "a\\x2eb.c", "_x\\x5c", &dots, &escapes];
        for text in sound {
            let name = DomainName::from_spelling(text);
            assert_eq!(name.as_ref().map(DomainName::as_str), Ok(text));
        }
        let long = "a".repeat(254);
        let many = "\\x00".repeat(254);
        let table = [
            ("", NameError::Empty),
            (&*long, NameError::Long),
            (&*many, NameError::Long),
            ("A", NameError::Spelling),
            ("a b", NameError::Spelling),
            ("a\nb", NameError::Spelling),
            ("é", NameError::Spelling),
            ("\\", NameError::Spelling),
            ("\\x2", NameError::Spelling),
            ("\\x2E", NameError::Spelling),
            ("\\x61", NameError::Spelling),
            ("\\x+1", NameError::Spelling),
        ];
        for (text, want) in table {
            assert_eq!(DomainName::from_spelling(text), Err(want), "{text}");
        }
    }

    #[test]
    fn suffixes_follow_label_boundaries() {
        let name = DomainName::from_text(b"a.b.c").expect("a plain name");
        assert_eq!(name.suffixes().collect::<Vec<_>>(), ["a.b.c", "b.c", "c"]);
    }
}
