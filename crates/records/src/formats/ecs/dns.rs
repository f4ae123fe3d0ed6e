//! `dns`: questions and answers, of DNS and its cousins.

use std::net::IpAddr;

use crate::json::{self, Json as _, Page, constant};
use model::{DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DomainName, Protocol, RecordData};

use super::words::{QuestionType, RcodeText, TypeText};

/// `dns` of a question.
pub(super) fn query(out: &mut Page, query: &DnsQuery) {
    constant!(out, ",\"dns\":{\"type\":\"query\",\"id\":\"");
    json::digits(out, u64::from(query.id)); // as text: ECS has a keyword there
    question(out, query.protocol, &query.question);
    out.put(b"}");
}

/// `dns` of an answer.
pub(super) fn answer(out: &mut Page, answer: &DnsAnswer) {
    constant!(out, ",\"dns\":{\"type\":\"answer\",\"id\":\"");
    json::digits(out, u64::from(answer.id));
    let records = answer.records.as_slice();
    match &answer.question {
        Some(asked) => question(out, answer.protocol, asked),
        // Multicast DNS does not repeat the question (RFC 6762 §6), so without one it is the first
        // record's owner: consumers count on the name being there.
        None => {
            constant!(out, "\",\"question\":{\"name\":\"");
            let owner = records.first();
            json::inside(out, owner.map_or("", |record| text(record.name.as_ref())));
            out.put(b"\"}");
        }
    }
    constant!(out, ",\"response_code\":");
    RcodeText(answer.rcode).json(out);
    if !records.is_empty() {
        constant!(out, ",\"answers\":");
        let start = out.len();
        for record in records {
            one(out, record);
        }
        json::enclose(out, start, b"[]");
    }
    if addresses(records).next().is_some() {
        // `dns.resolved_ip`: every address in the answers, hints of services included.
        constant!(out, ",\"resolved_ip\":");
        json::array(out, addresses(records));
    }
    out.put(b"}");
}

/// The end of `dns.id`, and `dns.question`.
#[inline]
fn question(out: &mut Page, protocol: Protocol, asked: &DnsQuestion) {
    constant!(out, "\",\"question\":{\"name\":\"");
    json::inside(out, text(asked.name.as_ref()));
    constant!(out, "\",\"type\":");
    QuestionType { protocol, kind: asked.kind }.json(out);
    out.put(b"}");
}

/// One of `dns.answers`, a comma before it.
fn one(out: &mut Page, record: &DnsRecord) {
    constant!(out, ",{\"name\":\"");
    json::inside(out, text(record.name.as_ref()));
    constant!(out, "\",\"type\":");
    TypeText(record.kind).json(out);
    constant!(out, ",\"ttl\":");
    json::digits(out, u64::from(record.ttl_secs));
    constant!(out, ",\"data\":");
    data(out, &record.data);
    out.put(b"}");
}

/// The root is a dot.
fn text(name: Option<&DomainName>) -> &str {
    name.map_or(".", DomainName::as_str)
}

/// A record's data as text: an address; a name; `target ipv4hint=… ipv6hint=… ech` for a service;
/// `\# length` (RFC 3597 §5, without the octets) for what was not read.
#[inline]
fn data(out: &mut Page, data: &RecordData) {
    match data {
        RecordData::Address(ip) => ip.json(out),
        RecordData::Name(name) => json::text(out, text(name.as_ref())),
        RecordData::Service { target, hints, ech } => service(out, target.as_ref(), hints, *ech),
        RecordData::Other(len) => {
            out.put(b"\"\\\\# ");
            json::digits(out, u64::from(*len));
            out.put(b"\"");
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

fn addresses(records: &[DnsRecord]) -> impl Iterator<Item = &IpAddr> {
    records.iter().flat_map(|record| match &record.data {
        RecordData::Address(ip) => std::slice::from_ref(ip),
        RecordData::Service { hints, .. } => hints,
        RecordData::Name(_) | RecordData::Other(_) => &[],
    })
}
