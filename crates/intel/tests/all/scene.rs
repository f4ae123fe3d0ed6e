//! Short ways to build books and observations.

use intel::{Book, BookBuilder};
use model::{
    DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, Match, Meaning, Observation, Operator,
    Protocol, RecordType, Role, Timestamp, Transport,
};

pub(crate) fn name(text: &str) -> DomainName {
    DomainName::from_text(text.as_bytes()).unwrap()
}

pub(crate) fn flow(server: &str, transport: Transport) -> Flow {
    let server: std::net::SocketAddr = server.parse().unwrap();
    Flow {
        client: Endpoint::new([192, 168, 0, 9].into(), 50_000),
        server: Endpoint::new(server.ip(), server.port()),
        transport,
        vlan: None,
        guessed: false,
    }
}

pub(crate) fn seen(server: &str, transport: Transport, fact: Fact) -> Observation {
    Observation {
        at: Timestamp::ZERO,
        order: 1,
        flow: flow(server, transport),
        ingress: None,
        fact,
    }
}

pub(crate) fn question(text: &str) -> Observation {
    let question = DnsQuestion { name: Some(name(text)), kind: RecordType::A };
    let query = DnsQuery { protocol: Protocol::Dns, id: 1, question };
    seen("192.0.2.53:53", Transport::Udp, Fact::DnsQuery(Box::new(query)))
}

pub(crate) fn ask(book: &Book, seen: &Observation, lent: Option<&str>) -> Vec<Match> {
    // What was there before must go.
    let mut out = vec![];
    book.look_up(seen, lent.map(name).as_ref(), &mut out);
    out
}

/// The matches of a question for a name.
pub(crate) fn asked(book: &Book, text: &str) -> Vec<Match> {
    ask(book, &question(text), None)
}

/// A book of catalogue files, each of which must be flawless. The id is the file's name.
pub(crate) fn book(files: &[(&str, &str)]) -> Book {
    let mut builder = BookBuilder::new();
    for (id, text) in files {
        builder.catalogue(&format!("{id}.toml"), text);
    }
    let (book, complaints) = builder.build();
    assert_eq!(complaints, []);
    book
}

/// A tool's file: its head, and rows with their provenance filled in.
pub(crate) fn tool(id: &str, hosting: &str, rows: &[&str]) -> String {
    let mut text = format!("id = '{id}'\nname = 'The {id}'\nhosting = '{hosting}'\n");
    for row in rows {
        let (table, keys) = row.split_once(' ').unwrap();
        text.push_str(&format!("[[{table}]]\nsource = 'test'\nchecked = 2026-11-21\n"));
        for key in keys.split("; ") {
            text.push_str(key);
            text.push('\n');
        }
    }
    text
}

/// A match in short: `tool role`, or `list`.
pub(crate) fn short(found: &Match) -> String {
    match &found.meaning {
        Meaning::Tool { tool, role, .. } => format!("{tool} {}", role.word()),
        Meaning::Indicator { .. } | Meaning::Lure(_) => found.list.to_string(),
    }
}

pub(crate) fn shorts(found: &[Match]) -> Vec<String> {
    found.iter().map(short).collect()
}

pub(crate) fn role(found: &Match) -> Role {
    match &found.meaning {
        Meaning::Tool { role, .. } => *role,
        Meaning::Indicator { .. } | Meaning::Lure(_) => panic!("only a tool has a role"),
    }
}

pub(crate) fn operator(found: &Match) -> String {
    match &found.meaning {
        Meaning::Tool { operator: Operator::Vendor, .. } => "vendor".into(),
        Meaning::Tool { operator: Operator::Server, .. } => "server".into(),
        Meaning::Tool { operator: Operator::Named(name), .. } => name.to_string(),
        Meaning::Indicator { .. } | Meaning::Lure(_) => panic!("only a tool has an operator"),
    }
}
