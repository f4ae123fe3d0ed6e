//! One task an output: it gathers what waits into one write, where blocking is allowed.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};

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

/// Run every task to its end; the results are in the order of the tasks.
pub(crate) async fn run_all(tasks: Vec<Task>) -> Result<Vec<Done>, io::Error> {
    let mut running = JoinSet::new();
    for (number, task) in tasks.into_iter().enumerate() {
        running.spawn(async move { (number, run(task).await) });
    }
    let mut all = Vec::new();
    while let Some(joined) = running.join_next().await {
        all.push(joined.map_err(io::Error::other)?);
    }
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, done)| done).collect())
}

/// Write what comes until the senders are gone or the target fails.
async fn run(task: Task) -> Done {
    let Task { target, sink, shape, mut chunks, written, begun, ending } = task;
    let mut counts = Counts::default();
    let progress = (&*begun, &*written);
    let result = write_all(sink, shape.as_ref(), &mut chunks, progress, &mut counts).await;
    if let Err(error) = &result {
        let left = error.kind() == io::ErrorKind::BrokenPipe;
        tracing::debug!(%target, %error, "output ended early");
        // Before the receiver goes: who finds the channel closed finds the reason as well.
        let _ = ending.set(if left { Ending::ReaderLeft } else { Ending::Failed });
    }
    drop(chunks);
    Done { target, counts, result }
}

async fn write_all(
    mut sink: FileSink,
    shape: Option<&Shape>,
    chunks: &mut mpsc::Receiver<Vec<u8>>,
    (begun, written): (&AtomicBool, &AtomicU64),
    counts: &mut Counts,
) -> io::Result<()> {
    let result;
    (sink, result) = blocking(sink, FileSink::begin).await?;
    result?;
    begun.store(true, Ordering::SeqCst);
    while let Some(mut lines) = chunks.recv().await {
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
        let len = lines.len();
        let result;
        (sink, result) = blocking(sink, move |sink| sink.write(&lines)).await?;
        result?;
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        counts.bytes = counts.bytes.saturating_add(len);
        written.fetch_add(taken, Ordering::SeqCst);
    }
    let (_, result) = blocking(sink, FileSink::finish).await?;
    result
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

/// Do something that may block, where that delays no other task.
async fn blocking(
    mut sink: FileSink,
    act: impl FnOnce(&mut FileSink) -> io::Result<()> + Send + 'static,
) -> io::Result<(FileSink, io::Result<()>)> {
    let done = task::spawn_blocking(move || {
        let result = act(&mut sink);
        (sink, result)
    });
    done.await.map_err(io::Error::other)
}
