//! One lane of a live capture: a thread that takes frames out of a ring and dissects them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant, SystemTime};

use capture::{Live, Relief};
use dissect::{Credit, Rest};
use model::{KernelCounts, ReliefCounts, Timestamp};

use crate::lanes::{Account, Alone, Far};
use crate::limits::DRAIN_MAX;
use crate::signals::Signals;

/// How long a lane waits for a packet before it looks at signals and the time.
const WAIT: Duration = Duration::from_millis(100);

/// How often facts are handed over and time is told at the latest.
pub(super) const BEAT: Duration = Duration::from_secs(1);

/// How far the wall clock must be past the last packet before a silent wire lets time pass:
/// longer than a frame may wait in the ring.
const SILENCE: Duration = Duration::from_secs(2);

/// Whether to go on, for all lanes.
#[derive(Clone)]
pub(super) struct Going {
    pub(super) signals: Signals,
    /// Nobody reads the records any more.
    pub(super) deaf: Arc<AtomicBool>,
    /// A lane reads its wire no more.
    pub(super) unhurried: Arc<AtomicBool>,
}

impl Going {
    pub(super) fn on(&self) -> bool {
        !self.signals.stop() && !self.deaf.load(Ordering::Relaxed)
    }
}

/// What a lane tells of itself each second, and at the end.
pub(super) struct News {
    /// Which lane it is.
    pub(super) lane: usize,
    /// What the kernel counted of it.
    pub(super) kernel: KernelCounts,
    /// What its relief did; `None`: it has none.
    pub(super) relief: Option<ReliefCounts>,
    /// What became of its frames.
    pub(super) account: Account,
    /// The packet time of its first frame.
    pub(super) since: Option<Timestamp>,
    /// Why nothing more can come of its capture, if it is so.
    pub(super) lost: Option<String>,
    /// How often it took a fresh capture.
    pub(super) taken: u64,
}

/// A lane.
pub(super) struct LiveLane {
    pub(super) number: usize,
    pub(super) live: Live,
    pub(super) alone: Alone<Far>,
    /// The CPU that it is kept on.
    pub(super) cpu: Option<usize>,
    /// What counts and drops, in the kernel, packets of which nothing is wanted.
    pub(super) relief: Option<Relief>,
    /// Captures of interfaces that were opened anew.
    pub(super) fresh: Receiver<Live>,
    pub(super) news: SyncSender<News>,
    pub(super) going: Going,
    pub(super) since: Option<Timestamp>,
    pub(super) lost: Option<String>,
    /// How often it took a fresh capture.
    pub(super) taken: u64,
}

impl LiveLane {
    /// Capture and dissect until told to stop, and then what came until that moment. What it has
    /// counted goes out as its last news.
    pub(super) fn work(mut self) {
        if let Some(cpu) = self.cpu
            && let Err(why) = capture::pin(cpu)
        {
            tracing::warn!(lane = self.number, cpu, %why, "the lane cannot be kept on that CPU");
        }
        if self.relief.is_some() {
            self.alone.tell_rests();
        }
        let mut beat_at = Timestamp::ZERO;
        while self.going.on() {
            let lent = self.take();
            let now = now();
            if lent == 0 && now.since(self.alone.last()) > SILENCE {
                let quiet = now.nanos().saturating_sub(SILENCE.as_nanos() as u64);
                self.alone.advance(Timestamp::from_nanos(quiet));
                if let Some(relief) = &mut self.relief {
                    tell(relief, &mut self.alone);
                }
            }
            // A clock that was set back is a reason to tell the time, too.
            if now.since(beat_at) >= BEAT || now < beat_at {
                beat_at = now;
                self.beat();
            }
        }
        self.drain();
        self.credit();
        let relief = self.relief.as_ref().map(Relief::so_far);
        if let Some(ReliefCounts { packets, bytes, copies, refused, .. }) = relief {
            let lane = self.number;
            tracing::info!(
                lane,
                packets,
                bytes,
                copies,
                refused,
                "counted and dropped in the kernel"
            );
        }
        let mut kernel = self.live.counts();
        // What there was no time for.
        kernel.dropped += self.live.left();
        self.going.unhurried.store(true, Ordering::Relaxed);
        let (account, _) = self.alone.finish();
        let LiveLane { number: lane, since, lost, taken, .. } = self;
        // Nobody hears it only when the program is gone.
        let _ = self.news.send(News { lane, kernel, relief, account, since, lost, taken });
    }

