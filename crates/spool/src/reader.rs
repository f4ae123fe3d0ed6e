//! One reader's way through the records, at its own pace.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::cursor::{self, Cursor};
use crate::limits::{MARKS_MAX, READ_ATTEMPTS_MAX, READERS_MAX, TOLD_MAX};
use crate::scan::Scan;
use crate::segment::{Name, can_be_a_name};
use crate::shelf::{Segment, Shared, Wants, moment};
use crate::{SpoolError, limits::CLASSES_MAX};

/// A record as a reader takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its number in its class: only growing, of no other record.
    pub seq: u64,
    /// What was appended.
    pub payload: Vec<u8>,
}

/// How far a reader is behind, over all its classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lag {
    /// Records that it has not released.
    pub records: u64,
    /// Their octets, about.
    pub bytes: u64,
    /// About when the oldest of them was written. `None`: there are none.
    pub oldest: Option<SystemTime>,
}

/// One reader of a spool. It may live on another thread than the writer; dropped, its place stays.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    name: String,
    positions: BTreeMap<usize, Position>,
    dirty: bool,
}

/// Where a reader is in one class.
#[derive(Default)]
struct Position {
    /// The first number that is not released.
    released: u64,
    /// The number that is read next.
    next: u64,
    /// The segment that is read.
    open: Option<(Name, Scan)>,
    /// Where batches began: the number, the segment, the place in it.
    marks: VecDeque<(u64, Name, u64)>,
    /// Numbers from `released` on, each a first and an end, that are told to be missing.
    told: Vec<(u64, u64)>,
    /// Reads of this segment that failed one after the other.
    failed: u32,
}

impl std::fmt::Debug for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Position {{ released: {}, next: {} }}", self.released, self.next)
    }
}

