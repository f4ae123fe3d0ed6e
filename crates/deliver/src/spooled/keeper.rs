//! The spool's one writer, and what it counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use spool::Writer;
use tokio::sync::watch;

use super::class_of;
use crate::Stream;
use crate::limits::{COMMIT_AGAIN, COMMIT_BYTES, TROUBLE_TOLD_EVERY};

/// Records of one kind on their way into the spool.
pub(super) struct Piece {
    pub(super) stream: Stream,
    pub(super) octets: Vec<u8>,
}

/// Numbers that others look at meanwhile.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) bytes: AtomicU64,
    pub(super) given_up: AtomicU64,
    pub(super) unwritten: AtomicU64,
    /// Pieces that are written, or were given up.
    pub(super) committed: AtomicU64,
    pub(super) trouble: Mutex<Option<String>>,
}

impl Tally {
    /// Remove what may go, and write down what waits; why that failed.
    pub(super) fn settle(&self, writer: &mut Writer) -> Option<String> {
        let tended = self.tend(writer);
        let wrote = writer.commit(SystemTime::now());
        let failed = tended.and(wrote.map_err(|why| why.to_string())).err();
        if let Ok(mut trouble) = self.trouble.lock() {
            trouble.clone_from(&failed);
        }
        failed
    }

    /// Remove what may go from the spool, and count what some sink will never have.
    pub(super) fn tend(&self, writer: &mut Writer) -> Result<u64, String> {
        let tended = writer.tend(SystemTime::now());
        let gone = tended.as_ref().map_or(0, |tended| tended.dropped.iter().sum());
        self.given_up.fetch_add(gone, Ordering::Relaxed);
        self.bytes.store(writer.counts().bytes.iter().sum(), Ordering::Relaxed);
        tended.map(|_| gone).map_err(|why| why.to_string())
    }
}

/// The spool's one writer.
pub(super) struct Keeper {
    writer: Writer,
    pieces: Receiver<Piece>,
    committed: watch::Sender<u64>,
    tally: Arc<Tally>,
    told: Option<Instant>,
    taken: u64,
    /// The disk failed at the last attempt: not before then again.
    again_at: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(
        writer: Writer,
        pieces: Receiver<Piece>,
        committed: watch::Sender<u64>,
        tally: Arc<Tally>,
    ) -> Keeper {
        Keeper { writer, pieces, committed, tally, told: None, taken: 0, again_at: None }
    }

    /// Write what comes until nobody hands over any more.
    pub(super) fn keep(mut self) -> Writer {
        const PAUSE: Duration = Duration::from_millis(250);
        let mut tended = Instant::now();
        loop {
            let pause = if self.again_at.is_some() { COMMIT_AGAIN } else { PAUSE };
            let ended = self.gather(pause);
            if ended {
                self.again_at = None;
            }
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

    /// Take what is there, or comes within that time. True: nothing comes any more.
    ///
    /// A disk that takes nothing holds nobody up: the writer has a bound of its own, and knows what
    /// to give up at it.
    fn gather(&mut self, within: Duration) -> bool {
        match self.pieces.recv_timeout(within) {
            Ok(piece) => self.take(&piece),
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => return true,
        }
        while self.writer.buffered() < COMMIT_BYTES
            && let Ok(piece) = self.pieces.try_recv()
        {
            self.take(&piece);
        }
        false
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
        let early = self.again_at.is_some_and(|at| Instant::now() < at);
        if self.writer.buffered() == 0 || early {
            return;
        }
        match self.writer.commit(SystemTime::now()) {
            Ok(()) => {
                self.again_at = None;
                self.trouble(None);
                self.committed.send_modify(|generation| *generation += 1);
            }
            Err(why) => {
                self.again_at = Some(Instant::now() + COMMIT_AGAIN);
                self.trouble(Some(&why.to_string()));
            }
        }
    }

    fn tend(&mut self) {
        match self.tally.tend(&mut self.writer) {
            Ok(0) => {}
            Ok(gone) => {
                tracing::error!(gone, "the spool is full or too old: its oldest records went");
            }
            Err(why) => return self.trouble(Some(&why)),
        }
        if self.again_at.is_none() {
            self.trouble(None);
        }
    }

    fn trouble(&mut self, why: Option<&str>) {
        if let Ok(mut trouble) = self.tally.trouble.lock() {
            *trouble = why.map(str::to_owned);
        }
        let Some(why) = why else { return };
        if self.told.is_none_or(|told| told.elapsed() >= TROUBLE_TOLD_EVERY) {
            self.told = Some(Instant::now());
            tracing::error!(%why, "the spool cannot be written; records wait in memory");
        }
    }
}
