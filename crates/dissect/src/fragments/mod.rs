//! IP fragments (RFC 791 §3.2, RFC 8200 §4.5), put together in a table that no one can overfill.
//!
//! Where the ends of a conversation disagree about what overlapping fragments mean, a sensor
//! cannot be right for both. What holds here:
//!
//! - **The first octet wins**, as it does in TCP's streams, over all of a datagram. What comes
//!   later and says otherwise is left out and counted (`ip_fragments_contradict`). So a first
//!   fragment that was seen keeps its ports, whatever is laid over them.
//! - **The first end wins**: the datagram ends where the first of its last fragments ended. Octets
//!   beyond are left out and counted likewise.
//! - **IPv6 the same.** RFC 5722 §3 has a host discard a datagram with overlapping fragments. A
//!   sensor that did so would be blinded by one forged fragment that no host ever gets to see; so
//!   this one reads on. The same octets again are fine with the RFC and here.
//! - A fragment that is not the last one has a multiple of eight octets; odd ones at its end are
//!   left out, as Linux does. One that ends beyond 65,535 is left out and counted
//!   (`ip_fragments_too_long`).
//! - Fragments belong together by addresses and identification, and for IPv4 by protocol; not by
//!   VLAN or tunnel, since the copies of a packet that is mirrored twice differ in those.
//! - A fragment that comes twice within a millisecond is a mirror's copy (see `twins`).
//!
//! A datagram that stays incomplete (for 30 s, or until it has to make room, or the capture ends)
//! is given up; if its beginning is there, that is told then, so that its flow counts and names in
//! it are read.

mod datagram;
mod fuzz;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use model::{Timestamp, Tunnel, VlanId};

use self::datagram::{Came, Pieces};
use crate::ends::Address;
use crate::flows::HashKey;
use crate::layers::{IpNumber, Piece, Whole};
use crate::limits::{FRAGMENTS_AGE, Limits, PART_LEN_MAX, PARTS_MAX};
use crate::twins::Twins;

pub(crate) use fuzz::fuzz;

/// Octets of an IP datagram at most; IPv6 jumbograms are not fragmented (RFC 2675 §5).
const DATAGRAM_LEN_MAX: u32 = 65_535;

/// What a datagram costs beside its octets: its place in both orders, its addresses and its state.
const DATAGRAM_COST: usize = 512;

/// What tells the fragments of one datagram from all others.
///
/// The table is ordered by it and not hashed: no choice of addresses makes a look-up slow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    source: Address,
    destination: Address,
    id: u32,
    /// The protocol in IPv4, where it counts (RFC 791 §3.2); `None` in IPv6.
    protocol: Option<u8>,
}

impl Key {
    fn of(piece: &Piece<'_>) -> Key {
        let &Piece { source, destination, id, v6, next, .. } = piece;
        Key { source, destination, id, protocol: (!v6).then_some(next.0) }
    }
}

/// What the fragment with a datagram's beginning says of it; while that did not come, what another
/// one says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Head {
    next: IpNumber,
    vlan: Option<VlanId>,
    depth: u8,
    tunnel: Option<Tunnel>,
}

impl Head {
    fn of(piece: &Piece<'_>, tunnel: Option<&Tunnel>) -> Head {
        let &Piece { next, vlan, depth, .. } = piece;
        Head { next, vlan, depth, tunnel: tunnel.copied() }
    }
}

/// A datagram, whole or as much of it as came from its beginning on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Gathered {
    key: Key,
    head: Head,
    octets: Vec<u8>,
    len: u32,
}

impl Gathered {
    /// For the layers to go on with.
    pub(crate) fn whole(&self) -> Whole<'_> {
        let Key { source, destination, protocol, .. } = self.key;
        let Head { next, vlan, depth, .. } = self.head;
        let (v6, payload, payload_len) = (protocol.is_none(), &*self.octets, self.len);
        Whole { v6, source, destination, next, payload, payload_len, vlan, depth }
    }

    /// The outermost tunnel that it came in.
    pub(crate) const fn tunnel(&self) -> Option<Tunnel> {
        self.head.tunnel
    }
}

/// What became of a fragment.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    /// The datagram that it made whole.
    pub(crate) whole: Option<Gathered>,
    /// It came before, a moment ago.
    pub(crate) twin: bool,
    /// What was wrong with it.
    pub(crate) anomaly: Option<&'static str>,
    /// Datagrams that were given up to make room.
    pub(crate) given_up: u64,
}

struct Datagram {
    key: Key,
    head: Head,
    at: Timestamp,
    pieces: Pieces,
}

impl Datagram {
    fn gather(self, most: usize) -> Gathered {
        let Datagram { key, head, pieces, .. } = self;
        let len = pieces.len();
        Gathered { key, head, octets: pieces.gather(most), len }
    }

    const fn cost(&self) -> usize {
        self.pieces.cost().saturating_add(DATAGRAM_COST)
    }
}

/// The datagrams that are being put together.
pub(crate) struct Fragments {
    /// By what tells them apart: their number.
    numbers: BTreeMap<Key, u64>,
    /// By their number, which is higher the later their first fragment came.
    datagrams: BTreeMap<u64, Datagram>,
    next_number: u64,
    /// Octets of memory that they cost.
    cost: usize,
    datagrams_max: usize,
    cost_max: usize,
    hash_key: HashKey,
    twins: Twins,
    /// The beginnings of those that had to make room.
    late: Vec<Gathered>,
}

