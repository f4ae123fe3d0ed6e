//! One indicator a line, with comments; lines of a hosts file too.

use std::borrow::Cow;

use crate::limits::LINE_BYTES_MAX;
use crate::sheet::{Complaints, shown};

use super::frame::{Format, Head, LineReader, Listed, Out, Reading, Subject};
use super::subject;

/// Takes what no other format wants.
pub(super) const FORMAT: Format = Format {
    name: "plain",
    fits: |_, _| true,
    read: Reading::Lines(|_| Box::new(Plain::default())),
    sample: "# version: 2023-01-25\nevil[.]example\n0.0.0.0 worse.example # a note\n",
};

#[derive(Default)]
struct Plain {
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
        if line.len() > LINE_BYTES_MAX {
            too_long(number, complaints);
            return true;
        }
        let line = line.trim_start_matches('\u{feff}').trim();
        if let Some(comment) = comment(line) {
            read_head(comment, &mut self.head);
            return true;
        }
        let line = line.split(" #").next().unwrap_or(line).trim();
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { return true };
        let sink = matches!(first, "0.0.0.0" | "127.0.0.1" | "::" | "::1");
        match (sink, words.next()) {
            // hosts(5): an address and the names that it is to have.
            (true, Some(name)) => {
                std::iter::once(name).chain(words).all(|name| give(name, number, complaints, out))
            }
            _ => give(first, number, complaints, out),
        }
    }

    fn head(self: Box<Self>) -> Head {
        self.head
    }
}

fn give(text: &str, line: u32, complaints: &mut Complaints<'_>, out: Out<'_>) -> bool {
    // Every hosts file names its own machine.
    if matches!(text, "localhost" | "localhost.localdomain" | "local" | "broadcasthost") {
        return true;
    }
    match subject(text) {
        Ok(subject) => out(entry(subject, line)),
        Err(error) => {
            complaints.line(line, format!("`{}` {}", shown(text), error.why()), "left out");
            true
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

/// The text of a line that is a comment or empty.
pub(super) fn comment(line: &str) -> Option<&str> {
    if line.is_empty() {
        return Some(line);
    }
    ["#", "//", ";", "!"].iter().find_map(|mark| line.strip_prefix(mark))
}

/// A comment may tell the list's date: `# version: 2023-01-25`.
pub(super) fn read_head(comment: &str, head: &mut Head) {
    let Some((key, value)) = comment.split_once(':') else { return };
    let value = value.trim();
    if value.is_empty() || value.len() > 64 {
        return;
    }
    match key.trim_start_matches('#').trim().to_ascii_lowercase().as_str() {
        "version" | "date" | "updated" | "last updated" | "last modified" | "last_updated" => {
            head.version.get_or_insert_with(|| value.to_owned());
        }
        "title" | "name" => {
            head.name.get_or_insert_with(|| value.to_owned());
        }
        "source" | "homepage" => {
            head.source.get_or_insert_with(|| value.to_owned());
        }
        _ => {}
    }
}

pub(super) fn too_long(line: u32, complaints: &mut Complaints<'_>) {
    let why = format!("the line is longer than {LINE_BYTES_MAX} octets");
    complaints.line(line, why, "left out");
}
