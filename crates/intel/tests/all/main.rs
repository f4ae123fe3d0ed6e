//! The book asked from outside: matching, gate, feeds, fuzzing, and the knowledge that ships.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests read files and may fail loudly"
)]

mod asking;
mod catalogues;
mod crowded;
mod every_row;
mod explaining;
mod feeds;
mod lies;
mod listed;
mod mutating;
mod names;
mod scene;
mod shipped;
#[path = "../ships/mod.rs"]
mod ships;
mod structured;
mod twin;
mod written;
