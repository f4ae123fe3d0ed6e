//! What is known of the segments of a class; the writer and all readers look at it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::SpoolError;
use crate::limits::TIMES_MAX;
use crate::segment::{self, Name, Seal};

/// Nanoseconds since 1970; 0 before, the most there are when far later.
pub(crate) fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn moment(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

/// A duration in nanoseconds.
pub(crate) fn span(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What is shared between the writer and its readers.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) classes: Vec<Class>,
    places: Mutex<BTreeMap<String, Place>>,
}

/// A class: its name, which is its folder's, and its segments.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: String,
    shelf: Mutex<Shelf>,
}

/// Where a reader is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Somebody reads under this name now.
    pub(crate) open: bool,
    /// By class: the first number that the reader still wants.
    pub(crate) wants: BTreeMap<usize, Wants>,
}

/// The first number that a reader still wants of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wants {
    /// As it is written down: what is below may be removed.
    pub(crate) saved: u64,
    /// As it is in memory: what is below is not lost when it is given up.
    pub(crate) released: u64,
}

impl Shared {
    pub(crate) fn new(folder: &Path, classes: Vec<(String, Shelf)>) -> Shared {
        let classes = classes.into_iter();
        let classes = classes.map(|(name, shelf)| Class { name, shelf: Mutex::new(shelf) });
        let classes = classes.collect();
        Shared { folder: folder.to_owned(), classes, places: Mutex::default() }
    }

    pub(crate) fn shelf(&self, class: usize) -> Result<MutexGuard<'_, Shelf>, SpoolError> {
        self.classes.get(class).map(Class::shelf).ok_or(SpoolError::Class { number: class })
    }

    pub(crate) fn folder_of(&self, class: usize) -> PathBuf {
        self.classes.get(class).map_or(self.folder.clone(), |class| self.folder.join(&class.name))
    }

    /// Never asked for while a shelf is held.
    pub(crate) fn places(&self) -> MutexGuard<'_, BTreeMap<String, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the slowest reader of a class still wants. `None`: nobody reads it.
    pub(crate) fn wanted(&self, class: usize) -> Option<Wants> {
        let places = self.places();
        let all = places.values().filter_map(|place| place.wants.get(&class));
        all.copied().reduce(|one, other| Wants {
            saved: one.saved.min(other.saved),
            released: one.released.min(other.released),
        })
    }
}

impl Class {
    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The segments of a class, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) segments: VecDeque<Segment>,
}

impl Shelf {
    /// The first segment that may hold `seq` or a later number.
    pub(crate) fn holding(&self, seq: u64) -> Option<&Segment> {
        let at = self.segments.partition_point(|segment| segment.end <= seq);
        self.segments.get(at)
    }

    /// The first number that is kept, or the next one where there is none.
    pub(crate) fn oldest(&self) -> u64 {
        self.segments.front().map_or(1, |segment| segment.name.first)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    pub(crate) fn records(&self) -> u64 {
        self.segments.iter().map(|segment| segment.records).sum()
    }
}

/// A segment as far as readers may see it.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) path: Arc<Path>,
    pub(crate) name: Name,
    /// The number behind the last record's.
    pub(crate) end: u64,
    pub(crate) records: u64,
    /// Octets that readers may see: the head and whole records.
    pub(crate) len: u64,
    /// Octets on the disk.
    pub(crate) size: u64,
    pub(crate) begun: u64,
    pub(crate) last: u64,
    pub(crate) times: Times,
    /// Nothing is written to it any more.
    pub(crate) closed: bool,
}

impl Segment {
    pub(crate) fn new(path: PathBuf, name: Name, begun: u64) -> Segment {
        Segment {
            path: path.into(),
            name,
            end: name.first,
            records: 0,
            len: segment::HEAD,
            size: segment::HEAD,
            begun,
            last: begun,
            times: Times::default(),
            closed: false,
        }
    }

