//! Opening a spool, after whatever end its last writer had.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::cursor::{self, Cursor};
use crate::limits::{CLASSES_MAX, READERS_MAX, SEGMENTS_MAX};
use crate::scan::Scan;
use crate::segment::{self, Found, Name, Seal, can_be_a_name};
use crate::shelf::{Place, Segment, Shared, Shelf, Wants, nanos};
use crate::{Options, SpoolError, Writer};

/// In a segment without a seal, numbers this far behind the first are not believed: two months of
/// the full rate. It keeps octets that happen to look like a record's head from being summed.
const NUMBERS_MAX: u64 = 1 << 40;

/// What was found when a spool opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Segments that are kept.
    pub segments: usize,
    /// Their records.
    pub records: u64,
    /// What was not as a writer leaves it that ends in order: to be logged by the caller.
    pub findings: Vec<Finding>,
}

/// Something that was not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The file or folder.
    pub path: PathBuf,
    /// What was found and done, in words.
    pub what: &'static str,
    /// Octets that were cut off or passed over.
    pub octets: u64,
    /// Records that are known to be missing there, by their numbers. Those that were cut off an
    /// end are not known.
    pub records: u64,
}

/// Take a spool's folder, or make it. `classes` are names of folders in it, the class that is given
/// up last first.
///
/// # Errors
/// Another process has it; a name cannot be one; a later version wrote it; the disk fails. Damage
/// is no error: what is whole is kept, and the rest is told.
pub fn open(
    folder: &Path,
    classes: &[&str],
    options: &Options,
    now: SystemTime,
) -> Result<(Writer, Recovery), SpoolError> {
    check_names(classes)?;
    make_folder(folder)?;
    let lock = lock(folder)?;
    let mut recovery = Recovery::default();
    let mut shelves = Vec::new();
    for class in classes {
        let shelf = shelf(&folder.join(class), nanos(now), &mut recovery)?;
        shelves.push(((*class).to_owned(), shelf));
    }
    let shared = Shared::new(folder, shelves);
    let next = places(&shared, &mut recovery)?;
    // Of a hash whose key the system drew: nobody who sends us octets can know it.
    let salt = RandomState::new().hash_one(nanos(now)) as u32;
    Ok((Writer::new(shared, next, salt, lock, options, now), recovery))
}

fn check_names(classes: &[&str]) -> Result<(), SpoolError> {
    if classes.is_empty() || classes.len() > CLASSES_MAX {
        return Err(SpoolError::Class { number: classes.len() });
    }
    for (at, class) in classes.iter().enumerate() {
        let taken = classes.iter().take(at).any(|other| other == class);
        if taken || *class == cursor::FOLDER || *class == LOCK || !can_be_a_name(class) {
            return Err(SpoolError::Name { name: (*class).to_owned() });
        }
    }
    Ok(())
}

const LOCK: &str = "lock";

pub(crate) fn make_folder(folder: &Path) -> Result<(), SpoolError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(SpoolError::io("cannot be made", folder))
}

/// Held until the writer goes, or its process.
fn lock(folder: &Path) -> Result<File, SpoolError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(SpoolError::io("cannot be opened", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(SpoolError::Locked { path }),
        Err(TryLockError::Error(why)) => {
            return Err(SpoolError::io("cannot be locked", &path)(why));
        }
    }
    // For a person who looks who it is; nothing depends on it.
    let told = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    drop(told);
    Ok(file)
}

