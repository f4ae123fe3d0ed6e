//! A bar on standard error while captures are read: only on a terminal, only for people.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::analyst::Gauges;

/// A bar, or nothing.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    gauges: Arc<Gauges>,
    batches: u32,
}

impl Progress {
    /// A bar over `bytes_total` octets (0: not known), unless `quiet` or no terminal.
    pub(crate) fn new(bytes_total: u64, quiet: bool, gauges: Arc<Gauges>) -> Progress {
        let shown = !quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let (bar, template) = match bytes_total {
                0 => (ProgressBar::no_length(), "{spinner} {bytes} · {msg}"),
                total => (
                    ProgressBar::new(total),
                    "{wide_bar} {bytes} of {total_bytes} · {msg} · ETA {eta}",
                ),
            };
            let style = ProgressStyle::with_template(template);
            let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Progress { bar, gauges, batches: 0 }
    }

    /// So far, `bytes` octets and `packets` packets were read. Cheap enough for every batch.
    pub(crate) fn at(&mut self, bytes: u64, packets: u64) {
        self.batches = self.batches.wrapping_add(1);
        if !self.batches.is_multiple_of(256) {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            let secs = bar.elapsed().as_secs_f64().max(0.001);
            let alerts = self.gauges.alerts.load(Ordering::Relaxed);
            bar.set_message(format!(
                "{} packets · {}/s · {} alerts",
                HumanCount(packets),
                HumanCount((packets as f64 / secs) as u64),
                HumanCount(alerts),
            ));
        }
    }

    /// Take the bar away.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
