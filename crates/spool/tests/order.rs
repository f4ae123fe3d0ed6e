//! Records come out as they went in, for every reader, across restarts and bounds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail so")]
#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

use std::path::Path;
use std::time::{Duration, SystemTime};

use spool::{Options, Reader, SpoolError, Taken, Writer, open};

const CLASSES: &[&str] = &["alerts", "facts"];
const ALERTS: usize = 0;
const FACTS: usize = 1;

fn at(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + secs)
}

fn small() -> Options {
    Options { segment_bytes: 64 << 10, bytes_max: 1 << 20, ..Options::default() }
}

fn fresh(folder: &Path) -> Writer {
    let (writer, recovery) = open(folder, CLASSES, &small(), at(0)).unwrap();
    assert_eq!(recovery.findings, []);
    writer
}

fn put(writer: &mut Writer, class: usize, count: u64, len: usize) {
    for number in 0..count {
        let mut payload = number.to_string().into_bytes();
        payload.resize(len, b'x');
        writer.append(class, &payload);
    }
    writer.commit(at(1)).unwrap();
}

fn take(reader: &mut Reader, class: usize) -> (u64, Vec<u64>) {
    let mut out = Vec::new();
    let mut lost = 0;
    loop {
        let before = out.len();
        let more = reader.read(class, 100, 1 << 20, &mut out).unwrap();
        lost += more;
        if out.len() == before && more == 0 {
            break;
        }
    }
    (lost, out.iter().map(|taken| taken.seq).collect())
}

#[test]
fn what_went_in_comes_out_in_order_and_only_once_released() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = fresh(folder.path());
    let mut reader = writer.reader("one", &[ALERTS]).unwrap();
    writer.append(ALERTS, b"first");
    writer.append(ALERTS, b"");
    let mut out = Vec::new();
    assert_eq!(reader.read(ALERTS, 10, 1000, &mut out).unwrap(), 0);
    assert_eq!((out.len(), writer.buffered()), (0, 16 + 5 + 16), "in memory only");
    writer.commit(at(1)).unwrap();
    assert_eq!(reader.lag().records, 2);
    assert_eq!(reader.read(ALERTS, 10, 1000, &mut out).unwrap(), 0);
    let expected = [(1, &b"first"[..]), (2, b"")];
    let expected = expected.map(|(seq, payload)| Taken { seq, payload: payload.to_vec() });
    assert_eq!(out, expected);
    reader.rewind(ALERTS);
    assert_eq!(take(&mut reader, ALERTS), (0, vec![1, 2]));
    reader.release(ALERTS, 1);
    reader.rewind(ALERTS);
    assert_eq!(take(&mut reader, ALERTS), (0, vec![2]));
    reader.release(ALERTS, 99);
    assert_eq!(reader.lag(), spool::Lag::default());
    writer.append(ALERTS, b"third");
    writer.commit(at(2)).unwrap();
    assert_eq!(take(&mut reader, ALERTS), (0, vec![3]));
}

#[test]
fn a_batch_keeps_to_its_bounds_but_has_one_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = fresh(folder.path());
    put(&mut writer, FACTS, 10, 1000);
    let mut reader = writer.reader("one", &[FACTS]).unwrap();
    for (records, bytes, expected) in
        [(3, 10_000, 3), (100, 2000, 2), (100, 10, 1), (0, 1000, 0), (100, 3999, 3), (9, 9999, 1)]
    {
        let mut out = Vec::new();
        reader.read(FACTS, records, bytes, &mut out).unwrap();
        assert_eq!(out.len(), expected, "{records} records, {bytes} octets");
    }
}

#[test]
fn segments_leave_when_every_reader_saved_that_it_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = fresh(folder.path());
    let mut slow = writer.reader("slow", &[FACTS]).unwrap();
    let mut fast = writer.reader("fast", &[FACTS, ALERTS]).unwrap();
    put(&mut writer, FACTS, 300, 1000);
    let segments = || std::fs::read_dir(folder.path().join("facts")).unwrap().count();
    assert_eq!(segments(), 5);
    take(&mut fast, FACTS);
    fast.release(FACTS, 300);
    fast.save().unwrap();
    assert_eq!(writer.tend(at(2)).unwrap().released, 0);
    take(&mut slow, FACTS);
    slow.release(FACTS, 200);
    assert_eq!(writer.tend(at(2)).unwrap().released, 0, "not saved");
    slow.save().unwrap();
    let tended = writer.tend(at(3)).unwrap();
    assert_eq!((tended.released, tended.dropped, segments()), (3, vec![0, 0], 2));
    drop(slow);
    assert_eq!(writer.forget_others(&["fast"]).unwrap(), ["slow"]);
    assert_eq!(writer.tend(at(3)).unwrap().released, 1);
    drop((writer, fast));
    let mut writer = fresh(folder.path());
    let mut fast = writer.reader("fast", &[FACTS, ALERTS]).unwrap();
    assert_eq!(take(&mut fast, FACTS), (0, vec![]));
    put(&mut writer, FACTS, 2, 10);
    assert_eq!(take(&mut fast, FACTS), (0, vec![301, 302]));
    let mut late = writer.reader("late", &[FACTS]).unwrap();
    assert_eq!(take(&mut late, FACTS).1.last(), Some(&302));
}

