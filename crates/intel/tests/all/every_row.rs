//! Every row of the shipped catalogue that is no name, port, network or file: what it describes is
//! made from its text, and found; what differs in one thing is not. New rows are covered by being
//! there.

use intel::{Book, BookBuilder};
use model::{
    Carrier, Fact, HttpRequest, Ja4, Match, Meaning, Protocol, RemoteProtocol, Side, SignSource,
    TlsCertificate, TlsHello, TlsVersion, Transport,
};
use toml::{Table, Value};

use crate::mutating::Numbers;
use crate::scene::{ask, seen};
use crate::shipped::shipped;
use crate::ships::texts;
use crate::written::{Written, example};

/// A row as its file has it, alone in a book.
pub(crate) struct Alone {
    pub(crate) tool: String,
    text: String,
    pub(crate) row: Table,
    pub(crate) book: Book,
}

impl Alone {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.row.get(key).and_then(Value::as_str)
    }

    pub(crate) fn told(&self) -> String {
        format!("{}: {}", self.tool, self.text)
    }
}

/// All rows of a kind, each alone.
pub(crate) fn rows(kind: &str) -> Vec<Alone> {
    let mut all = Vec::new();
    for (file, text) in texts("catalogue") {
        let tool: Table = text.parse().unwrap();
        let mut rows = tool.get(kind).and_then(Value::as_array).into_iter().flatten();
        let (head, _) = text.split_once("\n[[").unwrap_or((&text, ""));
        let begin = format!("[[{kind}]]");
        for block in text.split("\n\n").filter(|block| block.trim_start().starts_with(&begin)) {
            let mut builder = BookBuilder::new();
            builder.catalogue(&file, &format!("{head}\n{block}\n"));
            let (book, complaints) = builder.build();
            assert_eq!(complaints, [], "{file}");
            let row = rows.next().and_then(Value::as_table).unwrap().clone();
            let text = block.replace('\n', " ");
            all.push(Alone { tool: tool["id"].as_str().unwrap().to_owned(), text, row, book });
        }
        assert!(rows.next().is_none(), "{file}: a blank line stands before each row");
    }
    println!("{} rows of {kind}", all.len());
    all
}

/// The tool's matches of that source.
fn found(book: &Book, tool: &str, transport: Transport, fact: &Fact, by: SignSource) -> Vec<Match> {
    let mut all = ask(book, &seen("192.0.2.1:4242", transport, fact.clone()), None);
    all.retain(|found| {
        let its = matches!(&found.meaning, Meaning::Tool { tool: has, .. } if has.as_str() == tool);
        its && found.source == by
    });
    all
}

/// The fact is a sign of the row, alone and among all others; gives its match.
fn is_found(alone: &Alone, all: &Book, fact: &Fact, by: SignSource) -> Match {
    let among = found(all, &alone.tool, Transport::Tcp, fact, by);
    assert!(!among.is_empty(), "{} {fact:?}", alone.told());
    let mut found = found(&alone.book, &alone.tool, Transport::Tcp, fact, by);
    assert_eq!(found.len(), 1, "{} {fact:?}", alone.told());
    found.remove(0)
}

fn is_silent(alone: &Alone, fact: &Fact) {
    let found = ask(&alone.book, &seen("192.0.2.1:4242", Transport::Tcp, fact.clone()), None);
    assert_eq!(found, [], "{} {fact:?}", alone.told());
}

fn hello(alpn: &[&str], ja4: Option<&str>) -> Fact {
    Fact::TlsHello(Box::new(TlsHello {
        carrier: Carrier::Quic(1),
        server_name: None,
        alpn: alpn.iter().map(|text| Box::from(text.as_bytes())).collect(),
        version: TlsVersion(0x0303),
        versions: vec![],
        ech: false,
        ja3: None,
        ja4: ja4.map(|ja4| Ja4::of(ja4.into())),
    }))
}

fn request(method: &str, path: &str, agent: Option<&str>) -> Fact {
    Fact::HttpRequest(Box::new(HttpRequest {
        method: method.into(),
        host: None,
        port: None,
        path: path.into(),
        user_agent: agent.map(Into::into),
    }))
}

