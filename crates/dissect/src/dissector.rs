//! The dissector: frames in, facts out.

use std::hint::black_box;

use model::{CloseReason, Frame, Observation, Tally, Timestamp};

use crate::conversations::{Conversations, Due, Found, split};
use crate::desk::{Bounds, Counts, Desk};
use crate::flows::{HashKey, Key, Way};
use crate::layers::{self, Packet, Segment};
use crate::limits::{BATCH, Limits};
use crate::protocols::PROTOCOLS;
use crate::protocols::reader::Entry;
use crate::shard::{SHARDS, Shards, shard};

/// The key of the flow tables' hash. Random where strangers send; a fixed one gives the same
/// evictions, and so the same facts, each time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seed(pub [u64; 2]);

/// Reads frames and tells facts.
pub struct Dissector {
    protocols: &'static [Entry],
    bounds: Bounds,
    hash_key: HashKey,
    shards: Shards,
    conversations: [Option<Box<Conversations>>; SHARDS],
    counts: Counts,
}

/// A packet of a batch that waits for the others.
struct Waiting<'a> {
    packet: Packet<'a>,
    key: Key,
    way: Way,
    hash: u64,
    shard: usize,
    at: Timestamp,
    order: u64,
}

impl Dissector {
    /// A dissector for the conversations of `shards`. All memory of its flow tables is taken now.
    #[must_use]
    pub fn new(limits: &Limits, seed: Seed, shards: Shards) -> Dissector {
        Dissector::with_protocols(limits, seed, shards, PROTOCOLS)
    }

    /// The same with other protocols than there are.
    pub(crate) fn with_protocols(
        limits: &Limits,
        seed: Seed,
        shards: Shards,
        protocols: &'static [Entry],
    ) -> Dissector {
        let bounds = Bounds::share(limits, SHARDS);
        let conversations = std::array::from_fn(|number| {
            shards.owns(number).then(|| Box::new(Conversations::new(&bounds)))
        });
        let (hash_key, counts) = (HashKey::new(seed.0), Counts::default());
        Dissector { protocols, bounds, hash_key, shards, conversations, counts }
    }

    /// Read frames in their order; each fact that they complete goes to `out`. Frames of shards
    /// that are not this dissector's are passed over and not counted. A batch, so that the memory
    /// of many flows is fetched at once; batches of one give the same facts.
    pub fn push(&mut self, frames: &[Frame<'_>], out: &mut impl FnMut(Observation)) {
        for batch in frames.chunks(BATCH) {
            self.push_batch(batch, out);
        }
    }

    fn push_batch(&mut self, frames: &[Frame<'_>], out: &mut dyn FnMut(Observation)) {
        let mut batch = [const { None }; BATCH];
        let mut places = batch.iter_mut();
        for frame in frames {
            if self.shards != Shards::all() && !self.shards.owns(shard(frame)) {
                continue;
            }
            let waiting = self.peel(frame);
            if waiting.is_some()
                && let Some(place) = places.next()
            {
                *place = waiting;
            }
        }
        self.touch(&batch);
        let Dissector { protocols, bounds, conversations, counts, .. } = self;
        let mut desk = Desk { protocols, bounds, counts, out, at: Timestamp::ZERO, order: 0 };
        for waiting in batch.iter().map_while(Option::as_ref) {
            let Some(Some(home)) = conversations.get_mut(waiting.shard) else { continue };
            (desk.at, desk.order) = (waiting.at, waiting.order);
            let &Waiting { ref packet, key, way, hash, .. } = waiting;
            home.take(&Found { packet, key, way, hash }, &mut desk);
        }
    }

    /// Peel a frame and count it, whatever it is.
    fn peel<'a>(&mut self, frame: &Frame<'a>) -> Option<Waiting<'a>> {
        self.counts.frames += 1;
        self.counts.bytes += u64::from(frame.orig_len);
        match layers::peel(frame) {
            Ok(packet) => {
                match packet.transport {
                    Segment::Tcp { .. } => self.counts.tcp += 1,
                    Segment::Udp => self.counts.udp += 1,
                }
                let (key, way) = Key::of(&packet);
                let (hash, shard) = (self.hash_key.hash(&key), packet.shard());
                let (at, order) = (frame.at, frame.order);
                Some(Waiting { packet, key, way, hash, shard, at, order })
            }
            Err(why) => {
                self.counts.refuse(why, frame.link);
                None
            }
        }
    }

    /// Read a word of each flow's memory. No fetch waits for another, so that a batch of flows
    /// that were not seen for a while costs little more than one of them.
    fn touch(&self, batch: &[Option<Waiting<'_>>; BATCH]) {
        let mut sum = 0u64;
        let homes = || {
            batch.iter().map_while(Option::as_ref).filter_map(|waiting| {
                let home = self.conversations.get(waiting.shard)?.as_ref()?;
                Some((home, waiting.hash))
            })
        };
        for (home, hash) in homes() {
            sum ^= home.touch_head(hash);
        }
        for (home, hash) in homes() {
            sum ^= home.touch_row(hash);
        }
        black_box(sum);
    }

    /// Time passes: close the flows that were silent for too long, those that began first first.
    /// To be called when packet time enters a new second. Time that runs backwards closes nothing.
    pub fn advance(&mut self, at: Timestamp, order: u64, out: &mut impl FnMut(Observation)) {
        let (now, _) = split(at);
        self.close_some(at, order, CloseReason::Timeout, out, &mut |home, desk, due| {
            home.expire(now, desk, due);
        });
    }

    /// The capture ends: close every flow, those that began first first.
    pub fn finish(&mut self, at: Timestamp, order: u64, out: &mut impl FnMut(Observation)) {
        self.close_some(at, order, CloseReason::End, out, &mut |home, _, due| home.all(due));
    }

    #[allow(clippy::type_complexity)] // One use, and a name would say no more.
    fn close_some(
        &mut self,
        at: Timestamp,
        order: u64,
        reason: CloseReason,
        out: &mut dyn FnMut(Observation),
        which: &mut dyn FnMut(&mut Conversations, &Desk<'_>, &mut dyn FnMut(Due)),
    ) {
        let Dissector { protocols, bounds, conversations, counts, .. } = self;
        let mut desk = Desk { protocols, bounds, counts, out, at, order };
        let mut all = Vec::new();
        for (shard, home) in conversations.iter_mut().enumerate() {
            if let Some(home) = home {
                which(home, &desk, &mut |due| all.push((due.opened, shard, due.slot)));
            }
        }
        // Flows that began at once are told apart by their ends, which no two share.
        let mut flow_of = |shard: usize, slot| conversations.get_mut(shard)?.as_mut()?.flow(slot);
        all.sort_unstable_by(|one, other| {
            one.0.cmp(&other.0).then_with(|| flow_of(one.1, one.2).cmp(&flow_of(other.1, other.2)))
        });
        for (_, shard, slot) in all {
            if let Some(Some(home)) = conversations.get_mut(shard) {
                home.close(slot, reason, &mut desk);
            }
        }
    }

    /// What became of the frames so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.counts.tally()
    }
}
