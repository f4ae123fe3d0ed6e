//! One tool's TOML, read to rows with provenance.

mod payload;
mod places;
mod shows;

use std::sync::Arc;

use ipnet::IpNet;
use model::{Protocol, Role, Specificity, ToolId, Transport};
use regex::bytes::Regex;

pub(crate) use self::shows::protocol_word;
use crate::glob::Glob;
use crate::pattern::{self, NamePattern};
use crate::rows::{Hosting, ROLES, Row, RowKind, SPECIFICITIES};
use crate::sheet::{self, Complaints, Sheet, shown};
use crate::signature::Signature;

/// A tool as its file tells it.
#[derive(Debug)]
pub(crate) struct ToolFile {
    pub(crate) id: ToolId,
    pub(crate) name: Arc<str>,
    pub(crate) hosting: Hosting,
    pub(crate) note: Option<Arc<str>>,
    pub(crate) file: Arc<str>,
    pub(crate) rows: Vec<FileRow>,
}

/// A row, how it is looked for, and where it stands.
#[derive(Debug)]
pub(crate) struct FileRow {
    pub(crate) row: Row,
    pub(crate) sign: Sign,
    pub(crate) tenant: Tenant,
    pub(crate) taken: Taken,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// How a row is looked for; its value is in the row.
#[derive(Debug)]
pub(crate) enum Sign {
    Exact,
    Suffix,
    Pattern(NamePattern),
    Ports { transport: Transport, first: u16, last: u16 },
    Network(IpNet),
    Alpn,
    Ja4,
    Certificate(CertificateSign),
    UserAgent(Glob),
    Path { glob: Glob, method: Option<Box<str>> },
    File(Glob),
    Payload(Signature),
    Protocol { protocol: Protocol, told: Option<Glob> },
}

/// What a certificate must show; all that is given must fit.
#[derive(Debug, Default)]
pub(crate) struct CertificateSign {
    pub(crate) subject: Option<Box<str>>,
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) pattern: Option<Regex>,
}

/// What is taken out of what was seen: the first group of an expression.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    /// The tool's version.
    pub(crate) version: Option<Regex>,
    /// The tenant's host.
    pub(crate) operator: Option<Regex>,
}

/// Which part of a name tells the tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tenant {
    /// None: the vendor serves all alike.
    Vendor,
    /// The whole name.
    Host,
    /// Its first label.
    Label,
}

type Reader = fn(&Sheet<'_>, &mut Complaints<'_>) -> Vec<(RowKind, String, Sign)>;

/// The kinds of table that a tool's file has: key, known keys besides the shared ones, default
/// role, reader. A table may give several rows.
const TABLES: &[(&str, &[&str], Option<Role>, Reader)] = &[
    ("names", &["exact", "suffix", "pattern", "operator"], None, places::name),
    ("ports", &["transport", "port", "first", "last"], None, places::ports),
    ("networks", &["cidr"], None, places::network_of),
    ("alpns", &["prefix", "version"], None, shows::alpn),
    ("ja4", &["fingerprint"], None, shows::ja4),
    ("certificates", &["subject", "issuer", "pattern"], None, shows::certificate),
    ("user_agents", &["glob", "version"], None, shows::user_agent),
    ("paths", &["glob", "method", "version", "operator_in"], None, shows::path),
    ("files", &["names"], Some(Role::Download), shows::files),
    ("protocols", &["protocol", "glob"], None, shows::protocol),
    ("payloads", payload::KEYS, None, payload::payload),
];

const SHARED_KEYS: [&str; 5] = ["role", "specificity", "source", "checked", "note"];

