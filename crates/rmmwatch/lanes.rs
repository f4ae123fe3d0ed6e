//! Frames to facts, on one thread or on several, with the same facts in the same order.
//!
//! One lane reads and dissects on the same thread, without a copy. With more, the reader deals
//! each frame to the lane that owns its shard, fragments to every lane, in parcels; every parcel of
//! a round carries the round's ticks of time, and the analyst merges the lanes round by round.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use dissect::{Credit, Dissector, Limits, Rest, Seed, Shards};
use model::{Frame, Health, LinkType, Observation, Tally, Timestamp};

use crate::limits::{
    BATCHES_WAITING_MAX, PARCEL_BYTES_MAX, PARCEL_FRAMES_MAX, PARCELS_WAITING_MAX,
};
use crate::live::Merge;
use crate::reload::Fresh;

/// Facts of a stretch of the timeline, in no particular order.
pub(crate) type Batch = Vec<Observation>;

/// What one lane sends the analyst at once.
#[derive(Default)]
pub(crate) struct Round {
    /// Facts.
    pub(crate) facts: Batch,
    /// News that are not from the wire; only live.
    pub(crate) beat: Option<Box<Beat>>,
    /// Which lane of a live capture it is from.
    pub(crate) lane: usize,
    /// The packet time that this lane has reached; only live.
    pub(crate) until: Timestamp,
}

/// The live loop's regular news for the analyst.
#[derive(Default)]
pub(crate) struct Beat {
    /// Packet time, or on a silent wire the moment up to which nothing came.
    pub(crate) at: Timestamp,
    /// Write a health record, with these counts of the lane.
    pub(crate) health: Option<Health>,
    /// Catalogue, feeds and policy as they were read anew.
    pub(crate) reloaded: Option<Fresh>,
    /// Have sinks open their files anew.
    pub(crate) reopen: bool,
}

/// A frame this much older than the last one tells of a clock that was set back. Captures of
/// several taps are out of order by less.
const CLOCK_SET_BACK: Duration = Duration::from_secs(60);

/// Seconds of packet time, seen as ticks between frames.
#[derive(Default)]
struct Ticks {
    next: Option<Timestamp>,
    last: Timestamp,
}

impl Ticks {
    /// The tick that falls before `frame`, if packet time entered a new second.
    fn before(&mut self, frame: &Frame<'_>) -> Option<(Timestamp, u64)> {
        if self.next.is_some_and(|next| frame.at < next) {
            // A frame that is a little late changes nothing; a clock that was set back does, or no
            // second would begin until it has caught up.
            if self.last.since(frame.at) < CLOCK_SET_BACK {
                self.last = self.last.max(frame.at);
                return None;
            }
        }
        self.last = frame.at;
        self.next = Some(Timestamp::from_secs(frame.at.secs().saturating_add(1), 0));
        Some((Timestamp::from_secs(frame.at.secs(), 0), frame.order.saturating_sub(1)))
    }
}

/// A dissector that begins anew after a panic, with its counts kept.
pub(crate) struct Lane {
    limits: Limits,
    seed: Seed,
    shards: (usize, usize),
    dissector: Dissector,
    before: Tally,
    panics: u64,
    /// Someone asks of which flows nothing more is wanted.
    rests: bool,
}

impl Lane {
    /// The lane `number` of `lanes`.
    pub(crate) fn new(limits: Limits, seed: Seed, number: usize, lanes: usize) -> Lane {
        let dissector = Dissector::new(&limits, seed, Shards::nth(number, lanes));
        let shards = (number, lanes);
        let (before, rests) = (Tally::default(), false);
        Lane { limits, seed, shards, dissector, before, panics: 0, rests }
    }

    fn guarded(&mut self, act: impl FnOnce(&mut Dissector)) {
        let dissector = &mut self.dissector;
        if catch_unwind(AssertUnwindSafe(|| act(dissector))).is_err() {
            self.panics += 1;
            self.before.add(&self.dissector.tally());
            let (number, lanes) = self.shards;
            self.dissector = Dissector::new(&self.limits, self.seed, Shards::nth(number, lanes));
            if self.rests {
                self.dissector.tell_rests();
            }
        }
    }

