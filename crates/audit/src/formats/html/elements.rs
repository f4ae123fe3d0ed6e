//! Pieces that the page is made of, and the one place where text becomes HTML.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::formats::tables::{Cell, Table, Tone};
use crate::plain::plain;

/// Characters from which on a word is long: three groups of an IPv6 address fit.
const LONG_WORD: usize = 18;

/// Text as it may stand in an element or a quoted attribute.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'', '`', '=']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            '=' => out.push_str("&#61;"),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Foreign text: harmless, and set apart, so that its direction of writing ends with it.
pub(crate) fn foreign(text: &str) -> String {
    let text = plain(text);
    format!("{}{}</bdi>", isolated(&text), escaped(&text))
}

/// Opens what sets foreign text apart. A long word may break anywhere, so that it breaks nothing
/// else; a short one stays whole.
fn isolated(text: &str) -> &'static str {
    let long = |word: &str| word.chars().count() > LONG_WORD;
    if text.split(' ').any(long) { "<bdi class=\"long\">" } else { "<bdi>" }
}

/// The class of a tone, with a space before it.
pub(crate) const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Incident => " incident",
        Tone::Unauthorised => " unauthorised",
        Tone::Authorised => " authorised",
        Tone::Quiet => " quiet",
        Tone::Usual => "",
    }
}

/// The mark of a tone: a shape of its own, so that it is told apart without colour.
pub(crate) fn mark(tone: Tone) -> String {
    let word = class(tone).trim_start();
    match tone {
        Tone::Usual | Tone::Quiet => String::new(),
        _ => format!(
            "<svg class=\"mark {word}\" aria-hidden=\"true\"><use href=\"#mark-{word}\"/></svg>"
        ),
    }
}

/// A mark and its word, which stay together.
pub(crate) fn marked(tone: Tone, word: &str) -> String {
    let (mark, class) = (mark(tone), class(tone));
    format!("<span class=\"standing{class}\">{mark}{word}</span>")
}

/// Titles and what they say.
pub(crate) fn facts(facts: &[(&'static str, String)], out: &mut String) {
    out.push_str("<dl class=\"facts\">\n");
    for (title, said) in facts {
        let _ = writeln!(out, "<div><dt>{title}</dt><dd>{}</dd></div>", foreign(said));
    }
    out.push_str("</dl>\n");
}

/// A table that scrolls by itself where the page is narrow.
pub(crate) fn table(table: &Table, out: &mut String) {
    let caption = escaped(&table.caption);
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n\
         <table>\n<caption>{caption}</caption>\n<thead><tr>"
    );
    // A column of dashes tells nothing.
    let says = |place: usize| {
        table.rows.iter().any(|row| row.get(place).is_some_and(|cell| cell.text != "-"))
    };
    let shown: Vec<usize> = (0..table.columns.len()).filter(|place| says(*place)).collect();
    for place in &shown {
        let Some(column) = table.columns.get(*place) else { continue };
        let class = if column.right { " class=\"n\"" } else { "" };
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escaped(column.title));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for place in &shown {
            let (Some(column), Some(cell)) = (table.columns.get(*place), row.get(*place)) else {
                continue;
            };
            let class = match (column.right, stays_together(cell)) {
                (true, _) => " class=\"n\"",
                (_, true) => " class=\"t\"",
                _ => "",
            };
            let _ = write!(out, "<td{class}>{}</td>", shown_as(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    if let Some(rest) = table.rest() {
        let _ = writeln!(out, "<p class=\"quiet\">{}</p>", escaped(&rest));
    }
}

fn shown_as(cell: &Cell) -> Cow<'_, str> {
    let marks = ["◆ ", "● ", "○ "];
    match marks.iter().find_map(|mark| cell.text.strip_prefix(mark)) {
        Some(word) if !cell.foreign => Cow::Owned(marked(cell.tone, &escaped(word))),
        _ if cell.foreign => {
            Cow::Owned(format!("{}{}</bdi>", isolated(&cell.text), escaped(&cell.text)))
        }
        _ if cell.text == "-" => Cow::Borrowed("–"),
        _ => escaped(&cell.text),
    }
}

/// Whether it is of our own words and as short as a moment: it should not break.
fn stays_together(cell: &Cell) -> bool {
    !cell.foreign && cell.text.len() <= "2026-11-21 20:15:42".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_is_an_element_or_an_attribute() {
        let table = [
            ("plain", "<bdi>plain</bdi>"),
            (
                "<script>alert('x')</script>",
                "<bdi class=\"long\">&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</bdi>",
            ),
            ("\" onload=\"x", "<bdi>&quot; onload&#61;&quot;x</bdi>"),
            ("a&amp;b", "<bdi>a&amp;amp;b</bdi>"),
            ("\u{202e}gpj.exe", "<bdi>\\u{202e}gpj.exe</bdi>"),
            ("</bdi>", "<bdi>&lt;/bdi&gt;</bdi>"),
        ];
        for (text, want) in table {
            assert_eq!(foreign(text), want);
        }
    }
}
