//! What a sink will never take is written down beside the spool, so that it is not lost silently.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Entry;
use crate::Stream;
use crate::limits::REFUSED_FILE_BYTES_MAX;

/// A file of refused records, one JSON object a line: when it is full, they are only counted.
#[derive(Debug)]
pub(super) struct Refusals {
    path: PathBuf,
    file: Option<(File, u64)>,
}

#[derive(Serialize)]
struct Line<'a> {
    sink: &'a str,
    id: &'a str,
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a str>,
}

impl Refusals {
    /// For the sink of that name; nothing is made before there is something to write.
    pub(super) fn new(folder: &Path, sink: &str) -> Refusals {
        Refusals { path: folder.join(format!("refused-{sink}.jsonl")), file: None }
    }

    /// Write an entry down. False: it is only counted, since the file is full.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn note(&mut self, sink: &str, entry: &Entry, why: &str) -> io::Result<bool> {
        let text = (entry.stream != Stream::Facts).then_some(&*entry.line);
        let record = text.and_then(|line| std::str::from_utf8(line).ok());
        let line = Line { sink, id: &entry.id, why, record };
        let mut octets = serde_json::to_vec(&line)?;
        octets.push(b'\n');
        let (file, len) = self.open()?;
        let sum = len.saturating_add(octets.len() as u64);
        if sum > REFUSED_FILE_BYTES_MAX {
            return Ok(false);
        }
        file.write_all(&octets)?;
        *len = sum;
        Ok(true)
    }

    fn open(&mut self) -> io::Result<&mut (File, u64)> {
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            let file = options.create(true).append(true).mode(0o600).open(&self.path)?;
            let len = file.metadata()?.len();
            self.file = Some((file, len));
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
