//! Sinks that do as they are told, in front of a real spool.

use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use spool::{Options, Writer};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

use super::*;
use crate::sinks::{Carrying, Kind, SinkState, UnixPlan};

/// What a scripted carrier does with the next batch; after the script, it takes everything.
#[derive(Clone, Debug)]
enum Act {
    Take,
    Fail,
    /// So many are through, then it fails.
    Break(usize),
    /// The record of that place is refused, the others are taken.
    Refuse(usize),
    /// It never answers.
    Hang,
}

#[derive(Clone, Default)]
struct Scripted {
    script: Arc<Mutex<VecDeque<Act>>>,
    /// Bodies that the other end has, repeated ones too.
    got: Arc<Mutex<Vec<String>>>,
    /// Bodies of each attempt's batch, joined.
    attempts: Arc<Mutex<Vec<String>>>,
}

impl Carrier for Scripted {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            let act = self.script.lock().expect("a lock").pop_front().unwrap_or(Act::Take);
            let bodies: Vec<String> =
                batch.iter().map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
            self.attempts.lock().expect("a lock").push(bodies.join(" "));
            let mut got = self.got.lock().expect("a lock");
            match act {
                Act::Take => got.extend(bodies),
                Act::Fail => return Err(Setback::new("it fails")),
                Act::Break(carried) => {
                    got.extend(bodies.into_iter().take(carried));
                    return Err(Setback { carried, ..Setback::new("it breaks") });
                }
                Act::Refuse(at) => {
                    got.extend(
                        bodies.into_iter().enumerate().filter(|one| one.0 != at).map(|one| one.1),
                    );
                    let why = "it is odd".to_owned();
                    return Ok(Carried { refused: vec![Refused { at, why }] });
                }
                Act::Hang => {
                    drop(got);
                    std::future::pending::<()>().await;
                }
            }
            Ok(Carried::default())
        })
    }
}

/// A spool with a sink in front of it.
struct Stage {
    folder: TempDir,
    carrier: Scripted,
}

const CLASSES: [&str; 4] = ["alerts", "health", "facts", "observations"];

impl Stage {
    fn new(script: &[Act]) -> Stage {
        let carrier = Scripted::default();
        carrier.script.lock().expect("a lock").extend(script.iter().cloned());
        Stage { folder: tempfile::tempdir().expect("a folder"), carrier }
    }

    fn spool(&self) -> Writer {
        let options = Options { sync_every: Duration::ZERO, ..Options::default() };
        let folder = self.folder.path().join("spool");
        spool::open(&folder, &CLASSES, &options, SystemTime::now()).expect("a spool").0
    }

    /// Put records in and run the sink until nothing waits, or for that long.
    fn run(&self, records: &[(Stream, &str)], long: Duration) -> SinkState {
        let mut writer = self.spool();
        for (stream, text) in records {
            writer.append(class_of(*stream), text.as_bytes());
        }
        writer.commit(SystemTime::now()).expect("the disk takes it");
        let streams = vec![Stream::Observations, Stream::Alerts];
        let classes: Vec<usize> = streams.iter().map(|one| class_of(*one)).collect();
        let reader = writer.reader("s", &classes).expect("a place");
        let plan = SinkPlan {
            name: "s".to_owned(),
            streams,
            kind: Kind::Unix(UnixPlan { path: "/".into(), datagrams: true, confirm: false }),
            prepare: Arc::new(|_, line, out| {
                let text = std::str::from_utf8(line).ok()?;
                out.extend_from_slice(line);
                (!text.starts_with('#')).then(|| format!("id-{text}"))
            }),
            batch_records: 3,
            batch_bytes: 1 << 20,
            timeout: Duration::from_millis(200),
        };
        let gauge = Arc::new(Gauge::new("s", "unix"));
        let carrier = Box::new(self.carrier.clone());
        let runner = Runner::new(plan, carrier, reader, Arc::clone(&gauge), self.folder.path());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let (_more, more) = watch::channel(0);
            let end_by = Some(Instant::now() + long);
            let (_control, control) = watch::channel(Control { end_by, reopened: 0 });
            runner.run(more, control).await;
        });
        gauge.state()
    }

    fn got(&self) -> Vec<String> {
        self.carrier.got.lock().expect("a lock").clone()
    }

    fn attempts(&self) -> Vec<String> {
        self.carrier.attempts.lock().expect("a lock").clone()
    }
}