impl Fragments {
    /// None yet.
    pub(crate) fn new(limits: &Limits, hash_key: HashKey) -> Fragments {
        Fragments {
            numbers: BTreeMap::new(),
            datagrams: BTreeMap::new(),
            next_number: 0,
            cost: 0,
            datagrams_max: limits.fragmented_max,
            cost_max: limits.fragments_bytes_max,
            hash_key,
            twins: Twins::new(),
            late: Vec::new(),
        }
    }

    /// A fragment came, in this tunnel.
    pub(crate) fn push(
        &mut self,
        piece: &Piece<'_>,
        tunnel: Option<&Tunnel>,
        at: Timestamp,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let key = Key::of(piece);
        if self.is_twin(&key, piece, at) {
            outcome.twin = true;
            return outcome;
        }
        let Some(len) = sound(piece) else {
            outcome.anomaly = Some("ip_fragments_too_long");
            return outcome;
        };
        let number = match self.numbers.get(&key) {
            Some(&number) => number,
            None => self.begin(key, Head::of(piece, tunnel), at, &mut outcome),
        };
        let Some(datagram) = self.datagrams.get_mut(&number) else { return outcome };
        if piece.offset == 0 && datagram.pieces.lacks_first() {
            datagram.head = Head::of(piece, tunnel);
        }
        let before = datagram.cost();
        let octets = piece.payload.get(..len as usize).unwrap_or(piece.payload);
        let came = datagram.pieces.take(piece.offset, len, octets, !piece.more);
        outcome.anomaly = match came {
            Came::Fits => None,
            Came::Contradicts => Some("ip_fragments_contradict"),
            Came::TooMany => Some("ip_fragments_too_many"),
        };
        let whole = datagram.pieces.is_whole();
        self.cost = self.cost.saturating_add(datagram.cost()).saturating_sub(before);
        if whole {
            outcome.whole = self.take_out(number).map(|datagram| datagram.gather(usize::MAX));
        }
        while self.cost > self.cost_max && self.make_room(&mut outcome) {}
        outcome
    }

    fn begin(&mut self, key: Key, head: Head, at: Timestamp, outcome: &mut Outcome) -> u64 {
        while self.datagrams.len() >= self.datagrams_max.max(1) && self.make_room(outcome) {}
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let datagram = Datagram { key, head, at, pieces: Pieces::default() };
        self.cost = self.cost.saturating_add(datagram.cost());
        self.numbers.insert(key, number);
        self.datagrams.insert(number, datagram);
        number
    }

    /// The datagram that began first makes room. False when there is none.
    fn make_room(&mut self, outcome: &mut Outcome) -> bool {
        let Some((&number, _)) = self.datagrams.first_key_value() else { return false };
        if let Some(datagram) = self.take_out(number) {
            outcome.given_up = outcome.given_up.saturating_add(1);
            if self.late.len() < PARTS_MAX && !datagram.pieces.lacks_first() {
                self.late.push(datagram.gather(PART_LEN_MAX));
            }
        }
        true
    }

    fn take_out(&mut self, number: u64) -> Option<Datagram> {
        let datagram = self.datagrams.remove(&number)?;
        self.numbers.remove(&datagram.key);
        self.cost = self.cost.saturating_sub(datagram.cost());
        Some(datagram)
    }

    /// Time passes: give up what began too long ago, or, as clocks are set back, too far ahead.
    /// The beginnings of those, and of the ones that had to make room before, go to `told`.
    /// Answers how many were given up.
    pub(crate) fn expire(&mut self, now: Timestamp, told: &mut Vec<Gathered>) -> u64 {
        let over = |at: Timestamp| {
            let apart = now.nanos().abs_diff(at.nanos());
            Duration::from_nanos(apart) > FRAGMENTS_AGE
        };
        self.give_up(over, told)
    }

    /// The capture ends: give all up, as [`Fragments::expire`] does.
    pub(crate) fn finish(&mut self, told: &mut Vec<Gathered>) -> u64 {
        self.give_up(|_| true, told)
    }

    fn give_up(&mut self, over: impl Fn(Timestamp) -> bool, told: &mut Vec<Gathered>) -> u64 {
        told.append(&mut self.late);
        let due = self.datagrams.iter().filter(|(_, datagram)| over(datagram.at));
        let due: Vec<u64> = due.map(|(&number, _)| number).collect();
        for &number in &due {
            if let Some(datagram) = self.take_out(number)
                && !datagram.pieces.lacks_first()
            {
                told.push(datagram.gather(usize::MAX));
            }
        }
        due.len() as u64
    }

    fn is_twin(&mut self, key: &Key, piece: &Piece<'_>, at: Timestamp) -> bool {
        let &Key { source: [a, b], destination: [c, d], id, protocol } = key;
        let kind = u64::from(protocol.map_or(256, u16::from)) << 1 | u64::from(piece.more);
        let place = u64::from(piece.offset) << 32 | u64::from(piece.payload_len);
        let mark = self.hash_key.hash_words(&[a, b, c, d, u64::from(id) << 32 | kind, place]);
        self.twins.same_again(mark, piece.payload, at)
    }
}

/// The octets of a fragment that count; `None` when it ends where no datagram does.
fn sound(piece: &Piece<'_>) -> Option<u32> {
    // RFC 791 §3.2: only the last one may end anywhere.
    let len = if piece.more { piece.payload_len & !7 } else { piece.payload_len };
    let end = piece.offset.checked_add(piece.payload_len)?;
    (end <= DATAGRAM_LEN_MAX).then_some(len)
}