    fn push(&mut self, frames: &[Frame<'_>], out: &mut Batch) {
        self.guarded(|dissector| dissector.push(frames, &mut |seen| out.push(seen)));
    }

    fn advance(&mut self, at: Timestamp, order: u64, out: &mut Batch) {
        self.guarded(|dissector| dissector.advance(at, order, &mut |seen| out.push(seen)));
    }

    fn finish(&mut self, at: Timestamp, order: u64, out: &mut Batch) {
        self.guarded(|dissector| dissector.finish(at, order, &mut |seen| out.push(seen)));
    }

    /// What became of the frames, and how often the lane began anew.
    pub(crate) fn tally(&self) -> (Tally, u64) {
        let mut tally = self.before.clone();
        tally.add(&self.dissector.tally());
        (tally, self.panics)
    }
}

/// Where frames go on the reader's thread.
pub(crate) enum Lanes {
    /// Dissected at once.
    Alone(Box<Alone>),
    /// Dealt to others.
    Dealt(Dealer),
}

/// One lane on the reader's thread.
pub(crate) struct Alone {
    lane: Lane,
    ticks: Ticks,
    facts: Batch,
    to: SyncSender<Round>,
    number: usize,
    last_order: u64,
    when_full: WhenFull,
    dropped: u64,
}

/// What a lane does when the analyst is behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WhenFull {
    /// It waits: a file has time.
    Wait,
    /// It drops the facts and counts them: the wire has none.
    Drop,
}

/// What the lanes leave behind.
pub(crate) struct Account {
    /// What became of the frames.
    pub(crate) tally: Tally,
    /// How often a lane began anew.
    pub(crate) panics: u64,
    /// Packet time of the last frame.
    pub(crate) last: Timestamp,
    /// Observations that were dropped since the analyst was behind.
    pub(crate) dropped: u64,
}

/// The receiving end of the lanes' facts: the analyst's.
pub(crate) enum Facts {
    /// Lanes of one timeline, in rounds.
    Rounds(Vec<Receiver<Round>>),
    /// Lanes that each have their own, live.
    Live(Merge),
}

impl Facts {
    /// The next stretch of the timeline in its order; `None` at its end.
    pub(crate) fn next(&mut self) -> Option<Round> {
        let from = match self {
            Facts::Rounds(from) => from,
            Facts::Live(merge) => return merge.next(),
        };
        let mut all = Round::default();
        for (number, lane) in from.iter().enumerate() {
            let round = lane.recv().ok()?;
            if number == 0 {
                all = round;
            } else {
                all.facts.extend(round.facts);
            }
        }
        put_in_order(&mut all.facts);
        Some(all)
    }
}

/// Put facts in the order of their frames. Facts of one frame come from one lane in their order;
/// those of one tick come from every lane and are put in the order of their flows.
pub(crate) fn put_in_order(facts: &mut Batch) {
    facts.sort_by(|one, two| {
        let tick = one.order.is_multiple_of(2);
        one.order
            .cmp(&two.order)
            .then_with(|| if tick { one.flow.cmp(&two.flow) } else { std::cmp::Ordering::Equal })
    });
}

