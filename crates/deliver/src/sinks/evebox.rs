//! EveBox: `POST /api/1/submit`, a line an event, answered with how many events it wrote down.
//!
//! It leaves out what it cannot read and answers 200 all the same: its count has to be ours. It
//! knows no ids, so a batch that is sent again after a setback stands in it twice.

use serde::Deserialize;

use super::http::{Client, InParts, Post, Verdict, joined, judge};
use super::{Carrier, Entry, EveBoxPlan, Setback};

/// The way to it.
pub(super) struct EveBox {
    client: Client,
    path: String,
}

/// What it says.
#[derive(Deserialize)]
pub(super) struct Count {
    #[serde(rename = "Count")]
    count: u64,
}

/// Connects to nothing yet.
pub(super) fn new(plan: &EveBoxPlan) -> Box<dyn Carrier> {
    let client = Client::new(&plan.http, "application/x-ndjson");
    Box::new(InParts::new(EveBox { client, path: plan.http.path.clone() }))
}

impl Post for EveBox {
    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        let mut body = joined(entries, b'\n');
        body.push(b'\n');
        let answer = self.client.post(&self.path, &[], body).await?;
        match judge(&answer)? {
            Verdict::Taken(_) => {}
            other => return Ok(other),
        }
        let Ok(Count { count }) = serde_json::from_slice(&answer.body) else {
            return Err(answer.setback("that is no count of events; is it EveBox?"));
        };
        let sent = entries.len();
        if count == sent as u64 {
            return Ok(Verdict::Taken(Vec::new()));
        }
        Ok(Verdict::Unfit(format!("{} wrote down {count} of {sent}", answer.place)))
    }
}
