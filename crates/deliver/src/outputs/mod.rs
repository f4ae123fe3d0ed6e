//! Outputs: files, pipes and standard output, written at once and without a spool.

mod file;
mod target;
mod task;

pub(crate) use file::FileSink;
pub use target::{Output, Shape, Stream, Target};
pub(crate) use task::{Done, Task, run};
