//! Kafka: each record in the topic, its id as the key.
//!
//! Produced with `acks=all`: a record is through when every replica in sync has it. The key decides
//! the partition as Java's client has it (murmur2), so that a record that is sent again lies behind
//! the same key in the same partition, where a reader or a compacted topic removes the duplicate.
//! The library has no idempotent producer: a lost answer makes duplicates, in sight by their keys.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use rskafka::BackoffConfig;
use rskafka::chrono::{DateTime, Utc};
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use rskafka::record::Record;
use tokio::time::timeout;

use super::connect::client_config;
use super::said::said;
use super::{Carried, Carrier, Carrying, Entry, KafkaPlan, Refused, Setback};
use crate::limits::{
    KAFKA_ANSWER_BYTES_MAX, KAFKA_CONNECT_TIMEOUT, KAFKA_PARTITIONS_MAX, KAFKA_RETRY_FOR,
};

/// The way to a topic.
pub(super) struct Kafka {
    plan: KafkaPlan,
    link: Option<Link>,
}

/// Never touches the network.
pub(super) fn new(plan: &KafkaPlan) -> Box<dyn Carrier> {
    Box::new(Kafka { plan: plan.clone(), link: None })
}

impl Carrier for Kafka {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            // Taken, so that an attempt that is dropped midway leaves no connection behind.
            let link = match self.link.take() {
                Some(link) => link,
                None => Link::open(&self.plan).await?,
            };
            let carried = link.carry(&self.plan, batch).await?;
            self.link = Some(link);
            Ok(carried)
        })
    }
}

/// The partitions of the topic, each with a connection to its leader.
struct Link {
    partitions: Vec<PartitionClient>,
}

/// What became of one entry.
type Outcome = Result<Option<String>, String>;

impl Link {
    /// The library waits for as long as a connection stands.
    async fn open(plan: &KafkaPlan) -> Result<Link, Setback> {
        let late = |_| {
            let seconds = KAFKA_CONNECT_TIMEOUT.as_secs();
            let brokers = brokers(plan);
            Setback::new(format!("Kafka at {brokers}: nothing that makes sense in {seconds} s"))
        };
        timeout(KAFKA_CONNECT_TIMEOUT, Link::new(plan)).await.map_err(late)?
    }

    async fn new(plan: &KafkaPlan) -> Result<Link, Setback> {
        let failed = |why: String| Setback::new(format!("Kafka at {}: {why}", brokers(plan)));
        let client = connect(plan).await?;
        let topics = client.list_topics().await.map_err(|error| failed(told(&error)))?;
        let Some(topic) = topics.into_iter().find(|topic| topic.name == plan.topic) else {
            return Err(failed(no_topic(&plan.topic)));
        };
        if topic.partitions.is_empty() || topic.partitions.len() > KAFKA_PARTITIONS_MAX {
            let count = topic.partitions.len();
            return Err(failed(format!(
                "topic {} has {count} partitions, not 1 to {KAFKA_PARTITIONS_MAX}",
                plan.topic
            )));
        }
        let opening = topic.partitions.into_iter().map(|partition| {
            client.partition_client(&plan.topic, partition, UnknownTopicHandling::Error)
        });
        let opened: Result<Vec<_>, Error> = join_all(opening).await.into_iter().collect();
        let partitions = opened.map_err(|error| failed(told(&error)))?;
        Ok(Link { partitions })
    }

    /// All partitions at once, each in the order of the batch.
    async fn carry(&self, plan: &KafkaPlan, batch: &[Entry]) -> Result<Carried, Setback> {
        let now = now();
        let mut shares: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, entry) in batch.iter().enumerate() {
            let share = partition_of(entry.id.as_bytes(), self.partitions.len());
            shares.entry(share).or_default().push(at);
        }
        let producing = shares.into_iter().filter_map(|(share, places)| {
            Some(produce(self.partitions.get(share)?, batch, places, now))
        });
        let mut outcomes: Vec<(usize, Outcome)> =
            join_all(producing).await.into_iter().flatten().collect();
        outcomes.sort_unstable_by_key(|(at, _)| *at);

        let mut refused = Vec::new();
        for (at, outcome) in outcomes {
            match outcome {
                Ok(None) => {}
                Ok(Some(why)) => refused.push(Refused { at, why }),
                Err(why) => {
                    let why = format!("Kafka at {}, topic {}: {why}", brokers(plan), plan.topic);
                    return Err(Setback { why, carried: at, refused, wait: None });
                }
            }
        }
        Ok(Carried { refused })
    }
}

