//! `dns`: questions and answers, of DNS and its cousins.

use std::net::IpAddr;

use crate::json::{self, Json, Page, Word, fields};
use model::{DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DomainName, Protocol, RecordData};

use super::words::{QuestionType, RcodeText, TypeText};

/// `dns`.
pub(super) struct Dns<'a> {
    kind: Word,
    id: IdText,
    question: Question<'a>,
    response_code: Option<RcodeText>,
    answers: Option<Answers<'a>>,
    resolved_ip: Option<Resolved<'a>>,
}

fields!(Dns<'_>: kind as "type", id, question, ?response_code, ?answers, ?resolved_ip);

impl<'a> Dns<'a> {
    pub(super) fn query(query: &'a DnsQuery) -> Dns<'a> {
        Dns {
            kind: Word("query"),
            id: IdText(query.id),
            question: Question::new(query.protocol, &query.question),
            response_code: None,
            answers: None,
            resolved_ip: None,
        }
    }

    pub(super) fn answer(answer: &'a DnsAnswer) -> Dns<'a> {
        let records = answer.records.as_slice();
        Dns {
            kind: Word("answer"),
            id: IdText(answer.id),
            question: Question::answered(answer),
            response_code: Some(RcodeText(answer.rcode)),
            answers: (!records.is_empty()).then_some(Answers(records)),
            resolved_ip: addresses(records).next().is_some().then_some(Resolved(records)),
        }
    }
}

/// The message's number as text: ECS has a keyword there.
struct IdText(u16);

impl Json for IdText {
    fn json(&self, out: &mut Page) {
        out.put(b"\"");
        json::digits(out, u64::from(self.0));
        out.put(b"\"");
    }
}

/// `dns.question`.
struct Question<'a> {
    name: &'a str,
    kind: Option<QuestionType>,
}

fields!(Question<'_>: name, ?kind as "type");

impl<'a> Question<'a> {
    fn new(protocol: Protocol, asked: &'a DnsQuestion) -> Question<'a> {
        Question {
            name: text(asked.name.as_ref()),
            kind: Some(QuestionType { protocol, kind: asked.kind }),
        }
    }

    /// What an answer answers. Multicast DNS does not repeat the question (RFC 6762 §6), so
    /// without one it is the first record's owner: consumers count on the name being there.
    fn answered(answer: &'a DnsAnswer) -> Question<'a> {
        if let Some(asked) = &answer.question {
            return Question::new(answer.protocol, asked);
        }
        let owner = answer.records.first();
        Question { name: owner.map_or("", |record| text(record.name.as_ref())), kind: None }
    }
}

/// The root is a dot.
fn text(name: Option<&DomainName>) -> &str {
    name.map_or(".", DomainName::as_str)
}

/// `dns.answers`.
struct Answers<'a>(&'a [DnsRecord]);

struct Answer<'a> {
    name: &'a str,
    kind: TypeText,
    ttl: u32,
    data: Data<'a>,
}

fields!(Answer<'_>: name, kind as "type", ttl, data);

impl Json for Answers<'_> {
    fn json(&self, out: &mut Page) {
        json::array(
            out,
            self.0.iter().map(|record| Answer {
                name: text(record.name.as_ref()),
                kind: TypeText(record.kind),
                ttl: record.ttl_secs,
                data: Data(&record.data),
            }),
        );
    }
}

/// A record's data as text: an address; a name; `target ipv4hint=… ipv6hint=… ech` for a service;
/// `\# length` (RFC 3597 §5, without the octets) for what was not read.
struct Data<'a>(&'a RecordData);

impl Json for Data<'_> {
    #[inline]
    fn json(&self, out: &mut Page) {
        match self.0 {
            RecordData::Address(ip) => ip.json(out),
            RecordData::Name(name) => json::text(out, text(name.as_ref())),
            RecordData::Service { target, hints, ech } => {
                service(out, target.as_ref(), hints, *ech)
            }
            RecordData::Other(len) => {
                out.put(b"\"\\\\# ");
                json::digits(out, u64::from(*len));
                out.put(b"\"");
            }
        }
    }
}

fn service(out: &mut Page, target: Option<&DomainName>, hints: &[IpAddr], ech: bool) {
    out.put(b"\"");
    json::inside(out, text(target));
    for (key, v4) in [(b" ipv4hint=", true), (b" ipv6hint=", false)] {
        for (number, ip) in hints.iter().filter(|ip| ip.is_ipv4() == v4).enumerate() {
            match number {
                0 => out.put(key),
                _ => out.put(b","),
            }
            json::ip(out, *ip);
        }
    }
    if ech {
        out.put(b" ech");
    }
    out.put(b"\"");
}

/// `dns.resolved_ip`: every address in the answers, hints of services included.
struct Resolved<'a>(&'a [DnsRecord]);

impl Json for Resolved<'_> {
    fn json(&self, out: &mut Page) {
        json::array(out, addresses(self.0));
    }
}

fn addresses(records: &[DnsRecord]) -> impl Iterator<Item = &IpAddr> {
    records.iter().flat_map(|record| match &record.data {
        RecordData::Address(ip) => std::slice::from_ref(ip),
        RecordData::Service { hints, .. } => hints,
        RecordData::Name(_) | RecordData::Other(_) => &[],
    })
}
