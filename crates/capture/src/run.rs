//! A run of frames: the hot loop that turns the octets of a window into frames to lend.

use arrayvec::ArrayVec;
use model::{Frame, Timestamp};

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
    frames: ArrayVec<Frame<'a>, RUN_MAX>,
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
        Run { frames: ArrayVec::new(), octets: 0, filtered: 0 }
    }

    /// The frames.
    pub(crate) fn frames(&self) -> &[Frame<'a>] {
        &self.frames
    }

    /// Put a frame in. False when there is no room.
    #[inline]
    pub(crate) fn push(&mut self, frame: Frame<'a>) -> bool {
        self.frames.try_push(frame).is_ok()
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
        let before = |rest: &[u8]| (octets.len() - rest.len()) as u64;
        let (until, place) = gate.until;
        while !self.frames.is_full() {
            let gone = match records.next(rest) {
                Step::Frame { at, link, bytes, orig_len, taken } => {
                    if at >= until && (at > until || gate.place >= place) {
                        return (before(rest), Halt::Until);
                    }
                    if gate.filter.as_mut().is_some_and(|filter| !filter.passes(link, bytes)) {
                        self.filtered += 1;
                    } else {
                        self.octets += bytes.len() as u64;
                        let order = 2 * gate.lent + 1;
                        gate.lent += 1;
                        self.frames.push(Frame { at, order, link, bytes, orig_len });
                    }
                    taken
                }
                Step::Pass(gone) => gone,
                Step::More(needed) => return (before(rest), Halt::More(needed)),
                Step::Flaw { why, taken: past } => return (before(rest), Halt::Flaw { why, past }),
            };
            match usize::try_from(gone).ok().and_then(|gone| rest.get(gone..)) {
                Some(left) => rest = left,
                None => return (before(rest).saturating_add(gone), Halt::Pause),
            }
        }
        (before(rest), Halt::Pause)
    }
}
