//! `rmmwatch run`: interfaces in, records out, until it is told to stop.
//!
//! Each lane of each interface is a thread with a ring and a dissector of its own (`lane.rs`). The
//! thread that began them looks once a second at the interfaces (`tap.rs`) and at what the lanes
//! tell of themselves, and passes news on to the analyst, which merges the lanes (`merge.rs`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use capture::{Live, LiveOptions, Relief};
use detect::Detector;
use dissect::Seed;
use model::{Health, InterfaceHealth, KernelCounts, ReliefCounts, Tally, Timestamp};

use crate::analyst::{Analyst, Gauges};
use crate::bundle::Watcher;
use crate::cli::RunArgs;
use crate::config;
use crate::exit::{Exit, fail};
use crate::knowledge::Knowledge;
use crate::lanes::{Alone, Beat, Facts, Far, Round, Spare};
use crate::limits::{BATCHES_WAITING_MAX, LIVE_LANES_MAX};
use crate::output;
use crate::reload::Reloader;
use crate::signals::{Hangup, Signals};
use crate::{notify, sinks, state};

mod lane;
mod merge;
mod tap;

use lane::{BEAT, Going, LiveLane, News, now};
pub(crate) use merge::Merge;
use tap::Tap;

/// How often a health record is written.
const HEALTH: Duration = Duration::from_secs(60);

/// How long the loop waits for news of lanes before it looks at signals and the time.
const WAIT: Duration = Duration::from_millis(100);

