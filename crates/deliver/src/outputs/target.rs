//! What a user asks for: which records go where.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A kind of record that can be asked for by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stream {
    /// Alerts and their updates.
    Alerts,
    /// Facts from the wire.
    Observations,
    /// Health and summary.
    Health,
    /// Observations as octets, for an analyst elsewhere. They go to sinks only.
    Facts,
}

impl Stream {
    /// Every stream, the one that is given up last first.
    pub const ALL: [Stream; 4] =
        [Stream::Alerts, Stream::Health, Stream::Facts, Stream::Observations];
}

/// Where lines go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file, a device or a pipe.
    Path(PathBuf),
}

impl Target {
    /// A target as it is written on a command line: `-` is standard output.
    #[must_use]
    pub fn parse(text: impl Into<PathBuf>) -> Target {
        let path = text.into();
        if path.as_os_str() == "-" { Target::Stdout } else { Target::Path(path) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stdout => f.write_str("standard output"),
            Target::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Makes of a native record, without its newline, what is sent in its place, likewise; false, with
/// nothing added, when it has no form there.
pub type Shape = Arc<dyn Fn(&[u8], &mut Vec<u8>) -> bool + Send + Sync>;

/// A wish: these streams to that target.
#[derive(Clone)]
pub struct Output {
    /// Which records.
    pub streams: Vec<Stream>,
    /// Where to.
    pub target: Target,
    /// Keep what a regular file holds already, and add to it; else it is emptied first.
    pub append: bool,
    /// What is written in place of each line; the line itself where there is none. Outputs that lead
    /// to the same file share the first one's.
    pub shape: Option<Shape>,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Output { streams, target, append, shape } = self;
        f.debug_struct("Output")
            .field("streams", streams)
            .field("target", target)
            .field("append", append)
            .field("shaped", &shape.is_some())
            .finish()
    }
}
