//! A TOML table read key by key; each mistake is told with its place and the nearest known key.

mod complaints;
mod document;
mod quick;

use std::ops::Range;

use toml::de::DeTable;

pub(crate) use complaints::Complaints;
use document::{Entry, Table, Value};

/// A whole TOML document. What cannot be parsed is complained about; the rest stands.
pub(crate) fn parse<'a>(text: &'a str, complaints: &mut Complaints<'_>) -> Table<'a> {
    if let Some(table) = quick::document(text) {
        return table;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        let why = error.message().lines().next().unwrap_or("this is no TOML").to_owned();
        complaints.at(offset, why, "this and what belongs to it is left out");
    }
    Table::of(table.into_inner())
}

/// For fuzzing and tests: what is read the quick way must be sound, and what the crate `toml` reads.
pub(crate) fn hold_to_toml(text: &str) {
    let Some(mut quick) = quick::document(text) else { return };
    fn sort(table: &mut Table<'_>) {
        table.entries.sort_by(|one, two| one.key.cmp(&two.key));
        for entry in &mut table.entries {
            let Value::List(list) = &mut entry.value else { continue };
            for (_, value) in list {
                if let Value::Table(table) = value {
                    sort(table);
                }
            }
        }
    }
    sort(&mut quick);
    let (table, errors) = DeTable::parse_recoverable(text);
    assert!(errors.is_empty(), "{errors:?}: {text}");
    assert_eq!(quick, Table::of(table.into_inner()), "{text}");
}

/// One table of a document.
pub(crate) struct Sheet<'a> {
    table: &'a Table<'a>,
    offset: usize,
}

/// A value and the offset at which it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) offset: usize,
}

impl<'a> Sheet<'a> {
    pub(crate) const fn new(table: &'a Table<'a>) -> Sheet<'a> {
        Sheet { table, offset: 0 }
    }

    /// Where the table begins.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Complain about each key that is not in `known`.
    pub(crate) fn only(&self, known: &[&str], complaints: &mut Complaints<'_>) {
        let unknown = |entry: &&Entry<'_>| !known.contains(&&*entry.key);
        let mut unknown: Vec<&Entry<'_>> = self.table.entries.iter().filter(unknown).collect();
        unknown.sort_by(|one, two| one.key.cmp(&two.key));
        for entry in unknown {
            let word = &*entry.key;
            let fix = nearest(word, known).map_or_else(
                || format!("known here: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            complaints.at(entry.key_at, format!("unknown key `{}`", shown(word)), fix);
        }
    }

    fn value(&self, key: &str) -> Option<&'a Entry<'a>> {
        self.table.get(key)
    }

    /// A text; a complaint and nothing when it is another kind of value or empty.
    pub(crate) fn text(
        &self,
        key: &str,
        complaints: &mut Complaints<'_>,
    ) -> Option<Placed<&'a str>> {
        let value = self.value(key)?;
        let offset = value.at;
        match value.value.text().map(str::trim) {
            Some("") => complaints.at(offset, format!("`{key}` is empty"), "write a text"),
            Some(text) => return Some(Placed { value: text, offset }),
            None => wrong_kind(key, (value.at, &value.value), "a text in quotes", complaints),
        }
        None
    }

    /// A text that must be there.
    pub(crate) fn needed_text(
        &self,
        key: &str,
        what: &str,
        complaints: &mut Complaints<'_>,
    ) -> Option<Placed<&'a str>> {
        if !self.has(key) {
            complaints.at(
                self.offset(),
                format!("`{key}` is missing"),
                format!("add `{key} = \"…\"`: {what}"),
            );
            return None;
        }
        self.text(key, complaints)
    }

    /// One word of a closed list; `default` when the key is absent, nothing when it is wrong.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &str,
        words: &[(&str, T)],
        default: Option<T>,
        complaints: &mut Complaints<'_>,
    ) -> Option<T> {
        let names = || words.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        if !self.has(key) {
            if default.is_none() {
                complaints.at(
                    self.offset(),
                    format!("`{key}` is missing"),
                    format!("one of: {}", names().join(", ")),
                );
            }
            return default;
        }
        let text = self.text(key, complaints)?;
        let found = words.iter().find(|(name, _)| *name == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let fix = nearest(text.value, &names()).map_or_else(
                || format!("one of: {}", names().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            complaints.at(
                text.offset,
                format!("`{}` is no {key} that is known", shown(text.value)),
                fix,
            );
        }
        found
    }

    /// A whole number between two bounds.
    pub(crate) fn number(
        &self,
        key: &str,
        range: Range<u64>,
        complaints: &mut Complaints<'_>,
    ) -> Option<Placed<u64>> {
        let value = self.value(key)?;
        let offset = value.at;
        let Value::Integer(digits, base) = &value.value else {
            wrong_kind(key, (offset, &value.value), "a whole number", complaints);
            return None;
        };
        match u64::from_str_radix(digits, *base) {
            Ok(number) if range.contains(&number) => Some(Placed { value: number, offset }),
            _ => {
                let last = range.end.saturating_sub(1);
                complaints.at(
                    offset,
                    format!("`{key}` is out of range"),
                    format!("write a number from {} to {last}", range.start),
                );
                None
            }
        }
    }

    /// A share from 0 to 1, in per cent.
    pub(crate) fn share_pct(&self, key: &str, complaints: &mut Complaints<'_>) -> Option<u8> {
        let value = self.value(key)?;
        let text = match &value.value {
            Value::Float(text) | Value::Integer(text, 10) => text,
            other => {
                wrong_kind(key, (value.at, other), "a number from 0 to 1", complaints);
                return None;
            }
        };
        match text.parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => {
                // In range by the guard; as-casts of floats saturate.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let pct = (share * 100.0).round() as u8;
                Some(pct)
            }
            _ => {
                complaints.at(
                    value.at,
                    format!("`{key}` is out of range"),
                    "write a number from 0 to 1, e.g. 0.8",
                );
                None
            }
        }
    }

    /// `true` or `false`; `false` when absent.
    pub(crate) fn flag(&self, key: &str, complaints: &mut Complaints<'_>) -> bool {
        let Some(value) = self.value(key) else { return false };
        match value.value {
            Value::Flag(flag) => flag,
            ref other => {
                wrong_kind(key, (value.at, other), "true or false", complaints);
                false
            }
        }
    }

    /// A TOML date, as text `YYYY-MM-DD`, that must be there.
    pub(crate) fn needed_date(
        &self,
        key: &str,
        complaints: &mut Complaints<'_>,
    ) -> Option<Placed<&'a str>> {
        let fix = "write the day without quotes, e.g. `checked = 2026-11-21`";
        let Some(value) = self.value(key) else {
            complaints.at(self.offset(), format!("`{key}` is missing"), fix);
            return None;
        };
        let offset = value.at;
        match &value.value {
            Value::Moment(Some(day)) => Some(Placed { value: day, offset }),
            other => {
                wrong_kind(key, (offset, other), "a date", complaints);
                None
            }
        }
    }

    /// A list of texts; other values in it are complained about and left out.
    pub(crate) fn texts(
        &self,
        key: &str,
        complaints: &mut Complaints<'_>,
    ) -> Option<Vec<Placed<&'a str>>> {
        let value = self.value(key)?;
        let Some(list) = value.value.list() else {
            wrong_kind(key, (value.at, &value.value), "a list of texts", complaints);
            return None;
        };
        let mut texts = Vec::with_capacity(list.len());
        for (offset, entry) in list {
            match entry.text().map(str::trim) {
                Some(value) if !value.is_empty() => texts.push(Placed { value, offset: *offset }),
                _ => wrong_kind(key, (*offset, entry), "a text in quotes", complaints),
            }
        }
        Some(texts)
    }

    /// The tables of `[[key]]`.
    pub(crate) fn sheets(&self, key: &str, complaints: &mut Complaints<'_>) -> Vec<Sheet<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(list) = value.value.list() else {
            let wanted = format!("written as [[{key}]]");
            wrong_kind(key, (value.at, &value.value), &wanted, complaints);
            return Vec::new();
        };
        let mut sheets = Vec::with_capacity(list.len());
        for (offset, entry) in list {
            match entry {
                Value::Table(table) => sheets.push(Sheet { table, offset: *offset }),
                other => {
                    let wanted = format!("written as [[{key}]]");
                    wrong_kind(key, (*offset, other), &wanted, complaints);
                }
            }
        }
        sheets
    }
}

