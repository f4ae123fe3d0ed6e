//! The events that tell what was on the wire: dns, tls, quic, http, fileinfo and flow.

use std::borrow::Cow;

use serde_json::Value;

use super::{Room, certificate, expanded, moment};
use crate::formats::object::{Array, Object};
use crate::formats::{Native, facts};

/// Types of records that `dns.grouped` may have in every version of the schema.
const GROUPED: [&str; 4] = ["A", "AAAA", "CNAME", "PTR"];

/// `dns`, in the form of version 2: Suricata 8 can be told to write version 3, which the mappings
/// of Elastic and Security Onion do not know.
pub(super) fn dns(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    o.object("dns", |o| {
        o.number("version", 2_u8);
        let answer = record.text(&["dns", "type"]) == Some("answer");
        o.text("type", if answer { "answer" } else { "query" });
        let id = record.text(&["dns", "id"]).and_then(|id| id.parse::<u16>().ok());
        if let Some(id) = id {
            o.number("id", id);
        }
        let name = record.text(&["dns", "question", "name"]).unwrap_or_default();
        o.text("rrname", room.cut(root(name)));
        o.maybe("rrtype", record.text(&["dns", "question", "type"]).map(|word| room.cut(word)));
        if answer {
            o.maybe("rcode", record.text(&["dns", "response_code"]).map(|word| room.cut(word)));
            answers(record, room, o);
        }
    });
}

/// Suricata has no text for the root.
fn root(name: &str) -> &str {
    if name == "." { "" } else { name }
}

fn answers(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    let rows = || {
        let all = record.get(&["dns", "answers"]).and_then(Value::as_array);
        all.into_iter().flatten().take(room.members)
    };
    o.array("answers", |array| rows().for_each(|row| one_answer(row, room, array)));
    o.object("grouped", |o| {
        for kind in GROUPED {
            o.array(kind, |array| {
                for data in rows().filter(|row| text(row, "type") == Some(kind)).filter_map(rdata) {
                    array.text(room.cut(&data));
                }
            });
        }
    });
}

fn one_answer(row: &Value, room: Room, array: &mut Array<'_>) {
    array.object(|o| {
        o.text("rrname", room.cut(root(text(row, "name").unwrap_or_default())));
        o.maybe("rrtype", text(row, "type").map(|word| room.cut(word)));
        if let Some(ttl) = row.get("ttl").and_then(Value::as_u64) {
            o.number("ttl", ttl);
        }
        o.maybe("rdata", rdata(row).as_deref().map(|data| room.cut(data)));
    });
}

/// What an answer says; nothing where it was not read (RFC 3597's `\#` and a length).
fn rdata(row: &Value) -> Option<String> {
    let data = text(row, "data").filter(|data| !data.starts_with("\\#"))?;
    Some(expanded(data).unwrap_or_else(|| root(data).to_owned()))
}

fn text<'r>(row: &'r Value, name: &str) -> Option<&'r str> {
    row.get(name).and_then(Value::as_str)
}

/// `tls`, of a hello or of a certificate. Its version is not written: Suricata tells the one that
/// the server chose, a record the highest that the client offered.
pub(super) fn tls(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    o.object("tls", |o| match record.text(&["rmm", "side"]) {
        Some("client") => o.object("client", |o| certificate::write(record, "client", room, o)),
        Some("server") => certificate::write(record, "server", room, o),
        _ => hello(record, room, o),
    });
}

/// `quic`. JA4 is left out of it: the schema of Suricata 7 has no place for it there.
pub(super) fn quic(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    o.object("quic", |o| {
        let version = record.text(&["rmm", "quic", "version"]).map(quic_version);
        o.maybe("version", version.as_deref().map(|word| room.cut(word)));
        name_and_ja3(record, room, o);
    });
}

/// A version in Suricata's words: its number in hexadecimal digits, but for version 2 (RFC 9369)
/// and for Google's own. A draft has its number in the last octet (RFC 9000 §15).
fn quic_version(word: &str) -> Cow<'_, str> {
    if word == "2" {
        return Cow::Borrowed("v2");
    }
    if let Some(draft) = word.strip_prefix("draft-").and_then(|number| number.parse::<u8>().ok()) {
        return Cow::Owned(format!("ff0000{draft:02x}"));
    }
    Cow::Borrowed(word.strip_prefix("0x").unwrap_or(word))
}

fn hello(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    name_and_ja3(record, room, o);
    o.maybe("ja4", record.text(&["rmm", "ja4"]).map(|text| room.cut(text)));
}

fn name_and_ja3(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    let name = record.text(&["tls", "client", "server_name"]);
    o.maybe("sni", name.map(|name| room.cut(name)));
    let ja3 = record.text(&["tls", "client", "ja3"]);
    o.object("ja3", |o| o.maybe("hash", ja3.map(|text| room.cut(text))));
}

/// `http`, of a request.
pub(super) fn http(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    o.object("http", |o| {
        o.maybe("hostname", record.text(&["url", "domain"]).map(|name| room.cut(name)));
        if let Some(port) = facts::port(record, &["url", "port"]) {
            o.number("http_port", port);
        }
        let path = record.text(&["url", "path"]).unwrap_or_default();
        let url = match record.text(&["url", "query"]) {
            Some(query) => format!("{}?{}", room.cut(path), room.cut(query)),
            None => path.to_owned(),
        };
        o.maybe("url", Some(room.cut(&url)));
        let agent = record.text(&["user_agent", "original"]);
        o.maybe("http_user_agent", agent.map(|agent| room.cut(agent)));
        let method = record.text(&["http", "request", "method"]);
        o.maybe("http_method", method.map(|method| room.cut(method)));
    });
}

/// `fileinfo`, and the request that fetched it. The size is what the server declared; nothing of
/// the file is kept, and its end is not waited for.
pub(super) fn file(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    http(record, room, o);
    o.object("fileinfo", |o| {
        o.maybe("filename", record.text(&["file", "name"]).map(|name| room.cut(name)));
        o.truth("gaps", false);
        o.text("state", "UNKNOWN");
        o.truth("stored", false);
        if let Some(size) = record.number(&["file", "size"]) {
            o.number("size", size);
        }
    });
}

/// `flow`, at its end. Octets begin with the IP header; Suricata counts the frame.
pub(super) fn flow(record: &Native<'_>, o: &mut Object<'_>) {
    let (start, end) = facts::span(record);
    let count = |end, of| record.number(&[end, of]).unwrap_or(0);
    let reason = record.text(&["rmm", "close_reason"]);
    let closed = matches!(reason, Some("fin" | "reset"));
    o.object("flow", |o| {
        o.number("pkts_toserver", count("source", "packets"));
        o.number("pkts_toclient", count("destination", "packets"));
        o.number("bytes_toserver", count("source", "bytes"));
        o.number("bytes_toclient", count("destination", "bytes"));
        o.text("start", &moment(start));
        o.text("end", &moment(end));
        o.number("age", end.secs().saturating_sub(start.secs()));
        let one_way = count("destination", "packets") == 0;
        o.text(
            "state",
            if closed {
                "closed"
            } else if one_way {
                "new"
            } else {
                "established"
            },
        );
        o.text(
            "reason",
            match reason {
                Some("evicted") => "forced",
                Some("end") => "shutdown",
                _ => "timeout",
            },
        );
        // Whether the policy denies the tool that the flow showed: then there is an alert.
        let denied = record.get(&["rmm", "authorised"]).and_then(Value::as_bool) == Some(false);
        o.truth("alerted", denied);
    });
}
