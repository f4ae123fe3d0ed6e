//! Records appended and committed with a sync each second, and read, released and saved by one
//! reader at the same time; beside `cat` of the same octets in the same run. `make bench-spool`,
//! or with a number of records: `cargo bench -p rmmwatch-spool -- 2000000`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails so")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use spool::{Options, Reader, open};

const BATCH: u64 = 256;
/// What is asked for: records a second.
const WANTED: f64 = 200_000.0;

fn main() {
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let count = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(2_000_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let spool = folder.path().join("spool");
    println!("{count} records of {} octets on average", octets(&records()));
    both(&spool, count);
    restart(&spool, count);
    floor(&spool, folder.path());
    let spool = folder.path().join("alone");
    write_alone(&spool, count);
    read_alone(&spool, count);
}

/// Lines like native records, of 900 to 1,700 octets.
fn records() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let line = |number: u64| {
        let mut line = format!("{{\"event\":{{\"id\":\"{number}\"}},\"message\":\"").into_bytes();
        let len = 900 + random() % 800;
        while (line.len() as u64) < len {
            line.extend_from_slice(format!("{:016x} ", random()).as_bytes());
        }
        line.extend_from_slice(b"\"}");
        line
    };
    (0..4096).map(line).collect()
}

fn octets(records: &[Vec<u8>]) -> usize {
    records.iter().map(Vec::len).sum::<usize>() / records.len()
}

fn options() -> Options {
    Options { bytes_max: 64 << 30, ..Options::default() }
}

fn write(spool: &Path, count: u64) {
    let records = records();
    let (mut writer, _) = open(spool, &["alerts"], &options(), SystemTime::now()).unwrap();
    let mut tended = Instant::now();
    for begin in (0..count).step_by(BATCH as usize) {
        for number in begin..(begin + BATCH).min(count) {
            writer.append(0, &records[number as usize % records.len()]);
        }
        writer.commit(SystemTime::now()).unwrap();
        if tended.elapsed() > Duration::from_secs(1) {
            tended = Instant::now();
            writer.tend(SystemTime::now()).unwrap();
        }
    }
}

/// Until `count` records are read.
fn read(reader: &mut Reader, count: u64, wait: &AtomicBool) {
    let (mut got, mut saved, mut out) = (0, Instant::now(), Vec::new());
    while got < count {
        out.clear();
        assert_eq!(reader.read(0, 1000, 1 << 20, &mut out).unwrap(), 0);
        got += out.len() as u64;
        if let Some(last) = out.last() {
            reader.release(0, last.seq);
        } else {
            assert!(wait.load(Ordering::Relaxed), "{got} of {count} records");
            thread::sleep(Duration::from_millis(1));
        }
        if saved.elapsed() > Duration::from_secs(1) {
            saved = Instant::now();
            reader.save().unwrap();
        }
    }
    reader.save().unwrap();
}

fn told(what: &str, count: u64, begun: Instant, cpu: Duration) -> f64 {
    let secs = begun.elapsed().as_secs_f64();
    let mib = count as f64 * octets(&records()) as f64 / 1_048_576.0 / secs;
    let rate = count as f64 / secs;
    let cpu = (cpu_time() - cpu).as_nanos() / u128::from(count);
    println!("{what:<62} {rate:>9.0} records/s {mib:>5.0} MiB/s {cpu:>5} ns of processor each");
    rate
}

/// A writer and a reader at once; the records stay, for what follows.
fn both(spool: &Path, count: u64) {
    let (first, _) = open(spool, &["alerts"], &options(), SystemTime::now()).unwrap();
    // Holds the segments, so that the floor has the same octets.
    first.reader("held", &[0]).unwrap().save().unwrap();
    let records = records();
    let mut writer = first;
    let mut reader = writer.reader("one", &[0]).unwrap();
    let (begun, cpu) = (Instant::now(), cpu_time());
    thread::scope(|scope| {
        let reading = scope.spawn(move || read(&mut reader, count, &AtomicBool::new(true)));
        let mut tended = Instant::now();
        for begin in (0..count).step_by(BATCH as usize) {
            for number in begin..(begin + BATCH).min(count) {
                writer.append(0, &records[number as usize % records.len()]);
            }
            writer.commit(SystemTime::now()).unwrap();
            if tended.elapsed() > Duration::from_secs(1) {
                tended = Instant::now();
                writer.tend(SystemTime::now()).unwrap();
            }
        }
        drop(writer);
        reading.join().unwrap();
    });
    let rate =
        told("append, commit, sync each second, all on the disk; one reader", count, begun, cpu);
    println!(
        "{}",
        if rate >= WANTED { "  as fast as asked for" } else { "  SLOWER than asked for" }
    );
}

fn write_alone(spool: &Path, count: u64) {
    let (begun, cpu) = (Instant::now(), cpu_time());
    write(spool, count);
    told("the same without a reader", count, begun, cpu);
}

fn read_alone(spool: &Path, count: u64) {
    let (writer, _) = open(spool, &["alerts"], &options(), SystemTime::now()).unwrap();
    let mut reader = writer.reader("one", &[0]).unwrap();
    let (begun, cpu) = (Instant::now(), cpu_time());
    read(&mut reader, count, &AtomicBool::new(false));
    told("read, release, save each second", count, begun, cpu);
}

fn restart(spool: &Path, count: u64) {
    let begun = Instant::now();
    let (writer, recovery) = open(spool, &["alerts"], &options(), SystemTime::now()).unwrap();
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(recovery.records, count);
    println!("opened again, {} segments: {took:.1} ms", recovery.segments);
    drop(writer);
}

/// `cat` of all segments into a file that is synced, and into nothing.
fn floor(spool: &Path, folder: &Path) {
    let mut segments: Vec<_> = fs::read_dir(spool.join("alerts")).unwrap().flatten().collect();
    segments.sort_by_key(fs::DirEntry::path);
    let paths: Vec<_> = segments.iter().map(fs::DirEntry::path).collect();
    let bytes: u64 = segments.iter().map(|entry| entry.metadata().unwrap().len()).sum();
    let cat = |what: &str, into: Stdio, sync: Option<&File>| {
        let begun = Instant::now();
        assert!(Command::new("cat").args(&paths).stdout(into).status().unwrap().success());
        sync.map(File::sync_data).transpose().unwrap();
        let secs = begun.elapsed().as_secs_f64();
        let (rate, mib) = (bytes as f64 / 1_048_576.0 / secs, bytes >> 20);
        println!("floor: {what:<65} {rate:>16.0} MiB/s of {mib} MiB in {secs:.2} s");
    };
    let path = folder.join("floor");
    let file = File::create(&path).unwrap();
    cat("cat into a file, one sync at its end", file.try_clone().unwrap().into(), Some(&file));
    cat("cat into nothing", Stdio::null(), None);
    fs::remove_file(path).unwrap();
    fs::remove_dir_all(spool).unwrap();
}

/// Processor time of this process, in 10 ms steps (proc(5), fields 14 and 15).
fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = text.rsplit_once(')').unwrap();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum();
    Duration::from_millis(ticks * 10)
}
