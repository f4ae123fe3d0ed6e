//! Sinks that somebody on this host or network reads without ever answering: files that rotate,
//! Unix sockets, and syslog with a real rsyslog.

#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "a test may fail")]

mod files;
mod followed;
#[path = "../brokers/peers.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod peers;
#[path = "../brokers/pki.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod pki;
mod rsyslog;
mod streams;
mod unix;

use std::time::Duration;

use deliver::Stream;
use deliver::sinks::{Carried, Carrier, Entry, Setback};

/// Entries with those bodies.
fn entries<T: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = T>) -> Vec<Entry> {
    let entry = |(seq, body): (u64, T)| {
        let body: Vec<u8> = body.into();
        let line = format!("native {seq}").into_bytes();
        Entry { seq, stream: Stream::Alerts, id: format!("id-{seq}"), line, body }
    };
    (0..).zip(bodies).map(entry).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// One attempt.
fn carry(sink: &mut dyn Carrier, batch: &[Entry]) -> Result<Carried, Setback> {
    block_on(peers::carry(sink, batch))
}

/// The places in the batch that were refused.
fn refused(carried: &Carried) -> Vec<usize> {
    carried.refused.iter().map(|refused| refused.at).collect()
}

/// Why an attempt failed; it must have.
fn why(attempt: Result<Carried, Setback>) -> String {
    attempt.expect_err("a setback").why
}

/// Wait a moment.
fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}
