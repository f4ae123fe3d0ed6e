//! What can go wrong on the way out.

use std::io;

/// Why records did not reach a target.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// A target could not be opened.
    #[error("the output {target} cannot be opened: {source}")]
    Open {
        /// The target, as the user named it.
        target: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A target took no more lines: the disk is full, the device failed.
    #[error("the output {target} cannot be written: {source}")]
    Write {
        /// The target, as the user named it.
        target: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A target took nothing for [`STUCK_AFTER`](crate::limits::STUCK_AFTER), and there is no more
    /// time.
    #[error("the output {target} took nothing at the end: what it had not taken is lost")]
    Stuck {
        /// The target, as the user named it.
        target: String,
    },
    /// The thread or its runtime could not be started.
    #[error("the delivery thread cannot be started: {source}")]
    Start {
        /// What the operating system says.
        source: io::Error,
    },
    /// The spool cannot be opened.
    #[error("the spool {folder} cannot be used: {source}")]
    Spool {
        /// Its folder.
        folder: String,
        /// Why.
        source: spool::SpoolError,
    },
    /// A sink of a kind that was left out when the program was built.
    #[error("the sink {sink} is of kind {kind}, which this program was built without")]
    Without {
        /// The sink's name.
        sink: String,
        /// Its kind.
        kind: &'static str,
    },
    /// The delivery thread ended without a word.
    #[error("the delivery thread broke down; lines may be missing from {targets}")]
    Broken {
        /// Every target, parted by commas.
        targets: String,
    },
}
