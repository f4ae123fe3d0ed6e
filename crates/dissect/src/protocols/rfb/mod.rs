//! The remote framebuffer protocol of VNC (RFC 6143): versions, the security that a server offers,
//! the name of a desktop that anyone may see; connections that the server opens, repeaters between.

mod greeting;
mod reading;
mod security;
mod stream;
#[cfg(test)]
mod tests;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "rfb",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, and as what stands behind the versions.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[5900]);
    for agreed in [None, Some((3, 3)), Some((3, 8))] {
        if let reading::Read::Is(offer, len) = security::offer(agreed, octets) {
            assert!(len <= octets.len(), "an offer is part of what was read");
            assert!(offer.kinds.len() <= super::limits::RFB_SECURITY_MAX);
        }
    }
}
