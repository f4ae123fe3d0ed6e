//! What a power cut or a bad disk leaves: nothing corrupt comes out, what is whole does, and what
//! is missing is told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail so")]
#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use spool::{Options, Recovery, Taken, Writer, open};

const CLASS: &[&str] = &["alerts"];
const HEAD: usize = 64;
const SEAL: usize = 64;
const FRAME: usize = 16;

fn at(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + secs)
}

/// Memory, where the system has a folder in it: these tests wait for the disk often, and none of
/// them is about it.
fn ground() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn options() -> Options {
    Options { segment_bytes: 64 << 10, bytes_max: 1 << 30, ..Options::default() }
}

fn payload(seq: u64) -> Vec<u8> {
    let mut payload = format!("{{\"n\":{seq},\"x\":\"").into_bytes();
    payload.resize(40 + (seq as usize * 31) % 90, b'a' + (seq % 26) as u8);
    payload
}

fn fill(writer: &mut Writer, numbers: std::ops::RangeInclusive<u64>) {
    for seq in numbers {
        writer.append(0, &payload(seq));
    }
    writer.commit(at(1)).unwrap();
}

fn segments(spool: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(spool.join("alerts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let into = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&into).unwrap();
            copy(&path, &into);
        } else {
            fs::copy(&path, &into).unwrap();
        }
    }
}

/// A spool as it lies on the disk while its writer still runs: the last segment has no seal.
struct Snapshot {
    folder: tempfile::TempDir,
    count: u64,
}

impl Snapshot {
    fn new(count: u64) -> Snapshot {
        let live = ground();
        let (mut writer, _) = open(live.path(), CLASS, &options(), at(0)).unwrap();
        fill(&mut writer, 1..=count);
        let folder = ground();
        copy(live.path(), folder.path());
        Snapshot { folder, count }
    }

    fn again(&self) -> Snapshot {
        let folder = ground();
        copy(self.folder.path(), folder.path());
        Snapshot { folder, count: self.count }
    }

    fn segment(&self, number: usize) -> PathBuf {
        segments(self.folder.path())[number].clone()
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.segment(number);
        let mut octets = fs::read(&path).unwrap();
        change(&mut octets);
        fs::write(path, octets).unwrap();
    }

    /// Opens, reads everything, appends one more, and opens and reads once more. Whatever came out
    /// is as it went in.
    fn outcome(&self) -> Outcome {
        let (mut writer, recovery) = open(self.folder.path(), CLASS, &options(), at(9)).unwrap();
        let (lost, seqs) = read(&writer);
        writer.append(0, b"next");
        writer.commit(at(10)).unwrap();
        drop(writer);
        let (writer, second) = open(self.folder.path(), CLASS, &options(), at(11)).unwrap();
        let stays = ["is no segment: left as it is", "tells numbers that another tells: left out"];
        let new = second.findings.iter().filter(|finding| !stays.contains(&finding.what));
        let new: Vec<_> = new.collect();
        let head = "has a damaged head: its name says as much";
        assert!(new.iter().all(|finding| finding.what == head), "healed at once: {new:?}");
        let mut reader = writer.reader("again", &[0]).unwrap();
        let mut out = Vec::new();
        while reader.read(0, 100, 1 << 20, &mut out).unwrap() > 0 || !done(&mut out, &seqs) {}
        assert_eq!(out.last().unwrap().payload, b"next");
        assert!(out.last().unwrap().seq > seqs.last().copied().unwrap_or(0));
        Outcome { got: seqs.len() as u64, lost, recovery, seqs }
    }
}

fn done(out: &mut [Taken], seqs: &[u64]) -> bool {
    out.len() > seqs.len()
}

fn read(writer: &Writer) -> (u64, Vec<u64>) {
    let mut reader = writer.reader("one", &[0]).unwrap();
    let (mut lost, mut out) = (0, Vec::new());
    loop {
        let before = out.len();
        let more = reader.read(0, 7, 1000, &mut out).unwrap();
        lost += more;
        if out.len() == before && more == 0 {
            break;
        }
    }
    for taken in &out {
        assert_eq!(taken.payload, payload(taken.seq), "record {}", taken.seq);
    }
    assert!(out.is_sorted_by(|one, other| one.seq < other.seq));
    (lost, out.iter().map(|taken| taken.seq).collect())
}

struct Outcome {
    got: u64,
    lost: u64,
    recovery: Recovery,
    seqs: Vec<u64>,
}

impl Outcome {
    fn findings(&self) -> Vec<&'static str> {
        self.recovery.findings.iter().map(|finding| finding.what).collect()
    }
}

/// Where record `seq` of the first segment ends.
fn end(seq: u64) -> usize {
    HEAD + (1..=seq).map(|seq| FRAME + payload(seq).len()).sum::<usize>()
}

const TORN: &str = "ended in what is no whole record: cut";
const MIDST: &str = "is damaged in its midst: passed over";

