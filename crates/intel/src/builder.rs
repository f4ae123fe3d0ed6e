//! Texts in, a book out: what cannot be used is complained about, the rest stands.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Complaint, Specificity};

use crate::book::{
    Book, CATALOGUE, Detail, Feed, Indicator, PathSign, PatternOwner, ProtocolSign, RowPlace, Text,
};
use crate::catalogue::{self, FileRow, Sign, ToolFile, stem};
use crate::day::Day;
use crate::formats::{self, Head, Listed, Source, Subject};
use crate::gate::Gate;
use crate::index::RowNumber;
use crate::limits::{
    CATALOGUE_FILE_BYTES_MAX, CONFIDENCE_FEED_PCT, FEED_FILE_BYTES_MAX, GATE_NOTES_PER_FILE_MAX,
    INDICATORS_MAX, LOOSE_PATTERNS_MAX, ROWS_MAX,
};
use crate::lookalikes;
use crate::names;
use crate::naming::{self, Public};
use crate::networks::Owner as NetworkOwner;
use crate::pattern::NamePattern;
use crate::rows::{FeedInfo, FeedOptions, Row, Tool};
use crate::sheet::{Complaints, shown};

/// Takes files one after another, in any order, and makes a [`Book`] of them.
#[derive(Default)]
pub struct BookBuilder {
    book: Book,
    tools: Vec<ToolFile>,
    lookalikes: lookalikes::Builder,
    rows: usize,
    /// The file of each feed, for notes about its lines.
    feed_files: Vec<Arc<str>>,
    complaints: Vec<Complaint>,
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

