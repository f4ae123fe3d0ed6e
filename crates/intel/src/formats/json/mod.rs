//! JSON walked in place: a feed of 200 MB costs no tree, and every value keeps its offset.
//!
//! serde_json says what is no JSON, and where ([`Cursor::of`]); what stands before that is walked
//! here. serde's own visitors would lose the whole of an event for one attribute of the wrong
//! kind, and know no place of a value inside.

mod kind;
mod list;
mod place;

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::limits::JSON_DEPTH_MAX;
use crate::sheet::Complaints;

pub(super) use kind::{Kind, kind};
pub(super) use list::FORMAT;
pub(super) use place::Places;

/// The text ends, or goes on otherwise than JSON does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Broken;

/// A place in a text, and what follows.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first value of a text. What is no JSON is complained about once and cut off.
    pub(super) fn of(text: &'a str, complaints: &mut Complaints<'_>) -> Cursor<'a> {
        let body = text.trim_start_matches('\u{feff}');
        let at = text.len().saturating_sub(body.len());
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<IgnoredAny>();
        let Some(error) = values.find_map(Result::err) else { return Cursor { text, at } };
        let said = error.to_string();
        let why = said.rsplit_once(" at line ").map_or(&*said, |(why, _)| why);
        let eof = error.classify() == serde_json::error::Category::Eof;
        let why = if eof {
            format!("the JSON breaks off: {why}")
        } else {
            format!("this is no JSON: {why}")
        };
        let number = |n: usize| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
        let (line, column) = (number(error.line()), number(error.column()));
        complaints.placed(line, column, why, "what stands before it is read, the rest left out");
        let sound = if eof { body.len() } else { offset(body, error.line(), error.column()) };
        let mut end = at.saturating_add(sound).min(text.len());
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        Cursor { text: text.get(..end).unwrap_or_default(), at }
    }

    /// Before a text that need not be whole.
    pub(super) fn beginning(text: &'a str) -> Cursor<'a> {
        let body = text.trim_start_matches('\u{feff}');
        Cursor { text, at: text.len().saturating_sub(body.len()) }
    }

    /// Offset of the next value, bracket or colon.
    pub(super) fn offset(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// The next octet that is no white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blank = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\n' | b'\r');
        let skipped = rest.iter().position(|octet| !blank(octet))?;
        self.at = self.at.saturating_add(skipped);
        rest.get(skipped).copied()
    }

    /// Take a bracket, if it is the next.
    pub(super) fn open(&mut self, bracket: u8) -> bool {
        let found = self.peek() == Some(bracket);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    /// Inside an object, the next key; the cursor is then before its value. `None` behind the
    /// object's end.
    pub(super) fn key(&mut self) -> Result<Option<Cow<'a, str>>, Broken> {
        self.open(b',');
        if self.open(b'}') {
            return Ok(None);
        }
        let key = self.skip()?.text().ok_or(Broken)?;
        if self.open(b':') { Ok(Some(key)) } else { Err(Broken) }
    }

    /// Inside a list, whether there is a further element, before which the cursor is then.
    pub(super) fn element(&mut self) -> Result<bool, Broken> {
        self.open(b',');
        match self.peek() {
            None => Err(Broken),
            Some(b']') => {
                self.open(b']');
                Ok(false)
            }
            Some(_) => Ok(true),
        }
    }

    /// The next value, as a whole.
    pub(super) fn skip(&mut self) -> Result<Raw<'a>, Broken> {
        self.peek().ok_or(Broken)?;
        let start = self.at;
        let octets = self.text.as_bytes();
        let mut depth = 0usize;
        loop {
            match octets.get(self.at).ok_or(Broken)? {
                b'"' => self.at = string_end(octets, self.at).ok_or(Broken)?,
                b'{' | b'[' => {
                    depth = depth.saturating_add(1);
                    self.at = self.at.saturating_add(1);
                    continue;
                }
                b'}' | b']' if depth > 0 => {
                    depth = depth.saturating_sub(1);
                    self.at = self.at.saturating_add(1);
                }
                b'}' | b']' | b',' | b':' if depth == 0 => return Err(Broken),
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                    self.at = self.at.saturating_add(1);
                    continue;
                }
                _ => self.at = scalar_end(octets, self.at),
            }
            if depth == 0 {
                break;
            }
        }
        Ok(Raw { whole: self.text, at: start, end: self.at })
    }
}

