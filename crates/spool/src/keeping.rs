//! What leaves the disk: what everybody released, and what the bounds do not hold.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use crate::limits::{CLOCK_STEP_MAX, SEGMENT_SPAN_MAX, SEGMENTS_MAX};
use crate::shelf::{Wants, nanos, span};
use crate::{SpoolError, Writer, cursor};

/// What a tending did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tended {
    /// By class: records that are lost to some reader since the last tending, to the bounds, to a
    /// full disk or to memory.
    pub dropped: Vec<u64>,
    /// Segments that left the disk because every reader had released them.
    pub released: usize,
}

impl Writer {
    /// Sync when that is due, remove what every reader saved to be released, and keep to the
    /// bounds: the oldest segments of the last class go first, then those of the class before it.
    /// To be called each second or so.
    ///
    /// # Errors
    /// The disk. What was dropped is then told by the next tending.
    pub fn tend(&mut self, now: SystemTime) -> Result<Tended, SpoolError> {
        let now = nanos(now);
        let mut result = self.unsynced.when_due(now);
        self.mind_the_clock(now)?;
        let mut released = 0;
        for class in 0..self.drawers.len() {
            result = result.and(self.mind_the_active(class, now));
            released += self.remove_released(class, now)?;
            self.remove_aged(class, now)?;
        }
        self.remove_excess(now)?;
        result?;
        let dropped = self.drawers.iter_mut().map(|drawer| std::mem::take(&mut drawer.untold));
        Ok(Tended { dropped: dropped.collect(), released })
    }

    /// Forget the places of all readers but these and those that are open. Gives the names of the
    /// forgotten, to be told.
    ///
    /// # Errors
    /// A cursor's file cannot be removed; the places are forgotten all the same.
    pub fn forget_others(&mut self, names: &[&str]) -> Result<Vec<String>, SpoolError> {
        let mut places = self.shared.places();
        let keep: BTreeSet<&str> = names.iter().copied().collect();
        let others =
            places.iter().filter(|(name, place)| !place.open && !keep.contains(name.as_str()));
        let others: Vec<String> = others.map(|(name, _)| name.clone()).collect();
        let mut result = Ok(());
        for name in &others {
            places.remove(name);
            let path = cursor::path(&self.shared.folder, name);
            match fs::remove_file(&path) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => {
                    result = Err(SpoolError::io("cannot be removed", &path)(why));
                }
                _ => {}
            }
        }
        result.map(|()| others)
    }

    /// A clock that was set forward does not age what lies here.
    fn mind_the_clock(&mut self, now: u64) -> Result<(), SpoolError> {
        let step = now.saturating_sub(self.tended);
        self.tended = now;
        if step <= span(CLOCK_STEP_MAX) {
            return Ok(());
        }
        for class in 0..self.drawers.len() {
            let mut shelf = self.shared.shelf(class)?;
            shelf.segments.iter_mut().for_each(|segment| segment.shift(step));
        }
        Ok(())
    }

    /// Close the active segment when it is old, or when somebody removed its file.
    fn mind_the_active(&mut self, class: usize, now: u64) -> Result<(), SpoolError> {
        let Some(file) = self.drawers.get(class).and_then(|drawer| drawer.active.clone()) else {
            return Ok(());
        };
        let begun = {
            let shelf = self.shared.shelf(class)?;
            let Some(active) = shelf.segments.back() else { return Ok(()) };
            if active.records == 0 { now } else { active.begun }
        };
        let longest = self.options.age_max.map_or(SEGMENT_SPAN_MAX, |age| age / 8);
        let old = now.saturating_sub(begun) >= span(longest.min(SEGMENT_SPAN_MAX));
        let gone = file.metadata().is_ok_and(|meta| meta.nlink() == 0);
        if old || gone { self.begin(class, now) } else { Ok(()) }
    }

    /// Segments of which every reader saved that it has them.
    fn remove_released(&mut self, class: usize, now: u64) -> Result<usize, SpoolError> {
        let Some(wants) = self.shared.wanted(class) else { return Ok(0) };
        let mut removed = 0;
        while self.oldest_is(class, |closed, end, _| closed && end <= wants.saved)? {
            self.remove_oldest(class, now)?;
            removed += 1;
        }
        Ok(removed)
    }

    fn remove_aged(&mut self, class: usize, now: u64) -> Result<(), SpoolError> {
        let Some(age) = self.options.age_max.map(span) else { return Ok(()) };
        while self.oldest_is(class, |closed, _, last| closed && now.saturating_sub(last) > age)? {
            self.remove_oldest(class, now)?;
        }
        Ok(())
    }

    /// Keep to the bounds of octets and of files.
    fn remove_excess(&mut self, now: u64) -> Result<(), SpoolError> {
        for class in 0..self.drawers.len() {
            while self.shared.shelf(class)?.segments.len() > SEGMENTS_MAX {
                self.remove_oldest(class, now)?;
            }
        }
        let total = |writer: &Writer| writer.counts().bytes.iter().sum::<u64>();
        while total(self) > self.options.bytes_max {
            let counts = self.counts();
            let Some(class) = counts.records.iter().rposition(|records| *records > 0) else {
                return Ok(());
            };
            if self.oldest_is(class, |closed, _, _| !closed)? {
                self.seal(class)?;
            }
            self.remove_oldest(class, now)?;
        }
        Ok(())
    }

    /// The disk is full: give up the oldest segment of a class that matters less than `class`.
    /// False: there is none.
    pub(crate) fn give_up_behind(&mut self, class: usize, now: u64) -> Result<bool, SpoolError> {
        self.unsynced.finish()?;
        for other in (class + 1..self.drawers.len()).rev() {
            if self.shared.shelf(other)?.records() == 0 {
                continue;
            }
            if self.oldest_is(other, |closed, _, _| !closed)? {
                self.seal(other)?;
            }
            self.remove_oldest(other, now)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Ask of the oldest segment: is it closed, the number behind its last, its last moment.
    fn oldest_is(
        &self,
        class: usize,
        ask: impl Fn(bool, u64, u64) -> bool,
    ) -> Result<bool, SpoolError> {
        let shelf = self.shared.shelf(class)?;
        let oldest = shelf.segments.front();
        Ok(oldest.is_some_and(|oldest| ask(oldest.closed, oldest.end, oldest.last)))
    }

    /// Remove the oldest segment. What some reader had not released is dropped.
    ///
    /// One file is always left, since the next start learns from its name how far numbers have
    /// come; unless the disk has not even room for that.
    fn remove_oldest(&mut self, class: usize, now: u64) -> Result<(), SpoolError> {
        if self.shared.shelf(class)?.segments.len() == 1 {
            match self.begin(class, now) {
                Err(why) if !why.wants_room() => return Err(why),
                _ => {}
            }
        }
        let released = self.shared.wanted(class).map_or(0, |Wants { released, .. }| released);
        let mut shelf = self.shared.shelf(class)?;
        let Some(oldest) = shelf.segments.front() else { return Ok(()) };
        match fs::remove_file(&oldest.path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => {
                return Err(SpoolError::io("cannot be removed", &oldest.path)(why));
            }
            _ => {}
        }
        self.unsynced.forget(&oldest.path);
        let lost = oldest.records_from(released);
        shelf.segments.pop_front();
        drop(shelf);
        if let Some(drawer) = self.drawers.get_mut(class) {
            drawer.drop_records(lost);
        }
        Ok(())
    }
}
