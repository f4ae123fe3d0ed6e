//! A partition's messages out of the stream, in its order, from any place on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::Stream;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::work::Job;

/// How long to wait before a consumer that broke is made anew.
const AGAIN: Duration = Duration::from_secs(1);

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
    let config = OrderedConfig {
        description: Some(format!("rmmwatch analyse, partition {}", what.partition)),
        filter_subjects: subjects(what.partition, &what.sites),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: what.from.max(1) },
        ..OrderedConfig::default()
    };
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let consumer = what.stream.create_consumer(config).await.map_err(|error| failed(&error))?;
    let waiting = consumer.cached_info().num_pending;
    lag.behind.store(waiting, Ordering::Relaxed);
    if waiting == 0 {
        lag.drained.store(true, Ordering::SeqCst);
    }
    let mut messages = consumer.messages().await.map_err(|error| failed(&error))?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| failed(&error))?;
        let info = message.info().map_err(|error| failed(&error))?;
        let (seq, pending) = (info.stream_sequence, info.pending);
        let at = u64::try_from(info.published.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        // A consumer that was made anew may begin earlier.
        if seq < what.from {
            continue;
        }
        what.from = seq.saturating_add(1);
        let read = match wire::read(&message.payload) {
            Ok(read) => Some(Box::new(read)),
            Err(why) => {
                *told += 1;
                if *told <= TOLD_MAX {
                    tracing::warn!(seq, subject = %message.subject, %why, "no message of facts");
                }
                None
            }
        };
        if to.send(Job::Message { seq, at, message: read }).await.is_err() {
            return Ok(());
        }
        lag.behind.store(pending, Ordering::Relaxed);
        if pending == 0 {
            lag.drained.store(true, Ordering::SeqCst);
        }
    }
    Err("the consumer ended".to_owned())
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