#[test]
fn the_end_that_a_power_cut_left() {
    type Change = fn(&mut Vec<u8>);
    // What happened, what it does to the segment of 20 records, how many are whole, what is told.
    let rows: &[(&str, Change, u64, &[&str])] = &[
        ("nothing", |_| {}, 20, &[]),
        ("the last octet is missing", |all| all.truncate(all.len() - 1), 19, &[TORN]),
        ("cut between records", |all| all.truncate(end(12)), 12, &[]),
        ("cut in a record's head", |all| all.truncate(end(12) + 7), 12, &[TORN]),
        ("cut behind a record's head", |all| all.truncate(end(12) + 16), 12, &[TORN]),
        ("only the head", |all| all.truncate(HEAD), 0, &[]),
        ("half a head", |all| all.truncate(30), 0, &["was begun and not written: removed"]),
        ("nothing at all", Vec::clear, 0, &["was begun and not written: removed"]),
        ("the tail is zeroes", |all| all[end(15) + 3..].fill(0), 15, &[TORN]),
        ("zeroes to the next page", |all| all.resize(8192, 0), 20, &[TORN]),
        ("only zeroes behind the head", |all| all[HEAD..].fill(0), 0, &[TORN]),
        ("old octets at the end", |all| all.extend_from_within(100..900), 20, &[TORN]),
        ("a torn record at the end", |all| all.extend([1, 2, 3, 4, 200, 0, 0, 0, 21]), 20, &[TORN]),
        ("a hole in the midst", |all| all[end(3)..end(5)].fill(0), 18, &[MIDST]),
        (
            "a hole and a torn end",
            |all| {
                all[end(3) + 20..end(4) + 2].fill(0xff);
                all.truncate(end(19) + 1);
            },
            17,
            &[MIDST, TORN],
        ),
    ];
    let snapshot = Snapshot::new(20);
    for (what, change, whole, told) in rows {
        let damaged = snapshot.again();
        damaged.change(0, change);
        let outcome = damaged.outcome();
        assert_eq!(outcome.got, *whole, "{what}");
        assert_eq!(outcome.findings(), *told, "{what}");
        let missing: u64 = outcome.recovery.findings.iter().map(|finding| finding.records).sum();
        assert_eq!(outcome.lost, missing, "{what}: what is known to be missing is told");
    }
}

