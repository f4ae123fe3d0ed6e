//! One indicator a line, with comments; lines of a hosts file too.

use std::borrow::Cow;

use crate::day::Day;
use crate::limits::{FEED_BEGINNING_BYTES, LINE_BYTES_MAX};
use crate::naming;
use crate::sheet::{Complaints, shown};

use super::frame::{Format, Head, LineReader, Listed, Out, Reading, Subject};
use super::hosts;
use super::told::{NoIndicator, Told, indicator};

/// Takes what no other format wants.
pub(super) const FORMAT: Format = Format {
    name: "plain",
    fits: |_, _| true,
    read: Reading::Lines(|_| Box::new(Plain::default())),
    sample: "# version: 2023-01-25\nevil[.]example\n0.0.0.0 worse.example # a note\n\
        https://third.example/setup.exe\n",
};

/// Reads a list without columns.
#[derive(Default)]
pub(super) struct Plain {
    head: Head,
}

impl LineReader for Plain {
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        // Almost all lines of the long lists are names and nothing else.
        if naming::is_normal(line) {
            return out(entry(Subject::Name(Cow::Borrowed(line)), number));
        }
        let Some(line) = usable(number, line, complaints) else { return true };
        if let Some(comment) = comment(line) {
            read_head(comment, &mut self.head);
            return true;
        }
        let line = without_remark(line);
        if let Some(mut names) = hosts::names(line) {
            return names.all(|name| self.give(name, number, complaints, out));
        }
        let Some(first) = line.split_ascii_whitespace().next() else { return true };
        self.give(first, number, complaints, out)
    }

    fn end(self: Box<Self>, _: &mut Complaints<'_>, _: Out<'_>) -> Head {
        self.head
    }
}

impl Plain {
    fn give(
        &mut self,
        text: &str,
        line: u32,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        if hosts::is_own(text) {
            return true;
        }
        // `evil.example, a remark`
        let found = indicator(text, Told::Any).or_else(|error| match text.split_once([',', ';']) {
            Some((before, _)) => indicator(before, Told::Any).map_err(|_| error),
            None => Err(error),
        });
        match found {
            Ok(subject) => out(entry(subject, line)),
            Err(error) => {
                refuse(text, error, line, &mut self.head, complaints);
                true
            }
        }
    }
}

/// Count a value that no wire shows, complain about one that is wrong.
pub(super) fn refuse(
    text: &str,
    error: NoIndicator,
    line: u32,
    head: &mut Head,
    complaints: &mut Complaints<'_>,
) {
    match error {
        NoIndicator::Unseen => head.unseen = head.unseen.saturating_add(1),
        NoIndicator::Wrong(why) => {
            complaints.line(line, format!("`{}` {why}", shown(text)), "left out");
        }
    }
}

pub(super) fn entry(subject: Subject<'_>, line: u32) -> Listed<'_> {
    Listed {
        subject,
        exact: false,
        stage: None,
        description: Cow::Borrowed(""),
        confidence_pct: None,
        until: None,
        line,
    }
}

/// The line without what stands around it, unless it is too long.
pub(super) fn usable<'l>(
    number: u32,
    line: &'l str,
    complaints: &mut Complaints<'_>,
) -> Option<&'l str> {
    if line.len() > LINE_BYTES_MAX {
        let why = format!("the line is longer than {LINE_BYTES_MAX} octets");
        complaints.line(number, why, "left out");
        return None;
    }
    let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { line };
    Some(line.trim())
}

/// The line without the remark behind it.
pub(super) fn without_remark(line: &str) -> &str {
    match line.find(" #").or_else(|| line.find("\t#")) {
        Some(at) => line.get(..at).unwrap_or(line).trim_end(),
        None => line,
    }
}

/// The text of a line that is a comment or empty.
pub(super) fn comment(line: &str) -> Option<&str> {
    if line.is_empty() {
        return Some(line);
    }
    ["#", "//", ";", "!"].iter().find_map(|mark| line.strip_prefix(mark))
}

/// The first lines of a text that are no comments, and their numbers; what they are decides which
/// format it is. Bounded, however long the text and its lines.
pub(super) fn first_lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    (1u32..)
        .zip(beginning(text).lines())
        .map(|(number, line)| (number, line.trim_matches([' ', '\r'])))
        .filter(|(_, line)| comment(line.trim_start()).is_none())
        .take(LINES_LOOKED_AT)
}

/// Lines by which a format is told, and a table's columns.
const LINES_LOOKED_AT: usize = 64;

/// The first lines of a text, as many as are looked at; all of them whole.
pub(super) fn beginning(text: &str) -> &str {
    if text.len() <= FEED_BEGINNING_BYTES {
        return text;
    }
    let end = text.floor_char_boundary(FEED_BEGINNING_BYTES);
    let text = text.get(..end).unwrap_or_default();
    text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or(text)
}

/// A comment may tell the list's name and date: `# version: 2023-01-25`.
pub(super) fn read_head(comment: &str, head: &mut Head) {
    let Some((key, value)) = comment.split_once(':') else { return };
    // Some draw a box around their head.
    let value = value.trim().trim_end_matches(['#', '*']).trim_end();
    if value.is_empty() || value.len() > 128 || key.len() > 64 {
        return;
    }
    let (field, dated) =
        match key.trim_start_matches(['#', '!']).trim().to_ascii_lowercase().as_str() {
            "version" | "date" | "updated" | "last updated" | "last modified" | "last_updated"
            | "last update" | "last-modified" | "generated" | "dump generated" => {
                (&mut head.version, true)
            }
            "title" | "name" => (&mut head.name, false),
            "source" | "homepage" | "home page" => (&mut head.source, false),
            "license" | "licence" => (&mut head.licence, false),
            _ => return,
        };
    // Of a number and a day the day says more: entries end so long after it.
    let says_more =
        |old: &String| dated && Day::parse(old).is_none() && Day::parse(value).is_some();
    if field.as_ref().is_none_or(says_more) {
        *field = Some(value.to_owned());
    }
}
