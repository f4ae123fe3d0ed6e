//! Observations a second that the analyst weighs on one core, and where the time goes: time that
//! passes, setting, look-up, judgement. `make bench-analyst`.
//!
//! Two workloads are made and dissected once: an office's mix, and the working day of a small
//! organisation that uses ten tools. Each is then weighed again and again, later each round and by
//! other hosts, so that memory fills as it does on a wire. Records are not formatted, as when
//! nobody asked for observations. CPU time of this thread, medians.
//!
//! `cargo bench --bench analyst -- instructions [CAPTURE...]` counts instead, with valgrind: the
//! instructions of each stage for one observation of each kind, of smaller workloads, or of captures.

#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "a bench prints its table")]

use std::fs;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use capture::{Input, ReplayOptions, Timeline};
use detect::{Detector, Limits, Policy};
use dissect::{Dissector, Seed, Shards};
use intel::Book;
use model::{Fact, Match, Observation, Setting};
use trafficgen::load::{self, Plan, Playbook, Scale, Tool};

#[path = "../crates/intel/tests/ships/mod.rs"]
mod ships;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds that are measured, after some that fill the memory.
const ROUNDS: u32 = 9;
const WARM: u32 = 3;
/// Octets of the office's mix.
const MIX_BYTES: u64 = 150_000_000;
/// What one core must weigh in a second.
const TARGET: f64 = 1e6;
/// Observations whose stages are timed together.
const RUN: usize = 4_096;

/// The stages, in their order.
const STAGES: [&str; 6] = ["advance", "setting", "well_known", "look_up", "weigh", "dns_transport"];
/// Octets of the office's mix whose instructions are counted.
const COUNTED_BYTES: u64 = 20_000_000;

/// What is weighed, and under which policy.
struct Workload {
    name: &'static str,
    seen: Vec<Observation>,
    policy: String,
}

