//! Connections made from the RFC's words.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Side, Transport};

use super::frame::{DATA, END_STREAM, HEADERS, PREFACE, PUSH_PROMISE, SETTINGS};
use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;
use crate::protocols::{PROTOCOLS, reader::Entry};

const C: Side = Side::Client;
const S: Side = Side::Server;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

fn line(fact: &Fact) -> String {
    match fact {
        Fact::HttpRequest(seen) => {
            let host = seen.host.as_ref().map_or("-", model::DomainName::as_str);
            let port = seen.port.map_or(String::new(), |port| format!(":{port}"));
            let agent =
                seen.user_agent.as_ref().map_or(String::new(), |agent| format!(" [{agent}]"));
            format!("{} {host}{port} {}{agent}", seen.method, seen.path)
        }
        Fact::FileDownload(seen) => {
            let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or("-").to_owned();
            let host = seen.host.as_ref().map_or("-", model::DomainName::as_str);
            let size = seen.size.map_or("-".to_owned(), |size| size.to_string());
            let (name, path) = (text(&seen.name), text(&seen.path));
            format!("{:?} {name} of {host} {path} size {size}", seen.kind)
        }
        Fact::DnsQuery(seen) => format!("asks {}", seen.question.name.as_ref().expect("a name")),
        Fact::DnsAnswer(seen) => format!("answers {}", seen.records.len()),
        other => panic!("not of HTTP: {other:?}"),
    }
}

fn lines(told: &Told) -> Vec<String> {
    told.facts.iter().map(line).collect()
}

fn play_with(entries: &[Entry], segments: &[(Side, &[u8])]) -> Told {
    stream(entries, &flow(Transport::Tcp, 80), segments)
}

fn play(segments: &[(Side, &[u8])]) -> Told {
    play_with(&[ENTRY], segments)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field as it is; the next block may refer to it.
fn kept(name: &str, value: &str) -> Vec<u8> {
    let name = [&[0x40, name.len() as u8], name.as_bytes()].concat();
    [&name[..], &[value.len() as u8], value.as_bytes()].concat()
}

fn head(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block)
}

const GET: &[u8] = &[0x82, 0x86];
const OK: &[u8] = &[0x88];

/// A client's preface and settings, and requests for two pages, the second of which refers to the
/// first.
fn asks() -> Vec<u8> {
    let first =
        [kept(":path", "/a"), kept(":authority", "H.example:8080"), kept("user-agent", "x/1")];
    let second = [&[0xbf, 0xbe][..], &kept(":path", "/b?c")].concat();
    [
        PREFACE,
        &frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]),
        &frame(8, 0, 0, &[0, 1, 0, 0]),
        &head(1, &[GET, &first.concat()].concat()),
        &frame(6, 0, 0, &[7; 8]),
        &frame(HEADERS, END_HEADERS | END_STREAM, 3, &[GET, &second].concat()),
    ]
    .concat()
}

const ASKED: [&str; 2] = ["GET h.example:8080 /a [x/1]", "GET h.example:8080 /b?c [x/1]"];

/// A server's settings, and both answers, the second one first, their data in turns.
fn answers() -> Vec<u8> {
    let named = kept("content-disposition", "attachment; filename=\"My Tool.exe\"");
    [
        frame(SETTINGS, 0, 0, &[]),
        frame(SETTINGS, 1, 0, &[]),
        head(3, &[OK, &named, &kept("content-length", "5")].concat()),
        head(1, OK),
        frame(DATA, PADDED, 3, &[2, b'M', 0, 0]),
        frame(DATA, 0, 1, b"\x7f"),
        frame(DATA, END_STREAM, 3, b"Z\x90\0\x03"),
        frame(DATA, 0, 1, &[b"ELF".to_vec(), vec![0; 9000]].concat()),
        frame(DATA, END_STREAM, 1, b"more"),
    ]
    .concat()
}

const CAME: [&str; 2] = ["Pe My Tool.exe of h.example /b?c size 5", "Elf a of h.example /a size -"];

#[test]
fn requests_and_files_of_a_connection() {
    let (asks, answers) = (asks(), answers());
    let told = play(&[(C, &asks), (S, &answers)]);
    assert_eq!(lines(&told), [ASKED, CAME].concat());
    assert!(told.anomalies.is_empty(), "{:?}", told.anomalies);
    for size in 1..150 {
        let sent = asks.chunks(size).map(|part| (C, part));
        let got = answers.chunks(size).map(|part| (S, part));
        let told = play(&sent.chain(got).collect::<Vec<_>>());
        assert_eq!(lines(&told), [ASKED, CAME].concat(), "segments of {size}");
    }
    // From one side alone, and with the sides mistaken.
    assert_eq!(lines(&play(&[(C, &asks)])), ASKED);
    assert_eq!(lines(&play(&[(S, &asks), (C, &answers)])), [ASKED, CAME].concat());
    assert_eq!(
        lines(&play(&[(S, &answers)])),
        ["Pe My Tool.exe of - - size 5", "Elf - of - - size -"]
    );
}

