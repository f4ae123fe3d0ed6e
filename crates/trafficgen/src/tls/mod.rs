//! TLS as it looks from outside: hellos and certificates in clear, then records of chance.

mod hello;
mod server;
mod session;

pub(crate) use hello::{HYBRID_GROUP, Hello, client_hello};
pub(crate) use session::{Session, Version, sealed_data};

use crate::octets::Octets;

/// Content types (RFC 8446 §5.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// A record around `write` (RFC 8446 §5.1). Only the first hello names TLS 1.0.
fn record(out: &mut Vec<u8>, content: u8, version: u16, write: impl FnOnce(&mut Vec<u8>)) {
    out.put8(content);
    out.put16(version);
    out.block(2, write);
}

/// A handshake message (RFC 8446 §4).
pub(crate) fn message(out: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.put8(kind);
    out.block(3, write);
}

/// An extension (RFC 8446 §4.2).
pub(crate) fn extension(out: &mut Vec<u8>, number: u16, write: impl FnOnce(&mut Vec<u8>)) {
    out.put16(number);
    out.block(2, write);
}
