//! QUIC (RFC 9000, RFC 9001, RFC 9369), its drafts, and Google's before them: the client's hello.
//!
//! The first packets of a client are protected with keys that anyone can derive, so the hello in
//! them can be read as on TCP; nothing that follows can. A flow is read until it has said hello.

mod assembly;
mod claim;
mod frames;
mod google;
mod packet;
mod protection;
mod reader;
#[cfg(test)]
mod tests;
mod version;

use model::{Carrier, Side, Transport};

use super::reader::{DATAGRAMS_HELD_MAX, Entry};
use version::Dialect;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "quic",
    probe: None,
    start: None,
    claim: Some(claim::claim),
    datagram: None,
    begin: Some(reader::begin),
};

/// A fuzz body: any octets, as datagrams of either side, as a hello in pieces, and as what a
/// packet holds once it is opened.
pub(crate) fn fuzz(octets: &[u8]) {
    let flow = super::drive::flow(Transport::Udp, 443);
    let (first, second) = octets.split_at(octets.len() / 2);
    let sent = [(Side::Client, octets), (Side::Server, first), (Side::Client, second)];
    for sent in [&sent[..], &sent[1..], &sent[2..]] {
        let (turned, told) = super::drive::datagrams(&ENTRY, &flow, sent);
        assert!(told.facts.len() <= 1, "a flow says hello once");
        assert!(turned.is_some() || told.facts.is_empty(), "who claims nothing says nothing");
    }
    for dialect in [Dialect::Tls, Dialect::GoogleTls] {
        let mut hello = assembly::Assembly::new();
        let mut shown = 0;
        frames::walk(dialect, octets, |piece| {
            shown += piece.octets.len();
            hello.put(piece, &mut |_| {});
        });
        assert!(shown <= octets.len(), "frames do not overlap");
        assert!(hello.held() <= DATAGRAMS_HELD_MAX);
        if let Ok(Some(hello)) = hello.whole(1, &mut |_| {}) {
            assert_eq!(hello.carrier, Carrier::Quic(1));
        }
    }
    google::chlo(octets, 0);
}
