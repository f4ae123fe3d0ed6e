//! How long a sender waits for who is behind: a reader that is slow, or one that is stuck.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::limits::STUCK_AFTER;

/// Why something was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Untaken<T> {
    /// There is no room for it; here it is again.
    Full(T),
    /// Nobody takes anything any more.
    Closed,
}

/// One that is waited for, unless it took nothing for so long that nobody waits any more, until it
/// takes something.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    stuck: AtomicBool,
}

impl Behind {
    /// Offer `what`; where it `waits`, for up to [`STUCK_AFTER`]. `name`: whose place it is, for the
    /// log.
    ///
    /// # Errors
    /// [`Untaken`].
    pub(crate) fn offer<T>(
        &self,
        name: &dyn std::fmt::Display,
        what: T,
        waits: bool,
        to: impl Fn(T) -> Result<(), Untaken<T>>,
    ) -> Result<(), Untaken<T>> {
        const PAUSE: Duration = Duration::from_millis(1);
        let mut what = what;
        let mut end = None;
        loop {
            what = match to(what) {
                Ok(()) => {
                    if self.stuck.swap(false, Ordering::Relaxed) {
                        tracing::info!("{name} takes records again");
                    }
                    return Ok(());
                }
                Err(Untaken::Full(back)) => back,
                Err(Untaken::Closed) => return Err(Untaken::Closed),
            };
            let end = *end.get_or_insert_with(|| Instant::now() + STUCK_AFTER);
            if !waits || self.stuck.load(Ordering::Relaxed) {
                return Err(Untaken::Full(what));
            }
            if Instant::now() >= end {
                self.stuck.store(true, Ordering::Relaxed);
                let secs = STUCK_AFTER.as_secs();
                tracing::error!("{name} took nothing for {secs} s: alerts are dropped there too");
                return Err(Untaken::Full(what));
            }
            thread::sleep(PAUSE);
        }
    }
}
