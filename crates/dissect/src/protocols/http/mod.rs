//! HTTP/1 (RFC 9112): requests, and the files that come down.

mod body;
pub(super) mod file;
mod head;
pub(super) mod request;
mod stream;
#[cfg(test)]
mod tests;
pub(super) mod text;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "http",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, and as a head.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[80]);
    if let Some(read) = request::read(head::Head(octets)) {
        assert!(read.method.len() <= super::limits::HTTP_METHOD_MAX);
        assert!(read.path.len() <= super::limits::HTTP_PATH_MAX);
        assert!(read.path.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
    }
}
