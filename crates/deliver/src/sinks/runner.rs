//! One sink's way through the spool: read, shape, carry, acknowledge; and again after a setback.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spool::{Reader, SpoolError, Taken};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::refusals::Refusals;
use super::state::Gauge;
use super::{Carried, Carrier, Entry, Refused, Setback, SinkPlan};
use crate::Stream;
use crate::limits::{BACKOFF_FIRST, BACKOFF_MOST, SAVE_EVERY, TROUBLE_TOLD_EVERY};
use crate::spooled::class_of;

/// What the outside asks of all sinks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Control {
    /// End by then, and before it as soon as nothing waits.
    pub(crate) end_by: Option<Instant>,
    /// How often files were asked to be opened anew.
    pub(crate) reopened: u64,
}

/// A sink at work.
pub(crate) struct Runner {
    plan: SinkPlan,
    carrier: Box<dyn Carrier>,
    reader: Reader,
    gauge: Arc<Gauge>,
    refusals: Refusals,
    backoff: Backoff,
    /// Something was released since the place was last written down.
    unsaved: bool,
    save_at: Instant,
    reopened: u64,
}

impl Runner {
    pub(crate) fn new(
        plan: SinkPlan,
        carrier: Box<dyn Carrier>,
        reader: Reader,
        gauge: Arc<Gauge>,
        folder: &Path,
    ) -> Runner {
        let refusals = Refusals::new(folder, &plan.name);
        Runner {
            plan,
            carrier,
            reader,
            gauge,
            refusals,
            backoff: Backoff::default(),
            unsaved: false,
            save_at: Instant::now(),
            reopened: 0,
        }
    }

    /// Work until the outside asks to end. `more` changes whenever the spool has more.
    pub(crate) async fn run(
        mut self,
        mut more: watch::Receiver<u64>,
        mut control: watch::Receiver<Control>,
    ) {
        loop {
            let asked = *control.borrow_and_update();
            if asked.reopened != self.reopened {
                self.reopened = asked.reopened;
                self.carrier.reopen();
            }
            if asked.end_by.is_some_and(|end| Instant::now() >= end) {
                break;
            }
            more.borrow_and_update();
            match self.step(asked.end_by).await {
                Step::Went => {}
                Step::Nothing if asked.end_by.is_some() => break,
                Step::Nothing => {
                    let save_at = self.save_at;
                    tokio::select! {
                        changed = more.changed() => if changed.is_err() { break },
                        changed = control.changed() => if changed.is_err() { break },
                        () = sleep_until(save_at), if self.unsaved => {}
                        () = sleep(SAVE_EVERY) => {}
                    }
                }
                Step::Wait(pause) => {
                    let until = Instant::now() + pause;
                    let until = asked.end_by.map_or(until, |end| end.min(until));
                    tokio::select! {
                        () = sleep_until(until) => {}
                        changed = control.changed() => if changed.is_err() { break },
                    }
                }
            }
            self.save_when_due().await;
            self.look();
        }
        self.save_at = Instant::now();
        self.save_when_due().await;
        self.look();
    }

    /// One batch, of the kind that is given up last.
    async fn step(&mut self, end_by: Option<Instant>) -> Step {
        for stream in Stream::ALL {
            if !self.plan.streams.contains(&stream) {
                continue;
            }
            let mut taken = Vec::new();
            let (records, bytes) = (self.plan.batch_records, self.plan.batch_bytes);
            match self.reader.read(class_of(stream), records, bytes, &mut taken) {
                Ok(0) => {}
                Ok(lost) => {
                    Gauge::add(&self.gauge.lost, lost);
                    tracing::error!(sink = %self.plan.name, lost, "records left the spool unsent");
                }
                Err(why) => return self.spool_failed(&why),
            }
            if let Some(last) = taken.last().map(|one| one.seq) {
                return self.carry(stream, taken, last, end_by).await;
            }
        }
        Step::Nothing
    }

    async fn carry(
        &mut self,
        stream: Stream,
        taken: Vec<Taken>,
        last: u64,
        end_by: Option<Instant>,
    ) -> Step {
        let class = class_of(stream);
        let mut formless = 0u64;
        let mut batch = Vec::with_capacity(taken.len());
        for Taken { seq, payload } in taken {
            let mut body = Vec::new();
            match (self.plan.prepare)(stream, &payload, &mut body) {
                Some(id) => batch.push(Entry { seq, stream, id, line: payload, body }),
                None => formless += 1,
            }
        }
        if batch.is_empty() {
            Gauge::add(&self.gauge.formless, formless);
            self.release(class, last);
            return Step::Went;
        }
        let deadline = Instant::now() + self.plan.timeout;
        let deadline = end_by.map_or(deadline, |end| end.min(deadline));
        let result = timeout_at(deadline, self.carrier.carry(&batch)).await;
        let result = result.unwrap_or_else(|_| {
            let secs = self.plan.timeout.as_secs_f32();
            Err(Setback::new(format!("no answer within {secs} s")))
        });
        match result {
            Ok(Carried { refused }) => {
                Gauge::add(&self.gauge.formless, formless);
                let refused = self.note(&batch, &refused);
                Gauge::add(&self.gauge.sent, (batch.len() - refused) as u64);
                self.release(class, last);
                self.went_well();
                Step::Went
            }
            Err(setback) => {
                let carried = setback.carried.min(batch.len());
                if let Some(through) = carried.checked_sub(1).and_then(|at| batch.get(at)) {
                    let refused = self.note(&batch, &setback.refused).min(carried);
                    Gauge::add(&self.gauge.sent, (carried - refused) as u64);
                    self.release(class, through.seq);
                }
                self.reader.rewind(class);
                if carried > 0 && setback.wait == Some(Duration::ZERO) {
                    // A batch in parts tells how far it came: nothing is wrong.
                    self.went_well();
                    return Step::Went;
                }
                if carried > 0 {
                    self.backoff.failures = 0;
                }
                Step::Wait(self.went_wrong(&setback))
            }
        }
    }

