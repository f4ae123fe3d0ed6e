//! What feeds list besides names: pages, fingerprints, certificates, files; and what their owner
//! says of them.

use std::io::{self, Read};

use intel::{Book, BookBuilder, Column, FeedOptions, limits};
use model::{
    Carrier, Complaint, Fact, FileDownload, FileKind, HttpRequest, Ja3, Ja4, ListKind, Match,
    Meaning, Side, SignSource, Specificity, Stage, TlsCertificate, TlsHello, TlsVersion, Transport,
};

use crate::scene::{ask, asked, name, seen, shorts};

const GATE: &str = "[[names]]\ngroup = 'code hosting'\nscope = 'below'\nnames = ['code.example']\n\
    source = 's'\nchecked = 2026-11-21\n[[files]]\ngroup = 'installers'\nnames = ['Setup.exe']\n\
    source = 's'\nchecked = 2026-11-21\n[[networks]]\ngroup = 'private'\ncidrs = ['10.0.0.0/8']\n\
    source = 's'\nchecked = 2026-11-21\n";

const JA3: &str = "ada70206e40642a3e4461f35503241d5";
const JA4: &str = "t13d1516h2_8daaf6152771_e5627efa2ab1";

fn with(options: &FeedOptions, text: &str) -> (Book, Vec<Complaint>) {
    let mut builder = BookBuilder::new();
    builder.gate("gate.toml", GATE);
    builder.feed_with("list.csv", text, options);
    builder.build()
}

fn book(rows: &[(&str, &str)]) -> Book {
    let mut text = "type,value\n".to_owned();
    rows.iter().for_each(|(kind, value)| text.push_str(&format!("{kind},{value}\n")));
    let (book, complaints) = with(&FeedOptions::default(), &text);
    assert_eq!(complaints, [], "{text}");
    book
}

fn hello(host: Option<&str>, ja3: &str, ja4: &str) -> Fact {
    Fact::TlsHello(Box::new(TlsHello {
        carrier: Carrier::Tls,
        server_name: host.map(name),
        alpn: Vec::new(),
        version: TlsVersion(0x0303),
        versions: Vec::new(),
        ech: false,
        ja3: Some(Ja3::of(ja3.into())),
        ja4: Some(Ja4::of(ja4.into())),
    }))
}

fn request(host: &str, port: Option<u16>, path: &str) -> Fact {
    Fact::HttpRequest(Box::new(HttpRequest {
        method: "GET".into(),
        host: Some(name(host)),
        port,
        path: path.into(),
        user_agent: None,
    }))
}

fn download(file: &str) -> Fact {
    Fact::FileDownload(Box::new(FileDownload {
        kind: FileKind::Pe,
        name: Some(file.into()),
        host: None,
        path: None,
        size: None,
    }))
}

fn certificate(der: &[u8]) -> TlsCertificate {
    TlsCertificate {
        side: Side::Server,
        subject: "CN=nobody".into(),
        issuer: "CN=nobody".into(),
        names: Vec::new(),
        der: der.into(),
        chain: Vec::new(),
        not_before: 0,
        not_after: 0,
    }
}

fn look_up(book: &Book, fact: Fact) -> Vec<Match> {
    ask(book, &seen("203.0.113.9:443", Transport::Tcp, fact), None)
}

/// Where a sign was seen, and how much it proves.
type Gist = (SignSource, Specificity);

fn gist(found: &[Match]) -> Vec<Gist> {
    found.iter().map(|found| (found.source, found.specificity)).collect()
}