/// One partition's share of a batch. What a broker finds too large is halved until it is one
/// record, which is refused.
async fn produce(
    client: &PartitionClient,
    batch: &[Entry],
    places: Vec<usize>,
    now: DateTime<Utc>,
) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::with_capacity(places.len());
    let mut rest = vec![places];
    while let Some(mut places) = rest.pop() {
        let records = places.iter().filter_map(|at| batch.get(*at));
        let records = records.map(|entry| record(entry, now)).collect();
        let outcome: Outcome = match client.produce(records, Compression::NoCompression).await {
            Ok(_) => Ok(None),
            Err(error) if !too_large(&error) => Err(told(&error)),
            Err(_) if places.len() > 1 => {
                let second = places.split_off(places.len() / 2);
                rest.extend([second, places]);
                continue;
            }
            Err(error) => Ok(Some(told(&error))),
        };
        let stop = outcome.is_err();
        outcomes.extend(places.into_iter().map(|at| (at, outcome.clone())));
        if stop {
            // Nothing is sent past what failed, so that the order stays.
            let left = rest.into_iter().flatten();
            outcomes.extend(left.map(|at| (at, outcome.clone())));
            break;
        }
    }
    outcomes
}

/// The time of producing, which is what a record's time in Kafka means.
fn now() -> DateTime<Utc> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(0);
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

fn record(entry: &Entry, now: DateTime<Utc>) -> Record {
    Record {
        key: Some(entry.id.clone().into_bytes()),
        value: Some(entry.body.clone()),
        headers: BTreeMap::new(),
        timestamp: now,
    }
}

async fn connect(plan: &KafkaPlan) -> Result<Client, Setback> {
    let mut builder = ClientBuilder::new(plan.brokers.iter().map(ToString::to_string).collect())
        .client_id("rmmwatch")
        .max_message_size(KAFKA_ANSWER_BYTES_MAX)
        .backoff_config(BackoffConfig { deadline: Some(KAFKA_RETRY_FOR), ..Default::default() });
    let tls = plan.brokers.iter().any(|place| place.tls);
    if tls {
        if plan.tls.name.is_some() {
            return Err(Setback::new(
                "Kafka: a certificate's name cannot be given apart; brokers name themselves",
            ));
        }
        let tls = plan.tls.clone();
        let config = tokio::task::spawn_blocking(move || client_config(&tls)).await;
        let config = config.map_err(|error| Setback::new(format!("TLS files: {error}")))??;
        builder = builder.tls_config(config);
    }
    if let Some((user, password)) = &plan.user {
        let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
        builder = builder.sasl_config(SaslConfig::Plain(credentials));
    }
    let failed = |error| Setback::new(format!("Kafka at {}: {}", brokers(plan), told(&error)));
    builder.build().await.map_err(failed)
}

fn brokers(plan: &KafkaPlan) -> String {
    let places: Vec<String> = plan.brokers.iter().map(ToString::to_string).collect();
    places.join(", ")
}

fn no_topic(topic: &str) -> String {
    format!(
        "there is no topic {topic}; to make it: kafka-topics.sh --create --topic {topic} \
         --partitions 6 --replication-factor 3 --config min.insync.replicas=2"
    )
}

fn told(error: &Error) -> String {
    said(&error.to_string())
}

/// Whether the broker will never take that much at once.
fn too_large(error: &Error) -> bool {
    matches!(
        error,
        Error::ServerError {
            protocol_error: ProtocolError::MessageTooLarge
                | ProtocolError::RecordListTooLarge
                | ProtocolError::InvalidRecord,
            ..
        }
    )
}

/// The partition of a key, as Java's client has it: `toPositive(murmur2(key)) % partitions`.
fn partition_of(key: &[u8], partitions: usize) -> usize {
    let positive = murmur2(key) & 0x7fff_ffff;
    usize::try_from(positive).unwrap_or(0) % partitions.max(1)
}

/// MurmurHash2, 32 bits, with Kafka's seed (`org.apache.kafka.common.utils.Utils.murmur2`).
fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let mut hash = 0x9747_b28c ^ length;
    let (words, rest) = key.as_chunks::<4>();
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (word ^ (word >> 24)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, octet| (word << 8) | u32::from(*octet));
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Kafka's own test of its hash (`UtilsTest.testMurmur2`).
    #[test]
    fn the_hash_is_that_of_kafka() {
        let table: [(&[u8], i32); 6] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
        ];
        for (key, hash) in table {
            assert_eq!(murmur2(key).cast_signed(), hash, "{:?}", String::from_utf8_lossy(key));
            assert!(partition_of(key, 7) < 7);
        }
        assert_eq!(partition_of(b"", 0), 0);
    }
}
