//! Names that lie, measured over corpora of names: how many are found, and how many alerts are
//! false. `make names` prints the tables; `BLESS=1` adds what is new to the baseline, unreviewed.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests read files and may fail loudly"
)]

mod baseline;
mod brands;
mod corpus;
mod false_alerts;
mod recall;
mod shipped;
#[path = "../ships/mod.rs"]
mod ships;
