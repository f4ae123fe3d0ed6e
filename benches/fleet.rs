//! What a fact costs on its way from a sensor to an analyst: packed, through nats-server, read.
//!
//! `cargo bench --bench fleet`. The facts are those of every capture in `pcaps/`, over and over;
//! `RMMWATCH_BENCH_FACTS` says how many (2,000,000). Without nats-server its part is left out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench says what it measured"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use capture::{Input, ReplayOptions, Timeline};
use dissect::{Dissector, Limits, Seed, Shards};
use futures_util::StreamExt as _;
use model::{Observation, Timestamp};
use wire::{Head, Lane, Packer, Role};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // `cargo test` runs benches too, to see that they work; the measure is for `cargo bench`.
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let wanted = std::env::var("RMMWATCH_BENCH_FACTS").ok().and_then(|text| text.parse().ok());
    let wanted: usize = wanted.unwrap_or(2_000_000);
    let facts = facts();
    let begun = Instant::now();
    let messages = pack(&facts, wanted);
    let octets: usize = messages.iter().map(Vec::len).sum();
    told("packed", wanted, octets, begun.elapsed());
    println!(
        "         {} messages, {:.1} octets a fact",
        messages.len(),
        octets as f64 / wanted as f64
    );
    let begun = Instant::now();
    let read: usize = messages.iter().map(|octets| wire::read(octets).unwrap().facts.len()).sum();
    told("read", read, octets, begun.elapsed());
    let Some(server) = Server::start() else {
        println!("SKIPPED: nats-server is not installed (packaging/ci/deps.sh test)");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(through(&server, &messages, wanted, octets));
}

fn told(what: &str, facts: usize, octets: usize, took: Duration) {
    let (secs, mib) = (took.as_secs_f64(), octets as f64 / f64::from(1 << 20));
    println!(
        "{what:<8} {:>10.0} facts/s  {:>8.1} MiB/s  ({secs:.2} s)",
        facts as f64 / secs,
        mib / secs
    );
}

/// All facts of all captures.
fn facts() -> Vec<Observation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let mut timeline = Timeline::open(&[Input::Path(folder)], &ReplayOptions::default()).unwrap();
    let mut dissector = Dissector::new(&Limits::default(), Seed([1, 2]), Shards::nth(0, 1));
    let (mut facts, mut last) = (Vec::new(), (Timestamp::ZERO, 0));
    while timeline
        .read(&mut |frames| {
            last = frames.last().map_or(last, |frame| (frame.at, frame.order));
            dissector.push(frames, &mut |seen| facts.push(seen));
        })
        .unwrap()
    {}
    dissector.finish(last.0, last.1 + 1, &mut |seen| facts.push(seen));
    println!("{} different facts", facts.len());
    facts
}

/// Messages of 32 partitions, as a busy sensor seals them: full ones.
fn pack(facts: &[Observation], wanted: usize) -> Vec<Vec<u8>> {
    const PARTITIONS: u16 = 32;
    let mut packers = vec![Packer::default(); usize::from(PARTITIONS)];
    let mut seqs = vec![0; usize::from(PARTITIONS)];
    let mut messages = Vec::new();
    let mut seal = |number: usize, packer: &mut Packer| {
        seqs[number] += 1;
        let head = Head {
            sensor: "bench".into(),
            site: "bench".into(),
            epoch: 1,
            partitions: PARTITIONS,
            lane: Lane::Part(number as u16),
            seq: seqs[number],
            tick: Timestamp::ZERO,
            first: Timestamp::ZERO,
            last: Timestamp::ZERO,
            sealed: Vec::new(),
            end: false,
            lost: 0,
            facts: 0,
        };
        messages.push(packer.seal(head).unwrap());
    };
    for (place, seen) in facts.iter().cycle().take(wanted).enumerate() {
        let number = place % packers.len();
        let packer = &mut packers[number];
        assert!(packer.push(place as u64 + 1, Role::Weighed, seen));
        if packer.is_enough() {
            seal(number, packer);
        }
    }
    for (number, packer) in packers.iter_mut().enumerate().filter(|(_, packer)| !packer.is_empty())
    {
        seal(number, packer);
    }
    messages
}

async fn through(server: &Server, messages: &[Vec<u8>], facts: usize, octets: usize) {
    let client = async_nats::connect(&server.url).await.unwrap();
    let context = jetstream::new(client);
    let config = jetstream::stream::Config {
        name: "RMM".to_owned(),
        subjects: vec!["rmm.v1.>".to_owned()],
        ..jetstream::stream::Config::default()
    };
    let stream = context.create_stream(config).await.unwrap();
    let begun = Instant::now();
    let mut waiting = std::collections::VecDeque::new();
    for octets in messages {
        let head = wire::peek(octets).unwrap();
        let message = jetstream::message::PublishMessage::build().message_id(head.id());
        let message = message.payload(octets.clone().into());
        waiting.push_back(context.send_publish(head.subject(), message).await.unwrap());
        if waiting.len() >= 256 {
            waiting.pop_front().unwrap().await.unwrap();
        }
    }
    for ack in waiting {
        ack.await.unwrap();
    }
    told("stored", facts, octets, begun.elapsed());
    let begun = Instant::now();
    let config = jetstream::consumer::pull::OrderedConfig::default();
    let fetched = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
    let mut fetched = fetched.take(messages.len());
    let mut read = 0;
    while let Some(message) = fetched.next().await {
        read += wire::read(&message.unwrap().payload).unwrap().facts.len();
    }
    told("fetched", read, octets, begun.elapsed());
}

/// A nats-server with its store in a folder, both gone at the end.
struct Server {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Option<Server> {
        let peers = std::env::var_os("RMMWATCH_PEERS").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".peers"),
            PathBuf::from,
        );
        let search = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(peers.join("venv/bin")).chain(std::env::split_paths(&search));
        let binary = folders.map(|at| at.join("nats-server")).find(|at| at.is_file())?;
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(binary)
            .args(["-a", "127.0.0.1", "-p", "-1", "-js", "-sd"])
            .arg(folder.path().join("store"))
            .arg("--ports_file_dir")
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = loop {
            std::thread::sleep(Duration::from_millis(50));
            let files = std::fs::read_dir(folder.path()).unwrap().flatten();
            let text = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
            let told =
                text.filter_map(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
            if let Some(url) =
                told.filter_map(|one| Some(one["nats"][0].as_str()?.to_owned())).next()
            {
                break url;
            }
        };
        Some(Server { child, url, _folder: folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
