//! Outputs and the spool when a disk or a reader takes nothing: who waits, what is lost, what is
//! said.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail so")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use deliver::sinks::{FilePlan, Kind, SinkPlan};
use deliver::{DeliverError, Delivery, Output, SpoolOptions, Spooling, Stream, Target};

/// A sink of alerts into a file, each with its first word as its id.
fn sink(name: &str, path: PathBuf) -> SinkPlan {
    SinkPlan {
        name: name.to_owned(),
        streams: vec![Stream::Alerts],
        kind: Kind::File(FilePlan {
            path,
            rotate_bytes: None,
            rotate_every: None,
            keep: None,
            header: Arc::new(|_, _| None),
        }),
        prepare: Arc::new(|_, line, out| {
            out.extend_from_slice(line);
            let text = std::str::from_utf8(line).ok()?;
            text.split(' ').next().map(str::to_owned)
        }),
        batch_records: 500,
        batch_bytes: 1 << 20,
        timeout: Duration::from_secs(5),
    }
}

fn fifo(folder: &Path) -> PathBuf {
    let fifo = folder.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    fifo
}

fn spooling(folder: &Path, drain: Duration) -> Spooling {
    Spooling {
        folder: folder.join("spool"),
        options: SpoolOptions::default(),
        sinks: vec![sink("file", folder.join("out"))],
        drain,
    }
}

fn start(outputs: Vec<Output>, spooling: Spooling) -> Delivery {
    let delivery = Delivery::start(outputs).expect("outputs");
    delivery.with_sinks(spooling).expect("a spool").impatient()
}

/// The spool's folder for alerts is no folder any more: nothing can be written to it.
fn break_disk(folder: &Path) {
    fs::rename(folder.join("spool/alerts"), folder.join("away")).expect("a folder");
    fs::write(folder.join("spool/alerts"), "").expect("a file in its way");
}

fn mend_disk(folder: &Path) {
    fs::remove_file(folder.join("spool/alerts")).expect("the file");
    fs::rename(folder.join("away"), folder.join("spool/alerts")).expect("the folder");
}

fn send(delivery: &Delivery, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let line = format!("{number} {}\n", "x".repeat(1000));
        delivery.send(Stream::Alerts, line.into_bytes()).expect("taken");
    }
}

/// The numbers of the lines in a file.
fn numbers(path: &Path) -> Vec<u32> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let number = |line: &str| line.split(' ').next().and_then(|word| word.parse().ok());
    text.lines().filter_map(number).collect()
}

#[test]
fn a_disk_that_takes_nothing_holds_nobody_up_and_nothing_is_lost_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = start(Vec::new(), spooling(folder.path(), Duration::from_secs(10)));
    break_disk(folder.path());
    let begun = Instant::now();
    send(&delivery, 0..20_000);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let (spool, _) = delivery.sinks().expect("a spool");
    assert!(spool.trouble.is_some_and(|why| why.contains("alerts")), "its trouble is told");
    mend_disk(folder.path());
    let delivered = delivery.finish().expect("delivered");
    let (spool, sinks) = delivered.sinks.expect("sinks");
    assert_eq!((spool.trouble, spool.given_up, spool.unwritten), (None, 0, 0));
    assert_eq!((sinks[0].sent, sinks[0].waiting), (20_000, 0));
    assert!(numbers(&folder.path().join("out")).into_iter().eq(0..20_000));
}

#[test]
fn what_the_disk_had_not_taken_at_the_end_is_counted_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = start(Vec::new(), spooling(folder.path(), Duration::from_millis(300)));
    break_disk(folder.path());
    send(&delivery, 0..100);
    let delivered = delivery.finish().expect("delivered");
    let (spool, _) = delivered.sinks.expect("sinks");
    assert_eq!((spool.given_up, spool.unwritten), (100, 100));
    assert!(spool.trouble.is_some());
    mend_disk(folder.path());
}

#[test]
fn a_reader_that_is_stuck_costs_its_own_records_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = fifo(folder.path());
    let output = Output {
        streams: vec![Stream::Alerts, Stream::Observations],
        target: Target::Path(fifo.clone()),
        append: true,
        shape: None,
    };
    let delivery = start(vec![output], spooling(folder.path(), Duration::from_secs(10)));
    let begun = Instant::now();
    for number in 0..1000 {
        delivery.send(Stream::Observations, format!("o{number}\n").into_bytes()).expect("taken");
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "observations do not wait");
    let dropped = delivery.unwritten();
    assert!((900..1000).contains(&dropped), "{dropped}");
    send(&delivery, 0..300);
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(15), "{waited:?}");
    assert_eq!(delivery.unwritten(), dropped + 300, "each is counted");
    let reader = thread::spawn(move || fs::read_to_string(fifo).expect("what was kept"));
    let delivered = delivery.finish().expect("delivered");
    let kept = reader.join().expect("a reader").lines().count() as u64;
    assert_eq!(kept + dropped, 1000, "what was not dropped is there");
    let (_, sinks) = delivered.sinks.expect("sinks");
    assert_eq!((sinks[0].waiting, sinks[0].lost), (0, 0));
    assert_eq!(numbers(&folder.path().join("out")).len(), 300, "the sink has every alert");
}

#[test]
fn observations_wait_for_a_slow_reader_when_the_wire_is_read_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = fifo(folder.path());
    let (target, streams) = (Target::Path(fifo.clone()), vec![Stream::Observations]);
    let output = Output { streams, target, append: true, shape: None };
    let delivery = Delivery::start(vec![output]).expect("outputs").impatient();
    delivery.unhurried().store(true, Ordering::Relaxed);
    let reader = thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        fs::read_to_string(fifo).expect("all of it")
    });
    for number in 0..1000 {
        delivery.send(Stream::Observations, format!("o{number}\n").into_bytes()).expect("taken");
    }
    assert_eq!(delivery.unwritten(), 0);
    delivery.finish().expect("delivered");
    assert_eq!(reader.join().expect("a reader").lines().count(), 1000);
}

/// A live wire's end does not wait for ever for a FIFO that nobody reads; the sinks have their time.
#[test]
fn an_end_that_nobody_reads_ends_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = fifo(folder.path());
    let (target, streams) = (Target::Path(fifo.clone()), vec![Stream::Alerts]);
    let output = Output { streams, target, append: true, shape: None };
    for count in [0, 3] {
        let spooling = spooling(folder.path(), Duration::from_secs(10));
        let delivery = start(vec![output.clone()], spooling);
        send(&delivery, 0..count);
        let begun = Instant::now();
        let why = delivery.finish().expect_err("nobody reads");
        assert!(matches!(why, DeliverError::Stuck { .. }), "{why}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
    assert_eq!(numbers(&folder.path().join("out")), [0, 1, 2]);
}

#[test]
fn a_spool_has_one_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = start(Vec::new(), spooling(folder.path(), Duration::ZERO));
    let second = Delivery::start(Vec::new()).expect("no outputs");
    let why = second.with_sinks(spooling(folder.path(), Duration::ZERO)).expect_err("it is taken");
    assert!(matches!(why, DeliverError::Spool { .. }));
    assert!(why.to_string().contains("another process writes to this spool"), "{why}");
    first.finish().expect("delivered");
}
