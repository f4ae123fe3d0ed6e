//! What can go wrong with a spool.

use std::io;
use std::path::{Path, PathBuf};

/// Why a spool could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The disk, or the system around it.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has this spool.
    #[error("{}: another process writes to this spool", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A segment of a later version.
    #[error("{}: written by a later version of this program (format {version})", path.display())]
    Newer {
        /// The segment.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// A name that cannot be a file's.
    #[error("{name:?} cannot name a class or a reader: 1 to 64 of a-z A-Z 0-9 _ - . are taken")]
    Name {
        /// The name.
        name: String,
    },
    /// No such class, or too many.
    #[error("class {number} is none of this spool's, or not of this reader's")]
    Class {
        /// The number asked for.
        number: usize,
    },
    /// A reader of this name is open, or there are too many readers.
    #[error("a reader named {name:?} is open already, or there are too many")]
    Reader {
        /// The name.
        name: String,
    },
}

impl SpoolError {
    /// Whether the disk, a quota or a limit of the process has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let SpoolError::Io { source, .. } = self else { return false };
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge)
    }

    /// Whether giving up old records would make room: not where one file may grow no further.
    pub(crate) fn wants_room(&self) -> bool {
        let SpoolError::Io { source, .. } = self else { return false };
        matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// For `map_err`: what was tried on which path.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SpoolError {
        let path = path.to_owned();
        move |source| SpoolError::Io { what, path, source }
    }
}
