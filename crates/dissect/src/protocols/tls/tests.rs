//! Handshakes made from the RFCs' words: whole, cut, split, damaged and odd.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Side, TlsCertificate, TlsHello, TlsVersion, Transport};

use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;

fn behind_u8(octets: &[u8]) -> Vec<u8> {
    [&[u8::try_from(octets.len()).expect("a short block")], octets].concat()
}

fn behind_u16(octets: &[u8]) -> Vec<u8> {
    [&u16::try_from(octets.len()).expect("a short block").to_be_bytes(), octets].concat()
}

fn behind_u24(octets: &[u8]) -> Vec<u8> {
    let len = u32::try_from(octets.len()).expect("a short block").to_be_bytes();
    [&len[1..], octets].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &behind_u16(value)].concat()
}

fn sni(name: &[u8]) -> Vec<u8> {
    extension(0, &behind_u16(&[&[0], &behind_u16(name)[..]].concat()))
}

fn alpn(protocols: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = protocols.iter().flat_map(|protocol| behind_u8(protocol)).collect();
    extension(16, &behind_u16(&list))
}

/// The body of a ClientHello with a session id of so many octets.
fn body(session: usize, extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&[3, 3][..], &[0x5a; 32]].concat();
    let ciphers = behind_u16(&[0x1a, 0x1a, 0x13, 1, 0x13, 2, 0xc0, 0x2b]);
    let session = behind_u8(&vec![7; session]);
    [fixed, session, ciphers, vec![1, 0], behind_u16(&extensions.concat())].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &behind_u24(body)].concat()
}

fn record(kind: u8, octets: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &behind_u16(octets)].concat()
}

/// The octets in records of so many.
fn records(octets: &[u8], size: usize) -> Vec<u8> {
    octets.chunks(size).flat_map(|part| record(22, part)).collect()
}

/// As a browser says it in 2025: GREASE, a post-quantum key share, an encrypted inner hello.
fn modern() -> Vec<u8> {
    let share = [&[0x11, 0xec][..], &behind_u16(&[9; 1216])].concat();
    message(
        1,
        &body(
            32,
            &[
                extension(0x2a2a, b""),
                extension(51, &behind_u16(&share)),
                extension(43, &behind_u8(&[0x6a, 0x6a, 3, 4, 3, 3])),
                alpn(&[b"h2", b"http/1.1"]),
                extension(0xfe0d, &[0; 180]),
                sni(b"WWW.Example.com"),
                extension(0x3a3a, b"\0"),
            ],
        ),
    )
}

/// As a remote-access client says it: TLS 1.2, no name, a protocol of its own.
fn nameless() -> Vec<u8> {
    message(1, &body(0, &[alpn(&[b"tool/7.0.0/linux"]), extension(23, b"")]))
}

fn server_hello(version: u16, extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&version.to_be_bytes()[..], &[0x33; 32]].concat();
    let rest = [&[0, 0xc0, 0x2f, 0][..], &behind_u16(&extensions.concat())].concat();
    message(2, &[fixed, rest].concat())
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let len = u16::try_from(value.len()).expect("a short value");
    let head = if len < 128 {
        vec![tag, len as u8]
    } else {
        [&[tag, 0x82][..], &len.to_be_bytes()].concat()
    };
    [head, value].concat()
}

fn attribute(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    der(0x31, &[&der(0x30, &[&der(6, &[oid]), &der(tag, &[value])])])
}

/// A certificate (RFC 5280 §4.1) whose key and signature nobody checks.
fn certificate() -> Vec<u8> {
    const COUNTRY: &[u8] = &[0x55, 4, 6];
    const ORGANISATION: &[u8] = &[0x55, 4, 10];
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    let sha256_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let algorithm = der(0x30, &[&der(6, &[&sha256_rsa]), &[5, 0]]);
    let key = der(0x30, &[&der(0x30, &[&der(6, &[&rsa]), &[5, 0]]), &der(3, &[&[0; 270]])]);
    let subject = [
        attribute(COUNTRY, 0x13, b"DE"),
        attribute(ORGANISATION, 0x0c, b"Acme, Inc."),
        attribute(COMMON_NAME, 0x0c, b"relay.example"),
    ];
    let issuer = attribute(COMMON_NAME, 0x0c, b"Example Root");
    let validity = der(0x30, &[&der(0x17, &[b"250101000000Z"]), &der(0x17, &[b"260101000000Z"])]);
    let names = der(
        0x30,
        &[
            &der(0x82, &[b"relay.example"]),
            &der(0x82, &[b"*.Relay.example"]),
            &der(0x87, &[&[1; 4]]),
        ],
    );
    let alternative = der(0x30, &[&der(6, &[&[0x55, 0x1d, 17]]), &der(4, &[&names])]);
    let signed = der(
        0x30,
        &[
            &[0xa0, 3, 2, 1, 2],
            &[2, 1, 9],
            &algorithm,
            &der(0x30, &[&issuer]),
            &validity,
            &der(0x30, &[&subject.concat()]),
            &key,
            &der(0xa3, &[&der(0x30, &[&alternative])]),
        ],
    );
    der(0x30, &[&signed, &algorithm, &der(3, &[&[0; 257]])])
}

