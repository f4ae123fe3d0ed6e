//! Messages made from the RFCs' words, whole, cut, damaged and hostile.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{DomainName, Fact, Protocol, RecordData, Side, Transport};

use super::message::{Dialect, read};
use super::{ENTRY, fuzz};
use crate::protocols::drive::{datagram, flow, stream};
use crate::protocols::limits::{DNS_QUESTIONS_MAX, DNS_RECORDS_MAX, DNS_STEPS_MAX, WAIT_MAX};
use crate::protocols::mutate::{Numbers, mutants};
use crate::protocols::reader::Datagram;

const QUERY: u16 = 0x0100;
const RESPONSE: u16 = 0x8180;

/// A header: flags, and the four counts.
fn header(flags: u16, counts: [u16; 4]) -> Vec<u8> {
    let mut octets = vec![0xab, 0xcd];
    octets.extend(flags.to_be_bytes());
    counts.iter().for_each(|count| octets.extend(count.to_be_bytes()));
    octets
}

fn name(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).expect("a short label"));
        octets.extend(label.bytes());
    }
    octets.push(0);
    octets
}

fn question(text: &str, kind: u16) -> Vec<u8> {
    [name(text), kind.to_be_bytes().to_vec(), vec![0, 1]].concat()
}

/// A record whose owner is given in octets.
fn record(owner: &[u8], kind: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).expect("short data");
    [owner, &kind.to_be_bytes(), &[0, 1], &ttl.to_be_bytes(), &len.to_be_bytes(), data].concat()
}

fn query(text: &str, kind: u16) -> Vec<u8> {
    [header(QUERY, [1, 0, 0, 0]), question(text, kind)].concat()
}

/// A pointer to the first question's name.
const FIRST: &[u8] = &[0xc0, 12];