/// The text with each of its characters but `*` changed in turn.
fn changed(text: &str) -> Vec<String> {
    let one = |at: usize| {
        let change = |(place, c): (usize, char)| if place == at { '~' } else { c };
        text.chars().enumerate().map(change).collect()
    };
    (0..text.len()).filter(|at| text.as_bytes()[*at] != b'*').map(one).collect()
}

#[test]
fn protocols_in_a_hello() {
    let (all, _) = shipped();
    for alone in rows("alpns") {
        let prefix = alone.text("prefix").unwrap();
        let offered = format!("{prefix}7.1/x");
        let found = is_found(&alone, &all, &hello(&["h2", &offered], None), SignSource::TlsAlpn);
        let version = found.version.as_deref();
        assert_eq!(version, alone.text("version").map(|_| "7.1"), "{}", alone.told());
        for near in changed(prefix) {
            is_silent(&alone, &hello(&[&near], None));
        }
        is_silent(&alone, &hello(&[&prefix[..prefix.len() - 1], &format!("x{prefix}")], None));
    }
}

#[test]
fn fingerprints_of_a_hello() {
    let (all, _) = shipped();
    for alone in rows("ja4") {
        let print = alone.text("fingerprint").unwrap();
        is_found(&alone, &all, &hello(&[], Some(print)), SignSource::TlsJa4);
        for near in changed(print) {
            is_silent(&alone, &hello(&[], Some(&near)));
        }
        assert_ne!(alone.text("specificity"), Some("specific"), "{}", alone.told());
    }
}

#[test]
fn certificates() {
    let (all, _) = shipped();
    let certificate = |subject: &str, issuer: &str| {
        Fact::TlsCertificate(Box::new(TlsCertificate {
            side: Side::Server,
            subject: format!("C=DE, {subject}, OU=x").into(),
            issuer: format!("{issuer}, C=DE").into(),
            names: vec![],
            der: Box::default(),
            chain: vec![],
            not_before: 0,
            not_after: 0,
        }))
    };
    for alone in rows("certificates") {
        let pattern = alone.text("pattern").map(example);
        let subject = alone.text("subject").or(pattern.as_deref()).unwrap_or("L=x");
        let issuer = alone.text("issuer").or(pattern.as_deref()).unwrap_or("L=x");
        is_found(&alone, &all, &certificate(subject, issuer), SignSource::TlsCertificate);
        let with = |subject: &str, issuer: &str| is_silent(&alone, &certificate(subject, issuer));
        with(&format!("{subject}x"), &format!("{issuer}x"));
        with("L=x", "L=x");
        if alone.text("subject").is_some() {
            changed(subject).iter().for_each(|near| with(near, issuer));
        }
        if alone.text("issuer").is_some() {
            changed(issuer).iter().for_each(|near| with(subject, near));
        }
    }
}

#[test]
fn user_agents() {
    let (all, _) = shipped();
    for alone in rows("user_agents") {
        let glob = alone.text("glob").unwrap();
        let mut versions = Vec::new();
        for filler in ["7.1", "/7.1 (x)", ""] {
            let agent = glob.replace('*', filler);
            let fact = request("GET", "/", Some(&agent));
            let found = is_found(&alone, &all, &fact, SignSource::HttpUserAgent);
            versions.extend(found.version);
        }
        let told = versions.iter().any(|version| &**version == "7.1");
        assert_eq!(told, alone.text("version").is_some(), "{} {versions:?}", alone.told());
        for near in changed(glob) {
            is_silent(&alone, &request("GET", "/", Some(&near.replace('*', "7.1"))));
        }
        is_silent(&alone, &request("GET", &format!("/{glob}"), None));
    }
}

#[test]
fn paths() {
    let (all, _) = shipped();
    for alone in rows("paths") {
        let glob = alone.text("glob").unwrap();
        let method = alone.text("method").unwrap_or("GET");
        for filler in ["", "/a-1", "Zz_9"] {
            let path = glob.replace('*', filler);
            is_found(&alone, &all, &request(method, &path, None), SignSource::HttpPath);
            if path.starts_with('/') {
                let absolute = format!("http://198.51.100.7:8080{path}");
                is_found(&alone, &all, &request(method, &absolute, None), SignSource::HttpPath);
            }
        }
        for near in changed(glob) {
            is_silent(&alone, &request(method, &near.replace('*', "Zz_9"), None));
        }
        if alone.text("method").is_some() {
            is_silent(&alone, &request("PATCH", &glob.replace('*', ""), None));
        }
    }
}

