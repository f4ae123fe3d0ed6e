//! Rules of Suricata and Snort, as far as one looks for a name, page, fingerprint or address.

use std::borrow::Cow;

use crate::limits::{CONTINUED_LINES_MAX, LINE_BYTES_MAX};
use crate::sheet::{Complaints, shown};

use super::condition::subjects;
use super::frame::{Format, Head, LineReader, Listed, Out, Reading};
use super::plain::{entry, first_lines, read_head, usable};
use super::rule::{Rule, begins, parse, quoted};
use super::separated::share_pct;

/// Takes files whose name ends in `.rules`, and texts that begin with a rule.
pub(super) const FORMAT: Format = Format {
    name: "suricata_rules",
    fits: |file, text| file.ends_with(".rules") || fits(text),
    read: Reading::Lines(|_| Box::new(Rules::default())),
    sample: "# some rules\n\
        alert dns $HOME_NET any -> any any (msg:\"a lure\"; dns.query; dotprefix; \
        content:\".evil.example\"; nocase; endswith; sid:1; metadata:confidence High;)\n\
        alert ip $HOME_NET any -> [203.0.113.7,198.51.100.0/24] any (msg:\"relays\"; sid:2;)\n",
};

fn fits(text: &str) -> bool {
    first_lines(text).next().is_some_and(|(_, line)| begins(line) && line.contains(['(', '>']))
}

#[derive(Default)]
struct Rules {
    /// A rule whose end is not there yet, and where it began.
    open: Option<(u32, String)>,
    /// Lines that it took.
    lines: usize,
    head: Head,
}

impl LineReader for Rules {
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        let Some(line) = usable(number, line, complaints) else { return true };
        if let Some(comment) = line.strip_prefix('#') {
            read_head(comment, &mut self.head);
            return true;
        }
        if line.is_empty() {
            return true;
        }
        if begins(line)
            && let Some((from, _)) = self.open.take()
        {
            complaints.line(from, "the rule has no end".to_owned(), "left out");
        }
        let (from, mut text) = self.open.take().unwrap_or_else(|| {
            self.lines = 0;
            (number, String::new())
        });
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) => (part.trim_end(), true),
            None => (line, !line.ends_with(')') && (begins(line) || !text.is_empty())),
        };
        let whole = if text.is_empty() && !goes_on {
            Cow::Borrowed(part)
        } else {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(part);
            Cow::Owned(text)
        };
        if !goes_on {
            return self.rule(from, &whole, complaints, out);
        }
        self.lines = self.lines.saturating_add(1);
        if whole.len() > LINE_BYTES_MAX || self.lines > CONTINUED_LINES_MAX {
            complaints.line(from, "the rule has no end".to_owned(), "left out");
        } else {
            self.open = Some((from, whole.into_owned()));
        }
        true
    }

    fn end(self: Box<Self>, complaints: &mut Complaints<'_>, _: Out<'_>) -> Head {
        if let Some((from, _)) = self.open {
            complaints.line(from, "the rule has no end".to_owned(), "left out");
        }
        self.head
    }
}

impl Rules {
    fn rule(
        &mut self,
        number: u32,
        text: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        let read = parse(text).map_err(str::to_owned).and_then(|rule| {
            let found = if rule.reports { subjects(&rule)? } else { None };
            Ok((rule, found))
        });
        let (rule, found) = match read {
            Ok(read) => read,
            Err(why) => {
                let why = format!("{why}: `{}`", shown(text));
                complaints.line(number, why, "left out");
                return true;
            }
        };
        let Some(found) = found else {
            self.head.unseen = self.head.unseen.saturating_add(1);
            return true;
        };
        let description = describe(&rule);
        let confidence_pct = confidence(&rule);
        found.into_iter().all(|(subject, exact)| {
            let description = Cow::Borrowed(&*description);
            out(Listed { exact, description, confidence_pct, ..entry(subject, number) })
        })
    }
}

fn value<'r>(rule: &Rule<'r>, key: &str) -> Option<&'r str> {
    rule.options.iter().find(|(word, _)| *word == key).map(|(_, value)| *value)
}

/// What the rule says of what it finds, and its number.
fn describe(rule: &Rule<'_>) -> String {
    let said = value(rule, "msg").and_then(quoted).map_or("", |said| said.text);
    let said = said.replace('\\', "");
    match value(rule, "sid") {
        Some(sid) if said.is_empty() => format!("rule {sid}"),
        Some(sid) => format!("{said} (rule {sid})"),
        None => said,
    }
}

/// `metadata: confidence High`, or a number behind `confidence_level`.
fn confidence(rule: &Rule<'_>) -> Option<u8> {
    let mut pairs = value(rule, "metadata")?.split(',').filter_map(|pair| {
        let (key, value) = pair.trim().split_once(' ')?;
        matches!(key, "confidence" | "confidence_level").then_some(value)
    });
    share_pct(pairs.next()?)
}
