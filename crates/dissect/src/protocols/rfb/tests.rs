//! Greetings of every version, either way round, with and without a repeater, and what is none.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Flow, Side, Transport};

use super::{ENTRY, fuzz};
use crate::protocols::PROTOCOLS;
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;

const C: Side = Side::Client;
const S: Side = Side::Server;
const GAP: &[u8] = b"";
const V33: &[u8] = b"RFB 003.003\n";
const V37: &[u8] = b"RFB 003.007\n";
const V38: &[u8] = b"RFB 003.008\n";
const V41: &[u8] = b"RFB 004.001\n";

/// A connection whose opening was seen.
fn sure() -> Flow {
    Flow { guessed: false, ..flow(Transport::Tcp, 6900) }
}

/// One line a fact.
fn lines(told: &Told) -> Vec<String> {
    let one = |fact: &Fact| match fact {
        Fact::Remote(seen) => {
            let details: Vec<_> =
                seen.details.iter().map(|(word, text)| format!(" {word}={text}")).collect();
            let version = seen.version.as_deref().unwrap_or("-");
            format!("{:?} {version}{}", seen.side, details.concat())
        }
        Fact::TlsHello(hello) => {
            format!("hello {:?}", hello.server_name.as_ref().map(|n| n.as_str()))
        }
        other => panic!("not of RFB: {other:?}"),
    };
    told.facts.iter().map(one).collect()
}

/// What is told of a talk, whatever other protocols there are.
fn told(segments: &[(Side, &[u8])]) -> Vec<String> {
    let alone = lines(&stream(&[ENTRY], &sure(), segments));
    let among: Vec<_> = lines(&stream(PROTOCOLS, &sure(), segments));
    assert_eq!(alone, among, "{segments:?}");
    alone
}

/// A server's settings: 1024 by 768, 32 bits a pixel, and a name.
fn settings(name: &[u8]) -> Vec<u8> {
    let len = u32::try_from(name.len()).expect("a short name").to_be_bytes();
    [&[4, 0, 3, 0, 32, 24, 0, 1][..], &[0; 12], &len, name].concat()
}

/// What a repeater is told.
fn field(text: &[u8]) -> Vec<u8> {
    let mut octets = text.to_vec();
    octets.resize(250, 0);
    octets
}

#[test]
fn what_servers_offer() {
    let desktop = settings(b"host:1 (root)");
    let well = [&[0; 4][..], &desktop].concat();
    let refusal = [&[0, 0, 0, 0, 26][..], b"Too many security failures"].concat();
    let table: &[(&str, &[(Side, &[u8])], &str)] = &[
        (
            "a password",
            &[(S, V38), (C, V38), (S, &[1, 2]), (C, &[2]), (S, &[7; 16])],
            "Server 003.008 viewer=003.008 security=vnc chosen=vnc",
        ),
        (
            "the server decides",
            &[(S, V38), (C, V33), (S, &[0, 0, 0, 2]), (S, &[7; 16])],
            "Server 003.008 viewer=003.003 security=vnc chosen=vnc",
        ),
        (
            "the server decides for nothing",
            &[(S, V33), (C, V33), (S, &[0, 0, 0, 1]), (C, &[1]), (S, &desktop)],
            "Server 003.003 viewer=003.003 security=none chosen=none desktop=host:1 (root)",
        ),
        (
            "nothing, no result",
            &[(S, V37), (C, V37), (S, &[2, 1, 2]), (C, &[1]), (C, &[1]), (S, &desktop)],
            "Server 003.007 viewer=003.007 security=none,vnc chosen=none desktop=host:1 (root)",
        ),
        (
            "nothing, and a result",
            &[(S, V38), (C, V38), (S, &[1, 1]), (C, &[1]), (S, &[0; 4]), (C, &[1]), (S, &desktop)],
            "Server 003.008 viewer=003.008 security=none chosen=none desktop=host:1 (root)",
        ),
        (
            "nothing, all at once",
            &[(S, V38), (C, V38), (S, &[1, 1]), (C, &[1, 1]), (S, &well)],
            "Server 003.008 viewer=003.008 security=none chosen=none desktop=host:1 (root)",
        ),
        (
            "nothing, but no settings follow",
            &[(S, V38), (C, V38), (S, &[1, 1]), (C, &[1]), (S, &[9; 80])],
            "Server 003.008 viewer=003.008 security=none chosen=none",
        ),
        (
            "another vendor's numbers",
            &[(S, V41), (C, V41), (S, &[7, 13, 133, 5, 129, 6, 130, 2]), (C, &[13])],
            "Server 004.001 viewer=004.001 security=13,133,ra2,ra256,ra2ne,ra256ne,vnc chosen=13",
        ),
        (
            "a third vendor's version",
            &[(S, b"RFB 003.889\n"), (C, b"RFB 003.889\n"), (S, &[4, 30, 33, 36, 35]), (C, &[30])],
            "Server 003.889 viewer=003.889 security=ard,33,36,kerberos chosen=ard",
        ),
        (
            "refused",
            &[(S, V38), (C, V38), (S, &refusal)],
            "Server 003.008 viewer=003.008 refused=Too many security failures",
        ),
        (
            "refused of old",
            &[(S, V33), (C, V33), (S, &[0, 0, 0, 0, 0, 0, 0, 4]), (S, b"busy")],
            "Server 003.003 viewer=003.003 refused=busy",
        ),
        ("no one goes on", &[(S, V38)], "Server 003.008"),
        ("no offer", &[(S, V38), (C, V38)], "Server 003.008 viewer=003.008"),
        (
            "the choice is missing",
            &[(S, V38), (C, V38), (S, &[1, 2]), (S, &[7; 16])],
            "Server 003.008 viewer=003.008 security=vnc chosen=vnc",
        ),
        (
            "a gap behind the offer",
            &[(S, V38), (C, V38), (S, &[2, 1, 2]), (S, GAP)],
            "Server 003.008 viewer=003.008 security=none,vnc",
        ),
    ];
    for (name, segments, want) in table {
        assert_eq!(told(segments), [*want], "{name}");
    }
}

