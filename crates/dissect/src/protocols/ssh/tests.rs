//! Banners whole, cut, alone, behind lines of text, and what is none.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Flow, Side, Transport};

use super::{ENTRY, fuzz};
use crate::protocols::PROTOCOLS;
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;

const C: Side = Side::Client;
const S: Side = Side::Server;
const GAP: &[u8] = b"";

/// A connection whose opening was seen.
fn sure(port: u16) -> Flow {
    Flow { guessed: false, ..flow(Transport::Tcp, port) }
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
        other => panic!("not of SSH: {other:?}"),
    };
    told.facts.iter().map(one).collect()
}

const SERVER: &[u8] = b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3\r\n";
const CLIENT: &[u8] = b"SSH-2.0-libssh2_1.11\r\n";
const BOTH: &str = "Server 2.0 software=OpenSSH_8.9p1 Ubuntu-3 client_software=libssh2_1.11";

/// A first packet: the list of algorithms.
fn algorithms() -> Vec<u8> {
    [&[0, 0, 3, 0xfc, 4, 20][..], &[b'a'; 1018]].concat()
}

#[test]
fn what_both_ends_show() {
    let first = algorithms();
    let [server, client] = [SERVER, CLIENT].map(|banner| [banner, &first].concat());
    let more = [&server[..], b"more"].concat();
    let table: &[(&str, u16, &[(Side, &[u8])], &[&str])] = &[
        ("in order", 22, &[(S, SERVER), (C, CLIENT)], &[BOTH]),
        ("on any port", 8443, &[(S, SERVER), (C, CLIENT)], &[BOTH]),
        (
            "the client first",
            22,
            &[(C, CLIENT), (S, SERVER)],
            &["Client 2.0 software=OpenSSH_8.9p1 Ubuntu-3 client_software=libssh2_1.11"],
        ),
        ("at once with the first packet", 22, &[(S, &server), (C, &client)], &[BOTH]),
        (
            "the server alone, to the end",
            22,
            &[(S, SERVER)],
            &["Server 2.0 software=OpenSSH_8.9p1 Ubuntu-3"],
        ),
        (
            "the server alone, going on",
            22,
            &[(S, &server), (S, b"more")],
            &["Server 2.0 software=OpenSSH_8.9p1 Ubuntu-3"],
        ),
        (
            "the server alone, going on at once",
            22,
            &[(S, &more)],
            &["Server 2.0 software=OpenSSH_8.9p1 Ubuntu-3"],
        ),
        ("the client alone", 22, &[(C, CLIENT)], &["Client 2.0 client_software=libssh2_1.11"]),
        (
            "a gap behind a banner",
            22,
            &[(S, SERVER), (S, GAP), (S, b"late")],
            &["Server 2.0 software=OpenSSH_8.9p1 Ubuntu-3"],
        ),
        (
            "a version of both",
            22,
            &[(S, b"SSH-1.99-Cisco-1.25\n"), (C, b"SSH-2.0-x\n")],
            &["Server 1.99 software=Cisco-1.25 client_software=x"],
        ),
        ("half a banner", 22, &[(S, b"SSH-2.0-dropb")], &["Server 2.0 software=dropb"]),
        (
            "not ASCII",
            22,
            &[(S, b"SSH-2.0-x gr\xfc\xdfe\r\n"), (C, CLIENT)],
            &["Server 2.0 software=x gr\\xfc\\xdfe client_software=libssh2_1.11"],
        ),
        ("no software", 22, &[(S, b"SSH-2.0-\r\n"), (C, b"SSH-2.0-\r\n")], &["Server 2.0"]),
    ];
    for (name, port, segments, want) in table {
        for entries in [&[ENTRY][..], PROTOCOLS] {
            assert_eq!(lines(&stream(entries, &sure(*port), segments)), *want, "{name}");
        }
    }
}

#[test]
fn lines_before_a_banner() {
    let notice = b"Authorised use only.\r\nAll is logged.\r\n";
    let whole = [&notice[..], SERVER].concat();
    let table: &[(&str, u16, &[(Side, &[u8])], &[&str])] = &[
        ("at once", 22, &[(S, &whole), (C, CLIENT)], &[BOTH]),
        ("in pieces", 22, &[(S, notice), (S, SERVER), (C, CLIENT)], &[BOTH]),
        (
            "the client between",
            22,
            &[(S, notice), (C, CLIENT), (S, SERVER)],
            &["Client 2.0 software=OpenSSH_8.9p1 Ubuntu-3 client_software=libssh2_1.11"],
        ),
        ("elsewhere", 2222, &[(S, &whole), (C, CLIENT)], &[BOTH]),
        ("elsewhere, and no one answers", 2222, &[(S, &whole)], &[]),
        ("a client has none", 22, &[(C, &whole)], &[]),
        ("not text", 22, &[(S, b"\x00line\r\nSSH-2.0-x\r\n")], &[]),
    ];
    for (name, port, segments, want) in table {
        assert_eq!(lines(&stream(&[ENTRY], &sure(*port), segments)), *want, "{name}");
    }
    let long = [&b"line\r\n".repeat(400)[..], SERVER].concat();
    assert_eq!(lines(&stream(&[ENTRY], &sure(22), &[(S, &long)])), [""; 0]);
}

#[test]
fn cut_anywhere() {
    for cut in 1..SERVER.len() {
        let (one, other) = SERVER.split_at(cut);
        let told = stream(&[ENTRY], &sure(22), &[(S, one), (S, other), (C, CLIENT)]);
        assert_eq!(lines(&told), [BOTH], "cut at {cut}");
        // A part gives a part of the name, never another.
        for line in lines(&stream(&[ENTRY], &sure(22), &[(S, one)])) {
            assert!("Server 2.0 software=OpenSSH_8.9p1 Ubuntu-3".starts_with(&line), "{line}");
        }
    }
    let octets: Vec<_> = SERVER.chunks(1).map(|octet| (S, octet)).collect();
    let told = stream(&[ENTRY], &sure(22), &[&octets[..], &[(C, CLIENT)]].concat());
    assert_eq!(lines(&told), [BOTH]);
}

#[test]
fn what_is_none() {
    let long = [b"SSH-2.0-", &[b'x'; 300][..], b"\r\n"].concat();
    let others: [&[u8]; 12] = [
        b"SSH-",
        b"SSH-2.0",
        b"SSH-x.0-y\r\n",
        b"SSH-20-y\r\n",
        b"SSH--2.0-y\r\n",
        b"SSH-2.0-\x00y\r\n",
        b"SSH-123456789.0-y\r\n",
        b"ssh-2.0-y\r\n",
        b"SSH connections are welcome\r\n",
        b"see SSH-2.0-y\r\n",
        b"220 SSH-2.0-y\r\n",
        &long,
    ];
    for octets in others {
        for side in [C, S] {
            let told = stream(&[ENTRY], &sure(8022), &[(side, octets)]);
            assert_eq!(lines(&told), [""; 0], "{}", octets.escape_ascii());
        }
    }
    // A text that is answered in another language.
    let told =
        stream(&[ENTRY], &sure(80), &[(C, CLIENT), (S, b"HTTP/1.1 400 Bad Request\r\n\r\n")]);
    assert_eq!(lines(&told), [""; 0]);
}

#[test]
fn damaged_connections() {
    let lists = algorithms();
    let samples = [
        SERVER.to_vec(),
        [CLIENT, &lists].concat(),
        [&b"notice\r\n"[..], SERVER, &lists, b"more"].concat(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 53, 3000, fuzz);
}
