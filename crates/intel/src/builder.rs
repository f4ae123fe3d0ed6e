//! Texts in, a book out: what cannot be used is complained about, the rest stands.

use std::sync::Arc;

use model::{Complaint, Specificity};

use crate::book::{Book, CATALOGUE, PathSign, PatternOwner, ProtocolSign, RowPlace};
use crate::catalogue::{self, FileRow, Sign, ToolFile};
use crate::feeding::Details;
use crate::gate::Gate;
use crate::gating::{gate_patterns, note};
use crate::index::RowNumber;
use crate::limits::{
    CATALOGUE_FILE_BYTES_MAX, LOOSE_PATTERNS_MAX, PATTERNS_BYTES_MAX, PATTERNS_PER_NAME_MAX,
    ROWS_MAX,
};
use crate::lookalikes;
use crate::met::Met;
use crate::names;
use crate::naming::{self, Public};
use crate::networks::Owner as NetworkOwner;
use crate::pattern::NamePattern;
use crate::rows::{Row, Tool};
use crate::sheet::Complaints;

/// Takes files one after another, in any order, and makes a [`Book`] of them.
#[derive(Default)]
pub struct BookBuilder {
    pub(crate) book: Book,
    tools: Vec<ToolFile>,
    lookalikes: lookalikes::Builder,
    rows: usize,
    /// What feeds say of entries, to say it once.
    pub(crate) details: Details,
    pub(crate) complaints: Vec<Complaint>,
}

impl BookBuilder {
    /// A builder of an empty book.
    #[must_use]
    pub fn new() -> BookBuilder {
        let gate = Gate::new();
        let catalogue_list = CATALOGUE.into();
        BookBuilder {
            book: Book { gate, catalogue_list, ..Book::default() },
            ..BookBuilder::default()
        }
    }

