//! Carries lines to their targets, on threads of their own, so that a slow target stops no one but
//! those who wait for it.
//!
//! One thread and one bounded channel a target. It gathers what waits into one write: a full pipe
//! delays no other target. Streams that name the same file, by whatever name, share a thread, so
//! that lines never mingle.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::behind::{Behind, Untaken};
use crate::error::DeliverError;
use crate::limits::{CHUNKS_MAX, STUCK_AFTER};
use crate::outputs::{Done, FileSink, Output, Stream, Target, Task, run};
use crate::sinks::SinkState;
use crate::spooled::{SpoolState, Spooled, Spooling};

/// The way out for records. To be ended with [`Delivery::finish`]: what is still under way when a
/// `Delivery` is merely dropped may be lost with the process.
#[derive(Debug)]
pub struct Delivery {
    lanes: Vec<Lane>,
    threads: Vec<JoinHandle<Done>>,
    spooled: Option<Spooled>,
    /// Whether a sender waits for an output that is behind, whatever it brings.
    patience: bool,
    /// The wire is not read any more: observations wait as alerts do.
    unhurried: Arc<AtomicBool>,
    /// Lines and messages of facts that were dropped for want of patience.
    unwritten: AtomicU64,
}

/// How a stream came to its end before its sender did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Whoever read the pipe closed it. No failure: `… | head` does it.
    ReaderLeft,
    /// The target failed: the disk is full, the device is gone. [`Delivery::finish`] tells more.
    Failed,
}

/// A target of the stream takes no more lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the output of these records takes no more")]
pub struct Gone(
    /// Why.
    pub Ending,
);

/// What was delivered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Delivered {
    /// Octets written, by all targets together.
    pub bytes: u64,
    /// How sinks and their spool stand at the end.
    pub sinks: Option<(SpoolState, Vec<SinkState>)>,
    /// Targets whose reader left before the end.
    pub readers_left: Vec<Target>,
    /// Lines that had no form in the shape of their output, by all targets together.
    pub formless: u64,
}

/// The sender's end of one target.
#[derive(Debug)]
struct Lane {
    streams: Vec<Stream>,
    target: Target,
    chunks: mpsc::Sender<Vec<u8>>,
    /// Chunks handed over or about to be, and chunks written.
    handed: AtomicU64,
    written: Arc<AtomicU64>,
    /// It could be opened: a FIFO waits for its reader.
    begun: Arc<AtomicBool>,
    ending: Arc<OnceLock<Ending>>,
    behind: Behind,
}

impl Lane {
    fn offer(&self, chunk: Vec<u8>, waits: bool) -> Result<(), Untaken<Vec<u8>>> {
        let name = format_args!("the output {}", self.target);
        self.behind.offer(&name, chunk, waits, |chunk| {
            self.chunks.try_send(chunk).map_err(|why| match why {
                TrySendError::Full(chunk) => Untaken::Full(chunk),
                TrySendError::Closed(_) => Untaken::Closed,
            })
        })
    }
}

/// A lane whose sender has gone.
struct Ended {
    target: Target,
    handed: u64,
    written: Arc<AtomicU64>,
    begun: Arc<AtomicBool>,
    ending: Arc<OnceLock<Ending>>,
}

impl Ended {
    /// It waits for a reader, or for one that takes what was handed over.
    fn waits(&self) -> bool {
        let open = self.begun.load(Ordering::SeqCst);
        let whole = self.written.load(Ordering::SeqCst) >= self.handed;
        self.ending.get().is_none() && !(open && whole)
    }
}

impl Lane {
    /// Nothing more is sent.
    fn end(self) -> Ended {
        let Lane { target, handed, written, begun, ending, .. } = self;
        Ended { target, handed: handed.into_inner(), written, begun, ending }
    }
}

/// Wait for the outputs' threads as long as they get on, and while all that is left is a disk's sync.
fn wait_for<T>(lanes: &[Ended], threads: &[JoinHandle<T>]) -> Result<(), DeliverError> {
    const PAUSE: Duration = Duration::from_millis(2);
    let total = || lanes.iter().map(|lane| lane.written.load(Ordering::SeqCst)).sum::<u64>();
    let (mut before, mut since) = (total(), Instant::now());
    while !threads.iter().all(JoinHandle::is_finished) {
        thread::sleep(PAUSE);
        if total() != before {
            (before, since) = (total(), Instant::now());
        }
        if since.elapsed() >= STUCK_AFTER
            && let Some(lane) = lanes.iter().find(|lane| lane.waits())
        {
            return Err(DeliverError::Stuck { target: lane.target.to_string() });
        }
    }
    Ok(())
}

