//! Prometheus Alertmanager: one alert of `POST /api/v2/alerts`, which takes an array of them.
//!
//! Source: Alertmanager's `api/v2/openapi.yaml`, `postableAlert`. Its labels are who an alert is:
//! all tellings of a story have the same, but for `severity` when it rises.

use model::Timestamp;

use super::{FormatOptions, Native, facts, object};
use crate::stamp::Stamp;

/// How long an alert stays after it was told, without a further word: a story that goes on is told
/// each 4 hours, and once more when it is over.
const STAYS_NANOS: u64 = 5 * 3_600 * 1_000_000_000;

pub(super) fn write(record: &Native<'_>, _: &FormatOptions, out: &mut Vec<u8>) -> bool {
    if record.dataset() != "alert" {
        return false;
    }
    let (start, end) = facts::span(record);
    let ended = record.text(&["rmm", "occasion"]) == Some("ended");
    let told = record.at().max(end).nanos();
    let end = if ended { end } else { Timestamp::from_nanos(told.saturating_add(STAYS_NANOS)) };
    object::object(out, |o| {
        o.object("labels", |o| labels(record, o));
        o.object("annotations", |o| annotations(record, o));
        o.text("startsAt", &Stamp(start).to_string());
        o.text("endsAt", &Stamp(end).to_string());
    });
    true
}

fn labels(record: &Native<'_>, o: &mut object::Object<'_>) {
    let name = record.text(&["rule", "name"]).or_else(|| record.text(&["rule", "id"]));
    o.text("alertname", name.filter(|name| !name.is_empty()).unwrap_or("rmmwatch"));
    o.text("job", "rmmwatch");
    o.text("severity", facts::severity(record));
    for (label, path) in [
        ("rule_id", ["rule", "id"]),
        ("sensor", ["observer", "name"]),
        ("rmm_detection", ["rmm", "detection"]),
        ("rmm_tool", ["rmm", "tool"]),
        ("rmm_host", ["rmm", "host"]),
    ] {
        o.maybe(label, record.text(&path));
    }
    o.maybe("rmm_zone", record.text(&["rmm", "policy", "zone"]));
    o.maybe("event_id", Some(record.id()));
}

fn annotations(record: &Native<'_>, o: &mut object::Object<'_>) {
    o.maybe("summary", record.text(&["message"]));
    o.maybe("description", record.text(&["event", "reason"]));
    o.maybe("destination", record.text(&["destination", "domain"]));
    o.maybe("community_id", record.text(&["network", "community_id"]));
    o.maybe("hosts", Some(&facts::hosts(record).join(", ")));
    o.maybe("occasion", record.text(&["rmm", "occasion"]));
    if let Some(count) = record.number(&["rmm", "count"]) {
        o.text("count", &count.to_string());
    }
}