#[test]
fn fingerprints_of_hellos_and_certificates_are_looked_up() {
    let der = b"any octets";
    let shown = certificate(der);
    let (sha1, sha256) = (shown.sha1().unwrap(), shown.sha256().unwrap().to_ascii_lowercase());
    let shared = Specificity::Shared;
    let other = "0".repeat(32);
    let ja4_other = JA4.replace("8daaf", "00000");
    let table: &[(&str, &str, Fact, Option<Gist>)] = &[
        ("ja3", JA3, hello(None, JA3, JA4), Some((SignSource::TlsJa3, shared))),
        ("ja3", JA3, hello(None, &other, JA4), None),
        ("ja4", JA4, hello(None, JA3, JA4), Some((SignSource::TlsJa4, shared))),
        ("ja4", JA4, hello(None, JA3, &ja4_other), None),
        (
            "x509-fingerprint-sha1",
            &sha1,
            Fact::TlsCertificate(Box::new(shown.clone())),
            Some((SignSource::TlsCertificate, Specificity::Specific)),
        ),
        (
            "x509-fingerprint-sha256",
            &sha256,
            Fact::TlsCertificate(Box::new(shown)),
            Some((SignSource::TlsCertificate, Specificity::Specific)),
        ),
        (
            "x509-fingerprint-sha256",
            &sha256,
            Fact::TlsCertificate(Box::new(certificate(b"other octets"))),
            None,
        ),
        ("x509-fingerprint-sha1", &sha1, Fact::TlsCertificate(Box::new(certificate(b""))), None),
        ("filename", "Invoice.EXE", download("INVOICE.exe"), Some((SignSource::HttpFile, shared))),
        ("filename", "invoice.exe", download("invoice2.exe"), None),
        (
            "filename",
            "setup.exe",
            download("setup.exe"),
            Some((SignSource::HttpFile, Specificity::Generic)),
        ),
    ];
    for (kind, value, fact, want) in table {
        let found = look_up(&book(&[(kind, value)]), fact.clone());
        assert_eq!(gist(&found), want.iter().copied().collect::<Vec<_>>(), "{kind} {value}");
    }
}

#[test]
fn a_page_counts_with_its_path_and_its_host_is_a_hint() {
    use SignSource::{DnsQuestion, HttpHost, HttpUrl};
    use Specificity::{Shared, Specific};
    let book = book(&[
        ("url", "http://evil.example/gate.php"),
        ("url", "http://evil.example/a?id=1"),
        ("url", "http://evil.example:8080/b"),
        ("url", "https://raw.code.example/x/y/payload.ps1"),
        ("url", "http://203.0.113.80/x.sh"),
    ]);
    let table: &[(&str, Option<u16>, &str, &[Gist])] = &[
        ("evil.example", None, "/gate.php", &[(HttpHost, Shared), (HttpUrl, Specific)]),
        ("evil.example", Some(80), "/gate.php?x=1", &[(HttpHost, Shared), (HttpUrl, Specific)]),
        ("evil.example", None, "/a?id=1", &[(HttpHost, Shared), (HttpUrl, Specific)]),
        ("evil.example", None, "/a?id=2", &[(HttpHost, Shared)]),
        ("evil.example", Some(8080), "/b", &[(HttpHost, Shared), (HttpUrl, Specific)]),
        ("evil.example", None, "/b", &[(HttpHost, Shared)]),
        ("evil.example", None, "/Gate.php", &[(HttpHost, Shared)]),
        ("www.evil.example", None, "/gate.php", &[]),
        // Everyone's host: just the page.
        ("raw.code.example", None, "/x/y/payload.ps1", &[(HttpUrl, Specific)]),
        ("raw.code.example", None, "/x/y/other.ps1", &[]),
        ("203.0.113.80", None, "/x.sh", &[(HttpUrl, Specific)]),
    ];
    for (host, port, path, want) in table {
        let found = look_up(&book, request(host, *port, path));
        assert_eq!(gist(&found), *want, "{host} {port:?} {path}");
    }
    assert_eq!(gist(&asked(&book, "evil.example")), [(DnsQuestion, Shared)]);
    assert_eq!(asked(&book, "raw.code.example"), []);
    assert_eq!(asked(&book, "code.example"), []);
    let tls = look_up(&book, hello(Some("evil.example"), JA3, JA4));
    assert_eq!(gist(&tls), [(SignSource::TlsSni, Shared)]);
    let open = ask(&book, &seen("203.0.113.80:80", Transport::Tcp, Fact::FlowOpen), None);
    assert_eq!(gist(&open), [(SignSource::Address, Shared)]);
    assert_eq!(book.gated_of(0), 0, "a page of everyone's host is no mistake");
}

