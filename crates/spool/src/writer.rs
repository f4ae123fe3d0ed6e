//! The one that appends: records into memory, then whole into the active segment of their class.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::cursor::sync_folder;
use crate::frame;
use crate::limits::{
    BUFFER_BYTES_MAX, GIVEN_UP_MAX, PAYLOAD_BYTES_MAX, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN,
    SEGMENTS_MIN,
};
use crate::recovery::make_folder;
use crate::segment::{Head, Name};
use crate::shelf::{Segment, Shared, nanos, span};
use crate::sync::Unsynced;
use crate::{Reader, SpoolError};

/// How a spool is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Octets of a segment, about: what is given up at once. Kept between 64 KiB and 256 MiB, and
    /// at most an eighth of `bytes_max`.
    pub segment_bytes: u64,
    /// Octets on the disk, all classes together. At it the oldest segment of the last class goes.
    pub bytes_max: u64,
    /// How old a record may become. `None`: any age.
    pub age_max: Option<Duration>,
    /// How often the disk is made to have what was committed: a power cut takes what is younger
    /// than about twice this, a kill of the program takes nothing. Zero: every commit waits for the
    /// disk.
    pub sync_every: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: 32 << 20,
            bytes_max: 4 << 30,
            age_max: None,
            sync_every: Duration::from_secs(1),
        }
    }
}

/// What a spool holds, by class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Octets on the disk.
    pub bytes: Vec<u64>,
    /// Records on the disk.
    pub records: Vec<u64>,
    /// Records given up since the spool opened that not every reader had released.
    pub dropped: Vec<u64>,
}

/// The one writer of a spool. Dropped, it writes what it has, seals its segments and syncs them.
#[derive(Debug)]
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) drawers: Vec<Drawer>,
    pub(crate) options: Options,
    pub(crate) unsynced: Unsynced,
    /// The moment of the last tending, in nanoseconds since 1970.
    pub(crate) tended: u64,
    salt: u32,
    /// Locked as long as it is open.
    _lock: File,
}

/// What the writer has of a class.
#[derive(Debug, Default)]
pub(crate) struct Drawer {
    /// Whole records, from `written` on.
    buffer: Vec<u8>,
    written: usize,
    /// The number of the next record.
    pub(crate) next: u64,
    /// The segment that is written to: the last of its shelf.
    pub(crate) active: Option<Arc<File>>,
    /// Since the spool opened.
    pub(crate) dropped: u64,
    /// Since the last tending.
    pub(crate) untold: u64,
}

impl Drawer {
    pub(crate) fn drop_records(&mut self, records: u64) {
        self.dropped += records;
        self.untold += records;
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.written..).unwrap_or_default()
    }

    /// The first octets of what waits that fit into `room`: whole records, their count and the
    /// number behind the last. At least one record where `room` need not be kept to.
    fn part(&self, room: u64, at_least_one: bool) -> Part {
        let waiting = self.waiting();
        let mut part = Part::default();
        while let Some(head) = waiting.get(part.len..).and_then(frame::Head::read) {
            let len = part.len + head.size();
            if len as u64 > room && !(at_least_one && part.records == 0) {
                break;
            }
            part = Part { len, records: part.records + 1, end: head.seq + 1 };
        }
        part
    }
}

#[derive(Clone, Copy, Default)]
struct Part {
    len: usize,
    records: u64,
    end: u64,
}

impl Writer {
    pub(crate) fn new(
        shared: Shared,
        next: Vec<u64>,
        salt: u32,
        lock: File,
        options: &Options,
        now: SystemTime,
    ) -> Writer {
        let drawers = next.into_iter().map(|next| Drawer { next, ..Drawer::default() }).collect();
        let mut options = options.clone();
        let most = (options.bytes_max / SEGMENTS_MIN).min(SEGMENT_BYTES_MAX);
        options.segment_bytes = options.segment_bytes.min(most).max(SEGMENT_BYTES_MIN);
        let unsynced = Unsynced::new(span(options.sync_every), nanos(now));
        let (shared, tended) = (Arc::new(shared), nanos(now));
        Writer { shared, drawers, options, unsynced, tended, salt, _lock: lock }
    }

