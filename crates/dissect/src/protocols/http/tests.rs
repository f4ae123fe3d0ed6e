//! Connections made from the RFCs' words, and from what odd clients really send.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Side, Transport};

use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::limits::HTTP_WAITING_MAX;
use crate::protocols::mutate::mutants;
use crate::protocols::{PROTOCOLS, reader::Entry};

const C: Side = Side::Client;
const S: Side = Side::Server;
const GAP: &[u8] = b"";

/// One line a fact.
fn lines(told: &Told) -> Vec<String> {
    let one = |fact: &Fact| match fact {
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
            format!(
                "{:?} {} of {host} {} size {size}",
                seen.kind,
                text(&seen.name),
                text(&seen.path)
            )
        }
        Fact::TlsHello(seen) => format!("hello {:?}", seen.server_name),
        other => panic!("not of HTTP: {other:?}"),
    };
    told.facts.iter().map(one).collect()
}

fn play_with(entries: &[Entry], segments: &[(Side, &[u8])]) -> Told {
    stream(entries, &flow(Transport::Tcp, 80), segments)
}

fn play(segments: &[(Side, &[u8])]) -> Told {
    play_with(&[ENTRY], segments)
}

/// What a client alone tells.
fn asked(octets: &[u8]) -> Vec<String> {
    lines(&play(&[(C, octets)]))
}

/// As a remote-control client polls its gateway: bare LF, a padded length, an absolute target.
const POLL: &[u8] =
    b"POST http://203.0.113.9/fakeurl.htm HTTP/1.1\nUser-Agent: NetSupport Manager/1.3\n\
Content-Type: application/x-www-form-urlencoded\nContent-Length:    22\nHost: 203.0.113.9\n\
Connection: Keep-Alive\n\nCMD=POLL\nINFO=1\nACK=1\n";

const PAGE: &[u8] = b"GET /a HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x/1\r\n\r\n";

fn download(extra: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{extra}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: d.example\r\n\r\n").into_bytes()
}

