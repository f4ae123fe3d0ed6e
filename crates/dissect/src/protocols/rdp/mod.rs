//! Microsoft's remote desktop: over TCP (MS-RDPBCGR) up to TLS or to the settings in clear, and the
//! datagrams of its second transport (MS-RDPEUDP, MS-RDPEUDP2).

mod conference;
mod datagrams;
mod inner;
mod negotiation;
mod preconnection;
mod stream;
#[cfg(test)]
mod tests;
mod transport;
mod x224;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "rdp",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: Some(datagrams::claim),
    datagram: None,
    begin: Some(datagrams::begin),
};

/// A fuzz body: any octets, as a stream, as datagrams, and as what stands in either.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[3389]);
    if let x224::Read::Is(read) = x224::read(octets) {
        assert!(read.len <= octets.len(), "a greeting is part of what was read");
    }
    for side in [model::Side::Client, model::Side::Server] {
        conference::read(side, octets);
    }
    for version in [None, Some(1), Some(0x0101)] {
        if let Some(data) = transport::data(version, octets) {
            assert!(data.octets.len() < octets.len(), "data stand behind a head");
            assert_ne!(data.number, data.next);
        }
    }
}
