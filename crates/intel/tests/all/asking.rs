//! Each kind of fact, and the signs that are found in it.

use model::{
    Carrier, DnsAnswer, DnsQuestion, DnsRecord, Fact, FileDownload, FileKind, HttpRequest, Opening,
    Protocol, RecordData, RecordType, Side, SignSource, Specificity, TlsCertificate, TlsHello,
    TlsVersion, Transport,
};

use intel::Book;

use crate::scene::{ask, book, name, operator, question, seen, shorts, tool};

fn sample() -> Book {
    let desk = tool(
        "desk",
        "vendor",
        &[
            "names suffix = 'net.desk.example'; role = 'relay'",
            "names exact = 'dl.desk.example'; role = 'download'",
            "ports transport = 'tcp'; port = 6568; role = 'relay'",
            "ports transport = 'udp'; first = 50001; last = 50003; role = 'unknown'",
            "ports transport = 'tcp'; port = 443; role = 'relay'; specificity = 'generic'",
            "networks cidr = '198.51.100.0/24'; role = 'relay'; specificity = 'shared'",
            "alpns prefix = 'desk/'; role = 'relay'",
            "certificates subject = 'O=Desk GmbH'; role = 'relay'",
            "user_agents glob = 'Desk/*'; role = 'api'",
            "files names = ['Desk.exe', 'Desk-*.msi']",
        ],
    );
    let mesh = tool(
        "mesh",
        "self",
        &[
            "paths glob = '/agent.ashx'; role = 'relay'",
            "paths glob = '/poll?id=*'; method = 'POST'; role = 'relay'",
            r"certificates pattern = 'CN=MeshRoot-[0-9a-f]{6}'; role = 'relay'",
            "payloads transport = 'tcp'; side = 'client'; bytes = '87 ?? 10 00'; first_len_max = 600; role = 'relay'",
        ],
    );
    book(&[("desk", &desk), ("mesh", &mesh)])
}

fn certificate(subject: &str, issuer: &str, names: &[&str]) -> Fact {
    Fact::TlsCertificate(Box::new(TlsCertificate {
        side: Side::Server,
        subject: subject.into(),
        issuer: issuer.into(),
        names: names.iter().map(|text| name(text)).collect(),
        der: Box::default(),
        chain: Vec::new(),
        not_before: 0,
        not_after: 0,
    }))
}

fn hello(server_name: Option<&str>, alpn: &[&str]) -> Fact {
    Fact::TlsHello(Box::new(TlsHello {
        carrier: Carrier::Tls,
        server_name: server_name.map(name),
        alpn: alpn.iter().map(|text| Box::from(text.as_bytes())).collect(),
        version: TlsVersion(0x0303),
        versions: vec![],
        ech: false,
        ja3: None,
        ja4: None,
    }))
}

fn request(method: &str, host: &str, path: &str, agent: &str) -> Fact {
    Fact::HttpRequest(Box::new(HttpRequest {
        method: method.into(),
        host: Some(name(host)),
        port: None,
        path: path.into(),
        user_agent: Some(agent.into()),
    }))
}

fn download(file: &str, host: &str) -> Fact {
    Fact::FileDownload(Box::new(FileDownload {
        kind: FileKind::Pe,
        name: Some(file.into()),
        host: Some(name(host)),
        path: None,
        size: None,
    }))
}

fn opening(side: Side, first_len: u32, octets: &[u8]) -> Fact {
    Fact::Opening(Box::new(Opening { side, first_len, octets: octets.into() }))
}

