//! Tables and sections as text, Markdown and the page share them: what is said, not how it looks.

/// What a cell is, so that it can be told apart without its words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Tone {
    #[default]
    Usual,
    /// Nobody allowed it.
    Unauthorised,
    /// A rule allows it.
    Authorised,
    /// It is, or belongs to, an incident.
    Incident,
    /// It matters less.
    Quiet,
}

/// One cell.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// Whether it came off the wire or out of a file, and may hold anything.
    pub(crate) foreign: bool,
}

impl Cell {
    /// A cell of our own words.
    pub(crate) fn own(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A cell of foreign text.
    pub(crate) fn foreign(text: &str) -> Cell {
        Cell { text: crate::plain::plain(text), tone: Tone::Usual, foreign: true }
    }

    /// A cell of foreign text, or a dash.
    pub(crate) fn maybe(text: Option<&str>) -> Cell {
        text.map_or_else(|| Cell::own("-"), Cell::foreign)
    }

    pub(crate) fn toned(self, tone: Tone) -> Cell {
        Cell { tone, ..self }
    }
}

/// One column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Whether it holds numbers.
    pub(crate) right: bool,
    /// Columns of a terminal that it needs to be of use.
    pub(crate) least: usize,
    /// Which leaves the row first where there is no room, and stands below it: the highest; never a
    /// zero.
    pub(crate) spare: u8,
    /// Whether it holds sentences, which say by themselves what they are.
    pub(crate) prose: bool,
}

/// A column of words.
pub(crate) const fn words(title: &'static str, least: usize, spare: u8) -> Column {
    Column { title, right: false, least, spare, prose: false }
}

/// A column of numbers.
pub(crate) const fn numbers(title: &'static str, least: usize, spare: u8) -> Column {
    Column { title, right: true, least, spare, prose: false }
}

/// A column of sentences: the first to leave the row.
pub(crate) const fn prose(title: &'static str) -> Column {
    Column { title, right: false, least: 40, spare: u8::MAX, prose: true }
}

/// A table, with as many cells in a row as it has columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Table {
    /// What it shows, for those who hear it.
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Rows that are left out.
    pub(crate) more: usize,
}

impl Table {
    /// A table of the first `most` of `all`.
    pub(crate) fn of<T>(
        caption: impl Into<String>,
        columns: &[Column],
        all: &[T],
        most: usize,
        row: impl FnMut(&T) -> Vec<Cell>,
    ) -> Table {
        Table {
            caption: caption.into(),
            columns: columns.to_vec(),
            rows: all.iter().take(most).map(row).collect(),
            more: all.len().saturating_sub(most),
        }
    }

    /// What is said below a table that was cut.
    pub(crate) fn rest(&self) -> Option<String> {
        (self.more > 0).then(|| {
            let more = crate::moment::number(self.more as u64);
            format!("and {more} more; CSV and JSON have every row")
        })
    }
}
