//! The ClientHello (RFC 8446 §4.1.2) of a browser of today, and that of an older library.

use serde::Deserialize;

use super::{HANDSHAKE, extension, message, record};
use crate::octets::Octets;
use crate::random::Random;

/// Whose hello.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Hello {
    /// GREASE, extensions in an order of chance, a post-quantum key share: about 1,750 octets, so
    /// that it never fits one segment.
    #[default]
    Browser,
    /// TLS 1.2 at most, a long list of suites, six to eight extensions.
    Plain,
}

/// X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): an encapsulation key and a point.
pub(crate) const HYBRID_GROUP: u16 = 0x11EC;
const HYBRID_SHARE_BYTES: usize = 1184 + 32;

const BROWSER_SUITES: [u16; 15] = [
    0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C,
    0x009D, 0x002F, 0x0035,
];
const PLAIN_SUITES: [u16; 27] = [
    0xC030, 0xC02C, 0xC028, 0xC024, 0xC014, 0xC00A, 0x009F, 0x006B, 0x0039, 0x009D, 0x003D, 0x0035,
    0xC02F, 0xC02B, 0xC027, 0xC023, 0xC013, 0xC009, 0x009E, 0x0067, 0x0033, 0x009C, 0x003C, 0x002F,
    0xC012, 0x000A, 0x00FF,
];
const SIGNATURES: [u16; 8] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];

/// One of the sixteen values that mean nothing (RFC 8701 §2).
fn grease(random: &mut Random) -> u16 {
    0x0A0A + 0x1010 * (random.between(0, 16) as u16)
}

/// The record with the hello: what a client sends first.
pub(crate) fn client_hello(
    hello: Hello,
    name: Option<&str>,
    alpn: &[String],
    random: &mut Random,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1800);
    record(&mut out, HANDSHAKE, 0x0301, |out| {
        message(out, 1, |out| {
            out.put16(0x0303);
            random.fill(out, 32);
            match hello {
                Hello::Browser => browser(out, name, alpn, random),
                Hello::Plain => plain(out, name, alpn),
            }
        });
    });
    out
}

fn list16(out: &mut Vec<u8>, values: &[u16]) {
    out.block(2, |out| values.iter().for_each(|value| out.put16(*value)));
}

/// RFC 6066 §3.
fn server_name(out: &mut Vec<u8>, name: &str) {
    extension(out, 0, |out| {
        out.block(2, |out| {
            out.put8(0);
            out.block(2, |out| out.put(name.as_bytes()));
        });
    });
}

/// RFC 7301 §3.1.
fn application_protocols(out: &mut Vec<u8>, number: u16, protocols: &[String]) {
    extension(out, number, |out| {
        out.block(2, |out| {
            protocols.iter().for_each(|name| out.block(1, |out| out.put(name.as_bytes())));
        });
    });
}

fn browser(out: &mut Vec<u8>, name: Option<&str>, alpn: &[String], random: &mut Random) {
    out.block(1, |out| random.fill(out, 32));
    let suites: Vec<u16> = [grease(random)].into_iter().chain(BROWSER_SUITES).collect();
    list16(out, &suites);
    out.put(&[1, 0]);
    let (group, share) = (grease(random), random.octets(HYBRID_SHARE_BYTES));
    let mut list: Vec<Vec<u8>> = Vec::new();
    let mut add = |write: &mut dyn FnMut(&mut Vec<u8>)| {
        let mut one = Vec::new();
        write(&mut one);
        list.push(one);
    };
    if let Some(name) = name {
        add(&mut |out| server_name(out, name));
    }
    if !alpn.is_empty() {
        add(&mut |out| application_protocols(out, 16, alpn));
    }
    if alpn.iter().any(|protocol| protocol == "h2") {
        add(&mut |out| application_protocols(out, 0x44CD, &["h2".to_owned()])); // ALPS
    }
    for number in [23, 35, 18] {
        add(&mut |out| extension(out, number, |_| {})); // extended secret, ticket, SCT
    }
    add(&mut |out| extension(out, 0xFF01, |out| out.put8(0)));
    add(&mut |out| {
        extension(out, 10, |out| list16(out, &[group, HYBRID_GROUP, 0x001D, 0x0017, 0x0018]));
    });
    add(&mut |out| extension(out, 11, |out| out.put(&[1, 0])));
    add(&mut |out| extension(out, 5, |out| out.put(&[1, 0, 0, 0, 0])));
    add(&mut |out| extension(out, 13, |out| list16(out, &SIGNATURES)));
    add(&mut |out| key_shares(out, group, &share));
    add(&mut |out| extension(out, 45, |out| out.put(&[1, 1])));
    let version = grease(random);
    add(&mut |out| {
        extension(out, 43, |out| {
            out.block(1, |out| [version, 0x0304, 0x0303].iter().for_each(|v| out.put16(*v)));
        });
    });
    add(&mut |out| extension(out, 27, |out| out.put(&[2, 0, 2]))); // brotli
    add(&mut |out| encrypted_hello(out, random));
    random.shuffle(&mut list);
    let first = grease(random);
    let last = loop {
        // Two GREASE extensions in one hello must differ, or it breaks RFC 8446 §4.2.
        let last = grease(random);
        if last != first {
            break last;
        }
    };
    out.block(2, |out| {
        extension(out, first, |_| {});
        list.iter().for_each(|one| out.put(one));
        extension(out, last, |out| out.put8(0));
    });
}