#[test]
fn cut_anywhere_every_whole_record_is_kept() {
    let snapshot = Snapshot::new(4);
    for cut in 0..end(4) {
        let damaged = snapshot.again();
        damaged.change(0, |all| all.truncate(cut));
        let whole = (1..=4).filter(|seq| end(*seq) <= cut).count() as u64;
        let outcome = damaged.outcome();
        assert_eq!((outcome.got, outcome.lost), (whole, 0), "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_costs_its_record_and_no_other() {
    let snapshot = Snapshot::new(4);
    for place in 0..end(4) {
        let damaged = snapshot.again();
        damaged.change(0, |all| all[place] ^= 1 << (place % 8));
        let outcome = damaged.outcome();
        let hit = (1..=4).find(|seq| (end(seq - 1)..end(*seq)).contains(&place));
        let expected: Vec<u64> = (1..=4).filter(|seq| Some(*seq) != hit).collect();
        assert_eq!(outcome.seqs, expected, "octet {place}");
    }
}

#[test]
fn damage_in_a_sealed_segment_is_met_by_who_reads_it() {
    type Change = fn(&mut Vec<u8>);
    let snapshot = Snapshot::new(2500);
    assert!(segments(snapshot.folder.path()).len() >= 3);
    let seals = |all: &mut Vec<u8>| all.len() - SEAL;
    let rows: &[(&str, Change, bool, usize)] = &[
        ("a bit of a record", |all| all[40_000] ^= 4, true, 0),
        ("zeroes over some records", |all| all[20_000..30_000].fill(0), true, 0),
        ("zeroes over all records", |all| all[HEAD..].fill(0), true, 1),
        ("a page of other octets", |all| all[8192..12_288].fill(0x11), true, 0),
        ("the seal", |all| *all.last_mut().unwrap() ^= 1, false, 1),
        ("the head", |all| all[3] ^= 1, false, 1),
        (
            "the head and the seal",
            |all| {
                all[3] ^= 1;
                *all.last_mut().unwrap() ^= 1;
            },
            false,
            2,
        ),
        ("everything behind the midst", |all| all.truncate(all.len() / 2), true, 1),
    ];
    let len = fs::metadata(snapshot.segment(1)).unwrap().len() as usize;
    assert_eq!(seals(&mut vec![0; len]), len - SEAL);
    for (what, change, loses, findings) in rows {
        let damaged = snapshot.again();
        damaged.change(1, change);
        let outcome = damaged.outcome();
        assert_eq!(outcome.got + outcome.lost, snapshot.count, "{what}: the sum closes");
        assert_eq!(outcome.lost > 0, *loses, "{what}");
        assert_eq!(outcome.recovery.findings.len(), *findings, "{what}: {:?}", outcome.recovery);
    }
}

#[test]
fn files_that_are_gone_doubled_or_strange() {
    let snapshot = Snapshot::new(2500);
    let gone = snapshot.again();
    fs::remove_file(gone.segment(1)).unwrap();
    let outcome = gone.outcome();
    assert_eq!(outcome.got + outcome.lost, 2500);
    assert!(outcome.lost > 100);

    let doubled = snapshot.again();
    let path = doubled.segment(1);
    let name = path.file_name().unwrap().to_str().unwrap().replace('-', "-0000000").to_owned();
    let other = format!("{}-00000000.seg", &name[..20]);
    fs::copy(&path, path.with_file_name(other)).unwrap();
    let outcome = doubled.outcome();
    assert_eq!(outcome.got, 2500, "{:?}", outcome.findings());
    assert_eq!(outcome.findings().len(), 2, "its head is another's, and its numbers too");

    let strange = snapshot.again();
    for name in ["notes.txt", "1-2.seg", "00000000000000000001-zzzzzzzz.seg"] {
        fs::write(strange.folder.path().join("alerts").join(name), b"mine").unwrap();
    }
    let outcome = strange.outcome();
    assert_eq!((outcome.got, outcome.lost), (2500, 0));
    assert_eq!(outcome.findings(), ["is no segment: left as it is"; 3]);
}

#[test]
fn a_segment_that_goes_while_it_is_read_is_told_and_the_next_is_read() {
    let folder = ground();
    let (mut writer, _) = open(folder.path(), CLASS, &options(), at(0)).unwrap();
    fill(&mut writer, 1..=2500);
    fs::remove_file(&segments(folder.path())[1]).unwrap();
    let active = segments(folder.path()).pop().unwrap();
    let (lost, seqs) = read(&writer);
    assert_eq!(lost + seqs.len() as u64, 2500);
    assert!(lost > 100);
    fs::remove_file(active).unwrap();
    writer.tend(at(2)).unwrap();
    fill(&mut writer, 2501..=2510);
    let (lost_too, seqs) = read(&writer);
    assert!(lost_too > lost && seqs.ends_with(&[2509, 2510]));
    assert_eq!(lost_too + seqs.len() as u64, 2510);
    // The whole folder.
    fs::remove_dir_all(folder.path().join("alerts")).unwrap();
    writer.tend(at(3)).unwrap();
    fill(&mut writer, 2511..=2512);
    assert_eq!(read(&writer), (2510, vec![2511, 2512]));
}

#[test]
fn cursors_that_are_torn_old_or_ahead() {
    let cursor = |snapshot: &Snapshot| snapshot.folder.path().join("readers/one.cursor");
    let snapshot = Snapshot::new(20);
    {
        let (writer, _) = open(snapshot.folder.path(), CLASS, &options(), at(2)).unwrap();
        let mut reader = writer.reader("one", &[0]).unwrap();
        let mut out = Vec::new();
        reader.read(0, 15, 1 << 20, &mut out).unwrap();
        reader.release(0, 12);
        reader.save().unwrap();
        reader.release(0, 14);
    }
    let goes_on = |snapshot: &Snapshot| {
        let (writer, recovery) = open(snapshot.folder.path(), CLASS, &options(), at(3)).unwrap();
        (read(&writer), recovery.findings.len())
    };
    assert_eq!(goes_on(&snapshot.again()), ((0, (13..=20).collect()), 0), "as it was saved");

    let beside = snapshot.again();
    fs::write(beside.folder.path().join("readers/one.new"), b"rmmwatch spool cur").unwrap();
    assert_eq!(goes_on(&beside), ((0, (13..=20).collect()), 0), "died while saving");

    for torn in [&b""[..], b"rmmwatch spool cursor 1\nalerts 1", &[0; 4096]] {
        let damaged = snapshot.again();
        fs::write(cursor(&damaged), torn).unwrap();
        assert_eq!(goes_on(&damaged), ((0, (1..=20).collect()), 1), "again rather than never");
    }

    // A power cut took records that the reader had sent and saved: their numbers are not given to
    // others, which it would never read.
    let ahead = snapshot.again();
    ahead.change(0, |all| all.truncate(end(9)));
    let (mut writer, recovery) = open(ahead.folder.path(), CLASS, &options(), at(3)).unwrap();
    assert_eq!(recovery.records, 9);
    let mut one = writer.reader("one", &[0]).unwrap();
    let mut late = writer.reader("late", &[0]).unwrap();
    fill(&mut writer, 13..=14);
    let mut out = Vec::new();
    assert_eq!(one.read(0, 100, 1 << 20, &mut out).unwrap(), 0);
    assert_eq!(out.iter().map(|taken| taken.seq).collect::<Vec<_>>(), [13, 14]);
    out.clear();
    assert_eq!(late.read(0, 100, 1 << 20, &mut out).unwrap(), 3, "10, 11 and 12 are lost for it");
    assert_eq!(out.len(), 11);
}

#[test]
fn a_later_version_is_left_alone() {
    let snapshot = Snapshot::new(3);
    snapshot.change(0, |all| {
        all[8] = 2;
        let sum = crc32c::crc32c(&all[..60]);
        all[60..64].copy_from_slice(&sum.to_le_bytes());
    });
    let opened = open(snapshot.folder.path(), CLASS, &options(), at(3));
    assert!(matches!(opened, Err(spool::SpoolError::Newer { version: 2, .. })));
}