/// A response with a CNAME, two addresses, an HTTPS record, one of an unknown type, and EDNS.
fn response() -> Vec<u8> {
    let https = [
        &[0, 1][..],
        &name("svc.example"),
        &[0, 4, 0, 8, 192, 0, 2, 1, 192, 0, 2, 2],
        &[0, 5, 0, 2, 1, 2],
        &[0, 6, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
    ];
    [
        header(RESPONSE, [1, 5, 0, 1]),
        question("www.example.com", 1),
        record(FIRST, 5, 60, &[&b"\x03cdn"[..], &[0xc0, 16]].concat()),
        record(FIRST, 1, 60, &[198, 51, 100, 7]),
        record(
            b"\x03CDN\xc0\x10",
            28,
            60,
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ),
        record(FIRST, 65, 60, &https.concat()),
        record(FIRST, 0xff01, 60, b"any"),
        // EDNS with the upper bits of BADVERS (16).
        record(b"\0", 41, 0x0100_0000, b""),
    ]
    .concat()
}

fn netbios(flags: u16, encoded: &[u8]) -> Vec<u8> {
    [&header(flags, [1, 0, 0, 0])[..], &[32], encoded, &[0, 0, 0x20, 0, 1]].concat()
}

/// Each sample with its port.
fn samples() -> Vec<Vec<u8>> {
    vec![
        query("www.example.com", 1),
        query("_dns.resolver.arpa", 64),
        query("", 2),
        [header(QUERY, [2, 0, 0, 0]), question("a.local", 255), question("b.local", 12)].concat(),
        response(),
        [header(0x8183, [1, 0, 1, 0]), question("nx.example", 28), record(b"\0", 6, 1, b"\0\0")]
            .concat(),
        [
            header(0x2800, [1, 0, 1, 0]),
            question("zone.example", 6),
            record(b"\x01h\xc0\x0c", 1, 5, &[1, 2, 3, 4]),
        ]
        .concat(),
        netbios(0x0110, b"EGFCEFEECACACACACACACACACACACACA"),
    ]
}

fn spell(name: Option<&DomainName>) -> String {
    name.map_or_else(|| ".".to_owned(), ToString::to_string)
}

/// One line a fact.
fn lines(facts: &[Fact]) -> Vec<String> {
    let data = |data: &RecordData| match data {
        RecordData::Address(ip) => ip.to_string(),
        RecordData::Name(name) => spell(name.as_ref()),
        RecordData::Service { target, hints, ech } => {
            format!("{} {hints:?} {ech}", spell(target.as_ref()))
        }
        RecordData::Other(len) => format!("{len} octets"),
    };
    let one = |fact: &Fact| match fact {
        Fact::DnsQuery(seen) => {
            let question = &seen.question;
            vec![format!(
                "{:?} ? {} {}",
                seen.protocol,
                spell(question.name.as_ref()),
                question.kind.0
            )]
        }
        Fact::DnsAnswer(seen) => {
            let asked = seen
                .question
                .as_ref()
                .map_or("-".to_owned(), |question| spell(question.name.as_ref()));
            let head = format!("{:?} ! {asked} rcode {}", seen.protocol, seen.rcode);
            let records = seen.records.iter().map(|record| {
                format!(
                    "  {} {} {}",
                    spell(record.name.as_ref()),
                    record.kind.0,
                    data(&record.data)
                )
            });
            std::iter::once(head).chain(records).collect()
        }
        other => panic!("not of DNS: {other:?}"),
    };
    facts.iter().flat_map(one).collect()
}

/// What a datagram of the client to a port tells; `None`: nobody's.
fn told(port: u16, octets: &[u8]) -> Option<Vec<String>> {
    let flow = flow(Transport::Udp, port);
    datagram(&[ENTRY], &flow, Side::Client, octets).map(|(_, told)| lines(&told.facts))
}

#[test]
fn what_messages_tell() {
    let samples = samples();
    let table: &[(u16, usize, &[&str])] = &[
        (53, 0, &["Dns ? www.example.com 1"]),
        (4000, 0, &["Dns ? www.example.com 1"]),
        (53, 1, &["Dns ? _dns.resolver.arpa 64"]),
        (53, 2, &["Dns ? . 2"]),
        (5353, 3, &["Mdns ? a.local 255", "Mdns ? b.local 12"]),
        (5355, 0, &["Llmnr ? www.example.com 1"]),
        (
            53,
            4,
            &[
                "Dns ! www.example.com rcode 16",
                "  www.example.com 5 cdn.example.com",
                "  www.example.com 1 198.51.100.7",
                "  cdn.example.com 28 2001:db8::1",
                "  www.example.com 65 svc.example [192.0.2.1, 192.0.2.2, 2001:db8::9] true",
                "  www.example.com 65281 3 octets",
            ],
        ),
        (53, 5, &["Dns ! nx.example rcode 3"]),
        (53, 6, &["Dns ? zone.example 6"]),
        (137, 7, &["Nbns ? fred 32"]),
    ];
    for (port, sample, want) in table {
        let got = told(*port, &samples[*sample]).unwrap_or_default();
        assert_eq!(got, *want, "sample {sample} to port {port}");
    }
}

#[test]
fn the_sender_is_known_by_the_message() {
    let (query, response) = (query("a.example", 1), response());
    let table: &[(u16, Side, &[u8], Datagram)] = &[
        (53, Side::Client, &query, Datagram::Mine(Protocol::Dns, Side::Client)),
        (53, Side::Server, &query, Datagram::Mine(Protocol::Dns, Side::Client)),
        (53, Side::Client, &response, Datagram::Mine(Protocol::Dns, Side::Server)),
        (9953, Side::Server, &response, Datagram::Mine(Protocol::Dns, Side::Server)),
        (5353, Side::Client, &response, Datagram::Mine(Protocol::Mdns, Side::Server)),
    ];
    for (port, sender, octets, want) in table {
        let (got, _) = datagram(&[ENTRY], &flow(Transport::Udp, *port), *sender, octets)
            .expect("a DNS message");
        assert_eq!(got, *want, "{sender:?} to port {port}");
    }
    // A response to a group is told as its sender's own word.
    let mut group = flow(Transport::Udp, 5353);
    group.server.ip = "224.0.0.251".parse().expect("an address");
    let (got, _) = datagram(&[ENTRY], &group, Side::Client, &response).expect("a DNS message");
    assert_eq!(got, Datagram::Mine(Protocol::Mdns, Side::Client));
}

#[test]
fn on_a_foreign_port_only_what_is_beyond_doubt() {
    let sound = query("www.example.com", 1);
    assert!(told(4000, &sound).is_some());
    assert!(told(4000, &response()).is_some());
    let damaged = |at: usize, with: u8| {
        let mut octets = sound.clone();
        octets[at] = with;
        octets
    };
    let table: &[(&str, Vec<u8>)] = &[
        ("an octet too many", [&sound[..], &[0]].concat()),
        ("an octet too few", sound[..sound.len() - 1].to_vec()),
        ("another opcode", damaged(2, 0x11)),
        ("the reserved bit", damaged(3, 0x40)),
        ("a response code in a query", damaged(3, 3)),
        ("no question", damaged(5, 0)),
        ("two questions", damaged(5, 2)),
        ("an answer that is not there", damaged(7, 1)),
        ("no host name", damaged(13, b' ')),
        ("class 7", damaged(sound.len() - 1, 7)),
        ("type 0", damaged(sound.len() - 3, 0)),
        ("the root", query("", 2)),
    ];
    for (what, octets) in table {
        assert_eq!(told(4000, octets), None, "{what}");
    }
    let mut numbers = Numbers::new(7);
    for _ in 0..100_000 {
        let octets: Vec<u8> = (0..numbers.below(120)).map(|_| numbers.octet()).collect();
        assert_eq!(told(4000, &octets), None, "{octets:02x?}");
    }
}

#[test]
fn a_cut_message_tells_the_truth_or_nothing() {
    for (number, sample) in samples().iter().enumerate() {
        let port = if number == 7 { 137 } else { 53 };
        let whole = told(port, sample).unwrap_or_default();
        for cut in 0..sample.len() {
            for line in told(port, &sample[..cut]).unwrap_or_default() {
                // A cut answer lacks its last records and its EDNS part.
                let line = line.replace("rcode 0", "rcode 16");
                assert!(whole.contains(&line), "sample {number} cut at {cut}: {line}");
            }
        }
    }
    // The question and the first record of a response that ends in its second one.
    let cut = told(53, &response()[..60]).expect("a DNS message");
    assert_eq!(cut, ["Dns ! www.example.com rcode 0", "  www.example.com 5 cdn.example.com"]);
}

#[test]
fn one_broken_name_does_not_hide_the_others() {
    let broken: &[u8] = &[3, b'b', b'a', b'd', 0xc0, 0xff];
    let octets = [
        header(RESPONSE, [1, 3, 0, 0]),
        question("a.example", 1),
        record(broken, 1, 1, &[192, 0, 2, 1]),
        record(FIRST, 5, 1, broken),
        record(FIRST, 1, 1, &[192, 0, 2, 2]),
    ]
    .concat();
    let got = told(53, &octets).expect("a DNS message");
    assert_eq!(
        got,
        ["Dns ! a.example rcode 0", "  a.example 5 6 octets", "  a.example 1 192.0.2.2"]
    );
}

#[test]
fn claims_of_thousands_are_not_believed() {
    let bare = header(RESPONSE, [0, 0xffff, 0xffff, 0xffff]);
    let read = read(&bare, Dialect::Dns, &mut |_| {}).expect("a header");
    assert_eq!((read.records.capacity(), read.more.capacity()), (0, 0));

    let many = |questions: usize| {
        let count = u16::try_from(questions).expect("a count");
        [header(QUERY, [count, 0, 0, 0]), question("a.example", 1).repeat(questions)].concat()
    };
    assert_eq!(
        told(53, &many(DNS_QUESTIONS_MAX)).map(|lines| lines.len()),
        Some(DNS_QUESTIONS_MAX)
    );
    assert_eq!(told(53, &many(DNS_QUESTIONS_MAX + 1)), None);

    let records = record(FIRST, 1, 1, &[192, 0, 2, 1]).repeat(DNS_RECORDS_MAX + 9);
    let count = u16::try_from(DNS_RECORDS_MAX + 9).expect("a count");
    let octets = [header(RESPONSE, [1, count, 0, 0]), question("a.example", 1), records].concat();
    assert_eq!(told(53, &octets).map(|lines| lines.len()), Some(1 + DNS_RECORDS_MAX));
}

/// Messages whose names are as costly as the rules allow, and more.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let labels = [b"\x01a".repeat(126), vec![0]].concat();
    let pointed = record(&[0xc0, 12], 5, 1, &[0xc0, 14]);
    let mut chain = header(RESPONSE, [0, 400, 0, 0]);
    // An address record, then records whose names each point at the name before.
    chain.extend(record(b"\x01a\0", 5, 1, b"\0"));
    let mut before = 12u16;
    for _ in 0..399 {
        let here = u16::try_from(chain.len()).expect("a short message");
        chain.extend(record(
            &[1, b'b', 0xc0 | (before >> 8) as u8, before as u8],
            5,
            1,
            &[0xc0, 12],
        ));
        before = here;
    }
    vec![
        (
            "long names",
            [
                header(RESPONSE, [1, 256, 0, 0]),
                labels.clone(),
                vec![0, 1, 0, 1],
                pointed.repeat(256),
            ]
            .concat(),
        ),
        ("a chain", chain),
        ("a loop", [header(RESPONSE, [1, 1, 0, 0]), vec![0xc0, 12, 0, 1, 0, 1]].concat()),
        ("pointers only", [header(RESPONSE, [1, 1, 0, 0]), [0xc0, 12].repeat(4000)].concat()),
        ("labels only", [header(QUERY, [1, 0, 0, 0]), b"\x01a".repeat(30_000)].concat()),
    ]
}

