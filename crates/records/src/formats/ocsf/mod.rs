//! OCSF 1.8.0: a hit of one tool or name is the activity that showed it, under the profile
//! `security_control`; what is found by putting several together is a Detection Finding.
//!
//! Source: the schema of OCSF 1.8.0 (2026-03): Network Activity 4001, DNS Activity 4003, Detection
//! Finding 2004. What it has no place for stands under `unmapped.rmm`.

mod finding;
mod parts;

use serde_json::Value;

use super::object::Object;
use super::{FormatOptions, Native, facts, object};

const VERSION: &str = "1.8.0";

/// The classes that records have here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Network = 4001,
    Dns = 4003,
    Finding = 2004,
}

pub(super) fn write(record: &Native<'_>, _: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let alert = record.dataset() == "alert";
    if !alert && record.dataset() != "observation" {
        return false;
    }
    let Some(class) = class(record, alert) else { return false };
    object::object(out, |o| {
        let activity = activity(record, class);
        heading(record, class, activity, o);
        match class {
            Class::Finding => finding::fill(record, o),
            Class::Network | Class::Dns => {
                parts::flow(record, o);
                if class == Class::Dns {
                    parts::dns(record, o);
                } else {
                    network(record, o);
                }
            }
        }
        if alert {
            control(record, class, o);
        }
        parts::observables(record, class == Class::Finding, o);
        o.object("unmapped", |o| o.object("rmm", |o| unmapped(record, o)));
    });
    true
}

/// Which class a record is one of. An activity is somebody's: an alert without a flow is a finding,
/// an observation without one is nothing.
fn class(record: &Native<'_>, alert: bool) -> Option<Class> {
    let placed = [["source", "ip"], ["destination", "ip"]]
        .iter()
        .any(|end| record.text(end).is_some_and(|ip| !ip.is_empty()));
    if alert && (facts::is_incident(record) || detection(record) == "campaign" || !placed) {
        return Some(Class::Finding);
    }
    let named = record.text(&["dns", "question", "name"]).is_some();
    match record.text(&["network", "protocol"]) {
        _ if !placed => None,
        Some("dns" | "mdns" | "llmnr" | "nbns") if named => Some(Class::Dns),
        _ => Some(Class::Network),
    }
}

fn detection<'r>(record: &'r Native<'_>) -> &'r str {
    record.text(&["rmm", "detection"]).unwrap_or_default()
}

/// `activity_id`, by the class's own list.
fn activity(record: &Native<'_>, class: Class) -> u32 {
    let action = record.text(&["event", "action"]).unwrap_or_default();
    match (class, action) {
        (Class::Finding, _) if facts::is_update(record) => 2, // Update
        (Class::Finding, _) => 1,                             // Create
        (Class::Dns, "dns-answer") => 2,                      // Response
        (Class::Dns, _) => 1,                                 // Query
        (Class::Network, "flow-open") => 1,                   // Open
        (Class::Network, "flow-close") => {
            match record.text(&["rmm", "close_reason"]) {
                Some("reset") => 3, // Reset
                _ => 2,             // Close
            }
        }
        (Class::Network, _) => 6, // Traffic
    }
}

/// What every class has.
fn heading(record: &Native<'_>, class: Class, activity: u32, o: &mut Object<'_>) {
    let class_uid = class as u32;
    o.number("activity_id", activity);
    o.number("category_uid", class_uid / 1_000);
    o.number("class_uid", class_uid);
    o.number("type_uid", class_uid * 100 + activity);
    o.number("time", parts::millis(record.at()));
    let severity = match facts::severity(record) {
        "informational" => 1,
        "low" => 2,
        "medium" => 3,
        "high" => 4,
        _ => 5,
    };
    o.number("severity_id", severity);
    let alert = record.dataset() == "alert";
    o.object("metadata", |o| {
        o.text("version", VERSION);
        o.object("product", |o| {
            o.text("name", "rmmwatch");
            o.text("vendor_name", "rmmwatch");
            o.maybe("version", record.text(&["observer", "version"]));
        });
        if alert && class != Class::Finding {
            o.texts("profiles", ["security_control"]);
        }
        o.text("log_name", record.text(&["event", "dataset"]).unwrap_or_default());
        o.maybe("log_provider", facts::sensor(record));
        o.text("uid", &record.delivery_id());
        if alert {
            o.text("correlation_uid", record.id());
        }
        let action = record.text(&["event", "action"]);
        o.maybe("event_code", record.text(&["rule", "id"]).or(action));
    });
    o.maybe("message", record.text(&["message"]));
    o.maybe("status_detail", record.text(&["event", "reason"]));
}

/// What only the flow's activity has.
fn network(record: &Native<'_>, o: &mut Object<'_>) {
    let guessed = record.get(&["rmm", "guessed"]).and_then(Value::as_bool) == Some(true);
    o.truth("is_src_dst_assignment_known", !guessed);
    if record.get(&["event", "start"]).is_some() {
        let (start, end) = facts::span(record);
        o.number("start_time", parts::millis(start));
        o.number("end_time", parts::millis(end));
        o.number("duration", parts::millis(end) - parts::millis(start));
    }
    parts::traffic(record, o);
    parts::tls(record, o);
    parts::url(record, o);
    o.array("ja4_fingerprint_list", |a| {
        if let Some(ja4) = record.text(&["rmm", "ja4"]) {
            a.object(|o| {
                o.number("type_id", 1); // JA4
                o.text("value", ja4);
            });
        }
    });
}

/// The alert's part: what a control made of it. Findings have `is_alert` and the attacks elsewhere.
fn control(record: &Native<'_>, class: Class, o: &mut Object<'_>) {
    o.truth("is_alert", true);
    if let Some(score) = facts::confidence_pct(record) {
        o.number("confidence_score", score);
        let id = match score {
            0..50 => 1,
            50..80 => 2,
            _ => 3,
        };
        o.number("confidence_id", id);
    }
    if class == Class::Finding {
        return;
    }
    o.number("action_id", 3); // Observed: nothing is held back by a passive sensor
    o.number("disposition_id", 19); // Alert
    o.array("attacks", |a| parts::attacks(record, a));
    o.object("policy", |o| {
        o.maybe("uid", record.text(&["rmm", "policy", "rule"]));
    });
}

fn unmapped(record: &Native<'_>, o: &mut Object<'_>) {
    for name in ["host", "detection", "tool", "operator", "role", "version", "occasion"] {
        o.maybe(name, record.text(&["rmm", name]));
    }
    if let Some(authorised) = record.get(&["rmm", "authorised"]).and_then(Value::as_bool) {
        o.truth("authorised", authorised);
    }
    o.maybe("zone", record.text(&["rmm", "policy", "zone"]));
    for name in ["kind", "brand", "method", "registrable"] {
        o.maybe(&format!("lure_{name}"), record.text(&["rmm", "lure", name]));
    }
    for name in ["count", "more"] {
        if let Some(number) = record.number(&["rmm", name]) {
            o.number(name, number);
        }
    }
    o.array("evidence", |a| {
        for sign in facts::signs(record) {
            a.object(|o| {
                o.maybe("source", Some(sign.source));
                o.maybe("value", Some(sign.value));
                o.maybe("pattern", Some(sign.pattern));
                o.maybe("list", Some(sign.list));
                o.maybe("list_version", Some(sign.version));
                o.maybe("role", Some(sign.role));
            });
        }
    });
}