impl Reader {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        name: &str,
        classes: &[usize],
    ) -> Result<Reader, SpoolError> {
        if !can_be_a_name(name) {
            return Err(SpoolError::Name { name: name.to_owned() });
        }
        let mut oldest = BTreeMap::new();
        for class in classes.iter().copied().take(CLASSES_MAX + 1) {
            oldest.insert(class, shared.shelf(class)?.oldest());
        }
        let mut places = shared.places();
        let known = places.get(name);
        if known.is_some_and(|place| place.open) || (known.is_none() && places.len() >= READERS_MAX)
        {
            return Err(SpoolError::Reader { name: name.to_owned() });
        }
        let place = places.entry(name.to_owned()).or_default();
        place.open = true;
        // A class that it reads no more does not wait for it.
        place.wants.retain(|class, _| oldest.contains_key(class));
        let mut positions = BTreeMap::new();
        for (class, oldest) in oldest {
            let fresh = Wants { saved: oldest, released: oldest };
            let wants = place.wants.entry(class).or_insert(fresh);
            wants.released = wants.saved;
            let (released, next) = (wants.saved, wants.saved);
            positions.insert(class, Position { released, next, ..Position::default() });
        }
        drop(places);
        Ok(Reader { shared: Arc::clone(shared), name: name.to_owned(), positions, dirty: true })
    }

    /// The name it was opened with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next records of a class, at most so many and about so many octets (at least one record,
    /// however long it is), added to `out`. Gives the number of records that this reader will never
    /// have: dropped, or damaged on the disk. Each is told once.
    ///
    /// # Errors
    /// The class is not this reader's; the disk: then nothing was added.
    pub fn read(
        &mut self,
        class: usize,
        records_max: usize,
        bytes_max: usize,
        out: &mut Vec<Taken>,
    ) -> Result<u64, SpoolError> {
        let position = self.positions.get_mut(&class);
        let position = position.ok_or(SpoolError::Class { number: class })?;
        let mut wish = Wish { records: records_max, bytes: bytes_max, any: false, lost: 0 };
        let released = position.released;
        while wish.records > 0 {
            let segment = match self.shared.shelf(class)?.holding(position.next) {
                Some(segment) => View::of(segment),
                None => break,
            };
            match position.take(&segment, &mut wish, out) {
                Ok(true) => break,
                Ok(false) => {}
                // What came before it must be told now; the next call meets it again.
                Err(_) if wish.any || wish.lost > 0 => break,
                Err(why) => return Err(SpoolError::io("cannot be read", &segment.path)(why)),
            }
        }
        if position.released != released {
            self.publish(class);
        }
        Ok(wish.lost)
    }

    /// Everything up to this number is safe elsewhere. In memory: [`Reader::save`] writes it down.
    /// A number that was not read counts as the last that was.
    pub fn release(&mut self, class: usize, through_seq: u64) {
        let Some(position) = self.positions.get_mut(&class) else { return };
        if position.release(through_seq) {
            self.publish(class);
        }
    }

    /// Back to the first record that is not released.
    pub fn rewind(&mut self, class: usize) {
        if let Some(position) = self.positions.get_mut(&class) {
            position.rewind();
        }
    }

    /// Write the place down, so that it outlives the process and a power cut. What is released may
    /// then leave the disk.
    ///
    /// # Errors
    /// The disk; the place that was written down before stands.
    pub fn save(&mut self) -> Result<(), SpoolError> {
        if !self.dirty {
            return Ok(());
        }
        let mut cursor = Cursor::new();
        for (class, position) in &self.positions {
            let class = self.shared.classes.get(*class);
            cursor.extend(class.map(|class| (class.name.clone(), position.released)));
        }
        cursor::save(&self.shared.folder, &self.name, &cursor)?;
        self.dirty = false;
        if let Some(place) = self.shared.places().get_mut(&self.name) {
            for (class, position) in &self.positions {
                if let Some(wants) = place.wants.get_mut(class) {
                    wants.saved = position.released;
                }
            }
        }
        Ok(())
    }

    /// How far it is behind.
    #[must_use]
    pub fn lag(&self) -> Lag {
        let mut lag = Lag::default();
        for (class, position) in &self.positions {
            let Ok(shelf) = self.shared.shelf(*class) else { continue };
            let wanted = position.released;
            let begin = shelf.segments.partition_point(|segment| segment.end <= wanted);
            for segment in shelf.segments.range(begin..) {
                lag.records += segment.records_from(wanted);
                lag.bytes += segment.bytes_from(wanted);
            }
            if let Some(segment) = shelf.segments.get(begin).filter(|segment| segment.records > 0) {
                let oldest = moment(segment.time_of(wanted));
                lag.oldest = Some(lag.oldest.map_or(oldest, |other| other.min(oldest)));
            }
        }
        lag
    }

    /// Tell the writer what is released.
    fn publish(&mut self, class: usize) {
        self.dirty = true;
        let released = self.positions.get(&class).map_or(0, |position| position.released);
        let mut places = self.shared.places();
        let place = places.get_mut(&self.name).and_then(|place| place.wants.get_mut(&class));
        if let Some(wants) = place {
            wants.released = released;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(place) = self.shared.places().get_mut(&self.name) {
            place.open = false;
            // What was not saved is read again.
            place.wants.values_mut().for_each(|wants| wants.released = wants.saved);
        }
    }
}

/// What one call may still take, and what it lost.
struct Wish {
    records: usize,
    bytes: usize,
    any: bool,
    lost: u64,
}

/// A segment as it was when it was looked at.
struct View {
    path: Arc<Path>,
    name: Name,
    end: u64,
    len: u64,
}

impl View {
    fn of(segment: &Segment) -> View {
        let Segment { path, name, end, len, .. } = segment;
        View { path: Arc::clone(path), name: *name, end: *end, len: *len }
    }
}

