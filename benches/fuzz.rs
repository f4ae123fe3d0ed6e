//! Mutated input for every fuzz body, for as long as is asked. `make fuzz` gives each two minutes:
//! `cargo bench --bench fuzz -- --seconds 120 [name]`.
//!
//! A coverage-blind mutator on the stable compiler over real samples: the committed captures, the
//! catalogue, the feeds and the policy, with `RMMWATCH_CORPUS` the captures there. Overflow checks are on. A body that panics prints the octets
//! that did it, in hexadecimal, and the seed; both become a case of the parser's own tests.

#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "a harness prints its table")]

use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use model::LinkType;

mod bodies;

/// A body, its name, and what it is given before it is mutated.
struct Target {
    name: String,
    body: fn(&[u8]),
    samples: Vec<Vec<u8>>,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.iter().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let after =
        |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1));
    if let Some(folder) = after("--write-samples") {
        return write_samples(Path::new(folder));
    }
    let secs = after("--seconds").and_then(|text| text.parse().ok()).unwrap_or(120);
    // Cargo adds flags of its own behind ours.
    let only = args.iter().skip(1).find(|arg| !arg.starts_with('-') && arg.parse::<u64>().is_err());
    let named = |target: &Target| only.is_none_or(|name| target.name.contains(&**name));
    let mut failed = false;
    for target in targets().into_iter().filter(named) {
        failed |= !fuzz(&target, Duration::from_secs(secs));
    }
    std::process::exit(i32::from(failed));
}

fn targets() -> Vec<Target> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let captures = read_all(&root.join("pcaps"), "pcap");
    let (mut payloads, mut lists) = (Vec::new(), Vec::new());
    for capture in captures.iter().cloned().chain(corpus()) {
        payloads.extend(payloads_of(&capture));
        lists.push(frame_list(&capture));
    }
    let catalogue = read_all(&root.join("config/catalogue"), "toml");
    let mut feeds = read_all(&root.join("config/feeds"), "toml");
    feeds.extend(intel::fuzz::feed_samples().into_iter().map(|(_, text)| text.as_bytes().to_vec()));
    let mut policies = read_all(&root.join("pcaps"), "toml");
    policies.extend(read_all(&root.join("config"), "toml"));
    let json = intel::fuzz_feeds_json::json_samples();
    let json: Vec<Vec<u8>> = json.into_iter().map(String::into_bytes).collect();
    let lines = intel::fuzz_feeds_lines::line_samples();
    let lines: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
    let xml = intel::fuzz_feeds_xml::xml_samples();
    let xml: Vec<Vec<u8>> = xml.into_iter().map(String::into_bytes).collect();
    let records = read_all(&root.join("crates/records/tests/golden"), "json");
    let samples = |name: &str| match name {
        "capture.reader" => captures.clone(),
        "dissect.frames" => lists.clone(),
        "intel.catalogue" => catalogue.clone(),
        "intel.feed" => feeds.clone(),
        name if name.starts_with("intel.json_") => json.clone(),
        name if name.starts_with("intel.line_") => lines.clone(),
        "intel.stix1" => xml.clone(),
        "records.read" | "records.shapes" => records.clone(),
        "records.template" => vec![records::fuzz::TEMPLATE_SAMPLE.as_bytes().to_vec()],
        "deliver.elastic_answer" => vec![deliver::fuzz::ELASTIC_SAMPLE.as_bytes().to_vec()],
        "deliver.redis_replies" => vec![b"+OK\r\n:12\r\n$3\r\n1-0\r\n-OOM no\r\n".to_vec()],
        "spool.cursor" => spool::fuzz::cursor_samples(),
        "spool.damage" | "spool.segment" => spool::fuzz::samples(),
        "wire.message" => wire::fuzz::samples(),
        "intel.glob" => vec![b"AnyDesk*/?.exe".to_vec()],
        "detect.policy" => policies.clone(),
        "detect.state" => {
            payloads.iter().take(40).map(|seen| detect::fuzz::state_sample(seen)).collect()
        }
        _ => payloads.clone(),
    };
    let targets = bodies::all().into_iter().map(|(name, body)| {
        let samples = samples(&name);
        assert!(!samples.is_empty(), "{name} has no samples");
        Target { name, body, samples }
    });
    targets.collect()
}

