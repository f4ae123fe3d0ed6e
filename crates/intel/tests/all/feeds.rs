//! Feeds in every shape that people pass them around in.

use intel::{Book, BookBuilder, limits};
use model::{Complaint, Fact, ListKind, Meaning, Severity, Specificity, Stage, Transport};

use crate::scene::{ask, asked, seen, shorts};

fn feed(file: &str, text: &str) -> (Book, Vec<Complaint>) {
    let mut builder = BookBuilder::new();
    builder.feed(file, text);
    builder.gate(
        "gate.toml",
        "[[names]]\ngroup = 'top sites'\nscope = 'apex'\nnames = ['google.com']\nsource = 's'\n\
         checked = 2026-11-21\n[[networks]]\ngroup = 'private'\ncidrs = ['10.0.0.0/8']\n\
         source = 's'\nchecked = 2026-11-21\n[[networks]]\ngroup = 'resolvers'\n\
         cidrs = ['1.1.1.1']\nsource = 's'\nchecked = 2026-11-21\n",
    );
    builder.build()
}

fn connected(book: &Book, ip: &str) -> Vec<String> {
    shorts(&ask(book, &seen(&format!("{ip}:9"), Transport::Tcp, Fact::FlowOpen), None))
}

#[test]
fn lists_come_in_many_shapes() {
    let shapes: &[(&str, &str)] = &[
        ("list.txt", "# a list\n\nevil.example\n203.0.113.7\n"),
        ("list", "evil[.]example\r\n203[.]0[.]113[.]7\r\n"),
        ("list.txt", "hxxps://evil[.]example/\nhxxp://203.0.113.7:8080\n"),
        ("list.txt", "||evil.example^\n! a note\n203.0.113.7:443\n"),
        ("hosts", "127.0.0.1 localhost\n0.0.0.0 evil.example # known\n203.0.113.7\n"),
        ("list.txt", "evil.example first seen in June, said someone\n203.0.113.7 # two, notes\n"),
        ("list.csv", "domain,seen\nevil.example,2022\n203.0.113.7,2022\n"),
        (
            "list.csv",
            "\u{feff}\"type\";\"Value\"\n\"domain\";\"EVIL.example\"\n\"ip\";\"203.0.113.7\"\n",
        ),
        (
            "list.csv",
            "1,2022-06-14,evil.com.example.com\n2,2022-06-14,203.0.113.7\n3,x,evil.example\n",
        ),
        ("list.tsv", "# date: 2023-01-25\n2022\tevil.example\n2023\t203.0.113.7\n"),
    ];
    for (file, text) in shapes {
        let (book, complaints) = feed(file, text);
        assert_eq!(complaints, [], "{text}");
        for name in ["evil.example", "www.evil.example", "a.b.evil.example"] {
            assert_eq!(shorts(&asked(&book, name)), [file.split('.').next().unwrap()], "{text}");
        }
        assert_eq!(asked(&book, "notevil.example"), [], "{text}");
        assert_eq!(connected(&book, "203.0.113.7").len(), 1, "{text}");
        assert_eq!(connected(&book, "203.0.113.8").len(), 0, "{text}");
    }
}

#[test]
fn a_curated_feed_tells_stage_source_and_confidence() {
    let text = "id = 'campaign'\nname = 'A campaign'\nversion = '2023-01-25'\nsource = 'CERT'\n\
        confidence = 0.9\nseverity = 'high'\n\
        [[indicators]]\ndomain = 'lure.example'\nstage = 'first'\nseen = '2022-06-14'\n\
        description = 'the page'\n\
        [[indicators]]\ndomain = 'only.example'\nexact = true\nconfidence = 0.5\n\
        [[indicators]]\naddress = '203.0.113.0/24'\nstage = 'relay'\n\
        [[indicators]]\npattern = '^(?:[a-z-]+\\.)*[a-z]+care\\.example$'\n";
    let (book, complaints) = feed("other-name.toml", text);
    assert_eq!(complaints, []);
    let info = &book.feeds()[0];
    assert_eq!((&*info.id, &*info.version, info.count), ("campaign", "2023-01-25", 4));
    assert_eq!(info.severity, Some(Severity::new(70)));
    let found = asked(&book, "www.lure.example");
    assert_eq!((&*found[0].list, &*found[0].list_version), ("campaign", "2023-01-25"));
    assert_eq!((&*found[0].value, &*found[0].pattern), ("www.lure.example", "lure.example"));
    assert_eq!(found[0].confidence_pct, 90);
    let said = Meaning::Indicator {
        stage: Some(Stage::First),
        description: "the page; seen 2022-06-14".into(),
        kind: ListKind::Attacker,
        until: None,
    };
    assert_eq!(found[0].meaning, said);
    assert_eq!(asked(&book, "only.example")[0].confidence_pct, 50);
    assert_eq!(asked(&book, "www.only.example"), []);
    assert_eq!(asked(&book, "geekcare.example").len(), 1);
    assert_eq!(asked(&book, "www.geekcare.example").len(), 1);
    assert_eq!(asked(&book, "care.example").len(), 0);
    assert_eq!(connected(&book, "203.0.113.99"), ["campaign"]);
}

#[test]
fn bad_lines_are_told_and_the_rest_stands() {
    let long = "x".repeat(limits::LINE_BYTES_MAX + 1);
    let text = format!("evil.example\nmalware\n{long}\n<your server>\nworse.example\n");
    let (book, complaints) = feed("list.txt", &text);
    let lines: Vec<u32> = complaints.iter().map(|complaint| complaint.line).collect();
    assert_eq!(lines, [2, 3, 4], "{complaints:?}");
    assert_eq!(book.feeds()[0].count, 2);
    let (book, complaints) = feed("list.toml", "id = 'x'\n[[indicators]]\ndomain = 'a.example'\n");
    assert!(complaints[1].why.contains("`source` is missing"), "{complaints:?}");
    assert_eq!(book.feeds()[0].count, 0);
    let (_, complaints) = feed("empty.txt", "# nothing\n");
    assert!(complaints[0].why.contains("no indicator"), "{complaints:?}");
}