    /// About how many records have `seq` or a later number: exact where none is missing.
    pub(crate) fn records_from(&self, seq: u64) -> u64 {
        if seq <= self.name.first {
            return self.records;
        }
        self.end.saturating_sub(seq).min(self.records)
    }

    /// About how many octets those have, as if all were of one length.
    pub(crate) fn bytes_from(&self, seq: u64) -> u64 {
        let all = u128::from(self.len.saturating_sub(segment::HEAD));
        let part = all * u128::from(self.records_from(seq)) / u128::from(self.records.max(1));
        u64::try_from(part).unwrap_or(u64::MAX)
    }

    /// About when the record of this number was written.
    pub(crate) fn time_of(&self, seq: u64) -> u64 {
        let (before, after) = self.times.around(seq);
        let (low, begun) = before.unwrap_or((self.name.first, self.begun));
        let (high, last) = after.unwrap_or((self.end, self.last.max(begun)));
        let done = u128::from(seq.saturating_sub(low));
        let whole = u128::from(high.saturating_sub(low).max(1));
        let passed = u128::from(last.saturating_sub(begun)) * done.min(whole) / whole;
        begun.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// What closes it.
    pub(crate) fn seal(&self) -> Seal {
        let Segment { name, end, records, len, last, .. } = *self;
        Seal { name, end, records, len, last }
    }

    /// The wall clock was set forward by so many nanoseconds.
    pub(crate) fn shift(&mut self, step: u64) {
        self.begun = self.begun.saturating_add(step);
        self.last = self.last.saturating_add(step);
        self.times.shift(step);
    }
}

/// A number, and when it was written.
type Noted = (u64, u64);

/// When which number was written, thinly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// Numbers and nanoseconds, both growing.
    entries: Vec<Noted>,
    /// Closer entries are not made.
    apart: u64,
}

impl Times {
    pub(crate) fn note(&mut self, seq: u64, at: u64) {
        if self.entries.last().is_some_and(|(_, last)| at < last.saturating_add(self.apart.max(1)))
        {
            return;
        }
        if self.entries.len() >= TIMES_MAX {
            let mut keep = false;
            self.entries.retain(|_| {
                keep = !keep;
                keep
            });
            self.apart = (self.apart * 2).max(1_000_000_000);
        }
        self.entries.push((seq, at));
    }

    /// The entries at or before, and behind `seq`.
    fn around(&self, seq: u64) -> (Option<Noted>, Option<Noted>) {
        let at = self.entries.partition_point(|(entry, _)| *entry <= seq);
        let before = at.checked_sub(1).and_then(|at| self.entries.get(at));
        (before.copied(), self.entries.get(at).copied())
    }

    fn shift(&mut self, step: u64) {
        for (_, at) in &mut self.entries {
            *at = at.saturating_add(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_number_lies_between_those_of_its_neighbours() {
        let name = Name { first: 10, salt: 0 };
        let mut segment = Segment::new("x".into(), name, 1000);
        (segment.end, segment.last, segment.records) = (20, 2000, 10);
        assert_eq!([5, 10, 15, 20].map(|seq| segment.time_of(seq)), [1000, 1000, 1500, 2000]);
        segment.times.note(10, 1000);
        segment.times.note(12, 1900);
        assert_eq!([10, 11, 12, 20].map(|seq| segment.time_of(seq)), [1000, 1450, 1900, 2000]);
        segment.shift(1_000_000);
        assert_eq!(segment.time_of(11), 1_001_450);
    }

    #[test]
    fn times_stay_few_and_their_guess_close() {
        let mut times = Times::default();
        for second in 0..100_000 {
            times.note(second, second * 1_000_000_000);
        }
        assert!(times.entries.len() <= TIMES_MAX);
        let (Some(before), after) = times.around(50_000) else { panic!("an entry") };
        assert!(before.0 <= 50_000 && after.is_none_or(|after| after.0 > 50_000));
        assert!(50_000 - before.0 < 8_192, "{before:?}");
    }
}