impl Lanes {
    /// `lanes` lanes, and the end where their facts arrive.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(
        lanes: usize,
        limits: Limits,
        seed: Seed,
    ) -> std::io::Result<(Lanes, Facts)> {
        if lanes <= 1 {
            let (to, from) = sync_channel(BATCHES_WAITING_MAX);
            let alone = Alone::new(limits, seed, WhenFull::Wait, (0, to));
            return Ok((Lanes::Alone(Box::new(alone)), Facts::Rounds(vec![from])));
        }
        let (dealer, from) = Dealer::start(lanes, &limits, seed)?;
        Ok((Lanes::Dealt(dealer), Facts::Rounds(from)))
    }

    /// Take a run of frames. `false`: nobody takes the facts any more.
    pub(crate) fn push(&mut self, frames: &[Frame<'_>]) -> bool {
        match self {
            Lanes::Alone(alone) => alone.push(frames),
            Lanes::Dealt(dealer) => dealer.push(frames),
        }
    }

    /// The capture ended.
    pub(crate) fn finish(self) -> Account {
        match self {
            Lanes::Alone(alone) => alone.finish(),
            Lanes::Dealt(dealer) => dealer.finish(),
        }
    }
}

impl Alone {
    /// One lane, whose facts go `to` the analyst under its `number`.
    pub(crate) fn new(
        limits: Limits,
        seed: Seed,
        when_full: WhenFull,
        (number, to): (usize, SyncSender<Round>),
    ) -> Alone {
        Alone {
            lane: Lane::new(limits, seed, 0, 1),
            ticks: Ticks::default(),
            facts: Batch::new(),
            to,
            number,
            last_order: 0,
            when_full,
            dropped: 0,
        }
    }

