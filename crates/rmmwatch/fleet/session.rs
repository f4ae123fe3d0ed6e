//! One analyst among others: it takes partitions, works on them, renews what it has, and leaves.

mod memory;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_nats::jetstream::kv::{Entry, Operation, Watch, WatcherError};
use deliver::{Delivery, Gone, Stream};
use detect::{Limits, Policy};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use intel::Book;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};

use super::account;
use super::broker::{Broker, Written};
use super::lease::{Board, Lease, RENEW};
use super::reader::Lag;
use super::work::{Job, Memory, Report, Worker};
use crate::reload::Reloader;
use crate::signals::Signals;

/// How often signals and workers are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How long a new analyst listens for others before it takes what nobody has.
const LISTEN: Duration = Duration::from_secs(1);

/// How long what was handed over may take to be written before the next renewal says less.
const SETTLE: Duration = Duration::from_secs(1);

/// How often a health record is written.
const HEALTH: Duration = Duration::from_secs(60);

/// How often rows of the inventory that changed are told.
const INVENTORY: Duration = Duration::from_secs(60 * 60);

/// Memories of one partition that are written down within the window of a takeover.
const MEMORIES_PER_WINDOW: u32 = 8;

/// Memories that wait to be written down; who has one more tries again with the next message.
const MEMORIES_WAITING_MAX: usize = 4;

/// The least time between two of them.
const MEMORY_EVERY_MIN: Duration = Duration::from_secs(60);

/// What an analyst works with.
pub(super) struct Office {
    pub(super) broker: Broker,
    pub(super) board: Board,
    pub(super) me: String,
    pub(super) sites: Vec<String>,
    pub(super) partitions: u16,
    /// How far back who takes over reads.
    pub(super) window: Duration,
    /// End when all is read.
    pub(super) drain: bool,
    pub(super) delivery: Arc<Delivery>,
    pub(super) book: Arc<Book>,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) observations_on: bool,
    pub(super) reloader: Reloader,
}

/// One analyst at work.
pub(super) struct Session {
    office: Office,
    desks: BTreeMap<u16, Desk>,
    memories: Receiver<Memory>,
    memories_to: Sender<Memory>,
    begun: Instant,
    renewed: Option<Instant>,
    health_at: Instant,
    inventory_at: Instant,
    /// Reports of partitions that were left.
    left: Vec<Report>,
    /// What could not be renewed is told once.
    troubled: bool,
}

/// A partition that is ours.
struct Desk {
    worker: Worker,
    reader: JoinHandle<()>,
    lag: Arc<Lag>,
    lease: Lease,
    revision: u64,
    concluded: bool,
}

impl Session {
    pub(super) fn new(office: Office) -> Session {
        let (memories_to, memories) = channel(MEMORIES_WAITING_MAX);
        let now = Instant::now();
        Session {
            office,
            desks: BTreeMap::new(),
            memories,
            memories_to,
            begun: now,
            renewed: None,
            health_at: now,
            inventory_at: now,
            left: Vec::new(),
            troubled: false,
        }
    }

    /// Work until the signal, until all is read where that is asked for, or until nobody reads the
    /// records any more.
    ///
    /// # Errors
    /// When the server says what waiting does not mend.
    pub(super) async fn work(mut self, signals: &Signals) -> Result<Vec<Report>, String> {
        let watch = self.office.broker.board.watch_with_history(">").await;
        let mut watch = Some(watch.map_err(|why| format!("the board of analysts: {why}"))?);
        let mut look = tokio::time::interval(LOOK);
        let ended = loop {
            tokio::select! {
                heard = next(&mut watch) => match heard {
                    Some(Ok(entry)) => self.hear(&entry),
                    Some(Err(why)) => tracing::debug!(%why, "the board of analysts"),
                    None => watch = None,
                },
                Some(memory) = self.memories.recv() => self.keep(memory).await,
                _ = look.tick() => {
                    if watch.is_none() {
                        // The server began anew; what stands there is told again.
                        watch = self.office.broker.board.watch_with_history(">").await.ok();
                    }
                    match self.look(signals).await {
                    Ok(true) => {}
                    Ok(false) => break Ok(()),
                    Err(why) => break Err(why),
                    }
                },
            }
        };
        self.leave_all().await;
        ended.map(|()| self.left)
    }

