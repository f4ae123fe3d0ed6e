//! Which column of a table holds what: said by its owner, named by its header, or guessed.

use crate::naming;
use crate::rows::Column;
use crate::sheet::shown;

use super::Subject;
use super::plain::{beginning, comment, first_lines};
use super::separated::fields;
use super::told::{Told, column_word, indicator};

/// What a header calls the column that counts, the plainest first.
const VALUE_COLUMNS: [&str; 34] = [
    "domain",
    "domain_name",
    "indicator",
    "indicator_value",
    "ioc",
    "ioc_value",
    "value",
    "fqdn",
    "hostname",
    "host",
    "url",
    "uri",
    "ip",
    "ip_address",
    "ipaddress",
    "address",
    "dst_ip",
    "dstip",
    "ip_dst",
    "cidr",
    "network",
    "observable",
    "observable_value",
    "trail",
    "ja3",
    "ja3_md5",
    "ja3_hash",
    "ja4",
    "ja4_hash",
    "certificate",
    "certificate_sha1",
    "cert_sha1",
    "cert_sha256",
    "name",
];
const KIND_COLUMNS: [&str; 8] = [
    "type",
    "indicator_type",
    "ioc_type",
    "value_type",
    "observable_type",
    "data_type",
    "itype",
    "kind",
];
const NOTE_COLUMNS: [&str; 18] = [
    "description",
    "comment",
    "comments",
    "note",
    "notes",
    "malware_printable",
    "listingreason",
    "malware",
    "malware_family",
    "family",
    "reason",
    "info",
    "threat",
    "threat_type",
    "meta_desc",
    "target",
    "tags",
    "category",
];
const CONFIDENCE_COLUMNS: [&str; 4] =
    ["confidence", "confidence_level", "confidence_score", "confidence_pct"];
const UNTIL_COLUMNS: [&str; 10] = [
    "until",
    "valid_until",
    "valid_to",
    "expires",
    "expires_at",
    "expiration",
    "expiration_date",
    "expiry",
    "expiry_date",
    "expire",
];

/// The columns of a table, counted from 0.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) divider: char,
    /// The line with the names of the columns; 0 for none.
    pub(super) header: u32,
    /// Where an indicator may stand, and what it is; the first that holds something counts.
    pub(super) values: Vec<(usize, Told)>,
    pub(super) kind: Option<usize>,
    pub(super) note: Option<usize>,
    pub(super) confidence: Option<usize>,
    pub(super) until: Option<usize>,
    /// What is wrong with what the owner says.
    pub(super) missing: Vec<String>,
    named: bool,
}

impl Columns {
    /// The columns of the table that the text is or begins, by the owner's word first.
    pub(super) fn new(text: &str, said: &[(Column, String)]) -> Columns {
        let first = first_lines(text).next().unwrap_or((0, ""));
        let heads: Vec<(u32, &str)> = commented(text, first.0).into_iter().chain([first]).collect();
        let words = |line: &str, divider: char| -> Vec<String> {
            fields(line, divider).take(FIELDS_MAX).map(|field| column_word(&field)).collect()
        };
        let by_owner =
            |words: &[String]| said.iter().any(|(_, word)| words.contains(&column_word(word)));
        let named = heads.iter().find_map(|(number, line)| {
            let divider = divider(line)?;
            let words = words(line, divider);
            let known = words.iter().any(|word| VALUE_COLUMNS.contains(&word.as_str()))
                || by_owner(&words)
                || sslbl(&words).is_some();
            let header = known && (*number != first.0 || !is_row(text, line, divider, &words));
            header.then_some((*number, divider, words))
        });
        let (header, divider, words) = match named {
            Some(named) => named,
            None => (0, divider(first.1).unwrap_or(','), Vec::new()),
        };
        let mut columns = Columns::by_words(header, divider, &words);
        columns.by_owner(said, &words);
        if columns.values.is_empty() {
            columns.values.push((guess(text, divider), Told::Any));
            columns.kind = guess_kind(text, divider);
        }
        columns.skip_unknown_header(text);
        columns
    }

    fn by_words(header: u32, divider: char, words: &[String]) -> Columns {
        let named = |names: &[&str]| {
            names.iter().find_map(|name| words.iter().position(|word| word == name))
        };
        let mut values: Vec<(usize, Told)> = VALUE_COLUMNS
            .iter()
            .filter_map(|name| {
                words.iter().position(|word| word == name).map(|at| (at, Told::by_word(name)))
            })
            .collect();
        if values.is_empty() {
            values.extend(sslbl(words).map(|at| (at, Told::Certificate)));
        }
        Columns {
            divider,
            header,
            named: header > 0,
            values,
            kind: named(&KIND_COLUMNS),
            note: named(&NOTE_COLUMNS),
            confidence: named(&CONFIDENCE_COLUMNS),
            until: named(&UNTIL_COLUMNS),
            missing: Vec::new(),
        }
    }

    /// What the owner says counts before what the header says.
    fn by_owner(&mut self, said: &[(Column, String)], words: &[String]) {
        for (column, word) in said {
            let at = match word.trim().parse::<usize>() {
                Ok(number) => number.checked_sub(1).filter(|at| *at < FIELDS_MAX),
                Err(_) => words.iter().position(|known| *known == column_word(word)),
            };
            let Some(at) = at else {
                self.missing.push(format!("the table has no column `{}`", shown(word)));
                continue;
            };
            match column {
                Column::Value => {
                    let told = words.get(at).map_or(Told::Any, |word| Told::by_word(word));
                    // A column that is asked for holds indicators, whatever its name.
                    let told = if told == Told::Unseen { Told::Any } else { told };
                    let told = if sslbl(words) == Some(at) { Told::Certificate } else { told };
                    self.values = vec![(at, told)];
                }
                Column::Description => self.note = Some(at),
                Column::Confidence => self.confidence = Some(at),
                Column::Until => self.until = Some(at),
            }
        }
    }

