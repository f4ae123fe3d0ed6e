//! Sinks that speak HTTP: what they do against servers that behave as documented (stubs, named so),
//! against servers that do not, and against the real ones that can be had.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

mod alertmanager;
mod elastic;
mod evebox;
mod faults;
mod fever;
mod hec;
mod loki;
mod peers;
mod pki;
mod stub;
mod tls;
mod webhook;
