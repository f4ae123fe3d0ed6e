//! The one thread that owns all memory: observations in, records out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deliver::{Delivery, Gone, Stream};
use detect::{Detector, State};
use intel::{Book, FeedInfo};
use model::{Alert, FeedLoaded, Health, Match, Observation, Timestamp, Usage, UsageId};
use records::{Findings, Recorder, RecorderOptions};

use crate::counts::Counts;
use crate::dns_share::DnsCount;
use crate::fleet::forward::{ForwardPlan, Forwarder};
use crate::lanes::{Batch, Beat, Facts, Take, put_in_order};
use crate::limits::RECORD_BUFFER_BYTES;
use crate::one_way::OneWay;
use crate::sending::{Losses, health_of};
use crate::state::Keeper;

/// How often rows of the inventory that changed are told on a live wire, in packet time.
const INVENTORY_EVERY: Duration = Duration::from_secs(60 * 60);

/// Octets that nearly every line is shorter than.
const LINE_BYTES: usize = 4 << 10;

/// Numbers that others look at while the analyst works.
#[derive(Default)]
pub(crate) struct Gauges {
    /// Alerts first told so far.
    pub(crate) alerts: AtomicU64,
}

/// Weighs observations and writes records.
pub(crate) struct Analyst {
    book: Arc<Book>,
    detector: Detector,
    recorder: Recorder,
    delivery: Delivery,
    /// Whether observations are asked for; formatting them costs more than all else.
    observations_on: bool,
    one_way: OneWay,
    /// Packet time at which rows of the inventory that changed are told next, on a live wire.
    inventory_due: Option<Timestamp>,
    lines: Lines,
    matches: Vec<Match>,
    /// Whether an output came to its end while facts were weighed.
    gone: Result<(), Gone>,
    counts: Counts,
    dns: DnsCount,
    gauges: Arc<Gauges>,
    keeper: Option<Keeper>,
    /// Facts for analysts elsewhere, where a sink wants them.
    forwarder: Option<Forwarder>,
    losses: Losses,
    /// The packet time that was reached.
    at: Timestamp,
}

/// Lines that wait to be handed over.
#[derive(Default)]
struct Lines {
    alerts: Vec<u8>,
    observations: Vec<u8>,
    health: Vec<u8>,
}

/// What the analyst leaves behind.
pub(crate) struct Conclusion {
    /// The analyst's part of the health; frames and kernel counts are the lanes' to add.
    pub(crate) health: Health,
    /// Rows of the inventory that were not told as they stand.
    pub(crate) usages: Vec<(UsageId, Usage)>,
    /// Delivery, still open for the summary.
    pub(crate) delivery: Delivery,
    /// Writes the summary.
    pub(crate) recorder: Recorder,
    /// Alerts first told, by the word of their severity.
    pub(crate) severities: BTreeMap<&'static str, u64>,
    /// What must not be forgotten, and who writes it down.
    pub(crate) kept: Option<(State, Keeper)>,
}

impl Analyst {
    /// An analyst with nothing seen yet.
    pub(crate) fn new(
        book: Arc<Book>,
        detector: Detector,
        delivery: Delivery,
        gauges: Arc<Gauges>,
    ) -> Analyst {
        let observations_on = delivery.wants(Stream::Observations);
        Analyst {
            book,
            detector,
            recorder: Recorder::default(),
            delivery,
            observations_on,
            one_way: OneWay::default(),
            inventory_due: None,
            lines: Lines::default(),
            matches: Vec::new(),
            gone: Ok(()),
            counts: Counts::default(),
            dns: DnsCount::default(),
            gauges,
            keeper: None,
            forwarder: None,
            losses: Losses::default(),
            at: Timestamp::ZERO,
        }
    }

    /// Tell which sensor this is, and forward facts where a sink wants them.
    pub(crate) fn of_sensor(mut self, name: Option<&str>, plan: ForwardPlan) -> Analyst {
        self.recorder = Recorder::new(RecorderOptions { sensor: name.map(str::to_owned) });
        self.forwarder = self.delivery.wants(Stream::Facts).then(|| Forwarder::new(plan));
        self
    }

    /// Keep memory in a file.
    pub(crate) fn keep(mut self, keeper: Option<Keeper>) -> Analyst {
        self.keeper = keeper;
        self
    }

