//! Feeds in JSON and YAML, as a book has them: chosen by what is in them, whatever their name.

use intel::{Book, BookBuilder};
use model::{Complaint, ListKind, Meaning};

use crate::scene::{asked, shorts};

fn feed(file: &str, text: &str) -> (Book, Vec<Complaint>) {
    let mut builder = BookBuilder::new();
    builder.feed(file, text);
    builder.build()
}

const STIX: &str = r#"{"type": "bundle", "id": "bundle--1", "objects": [
 {"type": "identity", "id": "identity--1", "name": "A CERT"},
 {"type": "indicator", "created_by_ref": "identity--1", "name": "a lure", "confidence": 60,
  "pattern_type": "stix", "valid_until": "2031-01-01T00:00:00Z",
  "pattern": "[domain-name:value = 'evil[.]example']"}]}"#;
const MISP: &str = r#"{"response": [{"Event": {"Attribute": [
 {"type": "domain", "value": "evil.example", "to_ids": true, "comment": "a lure"},
 {"type": "domain", "value": "innocent.example", "to_ids": false}],
 "info": "x", "Orgc": {"name": "A CERT"}}}]}"#;
const LOLRMM: &str = "Name: a lure\nDetails:\n  Free: ''\nArtifacts:\n  Network:\n    - Domains:\n        \
    - '*.evil.example'\n";
const LIST: &str = "[\"evil.example\"]";

#[test]
fn a_feed_is_known_by_its_text() {
    let table = [
        (STIX, "stix2", ListKind::Attacker),
        (MISP, "misp", ListKind::Attacker),
        (LOLRMM, "lolrmm", ListKind::Vendor),
        (LIST, "json", ListKind::Attacker),
    ];
    for (text, format, kind) in table {
        for file in ["feed.json", "feed.txt", "feed"] {
            for text in [text.to_owned(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
                let (book, complaints) = feed(file, &text);
                assert_eq!(complaints, [], "{file} {text}");
                let info = &book.feeds()[0];
                assert_eq!((info.format, info.kind, info.count), (format, kind, 1), "{file}");
                let found = asked(&book, "www.evil.example");
                assert_eq!(shorts(&found), ["feed"], "{file} {text}");
                let Meaning::Indicator { description, kind: told, .. } = &found[0].meaning else {
                    panic!("{found:?}");
                };
                assert_eq!(*told, kind);
                assert!(format == "json" || &**description == "a lure", "{description}");
                assert_eq!(asked(&book, "innocent.example"), []);
            }
        }
    }
    let (book, _) = feed("feed.json", STIX);
    assert_eq!((&*book.feeds()[0].source, book.feeds()[0].ending), ("A CERT", 1));
    assert_eq!(asked(&book, "evil.example")[0].confidence_pct, 60);
    let (book, _) = feed("feed.json", MISP);
    assert_eq!((book.feeds()[0].withdrawn, book.feeds()[0].unseen), (1, 0));
}

#[test]
fn junk_is_told_in_few_words() {
    let deep = "{\"a\": [".repeat(200_000);
    let list = format!("[{}\"evil.example\"]", "\"word\",\n".repeat(20_000));
    let long = format!("{{\"type\": \"bundle\", \"id\": \"{}\"}}", "x".repeat(1 << 20));
    let table: &[(&str, usize, &str)] = &[
        ("{\"some\": \"api\", \"list\": [1, 2]}", 0, "its keys are `some`, `list`"),
        ("{\"some\": \"api\"\n", 0, "breaks off"),
        ("{\"some\": \"api\"} trailing\n", 0, "no JSON"),
        ("[{\"type\": \"x\"}, 1]", 0, "its keys are `type`"),
        (&deep, 0, "breaks off"),
        (&list, 1, "`word` is one word"),
        (&long, 0, "no indicator"),
        (&STIX[..STIX.len() - 4], 0, "breaks off"),
        (&STIX[..STIX.len() - 2], 1, "breaks off"),
    ];
    for (text, count, why) in table {
        let (book, complaints) = feed("feed.json", text);
        let short: String = text.chars().take(60).collect();
        assert_eq!(book.feeds()[0].count, *count, "{short}");
        assert!(complaints.len() <= 102, "{short}");
        assert!(complaints.iter().any(|said| said.why.contains(why)), "{short}: {complaints:?}");
        assert!(complaints.iter().all(|said| said.why.len() < 1000), "{short}");
    }
}
