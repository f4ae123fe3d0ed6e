//! One reader's way through the records, at its own pace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::SpoolError;
use crate::cursor::{self, Cursor};
use crate::limits::{CLASSES_MAX, READERS_MAX};
use crate::position::{Position, View, Wish};
use crate::segment::can_be_a_name;
use crate::shelf::{Shared, Wants, moment};

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
/// When the writer has gone, what it wrote can still be read; another writer of the same folder
/// knows nothing of this reader.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    name: String,
    positions: BTreeMap<usize, Position>,
    dirty: bool,
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
            positions.insert(class, Position::at(wants.saved));
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
            let segment = {
                let shelf = self.shared.shelf(class)?;
                let Some(segment) = shelf.holding(position.next) else {
                    position.close_unless(shelf.segments.back());
                    break;
                };
                View::of(segment)
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
