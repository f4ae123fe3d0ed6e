//! ArcSight's Common Event Format, version 0 (CEF Implementation Standard, revision 27, of
//! OpenText).
//!
//! `CEF:0|vendor|product|version|class|name|severity|key=value …`. A header escapes `\` and `|`, a
//! value `\`, `=` and line ends. Keys, their types and lengths are those of the standard's
//! dictionary; what it has no key for stands in its custom ones, each with its label. Version 0 has
//! IPv4 in `src` and `dst` and IPv6 in custom keys; so have we.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;

use model::Timestamp;

use super::telling::{self, cut};
use super::{FormatOptions, Native, facts};

/// Lengths of the header's fields in octets, by the standard's table of them.
const VENDOR_LEN: usize = 63;
const VERSION_LEN: usize = 31;
const CLASS_LEN: usize = 1023;
const NAME_LEN: usize = 512;
/// What the standard's Integer holds.
const INTEGER_MAX: u64 = i32::MAX as u64;

/// Add a record's line; every kind of record has one.
pub(super) fn write(record: &Native<'_>, _options: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let Some(class) = telling::class(record) else { return false };
    let mut line = Line { text: "CEF:0".to_owned(), filled: false };
    let [vendor, product, version] = telling::product(record);
    line.header(vendor, VENDOR_LEN);
    line.header(product, VENDOR_LEN);
    line.header(version, VERSION_LEN);
    line.header(class, CLASS_LEN);
    line.header(&telling::title(record), NAME_LEN);
    let severity = record.number(&["event", "severity"]).unwrap_or(0).min(100) / 10;
    let _ = write!(line.text, "|{severity}|");
    event(record, &mut line);
    flow(record, &mut line);
    content(record, &mut line);
    match record.dataset() {
        "health" | "summary" => health(record, &mut line),
        _ => ours(record, &mut line),
    }
    out.extend_from_slice(line.text.as_bytes());
    true
}

/// When it was, what it is, who tells it.
fn event(record: &Native<'_>, line: &mut Line) {
    line.time("rt", record.at());
    for name in ["start", "end"] {
        let at = record.text(&["event", name]).and_then(crate::stamp::parse);
        if let Some(at) = at {
            line.time(name, at);
        }
    }
    line.text("externalId", record.id(), 40);
    line.maybe("deviceExternalId", facts::sensor(record), 255);
    line.maybe("dvchost", facts::sensor(record), 100);
    line.text("cat", telling::category(record), 1023);
    if record.dataset() == "alert" {
        line.text("act", "alert", 63);
        // 1 is an aggregate of what was told before, 2 a correlation; a single event has none.
        match (facts::is_incident(record), facts::is_update(record)) {
            (true, _) => line.number("type", 2),
            (false, true) => line.number("type", 1),
            (false, false) => {}
        }
    }
    line.maybe("reason", record.text(&["rmm", "policy", "rule"]), 1023);
    line.text("msg", &telling::sentence(record), 1023);
    let count = record.number(&["rmm", "count"]);
    if let Some(count) = count.or(record.number(&["rmm", "inventory", "signs"])) {
        line.number("cnt", count.min(INTEGER_MAX));
    }
}

/// Who spoke with whom.
fn flow(record: &Native<'_>, line: &mut Line) {
    let host = facts::host(record);
    let ends = [("source", "src", "spt", "c6a2"), ("destination", "dst", "dpt", "c6a3")];
    for (side, four, port, six) in ends {
        let alone = side == "source" && record.dataset() == "inventory";
        let ip = if alone { host } else { record.text(&[side, "ip"]) };
        let Some(ip) = ip.and_then(|ip| ip.parse().ok()) else { continue };
        match ip {
            IpAddr::V4(_) => line.number(four, ip),
            IpAddr::V6(_) => {
                let label = if side == "source" { "Source" } else { "Destination" };
                line.custom(six, &format!("{label} IPv6 Address"), &ip.to_string());
            }
        }
        if let Some(number) = facts::port(record, &[side, "port"]) {
            line.number(port, number);
        }
        let [name_key, mac_key] = if four == "src" { ["shost", "smac"] } else { ["dhost", "dmac"] };
        let is_host = host.and_then(|host| host.parse().ok()) == Some(ip);
        let own = record.text(&["rmm", "identity", "name"]).filter(|_| is_host);
        line.maybe(name_key, record.text(&[side, "domain"]).or(own), 1023);
        if let Some(mac) = facts::mac(record, ":").filter(|_| is_host) {
            line.text(mac_key, &mac, 17);
        }
    }
    let proto = record.text(&["network", "transport"]).map(str::to_ascii_uppercase);
    line.maybe("proto", proto.as_deref(), 31);
    line.maybe("app", record.text(&["network", "protocol"]), 31);
    match record.text(&["network", "direction"]) {
        Some("inbound") => line.number("deviceDirection", 0),
        Some("outbound") => line.number("deviceDirection", 1),
        _ => {}
    }
    // By the standard, `in` is what flows from source to destination.
    let sent = record.number(&["source", "bytes"]);
    let received = record.number(&["destination", "bytes"]);
    let all = |name| record.number(&["rmm", "inventory", name]);
    if let Some(sent) = sent.or(all("bytes_sent")) {
        line.number("in", sent);
    }
    if let Some(received) = received.or(all("bytes_received")) {
        line.number("out", received);
    }
}

