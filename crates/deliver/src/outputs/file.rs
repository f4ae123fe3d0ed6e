//! Files, devices, pipes and standard output: whatever takes octets by a descriptor.
//!
//! A regular file is created 0600, emptied or added to, and synced once at the end. Anything else
//! is opened and written, nothing more.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::Target;

/// Which file a descriptor or a path leads to, whatever it is called: device and inode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Something that lines are written to.
#[derive(Debug)]
pub(crate) struct FileSink {
    state: State,
    identity: Identity,
    /// Regular files only: they are synced at the end.
    regular: bool,
    /// The file ends within a line: the first write has to end that line.
    torn: bool,
}

#[derive(Debug)]
enum State {
    Open(File),
    /// A FIFO, whose opening waits for a reader.
    Later(PathBuf),
}

impl FileSink {
    /// Open `target`, but for a FIFO: [`Self::begin`] does that, since it waits for a reader.
    pub(crate) fn open(target: &Target, append: bool) -> io::Result<FileSink> {
        match target {
            Target::Stdout => {
                FileSink::of_file(File::from(io::stdout().as_fd().try_clone_to_owned()?))
            }
            Target::Path(path) => FileSink::open_path(path, append),
        }
    }

    /// Which file `target` leads to, where it is there already.
    pub(crate) fn identify(target: &Target) -> Option<Identity> {
        let metadata = match target {
            Target::Stdout => {
                File::from(io::stdout().as_fd().try_clone_to_owned().ok()?).metadata()
            }
            Target::Path(path) => path.metadata(),
        };
        Some(Identity::of(&metadata.ok()?))
    }

    /// Which file this is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Open what was not opened yet. Waits for as long as a FIFO has no reader.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        self.file().map(drop)
    }

    /// Write all of `lines`. Waits for as long as the target does.
    pub(crate) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let torn = std::mem::take(&mut self.torn);
        let file = self.file()?;
        if torn {
            write_patiently(file, b"\n")?;
        }
        write_patiently(file, lines)
    }

    /// Everything was written: have a regular file's octets on the disk.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if !self.regular {
            return Ok(());
        }
        match self.file()?.sync_all() {
            // Some file systems cannot sync, and say so; that is no loss of what was written.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
                ) =>
            {
                Ok(())
            }
            done => done,
        }
    }

    fn open_path(path: &Path, append: bool) -> io::Result<FileSink> {
        if let Ok(metadata) = path.metadata()
            && metadata.file_type().is_fifo()
        {
            let identity = Identity::of(&metadata);
            let state = State::Later(path.to_owned());
            return Ok(FileSink { state, identity, regular: false, torn: false });
        }
        // Standard output or error by a name of theirs (/dev/stdout, or the file that the shell
        // sent them to): one place to write at, and what the shell said of it stands.
        for standard in [io::stdout().as_fd(), io::stderr().as_fd()] {
            let Ok(standard) = standard.try_clone_to_owned().map(File::from) else { continue };
            let same = |metadata: &Metadata| {
                path.metadata().is_ok_and(|other| Identity::of(&other) == Identity::of(metadata))
            };
            if standard.metadata().is_ok_and(|metadata| metadata.is_file() && same(&metadata)) {
                return FileSink::of_file(standard);
            }
        }
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600);
        let file = if append { options.append(true) } else { options.write(true) }.open(path)?;
        let mut sink = FileSink::of_file(file)?;
        if sink.regular && append {
            sink.torn = ends_within_a_line(path);
        } else if sink.regular {
            sink.file()?.set_len(0)?;
        }
        Ok(sink)
    }

    fn of_file(file: File) -> io::Result<FileSink> {
        let metadata = file.metadata()?;
        let (identity, regular) = (Identity::of(&metadata), metadata.is_file());
        Ok(FileSink { state: State::Open(file), identity, regular, torn: false })
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if let State::Later(path) = &self.state {
            self.state = State::Open(OpenOptions::new().write(true).open(path)?);
        }
        match &mut self.state {
            State::Open(file) => Ok(file),
            State::Later(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Write all of `octets`, also where another process made the descriptor non-blocking: that mark is
/// the pipe's and not ours to change.
fn write_patiently(file: &mut File, mut octets: &[u8]) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(2);
    while !octets.is_empty() {
        match file.write(octets) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => octets = octets.get(len..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether a file that is added to ends without a newline, as after a full disk: its last line
/// would swallow our first. A file that we may not read is taken as whole.
fn ends_within_a_line(path: &Path) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)
    });
    read.is_ok() && last != *b"\n"
}
