//! `stats`: how the sensor fares, as far as Suricata counts the same.

use crate::formats::Native;
use crate::formats::object::Object;

const NANOS: u64 = 1_000_000_000;

/// The object `stats` of a health or summary record.
pub(super) fn write(record: &Native<'_>, o: &mut Object<'_>) {
    let count = |path: [&str; 2]| record.number(&["rmm", "health", path[0], path[1]]);
    o.object("stats", |o| {
        o.number("uptime", record.number(&["event", "duration"]).unwrap_or(0) / NANOS);
        o.object("capture", |o| {
            // Suricata's kernel_packets are those that were dropped, too.
            maybe(o, "kernel_packets", count(["kernel", "received"]));
            maybe(o, "kernel_drops", count(["kernel", "dropped"]));
        });
        o.object("decoder", |o| {
            maybe(o, "pkts", count(["frames", "seen"]));
            maybe(o, "bytes", count(["frames", "bytes"]));
            let refused = |name| record.number(&["rmm", "health", "frames", "refused", name]);
            let cut = refused("truncated");
            let sum = refused("malformed").map(|bad| bad.saturating_add(cut.unwrap_or(0)));
            maybe(o, "invalid", sum.or(cut));
            maybe(o, "tcp", count(["frames", "tcp"]));
            maybe(o, "udp", count(["frames", "udp"]));
        });
        o.object("detect", |o| maybe(o, "alert", count(["alerts", "total"])));
    });
}

fn maybe(o: &mut Object<'_>, name: &str, number: Option<u64>) {
    if let Some(number) = number {
        o.number(name, number);
    }
}
