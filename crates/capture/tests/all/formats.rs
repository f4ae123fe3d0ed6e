//! Every format and its variants: the frames that were written come out.

use crate::build::{Classic, Ng, Order, gzip, read_octets, zstd};

const SEC: u64 = 1_000_000_000;

#[test]
fn classic_captures_of_every_kind() {
    let first = [0xaau8; 60];
    let second = [0xbbu8; 5];
    for order in [Order::Little, Order::Big] {
        for (magic, fraction, nanos) in [
            (Classic::MICROS, 999_999, 999_999_000),
            (Classic::NANOS, 999_999_999, 999_999_999),
            (Classic::MODIFIED, 7, 7_000),
        ] {
            let built = Classic::new(order, magic, 113)
                .record(1_700_000_000, fraction, &first, 1_500)
                .record(u32::MAX, 0, &second, 5)
                .record(3, 0, &[], 0);
            let (frames, report) = read_octets(&built.octets);
            let wanted = vec![
                (1_700_000_000 * SEC + nanos, 113, first.to_vec(), 1_500),
                (u64::from(u32::MAX) * SEC, 113, second.to_vec(), 5),
                (3 * SEC, 113, vec![], 0),
            ];
            assert_eq!(frames, wanted, "{order:?} {magic:x}");
            assert!(report.damaged.is_empty());
            assert_eq!((report.files[0].frames, report.files[0].octets), (3, 65));
        }
    }
}

#[test]
fn old_writers_and_odd_headers() {
    let frame = [1u8; 20];
    for version in [(2, 2), (2, 4), (2, 99), (2, 0)] {
        let built = Classic::versioned(Order::Big, Classic::MICROS, 1, version, 0);
        let (frames, _) = read_octets(&built.record(1, 2, &frame, 40).octets);
        assert_eq!(frames, [(SEC + 2_000, 1, frame.to_vec(), 40)], "version {version:?}");
    }
    // Version 2.3: whichever is smaller was kept.
    let built = Classic::versioned(Order::Little, Classic::MICROS, 1, (2, 3), 0);
    assert_eq!(read_octets(&built.record(1, 0, &frame, 40).octets).0[0].3, 40);
    // The upper bits of the link type tell of a frame check sequence.
    let built = Classic::new(Order::Little, Classic::MICROS, 0x5400_0001);
    assert_eq!(read_octets(&built.frame(1, &frame).octets).0[0].1, 1);
    // A link type that has no 16-bit number is nothing that anyone reads.
    let built = Classic::new(Order::Little, Classic::MICROS, 0x0001_0001);
    assert_eq!(read_octets(&built.frame(1, &frame).octets).0[0].1, u16::MAX);
    // A record longer than the file's snap length is read, where libpcap cuts or stops.
    let built = Classic::versioned(Order::Little, Classic::MICROS, 1, (2, 4), 16);
    assert_eq!(read_octets(&built.frame(1, &frame).octets).0[0].2.len(), 20);
    // On the wire there was at least what was kept.
    let built = Classic::new(Order::Little, Classic::MICROS, 1);
    assert_eq!(read_octets(&built.record(1, 0, &frame, 3).octets).0[0].3, 20);
}

#[test]
fn pcapng_sections_interfaces_and_blocks() {
    for (one, two) in [(Order::Little, Order::Big), (Order::Big, Order::Little)] {
        let offset = one.u64(3_600);
        let built = Ng::new(one)
            .interface(1, 96, &[(2, b"eth0")])
            .interface(101, 0, &[(9, &[9]), (14, &offset)])
            .block(5, &[0; 20]) // statistics
            .packet(0, 1_000_001, &[1; 61], 61)
            .packet(1, 5, &[2; 40], 1_400)
            .old_packet(1, 6, &[3; 3])
            .block(0x0bad_cafe, &[9; 300]) // a vendor's own
            .simple(&[4; 20], 20)
            .section(two)
            .interface(113, 10, &[(9, &[0x80 | 20])])
            .packet(0, 3 << 19, &[5; 8], 8)
            .simple(&[6; 10], 90); // the interface keeps 10
        let (frames, report) = read_octets(&built.octets);
        let wanted = vec![
            (1_000_001_000, 1, vec![1; 61], 61),
            (3_600 * SEC + 5, 101, vec![2; 40], 1_400),
            (3_600 * SEC + 6, 101, vec![3; 3], 3),
            (3_600 * SEC + 6, 1, vec![4; 20], 20),
            (SEC + SEC / 2, 113, vec![5; 8], 8),
            (SEC + SEC / 2, 113, vec![6; 10], 90),
        ];
        assert_eq!(frames, wanted, "{one:?} then {two:?}");
        assert!(report.damaged.is_empty(), "{:?}", report.damaged);
    }
}

