//! Whether a datagram is QUIC's, and whether its client sent it.
//!
//! A long header names a version in 32 bits, and its lengths must fit: no other protocol looks
//! like that. Which side sent an Initial, only its keys tell: those of a client follow from its
//! own connection id. They are asked where ports leave doubt, since that takes two microseconds.

use model::{Flow, Protocol, Side};

use super::google;
use super::packet::{FIXED, Packet, packets};
use super::protection::Keys;
use super::version::Kind;
use crate::protocols::reader::Datagram;

/// Ports from here on are what hosts take for their own end (RFC 6335 §6; Linux begins here).
const EPHEMERAL_PORTS_BEGIN: u16 = 32768;

/// A client's datagram, by its first packet.
pub(super) fn claim(flow: &Flow, sender: Side, octets: &[u8]) -> Datagram {
    let client = google::clear(octets).is_some_and(|clear| clear.hello().is_some())
        || packets(octets).next().is_some_and(|packet| match packet.kind {
            // Only clients send it (RFC 9000 §17.2.3).
            Kind::ZeroRtt => true,
            Kind::Initial => is_client(flow, sender, &packet),
            Kind::Handshake | Kind::Retry => false,
        });
    if client { Datagram::Mine(Protocol::Quic, Side::Client) } else { Datagram::NotMine }
}

/// Whether a client sent an Initial.
fn is_client(flow: &Flow, sender: Side, packet: &Packet<'_>) -> bool {
    let (from, to) = (flow.end(sender).port, flow.end(sender.other()).port);
    let plain = sender == Side::Client
        && from >= EPHEMERAL_PORTS_BEGIN
        && to < EPHEMERAL_PORTS_BEGIN
        && packet.octets.first().is_some_and(|first| first & FIXED != 0);
    plain
        || Keys::client(&packet.version, packet.destination)
            .is_some_and(|keys| keys.open(packet).is_some())
}
