//! A run of frames: the hot loop that turns the octets of a window into frames to lend.

use model::{Frame, LinkType, Timestamp};

use crate::bpf::Filter;
use crate::formats::{Records, Step};

/// Frames lent at once, so that the reader's caller can prefetch its flow rows.
pub const RUN_MAX: usize = 64;

/// Which frames may be lent now.
pub(crate) struct Gate<'g> {
    /// Where the next frame of another capture stands: its time, then its capture's place.
    pub(crate) until: (Timestamp, usize),
    /// This capture's place.
    pub(crate) place: usize,
    /// The capture filter.
    pub(crate) filter: Option<&'g mut Filter>,
    /// Frames lent so far in the timeline.
    pub(crate) lent: u64,
}

/// Frames that lie in one window.
pub(crate) struct Run<'a> {
    frames: [Frame<'a>; RUN_MAX],
    len: usize,
    /// Octets of these frames.
    pub(crate) octets: u64,
    /// Frames that the filter held back.
    pub(crate) filtered: u64,
}

/// Why a run ended.
pub(crate) enum Halt {
    /// It is full, or the rest of the window belongs to a later call.
    Pause,
    /// The next frame is another capture's.
    Until,
    /// The window holds too little.
    More(usize),
    /// Something is broken. Reading can go on `past` octets on; without it, it cannot.
    Flaw { why: String, past: Option<u64> },
}

impl<'a> Run<'a> {
    /// A run without frames.
    pub(crate) fn new() -> Run<'a> {
        let none =
            Frame { at: Timestamp::ZERO, order: 0, link: LinkType(0), bytes: &[], orig_len: 0 };
        Run { frames: [none; RUN_MAX], len: 0, octets: 0, filtered: 0 }
    }

    /// The frames.
    pub(crate) fn frames(&self) -> &[Frame<'a>] {
        self.frames.get(..self.len).unwrap_or_default()
    }

    /// Take frames from the beginning of `octets`. Gives how many octets were gone past (more
    /// than there are, when a block reaches beyond the window), and why it ended.
    pub(crate) fn fill(
        &mut self,
        records: &mut impl Records,
        octets: &'a [u8],
        gate: &mut Gate<'_>,
    ) -> (u64, Halt) {
        let mut rest = octets;
        let mut taken = 0u64;
        while self.len < RUN_MAX {
            let gone = match records.next(rest) {
                Step::Frame { at, link, bytes, orig_len, taken: gone } => {
                    if (at, gate.place) >= gate.until {
                        return (taken, Halt::Until);
                    }
                    let held = gate.filter.as_mut().is_some_and(|f| !f.passes(link, bytes));
                    if held {
                        self.filtered += 1;
                    } else {
                        let Some(slot) = self.frames.get_mut(self.len) else {
                            return (taken, Halt::Pause);
                        };
                        *slot = Frame { at, order: 2 * gate.lent + 1, link, bytes, orig_len };
                        self.len += 1;
                        self.octets += bytes.len() as u64;
                        gate.lent += 1;
                    }
                    gone
                }
                Step::Pass(gone) => gone,
                Step::More(needed) => return (taken, Halt::More(needed)),
                Step::Flaw { why, taken: past } => return (taken, Halt::Flaw { why, past }),
            };
            taken = taken.saturating_add(gone);
            match usize::try_from(gone).ok().and_then(|gone| rest.get(gone..)) {
                Some(left) => rest = left,
                None => return (taken, Halt::Pause),
            }
        }
        (taken, Halt::Pause)
    }
}
