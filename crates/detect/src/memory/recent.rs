//! A table with a bound, from which an entry that was not used for longest goes.

use std::hash::BuildHasher as _;
use std::net::IpAddr;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use model::{Flow, Mac, UsageId};

use super::pieces::Pieces;

/// A key of a table that the wire writes to, and its hash.
///
/// The hash is foldhash under a key of this process: who does not know that key cannot choose keys
/// that meet in one place, and nothing that leaves the process tells of it, so that a flood costs
/// what any other traffic does. What goes at a table's bound never depends on it.
pub(crate) trait Keyed: Eq {
    /// Its hash under `keys`.
    fn hash(&self, keys: &RandomState) -> u64;
}

impl Keyed for u64 {
    /// A number here is a hash already, but on replay under a key that everyone may know.
    #[inline]
    fn hash(&self, keys: &RandomState) -> u64 {
        keys.hash_one(*self)
    }
}

/// A hash that was made under a key of this process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hashed(pub(crate) u64);

impl Keyed for Hashed {
    #[inline]
    fn hash(&self, _: &RandomState) -> u64 {
        self.0
    }
}

impl Keyed for IpAddr {
    #[inline]
    fn hash(&self, keys: &RandomState) -> u64 {
        keys.hash_one(bits(*self))
    }
}

impl Keyed for Mac {
    fn hash(&self, keys: &RandomState) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        keys.hash_one(u64::from_ne_bytes([a, b, c, d, e, f, 0, 0]))
    }
}

impl Keyed for UsageId {
    #[inline]
    fn hash(&self, keys: &RandomState) -> u64 {
        keys.hash_one(self.0)
    }
}

impl Keyed for Flow {
    /// Few words and not field by field: every fact of a flow asks several tables.
    fn hash(&self, keys: &RandomState) -> u64 {
        let ports = u64::from(self.client.port) << 16 | u64::from(self.server.port);
        let vlan = self.vlan.map_or(0xffff, |vlan| u64::from(vlan.get()));
        let rest =
            ports << 32 | vlan << 16 | (self.transport as u64) << 1 | u64::from(self.guessed);
        keys.hash_one((bits(self.client.ip), bits(self.server.ip), rest))
    }
}

/// An address as a number; IPv4 and the same within IPv6 are one.
#[inline]
pub(crate) fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => 0xffff << 32 | u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// A map of at most `max` entries. What goes at the bound depends on the order of use alone, never
/// on a hash: the oldest of a list that an entry which is used goes to the head of. One that is in
/// the newest eighth stays where it is, as moving it touches the memory of three others; so it is
/// only when an eighth of the table came after it that it counts as used again.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    /// Places in `slots`: keys stand there alone, since some of them are long.
    places: HashTable<u32>,
    /// Keyed anew in each process.
    hash: RandomState,
    slots: Pieces<Slot<K, V>>,
    /// The slot used last, and the one not used for longest; [`NONE`] while there is none.
    newest: u32,
    oldest: u32,
    /// A slot without an entry; each has the next one where others have an older one.
    free: u32,
    /// How many entries went to the head of the list so far.
    moves: u32,
    max: usize,
    evicted: u64,
}

#[derive(Debug)]
struct Slot<K, V> {
    entry: Option<(K, V)>,
    newer: u32,
    older: u32,
    /// Which of the moves to the head was its last.
    moved: u32,
}

const NONE: u32 = u32::MAX;

/// The part of a table whose entries are new enough to stay where they are.
const NEAR: usize = 8;

impl<K: Keyed, V> Recent<K, V> {
    /// A table for `max` entries; for none at all it forgets each at once.
    pub(crate) fn new(max: usize) -> Recent<K, V> {
        Recent {
            places: HashTable::new(),
            hash: RandomState::default(),
            slots: Pieces::new(),
            newest: NONE,
            oldest: NONE,
            free: NONE,
            moves: 0,
            max: max.min(NONE as usize - 1),
            evicted: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// All entries, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref())
    }

    /// Entries that went since the bound was reached.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Look an entry up without using it.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        let slot = self.slots.get(self.place(key)?)?;
        slot.entry.as_ref().map(|(_, value)| value)
    }