    /// Add names and networks that must never alert alone. It counts for all files, those added
    /// before too.
    pub fn gate(&mut self, file: &str, text: &str) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, CATALOGUE_FILE_BYTES_MAX, &mut complaints) {
            self.book.gate.read(text, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// Add a feed, in whichever format it is.
    pub fn feed(&mut self, file: &str, text: &str) {
        self.feed_with(file, text, &FeedOptions::default());
    }

    /// Add a feed, and what its owner says of it.
    pub fn feed_with(&mut self, file: &str, text: &str, options: &FeedOptions) {
        let mut complaints = Complaints::new(file, text);
        if fits(text, FEED_FILE_BYTES_MAX, &mut complaints) {
            self.add_feed(file, text, options, &mut complaints);
        }
        self.complaints.append(&mut complaints.finish());
    }

    /// The book, and all that was wrong.
    #[must_use]
    pub fn build(mut self) -> (Book, Vec<Complaint>) {
        self.gate_indicators();
        self.book.lookalikes = std::mem::take(&mut self.lookalikes).build(&mut self.complaints);
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
        self.book.names.shrink();
        self.book.indicators.shrink_to_fit();
        self.book.gated.sort();
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

    // Feeds

    fn add_feed(
        &mut self,
        file: &str,
        text: &str,
        options: &FeedOptions,
        complaints: &mut Complaints<'_>,
    ) {
        let Ok(number) = u16::try_from(self.book.feeds.len()) else {
            complaints.at(0, "there are too many feeds".to_owned(), "put some into one file");
            return;
        };
        let format = formats::of(file, text);
        let mut sink = Sink {
            book: &mut self.book,
            feed: number,
            count: 0,
            full: false,
            loose_refused: Vec::new(),
            details: HashMap::new(),
        };
        let source = Source { file, text, columns: &[] };
        let head = formats::read(format, &source, complaints, &mut |listed| sink.take(&listed));
        let Sink { count, full, loose_refused, .. } = sink;
        for line in loose_refused {
            let why = "there are too many patterns that begin inside a label".to_owned();
            complaints.line(
                line,
                why,
                "end the pattern in a whole label, e.g. `\\.example\\.com$`",
            );
        }
        if full {
            let why = format!("the feeds hold more than {INDICATORS_MAX} indicators");
            complaints.at(0, why, "the rest of this feed is left out");
        }
        if count == 0 {
            let why = "the feed holds no indicator".to_owned();
            complaints.at(0, why, "one domain or address a line, CSV, or TOML with [[indicators]]");
        }
        let (feed, info) = describe(file, head, options, count);
        self.book.feeds.push(feed);
        self.book.infos.push(info);
        self.feed_files.push(file.into());
    }

    /// Ask the gate about every indicator; those that it holds stay, as generic ones.
    fn gate_indicators(&mut self) {
        let mut held: Vec<(u32, u16, String, bool)> = Vec::new();
        let gate = &self.book.gate;
        self.book.names.for_each(|name, owner| {
            if let names::Owner::Listed(number) = owner
                && let Some(group) = gate.holds_name(name)
            {
                let suffix = naming::public(name) != Public::No;
                held.push((number, group, name.to_owned(), suffix));
            }
        });
        self.book.networks.for_each(|network, owner| {
            if let NetworkOwner::Listed(number) = owner
                && let Some(group) = gate.holds_network(&network)
            {
                held.push((number, group, network.to_string(), false));
            }
        });
        for (pattern, owner) in &self.book.patterns {
            if let PatternOwner::Listed(number) = owner
                && let Some(group) = gate.holds_pattern(pattern)
            {
                held.push((*number, group, pattern.text.to_string(), false));
            }
        }
        held.sort_unstable();
        for (number, group, text, suffix) in held {
            self.gate_indicator(number, group, &text, suffix);
        }
        for (info, file) in self.book.infos.iter().zip(&self.feed_files) {
            if let Some(more) = info.gated.checked_sub(GATE_NOTES_PER_FILE_MAX).filter(|n| *n > 0) {
                let why = format!("gated: {more} more indicators of this feed are generic");
                self.book.gated.push(note(file, u32::MAX, 1, why));
            }
        }
    }

    fn gate_indicator(&mut self, number: u32, group: u16, text: &str, suffix: bool) {
        let Some(indicator) =
            usize::try_from(number).ok().and_then(|i| self.book.indicators.get_mut(i))
        else {
            return;
        };
        indicator.gate = group;
        // Else every name below would carry it.
        indicator.exact |= suffix;
        let (line, feed) = (indicator.line, usize::from(indicator.feed));
        let (Some(info), Some(file)) = (self.book.infos.get_mut(feed), self.feed_files.get(feed))
        else {
            return;
        };
        info.gated = info.gated.saturating_add(1);
        if info.gated <= GATE_NOTES_PER_FILE_MAX {
            let group = self.book.gate.group_name(group);
            let why = format!("gated: `{}` never alerts alone: {group}", shown(text));
            self.book.gated.push(note(file, line, 1, why));
        }
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
            self.book.gated.push(note(file, row.line, row.column, why));
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
                        why: "there are too many patterns that begin inside a label".to_owned(),
                        fix: "end the pattern in a whole label".to_owned(),
                    });
                }
                return added;
            }
            // Everyone's port is no hint.
            Sign::Ports { .. } if row.specificity == Specificity::Generic => {}
            Sign::Ports { transport, first, last } => {
                book.ports.insert(transport, first, last, number);
            }
            Sign::Network(network) => book.networks.insert(&network, NetworkOwner::Row(number)),
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

/// Where the entries of one feed go.
struct Sink<'b> {
    book: &'b mut Book,
    feed: u16,
    count: usize,
    full: bool,
    loose_refused: Vec<u32>,
    /// Numbers of the details of this feed: lists repeat themselves.
    details: HashMap<(Box<str>, Option<u8>), u32>,
}

