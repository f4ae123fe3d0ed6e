//! The dissector: frames in, facts out.

use std::hint::black_box;

use arrayvec::ArrayVec;
use model::{CloseReason, Frame, Observation, Refused, Tally, Timestamp, Tunnel};

use crate::closing::Closing;
use crate::conversations::{Conversations, Due, Found, secs_of};
use crate::desk::{Bounds, Counts, Desk};
use crate::ends::Key;
use crate::flows::HashKey;
use crate::fragments::{Fragments, Gathered};
use crate::hints::{self, Hints, News};
use crate::layers::{self, Neighbour, Packet, Piece, Stop};
use crate::limits::{BATCH, Limits};
use crate::protocols::PROTOCOLS;
use crate::protocols::reader::Entry;
use crate::rest::{Credit, Rest, Rests};
use crate::shard::{NO_CONVERSATION, SHARDS, Shards, shard, shard_of};
use crate::twins::mark_of;

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
    /// The same in every lane, as all of them see all fragments.
    fragments: Fragments,
    /// Of the lane that has what belongs to no conversation.
    hints: Hints,
    counts: Counts,
    rests: Rests,
}

/// What is to be done when all packets of a batch that came before are read.
enum After {
    /// A fragmented datagram is whole.
    Whole(Gathered),
    /// A neighbour said something new, in a tunnel or not.
    Neighbour(Neighbour, Option<Tunnel>),
}

/// A packet of a batch that waits for the others.
struct Waiting<'a> {
    packet: Packet<'a>,
    hash: u64,
    /// What a twin of it is known by.
    mark: u64,
    /// Its frame's place in the batch.
    frame: u8,
    shard: u8,
    /// Way of the set where its flow is, as far as its tag tells.
    likely: u8,
    /// The place of the tunnel that it came in; beyond all of them for none.
    tunnel: u8,
}

const _: () = assert!(BATCH < 256 && SHARDS <= 256);

type Batch<'a> = ArrayVec<Waiting<'a>, BATCH>;

/// The tunnels that frames of a batch came in.
type Tunnels = ArrayVec<Tunnel, BATCH>;

/// The place of no tunnel.
const NO_TUNNEL: u8 = u8::MAX;

