//! Records that must arrive: into the spool on one thread, out of it to every sink on another.
//!
//! Whoever hands records over waits for the spool's thread at most, never for a sink.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use spool::Writer;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::DeliverError;
use crate::limits::{COMMIT_BYTES, PIECES_MAX, TROUBLE_TOLD_EVERY};
use crate::sinks::{Carrier, Control, Gauge, Runner, SinkPlan, SinkState, carrier};
use crate::{Ending, Gone, Stream};

/// Sinks, and the spool before them.
#[derive(Debug)]
pub struct Spooling {
    /// The spool's folder; it is made where it is missing.
    pub folder: PathBuf,
    /// The spool's bounds.
    pub options: spool::Options,
    /// The sinks.
    pub sinks: Vec<SinkPlan>,
    /// For how long the end waits for sinks that still have something to send; the rest stays in
    /// the spool.
    pub drain: Duration,
}

/// The folders of the spool, in the order of [`Stream::ALL`].
const CLASSES: [&str; 4] = ["alerts", "health", "facts", "observations"];

/// The class of the spool that a stream goes to.
pub(crate) fn class_of(stream: Stream) -> usize {
    Stream::ALL.iter().position(|one| *one == stream).unwrap_or(0)
}

/// Records of one kind on their way into the spool.
struct Piece {
    stream: Stream,
    octets: Vec<u8>,
}

/// The spool and its sinks at work.
pub(crate) struct Spooled {
    to: Option<SyncSender<Piece>>,
    /// Pieces handed over or about to be.
    handed: AtomicU64,
    streams: Vec<Stream>,
    gauges: Vec<Arc<Gauge>>,
    tally: Arc<Tally>,
    control: watch::Sender<Control>,
    keeper: Option<JoinHandle<Writer>>,
    runners: Option<JoinHandle<()>>,
    drain: Duration,
}

impl std::fmt::Debug for Spooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spooled {{ {:?} }}", self.streams)
    }
}

/// How the spool fares. Counts are since the start of the process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SpoolState {
    /// Octets on disk.
    pub bytes: u64,
    /// Records that were given up by the spool, since it was full, too old, or its disk took
    /// nothing.
    pub given_up: u64,
    /// Why its disk took nothing at the last attempt; none once it did.
    pub trouble: Option<String>,
}

