//! A feed becomes indicators: octets in, in whichever format, rows of the book out.

mod sink;
mod text;

use std::io::{self, Read};
use std::sync::Arc;

use crate::book::Feed;
use crate::builder::BookBuilder;
use crate::catalogue::stem;
use crate::day::Day;
use crate::formats::{self, Format, Head, Reading, Source};
use crate::limits::{
    CONFIDENCE_FEED_PCT, FEED_BAD_LINES_MAX, FEED_FILE_BYTES_MAX, FEED_WHOLE_BYTES_MAX,
    INDICATORS_MAX, PATTERNS_REFUSED_MAX, TEXTS_BYTES_MAX,
};
use crate::lines::each_line;
use crate::rows::{FeedInfo, FeedOptions};
use crate::sheet::{Complaints, shown};

pub(crate) use sink::Details;
use sink::{Sink, Waiting};
use text::{no_text, text_of};

/// Octets from which a feed's format is told.
const BEGINNING_OCTETS: usize = 64 << 10;

/// The names of the feed formats, as settings may say them.
pub fn feed_formats() -> impl Iterator<Item = &'static str> {
    formats::FORMATS.iter().map(|format| format.name)
}

impl BookBuilder {
    /// Add a feed, in whichever format it is.
    pub fn feed(&mut self, file: &str, text: &str) {
        self.feed_with(file, text, &FeedOptions::default());
    }

    /// Add a feed, and what its owner says of it.
    pub fn feed_with(&mut self, file: &str, text: &str, options: &FeedOptions) {
        // A text in memory is read without errors.
        let _ = self.feed_sized(file, &mut text.as_bytes(), text.len() as u64, options);
    }

    /// Add a feed from wherever its octets come, at most
    /// [`FEED_FILE_BYTES_MAX`](crate::limits::FEED_FILE_BYTES_MAX) of them. Formats of lines are
    /// read without keeping the text.
    ///
    /// # Errors
    /// The reader's. What was read before stays in the builder: make no book of it.
    pub fn feed_read(
        &mut self,
        file: &str,
        octets: &mut dyn Read,
        options: &FeedOptions,
    ) -> io::Result<()> {
        self.feed_sized(file, octets, 0, options)
    }

    /// The same, where it is known how many octets there will be, so that tables are made as large
    /// at once as they are going to be. A wrong length costs time or memory, within the bounds.
    ///
    /// # Errors
    /// As [`Self::feed_read`].
    pub fn feed_sized(
        &mut self,
        file: &str,
        octets: &mut dyn Read,
        len: u64,
        options: &FeedOptions,
    ) -> io::Result<()> {
        // What is wrong with the feed is told before what is wrong in it, of which there can be much.
        let mut about = Complaints::new(file, "");
        let mut complaints = Complaints::new(file, "");
        let Ok(feed) = u16::try_from(self.book.feeds.len()) else {
            about.at(0, "there are too many feeds".to_owned(), "put some into one file");
            self.complaints.append(&mut about.finish());
            return Ok(());
        };
        let first = self.book.indicators.len();
        let names_before = self.book.names.len();
        let mut sink = Sink {
            first: u32::try_from(first).unwrap_or(u32::MAX),
            feed,
            options,
            book: &mut self.book,
            details: &mut self.details,
            count: 0,
            repeated: 0,
            undescribed: 0,
            full: false,
            names_before,
            waiting: Waiting::default(),
            patterns_refused: 0,
            pattern_refused_at: None,
        };
        let (format, head) = read(file, (octets, len), &mut sink, &mut about, &mut complaints)?;
        sink.flush();
        let Sink { count, repeated, undescribed, full, .. } = sink;
        let Sink { patterns_refused, pattern_refused_at, .. } = sink;
        if let Some(line) = pattern_refused_at {
            let why = format!("there is no place for {patterns_refused} patterns of this feed");
            let rest = if patterns_refused < PATTERNS_REFUSED_MAX {
                "this and the others are left out"
            } else {
                "the rest of this feed is left out"
            };
            about.line(line, why, format!("{rest}; list names, or fewer patterns that find more"));
        }
        if full {
            let mib = TEXTS_BYTES_MAX >> 20;
            let why = format!(
                "the feeds hold more than {INDICATORS_MAX} indicators, or {mib} MiB of one kind"
            );
            about.at(0, why, "the rest of this feed is left out");
        }
        if count == 0 {
            let why = "the feed holds no indicator".to_owned();
            about.at(0, why, "one domain or address a line, CSV, or TOML with [[indicators]]");
        }
        let id = self.free_id(options.id.as_deref().or(head.id.as_deref()).unwrap_or(stem(file)));
        let mut info = describe(id, format, head, options);
        (info.count, info.repeated, info.undescribed) = (count, repeated, undescribed);
        self.end_indicators(first, &mut info, &mut about);
        self.book.feeds.push(Feed {
            id: Arc::clone(&info.id),
            version: Arc::clone(&info.version),
            description: format!("listed in {}", info.name).into(),
            confidence_pct: info.confidence_pct,
            kind: info.kind,
        });
        self.book.infos.push(info);
        self.book.feed_files.push(file.into());
        self.complaints.append(&mut about.finish());
        self.complaints.append(&mut complaints.finish());
        Ok(())
    }