    fn hear(&mut self, entry: &Entry) {
        let board = &mut self.office.board;
        match entry.operation {
            Operation::Put => board.hear(&entry.key, entry.revision, &entry.value, Instant::now()),
            Operation::Delete | Operation::Purge => board.forget(&entry.key),
        }
    }

    /// What is due. False: the end.
    async fn look(&mut self, signals: &Signals) -> Result<bool, String> {
        if signals.stop() {
            return Ok(false);
        }
        if self.desks.values().any(|desk| desk.worker.is_over() && !desk.concluded) {
            // Nobody reads the records any more, or it broke down: either way it is said at the end.
            return Ok(false);
        }
        if signals.take_reload() {
            self.office.reloader.ask();
            self.office.delivery.reopen();
        }
        if let Some((book, policy)) = self.office.reloader.take() {
            self.tell_all(|| Job::Reload(Arc::clone(&book), policy.clone())).await;
            (self.office.book, self.office.policy) = (book, policy);
        }
        if self.inventory_at.elapsed() >= INVENTORY {
            self.inventory_at = Instant::now();
            self.tell_all(|| Job::Inventory).await;
        }
        if self.health_at.elapsed() >= HEALTH {
            self.health_at = Instant::now();
            self.write_health().await;
        }
        if self.renewed.is_none_or(|renewed| renewed.elapsed() >= RENEW) {
            self.renewed = Some(Instant::now());
            self.renew().await;
            if self.begun.elapsed() >= LISTEN {
                self.share().await?;
            } else {
                self.renewed = None;
            }
        }
        Ok(!(self.office.drain && self.conclude_drained().await))
    }

    async fn tell_all(&self, job: impl Fn() -> Job) {
        for desk in self.desks.values() {
            // One that ended is seen at the next look.
            let _ = desk.worker.to.send(job()).await;
        }
    }

    /// Say that we are there, what we have, and how far that has come.
    async fn renew(&mut self) {
        let office = &mut self.office;
        let key = office.board.my_key();
        let there = office.broker.board.put(&key, office.me.clone().into()).await;
        let mut trouble = there.err().map(|why| why.to_string());
        // Before it is asked what is written: what comes meanwhile is for the next time.
        let places: Vec<(u16, u64, u64)> = self
            .desks
            .iter()
            .map(|(number, desk)| {
                let progress = &desk.worker.progress;
                let place = progress.place.load(Ordering::SeqCst);
                (*number, place, progress.at.load(Ordering::SeqCst))
            })
            .collect();
        let delivery = Arc::clone(&office.delivery);
        let settled = spawn_blocking(move || delivery.settled(SETTLE)).await;
        if matches!(settled, Ok(Ok(true))) {
            for (number, place, at) in places {
                if let Some(desk) = self.desks.get_mut(&number)
                    && place > desk.lease.place
                {
                    (desk.lease.place, desk.lease.at) = (place, at);
                }
            }
        }
        let writes = self.desks.iter().map(|(number, desk)| {
            let (office, number) = (&self.office, *number);
            async move {
                let key = office.board.key_of(number);
                (number, office.broker.write(&key, &desk.lease, desk.revision).await)
            }
        });
        let mut lost = Vec::new();
        for (number, written) in join_all(writes).await {
            match written {
                Ok(Written::Done(revision)) => {
                    if let Some(desk) = self.desks.get_mut(&number) {
                        desk.revision = revision;
                    }
                }
                Ok(Written::Refused) => lost.push(number),
                Err(why) => trouble = Some(why),
            }
        }
        for number in lost {
            tracing::warn!(partition = number, "another analyst has it now");
            self.leave(number, false).await;
        }
        match trouble {
            Some(why) if !self.troubled => {
                tracing::warn!(%why, "the board of analysts cannot be written");
                self.troubled = true;
            }
            Some(_) => {}
            None => self.troubled = false,
        }
    }

