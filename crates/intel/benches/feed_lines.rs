//! Lines a second that the readers of feeds by line take, good ones and broken ones, where nothing
//! is kept; and how long it takes until a book of a million names is there.
//! `cargo bench -p rmmwatch-intel --bench feed_lines`

#![allow(missing_docs, clippy::print_stdout, clippy::disallowed_methods, reason = "a bench")]

use std::time::Instant;

use intel::BookBuilder;
use intel::fuzz_feeds_lines::count;

const LINES: usize = 1_000_000;

fn main() {
    let made = |line: fn(usize) -> String| (0..LINES).map(line).collect::<String>();
    let texts: [(&str, &str, String); 10] = [
        ("plain", "names", made(|n| format!("host{n}.evil{}.example\n", n % 50_000))),
        ("plain", "addresses", made(|n| format!("198.{}.{}.{}\n", n >> 16, n >> 8 & 255, n & 255))),
        ("plain", "pages", made(|n| format!("http://host{n}.evil.example/a/{n}.php\n"))),
        ("plain", "broken lines", made(|n| format!("broken line {n}\n"))),
        ("hosts", "names", made(|n| format!("0.0.0.0 host{n}.evil{}.example\n", n % 50_000))),
        ("separated", "rows", made(|n| format!("{n},domain,host{n}.evil.example,\"a, b\",75\n"))),
        ("adblock", "filters", made(|n| format!("||host{n}.evil{}.example^\n", n % 50_000))),
        ("maltrail", "trails", made(|n| format!("host{n}.evil.example,bot (malware),(static)\n"))),
        ("suricata_rules", "rules", made(rule)),
        ("suricata_rules", "broken rules", made(|n| format!("alert dns any any ({n}\n"))),
    ];
    for (format, what, text) in &texts {
        let mut best = f64::MAX;
        let mut got = (0, 0);
        for _ in 0..3 {
            let start = Instant::now();
            got = count(format, text);
            best = best.min(start.elapsed().as_secs_f64());
        }
        let rate = LINES as f64 / best / 1e6;
        println!("{format:<16} {what:<14} {rate:>6.2} million lines/s   ({} entries)", got.0);
    }
    for (what, text) in [
        ("names", made(|n| format!("bad{:06}-x{n}.example{n}.com\n", n * 7_919 % LINES))),
        ("names twice", made(|n| format!("bad{0}-x{0}.example{0}.com\n", n / 2))),
        ("rows", made(|n| format!("{n},domain,host{n}.evil{n}.example,\"tag {}\",75\n", n % 999))),
    ] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            let mut builder = BookBuilder::new();
            builder.feed("list.txt", &text);
            let book = builder.build().0;
            best = best.min(start.elapsed().as_secs_f64());
            assert!(book.feeds().iter().map(|feed| feed.count).sum::<usize>() >= LINES / 2);
        }
        println!("a book of a million {what:<14} {:>6.0} ms", best * 1e3);
    }
    let long = "x".repeat(200 << 20);
    for format in ["plain", "hosts", "separated", "adblock", "maltrail", "suricata_rules"] {
        let start = Instant::now();
        let got = count(format, &long);
        let secs = start.elapsed().as_secs_f64();
        println!("{format:<16} one line of 200 MiB: {secs:.2} s   ({} entries)", got.0);
    }
}

fn rule(n: usize) -> String {
    format!(
        "alert dns $HOME_NET any -> any any (msg:\"lure {n}\"; dns.query; dotprefix; \
         content:\".host{n}.evil.example\"; nocase; endswith; classtype:trojan-activity; \
         sid:{n}; rev:1; metadata:created_at 2026_01_01, confidence High;)\n"
    )
}