#[test]
fn common_values_in_a_feed_are_gated() {
    let text = "evil.example\ngoogle.com\n10.0.0.0/8\n1.1.1.1\nco.uk\nwww.google.com\ncom\n\
        pages.dev\nx.pages.dev\nhttps://x.pages.dev/a\n";
    let (book, complaints) = feed("list.txt", text);
    // `com` is one word, so no domain at all.
    assert_eq!(complaints.iter().map(|c| c.line).collect::<Vec<_>>(), [7], "{complaints:?}");
    let lines: Vec<u32> = book.gated().iter().map(|note| note.line).collect();
    // A page is closer than the name that it is on.
    assert_eq!(lines, [2, 3, 4, 5, 6, 8]);
    assert_eq!((book.feeds()[0].count, book.gated_of(0)), (9, 6));
    use Specificity::{Generic, Specific};
    let names = [
        ("evil.example", Some(Specific)),
        ("google.com", Some(Generic)),
        ("mail.google.com", Some(Generic)),
        ("shop.co.uk", None),
        ("y.pages.dev", None),
        ("a.x.pages.dev", Some(Specific)),
    ];
    for (name, want) in names {
        assert_eq!(asked(&book, name).first().map(|found| found.specificity), want, "{name}");
    }
    let open = |ip: &str| {
        let seen = seen(&format!("{ip}:9"), Transport::Tcp, Fact::FlowOpen);
        ask(&book, &seen, None).first().map(|found| found.specificity)
    };
    assert_eq!((open("10.9.9.9"), open("1.1.1.1")), (Some(Generic), Some(Generic)));
}

#[test]
fn several_feeds_are_each_told_once() {
    let mut builder = BookBuilder::new();
    builder.feed("a.txt", "evil.example\nwww.evil.example\nevil.example\n");
    builder.feed("b.txt", "# version: 7\nevil.example\n");
    let (book, complaints) = builder.build();
    assert_eq!(complaints, []);
    let found = asked(&book, "www.evil.example");
    let got: Vec<_> = found.iter().map(|m| (&*m.list, &*m.list_version, &*m.pattern)).collect();
    assert_eq!(got, [("a", "-", "www.evil.example"), ("b", "7", "evil.example")]);
}

#[test]
fn many_indicators_load() {
    let mut text = String::new();
    for number in 0..50_000u32 {
        text.push_str(&format!("host{number}.evil{}.example\n", number % 1000));
    }
    let (book, complaints) = feed("many.txt", &text);
    assert_eq!(complaints, []);
    assert_eq!(book.feeds()[0].count, 50_000);
    assert_eq!(asked(&book, "a.host77.evil77.example").len(), 1);
    assert_eq!(asked(&book, "a.host77.evil78.example").len(), 0);
}

/// What is asked of each format by line, and which list says so.
#[test]
fn formats_by_line_are_asked() {
    let ja3 = "0123456789abcdef0123456789abcdef";
    let rule = "alert dns any any -> any any (msg:\"x\"; dns.query; ";
    type Case<'a> = (&'a str, String, &'a str, &'a [&'a str], &'a [&'a str]);
    let feeds: &[Case<'_>] = &[
        (
            "a",
            "||evil.example^\n@@||good.example^\n".into(),
            "adblock",
            &["x.evil.example"],
            &["good.example"],
        ),
        ("b", "ZXZpbC5leGFtcGxl\n".into(), "suricata_dataset", &["evil.example"], &["example"]),
        (
            "c.rules",
            format!("{rule}content:\"evil.example\"; bsize:12; sid:1;)\n"),
            "suricata_rules",
            &["evil.example"],
            &["www.evil.example", "notevil.example"],
        ),
        ("d", "evil.example,bot (malware),(static)\n".into(), "maltrail", &["evil.example"], &[]),
        (
            "e",
            "::1 localhost\n:: evil.example\n".into(),
            "hosts",
            &["evil.example"],
            &["localhost"],
        ),
        (
            "f.csv",
            format!("type,value\nja3,{ja3}\nmd5,{ja3}\ndomain,evil.example\n"),
            "separated",
            &["evil.example"],
            &[],
        ),
        (
            "g",
            "http://evil.example/a\nworse.example\n".into(),
            "plain",
            &["worse.example"],
            &["a.example"],
        ),
    ];
    for (file, text, format, found, missed) in feeds {
        let (book, complaints) = feed(file, text);
        assert_eq!(complaints, [], "{file}");
        assert_eq!(book.feeds()[0].format, *format, "{file}");
        for name in *found {
            assert_eq!(asked(&book, name).len(), 1, "{file}: {name}");
        }
        for name in *missed {
            assert_eq!(asked(&book, name).len(), 0, "{file}: {name}");
        }
    }
    assert_eq!(feed("f.csv", &feeds[5].1).0.feeds()[0].unseen, 1);
}

#[test]
fn a_feed_of_broken_lines_is_told_in_few_words() {
    for line in
        ["broken", "a,b", "alert x", "0.0.0.0 x", "||x^", "\0\0\0", "x,y (malware),(static)"]
    {
        let (book, complaints) = feed("list.txt", &format!("{line}\n").repeat(20_000));
        assert!(complaints.len() <= limits::COMPLAINTS_PER_FILE_MAX + 2, "{line:?}");
        assert!(!complaints.is_empty(), "{line:?}");
        assert_eq!(book.feeds()[0].count, 0, "{line:?}");
    }
}
