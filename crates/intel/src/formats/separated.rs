//! CSV with or without a header line, parted by commas, semicolons or tabs (RFC 4180).

use std::borrow::Cow;

use crate::day::Day;
use crate::limits::CONTINUED_LINES_MAX;
use crate::sheet::{Complaints, shown};

use super::columns::{Columns, first_part};
use super::frame::{Format, Head, LineReader, Listed, Out, Reading, Source};
use super::plain::{comment, entry, first_lines, read_head, refuse, usable};
use super::told::{NoIndicator, Told, indicator};

/// Takes a text whose first lines have fields.
pub(super) const FORMAT: Format = Format {
    name: "separated",
    fits: |_, text| fits(text),
    read: Reading::Lines(|beginning| Box::new(Separated::new(beginning))),
    sample: "type,domain,comment,valid_until,confidence\n\
        fqdn,evil[.]example,\"said, once\",2026-12-24,high\n\
        ja3,0123456789abcdef0123456789abcdef,,never,75\n",
};

fn fits(text: &str) -> bool {
    let columns = Columns::new(text, &[]);
    if columns.is_named() {
        return true;
    }
    let (mut parted, mut other, mut entries) = (0usize, 0usize, 0usize);
    let mut counts = Vec::new();
    for (_, line) in first_lines(text) {
        let count = fields(line, columns.divider).count();
        counts.push(count);
        let which = if count > 1 { &mut parted } else { &mut other };
        *which = which.saturating_add(1);
        entries = entries.saturating_add(usize::from(indicator(line, Told::Any).is_ok()));
    }
    // A URL may hold any divider, but not so that all lines have as many of them.
    let table = counts.len() > 1 && counts.iter().all(|count| counts.first() == Some(count));
    parted > other && (table || entries == 0)
}

struct Separated {
    columns: Columns,
    /// A field in quotes that the line did not end.
    open: Option<Open>,
    head: Head,
}

struct Open {
    line: u32,
    /// The lines behind it, in case they are no part of it.
    behind: Vec<(u32, String)>,
}

impl Separated {
    fn new(beginning: &Source<'_>) -> Separated {
        let columns = Columns::new(beginning.text, beginning.columns);
        Separated { columns, open: None, head: Head::default() }
    }

    /// Read a line of a record.
    fn row(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        if let Some(comment) = comment(line.trim_start()) {
            read_head(comment, &mut self.head);
            return true;
        }
        if number == self.columns.header {
            return true;
        }
        let columns = &self.columns;
        let at = |column: usize| fields(line, columns.divider).nth(column).unwrap_or_default();
        let told = columns.kind.map(|kind| Told::by_word(&at(kind)));
        let mut found = None;
        for (column, headed) in &columns.values {
            let said = at(*column);
            if !first_part(&said).is_empty() {
                found = Some((said, told.filter(|told| *told != Told::Any).unwrap_or(*headed)));
                break;
            }
        }
        let Some((said, told)) = found else {
            complaints.line(number, "the row holds no indicator".to_owned(), "left out");
            return true;
        };
        let subject = match read_value(&said, told) {
            Ok(subject) => subject,
            Err(error) => {
                refuse(&said, error, number, &mut self.head, complaints);
                return true;
            }
        };
        let until = columns.until.map(at).filter(|text| says_something(text));
        let until = match until.map(|text| (day(&text), text)) {
            Some((None, text)) => {
                let why = format!("`{}` is no day", shown(&text));
                let fix = "it counts as without an end; write it as 2026-12-24";
                complaints.line(number, why, fix);
                None
            }
            Some((day, _)) => day,
            None => None,
        };
        let said = columns.confidence.map(at).filter(|text| says_something(text));
        let confidence_pct = said.as_ref().and_then(|text| share_pct(text));
        if let (Some(text), None) = (&said, confidence_pct) {
            let why = format!("`{}` is no confidence", shown(text));
            let fix = "it counts as the feed's; write 0 to 1, 2 to 100, or high, medium, low";
            complaints.line(number, why, fix);
        }
        let description = columns.note.map(at).filter(|text| says_something(text));
        out(Listed {
            description: description.unwrap_or_default(),
            confidence_pct,
            until,
            ..entry(subject, number)
        })
    }

    /// A field in quotes had no end: the lines behind its first are rows after all.
    fn no_end(&mut self, open: &Open, complaints: &mut Complaints<'_>, out: Out<'_>) -> bool {
        let why = format!("a field in quotes has no end in {CONTINUED_LINES_MAX} lines");
        complaints.line(open.line, why, "write `\"\"` for a quote inside a field");
        open.behind.iter().all(|(number, line)| self.row(*number, line, complaints, &mut *out))
    }

    /// Read a line while a field in quotes is open. `None`: it is a part of that field.
    fn behind_open(&mut self, number: u32, line: &str) -> Option<Open> {
        let open = self.open.as_mut()?;
        // `""` stands for a quote, so that an odd number ends the field.
        if line.matches('"').count() % 2 == 1 {
            self.open = None;
            return None;
        }
        open.behind.push((number, line.to_owned()));
        if open.behind.len() < CONTINUED_LINES_MAX { None } else { self.open.take() }
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
        if usable(number, line, complaints).is_none() {
            return true;
        }
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        // Not a tab: it may stand for an empty field.
        let line = line.trim_matches([' ', '\r']);
        if number == 1 {
            for why in std::mem::take(&mut self.columns.missing) {
                complaints.line(1, why, "name a column of the header, or count from 1");
            }
        }
        if self.open.is_some() {
            let Some(open) = self.behind_open(number, line) else { return true };
            return self.no_end(&open, complaints, out);
        }
        let go_on = self.row(number, line, complaints, out);
        if is_open(line, self.columns.divider) {
            self.open = Some(Open { line: number, behind: Vec::new() });
        }
        go_on
    }