impl Delivery {
    /// Open every target and start its thread.
    ///
    /// # Errors
    /// [`DeliverError::Open`] when a target cannot be opened, [`DeliverError::Start`] when the
    /// system gives no thread for one.
    pub fn start(outputs: Vec<Output>) -> Result<Delivery, DeliverError> {
        let (lanes, tasks) = open(outputs)?;
        let thread = |task| thread::Builder::new().name("deliver".into()).spawn(|| run(task));
        let threads: io::Result<Vec<_>> = tasks.into_iter().map(thread).collect();
        let threads = threads.map_err(|source| DeliverError::Start { source })?;
        let (spooled, unwritten) = (None, AtomicU64::new(0));
        let unhurried = Arc::default();
        Ok(Delivery { lanes, threads, spooled, patience: true, unhurried, unwritten })
    }

    /// Serve sinks too.
    ///
    /// # Errors
    /// [`DeliverError::Spool`] when the spool cannot be used, [`DeliverError::Without`] when a sink
    /// is of a kind that this program was built without.
    pub fn with_sinks(mut self, spooling: Spooling) -> Result<Delivery, DeliverError> {
        self.spooled = Some(Spooled::start(spooling)?);
        Ok(self)
    }

    /// For a live wire, which does not wait: observations are dropped and counted where an output
    /// is behind; alerts and health wait, but not for one that takes nothing for
    /// [`STUCK_AFTER`].
    #[must_use]
    pub fn impatient(mut self) -> Delivery {
        self.patience = false;
        self
    }

    /// To be set when the wire is not read any more and cannot run over: from then on observations
    /// wait for an output that is behind as alerts do.
    #[must_use]
    pub fn unhurried(&self) -> Arc<AtomicBool> {
        self.unhurried.clone()
    }

    /// Records and messages of facts that were dropped so far since an output was behind.
    #[must_use]
    pub fn unwritten(&self) -> u64 {
        self.unwritten.load(Ordering::Relaxed)
    }

    /// How the spool and its sinks fare; `None` without sinks.
    #[must_use]
    pub fn sinks(&self) -> Option<(SpoolState, Vec<SinkState>)> {
        self.spooled.as_ref().map(|spooled| (spooled.spool_state(), spooled.states()))
    }

    /// Have sinks open their files anew: whoever rotates them moved them away.
    pub fn reopen(&self) {
        self.spooled.iter().for_each(Spooled::reopen);
    }

    /// Whether anyone asked for that stream. If not, its records need not be written.
    #[must_use]
    pub fn wants(&self, stream: Stream) -> bool {
        self.spooled.as_ref().is_some_and(|spooled| spooled.wants(stream))
            || self.lanes.iter().any(|lane| lane.streams.contains(&stream))
    }

