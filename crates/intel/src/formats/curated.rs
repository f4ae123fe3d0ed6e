//! A feed written by hand: TOML with stages, sources and confidence.

use std::borrow::Cow;

use model::{ListKind, Severity, Stage};

use crate::limits::FEED_TOML_BYTES_MAX;
use crate::pattern::NamePattern;
use crate::sheet::{self, Complaints, Sheet, shown};

use super::frame::{Format, Head, Listed, Out, Reading, Subject};
use super::subject;

/// Takes files whose name ends in `.toml`.
pub(super) const FORMAT: Format = Format {
    name: "curated",
    fits: |file, _| file.ends_with(".toml"),
    read: Reading::Whole(|source, complaints, out| read(source.text, complaints, out)),
    sample: "id = 'sample'\nname = 'A sample'\nversion = '2023-01-25'\nsource = 'nobody'\n\
        [[indicators]]\ndomain = 'evil.example'\nstage = 'first'\n\
        [[indicators]]\naddress = '198.51.100.7'\n",
};

const STAGES: [(&str, Stage); 3] =
    [("first", Stage::First), ("second", Stage::Second), ("relay", Stage::Relay)];

const SEVERITIES: [(&str, Severity); 5] = [
    ("informational", Severity::new(0)),
    ("low", Severity::new(20)),
    ("medium", Severity::new(40)),
    ("high", Severity::new(70)),
    ("critical", Severity::new(90)),
];

const KINDS: [(&str, ListKind); 4] = [
    (ListKind::Attacker.word(), ListKind::Attacker),
    (ListKind::Sweep.word(), ListKind::Sweep),
    (ListKind::Vendor.word(), ListKind::Vendor),
    (ListKind::Young.word(), ListKind::Young),
];

const HEAD_KEYS: [&str; 11] = [
    "id",
    "name",
    "version",
    "source",
    "licence",
    "confidence",
    "severity",
    "kind",
    "expires_days",
    "note",
    "indicators",
];

const KEYS: [&str; 9] = [
    "domain",
    "address",
    "pattern",
    "exact",
    "stage",
    "seen",
    "description",
    "source",
    "confidence",
];

fn read(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
    let mut head = Head::default();
    if text.len() > FEED_TOML_BYTES_MAX {
        let why = format!("the feed is larger than {FEED_TOML_BYTES_MAX} octets");
        complaints.at(0, why, "write it as a plain list or CSV");
        return head;
    }
    let table = sheet::parse(text, complaints);
    let top = Sheet::new(&table);
    top.only(&HEAD_KEYS, complaints);
    let mut own = |key| top.text(key, complaints).map(|text| text.value.to_owned());
    head.id = own("id");
    head.name = own("name");
    head.version = own("version");
    head.source = own("source");
    head.licence = own("licence");
    head.confidence_pct = top.share_pct("confidence", complaints);
    let days = top.number("expires_days", 1..3651, complaints);
    head.expires_days = days.and_then(|days| u16::try_from(days.value).ok());
    if top.has("kind") {
        head.kind = top.word("kind", &KINDS, None, complaints);
    }
    if top.has("severity") {
        head.severity = top.word("severity", &SEVERITIES, None, complaints);
    }
    for row in top.sheets("indicators", complaints) {
        row.only(&KEYS, complaints);
        if head.source.is_none() && !row.has("source") {
            let why = "`source` is missing".to_owned();
            complaints.at(row.offset(), why, "say who reported it, here or once for the feed");
            continue;
        }
        let Some(subject) = read_subject(&row, complaints) else { continue };
        let stage =
            if row.has("stage") { row.word("stage", &STAGES, None, complaints) } else { None };
        let listed = Listed {
            subject,
            exact: row.flag("exact", complaints),
            stage,
            description: Cow::Owned(describe(&row, complaints)),
            confidence_pct: row.share_pct("confidence", complaints),
            until: None,
            line: complaints.place(row.offset()).0,
        };
        if !out(listed) {
            break;
        }
    }
    head
}

/// What the row says of itself, in one sentence: description, when it was seen, who says so.
fn describe(row: &Sheet<'_>, complaints: &mut Complaints<'_>) -> String {
    let mut said = row
        .text("description", complaints)
        .map_or_else(String::new, |description| description.value.to_owned());
    for (key, before) in [("seen", "seen "), ("source", "source: ")] {
        if let Some(text) = row.text(key, complaints) {
            if !said.is_empty() {
                said.push_str("; ");
            }
            said.push_str(before);
            said.push_str(text.value);
        }
    }
    said
}

fn read_subject(row: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Option<Subject<'static>> {
    let given = ["domain", "address", "pattern"];
    let given: Vec<&str> = given.into_iter().filter(|key| row.has(key)).collect();
    let [key] = given.as_slice() else {
        let fix = "give just one of `domain`, `address`, `pattern`";
        complaints.at(row.offset(), format!("an indicator is told in {} ways", given.len()), fix);
        return None;
    };
    let text = row.text(key, complaints)?;
    if *key == "pattern" {
        return match NamePattern::new(text.value) {
            Ok(pattern) => Some(Subject::Pattern(Box::new(pattern))),
            Err(unfit) => {
                complaints.at(text.offset, unfit.why, unfit.fix);
                None
            }
        };
    }
    match subject(text.value) {
        Ok(Subject::Name(name)) => Some(Subject::Name(Cow::Owned(name.into_owned()))),
        Ok(other) => Some(match other {
            Subject::Network(network) => Subject::Network(network),
            _ => return None,
        }),
        Err(error) => {
            let why = format!("`{}` {}", shown(text.value), error.why());
            complaints.at(text.offset, why, error.fix());
            None
        }
    }
}