/// What was asked for, fetched, shown.
fn content(record: &Native<'_>, line: &mut Line) {
    line.maybe("destinationDnsDomain", record.text(&["dns", "question", "name"]), 255);
    line.maybe("request", record.text(&["url", "full"]), 1023);
    line.maybe("requestMethod", record.text(&["http", "request", "method"]), 1023);
    line.maybe("requestClientApplication", record.text(&["user_agent", "original"]), 1023);
    line.maybe("fname", record.text(&["file", "name"]), 1023);
    let size = record.number(&["file", "size"]).filter(|size| *size <= INTEGER_MAX);
    if let Some(size) = size {
        line.number("fsize", size);
    }
    line.maybe("fileType", record.text(&["file", "mime_type"]), 1023);
}

/// What the dictionary has no key for.
fn ours(record: &Native<'_>, line: &mut Line) {
    let custom = |line: &mut Line, key, label, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            line.custom(key, label, value);
        }
    };
    custom(line, "cs1", "rmmTool", record.text(&["rmm", "tool"]));
    custom(line, "cs2", "communityId", record.text(&["network", "community_id"]));
    match record.text(&["rmm", "ja4"]) {
        Some(ja4) => line.custom("cs3", "ja4", ja4),
        None => custom(line, "cs3", "rmmOperator", record.text(&["rmm", "operator"])),
    }
    custom(line, "cs4", "zone", record.text(&["rmm", "policy", "zone"]));
    custom(line, "cs5", "attackId", Some(&telling::attack(record)));
    let (evidence, resolved) = (telling::evidence(record), telling::resolved(record));
    match evidence.is_empty() {
        false => line.custom("cs6", "evidence", &evidence),
        true => custom(line, "cs6", "resolved", Some(&resolved)),
    }
    let hosts = telling::hosts(record);
    if !hosts.is_empty() {
        line.number("flexString1Label", "hosts");
        line.text("flexString1", &hosts, 1023);
    }
    if let Some(severity) = record.number(&["event", "severity"]) {
        line.label("cn1", "risk", severity);
    }
    if let Some(confidence) = facts::confidence_pct(record) {
        line.label("cn2", "confidence", confidence);
    }
    if let Some(authorised) = telling::authorised(record) {
        line.label("cn3", "authorised", u8::from(authorised));
    }
}

/// The counts that say whether the sensor sees what it should.
fn health(record: &Native<'_>, line: &mut Line) {
    let counts: [(_, _, &[&str]); 3] = [
        ("cn1", "packets", &["network", "packets"]),
        ("cn2", "packetsDropped", &["rmm", "health", "kernel", "dropped"]),
        ("cn3", "observationsDropped", &["rmm", "health", "observations", "dropped"]),
    ];
    for (key, label, path) in counts {
        if let Some(count) = record.number(path) {
            line.label(key, label, count);
        }
    }
}

/// A line that is being written.
struct Line {
    text: String,
    filled: bool,
}

impl Line {
    /// A field of the header, after its bar.
    fn header(&mut self, value: &str, most: usize) {
        self.text.push('|');
        for c in cut(value, most).chars() {
            match c {
                '\\' | '|' => self.text.extend(['\\', c]),
                c if c.is_control() => self.text.push(' '),
                c => self.text.push(c),
            }
        }
    }

    fn text(&mut self, key: &str, value: &str, most: usize) {
        self.number(key, "");
        // Spaces at a value's ends are no part of it for who reads.
        for c in cut(value.trim(), most).chars() {
            match c {
                '\\' | '=' => self.text.extend(['\\', c]),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                c if c.is_control() => self.text.push(' '),
                c => self.text.push(c),
            }
        }
    }

    fn maybe(&mut self, key: &str, value: Option<&str>, most: usize) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(key, value, most);
        }
    }

    /// What needs no escape: a number, an address.
    fn number(&mut self, key: &str, value: impl Display) {
        if std::mem::replace(&mut self.filled, true) {
            self.text.push(' ');
        }
        let _ = write!(self.text, "{key}={value}");
    }

    fn time(&mut self, key: &str, at: Timestamp) {
        self.number(key, at.nanos() / 1_000_000);
    }

    /// A custom text with its label.
    fn custom(&mut self, key: &str, label: &str, value: &str) {
        self.number(&format!("{key}Label"), label);
        self.text(key, value, 4000);
    }

    /// A custom number with its label.
    fn label(&mut self, key: &str, label: &str, value: impl Display) {
        self.number(&format!("{key}Label"), label);
        self.number(key, value);
    }
}
