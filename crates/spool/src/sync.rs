//! What was written and may not be on the disk yet. A thread of its own waits for the disk, so that
//! the next records are taken meanwhile.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::SpoolError;
use crate::limits::UNSYNCED_BYTES;

type Files = Vec<(Arc<File>, PathBuf)>;

/// Files whose last octets may only be in the system's memory.
#[derive(Debug)]
pub(crate) struct Unsynced {
    files: Files,
    /// Octets, since files were handed over last.
    bytes: u64,
    /// When a sync was due last, in nanoseconds since 1970.
    last: u64,
    /// Nanoseconds between two syncs. Zero: every commit waits for one.
    every: u64,
    waiter: Option<Waiter>,
}

/// The thread that waits. Both channels hold one: there is one sync under way at most.
#[derive(Debug)]
struct Waiter {
    files: SyncSender<Files>,
    done: Receiver<Result<(), SpoolError>>,
    busy: bool,
    thread: JoinHandle<()>,
}

impl Unsynced {
    pub(crate) fn new(every: u64, now: u64) -> Unsynced {
        Unsynced { files: Files::new(), bytes: 0, last: now, every, waiter: None }
    }

    pub(crate) fn note(&mut self, file: &Arc<File>, path: &Path, bytes: u64) {
        self.bytes += bytes;
        if !self.files.iter().any(|(known, _)| Arc::ptr_eq(known, file)) {
            self.files.push((Arc::clone(file), path.to_owned()));
        }
    }

    /// The file is removed: nobody waits for it, and its room is to be free at once.
    pub(crate) fn forget(&mut self, path: &Path) {
        self.files.retain(|(_, known)| known != path);
    }

    /// Sync what is due. Where that is each second, the disk is at it until the next: a record is
    /// on the disk when its second and the next are over, however slow the disk is, since then
    /// this waits.
    pub(crate) fn when_due(&mut self, now: u64) -> Result<(), SpoolError> {
        if self.every == 0 {
            return self.now();
        }
        let before = self.waiter.as_mut().map_or(Ok(()), Waiter::poll);
        // A clock that went back does not put it off.
        let due = now.checked_sub(self.last).is_none_or(|passed| passed >= self.every);
        if due {
            self.last = now;
            let before = before.and(self.finish());
            return before.and(self.hand_over());
        }
        let idle = self.waiter.as_ref().is_none_or(|waiter| !waiter.busy);
        if self.bytes >= UNSYNCED_BYTES && idle { before.and(self.hand_over()) } else { before }
    }

    /// Wait until no file is open for being synced: the room of one that is removed is free when
    /// nobody has it open.
    pub(crate) fn finish(&mut self) -> Result<(), SpoolError> {
        self.waiter.as_mut().map_or(Ok(()), Waiter::wait)
    }

    /// Wait for the disk to have everything.
    pub(crate) fn now(&mut self) -> Result<(), SpoolError> {
        let before = self.finish();
        self.bytes = 0;
        before.and(sync(self.files.drain(..)))
    }

    /// Have the thread wait for what was written so far. It is idle.
    fn hand_over(&mut self) -> Result<(), SpoolError> {
        if self.files.is_empty() {
            return Ok(());
        }
        if self.waiter.is_none() {
            self.waiter = Waiter::new();
        }
        let files = std::mem::take(&mut self.files);
        self.bytes = 0;
        let Some(waiter) = self.waiter.as_mut() else { return sync(files.into_iter()) };
        match waiter.files.send(files) {
            Ok(()) => {
                waiter.busy = true;
                Ok(())
            }
            Err(back) => sync(back.0.into_iter()),
        }
    }
}

impl Drop for Unsynced {
    fn drop(&mut self) {
        if let Some(Waiter { files, done, thread, .. }) = self.waiter.take() {
            drop((files, done));
            drop(thread.join());
        }
    }
}

impl Waiter {
    /// `None`: the system has no thread for us, and the writer waits itself.
    fn new() -> Option<Waiter> {
        let (files, taken) = sync_channel::<Files>(1);
        let (tell, done) = sync_channel(1);
        let wait = move || {
            for files in taken {
                if tell.send(sync(files.into_iter())).is_err() {
                    break;
                }
            }
        };
        let thread = Builder::new().name("spool-sync".to_owned()).spawn(wait).ok()?;
        Some(Waiter { files, done, busy: false, thread })
    }

    /// What the sync under way gave, when it is through.
    fn poll(&mut self) -> Result<(), SpoolError> {
        match self.done.try_recv() {
            Ok(result) => {
                self.busy = false;
                result
            }
            Err(_) => Ok(()),
        }
    }

    fn wait(&mut self) -> Result<(), SpoolError> {
        if !self.busy {
            return Ok(());
        }
        self.busy = false;
        self.done.recv().unwrap_or(Ok(()))
    }
}

fn sync(files: impl Iterator<Item = (Arc<File>, PathBuf)>) -> Result<(), SpoolError> {
    let mut result = Ok(());
    for (file, path) in files {
        result = result.and(file.sync_data().map_err(SpoolError::io("cannot be synced", &path)));
    }
    result
}
