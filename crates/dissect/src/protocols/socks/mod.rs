//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): what leads to another protocol in the same stream.

mod message;
mod stream;
#[cfg(test)]
mod tests;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "socks",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, alone and behind a greeting.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[1080]);
    let behind = [b"\x05\x01\x00\x05\x01\x00\x01\x01\x02\x03\x04\x00\x50", octets].concat();
    super::drive::fuzz(&ENTRY, &behind, &[1080]);
    for read in [message::client, message::server] {
        if let message::Found::Whole { len, .. } = read(octets) {
            assert!((2..=octets.len()).contains(&len), "a message has octets, and they are there");
        }
    }
}
