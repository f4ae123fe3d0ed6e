//! Any HTTP server: a request a record, or a batch as lines or as an array. 2xx is taken for good.

use super::http::{Client, InParts, Post, Verdict, array, joined, judge};
use super::{Carrier, Entry, Join, Setback, WebhookPlan};

/// The way to it.
pub(super) struct Webhook {
    client: Client,
    path: String,
    join: Join,
}

/// Connects to nothing yet.
pub(super) fn new(plan: &WebhookPlan) -> Box<dyn Carrier> {
    let client = Client::new(&plan.http, &plan.content_type);
    Box::new(InParts::new(Webhook { client, path: plan.http.path.clone(), join: plan.join }))
}

impl Post for Webhook {
    fn records_max(&self) -> usize {
        if self.join == Join::Each { 1 } else { usize::MAX }
    }

    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        let body = match self.join {
            Join::Array => array(entries),
            Join::Lines => {
                let mut body = joined(entries, b'\n');
                body.push(b'\n');
                body
            }
            Join::Each => joined(entries, b'\n'),
        };
        // A record that comes twice can be known by it (draft-ietf-httpapi-idempotency-key-header).
        let key = match (self.join, entries) {
            (Join::Each, [entry]) => Some(format!("\"{}\"", entry.id)),
            _ => None,
        };
        let key = key.as_deref().map(|key| ("idempotency-key", key));
        judge(&self.client.post(&self.path, key.as_slice(), body).await?)
    }
}
