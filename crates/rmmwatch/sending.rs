//! How records leave, as health tells it, and the alert when they do not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use deliver::Delivery;
use model::{DeliveryHealth, SinkHealth, Timestamp};
use records::Recorder;

/// How often one sink's losses are told at most, in packet time.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// How records leave; `None` where there are no sinks and nothing was dropped.
pub(crate) fn health_of(delivery: &Delivery) -> Option<DeliveryHealth> {
    let unwritten = delivery.unwritten();
    let Some((spool, sinks)) = delivery.sinks() else {
        return (unwritten > 0).then(|| DeliveryHealth { unwritten, ..DeliveryHealth::default() });
    };
    let sinks = sinks.into_iter().map(|sink| SinkHealth {
        name: Arc::from(sink.name),
        kind: sink.kind,
        waiting: sink.waiting,
        oldest_secs: sink.oldest_secs,
        sent: sink.sent,
        formless: sink.formless,
        refused: sink.refused,
        lost: sink.lost,
        setbacks: sink.setbacks,
        trouble: sink.trouble.map(Arc::from),
    });
    Some(DeliveryHealth {
        unwritten,
        spool_bytes: spool.bytes,
        given_up: spool.given_up,
        trouble: spool.trouble.map(Arc::from),
        sinks: sinks.collect(),
    })
}

/// Losses that were told, by sink.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    told: BTreeMap<String, (u64, Timestamp)>,
}

impl Losses {
    /// Write an alert for each sink that lost records since it was last told, unless that was just
    /// now and this is not the `end`.
    pub(crate) fn tell(
        &mut self,
        at: Timestamp,
        end: bool,
        delivery: &Delivery,
        recorder: &Recorder,
        out: &mut Vec<u8>,
    ) {
        for sink in delivery.sinks().into_iter().flat_map(|(_, sinks)| sinks) {
            if sink.lost == 0 {
                continue;
            }
            let told = self.told.entry(sink.name.clone()).or_default();
            let (before, when) = *told;
            if sink.lost > before && (end || before == 0 || at.since(when) >= TOLD_EVERY) {
                *told = (sink.lost, at);
                recorder.lost(at, &sink.name, sink.lost - before, sink.lost, out);
            }
        }
    }
}
