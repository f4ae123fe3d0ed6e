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
mod version;

use super::reader::Entry;

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "quic",
    probe: None,
    start: None,
    claim: Some(claim::claim),
    datagram: None,
    begin: Some(reader::begin),
};

/// A fuzz body: any octets.
pub(crate) fn fuzz(_octets: &[u8]) {}
