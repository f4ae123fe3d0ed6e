//! CSV with or without a header line, parted by commas, semicolons or tabs (RFC 4180).

use std::borrow::Cow;

use crate::limits::LINE_BYTES_MAX;
use crate::naming;
use crate::sheet::{Complaints, shown};

use super::frame::{Format, Head, LineReader, Listed, Out, Reading, Subject};
use super::plain::{comment, entry, read_head, too_long};
use super::subject;

/// Takes a text whose first line with content has fields.
pub(super) const FORMAT: Format = Format {
    name: "separated",
    fits: |_, text| first_line(text).is_some_and(|(_, line)| divider(line).is_some()),
    read: Reading::Lines(|beginning| Box::new(Separated::new(beginning.text))),
    sample: "type,domain,comment\nfqdn,evil[.]example,\"said, once\"\nfqdn,worse.example,\n",
};

/// What a header calls the column that counts, the plainest first.
const SUBJECT_COLUMNS: [&str; 17] = [
    "domain",
    "domain_name",
    "indicator",
    "indicator_value",
    "ioc",
    "ioc_value",
    "value",
    "fqdn",
    "hostname",
    "host",
    "name",
    "url",
    "ip",
    "ip_address",
    "address",
    "dst_ip",
    "observable",
];
const NOTE_COLUMNS: [&str; 6] =
    ["description", "comment", "note", "notes", "threat", "threat_type"];

/// Lines from which the column is guessed when there is no header.
const GUESS_LINES: usize = 32;

/// The first line with content and its number, counted from 1.
fn first_line(text: &str) -> Option<(u32, &str)> {
    let lines = text.lines().map(|line| {
        line.trim_start_matches('\u{feff}').split(" #").next().unwrap_or_default().trim()
    });
    (1..=1000).zip(lines).find(|(_, line)| comment(line).is_none())
}

/// The character that parts the fields of a line.
fn divider(line: &str) -> Option<char> {
    let count = |c: char| line.matches(c).count();
    [',', ';', '\t'].into_iter().filter(|c| count(*c) > 0).max_by_key(|c| count(*c))
}

/// Reads a table whose columns are known.
struct Separated {
    divider: char,
    /// The line with the names of the columns; 0 for none.
    header: u32,
    value: usize,
    note: Option<usize>,
    confidence: Option<usize>,
    head: Head,
}

impl Separated {
    fn new(beginning: &str) -> Separated {
        let (number, first) = first_line(beginning).unwrap_or_default();
        let divider = divider(first).unwrap_or(',');
        let header: Vec<String> = fields(first, divider)
            .map(|field| field.trim().to_ascii_lowercase().replace([' ', '-'], "_"))
            .collect();
        let named = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|field| field == name))
        };
        let headed = named(&SUBJECT_COLUMNS);
        Separated {
            divider,
            header: if headed.is_some() { number } else { 0 },
            value: headed.unwrap_or_else(|| guess_column(beginning, divider)),
            note: if headed.is_some() { named(&NOTE_COLUMNS) } else { None },
            confidence: if headed.is_some() { named(&["confidence"]) } else { None },
            head: Head::default(),
        }
    }
}

impl LineReader for Separated {
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        if line.len() > LINE_BYTES_MAX {
            too_long(number, complaints);
            return true;
        }
        let line = line.trim_start_matches('\u{feff}').trim();
        if let Some(comment) = comment(line) {
            read_head(comment, &mut self.head);
            return true;
        }
        if number == self.header {
            return true;
        }
        let at = |column: usize| fields(line, self.divider).nth(column).unwrap_or_default();
        let said = at(self.value);
        // A plain list whose first line has a comma in its remark comes here too.
        let first_word = || said.split_ascii_whitespace().next().unwrap_or_default();
        let listed = match subject(&said).or_else(|error| subject(first_word()).map_err(|_| error))
        {
            Ok(subject) => entry(subject, number),
            Err(error) => {
                let why = format!("`{}` {}", shown(&said), error.why());
                complaints.line(number, why, "left out");
                return true;
            }
        };
        let description = self.note.map_or(Cow::Borrowed(""), at);
        let confidence_pct = self.confidence.and_then(|column| share_pct(&at(column)));
        out(Listed { description, confidence_pct, ..listed })
    }

    fn head(self: Box<Self>) -> Head {
        self.head
    }
}

