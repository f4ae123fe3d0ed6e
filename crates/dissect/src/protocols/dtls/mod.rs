//! DTLS 1.0, 1.2 and 1.3 (RFC 4347, RFC 6347, RFC 9147): the client's hello, and the certificates of
//! versions that show them. Alone in its datagrams, or in what relays wrap around it.

mod assembly;
mod envelope;
mod reader;
mod record;
#[cfg(test)]
mod tests;

use model::{Flow, Protocol, Side, Transport};

use super::drive;
use super::reader::{Datagram, Entry};

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "dtls",
    probe: None,
    start: None,
    claim: Some(claim),
    datagram: None,
    begin: Some(reader::begin),
};

/// A datagram that begins with a fragment of a hello, or of a server's answer to one.
fn claim(_flow: &Flow, _side: Side, octets: &[u8]) -> Datagram {
    let inner = envelope::open(octets);
    match record::first(inner).map(|fragment| fragment.kind) {
        Some(record::CLIENT_HELLO) => Datagram::Mine(Protocol::Dtls, Side::Client),
        Some(record::SERVER_HELLO | record::HELLO_VERIFY_REQUEST) => {
            Datagram::Mine(Protocol::Dtls, Side::Server)
        }
        _ if envelope::leads(octets) => Datagram::Leads,
        _ => Datagram::NotMine,
    }
}

/// A fuzz body: any octets as datagrams whose senders and lengths the octets tell.
pub(crate) fn fuzz(octets: &[u8]) {
    let (mut rest, mut sent) = (octets, vec![(Side::Client, octets)]);
    while let Some(([side, len], after)) = rest.split_first_chunk() {
        let (datagram, behind) =
            after.split_at_checked(usize::from(*len).saturating_mul(4)).unwrap_or((after, &[]));
        sent.push((if side & 1 == 0 { Side::Client } else { Side::Server }, datagram));
        rest = behind;
    }
    let (_, told) = drive::datagrams(&ENTRY, &drive::flow(Transport::Udp, 4433), &sent);
    assert!(told.facts.len() <= reader::FACTS_MAX, "some hellos and two certificates");
}
