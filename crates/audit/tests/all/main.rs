//! The audit from outside: hand-made records in, every format out.

#![allow(clippy::disallowed_methods, reason = "tests read and write golden files")]

mod bounds;
mod escaping;
mod golden;
mod scene;
mod sums;