    /// A first line whose words are not known is a header when it holds no indicator where the
    /// next line holds one.
    fn skip_unknown_header(&mut self, text: &str) {
        let Some((column, told)) = self.values.first().copied().filter(|_| self.header == 0) else {
            return;
        };
        let mut lines = first_lines(text).map(|(number, line)| {
            let value = fields(line, self.divider).nth(column).unwrap_or_default();
            (number, value.trim().is_empty(), indicator(first_part(&value), told).is_ok())
        });
        if let (Some((number, false, false)), Some((_, _, true))) = (lines.next(), lines.next()) {
            self.header = number;
        }
    }

    /// Whether the header is of words that are known.
    pub(super) const fn is_named(&self) -> bool {
        self.named
    }
}

/// Fields of one line that are looked at for a header or a guess.
const FIELDS_MAX: usize = 256;

/// The first of two values in one, `domain|ip`.
pub(super) fn first_part(value: &str) -> &str {
    let value = value.trim();
    if value.starts_with("||") { value } else { value.split('|').next().unwrap_or(value).trim() }
}

/// Where a table of certificates has their hash, when it calls it just that: it says when and why
/// each was listed.
fn sslbl(words: &[String]) -> Option<usize> {
    let listing = words.iter().any(|word| word.starts_with("listing"));
    words.iter().position(|word| word == "sha1" || word == "sha256").filter(|_| listing)
}

/// The lines before the first entry that are comments with fields, the last first: some tables
/// have their header there, `# "id","dateadded","url"` or `#fields\tindicator`.
fn commented(text: &str, first: u32) -> Vec<(u32, &str)> {
    let lines = (1u32..).zip(beginning(text).trim_start_matches('\u{feff}').lines());
    let mut heads: Vec<(u32, &str)> = lines
        .take_while(|(number, _)| *number < first || first == 0)
        .filter_map(|(number, line)| {
            let said = comment(line.trim())?.trim_start_matches('#').trim();
            let said = said.strip_prefix("fields\t").unwrap_or(said);
            divider(said).map(|_| (number, said))
        })
        .collect();
    heads.reverse();
    heads.truncate(HEADS_MAX);
    heads
}

/// Comments that are tried as headers.
const HEADS_MAX: usize = 64;

/// The character that parts the fields of a line: the most frequent outside of quotes.
fn divider(line: &str) -> Option<char> {
    let count = |divider: char| {
        let mut quoted = false;
        let outside = line.chars().filter(|c| {
            quoted ^= *c == '"';
            *c == divider && !quoted
        });
        outside.count()
    };
    [',', ';', '\t'].into_iter().filter(|c| count(*c) > 0).max_by_key(|c| count(*c))
}

/// Whether a line with words of a header is a row all the same: it holds an indicator, or words
/// for types, as the next line does in the same place.
fn is_row(text: &str, line: &str, divider: char, words: &[String]) -> bool {
    let next = first_lines(text).nth(1);
    // A line that is alone cannot be a header.
    let sure = if next.is_some() { 2 } else { 1 };
    if fields(line, divider).take(FIELDS_MAX).any(|field| sureness(&field) >= sure) {
        return true;
    }
    let Some((_, next)) = next else { return false };
    let next = fields(next, divider).map(|field| column_word(&field));
    words.iter().zip(next).any(|(word, next)| {
        VALUE_COLUMNS.contains(&word.as_str()) && VALUE_COLUMNS.contains(&next.as_str())
    })
}

/// The column whose every field is a word for a type.
fn guess_kind(text: &str, divider: char) -> Option<usize> {
    let is_kind = |field: &str| {
        VALUE_COLUMNS.contains(&column_word(field).as_str()) || Told::by_word(field) != Told::Any
    };
    let columns = fields(first_lines(text).next()?.1, divider).take(FIELDS_MAX).count();
    (0..columns).find(|column| {
        let mut cells = first_lines(text)
            .map(|(_, line)| fields(line, divider).nth(*column).unwrap_or_default());
        cells.all(|cell| is_kind(&cell) && sureness(&cell) == 0)
    })
}

/// How sure a field is an indicator: not, by its looks, quite.
fn sureness(field: &str) -> usize {
    match indicator(first_part(field), Told::Any) {
        // `setup.exe` looks like a name too.
        Ok(Subject::Name(name)) if !naming::known_ending(&name) => 1,
        Ok(_) => 2,
        Err(_) => 0,
    }
}

/// The column that most often holds an indicator, the first of them at a tie.
fn guess(text: &str, divider: char) -> usize {
    let mut hits: Vec<usize> = Vec::new();
    for (_, line) in first_lines(text) {
        for (column, field) in fields(line, divider).take(FIELDS_MAX).enumerate() {
            if hits.len() <= column {
                hits.push(0);
            }
            if let Some(count) = hits.get_mut(column) {
                *count = count.saturating_add(sureness(&field));
            }
        }
    }
    let most = hits.iter().copied().max().unwrap_or(0);
    hits.iter().position(|count| *count == most).unwrap_or(0)
}
