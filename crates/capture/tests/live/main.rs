//! Capture on a wire: two network namespaces joined by a veth pair, frames sent into one end and
//! read out of the other. Needs root and `ip`.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may say why it skips, and fail"
)]

mod lanes;
mod sizes;
mod wire;
