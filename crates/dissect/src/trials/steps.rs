//! What a stranger can make the dissector look at: never more than some multiple of what is sent.
//! Octets shown to probes and readers are counted, not time.

use model::Side::{Client, Server};

use super::script::{self, ACK, Script, Tcp};
use crate::dissector::{Dissector, Seed};
use crate::limits::Limits;
use crate::shard::Shards;

/// Octets shown for each octet sent, at most: some twenty to a reader, however few octets come at a
/// time, and as many to each protocol that may claim a stream, of its first 2 KiB.
const SHOWN_MAX: u64 = 64;

fn shown(script: &Script) -> u64 {
    let limits = Limits { flows_max: 1024, ..Limits::default() };
    let mut dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
    script::run(&script.frames(), 64, &mut dissector);
    dissector.looked()
}

/// Beginnings that make readers wait, or read the same again and again, each of some 8 KiB.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let len = 8 << 10;
    let fill = |head: &[u8], with: &[u8]| {
        let mut octets = head.to_vec();
        while octets.len() + with.len() <= len {
            octets.extend(with);
        }
        octets
    };
    let record = |body: &[u8]| [&[22, 3, 1], &(body.len() as u16).to_be_bytes()[..], body].concat();
    let hello: Vec<u8> = [&[1, 0, 0x05, 0x16, 3, 3][..], &[7; 1300]].concat();
    let grains = hello.iter().flat_map(|octet| record(&[*octet])).collect::<Vec<_>>();
    let grains = grains.into_iter().take(len).collect();
    vec![
        ("noise", fill(&[], &[0x80])),
        ("letters", fill(&[], b"x")),
        ("zeros", fill(&[], &[0])),
        ("a request line without an end", fill(b"GET /", b"x")),
        ("a head without an end", fill(b"GET / HTTP/1.1\r\n", b"X: y\r\n")),
        ("a head of the shortest lines", fill(b"GET / HTTP/1.1\r\n", b"x\n")),
        ("a long line, then the shortest", {
            fill(&fill(b"GET /", b"x")[..4000], b"x HTTP/1.1\nx\n")
        }),
        ("empty lines", fill(&[], b"\r\n")),
        ("a chunk without an end", {
            fill(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;x\r\na\r\n")
        }),
        ("a chunk's line without an end", {
            fill(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x")
        }),
        ("what is lost, then letters", fill(b"GET / HTTP/1.1\r\n\r\n\x01", b"GET /")),
        ("records of an octet", grains),
        ("empty records", fill(&[], &record(&[]))),
        ("alerts amid a hello", fill(&record(&[1, 0]), &[21, 3, 1, 0, 2, 1, 0])),
        ("a hello without an end", fill(&[22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3], &[7])),
        ("a hello of extensions", fill(&[22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3], &[0; 4])),
        ("an old hello", fill(&[0x80, 0xff, 1, 3, 1, 0x3f, 0xf0, 0, 0, 0, 16], &[1])),
        ("commands", fill(b"EHLO x\r\n", b"NOOP\r\n")),
        ("DNS without an end", fill(&[0x3f, 0xff, 1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1], b"a")),
        ("DNS, many", {
            let asks = [0, 18, 1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0];
            fill(&[], &asks)
        }),
        ("a banner", fill(b"SSH-2.0-", b"x")),
    ]
}

#[test]
fn few_octets_at_a_time_are_not_shown_again_and_again() {
    let mut most = (0, String::new());
    for (what, octets) in hostile() {
        for port in [53, 443] {
            for size in [1, 2, 7, 100, 1460] {
                let mut tcp = Tcp::new("10.0.0.1:40000", &format!("10.0.0.2:{port}"));
                let mut script = Script::of(tcp.greet());
                script.play(octets.chunks(size).map(|piece| tcp.say(Client, piece)));
                let shown = shown(&script) / octets.len() as u64;
                most = most.max((shown, format!("{what}, {size} at a time, port {port}")));
                assert!(shown <= SHOWN_MAX, "{what}, {size} at a time, port {port}: {shown}");
            }
        }
    }
    println!("at most {} octets shown for each that is sent: {}", most.0, most.1);
}

#[test]
fn neither_order_nor_repetition_nor_lies_make_it_dear() {
    for (what, octets) in hostile() {
        for (how, stride) in [("backwards", 0), ("odd ones last", 2), ("shuffled", 7)] {
            for size in [100, 700] {
                let tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
                let mut script = Script::of(tcp.clone().greet());
                let pieces: Vec<_> = octets.chunks(size).enumerate().collect();
                let mut order: Vec<usize> = (0..pieces.len()).collect();
                match stride {
                    0 => order.reverse(),
                    _ => order.sort_by_key(|number| (number % stride, *number)),
                }
                let mut sent = 0;
                for number in order {
                    let (place, piece) = pieces[number];
                    let ahead = 1 + (place * size) as i64;
                    let lie: Vec<u8> = piece.iter().map(|octet| octet ^ 1).collect();
                    for piece in [piece, &lie, piece, &lie[..lie.len() / 2]] {
                        sent += piece.len() as u64;
                        script.play([tcp.segment(Client, ACK, ahead, piece)]);
                    }
                    script.play([tcp.segment(Server, ACK, 1, b"+")]);
                }
                let shown = shown(&script) / sent;
                assert!(shown <= SHOWN_MAX, "{what}, {how}, {size} at a time: {shown}");
            }
        }
    }
}
