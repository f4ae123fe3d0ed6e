//! Feeds that hold too much, say things twice, or break off: what is kept, and what is told.

use intel::{Book, BookBuilder, Column, FeedOptions, limits};
use model::{Complaint, Meaning};

use crate::scene::{asked, shorts};

fn feed(file: &str, text: &str) -> (Book, Vec<Complaint>) {
    let mut builder = BookBuilder::new();
    builder.feed(file, text);
    builder.build()
}

fn told(complaints: &[Complaint]) -> Vec<String> {
    complaints.iter().map(ToString::to_string).collect()
}

const TRAILS: &str = "# https://github.com/stamparm/maltrail\n";

/// A pattern costs memory and each look-up below its end.
#[test]
fn patterns_have_bounds_and_leave_the_catalogue_its_place() {
    let tool = "id = 'mine'\nname = 'Mine'\nhosting = 'vendor'\n[[names]]\nrole = 'relay'\n\
        specificity = 'specific'\npattern = '^r[0-9]+\\.fam\\.example$'\nsource = 's'\n\
        checked = 2026-11-21\n";
    let most = limits::PATTERNS_PER_NAME_MAX;
    let lines = |count: usize, line: &dyn Fn(usize) -> String| {
        TRAILS.to_owned() + &(0..count).map(line).collect::<String>()
    };
    let mut builder = BookBuilder::new();
    let text = lines(most + 2, &|n| format!("x{n}[0-9]{{2}}\\.fam\\.example\n")) + "evil.example\n";
    builder.feed("trails.txt", &text);
    builder.catalogue("mine.toml", tool);
    let (book, complaints) = builder.build();
    let count = book.feeds()[0].count;
    assert_eq!(count, most + 1, "{:?}", told(&complaints));
    let want = format!("trails.txt:{}:1: there is no place for 2 patterns", most + 2);
    assert!(told(&complaints).iter().any(|said| said.starts_with(&want)), "{complaints:?}");
    for name in ["x017.fam.example", "evil.example"] {
        assert_eq!(shorts(&asked(&book, name)).len(), 1, "{name}");
    }
    assert_eq!(asked(&book, "r7.fam.example").len(), 1, "{:?}", told(&complaints));

    // Large ones, each under an end of its own: a few hundred fit.
    let large = |n| format!("x([a-z0-9-]{{1,63}}){{1,9}}\\.fam{n}\\.example\n");
    let (book, complaints) = feed("trails.txt", &lines(1000, &large));
    let count = book.feeds()[0].count;
    assert!((100..900).contains(&count), "{count}");
    let want = format!("there is no place for {} patterns", 1000 - count);
    assert!(told(&complaints).iter().any(|said| said.contains(&want)), "{complaints:?}");
}

/// What is said twice counts once: as sure as the surer says, as long as the later.
#[test]
fn the_surer_word_counts() {
    let table = [
        ("evil.example,low\nevil.example,high\n", 90),
        ("evil.example,high\nevil.example,low\n", 90),
        ("evil.example,0.1\nevil.example,\n", 80),
        ("evil.example,\nevil.example,0.1\n", 80),
    ];
    for (rows, want) in table {
        let (book, complaints) = feed("l.csv", &format!("domain,confidence\n{rows}"));
        assert_eq!(told(&complaints), Vec::<String>::new(), "{rows}");
        let found = asked(&book, "www.evil.example");
        assert_eq!(found[0].confidence_pct, want, "{rows}");
        assert_eq!((book.feeds()[0].count, book.feeds()[0].repeated), (1, 1), "{rows}");
    }
}

/// Descriptions have a bound; how sure the feed is of an entry stays beyond it.
#[test]
fn a_weak_entry_stays_weak_when_there_is_no_place_for_its_description() {
    let said = "x".repeat(490);
    let mut text = "domain,comment,confidence\n".to_owned();
    let count = limits::DETAIL_BYTES_MAX / 490 + 10;
    for number in 0..count {
        text.push_str(&format!("e{number}.example,{number} {said},45\n"));
    }
    text.push_str(&format!("last.example,other {said},\n"));
    let (book, _) = feed("l.csv", &text);
    assert!(book.feeds()[0].undescribed > 0);
    for (name, pct, described) in [
        ("e0.example".to_owned(), 45, true),
        (format!("e{}.example", count - 1), 45, false),
        ("last.example".to_owned(), 80, false),
    ] {
        let found = asked(&book, &name);
        assert_eq!(found[0].confidence_pct, pct, "{name}");
        let Meaning::Indicator { description, .. } = &found[0].meaning else { panic!("{name}") };
        assert_eq!(description.ends_with("xxx"), described, "{name}: {description}");
        assert!(!description.is_empty(), "{name}");
    }
}

