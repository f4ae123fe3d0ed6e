//! One thread an output, from its first line to its last, on which blocking delays nobody else: it
//! gathers what waits into one write.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

use super::{FileSink, Shape, Target};
use crate::Ending;
use crate::limits::WRITE_BYTES;

/// The task's end of one target.
pub(crate) struct Task {
    pub(crate) target: Target,
    pub(crate) sink: FileSink,
    pub(crate) shape: Option<Shape>,
    pub(crate) chunks: mpsc::Receiver<Vec<u8>>,
    pub(crate) written: Arc<AtomicU64>,
    pub(crate) begun: Arc<AtomicBool>,
    pub(crate) ending: Arc<OnceLock<Ending>>,
}

/// What one target was given.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) bytes: u64,
    pub(crate) formless: u64,
}

/// How a target ended.
pub(crate) struct Done {
    pub(crate) target: Target,
    pub(crate) counts: Counts,
    pub(crate) result: io::Result<()>,
}

/// Write what comes until the senders are gone or the target fails.
pub(crate) fn run(task: Task) -> Done {
    let Task { target, sink, shape, mut chunks, written, begun, ending } = task;
    let mut counts = Counts::default();
    let progress = (&*begun, &*written);
    let result = write_all(sink, shape.as_ref(), &mut chunks, progress, &mut counts);
    if let Err(error) = &result {
        let left = error.kind() == io::ErrorKind::BrokenPipe;
        tracing::debug!(%target, %error, "output ended early");
        // Before the receiver goes: who finds the channel closed finds the reason as well.
        let _ = ending.set(if left { Ending::ReaderLeft } else { Ending::Failed });
    }
    drop(chunks);
    Done { target, counts, result }
}

fn write_all(
    mut sink: FileSink,
    shape: Option<&Shape>,
    chunks: &mut mpsc::Receiver<Vec<u8>>,
    (begun, written): (&AtomicBool, &AtomicU64),
    counts: &mut Counts,
) -> io::Result<()> {
    sink.begin()?;
    begun.store(true, Ordering::SeqCst);
    while let Some(mut lines) = chunks.blocking_recv() {
        let mut taken = 1;
        while lines.len() < WRITE_BYTES
            && let Ok(more) = chunks.try_recv()
        {
            lines.extend_from_slice(&more);
            taken += 1;
        }
        if let Some(shape) = shape {
            lines = shaped(shape, &lines, &mut counts.formless);
        }
        sink.write(&lines)?;
        let len = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        counts.bytes = counts.bytes.saturating_add(len);
        written.fetch_add(taken, Ordering::SeqCst);
    }
    sink.finish()
}

/// Each of `lines` in that shape; those without a form are counted.
fn shaped(shape: &Shape, lines: &[u8], formless: &mut u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()) {
        if shape(line, &mut out) {
            out.push(b'\n');
        } else {
            *formless = formless.saturating_add(1);
        }
    }
    out
}
