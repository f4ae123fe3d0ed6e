//! Filter lists of ad blockers, as far as a filter is about a name: `||domain^`.
//!
//! Adblock Plus filter syntax, and AdGuard's DNS filtering syntax.

use crate::sheet::{Complaints, shown};

use super::frame::{Format, Head, LineReader, Out, Reading};
use super::hosts;
use super::plain::{entry, first_lines, read_head, refuse, usable};
use super::told::{NoIndicator, Told, indicator};

/// Takes a text with the head of such a list, or most of whose first lines are its filters.
pub(super) const FORMAT: Format = Format {
    name: "adblock",
    fits: |_, text| fits(text),
    read: Reading::Lines(|_| Box::new(Adblock::default())),
    sample: "[Adblock Plus 2.0]\n! Title: A sample\n! Last modified: 2026-11-21\n\
        ||evil.example^\n||worse.example^$third-party\n@@||good.example^\nexample.com##.banner\n",
};

fn fits(text: &str) -> bool {
    let (mut filters, mut other, mut sure) = (0usize, 0usize, false);
    for (_, line) in first_lines(text) {
        let is_head = is_header(line);
        let filter = line.starts_with("||") || line.starts_with("@@") || is_cosmetic(line);
        sure |= is_head || filter;
        let count = if is_head || filter { &mut filters } else { &mut other };
        *count = count.saturating_add(1);
    }
    // Lines of bare names and of hosts files are filters too.
    sure && filters >= other
}

fn is_header(line: &str) -> bool {
    line.starts_with('[') && line.ends_with(']') && line.to_ascii_lowercase().contains("ad")
}

/// Filters of what a page shows: `example.com##.banner`, `##.banner`, `#@#`, `#?#`, `$$`.
fn is_cosmetic(line: &str) -> bool {
    let signs = ["##", "#@#", "#?#", "#$#", "#%#", "#@$#", "#@%#", "#@?#", "$$", "$@$"];
    // A row of `#` is a line drawn between comments; `###id` is about an element.
    let drawn = line.trim_start_matches('#').starts_with(' ') || line.ends_with("##");
    !drawn && signs.iter().any(|sign| line.contains(sign))
}

/// Options with which a filter still blocks all that its name is asked for, or a kind of it.
const NEUTRAL_OPTIONS: [&str; 25] = [
    "third-party",
    "3p",
    "first-party",
    "1p",
    "strict3p",
    "strict1p",
    "all",
    "document",
    "doc",
    "important",
    "popup",
    "popunder",
    "script",
    "image",
    "stylesheet",
    "css",
    "subdocument",
    "frame",
    "xmlhttprequest",
    "xhr",
    "websocket",
    "media",
    "font",
    "object",
    "other",
];

#[derive(Default)]
struct Adblock {
    head: Head,
}

impl LineReader for Adblock {
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        let Some(line) = usable(number, line, complaints) else { return true };
        if line.is_empty() || is_header(line) {
            return true;
        }
        if let Some(comment) = line.strip_prefix('!') {
            read_head(comment, &mut self.head);
            return true;
        }
        if line.starts_with("@@") || is_cosmetic(line) {
            self.head.unseen = self.head.unseen.saturating_add(1);
            return true;
        }
        if let Some(comment) = line.strip_prefix('#') {
            read_head(comment, &mut self.head);
            return true;
        }
        if is_regex(line) {
            let why = format!("`{}` is a regular expression over addresses", shown(line));
            complaints.line(number, why, "left out; write a `pattern` in a curated feed");
            return true;
        }
        if let Some(mut names) = hosts::names(line) {
            return names
                .all(|name| hosts::is_own(name) || self.give(name, name, number, complaints, out));
        }
        match target(line) {
            Some(target) => self.give(target, line, number, complaints, out),
            None => {
                self.head.unseen = self.head.unseen.saturating_add(1);
                true
            }
        }
    }

    fn end(self: Box<Self>, _: &mut Complaints<'_>, _: Out<'_>) -> Head {
        self.head
    }
}

impl Adblock {
    fn give(
        &mut self,
        target: &str,
        line: &str,
        number: u32,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool {
        match indicator(target, Told::Any) {
            Ok(subject) => out(entry(subject, number)),
            Err(error) => {
                // `/banner/ads.js`, `&ad_box_`: parts of addresses, on whatever host.
                let part = !line.starts_with("||") && !target.contains(' ');
                let part = part && target.contains(['/', '&', '?', '=', '*', '_', '-']);
                let error = if part { NoIndicator::Unseen } else { error };
                refuse(line, error, number, &mut self.head, complaints);
                true
            }
        }
    }
}

fn is_regex(line: &str) -> bool {
    line.len() > 2
        && line.starts_with('/')
        && (line.ends_with('/') || line.contains("/$"))
        && line.contains(['\\', '^', '(', '[', '+', '|'])
}

/// What a filter blocks: a name, an address or a page. `None`: it has a condition that nothing on
/// the wire shows, or is about part of an address.
fn target(line: &str) -> Option<&str> {
    let (pattern, options) = match line.rsplit_once('$') {
        // A `$` may stand in a path too.
        Some((pattern, options)) if !options.contains('/') => (pattern, options),
        _ => (line, ""),
    };
    let neutral = |option: &str| {
        let option = option.trim().trim_start_matches('~');
        option.is_empty() || NEUTRAL_OPTIONS.contains(&option)
    };
    if !options.split(',').all(neutral) {
        return None;
    }
    let pattern = pattern.trim_start_matches('|').trim_end_matches('|');
    let pattern = pattern.strip_suffix("^*").unwrap_or(pattern).trim_end_matches('^');
    let bare = pattern.strip_prefix("*.").unwrap_or(pattern);
    (!bare.contains(['*', '^'])).then_some(bare)
}
