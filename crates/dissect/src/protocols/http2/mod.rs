//! HTTP/2 (RFC 9113) in clear: with prior knowledge, or after an upgrade from HTTP/1.

mod fields;
mod frame;
mod hpack;
mod huffman;
mod stream;
#[cfg(test)]
mod tests;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "http2",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, as frames behind the preface, and as a block of fields.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[80]);
    super::drive::fuzz(&ENTRY, &[frame::PREFACE, octets].concat(), &[80]);
    let mut decoder = hpack::Decoder::default();
    let mut told = 0usize;
    for block in octets.chunks(64) {
        let mut field = |name: &[u8], value: &[u8]| {
            told = told.saturating_add(name.len()).saturating_add(value.len());
        };
        if decoder.decode(block, &mut field).is_err() {
            break;
        }
    }
    let blocks = octets.len() / 64 + 1;
    assert!(told <= blocks.saturating_mul(super::limits::HPACK_DECODED_MAX));
    assert!(decoder.held() <= super::limits::HPACK_TABLE_MAX);
}