#[test]
fn every_fact_gives_its_signs() {
    use SignSource as S;
    let book = sample();
    let relay = Some("r1.net.desk.example");
    type Case<'a> = (&'a str, Fact, Option<&'a str>, Vec<(&'a str, S)>);
    let table: Vec<Case<'_>> = vec![
        ("192.0.2.1:443", Fact::FlowOpen, None, vec![]),
        ("192.0.2.1:443", Fact::FlowOpen, relay, vec![("desk relay", S::DnsAnswer)]),
        ("192.0.2.1:6568", Fact::FlowOpen, None, vec![("desk relay", S::Port)]),
        ("198.51.100.9:443", Fact::FlowOpen, None, vec![("desk relay", S::Address)]),
        ("[::ffff:198.51.100.9]:443", Fact::FlowOpen, None, vec![("desk relay", S::Address)]),
        (
            "192.0.2.1:443",
            hello(relay, &["h2"]),
            Some("dl.desk.example"),
            vec![("desk relay", S::TlsSni)],
        ),
        ("192.0.2.1:443", hello(None, &[]), relay, vec![("desk relay", S::DnsAnswer)]),
        (
            "192.0.2.1:80",
            hello(None, &["desk/6.2.0/linux"]),
            None,
            vec![("desk relay", S::TlsAlpn)],
        ),
        ("192.0.2.1:80", hello(None, &["xdesk/1"]), None, vec![]),
        (
            "192.0.2.1:80",
            certificate("C=DE, O=Desk GmbH, CN=Relay", "CN=x", &[]),
            None,
            vec![("desk relay", S::TlsCertificate)],
        ),
        ("192.0.2.1:80", certificate("O=Desk GmbH Co", "O=Desk GmbH", &[]), None, vec![]),
        (
            "192.0.2.1:80",
            certificate("CN=x", "CN=MeshRoot-0a1b2c, O=unknown", &[]),
            None,
            vec![("mesh relay", S::TlsCertificate)],
        ),
        ("192.0.2.1:80", certificate("CN=x", "CN=MeshRoot-0a1b2c3d", &[]), None, vec![]),
        (
            "192.0.2.1:80",
            request("GET", "r2.net.desk.example", "/x", "Desk/7"),
            None,
            vec![("desk relay", S::HttpHost), ("desk api", S::HttpUserAgent)],
        ),
        (
            "192.0.2.1:80",
            request("GET", "192.0.2.1", "/agent.ashx?auth=1", "curl"),
            None,
            vec![("mesh relay", S::HttpPath)],
        ),
        ("192.0.2.1:80", request("GET", "a.example", "/poll?id=7", ""), None, vec![]),
        (
            "192.0.2.1:80",
            request("POST", "a.example", "http://a.example/poll?id=7", ""),
            None,
            vec![("mesh relay", S::HttpPath)],
        ),
        (
            "192.0.2.1:80",
            download("DESK.EXE", "a.example"),
            None,
            vec![("desk download", S::HttpFile)],
        ),
        (
            "192.0.2.1:80",
            download("desk-7.1.msi", "dl.desk.example"),
            None,
            vec![("desk download", S::HttpHost), ("desk download", S::HttpFile)],
        ),
        (
            "192.0.2.1:80",
            opening(Side::Client, 100, &[0x87, 0x12, 0x10, 0, 0]),
            None,
            vec![("mesh relay", S::Payload)],
        ),
        ("192.0.2.1:80", opening(Side::Server, 100, &[0x87, 0x12, 0x10, 0]), None, vec![]),
        ("192.0.2.1:80", opening(Side::Client, 601, &[0x87, 0x12, 0x10, 0]), None, vec![]),
    ];
    for (server, fact, lent, want) in table {
        let told = format!("{server} {fact:?}");
        let found = ask(&book, &seen(server, Transport::Tcp, fact), lent);
        let got: Vec<_> = found.iter().map(|m| (crate::scene::short(m), m.source)).collect();
        let want: Vec<_> =
            want.into_iter().map(|(text, source)| (text.to_owned(), source)).collect();
        assert_eq!(got, want, "{told}");
    }
}

#[test]
fn a_certificate_speaks_for_the_weakest_of_its_names() {
    let desk = tool(
        "desk",
        "vendor",
        &[
            "names suffix = 'desk.example'; role = 'relay'",
            "names exact = 'web.desk.example'; role = 'website'",
        ],
    );
    let book = book(&[("desk", &desk)]);
    let table: &[(&str, &[&str], &[&str])] = &[
        ("CN=x", &["relay.desk.example"], &["desk relay"]),
        ("CN=x", &["relay.desk.example", "web.desk.example"], &["desk website"]),
        ("CN=x", &["web.desk.example", "relay.desk.example"], &["desk website"]),
        ("CN=x", &["*.desk.example", "r.desk.example"], &["desk website"]),
        ("CN=x", &["*.net.desk.example"], &["desk relay"]),
        ("O=Desk, CN=relay.desk.example", &[], &["desk relay"]),
        ("O=Desk, CN=relay.desk.example", &["other.example"], &[]),
    ];
    for (subject, names, want) in table {
        let fact = certificate(subject, "CN=CA", names);
        let found = ask(&book, &seen("192.0.2.1:443", Transport::Tcp, fact), None);
        assert_eq!(shorts(&found), *want, "{subject} {names:?}");
    }
}