#[test]
fn a_host_that_is_listed_itself_is_more_than_its_pages() {
    for rows in [
        [("url", "http://evil.example/a"), ("domain", "evil.example")],
        [("domain", "evil.example"), ("url", "http://evil.example/a")],
    ] {
        let book = book(&rows);
        for (host, want) in [("evil.example", 1), ("www.evil.example", 1), ("example", 0)] {
            let found = asked(&book, host);
            assert_eq!(found.len(), want, "{host}");
            assert!(found.iter().all(|found| found.specificity == Specificity::Specific));
        }
        assert_eq!(book.feeds()[0].count, 2);
    }
    // Nearer, but less sure.
    let book = book(&[("url", "http://a.evil.example/a"), ("domain", "evil.example")]);
    assert_eq!(
        gist(&asked(&book, "a.evil.example")),
        [(SignSource::DnsQuestion, Specificity::Specific)]
    );
}

#[test]
fn the_owner_of_a_feed_has_the_last_word() {
    let options = FeedOptions {
        id: Some("mine".into()),
        name: Some("My list".into()),
        source: Some("partners".into()),
        licence: Some("CC0".into()),
        kind: Some(ListKind::Sweep),
        confidence_pct: Some(33),
        expires_days: Some(10),
        stage: Some(Stage::Relay),
        columns: vec![(Column::Value, "2".into())],
        ..FeedOptions::default()
    };
    let (book, complaints) = with(&options, "# date: 2026-11-01\nx.example,evil.example\n");
    assert_eq!(complaints, []);
    let found = asked(&book, "evil.example");
    assert_eq!((shorts(&found), found[0].confidence_pct), (vec!["mine".to_owned()], 33));
    assert_eq!(asked(&book, "x.example"), []);
    let Meaning::Indicator { stage, kind, until, description } = &found[0].meaning else {
        panic!("a list says so");
    };
    assert_eq!((*stage, *kind), (Some(Stage::Relay), ListKind::Sweep));
    assert_eq!(until.map(|until| until.nanos() / 86_400_000_000_000), Some(20_768));
    assert_eq!(&**description, "listed in My list");
    let info = &book.feeds()[0];
    assert_eq!((&*info.source, &*info.licence, info.expires_days), ("partners", "CC0", Some(10)));
    assert_eq!((info.ending, info.unstated.len()), (1, 0));
}

#[test]
fn what_is_not_stated_is_told() {
    let (book, complaints) = with(&FeedOptions::default(), "evil.example\n");
    assert_eq!(complaints, []);
    let mut unstated = book.feeds()[0].unstated.clone();
    unstated.sort_unstable();
    assert_eq!(unstated, ["confidence", "expiry", "kind", "licence", "source"]);
    let options = FeedOptions { expires_days: Some(9), ..FeedOptions::default() };
    let (book, complaints) = with(&options, "evil.example\n");
    assert!(complaints[0].why.contains("no day to count from"), "{complaints:?}");
    assert_eq!(book.feeds()[0].ending, 0);
    let options = FeedOptions { format: Some("nonsense".into()), ..FeedOptions::default() };
    let (book, complaints) = with(&options, "evil.example\n");
    assert!(complaints[0].fix.contains("plain"), "{complaints:?}");
    assert_eq!(book.feeds()[0].count, 1);
}

#[test]
fn feeds_of_one_name_have_ids_of_their_own() {
    let mut builder = BookBuilder::new();
    for folder in ["a", "b", "c"] {
        builder.feed(&format!("{folder}/list.txt"), &format!("{folder}.example\n"));
    }
    let book = builder.build().0;
    let ids: Vec<_> = book.feeds().iter().map(|feed| &*feed.id).collect();
    assert_eq!(ids, ["list", "list-2", "list-3"]);
    assert_eq!(shorts(&asked(&book, "c.example")), ["list-3"]);
}

