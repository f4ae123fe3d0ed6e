//! Several captures as one: merged by packet time, ties by path and then by frame.
//!
//! A capture's own frames keep their order, even where its clock ran backwards: the capture whose
//! next frame is earliest is read on. Files that are not needed for a while are closed, see
//! [`crate::limits`]; what is lent does not depend on which.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::{Frame, Timestamp};

use crate::bpf::Filter;
use crate::error::CaptureError;
use crate::limits::{OPEN_FILES_MAX, UNPACK_OCTETS_MAX, WINDOWS_MAX};
use crate::report::{FileRead, ReplayReport};
use crate::run::Gate;
use crate::source::Origin;
use crate::stream::{Begun, Desk, Stream};
use crate::walk::{self, Candidate, Input};

/// How to replay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayOptions {
    /// A capture filter (pcap-filter(7)); frames that do not pass are not lent. `len` in it is
    /// the length that was kept.
    pub filter: Option<String>,
    /// Files open at once.
    pub open_files_max: usize,
}

impl Default for ReplayOptions {
    fn default() -> ReplayOptions {
        ReplayOptions { filter: None, open_files_max: OPEN_FILES_MAX }
    }
}

/// Several captures as one.
pub struct Timeline {
    /// Sorted by path; `desk.report.files` has the same order.
    streams: Vec<Stream>,
    /// The next frame of every capture but the current one: its time, its capture's place.
    waiting: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The capture that was last read, unless it ended.
    current: Option<usize>,
    /// Captures with an open file or a window.
    held: Vec<usize>,
    filter: Option<Filter>,
    lent: u64,
    desk: Desk,
    open_files_max: usize,
    unpack_octets_max: usize,
    windows_max: usize,
}

impl Timeline {
    /// Find every capture of the inputs and its first frame.
    ///
    /// # Errors
    /// A path that does not exist or cannot be read; a filter that does not compile. A file that
    /// is broken or no capture is no error, it stands in [`Self::report`].
    pub fn open(inputs: &[Input], options: &ReplayOptions) -> Result<Timeline, CaptureError> {
        let filter = Filter::new(options.filter.as_deref())?;
        let found = walk::find(inputs)?;
        let mut timeline = Timeline::empty(filter, options.open_files_max);
        timeline.desk.report.passed_over = found.passed_over;
        for candidate in found.candidates {
            timeline.add(candidate)?;
        }
        timeline.desk.report.passed_over.sort();
        Ok(timeline)
    }

    /// One capture that is at hand, its octets given `step` at a time.
    pub(crate) fn of_octets(octets: &[u8], step: usize) -> Result<Timeline, CaptureError> {
        let mut timeline = Timeline::empty(None, OPEN_FILES_MAX);
        let origin = Origin::Octets(octets.into(), step);
        timeline.add(Candidate { origin, named: true })?;
        Ok(timeline)
    }

    fn empty(filter: Option<Filter>, open_files_max: usize) -> Timeline {
        Timeline {
            streams: Vec::new(),
            waiting: BinaryHeap::new(),
            current: None,
            held: Vec::new(),
            filter,
            lent: 0,
            desk: Desk::default(),
            open_files_max: open_files_max.max(1),
            unpack_octets_max: UNPACK_OCTETS_MAX,
            windows_max: WINDOWS_MAX,
        }
    }

    /// What was read so far.
    #[must_use]
    pub fn report(&self) -> &ReplayReport {
        &self.desk.report
    }

