//! Sinks: where records go that wait in the spool until somebody acknowledged them.
//!
//! A [`Carrier`] makes one attempt with one batch; when to try again, what to let go and where the
//! place in the spool is kept are the runner's matters.

mod alertmanager;
mod connect;
mod datagram;
mod elastic;
mod evebox;
mod file;
mod hec;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod loki;
mod nats;
mod plan;
mod redis;
mod refusals;
mod runner;
mod said;
mod secret;
mod state;
mod stream;
mod syslog;
mod unix;
mod webhook;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub(crate) use self::elastic::{SAMPLE as BULK_SAMPLE, fuzz as fuzz_bulk};
pub use self::nats::{lasting as nats_client, stream_of as nats_stream};
pub use self::plan::{
    AlertmanagerPlan, Auth, ElasticPlan, EveBoxPlan, FilePlan, Header, HecPlan, HttpPlan, Join,
    KafkaPlan, Kind, LokiPlan, NatsAuth, NatsPlan, NatsStream, Place, Prepare, RedisPlan,
    RedisShape, SinkPlan, Subject, SyslogPlan, SyslogTransport, TlsPlan, UnixPlan, WebhookPlan,
};
pub(crate) use self::redis::fuzz as fuzz_redis;
pub(crate) use self::runner::{Control, Runner};
pub use self::secret::Secret;
pub(crate) use self::state::Gauge;
pub use self::state::SinkState;
use crate::Stream;
use crate::error::DeliverError;

/// A record on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place in its class of the spool.
    pub seq: u64,
    /// Which kind of record it is.
    pub stream: Stream,
    /// What tells it from every other record, the same at every attempt: up to 64 octets of
    /// `[0-9a-zA-Z.-]`.
    pub id: String,
    /// As it lies in the spool: a native record without its newline, or the octets of facts.
    pub line: Vec<u8>,
    /// As this sink sends it, without a newline at its end.
    pub body: Vec<u8>,
}

/// Every entry of a batch was taken for good, but for those that never will be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Carried {
    /// Entries that the other end will never take, however often it is asked.
    pub refused: Vec<Refused>,
}

/// An entry that the other end will never take: counted, written down, and left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Its place in the batch.
    pub at: usize,
    /// What the other end said, cut to a line.
    pub why: String,
}

/// An attempt failed; another may succeed. Nothing of a batch is acknowledged but what is named.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Setback {
    /// What happened, for a person: the other end, what it said. Never a secret.
    pub why: String,
    /// So many entries from the batch's beginning are through, and need not be sent again.
    pub carried: usize,
    /// Of those, entries that the other end will never take.
    pub refused: Vec<Refused>,
    /// How long the other end asked us to wait. Zero with something carried: nothing is wrong, there
    /// is only more to carry.
    pub wait: Option<Duration>,
}

impl Setback {
    /// A setback with nothing carried.
    pub fn new(why: impl Into<String>) -> Setback {
        Setback { why: why.into(), ..Setback::default() }
    }
}

/// What a carrier's methods give.
pub type Carrying<'a, T = Carried> = Pin<Box<dyn Future<Output = Result<T, Setback>> + Send + 'a>>;

/// The way to one sink. Made without touching the network; connects when there is something to
/// carry, and anew after a setback.
pub trait Carrier: Send {
    /// One attempt to hand over a batch (never empty), in its order. The runner bounds it in time:
    /// a future that is dropped midway counts as a setback with nothing carried, and the next
    /// attempt begins on a new connection.
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a>;

    /// Have what was carried outlive a power cut, where that is in our hands. Called before a place
    /// in the spool is written down, at most once a second.
    fn settle(&mut self) -> Carrying<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// The operator asks for files to be opened anew (SIGHUP).
    fn reopen(&mut self) {}
}

/// Whether a sink could be served, as far as no network is needed: its kind, its certificates.
///
/// # Errors
/// What is wrong, for a person.
pub fn check(plan: &SinkPlan) -> Result<(), String> {
    carrier(plan).map_err(|why| why.to_string())?;
    let Some(tls) = plan.kind.tls() else { return Ok(()) };
    connect::client_config(tls).map(|_| ()).map_err(|setback| setback.why)
}

/// The carrier of that sink.
///
/// # Errors
/// When this program was built without that kind.
pub fn carrier(plan: &SinkPlan) -> Result<Box<dyn Carrier>, DeliverError> {
    match &plan.kind {
        Kind::File(file) => Ok(file::new(file)),
        Kind::Syslog(syslog) => Ok(syslog::new(syslog)),
        Kind::Unix(unix) => Ok(unix::new(unix)),
        Kind::Elastic(elastic) => Ok(elastic::new(elastic)),
        Kind::Hec(hec) => Ok(hec::new(hec)),
        Kind::Loki(loki) => Ok(loki::new(loki)),
        Kind::Webhook(webhook) => Ok(webhook::new(webhook)),
        Kind::Alertmanager(manager) => Ok(alertmanager::new(manager)),
        Kind::EveBox(evebox) => Ok(evebox::new(evebox)),
        Kind::Nats(nats) => Ok(nats::new(nats)),
        Kind::Redis(redis) => Ok(redis::new(redis)),
        #[cfg(feature = "kafka")]
        Kind::Kafka(kafka) => Ok(kafka::new(kafka)),
        #[cfg(not(feature = "kafka"))]
        Kind::Kafka(_) => {
            Err(DeliverError::Without { sink: plan.name.clone(), kind: plan.kind.word() })
        }
    }
}
