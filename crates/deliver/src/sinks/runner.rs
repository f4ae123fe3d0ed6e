//! One sink's way through the spool: read, shape, carry, acknowledge; and again after a setback.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use spool::{Reader, SpoolError, Taken};
use tokio::sync::watch;
use tokio::task::yield_now;
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
    /// Records of the next batch at most: fewer after an attempt that took too long.
    room: usize,
    /// The reader went on since its place was last written down.
    unsaved: bool,
    save_at: Instant,
    /// Why the place could not be written down goes its own way: carrying goes on meanwhile.
    saving: Backoff,
    /// Refused records that were not told of, and when some were.
    refused: (u64, Option<Instant>),
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
            room: plan.batch_records,
            plan,
            carrier,
            reader,
            gauge,
            refusals,
            backoff: Backoff::default(),
            // The place of a sink that never took anything stands too: what the spool gives up
            // until the next start is then known as its loss.
            unsaved: true,
            save_at: Instant::now(),
            saving: Backoff::default(),
            refused: (0, None),
            reopened: 0,
        }
    }

    /// Where it tells how it fares.
    pub(crate) fn gauge(&self) -> Arc<Gauge> {
        Arc::clone(&self.gauge)
    }

    /// Work until the outside asks to end. `more` changes whenever the spool has more.
    pub(crate) async fn run(
        mut self,
        mut more: watch::Receiver<u64>,
        mut control: watch::Receiver<Control>,
    ) {
        'work: loop {
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
                // Records without a form wait for nothing: other sinks want the thread too.
                Step::Went => yield_now().await,
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
                    // The place is kept meanwhile, and how much waits is told.
                    while Instant::now() < until {
                        self.save_when_due().await;
                        self.look();
                        tokio::select! {
                            () = sleep_until(until.min(Instant::now() + SAVE_EVERY)) => {}
                            changed = control.changed() => match changed {
                                Ok(()) => break,
                                Err(_) => break 'work,
                            },
                        }
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
            let (room, bytes) = (self.room, self.plan.batch_bytes);
            match self.reader.read(class_of(stream), room, bytes, &mut taken) {
                Ok(0) => {}
                Ok(lost) => {
                    Gauge::add(&self.gauge.lost, lost);
                    // Told once: the next start is not to tell it again.
                    self.save_soon();
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
        let mut formless = Vec::new();
        let mut batch = Vec::with_capacity(taken.len());
        for Taken { seq, payload } in taken {
            let mut body = Vec::new();
            match (self.plan.prepare)(stream, &payload, &mut body) {
                Some(id) => batch.push(Entry { seq, stream, id, line: payload, body }),
                None => formless.push(seq),
            }
        }
        if batch.is_empty() {
            self.pass(class, last, &formless);
            return Step::Went;
        }
        let attempted = self.attempt(&batch, end_by).await;
        match self.believe(attempted, &batch) {
            Ok(Carried { refused }) => {
                let refused = self.note(&batch, &refused);
                Gauge::add(&self.gauge.sent, (batch.len() - refused) as u64);
                self.pass(class, last, &formless);
                self.went_well();
                Step::Went
            }
            Err(setback) => {
                let carried = setback.carried.min(batch.len());
                if let Some(through) = carried.checked_sub(1).and_then(|at| batch.get(at)) {
                    let refused = self.note(&batch, &setback.refused).min(carried);
                    Gauge::add(&self.gauge.sent, (carried - refused) as u64);
                    self.pass(class, through.seq, &formless);
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

    /// One attempt, bounded in time. After one that was not, the next is with half as much: a reader
    /// that is slow, and not dead, would be given the same batch for ever.
    async fn attempt(
        &mut self,
        batch: &[Entry],
        end_by: Option<Instant>,
    ) -> Result<Carried, Setback> {
        let begun = Instant::now();
        let deadline = begun + self.plan.timeout;
        let deadline = end_by.map_or(deadline, |end| end.min(deadline));
        match timeout_at(deadline, self.carrier.carry(batch)).await {
            Ok(result) => {
                if result.is_ok() {
                    self.room = self.room.saturating_mul(2).min(self.plan.batch_records);
                }
                result
            }
            Err(_) => {
                self.room = (batch.len() / 2).max(1);
                let secs = begun.elapsed().as_secs_f32();
                Err(Setback::new(format!("no answer within {secs:.1} s")))
            }
        }
    }

    /// What a sink that has not taken a single record yet refuses is not refused for good: more
    /// likely it is the wrong place, or one that was not set up. A record that is odd by itself goes
    /// as soon as another one beside it is taken.
    fn believe(
        &self,
        attempted: Result<Carried, Setback>,
        batch: &[Entry],
    ) -> Result<Carried, Setback> {
        let (through, refused) = match &attempted {
            Ok(carried) => (batch.len(), &carried.refused),
            Err(setback) => (setback.carried.min(batch.len()), &setback.refused),
        };
        let took_none = self.gauge.sent.load(Ordering::Relaxed) == 0 && refused.len() >= through;
        match refused.first().filter(|_| took_none) {
            Some(first) => Err(Setback::new(format!("it refuses every record: {}", first.why))),
            None => attempted,
        }
    }

    /// Everything up to this record is through, or has no form here.
    fn pass(&mut self, class: usize, through: u64, formless: &[u64]) {
        let passed = formless.iter().filter(|seq| **seq <= through).count();
        Gauge::add(&self.gauge.formless, passed as u64);
        self.reader.release(class, through);
        self.save_soon();
    }

    fn save_soon(&mut self) {
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
            let kept = match self.refusals.note(sink, entry, why) {
                Ok(true) => format!("in {}", self.refusals.path().display()),
                Ok(false) => "not kept: that file is full".to_owned(),
                Err(failed) => format!("not kept: {failed}"),
            };
            let (untold, told) = &mut self.refused;
            *untold += 1;
            if told.is_none_or(|told| told.elapsed() >= TROUBLE_TOLD_EVERY) {
                let records = *untold;
                tracing::warn!(%sink, records, %id, %why, %kept, "refused for good, the last so");
                self.refused = (0, Some(Instant::now()));
            }
        }
        count
    }

    fn went_well(&mut self) {
        if self.backoff.failures > 0 {
            let (sink, attempts) = (&self.plan.name, self.backoff.failures);
            if self.backoff.good() {
                tracing::info!(%sink, attempts, "the sink takes records again");
            }
            if self.saving.failures == 0 {
                self.gauge.troubled(None);
            }
        }
    }

    /// Count a setback and say it now and then; how long to wait.
    fn went_wrong(&mut self, setback: &Setback) -> Duration {
        Gauge::add(&self.gauge.setbacks, 1);
        self.gauge.troubled(Some(&setback.why));
        let pause = self.backoff.next(setback.wait);
        if self.backoff.tells() {
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
        let sink = &self.plan.name;
        match saved {
            Ok(()) => {
                self.unsaved = false;
                let failed = std::mem::take(&mut self.saving.failures) > 0;
                if failed && self.backoff.failures == 0 {
                    self.gauge.troubled(None);
                }
            }
            Err(setback) => {
                Gauge::add(&self.gauge.setbacks, 1);
                self.gauge.troubled(Some(&setback.why));
                self.save_at = Instant::now() + self.saving.next(setback.wait).max(SAVE_EVERY);
                if self.saving.tells() {
                    let why = &setback.why;
                    tracing::warn!(%sink, %why, "what was sent cannot be written down as sent");
                }
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
    /// When the log last said so, and whether it did since all was well.
    told: Option<Instant>,
    said: bool,
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

    /// Whether the log is to say it: a sink that comes and goes fills no log either.
    fn tells(&mut self) -> bool {
        let due = self.told.is_none_or(|told| told.elapsed() >= TROUBLE_TOLD_EVERY);
        if due {
            (self.told, self.said) = (Some(Instant::now()), true);
        }
        due
    }

    /// All is well; whether the log said that it was not.
    fn good(&mut self) -> bool {
        self.failures = 0;
        std::mem::take(&mut self.said)
    }
}

/// A number from 0 to 1 that another process would not have.
fn scatter() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(0u8) % 1024) as f64 / 1024.0
}

#[cfg(test)]
mod tests;
