//! How conversations are dealt to lanes.

use model::Frame;

/// Shards in all.
pub const SHARDS: usize = 16;

/// Which shards a dissector owns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shards(u16);

impl Shards {
    /// All of them.
    #[must_use]
    pub const fn all() -> Shards {
        Shards(u16::MAX)
    }
}

/// The shard of a frame.
#[must_use]
pub fn shard(_frame: &Frame<'_>) -> usize {
    0
}