#[test]
fn a_connection_cut_anywhere_tells_no_other_host() {
    let asks = asks();
    let part = ["GET - /a", "GET h.example:8080 /a", "GET - /b?c"];
    for cut in 0..asks.len() {
        for line in lines(&play(&[(C, &asks[..cut])])) {
            assert!(ASKED.contains(&&*line) || part.contains(&&*line), "cut at {cut}: {line}");
        }
    }
}

#[test]
fn heads_in_every_shape() {
    let fields = [GET, &kept(":path", "/p"), &kept(":authority", "h.example")].concat();
    let (one, other) = fields.split_at(9);
    let coded = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
    let host = [GET, &[0x84], &kept("host", "o.example")].concat();
    let tunnel = [&kept(":method", "CONNECT")[..], &kept(":authority", "t.example:22")].concat();
    let call = [&[0x83, 0x86][..], &kept(":path", "/svc/Do"), &kept(":authority", "g.example")];
    let promised = [&[0, 0, 0, 2][..], GET, &kept(":authority", "x.example"), &[0x84]].concat();
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("at once", head(1, &fields), "GET h.example /p"),
        (
            "in three frames",
            [
                frame(HEADERS, 0, 1, one),
                frame(CONTINUATION, 0, 1, b""),
                frame(CONTINUATION, END_HEADERS, 1, other),
            ]
            .concat(),
            "GET h.example /p",
        ),
        (
            "padded, with a priority",
            frame(
                HEADERS,
                END_HEADERS | PADDED | PRIORITY,
                1,
                &[&[3, 0, 0, 0, 0, 16][..], &fields, &[0; 3]].concat(),
            ),
            "GET h.example /p",
        ),
        ("Huffman codes", head(1, coded), "GET www.example.com /"),
        ("a Host field", head(1, &host), "GET o.example /"),
        ("CONNECT", head(1, &tunnel), "CONNECT t.example:22 t.example:22"),
        ("a call", head(1, &call.concat()), "POST g.example /svc/Do"),
        (
            "a trailer, then a request",
            [head(1, &kept("x", "y")), head(3, &fields)].concat(),
            "GET h.example /p",
        ),
        (
            "behind unknown frames",
            [frame(0xaa, 0xff, 9, &[1; 300]), head(1, &fields)].concat(),
            "GET h.example /p",
        ),
        (
            "behind a body",
            [frame(DATA, 0, 7, &[1; 16_000]), head(1, &fields)].concat(),
            "GET h.example /p",
        ),
    ];
    for (what, octets, want) in table {
        let told = play(&[(C, PREFACE), (C, octets)]);
        assert_eq!(lines(&told), [*want], "{what}");
        assert!(told.anomalies.is_empty(), "{what}: {:?}", told.anomalies);
    }
    // What a server promises is no request, but later fields may refer to it.
    let server = [
        frame(SETTINGS, 0, 0, &[]),
        frame(PUSH_PROMISE, END_HEADERS, 1, &promised),
        head(1, &[OK, &[0xbe]].concat()),
        frame(DATA, 0, 1, b"MZ"),
    ];
    let told = play(&[(C, &asks()), (S, &server.concat())]);
    let last = lines(&told).pop().expect("a file");
    assert_eq!((last.as_str(), told.facts.len()), ("Pe a of h.example /a size -", 3));
    assert!(told.anomalies.is_empty(), "{:?}", told.anomalies);
}

#[test]
fn after_an_upgrade() {
    let asks_for_it =
        b"GET /first HTTP/1.1\r\nHost: u.example\r\nConnection: Upgrade, HTTP2-Settings\r\n\
Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let granted =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let (asks, answers) = (asks(), [&granted[..], &answers()].concat());
    let want = [&["GET u.example /first"][..], &ASKED, &CAME].concat();
    let told = play_with(
        PROTOCOLS,
        &[(C, asks_for_it), (S, granted), (C, &asks), (S, &answers[granted.len()..])],
    );
    assert_eq!(lines(&told), want);
    let told = play_with(PROTOCOLS, &[(C, asks_for_it), (S, &answers), (C, &asks)]);
    assert_eq!(lines(&told)[0], want[0]);
    assert!(lines(&told).contains(&ASKED[1].to_owned()), "{:?}", lines(&told));
}

