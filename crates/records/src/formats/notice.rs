//! An alert as a line of Zeek's `notice.log` in JSON (Zeek, `base/frameworks/notice/main.zeek`:
//! `Notice::Info`).
//!
//! Field names have dots, as Zeek's JSON writer has them. There is no `uid`: nothing of ours could
//! agree with a Zeek that saw the same connection; `community_id`, as Zeek's own script adds it,
//! does. What Zeek has no field for stands under names that begin with `rmm_`.

use std::net::IpAddr;

use super::object::{Object, object};
use super::{FormatOptions, Native, facts, telling};

/// For how long Zeek would tell an equal notice no more, in seconds: the framework's default.
const SUPPRESS_FOR: &[u8] = b"3600.0";

/// Add an alert's line; other kinds of records have none.
pub(super) fn write(record: &Native<'_>, _options: &FormatOptions, out: &mut Vec<u8>) -> bool {
    if record.dataset() != "alert" {
        return false;
    }
    object(out, |notice| fill(record, notice));
    true
}

fn fill(record: &Native<'_>, notice: &mut Object<'_>) {
    let micros = record.at().nanos() / 1_000;
    notice.raw("ts", format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000).as_bytes());
    let is_address = |ip: &&str| ip.parse::<IpAddr>().is_ok();
    let ip = |side| record.text(&[side, "ip"]).filter(is_address);
    let port = |side| facts::port(record, &[side, "port"]);
    // A connection is whole or not there: readers take its four fields for one.
    let ends = ip("source").zip(port("source")).zip(ip("destination").zip(port("destination")));
    if let Some(((source, source_port), (destination, destination_port))) = ends {
        notice.text("id.orig_h", source);
        notice.number("id.orig_p", source_port);
        notice.text("id.resp_h", destination);
        notice.number("id.resp_p", destination_port);
    }
    notice.maybe("file_desc", record.text(&["file", "name"]));
    notice.maybe("proto", record.text(&["network", "transport"]));
    notice.text("note", &note(record));
    notice.text("msg", &telling::sentence(record));
    notice.maybe("sub", Some(&telling::evidence(record)));
    notice.maybe("src", ip("source"));
    notice.maybe("dst", ip("destination"));
    if let Some(port) = port("destination") {
        notice.number("p", port);
    }
    if let Some(count) = record.number(&["rmm", "count"]) {
        notice.number("n", count);
    }
    notice.maybe("peer_descr", facts::sensor(record));
    notice.raw("actions", b"[\"Notice::ACTION_LOG\"]");
    notice.raw("email_dest", b"[]");
    notice.raw("suppress_for", SUPPRESS_FOR);
    notice.maybe("community_id", record.text(&["network", "community_id"]));
    notice.text("rmm_event_id", record.id());
    notice.maybe("rmm_rule", record.text(&["rule", "id"]));
    notice.maybe("rmm_tool", record.text(&["rmm", "tool"]));
    notice.maybe("rmm_operator", record.text(&["rmm", "operator"]));
    notice.maybe("rmm_host", facts::host(record));
    notice.texts("rmm_hosts", facts::hosts(record));
    notice.text("rmm_severity", facts::severity(record));
}

/// The notice's type, written as Zeek wants them: `RMM::Unauthorised_Relay`, `RMM::Lure`.
fn note(record: &Native<'_>) -> String {
    let detection = record.text(&["rmm", "detection"]).unwrap_or_default();
    let mut note = "RMM::".to_owned();
    if record.text(&["rmm", "tool"]).is_some() && !facts::is_incident(record) {
        let allowed = telling::authorised(record) == Some(true);
        note.push_str(if allowed { "Authorised_" } else { "Unauthorised_" });
    }
    // No more than a word: it may be anyone's.
    let letters: String = detection.chars().take(40).filter(char::is_ascii_alphanumeric).collect();
    let mut letters = letters.chars();
    match letters.next() {
        Some(first) => note.extend([first.to_ascii_uppercase()].into_iter().chain(letters)),
        None => note.push_str("Alert"),
    }
    note
}
