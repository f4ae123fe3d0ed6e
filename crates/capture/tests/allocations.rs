//! Reading takes its memory at the beginning: no frame costs an allocation.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail")]

use std::alloc::System;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use capture::{Input, ReplayOptions, Timeline};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A classic capture of so many frames of 200 octets, one a millisecond.
fn classic(frames: u32) -> Vec<u8> {
    let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1];
    let mut octets: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    for nth in 0..frames {
        let head = [nth / 1_000, nth % 1_000 * 1_000, 200, 200];
        octets.extend(head.iter().flat_map(|word| word.to_le_bytes()));
        octets.extend([nth as u8; 200]);
    }
    octets
}

fn put(folder: &Path, name: &str, octets: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, octets).unwrap();
    path
}

/// Allocations while captures of so many frames are read, and frames: plain, packed, or all merged.
fn cost(frames: u32, names: &[&str]) -> (usize, u64) {
    let folder = tempfile::tempdir().unwrap();
    let plain = classic(frames);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    put(folder.path(), "gz", &gzip.finish().unwrap());
    put(folder.path(), "zst", &zstd::stream::encode_all(plain.as_slice(), 1).unwrap());
    put(folder.path(), "plain", &plain);
    let inputs: Vec<Input> =
        names.iter().map(|name| Input::Path(folder.path().join(name))).collect();
    let region = Region::new(GLOBAL);
    let mut timeline = Timeline::open(&inputs, &ReplayOptions::default()).unwrap();
    let mut read = 0;
    while timeline.read(&mut |run| read += run.len() as u64).unwrap() {}
    let change = region.change();
    (change.allocations + change.reallocations, read)
}

#[test]
fn twice_the_frames_cost_no_more_allocations() {
    for names in [&["plain"][..], &["gz"], &["zst"], &["gz", "plain", "zst"]] {
        let (few, frames) = cost(20_000, names);
        let (many, more) = cost(80_000, names);
        println!("{names:?}: {few} allocations of {frames} frames, {many} of {more}");
        let files = names.len() as u64;
        assert_eq!((frames, more), (20_000 * files, 80_000 * files));
        // Threads that wait for each other may note themselves in lists that grow.
        assert!(many <= few + 32 * names.len(), "{names:?}: {few}, then {many}");
    }
}
