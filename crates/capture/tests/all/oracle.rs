//! Our reader against libpcap's, over every capture of the corpus.

use std::path::{Path, PathBuf};

use crate::build::Kept;
use capture::{Input, ReplayOptions, Timeline};
use pcap::{Capture, Error, Precision};

/// What libpcap makes of a file: its frames, and why it stopped if not at the end.
fn by_libpcap(path: &Path) -> (Vec<Kept>, Option<String>) {
    let mut reader = match Capture::from_file_with_precision(path, Precision::Nano) {
        Ok(reader) => reader,
        Err(why) => return (Vec::new(), Some(why.to_string())),
    };
    let link = reader.get_datalink().0 as u16;
    let unit = if is_nanos(path) { 1 } else { 1_000 };
    let mut frames = Vec::new();
    loop {
        match reader.next_packet() {
            Ok(packet) => {
                let header = packet.header;
                // A classic capture's numbers are signed there, unsigned here.
                let secs = u64::from(header.ts.tv_sec as u32);
                let nanos = header.ts.tv_usec;
                let nanos = if nanos < 0 { nanos + (unit << 32) } else { nanos };
                let at = secs * 1_000_000_000 + nanos as u64;
                frames.push((at, link, packet.data.to_vec(), header.len));
            }
            Err(Error::NoMorePackets) => return (frames, None),
            Err(why) => return (frames, Some(why.to_string())),
        }
    }
}

/// Whether it is a classic capture with nanoseconds.
fn is_nanos(path: &Path) -> bool {
    let octets = std::fs::read(path).unwrap();
    octets.starts_with(b"\xa1\xb2\x3c\x4d") || octets.starts_with(b"\x4d\x3c\xb2\xa1")
}

fn by_us(path: &Path) -> (Vec<Kept>, Vec<String>) {
    let inputs = [Input::Path(path.to_owned())];
    let mut timeline = Timeline::open(&inputs, &ReplayOptions::default()).unwrap();
    let mut frames = Vec::new();
    while timeline
        .read(&mut |run| {
            frames
                .extend(run.iter().map(|f| (f.at.nanos(), f.link.0, f.bytes.to_vec(), f.orig_len)));
        })
        .unwrap()
    {}
    let damage = timeline.report().damaged.iter().map(|(_, why)| why.clone()).collect();
    (frames, damage)
}

/// Whether both mean the same frame. We give whole what libpcap cuts to the file's snap length,
/// give a frame without a time that of the one before it, and never say that less was on the wire
/// than was kept.
fn agree(ours: &Kept, theirs: &Kept, is_pcapng: bool) -> bool {
    let time = ours.0 == theirs.0 || (is_pcapng && theirs.0 == 0);
    // libpcap numbers raw IP and a few others otherwise in memory than in files.
    let link = ours.1 == theirs.1 || matches!((ours.1, theirs.1), (100..=106, 11..=19));
    let octets = ours.2.starts_with(&theirs.2);
    time && link && octets && ours.3 == theirs.3.max(ours.2.len() as u32)
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, into);
        } else {
            into.push(path);
        }
    }
}

#[test]
fn the_same_frames_as_libpcap() {
    let Some(corpus) = std::env::var_os("RMMWATCH_CORPUS") else {
        println!("skipped: RMMWATCH_CORPUS is not set");
        return;
    };
    let mut files = Vec::new();
    files_below(&Path::new(&corpus).join("captures/files"), &mut files);
    files.sort();
    assert!(!files.is_empty(), "the corpus has captures");
    let (mut whole, mut beyond, mut total) = (0, 0, 0);
    for path in &files {
        let (theirs, stopped) = by_libpcap(path);
        let (ours, damage) = by_us(path);
        let name = path.display();
        let is_pcapng = std::fs::read(path).unwrap().starts_with(b"\x0a\x0d\x0d\x0a");
        for (nth, (our, their)) in ours.iter().zip(&theirs).enumerate() {
            let brief =
                |(at, link, octets, wire): &Kept| format!("{at} {link} {} {wire}", octets.len());
            let same = agree(our, their, is_pcapng);
            assert!(same, "{name}: frame {}: {} but {}", nth + 1, brief(our), brief(their));
        }
        total += ours.len();
        match stopped {
            None => {
                assert_eq!(ours.len(), theirs.len(), "{name}: {damage:?}");
                assert!(damage.is_empty(), "{name}: libpcap finds no damage: {damage:?}");
                whole += 1;
            }
            Some(why) => {
                assert!(ours.len() >= theirs.len(), "{name}: fewer than libpcap, {damage:?}");
                let more = ours.len() - theirs.len();
                beyond += usize::from(more > 0);
                println!("{name}: libpcap: {why}; we read {more} frames more, {damage:?}");
            }
        }
    }
    println!("{} captures, {total} frames: {whole} equal, {beyond} read further", files.len());
}

/// A second judge, for the captures that libpcap does not read: the corpus says how many packets
/// another program found in each.
#[test]
fn as_many_frames_as_the_corpus_says() {
    let Some(corpus) = std::env::var_os("RMMWATCH_CORPUS") else {
        println!("skipped: RMMWATCH_CORPUS is not set");
        return;
    };
    let folder = Path::new(&corpus).join("captures");
    let table = std::fs::read_to_string(folder.join("captures.tsv")).unwrap();
    let mut rows = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = |name: &str| header.iter().position(|&known| known == name).unwrap();
    let (name, packets) = (column("capture"), column("packets"));
    let mut checked = 0;
    for row in rows {
        let path = folder.join("files").join(row[name]);
        if let (Ok(wanted), true) = (row[packets].parse::<usize>(), path.is_file()) {
            let (frames, damage) = by_us(&path);
            // The judge refuses some captures, and counts custom blocks as packets.
            let custom = row[name].starts_with("gopacket/") && frames.len() + 3 == wanted;
            let same = frames.len() == wanted || wanted == 0 || custom;
            assert!(same, "{}: {} but {wanted}, {damage:?}", row[name], frames.len());
            checked += 1;
        }
    }
    println!("{checked} captures have as many frames as the corpus says");
}
