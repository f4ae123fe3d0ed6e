//! SIGINT, SIGTERM and SIGHUP as flags that the loops look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// What the outside asked for.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// Listen on a thread of its own. A second SIGINT or SIGTERM ends the process at once.
    ///
    /// # Errors
    /// When the operating system lets no thread or no handler be made.
    pub(crate) fn listen() -> std::io::Result<Signals> {
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
                loop {
                    tokio::select! {
                        _ = int.recv() => heard.ask_stop(true),
                        _ = term.recv() => heard.ask_stop(false),
                        _ = hup.recv() => heard.reload.store(true, Ordering::Relaxed),
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
