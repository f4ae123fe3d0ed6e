//! Nanoseconds for one look-up in what ships, and with up to four million indicators listed; seconds
//! and octets for those. `cargo bench -p rmmwatch-intel --bench look_up [scale]`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads files and the clock"
)]

#[path = "../tests/ships/mod.rs"]
mod ships;

use std::hint::black_box;
use std::time::Instant;

use intel::{Book, FeedOptions};
use model::{
    DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, HttpRequest, Observation, Opening,
    Protocol, RecordType, Side, Timestamp, Transport,
};

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
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// The indicator of that number: of 40, 35 are names, four addresses, one a page.
fn listed(n: usize) -> String {
    let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    match n % 40 {
        0 => format!("http://host{:07x}.example.net/a/{n:x}.php", mixed & 0xfff_ffff),
        1..=4 => std::net::Ipv4Addr::from_bits(0x3000_0000 + n as u32).to_string(),
        _ => format!("{:x}-login.{}", mixed & 0xffff_ffff, ["com", "net", "top", "xyz"][n % 4]),
    }
}

/// Lines of a list of any length, as they are asked for.
struct List {
    next: usize,
    count: usize,
    line: Vec<u8>,
    given: usize,
}

impl std::io::Read for List {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let mut len = 0;
        while len < into.len() {
            if self.given == self.line.len() {
                if self.next == self.count {
                    break;
                }
                self.line = (listed(self.next) + "\n").into_bytes();
                (self.next, self.given) = (self.next + 1, 0);
            }
            let now = (into.len() - len).min(self.line.len() - self.given);
            into[len..len + now].copy_from_slice(&self.line[self.given..self.given + now]);
            (len, self.given) = (len + now, self.given + now);
        }
        Ok(len)
    }
}

/// What look-ups cost beside lists of growing length.
fn scale() {
    const COUNT: usize = 200_000;
    let other: Vec<_> = (0..COUNT).map(|n| question(&format!("www.{n:x}-shop.com"))).collect();
    let flows: Vec<_> = (0..COUNT)
        .map(|n| {
            let mut open = seen(Fact::FlowOpen);
            open.flow.server.ip = std::net::Ipv4Addr::from_bits(0x5000_0000 + n as u32 * 7).into();
            open
        })
        .collect();
    let pages: Vec<_> = (0..COUNT).map(|n| request(&format!("/a/{n:x}.php"))).collect();
    for count in [0, 10_000, 1_000_000, 4_000_000] {
        let before = resident_kib();
        let start = Instant::now();
        let mut builder = ships::builder();
        let mut list = List { next: 0, count, line: Vec::new(), given: 0 };
        builder.feed_read("list.txt", &mut list, &FeedOptions::default()).unwrap();
        let book = builder.build().0;
        println!(
            "{count} indicators: {:.2} s, {} MiB resident more",
            start.elapsed().as_secs_f64(),
            resident_kib().saturating_sub(before) / 1024
        );
        measure("  names that no list knows", &book, &other);
        measure("  addresses that no list knows", &book, &flows);
        measure("  pages that no list knows", &book, &pages);
        if count == 0 {
            continue;
        }
        // Spread over the whole list, in no order.
        let hits: Vec<_> = (0..COUNT)
            .map(|n| n * 7_919 % count)
            .filter(|n| n % 40 > 4)
            .map(|n| question(&listed(n)))
            .collect();
        measure("  names that the list knows", &book, &hits);
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "scale") {
        return scale();
    }
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
    let book = ships::builder().build().0;
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
    scale();
}
