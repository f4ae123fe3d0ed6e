//! A spool beside a plain list that does the same: every reader gets what the list says, through
//! restarts, and where records are dropped the sum closes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail so")]
#![allow(clippy::print_stdout, reason = "a test may say why it skips")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use spool::{Options, Reader, Writer, open};

const CLASSES: &[&str] = &["alerts", "facts"];
const READERS: [&str; 2] = ["one", "two"];

/// Memory, where the system has a folder in it: these tests wait for the disk often, and none of
/// them is about it.
fn ground() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

/// What a reader must see of a class: where it is, in numbers that begin at 1.
#[derive(Clone, Copy)]
struct Twin {
    next: u64,
    released: u64,
    saved: u64,
}

struct Pair {
    writer: Option<Writer>,
    readers: Vec<Option<Reader>>,
    /// Of each class: all payloads that were ever appended, and how many of them are committed.
    lists: [Vec<Vec<u8>>; 2],
    committed: [u64; 2],
    twins: BTreeMap<(usize, usize), Twin>,
    /// Of each reader and class: what came out, and how many records it was told not to get.
    got: [[BTreeSet<u64>; 2]; 2],
    told: [[u64; 2]; 2],
    now: u64,
}

impl Pair {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_000 + self.now)
    }

    fn open(&mut self, folder: &Path, options: &Options) {
        let (writer, recovery) = open(folder, CLASSES, options, self.now()).unwrap();
        assert_eq!(recovery.findings, []);
        self.readers = READERS.iter().map(|name| writer.reader(name, &[0, 1]).ok()).collect();
        self.writer = Some(writer);
        for twin in self.twins.values_mut() {
            (twin.next, twin.released) = (twin.saved, twin.saved);
        }
    }

    fn read(&mut self, reader: usize, class: usize, random: &mut Random) {
        let mut out = Vec::new();
        let (records, bytes) = (random.below(60) as usize, random.below(30_000) as usize);
        let handle = self.readers[reader].as_mut().unwrap();
        let lost = handle.read(class, records, bytes, &mut out).unwrap();
        let twin = self.twins.get_mut(&(reader, class)).unwrap();
        for taken in &out {
            assert!(taken.seq >= twin.next && taken.seq <= self.committed[class]);
            assert_eq!(taken.payload, self.lists[class][taken.seq as usize - 1]);
            twin.next = taken.seq + 1;
        }
        self.got[reader][class].extend(out.iter().map(|taken| taken.seq));
        self.told[reader][class] += lost;
        assert!(out.len() <= records);
    }
}

fn run(seed: u64, options: &Options, restarts: bool) -> (Pair, u64) {
    let folder = ground();
    let mut random = Random(seed);
    let twin = Twin { next: 1, released: 1, saved: 1 };
    let twins = (0..2).flat_map(|reader| (0..2).map(move |class| ((reader, class), twin)));
    let mut pair = Pair {
        writer: None,
        readers: Vec::new(),
        lists: Default::default(),
        committed: [0; 2],
        twins: twins.collect(),
        got: Default::default(),
        told: Default::default(),
        now: 0,
    };
    pair.open(folder.path(), options);
    let mut dropped = 0;
    for _ in 0..600 {
        pair.now += random.below(300);
        let now = pair.now();
        let (class, reader) = (random.below(2) as usize, random.below(2) as usize);
        let writer = pair.writer.as_mut().unwrap();
        match random.below(100) {
            0..50 => {
                for _ in 0..random.below(20) {
                    let len = random.below(3000) as usize;
                    let payload = vec![random.below(256) as u8; len];
                    writer.append(class, &payload);
                    pair.lists[class].push(payload);
                }
                writer.commit(now).unwrap();
                pair.committed = [0, 1].map(|class| pair.lists[class].len() as u64);
            }
            50..80 => pair.read(reader, class, &mut random),
            80..88 => {
                let twin = pair.twins.get_mut(&(reader, class)).unwrap();
                let through = twin.released + random.below(twin.next - twin.released + 1);
                if through > twin.released {
                    pair.readers[reader].as_mut().unwrap().release(class, through - 1);
                    twin.released = through;
                }
            }
            88..92 => {
                pair.readers[reader].as_mut().unwrap().save().unwrap();
                for class in 0..2 {
                    let twin = pair.twins.get_mut(&(reader, class)).unwrap();
                    twin.saved = twin.released;
                }
            }
            92..95 => {
                pair.readers[reader].as_mut().unwrap().rewind(class);
                let twin = pair.twins.get_mut(&(reader, class)).unwrap();
                twin.next = twin.released;
            }
            95..99 => dropped += writer.tend(now).unwrap().dropped.iter().sum::<u64>(),
            _ if restarts => {
                pair.readers.clear();
                pair.writer = None;
                pair.open(folder.path(), options);
            }
            _ => {}
        }
    }
    for (reader, class) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for _ in 0..2000 {
            pair.read(reader, class, &mut random);
        }
    }
    (pair, dropped)
}

#[test]
fn with_room_for_all_every_reader_gets_just_what_the_list_says() {
    for seed in 1..=10 {
        let options = Options { segment_bytes: 64 << 10, bytes_max: 1 << 30, ..Options::default() };
        let (pair, dropped) = run(seed, &options, true);
        assert_eq!((dropped, pair.told), (0, [[0; 2]; 2]), "seed {seed}");
        for got in pair.got {
            let all = pair.committed.map(|end| (1..=end).collect());
            assert_eq!(got, all, "seed {seed}");
        }
    }
}

#[test]
fn with_room_for_little_each_record_comes_or_is_told_once_to_be_lost() {
    for seed in 1..=10 {
        let options = Options { segment_bytes: 1, bytes_max: 700 << 10, ..Options::default() };
        let (pair, dropped) = run(seed, &options, false);
        assert!(dropped > 0, "seed {seed}");
        for (reader, class) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (got, told) = (pair.got[reader][class].len() as u64, pair.told[reader][class]);
            let all = pair.committed[class];
            assert!(got + told >= all && told <= all, "seed {seed}: {got} and {told} of {all}");
        }
        // With restarts what was told and not saved may be told again.
        run(seed, &options, true);
    }
}