fn certificate_message(certificates: &[Vec<u8>]) -> Vec<u8> {
    let list: Vec<u8> = certificates.iter().flat_map(|octets| behind_u24(octets)).collect();
    message(11, &behind_u24(&list))
}

/// A server's answer of TLS 1.2, with a chain.
fn shown() -> Vec<u8> {
    [
        server_hello(0x0303, &[extension(0xff01, b"\0")]),
        certificate_message(&[certificate(), certificate(), vec![0; 5000]]),
        message(14, b""),
    ]
    .concat()
}

fn play(segments: &[(Side, &[u8])]) -> Told {
    stream(&[ENTRY], &flow(Transport::Tcp, 4443), segments)
}

fn hellos(told: &Told) -> Vec<&TlsHello> {
    let mut hellos = Vec::new();
    for fact in &told.facts {
        if let Fact::TlsHello(hello) = fact {
            hellos.push(&**hello);
        }
    }
    hellos
}

fn certificates(told: &Told) -> Vec<&TlsCertificate> {
    let mut certificates = Vec::new();
    for fact in &told.facts {
        if let Fact::TlsCertificate(seen) = fact {
            certificates.push(&**seen);
        }
    }
    certificates
}

fn name(hello: &TlsHello) -> Option<&str> {
    hello.server_name.as_ref().map(model::DomainName::as_str)
}

#[test]
fn what_hellos_tell() {
    let told = play(&[(Side::Client, &records(&modern(), 16_384))]);
    let [hello] = hellos(&told)[..] else { panic!("one hello, not {:?}", told.facts) };
    assert_eq!(name(hello), Some("www.example.com"));
    assert_eq!(hello.alpn, [b"h2".to_vec().into(), b"http/1.1".to_vec().into_boxed_slice()]);
    assert_eq!(hello.version, TlsVersion(0x0303));
    assert_eq!(hello.versions, [TlsVersion(0x0304), TlsVersion(0x0303)]);
    assert!(hello.ech && told.anomalies.is_empty());

    let told = play(&[(Side::Client, &records(&nameless(), 16_384))]);
    let [hello] = hellos(&told)[..] else { panic!("one hello, not {:?}", told.facts) };
    assert_eq!((name(hello), hello.ech, hello.versions.len()), (None, false, 0));
    assert_eq!(&*hello.alpn[0], b"tool/7.0.0/linux");
}

#[test]
fn odd_names_and_odd_hellos() {
    let bad: &[u8] = &[0xff; 3];
    let table: &[(&str, usize, Vec<Vec<u8>>, Option<&str>, bool)] = &[
        ("no extensions", 0, vec![], None, true),
        ("a name", 32, vec![sni(b"a.example")], Some("a.example"), true),
        ("a dot at its end", 0, vec![sni(b"a.example.")], Some("a.example"), true),
        ("not ASCII", 0, vec![sni(b"caf\xe9")], Some("caf\\xe9"), true),
        ("no name in it", 0, vec![sni(b"")], None, true),
        ("another type", 0, vec![extension(0, &behind_u16(&[1, 0, 1, b'x']))], None, true),
        ("a long session", 40, vec![sni(b"a.example")], Some("a.example"), false),
        (
            "behind a bad one",
            0,
            vec![extension(16, bad), sni(b"a.example")],
            Some("a.example"),
            false,
        ),
        ("a bad list length", 0, vec![extension(0, b"\0\xff\0\0\x01x")], Some("x"), false),
        ("longer than its block", 0, vec![vec![0, 0, 1, 0, 0, 4, 0, 0, 1, b'x']], Some("x"), false),
        ("name cut by its block", 0, vec![vec![0, 0, 1, 0, 0, 4, 0, 0, 9, b'x']], None, false),
    ];
    for (what, session, extensions, want, sound) in table {
        let hello = message(1, &body(*session, extensions));
        let told = play(&[(Side::Client, &records(&hello, 16_384))]);
        let [hello] = hellos(&told)[..] else { panic!("{what}: {:?}", told.facts) };
        assert_eq!(name(hello), *want, "{what}");
        assert_eq!(told.anomalies.is_empty(), *sound, "{what}: {:?}", told.anomalies);
    }
}

