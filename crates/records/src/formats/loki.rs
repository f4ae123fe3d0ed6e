//! Grafana Loki: one stream of its push interface, `{"stream": …, "values": [[…]]}`.
//!
//! Source: Grafana, "Loki HTTP API", `POST /loki/api/v1/push`: the time is a text of nanoseconds,
//! the third member of a value is structured metadata, whose values are texts. A label per address
//! or name would make a stream each: labels are few, the rest is metadata. A push is
//! `{"streams": […]}` of these.

use super::{Format, FormatOptions, Native, facts, object, shape_line};

pub(super) fn write(record: &Native<'_>, options: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let inner = options.inner.unwrap_or(Format::Ecs);
    let Some(line) = shape_line(inner, record) else { return false };
    let mut quoted = Vec::with_capacity(line.len() + 256);
    // Not `object::text`: the line is whole or it is no record.
    if serde_json::to_writer(&mut quoted, &String::from_utf8_lossy(&line)).is_err() {
        return false;
    }
    object::object(out, |o| {
        o.object("stream", |o| {
            o.text("job", "rmmwatch");
            o.maybe("sensor", facts::sensor(record));
            o.text("event_type", record.dataset());
            if record.dataset() == "alert" {
                o.text("severity", facts::severity(record));
            }
        });
        o.array("values", |values| {
            values.array(|value| {
                value.text(&record.at().nanos().to_string());
                value.raw(&quoted);
                value.object(|o| {
                    o.text("event_id", record.id());
                    o.maybe("community_id", record.text(&["network", "community_id"]));
                    o.maybe("rule_id", record.text(&["rule", "id"]));
                    o.maybe("rmm_tool", record.text(&["rmm", "tool"]));
                    o.maybe("rmm_host", facts::host(record));
                });
            });
        });
    });
    true
}
