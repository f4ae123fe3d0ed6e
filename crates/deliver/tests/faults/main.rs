//! What happens to records when a sink's other end fails: each kind of sink, each kind of fault,
//! counted at the other end.
//!
//! 2,000 records and 1.5 s of trouble a cell; with `RMMWATCH_LONG=1`, 100,000 records and a minute.
//! Each cell is a row of the table in docs/sinks.md. A cell whose server is not installed says
//! `SKIPPED: ...` and passes.

#![allow(clippy::print_stdout, reason = "the table is what this is for")]
#![allow(clippy::indexing_slicing, reason = "tests fail so")]

mod cell;
mod datagrams;
mod files;
mod front;
mod host;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod nats;
#[path = "../brokers/peers.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod peers;
#[path = "../brokers/pki.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod pki;
mod redis;
mod shelf;
mod streams;
