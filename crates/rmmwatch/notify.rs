//! What the service manager is told: ready, reading anew, stopping (systemd's sd_notify(3); nothing
//! where `NOTIFY_SOCKET` is not set).

use sd_notify::NotifyState;

use crate::signals::Signals;

/// It works from now on; that it is stopping is told as soon as it is asked to. `doing` is what
/// `systemctl status` shows.
pub(crate) fn ready(signals: &Signals, doing: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(doing)]);
    signals.when_stopped(Box::new(|| {
        tell(&[NotifyState::Stopping, NotifyState::Status("writing what is pending")]);
    }));
}

/// Settings and knowledge are read anew.
pub(crate) fn reloading() {
    // systemd compares that time with its own, to know which request was meant.
    let now = NotifyState::monotonic_usec_now();
    let states = [Some(NotifyState::Reloading), now.ok()];
    tell(&states.into_iter().flatten().collect::<Vec<_>>());
}

/// They were read, whatever came of it: the log tells.
pub(crate) fn reloaded() {
    tell(&[NotifyState::Ready]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        tracing::debug!(%why, "the service manager cannot be told");
    }
}
