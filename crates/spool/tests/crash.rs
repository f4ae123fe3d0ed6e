//! The program is killed, again and again, while it writes and reads: what it had committed is
//! there, and what it had saved is not read again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail so")]
#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use spool::{Options, open};

const FOLDER: &str = "SPOOL_TEST_FOLDER";
const CLASSES: &[&str] = &["alerts", "facts"];

/// What the parent appends after each kill, to learn how far numbers have come.
const PROBE: &[u8] = b"probe";

fn options() -> Options {
    Options { segment_bytes: 64 << 10, bytes_max: 1 << 30, ..Options::default() }
}

fn payload(class: usize, seq: u64) -> Vec<u8> {
    let mut payload = format!("{class}:{seq}:").into_bytes();
    payload.resize(20 + (seq as usize * 7919) % 1500, b'y');
    payload
}

/// Not a test of its own: the program that is killed. Says on its standard output what it has
/// committed and saved, after it did.
#[test]
fn child_that_writes() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (mut writer, _) = open(Path::new(&folder), CLASSES, &options(), SystemTime::now()).unwrap();
    let mut reader = writer.reader("one", &[0, 1]).unwrap();
    let mut next = [0, 1].map(|class| next_of(&folder, class));
    let mut out = std::io::stdout().lock();
    for round in 0.. {
        for (class, next) in next.iter_mut().enumerate() {
            for _ in 0..(round + class as u64) % 9 {
                writer.append(class, &payload(class, *next));
                *next += 1;
            }
        }
        writer.commit(SystemTime::now()).unwrap();
        writeln!(out, "committed {} {}", next[0] - 1, next[1] - 1).unwrap();
        let mut taken = Vec::new();
        let class = round as usize % 2;
        assert_eq!(reader.read(class, 20, 1 << 20, &mut taken).unwrap(), 0);
        if let Some(last) = taken.last() {
            reader.release(class, last.seq);
        }
        if round % 16 < 2 {
            reader.save().unwrap();
            let seq = taken.last().map_or(0, |taken| taken.seq);
            writeln!(out, "saved {class} {seq}").unwrap();
            writer.tend(SystemTime::now()).unwrap();
        }
    }
}

/// The number that the next record of a class will have: from the parent, by a file.
fn next_of(folder: &std::ffi::OsStr, class: usize) -> u64 {
    let path = Path::new(folder).with_extension(format!("next{class}"));
    std::fs::read_to_string(path).ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Killed when the test ends, however it ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn killed_in_the_midst_nothing_committed_is_lost_and_nothing_saved_comes_again() {
    let ground = tempfile::tempdir().unwrap();
    let folder = ground.path().join("spool");
    let (mut total, mut findings) = (0, 0);
    let mut saved = [0_u64; 2];
    for round in 0..12 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child_that_writes", "--nocapture"]).env(FOLDER, &folder);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut child = Killed(child);
        let mut lines = BufReader::new(child.0.stdout.take().unwrap());
        let mut committed = [0, 1].map(|class| next_of(folder.as_os_str(), class) - 1);
        let end = 40 + round * 37;
        let mut take = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<u64>().unwrap();
            match words[..] {
                // A line may be cut where the program was killed.
                ["committed", _, _] if line.ends_with('\n') => committed = [number(1), number(2)],
                ["saved", _, _] if line.ends_with('\n') => {
                    let class = number(1) as usize;
                    saved[class] = saved[class].max(number(2));
                }
                _ => {}
            }
        };
        let mut line = String::new();
        for _ in 0..end {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the child lives until it is killed");
            take(&line);
        }
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        while {
            line.clear();
            lines.read_line(&mut line).unwrap_or(0) > 0
        } {
            take(&line);
        }
        let now = SystemTime::now();
        let (mut writer, recovery) = open(&folder, CLASSES, &options(), now).unwrap();
        findings += recovery.findings.len();
        let mut reader = writer.reader("one", &[0, 1]).unwrap();
        for class in 0..2 {
            writer.append(class, PROBE);
            writer.commit(now).unwrap();
            let mut all = Vec::new();
            while {
                let before = all.len();
                assert_eq!(reader.read(class, 1000, 1 << 20, &mut all).unwrap(), 0);
                all.len() > before
            } {}
            let (first, last) = (all[0].seq, all.last().unwrap().seq);
            assert!(last > committed[class], "round {round}: {last} of {committed:?}");
            assert!(first > saved[class], "round {round}: {first}, {saved:?} were saved");
            assert_eq!(all.len() as u64, last - first + 1, "none is missing");
            for taken in all.iter().filter(|taken| taken.payload != PROBE) {
                assert_eq!(taken.payload, payload(class, taken.seq));
            }
            let next = folder.with_extension(format!("next{class}"));
            std::fs::write(next, (last + 1).to_string()).unwrap();
            total = total.max(last);
        }
    }
    println!("{total} records over 12 kills, {findings} torn ends");
    assert!(total > 500);
}
