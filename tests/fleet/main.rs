//! More than one sensor, more than one analyst: what they tell is what one sensor tells that sees it
//! all. Against nats-server itself.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

mod bundle;
mod namespaces;
mod peers;
mod rights;
mod sensors;
mod service;
mod takeover;
