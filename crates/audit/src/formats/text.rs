//! The report on a terminal: tables no wider than it is, and no colour where none is wanted.

use std::fmt::Write as _;

use super::Style;
use super::sections;
use super::tables::{Cell, Column, Table, Tone};
use crate::limits::{INCIDENTS_TOLD_MAX, TEXT_ROWS_MAX};
use crate::plain::{cut, plain, width};
use crate::report::{Incident, Report};

/// Columns between two cells.
const GAP: usize = 2;
/// A narrower terminal than this is not reckoned with.
const WIDTH_MIN: usize = 40;
/// Widest cell where the terminal sets no bound.
const CELL_MAX: usize = 120;

struct Page {
    out: String,
    style: Style,
}

/// The whole report.
pub(crate) fn page(report: &Report, style: Style) -> String {
    let style = Style { width: style.width.map(|width| width.max(WIDTH_MIN)), ..style };
    let mut page = Page { out: String::new(), style };
    page.line(&page.bold("Remote access: audit"));
    for (title, said) in sections::heading(report) {
        page.paragraph(&format!("{title:<8}"), &said);
    }
    page.line("");
    page.paragraph("", &report.sentence());
    page.line("");
    page.figures(report);
    page.title("Incidents", report.incidents.len());
    page.said(report.incidents.is_empty(), sections::NO_INCIDENTS);
    for (place, incident) in report.incidents.iter().take(INCIDENTS_TOLD_MAX).enumerate() {
        page.incident(place + 1, incident);
    }
    page.more(report.incidents.len().saturating_sub(INCIDENTS_TOLD_MAX));
    page.title("Uses", report.uses.len());
    page.said(report.uses.is_empty(), sections::NO_USES);
    page.table(&sections::uses(&report.uses, TEXT_ROWS_MAX));
    page.title("Alerts", report.alerts.len());
    page.said(report.alerts.is_empty(), sections::NO_ALERTS);
    page.table(&sections::alerts(&report.alerts, TEXT_ROWS_MAX));
    page.title("Hosts by number of tools", report.hosts.len());
    page.said(report.hosts.is_empty(), sections::NO_USES);
    page.table(&sections::hosts(&report.hosts, TEXT_ROWS_MAX));
    page.new_uses(report);
    page.unused(report);
    page.title("Blind spots", report.blind.len());
    page.said(report.blind.is_empty(), sections::NO_HEALTH);
    page.blind(report);
    if !(report.left_out.is_empty() && report.refused_first.is_empty()) {
        page.title("What this report leaves out", 0);
        page.left_out(report);
    }
    page.out
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn said(&mut self, fits: bool, text: &str) {
        if fits {
            self.paragraph("", text);
        }
    }

    fn title(&mut self, text: &str, count: usize) {
        self.line("");
        let counted = if count > 0 {
            format!(" ({})", crate::moment::number(count as u64))
        } else {
            String::new()
        };
        self.line(&self.bold(&format!("{text}{counted}")));
    }

    fn more(&mut self, more: usize) {
        if more > 0 {
            let more = crate::moment::number(more as u64);
            self.line(&format!("and {more} more; JSON has all of them"));
        }
    }

    /// Words behind a head, broken where the terminal ends.
    fn paragraph(&mut self, head: &str, text: &str) {
        let indent = width(head);
        let room = self.style.width.map_or(usize::MAX, |all| all.saturating_sub(indent).max(20));
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let line = lines.last_mut().map_or("", |line| line.as_str());
            if !line.is_empty() && width(line) + 1 + width(word) > room {
                lines.push(String::new());
            }
            let Some(line) = lines.last_mut() else { break };
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&cut(word, room));
        }
        for (place, line) in lines.iter().enumerate() {
            let head = if place == 0 { head.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{head}{line}"));
        }
    }

    fn figures(&mut self, report: &Report) {
        let all = sections::figures(report);
        let most = all.iter().map(|(value, ..)| width(value)).max().unwrap_or(0);
        for (value, what, tone) in all {
            let value = self.painted(&format!("{value:>most$}"), tone);
            self.line(&format!("  {value}  {what}"));
        }
    }

    fn incident(&mut self, number: usize, incident: &Incident) {
        let alarm = &incident.alarm;
        let head = format!("◆ {number}. {}", sections::incident_line(alarm));
        let head =
            self.painted(&cut(&head, self.style.width.unwrap_or(usize::MAX)), Tone::Incident);
        self.line(&head);
        self.paragraph("  ", &plain(&alarm.reason));
        let facts = sections::incident_facts(incident);
        let facts: Vec<String> =
            facts.iter().map(|(title, said)| format!("{}: {said}", title.to_lowercase())).collect();
        self.paragraph("  ", &facts.join("; "));
        self.table(&sections::stages(incident));
    }

    fn new_uses(&mut self, report: &Report) {
        let table = sections::new(&report.uses, TEXT_ROWS_MAX);
        self.title("New in this period", table.rows.len() + table.more);
        self.said(table.rows.is_empty(), sections::no_new(report));
        self.table(&table);
    }

    fn unused(&mut self, report: &Report) {
        self.title("Rules without a use", report.unused.as_ref().map_or(0, Vec::len));
        match &report.unused {
            None => self.paragraph("", sections::NO_POLICY),
            Some(rules) if rules.is_empty() => self.paragraph("", sections::NO_UNUSED),
            Some(rules) => self.table(&sections::unused(rules, TEXT_ROWS_MAX)),
        }
    }

    /// Sentences are too long for a cell: they stand below their figures.
    fn blind(&mut self, report: &Report) {
        for row in sections::blind(&report.blind).rows {
            let [what, count, of, share, meaning] = row.as_slice() else { continue };
            let said = format!("{}: {} of {}, {}", what.text, count.text, of.text, share.text);
            self.paragraph("", &said);
            self.paragraph("    ", &meaning.text);
        }
    }

    fn left_out(&mut self, report: &Report) {
        for said in &report.left_out {
            self.paragraph("- ", said);
        }
        for line in &report.refused_first {
            let said = format!("{}: {}", plain(&line.place), plain(&line.why));
            self.paragraph("- refused: ", &said);
        }
        let more = report.lines.refused.saturating_sub(report.refused_first.len() as u64);
        if more > 0 {
            self.line(&format!("- and {} lines more", crate::moment::number(more)));
        }
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        let layout = Layout::of(table, self.style.width);
        let titles: Vec<Cell> =
            table.columns.iter().map(|column| Cell::own(column.title).toned(Tone::Quiet)).collect();
        self.row(table, &layout, &titles);
        for row in &table.rows {
            self.row(table, &layout, row);
            let below = layout.below.iter().filter_map(|place| {
                let (cell, column) = (row.get(*place)?, table.columns.get(*place)?);
                let said = match (cell.text.as_str(), column.prose) {
                    ("-" | "", _) => return None,
                    (text, true) => text.to_owned(),
                    (text, false) => format!("{} {text}", column.title.to_lowercase()),
                };
                Some(said)
            });
            let below = below.collect::<Vec<_>>().join("; ");
            if !below.is_empty() {
                self.paragraph("    ", &below);
            }
        }
        if let Some(rest) = table.rest() {
            self.line(&rest);
        }
    }

    fn row(&mut self, table: &Table, layout: &Layout, row: &[Cell]) {
        let mut line = String::new();
        for &(place, room) in &layout.shown {
            let (Some(cell), Some(column)) = (row.get(place), table.columns.get(place)) else {
                continue;
            };
            let text = cut(&cell.text, room);
            let fill = " ".repeat(room.saturating_sub(width(&text)));
            let text = self.painted(&text, cell.tone);
            let gap = if line.is_empty() { "" } else { "  " };
            let _ = match column.right {
                true => write!(line, "{gap}{fill}{text}"),
                false => write!(line, "{gap}{text}{fill}"),
            };
        }
        self.line(&line);
    }

    fn bold(&self, text: &str) -> String {
        if self.style.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// The text in its tone's colour, of the sixteen that every terminal's owner has chosen.
    fn painted(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Usual => return text.to_owned(),
            Tone::Incident => "1;31",
            Tone::Unauthorised => "33",
            Tone::Authorised => "36",
            Tone::Quiet => "2",
        };
        if self.style.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Where a table's columns stand.
struct Layout {
    /// Those in the row, and how wide each is.
    shown: Vec<(usize, usize)>,
    /// Those that are told below it, since there is no room.
    below: Vec<usize>,
}

impl Layout {
    fn of(table: &Table, width: Option<usize>) -> Layout {
        let natural = |place: usize, column: &Column| {
            let cells = table.rows.iter().filter_map(|row| row.get(place));
            let widest = cells.map(|cell| self::width(&cell.text)).max().unwrap_or(0);
            let most = if column.prose { usize::MAX } else { CELL_MAX };
            widest.max(self::width(column.title)).min(most)
        };
        // A column of dashes tells nothing.
        let says = |place: usize| {
            table.rows.iter().any(|row| row.get(place).is_some_and(|cell| cell.text != "-"))
        };
        let columns = table.columns.iter().enumerate().filter(|(place, _)| says(*place));
        let mut shown: Vec<(usize, &Column, usize)> =
            columns.map(|(place, column)| (place, column, natural(place, column))).collect();
        let mut below = Vec::new();
        if let Some(all) = width {
            let least = |(_, column, natural): &(usize, &Column, usize)| column.least.min(*natural);
            let room = |shown: &[(usize, &Column, usize)]| {
                all.saturating_sub(GAP * shown.len().saturating_sub(1))
            };
            while shown.iter().map(least).sum::<usize>() > room(&shown) {
                let spare = shown.iter().enumerate().filter(|(_, (_, column, _))| column.spare > 0);
                let Some((place, _)) = spare.max_by_key(|(_, (_, column, _))| column.spare) else {
                    break;
                };
                below.push(shown.remove(place).0);
            }
            let room = room(&shown);
            narrow(&mut shown, room);
        }
        below.sort_unstable();
        Layout { shown: shown.into_iter().map(|(place, _, width)| (place, width)).collect(), below }
    }
}

/// Make columns narrower until they fit: the widest gives first, one by one, down to what it needs,
/// and where that is not enough, below it.
fn narrow(shown: &mut [(usize, &Column, usize)], room: usize) {
    for floor in [true, false] {
        while shown.iter().map(|(.., width)| width).sum::<usize>() > room {
            let wide = |column: &Column, width: usize| width > if floor { column.least } else { 4 };
            let widest = shown
                .iter_mut()
                .filter(|(_, column, width)| wide(column, *width))
                .max_by_key(|(.., width)| *width);
            match widest {
                Some((.., width)) => *width -= 1,
                None => break,
            }
        }
    }
}
