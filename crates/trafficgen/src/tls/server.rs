//! What a server answers in clear: its hello, and up to TLS 1.2 its certificate.

use super::hello::HYBRID_GROUP;
use super::{CHANGE_CIPHER_SPEC, HANDSHAKE, extension, message, record};
use crate::octets::Octets;
use crate::random::Random;

/// The ServerHello of TLS 1.3, and the change of ciphers that middleboxes want to see
/// (RFC 8446 §4.1.3, §D.4).
pub(super) fn hello_13(hybrid: bool, session: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, HANDSHAKE, 0x0303, |out| {
        message(out, 2, |out| {
            out.put16(0x0303);
            random.fill(out, 32);
            out.block(1, |out| out.put(session));
            out.put16(0x1301);
            out.put8(0);
            out.block(2, |out| {
                extension(out, 51, |out| {
                    // A ciphertext of ML-KEM-768 and a point, or the point alone.
                    let (group, len) = if hybrid { (HYBRID_GROUP, 1088 + 32) } else { (0x1D, 32) };
                    out.put16(group);
                    out.block(2, |out| random.fill(out, len));
                });
                extension(out, 43, |out| out.put16(0x0304));
            });
        });
    });
    change_cipher_spec(&mut out);
    out
}

pub(super) fn change_cipher_spec(out: &mut Vec<u8>) {
    record(out, CHANGE_CIPHER_SPEC, 0x0303, |out| out.put8(1));
}

/// The server's first flight of TLS 1.2 (RFC 5246 §7.3): hello, certificate, key, done; each in a
/// record of its own, as OpenSSL writes them.
pub(super) fn flight_12(certificate: &[u8], alpn: Option<&str>, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, HANDSHAKE, 0x0303, |out| {
        message(out, 2, |out| {
            out.put16(0x0303);
            random.fill(out, 32);
            out.block(1, |out| random.fill(out, 32));
            out.put16(0xC030);
            out.put8(0);
            out.block(2, |out| {
                extension(out, 0xFF01, |out| out.put8(0));
                if let Some(protocol) = alpn {
                    extension(out, 16, |out| {
                        out.block(2, |out| out.block(1, |out| out.put(protocol.as_bytes())));
                    });
                }
            });
        });
    });
    record(&mut out, HANDSHAKE, 0x0303, |out| {
        message(out, 11, |out| {
            out.block(3, |out| out.block(3, |out| out.put(certificate)));
        });
    });
    record(&mut out, HANDSHAKE, 0x0303, |out| {
        message(out, 12, |out| {
            // A named curve, a point on it, and a signature of RSA-PSS (RFC 8422 §5.4).
            out.put8(3);
            out.put16(0x001D);
            out.block(1, |out| random.fill(out, 32));
            out.put16(0x0804);
            out.block(2, |out| random.fill(out, 256));
        });
    });
    record(&mut out, HANDSHAKE, 0x0303, |out| message(out, 14, |_| {}));
    out
}

/// The client's answer to that: its key, and all that follows under the new cipher.
pub(super) fn client_key_12(random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, HANDSHAKE, 0x0303, |out| {
        message(out, 16, |out| out.block(1, |out| random.fill(out, 32)));
    });
    finished_12(&mut out, random);
    out
}

/// Change of cipher, and a Finished that no one on the way can read.
pub(super) fn finished_12(out: &mut Vec<u8>, random: &mut Random) {
    change_cipher_spec(out);
    record(out, HANDSHAKE, 0x0303, |out| random.fill(out, 40));
}