#[test]
fn no_message_costs_more_than_its_steps() {
    for (what, octets) in bombs() {
        let read = read(&octets, Dialect::Dns, &mut |_| {}).expect("a header");
        assert!(read.steps <= DNS_STEPS_MAX, "{what}: {} steps", read.steps);
        fuzz(&octets);
    }
    // An honest message of the largest size stays far below.
    let octets = [
        header(RESPONSE, [1, 256, 0, 0]),
        question("a.long.name.of.an.example", 1),
        record(FIRST, 5, 1, b"\x04more\x05names\xc0\x0c").repeat(256),
    ]
    .concat();
    let mut anomalies = 0;
    let read = read(&octets, Dialect::Dns, &mut |_| anomalies += 1).expect("a header");
    assert_eq!((read.records.len(), anomalies), (256, 0), "{} steps", read.steps);
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let frame = |message: &Vec<u8>| {
        let len = u16::try_from(message.len()).expect("a short message");
        [len.to_be_bytes().to_vec(), message.clone()].concat()
    };
    messages.iter().flat_map(frame).collect()
}

#[test]
fn over_tcp_in_any_segments() {
    let asked = framed(&[query("a.example", 1), query("b.example", 28)]);
    let answered = framed(&[response()]);
    for port in [53, 4000] {
        let flow = flow(Transport::Tcp, port);
        let whole = stream(&[ENTRY], &flow, &[(Side::Client, &asked), (Side::Server, &answered)]);
        let want = lines(&whole.facts);
        assert_eq!(want[..2], ["Dns ? a.example 1", "Dns ? b.example 28"]);
        assert_eq!(want.len(), 8);
        for size in 1..asked.len() {
            let client = asked.chunks(size).map(|part| (Side::Client, part));
            let server = answered.chunks(size).map(|part| (Side::Server, part));
            let segments: Vec<_> = client.chain(server).collect();
            assert_eq!(lines(&stream(&[ENTRY], &flow, &segments).facts), want, "{port} by {size}");
        }
    }
}