    /// Take what nobody has; leave what is more than our share.
    async fn share(&mut self) -> Result<(), String> {
        let mine: BTreeSet<u16> = self.desks.keys().copied().collect();
        let now = Instant::now();
        for key in self.office.board.gone(now) {
            // Who comes after us need not wait to see that, too.
            let _ = self.office.broker.board.delete(&key).await;
            self.office.board.forget(&key);
        }
        let wish = self.office.board.wish(&mine, now);
        for number in wish.leave {
            self.leave(number, true).await;
        }
        for (number, revision, lease) in wish.take {
            self.take(number, revision, lease).await?;
        }
        Ok(())
    }

    /// In a drain: tell the ends of what is read, once. True: all is.
    async fn conclude_drained(&mut self) -> bool {
        let mine: BTreeSet<u16> = self.desks.keys().copied().collect();
        let all = self.office.board.all_have_owners(&mine, Instant::now());
        if self.begun.elapsed() < LISTEN || self.renewed.is_none() || !all {
            return false;
        }
        if !self.desks.values().all(|desk| desk.lag.drained.load(Ordering::SeqCst)) {
            return false;
        }
        for desk in self.desks.values_mut() {
            if !desk.concluded {
                desk.concluded = true;
                desk.reader.abort();
                let _ = desk.worker.to.send(Job::Conclude).await;
            }
        }
        self.desks.values().all(|desk| desk.worker.is_over())
    }

    /// Leave a partition. `ours`: it still is, and its place is written.
    async fn leave(&mut self, number: u16, ours: bool) {
        let Some(desk) = self.desks.remove(&number) else { return };
        let Desk { worker, reader, mut lease, revision, .. } = desk;
        reader.abort();
        let _ = worker.to.send(Job::Leave).await;
        let progress = Arc::clone(&worker.progress);
        let delivery = Arc::clone(&self.office.delivery);
        let ended = spawn_blocking(move || -> Result<bool, Gone> {
            worker.join()?;
            delivery.settled(SETTLE * 5)
        });
        let settled = matches!(ended.await, Ok(Ok(true)));
        if let Ok(report) = progress.report.lock() {
            self.left.push(report.clone());
        }
        if !ours {
            return;
        }
        let place = progress.place.load(Ordering::SeqCst);
        if settled && place > lease.place {
            (lease.place, lease.at) = (place, progress.at.load(Ordering::SeqCst));
        }
        lease.owner = String::new();
        let key = self.office.board.key_of(number);
        match self.office.broker.write(&key, &lease, revision).await {
            Ok(Written::Done(_)) => tracing::info!(partition = number, told = lease.place, "left"),
            Ok(Written::Refused) => {}
            Err(why) => tracing::warn!(partition = number, %why, "left, unsaid"),
        }
    }

    async fn leave_all(&mut self) {
        let all: Vec<u16> = self.desks.keys().copied().collect();
        for number in all {
            self.leave(number, true).await;
        }
        let key = self.office.board.my_key();
        // Others see within seconds that we are gone, said or unsaid.
        let _ = self.office.broker.board.delete(&key).await;
    }

    async fn write_health(&self) {
        let reports = self.desks.values().filter_map(|desk| {
            desk.worker.progress.report.lock().ok().map(|report| report.clone())
        });
        let reports: Vec<Report> = reports.chain(self.left.iter().cloned()).collect();
        let mut health = account::sum(&reports, &self.office.book);
        let behind = self.desks.values().map(|desk| desk.lag.behind.load(Ordering::Relaxed)).sum();
        health.memory.insert("fleet_behind", behind);
        health.memory.insert("fleet_partitions", self.desks.len() as u64);
        health.delivery = crate::sending::health_of(&self.office.delivery);
        let at = self.desks.values().map(|desk| desk.worker.progress.at.load(Ordering::SeqCst));
        health.at = model::Timestamp::from_nanos(at.max().unwrap_or(0).saturating_mul(1_000_000));
        let delivery = Arc::clone(&self.office.delivery);
        let written = spawn_blocking(move || {
            let mut line = Vec::new();
            records::Recorder::default().health(&health, &mut line);
            delivery.send(Stream::Health, line)
        });
        // An output that is gone is seen by who has alerts for it.
        let _ = written.await;
    }
}

/// What changes on the board; never anything, while nobody watches it.
async fn next(watch: &mut Option<Watch>) -> Option<Result<Entry, WatcherError>> {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}
