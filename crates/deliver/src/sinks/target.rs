//! What a user asks for: which records go where.

use std::fmt;
use std::path::PathBuf;

/// A kind of record that can be asked for by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stream {
    /// Alerts and their updates.
    Alerts,
    /// Facts from the wire.
    Observations,
    /// Health and summary.
    Health,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Stream; 3] = [Stream::Alerts, Stream::Observations, Stream::Health];
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

/// A wish: these streams to that target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Which records.
    pub streams: Vec<Stream>,
    /// Where to.
    pub target: Target,
    /// Keep what a regular file holds already, and add to it; else it is emptied first.
    pub append: bool,
}