    /// Take a record into memory. One that is longer than 1 MiB is dropped and counted, as is what
    /// exceeds 64 MiB of memory while the disk takes nothing: of the last class first.
    pub fn append(&mut self, class: usize, payload: &[u8]) {
        let size = frame::HEAD + payload.len();
        while self.buffered() + size > BUFFER_BYTES_MAX {
            let last = self.drawers.iter().rposition(|drawer| !drawer.waiting().is_empty());
            match last.filter(|last| *last > class) {
                Some(last) => self.discard_buffered(last),
                None => break,
            };
        }
        let room = BUFFER_BYTES_MAX.saturating_sub(self.buffered());
        let Some(drawer) = self.drawers.get_mut(class) else { return };
        // What is not taken has its number all the same, so that every reader learns of it.
        let seq = drawer.next;
        drawer.next += 1;
        if payload.len() > PAYLOAD_BYTES_MAX || size > room {
            drawer.drop_records(1);
            return;
        }
        frame::write(self.salt, seq, payload, &mut drawer.buffer);
    }

    /// Hand everything in memory to the system, each class's records whole or not at all, and sync
    /// when that is due. Readers see the records from here on.
    ///
    /// # Errors
    /// The disk: what it did not take waits in memory for the next try, and nothing of it is to be
    /// seen. On a full disk old segments of later classes go first. After a failed sync what was
    /// written since the last one may not outlive a power cut.
    pub fn commit(&mut self, now: SystemTime) -> Result<(), SpoolError> {
        let now = nanos(now);
        let mut result = Ok(());
        for class in 0..self.drawers.len() {
            result = result.and(self.write_out(class, now));
        }
        result.and(self.unsynced.when_due(now))
    }

