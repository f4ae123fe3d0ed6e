//! The one place that meets the ciphers: keys of a client's Initials, and what those hold
//! (RFC 9001 §5).

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;

use super::packet::Packet;
use super::version::Version;

/// The label of a client's Initial secret (RFC 9001 §5.2), in [`Labels`](super::version::Labels)'
/// form.
const CLIENT_IN: &[u8] = b"\x00\x20\x0ftls13 client in\x00";
/// Octets of an AEAD's tag (RFC 9001 §5.3).
const TAG: usize = 16;
/// The sample is taken as if the packet's number had this many octets (RFC 9001 §5.4.2).
const NUMBER_MAX: usize = 4;
/// Octets that are sampled.
const SAMPLE: usize = 16;

/// What a client protects its Initials with.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    key: [u8; 16],
    iv: [u8; 12],
    hp: [u8; 16],
}

impl Keys {
    /// The keys of a client whose first Initial was for `destination`. About a microsecond.
    pub(super) fn client(version: &Version, destination: &[u8]) -> Option<Keys> {
        let mut secret = [0; 32];
        let initial = Hkdf::<Sha256>::new(Some(version.salt), destination);
        initial.expand(CLIENT_IN, &mut secret).ok()?;
        let client = Hkdf::<Sha256>::from_prk(&secret).ok()?;
        let mut keys = Keys { key: [0; 16], iv: [0; 12], hp: [0; 16] };
        client.expand(version.labels.key, &mut keys.key).ok()?;
        client.expand(version.labels.iv, &mut keys.iv).ok()?;
        client.expand(version.labels.hp, &mut keys.hp).ok()?;
        Some(keys)
    }

    /// The payload of a packet that was protected with these keys; `None` of any other. Its tag
    /// tells, so nothing is ever mistaken for one.
    pub(super) fn open(&self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        // RFC 9001 §5.4.2.
        let sample_at = packet.number_at.checked_add(NUMBER_MAX)?;
        let sample = packet.octets.get(sample_at..)?.first_chunk::<SAMPLE>()?;
        let mut mask = (*sample).into();
        Aes128::new(&self.hp.into()).encrypt_block(&mut mask);
        let [of_first, of_number @ ..] = <[u8; SAMPLE]>::from(mask);
        // §5.4.1: a long header hides four bits, two of which are the length of the number.
        let mut octets = packet.octets.to_vec();
        let first = octets.first_mut()?;
        *first ^= of_first & 0x0f;
        let number_len = usize::from(*first & 3) + 1;
        let payload_at = packet.number_at.checked_add(number_len)?;
        let (header, payload) = octets.split_at_mut_checked(payload_at)?;
        let mut number = 0u64;
        for (octet, mask) in header.get_mut(packet.number_at..)?.iter_mut().zip(of_number) {
            *octet ^= mask;
            number = number << 8 | u64::from(*octet);
        }
        // §5.3: the first packets' numbers are short, so that they come whole.
        let mut nonce = self.iv;
        for (octet, digit) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
            *octet ^= digit;
        }
        let (text, tag) = payload.split_at_mut_checked(payload.len().checked_sub(TAG)?)?;
        let tag = (*tag.first_chunk::<TAG>()?).into();
        Aes128Gcm::new(&self.key.into())
            .decrypt_inout_detached(&Nonce::from(nonce), header, text.into(), &tag)
            .ok()?;
        let end = octets.len().checked_sub(TAG)?;
        octets.truncate(end);
        octets.drain(..payload_at);
        Some(octets)
    }
}

#[cfg(test)]
impl Keys {
    /// Protect a payload behind a header whose last octets, as many as its first octet says, are
    /// the packet's number.
    pub(super) fn seal(&self, header: &[u8], payload: &[u8]) -> Vec<u8> {
        let number_len = usize::from(header[0] & 3) + 1;
        let number_at = header.len() - number_len;
        let mut nonce = self.iv;
        for (octet, digit) in nonce.iter_mut().rev().zip(header[number_at..].iter().rev()) {
            *octet ^= digit;
        }
        let mut text = payload.to_vec();
        let tag = Aes128Gcm::new(&self.key.into())
            .encrypt_inout_detached(&Nonce::from(nonce), header, text.as_mut_slice().into())
            .expect("a short text");
        let mut packet = [header, &text, &tag].concat();
        let sample = *packet[number_at + NUMBER_MAX..].first_chunk::<SAMPLE>().expect("a sample");
        let mut mask = sample.into();
        Aes128::new(&self.hp.into()).encrypt_block(&mut mask);
        packet[0] ^= mask[0] & 0x0f;
        for (octet, mask) in packet[number_at..][..number_len].iter_mut().zip(&mask[1..]) {
            *octet ^= mask;
        }
        packet
    }

    /// Key, vector and header protection key, one behind the other.
    pub(super) fn octets(&self) -> Vec<u8> {
        [&self.key[..], &self.iv, &self.hp].concat()
    }
}