    /// Lend the next run of at most [`crate::RUN_MAX`] frames. `Ok(false)`: there are no more.
    ///
    /// # Errors
    /// A file that the system no longer lets us read. Damage is none: it stands in the report.
    pub fn read(&mut self, each: &mut dyn FnMut(&[Frame<'_>])) -> Result<bool, CaptureError> {
        while let Some(place) = self.choose()? {
            let until = self.waiting.peek().map_or((Timestamp::MAX, usize::MAX), |next| next.0);
            let Some(stream) = self.streams.get_mut(place) else { continue };
            let was_open = stream.is_open();
            let filter = self.filter.as_mut();
            let mut gate = Gate { until, place, filter, lent: self.lent };
            let lent = stream.lend(&mut gate, &mut self.desk, each)?;
            self.lent = gate.lent;
            if !stream.has_ended() {
                self.current = Some(place);
            }
            if stream.is_open() != was_open {
                self.make_room(place);
            }
            if let Some(filter) = &mut self.filter {
                self.desk.report.unfiltered.append(&mut filter.refused);
            }
            if let Some(file) = self.desk.report.files.get_mut(place) {
                file.frames += lent.frames;
                file.octets += lent.octets;
                file.filtered += lent.filtered;
            }
            if lent.frames > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The capture whose next frame is the earliest.
    ///
    /// The last one's next frame is looked for only now, and only if there are others: on a pipe
    /// it may have to be waited for.
    fn choose(&mut self) -> Result<Option<usize>, CaptureError> {
        if let Some(place) = self.current.take() {
            if self.waiting.is_empty() {
                return Ok(Some(place));
            }
            self.queue(place)?;
        }
        Ok(self.waiting.pop().map(|Reverse((_, place))| place))
    }

    /// Look for a capture's next frame and queue it.
    fn queue(&mut self, place: usize) -> Result<(), CaptureError> {
        let Some(stream) = self.streams.get_mut(place) else { return Ok(()) };
        let was_open = stream.is_open();
        if let Some(at) = stream.peek(&mut self.desk)? {
            self.waiting.push(Reverse((at, place)));
        }
        if stream.is_open() != was_open {
            self.make_room(place);
        }
        Ok(())
    }

    /// Open a file and note what it is.
    fn add(&mut self, candidate: Candidate) -> Result<(), CaptureError> {
        let Candidate { origin, named } = candidate;
        let path = origin.path().to_owned();
        match Stream::begin(origin, &mut self.desk)? {
            Begun::Capture(stream) => {
                let place = self.streams.len();
                self.streams.push(*stream);
                let file = FileRead { path, frames: 0, octets: 0, filtered: 0 };
                self.desk.report.files.push(file);
                self.make_room(place);
                self.queue(place)?;
            }
            Begun::Broken(why) => self.desk.report.damaged.push((path, why)),
            Begun::Foreign(why) if named => {
                self.desk.report.damaged.push((path, format!("is no capture: it {why}")));
            }
            Begun::Foreign(why) => self.desk.report.passed_over.push((path, why)),
        }
        Ok(())
    }

    /// Close files and give windows up until the bounds hold; those whose next frame is the
    /// latest go first, `place` stays.
    fn make_room(&mut self, place: usize) {
        let streams = &mut self.streams;
        if !self.held.contains(&place) {
            self.held.push(place);
        }
        self.held.retain(|&held| streams.get(held).is_some_and(Stream::is_held));
        loop {
            let here = self.held.iter().filter_map(|&held| streams.get(held));
            let open = here.clone().filter(|stream| stream.is_open()).count();
            let octets: usize = here.map(Stream::memory).sum();
            if open <= self.open_files_max && octets <= self.unpack_octets_max {
                break;
            }
            let latest = latest(streams, &self.held, place, Stream::can_close);
            match latest.and_then(|latest| streams.get_mut(latest)) {
                Some(stream) => stream.close(),
                None => break,
            }
        }
        while self.held.len() > self.windows_max {
            let latest = latest(streams, &self.held, place, Stream::can_release);
            let Some(latest) = latest else { break };
            if let Some(stream) = streams.get_mut(latest) {
                stream.release(&mut self.desk);
            }
            self.held.retain(|&held| held != latest);
        }
    }
}

/// Which of the `held` captures that may has its next frame last.
fn latest(
    streams: &[Stream],
    held: &[usize],
    place: usize,
    may: impl Fn(&Stream) -> bool,
) -> Option<usize> {
    let others = held.iter().copied().filter(|&held| held != place);
    let others = others.filter_map(|held| streams.get(held).map(|stream| (held, stream)));
    let others = others.filter(|(_, stream)| may(stream));
    others.max_by_key(|(held, stream)| (stream.head, *held)).map(|(held, _)| held)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A classic capture with a frame of one octet, its name, at each of these seconds.
    fn capture_at(name: u8, seconds: impl Iterator<Item = u32>) -> Vec<u8> {
        let mut octets = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        octets.extend([[0u8; 12].as_slice(), &[1, 0, 0, 0]].concat());
        for secs in seconds {
            octets.extend([secs, 0, 1, 1].iter().flat_map(|word: &u32| word.to_le_bytes()));
            octets.push(name);
        }
        octets
    }

    /// Merge captures that interleave frame by frame, with these bounds.
    fn merge(open_files_max: usize, windows_max: usize, unpack_octets_max: usize) -> Vec<u8> {
        let mut timeline = Timeline::empty(None, open_files_max);
        timeline.windows_max = windows_max;
        timeline.unpack_octets_max = unpack_octets_max;
        for name in 0..20u8 {
            let seconds = (0..300).map(|nth| nth * 20 + u32::from(name) * 7 % 20);
            let plain = capture_at(name, seconds);
            let packed = zstd::stream::encode_all(plain.as_slice(), 1).unwrap();
            let octets = if name % 2 == 0 { plain } else { packed };
            let origin = Origin::Octets(octets.into(), usize::MAX);
            timeline.add(Candidate { origin, named: true }).unwrap();
        }
        let mut names = Vec::new();
        while timeline
            .read(&mut |frames| names.extend(frames.iter().map(|frame| frame.bytes[0])))
            .unwrap()
        {
            let open = timeline.streams.iter().filter(|stream| stream.is_open()).count();
            assert!(open <= open_files_max.max(1), "{open} open files");
            let held = timeline.streams.iter().filter(|stream| stream.is_held()).count();
            assert!(held <= windows_max.max(1), "{held} windows");
            assert!(timeline.desk.spare.len() <= 20);
        }
        assert!(timeline.report().damaged.is_empty(), "{:?}", timeline.report().damaged);
        names
    }

    #[test]
    fn no_bound_changes_what_is_lent() {
        let wanted = merge(64, 128, usize::MAX);
        assert_eq!(wanted.len(), 6_000);
        for (open_files_max, windows_max, unpack_octets_max) in
            [(64, 128, 0), (64, 1, usize::MAX), (3, 7, usize::MAX), (1, 1, 0), (20, 5, 200_000)]
        {
            let names = merge(open_files_max, windows_max, unpack_octets_max);
            assert!(names == wanted, "{open_files_max} {windows_max} {unpack_octets_max}");
        }
    }

    #[test]
    fn sources_can_be_read_on_any_thread() {
        fn is_send<T: Send>() {}
        is_send::<Timeline>();
        is_send::<crate::Live>();
    }
}
