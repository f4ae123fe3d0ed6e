//! The report in Markdown, with GitHub's tables. Foreign text stands in code spans, where nothing
//! of it is a link, a picture or markup.

use std::fmt::Write as _;

use super::sections;
use super::tables::{Cell, Table};
use crate::limits::{INCIDENTS_TOLD_MAX, TEXT_ROWS_MAX};
use crate::moment;
use crate::plain::plain;
use crate::report::Report;

/// The whole report.
pub(crate) fn page(report: &Report) -> String {
    let mut out = "# Remote access: audit\n\n".to_owned();
    for (title, said) in sections::heading(report) {
        let _ = writeln!(out, "- **{title}:** {}", prose(&said));
    }
    let _ = writeln!(out, "\n{}\n", report.sentence());
    out.push_str("| figure | count |\n|---|---:|\n");
    for (value, what, _) in sections::figures(report) {
        let _ = writeln!(out, "| {what} | {value} |");
    }
    incidents(report, &mut out);
    section("Uses", sections::NO_USES, &sections::uses(&report.uses, TEXT_ROWS_MAX), &mut out);
    let alerts = sections::alerts(&report.alerts, TEXT_ROWS_MAX);
    section("Alerts", sections::NO_ALERTS, &alerts, &mut out);
    let hosts = sections::hosts(&report.hosts, TEXT_ROWS_MAX);
    section("Hosts by number of tools", sections::NO_USES, &hosts, &mut out);
    let none = sections::no_new(report);
    section("New in this period", none, &sections::new(&report.uses, TEXT_ROWS_MAX), &mut out);
    let none = if report.unused.is_none() { sections::NO_POLICY } else { sections::NO_UNUSED };
    let unused = report.unused.as_deref().unwrap_or_default();
    section("Rules without a use", none, &sections::unused(unused, TEXT_ROWS_MAX), &mut out);
    section("Blind spots", sections::NO_HEALTH, &sections::blind(&report.blind), &mut out);
    left_out(report, &mut out);
    out
}

fn incidents(report: &Report, out: &mut String) {
    out.push_str("\n## Incidents\n");
    if report.incidents.is_empty() {
        let _ = write!(out, "\n{}\n", sections::NO_INCIDENTS);
    }
    for (place, incident) in report.incidents.iter().take(INCIDENTS_TOLD_MAX).enumerate() {
        let alarm = &incident.alarm;
        let line = code(&sections::incident_line(alarm));
        let _ = write!(out, "\n### {}. {line}\n\n{}\n\n", place + 1, prose(&plain(&alarm.reason)));
        for (title, said) in sections::incident_facts(incident) {
            let _ = writeln!(out, "- **{title}:** {}", prose(&said));
        }
        out.push('\n');
        table(&sections::stages(incident), out);
    }
    let more = report.incidents.len().saturating_sub(INCIDENTS_TOLD_MAX);
    if more > 0 {
        let _ = writeln!(out, "\nand {} more; JSON has all of them", moment::number(more as u64));
    }
}

fn section(title: &str, none: &str, rows: &Table, out: &mut String) {
    let _ = write!(out, "\n## {title}\n\n");
    if rows.rows.is_empty() {
        let _ = writeln!(out, "{none}");
    } else {
        table(rows, out);
    }
}

fn left_out(report: &Report, out: &mut String) {
    if report.left_out.is_empty() && report.refused_first.is_empty() {
        return;
    }
    out.push_str("\n## What this report leaves out\n\n");
    for said in &report.left_out {
        let _ = writeln!(out, "- {}", prose(said));
    }
    for line in &report.refused_first {
        let said = format!("{}: {}", plain(&line.place), plain(&line.why));
        let _ = writeln!(out, "- refused: {}", code(&said));
    }
    let more = report.lines.refused.saturating_sub(report.refused_first.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "- and {} lines more", moment::number(more));
    }
}

fn table(table: &Table, out: &mut String) {
    for column in &table.columns {
        let _ = write!(out, "| {} ", column.title);
    }
    out.push_str("|\n");
    for column in &table.columns {
        out.push_str(if column.right { "|---:" } else { "|---" });
    }
    out.push_str("|\n");
    for row in &table.rows {
        for cell in row {
            let _ = write!(out, "| {} ", self::cell(cell));
        }
        out.push_str("|\n");
    }
    if let Some(rest) = table.rest() {
        let _ = writeln!(out, "\n{rest}");
    }
}

/// A cell. In a table a bar ends a cell even in a code span, unless a backslash stands before it
/// (GitHub Flavored Markdown 0.29, section 4.10).
fn cell(cell: &Cell) -> String {
    let text = if cell.foreign { code(&cell.text) } else { prose(&cell.text) };
    text.replace('|', "\\|")
}

/// A code span: fenced with more backticks than the text has in a row (CommonMark 0.31, section
/// 6.1).
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space each side is taken off again, and keeps a backtick at an end apart from the fence.
    if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// A sentence, with everything in it that is markup or would become a link made literal.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            _ => out.push(c),
        }
    }
    // GitHub makes links of what only looks like one (section 6.9).
    let parted = out.replace("://", ":&#47;/");
    let mut out = String::with_capacity(parted.len());
    let mut rest = parted.as_str();
    while let Some(at) = rest.to_ascii_lowercase().find("www.") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        out.push_str("&#46;");
        rest = tail.strip_prefix('.').unwrap_or(tail);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_no_markup() {
        let table = [
            ("evil.example", "`evil.example`"),
            ("a|b", "`a\\|b`"),
            ("``x`", "``` ``x` ```"),
            ("<script>alert(1)</script>", "`<script>alert(1)</script>`"),
            ("![x](http://evil.example/)", "`![x](http://evil.example/)`"),
        ];
        for (text, want) in table {
            assert_eq!(cell(&Cell::foreign(text)), want);
        }
    }

    #[test]
    fn sentences_make_no_links() {
        let table = [
            ("see http://evil.example/", "see http:&#47;/evil.example/"),
            ("WWW.evil.example www.x", "WWW&#46;evil.example www&#46;x"),
            ("[a](b) <i> *x* a_b", "\\[a\\](b) \\<i\\> \\*x\\* a\\_b"),
            ("@someone & co", "&#64;someone &amp; co"),
        ];
        for (text, want) in table {
            assert_eq!(prose(text), want);
        }
    }
}
