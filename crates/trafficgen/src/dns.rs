//! DNS messages (RFC 1035), EDNS (RFC 6891), HTTPS records (RFC 9460), and the NetBIOS query.

use std::net::IpAddr;

use serde::Deserialize;

use crate::octets::Octets;

/// What may be asked for in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum QueryType {
    A,
    Aaaa,
    Https,
    Ptr,
    Txt,
}

impl QueryType {
    pub(crate) fn number(self) -> u16 {
        match self {
            QueryType::A => 1,
            QueryType::Ptr => 12,
            QueryType::Txt => 16,
            QueryType::Aaaa => 28,
            QueryType::Https => 65,
        }
    }
}

/// A name that fits a message (RFC 1035 §2.3.4): labels of 1 to 63 octets, 253 in all.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let fits = name.len() <= 253 && name.split('.').all(|label| (1..64).contains(&label.len()));
    if fits { Ok(()) } else { Err(format!("`{name}` is no name: labels have 1 to 63 octets")) }
}

/// One record of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Address(IpAddr),
    Alias(String),
    /// An HTTPS record in service mode: ALPN h2, and the addresses as hints.
    Service(Vec<IpAddr>),
}

/// One record: whose, how long it lives in seconds, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) owner: String,
    pub(crate) ttl: u32,
    pub(crate) answer: Answer,
}

/// How a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// The name exists, without such a record: the zone's SOA says so (RFC 2308 §2.2).
    NoData,
    /// RCODE 3 (RFC 2308 §2.1).
    NoSuchName,
}

/// A message in the making; names seen before are pointed to (RFC 1035 §4.1.4).
struct Message {
    out: Vec<u8>,
    known: Vec<(String, u16)>,
}

impl Message {
    fn new(id: u16, flags: u16, counts: [u16; 4]) -> Message {
        let mut out = Vec::with_capacity(128);
        out.put16(id);
        out.put16(flags);
        counts.iter().for_each(|count| out.put16(*count));
        Message { out, known: Vec::new() }
    }

    fn name(&mut self, name: &str) {
        let mut rest = name;
        while !rest.is_empty() {
            if let Some((_, at)) = self.known.iter().find(|(known, _)| known == rest) {
                self.out.put16(0xC000 | at);
                return;
            }
            if self.out.len() < 0x4000 {
                self.known.push((rest.to_owned(), self.out.len() as u16));
            }
            let (label, after) = rest.split_once('.').unwrap_or((rest, ""));
            self.out.block(1, |out| out.put(label.as_bytes()));
            rest = after;
        }
        self.out.put8(0);
    }

    fn question(&mut self, name: &str, kind: u16, class: u16) {
        self.name(name);
        self.out.put16(kind);
        self.out.put16(class);
    }

    /// Owner, type, class IN, time to live; then the data behind its length.
    fn record(&mut self, owner: &str, kind: u16, ttl: u32, data: impl FnOnce(&mut Message)) {
        self.name(owner);
        self.out.put16(kind);
        self.out.put16(1);
        self.out.put32(ttl);
        let start = self.out.len();
        self.out.put16(0);
        data(self);
        let len = self.out.len() - start - 2;
        self.out.patch16(start, len as u16);
    }

    fn answer(&mut self, record: &Record) {
        let Record { owner, ttl, answer } = record;
        match answer {
            Answer::Address(IpAddr::V4(address)) => {
                self.record(owner, 1, *ttl, |message| message.out.put(&address.octets()));
            }
            Answer::Address(IpAddr::V6(address)) => {
                self.record(owner, 28, *ttl, |message| message.out.put(&address.octets()));
            }
            Answer::Alias(target) => self.record(owner, 5, *ttl, |message| message.name(target)),
            Answer::Service(hints) => {
                self.record(owner, 65, *ttl, |message| service(&mut message.out, hints));
            }
        }
    }

    /// The zone's start of authority, so that the absence may be remembered.
    fn authority(&mut self, name: &str) {
        let zone = zone_of(name).to_owned();
        self.record(&zone, 6, 900, |message| {
            message.name(&format!("ns1.{zone}"));
            message.name(&format!("hostmaster.{zone}"));
            [2022091401, 7200, 3600, 1_209_600, 900].iter().for_each(|n| message.out.put32(*n));
        });
    }

    /// EDNS: 1,232 octets of UDP payload (RFC 6891 §6.1.2).
    fn edns(&mut self) {
        self.out.put(&[0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]);
    }
}

/// RFC 9460 §2.2: priority 1, the owner itself, alpn, ipv4hint, ipv6hint in the order of keys.
fn service(out: &mut Vec<u8>, hints: &[IpAddr]) {
    out.put(&[0, 1, 0]);
    out.put16(1);
    out.block(2, |out| out.block(1, |out| out.put(b"h2")));
    for (key, v4) in [(4, true), (6, false)] {
        let mut octets = Vec::new();
        for hint in hints.iter().filter(|hint| hint.is_ipv4() == v4) {
            match hint {
                IpAddr::V4(hint) => octets.put(&hint.octets()),
                IpAddr::V6(hint) => octets.put(&hint.octets()),
            }
        }
        if !octets.is_empty() {
            out.put16(key);
            out.block(2, |out| out.put(&octets));
        }
    }
}