    /// The id, with a number behind it when another feed has it.
    fn free_id(&self, wanted: &str) -> Arc<str> {
        let taken = |id: &str| self.book.infos.iter().any(|info| &*info.id == id);
        if !taken(wanted) {
            return wanted.into();
        }
        let mut ids = (2u32..).map(|number| format!("{wanted}-{number}"));
        ids.find(|id| !taken(id)).unwrap_or_default().into()
    }

    /// Give entries from `first` on that do not say when they end the end that the feed gives.
    fn end_indicators(
        &mut self,
        first: usize,
        info: &mut FeedInfo,
        complaints: &mut Complaints<'_>,
    ) {
        let begun = Day::parse(&info.version);
        let end = info.expires_days.and_then(|days| Some(begun?.after(days)));
        self.book.indicators.change_rest(first, |indicator, count| {
            if let (Day::MAX, Some(end)) = (indicator.until, end) {
                indicator.until = end;
            }
            if indicator.until != Day::MAX {
                info.ending = info.ending.saturating_add(count);
            }
        });
        let endless = info.ending < info.count;
        if endless && info.expires_days.is_none() {
            info.unstated.push("expiry");
        } else if endless && begun.is_none() {
            let why = "`expires_days` has no day to count from: the feed tells no date".to_owned();
            complaints.at(0, why, "its entries do not end; let the feed say `# date: YYYY-MM-DD`");
        }
    }
}

/// Read the octets. What is wrong with the feed goes into `about`, what is wrong in it into
/// `complaints`.
fn read(
    file: &str,
    (octets, len): (&mut dyn Read, u64),
    sink: &mut Sink<'_>,
    about: &mut Complaints<'_>,
    complaints: &mut Complaints<'_>,
) -> io::Result<(&'static str, Head)> {
    let mut begun = Vec::new();
    (&mut *octets).take(BEGINNING_OCTETS as u64).read_to_end(&mut begun)?;
    if let Some((why, fix)) = no_text(&begun) {
        about.at(0, format!("the feed cannot be read: {why}"), fix);
        return Ok(("none", Head::default()));
    }
    let options = sink.options;
    let beginning = String::from_utf8_lossy(whole_lines(&begun)).into_owned();
    let format = format_of(file, &beginning, options, about);
    match format.read {
        Reading::Lines(begin) => {
            let columns = &options.columns;
            let mut reader = begin(&Source { file, text: &beginning, columns });
            let most = (FEED_FILE_BYTES_MAX as u64).saturating_sub(begun.len() as u64);
            let mut junk = false;
            // Lines that tell how many names the rest will have.
            let told = begun.iter().filter(|octet| **octet == b'\n').count();
            let all = each_line(&begun, octets, most, &mut |number, line| {
                if usize::try_from(number).is_ok_and(|number| number == told) {
                    sink.expect(begun.len(), len);
                }
                let go_on = reader.line(number, line, complaints, &mut |listed| sink.take(&listed));
                if complaints.count() > FEED_BAD_LINES_MAX {
                    sink.flush();
                }
                junk =
                    complaints.count() > FEED_BAD_LINES_MAX && complaints.count() / 4 > sink.count;
                go_on && !junk
            })?;
            if junk {
                let bad = complaints.count();
                let why = format!("this is no feed: {bad} problems, {} indicators", sink.count);
                about.at(0, why, "the rest is left out");
            }
            if !all {
                let why = format!("the feed is larger than {} MiB", FEED_FILE_BYTES_MAX >> 20);
                about.at(0, why, "the rest is left out; split it");
            }
            let head = reader.end(complaints, &mut |listed| sink.take(&listed));
            Ok((format.name, head))
        }
        Reading::Whole(read) => {
            drop(beginning);
            let most = (FEED_WHOLE_BYTES_MAX as u64 + 1).saturating_sub(begun.len() as u64);
            octets.take(most).read_to_end(&mut begun)?;
            if begun.len() > FEED_WHOLE_BYTES_MAX {
                let most = FEED_WHOLE_BYTES_MAX >> 20;
                let why =
                    format!("the feed is larger than {most} MiB, the most for {}", format.name);
                about.at(0, why, "it is left out; split it, or write it as a plain list or CSV");
                return Ok((format.name, Head::default()));
            }
            let Some(text) = text_of(begun) else {
                about.at(0, "the feed is no text in UTF-8".to_owned(), "save it as UTF-8");
                return Ok((format.name, Head::default()));
            };
            let mut within = Complaints::new(file, &text);
            let source = Source { file, text: &text, columns: &options.columns };
            let head = read(&source, &mut within, &mut |listed| sink.take(&listed));
            complaints.take(within);
            Ok((format.name, head))
        }
    }
}

