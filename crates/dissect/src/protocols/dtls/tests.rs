//! Handshakes made from the RFCs' words: whole, in fragments, with cookies, wrapped and damaged.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Carrier, Fact, Side, TlsHello, Transport};

use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, datagrams, flow};
use crate::protocols::mutate::mutants;
use crate::protocols::tls::made::{
    alpn, behind_u8, behind_u16, behind_u24, certificate, certificate_message, extension, sni,
};

/// A hello's body with a cookie of so many octets.
fn body(cookie: usize, extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&[0xfe, 0xfd][..], &[0x5a; 32], &[0]].concat();
    let ciphers = behind_u16(&[0xc0, 0x2b, 0xc0, 0x2f]);
    let cookie = behind_u8(&vec![7; cookie]);
    [fixed, cookie, ciphers, vec![1, 0], behind_u16(&extensions.concat())].concat()
}

fn named(cookie: usize) -> Vec<u8> {
    body(cookie, &[sni(b"vpn.example.com"), alpn(&[b"webrtc"]), extension(10, &[0, 2, 0, 29])])
}

/// The fragments of a message of so many octets each.
fn fragments(kind: u8, number: u16, body: &[u8], size: usize) -> Vec<Vec<u8>> {
    let whole = behind_u24(body)[..3].to_vec();
    let part = |(place, part): (usize, &[u8])| {
        let offset = u32::try_from(place * size).expect("a short message").to_be_bytes();
        [&[kind][..], &whole, &number.to_be_bytes(), &offset[1..], &behind_u24(part)].concat()
    };
    body.chunks(size).enumerate().map(part).collect()
}

fn record(kind: u8, version: u16, epoch: u16, octets: &[u8]) -> Vec<u8> {
    let (version, epoch) = (version.to_be_bytes(), epoch.to_be_bytes());
    [&[kind][..], &version, &epoch, &[0; 6], &behind_u16(octets)].concat()
}

/// A message in datagrams, each with one fragment of so many octets.
fn sent(kind: u8, number: u16, body: &[u8], size: usize) -> Vec<Vec<u8>> {
    fragments(kind, number, body, size)
        .iter()
        .map(|fragment| record(22, 0xfefd, 0, fragment))
        .collect()
}

fn server_hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&[0xfe, 0xfd][..], &[0x33; 32], &[0, 0xc0, 0x2b, 0]].concat();
    [fixed, behind_u16(&extensions.concat())].concat()
}

