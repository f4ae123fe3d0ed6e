//! The dissector: frames in, facts out.

use model::{Frame, Observation, Tally, Timestamp};

use crate::limits::Limits;
use crate::shard::Shards;

/// The key of the flow tables' hash.
#[derive(Clone, Copy, Debug)]
pub struct Seed(pub [u64; 2]);

/// Reads frames and tells facts.
pub struct Dissector {
    tally: Tally,
}

impl Dissector {
    /// A dissector.
    #[must_use]
    pub fn new(_limits: &Limits, _seed: Seed, _shards: Shards) -> Dissector {
        Dissector { tally: Tally::default() }
    }

    /// Read frames.
    pub fn push(&mut self, _frames: &[Frame<'_>], _out: &mut impl FnMut(Observation)) {}

    /// Time passes.
    pub fn advance(&mut self, _at: Timestamp, _order: u64, _out: &mut impl FnMut(Observation)) {}

    /// The capture ends.
    pub fn finish(&mut self, _at: Timestamp, _order: u64, _out: &mut impl FnMut(Observation)) {}

    /// The counts.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.clone()
    }
}