    /// Add one tool's TOML.
    pub fn catalogue(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints)
            && let Some(tool) = catalogue::read(file, text, &mut complaints)
        {
            self.add_tool(tool, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// Add what first labels say of hosts whose role nobody stated.
    pub fn labels(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints) {
            self.book.labels.read(text, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// Add public resolvers, by which DNS over HTTPS is known.
    pub fn resolvers(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints) {
            self.book.resolvers.read(text, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// Add a brand that others imitate: one of its own file, or `[[brand]]` tables.
    pub fn brands(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints) {
            self.lookalikes.read_brands(file, text, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// Add what names that lie are made of: words of help desks, cheap endings, letters that look
    /// alike.
    pub fn vocabulary(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints) {
            self.lookalikes.read_vocabulary(text, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// Add words of a language, which labels are taken apart into: one a line, the most frequent
    /// first; `#` begins a remark.
    pub fn words(&mut self, text: &str) {
        self.lookalikes.read_words(text);
    }

    /// Add names and networks that must never alert alone. It counts for all files, those added
    /// before too.
    pub fn gate(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints) {
            self.book.gate.read(text, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// The book, and all that was wrong.
    #[must_use]
    pub fn build(mut self) -> (Book, Vec<Complaint>) {
        gate_patterns(&mut self.book);
        self.book.lookalikes = std::mem::take(&mut self.lookalikes).build();
        self.tools.sort_by(|one, two| one.id.cmp(&two.id));
        for file in std::mem::take(&mut self.tools) {
            self.index_tool(file);
        }
        let mut held: Vec<(String, u16)> =
            self.book.gate.names().map(|(name, group)| (name.to_owned(), group)).collect();
        held.sort_unstable();
        for (name, group) in held {
            self.book.names.insert(&name, names::Owner::Gate(group));
        }
        self.book.names.finish();
        self.book.met = Met::new();
        (self.book, self.complaints)
    }

    fn add_tool(&mut self, mut tool: ToolFile, complaints: &mut Complaints<'_>) {
        if let Some(first) = self.tools.iter().find(|other| other.id == tool.id) {
            let why = format!("the id `{}` is taken by {}", tool.id, first.file);
            complaints.at(0, why, "give the tool another id, or put both into one file");
            return;
        }
        let place = ROWS_MAX.saturating_sub(self.rows);
        if tool.rows.len() > place {
            let why = format!("the catalogue has more than {ROWS_MAX} rows");
            complaints.at(0, why, "rows of this file are left out");
            tool.rows.truncate(place);
        }
        self.rows = self.rows.saturating_add(tool.rows.len());
        self.tools.push(tool);
    }

    // The catalogue

    fn index_tool(&mut self, file: ToolFile) {
        let Ok(tool) = u32::try_from(self.book.tools.len()) else { return };
        let mut rows: Vec<Row> = Vec::with_capacity(file.rows.len());
        for mut row in file.rows {
            self.gate_row(&file.file, &mut row);
            let (Ok(number), Ok(place)) =
                (u32::try_from(self.book.rows.len()), u32::try_from(rows.len()))
            else {
                continue;
            };
            if self.index_row(&file.file, &row.row, row.sign, number, (row.line, row.column)) {
                if row.taken.version.is_some() || row.taken.operator.is_some() {
                    self.book.taken.insert(number, row.taken);
                }
                self.book.rows.push(RowPlace { tool, row: place, tenant: row.tenant });
                rows.push(row.row);
            }
        }
        let version = rows.iter().map(|row| &row.checked).max().cloned();
        self.book.tools.push(Tool {
            id: file.id,
            name: file.name,
            hosting: file.hosting,
            note: file.note,
            version: version.unwrap_or_else(|| "-".into()),
            rows,
        });
    }

    fn gate_row(&mut self, file: &Arc<str>, row: &mut FileRow) {
        let gate = &self.book.gate;
        let group = match &row.sign {
            Sign::Exact | Sign::Suffix => gate.holds_name(&row.row.value),
            Sign::Pattern(pattern) => gate.holds_pattern(pattern),
            Sign::Network(network) => gate.holds_network(network),
            _ => None,
        };
        let Some(group) = group else { return };
        let group = gate.group_name(group);
        if row.row.specificity != Specificity::Generic {
            let why = format!("gated: `{}` never alerts alone: {group}", row.row.value);
            self.book.gated_rows.push(note(file, row.line, row.column, why));
        }
        row.row.specificity = Specificity::Generic;
        row.row.gated = Some(group);
        let registry = naming::public(&row.row.value) == Public::Registry;
        if matches!(row.sign, Sign::Suffix) && registry {
            row.sign = Sign::Exact;
        }
    }

    /// Put a row where it is looked for. `false`: there is no place for it.
    fn index_row(
        &mut self,
        file: &Arc<str>,
        row: &Row,
        sign: Sign,
        number: RowNumber,
        (line, column): (u32, u32),
    ) -> bool {
        let book = &mut self.book;
        match sign {
            Sign::Exact => return book.names.insert(&row.value, names::Owner::Exact(number)),
            Sign::Suffix => return book.names.insert(&row.value, names::Owner::Suffix(number)),
            Sign::Pattern(pattern) => {
                let added = add_pattern(book, pattern, PatternOwner::Row(number));
                if !added {
                    self.complaints.push(Complaint {
                        file: Arc::clone(file),
                        line,
                        column,
                        why: "there is no place for the pattern: there are too many".to_owned(),
                        fix: "end it in a whole label of its own, e.g. `\\.x\\.com$`".to_owned(),
                    });
                }
                return added;
            }
            // Everyone's port is no hint.
            Sign::Ports { .. } if row.specificity == Specificity::Generic => {}
            Sign::Ports { transport, first, last } => {
                book.ports.insert(transport, first, last, number);
            }
            Sign::Network(network) => {
                return book.networks.insert(&network, NetworkOwner::Row(number));
            }
            Sign::Alpn => book.alpns.push((Box::from(row.value.as_bytes()), number)),
            Sign::Ja4 => {
                let head = row.value.split('_').next().unwrap_or_default();
                book.ja4_heads.insert(head.into());
                book.ja4s.entry(Box::from(&*row.value)).or_default().push(number);
            }
            Sign::Certificate(sign) => book.certificates.0.push((sign, number)),
            Sign::UserAgent(glob) => book.user_agents.push((glob, number)),
            Sign::Path { glob, method } => {
                let speaks_of_query = row.value.contains('?');
                book.paths.push(PathSign { glob, speaks_of_query, method, row: number });
            }
            Sign::File(glob) => book.files.insert(&row.value, glob, number),
            Sign::Payload(signature) => book.payloads.insert(signature, number),
            Sign::Protocol { protocol, told } => {
                book.protocols.push(ProtocolSign { protocol, told, row: number });
            }
        }
        true
    }
}

/// Put a pattern where it is looked for. `false`: there is no place for it.
pub(crate) fn add_pattern(book: &mut Book, pattern: NamePattern, owner: PatternOwner) -> bool {
    let number = book.patterns.len();
    let listed = |owner: &PatternOwner| matches!(owner, PatternOwner::Listed(_));
    // Feeds come first, but must not take the catalogue's place.
    let alike = |number: usize| {
        book.patterns.get(number).is_some_and(|(_, other)| listed(other) == listed(&owner))
    };
    let octets = if listed(&owner) { pattern.octets } else { 0 };
    let octets = book.pattern_octets.saturating_add(octets);
    if octets > PATTERNS_BYTES_MAX {
        return false;
    }
    match &pattern.bucket {
        Some(bucket) => {
            let Ok(number) = u32::try_from(number) else { return false };
            let beside = book.names.owners(bucket);
            let beside = beside.filter(|owner| match owner {
                names::Owner::Pattern(other) => usize::try_from(*other).is_ok_and(alike),
                _ => false,
            });
            if beside.take(PATTERNS_PER_NAME_MAX).count() >= PATTERNS_PER_NAME_MAX {
                return false;
            }
            if !book.names.insert(bucket, names::Owner::Pattern(number)) {
                return false;
            }
        }
        None if book.loose.iter().filter(|other| alike(**other)).count() >= LOOSE_PATTERNS_MAX => {
            return false;
        }
        None => book.loose.push(number),
    }
    book.pattern_octets = octets;
    book.patterns.push((pattern, owner));
    true
}

fn fits(text: &str, most: usize, complaints: &mut Complaints<'_>) -> bool {
    if text.len() > most {
        let why = format!("the file is larger than {most} octets");
        complaints.at(0, why, "it is left out; split it");
    }
    text.len() <= most
}

impl std::fmt::Debug for BookBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookBuilder")
            .field("tools", &self.tools.len())
            .field("book", &self.book)
            .finish_non_exhaustive()
    }
}