#[test]
fn protocols_that_a_reader_knows() {
    let (all, _) = shipped();
    let words = [
        ("rdp", Protocol::Rdp),
        ("vnc", Protocol::Rfb),
        ("ssh", Protocol::Ssh),
        ("socks", Protocol::Socks),
    ];
    let remote = |protocol, software: &str| {
        let details = vec![("software", Box::from(software)), ("desktop", Box::from("x"))];
        let version = Some("7.1".into());
        let side = Side::Server;
        Fact::Remote(Box::new(RemoteProtocol { protocol, side, version, details }))
    };
    for alone in rows("protocols") {
        let word = alone.text("protocol").unwrap();
        let glob = alone.text("glob").map(|glob| glob.strip_prefix("* software=").unwrap());
        let software = glob.unwrap_or("x").replace('*', "1");
        for (other, protocol) in words {
            let fact = remote(protocol, &software);
            if other != word {
                is_silent(&alone, &fact);
                continue;
            }
            let found = is_found(&alone, &all, &fact, SignSource::Payload);
            assert_eq!(&*found.value, format!("{word} 7.1 software={software} desktop=x"));
            assert_eq!(found.version.as_deref(), Some("7.1"));
            for near in glob.map(changed).unwrap_or_default() {
                is_silent(&alone, &remote(protocol, &near));
            }
        }
    }
}

#[test]
fn first_octets() {
    let (all, _) = shipped();
    let mut numbers = Numbers(20);
    for alone in rows("payloads") {
        let written = Written::read(&alone);
        let (transport, other) = match alone.text("transport") {
            Some("tcp") => (Transport::Tcp, Transport::Udp),
            _ => (Transport::Udp, Transport::Tcp),
        };
        for _ in 0..8 {
            let octets = written.made(&mut numbers);
            for side in [Side::Client, Side::Server] {
                let fact = octets.opening(side);
                let by = SignSource::Payload;
                let fits = written.side.is_none_or(|has| has == side);
                let alone_found = found(&alone.book, &alone.tool, transport, &fact, by);
                assert_eq!(alone_found.len(), usize::from(fits), "{} {fact:?}", alone.told());
                let among = found(&all, &alone.tool, transport, &fact, by);
                assert!(!fits || !among.is_empty(), "{} {fact:?}", alone.told());
                let elsewhere = found(&alone.book, &alone.tool, other, &fact, by);
                assert_eq!(elsewhere, [], "{} {fact:?}", alone.told());
            }
            let side = written.side.unwrap_or(Side::Client);
            if let Some(version) = alone.text("version") {
                let fact = octets.clone().beginning(&example(version)).opening(side);
                let found = found(&alone.book, &alone.tool, transport, &fact, SignSource::Payload);
                assert!(found[0].version.is_some(), "{}", alone.told());
            }
            for (what, near) in written.near(&octets) {
                let fact = near.opening(side);
                let found = found(&alone.book, &alone.tool, transport, &fact, SignSource::Payload);
                assert_eq!(found, [], "{what}: {} {fact:?}", alone.told());
            }
        }
    }
}

/// How many tools are known by more than names, places and files.
#[test]
fn many_tools_show_without_a_name() {
    let kinds = ["alpns", "ja4", "certificates", "user_agents", "paths", "protocols", "payloads"];
    let mut tools: Vec<(String, Vec<&str>)> = Vec::new();
    for kind in kinds {
        // A fingerprint is everyone's who uses the library.
        for alone in rows(kind).iter().filter(|_| kind != "ja4") {
            match tools.iter_mut().find(|(tool, _)| *tool == alone.tool) {
                Some((_, kinds)) if kinds.contains(&kind) => {}
                Some((_, kinds)) => kinds.push(kind),
                None => tools.push((alone.tool.clone(), vec![kind])),
            }
        }
    }
    tools.sort();
    for (tool, kinds) in &tools {
        println!("{tool}: {}", kinds.join(", "));
    }
    println!("{} tools", tools.len());
    assert!(tools.len() > 40);
}
