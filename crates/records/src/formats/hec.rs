//! Splunk's HTTP event collector: one event in its envelope.
//!
//! Source: Splunk, "Format events for HTTP Event Collector". `time` is always there, since Splunk
//! would otherwise look for a time in the event's text.

use super::{Format, FormatOptions, Native, enclosed, facts, object};

pub(super) fn write(record: &Native<'_>, options: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let inner = options.inner.unwrap_or(Format::Ecs);
    let Some(event) = enclosed(inner, record) else { return false };
    let nanos = record.at().nanos();
    let time = format!("{}.{:06}", nanos / 1_000_000_000, nanos / 1_000 % 1_000_000);
    object::object(out, |o| {
        o.raw("time", time.as_bytes());
        o.maybe("host", facts::sensor(record));
        o.text("source", "rmmwatch");
        o.text("sourcetype", &source_type(inner, record));
        o.maybe("index", options.index.as_deref());
        o.raw("event", &event);
        // Indexed fields: few, and of few values each but for the ids.
        o.object("fields", |o| {
            o.text("event_id", record.id());
            o.text("dataset", record.dataset());
            o.maybe("rmm_tool", record.text(&["rmm", "tool"]));
            o.maybe("rmm_host", facts::host(record));
            o.maybe("rule_id", record.text(&["rule", "id"]));
            o.maybe("community_id", record.text(&["network", "community_id"]));
        });
    });
    true
}

/// `suricata` is what add-ons for Suricata read; the others are ours.
fn source_type(inner: Format, record: &Native<'_>) -> String {
    match inner {
        Format::Eve => "suricata".to_owned(),
        Format::Ecs => format!("rmmwatch:{}", record.dataset()),
        other => format!("rmmwatch:{}", other.word()),
    }
}