    /// Hand over whole lines, each with its newline; of facts, one message. Waits while a target's
    /// channel is full, or drops what may be ([`Self::impatient`]); lines of a stream that no one
    /// asked for vanish.
    ///
    /// Not to be called from within an asynchronous task.
    ///
    /// # Errors
    /// [`Gone`] when one of the stream's targets has come to its end; the others still got the
    /// lines.
    pub fn send(&self, stream: Stream, lines: Vec<u8>) -> Result<(), Gone> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut gone = Ok(());
        let mut lines = lines;
        if let Some(spooled) = self.spooled.as_ref().filter(|spooled| spooled.wants(stream)) {
            let direct = self.lanes.iter().any(|lane| lane.streams.contains(&stream));
            let copy = if direct { lines.clone() } else { mem::take(&mut lines) };
            match spooled.send(stream, copy, self.patience) {
                Ok(None) => {}
                Ok(Some(dropped)) => self.drop_lines(stream, &dropped),
                Err(why) => gone = Err(why),
            }
        }
        let mut wanted = self.lanes.iter().filter(|lane| lane.streams.contains(&stream)).peekable();
        while let Some(lane) = wanted.next() {
            let copy = if wanted.peek().is_some() { lines.clone() } else { mem::take(&mut lines) };
            lane.handed.fetch_add(1, Ordering::SeqCst);
            let sent = if self.patience {
                lane.chunks.blocking_send(copy).is_ok()
            } else {
                let waits =
                    stream != Stream::Observations || self.unhurried.load(Ordering::Relaxed);
                match lane.offer(copy, waits) {
                    Ok(()) => true,
                    Err(Untaken::Full(dropped)) => {
                        lane.handed.fetch_sub(1, Ordering::SeqCst);
                        self.drop_lines(stream, &dropped);
                        true
                    }
                    Err(Untaken::Closed) => false,
                }
            };
            if !sent {
                let ending = lane.ending.get().copied().unwrap_or(Ending::Failed);
                if gone != Err(Gone(Ending::Failed)) {
                    gone = Err(Gone(ending));
                }
            }
        }
        gone
    }

    /// Wait until what was handed over before is written: by the outputs, and to the spool. False:
    /// it is not yet, and `within` is over.
    ///
    /// Not to be called from within an asynchronous task.
    ///
    /// # Errors
    /// [`Gone`] when an output came to its end, or the spool's thread did.
    pub fn settled(&self, within: Duration) -> Result<bool, Gone> {
        const PAUSE: Duration = Duration::from_millis(2);
        let end = Instant::now() + within;
        let waited: Vec<u64> =
            self.lanes.iter().map(|lane| lane.handed.load(Ordering::SeqCst)).collect();
        let spool = self.spooled.as_ref().map(|spooled| (spooled, spooled.handed()));
        loop {
            let mut done = true;
            for (lane, waited) in self.lanes.iter().zip(&waited) {
                // What was not taken after all is not waited for.
                let waited = lane.handed.load(Ordering::SeqCst).min(*waited);
                if lane.written.load(Ordering::SeqCst) < waited {
                    if lane.chunks.is_closed() {
                        return Err(Gone(lane.ending.get().copied().unwrap_or(Ending::Failed)));
                    }
                    done = false;
                }
            }
            if let Some((spooled, waited)) = &spool {
                done &= spooled.is_committed(*waited)?;
            }
            if done || Instant::now() >= end {
                return Ok(done);
            }
            thread::sleep(PAUSE);
        }
    }

    fn drop_lines(&self, stream: Stream, octets: &[u8]) {
        let lines = match stream {
            Stream::Facts => 1,
            _ => octets.iter().filter(|octet| **octet == b'\n').count() as u64,
        };
        self.unwritten.fetch_add(lines, Ordering::Relaxed);
    }

    /// Wait until every line is written, sync regular files, and tell how it went. On a live wire
    /// ([`Self::impatient`]), an output that takes nothing for [`STUCK_AFTER`] is not waited for.
    ///
    /// # Errors
    /// The first target's failure, in the order of the outputs. A reader that left is none.
    pub fn finish(self) -> Result<Delivered, DeliverError> {
        let names: Vec<_> = self.lanes.iter().map(|lane| lane.target.to_string()).collect();
        let lanes: Vec<_> = self.lanes.into_iter().map(Lane::end).collect();
        let sinks = self.spooled.map(Spooled::finish);
        if !self.patience {
            wait_for(&lanes, &self.threads)?;
        }
        let broken = || DeliverError::Broken { targets: names.join(", ") };
        // All of them, before any trouble is told: the others still write.
        let all: Vec<_> = self.threads.into_iter().map(JoinHandle::join).collect();
        let mut delivered = Delivered { sinks, ..Delivered::default() };
        for done in all {
            let Done { target, counts, result } = done.map_err(|_| broken())?;
            delivered.bytes = delivered.bytes.saturating_add(counts.bytes);
            delivered.formless = delivered.formless.saturating_add(counts.formless);
            match result {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    delivered.readers_left.push(target);
                }
                Err(source) => {
                    return Err(DeliverError::Write { target: target.to_string(), source });
                }
            }
        }
        Ok(delivered)
    }
}

/// Open each target once: outputs that lead to the same file share it.
fn open(outputs: Vec<Output>) -> Result<(Vec<Lane>, Vec<Task>), DeliverError> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut tasks: Vec<Task> = Vec::new();
    // Standard output first: a path may lead to the same file, and its descriptor knows where the
    // shell wanted the writing to begin.
    let (standard, paths): (Vec<_>, Vec<_>) =
        outputs.into_iter().partition(|output| output.target == Target::Stdout);
    for Output { streams, target, append, shape } in standard.into_iter().chain(paths) {
        let known = FileSink::identify(&target);
        let known = tasks.iter().position(|task| Some(task.sink.identity()) == known);
        if let Some(lane) = known.and_then(|place| lanes.get_mut(place)) {
            lane.streams.extend(streams);
            continue;
        }
        let sink = FileSink::open(&target, append)
            .map_err(|source| DeliverError::Open { target: target.to_string(), source })?;
        tracing::debug!(%target, append, "output opened");
        let (sender, receiver) = mpsc::channel(CHUNKS_MAX);
        let ending = Arc::new(OnceLock::new());
        let written = Arc::new(AtomicU64::new(0));
        let begun = Arc::new(AtomicBool::new(false));
        lanes.push(Lane {
            streams,
            target: target.clone(),
            chunks: sender,
            handed: AtomicU64::new(0),
            written: Arc::clone(&written),
            begun: Arc::clone(&begun),
            ending: Arc::clone(&ending),
            behind: Behind::default(),
        });
        tasks.push(Task { target, sink, shape, chunks: receiver, written, begun, ending });
    }
    Ok((lanes, tasks))
}