    /// Take a run of frames. `false`: nobody takes the facts any more.
    pub(crate) fn push(&mut self, mut frames: &[Frame<'_>]) -> bool {
        let mut at = 0;
        while let Some(frame) = frames.get(at) {
            if let Some((time, order)) = self.ticks.before(frame) {
                let (before, rest) = frames.split_at(at);
                self.lane.push(before, &mut self.facts);
                self.lane.advance(time, order, &mut self.facts);
                (frames, at) = (rest, 0);
            }
            self.last_order = frame_order(frames, at);
            at += 1;
        }
        self.lane.push(frames, &mut self.facts);
        self.facts.len() < FACTS_AT_ONCE || self.send(None)
    }

    /// Time passed on a silent wire.
    pub(crate) fn advance(&mut self, at: Timestamp) {
        self.ticks.last = self.ticks.last.max(at);
        let order = self.last_order.saturating_add(1);
        self.lane.advance(self.ticks.last, order, &mut self.facts);
    }

    /// From now on, remember of which flows nothing more is wanted.
    pub(crate) fn tell_rests(&mut self) {
        self.lane.rests = true;
        self.lane.dissector.tell_rests();
    }

    /// Those flows, and those that ended, since last asked. To be asked after each run of frames.
    pub(crate) fn take_rests(&mut self) -> impl Iterator<Item = Rest> {
        self.lane.dissector.take_rests()
    }

    /// Count what was counted of a flow elsewhere. False when it is not known.
    pub(crate) fn credit(&mut self, credit: &Credit) -> bool {
        let mut known = false;
        self.lane.guarded(|dissector| known = dissector.credit(credit));
        known
    }

    /// Packet time so far.
    pub(crate) fn last(&self) -> Timestamp {
        self.ticks.last
    }

    /// What the lane has counted so far.
    pub(crate) fn account(&self) -> Account {
        let (tally, panics) = self.lane.tally();
        Account { tally, panics, last: self.ticks.last, dropped: self.dropped }
    }

    /// Send what is gathered, with news. `false`: nobody takes it any more.
    pub(crate) fn send(&mut self, beat: Option<Box<Beat>>) -> bool {
        let news = beat.is_some();
        // The next are likely as many; growing by doubling would move each several times.
        let next = Batch::with_capacity(self.facts.len());
        let facts = std::mem::replace(&mut self.facts, next);
        let (lane, until) = (self.number, self.last());
        let round = Round { facts, beat, lane, until };
        // News are rare and must arrive; only facts may give way.
        if self.when_full == WhenFull::Wait || news {
            return self.to.send(round).is_ok();
        }
        match self.to.try_send(round) {
            Ok(()) => true,
            Err(TrySendError::Full(round)) => {
                self.dropped += round.facts.len() as u64;
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    /// The capture ended.
    pub(crate) fn finish(mut self) -> Account {
        let end = self.last_order.saturating_add(1);
        self.lane.finish(self.ticks.last, end, &mut self.facts);
        // The last facts wait for their turn, live too: there is no wire any more.
        self.when_full = WhenFull::Wait;
        self.send(None);
        self.account()
    }
}

/// Facts that one lane gathers before it hands them over: as many as wake the analyst seldom, and
/// still lie in the cache when it comes to them.
const FACTS_AT_ONCE: usize = 1024;

fn frame_order(frames: &[Frame<'_>], at: usize) -> u64 {
    frames.get(at).map_or(0, |frame| frame.order)
}

/// One frame of a parcel; its octets stand in the parcel's arena.
#[derive(Clone, Copy)]
struct Packed {
    at: Timestamp,
    order: u64,
    link: LinkType,
    orig_len: u32,
    start: usize,
    end: usize,
}

/// What a lane is to do next.
#[derive(Clone, Copy)]
enum Task {
    Frame(Packed),
    Tick(Timestamp, u64),
    Finish(Timestamp, u64),
}

/// A stretch of the timeline as one lane sees it.
#[derive(Default)]
struct Parcel {
    tasks: Vec<Task>,
    octets: Vec<u8>,
}

impl Parcel {
    /// Put a frame in. Answers whether the parcel is full.
    fn pack(&mut self, frame: &Frame<'_>) -> bool {
        let start = self.octets.len();
        self.octets.extend_from_slice(frame.bytes);
        let end = self.octets.len();
        let Frame { at, order, link, orig_len, .. } = *frame;
        self.tasks.push(Task::Frame(Packed { at, order, link, orig_len, start, end }));
        end >= PARCEL_BYTES_MAX
    }
}

/// Deals frames to lanes on other threads.
pub(crate) struct Dealer {
    lanes: Vec<Handle>,
    parcels: Vec<Parcel>,
    ticks: Ticks,
    last_order: u64,
    frames: usize,
}

struct Handle {
    to: SyncSender<Parcel>,
    empty: Receiver<Parcel>,
    thread: JoinHandle<(Tally, u64)>,
}

impl Dealer {
    fn start(
        lanes: usize,
        limits: &Limits,
        seed: Seed,
    ) -> std::io::Result<(Dealer, Vec<Receiver<Round>>)> {
        let mut handles = Vec::with_capacity(lanes);
        let mut facts = Vec::with_capacity(lanes);
        for number in 0..lanes {
            let (to, parcels) = sync_channel::<Parcel>(PARCELS_WAITING_MAX);
            let (back, empty) = sync_channel::<Parcel>(PARCELS_WAITING_MAX + 2);
            let (give, take) = sync_channel(BATCHES_WAITING_MAX);
            let mut lane = Lane::new(limits.clone(), seed, number, lanes);
            let thread = Builder::new().name(format!("lane-{number}")).spawn(move || {
                for mut parcel in parcels {
                    let mut batch = Batch::new();
                    lane.work(&parcel, &mut batch);
                    parcel.tasks.clear();
                    parcel.octets.clear();
                    // The reader may be gone already; then the arena is not needed either.
                    let _ = back.try_send(parcel);
                    if give.send(Round { facts: batch, ..Round::default() }).is_err() {
                        break;
                    }
                }
                lane.tally()
            })?;
            handles.push(Handle { to, empty, thread });
            facts.push(take);
        }
        let parcels = handles.iter().map(|_| Parcel::default()).collect();
        let dealer =
            Dealer { lanes: handles, parcels, ticks: Ticks::default(), last_order: 0, frames: 0 };
        Ok((dealer, facts))
    }

    fn push(&mut self, frames: &[Frame<'_>]) -> bool {
        for frame in frames {
            if let Some((at, order)) = self.ticks.before(frame) {
                for parcel in &mut self.parcels {
                    parcel.tasks.push(Task::Tick(at, order));
                }
            }
            self.last_order = frame.order;
            let lanes = self.parcels.len().max(1);
            let full = match dissect::shard(frame) {
                Some(shard) => {
                    self.frames += 1;
                    self.parcels.get_mut(shard % lanes).is_some_and(|parcel| parcel.pack(frame))
                }
                // A fragment is everyone's.
                None => {
                    self.frames += lanes;
                    self.parcels.iter_mut().fold(false, |full, parcel| parcel.pack(frame) | full)
                }
            };
            if (full || self.frames >= PARCEL_FRAMES_MAX * self.lanes.len()) && !self.deal() {
                return false;
            }
        }
        true
    }

    /// Send every lane its parcel, an empty one too: a round is whole or the analyst would wait.
    fn deal(&mut self) -> bool {
        self.frames = 0;
        for (lane, parcel) in self.lanes.iter().zip(&mut self.parcels) {
            let fresh = lane.empty.try_recv().unwrap_or_default();
            if lane.to.send(std::mem::replace(parcel, fresh)).is_err() {
                return false;
            }
        }
        true
    }

    fn finish(mut self) -> Account {
        let (last, order) = (self.ticks.last, self.last_order.saturating_add(1));
        for parcel in &mut self.parcels {
            parcel.tasks.push(Task::Finish(last, order));
        }
        self.deal();
        let mut account = Account { tally: Tally::default(), panics: 0, last, dropped: 0 };
        for Handle { to, thread, .. } in self.lanes {
            drop(to);
            match thread.join() {
                Ok((tally, panics)) => {
                    account.tally.add(&tally);
                    account.panics += panics;
                }
                Err(_) => account.panics += 1,
            }
        }
        account
    }
}

/// Frames that a lane dissects at once: as many as flow rows are fetched ahead for.
const RUN_MAX: usize = 64;

impl Lane {
    fn work(&mut self, parcel: &Parcel, out: &mut Batch) {
        let none = Frame {
            at: Timestamp::ZERO,
            order: 0,
            link: LinkType::ETHERNET,
            bytes: &[],
            orig_len: 0,
        };
        let mut run = [none; RUN_MAX];
        let mut filled = 0;
        for task in &parcel.tasks {
            if filled == RUN_MAX || !matches!(task, Task::Frame(_)) {
                self.push(run.get(..filled).unwrap_or(&[]), out);
                filled = 0;
            }
            match *task {
                Task::Frame(packed) => {
                    let Packed { at, order, link, orig_len, start, end } = packed;
                    let bytes = parcel.octets.get(start..end).unwrap_or(&[]);
                    if let Some(place) = run.get_mut(filled) {
                        *place = Frame { at, order, link, bytes, orig_len };
                        filled += 1;
                    }
                }
                Task::Tick(at, order) => self.advance(at, order, out),
                Task::Finish(at, order) => self.finish(at, order, out),
            }
        }
        self.push(run.get(..filled).unwrap_or(&[]), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_falls_where_a_second_begins_and_where_the_clock_was_set_back() {
        let (mut ticks, mut order) = (Ticks::default(), 1);
        let mut tick = |secs, nanos| {
            let at = Timestamp::from_secs(secs, nanos);
            let link = LinkType::ETHERNET;
            let told = ticks.before(&Frame { at, order, link, bytes: &[], orig_len: 0 });
            order += 2;
            told.map(|(at, order)| (at.secs(), order))
        };
        let table = [
            ((5000, 5), Some((5000, 0))),
            ((5000, 9), None),
            ((5001, 0), Some((5001, 4))),
            ((5000, 8), None),
            ((5003, 1), Some((5003, 8))),
            ((1400, 0), Some((1400, 10))),
            ((1400, 7), None),
            ((1401, 0), Some((1401, 14))),
        ];
        for ((secs, nanos), want) in table {
            assert_eq!(tick(secs, nanos), want, "{secs}.{nanos}");
        }
    }
}
