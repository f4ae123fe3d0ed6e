//! A native record as it was read: one line of JSON, its fields by their path.

use std::borrow::Cow;
use std::hash::Hasher as _;

use model::Timestamp;
use serde_json::Value;
use siphasher::sip::SipHasher13;

use crate::limits::LINE_BYTES_MAX;
use crate::stamp;

/// Why a line is no native record.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotNative {
    /// It is longer than a line may be.
    #[error("the line has {0} octets; a record has at most {LINE_BYTES_MAX}")]
    TooLong(usize),
    /// It is no JSON object.
    #[error("this is no JSON object: {0}")]
    NoObject(String),
    /// A field that every record has is missing or is something else.
    #[error("this is no record of rmmwatch: {0} is missing or of another kind")]
    Missing(&'static str),
}

/// A native record. Its line came from us or from anyone: every field may be missing but those that
/// [`Native::parse`] asks for.
#[derive(Clone, Debug)]
pub struct Native<'a> {
    line: &'a [u8],
    fields: Value,
    at: Timestamp,
}

impl<'a> Native<'a> {
    /// Read a line, with or without its newline.
    ///
    /// # Errors
    /// When it is no record of ours: no JSON object, or `@timestamp`, `event.id`, `event.kind` or
    /// `event.dataset` is missing, or `rmm.schema` is not 1.
    pub fn parse(line: &'a [u8]) -> Result<Native<'a>, NotNative> {
        let line = line.trim_ascii_end();
        if line.len() > LINE_BYTES_MAX {
            return Err(NotNative::TooLong(line.len()));
        }
        let fields: Value =
            serde_json::from_slice(line).map_err(|why| NotNative::NoObject(why.to_string()))?;
        if !fields.is_object() {
            return Err(NotNative::NoObject("another JSON value".to_owned()));
        }
        let text = |path: &[&str]| find(&fields, path).and_then(Value::as_str);
        let at = text(&["@timestamp"]).and_then(stamp::parse);
        let at = at.ok_or(NotNative::Missing("@timestamp"))?;
        for (name, path) in [
            ("event.id", ["event", "id"]),
            ("event.kind", ["event", "kind"]),
            ("event.dataset", ["event", "dataset"]),
        ] {
            text(&path).ok_or(NotNative::Missing(name))?;
        }
        if find(&fields, &["rmm", "schema"]).and_then(Value::as_u64) != Some(1) {
            return Err(NotNative::Missing("rmm.schema"));
        }
        Ok(Native { line, fields, at })
    }

    /// The line, without its newline.
    #[must_use]
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// When: packet time.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// A field, by its path.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        find(&self.fields, path)
    }

    /// A text field.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// A field that is a whole number.
    #[must_use]
    pub fn number(&self, path: &[&str]) -> Option<u64> {
        self.get(path).and_then(Value::as_u64)
    }

    /// The texts of an array; none where there is no such array.
    pub fn texts<'b>(&'b self, path: &[&str]) -> impl Iterator<Item = &'b str> {
        self.get(path).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The whole record.
    #[must_use]
    pub fn fields(&self) -> &Value {
        &self.fields
    }

    /// `event.id`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text(&["event", "id"]).unwrap_or_default()
    }

    /// `event.dataset` without `rmmwatch.`: `alert`, `observation`, `inventory`, `health`, `summary`.
    #[must_use]
    pub fn dataset(&self) -> &str {
        let whole = self.text(&["event", "dataset"]).unwrap_or_default();
        whole.strip_prefix("rmmwatch.").unwrap_or(whole)
    }

    /// What tells this record from every other, the same however often it is sent: `event.id`, and
    /// where records share one (later tellings of an alert, rows of the inventory), `event.id`, a
    /// hyphen and 16 hexadecimal digits that follow from the line.
    #[must_use]
    pub fn delivery_id(&self) -> Cow<'_, str> {
        let retold = self.get(&["rmm", "update"]).and_then(Value::as_bool) == Some(true);
        if !retold && self.dataset() != "inventory" {
            return Cow::Borrowed(self.id());
        }
        let mut hash = SipHasher13::new_with_keys(0, 0);
        hash.write(self.line);
        Cow::Owned(format!("{}-{:016x}", self.id(), hash.finish()))
    }
}

fn find<'v>(fields: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(fields, |at, name| at.as_object()?.get(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(more: &str) -> String {
        format!(
            "{{\"@timestamp\":\"2026-11-21T20:15:42.123456Z\",\"event\":{{\"id\":\"0a\",\"kind\":\
             \"alert\",\"dataset\":\"rmmwatch.alert\"}},\"rmm\":{{\"schema\":1{more}}}}}\n"
        )
    }

    #[test]
    fn what_is_a_native_record() {
        let good = line("");
        let table = [
            ("", "this is no JSON object: EOF while parsing a value at line 1 column 0"),
            ("[]", "this is no JSON object: another JSON value"),
            ("{}", "this is no record of rmmwatch: @timestamp is missing or of another kind"),
            (
                &good.replace("schema\":1", "schema\":2"),
                "this is no record of rmmwatch: rmm.schema is missing or of another kind",
            ),
            (
                &good.replace("\"id\":\"0a\",", ""),
                "this is no record of rmmwatch: event.id is missing or of another kind",
            ),
        ];
        for (text, want) in table {
            let why = Native::parse(text.as_bytes()).expect_err(text).to_string();
            assert_eq!(why, want);
        }
        let record = Native::parse(good.as_bytes()).expect("a record");
        assert_eq!(record.dataset(), "alert");
        assert_eq!(record.at().secs(), 1_795_292_142);
    }

    #[test]
    fn records_that_share_an_event_have_ids_of_their_own() {
        let (first, grown) = (line(",\"update\":false"), line(",\"update\":true,\"count\":3"));
        let id = |text: &str| {
            Native::parse(text.as_bytes()).map(|record| record.delivery_id().into_owned())
        };
        assert_eq!(id(&first), Ok("0a".to_owned()));
        let told = id(&grown).expect("a record");
        assert!(told.starts_with("0a-") && told.len() == 19, "{told}");
        assert_ne!(id(&line(",\"update\":true,\"count\":4")), Ok(told));
    }
}
