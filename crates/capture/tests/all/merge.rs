//! Several captures are one timeline.

use std::path::Path;

use crate::build::{Classic, Kept, Ng, Order, damage, gzip, put, read_all, zstd};
use capture::{Input, ReplayOptions};

/// A capture whose frames carry its name and their place, at these seconds.
fn capture_at(name: u8, seconds: &[u32]) -> Vec<u8> {
    let fresh = Classic::new(Order::Little, Classic::MICROS, 1);
    let numbered = (0u32..).zip(seconds);
    numbered
        .fold(fresh, |classic, (nth, &secs)| {
            classic.frame(secs, &[&[name][..], &nth.to_be_bytes()].concat())
        })
        .octets
}

/// Frames as name and second.
fn told(frames: &[Kept]) -> String {
    let words = frames
        .iter()
        .map(|(at, _, bytes, _)| format!("{}{}", char::from(bytes[0]), at / 1_000_000_000));
    words.collect::<Vec<_>>().join(" ")
}

fn options(open_files_max: usize) -> ReplayOptions {
    ReplayOptions { open_files_max, ..ReplayOptions::default() }
}

#[test]
fn merged_by_time_then_path_then_frame() {
    for (a, b, c, wanted) in [
        (&[1u32, 4, 5][..], &[2u32, 3, 6][..], &[][..], "a1 b2 b3 a4 a5 b6"),
        (&[1, 1, 2], &[1, 2], &[1], "a1 a1 b1 c1 a2 b2"),
        // A clock that ran backwards: the frame is due at once, the order within a file stands.
        (&[5, 2, 9], &[3, 6, 7], &[], "b3 a5 a2 b6 b7 a9"),
        (&[], &[], &[7], "c7"),
        (&[0, u32::MAX], &[0, u32::MAX], &[u32::MAX], "a0 b0 a4294967295 b4294967295 c4294967295"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let paths = [("c.pcap", b'c', c), ("a.pcap", b'a', a), ("b.pcap", b'b', b)]
            .map(|(file, name, at)| put(folder.path(), file, &capture_at(name, at)));
        let inputs = paths.map(Input::Path);
        for open_files_max in [1, 2, 64] {
            let (frames, report) = read_all(&inputs, &options(open_files_max));
            assert_eq!(told(&frames), wanted);
            assert!(report.damaged.is_empty());
            let names: Vec<_> = report.files.iter().map(|file| file.path.file_name()).collect();
            assert!(names.is_sorted(), "files stand in the order of their paths");
        }
    }
}

/// Captures of every format and packing, interleaved frame by frame.
fn interleaved(folder: &Path, captures: u32, frames: u32) {
    for nth in 0..captures {
        let body = |frame: u32| [&[nth as u8][..], &frame.to_be_bytes().repeat(40)].concat();
        let mut classic = Classic::new(Order::Big, Classic::MICROS, 1);
        let mut ng = Ng::new(Order::Little).interface(1, 0, &[]);
        for frame in 0..frames {
            let secs = frame * captures + (nth * 7) % captures;
            classic = classic.frame(secs, &body(frame));
            ng = ng.packet(0, u64::from(secs) * 1_000_000, &body(frame), 161);
        }
        let (name, octets) = match nth % 4 {
            0 => ("pcap", classic.octets),
            1 => ("pcap.gz", gzip(&classic.octets)),
            2 => ("pcapng", ng.octets),
            _ => ("pcapng.zst", zstd(&ng.octets)),
        };
        put(folder, &format!("{nth:03}.{name}"), &octets);
    }
}

#[test]
fn more_captures_than_open_files() {
    let folder = tempfile::tempdir().unwrap();
    interleaved(folder.path(), 24, 2_000);
    let inputs = [Input::Path(folder.path().to_owned())];
    let (wanted, report) = read_all(&inputs, &options(64));
    assert_eq!((wanted.len(), report.damaged.len()), (48_000, 0));
    assert!(wanted.is_sorted_by_key(|(at, ..)| *at));
    for open_files_max in [0, 1, 3, 10] {
        let (frames, again) = read_all(&inputs, &options(open_files_max));
        assert!(frames == wanted, "with {open_files_max} open files");
        assert_eq!(again, report, "with {open_files_max} open files");
    }
}

#[test]
fn a_capture_that_breaks_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let broken = capture_at(b'a', &[1, 3, 5]);
    put(folder.path(), "a.pcap", &broken[..broken.len() - 1]);
    put(folder.path(), "b.pcap", &capture_at(b'b', &[2, 4, 6]));
    for open_files_max in [1, 64] {
        let inputs = [Input::Path(folder.path().to_owned())];
        let (frames, report) = read_all(&inputs, &options(open_files_max));
        assert_eq!(told(&frames), "a1 b2 a3 b4 b6");
        assert_eq!(damage(&report), ["octet 66: the file ends within a record"]);
    }
}

#[test]
fn filtered_frames_are_not_lent_and_have_no_place() {
    // ARP, then IPv4 with UDP to port 53 or 80, per second.
    let ip = |port: u8| {
        let mut frame = vec![2; 12];
        frame.extend([8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend([0x30, 0x39, 0, port, 0, 8, 0, 0]);
        frame
    };
    let arp = [vec![2; 12], vec![8, 6], vec![0; 28]].concat();
    let raw = ip(53)[14..].to_vec();
    let built = Ng::new(Order::Little)
        .interface(1, 0, &[])
        .interface(101, 0, &[])
        .interface(40_000, 0, &[])
        .packet(0, 1, &arp, 42)
        .packet(0, 2, &ip(53), 42)
        .packet(0, 3, &ip(80), 42)
        .packet(1, 4, &raw, 28)
        .packet(2, 5, &raw, 28);
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "a.pcapng", &built.octets);
    for (filter, wanted) in [
        (None, &[1u64, 2, 3, 4, 5][..]),
        (Some(" "), &[1, 2, 3, 4, 5]),
        (Some("arp"), &[1]),
        (Some("udp port 53"), &[2, 4]),
        (Some("ether proto 0x0800"), &[2, 3, 4]),
        (Some("ip and not port 53"), &[3]),
    ] {
        let options = ReplayOptions { filter: filter.map(str::to_owned), ..options(64) };
        let (frames, report) = read_all(&[Input::Path(path.clone())], &options);
        let at: Vec<u64> = frames.iter().map(|(at, ..)| at / 1_000).collect();
        assert_eq!(at, wanted, "{filter:?}");
        let file = &report.files[0];
        assert_eq!(file.frames + file.filtered, 5, "{filter:?}");
    }
}