#[derive(Debug, Default)]
struct Tally {
    bytes: AtomicU64,
    given_up: AtomicU64,
    /// Pieces that are written, or were given up.
    committed: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Spooled {
    /// Open the spool and start its threads.
    pub(crate) fn start(plan: Spooling) -> Result<Spooled, DeliverError> {
        let Spooling { folder, options, sinks, drain } = plan;
        let failed = |source| DeliverError::Spool { folder: folder.display().to_string(), source };
        let (mut writer, recovery) =
            spool::open(&folder, &CLASSES, &options, SystemTime::now()).map_err(failed)?;
        for found in &recovery.findings {
            let spool::Finding { path, what, octets, records } = found;
            let path = path.display();
            tracing::warn!(%path, octets, records, "the spool was not left in order: {what}");
        }
        let names: Vec<&str> = sinks.iter().map(|sink| sink.name.as_str()).collect();
        for name in writer.forget_others(&names).map_err(failed)? {
            tracing::info!(sink = %name, "no such sink any more; its place in the spool is forgotten");
        }
        let mut streams = Vec::new();
        let mut gauges = Vec::new();
        let mut ready = Vec::new();
        for sink in sinks {
            let carrier = carrier(&sink)?;
            let classes: Vec<usize> = sink.streams.iter().map(|one| class_of(*one)).collect();
            let reader = writer.reader(&sink.name, &classes).map_err(failed)?;
            let gauge = Arc::new(Gauge::new(&sink.name, sink.kind.word()));
            gauges.push(Arc::clone(&gauge));
            streams.extend(&sink.streams);
            ready.push((sink, carrier, reader, gauge));
        }
        let runner = |(sink, carrier, reader, gauge): (_, Box<dyn Carrier>, _, _)| {
            Runner::new(sink, carrier, reader, gauge, &folder)
        };
        let ready: Vec<Runner> = ready.into_iter().map(runner).collect();

        let (to, pieces) = sync_channel(PIECES_MAX);
        let (committed, more) = watch::channel(0);
        let (control, asked) = watch::channel(Control::default());
        let tally = Arc::new(Tally::default());
        let start = |source| DeliverError::Start { source };
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sinks")
            .enable_all()
            .build()
            .map_err(start)?;
        let runners = thread::Builder::new()
            .name("sinks".into())
            .spawn(move || {
                runtime.block_on(async move {
                    let mut all = JoinSet::new();
                    for runner in ready {
                        all.spawn(runner.run(more.clone(), asked.clone()));
                    }
                    while let Some(ended) = all.join_next().await {
                        if let Err(why) = ended {
                            tracing::error!(%why, "a sink broke down; its records stay");
                        }
                    }
                });
                // A carrier may still wait for a disk that does not answer.
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .map_err(start)?;
        let keeper =
            Keeper { writer, pieces, committed, tally: Arc::clone(&tally), told: None, taken: 0 };
        let keeper = thread::Builder::new()
            .name("spool".into())
            .spawn(move || keeper.keep())
            .map_err(start)?;
        let (keeper, runners) = (Some(keeper), Some(runners));
        let handed = AtomicU64::new(0);
        Ok(Spooled {
            to: Some(to),
            handed,
            streams,
            gauges,
            tally,
            control,
            keeper,
            runners,
            drain,
        })
    }

    /// Whether a sink wants that stream.
    pub(crate) fn wants(&self, stream: Stream) -> bool {
        self.streams.contains(&stream)
    }

    /// Hand over records: whole lines, or one message of facts. With `patience` it waits while the
    /// spool's thread is behind; else what can be given up is, and its octets come back.
    pub(crate) fn send(
        &self,
        stream: Stream,
        octets: Vec<u8>,
        patience: bool,
    ) -> Result<Option<Vec<u8>>, Gone> {
        let Some(to) = &self.to else { return Err(Gone(Ending::Failed)) };
        let piece = Piece { stream, octets };
        self.handed.fetch_add(1, Ordering::SeqCst);
        if patience || matches!(stream, Stream::Alerts | Stream::Health) {
            return to.send(piece).map(|()| None).map_err(|_| Gone(Ending::Failed));
        }
        match to.try_send(piece) {
            Ok(()) => Ok(None),
            Err(TrySendError::Full(piece)) => {
                self.handed.fetch_sub(1, Ordering::SeqCst);
                Ok(Some(piece.octets))
            }
            Err(TrySendError::Disconnected(_)) => Err(Gone(Ending::Failed)),
        }
    }

    /// Pieces handed over so far.
    pub(crate) fn handed(&self) -> u64 {
        self.handed.load(Ordering::SeqCst)
    }

    /// Whether so many pieces are in the spool, as far as they were taken at all.
    pub(crate) fn is_committed(&self, pieces: u64) -> Result<bool, Gone> {
        if self.tally.committed.load(Ordering::SeqCst) >= pieces.min(self.handed()) {
            return Ok(true);
        }
        match self.keeper.as_ref().is_some_and(|keeper| !keeper.is_finished()) {
            true => Ok(false),
            false => Err(Gone(Ending::Failed)),
        }
    }

    pub(crate) fn states(&self) -> Vec<SinkState> {
        self.gauges.iter().map(|gauge| gauge.state()).collect()
    }

    pub(crate) fn spool_state(&self) -> SpoolState {
        SpoolState {
            bytes: self.tally.bytes.load(Ordering::Relaxed),
            given_up: self.tally.given_up.load(Ordering::Relaxed),
            trouble: self.tally.trouble.lock().ok().and_then(|why| why.clone()),
        }
    }

    pub(crate) fn reopen(&self) {
        self.control.send_modify(|control| control.reopened += 1);
    }

    /// Everything was handed over: write it down, let sinks send for as long as they may, and tell
    /// how they stand.
    pub(crate) fn finish(mut self) -> (SpoolState, Vec<SinkState>) {
        drop(self.to.take());
        let writer = self.keeper.take().map(JoinHandle::join);
        let end_by = tokio::time::Instant::now() + self.drain;
        self.control.send_modify(|control| control.end_by = Some(end_by));
        if let Some(Err(_)) = self.runners.take().map(JoinHandle::join) {
            tracing::error!("the sinks' thread broke down; records stay in the spool");
        }
        match writer {
            Some(Ok(mut writer)) => {
                if let Err(why) = writer.tend(SystemTime::now()) {
                    tracing::warn!(%why, "the spool could not be tidied");
                }
            }
            _ => tracing::error!("the spool's thread broke down"),
        }
        (self.spool_state(), self.states())
    }
}

/// The spool's one writer.
struct Keeper {
    writer: Writer,
    pieces: Receiver<Piece>,
    committed: watch::Sender<u64>,
    tally: Arc<Tally>,
    told: Option<Instant>,
    taken: u64,
}

impl Keeper {
    /// Write what comes until nobody hands over any more.
    fn keep(mut self) -> Writer {
        const PAUSE: Duration = Duration::from_millis(250);
        let mut tended = Instant::now();
        loop {
            let ended = match self.pieces.recv_timeout(PAUSE) {
                Ok(piece) => {
                    self.take(&piece);
                    while self.writer.buffered() < COMMIT_BYTES
                        && let Ok(piece) = self.pieces.try_recv()
                    {
                        self.take(&piece);
                    }
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            self.commit();
            if self.writer.buffered() == 0 {
                self.tally.committed.store(self.taken, Ordering::SeqCst);
            }
            if tended.elapsed() >= PAUSE || ended {
                tended = Instant::now();
                self.tend();
            }
            if ended {
                return self.writer;
            }
        }
    }

    fn take(&mut self, piece: &Piece) {
        self.taken += 1;
        let class = class_of(piece.stream);
        if piece.stream == Stream::Facts {
            self.writer.append(class, &piece.octets);
            return;
        }
        for line in piece.octets.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()) {
            self.writer.append(class, line);
        }
    }

    fn commit(&mut self) {
        if self.writer.buffered() == 0 {
            return;
        }
        match self.writer.commit(SystemTime::now()) {
            Ok(()) => {
                self.trouble(None);
                self.committed.send_modify(|generation| *generation += 1);
            }
            Err(why) => {
                self.trouble(Some(&why.to_string()));
                thread::sleep(Duration::from_millis(50));
            }
        }
    }

    fn tend(&mut self) {
        match self.writer.tend(SystemTime::now()) {
            Ok(tended) => {
                let gone = tended.dropped.iter().sum();
                self.tally.given_up.fetch_add(gone, Ordering::Relaxed);
                if gone > 0 {
                    tracing::error!(gone, "the spool is full or too old: its oldest records went");
                }
            }
            Err(why) => self.trouble(Some(&why.to_string())),
        }
        self.tally.bytes.store(self.writer.counts().bytes.iter().sum(), Ordering::Relaxed);
    }

    fn trouble(&mut self, why: Option<&str>) {
        if let Ok(mut trouble) = self.tally.trouble.lock() {
            *trouble = why.map(str::to_owned);
        }
        match why {
            None => self.told = None,
            Some(why) => {
                if self.told.is_none_or(|told| told.elapsed() >= TROUBLE_TOLD_EVERY) {
                    self.told = Some(Instant::now());
                    tracing::error!(%why, "the spool cannot be written; records wait in memory");
                }
            }
        }
    }
}