/// A share from 0 to 1, or a number from 2 to 100, in per cent.
fn share_pct(text: &str) -> Option<u8> {
    let number: f64 = text.trim().trim_end_matches('%').parse().ok()?;
    let pct = if number <= 1.0 { number * 100.0 } else { number };
    // In range by the check; as-casts of floats saturate.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..=100.0).contains(&pct).then(|| pct.round() as u8)
}

/// The column that most often holds an indicator, the first of them at a tie.
fn guess_column(text: &str, divider: char) -> usize {
    let mut hits: Vec<usize> = Vec::new();
    let lines = text.lines().filter(|line| line.len() <= LINE_BYTES_MAX);
    let lines = lines.map(str::trim).filter(|line| comment(line).is_none());
    for line in lines.take(GUESS_LINES) {
        for (column, field) in fields(line, divider).take(64).enumerate() {
            if hits.len() <= column {
                hits.push(0);
            }
            let sure = match subject(&field) {
                Ok(Subject::Name(name)) => naming::known_ending(&name),
                Ok(_) => true,
                Err(_) => false,
            };
            if let Some(count) = hits.get_mut(column).filter(|_| sure) {
                *count = count.saturating_add(1);
            }
        }
    }
    let most = hits.iter().copied().max().unwrap_or(0);
    hits.iter().position(|count| *count == most).unwrap_or(0)
}

/// The fields of a line. A field in quotes may hold the divider, and `""` for a quote; it may not
/// hold the end of a line.
fn fields(line: &str, divider: char) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(quoted) = text.trim_start_matches(' ').strip_prefix('"') else {
            let (field, after) = match text.split_once(divider) {
                Some((field, after)) => (field, Some(after)),
                None => (text, None),
            };
            rest = after;
            return Some(Cow::Borrowed(field));
        };
        let mut field = String::new();
        let mut characters = quoted.char_indices().peekable();
        let mut end = quoted.len();
        while let Some((at, c)) = characters.next() {
            if c != '"' {
                field.push(c);
            } else if characters.next_if(|(_, next)| *next == '"').is_some() {
                field.push('"');
            } else {
                end = at.saturating_add(1);
                break;
            }
        }
        let after = quoted.get(end..).unwrap_or_default();
        rest = after.split_once(divider).map(|(_, after)| after);
        Some(Cow::Owned(field))
    })
}

#[cfg(test)]
mod tests {
    use super::super::frame::Source;
    use super::*;

    #[test]
    fn fields_may_be_quoted() {
        let table: &[(&str, &[&str])] = &[
            ("a,b,,c", &["a", "b", "", "c"]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\" , c", &["a\"b", " c"]),
            ("\"open", &["open"]),
            ("", &[""]),
            ("é,\"ü\"", &["é", "ü"]),
        ];
        for (line, want) in table {
            assert_eq!(fields(line, ',').collect::<Vec<_>>(), *want, "{line}");
        }
    }

    #[test]
    fn the_column_is_named_or_guessed() {
        let table: &[(&str, &[&str])] = &[
            ("type,value\ndomain,a.example\n", &["a.example"]),
            ("Value;Type\na.example.com;domain\n", &["a.example.com"]),
            ("1,a.com,setup.exe\n2,b.com,agent.exe\n", &["a.com", "b.com"]),
            ("# date: 2023\n2022-06-14\ta.com\n2022-06-15\tb.com\n", &["a.com", "b.com"]),
            ("a.com,8.8\nhxxp://b[.]com/x,9\n", &["a.com", "b.com"]),
        ];
        for (text, want) in table {
            assert!((FORMAT.fits)("x", text));
            let mut names = Vec::new();
            let mut complaints = Complaints::new("x", text);
            let source = Source { file: "x", text, columns: &[] };
            super::super::read(&FORMAT, &source, &mut complaints, &mut |listed| {
                if let Subject::Name(name) = listed.subject {
                    names.push(name.into_owned());
                }
                true
            });
            assert_eq!(names, *want, "{text}");
            assert_eq!(complaints.finish(), [], "{text}");
        }
    }
}
