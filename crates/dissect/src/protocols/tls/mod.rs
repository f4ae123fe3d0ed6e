//! TLS (RFC 8446, RFC 5246) and SSL 3.0: hellos, and the certificates of versions that show them.

mod certificate;
pub(in crate::protocols) mod chain;
pub(in crate::protocols) mod hello;
mod ja;
#[cfg(test)]
pub(in crate::protocols) mod made;
mod parser;
mod preface;
mod record;
mod sslv2;
mod stream;
#[cfg(test)]
mod tests;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "tls",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, as the body of a hello, and as a certificate.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[443]);
    for whole in [false, true] {
        let read = hello::client(octets, whole, model::Carrier::Tls, &mut |_| {});
        assert!(read.versions.len() <= super::limits::TLS_LIST_MAX);
        assert!(read.alpn.iter().all(|protocol| protocol.len() <= 255));
    }
    certificate::read(model::Side::Server, octets);
}
