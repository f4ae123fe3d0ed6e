//! DHCP (RFC 2131), told by its cookie on any port: which interface leased which address, and what
//! it wants to be called.

mod message;
pub(super) mod name;
#[cfg(test)]
mod tests;

use model::{Fact, Flow, HintSource, HostHint, Protocol, Side};

use super::reader::{Datagram, Entry, Out};

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "dhcp",
    probe: None,
    start: None,
    claim: Some(claim),
    datagram: Some(datagram),
    begin: None,
};

fn claim(_flow: &Flow, _sender: Side, octets: &[u8]) -> Datagram {
    match message::sender(octets) {
        Some(side) => Datagram::Mine(Protocol::Dhcp, side),
        None => Datagram::NotMine,
    }
}

fn datagram(_sender: Side, octets: &[u8], out: &mut Out<'_>) {
    if let Some(hint) = read(octets, &mut *out.anomaly) {
        (out.fact)(Fact::HostHint(Box::new(hint)));
    }
}

/// What a message tells of its client.
fn read(octets: &[u8], anomaly: &mut dyn FnMut(&'static str)) -> Option<HostHint> {
    let read = message::read(octets)?;
    if read.cut {
        anomaly("dhcp_options_cut");
    }
    let (ip, mac, name) = (read.address()?.into(), read.mac, read.name);
    let tells = mac.is_some() || name.is_some();
    tells.then_some(HostHint { ip, mac, name, by: HintSource::Dhcp })
}

/// A fuzz body: any octets, as a datagram, alone and behind a sound head.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[67, 68, 4000]);
    let behind = [&message::HEAD_OF_A_REQUEST[..], octets].concat();
    assert_eq!(message::sender(&behind), Some(Side::Client));
    super::drive::fuzz(&ENTRY, &behind, &[67]);
    for octets in [octets, &behind] {
        if let Some(hint) = read(octets, &mut |_| {}) {
            name::assert_sound(&hint);
        }
    }
}
