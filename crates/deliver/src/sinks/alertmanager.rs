//! Prometheus Alertmanager: `POST /api/v2/alerts`, an array of alerts (its OpenAPI, `postAlerts`).
//!
//! Alerts with the same labels are one to it, so what comes twice does no harm. It takes the good
//! alerts of an array and answers 400 for the others: these are found by asking again with less.

use super::http::{Client, InParts, Post, Verdict, array, judge};
use super::{AlertmanagerPlan, Carrier, Entry, Setback};

/// The way to it.
pub(super) struct Alertmanager {
    client: Client,
    path: String,
}

/// Connects to nothing yet.
pub(super) fn new(plan: &AlertmanagerPlan) -> Box<dyn Carrier> {
    let client = Client::new(&plan.http, "application/json");
    Box::new(InParts::new(Alertmanager { client, path: plan.http.path.clone() }))
}

impl Post for Alertmanager {
    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        judge(&self.client.post(&self.path, &[], array(entries)).await?)
    }
}