#[test]
fn at_the_bound_the_last_class_goes_first_and_every_reader_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = fresh(folder.path());
    let mut reader = writer.reader("one", &[ALERTS, FACTS]).unwrap();
    put(&mut writer, ALERTS, 300, 1000);
    put(&mut writer, FACTS, 400, 1000);
    let mut out = Vec::new();
    reader.read(FACTS, 10, 1 << 20, &mut out).unwrap();
    put(&mut writer, FACTS, 1000, 1000);
    let dropped = writer.tend(at(2)).unwrap().dropped;
    let counts = writer.counts();
    assert!(counts.bytes.iter().sum::<u64>() <= 1 << 20, "{counts:?}");
    assert_eq!((dropped[ALERTS], counts.records[ALERTS]), (0, 300));
    assert_eq!(dropped[FACTS] + counts.records[FACTS], 1400);
    assert_eq!(counts.dropped, dropped);
    assert_eq!(writer.tend(at(2)).unwrap().dropped, [0, 0], "told once");
    reader.rewind(FACTS);
    let (lost, seqs) = take(&mut reader, FACTS);
    assert_eq!((lost, seqs.len() as u64), (dropped[FACTS], counts.records[FACTS]));
    reader.rewind(FACTS);
    assert_eq!(take(&mut reader, FACTS), (0, seqs), "what is missing is told once");
    assert_eq!(take(&mut reader, ALERTS).1.len(), 300);
    // Even the active segment of the last class goes before any of the first.
    put(&mut writer, ALERTS, 900, 1000);
    writer.tend(at(3)).unwrap();
    assert_eq!(writer.counts().records[FACTS], 0);
    assert!(writer.counts().dropped[ALERTS] > 0, "alerts alone exceed the bound");
    put(&mut writer, FACTS, 1, 1);
    assert_eq!(take(&mut reader, FACTS).1, [1401], "numbers go on");
}

#[test]
fn age_takes_what_is_old_but_no_step_of_the_clock_does() {
    let folder = tempfile::tempdir().unwrap();
    let day = Duration::from_secs(86_400);
    let options = Options { age_max: Some(day), ..small() };
    let (mut writer, _) = open(folder.path(), CLASSES, &options, at(0)).unwrap();
    let reader = writer.reader("one", &[ALERTS]).unwrap();
    writer.append(ALERTS, b"a");
    writer.commit(at(0)).unwrap();
    assert_eq!(writer.tend(at(400_000_000)).unwrap().dropped, [0, 0], "the clock was set");
    assert_eq!(reader.lag().oldest, Some(at(400_000_000)));
    let mut now = 400_000_000;
    let mut lost = 0;
    while now < 400_000_000 + 86_400 + 11_000 {
        now += 300;
        lost += writer.tend(at(now)).unwrap().dropped[ALERTS];
    }
    assert_eq!((lost, writer.counts().records[ALERTS], reader.lag().records), (1, 0, 0));
}

#[test]
fn two_writers_or_readers_of_one_name_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let writer = fresh(folder.path());
    let second = open(folder.path(), CLASSES, &small(), at(0));
    assert!(matches!(second, Err(SpoolError::Locked { .. })));
    let reader = writer.reader("one", &[ALERTS]).unwrap();
    assert!(matches!(writer.reader("one", &[FACTS]), Err(SpoolError::Reader { .. })));
    assert!(matches!(writer.reader("../one", &[FACTS]), Err(SpoolError::Name { .. })));
    assert!(matches!(writer.reader("two", &[2]), Err(SpoolError::Class { number: 2 })));
    drop(reader);
    writer.reader("one", &[FACTS]).unwrap();
    drop(writer);
    for classes in [&["a", "a"][..], &["readers"], &["a/b"], &[], &["lock"]] {
        assert!(open(folder.path(), classes, &small(), at(0)).is_err(), "{classes:?}");
    }
    fresh(folder.path());
}

#[test]
fn only_its_owner_may_look_into_a_spool() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("deep/spool");
    let mut writer = fresh(&root);
    put(&mut writer, ALERTS, 1, 1);
    writer.reader("one", &[ALERTS]).unwrap().save().unwrap();
    let mut folders = vec![root];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
    assert_eq!(files, 3, "the lock, a segment, a cursor");
}

#[test]
fn what_is_too_long_or_too_much_is_counted_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = fresh(folder.path());
    let mut reader = writer.reader("one", &[ALERTS, FACTS]).unwrap();
    writer.append(ALERTS, &vec![0; (1 << 20) + 1]);
    writer.append(ALERTS, &vec![7; 1 << 20]);
    writer.append(FACTS, b"a");
    assert_eq!(writer.discard_buffered(FACTS), 1);
    for _ in 0..70 {
        writer.append(FACTS, &vec![0; 1 << 20]);
    }
    writer.append(ALERTS, b"urgent");
    assert!(writer.buffered() <= spool::limits::BUFFER_BYTES_MAX);
    for _ in 0..64 {
        writer.append(ALERTS, &vec![0; 1 << 20]);
    }
    assert_eq!(
        writer.counts().dropped,
        [3, 71],
        "facts made room for alerts, while there were any"
    );
    writer.commit(at(1)).unwrap();
    assert_eq!(take(&mut reader, ALERTS), (1, (2..=65).collect()));
    writer.append(ALERTS, b"next");
    writer.commit(at(1)).unwrap();
    assert_eq!(take(&mut reader, ALERTS), (2, vec![68]));
    assert_eq!(writer.tend(at(1)).unwrap().dropped[FACTS], 71);
}