#[test]
fn what_a_feed_says_twice_counts_once() {
    let (book, complaints) = with(
        &FeedOptions::default(),
        "evil.example\nEVIL.example\n203.0.113.7\n203.0.113.7/32\nhttp://e.example/a\n\
         http://e.example/a\nhttp://e.example/b\n",
    );
    assert_eq!(complaints, []);
    let info = &book.feeds()[0];
    assert_eq!((info.count, info.repeated), (4, 3));
    assert_eq!(asked(&book, "evil.example").len(), 1);
}

#[test]
fn what_is_no_text_is_named_and_left_out() {
    let table: &[(&[u8], &str)] = &[
        (b"\x1f\x8b\x08\0evil.example\n", "gzip"),
        (b"\x28\xb5\x2f\xfdevil.example\n", "zstd"),
        (b"PK\x03\x04evil.example\n", "zip"),
        (b"\xff\xfee\0v\0i\0l\0", "UTF-16"),
        (b"evil.example\n\0\0\0", "no text"),
        (b"", "no indicator"),
    ];
    for (octets, want) in table {
        let mut builder = BookBuilder::new();
        builder.feed_read("list.txt", &mut &octets[..], &FeedOptions::default()).unwrap();
        let (book, complaints) = builder.build();
        assert!(complaints[0].why.contains(want), "{complaints:?}");
        assert_eq!(book.feeds()[0].count, 0);
    }
}

/// Gives a line over and over, a few octets at a time.
struct Endless<'a> {
    line: &'a [u8],
    given: usize,
    most: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = into.len().min(self.most.saturating_sub(self.given)).min(10_007);
        for octet in &mut into[..len] {
            *octet = self.line[self.given % self.line.len()];
            self.given += 1;
        }
        Ok(len)
    }
}

#[test]
fn junk_of_any_length_is_read_in_bounded_memory() {
    for (line, most) in
        [(&b"no-indicator\n"[..], limits::COMPLAINTS_PER_FILE_MAX + 2), (b"without an end ", 2)]
    {
        let mut builder = BookBuilder::new();
        let mut octets = Endless { line, given: 0, most: 1 << 20 };
        builder.feed_read("list", &mut octets, &FeedOptions::default()).unwrap();
        let (book, complaints) = builder.build();
        assert!((1..=most).contains(&complaints.len()), "{complaints:?}");
        assert_eq!((book.feeds()[0].count, octets.given), (0, 1 << 20));
    }
    // What must be read as a whole is not read at all.
    let mut builder = BookBuilder::new();
    let mut octets = (&b"{\"a\":["[..]).chain(io::repeat(b'['));
    builder.feed_read("list", &mut octets, &FeedOptions::default()).unwrap();
    assert!(builder.build().1[0].why.contains("larger than 64 MiB"));
    // Nobody waits for a whole GiB of it.
    let mut builder = BookBuilder::new();
    let mut octets = Endless { line: b"no-indicator\n", given: 0, most: usize::MAX };
    builder.feed_read("list", &mut octets, &FeedOptions::default()).unwrap();
    assert!(octets.given < 4 << 20, "{}", octets.given);
    assert!(builder.build().1[0].why.contains("no feed"));
}

#[test]
fn a_reader_that_fails_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let mut octets = (&b"evil.example\n"[..]).chain(Broken);
    let read = BookBuilder::new().feed_read("list", &mut octets, &FeedOptions::default());
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn notes_of_the_gate_are_bounded_and_in_order() {
    let mut text = String::new();
    for n in 0..1_000u32 {
        text.push_str(&format!("10.0.{}.{}\n", n / 256, n % 256));
    }
    let (book, complaints) = with(&FeedOptions::default(), &text);
    assert_eq!(complaints, []);
    assert_eq!(book.gated_of(0), 1_000);
    let lines: Vec<u32> = book.gated().iter().map(|note| note.line).collect();
    let want: Vec<u32> = (1..=101).collect();
    assert_eq!(lines, want);
    assert!(book.gated()[100].why.contains("900 more"));
}