/// All segments of a class.
fn shelf(folder: &Path, now: u64, recovery: &mut Recovery) -> Result<Shelf, SpoolError> {
    make_folder(folder)?;
    let mut segments = Vec::new();
    for path in files(folder)? {
        match Name::read(&path) {
            Some(name) => segments.extend(keep(&path, name, now, recovery)?),
            None => recovery.tell(&path, "is no segment: left as it is", 0, 0),
        }
    }
    segments.sort_by_key(|segment| (segment.name.first, segment.end));
    let mut shelf = Shelf::default();
    for segment in segments {
        let end = shelf.segments.back().map_or(0, |last| last.end);
        if segment.name.first < end {
            recovery.tell(&segment.path, "tells numbers that another tells: left out", 0, 0);
            continue;
        }
        recovery.segments += 1;
        recovery.records += segment.records;
        shelf.segments.push_back(segment);
    }
    if shelf.segments.len() > SEGMENTS_MAX {
        recovery.tell(folder, "holds more segments than are kept: the oldest will go", 0, 0);
    }
    Ok(shelf)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let io = |what| SpoolError::io(what, folder);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(io("cannot be read"))? {
        paths.push(entry.map_err(io("cannot be read"))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// A segment that is on the disk. A sealed one is trusted; another is read whole, cut behind its
/// last whole record, and sealed.
fn keep(
    path: &Path,
    name: Name,
    now: u64,
    recovery: &mut Recovery,
) -> Result<Option<Segment>, SpoolError> {
    let io = |what| SpoolError::io(what, path);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open(path).map_err(io("cannot be opened"))?;
    let meta = file.metadata().map_err(io("cannot be looked at"))?;
    let size = meta.len();
    let written = meta.modified().map_or(0, nanos);
    let mut octets = [0; segment::HEAD as usize];
    let begun = match read_at(&file, &mut octets, 0).map(segment::Head::read) {
        Ok(Found::Whole(head)) if head.name == name => head.begun,
        Ok(Found::Newer(version)) => {
            return Err(SpoolError::Newer { path: path.to_owned(), version });
        }
        Err(why) => return Err(io("cannot be read")(why)),
        Ok(_) if size <= segment::HEAD => {
            fs::remove_file(path).map_err(io("cannot be removed"))?;
            recovery.tell(path, "was begun and not written: removed", size, 0);
            return Ok(None);
        }
        Ok(_) => {
            recovery.tell(path, "has a damaged head: its name says as much", segment::HEAD, 0);
            written
        }
    };
    let mut segment = Segment::new(path.to_owned(), name, begun);
    segment.closed = true;
    let sealed = read_at(&file, &mut octets, size.saturating_sub(segment::SEAL));
    let sealed = sealed.map_err(io("cannot be read"))?;
    if let Some(seal) = Seal::read(sealed, size).filter(|seal| seal.name == name) {
        (segment.end, segment.records) = (seal.end, seal.records);
        (segment.len, segment.size, segment.last) = (seal.len, size, seal.last);
        return Ok(Some(segment));
    }
    segment.last = written.clamp(begun, now.max(begun));
    read_whole(file, size, &mut segment, recovery)?;
    Ok(Some(segment))
}

/// As many octets as there are.
fn read_at<'a>(file: &File, octets: &'a mut [u8], at: u64) -> io::Result<&'a [u8]> {
    let mut got = 0;
    while let Some(room) = octets.get_mut(got..).filter(|room| !room.is_empty()) {
        match file.read_at(room, at + got as u64)? {
            0 => break,
            more => got += more,
        }
    }
    Ok(octets.get(..got).unwrap_or_default())
}

fn read_whole(
    file: File,
    size: u64,
    segment: &mut Segment,
    recovery: &mut Recovery,
) -> Result<(), SpoolError> {
    let path = std::sync::Arc::clone(&segment.path);
    let io = |what| SpoolError::io(what, &path);
    let mut scan = Scan::new(file.try_clone().map_err(io("cannot be opened"))?, segment.name);
    let end = segment.name.first.saturating_add(NUMBERS_MAX);
    let (mut skipped, mut missing) = (0, 0);
    loop {
        let record = match scan.next(size, end) {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(_) => {
                recovery.tell(&path, "cannot be read to its end by the disk", 0, 0);
                segment.size = size;
                return Ok(());
            }
        };
        skipped += record.skipped;
        missing += if record.skipped > 0 { record.seq.saturating_sub(segment.end) } else { 0 };
        segment.end = record.seq + 1;
        segment.records += 1;
        segment.len = record.at + record.size();
    }
    if skipped > 0 {
        recovery.tell(&path, "is damaged in its midst: passed over", skipped, missing);
    }
    let torn = size.saturating_sub(segment.len);
    if torn > 0 {
        recovery.tell(&path, "ended in what is no whole record: cut", torn, 0);
    }
    file.set_len(segment.len).map_err(io("cannot be cut"))?;
    segment.size = segment.len;
    // Without room for a seal it is read whole again next time.
    if file.write_all_at(&segment.seal().write(), segment.len).is_ok() {
        segment.size += segment::SEAL;
    }
    file.sync_all().map_err(io("cannot be synced"))
}

/// The places of all readers; gives the next number of each class, which is behind every record
/// and every reader: a reader may have had records that a power cut took from us.
fn places(shared: &Shared, recovery: &mut Recovery) -> Result<Vec<u64>, SpoolError> {
    let folder = shared.folder.join(cursor::FOLDER);
    make_folder(&folder)?;
    let ends =
        shared.classes.iter().map(|class| class.shelf().segments.back().map_or(1, |s| s.end));
    let mut next: Vec<u64> = ends.collect();
    let mut places = shared.places();
    for path in files(&folder)? {
        let Some(reader) = cursor::reader_of(&path) else { continue };
        let Some(cursor) = cursor::load(&path)? else {
            recovery.tell(&path, "is damaged: its reader begins at the oldest record", 0, 0);
            let oldest = shared.classes.iter().map(|class| class.shelf().oldest()).enumerate();
            let wants = oldest.map(|(class, at)| (class, Wants { saved: at, released: at }));
            places.insert(reader.to_owned(), Place { open: false, wants: wants.collect() });
            continue;
        };
        if places.len() >= READERS_MAX {
            recovery.tell(&path, "is one reader too many: left out", 0, 0);
            continue;
        }
        places.insert(reader.to_owned(), place(shared, &cursor, &mut next));
    }
    Ok(next)
}

fn place(shared: &Shared, cursor: &Cursor, next: &mut [u64]) -> Place {
    let mut place = Place::default();
    for (number, (class, next)) in shared.classes.iter().zip(next).enumerate() {
        if let Some(saved) = cursor.get(&class.name).copied() {
            place.wants.insert(number, Wants { saved, released: saved });
            *next = (*next).max(saved);
        }
    }
    place
}

impl Recovery {
    fn tell(&mut self, path: &Path, what: &'static str, octets: u64, records: u64) {
        self.findings.push(Finding { path: path.to_owned(), what, octets, records });
    }
}
