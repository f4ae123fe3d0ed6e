//! One tool's TOML, read to rows with provenance.

use std::sync::Arc;

use ipnet::IpNet;
use model::{Role, Side, Specificity, ToolId, Transport};

use crate::gate::{network, not_a_network};
use crate::glob::Glob;
use crate::naming;
use crate::pattern::{self, NamePattern};
use crate::rows::{Hosting, ROLES, Row, RowKind, SPECIFICITIES};
use crate::sheet::{self, Complaints, Placed, Sheet, shown};
use crate::signature::{self, Signature};

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
    Certificate(CertificateSign),
    UserAgent(Glob),
    Path { glob: Glob, method: Option<Box<str>> },
    File(Glob),
    Payload(Signature),
}

/// What a certificate must show; all that is given must fit.
#[derive(Debug, Default)]
pub(crate) struct CertificateSign {
    pub(crate) subject: Option<Box<str>>,
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) pattern: Option<regex::bytes::Regex>,
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
    ("names", &["exact", "suffix", "pattern", "operator"], None, read_name),
    ("ports", &["transport", "port", "first", "last"], None, read_ports),
    ("networks", &["cidr"], None, read_network),
    ("alpns", &["prefix"], None, read_alpn),
    ("certificates", &["subject", "issuer", "pattern"], None, read_certificate),
    ("user_agents", &["glob"], None, read_user_agent),
    ("paths", &["glob", "method"], None, read_path),
    ("files", &["names"], Some(Role::Download), read_files),
    (
        "payloads",
        &["transport", "side", "offset", "bytes", "first_len_min", "first_len_max"],
        None,
        read_payload,
    ),
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
    let hint = matches!(signs.first(), Some((RowKind::Port, ..)));
    let usual = if hint { Specificity::Shared } else { Specificity::Specific };
    let specificity = entry.word("specificity", &SPECIFICITIES, Some(usual), complaints);
    let tenants = [("host", Tenant::Host), ("label", Tenant::Label)];
    let tenant = entry.word("operator", &tenants, Some(Tenant::Vendor), complaints);
    let note: Option<Arc<str>> = entry.text("note", complaints).map(|note| note.value.into());
    let (Some(source), Some(checked), Some(role), Some(mut specificity), Some(tenant)) =
        (source, checked, role, specificity, tenant)
    else {
        return;
    };
    if hint && specificity == Specificity::Specific {
        complaints.at(
            entry.offset(),
            "a port is never specific".to_owned(),
            "write `specificity = \"shared\"`: other programs use the port too",
        );
        specificity = Specificity::Shared;
    }
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
        rows.push(FileRow { row, sign, tenant, line, column });
    }
}