/// Run the command.
pub(crate) fn run(args: &RunArgs) -> Exit {
    match watch(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn watch(args: &RunArgs) -> Result<Exit, Exit> {
    let settings = Knowledge::settings(&args.knowledge)?;
    let set = settings.config.clone();
    let filter = args.filter.clone().or(set.capture.filter.clone());
    if let Some(filter) = &filter {
        capture::check_filter(filter).map_err(|why| fail(Exit::Usage, &why))?;
    }
    // Before what takes its time: a million indicators are read in a second or two, and frames that
    // come meanwhile wait in the rings.
    let (taps, lives) = open(args, &set.capture, filter)?;
    let knowledge = Knowledge::load_sound_by(settings, &args.knowledge, args.output.quiet)?;
    let outputs = output::plan(&args.output, &set.output, output::Mode::Run);
    let mut detector = Detector::new(knowledge.policy, &set.detect_limits());
    let Seed(key) = random_seed();
    detector.set_key(key);
    let place = state::of_run(args.state.as_deref(), &set.state);
    let place = state::begin(place.as_deref(), &outputs, &mut detector)?;
    // Nobody watched since that was written.
    detector.pause();

    let delivery = output::delivery(outputs, &set, true)?.impatient();
    let unhurried = delivery.unhurried();
    let signals = Signals::listen(Hangup::Reloads).map_err(|why| fail(Exit::Failed, &why))?;
    let gauges = Arc::new(Gauges::default());
    let reloader = Reloader::new(&args.knowledge, args.output.quiet, Arc::clone(&knowledge.book));
    let current = knowledge.bundle.as_ref().map(|bundle| bundle.version);
    let bundles = Watcher::start(&set.bundle, current);
    let bundles = bundles.map_err(|why| fail(Exit::Usage, &format_args!("{why:#}")))?;
    let reloader = reloader.with_bundles(bundles);
    let sensor = &set.sensor;
    let analyst = Analyst::new(knowledge.book, detector, delivery, gauges)
        .of_sensor(sensor.name(), sinks::forward_plan(sensor, set.fleet.partitions));
    let every = Duration::from_secs(set.state.every_secs.into());
    let keeper = place.map(|place| place.keep(Some(every))).transpose();
    let analyst = analyst.keep(keeper.map_err(|why| fail(Exit::Failed, &why))?);
    let (to, from) = sync_channel(BATCHES_WAITING_MAX * lives.len());
    let spare = Spare::default();
    let facts = Facts::Live(Merge::new(lives.len(), from, spare.clone()));
    let analyst = std::thread::Builder::new()
        .name("analyst".into())
        .spawn(move || analyst.work(facts))
        .map_err(|why| fail(Exit::Failed, &why))?;

    let interfaces = args.interfaces.join(", ");
    let going = Going { signals: signals.clone(), deaf: Arc::default(), unhurried };
    let mut watch = Watch::new(taps, lives.len(), (reloader, to));
    let news = watch.start(lives, &set, &going, &spare).map_err(|why| fail(Exit::Failed, &why))?;
    tracing::info!(interface = %interfaces, "watching");
    notify::ready(&signals, &format!("watching {interfaces}"));
    watch.until_stopped(&news, &going);

    let fell = watch.lanes_fell();
    let last = watch.health();
    drop(watch);
    let conclusion =
        analyst.join().map_err(|_| fail(Exit::Failed, &"the analyst's thread panicked"))?;
    let mut health = Health {
        at: last.at,
        since: last.since,
        frames: last.frames,
        kernel: last.kernel,
        interfaces: last.interfaces,
        observations_dropped: last.observations_dropped,
        panics: last.panics,
        ..conclusion.health
    };
    let remembered = state::end(conclusion.kept, true, &mut health);
    let alerts: u64 = health.alerts.values().sum();
    let ended = output::conclude(
        conclusion.delivery,
        &conclusion.recorder,
        &health,
        &conclusion.usages,
        &records::Files::default(),
        &conclusion.severities,
        args.output.summary(),
    )?;
    Ok(if fell {
        fail(Exit::Failed, &"a lane's thread panicked; this is a bug in rmmwatch")
    } else if !remembered {
        Exit::Failed
    } else if args.output.fail_on.is_some() && alerts > 0 {
        Exit::Alerts
    } else if signals.interrupted() {
        Exit::Interrupted
    } else {
        ended
    })
}

/// A lane's capture, with the place of its interface among them, and its relief.
type Opened = (usize, Live, Option<Relief>);

/// Open every interface in its lanes: the interfaces, and each lane's capture.
fn open(
    args: &RunArgs,
    set: &config::Capture,
    filter: Option<String>,
) -> Result<(Vec<Tap>, Vec<Opened>), Exit> {
    let names = &args.interfaces;
    let count = args.lanes.unwrap_or(set.lanes);
    let all = count.saturating_mul(names.len());
    if all > LIVE_LANES_MAX {
        let why = format_args!("{all} lanes are too many; at most {LIVE_LANES_MAX} in all");
        return Err(fail(Exit::Usage, &why));
    }
    let (mut taps, mut lives) = (Vec::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        if names.iter().take(number).any(|other| other == name) {
            return Err(fail(Exit::Usage, &format_args!("the interface `{name}` is named twice")));
        }
        let options = LiveOptions {
            interface: name.clone(),
            ring_bytes: args.ring_mib.unwrap_or(set.ring_mib) << 20,
            block_bytes: set.block_kib << 10,
            block_wait_ms: set.block_wait_ms,
            snap_len: set.snap_len,
            filter: filter.clone(),
            promiscuous: set.promiscuous,
        };
        let (tap, opened) = Tap::open(options, count, (number * count, all))
            .map_err(|why| fail(Exit::Failed, &why))?;
        taps.push(tap);
        let mut reliefs = reliefs(set, filter.is_some(), &opened).into_iter();
        for live in opened {
            let relief = reliefs.next();
            lane::relieve(relief.as_ref(), &live);
            lives.push((number, live, relief));
        }
    }
    Ok((taps, lives))
}

/// The relief of an interface's lanes, where it is asked for and to be had.
fn reliefs(set: &config::Capture, filtered: bool, lives: &[Live]) -> Vec<Relief> {
    if set.relief == config::Relief::Off {
        return Vec::new();
    }
    if filtered {
        tracing::warn!("there is no relief: the filter is in its place");
        return Vec::new();
    }
    if lives.iter().any(|live| live.socket().is_none()) {
        tracing::warn!("there is no relief: the interface has no ring of ours");
        return Vec::new();
    }
    Relief::open(lives.len(), set.snap_len).unwrap_or_else(|why| {
        tracing::warn!(%why, "there is no relief");
        Vec::new()
    })
}

/// What the thread that looks after the lanes knows.
struct Watch {
    taps: Vec<Tap>,
    /// Each lane's last news, and the place of its interface.
    lanes: Vec<(usize, Option<News>)>,
    threads: Vec<JoinHandle<()>>,
    reloader: Reloader,
    to: SyncSender<Round>,
    beat_at: Timestamp,
    health_at: Timestamp,
}

impl Watch {
    fn new(taps: Vec<Tap>, lanes: usize, (reloader, to): (Reloader, SyncSender<Round>)) -> Watch {
        let lanes = Vec::with_capacity(lanes);
        let threads = Vec::new();
        Watch { taps, lanes, threads, reloader, to, beat_at: now(), health_at: now() }
    }

    /// Begin the lanes' threads. Their facts go out in batches from `spare`.
    fn start(
        &mut self,
        lives: Vec<Opened>,
        set: &config::Config,
        going: &Going,
        spare: &Spare,
    ) -> std::io::Result<Receiver<News>> {
        let (tell, news) = sync_channel(lives.len());
        let mut limits = output::limits(&set.flows);
        limits.flows_max = (limits.flows_max / lives.len()).max(1);
        limits.openings_bytes_max = (limits.openings_bytes_max / lives.len()).max(1);
        let seed = random_seed();
        for (number, (place, live, relief)) in lives.into_iter().enumerate() {
            let (to_lane, fresh) = sync_channel(1);
            if let Some(tap) = self.taps.get_mut(place) {
                tap.lanes.push(to_lane);
            }
            self.lanes.push((place, None));
            let to = Far::new(self.to.clone(), number, spare.clone());
            let pins = &set.capture.pin;
            let lane = LiveLane {
                number,
                live,
                alone: Alone::new(limits.clone(), seed, to),
                cpu: pins.get(number % pins.len().max(1)).copied(),
                relief,
                fresh,
                news: tell.clone(),
                going: going.clone(),
                since: None,
                lost: None,
                taken: 0,
            };
            let thread = std::thread::Builder::new().name(format!("lane-{number}"));
            self.threads.push(thread.spawn(move || lane.work())?);
        }
        Ok(news)
    }

    /// Look after the lanes until they have all ended: at a signal, or when nobody reads the
    /// records any more.
    fn until_stopped(&mut self, news: &Receiver<News>, going: &Going) {
        loop {
            match news.recv_timeout(WAIT) {
                Ok(news) => self.hear(news),
                Err(RecvTimeoutError::Timeout) => {}
                // Every lane has told its last.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = now();
            let due = now.since(self.beat_at) >= BEAT || now < self.beat_at;
            // The flows of a lane that fell are seen by nobody: better to stop than to be half blind.
            if self.threads.iter().any(JoinHandle::is_finished) && going.on() {
                going.deaf.store(true, Ordering::Relaxed);
            }
            if going.on() && (due || going.signals.reload_asked()) {
                self.beat_at = now;
                self.taps.iter_mut().for_each(Tap::look);
                self.beat(&going.signals, now);
            }
        }
    }

    /// Whether any lane's thread panicked. They have all ended.
    fn lanes_fell(&mut self) -> bool {
        self.threads.drain(..).fold(false, |fell, thread| thread.join().is_err() | fell)
    }

    fn hear(&mut self, news: News) {
        let Some((place, last)) = self.lanes.get_mut(news.lane) else { return };
        if let Some(tap) = self.taps.get_mut(*place)
            && news.lost.is_some()
            // Else it is of a capture that was replaced since.
            && news.taken == tap.openings
        {
            tap.lost.clone_from(&news.lost);
        }
        *last = Some(news);
    }

    /// Once a second: news for the analyst.
    fn beat(&mut self, signals: &Signals, now: Timestamp) {
        let mut beat = Beat::default();
        if now.since(self.health_at) >= HEALTH || now < self.health_at {
            self.health_at = now;
            beat.health = Some(self.health());
        }
        if signals.take_reload() {
            self.reloader.ask();
            beat.reopen = true;
        }
        beat.reloaded = self.reloader.take();
        // When nobody takes it, the lanes find that out too.
        let _ = self.to.send(Round { beat: Some(Box::new(beat)), ..Round::default() });
    }

    /// The counts of all lanes together.
    fn health(&self) -> Health {
        let mut health = Health { frames: Tally::default(), ..Health::default() };
        let mut sum = KernelCounts::default();
        type OfTap = (Vec<KernelCounts>, Option<ReliefCounts>);
        let mut lanes: Vec<OfTap> = self.taps.iter().map(|_| OfTap::default()).collect();
        let mut since = None;
        for (place, news) in &self.lanes {
            let kernel = news.as_ref().map_or(KernelCounts::default(), |news| news.kernel);
            if let Some((counts, relief)) = lanes.get_mut(*place) {
                counts.push(kernel);
                if let Some(more) = news.as_ref().and_then(|news| news.relief) {
                    relief.get_or_insert_default().add(&more);
                }
            }
            sum.received += kernel.received;
            sum.dropped += kernel.dropped;
            sum.interface_dropped += kernel.interface_dropped;
            let Some(News { account, since: first, .. }) = news else { continue };
            since = [since, *first].into_iter().flatten().min();
            health.at = health.at.max(account.last);
            health.frames.add(&account.tally);
            health.observations_dropped += account.dropped;
            health.panics += account.panics;
        }
        let told = self.taps.iter().zip(lanes);
        let told = told.map(|(tap, (lanes, relief))| tap.health(lanes, relief));
        health.interfaces = told.collect::<Vec<InterfaceHealth>>();
        Health { kernel: Some(sum), since: since.unwrap_or_default(), ..health }
    }
}

/// A key that nobody outside can know: the standard library's own source of random keys.
fn random_seed() -> Seed {
    use std::hash::{BuildHasher as _, RandomState};
    Seed([RandomState::new().hash_one(0u8), RandomState::new().hash_one(1u8)])
}
