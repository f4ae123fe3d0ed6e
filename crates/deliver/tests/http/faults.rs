//! Servers that are down, slow, confused or hostile: every kind of sink says so, gives nothing up,
//! and is through as soon as the server has come to itself.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::peers::{carrier, carry, carry_all, carry_within, entries, free_port, http, kinds};
use crate::stub::{Asked, Reply, Stub};

/// What a server of that kind says when all is well.
fn well(kind: &str, asked: &Asked) -> Reply {
    match kind {
        "elastic" => {
            let items = asked.body.lines().count() / 2;
            let items = vec![json!({ "create": { "status": 201 } }); items];
            Reply::ok(json!({ "errors": false, "items": items }).to_string())
        }
        "hec" => Reply::ok(r#"{"text":"Success","code":0}"#),
        "loki" => Reply::Say(204, &[], String::new()),
        "evebox" => Reply::ok(json!({ "Count": asked.body.lines().count() }).to_string()),
        _ => Reply::ok(""),
    }
}

/// What goes wrong, and whether 200 with this body is success for a plain webhook.
fn troubles() -> Vec<(&'static str, Reply, bool)> {
    let head = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}");
    let say = |status, headers| Reply::Say(status, headers, "it says so".to_owned());
    vec![
        ("closes", Reply::Close, false),
        (
            "garbage",
            Reply::Raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
            false,
        ),
        ("another protocol", Reply::Raw(b"220 mail.example ESMTP\r\n\r\n".to_vec()), false),
        ("HTTP/0.9", Reply::Raw(b"all right\r\n\r\n".to_vec()), false),
        ("half an answer", Reply::Raw(head("content-length: 10\r\n\r\nhalf").into_bytes()), false),
        (
            "two lengths",
            Reply::Raw(head("content-length: 1\r\ncontent-length: 2\r\n\r\nab").into_bytes()),
            false,
        ),
        (
            "a chunk that is none",
            Reply::Raw(head("transfer-encoding: chunked\r\n\r\nzz\r\n").into_bytes()),
            false,
        ),
        (
            "a header without end",
            Reply::Endless(head("").into_bytes(), b"x-more: and more\r\n".to_vec()),
            false,
        ),
        ("a line without end", Reply::Endless(head("x: ").into_bytes(), vec![b'a'; 4096]), false),
        (
            "a body without end",
            Reply::Endless(
                head("content-length: 99999999999\r\n\r\n").into_bytes(),
                vec![b' '; 65536],
            ),
            true,
        ),
        ("an empty 200", Reply::ok(""), true),
        ("a login page", Reply::ok("<html>please sign in"), true),
        ("moved", say(301, &[("Location", "https://elsewhere.example/")]), false),
        ("moved for good", say(308, &[("Location", "/else\x07where")]), false),
        ("who are you", say(401, &[("WWW-Authenticate", "Basic")]), false),
        ("you may not", say(403, &[]), false),
        ("not here", say(404, &[]), false),
        ("too often", say(429, &[("Retry-After", "17")]), false),
        ("broken", say(500, &[]), false),
        ("a bad gateway", say(502, &[]), false),
        ("overloaded", say(503, &[("Retry-After", "17")]), false),
        ("silence", Reply::Silence, false),
    ]
}

/// How long an attempt may take: half an answer waits for its other half, as silence does.
fn patience(trouble: &str) -> Duration {
    let hangs = ["half an answer", "silence"].contains(&trouble);
    if hangs { Duration::from_millis(150) } else { Duration::from_secs(10) }
}

