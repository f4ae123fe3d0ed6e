//! Frames to facts, on one thread or on several, with the same facts in the same order.
//!
//! One lane reads, dissects and, on replay, weighs on the same thread, without a copy or a
//! hand-over. With more, the reader deals each frame to the lane that owns its shard, fragments to every lane, in parcels; every parcel of
//! a round carries the round's ticks of time, and the analyst merges the lanes round by round.

mod dealer;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use dissect::{Credit, Dissector, Limits, Rest, Seed, Shards};
use model::{Frame, Health, Observation, Tally, Timestamp};

use self::dealer::Dealer;
use crate::analyst::{Analyst, Conclusion};
use crate::limits::BATCHES_WAITING_MAX;
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

    /// The same, some facts at a time: `take` has them whenever there are `at_once`, but for the
    /// last.
    fn finish_by(
        &mut self,
        (at, order): (Timestamp, u64),
        out: &mut Batch,
        at_once: usize,
        take: &mut dyn FnMut(&mut Batch),
    ) {
        let mut closing = None;
        self.guarded(|dissector| closing = Some(dissector.end(at, order)));
        let mut more = true;
        while let Some(closing) = closing.as_mut().filter(|_| more) {
            // What panics here panics again: the dissector that begins anew knows none of them.
            more = false;
            self.guarded(|dissector| {
                more = dissector.close_some(closing, at_once, &mut |seen| out.push(seen));
            });
            if out.len() >= at_once {
                take(out);
            }
        }
    }

    /// What became of the frames, and how often the lane began anew.
    pub(crate) fn tally(&self) -> (Tally, u64) {
        let mut tally = self.before.clone();
        tally.add(&self.dissector.tally());
        (tally, self.panics)
    }
}

/// Who takes the facts of a lane.
pub(crate) trait Take {
    /// Facts that are gathered before they are handed over.
    const AT_ONCE: usize;

    /// Take `facts`, all of them, in no particular order; those of a capture's `end` are its last.
    /// `until` is the packet time that the lane has reached. `false`: nobody wants more.
    fn take(&mut self, facts: &mut Batch, until: Timestamp, end: bool) -> bool;

    /// How many of them gave way.
    fn dropped(&self) -> u64 {
        0
    }
}

/// One lane on the thread that reads.
pub(crate) struct Alone<T> {
    lane: Lane,
    ticks: Ticks,
    facts: Batch,
    last_order: u64,
    to: T,
}

/// An analyst on another thread, for whom a live capture does not wait.
pub(crate) struct Far {
    to: SyncSender<Round>,
    spare: Spare,
    number: usize,
    dropped: u64,
}

impl Far {
    /// Facts go `to` the analyst as those of the lane `number`, in batches from `spare`.
    pub(crate) fn new(to: SyncSender<Round>, number: usize, spare: Spare) -> Far {
        Far { to, spare, number, dropped: 0 }
    }
}

impl Take for Far {
    /// As many as wake the analyst seldom, and still lie in the cache when it comes to them.
    const AT_ONCE: usize = 1024;