fn read_name(entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Vec<(RowKind, String, Sign)> {
    let given = ["exact", "suffix", "pattern"].iter().filter(|key| entry.has(key)).count();
    if given != 1 {
        complaints.at(
            entry.offset(),
            format!("a name is told in {given} ways"),
            "give just one of `exact`, `suffix`, `pattern`",
        );
        return Vec::new();
    }
    let mut plain = |key, kind, sign| {
        let text = entry.text(key, complaints)?;
        match naming::normalise(text.value) {
            Ok(name) => Some((kind, name.into_owned(), sign)),
            Err(error) => {
                let why = format!("`{}` {}", shown(text.value), error.why());
                complaints.at(text.offset, why, error.fix());
                None
            }
        }
    };
    if entry.has("exact") {
        plain("exact", RowKind::Exact, Sign::Exact).into_iter().collect()
    } else if entry.has("suffix") {
        plain("suffix", RowKind::Suffix, Sign::Suffix).into_iter().collect()
    } else {
        let Some(text) = entry.text("pattern", complaints) else { return Vec::new() };
        match NamePattern::new(text.value) {
            Ok(pattern) => {
                vec![(RowKind::Pattern, text.value.to_owned(), Sign::Pattern(pattern))]
            }
            Err(unfit) => {
                complaints.at(text.offset, unfit.why, unfit.fix);
                Vec::new()
            }
        }
    }
}

const TRANSPORTS: [(&str, Transport); 2] = [("tcp", Transport::Tcp), ("udp", Transport::Udp)];

fn read_ports(entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Vec<(RowKind, String, Sign)> {
    let transport = entry.word("transport", &TRANSPORTS, None, complaints);
    let mut port =
        |key| entry.number(key, 1..65_536, complaints).and_then(|n| u16::try_from(n.value).ok());
    let (one, first, last) = (port("port"), port("first"), port("last"));
    let (Some(transport), Some((first, last))) = (
        transport,
        match (one, first, last) {
            (Some(port), None, None) => Some((port, port)),
            (None, Some(first), Some(last)) if first <= last => Some((first, last)),
            _ => None,
        },
    ) else {
        let fix = "write `port = 6568`, or `first = 6568` and `last = 6570`";
        complaints.at(entry.offset(), "this is no port and no range of ports".to_owned(), fix);
        return Vec::new();
    };
    let word = match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    let value =
        if first == last { format!("{word}/{first}") } else { format!("{word}/{first}-{last}") };
    vec![(RowKind::Port, value, Sign::Ports { transport, first, last })]
}

fn read_network(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let what = "a network, e.g. 192.0.2.0/24";
    let Some(cidr) = entry.needed_text("cidr", what, complaints) else { return Vec::new() };
    match network(cidr.value) {
        Some(net) => vec![(RowKind::Network, net.to_string(), Sign::Network(net))],
        None => {
            not_a_network(cidr, complaints);
            Vec::new()
        }
    }
}

fn read_alpn(entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Vec<(RowKind, String, Sign)> {
    let what = "how the protocol's name begins";
    let Some(prefix) = entry.needed_text("prefix", what, complaints) else { return Vec::new() };
    if !long_enough(prefix, prefix.value.len(), 2, complaints) {
        return Vec::new();
    }
    vec![(RowKind::Alpn, prefix.value.to_owned(), Sign::Alpn)]
}

fn read_certificate(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let mut sign = CertificateSign::default();
    let mut value = Vec::new();
    for key in ["subject", "issuer"] {
        if !entry.has(key) {
            continue;
        }
        let Some(text) = entry.text(key, complaints) else { return Vec::new() };
        if !text.value.contains('=') {
            let why = format!("`{}` is no attribute", shown(text.value));
            complaints.at(text.offset, why, "write it as RFC 4514 does, e.g. `O=Example GmbH`");
            return Vec::new();
        }
        value.push(format!("{key} {}", text.value));
        *(if key == "subject" { &mut sign.subject } else { &mut sign.issuer }) =
            Some(text.value.into());
    }
    if entry.has("pattern") {
        let Some(text) = entry.text("pattern", complaints) else { return Vec::new() };
        match pattern::attribute(text.value) {
            Ok(regex) => sign.pattern = Some(regex),
            Err(unfit) => {
                complaints.at(text.offset, unfit.why, unfit.fix);
                return Vec::new();
            }
        }
        value.push(text.value.to_owned());
    }
    if value.is_empty() {
        let fix = "give `subject`, `issuer` or `pattern`";
        complaints.at(entry.offset(), "the certificate has no sign".to_owned(), fix);
        return Vec::new();
    }
    vec![(RowKind::Certificate, value.join("; "), Sign::Certificate(sign))]
}

fn read_user_agent(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let Some(text) = entry.needed_text("glob", "e.g. `Agent/*`", complaints) else {
        return Vec::new();
    };
    let glob = Glob::new(text.value);
    if !long_enough(text, glob.literal_len(), 3, complaints) {
        return Vec::new();
    }
    vec![(RowKind::UserAgent, text.value.to_owned(), Sign::UserAgent(glob))]
}

fn read_path(entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Vec<(RowKind, String, Sign)> {
    let Some(text) = entry.needed_text("glob", "e.g. `/agent.ashx`", complaints) else {
        return Vec::new();
    };
    let method = entry.text("method", complaints).map(|method| method.value.into());
    let glob = Glob::new(text.value);
    if !long_enough(text, glob.literal_len(), 4, complaints) {
        return Vec::new();
    }
    vec![(RowKind::Path, text.value.to_owned(), Sign::Path { glob, method })]
}

fn read_files(entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Vec<(RowKind, String, Sign)> {
    let Some(names) = entry.texts("names", complaints) else {
        let fix = "write `names = [\"setup.exe\"]`";
        complaints.at(entry.offset(), "there are no file names".to_owned(), fix);
        return Vec::new();
    };
    let mut signs = Vec::new();
    for name in names {
        let glob = Glob::new(name.value);
        if long_enough(name, glob.literal_len(), 4, complaints) {
            signs.push((RowKind::File, name.value.to_owned(), Sign::File(glob)));
        }
    }
    signs
}

fn read_payload(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let transport = entry.word("transport", &TRANSPORTS, None, complaints);
    let sides = [("client", Some(Side::Client)), ("server", Some(Side::Server)), ("either", None)];
    let side = entry.word("side", &sides, None, complaints);
    let offset = entry.number("offset", 0..256, complaints).map_or(0, |offset| offset.value);
    let longest = u64::from(u32::MAX);
    let mut len = |key, default| {
        let number = entry.number(key, 0..longest, complaints);
        number.and_then(|number| u32::try_from(number.value).ok()).unwrap_or(default)
    };
    let (first_len_min, first_len_max) = (len("first_len_min", 0), len("first_len_max", u32::MAX));
    let what = "hexadecimal pairs, `??` for any octet";
    let bytes = entry.needed_text("bytes", what, complaints);
    let (Some(transport), Some(side), Some(bytes)) = (transport, side, bytes) else {
        return Vec::new();
    };
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    match signature::octets(bytes.value) {
        Ok(octets) if offset.saturating_add(octets.len()) <= model::Opening::LEN_MAX => {
            let signature =
                Signature { transport, side, offset, octets, first_len_min, first_len_max };
            vec![(RowKind::Payload, bytes.value.to_owned(), Sign::Payload(signature))]
        }
        Ok(_) => {
            let fix = format!("only the first {} octets are looked at", model::Opening::LEN_MAX);
            complaints.at(bytes.offset, "the signature ends too far in".to_owned(), fix);
            Vec::new()
        }
        Err(why) => {
            let why = format!("the signature cannot be read: {why}");
            complaints.at(bytes.offset, why, format!("write {what}, e.g. `87 ?? 10 00`"));
            Vec::new()
        }
    }
}

/// A sign of fewer characters than `least` fits everything.
fn long_enough(
    text: Placed<&str>,
    len: usize,
    least: usize,
    complaints: &mut Complaints<'_>,
) -> bool {
    if len < least {
        let why = format!("`{}` says too little", shown(text.value));
        complaints.at(text.offset, why, format!("write at least {least} characters besides `*`"));
    }
    len >= least
}

/// The file's name without folders and its ending.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
