//! A partition's messages out of the stream, in its order, from any place on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::stream::Stream;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::work::Job;

/// How long to wait before a consumer that broke is made anew.
const AGAIN: Duration = Duration::from_secs(1);

/// Messages of one request: 8 MiB of full ones.
const AT_ONCE: usize = 256;

/// How long to wait for a message before the server is asked whether it still knows us.
const PATIENCE: Duration = Duration::from_secs(5);

/// Messages that are told as unreadable, one by one; the rest is counted only.
const TOLD_MAX: u32 = 10;

/// How much of the stream is still to be read.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// Messages, as of the last one that was read.
    pub(super) behind: AtomicU64,
    /// Whether all was read once.
    pub(super) drained: AtomicBool,
}

/// What to read.
pub(super) struct Reading {
    pub(super) stream: Stream,
    pub(super) partition: u16,
    /// Sites; none: all.
    pub(super) sites: Vec<String>,
    /// The first message.
    pub(super) from: u64,
}

/// Read until nobody takes the messages any more.
pub(super) async fn read(mut what: Reading, to: Sender<Job>, lag: Arc<Lag>) {
    let mut told = 0;
    loop {
        match follow(&mut what, &to, &lag, &mut told).await {
            Ok(()) => return,
            Err(why) => {
                tracing::warn!(partition = what.partition, %why, "reading facts broke off");
                tokio::time::sleep(AGAIN).await;
                if to.is_closed() {
                    return;
                }
            }
        }
    }
}

async fn follow(
    what: &mut Reading,
    to: &Sender<Job>,
    lag: &Lag,
    told: &mut u32,
) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let consumer = what.stream.create_consumer(config(what)).await;
    let consumer = consumer.map_err(|error| failed(&error))?;
    lag.set(consumer.cached_info().num_pending);
    let mut expected = 1;
    loop {
        let batch = consumer.fetch().max_messages(AT_ONCE).messages().await;
        let mut batch = collect(batch.map_err(|error| failed(&error))?).await?;
        if batch.is_empty() {
            let one = consumer.batch().max_messages(1).expires(PATIENCE).messages().await;
            batch = collect(one.map_err(|error| failed(&error))?).await?;
        }
        if batch.is_empty() {
            // Nothing new; or a server that began anew and knows nothing of us.
            let info = consumer.get_info().await.map_err(|error| failed(&error))?;
            if info.num_pending == 0 && info.delivered.consumer_sequence + 1 == expected {
                lag.set(0);
                continue;
            }
            return Err("messages were lost on the way".to_owned());
        }
        for message in batch {
            let info = message.info().map_err(|error| failed(&error))?;
            if info.consumer_sequence != expected {
                return Err("messages were lost on the way".to_owned());
            }
            expected += 1;
            let (seq, pending) = (info.stream_sequence, info.pending);
            let at = u64::try_from(info.published.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
            what.from = seq.saturating_add(1);
            let message = read_one(seq, &message, told);
            if to.send(Job::Message { seq, at, message }).await.is_err() {
                return Ok(());
            }
            lag.set(pending);
        }
    }
}

/// A consumer that the server forgets with us, and that acknowledges nothing: our place stands on
/// the board.
fn config(what: &Reading) -> Config {
    Config {
        description: Some(format!("rmmwatch analyse, partition {}", what.partition)),
        filter_subjects: subjects(what.partition, &what.sites),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: what.from.max(1) },
        ack_policy: AckPolicy::None,
        max_deliver: 1,
        inactive_threshold: PATIENCE * 6,
        memory_storage: true,
        num_replicas: 1,
        ..Config::default()
    }
}

/// All that a request gives. Taken off the connection at once: the worker may be behind.
async fn collect(mut batch: Batch) -> Result<Vec<Message>, String> {
    let mut all = Vec::new();
    while let Some(message) = batch.next().await {
        all.push(message.map_err(|error| error.to_string())?);
    }
    Ok(all)
}

fn read_one(seq: u64, message: &Message, told: &mut u32) -> Option<Box<wire::Message>> {
    match wire::read(&message.payload) {
        Ok(read) => Some(Box::new(read)),
        Err(why) => {
            *told += 1;
            if *told <= TOLD_MAX {
                tracing::warn!(seq, subject = %message.subject, %why, "no message of facts");
            }
            None
        }
    }
}

impl Lag {
    fn set(&self, behind: u64) {
        self.behind.store(behind, Ordering::Relaxed);
        if behind == 0 {
            self.drained.store(true, Ordering::SeqCst);
        }
    }
}

/// What a partition hears.
fn subjects(partition: u16, sites: &[String]) -> Vec<String> {
    let lanes = [partition.to_string(), "all".to_owned()];
    let of = |lane: &String| match sites {
        [] => vec![format!("rmm.v1.facts.{lane}.>")],
        sites => sites.iter().map(|site| format!("rmm.v1.facts.{lane}.{site}.>")).collect(),
    };
    lanes.iter().flat_map(of).collect()
}
