//! `rmmwatch run`: an interface in, records out, until it is told to stop.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use capture::{Live, LiveOptions};
use detect::Detector;
use dissect::Seed;
use model::{Health, Timestamp};

use crate::analyst::{Analyst, Gauges};
use crate::bundle::Watcher;
use crate::cli::RunArgs;
use crate::exit::{Exit, fail};
use crate::knowledge::Knowledge;
use crate::lanes::{Account, Alone, Beat, WhenFull};
use crate::output;
use crate::reload::Reloader;
use crate::signals::{Hangup, Signals};
use crate::{notify, sinks, state};

/// How long the loop waits for a packet before it looks at signals and the time.
const WAIT: Duration = Duration::from_millis(100);

/// How often facts are handed over and time is told at the latest.
const BEAT: Duration = Duration::from_secs(1);

/// How often a health record is written.
const HEALTH: Duration = Duration::from_secs(60);

/// How far the wall clock must be past the last packet before a silent wire lets time pass:
/// longer than a frame may wait in the ring.
const SILENCE: Duration = Duration::from_secs(2);

/// Run the command.
pub(crate) fn run(args: &RunArgs) -> Exit {
    match watch(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn watch(args: &RunArgs) -> Result<Exit, Exit> {
    let knowledge = Knowledge::load_sound(&args.knowledge, args.output.quiet)?;
    let set = knowledge.settings.config.clone();
    if args.lanes.is_some_and(|lanes| lanes > 1) {
        tracing::warn!("run has one lane for now; --lanes is for replay");
    }
    let filter = args.filter.clone().or(set.capture.filter.clone());
    if let Some(filter) = &filter {
        capture::check_filter(filter).map_err(|why| fail(Exit::Usage, &why))?;
    }
    let outputs = output::plan(&args.output, &set.output, output::Mode::Run);
    let mut detector = Detector::new(knowledge.policy, &set.detect_limits());
    let Seed(key) = random_seed();
    detector.set_key(key);
    let place = state::of_run(args.state.as_deref(), &set.state);
    let place = state::begin(place.as_deref(), &outputs, &mut detector)?;
    // Nobody watched since that was written.
    detector.pause();
    let mut live = Live::open(&LiveOptions {
        interface: args.interface.clone(),
        ring_bytes: args.ring_mib.unwrap_or(set.capture.ring_mib) << 20,
        snap_len: set.capture.snap_len,
        filter,
        promiscuous: set.capture.promiscuous,
    })
    .map_err(|why| fail(Exit::Failed, &why))?;

    let delivery = output::delivery(outputs, &set, true)?.impatient();
    let signals = Signals::listen(Hangup::Reloads).map_err(|why| fail(Exit::Failed, &why))?;
    let (lane, facts) = Alone::new(output::limits(&set.flows), random_seed(), WhenFull::Drop);
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
    let analyst = std::thread::Builder::new()
        .name("analyst".into())
        .spawn(move || analyst.work(&facts))
        .map_err(|why| fail(Exit::Failed, &why))?;

    tracing::info!(interface = %args.interface, "watching");
    notify::ready(&signals, &format!("watching {}", args.interface));
    let mut watch = Watch { lane, reloader, since: None, beat_at: now(), health_at: now() };
    let broken = watch.until_stopped(&mut live, &signals);

    let since = watch.since.unwrap_or_default();
    let kernel = live.counts();
    let account = watch.lane.finish();
    let conclusion =
        analyst.join().map_err(|_| fail(Exit::Failed, &"the analyst's thread panicked"))?;
    let mut health =
        Health { kernel: Some(kernel), ..lane_health(account, since, conclusion.health) };
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
    if let Some(why) = broken {
        return Err(fail(Exit::Failed, &why));
    }
    Ok(if !remembered {
        Exit::Failed
    } else if args.output.fail_on.is_some() && alerts > 0 {
        Exit::Alerts
    } else if signals.interrupted() {
        Exit::Interrupted
    } else {
        ended
    })
}

/// The loop's own state.
struct Watch {
    lane: Alone,
    reloader: Reloader,
    since: Option<Timestamp>,
    beat_at: Timestamp,
    health_at: Timestamp,
}

impl Watch {
    /// Watch until a signal, a broken interface, or until nobody reads the records any more.
    fn until_stopped(
        &mut self,
        live: &mut Live,
        signals: &Signals,
    ) -> Option<capture::CaptureError> {
        let mut open = true;
        while open && !signals.stop() {
            let (lane, since) = (&mut self.lane, &mut self.since);
            let polled = live.poll(WAIT, &mut |frames| {
                *since = since.or_else(|| frames.first().map(|frame| frame.at));
                open &= lane.push(frames);
            });
            let lent = match polled {
                Ok(lent) => lent,
                Err(why) => return Some(why),
            };
            let now = now();
            if lent == 0 && now.since(self.lane.last()) > SILENCE {
                let quiet = now.nanos().saturating_sub(SILENCE.as_nanos() as u64);
                self.lane.advance(Timestamp::from_nanos(quiet));
            }
            if now.since(self.beat_at) >= BEAT || signals.reload_asked() {
                self.beat_at = now;
                open &= self.beat(live, signals, now);
            }
        }
        None
    }

    fn beat(&mut self, live: &mut Live, signals: &Signals, now: Timestamp) -> bool {
        let mut beat = Beat { at: self.lane.last(), ..Beat::default() };
        if now.since(self.health_at) >= HEALTH {
            self.health_at = now;
            let since = self.since.unwrap_or_default();
            let health = lane_health(self.lane.account(), since, Health::default());
            beat.health = Some(Health { kernel: Some(live.counts()), ..health });
        }
        if signals.take_reload() {
            self.reloader.ask();
            beat.reopen = true;
        }
        beat.reloaded = self.reloader.take();
        self.lane.send(Some(Box::new(beat)))
    }
}

/// The lane's counts on top of the analyst's.
fn lane_health(account: Account, since: Timestamp, analyst: Health) -> Health {
    Health {
        at: account.last,
        since,
        frames: account.tally,
        observations_dropped: account.dropped,
        panics: account.panics,
        ..analyst
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO.after(since)
}

/// A key that nobody outside can know: the standard library's own source of random keys.
fn random_seed() -> Seed {
    use std::hash::{BuildHasher as _, RandomState};
    Seed([RandomState::new().hash_one(0u8), RandomState::new().hash_one(1u8)])
}
