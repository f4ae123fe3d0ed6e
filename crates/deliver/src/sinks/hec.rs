//! Splunk's HTTP event collector: events one after the other, `Authorization: Splunk <token>`.
//!
//! 200 says that events are well formed and no more. With indexer acknowledgement (Splunk
//! Enterprise) the answer has an `ackId` that is asked for until the indexers have written the
//! events down; an attempt that ends before goes on asking at the next one, and sends again only
//! after [`ACK_WAIT_MAX`].

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::http::{Answer, Client, InParts, Post, Verdict, joined, judge};
use super::{Carrier, Entry, HecPlan, Setback};
use crate::limits::{ACK_ASKED_MOST, ACK_ATTEMPT, ACK_WAIT_MAX};

/// The field that names our channel: acknowledgements are counted within it.
const CHANNEL: &str = "x-splunk-request-channel";

/// The way to it.
pub(super) struct Hec {
    client: Client,
    path: String,
    ack: Option<Acks>,
}

/// Acknowledgements.
struct Acks {
    /// Where they are asked for; none when that cannot be told from the path.
    path: Option<String>,
    /// A GUID, another one in each process.
    channel: String,
    open: Option<Open>,
}

/// A request that was accepted and is not acknowledged.
struct Open {
    ack_id: u64,
    ids: Vec<String>,
    since: Instant,
}

/// What it says to events.
#[derive(Deserialize)]
struct Said {
    code: u32,
    #[serde(rename = "ackId")]
    ack_id: Option<u64>,
}

/// What it says of acknowledgements.
#[derive(Deserialize)]
struct AcksSaid {
    acks: BTreeMap<String, bool>,
}

/// Connects to nothing yet.
pub(super) fn new(plan: &HecPlan) -> Box<dyn Carrier> {
    let path = plan.http.path.clone();
    let ack = plan.ack.then(|| Acks { path: ack_path(&path), channel: guid(), open: None });
    let client = Client::new(&plan.http, "application/json");
    Box::new(InParts::new(Hec { client, path, ack }))
}

impl Post for Hec {
    fn open(&self, batch: &[Entry]) -> Option<usize> {
        let open = self.ack.as_ref()?.open.as_ref()?;
        let ids = batch.iter().map(|entry| &entry.id);
        let same = open.ids.len() <= batch.len() && open.ids.iter().zip(ids).all(|(a, b)| a == b);
        same.then_some(open.ids.len())
    }

    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        let still_open = self.open(entries) == Some(entries.len());
        if !still_open {
            let channel = self.ack.as_ref().map(|ack| ack.channel.clone());
            let channel = channel.as_deref().map(|channel| (CHANNEL, channel));
            let body = joined(entries, b'\n');
            let answer = self.client.post(&self.path, channel.as_slice(), body).await?;
            let said = match heard(&answer)? {
                Ok(said) => said,
                Err(verdict) => return Ok(verdict),
            };
            if let Some(acks) = &mut self.ack {
                let Some(ack_id) = said.ack_id else {
                    let why = "no ackId: this token has no indexer acknowledgement";
                    return Err(answer.setback(why));
                };
                let ids = entries.iter().map(|entry| entry.id.clone()).collect();
                acks.open = Some(Open { ack_id, ids, since: Instant::now() });
            }
        }
        self.acknowledged().await?;
        Ok(Verdict::Taken(Vec::new()))
    }
}

impl Hec {
    /// Ask until what is open is acknowledged.
    async fn acknowledged(&mut self) -> Result<(), Setback> {
        let Hec { client, ack: Some(acks), .. } = self else { return Ok(()) };
        let Some(path) = &acks.path else {
            return Err(Setback::new(
                "with acknowledgement, the path has /services/collector in it",
            ));
        };
        let path = format!("{path}?channel={}", acks.channel);
        let begun = Instant::now();
        let mut pause = Duration::from_millis(100);
        while let Some(Open { ack_id, since, .. }) = &acks.open {
            let (ack_id, since) = (*ack_id, *since);
            let body = json!({ "acks": [ack_id] }).to_string().into_bytes();
            let answer = client.post(&path, &[(CHANNEL, &acks.channel)], body).await?;
            if let Verdict::TooMuch(why) | Verdict::Unfit(why) = judge(&answer)? {
                return Err(Setback::new(why));
            }
            let Ok(AcksSaid { acks: said }) = serde_json::from_slice(&answer.body) else {
                return Err(answer.setback("that says nothing of acknowledgements"));
            };
            if said.get(&ack_id.to_string()) == Some(&true) {
                acks.open = None;
                return Ok(());
            }
            if since.elapsed() > ACK_WAIT_MAX {
                acks.open = None;
                let minutes = ACK_WAIT_MAX.as_secs() / 60;
                let why = format!("not acknowledged in {minutes} minutes; it is sent again");
                return Err(answer.setback(&why));
            }
            if begun.elapsed() > ACK_ATTEMPT {
                return Err(answer.setback("not acknowledged yet; asked again"));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(ACK_ASKED_MOST);
        }
        Ok(())
    }
}

/// What the collector says by its codes (Splunk, "Troubleshoot HTTP Event Collector"): with status
/// 400, codes 7 (index), 10, 11, 14 (channel, acknowledgement) and 16 speak of how it was set up;
/// the others of an event.
fn heard(answer: &Answer) -> Result<Result<Said, Verdict>, Setback> {
    let said = serde_json::from_slice::<Said>(&answer.body);
    match (judge(answer)?, said) {
        (Verdict::Taken(_), Ok(said)) if said.code == 0 => Ok(Ok(said)),
        (Verdict::Taken(_), _) => Err(answer.setback("no word of success; is it a collector?")),
        (Verdict::Unfit(_), Ok(Said { code: 7 | 10 | 11 | 14 | 16, .. })) => {
            Err(answer.setback("the token or the index is not set up for this"))
        }
        (other, _) => Ok(Err(other)),
    }
}

/// Where acknowledgements are asked for: beside the path of events.
fn ack_path(path: &str) -> Option<String> {
    const COLLECTOR: &str = "/services/collector";
    let begin = path.find(COLLECTOR)?;
    Some(format!("{}/ack", path.get(..begin + COLLECTOR.len())?))
}

/// A number that no other process has, written as a GUID of version 4 (RFC 9562 §5.4).
fn guid() -> String {
    let of = |half: u8| u128::from(RandomState::new().hash_one(half));
    let number = (of(0) << 64 | of(1)) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{number:032x}");
    let (a, rest) = text.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_stand_beside_events() {
        for (path, expected) in [
            ("/services/collector/event", Some("/services/collector/ack")),
            ("/services/collector/event/1.0?x=y", Some("/services/collector/ack")),
            ("/services/collector", Some("/services/collector/ack")),
            ("/splunk/services/collector/event", Some("/splunk/services/collector/ack")),
            ("/in", None),
        ] {
            assert_eq!(ack_path(path).as_deref(), expected);
        }
    }

    #[test]
    fn a_channel_is_a_guid() {
        let (one, other) = (guid(), guid());
        assert_ne!(one, other);
        let at = |place: usize| one.as_bytes()[place];
        assert_eq!((one.len(), at(8), at(13), at(14), at(18), at(23)), (36, 45, 45, 52, 45, 45));
        assert!(b"89ab".contains(&at(19)), "{one}");
    }
}