const LONG: Duration = Duration::from_secs(20);

/// Alerts of these texts.
fn alerts<'a>(texts: &[&'a str]) -> Vec<(Stream, &'a str)> {
    texts.iter().map(|text| (Stream::Alerts, *text)).collect()
}

#[test]
fn what_a_sink_does_with_five_records() {
    use Act::{Break, Fail, Hang, Refuse, Take};
    /// What it is, what the carrier does, the batches of each attempt, what the other end has, and
    /// how many were sent, refused and set back.
    type Row<'a> = (&'a str, &'a [Act], &'a [&'a str], &'a [&'a str], (u64, u64, u64));
    let table: [Row<'_>; 7] = [
        ("takes all", &[], &["a b c", "d e"], &["a", "b", "c", "d", "e"], (5, 0, 0)),
        (
            "fails at first",
            &[Fail, Fail],
            &["a b c", "a b c", "a b c", "d e"],
            &["a", "b", "c", "d", "e"],
            (5, 0, 2),
        ),
        (
            "breaks after two: they are not sent again",
            &[Break(2)],
            &["a b c", "c d e"],
            &["a", "b", "c", "d", "e"],
            (5, 0, 1),
        ),
        (
            "breaks after more than there were",
            &[Break(9)],
            &["a b c", "d e"],
            &["a", "b", "c", "d", "e"],
            (5, 0, 1),
        ),
        ("never takes one", &[Refuse(1)], &["a b c", "d e"], &["a", "c", "d", "e"], (4, 1, 0)),
        (
            "does not answer",
            &[Take, Hang],
            &["a b c", "d e", "d", "e"],
            &["a", "b", "c", "d", "e"],
            (5, 0, 1),
        ),
        (
            "refuses what is not there",
            &[Refuse(7)],
            &["a b c", "d e"],
            &["a", "b", "c", "d", "e"],
            (5, 0, 0),
        ),
    ];
    for (what, script, attempts, got, counts) in table {
        let stage = Stage::new(script);
        let state = stage.run(&alerts(&["a", "b", "c", "d", "e"]), LONG);
        assert_eq!(stage.attempts(), attempts, "{what}");
        assert_eq!(stage.got(), got, "{what}");
        assert_eq!((state.sent, state.refused, state.setbacks), counts, "{what}");
        assert_eq!((state.waiting, state.lost), (0, 0), "{what}");
    }
}

#[test]
fn alerts_go_before_observations_and_what_has_no_form_is_counted() {
    let stage = Stage::new(&[]);
    let records = [
        (Stream::Observations, "o1"),
        (Stream::Alerts, "a1"),
        (Stream::Observations, "#2"),
        (Stream::Health, "not asked for"),
        (Stream::Alerts, "#3"),
        (Stream::Alerts, "a2"),
    ];
    let state = stage.run(&records, LONG);
    assert_eq!(stage.got(), ["a1", "a2", "o1"]);
    assert_eq!((state.sent, state.formless), (3, 2));
}

#[test]
fn what_was_not_taken_waits_for_the_next_start_and_nothing_is_sent_twice() {
    let always = vec![Act::Fail; 50];
    let stage = Stage::new(&[&[Act::Take][..], &always].concat());
    let state = stage.run(&alerts(&["a", "b", "c", "d"]), Duration::from_millis(600));
    assert_eq!((state.sent, state.waiting), (3, 1));
    assert_eq!(state.trouble.as_deref(), Some("it fails"));
    stage.carrier.script.lock().expect("a lock").clear();
    let state = stage.run(&alerts(&["e"]), LONG);
    assert_eq!((state.sent, state.waiting, state.trouble), (2, 0, None));
    assert_eq!(stage.got(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_sink_that_never_took_a_record_refuses_none_for_good() {
    let stage = Stage::new(&[Act::Refuse(0), Act::Refuse(0)]);
    let state = stage.run(&alerts(&["a"]), LONG);
    assert_eq!(stage.attempts(), ["a", "a", "a"]);
    assert_eq!((state.sent, state.refused, state.setbacks, state.waiting), (1, 0, 2, 0));
    // Once it took one, it is believed.
    let stage = Stage::new(&[Act::Take, Act::Refuse(0)]);
    let state = stage.run(&alerts(&["a", "b", "c", "d"]), LONG);
    assert_eq!(stage.attempts(), ["a b c", "d"]);
    assert_eq!((state.sent, state.refused), (3, 1));
}

#[test]
fn what_is_refused_is_written_down() {
    let stage = Stage::new(&[Act::Refuse(0)]);
    stage.run(&alerts(&["{\"odd\":1}", "b"]), LONG);
    let kept = fs::read_to_string(stage.folder.path().join("refused-s.jsonl")).expect("a file");
    assert_eq!(
        kept,
        "{\"sink\":\"s\",\"id\":\"id-{\\\"odd\\\":1}\",\"why\":\"it is odd\",\
         \"record\":\"{\\\"odd\\\":1}\"}\n"
    );
}

#[test]
fn every_record_is_counted_once_whatever_became_of_it() {
    use Act::{Break, Fail, Hang, Refuse};
    let texts = ["#1", "a", "#2", "b", "#3", "c", "#4", "d", "#5", "#6", "e", "#7"];
    for script in [&[Break(1)][..], &[Break(2), Break(1)], &[Refuse(0), Fail, Break(1)], &[Hang]] {
        let stage = Stage::new(script);
        let state = stage.run(&alerts(&texts), LONG);
        let SinkState { sent, refused, formless, waiting, lost, .. } = state;
        assert_eq!((formless, waiting, lost), (7, 0, 0), "{script:?}");
        assert_eq!(sent + refused, 5, "{script:?}");
    }
}

/// It is slow, not dead: what it does not manage in time at once, it does in parts.
#[test]
fn a_batch_that_takes_too_long_becomes_smaller_and_then_larger_again() {
    let stage = Stage::new(&[Act::Hang, Act::Hang]);
    stage.run(&alerts(&["a", "b", "c", "d", "e", "f", "g"]), LONG);
    assert_eq!(stage.attempts(), ["a b c", "a", "a", "b c", "d e f", "g"]);
}

#[test]
fn losses_are_told_once_even_when_nothing_is_sent_after_them() {
    let stage = Stage::new(&[]);
    stage.run(&alerts(&["b"]), LONG);
    stage.carrier.script.lock().expect("a lock").extend(vec![Act::Fail; 50]);
    let long = "x".repeat(spool::limits::PAYLOAD_BYTES_MAX + 1);
    let state = stage.run(&alerts(&[&long, "a"]), Duration::from_millis(300));
    assert_eq!((state.lost, state.waiting), (1, 1));
    let state = stage.run(&[], Duration::from_millis(300));
    assert_eq!((state.lost, state.waiting), (0, 1));
}

#[test]
fn pauses_grow_and_a_server_may_ask_for_longer_ones() {
    let mut backoff = Backoff::default();
    let pauses: Vec<Duration> = (0..12).map(|_| backoff.next(None)).collect();
    for (number, pause) in pauses.iter().enumerate() {
        let whole = BACKOFF_FIRST.saturating_mul(1 << number).min(BACKOFF_MOST);
        assert!(*pause <= whole && *pause >= whole.mul_f64(0.74), "{number}: {pause:?}");
    }
    assert_eq!(backoff.next(Some(Duration::from_secs(45))), Duration::from_secs(45));
    assert_eq!(backoff.next(Some(Duration::from_secs(86_400))), BACKOFF_MOST * 2);
    assert!(backoff.next(Some(Duration::ZERO)) > Duration::from_secs(20));
}
