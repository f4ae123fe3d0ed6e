//! What a replay read, what it passed over, and what was broken.

use std::path::{Path, PathBuf};

use model::LinkType;

use crate::limits::FLAWS_NAMED_MAX;

/// One capture that was read, to its end or to where it is broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileRead {
    /// The file; `-` is standard input.
    pub path: PathBuf,
    /// Frames lent.
    pub frames: u64,
    /// Octets of these frames, as captured.
    pub octets: u64,
    /// Frames that the filter held back.
    pub filtered: u64,
}

/// What a replay read so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplayReport {
    /// Captures, sorted by path. All of them stand here from the start; their counts grow.
    pub files: Vec<FileRead>,
    /// Files of a folder that are no captures, and what they look like. No damage.
    pub passed_over: Vec<(PathBuf, String)>,
    /// Captures that are broken, and where: `octet N: …`, N being an octet of the capture itself,
    /// unpacked where it was packed. A file with several flaws stands here several times.
    pub damaged: Vec<(PathBuf, String)>,
    /// Link types that the filter cannot be compiled for, and why: their frames are held back.
    pub unfiltered: Vec<(LinkType, String)>,
    /// Octets read of the files, as they lie on the disk.
    pub bytes_read: u64,
    /// Octets of all files whose length is known (standard input's is not).
    pub bytes_total: u64,
}

impl ReplayReport {
    /// Frames lent so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.files.iter().map(|file| file.frames).sum()
    }

    /// Note the `nth` (from 0) flaw of a file.
    pub(crate) fn flaw(&mut self, path: &Path, nth: u32, why: String) {
        if nth < FLAWS_NAMED_MAX {
            self.damaged.push((path.to_owned(), why));
        } else if nth == FLAWS_NAMED_MAX {
            self.damaged.push((path.to_owned(), "more damage than is named here".to_owned()));
        }
    }
}