    /// Octets that wait in memory.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.drawers.iter().map(|drawer| drawer.waiting().len()).sum()
    }

    /// Forget what waits in memory of a class: for a caller whose memory is short while the disk is
    /// full. Gives the number of records, which count as dropped.
    pub fn discard_buffered(&mut self, class: usize) -> u64 {
        let Some(drawer) = self.drawers.get_mut(class) else { return 0 };
        let records = drawer.part(u64::MAX, false).records;
        (drawer.buffer, drawer.written) = (Vec::new(), 0);
        drawer.drop_records(records);
        records
    }

    /// What lies on the disk now, and what was dropped.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (class, drawer) in self.shared.classes.iter().zip(&self.drawers) {
            let shelf = class.shelf();
            counts.bytes.push(shelf.bytes());
            counts.records.push(shelf.records());
            counts.dropped.push(drawer.dropped);
        }
        counts
    }

    /// A reader of some classes. A name that was here before goes on where it saved its place; a
    /// new one begins at the oldest record that is kept.
    ///
    /// # Errors
    /// The name cannot be a file's or is open already; a class does not exist.
    pub fn reader(&self, name: &str, classes: &[usize]) -> Result<Reader, SpoolError> {
        Reader::new(&self.shared, name, classes)
    }

    /// What waits of a class, into its active segment, beginning another where that is full.
    fn write_out(&mut self, class: usize, now: u64) -> Result<(), SpoolError> {
        let mut given_up = 0;
        while self.drawers.get(class).is_some_and(|drawer| !drawer.waiting().is_empty()) {
            match self.write_part(class, now) {
                Err(why) if why.wants_room() && given_up < GIVEN_UP_MAX => {
                    if !self.give_up_behind(class, now)? {
                        return Err(why);
                    }
                    given_up += 1;
                }
                result => result?,
            }
        }
        let Some(drawer) = self.drawers.get_mut(class) else { return Ok(()) };
        drawer.buffer.clear();
        drawer.written = 0;
        Ok(())
    }

    /// As many records as the active segment has room for.
    fn write_part(&mut self, class: usize, now: u64) -> Result<(), SpoolError> {
        let (len, records) = {
            let shelf = self.shared.shelf(class)?;
            shelf.segments.back().map_or((0, 0), |active| (active.len, active.records))
        };
        let Some(drawer) = self.drawers.get_mut(class) else { return Ok(()) };
        let room = self.options.segment_bytes.saturating_sub(len);
        let part = drawer.part(room, records == 0);
        if part.records == 0 || drawer.active.is_none() {
            return self.begin(class, now);
        }
        let Some(file) = drawer.active.clone() else { return Ok(()) };
        let path = self.path_of_active(class)?;
        let waiting = self.drawers.get(class).map_or(&[][..], Drawer::waiting);
        let octets = waiting.get(..part.len).unwrap_or_default();
        if let Err(why) = file.write_all_at(octets, len) {
            // What was begun is behind what anybody reads; cut, so that no start finds it either.
            let cut = file.set_len(len);
            drop(cut);
            return Err(SpoolError::io("cannot be written", &path)(why));
        }
        self.unsynced.note(&file, &path, part.len as u64);
        if let Some(drawer) = self.drawers.get_mut(class) {
            drawer.written += part.len;
        }
        let mut shelf = self.shared.shelf(class)?;
        if let Some(active) = shelf.segments.back_mut() {
            active.times.note(active.end, now);
            active.len = len + part.len as u64;
            active.size = active.len;
            active.end = part.end;
            active.records += part.records;
            active.last = active.last.max(now);
        }
        Ok(())
    }

    fn path_of_active(&self, class: usize) -> Result<Arc<std::path::Path>, SpoolError> {
        let shelf = self.shared.shelf(class)?;
        let path = shelf.segments.back().map(|segment| Arc::clone(&segment.path));
        path.ok_or(SpoolError::Class { number: class })
    }

    /// Close the active segment of a class, and begin another for what waits, or will.
    pub(crate) fn begin(&mut self, class: usize, now: u64) -> Result<(), SpoolError> {
        self.seal(class)?;
        let Some(drawer) = self.drawers.get(class) else { return Ok(()) };
        let waits = frame::Head::read(drawer.waiting()).map(|head| head.seq);
        let name = Name { first: waits.unwrap_or(drawer.next), salt: self.salt };
        let folder = self.shared.folder_of(class);
        let path = folder.join(name.text());
        let class_name = self.shared.classes.get(class).map_or("", |class| &class.name);
        let head = Head { name, begun: now }.write(class_name);
        let file = Arc::new(create(&path, &head)?);
        // The name of a new file is in its folder's octets.
        if let Err(why) = sync_folder(&folder) {
            drop(std::fs::remove_file(&path));
            return Err(why);
        }
        self.unsynced.note(&file, &path, head.len() as u64);
        self.shared.shelf(class)?.segments.push_back(Segment::new(path, name, now));
        if let Some(drawer) = self.drawers.get_mut(class) {
            drawer.active = Some(file);
        }
        Ok(())
    }

    /// Nothing more is written to the active segment of a class. Without room for the seal it has
    /// none: the next start reads it whole.
    pub(crate) fn seal(&mut self, class: usize) -> Result<(), SpoolError> {
        let Some(file) = self.drawers.get_mut(class).and_then(|drawer| drawer.active.take()) else {
            return Ok(());
        };
        let mut shelf = self.shared.shelf(class)?;
        let Some(active) = shelf.segments.back_mut() else { return Ok(()) };
        active.closed = true;
        if file.write_all_at(&active.seal().write(), active.len).is_ok() {
            active.size = active.len + crate::segment::SEAL;
        } else {
            drop(file.set_len(active.len));
        }
        let path = Arc::clone(&active.path);
        drop(shelf);
        self.unsynced.note(&file, &path, crate::segment::SEAL);
        Ok(())
    }
}

/// A new segment with its head; nothing when the disk does not take that.
fn create(path: &PathBuf, head: &[u8]) -> Result<File, SpoolError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let file = match options.open(path) {
        // Somebody removed the folder.
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), make_folder)?;
            options.open(path)
        }
        opened => opened,
    };
    let file = file.map_err(SpoolError::io("cannot be created", path))?;
    let written: io::Result<()> = file.write_all_at(head, 0);
    if let Err(why) = written {
        drop(std::fs::remove_file(path));
        return Err(SpoolError::io("cannot be written", path)(why));
    }
    Ok(file)
}

impl Drop for Writer {
    fn drop(&mut self) {
        let now = nanos(SystemTime::now());
        for class in 0..self.drawers.len() {
            let written = self.write_out(class, now);
            let sealed = self.seal(class);
            if let Err(why) = written.and(sealed) {
                tracing::warn!("the spool closes with records in memory: {why}");
            }
        }
        if let Err(why) = self.unsynced.now() {
            tracing::warn!("the spool closes unsynced: {why}");
        }
    }
}
