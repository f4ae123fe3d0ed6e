//! Sinks of brokers against the brokers themselves: NATS JetStream, Redis, Kafka's protocol.
//!
//! A test whose broker is not installed says `SKIPPED: ...` and passes.

#![allow(clippy::indexing_slicing, reason = "tests fail so")]
#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

mod jwt;
#[cfg(feature = "kafka")]
mod kafka;
mod nats;
mod peers;
mod pki;
mod redis;
mod stubs;
