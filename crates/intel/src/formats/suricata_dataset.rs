//! Datasets of Suricata: one value a line, texts in base64, a reputation behind a comma.
//!
//! Suricata user guide, "Datasets", file formats. Lists of addresses and of hashes look like plain
//! lists and tables, and are read as these.

use std::borrow::Cow;

use crate::sheet::{Complaints, shown};

use super::frame::{Format, Head, LineReader, Listed, Out, Reading};
use super::plain::{comment, entry, first_lines, read_head, refuse, usable};
use super::told::{NoIndicator, Told, indicator};

/// Takes a text whose first lines are base64 of texts, at least one of them an indicator.
pub(super) const FORMAT: Format = Format {
    name: "suricata_dataset",
    fits: |_, text| fits(text),
    read: Reading::Lines(|_| Box::new(Dataset::default())),
    sample: "ZXZpbC5leGFtcGxl\nd29yc2UuZXhhbXBsZQ==,75\nTW96aWxsYS80LjAgKGNvbXBhdGlibGU7ICk=\n",
};

fn fits(text: &str) -> bool {
    let (mut texts, mut other, mut indicators) = (0usize, 0usize, 0usize);
    for (_, line) in first_lines(text) {
        match decode(parts(line.trim()).0) {
            Some(text) => {
                texts = texts.saturating_add(1);
                let found = indicator(&text, Told::Any);
                indicators = indicators.saturating_add(usize::from(found.is_ok()));
            }
            None => other = other.saturating_add(1),
        }
    }
    indicators > 0 && texts > other
}

/// The value, and its reputation if there is one.
fn parts(line: &str) -> (&str, Option<&str>) {
    match line.split_once(',') {
        Some((value, reputation)) => (value.trim(), Some(reputation.trim())),
        None => (line, None),
    }
}

#[derive(Default)]
struct Dataset {
    head: Head,
}

impl LineReader for Dataset {
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        let Some(line) = usable(number, line, complaints) else { return true };
        if let Some(comment) = comment(line) {
            read_head(comment, &mut self.head);
            return true;
        }
        let (value, reputation) = parts(line);
        let Some(text) = decode(value) else {
            // Sets of texts and of addresses may have been put into one file.
            return match indicator(value, Told::Any) {
                Ok(subject) => out(entry(subject, number)),
                Err(NoIndicator::Unseen) => {
                    self.head.unseen = self.head.unseen.saturating_add(1);
                    true
                }
                Err(NoIndicator::Wrong(_)) => {
                    let why = format!("`{}` is no base64 of a text", shown(value));
                    complaints.line(number, why, "left out");
                    true
                }
            };
        };
        match indicator(&text, Told::Any) {
            Ok(subject) => out(Listed {
                // Its scale is the owner's; up to 100 it passes for per cent.
                confidence_pct: reputation
                    .and_then(|text| text.parse().ok())
                    .filter(|pct| (1..=100).contains(pct)),
                ..entry(subject, number)
            }),
            // User agents, paths: sets are about anything.
            Err(NoIndicator::Wrong(_)) => {
                refuse(&text, NoIndicator::Unseen, number, &mut self.head, complaints);
                true
            }
            Err(error) => {
                refuse(&text, error, number, &mut self.head, complaints);
                true
            }
        }
    }

    fn end(self: Box<Self>, _: &mut Complaints<'_>, _: Out<'_>) -> Head {
        self.head
    }
}

/// The text that a base64 text stands for (RFC 4648 §4), if it is one that can be printed.
fn decode(value: &str) -> Option<Cow<'static, str>> {
    let digits = value.trim_end_matches('=');
    let padding = value.len().checked_sub(digits.len())?;
    if !value.len().is_multiple_of(4) || padding > 2 || digits.is_empty() {
        return None;
    }
    let mut octets = Vec::with_capacity(value.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0u32);
    for digit in digits.bytes() {
        let six = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    let text = String::from_utf8(octets).ok()?;
    (!text.contains(char::is_control)).then_some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_texts_is_read() {
        let table = [
            ("ZXZpbC5leGFtcGxl", Some("evil.example")),
            ("d29yc2UuZXhhbXBsZQ==", Some("worse.example")),
            ("YQ==", Some("a")),
            ("YWI=", Some("ab")),
            ("w7w=", Some("ü")),
            ("YQ=", None),
            ("YQ===", None),
            ("====", None),
            ("", None),
            ("evil.example", None),
            ("AAAA", None),
            ("////", None),
        ];
        for (value, want) in table {
            assert_eq!(decode(value).as_deref(), want, "{value}");
        }
    }

    #[test]
    fn hashes_and_words_are_no_base64_of_indicators() {
        assert!(!fits("0123456789abcdef0123456789abcdef\nabcdabcdabcdabcdabcdabcdabcdabcd\n"));
        assert!(!fits("word\nwords\nevil.example\n"));
        assert!(fits("# a set\nZXZpbC5leGFtcGxl,3\n"));
    }
}
