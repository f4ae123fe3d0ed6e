//! How a sink fares, for whoever asks while it works.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a sink fares. Counts are since the start of the process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SinkState {
    /// Its name.
    pub name: String,
    /// Its kind, as settings have it.
    pub kind: &'static str,
    /// Records that wait in the spool.
    pub waiting: u64,
    /// Their octets, as far as the spool can tell: whole segments of other kinds count too.
    pub waiting_bytes: u64,
    /// How long the oldest of them has waited, in seconds.
    pub oldest_secs: u64,
    /// Records that the other end took.
    pub sent: u64,
    /// Records that have no form in the sink's format.
    pub formless: u64,
    /// Records that the other end will never take.
    pub refused: u64,
    /// Records that left the spool before this sink could send them.
    pub lost: u64,
    /// Attempts that failed.
    pub setbacks: u64,
    /// Why the last attempt failed; none once one succeeded.
    pub trouble: Option<String>,
}

/// The same, as it is kept up to date.
#[derive(Debug)]
pub(crate) struct Gauge {
    name: String,
    kind: &'static str,
    waiting: AtomicU64,
    waiting_bytes: AtomicU64,
    oldest_secs: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) formless: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) setbacks: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Gauge {
    pub(crate) fn new(name: &str, kind: &'static str) -> Gauge {
        let zero = AtomicU64::default;
        Gauge {
            name: name.to_owned(),
            kind,
            waiting: zero(),
            waiting_bytes: zero(),
            oldest_secs: zero(),
            sent: zero(),
            formless: zero(),
            refused: zero(),
            lost: zero(),
            setbacks: zero(),
            trouble: Mutex::new(None),
        }
    }

    pub(super) fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn waits(&self, records: u64, bytes: u64, oldest_secs: u64) {
        self.waiting.store(records, Ordering::Relaxed);
        self.waiting_bytes.store(bytes, Ordering::Relaxed);
        self.oldest_secs.store(oldest_secs, Ordering::Relaxed);
    }

    pub(crate) fn troubled(&self, why: Option<&str>) {
        if let Ok(mut trouble) = self.trouble.lock() {
            *trouble = why.map(str::to_owned);
        }
    }

    /// How it stands now.
    pub(crate) fn state(&self) -> SinkState {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SinkState {
            name: self.name.clone(),
            kind: self.kind,
            waiting: read(&self.waiting),
            waiting_bytes: read(&self.waiting_bytes),
            oldest_secs: read(&self.oldest_secs),
            sent: read(&self.sent),
            formless: read(&self.formless),
            refused: read(&self.refused),
            lost: read(&self.lost),
            setbacks: read(&self.setbacks),
            trouble: self.trouble.lock().ok().and_then(|why| why.clone()),
        }
    }
}
