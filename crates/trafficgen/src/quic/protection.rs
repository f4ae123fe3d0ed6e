//! Packet protection of Initials (RFC 9001 §5), on top of the ciphers alone.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;

use super::Version;
use crate::octets::Octets;
use crate::tcp::Side;

/// What one side protects its Initials with.
pub(super) struct Protection {
    key: [u8; 16],
    iv: [u8; 12],
    header: [u8; 16],
}

/// RFC 9001 §5.2, RFC 9369 §3.3.1, draft-ietf-quic-tls-29 and -27 §5.2.
fn salt(version: Version) -> [u8; 20] {
    let number: [u32; 5] = match version {
        Version::V1 => [0x38762cf7, 0xf55934b3, 0x4d179ae6, 0xa4c80cad, 0xccbb7f0a],
        Version::V2 => [0x0dede3de, 0xf700a6db, 0x819381be, 0x6e269dcb, 0xf9bd2ed9],
        Version::Draft29 => [0xafbfec28, 0x9993d24c, 0x9e9786f1, 0x9c6111e0, 0x4390a899],
        Version::Mvfst => [0xc3eef712, 0xc72ebb5a, 0x11a7d243, 0x2bb46365, 0xbef9f502],
    };
    let mut salt = [0; 20];
    for (octet, digit) in salt.iter_mut().zip(number.into_iter().flat_map(u32::to_be_bytes)) {
        *octet = digit;
    }
    salt
}

/// HKDF-Expand-Label without a context (RFC 8446 §7.1).
fn expand<const LEN: usize>(secret: &Hkdf<Sha256>, label: &str) -> [u8; LEN] {
    let mut info = Vec::new();
    info.put16(LEN as u16);
    info.block(1, |out| {
        out.put(b"tls13 ");
        out.put(label.as_bytes());
    });
    info.put8(0);
    let mut out = [0; LEN];
    let expanded = secret.expand(&info, &mut out);
    assert!(expanded.is_ok(), "a key is shorter than 255 hashes");
    out
}

impl Protection {
    /// The keys of a side, on a connection whose client first wrote to the id `first`.
    pub(super) fn new(version: Version, first: &[u8], side: Side) -> Protection {
        let initial = Hkdf::<Sha256>::new(Some(&salt(version)), first);
        let label = match side {
            Side::Client => "client in",
            Side::Server => "server in",
        };
        let secret: [u8; 32] = expand(&initial, label);
        let secret = Hkdf::<Sha256>::from_prk(&secret);
        let Ok(secret) = secret else { unreachable!("a secret is as long as a hash") };
        let of = |what| match version {
            Version::V2 => format!("quicv2 {what}"),
            Version::V1 | Version::Draft29 | Version::Mvfst => format!("quic {what}"),
        };
        Protection {
            key: expand(&secret, &of("key")),
            iv: expand(&secret, &of("iv")),
            header: expand(&secret, &of("hp")),
        }
    }

    /// Protect a packet whose header ends with a number of two octets.
    pub(super) fn seal(&self, header: &[u8], number: u16, payload: &[u8]) -> Vec<u8> {
        let mut nonce = u128::from_be_bytes(std::array::from_fn(|at| {
            at.checked_sub(4).and_then(|at| self.iv.get(at)).copied().unwrap_or_default()
        }));
        nonce ^= u128::from(number);
        let [_, _, _, _, nonce @ ..] = nonce.to_be_bytes();
        let mut sealed = header.to_vec();
        let mut text = payload.to_vec();
        let tag = Aes128Gcm::new(&self.key.into())
            .encrypt_inout_detached(&Nonce::from(nonce), header, text.as_mut_slice().into())
            .unwrap_or_default();
        sealed.put(&text);
        sealed.put(&tag);
        self.mask(&mut sealed, header.len() - 2);
        sealed
    }