    /// Weigh what arrives until the lanes end or nobody reads the records any more.
    pub(crate) fn work(mut self, mut facts: Facts) -> Conclusion {
        let mut done = Batch::new();
        while let Some(round) = facts.next(done) {
            let taken = self.push(&round.facts);
            done = round.facts;
            let heard = round.beat.map_or(Ok(()), |beat| self.beat(*beat));
            if taken.and(heard).is_err() {
                break;
            }
        }
        self.finish()
    }

    /// Take the live loop's news.
    fn beat(&mut self, beat: Beat) -> Result<(), Gone> {
        if beat.reopen {
            self.delivery.reopen();
        }
        if let Some((book, policy)) = beat.reloaded {
            self.book = book;
            self.detector.set_policy(policy);
        }
        if let Some(lane) = beat.health {
            let health = Health {
                frames: lane.frames,
                kernel: lane.kernel,
                interfaces: lane.interfaces,
                at: lane.at,
                since: lane.since,
                observations_dropped: lane.observations_dropped,
                panics: lane.panics,
                ..self.health()
            };
            self.recorder.health(&health, &mut self.lines.health);
        }
        self.at = beat.at;
        self.losses.tell(self.at, false, &self.delivery, &self.recorder, &mut self.lines.alerts);
        self.advance(beat.at)?;
        if let Some(forwarder) = &mut self.forwarder {
            forwarder.beat(beat.at);
        }
        self.forward()?;
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(|| self.detector.state());
        }
        let due = *self.inventory_due.get_or_insert(beat.at.after(INVENTORY_EVERY));
        if beat.at < due {
            return Ok(());
        }
        self.inventory_due = Some(beat.at.after(INVENTORY_EVERY));
        let rows = self.detector.take_usages();
        self.tell_usages(&rows).and_then(|()| self.send(1))
    }

    /// Weigh facts that are in the order of the timeline.
    ///
    /// # Errors
    /// When nobody reads the records any more.
    fn push(&mut self, seen: &[Observation]) -> Result<(), Gone> {
        let mut gate = std::mem::take(&mut self.one_way);
        for one in seen {
            self.dns.see(one);
            if gate.passes(one, &mut |held| self.weigh(held)) {
                self.weigh(one);
            }
        }
        self.one_way = gate;
        let gone = std::mem::replace(&mut self.gone, Ok(()));
        gone.and(self.forward()).and(self.send(RECORD_BUFFER_BYTES))
    }

    /// Packet time passes without a fact.
    ///
    /// # Errors
    /// When nobody reads the records any more.
    fn advance(&mut self, at: Timestamp) -> Result<(), Gone> {
        let mut alerts =
            Alerts::new(&self.recorder, &mut self.lines, &mut self.counts, &self.gauges);
        self.detector.advance(at, &mut |alert| alerts.tell(&alert));
        self.send(1)
    }

    /// The capture ended: tell what is left.
    pub(crate) fn finish(mut self) -> Conclusion {
        let mut gate = std::mem::take(&mut self.one_way);
        gate.finish(&mut |held| self.weigh(held));
        let mut alerts =
            Alerts::new(&self.recorder, &mut self.lines, &mut self.counts, &self.gauges);
        self.detector.finish(&mut |alert| alerts.tell(&alert));
        if let Some(forwarder) = &mut self.forwarder {
            forwarder.finish();
        }
        let lines = &mut self.lines.alerts;
        self.losses.tell(self.at, true, &self.delivery, &self.recorder, lines);
        // Nobody reads any more: there is nobody to tell it to either.
        let _ = self.forward().and(self.send(1));
        let usages = self.detector.take_usages();
        let health = self.health();
        let kept = self.keeper.map(|keeper| (self.detector.state(), keeper));
        Conclusion {
            health,
            usages,
            kept,
            delivery: self.delivery,
            recorder: self.recorder,
            severities: self.counts.severities().clone(),
        }
    }

    /// The analyst's part of the health.
    fn health(&self) -> Health {
        let mut health = self.counts.health(&self.detector);
        health.memory.extend(self.keeper.iter().flat_map(Keeper::counts));
        Health {
            dns: self.dns.share(),
            feeds: self.book.feeds().iter().map(loaded).collect(),
            delivery: health_of(&self.delivery),
            ..health
        }
    }

    fn weigh(&mut self, seen: &Observation) {
        self.counts.see(seen);
        let mut alerts =
            Alerts::new(&self.recorder, &mut self.lines, &mut self.counts, &self.gauges);
        self.detector.advance(seen.at, &mut |alert| alerts.tell(&alert));
        let mut setting = self.detector.setting(seen);
        let named = detect::name_of(seen, &setting);
        if let Some(forwarder) = &mut self.forwarder {
            forwarder.push(seen, &setting);
        }
        setting.well_known = named.is_some_and(|name| self.book.is_everyones(name.as_str()));
        self.matches.clear();
        self.book.look_up(seen, setting.server_name.as_ref(), &mut self.matches);
        let verdict =
            self.detector.weigh(seen, &setting, &self.matches, &mut |alert| alerts.tell(&alert));
        let dns_transport = self.book.dns_transport(seen, setting.server_name.as_ref());
        if let Some(transport) = dns_transport {
            self.dns.recognised(seen, transport);
        }
        if self.observations_on {
            let found = Findings {
                setting: &setting,
                matches: &self.matches,
                authorised: verdict.authorised,
                rule: verdict.rule.as_deref(),
                uses: &verdict.uses,
                dns_transport,
            };
            let out = &mut self.lines.observations;
            self.recorder.observation(seen, &found, out);
            for signs in &verdict.recognised {
                self.recorder.recognised(seen, &Findings { matches: signs, ..found }, out);
            }
        }
        if self.detector.usages_wait() {
            let rows = self.detector.take_gone_usages();
            self.gone = self.gone.and(self.tell_usages(&rows));
        }
        // An alert follows the record of what raised it, wherever batches end: streams that share an
        // output give the same octets for any number of lanes.
        let told = !self.lines.alerts.is_empty();
        if told || self.lines.observations.len() >= RECORD_BUFFER_BYTES {
            self.gone = self.gone.and(self.send(1));
        }
    }

    /// Write rows of the inventory, where anyone asked for them.
    fn tell_usages(&mut self, rows: &[(UsageId, Usage)]) -> Result<(), Gone> {
        if !self.delivery.wants(Stream::Health) {
            return Ok(());
        }
        for (row, usage) in rows {
            self.recorder.inventory(*row, usage, &mut self.lines.health);
            self.send(RECORD_BUFFER_BYTES)?;
        }
        Ok(())
    }

    /// Hand over the messages of facts that are sealed.
    fn forward(&mut self) -> Result<(), Gone> {
        for message in self.forwarder.iter_mut().flat_map(Forwarder::take) {
            self.delivery.send(Stream::Facts, message)?;
        }
        Ok(())
    }

    /// Hand over buffers of at least `least` octets; alerts never wait for more.
    fn send(&mut self, least: usize) -> Result<(), Gone> {
        let Lines { alerts, observations, health } = &mut self.lines;
        for (stream, lines) in [
            (Stream::Observations, observations),
            (Stream::Alerts, alerts),
            (Stream::Health, health),
        ] {
            let least = if stream == Stream::Alerts { 1 } else { least };
            if lines.len() >= least {
                // The next is likely as long; growing by doubling would copy each line twice.
                let next = Vec::with_capacity(lines.len() + LINE_BYTES);
                self.delivery.send(stream, std::mem::replace(lines, next))?;
            }
        }
        Ok(())
    }
}

