//! Grafana Loki: `POST /loki/api/v1/push` in JSON, answered with 204.
//!
//! Each record comes as a stream of its own; those with the same labels become one. Loki takes the
//! good lines of a push and answers 400 for the others (too old, too far behind): these are found
//! by asking again with less, and it knows a line of the same labels, time and text again.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::http::{Client, InParts, Post, Verdict, judge};
use super::{Carrier, Entry, LokiPlan, Refused, Setback};

/// The way to it.
pub(super) struct Loki {
    client: Client,
    path: String,
    tenant: Option<String>,
}

/// What is sent.
#[derive(Serialize, Default)]
struct Push {
    streams: Vec<Labelled>,
}

/// A stream, as a record comes.
#[derive(Serialize, Deserialize)]
struct Labelled {
    stream: BTreeMap<String, String>,
    values: Vec<Value>,
}

/// Connects to nothing yet.
pub(super) fn new(plan: &LokiPlan) -> Box<dyn Carrier> {
    let client = Client::new(&plan.http, "application/json");
    let (path, tenant) = (plan.http.path.clone(), plan.tenant.clone());
    Box::new(InParts::new(Loki { client, path, tenant }))
}

impl Post for Loki {
    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        let (push, refused) = join(entries);
        if push.streams.is_empty() {
            return Ok(Verdict::Taken(refused));
        }
        let body = serde_json::to_vec(&push).map_err(|why| Setback::new(why.to_string()))?;
        let tenant = self.tenant.as_deref().map(|tenant| ("x-scope-orgid", tenant));
        let answer = self.client.post(&self.path, tenant.as_slice(), body).await?;
        if answer.status.is_success() && answer.status != StatusCode::NO_CONTENT {
            return Err(answer.setback("Loki says 204; is it Loki?"));
        }
        Ok(match judge(&answer)? {
            Verdict::Taken(_) => Verdict::Taken(refused),
            other => other,
        })
    }
}

/// One push of many, streams and lines in the order of their first entry; and what is none.
fn join(entries: &[Entry]) -> (Push, Vec<Refused>) {
    let (mut push, mut refused) = (Push::default(), Vec::new());
    let mut places: BTreeMap<BTreeMap<String, String>, usize> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let one = match serde_json::from_slice::<Labelled>(&entry.body) {
            Ok(one) => one,
            Err(why) => {
                refused.push(Refused { at, why: format!("no stream of Loki's: {why}") });
                continue;
            }
        };
        let place = *places.entry(one.stream.clone()).or_insert(push.streams.len());
        match push.streams.get_mut(place) {
            Some(stream) => stream.values.extend(one.values),
            None => push.streams.push(one),
        }
    }
    (push, refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;

    fn entry(body: &str) -> Entry {
        Entry {
            seq: 0,
            stream: Stream::Alerts,
            id: "id".to_owned(),
            line: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn records_with_the_same_labels_are_one_stream() {
        let of = |sensor: &str, nanos: u32| {
            entry(&format!(
                r#"{{"stream":{{"job":"rmmwatch","sensor":"{sensor}"}},"values":[["{nanos}","line {nanos}",{{"k":"v"}}]]}}"#
            ))
        };
        let entries = [of("a", 1), of("b", 2), entry("{}"), of("a", 3), entry("[")];
        let (push, refused) = join(&entries);
        let text = serde_json::to_string(&push).expect("JSON");
        assert_eq!(
            text,
            r#"{"streams":[{"stream":{"job":"rmmwatch","sensor":"a"},"values":[["1","line 1",{"k":"v"}],["3","line 3",{"k":"v"}]]},{"stream":{"job":"rmmwatch","sensor":"b"},"values":[["2","line 2",{"k":"v"}]]}]}"#
        );
        assert_eq!(refused.iter().map(|one| one.at).collect::<Vec<_>>(), [2, 4]);
    }
}
