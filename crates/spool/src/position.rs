//! Where a reader is in one class, what it was told to be missing, and how it goes on.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::Taken;
use crate::limits::{MARKS_MAX, READ_ATTEMPTS_MAX, TOLD_MAX};
use crate::scan::Scan;
use crate::segment::Name;
use crate::shelf::Segment;

/// Where a reader is in one class.
#[derive(Default)]
pub(crate) struct Position {
    /// The first number that is not released.
    pub(crate) released: u64,
    /// The number that is read next.
    pub(crate) next: u64,
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

/// What one call may still take, and what it lost.
pub(crate) struct Wish {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
    /// A record was taken.
    pub(crate) any: bool,
    pub(crate) lost: u64,
}

/// A segment as it was when it was looked at.
pub(crate) struct View {
    pub(crate) path: Arc<Path>,
    name: Name,
    end: u64,
    len: u64,
}

impl View {
    pub(crate) fn of(segment: &Segment) -> View {
        let Segment { path, name, end, len, .. } = segment;
        View { path: Arc::clone(path), name: *name, end: *end, len: *len }
    }
}

impl Position {
    pub(crate) fn at(next: u64) -> Position {
        Position { released: next, next, ..Position::default() }
    }

    /// Records of one segment. True: the wish is fulfilled. False: the segment is passed.
    pub(crate) fn take(
        &mut self,
        view: &View,
        wish: &mut Wish,
        out: &mut Vec<Taken>,
    ) -> io::Result<bool> {
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

    /// Close the segment that is passed, unless more may come of it: where its file is removed, its
    /// room is free only then.
    pub(crate) fn close_unless(&mut self, last: Option<&Segment>) {
        let last = last.filter(|last| !last.closed).map(|last| last.name);
        if self.open.as_ref().is_some_and(|(name, _)| Some(*name) != last) {
            self.open = None;
        }
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

    pub(crate) fn release(&mut self, through: u64) -> bool {
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

    pub(crate) fn rewind(&mut self) {
        self.next = self.released;
        self.marks.retain(|(seq, ..)| *seq <= self.released);
        self.open = None;
    }
}
