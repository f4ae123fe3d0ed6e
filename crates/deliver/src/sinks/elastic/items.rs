//! The items of a bulk's answer.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::limits::BULK_ITEMS_MAX;
use crate::sinks::said::said;

/// What became of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It stands there, now or since an earlier attempt.
    There,
    /// It never will.
    Refused(String),
    /// Not this time.
    Later(String),
}

/// What became of each entry, in the order they were sent.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Items(pub(super) Vec<Fate>);

/// Errors with status 400 that speak of the index and not of the record.
const OF_THE_INDEX: &[&str] = &[
    "cluster_block_exception",
    "illegal_state_exception",
    "index_closed_exception",
    "invalid_index_name_exception",
    "unavailable_shards_exception",
    "validation_exception",
];

/// An answer, as far as it is read here.
#[derive(Deserialize)]
struct Bulk {
    #[serde(deserialize_with = "bounded")]
    items: Vec<Item>,
}

/// `{"create":{…}}`.
#[derive(Deserialize)]
struct Item {
    #[serde(alias = "index")]
    create: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(rename = "_id")]
    id: Option<String>,
    status: u16,
    error: Option<Value>,
}

impl Items {
    /// What became of `sent`, by their ids.
    ///
    /// # Errors
    /// When the answer is not one to exactly these.
    pub(super) fn read(body: &[u8], sent: &[&str]) -> Result<Items, String> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err("an empty answer to a bulk says nothing of its items".to_owned());
        }
        let Bulk { items } = serde_json::from_slice(body)
            .map_err(|why| format!("that is no answer to a bulk: {why}"))?;
        if items.len() != sent.len() {
            return Err(format!("{} items in answer to {} records", items.len(), sent.len()));
        }
        let mut fates = Vec::with_capacity(sent.len());
        for (Item { create }, id) in items.into_iter().zip(sent) {
            if create.id.as_ref().is_some_and(|other| other != id) {
                return Err(format!("an item of another id in answer to {id}"));
            }
            fates.push(create.fate());
        }
        Ok(Items(fates))
    }
}

impl Outcome {
    /// 409 is the answer to a `create` of what is there already. 400 and 413 speak of the record;
    /// everything else of the index, of rights or of the load.
    fn fate(self) -> Fate {
        let of_the_index = || self.kind().is_some_and(|kind| OF_THE_INDEX.contains(&kind));
        match self.status {
            200 | 201 | 409 => Fate::There,
            400 | 413 if !of_the_index() => Fate::Refused(self.told()),
            _ => Fate::Later(self.told()),
        }
    }

    fn kind(&self) -> Option<&str> {
        self.error.as_ref()?.get("type")?.as_str()
    }

    fn told(&self) -> String {
        let told = match &self.error {
            None => self.status.to_string(),
            Some(Value::String(text)) => format!("{} {text}", self.status),
            Some(error) => {
                let reason = error.get("reason").and_then(Value::as_str).unwrap_or_default();
                format!("{} {}: {reason}", self.status, self.kind().unwrap_or("error"))
            }
        };
        said(&told)
    }
}