#[test]
fn pcapng_units_of_time() {
    let before: &[u8] = &(-10i64).to_le_bytes();
    for (options, ticks, nanos) in [
        (&[][..], 1_500_000, 1_500_000_000),
        (&[(9u16, &[0u8][..])][..], 7, 7 * SEC),
        (&[(9, &[3])], 1_500, 1_500_000_000),
        (&[(9, &[9])], u64::MAX, u64::MAX),
        (&[(9, &[6])], u64::MAX, u64::MAX),
        (&[(9, &[12])], 1_999, 1),
        (&[(9, &[127])], u64::MAX, 1),
        (&[(9, &[0x80])], 4, 4 * SEC),
        (&[(9, &[0x80 | 10])], 1_536, SEC + SEC / 2),
        (&[(9, &[0xff])], u64::MAX, 0),
        (&[(14, before)], 25_000_000, 15 * SEC),
        (&[(14, before)], 5_000_000, 0),
        (&[(14, &[1])], 5, 5_000),
        (&[(1, b"a comment"), (9, &[9])], 5, 5),
    ] {
        let built = Ng::new(Order::Little).interface(1, 0, options).packet(0, ticks, &[0], 1);
        assert_eq!(read_octets(&built.octets).0[0].0, nanos, "{options:?} {ticks}");
    }
}

#[test]
fn packed_captures_of_every_kind() {
    let mut classic = Classic::new(Order::Little, Classic::MICROS, 1);
    for nth in 0..5_000u32 {
        classic = classic.frame(nth, &nth.to_be_bytes().repeat(50));
    }
    let plain = classic.octets;
    let (wanted, _) = read_octets(&plain);
    assert_eq!(wanted.len(), 5_000);
    let (head, tail) = plain.split_at(300_001);
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(&plain)].concat();
    for (name, packed) in [
        ("gzip", gzip(&plain)),
        ("gzip of two members", [gzip(head), gzip(tail)].concat()),
        ("gzip with zeros behind", [gzip(&plain), vec![0; 1_000]].concat()),
        ("zstd", zstd(&plain)),
        ("zstd of two frames", [zstd(head), zstd(tail)].concat()),
        ("zstd behind a skippable frame", skippable),
    ] {
        let (frames, report) = read_octets(&packed);
        assert!(frames == wanted, "{name}: {} frames", frames.len());
        assert!(report.damaged.is_empty(), "{name}: {:?}", report.damaged);
        assert_eq!(report.bytes_total, packed.len() as u64, "{name}");
    }
}

#[test]
fn snoop_as_solaris_wrote_it() {
    let mut octets = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
    for word in [90u32, 6, 32, 0, 77, 5] {
        octets.extend(word.to_be_bytes());
    }
    octets.extend([1, 2, 3, 4, 5, 6, 0, 0]);
    let (frames, report) = read_octets(&octets);
    assert_eq!(frames, [(77 * SEC + 5_000, 1, vec![1, 2, 3, 4, 5, 6], 90)]);
    assert!(report.damaged.is_empty());
}

#[test]
fn frames_of_every_size_across_reads() {
    // Sizes that make records begin and end anywhere in the window.
    let sizes = [0usize, 1, 1_514, 65_535, 9_000, 262_144, 40, 131_071, 262_144, 3];
    let mut classic = Classic::new(Order::Little, Classic::NANOS, 1);
    let mut ng = Ng::new(Order::Little).interface(1, 0, &[(9, &[9])]);
    let mut wanted = Vec::new();
    for round in 0..12u32 {
        for (nth, &size) in sizes.iter().enumerate() {
            let bytes: Vec<u8> = (0..size).map(|octet| (octet * 31 + nth) as u8).collect();
            classic = classic.record(round, nth as u32, &bytes, size as u32);
            ng = ng.packet(0, u64::from(round) * SEC + nth as u64, &bytes, size as u32);
            wanted.push((u64::from(round) * SEC + nth as u64, 1, bytes, size as u32));
        }
    }
    for octets in [classic.octets, ng.octets] {
        let (frames, report) = read_octets(&octets);
        assert!(frames == wanted);
        assert!(report.damaged.is_empty());
    }
}