    fn release(&mut self, class: usize, through: u64) {
        self.reader.release(class, through);
        if !self.unsaved {
            self.unsaved = true;
            self.save_at = Instant::now() + SAVE_EVERY;
        }
    }

    /// Write down what was refused; how many of the batch it was.
    fn note(&mut self, batch: &[Entry], refused: &[Refused]) -> usize {
        let refused: BTreeMap<usize, &str> =
            refused.iter().map(|one| (one.at, one.why.as_str())).collect();
        let mut count = 0;
        for (at, why) in refused {
            let Some(entry) = batch.get(at) else { continue };
            count += 1;
            Gauge::add(&self.gauge.refused, 1);
            let (sink, id) = (&self.plan.name, &entry.id);
            match self.refusals.note(sink, entry, why) {
                Ok(true) => {
                    let kept = self.refusals.path().display();
                    tracing::warn!(%sink, %id, %why, %kept, "a record was refused");
                }
                Ok(false) => tracing::warn!(%sink, %id, %why, "a record was refused, and not kept"),
                Err(failed) => {
                    tracing::error!(%sink, %id, %why, %failed, "a refused record was not kept");
                }
            }
        }
        count
    }

    fn went_well(&mut self) {
        if self.backoff.failures > 0 {
            let (sink, attempts) = (&self.plan.name, self.backoff.failures);
            tracing::info!(%sink, attempts, "the sink takes records again");
            self.gauge.troubled(None);
        }
        self.backoff = Backoff::default();
    }

    /// Count a setback and say it now and then; how long to wait.
    fn went_wrong(&mut self, setback: &Setback) -> Duration {
        Gauge::add(&self.gauge.setbacks, 1);
        self.gauge.troubled(Some(&setback.why));
        let pause = self.backoff.next(setback.wait);
        let now = Instant::now();
        if self.backoff.told.is_none_or(|told| now - told >= TROUBLE_TOLD_EVERY) {
            self.backoff.told = Some(now);
            let (sink, why, attempts) = (&self.plan.name, &setback.why, self.backoff.failures);
            tracing::warn!(%sink, %why, attempts, "the sink takes nothing; records wait in the spool");
        }
        pause
    }

    fn spool_failed(&mut self, why: &SpoolError) -> Step {
        Step::Wait(self.went_wrong(&Setback::new(format!("the spool cannot be read: {why}"))))
    }

    /// Write the place down, at most once in a while, and only after what was carried is safe.
    async fn save_when_due(&mut self) {
        if !self.unsaved || Instant::now() < self.save_at {
            return;
        }
        let settled = timeout(self.plan.timeout, self.carrier.settle()).await;
        let settled = settled.unwrap_or_else(|_| Err(Setback::new("the disk does not answer")));
        let saved = match settled {
            Ok(()) => self.reader.save().map_err(|why| Setback::new(why.to_string())),
            Err(setback) => Err(setback),
        };
        match saved {
            Ok(()) => self.unsaved = false,
            Err(setback) => {
                self.save_at = Instant::now() + self.went_wrong(&setback).max(SAVE_EVERY);
            }
        }
    }

    fn look(&self) {
        let lag = self.reader.lag();
        let oldest = lag.oldest.and_then(|since| SystemTime::now().duration_since(since).ok());
        self.gauge.waits(lag.records, lag.bytes, oldest.map_or(0, |age| age.as_secs()));
    }
}

/// What came of looking for work.
enum Step {
    Went,
    Nothing,
    Wait(Duration),
}

/// How long to wait after a setback: twice as long each time, with some scatter, so that many
/// sensors do not return at once.
#[derive(Debug, Default)]
struct Backoff {
    failures: u32,
    told: Option<Instant>,
}

impl Backoff {
    fn next(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = BACKOFF_FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let pause = doubled.min(BACKOFF_MOST);
        let pause = pause.mul_f64(0.75 + 0.25 * scatter());
        // A server that says when to come back is believed, within bounds.
        asked.map_or(pause, |asked| asked.clamp(pause, BACKOFF_MOST * 2))
    }
}

/// A number from 0 to 1 that another process would not have.
fn scatter() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(0u8) % 1024) as f64 / 1024.0
}

#[cfg(test)]
mod tests;
