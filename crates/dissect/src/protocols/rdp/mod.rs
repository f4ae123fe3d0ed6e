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

use model::{Fact, Side, Transport};

use super::drive;
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
    drive::fuzz(&ENTRY, octets, &[3389]);
    if let x224::Read::Is(read) = x224::read(octets) {
        assert!(read.len <= octets.len(), "a greeting is part of what was read");
    }
    for side in [Side::Client, Side::Server] {
        conference::read(side, octets);
    }
    let mut greeting = vec![0xff, 0xff, 0xff, 0xff, 0, 64, 0, 1, 0, 0, 0, 0, 4, 0xd0, 4, 0xd0];
    greeting.resize(1232, 0);
    let mut sent = vec![(Side::Client, &greeting[..])];
    let ends = [Side::Client, Side::Client, Side::Server].into_iter().cycle();
    sent.extend(ends.zip(octets.chunks(300)));
    let (_, told) = drive::datagrams(&ENTRY, &drive::flow(Transport::Udp, 3389), &sent);
    let remote = told.facts.iter().filter(|fact| matches!(fact, Fact::Remote(_)));
    assert_eq!(remote.count(), 1, "what greeted is told once");
    for version in [None, Some(1), Some(0x0101)] {
        if let Some(data) = transport::data(version, octets) {
            assert!(data.octets.len() < octets.len(), "data stand behind a head");
            assert_ne!(data.number, data.next);
        }
    }
}
