//! Bodies for fuzzing: they take any octets and assert what must hold for all of them.

/// The answer to a bulk, of any octets, settles no more entries than were sent.
pub fn elastic_answer(octets: &[u8]) {
    crate::sinks::fuzz_bulk(octets);
}
