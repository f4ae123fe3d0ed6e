//! Prefaces of every family, at every cut, and what is none.

use super::*;

/// The first octets of a record with a hello.
const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

fn long() -> Vec<u8> {
    let tries = b"AUTH PLAIN AGFAYi5leGFtcGxlAHdyb25nIHBhc3N3b3Jk\r\n".repeat(60);
    [b"EHLO mail.example\r\n", &tries[..], b"STARTTLS\r\n"].concat()
}

fn wholes() -> Vec<Vec<u8>> {
    let mysql = [&b"\x20\0\0\x01\x85\xae\x3f\x20\0\0\0\x01\x21"[..], &[0; 23]].concat();
    let mariadb = [&b"\x20\0\0\x01\x85\xae\x3f\x20\0\0\0\x01\x21"[..], &[0; 19], &[7; 4]].concat();
    let start_tls = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    let question = b"\x30\x0c\x02\x01\x01\x63\x07\x04\0\x0a\x01\0\x0a\x01";
    let greeting = [&b"\x4b\0\0\0\x0a5.7.44-log\0"[..], &[9; 63]].concat();
    let texts: [&[u8]; 34] = [
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x08\x04\xd2\x16\x30\0\0\0\x08\x04\xd2\x16\x2f",
        b"EHLO mail.example\r\nSTARTTLS\r\n",
        b"ehlo [192.0.2.1]\r\nstarttls\r\n",
        b"EHLO a\r\nAUTH LOGIN\r\ndXNlcg==\r\n*\r\nSTARTTLS\r\n",
        b"HELO \xc3\xbcber.example\r\nSTARTTLS\r\n",
        b"EHLO a\nSTARTTLS\n",
        b"1 STARTTLS\r\n",
        b". STARTTLS\r\n",
        b"a001 CAPABILITY\r\na002 STARTTLS\r\n",
        b"a LOGIN x y\r\nb STARTTLS\r\n",
        b"CAPA\r\nSTLS\r\n",
        b"USER a\r\nPASS b\r\nCAPA\r\nSTLS\r\n",
        b"AUTH TLS\r\n",
        b"FEAT\r\nUSER anonymous\r\nAUTH TLS-C\r\n",
        b"CAPABILITIES\r\nMODE READER\r\nSTARTTLS\r\n",
        b"CAP LS 302\r\nNICK a\r\nUSER a 0 * :a\r\nSTARTTLS\r\n",
        b"STARTTLS\r\n",
        b"GNUTELLA CONNECT/0.6\r\nUpgrade: TLS/1.0\r\n\r\nGNUTELLA/0.6 200 OK\r\n\r\n",
        b"<?xml version='1.0'?><stream:stream to='a.example'><starttls xmlns='urn'/>",
        b"<stream:stream to='a.example' version='1.0'>\n<starttls></starttls>\n",
        b"220 mail ESMTP\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n",
        b"220-Welcome\r\n220 \r\n234 AUTH TLS ok.\r\n",
        b"* OK [CAPABILITY IMAP4rev1] ready\r\na OK begin\r\n",
        b"+OK POP3\r\n+OK\r\nSTLS\r\n.\r\n+OK begin\r\n",
        b"200 news\r\n382 go on\r\n",
        b"\"IMPLEMENTATION\" \"x\"\r\nOK\r\nOK \"go\"\r\n",
        b"NOTICE AUTH :looking up\r\n:irc.example 670 a :STARTTLS ok\r\n",
        b"S",
        start_tls,
        &[question, &start_tls[..]].concat(),
        &mysql,
        &mariadb,
        &greeting,
    ];
    texts.iter().map(|text| text.to_vec()).chain([long()]).collect()
}

#[test]
fn prefaces_at_every_cut() {
    for whole in wholes() {
        let shown = whole.escape_ascii();
        let with = [&whole, HELLO].concat();
        for cut in 0..=whole.len() {
            let known = read(&with[..cut]);
            let there = known == Preface::Octets(whole.len()) && cut == whole.len();
            assert!(known == Preface::More || there, "{known:?} at {cut}: {shown}");
        }
        for more in 1..HELLO.len() {
            let known = read(&with[..whole.len() + more]);
            assert_eq!(known, Preface::Octets(whole.len()), "{shown}");
        }
    }
}

#[test]
fn what_is_none() {
    let others: [&[u8]; 21] = [
        b"\x03\0\0\x0c\x02\xf0\x80",
        b"\x03\x01",
        b"\0\0\0\x09",
        b"\0\0\0\x08\x04\xd2\x16\x31",
        b"GET / HTTP/1.1\r\n",
        b"SSH-2.0-x\r\n",
        b"RFB 003.008\n",
        b"HTTP/1.1 200 OK\r\n",
        b"EHLO a\r\n\x17\x03\x01",
        b"EHLO a\r\n\x01\x02",
        b"EHLO a\x16\x03",
        b"\x16\x03\x01",
        b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
        b"\x30\x0c\x02\x01\x01\x63\x07\x04\0\x0a\x01\0\x0a\x01\x16\x03",
        b"\x30\x80",
        b"\x20\0\0\x02",
        b"\x4a\0\0\0\x0ax",
        b"<?xml version='1.0'?><soap>\x16",
        b"<stream:stream\x16\x03",
        b"<html>",
        b"SELECT 1;",
    ];
    for octets in others {
        assert_eq!(read(octets), Preface::Foreign, "{}", octets.escape_ascii());
    }
    let endless: [&[u8]; 3] = [b"EHLO a\r\n", b"<stream:stream>", b"+OK \r\n"];
    for one in endless {
        assert_eq!(read(&one.repeat(1000)), Preface::Foreign);
    }
    assert_eq!(read(&[&b"<?xml ?>"[..], &[b' '; 400]].concat()), Preface::Foreign);
}
