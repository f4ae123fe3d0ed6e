//! SIGINT, SIGTERM and SIGHUP as flags that the loops look at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

/// What a hangup asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hangup {
    /// To read config, policy, catalogue and feeds anew: the sensor has no terminal to lose.
    Reloads,
    /// To stop: the terminal is gone.
    Stops,
}

/// What happens as soon as the outside asks to stop.
type Hook = Box<dyn FnOnce() + Send>;

/// How long stopping may take before the user is told how not to wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the outside asked for.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    hooks: Arc<Mutex<Vec<Hook>>>,
}

impl Signals {
    /// Listen on a thread of its own. A second SIGINT or SIGTERM ends the process at once.
    ///
    /// # Errors
    /// When the operating system lets no thread or no handler be made.
    pub(crate) fn listen(hangup: Hangup) -> std::io::Result<Signals> {
        let signals = Signals::default();
        let heard = signals.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut int, mut term, mut hup) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            )
        };
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async move {
                let mut told = false;
                loop {
                    tokio::select! {
                        _ = int.recv() => heard.ask_stop(true),
                        _ = term.recv() => heard.ask_stop(false),
                        _ = hup.recv() => match hangup {
                            Hangup::Reloads => heard.reload.store(true, Ordering::Relaxed),
                            Hangup::Stops => heard.ask_stop(true),
                        },
                        () = tokio::time::sleep(PATIENCE), if heard.stop() && !told => {
                            told = true;
                            crate::exit::tell(format_args!(
                                "rmmwatch: stopping; still waiting for an input or an output, a \
                                 second signal ends at once"
                            ));
                        }
                    }
                }
            });
        })?;
        Ok(signals)
    }

    fn ask_stop(&self, interrupted: bool) {
        if self.stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(crate::Exit::Interrupted.code()));
        }
        self.interrupted.store(interrupted, Ordering::Relaxed);
        let hooks = self.hooks.lock().map(|mut hooks| std::mem::take(&mut *hooks));
        hooks.into_iter().flatten().for_each(|hook| hook());
    }

    /// Do something as soon as the outside asks to stop; at once, if it did already. It must not
    /// wait: it runs where signals are heard.
    pub(crate) fn when_stopped(&self, hook: Hook) {
        if let Ok(mut hooks) = self.hooks.lock()
            && !self.stop()
        {
            hooks.push(hook);
            return;
        }
        hook();
    }

    /// Whether to stop.
    pub(crate) fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether it was SIGINT that asked to stop.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether a reload is asked for.
    pub(crate) fn reload_asked(&self) -> bool {
        self.reload.load(Ordering::Relaxed)
    }

    /// Whether a reload was asked for since the last call.
    pub(crate) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }
}
