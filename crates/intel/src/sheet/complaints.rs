//! What is wrong with one file, and where.

use std::cell::OnceCell;

use model::Complaint;

use crate::limits::COMPLAINTS_PER_FILE_MAX;

/// The complaints about one file; bounded.
#[derive(Debug)]
pub(crate) struct Complaints<'a> {
    file: &'a str,
    text: &'a str,
    /// Offsets at which lines begin; made when the first place is asked for.
    lines: OnceCell<Vec<usize>>,
    kept: Vec<Complaint>,
    left_out: usize,
}

impl<'a> Complaints<'a> {
    pub(crate) const fn new(file: &'a str, text: &'a str) -> Complaints<'a> {
        Complaints { file, text, lines: OnceCell::new(), kept: Vec::new(), left_out: 0 }
    }

    /// Complain about the octet at `offset`.
    pub(crate) fn at(&mut self, offset: usize, why: String, fix: impl Into<String>) {
        if self.kept.len() < COMPLAINTS_PER_FILE_MAX {
            let (line, column) = self.place(offset);
            let file = self.file.into();
            self.kept.push(Complaint { file, line, column, why, fix: fix.into() });
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Complain about a line, counted from 1.
    pub(crate) fn line(&mut self, line: u32, why: String, fix: impl Into<String>) {
        self.placed(line, 1, why, fix);
    }

    /// Complain about a place that is already known, both from 1.
    pub(crate) fn placed(&mut self, line: u32, column: u32, why: String, fix: impl Into<String>) {
        if self.kept.len() < COMPLAINTS_PER_FILE_MAX {
            let file = self.file.into();
            self.kept.push(Complaint { file, line, column, why, fix: fix.into() });
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Take what was said of the same file by one that knows its text.
    pub(crate) fn take(&mut self, other: Complaints<'_>) {
        self.kept.extend(other.kept);
        self.left_out = self.left_out.saturating_add(other.left_out);
    }

    /// How much was complained about, kept or not.
    pub(crate) const fn count(&self) -> usize {
        self.kept.len().saturating_add(self.left_out)
    }

    /// Line and column of an offset, both from 1.
    pub(crate) fn place(&self, offset: usize) -> (u32, u32) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
            std::iter::once(0).chain(ends).collect()
        });
        let line = lines.partition_point(|start| *start <= offset);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        // An offset from a parser of foreign text need not be one of a character.
        let before = self.text.as_bytes().get(start..offset.min(self.text.len()));
        let column = before.map_or(0, |before| String::from_utf8_lossy(before).chars().count());
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(line.max(1)), number(column.saturating_add(1)))
    }

    /// All that was said; what did not fit is counted in a last one.
    pub(crate) fn finish(mut self) -> Vec<Complaint> {
        if self.left_out > 0 {
            self.kept.push(Complaint {
                file: self.file.into(),
                line: 1,
                column: 1,
                why: format!("{} more problems in this file are not listed", self.left_out),
                fix: "mend those above first".to_owned(),
            });
        }
        self.kept
    }
}
