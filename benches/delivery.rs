//! Alerts a second from the analyst's hand to a file that is synced each second, through the spool,
//! beside `cat` of the same octets in the same run.
//!
//! `cargo bench --bench delivery`. Each row is the median of three interleaved runs; the sum is taken
//! until the last line is in the file and the place in the spool is written down.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deliver::sinks::{FilePlan, Kind, Prepare, SinkPlan};
use deliver::{Delivery, SpoolOptions, Spooling, Stream};
use records::{Format, FormatOptions, Native};

const ALERTS: usize = 200_000;
const ROUNDS: usize = 3;

fn main() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/records/tests/golden");
    let alert = fs::read_to_string(golden.join("alert_relay.json")).expect("a golden line");
    let lines: Vec<u8> = (0..ALERTS)
        .flat_map(|number| {
            alert.replace("a3f1c0de5b7e4d21", &format!("{number:016x}")).into_bytes()
        })
        .collect();
    println!("{ALERTS} alerts of {} octets", alert.len());
    let mut cat = Vec::new();
    let formats = [Format::Ecs, Format::Eve, Format::Cef, Format::Ocsf];
    let mut sinks = vec![Vec::new(); formats.len()];
    for _ in 0..ROUNDS {
        cat.push(cat_of(&lines));
        for (times, format) in sinks.iter_mut().zip(formats) {
            times.push(through(&lines, format));
        }
    }
    tell("cat, and one fsync", &mut cat);
    for (times, format) in sinks.iter_mut().zip(formats) {
        tell(&format!("spool, file sink, {}", format.word()), times);
    }
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort();
    let median = times[times.len() / 2].as_secs_f64();
    println!("{what:28} {:>9.0} alerts/s  {median:>7.3} s", ALERTS as f64 / median);
}

fn cat_of(lines: &[u8]) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, lines).expect("the disk takes it");
    let begin = Instant::now();
    let out = fs::File::create(&to).expect("a file");
    let status = Command::new("cat").arg(&from).stdout(out.try_clone().expect("it")).status();
    assert!(status.expect("cat runs").success());
    out.sync_all().expect("the disk takes it");
    begin.elapsed()
}

fn through(lines: &[u8], format: Format) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let prepare: Prepare = Arc::new(move |_, line, out| {
        let record = Native::parse(line).ok()?;
        records::shape(format, &record, &FormatOptions::default(), out)
            .then(|| record.delivery_id().into_owned())
    });
    let sink = SinkPlan {
        name: "file".to_owned(),
        streams: vec![Stream::Alerts],
        kind: Kind::File(FilePlan {
            path: path.clone(),
            rotate_bytes: None,
            rotate_every: None,
            keep: None,
            header: Arc::new(|_, _| None),
        }),
        prepare,
        batch_records: 500,
        batch_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
    };
    let spooling = Spooling {
        folder: folder.path().join("spool"),
        options: SpoolOptions { sync_every: Duration::from_secs(1), ..SpoolOptions::default() },
        sinks: vec![sink],
        drain: Duration::from_secs(600),
    };
    let begin = Instant::now();
    let delivery = Delivery::start(Vec::new()).expect("a thread");
    let delivery = delivery.with_sinks(spooling).expect("a spool");
    for chunk in lines.split_inclusive(|octet| *octet == b'\n').collect::<Vec<_>>().chunks(8) {
        delivery.send(Stream::Alerts, chunk.concat()).expect("it takes them");
    }
    let (_, sinks) = delivery.finish().expect("an end").sinks.expect("sinks");
    let took = begin.elapsed();
    assert_eq!((sinks[0].sent, sinks[0].lost, sinks[0].waiting), (ALERTS as u64, 0, 0));
    let written = fs::read(&path).expect("the file").iter().filter(|one| **one == b'\n').count();
    assert_eq!(written, ALERTS);
    took
}
