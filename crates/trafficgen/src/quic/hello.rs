//! The hellos that CRYPTO frames carry: TLS 1.3 without records (RFC 9001 §4.1.3).

use super::Version;
use crate::octets::Octets;
use crate::random::Random;
use crate::tls::{HYBRID_GROUP, extension, message};

/// Octets of the client's share of the hybrid group, and of the server's.
const HYBRID_CLIENT: usize = 1184 + 32;
const HYBRID_SERVER: usize = 1088 + 32;
/// X25519.
const CLASSIC_GROUP: u16 = 0x001D;

fn list16(out: &mut Vec<u8>, values: &[u16]) {
    out.block(2, |out| values.iter().for_each(|value| out.put16(*value)));
}

/// A ClientHello: about 1,600 octets with the post-quantum share, else 400.
pub(super) fn client(
    version: Version,
    name: Option<&str>,
    alpn: &[String],
    hybrid: bool,
    random: &mut Random,
) -> Vec<u8> {
    let mut out = Vec::new();
    message(&mut out, 1, |out| {
        out.put16(0x0303);
        random.fill(out, 32);
        out.put8(0);
        list16(out, &[0x1301, 0x1302, 0x1303]);
        out.put(&[1, 0]);
        out.block(2, |out| extensions(out, version, name, alpn, hybrid, random));
    });
    out
}

fn extensions(
    out: &mut Vec<u8>,
    version: Version,
    name: Option<&str>,
    alpn: &[String],
    hybrid: bool,
    random: &mut Random,
) {
    // The share goes before the name, so that a long hello has its name in the second packet.
    let (group, len) = if hybrid { (HYBRID_GROUP, HYBRID_CLIENT) } else { (CLASSIC_GROUP, 32) };
    extension(out, 51, |out| {
        out.block(2, |out| {
            out.put16(group);
            out.block(2, |out| random.fill(out, len));
        });
    });
    extension(out, 10, |out| list16(out, &[group, 0x0017, 0x0018]));
    extension(out, 13, |out| list16(out, &[0x0403, 0x0804, 0x0401, 0x0503, 0x0805]));
    extension(out, 43, |out| out.put(&[2, 0x03, 0x04]));
    extension(out, 45, |out| out.put(&[1, 1]));
    extension(out, version.parameters(), |out| {
        // Idle timeout, size of datagrams, window and streams (RFC 9000 §18.2).
        out.put(&[0x01, 0x04, 0x80, 0x00, 0x75, 0x30]);
        out.put(&[0x03, 0x02, 0x45, 0xC0]);
        out.put(&[0x04, 0x04, 0x80, 0xF0, 0x00, 0x00]);
        out.put(&[0x08, 0x02, 0x40, 0x64]);
    });
    if let Some(name) = name {
        extension(out, 0, |out| {
            out.block(2, |out| {
                out.put8(0);
                out.block(2, |out| out.put(name.as_bytes()));
            });
        });
    }
    extension(out, 16, |out| {
        out.block(2, |out| {
            alpn.iter().for_each(|name| out.block(1, |out| out.put(name.as_bytes())));
        });
    });
}

/// A ServerHello that answers one.
pub(super) fn server(hybrid: bool, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    let (group, len) = if hybrid { (HYBRID_GROUP, HYBRID_SERVER) } else { (CLASSIC_GROUP, 32) };
    message(&mut out, 2, |out| {
        out.put16(0x0303);
        random.fill(out, 32);
        out.put8(0);
        out.put16(0x1301);
        out.put8(0);
        out.block(2, |out| {
            extension(out, 43, |out| out.put16(0x0304));
            extension(out, 51, |out| {
                out.put16(group);
                out.block(2, |out| random.fill(out, len));
            });
        });
    });
    out
}