fn wrong_kind(
    key: &str,
    (offset, value): (usize, &Value<'_>),
    wanted: &str,
    complaints: &mut Complaints<'_>,
) {
    let kind = value.kind();
    complaints.at(offset, format!("`{key}` is of the kind {kind}"), format!("it must be {wanted}"));
}

/// The text for a message: at most 80 characters of it, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String =
        text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}

/// The word of `known` that differs least, when it differs little.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > 40 {
        return None;
    }
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(steps, candidate)| *steps <= 1 + candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words (Levenshtein).
fn distance(one: &str, two: &str) -> usize {
    let mut row: Vec<usize> = (0..=two.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = i;
        let mut left = i.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(two.chars()) {
            let changed = corner.saturating_add(usize::from(a != b));
            corner = *cell;
            left = changed.min(corner.saturating_add(1)).min(left.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_known_key_is_named() {
        let known = ["suffix", "exact", "pattern", "role", "source"];
        let table = [
            ("sufix", Some("suffix")),
            ("sorce", Some("source")),
            ("rolle", Some("role")),
            ("zzzzzz", None),
        ];
        for (word, want) in table {
            assert_eq!(nearest(word, &known), want, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test reads what ships")]
    fn most_of_what_ships_is_plain() {
        let config = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
        let (mut plain, mut all) = (0usize, 0usize);
        for folder in [".", "catalogue", "brands", "feeds"] {
            for entry in std::fs::read_dir(config.join(folder)).unwrap().flatten() {
                if entry.path().extension().is_none_or(|ending| ending != "toml") {
                    continue;
                }
                let text = std::fs::read_to_string(entry.path()).unwrap();
                let octets = text.len();
                hold_to_toml(&text);
                all += octets;
                plain += if quick::document(&text).is_some() { octets } else { 0 };
            }
        }
        assert!(plain > all / 10 * 9, "{plain} of {all}");
    }

    #[test]
    fn a_broken_line_leaves_the_rest() {
        let text = "a = 1\nb = = 2\nc = \"x\"\n";
        let mut complaints = Complaints::new("f.toml", text);
        let table = parse(text, &mut complaints);
        let sheet = Sheet::new(&table);
        assert_eq!(sheet.text("c", &mut complaints).map(|placed| placed.value), Some("x"));
        let said = complaints.finish();
        assert!(!said.is_empty());
        assert!(said.iter().all(|complaint| complaint.line == 2), "{said:?}");
    }
}
