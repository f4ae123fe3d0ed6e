//! A MISP event for an alert: the flow as an object, the signs as attributes.
//!
//! Source: MISP core format (draft-dulaunoy-misp-core-format), the object template
//! `network-connection` of misp-objects, types and categories of MISP's `describeTypes`. All UUIDs
//! follow from the alert, so that a later telling edits the event that the first one made. Attributes
//! are for detection (`to_ids`) only where an attackers' list has them: a tool's own servers are no
//! indicator by themselves, nor is the name of a file that came from an attackers' server. Nothing is published or shared further by us (`distribution` 0).

use std::net::IpAddr;

use super::object::{Array, Object};
use super::{FormatOptions, Native, facts, object, uuid};
use crate::stamp::Stamp;

/// `network-connection` in misp-objects.
const TEMPLATE: &str = "af16764b-f8e5-4603-9de1-de34d272f80b";
const TEMPLATE_VERSION: &str = "7";

const NETWORK: &str = "Network activity";

pub(super) fn write(record: &Native<'_>, _: &FormatOptions, out: &mut Vec<u8>) -> bool {
    // An alert about the sensor itself is nothing to share.
    if record.dataset() != "alert" || facts::host(record).is_none() {
        return false;
    }
    object::object(out, |o| o.object("Event", |o| event(record, o)));
    true
}

fn event(record: &Native<'_>, o: &mut Object<'_>) {
    let (start, _) = facts::span(record);
    let stamp = Stamp(start).to_string();
    o.text("uuid", &uuid::of(&["misp-event", record.id()]));
    let name = record.text(&["message"]).or_else(|| record.text(&["rule", "name"]));
    o.text("info", name.filter(|name| !name.is_empty()).unwrap_or("rmmwatch"));
    o.text("date", stamp.get(..10).unwrap_or_default());
    o.text("timestamp", &seconds(record));
    let level = match facts::severity(record) {
        "critical" | "high" => "1",
        "medium" => "2",
        "low" => "3",
        _ => "4", // undefined
    };
    o.text("threat_level_id", level);
    let analysis = match record.text(&["rmm", "occasion"]) {
        Some("ended") => "2",
        _ if facts::is_update(record) => "1",
        _ => "0",
    };
    o.text("analysis", analysis);
    o.text("distribution", "0");
    o.truth("published", false);
    o.array("Tag", |a| tags(record, a));
    o.array("Attribute", |a| attributes(record, a));
    o.array("Object", |a| {
        if record.text(&["source", "ip"]).is_some_and(is_address) {
            a.object(|o| connection(record, o));
        }
    });
}

