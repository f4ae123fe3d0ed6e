//! Handshakes made from the RFCs' words: whole, cut, split, damaged and odd.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Side, TlsCertificate, TlsHello, TlsVersion, Transport};

use super::made::{
    alpn, behind_u16, body, certificate, certificate_message, extension, message, modern, nameless,
    record, records, server_hello, shown, sni,
};
use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;

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
        ("an empty extension block", 0, vec![vec![]], None, true),
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
    assert_eq!(seen.side, Side::Server);
    // The certificate's octets never change, so neither do their hashes (by sha1sum and sha256sum).
    let sha1 = seen.sha1().expect("a fingerprint");
    let sha256 = seen.sha256().expect("a fingerprint");
    assert_eq!((sha1.len(), sha256.len()), (40, 64));
    assert_eq!((seen.chain.len(), &*seen.chain[0]), (2, &*sha256));
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
    let request: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
    let server = records(&shown(), 16_384);
    for (asks, agrees) in
        [(request, &b"S"[..]), (&b"EHLO a\r\nSTARTTLS\r\n"[..], &b"220 go\r\n"[..])]
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
    let told = play(&[(Side::Client, request), (Side::Client, b"\0\0\0\x26\0\x03\0\0user\0")]);
    assert!(told.facts.is_empty());
}

#[test]
fn chains_are_hashed_as_they_come() {
    let chain = |lens: &[usize]| -> Vec<Vec<u8>> {
        lens.iter().enumerate().map(|(place, len)| vec![place as u8; *len]).collect()
    };
    let whole = [certificate(), chain(&[1, 3000, 9000, 0x4001]).concat()].concat().len();
    let table: &[(&str, Vec<Vec<u8>>, usize)] = &[
        ("no chain", vec![], 0),
        ("one octet", chain(&[1]), 1),
        ("longer than the opening", chain(&[1, 3000, 9000, 0x4001]), 4),
        ("more than are kept", chain(&[9; 12]), 8),
        ("longer than is hashed", chain(&[9000, 30_000, 9]), 1),
        ("an empty one", chain(&[5, 0, 5]), 1),
    ];
    assert!(whole > 16_384);
    for (what, behind, count) in table {
        let list = [&[certificate()][..], behind].concat();
        let parts = [server_hello(0x0303, &[]), certificate_message(&list), message(14, b"")];
        let octets = parts.concat();
        for size in [3, 1000, 16_384] {
            let server = records(&octets, size);
            for segment in [7, 1460] {
                let mut segments: Vec<_> =
                    server.chunks(segment).map(|part| (Side::Server, part)).collect();
                let hello = records(&modern(), 999);
                segments.insert(0, (Side::Client, &hello));
                let told = play(&segments);
                assert_eq!(certificates(&told).len(), 1, "{what}");
                assert_eq!(certificates(&told)[0].chain.len(), *count, "{what} by {size}");
                assert!(told.anomalies.is_empty(), "{what}: {:?}", told.anomalies);
            }
        }
    }
}

#[test]
fn a_chain_cut_anywhere_tells_its_certificate_once() {
    let list = [certificate(), vec![7; 300], vec![8; 300]];
    let server = records(&certificate_message(&list), 400);
    let hello = records(&server_hello(0x0303, &[]), 999);
    let server = [hello, server].concat();
    let mut most = 0;
    for cut in 0..=server.len() {
        for gap in [&[][..], &[(Side::Server, &b""[..])]] {
            let told = play(&[&[(Side::Server, &server[..cut])], gap].concat());
            let shown = certificates(&told);
            assert!(shown.len() <= 1 && shown.iter().all(|one| one.chain.len() <= 2), "{cut}");
            most = most.max(shown.first().map_or(0, |one| one.chain.len() + 1));
            if cut > server.len() - 600 {
                assert_eq!(shown.len(), 1, "{cut}");
            }
        }
    }
    assert_eq!(most, 3);
}

#[test]
fn hellos_behind_other_records_and_early_data() {
    let hello = records(&modern(), 16_384);
    let before: &[(&str, Vec<u8>)] = &[
        ("an alert", record(21, &[1, 112])),
        ("a heartbeat", record(24, &[1, 0, 0])),
        ("empty ones", record(22, b"").repeat(3)),
        ("all of them", [record(21, &[1, 0]), record(22, b""), record(24, &[1; 20])].concat()),
    ];
    for (what, before) in before {
        let octets = [&before[..], &hello].concat();
        for segment in [1, 6, 1460] {
            let segments: Vec<_> =
                octets.chunks(segment).map(|part| (Side::Client, part)).collect();
            let told = play(&segments);
            assert_eq!(hellos(&told).len(), 1, "{what}");
            assert!(hellos(&told)[0].ja4.is_some(), "{what}");
        }
    }
    let early = [&hello[..], &record(20, &[1]), &record(23, &[9; 99])].concat();
    assert_eq!(hellos(&play(&[(Side::Client, &early)])).len(), 1);
    // Many hellos: no more are read than the bound has.
    let many: Vec<u8> = (0..40)
        .flat_map(|number: u8| message(1, &body(0, &[sni(&[b'a' + number % 26, b'.', b'x'])])))
        .collect();
    let told = play(&[(Side::Client, &records(&many, 16_384))]);
    assert_eq!(hellos(&told).len(), 8);
}

#[test]
fn a_block_longer_than_its_message_hides_no_name() {
    let mut hello = body(0, &[sni(b"a.example")]);
    let at = hello.len() - sni(b"a.example").len() - 1;
    hello[at] += 9;
    let told = play(&[(Side::Client, &records(&message(1, &hello), 16_384))]);
    assert_eq!(name(hellos(&told)[0]), Some("a.example"));
    assert_eq!(hellos(&told)[0].ja3, None);
    let trailing = [body(0, &[sni(b"a.example")]), vec![7; 5]].concat();
    let told = play(&[(Side::Client, &records(&message(1, &trailing), 16_384))]);
    assert_eq!(name(hellos(&told)[0]), Some("a.example"));
    assert!(hellos(&told)[0].ja3.is_some());
}

#[test]
fn behind_long_conversations_of_either_end() {
    let (client, server) = (records(&modern(), 700), records(&shown(), 700));
    let tries = b"AUTH PLAIN AGFAYi5leGFtcGxlAHdyb25n\r\n".repeat(40);
    let answers = b"535 5.7.8 no, that is not it\r\n".repeat(40);
    let asks = [&b"EHLO a\r\n"[..], &tries, b"STARTTLS\r\n"].concat();
    let agrees =
        [&b"220 a ESMTP\r\n250-a\r\n250 STARTTLS\r\n"[..], &answers, b"220 go\r\n"].concat();
    let by_client = [&asks[..], &client].concat();
    let by_server = [&agrees[..], &server].concat();
    for segment in [1, 60, 1460] {
        let client = || by_client.chunks(segment).map(|part| (Side::Client, part));
        let server = || by_server.chunks(segment).map(|part| (Side::Server, part));
        let both = play(&client().chain(server()).collect::<Vec<_>>());
        let alone = play(&client().collect::<Vec<_>>());
        let answered = play(&server().collect::<Vec<_>>());
        for (told, named, shown) in [(both, 1, 1), (alone, 1, 0), (answered, 0, 1)] {
            assert_eq!((hellos(&told).len(), certificates(&told).len()), (named, shown));
            assert!(told.anomalies.is_empty(), "{:?}", told.anomalies);
            let openings =
                told.facts.iter().filter(|fact| matches!(fact, Fact::Opening(_))).count();
            assert_eq!(openings, named + shown, "by {segment}");
        }
    }
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
