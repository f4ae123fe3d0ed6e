//! Frames dealt to lanes on threads of their own: by shard, in parcels, in rounds.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use dissect::{Limits, Seed};
use model::{Frame, LinkType, Tally, Timestamp};

use super::{Account, Batch, Lane, Round, Spare, Ticks};
use crate::limits::{
    BATCHES_WAITING_MAX, PARCEL_BYTES_MAX, PARCEL_FRAMES_MAX, PARCELS_WAITING_MAX,
};

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
    pub(super) fn start(
        lanes: usize,
        limits: &Limits,
        seed: Seed,
        spare: &Spare,
    ) -> std::io::Result<(Dealer, Vec<Receiver<Round>>)> {
        let mut handles = Vec::with_capacity(lanes);
        let mut facts = Vec::with_capacity(lanes);
        for number in 0..lanes {
            let (to, parcels) = sync_channel::<Parcel>(PARCELS_WAITING_MAX);
            let (back, empty) = sync_channel::<Parcel>(PARCELS_WAITING_MAX + 2);
            let (give, take) = sync_channel(BATCHES_WAITING_MAX);
            let mut lane = Lane::new(limits.clone(), seed, number, lanes);
            let spare = spare.clone();
            let thread = Builder::new().name(format!("lane-{number}")).spawn(move || {
                for mut parcel in parcels {
                    let mut batch = spare.take();
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

    /// Take a run of frames. `false`: nobody takes the facts any more.
    pub(super) fn push(&mut self, frames: &[Frame<'_>]) -> bool {
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

    /// The capture ended.
    pub(super) fn finish(mut self) -> Account {
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