    fn take(&mut self, facts: &mut Batch, until: Timestamp, end: bool) -> bool {
        let facts = std::mem::replace(facts, self.spare.take());
        let round = Round { facts, beat: None, lane: self.number, until };
        // The last facts wait for their turn: there is no wire any more.
        if end {
            return self.to.send(round).is_ok();
        }
        match self.to.try_send(round) {
            Ok(()) => true,
            Err(TrySendError::Full(round)) => {
                self.dropped += round.facts.len() as u64;
                self.spare.put(round.facts);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
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

/// Emptied batches, for lanes to fill again: memory that goes back and forth between threads is
/// neither given back to the operating system nor asked for anew.
#[derive(Clone, Default)]
pub(crate) struct Spare(Arc<Mutex<Vec<Batch>>>);

impl Spare {
    /// An empty batch.
    pub(crate) fn take(&self) -> Batch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keep a batch, whose facts are done with; not where as many are kept as can be on the way.
    pub(crate) fn put(&self, mut batch: Batch) {
        batch.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.capacity() > 0 && kept.len() < BATCHES_WAITING_MAX {
            kept.push(batch);
        }
    }

    /// How many are kept.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// The receiving end of the lanes' facts: the analyst's.
pub(crate) enum Facts {
    /// Lanes of one timeline, in rounds.
    Rounds(Vec<Receiver<Round>>, Spare),
    /// Lanes that each have their own, live.
    Live(Merge),
}

impl Facts {
    /// The next stretch of the timeline in its order; `None` at its end. Facts that are done with
    /// are given back.
    pub(crate) fn next(&mut self, done: Batch) -> Option<Round> {
        let (from, spare) = match self {
            Facts::Rounds(from, spare) => (from, spare),
            Facts::Live(merge) => return merge.next(done),
        };
        spare.put(done);
        let mut all = Round::default();
        for (number, lane) in from.iter().enumerate() {
            let mut round = lane.recv().ok()?;
            if number == 0 {
                all = round;
            } else {
                all.facts.append(&mut round.facts);
                spare.put(round.facts);
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

/// Frames to records, on replay.
pub(crate) enum Lanes {
    /// All on the thread that reads: facts are weighed while they lie in its cache.
    Alone(Box<Alone<Analyst>>),
    /// Dissected by lanes on other threads, weighed on one more.
    Dealt(Dealer, JoinHandle<Conclusion>),
    /// The analyst panicked on the thread that reads.
    Broken(Box<dyn Any + Send>),
}

impl Lanes {
    /// `lanes` lanes, and the analyst behind them.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(
        lanes: usize,
        limits: Limits,
        seed: Seed,
        analyst: Analyst,
    ) -> std::io::Result<Lanes> {
        if lanes <= 1 {
            return Ok(Lanes::Alone(Box::new(Alone::new(limits, seed, analyst))));
        }
        let spare = Spare::default();
        let (dealer, from) = Dealer::start(lanes, &limits, seed, &spare)?;
        let analyst = Builder::new()
            .name("analyst".into())
            .spawn(move || analyst.work(Facts::Rounds(from, spare)))?;
        Ok(Lanes::Dealt(dealer, analyst))
    }

    /// Take a run of frames. `false`: nobody takes the facts any more.
    pub(crate) fn push(&mut self, frames: &[Frame<'_>]) -> bool {
        match self {
            Lanes::Alone(alone) => match catch_unwind(AssertUnwindSafe(|| alone.push(frames))) {
                Ok(taken) => taken,
                Err(why) => {
                    *self = Lanes::Broken(why);
                    false
                }
            },
            Lanes::Dealt(dealer, _) => dealer.push(frames),
            Lanes::Broken(_) => false,
        }
    }

    /// The capture ended.
    ///
    /// # Errors
    /// When the analyst panicked.
    pub(crate) fn finish(self) -> std::thread::Result<(Account, Conclusion)> {
        match self {
            Lanes::Alone(alone) => catch_unwind(AssertUnwindSafe(|| {
                let (account, analyst) = alone.finish();
                (account, analyst.finish())
            })),
            Lanes::Dealt(dealer, analyst) => {
                let account = dealer.finish();
                analyst.join().map(|conclusion| (account, conclusion))
            }
            Lanes::Broken(why) => Err(why),
        }
    }
}

impl<T: Take> Alone<T> {
    /// One lane with all shards, whose facts are for `to`.
    pub(crate) fn new(limits: Limits, seed: Seed, to: T) -> Alone<T> {
        let lane = Lane::new(limits, seed, 0, 1);
        Alone { lane, ticks: Ticks::default(), facts: Batch::new(), last_order: 0, to }
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
        self.facts.len() < T::AT_ONCE || self.send()
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
        Account { tally, panics, last: self.ticks.last, dropped: self.to.dropped() }
    }

    /// Hand over what is gathered. `false`: nobody takes it any more.
    pub(crate) fn send(&mut self) -> bool {
        self.to.take(&mut self.facts, self.ticks.last, false)
    }

    /// The capture ended.
    pub(crate) fn finish(mut self) -> (Account, T) {
        let end = self.last_order.saturating_add(1);
        let (last, to) = (self.ticks.last, &mut self.to);
        self.lane.finish_by((last, end), &mut self.facts, T::AT_ONCE, &mut |facts| {
            to.take(facts, last, true);
        });
        self.to.take(&mut self.facts, last, true);
        (self.account(), self.to)
    }
}

fn frame_order(frames: &[Frame<'_>], at: usize) -> u64 {
    frames.get(at).map_or(0, |frame| frame.order)
}

#[cfg(test)]
mod tests {
    use model::LinkType;

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
