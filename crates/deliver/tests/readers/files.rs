//! Files that rotate: nothing is lost to whoever follows them, whatever happens to them.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use deliver::sinks::{Carrier, FilePlan, Kind};

use super::followed::Follower;
use super::{block_on, carry, entries, pause, peers, why};

fn plan(path: &Path) -> FilePlan {
    FilePlan {
        path: path.to_owned(),
        rotate_bytes: None,
        rotate_every: None,
        keep: None,
        header: Arc::new(|native, name| {
            let native = String::from_utf8_lossy(native);
            Some(format!("# {name} begins with {native}").into_bytes())
        }),
    }
}

fn sink(plan: FilePlan) -> Box<dyn Carrier> {
    peers::carrier(Kind::File(plan))
}

fn bare(path: &Path) -> FilePlan {
    FilePlan { header: Arc::new(|_, _| None), ..plan(path) }
}

/// A folder and the file in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    (folder, path)
}

fn write(sink: &mut dyn Carrier, lines: &[&str]) {
    let carried = carry(sink, &entries(lines.iter().copied())).expect("written");
    assert_eq!(carried.refused, []);
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("what was written")
}

/// Names in the folder of rotated files, in their order.
fn rotated(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("the folder").flatten();
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "alerts.jsonl");
    names.sort();
    names
}

#[test]
fn lines_in_order_under_one_header_and_synced() {
    let (_folder, path) = place();
    let mut one = sink(plan(&path));
    write(&mut *one, &["{\"a\":1}", "{\"b\":\"é\"}"]);
    write(&mut *one, &["{\"c\":3}"]);
    block_on(one.settle()).expect("synced");
    drop(one);
    // Another process adds to it, and writes no second header.
    write(&mut *sink(plan(&path)), &["{\"d\":4}"]);
    let lines = "{\"a\":1}\n{\"b\":\"é\"}\n{\"c\":3}\n{\"d\":4}\n";
    assert_eq!(read(&path), format!("# alerts.jsonl begins with native 0\n{lines}"));
    assert_eq!(path.metadata().expect("metadata").permissions().mode() & 0o137, 0);
}

#[test]
fn a_reader_that_follows_loses_nothing_to_rotation_by_size() {
    const LINES: usize = 20_000;
    let (folder, path) = place();
    let follower = Follower::start(folder.path().to_owned(), "alerts");
    let mut sink = sink(FilePlan { rotate_bytes: Some(20_000), ..plan(&path) });
    let all: Vec<String> = (0..LINES).map(|number| format!("{{\"n\":{number:06}}}")).collect();
    block_on(async {
        for batch in all.chunks(700) {
            peers::carry(&mut *sink, &entries(batch.to_vec())).await.expect("written");
            sink.settle().await.expect("synced");
        }
    });
    let (headers, mut lines): (Vec<_>, Vec<_>) =
        follower.finish().into_iter().partition(|line| line.starts_with('#'));
    lines.sort();
    assert!(lines == all, "{} of {LINES} lines were read", lines.len());
    let names = rotated(folder.path());
    assert_eq!(headers.len(), names.len() + 1, "each file has one header");
    assert!(names.len() >= 13, "{names:?}");
    for name in names {
        let path = folder.path().join(&name);
        let text = read(&path);
        assert!(text.starts_with("# alerts.jsonl begins") && text.ends_with("}\n"), "{name}");
        assert!((19_900..=20_000).contains(&text.len()), "{name}: {}", text.len());
    }
}

#[test]
fn rotation_by_time_and_a_record_longer_than_the_size() {
    let (folder, path) = place();
    let every = Duration::from_millis(300);
    let mut timed = sink(FilePlan { rotate_every: Some(every), ..bare(&path) });
    write(&mut *timed, &["one"]);
    write(&mut *timed, &["two"]);
    pause(350);
    write(&mut *timed, &["three"]);
    drop(timed);
    assert_eq!((read(&path), rotated(folder.path()).len()), ("three\n".into(), 1));
    let old = folder.path().join(&rotated(folder.path())[0]);
    assert_eq!(read(&old), "one\ntwo\n");
    // The next process knows how old the file is.
    pause(350);
    let mut timed = sink(FilePlan { rotate_every: Some(every), ..bare(&path) });
    write(&mut *timed, &["four"]);
    drop(timed);
    assert_eq!((read(&path), rotated(folder.path()).len()), ("four\n".into(), 2));
    let long = "x".repeat(100);
    write(&mut *sink(FilePlan { rotate_bytes: Some(10), ..bare(&path) }), &[&long, "five"]);
    assert_eq!((read(&path), rotated(folder.path()).len()), ("five\n".into(), 4));
}

