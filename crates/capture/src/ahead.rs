//! A packed capture that is unpacked on a thread of its own, a few buffers ahead of who reads it.
//!
//! Unpacking costs several times what all the rest of a replay does, so it takes another core where
//! there is one; captures that are merged are unpacked side by side. What is given, and where it
//! breaks, is what [`Packed`] gives.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::limits::{AHEAD_BUFFERS, AHEAD_OCTETS};
use crate::source::Packed;
use crate::unpack::Fault;

/// The reader's end.
pub(crate) struct Ahead {
    /// Both are dropped to tell the thread that nobody reads any more.
    ends: Option<Ends>,
    portion: Portion,
    /// Octets of the portion that were given.
    used: usize,
    thread: Option<JoinHandle<()>>,
    /// Whether the end of the thread may be waited for: a pipe's reader may wait for ever.
    join: bool,
}

struct Ends {
    full: Receiver<Portion>,
    empty: SyncSender<Vec<u8>>,
}

/// One buffer's worth.
#[derive(Default)]
struct Portion {
    octets: Vec<u8>,
    /// How many of them were unpacked, or why no more can be.
    len: Option<Result<usize, Fault>>,
    /// Octets of the file that were read for it and for those before.
    raw_octets: u64,
    /// Octets that the decompressor holds.
    memory: usize,
}

impl Ahead {
    /// Unpack `packed` on another thread from now on. Gives it back where the system gives no
    /// thread. `join`: it never waits for anyone.
    pub(crate) fn start(packed: Packed, join: bool) -> Result<Ahead, Packed> {
        let (give, take) = sync_channel::<Packed>(1);
        let (fill, full) = sync_channel(AHEAD_BUFFERS);
        let (empty, refill) = sync_channel(AHEAD_BUFFERS);
        let work = move || {
            if let Ok(packed) = take.recv() {
                unpack(packed, join, &refill, &fill);
            }
        };
        let Ok(thread) = Builder::new().name("unpack".into()).spawn(work) else {
            return Err(packed);
        };
        for _ in 0..AHEAD_BUFFERS {
            let _ = empty.try_send(vec![0; AHEAD_OCTETS]);
        }
        let (raw_octets, memory) = (packed.raw_octets, packed.memory());
        let portion = Portion { raw_octets, memory, ..Portion::default() };
        give.send(packed).map_err(|refused| refused.0)?;
        let ends = Some(Ends { full, empty });
        Ok(Ahead { ends, portion, used: 0, thread: Some(thread), join })
    }

    /// Octets of the file that were read for what was given.
    pub(crate) fn raw_octets(&self) -> u64 {
        self.portion.raw_octets
    }

    /// Octets that the decompressor and its buffers hold.
    pub(crate) fn memory(&self) -> usize {
        self.portion.memory.saturating_add(AHEAD_BUFFERS * AHEAD_OCTETS)
    }

    /// Read into `into`; `Ok(0)` is the end. Waits for the thread where it must.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        let Some(ends) = &self.ends else { return Ok(0) };
        let here = |portion: &Portion| match portion.len {
            Some(Ok(len)) => len,
            _ => 0,
        };
        if self.used >= here(&self.portion) {
            let spent = std::mem::take(&mut self.portion.octets);
            if !spent.is_empty() {
                let _ = ends.empty.try_send(spent);
            }
            self.used = 0;
            let gone = || Fault::System(io::Error::other("its unpacking broke off"));
            self.portion = ends.full.recv().map_err(|_| gone())?;
            if let Some(Err(fault)) = self.portion.len.take_if(|len| matches!(len, Err(_) | Ok(0)))
            {
                self.ends = None;
                return Err(fault);
            }
        }
        let left = self.portion.octets.get(self.used..here(&self.portion)).unwrap_or_default();
        if left.is_empty() {
            self.ends = None;
            return Ok(0);
        }
        let len = left.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..len), left.get(..len)) {
            to.copy_from_slice(from);
        }
        self.used += len;
        Ok(len)
    }
}

impl Drop for Ahead {
    /// A file that is given up is closed when this returns: the bound of open files holds.
    fn drop(&mut self) {
        self.ends = None;
        if let Some(thread) = self.thread.take().filter(|_| self.join) {
            let _ = thread.join();
        }
    }
}

/// The thread's work: to its capture's end, its first fault, or until nobody reads any more.
/// `fill_up`: buffers are handed over full, since nothing in them has to be waited for.
fn unpack(
    mut packed: Packed,
    fill_up: bool,
    refill: &Receiver<Vec<u8>>,
    fill: &SyncSender<Portion>,
) {
    let mut last = None;
    while let Ok(mut octets) = refill.recv() {
        let mut made = 0;
        while last.is_none() && (made == 0 || fill_up && made < octets.len()) {
            match packed.read(octets.get_mut(made..).unwrap_or_default()) {
                Ok(0) => last = Some(Ok(0)),
                Ok(len) => made += len,
                Err(fault) => last = Some(Err(fault)),
            }
        }
        // What was unpacked before a fault is given first.
        let len = if made > 0 { Some(Ok(made)) } else { last.take() };
        let (raw_octets, memory) = (packed.raw_octets, packed.memory());
        let portion = Portion { octets, len, raw_octets, memory };
        if fill.send(portion).is_err() || made == 0 {
            return;
        }
    }
}