#[test]
fn one_direction_is_enough() {
    let list = [V38, &[2, 2, 16, 7, 7, 7, 7]].concat();
    let word = [V33, &[0, 0, 0, 2], &[7; 16]].concat();
    let old = [V38, &[0, 0, 0, 2], &[7; 16]].concat();
    let choice = [V38, &[2], &[7; 16]].concat();
    let table: &[(&str, Side, &[u8], &[&str])] = &[
        ("a server's list", S, &list, &["Server 003.008 security=vnc,tight"]),
        ("a server's word", S, &word, &["Server 003.003 security=vnc chosen=vnc"]),
        (
            "a server's word to a client of old",
            S,
            &old,
            &["Server 003.008 security=vnc chosen=vnc"],
        ),
        ("a server's text", S, b"RFB 003.008\nis a version\n", &[]),
        ("a client's choice", C, &choice, &["Client 003.008"]),
        ("a client's text", C, b"RFB 003.008\nis a version\n", &[]),
        ("a client's greeting", C, V38, &["Client 003.008"]),
    ];
    for (name, side, octets, want) in table {
        assert_eq!(told(&[(*side, octets)]), *want, "{name}");
    }
}

#[test]
fn who_calls_whom() {
    let calls: &[(Side, &[u8])] = &[(C, V38), (S, V38), (C, &[1, 2]), (S, &[2])];
    let reverse = "Client 003.008 viewer=003.008 security=vnc chosen=vnc direction=reverse";
    assert_eq!(told(calls), [reverse]);
    // Where no one saw who opened the connection, the desktop is taken for its server.
    let guessed = stream(&[ENTRY], &flow(Transport::Tcp, 5500), calls);
    assert_eq!(lines(&guessed), ["Server 003.008 viewer=003.008 security=vnc chosen=vnc"]);
    let number = field(b"ID:1234");
    let place = [&b"10.0.0.7:5900\0"[..], &[0xcc; 236]].concat();
    let none = b"RFB 000.000\n";
    let table: &[(&str, &[(Side, &[u8])], &str)] = &[
        (
            "a desktop leaves its number",
            &[(C, &number), (C, V38), (S, V38), (C, &[1, 2]), (S, &[2])],
            "Client 003.008 viewer=003.008 security=vnc chosen=vnc repeater=ID:1234 direction=reverse",
        ),
        ("and no one comes", &[(C, &number)], "Client - repeater=ID:1234 direction=reverse"),
        (
            "a viewer asks for a number",
            &[(S, none), (C, &number), (S, V38), (C, V38), (S, &[1, 2]), (C, &[2])],
            "Server 003.008 viewer=003.008 security=vnc chosen=vnc repeater=ID:1234",
        ),
        (
            "a viewer asks for a host",
            &[(S, none), (C, &place), (S, V38), (C, V38), (S, &[1, 2]), (C, &[2])],
            "Server 003.008 viewer=003.008 security=vnc chosen=vnc repeater=10.0.0.7:5900",
        ),
        ("and is not heard", &[(S, none), (C, &place)], "Server 000.000 repeater=10.0.0.7:5900"),
    ];
    for (name, segments, want) in table {
        assert_eq!(told(segments), [*want], "{name}");
    }
}

