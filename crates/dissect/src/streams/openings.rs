//! The openings of a shard, and what all of them may cost together.

use super::buffer::Budget;
use super::opening::Opening;

/// Octets that an opening costs besides what it holds: itself, and a reader.
const OPENING_COST: usize = size_of::<Opening>() + 256;
const _: () = assert!(OPENING_COST <= 640);

/// The openings of a shard.
pub(crate) struct Openings {
    places: Vec<Opening>,
    free: Vec<u16>,
    pub(crate) budget: Budget,
}

impl Openings {
    /// None yet; all together may hold `octets_max` octets.
    pub(crate) const fn new(octets_max: usize) -> Openings {
        Openings { places: Vec::new(), free: Vec::new(), budget: Budget::new(octets_max) }
    }

    /// Begin an opening. Its number, from 1 on; `None` when the budget is spent.
    pub(crate) fn begin(&mut self, candidates: u16) -> Option<u16> {
        if !self.budget.take(OPENING_COST) {
            return None;
        }
        if let Some(number) = self.free.pop() {
            if let Some(place) = self.places.get_mut(usize::from(number).saturating_sub(1)) {
                *place = Opening::new(candidates);
            }
            return Some(number);
        }
        match u16::try_from(self.places.len().saturating_add(1)) {
            Ok(number) => {
                self.places.push(Opening::new(candidates));
                Some(number)
            }
            Err(_) => {
                self.budget.give(OPENING_COST);
                None
            }
        }
    }

    /// An opening and the budget.
    pub(crate) fn get_mut(&mut self, number: u16) -> Option<(&mut Opening, &mut Budget)> {
        let place = self.places.get_mut(usize::from(number).checked_sub(1)?)?;
        Some((place, &mut self.budget))
    }

    /// An opening.
    pub(crate) fn get(&self, number: u16) -> Option<&Opening> {
        self.places.get(usize::from(number).checked_sub(1)?)
    }

    /// End an opening.
    pub(crate) fn end(&mut self, number: u16) {
        if let Some((opening, budget)) = self.get_mut(number) {
            opening.clear(budget);
            budget.give(OPENING_COST);
            self.free.push(number);
        }
    }
}