#[test]
fn nothing_is_given_up_for_a_server_in_trouble() {
    for (trouble, reply, fine_for_some) in troubles() {
        for (kind, plan) in kinds(&http(0, "/")) {
            if fine_for_some && (kind.starts_with("webhook") || kind == "alertmanager") {
                continue;
            }
            let reply = reply.clone();
            let stub = Stub::start(move |asked| match asked.number {
                1 => reply.clone(),
                _ => well(kind, asked),
            });
            let mut sink = carrier(at(&plan, stub.port));
            let batch = entries(0, 10);
            let case = format!("{kind}: {trouble}");
            let setback = carry_within(&mut *sink, &batch, patience(trouble));
            let setback = setback.expect_err(&case);
            assert_eq!((setback.carried, setback.refused.len()), (0, 0), "{case}: {setback:?}");
            assert!(setback.why.chars().count() < 500, "{case}: {}", setback.why);
            assert!(!setback.why.contains(char::is_control), "{case}: {}", setback.why);
            let wait = matches!(trouble, "too often" | "overloaded").then_some(17);
            assert_eq!(setback.wait.map(|wait| wait.as_secs()), wait, "{case}");
            // The server comes to itself, and the same sink goes on.
            assert_eq!(carry_all(&mut *sink, &batch), Vec::<String>::new(), "{case}");
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = free_port();
    for (kind, plan) in kinds(&http(port, "/")) {
        let setback = carry(&mut *carrier(plan), &entries(0, 1)).expect_err(kind);
        assert!(setback.why.contains(&format!("127.0.0.1:{port}")), "{kind}: {}", setback.why);
    }
}

#[test]
fn a_connection_that_idled_away_is_made_anew_at_once() {
    for (kind, plan) in kinds(&http(0, "/")) {
        // It answers each connection once and closes it when asked again.
        let mut last = 0;
        let stub = Stub::start(move |asked| {
            if std::mem::replace(&mut last, asked.connection) == asked.connection {
                return Reply::Close;
            }
            well(kind, asked)
        });
        let mut sink = carrier(at(&plan, stub.port));
        for from in 0..5 {
            carry(&mut *sink, &entries(from, from + 1)).expect(kind);
        }
    }
}

#[test]
fn too_much_goes_in_parts_and_what_alone_is_too_much_is_refused() {
    for (kind, plan) in kinds(&http(0, "/")) {
        let stub = Stub::start(move |asked| {
            if asked.body.len() > 2000 {
                return Reply::Say(413, &[], "too large".to_owned());
            }
            well(kind, asked)
        });
        let mut sink = carrier(at(&plan, stub.port));
        let mut batch = entries(0, 100);
        let long = "long ".repeat(500);
        batch[40].body = format!(r#"{{"stream":{{}},"values":[["1","{long}"]]}}"#).into_bytes();
        assert_eq!(carry_all(&mut *sink, &batch), ["id-40"], "{kind}");
        let asked = stub.asked().len();
        carry_all(&mut *sink, &entries(100, 200));
        let more = stub.asked().len() - asked;
        assert!(more <= 100, "{kind}: {more} requests for a hundred records");
    }
}

#[test]
fn one_record_that_is_no_good_does_not_hold_the_others() {
    for (kind, plan) in kinds(&http(0, "/")) {
        if kind == "elastic" {
            continue; // It says so item by item: its own test.
        }
        let stub = Stub::start(move |asked| match asked.body.contains("\"33\"") {
            true => Reply::Say(400, &[], r#"{"text":"33 is no good","code":6}"#.to_owned()),
            false => well(kind, asked),
        });
        let mut sink = carrier(at(&plan, stub.port));
        let begun = Instant::now();
        assert_eq!(carry_all(&mut *sink, &entries(0, 100)), ["id-33"], "{kind}");
        assert!(begun.elapsed() < Duration::from_secs(5));
        let limit = if kind == "webhook-each" { 100 } else { 20 };
        assert!(stub.asked().len() <= limit, "{kind}: {}", stub.asked().len());
    }
}

#[test]
fn what_we_told_in_confidence_is_not_told_again() {
    let (kind, plan) = kinds(&http(0, "/"))[1].clone();
    assert_eq!(kind, "hec");
    let stub = Stub::start(|asked| {
        Reply::Say(500, &[], format!("debug: {:?}", asked.headers.get("authorization")))
    });
    let setback = carry(&mut *carrier(at(&plan, stub.port)), &entries(0, 1)).expect_err("a 500");
    assert!(setback.why.contains("debug") && !setback.why.contains("hunter22"), "{}", setback.why);
}

/// The same kind, at that port.
fn at(kind: &deliver::sinks::Kind, port: u16) -> deliver::sinks::Kind {
    use deliver::sinks::Kind;
    let mut kind = kind.clone();
    match &mut kind {
        Kind::Elastic(plan) => plan.http.place.port = port,
        Kind::Hec(plan) => plan.http.place.port = port,
        Kind::Loki(plan) => plan.http.place.port = port,
        Kind::Webhook(plan) => plan.http.place.port = port,
        Kind::Alertmanager(plan) => plan.http.place.port = port,
        Kind::EveBox(plan) => plan.http.place.port = port,
        _ => unreachable!("of this family"),
    }
    kind
}
