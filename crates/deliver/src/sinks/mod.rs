//! The list of sinks: where lines can go. A new one is a file here and a line below.

mod file;
mod target;

pub(crate) use file::FileSink;
pub use target::{Output, Stream, Target};
