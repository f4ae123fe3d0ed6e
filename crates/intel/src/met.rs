//! What was found out of names met lately: a host asks for a name, gets an answer and greets the
//! server by it, and most names are asked for again.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name pretends nothing.
pub(crate) const QUIET: u64 = 1;
/// No row and no indicator fits it.
pub(crate) const UNLISTED: u64 = 2;
/// It was asked whether everyone has to do with it.
pub(crate) const ASKED: u64 = 4;
/// Everyone has.
pub(crate) const EVERYONES: u64 = 8;

const MARKS: u64 = QUIET | UNLISTED | ASKED | EVERYONES;

/// Names as hashes of 60 bits under a key that nobody outside knows, each in the one place that it
/// has, with what is known of it in the bits below; what comes later takes the place.
#[derive(Debug, Default)]
pub(crate) struct Met {
    hasher: foldhash::quality::RandomState,
    places: Vec<AtomicU64>,
}

/// Names remembered.
///
/// - Why so many: the names that thousands of hosts ask for within some minutes.
/// - What it costs: eight octets each, 512 KiB in all.
/// - At the bound: the later name takes the place of the earlier; it is looked up again.
const NAMES: usize = 1 << 16;

/// Where a name is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'m> {
    hash: u64,
    /// `None` where nothing is remembered.
    place: Option<&'m AtomicU64>,
}

impl Met {
    pub(crate) fn new() -> Met {
        let places = std::iter::repeat_with(AtomicU64::default).take(NAMES).collect();
        Met { hasher: foldhash::quality::RandomState::default(), places }
    }

    pub(crate) fn place(&self, name: &str) -> Place<'_> {
        let hash = self.hasher.hash_one(name) & !MARKS;
        let number = usize::try_from(hash >> 32).unwrap_or(0) & (NAMES - 1);
        Place { hash, place: self.places.get(number) }
    }
}

impl Place<'_> {
    /// What is known of the name: the marks above.
    pub(crate) fn known(&self) -> u64 {
        let held = self.place.map_or(0, |place| place.load(Ordering::Relaxed));
        if held & !MARKS == self.hash { held & MARKS } else { 0 }
    }

    /// Note what was found out. Of two at once one may be lost, and is found out again.
    pub(crate) fn note(&self, marks: u64) {
        if let Some(place) = self.place {
            place.store(self.hash | self.known() | marks, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_name_is_known_of_no_other() {
        let met = Met::new();
        let name = |number: u32| format!("host{number}.example");
        for number in 0..100_000 {
            let name = name(number);
            let place = met.place(&name);
            assert_eq!(place.known(), 0, "{name}");
            place.note(QUIET);
            place.note(ASKED);
            assert_eq!(met.place(&name).known(), QUIET | ASKED, "{name}");
        }
        let held = (0..100_000).filter(|number| met.place(&name(*number)).known() != 0).count();
        assert!((NAMES / 2..=NAMES).contains(&held), "{held}");
        let nothing = Met::default();
        nothing.place("a.example").note(QUIET);
        assert_eq!(nothing.place("a.example").known(), 0);
    }
}
