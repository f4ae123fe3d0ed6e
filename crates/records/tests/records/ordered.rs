//! JSON with its names in their order, read and written again by serde_json: what a record was, had
//! serde_json written it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// A value; an object as pairs in their order.
#[derive(Debug)]
pub(crate) enum Ordered {
    Object(Vec<(String, Ordered)>),
    Array(Vec<Ordered>),
    Text(String),
    Whole(u64),
    Other(serde_json::Value),
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Ordered, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut pairs: Vec<(String, Ordered)> = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    assert!(pairs.iter().all(|(known, _)| *known != name), "{name} stands twice");
                    pairs.push((name, value));
                }
                Ok(Ordered::Object(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = seq.next_element()? {
                    members.push(member);
                }
                Ok(Ordered::Array(members))
            }

            fn visit_str<E>(self, text: &str) -> Result<Ordered, E> {
                Ok(Ordered::Text(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Ordered, E> {
                Ok(Ordered::Whole(number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Ordered, E> {
                Ok(Ordered::Other(number.into()))
            }

            fn visit_bool<E>(self, mark: bool) -> Result<Ordered, E> {
                Ok(Ordered::Other(mark.into()))
            }
        }
        from.deserialize_any(Reading)
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Ordered::Object(pairs) => {
                to.collect_map(pairs.iter().map(|(name, value)| (name, value)))
            }
            Ordered::Array(members) => to.collect_seq(members),
            Ordered::Text(text) => to.serialize_str(text),
            Ordered::Whole(number) => to.serialize_u64(*number),
            Ordered::Other(value) => value.serialize(to),
        }
    }
}

/// Assert that a line is what serde_json writes of what it reads there: names in their order,
/// texts, numbers, and no octet more.
#[track_caller]
pub(crate) fn assert_as_serde_writes(what: &str, line: &str) {
    let read: Ordered = serde_json::from_str(line).expect("a line is JSON");
    let again = serde_json::to_string(&read).expect("what was read can be written");
    assert_eq!(format!("{again}\n"), line, "{what}");
}
