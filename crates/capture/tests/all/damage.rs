//! Broken captures: what is readable comes out, the rest is named, nothing panics.

use crate::build::{Classic, Kept, Ng, Order, damage, gzip, put, read_octets, zstd};
use capture::{CaptureError, Input, ReplayOptions, Timeline};

/// A capture's name, its octets, its frames, and where its header and each record ends.
type Sample = (&'static str, Vec<u8>, Vec<Kept>, Vec<usize>);

/// A small capture of each format.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let bodies = [vec![1u8; 9], vec![], vec![2; 70], vec![3; 4]];

    let mut classic = Classic::new(Order::Big, Classic::MICROS, 1);
    let mut ends = vec![classic.octets.len()];
    for (secs, body) in (1..).zip(&bodies) {
        classic = classic.frame(secs, body);
        ends.push(classic.octets.len());
    }
    samples.push(("classic", classic.octets, ends));

    let mut ng = Ng::new(Order::Little);
    let mut ends = vec![ng.octets.len()];
    ng = ng.interface(1, 0, &[(2, b"lan")]);
    ends.push(ng.octets.len());
    for (secs, body) in (1u64..).zip(&bodies) {
        ng = ng.packet(0, secs * 1_000_000, body, body.len() as u32);
        ends.push(ng.octets.len());
    }
    samples.push(("pcapng", ng.octets, ends));

    let read = |(name, octets, ends): (_, Vec<u8>, _)| {
        let (frames, report) = read_octets(&octets);
        assert!(frames.len() == bodies.len() && report.damaged.is_empty());
        (name, octets, frames, ends)
    };
    samples.into_iter().map(read).collect()
}

