//! The bulk interface of Elasticsearch and OpenSearch: `create` with our own `_id`, so that what is
//! sent again is answered with 409 and stands there once.
//!
//! A bulk request is answered with 200 whatever became of its items: each item's status is read. An
//! answer without them, an empty one too, is a setback.

mod items;

use std::collections::HashMap;

use hyper::StatusCode;

use self::items::{Fate, Items};
use super::http::{Answer, Client, InParts, Post, Verdict, judge};
use super::{Carrier, ElasticPlan, Entry, Refused, Setback};
use crate::limits::SETTLED_MAX;

pub(crate) use self::items::{SAMPLE, fuzz};

/// The way to it.
pub(super) struct Elastic {
    client: Client,
    path: String,
    /// The index as a JSON string.
    index: String,
    /// What became of entries of a request that was not through as a whole, by id: not sent again.
    settled: HashMap<String, Option<String>>,
}

/// Connects to nothing yet.
pub(super) fn new(plan: &ElasticPlan) -> Box<dyn Carrier> {
    let mut path = plan.http.path.clone();
    if !path.contains('?') {
        // Only what is read here: a tenth of the octets.
        path.push_str("?filter_path=errors,items.*._id,items.*.status,items.*.error");
    }
    Box::new(InParts::new(Elastic {
        client: Client::new(&plan.http, "application/x-ndjson"),
        path,
        index: json(&plan.index),
        settled: HashMap::new(),
    }))
}

impl Post for Elastic {
    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        // Each entry's fate, where it is known already.
        let mut fates: Vec<Option<Fate>> = entries.iter().map(|entry| self.known(entry)).collect();
        let asked: Vec<usize> =
            (0..).zip(&fates).filter(|(_, f)| f.is_none()).map(|(at, _)| at).collect();
        if !asked.is_empty() {
            let sent: Vec<&Entry> = asked.iter().filter_map(|at| entries.get(*at)).collect();
            let answer = self.client.post(&self.path, &[], self.body(&sent)).await?;
            let items = match self.items(&answer, &sent)? {
                Ok(items) => items,
                Err(verdict) => return Ok(verdict),
            };
            for (at, fate) in asked.into_iter().zip(items.0) {
                if let Some(place) = fates.get_mut(at) {
                    *place = Some(fate);
                }
            }
        }
        self.weigh(entries, fates)
    }
}

impl Elastic {
    fn known(&self, entry: &Entry) -> Option<Fate> {
        if entry.body.contains(&b'\n') {
            // It would be read as two lines of the bulk.
            return Some(Fate::Refused("a newline within the record".to_owned()));
        }
        let fate = self.settled.get(&entry.id)?;
        Some(fate.clone().map_or(Fate::There, Fate::Refused))
    }

    fn body(&self, entries: &[&Entry]) -> Vec<u8> {
        let octets: usize = entries.iter().map(|entry| entry.body.len() + 128).sum();
        let mut body = Vec::with_capacity(octets);
        for entry in entries {
            let (index, id) = (&self.index, json(&entry.id));
            let action = format!("{{\"create\":{{\"_index\":{index},\"_id\":{id}}}}}\n");
            body.extend_from_slice(action.as_bytes());
            body.extend_from_slice(&entry.body);
            body.push(b'\n');
        }
        body
    }

    /// What became of each entry that was sent; or what is said of all of them.
    fn items(&self, answer: &Answer, sent: &[&Entry]) -> Result<Result<Items, Verdict>, Setback> {
        match judge(answer)? {
            Verdict::Taken(_) if answer.status == StatusCode::OK => {}
            Verdict::Taken(_) => return Err(answer.setback("a bulk is answered with 200")),
            other => return Ok(Err(other)),
        }
        if !answer.whole {
            return Err(answer.setback("the answer is too long"));
        }
        let ids: Vec<&str> = sent.iter().map(|entry| entry.id.as_str()).collect();
        Items::read(&answer.body, &ids).map(Ok).map_err(|why| answer.setback(&why))
    }

    /// A verdict when every fate is settled; else how far the settled ones reach.
    fn weigh(&mut self, entries: &[Entry], fates: Vec<Option<Fate>>) -> Result<Verdict, Setback> {
        let (mut refused, mut waiting, mut first) = (Vec::new(), None, entries.len());
        let mut settled = Vec::new();
        for (at, (entry, fate)) in entries.iter().zip(fates).enumerate() {
            match fate {
                Some(Fate::There) => settled.push((entry, None)),
                Some(Fate::Refused(why)) => {
                    settled.push((entry, Some(why.clone())));
                    refused.push(Refused { at, why });
                }
                Some(Fate::Later(why)) => {
                    first = first.min(at);
                    waiting.get_or_insert((why, 0usize)).1 += 1;
                }
                None => first = first.min(at),
            }
        }
        let Some((why, count)) = waiting else {
            self.settled.clear();
            return Ok(Verdict::Taken(refused));
        };
        if self.settled.len() + settled.len() > SETTLED_MAX {
            self.settled.clear();
        }
        self.settled.extend(settled.into_iter().map(|(entry, why)| (entry.id.clone(), why)));
        refused.retain(|one| one.at < first);
        let sent = entries.len();
        let why = format!("{count} of {sent} records were not taken: {why}");
        Err(Setback { carried: first, refused, ..Setback::new(why) })
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
