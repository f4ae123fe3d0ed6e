//! One partition at work, on a thread of its own: messages in, records out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deliver::{Delivery, Gone, Stream};
use detect::Policy;
use intel::Book;
use model::Health;
use tokio::sync::mpsc::{Receiver, Sender};
use wire::Message;

use super::judge::Judge;
use super::merge::{Merge, MergeCounts, Stored};

/// How often the partition's health is told to the others, at most.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// What a worker is handed.
pub(super) enum Job {
    /// A message of the stream; nothing where it could not be read.
    Message { seq: u64, at: u64, message: Option<Box<Message>> },
    /// Other knowledge counts from now on.
    Reload(Arc<Book>, Policy),
    /// Tell the inventory.
    Inventory,
    /// The stream holds no more for now, and shall not be waited for: conclude.
    Conclude,
    /// Another one goes on: hand over what is written, and end.
    Leave,
}

/// A worker's memory, to be written down.
pub(super) struct Memory {
    pub(super) partition: u16,
    pub(super) place: u64,
    pub(super) at: u64,
    pub(super) resume: u64,
    pub(super) octets: Vec<u8>,
}

/// How far a worker has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The last message whose records are handed over.
    pub(super) place: AtomicU64,
    /// When it was stored, in milliseconds since 1970.
    pub(super) at: AtomicU64,
    pub(super) report: Mutex<Report>,
}

/// How a partition fares.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub(super) health: Health,
    pub(super) merge: MergeCounts,
    pub(super) severities: std::collections::BTreeMap<&'static str, u64>,
    /// Messages that could not be read.
    pub(super) unreadable: u64,
}

/// Where a worker begins.
pub(super) struct Begin {
    pub(super) partition: u16,
    pub(super) judge: Judge,
    pub(super) merge: Merge,
    /// Up to here everything was told before.
    pub(super) place: u64,
    /// How much time of the stream lies between two memories that are written down.
    pub(super) every: Duration,
}

/// A worker's other end.
pub(super) struct Worker {
    pub(super) to: Sender<Job>,
    pub(super) progress: Arc<Progress>,
    thread: JoinHandle<Result<(), Gone>>,
}

impl Worker {
    /// Begin.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(super) fn start(
        begin: Begin,
        delivery: Arc<Delivery>,
        memories: Sender<Memory>,
    ) -> std::io::Result<Worker> {
        let (to, jobs) = tokio::sync::mpsc::channel(256);
        let progress = Arc::new(Progress::default());
        let told = Arc::clone(&progress);
        let name = format!("part-{}", begin.partition);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let (until, every) = (begin.place, millis(begin.every));
            let work = Work {
                partition: begin.partition,
                judge: begin.judge,
                merge: begin.merge,
                until,
                every,
                kept_at: None,
                delivery,
                memories,
                progress: told,
                reported: None,
                unreadable: 0,
            };
            work.until_told(jobs)
        })?;
        Ok(Worker { to, progress, thread })
    }

    /// Whether it ended.
    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Wait for its end.
    pub(super) fn join(self) -> Result<(), Gone> {
        drop(self.to);
        self.thread.join().unwrap_or_else(|_| {
            tracing::error!("a partition's thread panicked");
            Err(Gone(deliver::Ending::Failed))
        })
    }
}

struct Work {
    partition: u16,
    judge: Judge,
    merge: Merge,
    until: u64,
    every: u64,
    /// When the message after which memory was written down last was stored.
    kept_at: Option<u64>,
    delivery: Arc<Delivery>,
    memories: Sender<Memory>,
    progress: Arc<Progress>,
    reported: Option<Instant>,
    unreadable: u64,
}

impl Work {
    fn until_told(mut self, mut jobs: Receiver<Job>) -> Result<(), Gone> {
        while let Some(job) = jobs.blocking_recv() {
            match job {
                Job::Message { seq, at, message } => self.take(seq, at, message)?,
                Job::Reload(book, policy) => self.judge.reload(book, policy),
                Job::Inventory => {
                    self.judge.tell_inventory();
                    self.hand_over()?;
                }
                Job::Conclude => {
                    let judge = &mut self.judge;
                    // What was held back, and the ends, nobody has told.
                    judge.muted = false;
                    self.merge.finish(&mut |event| judge.take(event));
                    judge.finish();
                    judge.tell_inventory();
                    self.hand_over()?;
                    break;
                }
                Job::Leave => break,
            }
        }
        self.report(true);
        Ok(())
    }

    fn take(&mut self, seq: u64, at: u64, message: Option<Box<Message>>) -> Result<(), Gone> {
        // Who had the partition before told what follows from these.
        self.judge.muted = seq <= self.until;
        match message {
            Some(message) => {
                let judge = &mut self.judge;
                let stored = Stored { seq, at, message: *message };
                self.merge.push(stored, &mut |event| judge.take(event));
            }
            None => self.unreadable += 1,
        }
        self.hand_over()?;
        self.progress.at.store(at, Ordering::SeqCst);
        self.progress.place.store(seq, Ordering::SeqCst);
        let kept_at = *self.kept_at.get_or_insert(at);
        if at >= kept_at.saturating_add(self.every)
            && let Ok(room) = self.memories.try_reserve()
        {
            self.kept_at = Some(at);
            let memory = Memory {
                partition: self.partition,
                place: seq,
                at,
                resume: self.merge.resume(),
                octets: self.judge.state().seal(),
            };
            room.send(memory);
        }
        self.report(false);
        Ok(())
    }

    /// Hand over what is told.
    fn hand_over(&mut self) -> Result<(), Gone> {
        let lines = &mut self.judge.lines;
        for (stream, lines) in [
            (Stream::Observations, &mut lines.observations),
            (Stream::Alerts, &mut lines.alerts),
            (Stream::Health, &mut lines.inventory),
        ] {
            if !lines.is_empty() {
                self.delivery.send(stream, std::mem::take(lines))?;
            }
        }
        Ok(())
    }

    fn report(&mut self, now: bool) {
        if !now && self.reported.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return;
        }
        self.reported = Some(Instant::now());
        if let Ok(mut report) = self.progress.report.lock() {
            *report = Report {
                health: self.judge.health(),
                merge: self.merge.counts(),
                severities: self.judge.severities().clone(),
                unreadable: self.unreadable,
            };
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
