//! The objects of OCSF that several classes share: ends, connection, names, techniques.

use std::net::IpAddr;

use model::Timestamp;
use serde_json::Value;

use super::super::ecs::attack;
use super::super::object::{Array, Object};
use super::super::{Native, facts};

/// Milliseconds since 1970, as OCSF's `timestamp_t` has them.
pub(super) fn millis(at: Timestamp) -> u64 {
    at.nanos() / 1_000_000
}

/// Ends and connection of the record's flow.
pub(super) fn flow(record: &Native<'_>, o: &mut Object<'_>) {
    o.object("src_endpoint", |o| endpoint(record, "source", o));
    o.object("dst_endpoint", |o| endpoint(record, "destination", o));
    connection(record, o);
    let tool = record.text(&["threat", "software", "name"]);
    o.maybe("app_name", tool.or_else(|| record.text(&["rmm", "tool"])));
    o.maybe("app_protocol_name", record.text(&["network", "protocol"]));
}

/// One end. An address that is none becomes the end's name.
pub(super) fn endpoint(record: &Native<'_>, end: &str, o: &mut Object<'_>) {
    let Some(ip) = record.text(&[end, "ip"]).filter(|ip| !ip.is_empty()) else { return };
    if ip.parse::<IpAddr>().is_ok() {
        o.text("ip", ip);
    } else {
        o.text("svc_name", ip);
    }
    if let Some(port) = facts::port(record, &[end, "port"]) {
        o.number("port", port);
    }
    o.maybe("hostname", record.text(&[end, "domain"]));
    if record.text(&["rmm", "host"]) == Some(ip) {
        o.maybe("name", record.text(&["rmm", "identity", "name"]));
        o.maybe("mac", facts::mac(record, "-").as_deref());
        o.maybe("zone", record.text(&["rmm", "policy", "zone"]));
        o.maybe("vlan_uid", record.text(&["network", "vlan", "id"]));
    }
}

/// `connection_info`.
pub(super) fn connection(record: &Native<'_>, o: &mut Object<'_>) {
    o.object("connection_info", |o| {
        let word = record.text(&["network", "direction"]).unwrap_or_default();
        let (direction, boundary) = match word {
            "inbound" => (1, 3),
            "outbound" => (2, 3),
            "internal" => (3, 2), // Lateral
            "external" => (99, 3),
            _ => (0, 0),
        };
        o.number("direction_id", direction);
        o.maybe("direction", Some(word));
        o.number("boundary_id", boundary);
        let transport = record.text(&["network", "transport"]);
        o.maybe("protocol_name", transport);
        match transport {
            Some("tcp") => o.number("protocol_num", 6),
            Some("udp") => o.number("protocol_num", 17),
            _ => {}
        }
        match record.text(&["network", "type"]) {
            Some("ipv4") => o.number("protocol_ver_id", 4),
            Some("ipv6") => o.number("protocol_ver_id", 6),
            _ => {}
        }
        o.maybe("community_uid", record.text(&["network", "community_id"]));
    });
}

/// `traffic`, at the end of a flow.
pub(super) fn traffic(record: &Native<'_>, o: &mut Object<'_>) {
    o.object("traffic", |o| {
        for (ours, bytes, packets) in [
            ("network", "bytes", "packets"),
            ("source", "bytes_out", "packets_out"),
            ("destination", "bytes_in", "packets_in"),
        ] {
            for (name, theirs) in [("bytes", bytes), ("packets", packets)] {
                let number = record.number(&[ours, name]);
                if let Some(number) = number.and_then(|number| i64::try_from(number).ok()) {
                    o.number(theirs, number);
                }
            }
        }
    });
}

/// `tls`. A version is required: in an alert none is told.
pub(super) fn tls(record: &Native<'_>, o: &mut Object<'_>) {
    let sni = record.text(&["tls", "client", "server_name"]);
    let version = record.text(&["tls", "version"]);
    let ja3 = record.text(&["tls", "client", "ja3"]);
    if sni.is_none() && version.is_none() && ja3.is_none() {
        return;
    }
    o.object("tls", |o| {
        o.text("version", version.unwrap_or("unknown"));
        o.maybe("sni", sni);
        if let Some(ja3) = ja3 {
            o.object("ja3_hash", |o| {
                o.number("algorithm_id", 1); // MD5
                o.text("value", ja3);
            });
        }
    });
}

/// `url`, where the record tells a whole one or its path.
pub(super) fn url(record: &Native<'_>, o: &mut Object<'_>) {
    let (full, path) = (record.text(&["url", "full"]), record.text(&["url", "path"]));
    let told = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    if !told(full) && !told(path) {
        return;
    }
    o.object("url", |o| {
        o.maybe("url_string", full);
        o.maybe("hostname", record.text(&["url", "domain"]));
        if let Some(port) = facts::port(record, &["url", "port"]) {
            o.number("port", port);
        }
        o.maybe("path", path);
        o.maybe("query_string", record.text(&["url", "query"]));
    });
}