#[test]
fn a_cut_anywhere_leaves_the_frames_before_it() {
    for (name, octets, frames, ends) in samples() {
        let blocks_without_frames = ends.len() - frames.len();
        for cut in 0..octets.len() {
            let (read, report) = read_octets(&octets[..cut]);
            let whole = ends.iter().filter(|&&end| end <= cut).count();
            let wanted = whole.saturating_sub(blocks_without_frames);
            assert_eq!(read, frames[..wanted], "{name} cut at {cut}");
            assert_eq!(report.damaged.is_empty(), ends.contains(&cut), "{name} cut at {cut}");
            if let Some(&begun) = ends.iter().rev().find(|&&end| end <= cut)
                && begun < cut
            {
                let said = format!("octet {begun}: the file ends within a record");
                assert_eq!(damage(&report), [said], "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_packed_capture_cut_anywhere() {
    let (_, octets, frames, _) = samples().remove(0);
    for packed in [gzip(&octets), zstd(&octets)] {
        for cut in 1..packed.len() {
            let (read, report) = read_octets(&packed[..cut]);
            assert_eq!(read, frames[..read.len()], "cut at {cut}");
            assert_eq!(report.damaged.len(), 1, "cut at {cut}: {:?}", report.damaged);
        }
    }
}

#[test]
fn a_long_packed_capture_cut_or_broken_gives_what_came_before() {
    let mut classic = Classic::new(Order::Little, Classic::MICROS, 1);
    let mut state = 1u32;
    for nth in 0..20_000u32 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        classic = classic.frame(nth, &state.to_be_bytes().repeat(8));
    }
    let (wanted, _) = read_octets(&classic.octets);
    for (name, packed, least) in
        [("gzip", gzip(&classic.octets), 9_000), ("zstd", zstd(&classic.octets), 5_000)]
    {
        let half = packed.len() / 2;
        let mut flipped = packed.clone();
        for octet in &mut flipped[half..half + 40] {
            *octet ^= 0x55;
        }
        for broken in [&packed[..half], &flipped] {
            let (read, report) = read_octets(broken);
            let same = read.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
            assert!(same > least, "{name}: {same} of {} frames", read.len());
            assert!(damage(&report).iter().any(|why| why.contains("packed octets")), "{name}");
        }
        let followed = [&packed[..], b"something else"].concat();
        let (read, report) = read_octets(&followed);
        assert_eq!((read.len(), report.damaged.len()), (20_000, 1), "{name}");
    }
}

#[test]
fn lengths_that_cannot_be() {
    let le = Order::Little;
    let good = [5u8; 40];
    let classic = || Classic::new(le, Classic::MICROS, 1).frame(1, &good);
    let ng = || Ng::new(le).interface(1, 0, &[]).packet(0, 1, &good, 40);
    let words =
        |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let huge = vec![7u8; 300_000];
    for (name, octets, frames, said) in [
        (
            "a record of 4 GiB",
            [classic().octets, words(&[1, 1, u32::MAX, 60]), vec![0; 99]].concat(),
            1,
            &["octet 80: a record claims 4294967295 octets; the rest is not read"][..],
        ),
        (
            "a record longer than a network's",
            classic().frame(2, &huge).frame(3, &good).octets,
            1,
            &["octet 80: a record claims 300000 octets; the rest is not read"],
        ),
        (
            "a long frame on a bus, cut",
            Classic::new(le, Classic::MICROS, 249).frame(2, &huge).frame(3, &good).octets,
            2,
            &[],
        ),
        (
            "a long frame in a block, cut",
            ng().packet(0, 2, &huge, 300_000).packet(0, 3, &good, 40).octets,
            3,
            &[],
        ),
        (
            "a block shorter than its own frame",
            [ng().octets, words(&[6, 11, 0]), ng().octets].concat(),
            1,
            &["octet 120: a block claims 11 octets"],
        ),
        (
            "a frame longer than its block",
            ng().block(6, &words(&[0, 0, 1, 400, 400, 1])).packet(0, 2, &good, 40).octets,
            2,
            &["octet 120: a block of 36 octets claims a frame of 400"],
        ),
        (
            "an interface that is not described",
            ng().packet(7, 1, &good, 40).packet(0, 2, &good, 40).octets,
            2,
            &["octet 120: a frame of interface 7, which is not described"],
        ),
        ("two lengths", [ng().octets, words(&[5, 16, 0, 20])].concat(), 1, &[]),
        (
            "two lengths around a frame",
            [ng().octets, words(&[6, 36, 0, 0, 1, 4, 4, 0xabcd, 99]), ng().octets].concat(),
            1,
            &["octet 120: a block claims 36 octets, and 99 at its end; the rest is not read"],
        ),
        (
            "a block that is not padded is forgiven",
            [ng().octets, words(&[5, 13, 0, 0x0d00_0000])[..].to_vec(), ng().octets].concat(),
            2,
            &[],
        ),
        (
            "a section without its mark",
            [ng().octets, words(&[0x0a0d_0d0a, 28, 1, 1])].concat(),
            1,
            &["octet 120: a section without its order mark"],
        ),
        (
            "a huge block that skips the rest",
            [ng().octets, words(&[99, u32::MAX - 3]), vec![0; 5_000]].concat(),
            1,
            &["octet 5128: the file ends within a record"],
        ),
        (
            "a huge unknown block is gone past",
            ng().block(99, &vec![1; 2_000_000]).packet(0, 2, &good, 40).octets,
            2,
            &[],
        ),
    ] {
        let (read, report) = read_octets(&octets);
        assert_eq!((read.len(), damage(&report)), (frames, said.to_vec()), "{name}");
    }
}

#[test]
fn many_flaws_of_one_file_are_not_all_named() {
    let mut ng = Ng::new(Order::Little).interface(1, 0, &[]);
    for nth in 0..100 {
        ng = ng.packet(nth + 1, 1, &[0; 4], 4);
    }
    let (_, report) = read_octets(&ng.packet(0, 1, &[1], 1).octets);
    assert_eq!((report.frames(), report.damaged.len()), (1, 9));
    assert_eq!(damage(&report)[8], "more damage than is named here");
}

#[test]
fn a_named_file_that_is_no_capture() {
    let v9 = Classic::versioned(Order::Little, Classic::MICROS, 1, (9, 1), 0).octets;
    for (octets, said) in [
        (&b""[..], "is no capture: it is empty"),
        (b"{}\n", "is no capture: it looks like text"),
        (b"\xd4\xc3", "is no capture: it begins with octets d4c3"),
        (b"\xd4\xc3\xb2\xa1", "octet 4: the file ends within its header"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "octet 8: the file ends within its header"),
        (&v9, "octet 0: pcap version 9.1 is not read"),
        (&gzip(b"a letter"), "is no capture: it is packed, and what is inside looks like text"),
        (
            &gzip(&gzip(b"a letter")),
            "is no capture: it is packed, and what is inside looks like gzip",
        ),
        (b"\xfd7zXZ\0\0\x04", "is no capture: it looks like xz, which is not unpacked"),
    ] {
        let (frames, report) = read_octets(octets);
        assert_eq!((frames.len(), damage(&report)), (0, vec![said]));
        assert!(report.passed_over.is_empty() && report.files.is_empty());
    }
}

#[test]
fn what_cannot_be_had_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let options = ReplayOptions::default();
    let missing = Timeline::open(&[Input::Path(folder.path().join("none"))], &options);
    let error = missing.err().unwrap();
    assert!(matches!(error, CaptureError::Missing(_)));
    assert!(error.to_string().ends_with("none: there is no such file or folder"), "{error}");

    let good = Classic::new(Order::Little, Classic::MICROS, 1).frame(1, &[0; 20]).octets;
    let path = put(folder.path(), "a.pcap", &good);
    for bad in ["tcp port", "nonsense here", "host 1.2.3.4.5", "\0"] {
        let options = ReplayOptions { filter: Some(bad.to_owned()), ..ReplayOptions::default() };
        let refused = Timeline::open(&[Input::Path(path.clone())], &options).err().unwrap();
        let said = refused.to_string();
        assert!(said.contains("is not understood: ") && said.contains("pcap-filter"), "{said}");
        assert!(capture::check_filter(bad).is_err());
    }
    assert!(capture::check_filter("tcp port 443 or wlan type mgt").is_ok());
}
