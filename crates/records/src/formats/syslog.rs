//! A syslog message (RFC 5424) with structured data.
//!
//! The message is a sentence, or the record in another format ([`FormatOptions::inner`]). How it is
//! framed on a stream is the carrier's to know (RFC 6587).

use std::fmt::Write as _;

use super::telling::{self, cut};
use super::{Format, FormatOptions, Native, facts};
use crate::stamp::Stamp;

/// Local use 0 (RFC 5424 §6.2.1).
const FACILITY: u64 = 16;
/// The name of our structured data. 32473 is the number that RFC 5612 sets aside for examples: we
/// have none of our own registered.
const SD_ID: &str = "rmmwatch@32473";
/// Octets of a parameter's value; RFC 5424 has no bound.
const VALUE_LEN: usize = 255;
/// Octets of the message where it is a sentence: with all else, it fits what RFC 5424 §6.1 wants
/// every receiver to take, 2,048 octets.
const SENTENCE_LEN: usize = 800;

/// Add a record's message. None where the inner format has none, or is an envelope itself.
pub(super) fn write(record: &Native<'_>, options: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let Some(class) = telling::class(record) else { return false };
    let inner = match options.inner {
        Some(Format::Syslog) => return false,
        Some(inner) => match super::shape_line(inner, record) {
            Some(body) => Some((inner, body)),
            None => return false,
        },
        None => None,
    };
    let mut head = header(record, class);
    // Who reads these two looks for them right behind the header, and they repeat all the rest.
    match inner {
        Some((Format::Cef | Format::Leef, _)) => head.push('-'),
        _ => structured(record, &mut head),
    }
    head.push(' ');
    match inner {
        Some((_, body)) => {
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(&body);
        }
        None => {
            message(record, &mut head);
            out.extend_from_slice(head.as_bytes());
        }
    }
    true
}

/// Priority to MSGID (RFC 5424 §6.2), with a space behind.
fn header(record: &Native<'_>, class: &str) -> String {
    let severity = match (record.dataset(), record.number(&["event", "severity"])) {
        ("alert", Some(90..)) => 2,
        ("alert", Some(70..)) => 3,
        ("alert", Some(40..)) => 4,
        ("alert", _) => 5,
        _ => 6,
    };
    let [_, product, _] = telling::product(record);
    let mut head = format!("<{}>1 {} ", FACILITY * 8 + severity, Stamp(record.at()));
    for (text, most) in [
        (facts::sensor(record).unwrap_or_default(), 255),
        (product, 48),
        ("", 128),
        (record.text(&["event", "action"]).unwrap_or(class), 32),
    ] {
        name(text, most, &mut head);
    }
    head
}

/// A field of the header: visible ASCII, `-` for nothing, and a space behind.
fn name(text: &str, most: usize, head: &mut String) {
    let visible = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    match cut(text, most) {
        "" => head.push('-'),
        text => head.extend(text.chars().map(visible)),
    }
    head.push(' ');
}

/// Structured data (RFC 5424 §6.3).
fn structured(record: &Native<'_>, head: &mut String) {
    let [_, product, version] = telling::product(record);
    head.push_str("[origin");
    param("software", product, 48, head);
    param("swVersion", version, 32, head);
    let _ = write!(head, "][{SD_ID}");
    let mut add = |name, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            param(name, value, VALUE_LEN, head);
        }
    };
    add("dataset", Some(record.dataset()));
    add("eventId", Some(record.id()));
    let texts: [(_, &[&str]); 14] = [
        ("rule", &["rule", "id"]),
        ("detection", &["rmm", "detection"]),
        ("tool", &["rmm", "tool"]),
        ("operator", &["rmm", "operator"]),
        ("host", &["rmm", "host"]),
        ("zone", &["rmm", "policy", "zone"]),
        ("policy", &["rmm", "policy", "rule"]),
        ("occasion", &["rmm", "occasion"]),
        ("src", &["source", "ip"]),
        ("dst", &["destination", "ip"]),
        ("name", &["destination", "domain"]),
        ("question", &["dns", "question", "name"]),
        ("transport", &["network", "transport"]),
        ("communityId", &["network", "community_id"]),
    ];
    for (name, path) in texts {
        add(name, record.text(path));
    }
    let numbers = [
        ("spt", facts::port(record, &["source", "port"]).map(u64::from)),
        ("dpt", facts::port(record, &["destination", "port"]).map(u64::from)),
        ("severity", record.number(&["event", "severity"])),
        ("confidence", facts::confidence_pct(record)),
        ("count", record.number(&["rmm", "count"])),
        ("packets", record.number(&["network", "packets"])),
        ("packetsDropped", record.number(&["rmm", "health", "kernel", "dropped"])),
    ];
    for (name, number) in numbers {
        add(name, number.map(|number| number.to_string()).as_deref());
    }
    add("authorised", telling::authorised(record).map(|is| if is { "true" } else { "false" }));
    add("hosts", Some(&telling::hosts(record)));
    add("attack", Some(&telling::attack(record)));
    head.push(']');
}

fn param(name: &str, value: &str, most: usize, head: &mut String) {
    let _ = write!(head, " {name}=\"");
    for c in cut(value, most).chars() {
        match c {
            '"' | '\\' | ']' => head.extend(['\\', c]),
            c if c.is_control() => head.push(' '),
            c => head.push(c),
        }
    }
    head.push('"');
}

/// The sentence; marked as UTF-8 where it is more than ASCII (RFC 5424 §6.4).
fn message(record: &Native<'_>, out: &mut String) {
    let title = telling::title(record);
    let sentence = match record.dataset() {
        "alert" => format!("{title}: {}", telling::sentence(record)),
        _ => telling::sentence(record),
    };
    let sentence = cut(&sentence, SENTENCE_LEN);
    if !sentence.is_ascii() {
        out.push('\u{feff}');
    }
    out.extend(sentence.chars().map(|c| if c.is_control() { ' ' } else { c }));
}