/// The last two labels: near enough to a zone for a made-up SOA.
fn zone_of(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    match dots.nth(1) {
        Some(at) => name.get(at + 1..).unwrap_or(name),
        None => name,
    }
}

/// A stub resolver's question, with EDNS.
pub(crate) fn query(id: u16, name: &str, kind: QueryType) -> Vec<u8> {
    let mut message = Message::new(id, 0x0100, [1, 0, 0, 1]);
    message.question(name, kind.number(), 1);
    message.edns();
    message.out
}

/// A recursive resolver's response, with EDNS.
pub(crate) fn response(
    id: u16,
    name: &str,
    kind: QueryType,
    records: &[Record],
    outcome: Outcome,
) -> Vec<u8> {
    let flags = if outcome == Outcome::NoSuchName { 0x8183 } else { 0x8180 };
    let authorities = u16::from(outcome != Outcome::Success);
    let mut message = Message::new(id, flags, [1, records.len() as u16, authorities, 1]);
    message.question(name, kind.number(), 1);
    records.iter().for_each(|record| message.answer(record));
    if outcome != Outcome::Success {
        let last = records.iter().rev().find_map(|record| match &record.answer {
            Answer::Alias(target) => Some(target.as_str()),
            _ => None,
        });
        message.authority(last.unwrap_or(name));
    }
    message.edns();
    message.out
}

/// A question to a group of neighbours: mDNS (RFC 6762 §5.4) or LLMNR (RFC 4795 §2.1.1).
pub(crate) fn neighbour_query(id: u16, name: &str, kind: QueryType) -> Vec<u8> {
    let mut message = Message::new(id, 0, [1, 0, 0, 0]);
    message.question(name, kind.number(), 1);
    message.out
}

/// A NetBIOS name query, broadcast (RFC 1002 §4.2.12). The name is cut to 15 octets.
pub(crate) fn netbios_query(id: u16, name: &str) -> Vec<u8> {
    let mut message = Message::new(id, 0x0110, [1, 0, 0, 0]);
    // RFC 1001 §14.1: sixteen octets, blank-padded, as half octets from `A` on.
    let padded = name.bytes().map(|octet| octet.to_ascii_uppercase());
    let padded = padded.chain(std::iter::repeat(b' ')).take(15).chain([0]);
    let encoded: Vec<u8> = padded.flat_map(|o| [b'A' + (o >> 4), b'A' + (o & 15)]).collect();
    message.out.block(1, |out| out.put(&encoded));
    message.out.put(&[0, 0, 0x20, 0, 1]);
    message.out
}

#[cfg(test)]
mod tests {
    use dns_parser::{Packet, RData, ResponseCode};

    use super::*;

    fn record(owner: &str, answer: Answer) -> Record {
        Record { owner: owner.into(), ttl: 300, answer }
    }

    #[test]
    fn a_stranger_reads_the_question_and_the_chain() {
        let asked = query(7, "www.example.com", QueryType::A);
        let packet = Packet::parse(&asked).unwrap();
        assert_eq!(packet.questions[0].qname.to_string(), "www.example.com");
        assert!(packet.opt.is_some());

        let records = [
            record("www.example.com", Answer::Alias("edge.example.net".into())),
            record("edge.example.net", Answer::Address("192.0.2.7".parse().unwrap())),
        ];
        let told = response(7, "www.example.com", QueryType::A, &records, Outcome::Success);
        let packet = Packet::parse(&told).unwrap();
        assert_eq!(packet.header.id, 7);
        let RData::CNAME(alias) = &packet.answers[0].data else { panic!("no alias") };
        assert_eq!(alias.0.to_string(), "edge.example.net");
        assert_eq!(packet.answers[1].name.to_string(), "edge.example.net");
        let RData::A(address) = &packet.answers[1].data else { panic!("no address") };
        assert_eq!(address.0.to_string(), "192.0.2.7");
    }

    #[test]
    fn a_name_that_is_not_there_has_an_authority() {
        let told = response(1, "no.example.org", QueryType::A, &[], Outcome::NoSuchName);
        let packet = Packet::parse(&told).unwrap();
        assert_eq!(packet.header.response_code, ResponseCode::NameError);
        let RData::SOA(soa) = &packet.nameservers[0].data else { panic!("no SOA") };
        assert_eq!(soa.primary_ns.to_string(), "ns1.example.org");
    }

    #[test]
    fn an_https_record_is_the_rfcs() {
        let hints = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let mut out = Vec::new();
        service(&mut out, &hints);
        assert_eq!(out[..10], [0, 1, 0, 0, 1, 0, 3, 2, b'h', b'2']);
        assert_eq!(out[10..18], [0, 4, 0, 4, 192, 0, 2, 1]);
        assert_eq!(out[18..22], [0, 6, 0, 16]);
    }

    #[test]
    fn a_netbios_name_is_half_octets() {
        let asked = netbios_query(1, "FILES");
        assert_eq!(&asked[12..24], b"\x20EGEJEMEFFDC");
        assert_eq!(&asked[asked.len() - 5..], [0, 0, 0x20, 0, 1]);
        assert_eq!(asked.len(), 12 + 1 + 32 + 5);
    }
}
