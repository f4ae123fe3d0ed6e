//! The disk is full: nothing is half-visible, what waits in memory goes out when there is room, and
//! what matters less makes room for what matters more.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail so")]
#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use spool::{Options, Reader, open};

const FOLDER: &str = "SPOOL_TEST_FOLDER";
const CLASSES: &[&str] = &["alerts", "facts"];
const ALERTS: usize = 0;
const FACTS: usize = 1;

fn at(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + secs)
}

fn options() -> Options {
    Options { segment_bytes: 256 << 10, bytes_max: 1 << 30, ..Options::default() }
}

fn count(reader: &mut Reader, class: usize) -> (usize, u64) {
    let (mut out, mut lost) = (Vec::new(), 0);
    loop {
        let before = out.len();
        let more = reader.read(class, 1000, 1 << 20, &mut out).unwrap();
        lost += more;
        if out.len() == before && more == 0 {
            break (out.len(), lost);
        }
    }
}

/// Runs one of this file's tests in a process of its own, behind some shell.
fn apart(test: &str, folder: &Path, shell: &str) -> Output {
    let mut command = Command::new("sh");
    command.arg("-c").arg(shell).arg("sh").arg(std::env::current_exe().unwrap()).arg(test);
    command.env(FOLDER, folder).output().unwrap()
}

fn check(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
}

/// A file may grow to 102,400 octets and no further (`RLIMIT_FSIZE`): a write is taken in part and
/// then refused.
#[test]
fn a_write_that_is_taken_in_part_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let shell = "trap '' XFSZ; ulimit -f 200; exec \"$1\" --exact \"$2\" --nocapture";
    check(&apart("child_with_a_limit", folder.path(), shell));
    // Without the limit, all that was in memory came out when the writer closed its segment and
    // began another, or was told to be lost.
    let (writer, recovery) = open(folder.path(), CLASSES, &options(), at(9)).unwrap();
    assert_eq!(recovery.findings, []);
    let mut reader = writer.reader("one", &[ALERTS]).unwrap();
    assert_eq!(count(&mut reader, ALERTS), (91, 60));
}

#[test]
fn child_with_a_limit() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let (mut writer, _) = open(folder, CLASSES, &options(), at(0)).unwrap();
    let mut reader = writer.reader("one", &[ALERTS]).unwrap();
    (0..90).for_each(|_| writer.append(ALERTS, &[b'a'; 1000]));
    writer.commit(at(1)).unwrap();
    (0..60).for_each(|_| writer.append(ALERTS, &[b'b'; 1000]));
    for again in 0..3 {
        let why = writer.commit(at(2 + again)).unwrap_err();
        assert!(why.is_full(), "{why}");
        assert_eq!(writer.buffered(), 60 * 1016, "it waits");
        let segment = std::fs::read_dir(folder.join("alerts")).unwrap().next().unwrap().unwrap();
        assert_eq!(segment.metadata().unwrap().len(), 64 + 90 * 1016, "cut back");
        assert_eq!(count(&mut reader, ALERTS).0, if again == 0 { 90 } else { 0 });
        assert_eq!(writer.counts().records[ALERTS], 90);
    }
    assert_eq!(writer.discard_buffered(ALERTS), 60);
    assert_eq!(writer.buffered(), 0);
    writer.append(ALERTS, b"small");
    writer.commit(at(9)).unwrap();
    assert_eq!(count(&mut reader, ALERTS), (1, 60), "what was let go is told");
    assert_eq!(writer.tend(at(9)).unwrap().dropped, [60, 0]);
}

/// A file system of 2 MiB, which only the superuser can make.
#[test]
fn on_a_full_disk_facts_make_room_for_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let shell = "exec unshare -m sh -c 'mount -t tmpfs -o size=2m tmpfs \"$SPOOL_TEST_FOLDER\" \
                 || exit 99; exec \"$1\" --exact \"$2\" --nocapture' sh \"$1\" \"$2\"";
    let output = apart("child_on_a_small_disk", folder.path(), shell);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(99)
        || told.contains("unshare")
        || output.status.code() == Some(127)
    {
        println!("SKIPPED: no file system can be mounted here: {}", told.trim());
        return;
    }
    check(&output);
}

#[test]
fn child_on_a_small_disk() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder).join("spool");
    let (mut writer, _) = open(&folder, CLASSES, &options(), at(0)).unwrap();
    let mut reader = writer.reader("one", &[ALERTS, FACTS]).unwrap();
    reader.save().unwrap();
    let mut fill = |class: usize, records: usize| {
        (0..records).for_each(|_| writer.append(class, &[b'c'; 1000]));
        writer.commit(at(1)).map(|()| writer.counts())
    };
    fill(FACTS, 1000).unwrap();
    fill(ALERTS, 500).unwrap();
    let counts = fill(ALERTS, 1000).unwrap();
    assert_eq!(counts.records[ALERTS], 1500);
    assert!(counts.records[FACTS] < 1000 && counts.dropped[ALERTS] == 0, "{counts:?}");
    assert_eq!(counts.records[FACTS] + counts.dropped[FACTS], 1000);
    // Facts make no room for facts, and alerts are not given up at all.
    let mut failed = false;
    for _ in 0..20 {
        failed |= fill(FACTS, 100).is_err_and(|why| why.is_full());
    }
    assert!(failed);
    for _ in 0..4 {
        let _ = fill(ALERTS, 600);
    }
    let why = fill(ALERTS, 1).unwrap_err();
    assert!(why.is_full(), "{why}");
    let counts = writer.counts();
    assert_eq!((counts.dropped[ALERTS], counts.records[FACTS]), (0, 0));
    // What was sent makes room for what waits, in turns.
    assert!(writer.buffered() > 0);
    writer.discard_buffered(FACTS);
    let mut got = 0;
    for turn in 0..5 {
        let (more, lost) = count(&mut reader, ALERTS);
        assert_eq!(lost, 0);
        got += more;
        reader.release(ALERTS, got as u64);
        reader.save().unwrap();
        writer.tend(at(5 + turn)).unwrap();
        let _ = writer.commit(at(5 + turn));
    }
    assert_eq!(writer.buffered(), 0);
    assert_eq!(got + count(&mut reader, ALERTS).0, 500 + 1000 + 4 * 600 + 1, "no alert is lost");
}