impl Dissector {
    /// A dissector for the conversations of `shards`, in memory that is taken as flows come.
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
        let fragments = Fragments::new(limits, hash_key.clone());
        let hints = Hints::default();
        let rests = Rests::default();
        Dissector {
            protocols,
            bounds,
            hash_key,
            shards,
            conversations,
            fragments,
            hints,
            counts,
            rests,
        }
    }

    /// Read frames in their order; each fact that they complete goes to `out`. Frames of shards
    /// that are not this dissector's are passed over and not counted; fragments are wanted of all
    /// shards (see [`shard`]). A batch, so that the memory
    /// of many flows is fetched at once; batches of one give the same facts.
    pub fn push(&mut self, frames: &[Frame<'_>], out: &mut impl FnMut(Observation)) {
        for batch in frames.chunks(BATCH) {
            self.push_batch(batch, out);
        }
    }

    fn push_batch(&mut self, mut frames: &[Frame<'_>], out: &mut dyn FnMut(Observation)) {
        while !frames.is_empty() {
            let (mut batch, mut tunnels) = (Batch::new_const(), Tunnels::new_const());
            let (used, after) = self.peel(frames, &mut batch, &mut tunnels);
            self.touch(&mut batch);
            self.work_off(frames, &batch, &tunnels, out);
            let (done, rest) = frames.split_at_checked(used).unwrap_or((frames, &[]));
            match (after, done.last()) {
                (Some(After::Whole(whole)), Some(frame)) => self.go_on(whole, frame, out),
                (Some(After::Neighbour(neighbour, tunnel)), Some(frame)) => {
                    let moment = (frame.at, frame.order);
                    out(hints::observation(&neighbour, tunnel.as_ref(), moment));
                }
                _ => {}
            }
            frames = rest;
        }
    }

    /// Read the packets of a batch.
    fn work_off(
        &mut self,
        frames: &[Frame<'_>],
        batch: &Batch<'_>,
        tunnels: &Tunnels,
        out: &mut dyn FnMut(Observation),
    ) {
        let Dissector { protocols, bounds, conversations, counts, rests, .. } = self;
        let (at, order) = (Timestamp::ZERO, 0);
        let mut desk = Desk { protocols, bounds, counts, out, rests, at, order };
        for waiting in batch {
            let home = conversations.get_mut(usize::from(waiting.shard));
            let frame = frames.get(usize::from(waiting.frame));
            if let (Some(Some(home)), Some(frame)) = (home, frame) {
                (desk.at, desk.order) = (frame.at, frame.order);
                let &Waiting { ref packet, hash, mark, likely, tunnel, .. } = waiting;
                let tunnel = tunnels.get(usize::from(tunnel));
                home.take(&Found { packet, hash, mark, likely, tunnel }, &mut desk);
            }
        }
    }

    /// Peel frames and count them, whatever they are, up to one that makes a fragmented datagram
    /// whole or says something new of a neighbour: that is told when all before it are read.
    /// Answers how many frames those are.
    fn peel<'a>(
        &mut self,
        frames: &[Frame<'a>],
        batch: &mut Batch<'a>,
        tunnels: &mut Tunnels,
    ) -> (usize, Option<After>) {
        // The first touch of a frame is the dearest: let no one's wait for another's.
        black_box(frames.iter().fold(0, |sum, frame| {
            // The headers of most frames end in their first 64 octets, over two cache lines.
            let ends = frame.bytes.first_chunk::<64>().map_or(0, |head| head[0] ^ head[63]);
            sum ^ ends
        }));
        for (number, frame) in frames.iter().enumerate() {
            // Under 255, as are the others.
            let place = number as u8;
            if let Some(packet) = layers::usual(frame) {
                self.wait(packet, (frame, place), NO_TUNNEL, batch);
            } else if let Some(after) = self.peel_other((frame, place), batch, tunnels) {
                return (number + 1, Some(after));
            }
        }
        (frames.len(), None)
    }

    /// Let a packet wait for the others of its batch.
    #[inline(always)] // So it is written once, and to where it waits.
    fn wait<'a>(
        &mut self,
        packet: Packet<'a>,
        (frame, place): (&Frame<'a>, u8),
        tunnel: u8,
        batch: &mut Batch<'a>,
    ) {
        let shard = packet.shard();
        if !self.shards.owns(shard) {
            return;
        }
        self.counts.frame(frame);
        self.counts.packet(packet.key.is_udp());
        let hash = self.hash_key.hash(&packet.key);
        let mark = mark_of(&packet, hash);
        let (shard, likely) = (shard as u8, 0);
        // There are no more frames than places.
        let _ = batch.try_push(Waiting { packet, hash, mark, frame: place, shard, likely, tunnel });
    }

    /// Peel a frame of a less usual kind.
    #[inline(never)]
    fn peel_other<'a>(
        &mut self,
        (frame, place): (&Frame<'a>, u8),
        batch: &mut Batch<'a>,
        tunnels: &mut Tunnels,
    ) -> Option<After> {
        let mut tunnel = None;
        match layers::peel(frame, &mut tunnel) {
            Ok(packet) => {
                let mut number = NO_TUNNEL;
                if let Some(tunnel) = tunnel
                    && self.shards.owns(packet.shard())
                {
                    // No more than frames.
                    number = tunnels.len() as u8;
                    let _ = tunnels.try_push(tunnel);
                }
                self.wait(packet, (frame, place), number, batch);
                None
            }
            Err(Stop::Refused(why)) => {
                self.refuse(why, frame);
                None
            }
            Err(Stop::Neighbour(why, neighbour)) => {
                self.refuse(why, frame);
                let news = self.is_news(&neighbour, frame);
                news.then_some(After::Neighbour(neighbour, tunnel))
            }
            Err(Stop::Fragment(piece)) => {
                self.piece(&piece, tunnel.as_ref(), frame).map(After::Whole)
            }
        }
    }

    /// A frame told of no conversation.
    #[cold]
    fn refuse(&mut self, why: Refused, frame: &Frame<'_>) {
        let own = |shard| self.shards.owns(shard);
        if self.shards == Shards::all() || shard(frame).is_some_and(own) {
            self.counts.frame(frame);
            self.counts.refuse(why, frame.link);
        }
    }

    /// A datagram that was put together told of no conversation. Every lane has it.
    fn refuse_whole(&mut self, why: Refused, frame: &Frame<'_>) {
        if self.shards.owns(NO_CONVERSATION) {
            self.counts.frame(frame);
            self.counts.refuse(why, frame.link);
        }
    }

    /// Whether what a frame said of a neighbour is to be told, here.
    #[cold]
    fn is_news(&mut self, neighbour: &Neighbour, frame: &Frame<'_>) -> bool {
        if !self.shards.owns(NO_CONVERSATION) {
            return false;
        }
        let news = self.hints.hear(neighbour, frame.at);
        if news == News::TooMuch {
            *self.counts.anomalies.entry("neighbours_too_many").or_default() += 1;
        }
        news == News::Told
    }

    /// A frame held a fragment. If that makes a datagram whole, the frame is counted as what that
    /// turns out to be.
    #[cold]
    fn piece(
        &mut self,
        piece: &Piece<'_>,
        tunnel: Option<&Tunnel>,
        frame: &Frame<'_>,
    ) -> Option<Gathered> {
        let outcome = self.fragments.push(piece, tunnel, frame.at);
        // Every lane sees all fragments.
        if self.shards.owns(NO_CONVERSATION) {
            self.counts.fragmented(&outcome);
            if outcome.whole.is_none() {
                let why = if outcome.twin { Refused::Duplicate } else { Refused::Fragment };
                self.counts.frame(frame);
                self.counts.refuse(why, frame.link);
            }
        }
        outcome.whole
    }

    /// Go on with a datagram that this frame made whole.
    fn go_on(&mut self, whole: Gathered, frame: &Frame<'_>, out: &mut dyn FnMut(Observation)) {
        let mut next = Some(whole);
        // Each time around is an encapsulation deeper, of which layers open a few only.
        while let Some(whole) = next.take() {
            let mut tunnel = whole.tunnel();
            match layers::resume(&whole.whole(), &mut tunnel) {
                Ok(packet) => {
                    if self.shards.owns(packet.shard()) {
                        self.counts.frame(frame);
                        self.counts.packet(packet.key.is_udp());
                        self.alone(&packet, tunnel.as_ref(), (frame.at, frame.order), out, false);
                    }
                }
                Err(Stop::Refused(why)) => self.refuse_whole(why, frame),
                Err(Stop::Neighbour(why, neighbour)) => {
                    self.refuse_whole(why, frame);
                    if self.is_news(&neighbour, frame) {
                        let moment = (frame.at, frame.order);
                        out(hints::observation(&neighbour, tunnel.as_ref(), moment));
                    }
                }
                Err(Stop::Fragment(piece)) => next = self.piece(&piece, tunnel.as_ref(), frame),
            }
        }
    }

    /// Read a packet that is in no batch. `part`: of a datagram that was never whole.
    fn alone(
        &mut self,
        packet: &Packet<'_>,
        tunnel: Option<&Tunnel>,
        (at, order): (Timestamp, u64),
        out: &mut dyn FnMut(Observation),
        part: bool,
    ) {
        let Dissector { protocols, bounds, conversations, counts, rests, hash_key, .. } = self;
        let mut desk = Desk { protocols, bounds, counts, out, rests, at, order };
        let hash = hash_key.hash(&packet.key);
        if let Some(Some(home)) = conversations.get_mut(packet.shard()) {
            let (_, likely) = home.touch_row(hash);
            let mark = mark_of(packet, hash);
            let found = Found { packet, hash, mark, likely, tunnel };
            if part {
                home.take_part(&found, &mut desk);
            } else {
                home.take(&found, &mut desk);
            }
        }
    }

    /// Tell the beginnings of datagrams that are given up.
    fn tell_parts(
        &mut self,
        parts: &[Gathered],
        given_up: u64,
        moment: (Timestamp, u64),
        out: &mut dyn FnMut(Observation),
    ) {
        if self.shards.owns(NO_CONVERSATION) {
            self.counts.unassembled += given_up;
        }
        for part in parts {
            let mut tunnel = part.tunnel();
            if let Ok(packet) = layers::resume(&part.whole(), &mut tunnel) {
                self.alone(&packet, tunnel.as_ref(), moment, out, true);
            }
        }
    }

    /// Read a word of each flow's memory. No fetch waits for another, so that a batch of flows
    /// that were not seen for a while costs little more than one of them.
    fn touch(&self, batch: &mut Batch<'_>) {
        let home_of = |shard: u8| self.conversations.get(usize::from(shard))?.as_ref();
        let mut sum = 0u64;
        for waiting in &*batch {
            if let Some(home) = home_of(waiting.shard) {
                sum ^= home.touch_head(waiting.hash) ^ home.touch_twin(waiting.mark);
            }
        }
        for waiting in batch {
            if let Some(home) = home_of(waiting.shard) {
                let (word, way) = home.touch_row(waiting.hash);
                sum ^= word;
                waiting.likely = way;
            }
        }
        black_box(sum);
    }

    /// Time passes: tell what there is of datagrams of which fragments never came, and close the
    /// flows that were silent for too long, all in the order of flows.
    /// To be called when packet time enters a new second. Time that runs backwards closes nothing.
    pub fn advance(&mut self, at: Timestamp, order: u64, out: &mut impl FnMut(Observation)) {
        let (mut parts, mut told) = (Vec::new(), Vec::new());
        let given_up = self.fragments.expire(at, &mut parts);
        self.tell_parts(&parts, given_up, (at, order), &mut |seen| told.push(seen));
        let now = secs_of(at.nanos());
        let which = &mut |home: &mut Conversations, desk: &Desk<'_>, due: &mut dyn FnMut(Due)| {
            home.expire(now, desk, due);
        };
        let mut closing = self.closing((at, order), CloseReason::Timeout, told, which);
        self.close_some(&mut closing, usize::MAX, out);
    }

    /// The capture ends: tell what there is of datagrams of which fragments never came, and close
    /// every flow, all in the order of flows.
    pub fn finish(&mut self, at: Timestamp, order: u64, out: &mut impl FnMut(Observation)) {
        let mut closing = self.end(at, order);
        self.close_some(&mut closing, usize::MAX, out);
    }

    /// As [`Dissector::finish`], for who takes it some at a time, by [`Dissector::close_some`].
    #[must_use]
    pub fn end(&mut self, at: Timestamp, order: u64) -> Closing {
        let (mut parts, mut told) = (Vec::new(), Vec::new());
        let given_up = self.fragments.finish(&mut parts);
        self.tell_parts(&parts, given_up, (at, order), &mut |seen| told.push(seen));
        let which = &mut |home: &mut Conversations, _: &Desk<'_>, due: &mut dyn FnMut(Due)| {
            home.all(due);
        };
        self.closing((at, order), CloseReason::End, told, which)
    }

    /// All conversations, and what they need to speak.
    pub(crate) fn desk<'a>(
        &'a mut self,
        (at, order): (Timestamp, u64),
        out: &'a mut dyn FnMut(Observation),
    ) -> (&'a mut [Option<Box<Conversations>>; SHARDS], Desk<'a>) {
        let Dissector { protocols, bounds, conversations, counts, rests, .. } = self;
        (conversations, Desk { protocols, bounds, counts, out, rests, at, order })
    }

    /// From now on, remember flows of which no octets are wanted, for [`Dissector::take_rests`].
    pub fn tell_rests(&mut self) {
        self.rests.want();
    }

    /// What is to be known of flows of which no octets are wanted, since last asked. To be asked
    /// after each run of frames, or it gathers.
    pub fn take_rests(&mut self) -> impl Iterator<Item = Rest> {
        self.rests.drain()
    }

    /// Count what was counted of a flow elsewhere. It was heard then, so it does not fall silent.
    /// False when there is no such flow.
    pub fn credit(&mut self, credit: &Credit) -> bool {
        let key = Key::of_flow(&credit.flow);
        let home = self.conversations.get_mut(shard_of(&key.low, &key.high));
        let hash = self.hash_key.hash(&key);
        home.and_then(Option::as_mut).is_some_and(|home| home.credit(&key, hash, credit))
    }

    /// Octets that were shown to probes and readers so far.
    #[cfg(test)]
    pub(crate) const fn looked(&self) -> u64 {
        self.counts.looked
    }

    /// What became of the frames so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.counts.tally()
    }
}
