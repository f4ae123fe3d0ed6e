//! Both versions, whole and cut, of both ends and of one; and what is none.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Side, Transport};

use super::message::{Found, client, server};
use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;
use crate::protocols::{http, tls};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";

/// What a client and its server say in turn before they relay, and whether they then do.
fn talks() -> Vec<(&'static str, Vec<(Side, Vec<u8>)>, bool)> {
    use Side::{Client, Server};
    let granted = b"\x05\0\0\x01\x0a\xb4\x9c\xf9\xdf\xb4";
    let long = [&b"\x05\x01\0\x03\xff"[..], &[b'a'; 255], b"\x01\xbb"].concat();
    let talk = |parts: &[(Side, &[u8])]| {
        parts.iter().map(|(side, octets)| (*side, octets.to_vec())).collect::<Vec<_>>()
    };
    let four = b"\x04\x01\0\x50\x5d\xb8\xd8\x77user\0";
    let named = b"\x04\x01\0\x50\0\0\0\x01\0www.example.com\0";
    let yes = b"\0\x5a\xdf\xb2\x0a\xb4\x9c\xf9";
    vec![
        ("4", talk(&[(Client, four), (Server, yes)]), true),
        ("4a", talk(&[(Client, named), (Server, yes)]), true),
        ("4, refused", talk(&[(Client, four), (Server, b"\0\x5b\0\0\0\0\0\0")]), false),
        (
            "5",
            talk(&[
                (Client, b"\x05\x02\0\x01"),
                (Server, b"\x05\0"),
                (Client, b"\x05\x01\0\x01\x5d\xb8\xd8\x77\0\x50"),
                (Server, granted),
            ]),
            true,
        ),
        (
            "5 with a password, to a name",
            talk(&[
                (Client, b"\x05\x03\0\x01\x02"),
                (Server, b"\x05\x02"),
                (Client, b"\x01\x08testuser\x08testuser"),
                (Server, b"\x01\0"),
                (Client, &long),
                (Server, b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"),
            ]),
            true,
        ),
        (
            "5, refused",
            talk(&[
                (Client, b"\x05\x01\0"),
                (Server, b"\x05\0"),
                (Client, b"\x05\x01\0\x01\x5d\xb8\xd8\x77\0\x50"),
                (Server, b"\x05\x05\0\x01\0\0\0\0\0\0"),
            ]),
            false,
        ),
        (
            "5, an association of datagrams",
            talk(&[
                (Client, b"\x05\x01\0"),
                (Server, b"\x05\0"),
                (Client, b"\x05\x03\0\x01\0\0\0\0\0\0"),
            ]),
            false,
        ),
    ]
}

fn play(segments: &[(Side, &[u8])]) -> Told {
    let entries = [tls::ENTRY, http::ENTRY, ENTRY];
    stream(&entries, &flow(Transport::Tcp, 1080), segments)
}

fn hosts(told: &Told) -> Vec<&str> {
    let mut hosts = Vec::new();
    for fact in &told.facts {
        if let Fact::HttpRequest(request) = fact {
            hosts.extend(request.host.as_ref().map(model::DomainName::as_str));
        }
    }
    hosts
}

#[test]
fn what_is_relayed_is_read_anew() {
    for (what, talk, relays) in talks() {
        for size in [1, 3, 1460] {
            let cut = |(side, octets): &(Side, Vec<u8>)| {
                octets.chunks(size).map(|part| (*side, part.to_vec())).collect::<Vec<_>>()
            };
            let parts: Vec<_> = talk.iter().flat_map(cut).collect();
            let mut segments: Vec<_> =
                parts.iter().map(|(side, part)| (*side, &part[..])).collect();
            segments.extend(GET.chunks(size).map(|part| (Side::Client, part)));
            let told = play(&segments);
            let want: &[&str] = if relays { &["www.example.com"] } else { &[] };
            assert_eq!(hosts(&told), want, "{what}, by {size}");
            assert!(told.anomalies.is_empty(), "{what}: {:?}", told.anomalies);
        }
    }
}

#[test]
fn of_one_end_alone() {
    for (what, talk, relays) in talks() {
        let mut segments: Vec<_> = talk
            .iter()
            .filter(|(side, _)| *side == Side::Client)
            .map(|(side, part)| (*side, &part[..]))
            .collect();
        segments.push((Side::Client, GET));
        let asks = relays || what.ends_with("refused");
        assert_eq!(hosts(&play(&segments)).len(), usize::from(asks), "{what}");
    }
}

#[test]
fn of_the_other_end_alone_and_with_the_ends_mistaken() {
    const BANNER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (what, talk, relays) in talks() {
        let all = |side: Side, rest: &[u8]| -> Vec<(Side, Vec<u8>)> {
            let said = talk.iter().filter(|(by, _)| *by == side).cloned();
            said.chain([(side, rest.to_vec())]).collect()
        };
        let server = all(Side::Server, BANNER);
        let lent: Vec<_> = server.iter().map(|(side, octets)| (*side, &octets[..])).collect();
        assert!(play(&lent).anomalies.is_empty(), "{what}");
        // What was taken for the server is the client.
        let turned: Vec<_> = talk
            .iter()
            .map(|(side, octets)| (side.other(), &octets[..]))
            .chain([(Side::Server, GET)])
            .collect();
        assert_eq!(hosts(&play(&turned)).len(), usize::from(relays), "{what}");
    }
}

#[test]
fn messages_at_every_cut() {
    for (what, talk, relays) in talks() {
        for (side, read) in [(Side::Client, client as fn(&[u8]) -> Found), (Side::Server, server)] {
            let said: Vec<u8> = talk
                .iter()
                .filter(|(by, _)| *by == side)
                .flat_map(|(_, octets)| octets.clone())
                .collect();
            for cut in 0..said.len() {
                assert_eq!(read(&said[..cut]), Found::More, "{what}: {side:?} at {cut}");
            }
            let Found::Whole { len, relays: known } = read(&said) else { continue };
            assert_eq!(len, said.len(), "{what}");
            assert!(known >= relays, "{what}");
            assert_eq!(read(&[&said, GET].concat()), read(&said), "{what}");
        }
    }
}

#[test]
fn what_is_none() {
    let clients: &[&[u8]] = &[
        b"\x05\0",
        b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0",
        b"\x05\x01\x10",
        b"\x05\x01\0\x05\x01\x01",
        b"\x05\x01\0\x05\x01\0\x02",
        b"\x05\x01\0\x01\0\0",
        b"\x04\x03",
        b"\x04\x01\0\x25\0\0\x01\0\0\0\x15",
        b"\x04\x01\0\x50\x5d\xb8\xd8\x77\x01\x02",
        b"\x04\x01\0\0\x5d\xb8\xd8\x77\0",
        b"\x06",
    ];
    for octets in clients {
        assert_eq!(client(octets), Found::Foreign, "{}", octets.escape_ascii());
        assert!(hosts(&play(&[(Side::Client, octets), (Side::Server, b"\0\x5a")])).is_empty());
    }
    // A request in version 4 that nobody grants is told for byte signatures.
    let told = play(&[(Side::Client, b"\x04\x01\0\x50\x5d\xb8\xd8\x77\0and more of it\x01")]);
    assert!(told.facts.is_empty() && !told.done);
}

#[test]
fn damaged_talks_break_no_promise() {
    let samples: Vec<Vec<u8>> = talks()
        .into_iter()
        .map(|(_, talk, _)| talk.into_iter().flat_map(|(_, octets)| octets).collect())
        .collect();
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 1928, 10_000, fuzz);
}
