//! Records that must arrive: into the spool on one thread, out of it to every sink on another.
//!
//! Whoever hands records over waits for the spool's thread at most, never for a sink.

mod keeper;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use spool::Writer;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::keeper::{Keeper, Piece, Tally};
use crate::behind::{Behind, Untaken};
use crate::error::DeliverError;
use crate::limits::{COMMIT_AGAIN, PIECES_MAX};
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

/// The spool and its sinks at work.
pub(crate) struct Spooled {
    to: Option<SyncSender<Piece>>,
    /// Pieces handed over or about to be.
    handed: AtomicU64,
    behind: Behind,
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
    /// Of those, records that its disk had not taken at the end.
    pub unwritten: u64,
    /// Why its disk took nothing at the last attempt; none once it did.
    pub trouble: Option<String>,
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
                    let mut gauges = HashMap::new();
                    for runner in ready {
                        let gauge = runner.gauge();
                        let task = all.spawn(runner.run(more.clone(), asked.clone()));
                        gauges.insert(task.id(), gauge);
                    }
                    while let Some(ended) = all.join_next().await {
                        let Err(why) = ended else { continue };
                        tracing::error!(%why, "a sink broke down; its records stay");
                        if let Some(gauge) = gauges.get(&why.id()) {
                            gauge.troubled(Some("it broke down; the next start tries again"));
                        }
                    }
                });
                // A carrier may still wait for a disk that does not answer.
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .map_err(start)?;
        let keeper = Keeper::new(writer, pieces, committed, Arc::clone(&tally));
        let keeper = thread::Builder::new()
            .name("spool".into())
            .spawn(move || keeper.keep())
            .map_err(start)?;
        let (keeper, runners) = (Some(keeper), Some(runners));
        let handed = AtomicU64::new(0);
        Ok(Spooled {
            to: Some(to),
            handed,
            behind: Behind::default(),
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
    /// spool's thread is behind; else what is given up comes back, alerts after a while only.
    pub(crate) fn send(
        &self,
        stream: Stream,
        octets: Vec<u8>,
        patience: bool,
    ) -> Result<Option<Vec<u8>>, Gone> {
        let Some(to) = &self.to else { return Err(Gone(Ending::Failed)) };
        let piece = Piece { stream, octets };
        self.handed.fetch_add(1, Ordering::SeqCst);
        if patience {
            return to.send(piece).map(|()| None).map_err(|_| Gone(Ending::Failed));
        }
        let waits = matches!(stream, Stream::Alerts | Stream::Health);
        let offered = self.behind.offer(&"the spool", piece, waits, |piece| {
            to.try_send(piece).map_err(|why| match why {
                TrySendError::Full(piece) => Untaken::Full(piece),
                TrySendError::Disconnected(_) => Untaken::Closed,
            })
        });
        match offered {
            Ok(()) => Ok(None),
            Err(Untaken::Full(piece)) => {
                self.handed.fetch_sub(1, Ordering::SeqCst);
                Ok(Some(piece.octets))
            }
            Err(Untaken::Closed) => Err(Gone(Ending::Failed)),
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
            unwritten: self.tally.unwritten.load(Ordering::Relaxed),
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
            Some(Ok(mut writer)) => self.write_the_rest(&mut writer, end_by),
            _ => tracing::error!("the spool's thread broke down"),
        }
        (self.spool_state(), self.states())
    }

    /// What the disk did not take so far may go where sinks made room. What it never takes is lost,
    /// counted, and said.
    fn write_the_rest(&self, writer: &mut Writer, end_by: tokio::time::Instant) {
        let mut failed = self.tally.settle(writer);
        while writer.buffered() > 0 && tokio::time::Instant::now() < end_by {
            thread::sleep(COMMIT_AGAIN);
            failed = self.tally.settle(writer);
        }
        let lost: u64 = (0..CLASSES.len()).map(|class| writer.discard_buffered(class)).sum();
        if lost > 0 {
            let why = failed.unwrap_or_default();
            tracing::error!(lost, %why, "records are lost: the spool's disk took them not");
        }
        self.tally.unwritten.store(lost, Ordering::Relaxed);
        self.tally.tend(writer).unwrap_or_default();
    }
}