impl Take for Analyst {
    /// As many as lie in the nearest cache, and enough for one stage's code to stay there.
    const AT_ONCE: usize = 128;

    fn take(&mut self, facts: &mut Batch, _: Timestamp, _: bool) -> bool {
        put_in_order(facts);
        let taken = self.push(facts);
        facts.clear();
        taken.is_ok()
    }
}

/// A feed as the health record tells it.
pub(crate) fn loaded(feed: &FeedInfo) -> FeedLoaded {
    FeedLoaded {
        id: Arc::clone(&feed.id),
        version: Arc::clone(&feed.version),
        kind: feed.kind,
        indicators: feed.count as u64,
    }
}

/// Writes alerts and counts them.
struct Alerts<'a> {
    recorder: &'a Recorder,
    lines: &'a mut Vec<u8>,
    counts: &'a mut Counts,
    gauges: &'a Gauges,
}

impl<'a> Alerts<'a> {
    fn new(
        recorder: &'a Recorder,
        lines: &'a mut Lines,
        counts: &'a mut Counts,
        gauges: &'a Gauges,
    ) -> Self {
        Alerts { recorder, lines: &mut lines.alerts, counts, gauges }
    }

    fn tell(&mut self, alert: &Alert) {
        self.recorder.alert(alert, self.lines);
        if self.counts.tell(alert) {
            self.gauges.alerts.fetch_add(1, Ordering::Relaxed);
        }
    }
}
