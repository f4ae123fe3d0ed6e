//! Bodies for fuzzing: they take any octets and assert what must hold for all of them.

/// What the answer to a bulk looks like.
pub const ELASTIC_SAMPLE: &str = crate::sinks::BULK_SAMPLE;

/// The answer to a bulk, of any octets, settles no more entries than were sent.
pub fn elastic_answer(octets: &[u8]) {
    crate::sinks::fuzz_bulk(octets);
}

/// Replies of a Redis server, of any octets, are read to their end or to a mistake.
pub fn redis_replies(octets: &[u8]) {
    crate::sinks::fuzz_redis(octets);
}