#[test]
fn answers_tell_the_question_and_its_aliases() {
    let book = sample();
    let record = |kind: RecordType, target: &str| DnsRecord {
        name: Some(name("x.example")),
        kind,
        ttl_secs: 60,
        data: RecordData::Name(Some(name(target))),
    };
    let answer = |protocol, asked: &str, records| DnsAnswer {
        protocol,
        id: 1,
        question: Some(DnsQuestion { name: Some(name(asked)), kind: RecordType::A }),
        rcode: 0,
        records,
    };
    let alias = vec![
        record(RecordType::CNAME, "a.net.desk.example"),
        record(RecordType::CNAME, "a.net.desk.example"),
    ];
    let table = [
        (answer(Protocol::Dns, "helpdesk.example", alias.clone()), 1),
        (answer(Protocol::Dns, "b.net.desk.example", alias.clone()), 2),
        (answer(Protocol::Mdns, "b.net.desk.example", alias), 0),
        (
            answer(Protocol::Dns, "x.example", vec![record(RecordType::PTR, "a.net.desk.example")]),
            0,
        ),
    ];
    for (answer, want) in table {
        let fact = Fact::DnsAnswer(Box::new(answer));
        let found = ask(&book, &seen("192.0.2.53:53", Transport::Udp, fact), None);
        assert_eq!(found.len(), want);
        assert!(found.iter().all(|found| found.source == SignSource::DnsQuestion));
    }
}

#[test]
fn operators_follow_hosting_and_what_was_there_goes() {
    let book = sample();
    let mut out = Vec::new();
    let mesh = opening(Side::Client, 4, &[0x87, 1, 0x10, 0]);
    book.look_up(&seen("192.0.2.1:8041", Transport::Tcp, mesh), None, &mut out);
    assert_eq!(operator(&out[0]), "server");
    assert_eq!(&*out[0].value, "87 01 10 00");
    assert_eq!((&*out[0].list, &*out[0].list_version), ("catalogue", "2026-11-21"));
    let desk = hello(None, &["desk/1"]);
    book.look_up(&seen("192.0.2.1:443", Transport::Tcp, desk), None, &mut out);
    assert_eq!(operator(&out[0]), "vendor");
    assert_eq!((out.len(), out[0].confidence_pct), (1, 90));
    book.look_up(&seen("192.0.2.1:6568", Transport::Tcp, Fact::FlowOpen), None, &mut out);
    assert_eq!((&*out[0].value, out[0].specificity), ("tcp/6568", Specificity::Shared));
    book.look_up(&question("nothing.example"), None, &mut out);
    assert_eq!(out, []);
}

#[test]
fn versions_and_tenants_are_taken_from_what_was_seen() {
    let desk = tool(
        "desk",
        "both",
        &[
            r"paths glob = '/setup.exe*'; operator_in = '[?&]h=([^&]+)'; role = 'download'",
            r"user_agents glob = 'Desk*'; version = '^Desk/([0-9.]+)'; role = 'api'",
            "payloads transport = 'tcp'; side = 'server'; bytes = '44 45 53 4B 2D'; \
                version = '^DESK-([0-9.]+)'; role = 'relay'",
        ],
    );
    let book = book(&[("desk", &desk)]);
    let table: &[(Fact, &str, Option<&str>)] = &[
        (
            request("GET", "a.example", "/setup.exe?e=1&h=Relay.Evil.example&p=8041", "x"),
            "relay.evil.example",
            None,
        ),
        (request("GET", "a.example", "/setup.exe?e=1&p=8041", "x"), "server", None),
        (request("GET", "a.example", "/setup.exe?h=&p=1", "x"), "server", None),
        (request("GET", "a.example", "/", "Desk/7.1 (x)"), "server", Some("7.1")),
        (request("GET", "a.example", "/", "Desk"), "server", None),
        (opening(Side::Server, 8, b"DESK-2.0"), "server", Some("2.0")),
        (opening(Side::Server, 8, b"DESK-\xff.0"), "server", None),
    ];
    for (fact, tenant, version) in table {
        let found = ask(&book, &seen("192.0.2.1:80", Transport::Tcp, fact.clone()), None);
        assert_eq!(found.len(), 1, "{fact:?}");
        assert_eq!((&*operator(&found[0]), found[0].version.as_deref()), (*tenant, *version));
    }
}