/// What DNS Activity has of its own.
pub(super) fn dns(record: &Native<'_>, o: &mut Object<'_>) {
    let packet = record.text(&["dns", "id"]).and_then(|id| id.parse::<u16>().ok());
    o.object("query", |o| {
        o.text("hostname", record.text(&["dns", "question", "name"]).unwrap_or_default());
        o.maybe("type", record.text(&["dns", "question", "type"]));
        o.text("class", "IN");
        if let Some(packet) = packet {
            o.number("packet_uid", packet);
        }
    });
    let answered = record.text(&["dns", "type"]) == Some("answer");
    let time = if answered { "response_time" } else { "query_time" };
    o.number(time, millis(record.at()));
    if let Some(word) = record.text(&["dns", "response_code"]) {
        o.text("rcode", word);
        o.number("rcode_id", rcode(word));
    }
    let answers = record.get(&["dns", "answers"]).and_then(Value::as_array);
    o.array("answers", |a| {
        for row in answers.into_iter().flatten() {
            let Some(data) = row.get("data").and_then(Value::as_str) else { continue };
            a.object(|o| {
                o.text("rdata", data);
                o.maybe("type", row.get("type").and_then(Value::as_str));
                let ttl = row.get("ttl").and_then(Value::as_u64);
                if let Some(ttl) = ttl.and_then(|ttl| u32::try_from(ttl).ok()) {
                    o.number("ttl", ttl);
                }
                o.text("class", "IN");
            });
        }
    });
}

/// `rcode_id` (RFC 6895 §2.3's numbers); 99 for what OCSF has no number for.
fn rcode(word: &str) -> u32 {
    const WORDS: [(&str, u32); 20] = [
        ("NOERROR", 0),
        ("FORMERR", 1),
        ("SERVFAIL", 2),
        ("NXDOMAIN", 3),
        ("NOTIMP", 4),
        ("REFUSED", 5),
        ("YXDOMAIN", 6),
        ("YXRRSET", 7),
        ("NXRRSET", 8),
        ("NOTAUTH", 9),
        ("NOTZONE", 10),
        ("DSOTYPENI", 11),
        ("BADVERS", 16),
        ("BADKEY", 17),
        ("BADTIME", 18),
        ("BADMODE", 19),
        ("BADNAME", 20),
        ("BADALG", 21),
        ("BADTRUNC", 22),
        ("BADCOOKIE", 23),
    ];
    WORDS.iter().find(|(known, _)| *known == word).map_or(99, |(_, number)| *number)
}

/// `attacks`: each sub-technique under its technique, and the techniques without one.
pub(super) fn attacks(record: &Native<'_>, a: &mut Array<'_>) {
    let above = facts::techniques(record, false);
    let below = facts::techniques(record, true);
    for sub in &below {
        let parent = attack::parent(sub.id);
        let name = above.iter().find(|row| row.id == parent).map_or(parent, |row| row.name);
        a.object(|o| one_attack((parent, name), Some((sub.id, sub.name)), o));
    }
    for row in above.iter().filter(|row| !below.iter().any(|sub| attack::parent(sub.id) == row.id))
    {
        a.object(|o| one_attack((row.id, row.name), None, o));
    }
}

fn one_attack(technique: (&str, &str), sub: Option<(&str, &str)>, o: &mut Object<'_>) {
    o.text("version", attack::VERSION);
    if let Some(known) = attack::look_up(technique.0) {
        o.object("tactic", |o| pair((known.tactic.id, known.tactic.name), o));
    }
    o.object("technique", |o| pair(technique, o));
    if let Some(sub) = sub {
        o.object("sub_technique", |o| pair(sub, o));
    }
}

fn pair((id, name): (&str, &str), o: &mut Object<'_>) {
    o.text("uid", id);
    o.text("name", name);
}

/// `observables`: addresses and names, by where they stand in the event.
pub(super) fn observables(record: &Native<'_>, finding: bool, o: &mut Object<'_>) {
    const HOSTNAME: u32 = 1;
    const ADDRESS: u32 = 2;
    let place = |rest: &str| if finding { format!("evidences.{rest}") } else { rest.to_owned() };
    o.array("observables", |a| {
        let mut row = |name: String, kind: u32, value: Option<&str>| {
            let Some(value) = value.filter(|value| !value.is_empty()) else { return };
            a.object(|o| {
                o.text("name", &name);
                o.number("type_id", kind);
                o.text("value", value);
            });
        };
        // As in the endpoints: what is no address stands under another name there.
        let address = |end| record.text(&[end, "ip"]).filter(|ip| ip.parse::<IpAddr>().is_ok());
        row(place("src_endpoint.ip"), ADDRESS, address("source"));
        row(place("dst_endpoint.ip"), ADDRESS, address("destination"));
        row(place("dst_endpoint.hostname"), HOSTNAME, record.text(&["destination", "domain"]));
        row(place("query.hostname"), HOSTNAME, record.text(&["dns", "question", "name"]));
        if finding {
            for name in record.texts(&["related", "hosts"]) {
                row("evidences.data".to_owned(), HOSTNAME, Some(name));
            }
        }
    });
}
