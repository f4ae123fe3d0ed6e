//! The formats: one file each, a pure function of the native record.
//!
//! A native record ([`ecs`]) is written by the sensor; every other format is made of its line by
//! [`shape`], in the sensor and in `rmmwatch convert` alike.

mod alertmanager;
mod cef;
pub(crate) mod ecs;
pub(crate) mod eve;
mod facts;
mod hec;
mod leef;
mod loki;
mod misp;
mod native;
mod notice;
mod object;
mod ocsf;
mod stix;
mod syslog;
mod telling;
mod template;
mod uuid;

use std::borrow::Cow;

pub use self::native::{Native, NotNative};
pub use self::template::Template;

/// A format that records can have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// The native record: Elastic Common Schema.
    Ecs,
    /// Suricata's EVE.
    Eve,
    /// OCSF 1.8.
    Ocsf,
    /// ArcSight's Common Event Format.
    Cef,
    /// QRadar's Log Event Extended Format 2.0.
    Leef,
    /// RFC 5424 with structured data.
    Syslog,
    /// A line of Zeek's notice.log in JSON.
    Notice,
    /// A STIX 2.1 bundle with sightings.
    Stix,
    /// A MISP event.
    Misp,
    /// An event for Splunk's HTTP event collector.
    Hec,
    /// A stream for Loki's push interface.
    Loki,
    /// An alert for Prometheus Alertmanager.
    Alertmanager,
}

/// What a format may be told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FormatOptions {
    /// Splunk's index; its default where there is none.
    pub index: Option<String>,
    /// The shape inside an envelope ([`Format::Hec`], [`Format::Loki`], [`Format::Syslog`]); native
    /// where there is none, in syslog a sentence.
    pub inner: Option<Format>,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 12] = [
        Format::Ecs,
        Format::Eve,
        Format::Ocsf,
        Format::Cef,
        Format::Leef,
        Format::Syslog,
        Format::Notice,
        Format::Stix,
        Format::Misp,
        Format::Hec,
        Format::Loki,
        Format::Alertmanager,
    ];

    /// Its word on a command line and in settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Format::Ecs => "ecs",
            Format::Eve => "eve",
            Format::Ocsf => "ocsf",
            Format::Cef => "cef",
            Format::Leef => "leef",
            Format::Syslog => "syslog",
            Format::Notice => "notice",
            Format::Stix => "stix",
            Format::Misp => "misp",
            Format::Hec => "hec",
            Format::Loki => "loki",
            Format::Alertmanager => "alertmanager",
        }
    }

    /// The format of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// Add `record` in that format to `out`, without a newline at its end. False, and nothing added,
/// when this kind of record has no form there.
pub fn shape(
    format: Format,
    record: &Native<'_>,
    options: &FormatOptions,
    out: &mut Vec<u8>,
) -> bool {
    match format {
        Format::Ecs => {
            out.extend_from_slice(&one_line(record));
            true
        }
        Format::Eve => eve::write(record, options, out),
        Format::Misp => misp::write(record, options, out),
        Format::Ocsf => ocsf::write(record, options, out),
        Format::Cef => cef::write(record, options, out),
        Format::Leef => leef::write(record, options, out),
        Format::Syslog => syslog::write(record, options, out),
        Format::Notice => notice::write(record, options, out),
        Format::Stix => stix::write(record, options, out),
        Format::Hec => hec::write(record, options, out),
        Format::Loki => loki::write(record, options, out),
        Format::Alertmanager => alertmanager::write(record, options, out),
    }
}

/// The native record on one line: JSON that somebody laid out over several becomes dense.
fn one_line<'r>(record: &'r Native<'_>) -> Cow<'r, [u8]> {
    match record.line().iter().any(|octet| matches!(octet, b'\n' | b'\r')) {
        false => Cow::Borrowed(record.line()),
        true => Cow::Owned(record.fields().to_string().into_bytes()),
    }
}

/// What stands inside an envelope; `None` where the record has no such form, or that is an
/// envelope again.
fn shape_line<'r>(inner: Format, record: &'r Native<'_>) -> Option<Cow<'r, [u8]>> {
    match inner {
        Format::Ecs => Some(one_line(record)),
        Format::Hec | Format::Loki => None,
        other => {
            let mut line = Vec::new();
            shape(other, record, &FormatOptions::default(), &mut line).then_some(Cow::Owned(line))
        }
    }
}

/// The same as a JSON value: what is no JSON itself becomes a text.
fn enclosed<'r>(inner: Format, record: &'r Native<'_>) -> Option<Cow<'r, [u8]>> {
    let line = shape_line(inner, record)?;
    if !matches!(inner, Format::Cef | Format::Leef | Format::Syslog) {
        return Some(line);
    }
    serde_json::to_vec(&String::from_utf8_lossy(&line)).ok().map(Cow::Owned)
}
