//! The book of all that ships.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use intel::{Book, BookBuilder};
use model::{
    DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, Meaning, Observation, Protocol,
    RecordType, Timestamp, Transport,
};

fn config(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(path)
}

/// The name and text of every TOML file in a folder of `config/`, by name.
pub(crate) fn texts(folder: &str) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(config(folder)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(named).collect()
}

/// Everything in `config/` that a book is made of.
pub(crate) fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let mut builder = BookBuilder::new();
        for (file, text) in texts("") {
            match file.as_str() {
                "gate.toml" => builder.gate(&file, &text),
                "labels.toml" => builder.labels(&file, &text),
                "resolvers.toml" => builder.resolvers(&file, &text),
                "lookalikes.toml" => builder.vocabulary(&file, &text),
                _ => {}
            }
        }
        texts("catalogue").iter().for_each(|(file, text)| builder.catalogue(file, text));
        texts("brands").iter().for_each(|(file, text)| builder.brands(file, text));
        builder.words(&fs::read_to_string(config("words/english.txt")).unwrap_or_default());
        texts("feeds").iter().for_each(|(file, text)| builder.feed(file, text));
        let (book, complaints) = builder.build();
        complaints.iter().for_each(|complaint| println!("{complaint}"));
        book
    })
}

/// Whether a list of attackers' names that ships has the name.
pub(crate) fn listed(name: &str) -> bool {
    let Ok(name) = DomainName::from_text(name.as_bytes()) else { return false };
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
    let mut found = Vec::new();
    let seen = Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact };
    book().look_up(&seen, None, &mut found);
    found.iter().any(|one| matches!(one.meaning, Meaning::Indicator { .. }))
}
