//! Flows of whose rest nothing is wanted: who captures may count them without showing them.
//!
//! A kernel that drops the packets of a flow before they are copied must know which flows those
//! are, when they are over, and what it counted must come back, or their totals would be wrong and
//! they would seem to have fallen silent. A flow is told of when both sides are done and it still
//! goes on, again and again while its packets are seen: whoever forgot it, or had no room, hears of
//! it once more.

use model::{Flow, Timestamp, Volume};

/// Packets of one way of a flow that is done, each so many of which it is told of again.
///
/// Most flows are done after a handshake and end a few packets later; to speak of those would cost
/// more than it saves.
pub(crate) const REST_EVERY: u32 = 32;

/// What is to be known of a flow of which no octets are wanted any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Its packets need only be counted, but those that begin or end a connection be shown.
    Unwanted(Flow),
    /// It is over. Told of flows too that were never told of.
    Over(Flow),
}

/// What was counted of a flow elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credit {
    /// The flow, as [`Rest::Unwanted`] told of it.
    pub flow: Flow,
    /// Packets, and octets of IP datagrams, that its client sent.
    pub from_client: Volume,
    /// The same of its server.
    pub from_server: Volume,
    /// When the last of them came.
    pub last: Timestamp,
}

/// Flows to tell of.
#[derive(Default)]
pub(crate) struct Rests {
    /// Whether anyone asks.
    wanted: bool,
    told: Vec<Rest>,
}

impl Rests {
    /// From now on, someone asks.
    pub(crate) const fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether anyone asks.
    pub(crate) const fn wanted(&self) -> bool {
        self.wanted
    }

    /// Tell of a flow, if anyone asks.
    #[cold]
    pub(crate) fn tell(&mut self, rest: Rest) {
        if self.wanted {
            self.told.push(rest);
        }
    }

    /// What was told since last asked.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Rest> {
        self.told.drain(..)
    }
}
