//! The openings of a shard, and what all of them may cost together.

use super::buffer::Budget;
use super::opening::Opening;
use crate::flows::Slot;

/// Octets that an opening costs besides what it holds: itself, and a reader.
const OPENING_COST: usize = size_of::<Place>() + 256;
const _: () = assert!(OPENING_COST <= 640);

/// An opening, and its neighbours in the order in which octets last came for them.
struct Place {
    opening: Opening,
    /// Its flow.
    slot: Slot,
    /// Numbers of the one before and the one behind it; 0 is the ring's beginning and end.
    older: u16,
    newer: u16,
}

/// The openings of a shard. Place 0 is no opening: it closes the ring.
pub(crate) struct Openings {
    places: Vec<Place>,
    free: Vec<u16>,
    pub(crate) budget: Budget,
}

impl Openings {
    /// None yet; all together may hold `octets_max` octets.
    pub(crate) fn new(octets_max: usize) -> Openings {
        let ring = Place { opening: Opening::default(), slot: Slot(0), older: 0, newer: 0 };
        Openings { places: vec![ring], free: Vec::new(), budget: Budget::new(octets_max) }
    }

    /// Begin an opening of the flow in `slot`. Its number, from 1 on; `None` when the budget is
    /// spent.
    pub(crate) fn begin(&mut self, slot: Slot, candidates: u16) -> Option<u16> {
        let fresh = self.free.is_empty();
        let number = match self.free.last() {
            Some(number) => *number,
            None => u16::try_from(self.places.len()).ok()?,
        };
        if !self.budget.take(OPENING_COST) {
            return None;
        }
        let place = Place { opening: Opening::new(candidates), slot, older: number, newer: number };
        if fresh {
            self.places.push(place);
        } else {
            self.free.pop();
            if let Some(old) = self.places.get_mut(usize::from(number)) {
                *old = place;
            }
        }
        self.touch(number);
        Some(number)
    }

    /// Octets came for an opening: it is the last that makes room.
    pub(crate) fn touch(&mut self, number: u16) {
        let Some(newest) = self.places.first().map(|ring| ring.older) else { return };
        if newest != number {
            self.unlink(number);
            let newest = self.places.first().map_or(0, |ring| ring.older);
            self.join(newest, number);
            self.join(number, 0);
        }
    }

    /// The opening, other than `number`, for which no octets came for longest, and its flow; `None`
    /// while there is room for `octets` more.
    pub(crate) fn in_the_way(&self, number: u16, octets: usize) -> Option<(u16, Slot)> {
        if self.budget.has_room(octets.saturating_add(OPENING_COST)) {
            return None;
        }
        let mut oldest = self.places.first()?.newer;
        if oldest == number {
            oldest = self.places.get(usize::from(number))?.newer;
        }
        let place = self.places.get(usize::from(oldest)).filter(|_| oldest != 0)?;
        Some((oldest, place.slot))
    }

    /// An opening and the budget.
    pub(crate) fn get_mut(&mut self, number: u16) -> Option<(&mut Opening, &mut Budget)> {
        let place = self.places.get_mut(usize::from(number)).filter(|_| number != 0)?;
        Some((&mut place.opening, &mut self.budget))
    }

    /// An opening.
    #[inline]
    pub(crate) fn get(&self, number: u16) -> Option<&Opening> {
        self.places.get(usize::from(number)).filter(|_| number != 0).map(|place| &place.opening)
    }

    /// End an opening.
    pub(crate) fn end(&mut self, number: u16) {
        if let Some((opening, budget)) = self.get_mut(number) {
            opening.clear(budget);
            budget.give(OPENING_COST);
            self.unlink(number);
            self.free.push(number);
        }
    }

    fn unlink(&mut self, number: u16) {
        if let Some(&Place { older, newer, .. }) = self.places.get(usize::from(number))
            && older != number
        {
            self.join(older, newer);
        }
    }

    fn join(&mut self, older: u16, newer: u16) {
        if let Some(place) = self.places.get_mut(usize::from(older)) {
            place.newer = newer;
        }
        if let Some(place) = self.places.get_mut(usize::from(newer)) {
            place.older = older;
        }
    }
}
