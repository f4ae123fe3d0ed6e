//! Explanations: what an input was read as, and why the book says what it says.

use intel::{Asked, Book, BookBuilder, Tier};

use crate::scene::tool;

fn sample() -> Book {
    let mut builder = BookBuilder::new();
    builder.catalogue(
        "cloud.toml",
        &tool(
            "cloud",
            "both",
            &[
                "names suffix = 'cloud.example'; role = 'relay'; operator = 'host'",
                "names suffix = 'eu.cloud.example'; role = 'api'",
                "ports transport = 'tcp'; port = 8041; role = 'relay'",
            ],
        ),
    );
    builder.feed("list.txt", "xn--bcher-kva.example\n203.0.113.7\ngoogle.com\n");
    builder.labels("labels.toml", "front = ['www']\n");
    builder.gate(
        "gate.toml",
        "[[names]]\ngroup = 'top sites'\nscope = 'apex'\nnames = ['google.com']\nsource = 's'\n\
         checked = 2026-11-21\n",
    );
    let (book, complaints) = builder.build();
    assert_eq!(complaints, []);
    book
}

#[test]
fn inputs_are_read_in_many_spellings() {
    let book = sample();
    let table = [
        ("bücher.example", "xn--bcher-kva.example", Tier::Indicator),
        ("BÜCHER.example", "xn--bcher-kva.example", Tier::Indicator),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", Tier::Indicator),
        ("hxxps://bücher[.]example/x", "xn--bcher-kva.example", Tier::Indicator),
        ("Acme.Cloud.Example.", "acme.cloud.example", Tier::Rmm),
        ("www.google.com", "www.google.com", Tier::None),
        ("nothing.example", "nothing.example", Tier::None),
        ("localhost", "localhost", Tier::None),
        ("under_score.example", "under_score.example", Tier::None),
    ];
    for (input, name, tier) in table {
        let told = book.explain(input);
        assert_eq!(told.input, input);
        assert_eq!(told.asked, Asked::Name(crate::scene::name(name)), "{input}");
        assert_eq!(told.tier, tier, "{input}: {:#?}", told.steps);
    }
    let addresses = [
        ("203.0.113.7", Tier::Indicator),
        ("203.0.113.7:8041", Tier::Indicator),
        ("[2001:db8::1]:8041", Tier::None),
        ("2001:db8::1", Tier::None),
        ("192.0.2.0/24", Tier::None),
    ];
    for (input, tier) in addresses {
        let told = book.explain(input);
        assert!(matches!(told.asked, Asked::Address(_) | Asked::End(_)), "{input}");
        assert_eq!(told.tier, tier, "{input}: {:#?}", told.steps);
    }
    for input in ["", " ", "two words", "a/b c"] {
        let told = book.explain(input);
        assert_eq!((told.asked, told.tier), (Asked::Nothing, Tier::None), "{input}");
        assert_eq!(told.steps.len(), 1);
    }
}

#[test]
fn the_steps_tell_who_won_and_why() {
    let book = sample();
    let table: &[(&str, &[&str])] = &[
        (
            "a.eu.cloud.example",
            &[
                "read as: the name a.eu.cloud.example",
                "registered name: cloud.example",
                "catalogue: 3 rows of 1 tools, 2 fit",
                "row: suffix cloud.example of cloud (role relay, specific, test read 2026-11-21): loses: the longer",
                "row: suffix eu.cloud.example of cloud (role api, specific, test read 2026-11-21): wins",
                "feed list (-): no entry",
                "result: The cloud, role api, by eu.cloud.example of the catalogue (2026-11-21; specific, 90 % sure)",
            ],
        ),
        (
            "www.cloud.example",
            &[
                "read as",
                "registered name",
                "catalogue",
                "row: suffix cloud.example",
                "role: relay becomes website: the label www",
                "feed list",
                "result: The cloud, role website",
            ],
        ),
        (
            "google.com",
            &[
                "read as",
                "registered name",
                "catalogue",
                "gate: google.com is held (top sites)",
                "feed list: lists google.com; gated (top sites)",
                "result: listed in list, by google.com of list (-; generic",
            ],
        ),
        ("co.uk", &["read as", "registered name: none", "catalogue", "feed", "result: no list"]),
        (
            "192.0.2.1:8041",
            &[
                "read as: the address 192.0.2.1 and port 8041",
                "networks: 0",
                "feeds: 0 entries",
                "port: 8041 is a hint at 1 tools",
                "result: The cloud, role relay, by tcp/8041",
            ],
        ),
    ];
    for (input, want) in table {
        let told = book.explain(input);
        assert_eq!(told.steps.len(), want.len(), "{:#?}", told.steps);
        for (step, begin) in told.steps.iter().zip(*want) {
            assert!(step.starts_with(begin), "{step}\n{begin}");
        }
    }
}