    /// Write to an entry without using it.
    pub(crate) fn peek_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(key)?;
        let slot = self.slots.get_mut(place)?;
        slot.entry.as_mut().map(|(_, value)| value)
    }

    /// Use an entry: it becomes the newest.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(key)?;
        self.use_at(place)
    }

    /// Put an entry in, as the newest, in place of one with the same key; `Some`: the entry that
    /// had to go for it.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        let hash = key.hash(&self.hash);
        if let Some(old) = self.find(hash, &key).and_then(|place| self.use_at(place)) {
            *old = value;
            return None;
        }
        self.add(hash, key, value)
    }

    /// Put in an entry whose key was just looked for and is not there.
    pub(crate) fn insert_new(&mut self, key: K, value: V) -> Option<(K, V)> {
        self.add(key.hash(&self.hash), key, value)
    }

    fn add(&mut self, hash: u64, key: K, value: V) -> Option<(K, V)> {
        if self.max == 0 {
            self.evicted += 1;
            return Some((key, value));
        }
        let gone = if self.places.len() >= self.max { self.evict() } else { None };
        let place =
            self.hold(Slot { entry: Some((key, value)), newer: NONE, older: NONE, moved: 0 });
        let (slots, keys) = (&self.slots, &self.hash);
        self.places.insert_unique(hash, place, |place| hash_at(slots, keys, *place));
        self.link(place);
        gone
    }

    /// Take an entry out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key)?;
        self.forget(place);
        self.take(place).map(|(_, value)| value)
    }

    /// A place for what a slot holds.
    fn hold(&mut self, slot: Slot<K, V>) -> u32 {
        match self.slots.get_mut(self.free) {
            Some(empty) => {
                let next = empty.older;
                *empty = slot;
                std::mem::replace(&mut self.free, next)
            }
            None => self.slots.push(slot, self.max),
        }
    }

    fn place(&self, key: &K) -> Option<u32> {
        // Most facts ask tables that hold little: of suspects, of flows to new names.
        if self.places.is_empty() {
            return None;
        }
        self.find(key.hash(&self.hash), key)
    }

    fn find(&self, hash: u64, key: &K) -> Option<u32> {
        let slots = &self.slots;
        let same = |place: &u32| key_at(slots, *place) == Some(key);
        self.places.find(hash, same).copied()
    }

    fn use_at(&mut self, place: u32) -> Option<&mut V> {
        let slot = self.slots.get(place)?;
        let near = u32::try_from(self.max / NEAR).unwrap_or(u32::MAX);
        if self.newest != place && self.moves.wrapping_sub(slot.moved) >= near {
            self.unlink(place);
            self.link(place);
        }
        let slot = self.slots.get_mut(place)?;
        slot.entry.as_mut().map(|(_, value)| value)
    }

    /// Take a place out of the index, while its key still stands there.
    fn forget(&mut self, place: u32) {
        let hash = hash_at(&self.slots, &self.hash, place);
        if let Ok(entry) = self.places.find_entry(hash, |known| *known == place) {
            entry.remove();
        }
    }

    fn evict(&mut self) -> Option<(K, V)> {
        self.forget(self.oldest);
        let gone = self.take(self.oldest)?;
        self.evicted += 1;
        Some(gone)
    }

    fn take(&mut self, place: u32) -> Option<(K, V)> {
        self.unlink(place);
        let slot = self.slots.get_mut(place)?;
        slot.older = std::mem::replace(&mut self.free, place);
        slot.entry.take()
    }

    /// Tie the neighbours of a slot to each other.
    fn unlink(&mut self, place: u32) {
        let Some(&Slot { newer, older, .. }) = self.slots.get(place) else { return };
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Make a slot that is tied to nobody the newest.
    fn link(&mut self, place: u32) {
        let older = std::mem::replace(&mut self.newest, place);
        self.moves = self.moves.wrapping_add(1);
        if let Some(slot) = self.slots.get_mut(place) {
            slot.newer = NONE;
            slot.older = older;
            slot.moved = self.moves;
        }
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
    }
}