#[test]
fn over_tcp_after_a_gap_and_beyond_the_window() {
    let flow = flow(Transport::Tcp, 53);
    let (one, two) = (framed(&[query("a.example", 1)]), framed(&[query("b.example", 1)]));
    let segments = [(Side::Client, &one[..]), (Side::Client, b""), (Side::Client, &two[..])];
    let got = lines(&stream(&[ENTRY], &flow, &segments).facts);
    assert_eq!(got, ["Dns ? a.example 1", "Dns ? b.example 1"]);
    // Behind the gap the first segment stands amid a message.
    let segments = [
        (Side::Client, &one[..]),
        (Side::Client, b""),
        (Side::Client, &one[5..]),
        (Side::Client, &two),
    ];
    assert_eq!(lines(&stream(&[ENTRY], &flow, &segments).facts).len(), 2);

    // A transfer larger than an opening gives its first records, and the next message is read.
    let records = record(FIRST, 16, 1, &[b'x'; 200]).repeat(150);
    let large = [header(RESPONSE, [1, 150, 0, 0]), question("zone.example", 252), records].concat();
    assert!(large.len() > 2 * WAIT_MAX);
    let octets = framed(&[large, response()]);
    let got = lines(&stream(&[ENTRY], &flow, &[(Side::Server, &octets)]).facts);
    assert_eq!(got[0], "Dns ! zone.example rcode 0");
    assert!(
        got.len() > 50 && got.iter().any(|line| line.contains("198.51.100.7")),
        "{}",
        got.len()
    );
    // The last message is cut by the end of the flow.
    let cut = &two[..two.len() - 2];
    assert_eq!(
        lines(&stream(&[ENTRY], &flow, &[(Side::Client, &one), (Side::Client, cut)]).facts).len(),
        1
    );
    let answer = framed(&[response()]);
    let got = stream(&[ENTRY], &flow, &[(Side::Client, &one), (Side::Server, &answer[..80])]);
    assert_eq!(lines(&got.facts)[1], "Dns ! www.example.com rcode 0");
}

/// Found by fuzzing: a length beyond what follows, no question, a record at the very beginning.
#[test]
fn a_beginning_too_short_for_its_first_record_waits() {
    let mut octets = vec![0x6a, 0x2f, 0xed, 0xa9, 0xed, 0xa9, 0, 0, 0, 1];
    octets.extend([0; 15]);
    octets.push(1);
    octets.extend([0; 16]);
    fuzz(&octets);
}

#[test]
fn damaged_messages_break_no_promise() {
    let mut samples = samples();
    samples.push(framed(&samples[..4]));
    samples
        .extend(bombs().into_iter().map(|(_, octets)| octets[..octets.len().min(1500)].to_vec()));
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 1035, 10_000, fuzz);
}