fn main() {
    // `cargo test` runs benches too, to see that they work; the measure is for `cargo bench`.
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().position(|arg| arg == "instructions" || arg == "counted") {
        Some(place) if args[place] == "counted" => return counted(&args[place + 1..]),
        Some(place) => return count(&args[place + 1..]),
        None => {}
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let book = book();
    let mut least = f64::MAX;
    for workload in [mix(folder.path(), MIX_BYTES), day(folder.path(), 300)] {
        let rate = measure(&book, &workload);
        least = least.min(rate);
    }
    println!("{:.2} million observations/s at least (target {:.0})", least / 1e6, TARGET / 1e6);
    if least < TARGET {
        std::process::exit(1);
    }
}

/// Print the figures of one workload; observations a second.
fn measure(book: &Book, workload: &Workload) -> f64 {
    let (mut whole, mut parts) = (detector(workload), detector(workload));
    let span = span(&workload.seen);
    let mut totals = Vec::new();
    let mut stages = [const { Vec::new() }; STAGES.len()];
    let mut alerts = 0u64;
    for round in 0..WARM + ROUNDS {
        let seen = shifted(&workload.seen, span, round);
        let count = seen.len() as f64;
        let total = weigh_all(&mut whole, book, &seen, &mut alerts) / count;
        let by_stage = weigh_by_stage(&mut parts, book, &seen);
        if round >= WARM {
            totals.push(total);
            for (list, nanos) in stages.iter_mut().zip(by_stage) {
                list.push(nanos / count);
            }
        }
    }
    let total = median(&mut totals);
    let rate = 1e9 / total;
    println!(
        "{}: {} observations, {alerts} alerts and updates; medians of {ROUNDS} rounds",
        workload.name,
        workload.seen.len()
    );
    println!("{total:8.1} ns an observation, {:.2} million observations/s", rate / 1e6);
    for (name, list) in STAGES.iter().zip(&mut stages) {
        println!("{:8.1} ns  {name}", median(list));
    }
    rate
}

fn detector(workload: &Workload) -> Detector {
    let mut policy = Policy::deny_by_default();
    let complaints = policy.add("policy.toml", &workload.policy);
    assert!(complaints.is_empty(), "{complaints:?}");
    Detector::new(policy, &Limits::default())
}

/// After how long the same may be seen again.
fn span(seen: &[Observation]) -> Duration {
    let first = seen.iter().map(|one| one.at).min().unwrap_or_default();
    let last = seen.iter().map(|one| one.at).max().unwrap_or_default();
    last.since(first) + Duration::from_secs(1)
}

/// Weigh as the analyst does; nanoseconds in all.
fn weigh_all(detector: &mut Detector, book: &Book, seen: &[Observation], alerts: &mut u64) -> f64 {
    let start = cpu_nanos();
    weigh_each(detector, book, seen, alerts);
    cpu_nanos() - start
}

/// The same without a look at the clock, which valgrind's has not.
fn weigh_each(detector: &mut Detector, book: &Book, seen: &[Observation], alerts: &mut u64) {
    let mut matches: Vec<Match> = Vec::new();
    for one in seen {
        detector.advance(one.at, &mut |_| *alerts += 1);
        let mut setting = detector.setting(one);
        setting.well_known = well_known(book, one, &setting);
        matches.clear();
        book.look_up(one, setting.server_name.as_ref(), &mut matches);
        black_box(detector.weigh(one, &setting, &matches, &mut |_| *alerts += 1));
        black_box(book.dns_transport(one, setting.server_name.as_ref()));
    }
}

/// The same, stage by stage for runs of observations, so that reading the clock costs nothing.
fn weigh_by_stage(
    detector: &mut Detector,
    book: &Book,
    seen: &[Observation],
) -> [f64; STAGES.len()] {
    let mut spent = [0.0; STAGES.len()];
    let mut matches: Vec<Vec<Match>> = vec![Vec::new(); RUN];
    let mut settings: Vec<Setting> = Vec::with_capacity(RUN);
    for run in seen.chunks(RUN) {
        let mut last = cpu_nanos();
        let mut lap = |stage: usize| {
            let now = cpu_nanos();
            spent[stage] += now - last;
            last = now;
        };
        run.iter().for_each(|one| detector.advance(one.at, &mut |_| {}));
        lap(0);
        settings.clear();
        settings.extend(run.iter().map(|one| detector.setting(one)));
        lap(1);
        for (one, setting) in run.iter().zip(&mut settings) {
            setting.well_known = well_known(book, one, setting);
        }
        lap(2);
        for ((one, setting), matches) in run.iter().zip(&settings).zip(&mut matches) {
            matches.clear();
            book.look_up(one, setting.server_name.as_ref(), matches);
        }
        lap(3);
        for ((one, setting), matches) in run.iter().zip(&settings).zip(&matches) {
            black_box(detector.weigh(one, setting, matches, &mut |_| {}));
        }
        lap(4);
        for (one, setting) in run.iter().zip(&settings) {
            black_box(book.dns_transport(one, setting.server_name.as_ref()));
        }
        lap(5);
    }
    spent
}

fn well_known(book: &Book, one: &Observation, setting: &Setting) -> bool {
    detect::name_of(one, setting).is_some_and(|name| book.is_everyones(name.as_str()))
}

/// Count instructions: this program again, under callgrind, which writes its counts down and begins
/// anew whenever a stage ends.
fn count(captures: &[String]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["-q", "--tool=callgrind", "--dump-after=*end_of_stage*"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(std::env::current_exe().expect("this program"))
        .arg("counted")
        .args(captures)
        .output();
    let Ok(output) = output else {
        println!("skipped: there is no valgrind here");
        return;
    };
    let text = String::from_utf8(output.stdout).expect("lines of ours");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let mut dump = 0;
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [kind, number, "stages"] = words[..] else {
            println!("{line}");
            continue;
        };
        let number: u64 = number.parse().expect("a number of ours");
        let mut each = || {
            dump += 1;
            let path = folder.path().join(format!("counts.{dump}"));
            let text = fs::read_to_string(path).expect("counts of a stage");
            let total = text.lines().find_map(|line| line.strip_prefix("summary: "));
            total.and_then(|total| total.parse::<u64>().ok()).expect("a total")
        };
        each(); // what came before the first stage
        let stages = STAGES.map(|_| each() / number);
        let cells: Vec<String> = stages.iter().map(|count| format!("{count:>9}")).collect();
        println!("{number:>8} {kind:<16}{}{:>9}", cells.concat(), stages.iter().sum::<u64>());
    }
}

/// The part of [`count`] that is counted.
fn counted(captures: &[String]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let book = book();
    let capture = |path: &String| {
        let seen = dissected(Path::new(path));
        Workload { name: "a capture", seen, policy: String::new() }
    };
    let mut all: Vec<Workload> = captures.iter().map(capture).collect();
    if all.is_empty() {
        all = vec![mix(folder.path(), COUNTED_BYTES), day(folder.path(), 30)];
    }
    for workload in all {
        let mut detector = detector(&workload);
        println!("{}: instructions of a stage for one observation", workload.name);
        println!(
            "  number kind            {}     all",
            STAGES.map(|s| format!("{s:>9.9}")).concat()
        );
        weigh_each(&mut detector, &book, &workload.seen, &mut 0);
        let seen = shifted(&workload.seen, span(&workload.seen), 1);
        let mut kinds: Vec<&str> = seen.iter().map(kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for name in kinds {
            let run: Vec<&Observation> = seen.iter().filter(|one| kind(one) == name).collect();
            println!("{name}\t{}\tstages", run.len());
            count_stages(&mut detector, &book, &run);
        }
    }
}

fn count_stages(detector: &mut Detector, book: &Book, run: &[&Observation]) {
    let mut matches: Vec<Vec<Match>> = vec![Vec::new(); run.len()];
    let mut settings: Vec<Setting> = Vec::with_capacity(run.len());
    end_of_stage();
    run.iter().for_each(|one| detector.advance(one.at, &mut |_| {}));
    end_of_stage();
    settings.extend(run.iter().map(|one| detector.setting(one)));
    end_of_stage();
    for (one, setting) in run.iter().zip(&mut settings) {
        setting.well_known = well_known(book, one, setting);
    }
    end_of_stage();
    for ((one, setting), matches) in run.iter().zip(&settings).zip(&mut matches) {
        book.look_up(one, setting.server_name.as_ref(), matches);
    }
    end_of_stage();
    for ((one, setting), matches) in run.iter().zip(&settings).zip(&matches) {
        black_box(detector.weigh(one, setting, matches, &mut |_| {}));
    }
    end_of_stage();
    for (one, setting) in run.iter().zip(&settings) {
        black_box(book.dns_transport(one, setting.server_name.as_ref()));
    }
    end_of_stage();
}

/// Valgrind looks out for this one.
#[inline(never)]
fn end_of_stage() {
    black_box(());
}

fn kind(one: &Observation) -> &'static str {
    match &one.fact {
        Fact::FlowOpen => "flow-open",
        Fact::FlowClose(_) => "flow-close",
        Fact::DnsQuery(_) => "dns-query",
        Fact::DnsAnswer(_) => "dns-answer",
        Fact::TlsHello(_) => "tls-hello",
        Fact::TlsCertificate(_) => "tls-certificate",
        Fact::HttpRequest(_) => "http-request",
        Fact::FileDownload(_) => "file-download",
        Fact::Remote(_) => "remote",
        Fact::Opening(_) => "opening",
        Fact::HostHint(_) => "host-hint",
    }
}

/// The same observations later, by other hosts of the same zones, sixteen times as many in all.
fn shifted(seen: &[Observation], span: Duration, round: u32) -> Vec<Observation> {
    let shift = |ip: IpAddr| match ip {
        IpAddr::V4(v4) if v4.octets()[0] == 10 => {
            Ipv4Addr::from(u32::from(v4) ^ (round % 16) << 12).into()
        }
        IpAddr::V6(v6) if v6.segments()[..2] == [0x2001, 0x0DB8] && v6.segments()[2] < 2 => {
            Ipv6Addr::from(u128::from(v6) ^ u128::from(round % 16) << 12).into()
        }
        other => other,
    };
    let each = |one: &Observation| {
        let mut one = one.clone();
        one.at = one.at.after(span * round);
        one.flow.client.ip = shift(one.flow.client.ip);
        one.flow.server.ip = shift(one.flow.server.ip);
        one
    };
    seen.iter().map(each).collect()
}

fn mix(folder: &Path, bytes: u64) -> Workload {
    let path = folder.join("mix.pcap");
    let file = fs::File::create(&path).expect("a capture");
    load::mix(bytes, 1, &Scale::default(), std::io::BufWriter::new(file)).expect("a mix");
    let policy = fs::read_to_string(root().join("pcaps/aa23-025a-campaign.policy.toml"));
    let policy = policy.expect("the demo's policy");
    Workload { name: "an office's mix", seen: dissected(&path), policy }
}

fn day(folder: &Path, hosts: u64) -> Workload {
    let path = folder.join("day.pcap");
    let file = fs::File::create(&path).expect("a capture");
    let texts = ships::texts("catalogue");
    let tools: Vec<Tool> =
        texts.iter().map(|(name, text)| Tool::parse(text).expect(name)).collect();
    let book = fs::read_to_string(root().join("packaging/bench/day.toml")).expect("a playbook");
    let book = Playbook::parse(&book).expect("the playbook");
    let plan = Plan { hosts, tools: 40, campaigns: 3, days: 1, seed: 1 };
    let account = load::day(&plan, &book, &tools, std::io::BufWriter::new(file)).expect("a day");
    Workload { name: "a day, 40 tools in use", seen: dissected(&path), policy: account.policy }
}

fn dissected(path: &Path) -> Vec<Observation> {
    let inputs = [Input::Path(path.to_owned())];
    let mut timeline = Timeline::open(&inputs, &ReplayOptions::default()).expect("the capture");
    let mut dissector = Dissector::new(&dissect::Limits::default(), Seed([1, 2]), Shards::all());
    let mut seen = Vec::new();
    let mut last = None;
    while timeline
        .read(&mut |frames| {
            dissector.push(frames, &mut |one| seen.push(one));
            last = frames.last().map(|frame| (frame.at, frame.order + 1)).or(last);
        })
        .expect("the capture is read")
    {}
    let (at, order) = last.expect("a capture with frames");
    dissector.finish(at, order, &mut |one| seen.push(one));
    seen
}

fn book() -> Book {
    let (book, complaints) = ships::builder().build();
    assert!(complaints.is_empty(), "{complaints:?}");
    book
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds that this thread ran on a processor.
fn cpu_nanos() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    spent.tv_sec as f64 * 1e9 + spent.tv_nsec as f64
}