fn play(talk: &[(Side, Vec<u8>)]) -> Told {
    let talk: Vec<_> = talk.iter().map(|(side, octets)| (*side, &octets[..])).collect();
    datagrams(&ENTRY, &flow(Transport::Udp, 4433), &talk).1
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

fn client(datagrams: Vec<Vec<u8>>) -> Vec<(Side, Vec<u8>)> {
    datagrams.into_iter().map(|octets| (Side::Client, octets)).collect()
}

fn server(datagrams: Vec<Vec<u8>>) -> Vec<(Side, Vec<u8>)> {
    datagrams.into_iter().map(|octets| (Side::Server, octets)).collect()
}

#[test]
fn hellos_in_fragments_of_any_size_and_order() {
    let whole = named(0);
    for size in [1, 2, 7, 50, 64, whole.len(), 9000] {
        let datagrams = sent(1, 0, &whole, size);
        let few = datagrams.len() < 60;
        let backwards = datagrams.iter().rev().cloned().collect();
        let twice = datagrams.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
        for (order, sent) in [("in order", datagrams), ("backwards", backwards), ("twice", twice)] {
            let told = play(&client(sent));
            // Fragments of an octet each are more datagrams than are read.
            let Some(hello) = hellos(&told).first().copied() else {
                assert!(!few, "by {size} {order}");
                continue;
            };
            assert_eq!(hellos(&told).len(), 1, "by {size} {order}");
            if few && !(order == "twice" && size < 7) {
                let name = hello.server_name.as_ref().map(model::DomainName::as_str);
                assert_eq!(name, Some("vpn.example.com"), "by {size} {order}");
                assert_eq!(hello.carrier, Carrier::Dtls);
                assert!(hello.ja4.as_ref().is_some_and(|ja4| ja4.head() == "dd2d0203wc"));
            }
        }
    }
    // All of it in one datagram: a record a fragment, and a record of them all.
    let fragments = fragments(1, 0, &whole, 40);
    for one in [sent(1, 0, &whole, 40).concat(), record(22, 0x0100, 0, &fragments.concat())] {
        assert!(hellos(&play(&client(vec![one])))[0].ja3.is_some());
    }
}

#[test]
fn a_hello_cut_anywhere_gives_its_name_or_none() {
    let whole = named(20);
    for cut in 0..whole.len() {
        let mut part = fragments(1, 0, &whole, whole.len()).concat();
        part.truncate(12 + cut);
        part[9..12].copy_from_slice(&behind_u24(&whole[..cut])[..3]);
        let told = play(&client(vec![record(22, 0xfefd, 0, &part)]));
        for hello in hellos(&told) {
            let name = hello.server_name.as_ref().map(model::DomainName::as_str);
            assert!(matches!(name, None | Some("vpn.example.com")), "{cut}");
            assert_eq!(hello.ja4, None);
        }
    }
}

#[test]
fn a_handshake_tells_one_hello_and_its_certificates() {
    let chain = certificate_message(&[certificate(), certificate()]);
    let shown = &chain[4..];
    let select = extension(43, &[0xfe, 0xfc]);
    let encrypted = record(22, 0xfefd, 1, &[9; 40]);
    let verify = record(22, 0xfeff, 0, &fragments(3, 0, &[0xfe, 0xff, 1, 7], 9)[0]);
    let table: &[(&str, Vec<(Side, Vec<u8>)>, usize, bool)] = &[
        ("1.3", server(sent(2, 0, &server_hello(&[select]), 900)), 0, true),
        ("resumed", server(vec![record(20, 0xfefd, 0, &[1])]), 0, true),
        ("encrypted", server(vec![encrypted.clone()]), 0, true),
        ("unified", server(vec![[&[0x2f][..], &[9; 40]].concat()]), 0, true),
        (
            "1.2",
            [
                server(sent(2, 1, &server_hello(&[]), 900)),
                server(sent(11, 2, shown, 100)),
                client(sent(11, 2, shown, 90)),
                client(vec![encrypted]),
            ]
            .concat(),
            2,
            true,
        ),
        ("on its way", server(sent(11, 2, shown, 9000)), 1, false),
        ("nothing", vec![], 0, false),
    ];
    for (what, answer, shown, done) in table {
        let asks = [client(sent(1, 0, &named(0), 60)), server(vec![verify.clone()])].concat();
        let again = client(sent(1, 1, &named(20), 60));
        let told = play(&[asks, again, answer.clone()].concat());
        assert_eq!((hellos(&told).len(), told.facts.len()), (1, 1 + shown), "{what}");
        assert_eq!(told.done, *done, "{what}");
        assert!(told.anomalies.is_empty(), "{what}: {:?}", told.anomalies);
        for fact in &told.facts {
            let Fact::TlsCertificate(shown) = fact else { continue };
            assert_eq!(shown.chain, [shown.sha256().expect("a fingerprint").into()], "{what}");
        }
    }
}

#[test]
fn in_what_relays_wrap_around_it() {
    let hello = sent(1, 0, &named(0), 9000).concat();
    let padding = vec![0; hello.len().next_multiple_of(4) - hello.len()];
    let data = |kind: u16, octets: &[u8]| [&kind.to_be_bytes()[..], &behind_u16(octets)].concat();
    let indication = |attributes: &[u8]| {
        let len = u16::try_from(attributes.len()).expect("a short message").to_be_bytes();
        [&[0, 0x16][..], &len, &[0x21, 0x12, 0xa4, 0x42], &[8; 12], attributes].concat()
    };
    let binding = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[8; 12]].concat();
    let peer =
        [data(0x12, &[0, 1, 2, 3, 4, 5, 6, 7]), data(0x13, &hello), padding.clone()].concat();
    let wrapped = [
        hello.clone(),
        data(0x4001, &hello),
        [data(0x4001, &hello), padding].concat(),
        indication(&peer),
        [&[1, 0, 0, 0][..], &hello].concat(),
    ];
    for one in &wrapped {
        let told = play(&client(vec![binding.clone(), one.clone(), binding.clone()]));
        assert_eq!(hellos(&told).len(), 1, "{one:02x?}");
    }
    let claim = |octets: &[u8]| super::claim(&flow(Transport::Udp, 9), Side::Client, octets);
    use crate::protocols::reader::Datagram::{Leads, NotMine};
    assert_eq!(claim(&binding), Leads);
    assert_eq!(claim(&data(0x4001, &binding)), Leads);
    for other in [
        &b""[..],
        &[0x80; 40],
        &hello[..24],
        &record(22, 0xfefd, 1, &[1; 40]),
        &record(23, 0xfefd, 0, &[1; 40]),
        &record(22, 0x0303, 0, &fragments(1, 0, &[1; 40], 40)[0]),
        &[&[1, 0, 0, 0][..], &[1; 40]].concat(),
    ] {
        assert_eq!(claim(other), NotMine, "{other:02x?}");
    }
}

#[test]
fn what_never_ends_is_given_up() {
    let part = sent(1, 0, &named(0), 30).remove(0);
    for other in [part.clone(), vec![0x80; 172]] {
        let told = play(&client([vec![part.clone()], vec![other; 200]].concat()));
        assert!(told.done);
        assert_eq!(hellos(&told).len(), 1);
    }
}

#[test]
fn damaged_handshakes_break_no_promise() {
    let part = |datagrams: Vec<Vec<u8>>| {
        let part = |octets: Vec<u8>| {
            let len = octets.len().div_ceil(4);
            let padding = vec![0; len * 4 - octets.len()];
            [vec![0, u8::try_from(len).expect("a short datagram")], octets, padding].concat()
        };
        datagrams.into_iter().flat_map(part).collect::<Vec<u8>>()
    };
    let samples = [
        part(sent(1, 0, &named(0), 900)),
        part(sent(1, 0, &named(20), 30)),
        part(sent(11, 2, &certificate_message(&[certificate()])[4..], 200)),
        sent(1, 0, &named(0), 9000).concat(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 9147, 10_000, fuzz);
}
