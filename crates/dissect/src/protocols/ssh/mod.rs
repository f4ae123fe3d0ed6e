//! SSH (RFC 4253): the line in which each end names its version and its software.
//!
//! What runs inside, a tunnel or its direction, is encrypted and stays unknown here.

mod banner;
mod stream;
#[cfg(test)]
mod tests;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "ssh",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, and as a banner.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[22, 2222]);
    if let banner::Read::Banner(read) | banner::Read::Begun(read) = banner::read(octets) {
        assert!(read.len <= octets.len(), "a banner is part of what was read");
        assert!(read.version.len().saturating_add(read.software.len()) < read.len);
    }
}