/// Behind the string that begins at `at` with its quote.
fn string_end(octets: &[u8], at: usize) -> Option<usize> {
    let mut at = at.saturating_add(1);
    loop {
        let rest = octets.get(at..)?;
        let found = rest.iter().position(|octet| matches!(octet, b'"' | b'\\'))?;
        let quote = rest.get(found) == Some(&b'"');
        at = at.saturating_add(found).saturating_add(if quote { 1 } else { 2 });
        if quote {
            return Some(at);
        }
    }
}

/// Behind the number or word that begins at `at`; at least one octet further.
fn scalar_end(octets: &[u8], at: usize) -> usize {
    let end =
        |octet: &u8| matches!(octet, b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"' | 0..=b' ');
    let rest = octets.get(at..).unwrap_or_default();
    let len = rest.iter().position(end).unwrap_or(rest.len());
    at.saturating_add(len.max(1))
}

/// The offset of a line and a column, as serde_json counts them: octets from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0usize;
    for _ in 1..line {
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let Some(end) = rest.iter().position(|octet| *octet == b'\n') else { break };
        start = start.saturating_add(end).saturating_add(1);
    }
    // The octet that is wrong is left out with what follows.
    start.saturating_add(column.saturating_sub(1))
}

/// One value, without white space around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    whole: &'a str,
    /// Offset in the whole text.
    pub(super) at: usize,
    end: usize,
}

impl<'a> Raw<'a> {
    fn written(&self) -> &'a str {
        self.whole.get(self.at..self.end).unwrap_or_default()
    }

    /// The value when it is a string that stands for one.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        let inner = self.written().strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains(['\\', '"']) {
            serde_json::from_str(self.written()).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// `true` or `false`, which some exports write as 1 and 0, or in quotes.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.written().trim_matches('"') {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// A whole number from 0 to 100.
    pub(super) fn pct(&self) -> Option<u8> {
        self.written().trim_matches('"').parse().ok().filter(|pct| *pct <= 100)
    }

    /// Whether it is there, but says nothing.
    pub(super) fn is_null(&self) -> bool {
        self.written() == "null"
    }

    /// A cursor before the value; offsets stay those of the whole text.
    pub(super) fn cursor(&self) -> Cursor<'a> {
        Cursor { text: self.whole.get(..self.end).unwrap_or_default(), at: self.at }
    }
}

/// Whether one may go a level deeper.
pub(super) const fn may_descend(level: usize) -> bool {
    level < JSON_DEPTH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_a_whole() {
        let table: &[(&str, Result<&str, Broken>)] = &[
            (" {\"a\": [1, \"]\"], \"b\": {}} x", Ok("{\"a\": [1, \"]\"], \"b\": {}}")),
            ("\"a\\\"b\",", Ok("\"a\\\"b\"")),
            ("\"\\\\\" ", Ok("\"\\\\\"")),
            ("-1.5e3]", Ok("-1.5e3")),
            ("true", Ok("true")),
            ("\"é\"", Ok("\"é\"")),
            ("[[[", Err(Broken)),
            ("\"open", Err(Broken)),
            ("\"open\\", Err(Broken)),
            ("]", Err(Broken)),
            ("", Err(Broken)),
        ];
        for (text, want) in table {
            let got = Cursor::beginning(text).skip().map(|raw| raw.written());
            assert_eq!(got, *want, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_cut_off_and_told() {
        let table = [
            ("{\"a\": 1}", "{\"a\": 1}", None),
            ("{\"a\": 1}\n{\"b\": 2}\n", "{\"a\": 1}\n{\"b\": 2}\n", None),
            ("[1,\n2", "[1,\n2", Some((2, "breaks off"))),
            ("[1,\n é 2]", "[1,\n ", Some((2, "no JSON"))),
            ("{\"a\": 1} x", "{\"a\": 1} ", Some((1, "no JSON"))),
        ];
        for (text, sound, told) in table {
            let mut complaints = Complaints::new("f", text);
            let cursor = Cursor::of(text, &mut complaints);
            let said = complaints.finish();
            match told {
                None => assert_eq!(said, [], "{text}"),
                Some((line, why)) => {
                    assert_eq!(said.len(), 1);
                    assert_eq!(said[0].line, line, "{said:?}");
                    assert!(said[0].why.contains(why), "{said:?}");
                }
            }
            assert_eq!(cursor.text, sound, "{text}");
        }
    }

    #[test]
    fn texts_are_read_as_json_has_them() {
        let table = [
            ("\"evil.example\"", Some("evil.example")),
            (r#""a\/b""#, Some("a/b")),
            (r#""\u00e9""#, Some("é")),
            (r#""\ud800""#, None),
            ("12", None),
        ];
        for (text, want) in table {
            let raw = Raw { whole: text, at: 0, end: text.len() };
            assert_eq!(raw.text().as_deref(), want, "{text}");
        }
    }
}
