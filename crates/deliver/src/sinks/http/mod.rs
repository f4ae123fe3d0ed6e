//! HTTP/1.1 for the sinks that speak it: one connection, one request at a time, an answer of
//! bounded length. Redirects are not followed, proxies of the environment not asked.
//!
//! A sink says how entries become one request and what an answer means ([`Post`]); [`InParts`]
//! makes a carrier of that, which sends less at once where the server says that it was too much,
//! and finds the entry that the server does not want among those that it does.

mod answer;
mod client;
mod parts;

pub(super) use self::answer::{Answer, Verdict, judge};
pub(super) use self::client::Client;
pub(super) use self::parts::{InParts, Post};

/// The bodies of entries, each with `between` before it but the first.
pub(super) fn joined(entries: &[super::Entry], between: u8) -> Vec<u8> {
    let octets: usize = entries.iter().map(|entry| entry.body.len() + 1).sum();
    let mut body = Vec::with_capacity(octets + 2);
    for entry in entries {
        if !body.is_empty() {
            body.push(between);
        }
        body.extend_from_slice(&entry.body);
    }
    body
}

/// The bodies of entries as a JSON array.
pub(super) fn array(entries: &[super::Entry]) -> Vec<u8> {
    let mut body = joined(entries, b',');
    body.insert(0, b'[');
    body.push(b']');
    body
}