/// Items, not more than anybody asked for.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Item>, D::Error> {
    struct Bounded;
    impl<'de> Visitor<'de> for Bounded {
        type Value = Vec<Item>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Item>, A::Error> {
            let mut all = Vec::new();
            while let Some(item) = items.next_element()? {
                if all.len() >= BULK_ITEMS_MAX {
                    return Err(A::Error::custom("more items than were ever sent"));
                }
                all.push(item);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_seq(Bounded)
}

/// An answer to three records.
pub(crate) const SAMPLE: &str = concat!(
    r#"{"took":3,"errors":true,"items":[{"create":{"_id":"1-0","status":201}},"#,
    r#"{"create":{"_id":"1-1","status":400,"error":{"type":"x","reason":"failed to parse"}}},"#,
    r#"{"index":{"_id":"1-2","status":429,"error":"busy"}}]}"#
);

/// An answer of any octets settles no more entries than were sent, and says why in short lines.
pub(crate) fn fuzz(octets: &[u8]) {
    for sent in [&["a"][..], &["a", "b"], &["1-0", "1-1", "1-2"]] {
        match Items::read(octets, sent) {
            Ok(Items(fates)) => {
                assert_eq!(fates.len(), sent.len());
                for fate in fates {
                    if let Fate::Refused(why) | Fate::Later(why) = fate {
                        assert!(why.chars().count() <= 301, "{why:?}");
                        assert!(!why.contains(char::is_control), "{why:?}");
                    }
                }
            }
            Err(why) => assert!(!why.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_fate() {
        for (item, expected) in [
            (r#"{"create":{"_id":"a","status":201}}"#, "there"),
            (r#"{"create":{"status":200}}"#, "there"),
            (r#"{"index":{"_id":"a","status":201}}"#, "there"),
            (
                r#"{"create":{"_id":"a","status":409,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}}}"#,
                "there",
            ),
            (
                r#"{"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"failed to\nparse"}}}"#,
                "refused: 400 document_parsing_exception: failed to parse",
            ),
            (
                r#"{"create":{"status":400,"error":"MapperParsingException[x]"}}"#,
                "refused: 400 MapperParsingException[x]",
            ),
            (r#"{"create":{"status":400}}"#, "refused: 400"),
            (
                r#"{"create":{"status":400,"error":{"type":"index_closed_exception","reason":"closed"}}}"#,
                "later: 400 index_closed_exception: closed",
            ),
            (
                r#"{"create":{"status":403,"error":{"type":"cluster_block_exception","reason":"flood stage"}}}"#,
                "later: 403 cluster_block_exception: flood stage",
            ),
            (
                r#"{"create":{"status":404,"error":{"type":"index_not_found_exception"}}}"#,
                "later: 404 index_not_found_exception:",
            ),
            (
                r#"{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue"}}}"#,
                "later: 429 es_rejected_execution_exception: queue",
            ),
            (r#"{"create":{"status":503}}"#, "later: 503"),
            (r#"{"create":{"status":0}}"#, "later: 0"),
        ] {
            let body = format!(r#"{{"took":3,"errors":true,"items":[{item}]}}"#);
            let items = Items::read(body.as_bytes(), &["a"]).expect("an answer");
            let found = match &items.0[0] {
                Fate::There => "there".to_owned(),
                Fate::Refused(why) => format!("refused: {why}"),
                Fate::Later(why) => format!("later: {why}"),
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_damaged_answer_is_understood_or_not() {
        let sample = SAMPLE.as_bytes();
        let Items(fates) = Items::read(sample, &["1-0", "1-1", "1-2"]).expect("an answer");
        assert_eq!(fates.len(), 3);
        fuzz(sample);
        for at in 0..sample.len() {
            fuzz(&sample[..at]);
            for octet in [b'"', b'}', b'0', 0xff] {
                let mut damaged = sample.to_vec();
                damaged[at] = octet;
                fuzz(&damaged);
            }
        }
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for (body, why) in [
            ("", "empty"),
            (" \r\n", "empty"),
            ("<html>", "no answer to a bulk"),
            ("{}", "missing field `items`"),
            (r#"{"errors":false}"#, "missing field `items`"),
            (r#"{"items":[]}"#, "0 items in answer to 1"),
            (r#"{"items":[{"create":{"status":201}},{"create":{"status":201}}]}"#, "2 items"),
            (r#"{"items":[{"create":{"_id":"b","status":201}}]}"#, "another id"),
            (r#"{"items":[{"create":{"status":"201"}}]}"#, "no answer to a bulk"),
            (r#"{"items":[{"delete":{"status":200}}]}"#, "no answer to a bulk"),
        ] {
            let said = Items::read(body.as_bytes(), &["a"]).expect_err(body);
            assert!(said.contains(why), "{body}: {said}");
        }
        let many = vec![r#"{"create":{"status":201}}"#; BULK_ITEMS_MAX + 1].join(",");
        let said = Items::read(format!(r#"{{"items":[{many}]}}"#).as_bytes(), &["a"]);
        assert!(said.expect_err("too many").contains("more items"));
    }
}
