//! Outputs: files, pipes and standard output, written at once and without a spool.

mod file;
mod target;

pub(crate) use file::FileSink;
pub use target::{Output, Shape, Stream, Target};
