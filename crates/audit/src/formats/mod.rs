//! The list of formats: a new one is a file here and two lines below.

mod csv;
mod html;
mod json;
mod markdown;
mod sections;
mod tables;
mod text;

use std::io::{self, Write};

use crate::report::Report;

/// How a report is printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// For a terminal.
    Text,
    /// GitHub's tables.
    Markdown,
    /// One row a use (RFC 4180).
    Csv,
    /// One object.
    Json,
    /// One page that holds all it needs.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 5] =
        [Format::Text, Format::Markdown, Format::Csv, Format::Json, Format::Html];
}

/// What text may look like. No other format asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Columns of the terminal; `None`: as wide as the tables are.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub colour: bool,
}

impl Report {
    /// Print it.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write(&self, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text => out.write_all(text::page(self, style).as_bytes()),
            Format::Markdown => out.write_all(markdown::page(self).as_bytes()),
            Format::Csv => csv::write(self, out),
            Format::Json => json::write(self, out),
            Format::Html => out.write_all(html::page(self).as_bytes()),
        }
    }
}