#[inline]
fn key_at<K, V>(slots: &Pieces<Slot<K, V>>, place: u32) -> Option<&K> {
    slots.get(place)?.entry.as_ref().map(|(key, _)| key)
}

fn hash_at<K: Keyed, V>(slots: &Pieces<Slot<K, V>>, keys: &RandomState, place: u32) -> u64 {
    key_at(slots, place).map_or(0, |key| key.hash(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_known_to_who_chooses_the_keys() {
        let (one, other) = (RandomState::default(), RandomState::default());
        let places = |keys: &RandomState| [1u64, 2, 3, 4].map(|key| key.hash(keys));
        assert_ne!(places(&one), places(&other));
        assert_ne!(places(&one), [1, 2, 3, 4]);
    }

    /// The same, as plainly as it can be said: a list, the newest last.
    #[derive(Default)]
    struct Twin(Vec<(u64, u32)>);

    impl Twin {
        fn get(&mut self, key: u64) -> Option<u32> {
            let at = self.0.iter().position(|(k, _)| *k == key)?;
            let entry = self.0.remove(at);
            self.0.push(entry);
            Some(entry.1)
        }

        fn insert(&mut self, key: u64, value: u32, max: usize) -> Option<(u64, u32)> {
            if self.get(key).is_some() {
                self.0.pop();
            }
            let gone = (self.0.len() >= max).then(|| self.0.remove(0));
            self.0.push((key, value));
            gone
        }

        fn remove(&mut self, key: u64) -> Option<u32> {
            self.get(key)?;
            self.0.pop().map(|(_, value)| value)
        }
    }

    #[test]
    fn it_does_as_its_plain_twin_does() {
        for max in [1, 2, 3, 7] {
            let (mut table, mut twin) = (Recent::new(max), Twin::default());
            let mut dice = 0x2545_f491_4f6c_dd1d_u64;
            for step in 0..5000 {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                let key = (dice >> 8) % 11;
                match dice % 4 {
                    0 => assert_eq!(table.get(&key).copied(), twin.get(key), "step {step}"),
                    1 => assert_eq!(table.remove(&key), twin.remove(key), "step {step}"),
                    _ => {
                        let gone = twin.insert(key, step, max);
                        assert_eq!(table.insert(key, step), gone, "step {step}");
                    }
                }
                assert_eq!(table.len(), twin.0.len(), "step {step}");
                assert!(twin.0.iter().all(|(key, value)| table.peek(key) == Some(value)));
            }
            assert!(table.slots.len() as usize <= max && table.evicted() > 0);
        }
    }

    #[test]
    fn what_was_used_stays_until_most_of_the_table_came_after_it() {
        let (max, mut dice) = (64usize, 0x2545_f491_4f6c_dd1d_u64);
        let mut table: Recent<u64, ()> = Recent::new(max);
        let mut used = std::collections::HashMap::new();
        for step in 0..20_000usize {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            // A few keys are in use all the time.
            let key = if dice.is_multiple_of(3) { dice >> 8 & 7 } else { dice >> 8 & 0xff };
            if table.get(&key).is_none()
                && let Some((gone, ())) = table.insert(key, ())
            {
                let since = step - used.get(&gone).copied().unwrap_or(0);
                assert!(since >= max - max / NEAR - 1, "{gone} went {since} uses after its last");
            }
            used.insert(key, step);
        }
        assert!(table.evicted() > 0);
    }

    #[test]
    fn a_table_for_nothing_forgets_at_once() {
        let mut table = Recent::new(0);
        assert_eq!(table.insert(1, 2), Some((1, 2)));
        assert_eq!((table.len(), table.evicted(), table.peek(&1)), (0, 1, None));
    }
}