/// Read a tool's file. Rows that cannot be used are complained about and left out.
pub(crate) fn read(file: &str, text: &str, complaints: &mut Complaints<'_>) -> Option<ToolFile> {
    let table = sheet::parse(text, complaints);
    let top = Sheet::new(&table);
    let mut known = vec!["id", "name", "hosting", "note"];
    known.extend(TABLES.iter().map(|(key, ..)| *key));
    top.only(&known, complaints);

    let id = top.needed_text("id", "the file's name without `.toml`", complaints)?;
    let Some(tool) = ToolId::parse(id.value) else {
        let why = format!("`{}` is no id", shown(id.value));
        complaints.at(id.offset, why, "write 1 to 64 lower-case letters, digits and hyphens");
        return None;
    };
    if stem(file) != id.value {
        let why = format!("the id `{}` is not the file's name", id.value);
        complaints.at(id.offset, why, format!("write `{}`, or rename the file", stem(file)));
    }
    let name = top.needed_text("name", "the tool's name for people", complaints);
    let hosting =
        [("vendor", Hosting::Vendor), ("self", Hosting::SelfHosted), ("both", Hosting::Both)];
    let hosting = top.word("hosting", &hosting, None, complaints).unwrap_or(Hosting::Both);
    let note = top.text("note", complaints).map(|note| note.value.into());

    let mut rows = Vec::new();
    for (key, keys, default_role, reader) in TABLES {
        let mut known = SHARED_KEYS.to_vec();
        known.extend_from_slice(keys);
        for entry in top.sheets(key, complaints) {
            entry.only(&known, complaints);
            read_rows(&entry, *default_role, *reader, &mut rows, complaints);
        }
    }
    let name = name.map_or_else(|| id.value.into(), |name| name.value.into());
    Some(ToolFile { id: tool, name, hosting, note, file: file.into(), rows })
}

/// The rows of one table: what all kinds share, and what its reader makes of the rest.
fn read_rows(
    entry: &Sheet<'_>,
    default_role: Option<Role>,
    reader: Reader,
    rows: &mut Vec<FileRow>,
    complaints: &mut Complaints<'_>,
) {
    let source = entry.needed_text("source", "who says so: a page, or list@version", complaints);
    let checked = entry.needed_date("checked", complaints);
    let role = entry.word("role", &ROLES, default_role, complaints);
    let signs = reader(entry, complaints);
    let hint = signs.first().and_then(|(kind, ..)| never_specific(*kind));
    let usual = if hint.is_some() { Specificity::Shared } else { Specificity::Specific };
    let specificity = entry.word("specificity", &SPECIFICITIES, Some(usual), complaints);
    let tenants = [("host", Tenant::Host), ("label", Tenant::Label)];
    let tenant = entry.word("operator", &tenants, Some(Tenant::Vendor), complaints);
    let note: Option<Arc<str>> = entry.text("note", complaints).map(|note| note.value.into());
    let (Some(source), Some(checked), Some(role), Some(mut specificity), Some(tenant)) =
        (source, checked, role, specificity, tenant)
    else {
        return;
    };
    if let (Some((why, fix)), Specificity::Specific) = (hint, specificity) {
        complaints.at(entry.offset(), why.to_owned(), fix);
        specificity = Specificity::Shared;
    }
    let taken = Taken {
        version: group_in("version", entry, complaints),
        operator: group_in("operator_in", entry, complaints),
    };
    let (line, column) = complaints.place(entry.offset());
    let source: Arc<str> = source.value.into();
    let checked: Arc<str> = checked.value.into();
    for (kind, value, sign) in signs {
        let row = Row {
            kind,
            value: value.into(),
            role,
            specificity,
            source: Arc::clone(&source),
            checked: Arc::clone(&checked),
            note: note.clone(),
            gated: None,
        };
        rows.push(FileRow { row, sign, tenant, taken: taken.clone(), line, column });
    }
}

/// Why signs of this kind are never specific, and what to write; `None` when they may be.
const fn never_specific(kind: RowKind) -> Option<(&'static str, &'static str)> {
    match kind {
        RowKind::Port => Some((
            "a port is never specific",
            "write `specificity = \"shared\"`: other programs use the port too",
        )),
        RowKind::Ja4 => Some((
            "a fingerprint is never specific",
            "write `specificity = \"shared\"`, or `generic` where a common library shows it",
        )),
        _ => None,
    }
}

/// An expression with one group: what it takes out of what was seen.
fn group_in(key: &str, entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Option<Regex> {
    let text = entry.text(key, complaints)?;
    match pattern::group(text.value) {
        Ok(regex) => Some(regex),
        Err(unfit) => {
            complaints.at(text.offset, unfit.why, unfit.fix);
            None
        }
    }
}

/// The file's name without folders and its ending.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
