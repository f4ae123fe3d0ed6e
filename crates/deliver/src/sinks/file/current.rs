//! The file that is written now.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// The file that is written now: a regular one, that ends with whole lines, and is ours alone as
/// far as other programs ask (flock(2)).
pub(super) struct Current {
    file: File,
    folder: PathBuf,
    device: u64,
    inode: u64,
    size: u64,
    /// The same moment, by two clocks: when the file was begun.
    begun: Instant,
    before: Duration,
    /// It ends within a line that could not be taken back.
    torn: bool,
    /// Lines were written since it was last synced.
    dirty: bool,
    /// It was made, and its folder not synced since.
    new: bool,
}

impl Current {
    /// Open the file, or make it: 0640, so that a log shipper of our group may read it. When it
    /// ends within a line, as after a power cut, that line is ended by a newline: the octets of
    /// others are not ours to remove.
    pub(super) fn open(path: &Path) -> io::Result<Current> {
        let no_file = || io::Error::other("is no regular file");
        // Before it is opened: a FIFO would make us wait for its reader.
        let known = path.metadata().ok();
        if known.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            return Err(no_file());
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o640).open(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another program or sink writes it"));
            }
            // Some file systems know no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(no_file());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut current = Current {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            begun: Instant::now(),
            before: age(&metadata),
            torn: ends_within_a_line(path),
            dirty: false,
            new: known.is_none(),
            file,
        };
        current.heal()?;
        Ok(current)
    }

    /// Whether that path still leads to this file, and all that was written is there. Nobody should
    /// cut a log (`copytruncate`), but who does gets a header again.
    pub(super) fn is_at(&mut self, path: &Path) -> bool {
        let Ok(metadata) = path.metadata() else { return false };
        let whole = metadata.len() >= self.size;
        // Somebody may have added a note.
        self.size = metadata.len();
        whole && (metadata.dev(), metadata.ino()) == (self.device, self.inode)
    }

    /// Octets in it.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How long ago it was begun, also by another process.
    pub(super) fn age(&self) -> Duration {
        self.before.saturating_add(self.begun.elapsed())
    }

    /// Write a line, by one write(2): who reads meanwhile sees it whole or not at all. A line of
    /// which only a part fits is taken back.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.heal()?;
        let written = loop {
            match self.file.write(line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written?,
            }
        };
        self.dirty = true;
        if written == line.len() {
            self.size += written as u64;
            return Ok(());
        }
        // The disk is full, or a limit was met. The same line comes again, at the same place.
        if written > 0 && self.take_back(written as u64).is_err() {
            self.torn = true;
            self.size += written as u64;
        }
        Err(io::ErrorKind::StorageFull.into())
    }

    /// Have it on the disk, its name too.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            bear(self.file.sync_data())?;
            self.dirty = false;
        }
        if self.new {
            bear(File::open(&self.folder).and_then(|folder| folder.sync_all()))?;
            self.new = false;
        }
        Ok(())
    }

    /// Cut off what was written last, wherever the kernel put it.
    fn take_back(&mut self, written: u64) -> io::Result<()> {
        let end = self.file.stream_position()?;
        self.file.set_len(end.checked_sub(written).ok_or(io::ErrorKind::InvalidInput)?)
    }

    /// End the line that could not be taken back.
    fn heal(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.write_all(b"\n")?;
            self.size += 1;
            self.torn = false;
            self.dirty = true;
        }
        Ok(())
    }
}

/// Some file systems cannot sync, and say so; that is no loss of what was written.
fn bear(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// How old a file is that is there already: by the time it was made, or where that is not kept, by
/// the time it was last written. A clock that was set back makes it new.
fn age(metadata: &Metadata) -> Duration {
    if metadata.len() == 0 {
        return Duration::ZERO;
    }
    let since = metadata.created().or_else(|_| metadata.modified());
    since.ok().and_then(|since| SystemTime::now().duration_since(since).ok()).unwrap_or_default()
}

/// Whether its last octet is no newline. A file that we may not read is taken as whole.
fn ends_within_a_line(path: &Path) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)
    });
    read.is_ok() && last != *b"\n"
}