    fn end(mut self: Box<Self>, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
        if let Some(open) = self.open.take() {
            self.no_end(&open, complaints, out);
        }
        self.head
    }
}

/// A field's value; a remark may stand behind it.
fn read_value(said: &str, told: Told) -> Result<super::Subject<'_>, NoIndicator> {
    let value = first_part(said);
    indicator(value, told).or_else(|error| {
        let word = value.split_ascii_whitespace().next().unwrap_or_default();
        if told == Told::Any { indicator(word, told).map_err(|_| error) } else { Err(error) }
    })
}

/// Tables write nothing in many ways.
fn says_something(text: &str) -> bool {
    let text = text.trim();
    let nothing = ["-", "none", "null", "nan", "n/a", "na", "never", "(empty)"];
    !text.is_empty() && !nothing.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A day, also as seconds or milliseconds since 1970.
fn day(text: &str) -> Option<Day> {
    let text = text.trim();
    let digits = text.split('.').next().unwrap_or_default();
    match (digits.len(), digits.parse::<u64>()) {
        (9 | 10, Ok(secs)) => after_epoch(secs),
        (12 | 13, Ok(millis)) => after_epoch(millis / 1000),
        _ => Day::parse(text),
    }
}

fn after_epoch(secs: u64) -> Option<Day> {
    Some(Day::parse("1970-01-01")?.after(u16::try_from(secs / 86_400).ok()?))
}

/// A share from 0 to 1, or a number from 2 to 100, in per cent; or a word.
pub(super) fn share_pct(text: &str) -> Option<u8> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let words = [("high", 90), ("medium", 60), ("moderate", 60), ("low", 30)];
    if let Some((_, pct)) = words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) {
        return Some(*pct);
    }
    let number: f64 = text.parse().ok()?;
    let pct = if number <= 1.0 { number * 100.0 } else { number };
    // In range by the check; as-casts of floats saturate.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..=100.0).contains(&pct).then(|| pct.round() as u8)
}

/// The fields of a line. A field in quotes may hold the divider, and `""` for a quote; what of it
/// stands in further lines is not read.
pub(super) fn fields(line: &str, divider: char) -> impl Iterator<Item = Cow<'_, str>> {
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
        let (field, after) = unquote(quoted);
        rest = after.and_then(|after| after.split_once(divider)).map(|(_, after)| after);
        Some(field)
    })
}

/// A field behind its opening quote, and what stands behind the closing one, if there is one.
fn unquote(quoted: &str) -> (Cow<'_, str>, Option<&str>) {
    let Some((field, mut after)) = quoted.split_once('"') else {
        return (Cow::Borrowed(quoted), None);
    };
    if !after.starts_with('"') {
        return (Cow::Borrowed(field), Some(after));
    }
    let mut whole = field.to_owned();
    while let Some(doubled) = after.strip_prefix('"') {
        whole.push('"');
        let Some((more, behind)) = doubled.split_once('"') else {
            whole.push_str(doubled);
            return (Cow::Owned(whole), None);
        };
        whole.push_str(more);
        after = behind;
    }
    (Cow::Owned(whole), Some(after))
}

/// Whether the last field of a line goes on in the next one.
fn is_open(line: &str, divider: char) -> bool {
    let mut rest = line;
    loop {
        let after = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => match unquote(quoted) {
                (_, Some(after)) => after,
                (_, None) => return true,
            },
            None => rest,
        };
        match after.split_once(divider) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_be_quoted() {
        let table: &[(&str, &[&str], bool)] = &[
            ("a,b,,c", &["a", "b", "", "c"], false),
            ("\"a,b\",c", &["a,b", "c"], false),
            ("\"a\"\"b\" , c", &["a\"b", " c"], false),
            ("\"a\"\"\"\"b\",\"\"\"\"", &["a\"\"b", "\""], false),
            ("a, \"b\", \"c\"", &["a", "b", "c"], false),
            ("\"open", &["open"], true),
            ("a,\"open, \"\"and\"\"", &["a", "open, \"and\""], true),
            ("a,5\" disk", &["a", "5\" disk"], false),
            ("", &[""], false),
            ("é,\"ü\"", &["é", "ü"], false),
        ];
        for (line, want, open) in table {
            assert_eq!(fields(line, ',').collect::<Vec<_>>(), *want, "{line}");
            assert_eq!(is_open(line, ','), *open, "{line}");
        }
    }

    #[test]
    fn days_and_shares_come_in_many_forms() {
        let days = [
            ("2026-12-24", true),
            ("2026-12-24T10:00:00Z", true),
            ("1798070400", true),
            ("1798070400000", true),
            ("24/12/2026", false),
            ("soon", false),
        ];
        for (text, sound) in days {
            let want = Day::parse("2026-12-24").filter(|_| sound);
            assert_eq!(day(text), want, "{text}");
        }
        let shares = [
            ("0.8", Some(80)),
            ("75", Some(75)),
            ("75 %", Some(75)),
            ("1", Some(100)),
            ("High", Some(90)),
            ("101", None),
            ("-1", None),
            ("nan", None),
            ("", None),
        ];
        for (text, want) in shares {
            assert_eq!(share_pct(text), want, "{text}");
        }
    }
}
