//! The audit from outside: hand-made records in, every format out.

mod bounds;
mod escaping;
mod golden;
mod scene;
mod sums;