/// A hello that asks for `a.example`.
fn hello() -> Vec<u8> {
    let name = [&[0, 0, 0, 14, 0, 12, 0, 0, 9][..], b"a.example"].concat();
    let rest = [&[0, 4, 0x13, 1, 0x13, 2, 1, 0, 0, 18][..], &name].concat();
    let body = [&[3, 3][..], &[0x5a; 32], &[0], &rest].concat();
    let len = u8::try_from(body.len()).expect("a short hello");
    [&[22, 3, 1, 0, len + 4, 1, 0, 0, len][..], &body].concat()
}

#[test]
fn tls_inside_is_handed_over() {
    let hello = hello();
    let choice = [&[0, 2][..], &[0, 0, 1, 5]].concat();
    let list = [&[0, 2][..], &[0, 0, 1, 5, 0, 0, 1, 2]].concat();
    let told_of = |kind: &str| {
        let word = format!("Server 003.008 viewer=003.008 security={kind} chosen={kind}");
        vec![word, "hello Some(\"a.example\")".to_owned()]
    };
    let start: &[(Side, &[u8])] = &[(S, V38), (C, V38)];
    let vencrypt: &[(Side, &[u8])] = &[
        (S, &[1, 19]),
        (C, &[19]),
        (S, &[0, 2]),
        (C, &choice[..2]),
        (S, &[0]),
        (S, &[2]),
        (S, &list[2..]),
        (C, &choice[2..]),
        (S, &[1]),
        (C, &hello),
    ];
    let old: &[(Side, &[u8])] =
        &[(S, &[1, 18]), (C, &[18]), (C, &hello), (S, &[22, 3, 3, 0, 4, 2])];
    let plain: &[(Side, &[u8])] = &[(S, &[1, 18]), (C, &[18]), (C, b"no hello")];
    let both = |talk: &[(Side, &[u8])]| lines(&stream(PROTOCOLS, &sure(), &[start, talk].concat()));
    assert_eq!(both(vencrypt), told_of("vencrypt"));
    assert_eq!(both(old), told_of("tls"));
    assert_eq!(both(plain), told_of("tls")[..1]);
    // The client alone.
    let client = [V38, &[19], &choice, &hello].concat();
    let alone = lines(&stream(PROTOCOLS, &sure(), &[(C, &client)]));
    assert_eq!(alone, ["Client 003.008"]);
}

#[test]
fn cut_anywhere() {
    let server = [V38, &[1, 1], &[0; 4], &settings(b"here")].concat();
    let want = ["Server 003.008 viewer=003.008 security=none chosen=none desktop=here"];
    let (version, rest) = server.split_at(V38.len());
    for cut in 1..rest.len() {
        let (one, other) = rest.split_at(cut);
        let segments: &[(Side, &[u8])] =
            &[(S, version), (C, V38), (S, one), (C, &[1, 1]), (S, other), (S, &[0; 9])];
        assert_eq!(told(segments), want, "cut at {cut}");
    }
    for cut in 1..V38.len() {
        let (one, other) = V38.split_at(cut);
        let segments: &[(Side, &[u8])] = &[(S, one), (S, other), (C, one), (C, other)];
        assert_eq!(told(segments), ["Server 003.008 viewer=003.008"], "cut at {cut}");
        assert_eq!(told(&[(S, one)]), [""; 0], "half a version is none");
    }
}

#[test]
fn what_is_none() {
    let others: [&[u8]; 13] = [
        b"RFB 000.000\nRFB 000.000\nRFB 004.001\n\x01\x02",
        b"RFB 003.008",
        b"RFB 003.008\r\n",
        b"RFB 003.00x\n",
        b"RFB 3.8\n",
        b"RFB 123.456\n",
        b"rfb 003.008\n",
        b" RFB 003.008\n",
        b"RFB is short for remote framebuffer\n",
        b"220 RFB 003.008\n",
        b"ID:1234\r\n",
        b"ID:ab\0\0\0\0",
        b"RFB 003.008\n\x02\x02\x02",
    ];
    for octets in others {
        assert_eq!(told(&[(S, octets)]), [""; 0], "{}", octets.escape_ascii());
    }
    // One end says something else.
    assert_eq!(told(&[(S, V38), (C, b"GET / HTTP/1.1\r\n\r\n")]), [""; 0]);
    let other = [&b"ID:1234"[..], &[0; 100], &[1; 200]].concat();
    assert_eq!(told(&[(C, &other)]), [""; 0]);
}

#[test]
fn damaged_connections() {
    let samples = [
        [V38, &[1, 1], &[0; 4], &settings(b"here")].concat(),
        [V33, &[0, 0, 0, 2], &[7; 16]].concat(),
        [&field(b"ID:1234")[..], V38, &[2, 19, 2]].concat(),
        [b"RFB 000.000\n", V41, &[7, 13, 133, 5, 129, 6, 130, 2]].concat(),
        [V38, &[19, 0, 2, 0, 0, 1, 5], &hello()].concat(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 59, 3000, fuzz);
}