#[test]
fn a_hello_cut_anywhere_gives_its_name_or_none() {
    let whole = records(&modern(), 700);
    let mut named = 0;
    for cut in 0..=whole.len() {
        let told = play(&[(Side::Client, &whole[..cut])]);
        for hello in hellos(&told) {
            assert!(matches!(name(hello), None | Some("www.example.com")), "cut at {cut}");
            named += usize::from(name(hello).is_some());
        }
    }
    // The name stands some octets before the end: those cuts have it, too.
    assert!(named > 4, "{named}");
}

#[test]
fn records_and_segments_of_any_size() {
    let client = modern();
    let server = shown();
    for size in [1, 2, 3, 4, 5, 7, 64, 500, 1400, 16_384] {
        let (client, server) = (records(&client, size), records(&server, size));
        for segment in [1usize, 3, 100, 1460] {
            let sent = client.chunks(segment).map(|part| (Side::Client, part));
            let got = server.chunks(segment).map(|part| (Side::Server, part));
            let told = play(&sent.chain(got).collect::<Vec<_>>());
            let case = format!("records of {size}, segments of {segment}: {:?}", told.anomalies);
            assert_eq!(hellos(&told).len(), 1, "{case}");
            assert_eq!(name(hellos(&told)[0]), Some("www.example.com"), "{case}");
            assert_eq!(certificates(&told).len(), 1, "{case}");
        }
    }
}

#[test]
fn what_certificates_tell() {
    let told = play(&[
        (Side::Client, &records(&nameless(), 999)),
        (Side::Server, &records(&shown(), 16_384)),
    ]);
    let [seen] = certificates(&told)[..] else { panic!("one certificate, not {:?}", told.facts) };
    assert_eq!(&*seen.subject, "C=DE, O=Acme\\, Inc., CN=relay.example");
    assert_eq!(&*seen.issuer, "CN=Example Root");
    let names: Vec<_> = seen.names.iter().map(model::DomainName::as_str).collect();
    assert_eq!(names, ["relay.example", "*.relay.example"]);
    assert_eq!((seen.side, &seen.sha1), (Side::Server, &None));
    assert_eq!((seen.not_before, seen.not_after), (1_735_689_600, 1_767_225_600));
    assert!(told.anomalies.is_empty(), "{:?}", told.anomalies);
    // The client may still show its own.
    assert!(!told.done);
}

#[test]
fn when_nothing_more_is_readable() {
    let hello = records(&modern(), 16_384);
    let cipher = [record(20, &[1]), record(22, &[0x77; 40])].concat();
    let old = |parts: &[Vec<u8>]| records(&parts.concat(), 16_384);
    let selected = extension(43, &[3, 4]);
    let table: &[(&str, Vec<u8>, Vec<u8>, usize)] = &[
        ("version 1.3", old(&[server_hello(0x0303, &[selected])]), vec![], 0),
        ("a draft of 1.3", old(&[server_hello(0x7f17, &[])]), vec![], 0),
        (
            "resumed",
            [old(&[server_hello(0x0303, &[])]), cipher.clone()].concat(),
            cipher.clone(),
            0,
        ),
        ("shown", old(&[shown()]), [old(&[message(16, b"key")]), cipher.clone()].concat(), 1),
        ("both shown", old(&[shown()]), old(&[certificate_message(&[certificate()])]), 2),
        ("empty list", old(&[shown()]), old(&[certificate_message(&[])]), 1),
        ("after an alert", [record(21, &[1, 112]), old(&[shown()])].concat(), cipher.clone(), 1),
        ("nobody's", old(&[server_hello(0x0302, &[]), message(12, b"dh")]), cipher, 0),
    ];
    for (what, server, client, shown) in table {
        let mut segments = vec![(Side::Client, &hello[..]), (Side::Server, &server[..])];
        if !client.is_empty() {
            segments.push((Side::Client, &client[..]));
        }
        let told = play(&segments);
        assert!(told.done, "{what}: {:?}", told.anomalies);
        assert_eq!((hellos(&told).len(), certificates(&told).len()), (1, *shown), "{what}");
    }
    let told = play(&[
        (Side::Client, &hello),
        (Side::Server, &old(&[shown()])),
        (Side::Client, &old(&[certificate_message(&[certificate()])])),
    ]);
    assert_eq!(certificates(&told)[1].side, Side::Client);
}