impl Sink<'_> {
    fn take(&mut self, listed: &Listed<'_>) -> bool {
        let book_len = self.book.indicators.len();
        let (Ok(number), true) = (u32::try_from(book_len), book_len < INDICATORS_MAX) else {
            self.full = true;
            return false;
        };
        let detail = self.detail(listed);
        let added = match &listed.subject {
            Subject::Name(name) => self.book.names.insert(name, names::Owner::Listed(number)),
            Subject::Network(network) => {
                self.book.networks.insert(network, NetworkOwner::Listed(number));
                true
            }
            Subject::Pattern(pattern) => {
                let owner = PatternOwner::Listed(number);
                let added = add_pattern(self.book, (**pattern).clone(), owner);
                if !added {
                    self.loose_refused.push(listed.line);
                    return true;
                }
                added
            }
            Subject::Url(url) => self.text(Text::Url, url, number),
            Subject::Ja3(print) => self.text(Text::Ja3, print, number),
            Subject::Ja4(print) => self.text(Text::Ja4, print, number),
            Subject::Certificate(hash) => self.text(Text::Certificate, hash, number),
            Subject::File(name) => self.text(Text::File, name, number),
        };
        if !added {
            self.full = true;
            return false;
        }
        self.book.indicators.push(Indicator {
            feed: self.feed,
            gate: Indicator::FREE,
            detail,
            line: listed.line,
            until: listed.until.unwrap_or(Day::MAX),
            stage: listed.stage,
            exact: listed.exact,
        });
        self.count = self.count.saturating_add(1);
        true
    }

    fn text(&mut self, what: Text, text: &str, number: u32) -> bool {
        self.book.listed_texts.entry((what, text.into())).or_default().push(number);
        true
    }

    fn detail(&mut self, listed: &Listed<'_>) -> u32 {
        let description = listed.description.trim();
        if description.is_empty() && listed.confidence_pct.is_none() {
            return Indicator::PLAIN;
        }
        let description = shown_description(description);
        let key = (Box::from(description), listed.confidence_pct);
        if let Some(number) = self.details.get(&key) {
            return *number;
        }
        let Ok(number) = u32::try_from(self.book.details.len()) else { return Indicator::PLAIN };
        let confidence_pct = listed.confidence_pct;
        self.book.details.push(Detail { description: description.into(), confidence_pct });
        self.details.insert(key, number);
        number
    }
}

/// At most 500 octets of a description: it is copied into each match.
fn shown_description(text: &str) -> &str {
    let mut end = text.len().min(500);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

fn add_pattern(book: &mut Book, pattern: NamePattern, owner: PatternOwner) -> bool {
    let number = book.patterns.len();
    match &pattern.bucket {
        Some(bucket) => {
            let Ok(number) = u32::try_from(number) else { return false };
            if !book.names.insert(bucket, names::Owner::Pattern(number)) {
                return false;
            }
        }
        None if book.loose.len() >= LOOSE_PATTERNS_MAX => return false,
        None => book.loose.push(number),
    }
    book.patterns.push((pattern, owner));
    true
}

fn describe(file: &str, head: Head, options: &FeedOptions, count: usize) -> (Feed, FeedInfo) {
    let id: Arc<str> = head.id.as_deref().unwrap_or_else(|| stem(file)).into();
    let version: Arc<str> = head.version.as_deref().unwrap_or("-").into();
    let name: Arc<str> = head.name.as_deref().unwrap_or(&id).into();
    let kind = options.kind.or(head.kind).unwrap_or_default();
    let feed = Feed {
        id: Arc::clone(&id),
        version: Arc::clone(&version),
        description: format!("listed in {name}").into(),
        confidence_pct: options
            .confidence_pct
            .or(head.confidence_pct)
            .unwrap_or(CONFIDENCE_FEED_PCT),
        kind,
    };
    let source = head.source.unwrap_or_default().into();
    let severity = head.severity;
    let licence = head.licence.unwrap_or_default().into();
    let unseen = head.unseen;
    let info =
        FeedInfo { id, name, version, source, licence, kind, severity, count, gated: 0, unseen };
    (feed, info)
}

fn note(file: &Arc<str>, line: u32, column: u32, why: String) -> Complaint {
    let fix = "it stays as corroboration; take it out of the list, or write it more closely";
    Complaint { file: Arc::clone(file), line, column, why, fix: fix.to_owned() }
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