#[test]
fn the_newest_are_kept_and_what_others_put_there() {
    let (folder, path) = place();
    let others = ["alerts-mine.jsonl", "alerts-20200101T000000Z.jsonl.bak", "dns.jsonl"];
    let old = ["alerts-20200101T000000Z.jsonl", "alerts-20200101T000000Z-2.jsonl.gz"];
    for name in others.iter().chain(&old) {
        fs::write(folder.path().join(name), name).expect("written");
    }
    let keep = FilePlan { rotate_bytes: Some(4), keep: Some(3), ..bare(&path) };
    let mut sink = sink(keep);
    write(&mut *sink, &["one", "two"]);
    let names = rotated(folder.path());
    assert!(old.iter().all(|name| names.contains(&(*name).to_owned())), "three are enough");
    write(&mut *sink, &["three", "four", "five"]);
    let mut names = rotated(folder.path());
    names.retain(|name| !others.contains(&name.as_str()));
    let mut texts: Vec<String> = names.iter().map(|name| read(&folder.path().join(name))).collect();
    texts.sort();
    assert_eq!(texts, ["four\n", "three\n", "two\n"], "{names:?}");
    assert_eq!(rotated(folder.path()).len(), 6, "what is not ours stays");
    assert_eq!(read(&path), "five\n");
}

#[test]
fn who_moves_removes_or_cuts_the_file_needs_no_signal() {
    let (folder, path) = place();
    let mut sink = sink(plan(&path));
    let moved = folder.path().join("alerts.jsonl.1");
    write(&mut *sink, &["one"]);
    fs::rename(&path, &moved).expect("moved");
    write(&mut *sink, &["two"]);
    assert_eq!(read(&moved), "# alerts.jsonl begins with native 0\none\n");
    assert_eq!(read(&path), "# alerts.jsonl begins with native 0\ntwo\n");
    fs::remove_file(&path).expect("removed");
    write(&mut *sink, &["three"]);
    assert_eq!(read(&path), "# alerts.jsonl begins with native 0\nthree\n");
    // As logrotate does with copytruncate: what came between the copy and the cut is lost, the
    // file has a header again.
    File::create(&path).expect("cut");
    write(&mut *sink, &["four"]);
    assert_eq!(read(&path), "# alerts.jsonl begins with native 0\nfour\n");
    // With a signal, as logrotate's `create` wants it.
    fs::rename(&path, &moved).expect("moved");
    File::create(&path).expect("made by others");
    sink.reopen();
    write(&mut *sink, &["five"]);
    assert_eq!(read(&path), "# alerts.jsonl begins with native 0\nfive\n");
    // Nothing happened: it is the same file.
    sink.reopen();
    write(&mut *sink, &["six"]);
    assert_eq!(read(&path), "# alerts.jsonl begins with native 0\nfive\nsix\n");
}

#[test]
fn a_line_that_a_power_cut_tore_is_ended() {
    let (_folder, path) = place();
    fs::write(&path, "whole\n{\"torn").expect("written");
    write(&mut *sink(plan(&path)), &["next"]);
    assert_eq!(read(&path), "whole\n{\"torn\nnext\n");
}

#[test]
fn one_file_has_one_writer_and_is_a_file() {
    let (folder, path) = place();
    let mut first = sink(bare(&path));
    write(&mut *first, &["one"]);
    let mut second = sink(bare(&path));
    let said = why(carry(&mut *second, &entries(["two"])));
    assert!(said.contains("another program or sink writes it"), "{said}");
    drop(first);
    write(&mut *second, &["two"]);
    assert_eq!(read(&path), "one\ntwo\n");
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    for (path, expected) in [
        (fifo, "is no regular file"),
        (PathBuf::from("/dev/null"), "is no regular file"),
        (folder.path().to_owned(), "is no regular file"),
        (folder.path().join("missing/alerts.jsonl"), "No such file"),
    ] {
        let said = why(carry(&mut *sink(bare(&path)), &entries(["x"])));
        assert!(said.contains(expected), "{}: {said}", path.display());
        block_on(sink(bare(&path)).settle()).expect("nothing to sync");
    }
}

