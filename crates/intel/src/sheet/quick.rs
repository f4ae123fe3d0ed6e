//! Plain TOML, read at a third of the cost: the program reads half a megabyte of it at each start.
//!
//! Plain is what almost everyone writes: keys without dots, `[[tables]]`, texts in one line without
//! escapes, numbers, days, flags, and lists of those. Of anything else, right or wrong,
//! [`document`] says nothing, and the crate `toml` reads it and tells what is wrong. What it does
//! read is what that crate would read of it (TOML 1.0.0; `tests` holds both to it).

use std::borrow::Cow;

use super::document::{Entry, Table, Value};

/// A document of plain TOML. `None` where it is not plain.
pub(super) fn document(text: &str) -> Option<Table<'_>> {
    let mut top = Table::default();
    // Of the open table: its place among the entries of `top`.
    let mut open: Option<usize> = None;
    let mut reader = Reader { text, at: 0 };
    loop {
        reader.skip_blank()?;
        let start = reader.at;
        if reader.peek().is_none() {
            return Some(top);
        }
        if reader.take(b"[[") {
            let key_at = reader.at;
            let key = reader.key()?;
            if !reader.take(b"]]") {
                return None;
            }
            reader.end_line()?;
            let held = top.entries.iter().position(|entry| *entry.key == *key);
            let place = held.unwrap_or(top.entries.len());
            if held.is_none() {
                has_room(&top)?;
                let value = Value::List(Vec::new());
                top.entries.push(Entry { key: Cow::Borrowed(key), key_at, at: start, value });
            }
            let Value::List(list) = &mut top.entries.get_mut(place)?.value else { return None };
            // A list that was given as `key = […]` takes no tables.
            if held.is_some() && !matches!(list.first(), Some((_, Value::Table(_)))) {
                return None;
            }
            list.push((start, Value::Table(Table::default())));
            open = Some(place);
            continue;
        }
        let entry = reader.entry()?;
        let table = match open {
            None => &mut top,
            Some(place) => match &mut top.entries.get_mut(place)?.value {
                Value::List(list) => match list.last_mut() {
                    Some((_, Value::Table(table))) => table,
                    _ => return None,
                },
                _ => return None,
            },
        };
        has_room(table)?;
        if table.get(&entry.key).is_some() {
            return None;
        }
        table.entries.push(entry);
    }
}

/// Tables of more keys are left to the crate: here each new key is compared with all before it, and
/// a feed of some megabytes may have millions.
const TABLE_KEYS_MAX: usize = 64;

fn has_room(table: &Table<'_>) -> Option<()> {
    (table.entries.len() < TABLE_KEYS_MAX).then_some(())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, word: &[u8]) -> bool {
        let there = self.rest().starts_with(word);
        if there {
            self.skip(word.len());
        }
        there
    }

    fn skip(&mut self, octets: usize) {
        self.at = self.at.saturating_add(octets);
    }

    fn skip_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.iter().position(|octet| !fits(*octet)).unwrap_or(rest.len());
        let word = self.text.get(self.at..self.at.saturating_add(len)).unwrap_or_default();
        self.skip(len);
        word
    }

    fn skip_spaces(&mut self) {
        self.skip_while(|octet| matches!(octet, b' ' | b'\t'));
    }

    /// Pass over blanks, ends of lines and remarks. `None` where a remark has what none may have.
    fn skip_blank(&mut self) -> Option<()> {
        loop {
            self.skip_while(|octet| matches!(octet, b' ' | b'\t' | b'\n'));
            if self.peek() != Some(b'#') {
                return Some(());
            }
            self.skip_remark()?;
        }
    }

    fn skip_remark(&mut self) -> Option<()> {
        self.skip_while(is_plain);
        matches!(self.peek(), None | Some(b'\n')).then_some(())
    }

    /// The end of a line, with a remark before it or not.
    fn end_line(&mut self) -> Option<()> {
        self.skip_spaces();
        match self.peek() {
            None | Some(b'\n') => Some(()),
            Some(b'#') => self.skip_remark(),
            Some(_) => None,
        }
    }

    fn key(&mut self) -> Option<&'a str> {
        let bare = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-');
        Some(self.skip_while(bare)).filter(|key| !key.is_empty())
    }

    fn entry(&mut self) -> Option<Entry<'a>> {
        let key_at = self.at;
        let key = self.key()?;
        self.skip_spaces();
        if !self.take(b"=") {
            return None;
        }
        self.skip_spaces();
        let at = self.at;
        let value = match self.peek() {
            Some(b'[') => self.list()?,
            _ => self.single()?,
        };
        self.end_line()?;
        Some(Entry { key: Cow::Borrowed(key), key_at, at, value })
    }

    /// A list of single values; it may go on over lines.
    fn list(&mut self) -> Option<Value<'a>> {
        self.skip(1);
        let mut list = Vec::new();
        loop {
            self.skip_blank()?;
            if self.take(b"]") {
                return Some(Value::List(list));
            }
            list.push((self.at, self.single()?));
            self.skip_blank()?;
            if !self.take(b",") && self.peek() != Some(b']') {
                return None;
            }
        }
    }

    fn single(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.quoted(b'"', |octet| is_plain(octet) && !matches!(octet, b'"' | b'\\')),
            b'\'' => self.quoted(b'\'', |octet| is_plain(octet) && octet != b'\''),
            _ => bare_value(self.skip_while(|octet| {
                octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'+' | b'_' | b':')
            })),
        }
    }

    fn quoted(&mut self, quote: u8, inside: impl Fn(u8) -> bool) -> Option<Value<'a>> {
        // Three of them begin a text of many lines.
        if self.rest().starts_with(&[quote; 3]) {
            return None;
        }
        self.skip(1);
        let text = self.skip_while(inside);
        self.take(&[quote]).then_some(Value::Text(Cow::Borrowed(text)))
    }
}