#[test]
fn a_renewed_hello_is_told_for_another_name_only() {
    let other = message(1, &body(0, &[sni(b"other.example")]));
    for (second, count) in [(modern(), 1), (other, 2)] {
        let (first, second) = (records(&modern(), 999), records(&second, 999));
        assert_eq!(hellos(&play(&[(Side::Client, &first), (Side::Client, &second)])).len(), count);
    }
}

#[test]
fn from_one_side_alone_or_with_the_sides_mistaken() {
    let server = records(&shown(), 16_384);
    let told = play(&[(Side::Server, &server)]);
    assert_eq!((hellos(&told).len(), certificates(&told).len()), (0, 1));
    // The roles were guessed the other way round: the flow turns.
    let told = play(&[(Side::Server, &records(&modern(), 999)), (Side::Client, &server)]);
    assert_eq!(certificates(&told)[0].side, Side::Server);
    // A gap in the hello: what stood before it is told.
    let hello = records(&modern(), 16_384);
    let name_is_there = hello.len() - 3;
    let told = play(&[(Side::Client, &hello[..name_is_there]), (Side::Client, b"")]);
    assert_eq!(name(hellos(&told)[0]), Some("www.example.com"));
}

#[test]
fn behind_a_request_to_begin_it() {
    let hello = records(&modern(), 16_384);
    let request: &[u8] = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0";
    let confirm: &[u8] = b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x08\0\0\0";
    let server = records(&shown(), 16_384);
    for (asks, agrees) in [(request, confirm), (&b"EHLO a\r\nSTARTTLS\r\n"[..], &b"220 go\r\n"[..])]
    {
        for size in [1, 3, 1460] {
            let client = asks.chunks(size).map(|part| (Side::Client, part));
            let then = hello.chunks(size).map(|part| (Side::Client, part));
            let server = server.chunks(size).map(|part| (Side::Server, part));
            let segments: Vec<_> =
                client.chain([(Side::Server, agrees)]).chain(then).chain(server).collect();
            let told = play(&segments);
            assert_eq!(name(hellos(&told)[0]), Some("www.example.com"));
            let Fact::Opening(opening) = &told.facts[0] else { panic!("no opening") };
            assert_eq!((&*opening.octets, opening.side), (asks, Side::Client));
            assert_eq!(certificates(&told).len(), 1, "by {size}");
        }
    }
    let told = play(&[(Side::Client, request), (Side::Client, b"\x03\0\0\x0c\x02\xf0\x80")]);
    assert!(told.facts.is_empty());
}

#[test]
fn what_is_not_tls() {
    let table: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\n",
        b"SSH-2.0-x\r\n",
        &[0x16, 2, 0, 0, 9, 1],
        &[0x16, 3, 5, 0, 9, 1],
        &[0x16, 3, 1, 0xff, 0xff, 1],
        &[0x16, 3, 1, 0, 0, 1],
        &[0x16, 3, 1, 0, 9, 3],
        &[0x16, 3, 1, 0, 9, 1, 1],
        &[0x17, 3, 3, 0, 9, 1],
    ];
    for octets in table {
        let told = play(&[(Side::Client, octets)]);
        assert!(told.facts.is_empty() && told.anomalies.is_empty(), "{octets:02x?}");
    }
}

#[test]
fn damaged_handshakes_break_no_promise() {
    let samples = [
        records(&modern(), 16_384),
        records(&modern(), 100),
        records(&nameless(), 16_384),
        records(&shown(), 16_384),
        body(32, &[sni(b"a.example"), alpn(&[b"h2"])]),
        certificate(),
        [b"EHLO a\r\nSTARTTLS\r\n", &records(&nameless(), 999)[..]].concat(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 8446, 10_000, fuzz);
}
