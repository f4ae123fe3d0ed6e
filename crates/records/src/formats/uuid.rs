//! UUIDs that follow from a name: version 5 (RFC 9562 §5.5), so that the same thing has the same id
//! in every bundle and on every sensor.

use sha1::{Digest as _, Sha1};

/// The namespace of what STIX gives no namespace for: ours.
const OURS: [u8; 16] = *b"\x72\x6d\x6d\x77\x61\x74\x4c\x68\xa5\x5d\x1f\x0c\x3b\x8e\x90\x41";

/// The UUID of a thing of ours: what it is, and what tells it from others.
pub(super) fn of(parts: &[&str]) -> String {
    let mut name = Vec::new();
    for part in parts {
        // Lengths keep `ab` and `c` apart from `a` and `bc`.
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    within(&OURS, &name)
}

/// The UUID of `name` in a namespace.
pub(super) fn within(namespace: &[u8; 16], name: &[u8]) -> String {
    let hash = Sha1::new().chain_update(namespace).chain_update(name).finalize();
    let first = hash.first_chunk::<16>().copied().unwrap_or_default();
    let mut number = u128::from_be_bytes(first);
    number = number & !(0xf << 76) | 5 << 76; // version
    number = number & !(0b11 << 62) | 0b10 << 62; // variant
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 9562, appendix A.4: www.example.com in the namespace of DNS names.
        let dns = *b"\x6b\xa7\xb8\x10\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8";
        assert_eq!(within(&dns, b"www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
