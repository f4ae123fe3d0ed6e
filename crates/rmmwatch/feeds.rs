//! Feeds as the settings tell them, and the files behind them.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use intel::{BookBuilder, Column, FeedOptions, feed_formats};
use model::{ListKind, Stage};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::config::ConfigError;

/// A `[[feed]]` table: a list, and what its owner says of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedTable {
    pub(crate) file: PathBuf,
    #[serde(default, deserialize_with = "format")]
    format: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    id: Option<String>,
    name: Option<String>,
    source: Option<String>,
    licence: Option<String>,
    #[serde(default, deserialize_with = "share")]
    confidence: Option<u8>,
    #[serde(default, deserialize_with = "kind")]
    kind: Option<ListKind>,
    #[serde(default, deserialize_with = "days")]
    expires_days: Option<u16>,
    #[serde(default, deserialize_with = "stage")]
    stage: Option<Stage>,
    #[serde(default)]
    columns: Columns,
}

/// Which column holds what.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
struct Columns {
    #[serde(deserialize_with = "column")]
    value: Option<String>,
    #[serde(deserialize_with = "column")]
    description: Option<String>,
    #[serde(deserialize_with = "column")]
    confidence: Option<String>,
    #[serde(deserialize_with = "column")]
    until: Option<String>,
}

impl FeedTable {
    /// What stands in the table, for the crate that reads feeds.
    pub(crate) fn options(&self) -> FeedOptions {
        let Columns { value, description, confidence, until } = self.columns.clone();
        let columns = [
            (Column::Value, value),
            (Column::Description, description),
            (Column::Confidence, confidence),
            (Column::Until, until),
        ];
        FeedOptions {
            format: self.format.clone(),
            id: self.id.clone(),
            name: self.name.clone(),
            source: self.source.clone(),
            licence: self.licence.clone(),
            kind: self.kind,
            confidence_pct: self.confidence,
            expires_days: self.expires_days,
            stage: self.stage,
            columns: columns.into_iter().filter_map(|(what, at)| Some((what, at?))).collect(),
        }
    }
}

/// Read a feed into the builder, a piece at a time.
///
/// # Errors
/// [`ConfigError::Unreadable`], with what is wrong with the file.
pub(crate) fn read(
    builder: &mut BookBuilder,
    path: &Path,
    options: &FeedOptions,
) -> Result<(), ConfigError> {
    let shown = path.display();
    let cannot = || format!("the feed {shown} cannot be read");
    let mut read = || -> anyhow::Result<()> {
        let about = std::fs::metadata(path).with_context(cannot)?;
        anyhow::ensure!(!about.is_dir(), "the feed {shown} is a folder; name the files in it");
        // It would be empty at the next reload, or wait for its writer for ever.
        anyhow::ensure!(
            about.is_file(),
            "the feed {shown} is a pipe or a device; a feed is read anew at each reload, so save \
             it to a file"
        );
        let mut file = File::open(path).with_context(cannot)?;
        let name = shown.to_string();
        builder.feed_sized(&name, &mut file, about.len(), options).with_context(cannot)
    };
    read().map_err(ConfigError::Unreadable)
}

const KINDS: [(&str, ListKind); 4] = [
    (ListKind::Attacker.word(), ListKind::Attacker),
    (ListKind::Sweep.word(), ListKind::Sweep),
    (ListKind::Vendor.word(), ListKind::Vendor),
    (ListKind::Young.word(), ListKind::Young),
];

const STAGES: [(&str, Stage); 3] =
    [("first", Stage::First), ("second", Stage::Second), ("relay", Stage::Relay)];

fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ListKind>, D::Error> {
    word(from, &KINDS).map(Some)
}

fn stage<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Stage>, D::Error> {
    word(from, &STAGES).map(Some)
}

fn format<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let words: Vec<(&str, &str)> = feed_formats().map(|name| (name, name)).collect();
    word(from, &words).map(|name| Some(name.to_owned()))
}

fn filled<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    if text.trim().is_empty() {
        return Err(D::Error::custom("the id is empty; leave it out, or name the feed"));
    }
    Ok(Some(text))
}

fn word<'de, D: Deserializer<'de>, T: Copy>(from: D, words: &[(&str, T)]) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        // As serde says it of an enum, so that the nearest word is found alike.
        D::Error::custom(format!("unknown variant `{text}`, expected one of {}", known.join(", ")))
    })
}

fn share<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    let share = f64::deserialize(from)?;
    if !(0.0..=1.0).contains(&share) {
        return Err(D::Error::custom(format!("the share {share}; write 0 to 1, e.g. 0.8")));
    }
    // In range by the check; as-casts of floats saturate.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(Some((share * 100.0).round() as u8))
}

fn days<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    match u16::deserialize(from)? {
        days @ 1..=3650 => Ok(Some(days)),
        days => Err(D::Error::custom(format!("{days} days; write 1 to 3650"))),
    }
}

/// A column's number from 1, or the header's word.
fn column<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    struct Place;
    impl Visitor<'_> for Place {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a column's number from 1 or the header's word")
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
            match number {
                1..=256 => Ok(number.to_string()),
                _ => Err(E::custom(format!("column {number}; write 1 to 256"))),
            }
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    from.deserialize_any(Place).map(Some)
}
