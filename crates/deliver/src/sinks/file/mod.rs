//! A file that rotates: by renaming, to names that no other file ever had, so that whoever follows
//! it by inode reads each line once.
//!
//! Files may block for as long as a disk or a file server likes: all of it is done on a thread
//! where that is allowed. An attempt that was given up may be at work there still; until it is
//! done, there is no other.

mod current;
mod names;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::SystemTime;

use self::current::Current;
use super::{Carried, Carrier, Carrying, Entry, FilePlan, Setback};

/// The way to a file.
struct FileSink {
    work: Arc<Mutex<Work>>,
    /// Shown in setbacks.
    path: String,
    reopen: bool,
}

/// Opens nothing yet.
pub(super) fn new(plan: &FilePlan) -> Box<dyn Carrier> {
    let path = plan.path.display().to_string();
    let work = Work { plan: plan.clone(), current: None, untold: true };
    Box::new(FileSink { work: Arc::new(Mutex::new(work)), path, reopen: false })
}

impl Carrier for FileSink {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        let reopen = std::mem::take(&mut self.reopen);
        let lines: Vec<Line> = batch.iter().map(Line::of).collect();
        Box::pin(async move {
            let path = self.path.clone();
            let written = self.blocking(move |work| work.write(&lines, reopen)).await?;
            match written {
                (_, Ok(())) => Ok(Carried::default()),
                (carried, Err(error)) => {
                    let why = format!("{path} takes no more: {error}");
                    Err(Setback { carried, ..Setback::new(why) })
                }
            }
        })
    }

    fn settle(&mut self) -> Carrying<'_, ()> {
        Box::pin(async move {
            let settled = self.blocking(Work::settle).await?;
            settled.map_err(|error| Setback::new(format!("{} is not synced: {error}", self.path)))
        })
    }

    fn reopen(&mut self) {
        self.reopen = true;
    }
}

impl FileSink {
    /// Do something with the file where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Work) -> T + Send + 'static,
    ) -> Result<T, Setback> {
        let work = Arc::clone(&self.work);
        let done = tokio::task::spawn_blocking(move || match work.try_lock() {
            Ok(mut work) => Some(act(&mut work)),
            // What a panic left behind is checked at each batch anyway.
            Err(TryLockError::Poisoned(poisoned)) => Some(act(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        });
        match done.await {
            Ok(Some(done)) => Ok(done),
            Ok(None) => Err(Setback::new(format!("{}: its disk does not answer yet", self.path))),
            Err(error) => Err(Setback::new(format!("{}: {error}", self.path))),
        }
    }
}

/// What is written of an entry.
struct Line {
    /// The native line: a header is made of it.
    native: Vec<u8>,
    /// The body with its newline, for one write(2).
    octets: Vec<u8>,
}

impl Line {
    fn of(entry: &Entry) -> Line {
        let mut octets = Vec::with_capacity(entry.body.len() + 1);
        octets.extend_from_slice(&entry.body);
        octets.push(b'\n');
        Line { native: entry.line.clone(), octets }
    }
}

/// What the thread works on.
struct Work {
    plan: FilePlan,
    current: Option<Current>,
    /// That the file cannot be rotated was not said yet.
    untold: bool,
}

impl Work {
    /// Write lines; how many are in the file, and why no more.
    fn write(&mut self, lines: &[Line], reopen: bool) -> (usize, io::Result<()>) {
        // Somebody may have moved, removed or cut the file since: who rotates it from outside needs
        // no signal, who sends one is obeyed.
        if reopen || self.current.as_mut().is_some_and(|current| !current.is_at(&self.plan.path)) {
            self.let_go();
        }
        for (at, line) in lines.iter().enumerate() {
            if let Err(error) = self.write_one(line) {
                return (at, Err(error));
            }
        }
        (lines.len(), Ok(()))
    }

    fn write_one(&mut self, line: &Line) -> io::Result<()> {
        let current = self.opened()?;
        if current.size() > 0 && self.is_due(line.octets.len() as u64) {
            // A link stays where it is; its file is rotated where that is.
            self.rotate(&self.plan.path.canonicalize()?)?;
        }
        let (path, header) = (self.plan.path.clone(), Arc::clone(&self.plan.header));
        let current = self.opened()?;
        if current.size() == 0 {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(mut header) = header(&line.native, &name) {
                header.push(b'\n');
                current.write(&header)?;
            }
        }
        current.write(&line.octets)
    }

    /// The file, opened where it is not.
    fn opened(&mut self) -> io::Result<&mut Current> {
        match &mut self.current {
            Some(current) => Ok(current),
            none => Ok(none.insert(Current::open(&self.plan.path)?)),
        }
    }

    /// Whether the file is to be rotated before a line of so many octets.
    fn is_due(&self, octets: u64) -> bool {
        let FilePlan { rotate_bytes, rotate_every, .. } = &self.plan;
        self.current.as_ref().is_some_and(|current| {
            rotate_bytes.is_some_and(|most| current.size() + octets > most)
                || rotate_every.is_some_and(|most| current.age() >= most)
        })
    }

    /// Move the file away. When that cannot be done, it is said once and the file grows on: its
    /// lines are worth more than its length.
    fn rotate(&mut self, path: &Path) -> io::Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        current.sync()?;
        match names::retire(path, SystemTime::now()) {
            Ok(retired) => {
                tracing::debug!(file = %path.display(), retired = %retired.display(), "rotated");
                self.current = None;
                self.untold = true;
                if let Some(keep) = self.plan.keep {
                    names::remove_oldest(path, keep);
                }
            }
            Err(error) if self.untold => {
                self.untold = false;
                tracing::error!(file = %path.display(), %error, "cannot be rotated; it grows on");
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Have every line on the disk, and the names of the files too.
    fn settle(&mut self) -> io::Result<()> {
        match &mut self.current {
            Some(current) => current.sync(),
            None => Ok(()),
        }
    }

    /// The file was moved from outside, or shall be opened anew.
    fn let_go(&mut self) {
        if let Some(mut current) = self.current.take()
            && let Err(error) = current.sync()
        {
            let file = self.plan.path.display();
            tracing::error!(%file, %error, "a file that was moved away could not be synced");
        }
    }
}