/// GREASE, the hybrid group, and X25519 alone (RFC 8446 §4.2.8).
fn key_shares(out: &mut Vec<u8>, group: u16, share: &[u8]) {
    let point = share.last_chunk::<32>().copied().unwrap_or_default();
    extension(out, 51, |out| {
        out.block(2, |out| {
            for (group, share) in [(group, &[0][..]), (HYBRID_GROUP, share), (0x001D, &point)] {
                out.put16(group);
                out.block(2, |out| out.put(share));
            }
        });
    });
}

/// What a browser sends where it knows no key for an encrypted hello: the same, of chance
/// (RFC 9849 §6.2). No one on the way can tell it from the real one.
fn encrypted_hello(out: &mut Vec<u8>, random: &mut Random) {
    extension(out, 0xFE0D, |out| {
        out.put8(0);
        out.put16(0x0001);
        out.put16(0x0001);
        out.put8(random.next() as u8);
        out.block(2, |out| random.fill(out, 32));
        out.block(2, |out| random.fill(out, 144));
    });
}

fn plain(out: &mut Vec<u8>, name: Option<&str>, alpn: &[String]) {
    out.put8(0);
    list16(out, &PLAIN_SUITES);
    out.put(&[1, 0]);
    out.block(2, |out| {
        if let Some(name) = name {
            server_name(out, name);
        }
        extension(out, 11, |out| out.put(&[3, 0, 1, 2]));
        extension(out, 10, |out| list16(out, &[0x001D, 0x0017, 0x001E, 0x0019, 0x0018]));
        extension(out, 35, |_| {});
        if !alpn.is_empty() {
            application_protocols(out, 16, alpn);
        }
        extension(out, 22, |_| {});
        extension(out, 23, |_| {});
        extension(out, 13, |out| list16(out, &SIGNATURES));
    });
}

#[cfg(test)]
mod tests {
    use tls_parser::{TlsExtension, TlsMessage, TlsMessageHandshake, parse_tls_plaintext};

    use super::*;

    /// Server names, protocols and the count of extensions, as a stranger reads them.
    fn read(octets: &[u8]) -> (Vec<String>, Vec<String>, usize) {
        let (rest, record) = parse_tls_plaintext(octets).unwrap();
        assert!(rest.is_empty());
        let TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) = &record.msg[0] else {
            panic!("no hello")
        };
        let (rest, list) = tls_parser::parse_tls_extensions(hello.ext.unwrap()).unwrap();
        assert!(rest.is_empty());
        let (mut names, mut protocols) = (Vec::new(), Vec::new());
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        for extension in &list {
            match extension {
                TlsExtension::SNI(all) => names.extend(all.iter().map(|(_, name)| text(name))),
                TlsExtension::ALPN(all) => protocols.extend(all.iter().map(|name| text(name))),
                _ => {}
            }
        }
        (names, protocols, list.len())
    }

    #[test]
    fn a_stranger_reads_both_hellos() {
        let alpn = ["h2".to_owned(), "http/1.1".to_owned()];
        let table = [
            (Hello::Browser, Some("www.example.com"), &alpn[..], 18, 1700..1900),
            (Hello::Browser, None, &alpn[1..], 16, 1600..1900),
            (Hello::Plain, Some("www.example.com"), &alpn[..], 8, 150..300),
            (Hello::Plain, None, &[], 6, 100..300),
        ];
        for (hello, name, alpn, count, size) in table {
            let octets = client_hello(hello, name, alpn, &mut Random::new(1, 1));
            let (names, protocols, extensions) = read(&octets);
            assert_eq!(names, Vec::from_iter(name.map(str::to_owned)));
            assert_eq!(protocols, alpn);
            assert_eq!(extensions, count, "{hello:?}");
            assert!(size.contains(&octets.len()), "{hello:?}: {} octets", octets.len());
        }
    }
}