#[test]
fn questions_inside() {
    let question = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01";
    let answer = [
        &b"\0\0\x81\x80\0\x01\0\x01\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01"[..],
        b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01",
    ]
    .concat();
    let kind = kept("content-type", "application/dns-message");
    let post = [&[0x83, 0x86][..], &kept(":path", "/dns-query"), &kind].concat();
    let asks = [PREFACE, &head(1, &post), &frame(DATA, END_STREAM, 1, question)].concat();
    let says = [
        frame(SETTINGS, 0, 0, &[]),
        head(1, &[OK, &kind].concat()),
        frame(DATA, END_STREAM, 1, &answer),
    ];
    let told = play(&[(C, &asks), (S, &says.concat())]);
    assert_eq!(lines(&told), ["POST - /dns-query", "asks www.example.com", "answers 1"]);
    let path = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";
    let get = [PREFACE, &head(1, &[GET, &kept(":path", path)].concat())].concat();
    assert_eq!(
        lines(&play(&[(C, &get)])),
        [format!("GET - {path}"), "asks www.example.com".into()]
    );
    // The same over HTTP/1.
    let get = format!("GET {path} HTTP/1.1\r\n\r\n");
    let head = "Content-Type: application/dns-message\r\nContent-Length: ";
    let post = format!("POST /q HTTP/1.1\r\n{head}{}\r\n\r\n", question.len());
    let says = format!("HTTP/1.1 200 OK\r\n{head}{}\r\n\r\n", answer.len());
    let empty = b"HTTP/1.1 204 No\r\n\r\n";
    let asks = [get.as_bytes(), post.as_bytes(), question].concat();
    let says = [&empty[..], says.as_bytes(), &answer].concat();
    for size in [1, 20, 1000] {
        let asks = asks.chunks(size).map(|part| (C, part));
        let says = says.chunks(size).map(|part| (S, part));
        let told = play_with(PROTOCOLS, &asks.chain(says).collect::<Vec<_>>());
        let want = [
            &*format!("GET - {path}"),
            "asks www.example.com",
            "POST - /q",
            "asks www.example.com",
            "answers 1",
        ];
        assert_eq!(lines(&told), want, "segments of {size}");
    }
    // A word of the same shape that is no question.
    let other = "GET /?dns=c29tZXRoaW5nIGVsc2U HTTP/1.1\r\n\r\n";
    assert_eq!(play_with(PROTOCOLS, &[(C, other.as_bytes())]).facts.len(), 1);
}

#[test]
fn what_breaks_a_rule_ends_the_side() {
    let good = head(3, &[GET, &kept(":path", "/p")].concat());
    let bomb = [GET, &kept(":path", "/p"), &kept("x", &"y".repeat(120)), &[0xbe; 600]].concat();
    let table: &[(&str, Vec<u8>, &[&str], &str)] = &[
        ("an unknown reference", head(1, &[0xff, 0x40]), &[], "http2_fields_malformed"),
        ("a bomb", head(1, &bomb), &["GET - /p"], "http2_fields_malformed"),
        ("no frame", b"GET / HTTP/1.1\r\n\r\n".to_vec(), &[], "http2_framing_lost"),
        (
            "another frame amid a head",
            [frame(HEADERS, 0, 1, GET), frame(DATA, 0, 1, b"")].concat(),
            &[],
            "http2_framing_lost",
        ),
        (
            "a head without an end",
            [frame(HEADERS, 0, 1, &good[9..]), frame(CONTINUATION, 0, 1, &[0; 16_000])].concat(),
            &["GET - /p"],
            "http_head_too_long",
        ),
    ];
    for (what, octets, want, anomaly) in table {
        let told = play(&[(C, &[PREFACE, octets, &good].concat())]);
        assert_eq!(
            (lines(&told), &*told.anomalies),
            (want.iter().map(|line| (*line).to_owned()).collect(), &[*anomaly][..]),
            "{what}"
        );
    }
    // Behind a gap no field can be read.
    let asks = asks();
    let told = play(&[(C, &asks[..100]), (C, b""), (C, &good)]);
    assert_eq!(lines(&told), ["GET h.example:8080 /a"]);
}

#[test]
fn what_is_not_http_2() {
    for octets in [
        &b"PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n"[..],
        b"GET / HTTP/2.0\r\n\r\n",
        b"\0\0\x05\x04\0\0\0\0\0",
        b"\0\0\x06\x04\x01\0\0\0\0",
        b"\0\0\x06\x04\0\0\0\0\x01",
        b"\0\0\x48\x04\0\0\0\0\0",
        b"",
    ] {
        assert!(play(&[(C, octets)]).facts.is_empty(), "{}", octets.escape_ascii());
        assert!(play(&[(S, octets)]).facts.is_empty(), "{}", octets.escape_ascii());
    }
}

#[test]
fn damaged_connections_break_no_promise() {
    let samples = [asks(), answers(), asks()[24..].to_vec()];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 9113, 5_000, fuzz);
}
