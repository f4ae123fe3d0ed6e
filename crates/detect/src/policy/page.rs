//! A policy file being read: values with their places, and complaints about them.

use std::ops::Range;
use std::sync::Arc;

use model::Complaint;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::rule::{Keys, Place};

/// A file and what was found wrong in it so far.
pub(crate) struct Page<'t> {
    pub(crate) text: &'t str,
    pub(crate) complaints: Vec<Complaint>,
    name: Arc<str>,
    /// Where each line begins, so that no place is counted from the beginning.
    lines: Vec<usize>,
}

/// A text and where it stands, quotes included.
pub(crate) type Placed<'a, T> = (T, Range<usize>);

impl<'t> Page<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Page<'t> {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Page { text, complaints: Vec::new(), name: file.into(), lines }
    }

    pub(crate) fn complain(&mut self, offset: usize, why: String, fix: impl Into<String>) {
        let complaint = self.place(offset).complain(why, fix);
        self.complaints.push(complaint);
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        let offset = if self.text.is_char_boundary(offset) { offset } else { self.text.len() };
        let line = self.lines.partition_point(|begin| *begin <= offset);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(begin..offset).unwrap_or_default();
        Place {
            file: Arc::clone(&self.name),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX),
        }
    }

    /// Where each key of a table stands.
    pub(crate) fn keys(&self, table: &DeTable<'_>) -> Keys {
        let place = |span: Range<usize>| self.place(span.start);
        Keys(
            table
                .iter()
                .map(|(key, _)| (key.get_ref().as_ref().into(), place(key.span())))
                .collect(),
        )
    }

    /// Complain about each key that is not one of `known`.
    pub(crate) fn check_keys(&mut self, what: &str, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            let name = key.get_ref();
            if known.contains(&&**name) {
                continue;
            }
            let fix = match nearest(name, known.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("known are {}", listed(known)),
            };
            self.complain(key.span().start, format!("{what} has no key `{name}`"), fix);
        }
    }

    /// The tables of `[[name]]`, each with its place.
    pub(crate) fn tables<'a, 'i>(
        &mut self,
        root: &'a DeTable<'i>,
        name: &str,
    ) -> Vec<Placed<'a, &'a DeTable<'i>>> {
        let Some(value) = root.get(name) else { return Vec::new() };
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let is_array = value.get_ref().is_array();
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) if is_array => tables.push((table, item.span())),
                _ => self.complain(
                    item.span().start,
                    format!("`{name}` is no list of tables"),
                    format!("begin each with a line `[[{name}]]`"),
                ),
            }
        }
        tables
    }

    /// The text under `key`; nothing when there is none, or when it is no text.
    pub(crate) fn string<'a>(
        &mut self,
        table: &'a DeTable<'_>,
        key: &str,
    ) -> Option<Placed<'a, &'a str>> {
        let value = table.get(key)?;
        self.as_string(key, value)
    }

    fn as_string<'a>(
        &mut self,
        key: &str,
        value: &'a Spanned<DeValue<'_>>,
    ) -> Option<Placed<'a, &'a str>> {
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                let fix = "fill it in or leave the key out";
                self.complain(value.span().start, format!("`{key}` has an empty text"), fix);
                None
            }
            Some(text) => Some((text, value.span())),
            None => {
                let why = format!("`{key}` is {}, no text", kind(value));
                self.complain(value.span().start, why, "write a text in quotes");
                None
            }
        }
    }

    /// The list under `key`. An empty one is a mistake: it would fit nothing, or everything.
    pub(crate) fn list<'a, 'i>(
        &mut self,
        table: &'a DeTable<'i>,
        key: &str,
    ) -> Option<&'a [Spanned<DeValue<'i>>]> {
        let value = table.get(key)?;
        match value.get_ref().as_array() {
            Some(items) if items.is_empty() => {
                let fix = "fill it in or leave the key out";
                self.complain(value.span().start, format!("`{key}` is an empty list"), fix);
                None
            }
            Some(items) => Some(items),
            None => {
                let why = format!("`{key}` is {}, no list", kind(value));
                self.complain(value.span().start, why, "write a list in brackets");
                None
            }
        }
    }

    /// The texts of the list under `key`.
    pub(crate) fn strings<'a>(
        &mut self,
        table: &'a DeTable<'_>,
        key: &str,
    ) -> Vec<Placed<'a, &'a str>> {
        let items = self.list(table, key).unwrap_or_default();
        items.iter().filter_map(|item| self.as_string(key, item)).collect()
    }

    /// Where the octet at `offset` of the text in `span` stands, as well as that can be told: an
    /// escape before it moves it.
    pub(crate) fn within(&self, (text, span): &Placed<'_, &str>, offset: usize) -> usize {
        let begin = span.start.saturating_add(1);
        let plain = self.text.get(begin..).is_some_and(|rest| rest.starts_with(text));
        if plain { begin.saturating_add(offset) } else { span.start }
    }
}

/// What kind of value stands there, for people.
pub(crate) fn kind(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Words as people list them.
pub(crate) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
