//! A body for fuzzing: it takes any octets and asserts what must hold for all of them.

pub(crate) mod samples;

use crate::limits::MESSAGE_BYTES_MAX;
use crate::{Head, Packer, read};

/// Messages to begin with.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    samples::messages()
}

/// Any octets as a message: what is read, and packed anew, reads the same.
pub fn message(octets: &[u8]) {
    whole(octets);
    // Past the version, so that a body need not find it.
    let mut versioned = vec![crate::VERSION];
    versioned.extend_from_slice(octets);
    whole(&versioned);
}

fn whole(octets: &[u8]) {
    let Ok(message) = read(octets) else { return };
    assert!(octets.len() <= MESSAGE_BYTES_MAX);
    assert_eq!(message.facts.len(), message.head.facts as usize);
    assert!(message.facts.is_sorted_by(|one, two| one.place < two.place));
    let id = message.head.id();
    assert!(id.len() <= 64 && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-'), "{id}");
    if octets.len() > MESSAGE_BYTES_MAX / 2 {
        // Room for the longest head is kept when packing, whatever the head is.
        return;
    }
    let mut packer = Packer::default();
    for told in &message.facts {
        // A garbled number may be longer than it need be, never shorter.
        assert!(packer.push(told.place, told.role, &told.seen));
    }
    let head = message.head.clone();
    let again = match packer.seal(head).map(|octets| read(&octets)) {
        Ok(Ok(again)) => again,
        other => panic!("what was read cannot be packed: {other:?}"),
    };
    assert_eq!(again.facts, message.facts);
    // The times of the facts are told anew, from the facts.
    let Head { first, last, .. } = again.head;
    assert_eq!(again.head, Head { first, last, ..message.head });
}