/// A feed, and the beginnings of what is complained about.
#[test]
fn nothing_is_lost_without_a_word() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "r.rules",
            "alert dns any any -> any any (dns.query; content:\"a.example\"; sid:1;)\n\
             alert dns any any -> any any (dns.query; content:\"b.example\"; sid:2;\n",
            &["r.rules:2:1: the rule has no end"],
        ),
        (
            "l.csv",
            "domain,confidence\na.example,250\nb.example,-\nc.example,80\n",
            &["l.csv:2:1: `250` is no confidence"],
        ),
        (
            "l.csv",
            "domain,note\na.example,x\nb.example,\"open\nc.example,y\nd,z\n",
            &["l.csv:3:1: a field in quotes has no end", "l.csv:5:1: `d` is one word"],
        ),
        (
            "l.txt",
            "a.example\nfe80::1%eth0\n203.0.113.7/33\nhttp://[fe80::1%25eth0]/x\n",
            &[
                "l.txt:2:1: `fe80::1%eth0` has a zone",
                "l.txt:3:1: `203.0.113.7/33` is no valid address",
                "l.txt:4:1: ",
            ],
        ),
        ("l.txt", "a.example\rb.example\r", &["l.txt:1:1: the feed cannot be read: its lines end"]),
        (
            "l.txt",
            "<html>\n<p>a.example</p>\n",
            &["l.txt:1:1: the feed cannot be read: it is a web"],
        ),
    ];
    for (file, text, want) in table {
        let (_, complaints) = feed(file, text);
        let said = told(&complaints);
        let said: Vec<_> = said.iter().filter(|one| !one.contains("holds no indicator")).collect();
        assert_eq!(said.len(), want.len(), "{text}: {said:?}");
        for (one, want) in said.iter().zip(*want) {
            assert!(one.starts_with(want), "{one} begins with {want}");
        }
    }
}

/// Who says which column is what says that there are columns.
#[test]
fn a_map_of_columns_makes_a_table() {
    let columns = || vec![(Column::Value, "nosuch".to_owned())];
    for (format, want, why) in [
        (None, "separated", "has no column `nosuch`"),
        (Some("hosts"), "hosts", "the format `hosts` has no columns"),
    ] {
        let mut builder = BookBuilder::new();
        let format = format.map(str::to_owned);
        let options = FeedOptions { columns: columns(), format, ..FeedOptions::default() };
        builder.feed_with("l", "0.0.0.0 a.example\n0.0.0.0 b.example\n", &options);
        let (book, complaints) = builder.build();
        assert_eq!(book.feeds()[0].format, want);
        assert!(told(&complaints).iter().any(|said| said.contains(why)), "{complaints:?}");
    }
}

/// Of what a list calls its version the day is meant, since entries end so long after it.
#[test]
fn a_day_is_the_better_version() {
    let table = [
        ("# version: 2.1\n# date: 2026-11-01\n", "2026-11-01"),
        ("# date: 2026-11-01\n# version: 2.1\n", "2026-11-01"),
        ("# version: 2.1\n# version: 2.2\n", "2.1"),
        ("# title: 2.1\n# title: 2026-11-01\n# version: 3\n", "3"),
    ];
    for (head, want) in table {
        let (book, _) = feed("l.txt", &format!("{head}evil.example\n"));
        assert_eq!(&*book.feeds()[0].version, want, "{head}");
    }
}

/// Past the notes that are kept, what the gate held is counted at a line that the file has.
#[test]
fn what_the_gate_held_beyond_its_notes_is_counted() {
    let mut builder = BookBuilder::new();
    let count = limits::GATE_NOTES_PER_FILE_MAX + 20;
    let gate = "[[networks]]\ngroup = 'private'\ncidrs = ['10.0.0.0/8']\nsource = 's'\n\
        checked = 2026-11-21\n";
    builder.gate("gate.toml", gate);
    builder.feed("l.txt", &(0..count).map(|n| format!("10.0.0.{n}\n")).collect::<String>());
    let (book, _) = builder.build();
    let last = book.gated().last().map(ToString::to_string).unwrap();
    let begins = format!("l.txt:{}:1: gated: 20 more ", limits::GATE_NOTES_PER_FILE_MAX + 1);
    assert!(last.starts_with(&begins), "{last}");
    assert_eq!(book.gated_of(0), count);
}
