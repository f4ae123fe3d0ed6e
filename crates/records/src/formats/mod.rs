//! The formats: one file each, a pure function of the native record.
//!
//! A native record ([`ecs`]) is written by the sensor; every other format is made of its line by
//! [`shape`], in the sensor and in `rmmwatch convert` alike.

pub(crate) mod ecs;
mod native;

pub use self::native::{Native, NotNative};

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
    /// where there is none.
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
    let _ = options;
    match format {
        Format::Ecs => {
            out.extend_from_slice(record.line());
            true
        }
        Format::Eve
        | Format::Ocsf
        | Format::Cef
        | Format::Leef
        | Format::Syslog
        | Format::Notice
        | Format::Stix
        | Format::Misp
        | Format::Hec
        | Format::Loki
        | Format::Alertmanager => false,
    }
}
