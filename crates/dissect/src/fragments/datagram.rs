//! One datagram that is being put together: which of its octets came, and where they stand.

use crate::limits::FRAGMENT_RUNS_MAX;

/// Octets that follow each other both in the datagram and in the memory they came to.
#[derive(Clone, Copy)]
struct Run {
    /// Place of the first one in the datagram's payload.
    offset: u32,
    len: u32,
    /// Place of the first one in memory.
    at: u32,
}

impl Run {
    const fn end(self) -> u32 {
        self.offset.saturating_add(self.len)
    }
}

/// What a fragment did to its datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    /// Nothing that was there before says otherwise.
    Fits,
    /// Some of its octets, or the end that it tells, are not those that came first.
    Contradicts,
    /// There are too many separate pieces already; what would make another one was dropped.
    TooMany,
}

/// The octets of one datagram behind its IP headers. Octets stand in memory in the order in which
/// they came, so that what a fragment costs is its own length, whatever offset it claims.
#[derive(Default)]
pub(super) struct Pieces {
    octets: Vec<u8>,
    /// By their offset; none overlaps another.
    runs: Vec<Run>,
    /// Octets in all runs.
    held: u32,
    /// Where the first last fragment ended.
    end: Option<u32>,
    /// The highest end of any fragment.
    reach: u32,
}

impl Pieces {
    /// Octets of memory.
    pub(super) const fn cost(&self) -> usize {
        let runs = self.runs.capacity().saturating_mul(size_of::<Run>());
        self.octets.capacity().saturating_add(runs)
    }

    /// Take a fragment's octets, of which `octets` were captured and `len` were on the wire.
    pub(super) fn take(&mut self, offset: u32, len: u32, octets: &[u8], last: bool) -> Came {
        let mut came = Came::Fits;
        let mut end = offset.saturating_add(len);
        if let Some(known) = self.end {
            if end > known || (last && end != known) {
                came = Came::Contradicts;
            }
            end = end.min(known);
        } else if last {
            self.end = Some(end);
            if self.cut_at(end) {
                came = Came::Contradicts;
            }
        }
        self.reach = self.reach.max(end);
        let room = end.saturating_sub(offset) as usize;
        let octets = octets.get(..room).unwrap_or(octets);
        match self.fill(offset, octets) {
            Came::Fits => came,
            other => other,
        }
    }

    /// Put octets where there are none yet.
    fn fill(&mut self, offset: u32, octets: &[u8]) -> Came {
        let mut came = Came::Fits;
        let mut from = offset;
        let mut left = octets;
        let mut place = self.runs.partition_point(|run| run.end() <= offset);
        while !left.is_empty() {
            let next = self.runs.get(place).copied();
            if let Some(run) = next.filter(|run| run.offset <= from) {
                let within = from.saturating_sub(run.offset);
                let overlap = left.len().min(run.len.saturating_sub(within) as usize);
                let (again, rest) = left.split_at_checked(overlap).unwrap_or((left, &[]));
                if !again.is_empty() && self.at(run.at.saturating_add(within), overlap) != again {
                    came = Came::Contradicts;
                }
                left = rest;
                from = run.end();
            } else {
                let gap = next.map_or(u32::MAX, |run| run.offset).saturating_sub(from) as usize;
                let (new, rest) = left.split_at_checked(gap).unwrap_or((left, &[]));
                if !self.append(place, from, new) {
                    return Came::TooMany;
                }
                // Where a run grew, the place that is next holds the run behind it already.
                left = rest;
                from = from.saturating_add(clamp(new.len()));
                place = self.runs.partition_point(|run| run.end() <= from);
                continue;
            }
            place = place.saturating_add(1);
        }
        came
    }

    /// New octets, whose run is to stand in `place`. False when there are too many runs.
    fn append(&mut self, place: usize, offset: u32, new: &[u8]) -> bool {
        let (at, len) = (clamp(self.octets.len()), clamp(new.len()));
        let count = self.runs.len();
        match place.checked_sub(1).and_then(|place| self.runs.get_mut(place)) {
            Some(run) if run.end() == offset && run.at.saturating_add(run.len) == at => {
                run.len = run.len.saturating_add(len);
            }
            _ if count >= FRAGMENT_RUNS_MAX => return false,
            _ => self.runs.insert(place, Run { offset, len, at }),
        }
        self.octets.extend_from_slice(new);
        self.held = self.held.saturating_add(len);
        true
    }

    /// The datagram ends at `end`: leave out what lies beyond. True when there was something.
    fn cut_at(&mut self, end: u32) -> bool {
        let beyond = self.reach > end;
        self.reach = self.reach.min(end);
        while let Some(run) = self.runs.last_mut().filter(|run| run.end() > end) {
            let kept = end.saturating_sub(run.offset);
            self.held = self.held.saturating_sub(run.len.saturating_sub(kept));
            run.len = kept;
            if kept == 0 {
                self.runs.pop();
            }
        }
        beyond
    }

    /// Whether every octet is there.
    pub(super) fn is_whole(&self) -> bool {
        self.end == Some(self.held)
    }

    /// Whether its beginning did not come yet.
    pub(super) fn lacks_first(&self) -> bool {
        self.runs.first().is_none_or(|run| run.offset > 0)
    }

    /// Octets of the whole as far as it is known: up to its end, or to the highest octet told of.
    pub(super) fn len(&self) -> u32 {
        self.end.unwrap_or(self.reach)
    }

    /// Its octets from the first one on, without a gap; at most `most`.
    pub(super) fn gather(self, most: usize) -> Vec<u8> {
        // Mostly it came in order, and what is in memory is the datagram.
        if let Some(run) = self.runs.first().filter(|run| run.offset == 0 && run.at == 0)
            && self.runs.get(1).is_none_or(|next| next.offset > run.len)
        {
            let len = (run.len as usize).min(most);
            let mut octets = self.octets;
            octets.truncate(len);
            return octets;
        }
        let mut octets = Vec::new();
        for run in &self.runs {
            if run.offset as usize != octets.len() || octets.len() >= most {
                break;
            }
            let len = (run.len as usize).min(most.saturating_sub(octets.len()));
            octets.extend_from_slice(self.at(run.at, len));
        }
        octets
    }

    fn at(&self, at: u32, len: usize) -> &[u8] {
        let start = at as usize;
        self.octets.get(start..start.saturating_add(len)).unwrap_or_default()
    }
}

fn clamp(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
