//! Captures in, frames out: every case is a row of a table or a file of the corpus.

mod build;
mod damage;
mod folders;
mod formats;
mod fuzz;
mod live;
mod merge;
mod oracle;
