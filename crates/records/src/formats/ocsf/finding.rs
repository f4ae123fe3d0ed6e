//! Detection Finding 2004: an incident, or a tool that many hosts began to use at once.

use super::super::object::{Array, Object};
use super::super::{Native, facts};
use super::parts;
use crate::stamp::Stamp;

pub(super) fn fill(record: &Native<'_>, o: &mut Object<'_>) {
    o.number("status_id", 1); // New: what people do with it is not ours to say
    if let Some(count) = record.number(&["rmm", "count"]).and_then(|n| i32::try_from(n).ok()) {
        o.number("count", count);
    }
    o.object("finding_info", |o| info(record, o));
    o.array("evidences", |a| evidences(record, a));
    o.array("resources", |a| resources(record, a));
}

fn info(record: &Native<'_>, o: &mut Object<'_>) {
    let (start, end) = facts::span(record);
    o.text("uid", record.id());
    o.maybe("title", record.text(&["rule", "name"]));
    o.maybe("desc", record.text(&["event", "reason"]));
    o.texts("types", record.text(&["rule", "id"]));
    o.number("created_time", parts::millis(start));
    o.number("modified_time", parts::millis(record.at()));
    o.number("first_seen_time", parts::millis(start));
    o.number("last_seen_time", parts::millis(end));
    o.object("analytic", |o| {
        o.maybe("uid", record.text(&["rule", "id"]));
        o.maybe("name", record.text(&["rule", "name"]));
        o.number("type_id", 2); // Behavioral
    });
    o.array("attacks", |a| parts::attacks(record, a));
    o.array("kill_chain", |a| kill_chain(record, a));
    o.array("related_events", |a| {
        // A stage that no alert told on its own names the incident itself.
        let told = |id: &str| !id.is_empty() && id != record.id();
        for stage in facts::stages(record).filter(|stage| told(stage.event_id)) {
            a.object(|o| {
                o.text("uid", stage.event_id);
                o.maybe("title", Some(stage.word));
                o.maybe("desc", Some(stage.why));
                if let Some(at) = stage.at {
                    o.number("first_seen_time", parts::millis(at));
                }
            });
        }
    });
}

/// The phases of Lockheed Martin's kill chain that the stages are, each once.
fn kill_chain(record: &Native<'_>, a: &mut Array<'_>) {
    let mut told = [false; 8];
    for stage in facts::stages(record) {
        let (id, phase) = match stage.word {
            "lure" | "download" | "second-name" => (3, "Delivery"),
            "relay" | "second-tool" => (6, "Command & Control"),
            "session" | "spread" => (7, "Actions on Objectives"),
            _ => continue,
        };
        let Some(told) = told.get_mut(id) else { continue };
        if !std::mem::replace(told, true) {
            a.object(|o| {
                o.number("phase_id", id as u64);
                o.text("phase", phase);
            });
        }
    }
}

/// The flow that made it be told, and a row for each stage.
fn evidences(record: &Native<'_>, a: &mut Array<'_>) {
    if record.text(&["source", "ip"]).is_some() {
        a.object(|o| {
            o.object("src_endpoint", |o| parts::endpoint(record, "source", o));
            o.object("dst_endpoint", |o| parts::endpoint(record, "destination", o));
            parts::connection(record, o);
        });
    }
    for stage in facts::stages(record) {
        a.object(|o| {
            o.maybe("name", Some(stage.word));
            o.object("data", |o| {
                o.maybe("name", Some(stage.name));
                o.maybe("why", Some(stage.why));
                o.maybe("host", Some(stage.host));
                if let Some(at) = stage.at {
                    o.text("at", &Stamp(at).to_string());
                }
                o.text("event_id", stage.event_id);
            });
        });
    }
}

/// The hosts that it is about.
fn resources(record: &Native<'_>, a: &mut Array<'_>) {
    let first = facts::host(record);
    for host in first.into_iter().chain(facts::hosts(record)) {
        a.object(|o| {
            o.text("type", "host");
            o.text("uid", host);
            let own = Some(host) == first;
            let name = record.text(&["rmm", "identity", "name"]).filter(|_| own);
            o.text("name", name.unwrap_or(host));
            if host.parse::<std::net::IpAddr>().is_ok() {
                o.text("ip", host);
            }
            o.number("role_id", 3); // Affected
        });
    }
}
