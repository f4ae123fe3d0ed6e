//! QRadar's Log Event Extended Format 2.0 (IBM, "QRadar Log Event Extended Format guide").
//!
//! `LEEF:2.0|vendor|product|version|event id|x09|key=value⇥…`: attributes are parted by tabs, as the
//! header says. The format knows no escapes: what would end a field is replaced. Predefined keys
//! stand for what they mean; ours begin with `rmm`, and each stands once.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;

use super::telling::{self, cut};
use super::{FormatOptions, Native, facts};
use crate::stamp::Stamp;

/// Octets of an event id, by the guide.
const CLASS_LEN: usize = 255;
/// Octets of the other fields of the header; the guide has no bound.
const HEADER_LEN: usize = 63;
/// Octets of a text. QRadar cuts an event at 4,096 octets as it comes, so one text must not fill it.
const TEXT_LEN: usize = 1023;
/// Octets of a host's name, by the guide.
const HOST_LEN: usize = 255;

/// Add a record's line; every kind of record has one.
pub(super) fn write(record: &Native<'_>, _options: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let Some(class) = telling::class(record) else { return false };
    let mut line = Line { text: "LEEF:2.0|".to_owned(), filled: false };
    for field in telling::product(record) {
        line.header(field, HEADER_LEN);
    }
    line.header(class, CLASS_LEN);
    line.text.push_str("x09|");
    event(record, &mut line);
    flow(record, &mut line);
    ours(record, &mut line);
    out.extend_from_slice(line.text.as_bytes());
    true
}

fn event(record: &Native<'_>, line: &mut Line) {
    let millis = (record.at().nanos() / 1_000_000).to_string();
    if millis.len() == 13 {
        line.add("devTime", &millis, TEXT_LEN);
    } else {
        // Fewer digits would be taken for seconds, or for nothing.
        let text = Stamp(record.at()).to_string();
        line.add("devTime", &format!("{}+0000", cut(&text, 23)), TEXT_LEN);
        line.add("devTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSZ", TEXT_LEN);
    }
    line.add("cat", telling::category(record), TEXT_LEN);
    let severity = record.number(&["event", "severity"]).unwrap_or(0).min(100) / 10;
    line.number("sev", severity.max(1));
}

fn flow(record: &Native<'_>, line: &mut Line) {
    let host = facts::host(record);
    let host_ip = host.and_then(|host| host.parse::<IpAddr>().ok());
    let mac = facts::mac(record, ":");
    for (side, key, port, mac_key) in
        [("source", "src", "srcPort", "srcMAC"), ("destination", "dst", "dstPort", "dstMAC")]
    {
        let alone = side == "source" && record.dataset() == "inventory";
        let ip = if alone { host } else { record.text(&[side, "ip"]) };
        let Some(ip) = ip.and_then(|ip| ip.parse::<IpAddr>().ok()) else { continue };
        line.number(key, ip);
        if let Some(number) = facts::port(record, &[side, "port"]) {
            line.number(port, number);
        }
        line.maybe(mac_key, mac.as_deref().filter(|_| Some(ip) == host_ip), HOST_LEN);
    }
    let proto = record.text(&["network", "transport"]).map(str::to_ascii_uppercase);
    line.maybe("proto", proto.as_deref(), HEADER_LEN);
    // QRadar reads the name only beside its address.
    if let (Some(ip), Some(name)) = (host_ip, record.text(&["rmm", "identity", "name"])) {
        line.number("identSrc", ip);
        line.maybe("identHostName", Some(name), HOST_LEN);
    }
    let counts: [(_, &[&str]); 5] = [
        ("srcBytes", &["source", "bytes"]),
        ("dstBytes", &["destination", "bytes"]),
        ("srcPackets", &["source", "packets"]),
        ("dstPackets", &["destination", "packets"]),
        ("totalPackets", &["network", "packets"]),
    ];
    let all = |key: &str| match key {
        "srcBytes" => record.number(&["rmm", "inventory", "bytes_sent"]),
        "dstBytes" => record.number(&["rmm", "inventory", "bytes_received"]),
        _ => None,
    };
    for (key, path) in counts {
        if let Some(count) = record.number(path).or(all(key)) {
            line.number(key, count);
        }
    }
    line.maybe("url", record.text(&["url", "full"]), TEXT_LEN);
}

fn ours(record: &Native<'_>, line: &mut Line) {
    line.maybe("rmmEventId", Some(record.id()), HOST_LEN);
    line.add("rmmName", &telling::title(record), TEXT_LEN);
    line.add("msg", &telling::sentence(record), TEXT_LEN);
    let texts: [(_, &[&str]); 17] = [
        ("rmmSensor", &["observer", "name"]),
        ("rmmHost", &["rmm", "host"]),
        ("rmmTool", &["rmm", "tool"]),
        ("rmmOperator", &["rmm", "operator"]),
        ("rmmZone", &["rmm", "policy", "zone"]),
        ("rmmRule", &["rmm", "policy", "rule"]),
        ("rmmOccasion", &["rmm", "occasion"]),
        ("rmmBrand", &["rmm", "lure", "brand"]),
        ("rmmDirection", &["network", "direction"]),
        ("rmmProtocol", &["network", "protocol"]),
        ("rmmCommunityId", &["network", "community_id"]),
        ("rmmServerName", &["destination", "domain"]),
        ("rmmQuestion", &["dns", "question", "name"]),
        ("rmmJa4", &["rmm", "ja4"]),
        ("rmmMethod", &["http", "request", "method"]),
        ("rmmUserAgent", &["user_agent", "original"]),
        ("rmmFile", &["file", "name"]),
    ];
    for (key, path) in texts {
        line.maybe(key, record.text(path), TEXT_LEN);
    }
    if let Some(authorised) = telling::authorised(record) {
        line.number("rmmAuthorised", authorised);
    }
    let numbers = [
        ("rmmRisk", record.number(&["event", "severity"])),
        ("rmmConfidence", facts::confidence_pct(record)),
        ("rmmCount", record.number(&["rmm", "count"])),
        ("rmmPacketsDropped", record.number(&["rmm", "health", "kernel", "dropped"])),
        ("rmmObservationsDropped", record.number(&["rmm", "health", "observations", "dropped"])),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            line.number(key, number);
        }
    }
    line.maybe("rmmAttack", Some(&telling::attack(record)), TEXT_LEN);
    line.maybe("rmmResolved", Some(&telling::resolved(record)), TEXT_LEN);
    line.maybe("rmmHosts", Some(&telling::hosts(record)), TEXT_LEN);
    line.maybe("rmmEvidence", Some(&telling::evidence(record)), TEXT_LEN);
}

/// A line that is being written.
struct Line {
    text: String,
    filled: bool,
}

impl Line {
    /// A field of the header and its bar.
    fn header(&mut self, value: &str, most: usize) {
        let plain = |c: char| if c == '|' || c.is_control() { '_' } else { c };
        self.text.extend(cut(value, most).chars().map(plain));
        self.text.push('|');
    }

    fn add(&mut self, key: &str, value: &str, most: usize) {
        self.number(key, "");
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        self.text.extend(cut(value, most).chars().map(plain));
    }

    fn maybe(&mut self, key: &str, value: Option<&str>, most: usize) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.add(key, value, most);
        }
    }

    /// What holds no tab: a number, an address.
    fn number(&mut self, key: &str, value: impl Display) {
        if std::mem::replace(&mut self.filled, true) {
            self.text.push('\t');
        }
        let _ = write!(self.text, "{key}={value}");
    }
}