    /// RFC 9001 §5.4: hide four bits of the first octet, and the number at `at`.
    fn mask(&self, packet: &mut [u8], at: usize) {
        let mut sample = [0; 16];
        for (to, from) in sample.iter_mut().zip(packet.iter().skip(at + 4)) {
            *to = *from;
        }
        let mut block = sample.into();
        Aes128::new(&self.header.into()).encrypt_block(&mut block);
        let places = [0, at, at + 1];
        let [first, high, low, ..] = <[u8; 16]>::from(block);
        for (place, mask) in places.into_iter().zip([first & 0x0f, high, low]) {
            if let Some(octet) = packet.get_mut(place) {
                *octet ^= mask;
            }
        }
    }
}

/// The tag of a Retry to a client that wrote to the id `first` (RFC 9001 §5.8, RFC 9369 §3.3.3).
/// Other versions had other keys, which no one here has asked for.
pub(super) fn retry_tag(version: Version, first: &[u8], retry: &[u8]) -> Vec<u8> {
    let (key, nonce) = match version {
        Version::V2 => {
            (0x8fb4b01b_56ac48e2_60fbcbce_ad7ccc92_u128, 0xd86969bc_2d7c6d99_90efb04a_u128)
        }
        Version::V1 | Version::Draft29 | Version::Mvfst => {
            (0xbe0c690b_9f66575a_1d766b54_e368c84e, 0x461599d3_5d632bf2_239825bb)
        }
    };
    let [_, _, _, _, nonce @ ..] = nonce.to_be_bytes();
    let mut pseudo = Vec::new();
    pseudo.block(1, |out| out.put(first));
    pseudo.put(retry);
    let nothing: &mut [u8] = &mut [];
    Aes128Gcm::new(&key.to_be_bytes().into())
        .encrypt_inout_detached(&Nonce::from(nonce), &pseudo, nothing.into())
        .map_or_else(|_| vec![0; 16], |tag| tag.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    const FIRST: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];

    #[test]
    fn the_keys_of_both_rfcs() {
        let table = [
            (
                Version::V1,
                Side::Client,
                "1f369613dd76d5467730efcbe3b1a22d",
                "fa044b2f42a3fd3b46fb255c",
            ),
            (
                Version::V1,
                Side::Server,
                "cf3a5331653c364c88f0f379b6067e37",
                "0ac1493ca1905853b0bba03e",
            ),
            (
                Version::V2,
                Side::Client,
                "8b1a0bc121284290a29e0971b5cd045d",
                "91f73e2351d8fa91660e909f",
            ),
            (
                Version::V2,
                Side::Server,
                "82db637861d55e1d011f19ea71d5d2a7",
                "dd13c276499c0249d3310652",
            ),
        ];
        for (version, side, key, iv) in table {
            let keys = Protection::new(version, &FIRST, side);
            assert_eq!((hex(&keys.key), hex(&keys.iv)), (key.into(), iv.into()), "{version:?}");
        }
    }

    #[test]
    fn the_servers_initial_of_rfc_9001() {
        // §A.3: an ACK, and a ServerHello in a CRYPTO frame.
        let payload = concat!(
            "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a",
            "045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bc",
            "f32bb9da1a002b00020304",
        );
        let header = "c1000000010008f067a5502a4262b50040750001";
        let octets = |text: &str| -> Vec<u8> {
            let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
        };
        let keys = Protection::new(Version::V1, &FIRST, Side::Server);
        let sealed = hex(&keys.seal(&octets(header), 1, &octets(payload)));
        assert!(sealed.starts_with("cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac"));
        assert!(sealed.ends_with("3d20398c276456cbc42158407dd074ee"));
    }

    #[test]
    fn the_retry_of_both_rfcs() {
        // §A.4 of both.
        let retry = |first: u8, version: u32| {
            let mut out = vec![first];
            out.put32(version);
            out.put(&[0, 8, 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5]);
            out.put(b"token");
            out
        };
        let table = [
            (Version::V1, retry(0xff, 1), "04a265ba2eff4d829058fb3f0f2496ba"),
            (Version::V2, retry(0xcf, 0x6b33_43cf), "c8646ce8bfe33952d955543665dcc7b6"),
        ];
        for (version, retry, tag) in table {
            assert_eq!(hex(&retry_tag(version, &FIRST, &retry)), tag, "{version:?}");
        }
    }
}
