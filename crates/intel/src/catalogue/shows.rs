//! Rows about what passes in a protocol that a reader knows: hellos, certificates, requests, files.

use model::Protocol;

use super::{CertificateSign, Sign};
use crate::glob::Glob;
use crate::pattern;
use crate::rows::RowKind;
use crate::sheet::{Complaints, Placed, Sheet, shown};

pub(super) fn alpn(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let what = "how the protocol's name begins";
    let Some(prefix) = entry.needed_text("prefix", what, complaints) else { return Vec::new() };
    if !long_enough(prefix, prefix.value.len(), 2, complaints) {
        return Vec::new();
    }
    vec![(RowKind::Alpn, prefix.value.to_owned(), Sign::Alpn)]
}

/// JA4 of a client's hello: ten characters, and two halves of hashes.
pub(super) fn ja4(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let what = "36 characters, e.g. `t13d1516h2_8daaf6152771_e5627efa2ab1`";
    let Some(text) = entry.needed_text("fingerprint", what, complaints) else { return Vec::new() };
    let parts: Vec<&str> = text.value.split('_').collect();
    let hash = |part: &str| part.len() == 12 && part.bytes().all(|c| c.is_ascii_hexdigit());
    let sound = match parts.as_slice() {
        [head, ciphers, extensions] => {
            head.len() == 10
                && head.starts_with(['t', 'q', 'd'])
                && head.is_ascii()
                && hash(ciphers)
                && hash(extensions)
        }
        _ => false,
    };
    if !sound {
        let why = format!("`{}` is no JA4 fingerprint", shown(text.value));
        complaints.at(text.offset, why, format!("write {what}"));
        return Vec::new();
    }
    vec![(RowKind::Ja4, text.value.to_owned(), Sign::Ja4)]
}

pub(super) fn certificate(
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

pub(super) fn user_agent(
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

pub(super) fn path(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
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

pub(super) fn files(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
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

/// The protocols of remote access that a reader recognises, by the words of records.
const PROTOCOLS: [(&str, Protocol); 4] = [
    ("rdp", Protocol::Rdp),
    ("vnc", Protocol::Rfb),
    ("ssh", Protocol::Ssh),
    ("socks", Protocol::Socks),
];

/// The word of a protocol of remote access; `None` of any other.
pub(crate) fn protocol_word(protocol: Protocol) -> Option<&'static str> {
    PROTOCOLS.iter().find(|(_, has)| *has == protocol).map(|(word, _)| *word)
}

pub(super) fn protocol(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let Some(protocol) = entry.word("protocol", &PROTOCOLS, None, complaints) else {
        return Vec::new();
    };
    let word = protocol_word(protocol).unwrap_or_default();
    let mut value = word.to_owned();
    let mut told = None;
    if let Some(text) = entry.text("glob", complaints) {
        let glob = Glob::new(text.value);
        if !long_enough(text, glob.literal_len(), 4, complaints) {
            return Vec::new();
        }
        value.push_str(&format!(" {}", text.value));
        told = Some(glob);
    }
    vec![(RowKind::Protocol, value, Sign::Protocol { protocol, told })]
}
