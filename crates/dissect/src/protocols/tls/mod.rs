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

use super::reader::{Entry, Out};

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "tls",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: None,
    datagram: None,
    begin: None,
};

/// A fuzz body: any octets, as a stream, as the body of a hello, as what comes before one, and as
/// certificates.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[443]);
    for carrier in [model::Carrier::Tls, model::Carrier::Dtls] {
        for whole in [false, true] {
            let read = hello::client(octets, whole, carrier, &mut |_| {});
            assert!(read.versions.len() <= super::limits::TLS_LIST_MAX);
            assert!(read.alpn.iter().all(|protocol| protocol.len() <= 255));
            assert!(read.ja3.is_none_or(|ja3| whole && ja3.print().len() == 32));
            assert!(read.ja4.is_none_or(|ja4| whole && ja4.print().len() == 36));
        }
    }
    if let preface::Preface::Octets(len) = preface::read(octets) {
        assert!((1..=octets.len()).contains(&len), "what comes before is there");
    }
    certificate::read(model::Side::Server, octets);
    let flow = super::drive::flow(model::Transport::Tcp, 443);
    let mut shown = 0u32;
    let mut out =
        Out { flow: &flow, fact: &mut |_| shown = shown.saturating_add(1), anomaly: &mut |_| {} };
    chain::tell(model::Side::Server, octets, &mut out);
    assert!(shown <= 1, "one message shows one certificate");
}