#[test]
fn a_link_stays_and_its_file_is_rotated_where_it_lies() {
    let (folder, path) = place();
    let far = folder.path().join("far");
    fs::create_dir(&far).expect("a folder");
    fs::write(far.join("real.jsonl"), "").expect("written");
    symlink(far.join("real.jsonl"), &path).expect("a link");
    write(&mut *sink(FilePlan { rotate_bytes: Some(4), ..bare(&path) }), &["one", "two"]);
    assert_eq!(read(&path), "two\n");
    assert!(path.is_symlink());
    assert_eq!(rotated(&far).len(), 2, "{:?}", rotated(&far));
}

/// A file system of 64 KiB; none where nothing may be mounted.
struct Tiny(tempfile::TempDir);

impl Tiny {
    fn new() -> Option<Tiny> {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(folder.path())
            .output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Tiny(folder));
        }
        println!("SKIPPED: no file system can be mounted here");
        None
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_a_setback_that_leaves_no_half_a_line() {
    let Some(disk) = Tiny::new() else { return };
    let path = disk.0.path().join("alerts.jsonl");
    // Odd lengths, so that the last page ends within a line.
    let all: Vec<String> =
        (0..100).map(|number| format!("{number:03}{}", "x".repeat(997))).collect();
    let mut sink = sink(bare(&path));
    let batch = entries(all.clone());
    let setback = carry(&mut *sink, &batch).expect_err("the disk is full");
    assert!(setback.why.contains("takes no more"), "{}", setback.why);
    assert!((50..66).contains(&setback.carried), "{}", setback.carried);
    let text = read(&path);
    assert!(text.lines().eq(all[..setback.carried].iter()) && text.ends_with('\n'));
    block_on(sink.settle()).expect("what is written can be synced");
    let again = carry(&mut *sink, &batch[setback.carried..]).expect_err("still full");
    assert_eq!(again.carried, 0);
    // Room is made by whoever moves the file away; the rest follows.
    let moved = disk.0.path().join("moved");
    fs::rename(&path, &moved).expect("moved");
    let first = read(&moved);
    fs::remove_file(&moved).expect("removed");
    carry(&mut *sink, &batch[setback.carried..]).expect("there is room");
    assert_eq!(first + &read(&path), all.join("\n") + "\n");
}

#[test]
fn a_file_that_cannot_be_rotated_grows_on() {
    let (folder, path) = place();
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    // A bind mount of a single file cannot be renamed (EBUSY), as in some containers.
    let target = folder.path().join("logs/alerts.jsonl");
    fs::write(&path, "").and_then(|()| fs::write(&target, "")).expect("written");
    let mounted = Command::new("mount").arg("--bind").arg(&path).arg(&target).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: nothing can be mounted here");
        return;
    }
    let mut sink = sink(FilePlan { rotate_bytes: Some(4), ..bare(&target) });
    let carried = carry(&mut *sink, &entries(["one", "two", "three"]));
    drop(sink);
    let umounted = Command::new("umount").arg(&target).status().expect("umount");
    assert!(umounted.success());
    carried.expect("written all the same");
    assert_eq!(read(&path), "one\ntwo\nthree\n");
    assert_eq!(rotated(&folder.path().join("logs")), Vec::<String>::new(), "no empty leftovers");
}

#[test]
fn logrotate_with_our_settings_loses_nothing() {
    let Some(logrotate) = peers::program("logrotate") else { return };
    let (folder, path) = place();
    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/logrotate/rmmwatch");
    let text = read(Path::new(settings))
        .replace("/var/log/rmmwatch/", &format!("{}/", folder.path().display()));
    // No service runs here that could be signalled; that must not matter.
    let conf = folder.path().join("conf");
    fs::write(&conf, text).expect("written");
    let follower = Follower::start(folder.path().to_owned(), "alerts");
    let mut sink = sink(bare(&path));
    let all: Vec<String> = (0..2000).map(|number| format!("{number:06}")).collect();
    for (round, batch) in all.chunks(200).enumerate() {
        carry(&mut *sink, &entries(batch.to_vec())).expect("written");
        if round % 3 == 2 {
            let state = folder.path().join("state");
            let mut run = Command::new(&logrotate);
            run.arg("--force").arg("--state").arg(state).arg(&conf);
            assert!(run.status().expect("logrotate runs").success());
            // Names are by the second; logrotate would leave the file where it is.
            pause(1100);
        }
    }
    let mut lines = follower.finish();
    lines.sort();
    assert!(lines == all, "{} of {} lines were read", lines.len(), all.len());
}