impl Position {
    /// Records of one segment. True: the wish is fulfilled. False: the segment is passed.
    fn take(&mut self, view: &View, wish: &mut Wish, out: &mut Vec<Taken>) -> io::Result<bool> {
        wish.lost += self.miss(view.name.first);
        match self.scan(view, wish, out) {
            Ok(done) => {
                self.failed = 0;
                if !done {
                    // What its numbers promised and its octets did not hold.
                    wish.lost += self.miss(view.end);
                }
                Ok(done)
            }
            Err(why) => {
                self.open = None;
                self.failed += 1;
                if why.kind() != io::ErrorKind::NotFound && self.failed < READ_ATTEMPTS_MAX {
                    return Err(why);
                }
                self.failed = 0;
                wish.lost += self.miss(view.end);
                Ok(false)
            }
        }
    }

    fn scan(&mut self, view: &View, wish: &mut Wish, out: &mut Vec<Taken>) -> io::Result<bool> {
        let mut scan = match self.open.take() {
            Some((name, scan)) if name == view.name => scan,
            _ => self.begin(view)?,
        };
        if self.marks.len() < MARKS_MAX {
            self.marks.push_back((self.next, view.name, scan.at()));
        }
        let done = loop {
            if wish.records == 0 {
                break true;
            }
            let Some(record) = scan.next(view.len, view.end)? else { break false };
            let (seq, at, len) = (record.seq, record.at, record.payload.len());
            if seq < self.next {
                continue;
            }
            if wish.any && len > wish.bytes {
                scan.go_to(at, seq);
                break true;
            }
            out.push(Taken { seq, payload: record.payload.to_vec() });
            wish.lost += self.miss(seq);
            self.next = seq + 1;
            wish.any = true;
            wish.records -= 1;
            wish.bytes = wish.bytes.saturating_sub(len);
        };
        self.open = Some((view.name, scan));
        Ok(done)
    }

    /// Open a segment, at the place of the next record where that is known.
    fn begin(&mut self, view: &View) -> io::Result<Scan> {
        let mut scan = Scan::new(File::open(&view.path)?, view.name);
        let known = self.marks.iter().rev();
        let known = known.filter(|(_, name, _)| *name == view.name);
        if let Some((seq, _, at)) = known.clone().find(|(seq, ..)| *seq <= self.next) {
            scan.go_to(*at, *seq);
        }
        Ok(scan)
    }

    /// The next record is `seq`: gives how many before it are missing, without those that were
    /// told to be.
    fn miss(&mut self, seq: u64) -> u64 {
        let (from, to) = (self.next, seq);
        if to <= from {
            return 0;
        }
        let known =
            self.told.iter().map(|(first, end)| (*end).min(to).saturating_sub((*first).max(from)));
        let lost = (to - from).saturating_sub(known.sum());
        self.tell(from, to);
        self.next = to;
        self.pass_missing();
        lost
    }

    /// Remember a stretch as told, joined with those that it touches.
    fn tell(&mut self, mut from: u64, mut to: u64) {
        self.told.retain(|(first, end)| {
            let apart = *end < from || to < *first;
            if !apart {
                from = from.min(*first);
                to = to.max(*end);
            }
            apart
        });
        let at = self.told.partition_point(|(first, _)| *first < from);
        self.told.insert(at, (from, to));
        if self.told.len() > TOLD_MAX
            && let [(first, _), (_, end), ..] = self.told[..]
        {
            self.told.drain(..2);
            self.told.insert(0, (first, end));
        }
    }

    fn release(&mut self, through: u64) -> bool {
        let released = through.saturating_add(1).min(self.next);
        if released <= self.released {
            return false;
        }
        self.released = released;
        self.pass_missing();
        while self.marks.get(1).is_some_and(|(seq, ..)| *seq <= self.released) {
            self.marks.pop_front();
        }
        true
    }

    /// Nobody need acknowledge what does not exist.
    fn pass_missing(&mut self) {
        while let Some((first, end)) = self.told.first().copied() {
            if first > self.released {
                break;
            }
            self.released = self.released.max(end);
            self.told.remove(0);
        }
    }

    fn rewind(&mut self) {
        self.next = self.released;
        self.marks.retain(|(seq, ..)| *seq <= self.released);
        self.open = None;
    }
}
