//! What a folder gives: captures by their magic number, everything else named and passed over.

use std::os::unix::fs::symlink;

use crate::build::{Classic, Order, gzip, put, read_all};
use capture::{Input, ReplayOptions};

#[test]
fn captures_are_known_by_what_they_begin_with() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("captures");
    let good = Classic::new(Order::Little, Classic::MICROS, 1).frame(1, &[0; 20]).octets;
    put(&root, "b/c/deep.log", &good);
    put(&root, "b/packed.bin", &gzip(&good));
    put(&root, "a", &good);
    put(&root, "b/.hidden", &good);
    put(&root, "notes.pcap", b"not a capture\n");
    put(&root, "b/rotated.pcap", b"");
    put(&root, "b/logs.gz", &gzip(b"a log\n"));
    put(&root, "broken.pcap", &good[..10]);
    put(folder.path(), "outside/linked", &good);
    symlink(folder.path().join("outside/linked"), root.join("link")).unwrap();
    symlink(folder.path().join("outside"), root.join("round")).unwrap();
    symlink(folder.path().join("none"), root.join("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();

    let (frames, report) = read_all(&[Input::Path(root.clone())], &ReplayOptions::default());
    let name = |path: &std::path::Path| path.strip_prefix(&root).unwrap().display().to_string();
    let read: Vec<_> = report.files.iter().map(|file| name(&file.path)).collect();
    assert_eq!(read, ["a", "b/.hidden", "b/c/deep.log", "b/packed.bin", "link"]);
    assert_eq!(frames.len(), 5);
    let over: Vec<_> =
        report.passed_over.iter().map(|(path, why)| (name(path), why.as_str())).collect();
    let wanted = [
        ("b/logs.gz", "is packed, and what is inside looks like text"),
        ("b/rotated.pcap", "is empty"),
        ("dangling", "is a link that leads nowhere"),
        ("notes.pcap", "looks like text"),
        ("round", "is a link to a folder, which is not followed"),
        ("socket", "is no regular file"),
    ];
    assert_eq!(over, wanted.map(|(path, why)| (path.to_owned(), why)));
    let damaged: Vec<_> = report.damaged.iter().map(|(path, _)| name(path)).collect();
    assert_eq!(damaged, ["broken.pcap"]);
}

#[test]
fn nothing_to_read_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = [Input::Path(folder.path().to_owned())];
    let (frames, report) = read_all(&inputs, &ReplayOptions::default());
    assert!(frames.is_empty() && report.damaged.is_empty() && report.bytes_total == 0);
    assert!(read_all(&[], &ReplayOptions::default()).0.is_empty());
}

#[test]
fn a_pipe_with_a_name_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo here");
        return;
    }
    let mut classic = Classic::new(Order::Little, Classic::MICROS, 1);
    for nth in 0..20_000 {
        classic = classic.frame(nth, &[7; 60]);
    }
    put(folder.path(), "other", &classic.octets);
    let writer = {
        let (path, octets) = (path.clone(), classic.octets);
        std::thread::spawn(move || std::fs::write(path, octets))
    };
    let inputs = [Input::Path(path), Input::Path(folder.path().join("other"))];
    let options = ReplayOptions { open_files_max: 1, ..ReplayOptions::default() };
    let mut timeline = capture::Timeline::open(&inputs, &options).unwrap();
    let mut frames = 0;
    while timeline.read(&mut |run| frames += run.len()).unwrap() {}
    writer.join().unwrap().unwrap();
    assert_eq!((frames, timeline.report().damaged.len()), (40_000, 0));
}
