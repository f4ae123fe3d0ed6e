//! Captures in, frames out: every case is a row of a table or a file of the corpus.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail, and says when it skips"
)]

mod build;
mod damage;
mod folders;
mod formats;
mod fuzz;
mod live;
mod merge;
mod oracle;
