//! What was written and may not be on the disk yet.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::SpoolError;

/// Files whose last octets may only be in the system's memory.
#[derive(Debug, Default)]
pub(crate) struct Unsynced {
    files: Vec<(Arc<File>, PathBuf)>,
    /// Octets, since the last sync.
    pub(crate) bytes: u64,
    /// When the last sync was, in nanoseconds since 1970.
    pub(crate) last: u64,
}

impl Unsynced {
    pub(crate) fn new(now: u64) -> Unsynced {
        Unsynced { last: now, ..Unsynced::default() }
    }

    /// The file is removed: nobody waits for it, and its room is to be free at once.
    pub(crate) fn forget(&mut self, path: &Path) {
        self.files.retain(|(_, known)| known != path);
    }

    pub(crate) fn note(&mut self, file: &Arc<File>, path: &Path, bytes: u64) {
        self.bytes += bytes;
        if !self.files.iter().any(|(known, _)| Arc::ptr_eq(known, file)) {
            self.files.push((Arc::clone(file), path.to_owned()));
        }
    }

    /// Wait for the disk.
    pub(crate) fn sync(&mut self, now: u64) -> Result<(), SpoolError> {
        self.last = now;
        self.bytes = 0;
        let mut result = Ok(());
        for (file, path) in self.files.drain(..) {
            let done = file.sync_data().map_err(SpoolError::io("cannot be synced", &path));
            result = result.and(done);
        }
        result
    }
}