    /// Take frames that are there, or wait for them. Gives how many they were.
    fn take(&mut self) -> usize {
        if self.lost.is_some() {
            std::thread::sleep(WAIT);
            return 0;
        }
        let LiveLane { live, alone, relief, since, going, .. } = self;
        let taken = live.poll(WAIT, &mut |frames| {
            *since = since.or_else(|| frames.first().map(|frame| frame.at));
            if !alone.push(frames) {
                going.deaf.store(true, Ordering::Relaxed);
            }
            if let Some(relief) = relief {
                tell(relief, alone);
            }
        });
        taken.unwrap_or_else(|why| {
            self.lost = Some(why.to_string());
            self.tell();
            0
        })
    }

    /// Read what the ring has, and nothing that comes later.
    fn drain(&mut self) {
        if self.going.deaf.load(Ordering::Relaxed) || !self.live.hush() {
            return;
        }
        let begun = Instant::now();
        self.live.counts();
        while self.live.left() > 0 && self.lost.is_none() && begun.elapsed() < DRAIN_MAX {
            self.take();
        }
    }

    /// Once a second: facts go on, counts are told, a fresh capture is taken.
    fn beat(&mut self) {
        self.credit();
        if !self.alone.send() {
            self.going.deaf.store(true, Ordering::Relaxed);
        }
        if let Ok(mut fresh) = self.fresh.try_recv() {
            self.drain();
            fresh.follow(&mut self.live);
            self.live = fresh;
            self.lost = None;
            self.taken += 1;
            relieve(self.relief.as_ref(), &self.live);
        }
        self.tell();
    }

    /// What the kernel counted of flows is theirs.
    fn credit(&mut self) {
        let Some(relief) = &mut self.relief else { return };
        let alone = &mut self.alone;
        let mut unknown = Vec::new();
        relief.counts(&mut |&flow, [from_client, from_server], last| {
            if !alone.credit(&Credit { flow, from_client, from_server, last }) {
                unknown.push(flow);
            }
        });
        // Whoever forgot a flow is to see it again.
        for flow in &unknown {
            relief.over(flow);
        }
    }

    fn tell(&mut self) {
        let (kernel, account) = (self.live.counts(), self.alone.account());
        let (lane, since, lost, taken) = (self.number, self.since, self.lost.clone(), self.taken);
        let relief = self.relief.as_ref().map(Relief::so_far);
        // Where last second's was not heard yet, the next will be.
        let _ = self.news.try_send(News { lane, kernel, relief, account, since, lost, taken });
    }
}

/// Tell the kernel of which flows nothing more is wanted.
fn tell(relief: &mut Relief, alone: &mut Alone<Far>) {
    for rest in alone.take_rests() {
        match rest {
            Rest::Unwanted(flow) => relief.drop_rest(&flow),
            Rest::Over(flow) => relief.over(&flow),
        }
    }
    relief.seen(alone.last());
}

/// From now on, the relief decides what reaches a lane's ring. Without, all of it does.
pub(super) fn relieve(relief: Option<&Relief>, live: &Live) {
    if let (Some(relief), Some(socket)) = (relief, live.socket())
        && let Err(why) = relief.attach(socket)
    {
        tracing::warn!(%why, "there is no relief");
    }
}

/// The wall clock.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO.after(since)
}