/// Whether an octet may stand in a remark or in a text: no control character.
const fn is_plain(octet: u8) -> bool {
    octet >= b' ' && octet != 0x7f || octet == b'\t'
}

/// A flag, a day, or a number without a sign.
fn bare_value(word: &str) -> Option<Value<'_>> {
    match word {
        "true" => return Some(Value::Flag(true)),
        "false" => return Some(Value::Flag(false)),
        _ => {}
    }
    if let Some((whole, part)) = word.split_once('.') {
        let fits = is_number(whole) && is_digits(part);
        return fits.then_some(Value::Float(Cow::Borrowed(word)));
    }
    if is_number(word) {
        return Some(Value::Integer(Cow::Borrowed(word), 10));
    }
    is_day(word).then_some(Value::Moment(Some(Cow::Borrowed(word))))
}

fn is_digits(word: &str) -> bool {
    (1..=DIGITS_MAX).contains(&word.len()) && word.bytes().all(|octet| octet.is_ascii_digit())
}

/// Numbers of more digits are left to the crate.
const DIGITS_MAX: usize = 18;

/// Digits without a nought before them.
fn is_number(word: &str) -> bool {
    is_digits(word) && (word.len() == 1 || !word.starts_with('0'))
}

/// A day that every month has (RFC 3339 §5.6 `full-date`); the rest is left to the crate.
fn is_day(word: &str) -> bool {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = word.as_bytes() else { return false };
    let digits = [y0, y1, y2, y3, m0, m1, d0, d1];
    let all_digits = digits.iter().all(|octet| octet.is_ascii_digit());
    let month = matches!((m0, m1), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'));
    let day = matches!((d0, d1), (b'0', b'1'..=b'9') | (b'1', _) | (b'2', b'0'..=b'8'));
    all_digits && month && day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_read_as_the_crate_reads_it() {
        let table = [
            ("", true),
            ("# a remark\n\n\ta = 1 # another\n", true),
            ("a = \"x\"\nb = 'y\\n'\nc = \"\"\n", true),
            ("a = 2026-11-22\nb = [2026-11-22, 1979-01-01]\n", true),
            ("a = 0\nb = 443\nc = 0.75\nd = true\ne = false", true),
            ("a = [\"x\", 'y', # why\n  \"z\",\n]\nb = []\nc=[ ]", true),
            ("a = 1\n[[t]]\nb = 'x'\n[[u]] # here\nb = 1\n[[t]]\n", true),
            ("a = \"\u{fc} \u{4f1a}\" # \u{fc}", true),
            // Right, but not plain.
            ("a = \"x\\ty\"", false),
            ("a = \"\"\"x\"\"\"", false),
            ("a = 1\r\nb = 2\r\n", false),
            ("a.b = 1", false),
            ("\"a\" = 1", false),
            ("[a]\nb = 1", false),
            ("a = { b = 1 }", false),
            ("a = [[1], [2]]", false),
            ("a = [{ b = 1 }]", false),
            ("a = -1\n", false),
            ("a = 0x1f\n", false),
            ("a = 1_000\n", false),
            ("a = 1e3\n", false),
            ("a = 2026-11-22T10:00:00\n", false),
            ("a = 2026-11-22 10:00:00\n", false),
            ("a = 2026-11-30\n", false),
            ("[[ a ]]\n", false),
            // Wrong.
            ("a = \n", false),
            ("a = 1 b = 2", false),
            ("a = 01", false),
            ("a = 1.", false),
            ("a = 'x", false),
            ("a = \"x\ny\"", false),
            ("a = [1 2]", false),
            ("a = [1,, 2]", false),
            ("a = 1\na = 2", false),
            ("a = 1\n[[a]]", false),
            ("a = []\n[[a]]", false),
            ("[[a]]\nb = 1\nb = 2", false),
            ("[[a]", false),
            ("[[a]] x", false),
            ("a = 1 # \u{1}", false),
            ("= 1", false),
            ("a = 2026-13-01", false),
        ];
        for (text, plain) in table {
            let quick = document(text);
            assert_eq!(quick.is_some(), plain, "{text}");
            crate::sheet::hold_to_toml(text);
        }
    }

    #[test]
    fn what_has_many_keys_is_left_to_the_crate() {
        for (line, before) in [("k = 1", ""), ("[[k]]", ""), ("k = 1", "[[t]]\n")] {
            let keys = |count: usize| {
                let lines = (0..count).map(|n| line.replace('k', &format!("k{n}")) + "\n");
                before.to_owned() + &lines.collect::<String>()
            };
            for (count, plain) in [(TABLE_KEYS_MAX, true), (TABLE_KEYS_MAX + 1, false)] {
                assert_eq!(document(&keys(count)).is_some(), plain, "{line} {count}");
            }
        }
    }
}