#[test]
fn every_request_of_a_connection() {
    let two = [PAGE, b"\r\n", &get("/b")].concat();
    assert_eq!(asked(&two), ["GET a.example /a [x/1]", "GET d.example /b"]);
    let polls = [POLL, POLL, POLL].concat();
    assert_eq!(asked(&polls), ["POST 203.0.113.9 /fakeurl.htm [NetSupport Manager/1.3]"; 3]);
    let chunked =
        b"POST /c HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n";
    assert_eq!(asked(&[&chunked[..], PAGE].concat()), ["POST - /c", "GET a.example /a [x/1]"]);
    let long =
        [b"PUT /l HTTP/1.1\r\nContent-Length: 40000\r\n\r\n", &[b'x'; 40_000][..], PAGE].concat();
    assert_eq!(asked(&long), ["PUT - /l", "GET a.example /a [x/1]"]);
    let folded = b"GET /f HTTP/1.1\r\nHost:\r\n f.example\r\n\r\n";
    assert_eq!(asked(folded), ["GET f.example /f"]);
    assert_eq!(
        asked(b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"),
        ["M-SEARCH 239.255.255.250:1900 *"]
    );
}

#[test]
fn in_segments_of_any_size() {
    let octets = [
        PAGE,
        POLL,
        &get("/b"),
        b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        PAGE,
    ]
    .concat();
    let answers = [
        download("", b"MZ\x90\0"),
        download("", b"text"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\x7f\r\n3\r\nELF\r\n0\r\n\r\n"
            .to_vec(),
        download("", b"PK\x03\x04"),
    ]
    .concat();
    let want = lines(&play(&[(C, &octets), (S, &answers)]));
    assert_eq!(want.len(), 8, "{want:#?}");
    for size in 1..200 {
        let sent = octets.chunks(size).map(|part| (C, part));
        let got = answers.chunks(size).map(|part| (S, part));
        let told = play(&sent.chain(got).collect::<Vec<_>>());
        assert_eq!(lines(&told), want, "segments of {size}: {:?}", told.anomalies);
    }
}

#[test]
fn a_head_cut_anywhere_gives_its_host_or_none() {
    let head = b"GET /path HTTP/1.1\r\nAccept: */*\r\nHost: www.example.com:8080\r\nUser-Agent: Agent/1\r\n\r\n";
    let whole = "GET www.example.com:8080 /path [Agent/1]";
    for cut in 0..=head.len() {
        for line in asked(&head[..cut]) {
            let part = ["GET - /path", "GET www.example.com:8080 /path", whole];
            assert!(part.contains(&&*line), "cut at {cut}: {line}");
        }
    }
    assert_eq!(asked(&head[..head.len() - 2]), [whole]);
}

#[test]
fn files_that_come_down() {
    let long = format!("/{}.exe", "n".repeat(400));
    let name = format!("{}.exe", "n".repeat(251));
    let attached = "Content-Disposition: attachment; filename=\"My Tool.exe\"\r\n";
    let table: &[(&str, &str, &[u8], String)] = &[
        (
            "/dl/AnyTool.exe?x=1",
            "",
            b"MZ\x90\0\x03",
            "Pe AnyTool.exe of d.example /dl/AnyTool.exe?x=1 size 5".into(),
        ),
        ("/dl", attached, b"MZ", "Pe My Tool.exe of d.example /dl size 2".into()),
        (
            "/i.msi",
            "",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..",
            "Msi i.msi of d.example /i.msi size 10".into(),
        ),
        ("/", "", b"PK\x03\x04", "Zip - of d.example / size 4".into()),
        ("/m", "", b"\xca\xfe\xba\xbe\0\0\0\x02", "MachO m of d.example /m size 8".into()),
        (&long, "", b"\x7fELF", format!("Elf {name} of d.example {long} size 4")),
    ];
    for (path, extra, body, want) in table {
        let told = play(&[(C, &get(path)), (S, &download(extra, body))]);
        assert_eq!(lines(&told)[1..], *std::slice::from_ref(want), "{path}");
    }
    for body in [&b"<html>"[..], b"M", b"", b"\xca\xfe\xba\xbe\0\0\0\x34"] {
        assert_eq!(lines(&play(&[(C, &get("/x")), (S, &download("", body))])).len(), 1, "{body:?}");
    }
}

#[test]
fn which_answer_is_which_requests() {
    let exe = download("", b"MZ");
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("an interim one before it", [b"HTTP/1.1 100 Continue\r\n\r\n", &exe[..]].concat(), "/1"),
        (
            "HEAD has no body",
            [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", &exe[..]].concat(),
            "/head",
        ),
        ("204 has no body", [b"HTTP/1.1 204 No\r\n\r\n", &exe[..]].concat(), "/2"),
        (
            "304 has no body",
            [b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", &exe[..]].concat(),
            "/2",
        ),
        ("behind a page", [download("", b"<p>"), exe.clone()].concat(), "/2"),
        (
            "behind chunks",
            [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<>\r\n0\r\n\r\n",
                &exe[..],
            ]
            .concat(),
            "/2",
        ),
        ("until the end", [b"HTTP/1.0 200 OK\r\n\r\n", &b"MZ"[..]].concat(), "/1"),
    ];
    for (what, answers, path) in table {
        let requests = match *path {
            "/head" => [&b"HEAD /1 HTTP/1.1\r\n\r\n"[..], &get("/head")].concat(),
            _ => [get("/1"), get("/2")].concat(),
        };
        let told = play(&[(C, &requests), (S, answers)]);
        let last = lines(&told).pop().unwrap_or_default();
        assert!(
            last.starts_with("Pe") && last.contains(&format!("of d.example {path} ")),
            "{what}: {last}"
        );
    }
    // More wait than are remembered: the first sixteen answers are known, the others stand alone.
    let count = HTTP_WAITING_MAX + 4;
    let requests: Vec<u8> = (0..count).flat_map(|number| get(&format!("/{number}"))).collect();
    let told = play(&[(C, &requests), (S, &exe.repeat(count)), (C, &get("/next")), (S, &exe)]);
    let lines = lines(&told);
    assert_eq!(lines[count], "Pe 0 of d.example /0 size 2");
    assert_eq!(lines[count + HTTP_WAITING_MAX], "Pe - of - - size 2");
    assert_eq!(lines.last().map(String::as_str), Some("Pe next of d.example /next size 2"));
}

#[test]
fn from_one_side_alone() {
    let told = play(&[(S, &download("", b"MZ\x90\0"))]);
    assert_eq!(lines(&told), ["Pe - of - - size 4"]);
    // The roles were guessed the other way round.
    let told = play(&[(S, PAGE), (C, &download("", b"MZ"))]);
    assert_eq!(lines(&told), ["GET a.example /a [x/1]", "Pe a of a.example /a size 2"]);
}

#[test]
fn after_a_gap_the_next_head_is_found() {
    let segments = [(C, &PAGE[..30]), (C, GAP), (C, b"-of-something: x\r\n\r\n"), (C, POLL)];
    let lines_of = |told: Told| lines(&told);
    let got = lines_of(play(&segments));
    assert_eq!(got, ["GET - /a", "POST 203.0.113.9 /fakeurl.htm [NetSupport Manager/1.3]"]);
    // An answer was lost: what was asked before the next request is nobody's.
    let exe = download("", b"MZ");
    let told = play(&[
        (C, &get("/1")),
        (S, b"HTTP/1.1 200 OK\r\n"),
        (S, GAP),
        (S, b"garbage"),
        (C, &get("/2")),
        (S, &exe),
    ]);
    assert_eq!(lines_of(told).pop().as_deref(), Some("Pe 2 of d.example /2 size 2"));
    // A body of no sense.
    let told = play(&[
        (C, &get("/1")),
        (S, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        (C, &get("/2")),
        (S, &exe),
    ]);
    assert_eq!(told.anomalies, ["http_chunk_malformed"]);
    assert_eq!(lines_of(told).len(), 3);
}

#[test]
fn a_head_longer_than_an_opening_is_told_by_its_beginning() {
    let head =
        [b"GET /long HTTP/1.1\r\nHost: l.example\r\nCookie: ", &[b'c'; 30_000][..], b"\r\n\r\n"]
            .concat();
    let told = play(&[(C, &head), (C, PAGE)]);
    assert_eq!(lines(&told), ["GET l.example /long", "GET a.example /a [x/1]"]);
    assert_eq!(told.anomalies, ["http_head_too_long"]);
}

#[test]
fn another_protocol_begins() {
    let hello =
        [&[22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 3][..], &[5; 32], &[0, 0, 2, 0x13, 1, 1, 0, 0, 0]]
            .concat();
    let connect = b"CONNECT t.example:443 HTTP/1.1\r\nHost: t.example:443\r\n\r\n";
    let granted = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let asked = "CONNECT t.example:443 t.example:443";
    let hello_line = "hello None";
    let told = play_with(PROTOCOLS, &[(C, connect), (S, granted), (C, &hello)]);
    assert_eq!(lines(&told), [asked, hello_line]);
    // The answer was not seen.
    let told = play_with(PROTOCOLS, &[(C, connect), (C, &hello)]);
    assert_eq!(lines(&told), [asked, hello_line]);
    // Refused at first.
    let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nauth";
    let told = play_with(
        PROTOCOLS,
        &[(C, connect), (S, refused), (C, connect), (S, granted), (C, &hello)],
    );
    assert_eq!(lines(&told), [asked, asked, hello_line]);
    let upgrade = b"GET /agent.ashx HTTP/1.1\r\nHost: m.example\r\nUpgrade: websocket\r\n\r\n";
    let told =
        play_with(PROTOCOLS, &[(C, upgrade), (S, b"HTTP/1.1 101 Switching\r\n\r\n\x81\x05hello")]);
    assert_eq!(lines(&told), ["GET m.example /agent.ashx"]);
}

#[test]
fn what_is_not_http() {
    for octets in [
        &b"EHLO a\r\n"[..],
        b"OPTIONS * RTSP/1.0\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n\r\n",
        b"\0\0",
        b"GET /\r\n",
    ] {
        let told = play(&[(C, octets)]);
        assert!(told.facts.is_empty() && told.anomalies.is_empty(), "{octets:?}");
    }
}

#[test]
fn damaged_connections_break_no_promise() {
    let samples = [
        [PAGE, POLL, PAGE].concat(),
        download("Content-Disposition: attachment; filename*=UTF-8''a%20b.exe\r\n", b"MZ\x90\0"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\nHTTP/1.1 304 N\r\n\r\n".to_vec(),
        b"CONNECT t.example:443 HTTP/1.1\r\n\r\n\x16\x03\x01".to_vec(),
        b"GET http://u@[2001:db8::1]:8080/a%20b?c HTTP/1.1\r\nHost : x\r\n y\r\n\r\n".to_vec(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 9112, 10_000, fuzz);
}
