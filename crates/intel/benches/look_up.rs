//! Nanoseconds for one look-up in what ships, and seconds and octets for a million indicators.
//! `cargo bench -p rmmwatch-intel`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads files and the clock"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use intel::{Book, BookBuilder};
use model::{
    DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, HttpRequest, Observation, Opening,
    Protocol, RecordType, Side, Timestamp, Transport,
};

fn shipped(feed: &str) -> Book {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let mut builder = BookBuilder::new();
    for folder in ["catalogue", "feeds"] {
        let mut paths: Vec<_> =
            fs::read_dir(config.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let text = fs::read_to_string(&path).unwrap();
            match folder {
                "catalogue" => builder.catalogue(path.to_str().unwrap(), &text),
                _ => builder.feed(path.to_str().unwrap(), &text),
            }
        }
    }
    builder.gate("gate.toml", &fs::read_to_string(config.join("gate.toml")).unwrap());
    builder.labels("labels.toml", &fs::read_to_string(config.join("labels.toml")).unwrap());
    if !feed.is_empty() {
        builder.feed("million.txt", feed);
    }
    builder.build().0
}

fn question(text: &str) -> Observation {
    let name = DomainName::from_text(text.as_bytes()).ok();
    let question = DnsQuestion { name, kind: RecordType::A };
    let fact = Fact::DnsQuery(Box::new(DnsQuery { protocol: Protocol::Dns, id: 1, question }));
    seen(fact)
}

fn seen(fact: Fact) -> Observation {
    let flow = Flow {
        client: Endpoint::new([192, 168, 0, 9].into(), 50_000),
        server: Endpoint::new([203, 0, 113, 9].into(), 443),
        transport: Transport::Tcp,
        vlan: None,
        guessed: false,
    };
    Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact }
}

fn opening(octets: &[u8]) -> Observation {
    let first_len = u32::try_from(octets.len()).unwrap();
    let octets = octets.into();
    seen(Fact::Opening(Box::new(Opening { side: Side::Client, first_len, octets })))
}

fn request(path: &str) -> Observation {
    seen(Fact::HttpRequest(Box::new(HttpRequest {
        method: "GET".into(),
        host: DomainName::from_text(b"cdn.example").ok(),
        port: None,
        path: path.into(),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101".into()),
    })))
}

/// 256 octets that repeat for the same number.
fn noise(number: usize) -> Vec<u8> {
    let mut state = number as u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..256).map(|_| next()).collect()
}

/// The best of nine runs, in nanoseconds for one look-up.
fn measure(told: &str, book: &Book, facts: &[Observation]) {
    let mut out = Vec::new();
    let mut best = f64::MAX;
    let mut hits = 0usize;
    for _ in 0..9 {
        let start = Instant::now();
        hits = 0;
        for fact in facts {
            book.look_up(black_box(fact), None, &mut out);
            hits += out.len();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / facts.len() as f64);
    }
    println!("{told:<44} {best:>8.1} ns   ({hits} matches in {})", facts.len());
}

fn resident_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn main() {
    const COUNT: usize = 20_000;
    let misses: Vec<_> = (0..COUNT)
        .map(|n| {
            let (a, b) = (n.wrapping_mul(2_654_435_761) % 9973, n % 977);
            question(&format!("cdn{a}.region-{b}.service{n}.com"))
        })
        .collect();
    let everyday: Vec<_> = (0..COUNT)
        .map(|n| {
            question(&format!("edge{n}.{}", ["google.com", "akamai.net", "github.com"][n % 3]))
        })
        .collect();
    let longest = vec![question(&"a.".repeat(126)); COUNT];
    let hits: Vec<_> =
        (0..COUNT).map(|n| question(&format!("relay-{n:08x}.net.anydesk.com"))).collect();
    let opens = vec![seen(Fact::FlowOpen); COUNT];
    let unknown: Vec<_> = (0..COUNT).map(|n| opening(&noise(n))).collect();
    let known = vec![opening(&[0x17, 0x24, 0x1b, 0, 0]); COUNT];
    let requests: Vec<_> = (0..COUNT).map(|n| request(&format!("/assets/{n}.js?v=7"))).collect();
    let book = shipped("");
    for (what, facts) in [
        ("names that no list knows", &misses),
        ("names that the gate knows", &everyday),
        ("a name of 126 labels", &longest),
        ("names that a pattern knows", &hits),
        ("flows opened", &opens),
        ("first octets that no signature fits", &unknown),
        ("first octets that one fits", &known),
        ("requests", &requests),
    ] {
        measure(what, &book, facts);
    }
    let mut feed = String::new();
    for n in 0..1_000_000usize {
        feed.push_str(&format!("host{n}.evil{}.example\n", n % 50_000));
    }
    let before = resident_kib();
    let start = Instant::now();
    let book = shipped(&feed);
    println!(
        "a million indicators: {:.2} s, {} MiB resident more",
        start.elapsed().as_secs_f64(),
        resident_kib().saturating_sub(before) / 1024
    );
    measure("names that no list knows, a million listed", &book, &misses);
}