/// When this was told, in whole seconds: what decides which version of an event is the later one.
fn seconds(record: &Native<'_>) -> String {
    record.at().secs().to_string()
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn tags(record: &Native<'_>, a: &mut Array<'_>) {
    let mut tag = |name: String| a.object(|o| o.text("name", &name));
    for (name, path) in [
        ("detection", ["rmm", "detection"]),
        ("tool", ["rmm", "tool"]),
        ("rule", ["rule", "id"]),
        ("sensor", ["observer", "name"]),
    ] {
        if let Some(value) = record.text(&path).filter(|value| !value.is_empty()) {
            // A machine tag: `namespace:predicate="value"`, without quotes in its value.
            tag(format!("rmmwatch:{name}=\"{}\"", object::cut(value).replace('"', "'")));
        }
    }
    let all = facts::techniques(record, false).into_iter().chain(facts::techniques(record, true));
    for row in all {
        let name = format!("{} - {}", row.name, row.id).replace('"', "'");
        tag(format!("misp-galaxy:mitre-attack-pattern=\"{name}\""));
    }
}

/// The signs, each value once, the further hosts, and the sentence.
fn attributes(record: &Native<'_>, a: &mut Array<'_>) {
    let mut known: Vec<(&str, &str)> = Vec::new();
    for sign in facts::signs(record) {
        let Some((kind, category)) = kind_of(record, &sign) else { continue };
        if sign.value.is_empty() || known.contains(&(kind, sign.value)) {
            continue;
        }
        known.push((kind, sign.value));
        let to_ids = sign.is_attackers() && kind != "filename";
        attribute(record, (kind, category, sign.value), to_ids, &comment(&sign), a);
    }
    for host in facts::hosts(record).into_iter().filter(|host| is_address(host)) {
        if !known.contains(&("ip-src", host)) {
            attribute(record, ("ip-src", NETWORK, host), false, "a further host of the alert", a);
        }
    }
    if let Some(reason) = record.text(&["event", "reason"]).filter(|text| !text.is_empty()) {
        a.object(|o| {
            o.text("uuid", &uuid::of(&["misp-attribute", record.id(), "reason"]));
            o.text("type", "comment");
            o.text("category", "Other");
            o.text("value", reason);
            o.truth("to_ids", false);
            o.text("timestamp", &seconds(record));
        });
    }
}

/// An attribute of the event: its type, its category, its value.
fn attribute(
    record: &Native<'_>,
    (kind, category, value): (&str, &str, &str),
    to_ids: bool,
    comment: &str,
    a: &mut Array<'_>,
) {
    a.object(|o| {
        o.text("uuid", &uuid::of(&["misp-attribute", record.id(), kind, value]));
        o.text("type", kind);
        o.text("category", category);
        o.text("value", value);
        o.truth("to_ids", to_ids);
        o.text("timestamp", &seconds(record));
        o.text("comment", comment);
    });
}

fn comment(sign: &facts::Sign<'_>) -> String {
    let facts::Sign { source, pattern, list, version, role, .. } = sign;
    let role = if role.is_empty() { String::new() } else { format!(", {role}") };
    format!("{source} fits {} of {list} {version}{role}", object::cut(pattern))
}

/// MISP's type and category of a sign; `None` for what it has no type for.
fn kind_of(record: &Native<'_>, sign: &facts::Sign<'_>) -> Option<(&'static str, &'static str)> {
    // Who comes in from outside is the source.
    let is_source = record.text(&["source", "ip"]) == Some(sign.value);
    Some(match sign.source {
        "dns.question" | "dns.answer" | "tls.sni" | "quic.sni" | "http.host" | "address" => {
            match is_address(sign.value) {
                true => (if is_source { "ip-src" } else { "ip-dst" }, NETWORK),
                false if sign.source == "address" => return None,
                false => ("hostname", NETWORK),
            }
        }
        "http.user_agent" => ("user-agent", NETWORK),
        "http.url" => ("url", NETWORK),
        "http.file" => ("filename", "Payload delivery"),
        "tls.ja3" if is_hex(sign.value, 32) => ("ja3-fingerprint-md5", NETWORK),
        "tls.certificate" if is_hex(sign.value, 64) => ("x509-fingerprint-sha256", NETWORK),
        "tls.certificate" if is_hex(sign.value, 40) => ("x509-fingerprint-sha1", NETWORK),
        _ => return None,
    })
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// The flow.
fn connection(record: &Native<'_>, o: &mut Object<'_>) {
    let (start, end) = facts::span(record);
    o.text("name", "network-connection");
    o.text("meta-category", "network");
    o.text("description", "A local or remote network connection.");
    o.text("template_uuid", TEMPLATE);
    o.text("template_version", TEMPLATE_VERSION);
    o.text("uuid", &uuid::of(&["misp-object", record.id()]));
    o.text("distribution", "0");
    o.text("timestamp", &seconds(record));
    o.array("Attribute", |a| {
        let mut row = |relation: &str, kind: &str, category: &str, value: Option<String>| {
            let Some(value) = value.filter(|value| !value.is_empty()) else { return };
            a.object(|o| {
                o.text("uuid", &uuid::of(&["misp-object", record.id(), relation]));
                o.text("object_relation", relation);
                o.text("type", kind);
                o.text("category", category);
                o.text("value", &value);
                o.truth("to_ids", false);
                o.text("timestamp", &seconds(record));
            });
        };
        let text = |path: &[&str]| record.text(path).map(str::to_owned);
        let address =
            |path: &[&str]| record.text(path).filter(|ip| is_address(ip)).map(str::to_owned);
        let port = |path: &[&str]| facts::port(record, path).map(|port| port.to_string());
        row("ip-src", "ip-src", NETWORK, address(&["source", "ip"]));
        row("src-port", "port", NETWORK, port(&["source", "port"]));
        row("ip-dst", "ip-dst", NETWORK, address(&["destination", "ip"]));
        row("dst-port", "port", NETWORK, port(&["destination", "port"]));
        row("hostname-dst", "hostname", NETWORK, text(&["destination", "domain"]));
        row("community-id", "community-id", NETWORK, text(&["network", "community_id"]));
        row(
            "layer3-protocol",
            "text",
            "Other",
            text(&["network", "type"]).map(|word| capital(&word)),
        );
        row(
            "layer4-protocol",
            "text",
            "Other",
            text(&["network", "transport"]).map(|word| capital(&word)),
        );
        row("layer7-protocol", "text", "Other", text(&["network", "protocol"]));
        row("first-packet-seen", "datetime", "Other", Some(Stamp(start).to_string()));
        row("last-packet-seen", "datetime", "Other", Some(Stamp(end).to_string()));
    });
}

/// As the template spells protocols.
fn capital(word: &str) -> String {
    match word {
        "ipv4" => "IP".to_owned(),
        "ipv6" => "IPv6".to_owned(),
        other => other.to_ascii_uppercase(),
    }
}
