//! Headers and frames (RFC 9000 §17, §19).

use super::Version;
use super::protection::{Protection, retry_tag};
use crate::octets::Octets;
use crate::random::Random;

/// Octets of a tag behind a protected payload.
const TAG: usize = 16;
/// Octets of a packet's number, here always.
const NUMBER: usize = 2;

/// Packet types, as version 1 numbers them (RFC 9000 §17.2); version 2 has them one further
/// (RFC 9369 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Initial = 0,
    Early = 1,
    Handshake = 2,
    Retry = 3,
}

/// The ids in a long header.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    pub(super) to: Vec<u8>,
    pub(super) from: Vec<u8>,
}

/// A number of variable length (RFC 9000 §16), always in two octets.
fn number(out: &mut Vec<u8>, value: usize) {
    assert!(value < 1 << 14, "{value} in two octets");
    out.put16(0x4000 | value as u16);
}

fn long(version: Version, kind: Kind, low: u8, ids: &Ids) -> Vec<u8> {
    let turn = u8::from(version == Version::V2);
    let mut out = vec![0xC0 | ((kind as u8 + turn) & 3) << 4 | low];
    out.put32(version.number());
    for id in [&ids.to, &ids.from] {
        out.block(1, |out| out.put(id));
    }
    out
}

/// An Initial with these frames, padded so that it fills `fill` octets at least.
pub(super) fn initial(
    version: Version,
    ids: &Ids,
    token: &[u8],
    (count, keys): (u16, &Protection),
    frames: &[u8],
    fill: usize,
) -> Vec<u8> {
    let mut header = long(version, Kind::Initial, NUMBER as u8 - 1, ids);
    number(&mut header, token.len());
    header.put(token);
    let around = header.len() + 2 + NUMBER + TAG;
    let mut payload = frames.to_vec();
    if payload.len() + around < fill {
        payload.resize(fill - around, 0);
    }
    number(&mut header, NUMBER + payload.len() + TAG);
    header.put16(count);
    keys.seal(&header, count, &payload)
}

/// A packet that no one on the way can open, of `len` octets behind its header.
pub(super) fn closed(
    version: Version,
    kind: Kind,
    ids: &Ids,
    len: usize,
    random: &mut Random,
) -> Vec<u8> {
    let low = random.next() as u8 & 0x0F;
    let mut out = long(version, kind, low, ids);
    number(&mut out, len);
    random.fill(&mut out, len);
    out
}

/// A Retry (RFC 9000 §17.2.5) to a client that wrote to the id `first`.
pub(super) fn retry(version: Version, ids: &Ids, token: &[u8], first: &[u8]) -> Vec<u8> {
    let mut out = long(version, Kind::Retry, 0x0F, ids);
    out.put(token);
    let tag = retry_tag(version, first, &out);
    out.put(&tag);
    out
}

/// A short header and `len` octets of chance (RFC 9000 §17.3).
pub(super) fn short(to: &[u8], len: usize, random: &mut Random) -> Vec<u8> {
    let mut out = vec![0x40 | random.next() as u8 & 0x3F];
    out.put(to);
    random.fill(&mut out, len);
    out
}

/// A CRYPTO frame: octets of the handshake from `offset` on (RFC 9000 §19.6).
pub(super) fn crypto(offset: usize, octets: &[u8]) -> Vec<u8> {
    let mut out = vec![0x06];
    number(&mut out, offset);
    number(&mut out, octets.len());
    out.put(octets);
    out
}

/// An acknowledgement of the numbers 0 to `largest` (RFC 9000 §19.3).
pub(super) fn ack(largest: u16) -> Vec<u8> {
    let mut out = vec![0x02];
    for value in [usize::from(largest), 40, 0, usize::from(largest)] {
        number(&mut out, value);
    }
    out
}