/// The beginning up to the end of its last whole line, when it may have been cut.
fn whole_lines(begun: &[u8]) -> &[u8] {
    if begun.len() < BEGINNING_OCTETS {
        return begun;
    }
    let end = begun.iter().rposition(|octet| *octet == b'\n');
    end.and_then(|end| begun.get(..end)).unwrap_or(begun)
}

fn format_of(
    file: &str,
    beginning: &str,
    options: &FeedOptions,
    complaints: &mut Complaints<'_>,
) -> &'static Format {
    let has_columns = !options.columns.is_empty();
    let guessed = || if has_columns { formats::TABLE } else { formats::of(file, beginning) };
    let Some(named) = &options.format else { return guessed() };
    match formats::FORMATS.iter().find(|format| format.name == *named) {
        Some(format) => {
            if has_columns && format.name != formats::TABLE.name {
                let why = format!("the format `{}` has no columns", format.name);
                let fix = format!("leave `columns` out, or write `{}`", formats::TABLE.name);
                complaints.at(0, why, fix);
            }
            format
        }
        None => {
            let known: Vec<&str> = feed_formats().collect();
            let why = format!("`{}` is no feed format", shown(named));
            complaints.at(0, why, format!("it is guessed; known: {}", known.join(", ")));
            guessed()
        }
    }
}

/// What is known of a feed before its entries are counted.
fn describe(id: Arc<str>, format: &'static str, head: Head, options: &FeedOptions) -> FeedInfo {
    let said = |own: &Option<String>, other: Option<String>| own.clone().or(other);
    let source = said(&options.source, head.source);
    let licence = said(&options.licence, head.licence);
    let confidence = options.confidence_pct.or(head.confidence_pct);
    let kind = options.kind.or(head.kind);
    let mut unstated = Vec::new();
    let stated = [
        (source.is_some(), "source"),
        (licence.is_some(), "licence"),
        (confidence.is_some(), "confidence"),
        (kind.is_some(), "kind"),
    ];
    unstated.extend(stated.iter().filter(|(there, _)| !there).map(|(_, what)| *what));
    let name = said(&options.name, head.name).map_or_else(|| Arc::clone(&id), Arc::from);
    FeedInfo {
        id,
        name,
        version: head.version.as_deref().unwrap_or("-").into(),
        source: source.unwrap_or_default().into(),
        licence: licence.unwrap_or_default().into(),
        format,
        kind: kind.unwrap_or_default(),
        confidence_pct: confidence.unwrap_or(CONFIDENCE_FEED_PCT),
        expires_days: options.expires_days.or(head.expires_days),
        severity: head.severity,
        count: 0,
        ending: 0,
        repeated: 0,
        undescribed: 0,
        unseen: head.unseen,
        withdrawn: head.withdrawn,
        unstated,
    }
}