/// Classic captures of the folder that `RMMWATCH_CORPUS` names, where it names one.
fn corpus() -> Vec<Vec<u8>> {
    let Some(folder) = std::env::var_os("RMMWATCH_CORPUS") else { return Vec::new() };
    let mut folders = vec![Path::new(&folder).join("captures/files")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    // Long captures say the same for longer.
    let short = found.iter().filter(|path| path.metadata().is_ok_and(|file| file.len() < 1 << 18));
    short.filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Samples as files, a folder a body: what a coverage-guided fuzzer begins with.
fn write_samples(folder: &Path) {
    for target in targets() {
        let folder = folder.join(&target.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let kept = target.samples.iter().filter(|sample| sample.len() < 1 << 16);
        for (number, sample) in kept.enumerate() {
            std::fs::write(folder.join(format!("sample-{number}")), sample).expect("a file");
        }
        println!("{}", target.name);
    }
}

fn fuzz(target: &Target, at_most: Duration) -> bool {
    let begun = Instant::now();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut rounds = 0u64;
    while begun.elapsed() < at_most {
        let seed = random.0;
        let octets = mutated(&target.samples, &mut random);
        rounds += 1;
        let body = target.body;
        if catch_unwind(|| body(&octets)).is_err() {
            let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            println!("{}: round {rounds}, seed {seed:#x}:\n{hex}", target.name);
            return false;
        }
    }
    println!("{:<18} {rounds:>9} rounds in {} s, no failure", target.name, at_most.as_secs());
    true
}

/// A sample with some octets flipped, lost, doubled, moved, or replaced by telling numbers.
fn mutated(samples: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let sample = &samples[random.below(samples.len())];
    // A long sample would make each round slow: a window of it is as good.
    let start =
        if sample.len() > 8192 && random.below(4) > 0 { random.below(sample.len()) } else { 0 };
    let end = (start + 8192).min(sample.len());
    let mut octets = sample[start..end].to_vec();
    for _ in 0..=random.below(8) {
        let len = octets.len();
        if len == 0 {
            break;
        }
        let at = random.below(len);
        match random.below(7) {
            0 => octets[at] ^= 1 << random.below(8),
            1 => octets[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            2 => octets.truncate(at),
            3 => drop(octets.drain(at..(at + random.below(16) + 1).min(len))),
            4 => {
                let piece = octets[at..(at + random.below(64) + 1).min(len)].to_vec();
                let to = random.below(len);
                octets.splice(to..to, piece);
            }
            5 => octets.insert(at, random.next() as u8),
            _ => {
                let other = &samples[random.below(samples.len())];
                if !other.is_empty() {
                    let from = random.below(other.len());
                    octets.extend_from_slice(&other[from..(from + 64).min(other.len())]);
                }
            }
        }
    }
    octets
}

fn read_all(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a file of the project")).collect()
}

/// The frames of a little-endian classic capture, as the generator writes them.
fn frames(capture: &[u8]) -> Vec<&[u8]> {
    let mut rest = capture.get(24..).unwrap_or(&[]);
    let mut frames = Vec::new();
    while let Some((head, body)) = rest.split_at_checked(16) {
        let len = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        let Some((frame, behind)) = body.split_at_checked(len) else { break };
        frames.push(frame);
        rest = behind;
    }
    frames
}

/// What the frames of a capture carry behind Ethernet, IPv4 and TCP or UDP, where it is that simple.
fn payloads_of(capture: &[u8]) -> Vec<Vec<u8>> {
    frames(capture)
        .into_iter()
        .filter_map(|frame| match (frame.get(12..15)?, frame.get(23)?) {
            ([8, 0, 0x45], 6) => frame.get(34 + usize::from(frame.get(46)? >> 4) * 4..),
            ([8, 0, 0x45], 17) => frame.get(42..),
            _ => None,
        })
        .filter(|payload| payload.len() > 8)
        .map(<[u8]>::to_vec)
        .take(400)
        .collect()
}

fn frame_list(capture: &[u8]) -> Vec<u8> {
    let frames: Vec<_> =
        frames(capture).into_iter().take(200).map(|frame| (LinkType::ETHERNET, frame)).collect();
    dissect::fuzz::sample(&frames)
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
