//! What judging names costs on one core: names that nobody saw before, names made for the slow way,
//! and the octets that the tables of brands hold. `make bench-names`
//!
//! The names are those of `RMMWATCH_CORPUS`, shuffled, and without it some that are made here.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads files and the clock"
)]

mod brands;
mod dice;
mod knowledge;
#[path = "../../tests/ships/mod.rs"]
mod ships;
mod worst;

use std::hint::black_box;
use std::time::Instant;

use dice::Dice;
use intel::Book;
use model::{
    DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, Observation, Protocol, RecordType,
    Timestamp, Transport,
};

#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// Names per second that a core must judge: those of the corpora, and the worst.
const COLD_TARGET: Option<f64> = Some(2e6);
const WORST_TARGET: Option<f64> = Some(1e5);
/// Octets that the tables may hold at 150 brands.
const TABLES_TARGET: usize = 10_000_000;
const BRANDS_TARGET: usize = 150;

fn question(text: &str) -> Option<Observation> {
    let name = DomainName::from_text(text.as_bytes()).ok()?;
    let question = DnsQuestion { name: Some(name), kind: RecordType::A };
    let query = DnsQuery { protocol: Protocol::Dns, id: 1, question };
    let flow = Flow {
        client: Endpoint::new([192, 168, 0, 9].into(), 50_000),
        server: Endpoint::new([192, 0, 2, 53].into(), 53),
        transport: Transport::Udp,
        vlan: None,
        guessed: false,
    };
    let fact = Fact::DnsQuery(Box::new(query));
    Some(Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact })
}

/// The seconds that this thread was on a core: other programs' use of the machine does not count.
/// Linux tells it to a few milliseconds; elsewhere it is the time that passed.
fn on_core(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// The best of some rounds, in names per second, and how many had a verdict. Every round asks each
/// name once.
fn fastest(names: usize, mut round: impl FnMut() -> usize) -> (f64, usize) {
    let (mut best, mut found) = (f64::MAX, 0);
    let origin = Instant::now();
    for _ in 0..5 {
        let start = on_core(origin);
        found = round();
        best = best.min(on_core(origin) - start);
    }
    (names as f64 / best, found)
}

fn tell(what: &str, count: usize, (rate, found): (f64, usize), target: Option<f64>) {
    let said = match target {
        None => "",
        Some(target) if rate < target => "  target MISSED",
        Some(_) => "  target met",
    };
    let nanoseconds = 1e9 / rate;
    println!(
        "{what:<60} {:>7.3} M/s {nanoseconds:>8.0} ns  ({found} of {count} found){said}",
        rate / 1e6
    );
}

fn whole(book: &Book, what: &str, names: &[String], target: Option<f64>) {
    let asked: Vec<Observation> = names.iter().filter_map(|name| question(name)).collect();
    let mut out = Vec::new();
    let rate = fastest(asked.len(), || {
        let mut found = 0;
        for one in &asked {
            book.look_up(black_box(one), None, &mut out);
            found += usize::from(!out.is_empty());
        }
        found
    });
    tell(&format!("{what}, whole verdict"), asked.len(), rate, target);
}

fn alone(book: &Book, what: &str, names: &[String], target: Option<f64>) {
    let rate = fastest(names.len(), || {
        names.iter().filter(|name| black_box(book.look_alike(black_box(name))).is_some()).count()
    });
    tell(&format!("{what}, look-alike alone"), names.len(), rate, target);
}

fn tables() {
    let shipped = ships::texts("brands");
    let build = |extra: &str| {
        let before = MEMORY.current_usage();
        let start = Instant::now();
        MEMORY.reset_peak_usage();
        let book = knowledge::brands_only(&shipped, extra);
        let held = MEMORY.current_usage().saturating_sub(before);
        let peak = MEMORY.peak_usage().saturating_sub(before);
        let seconds = start.elapsed().as_secs_f64();
        (book.brands(), held, peak, seconds)
    };
    let (none, bare, ..) = {
        let before = MEMORY.current_usage();
        let book = knowledge::brands_only(&[], "");
        (book.brands(), MEMORY.current_usage().saturating_sub(before))
    };
    println!("{none} brands: {bare} octets, whatever the number of brands is");
    let count = build("").0;
    for extra in [0, BRANDS_TARGET.saturating_sub(count)] {
        let text = brands::invented(extra);
        let (count, held, peak, seconds) = build(&text);
        let said = match (extra, held > TABLES_TARGET) {
            (0, _) => "",
            (_, true) => "  target MISSED",
            (_, false) => "  target met",
        };
        println!(
            "{count} brands: {held} octets held, {peak} at most while built, {seconds:.2} s{said}"
        );
    }
}

fn main() {
    tables();
    let book = ships::builder().build().0;
    println!("{} brands ship", book.brands());
    let mut dice = Dice::new(7);
    let names = knowledge::names(&mut dice);
    alone(&book, "names", &names, COLD_TARGET);
    whole(&book, "names", &names, COLD_TARGET);
    let spellings = brands::spellings();
    for (what, make) in worst::KINDS {
        let made: Vec<String> = (0..20_000).map(|_| make(&mut dice, &spellings)).collect();
        alone(&book, what, &made, WORST_TARGET);
        whole(&book, what, &made, WORST_TARGET);
    }
    let extra = BRANDS_TARGET.saturating_sub(book.brands());
    let book = knowledge::brands_only(&ships::texts("brands"), &brands::invented(extra));
    alone(&book, &format!("names, {} brands", book.brands()), &names, None);
}
