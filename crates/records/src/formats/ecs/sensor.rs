//! What the sensor says of itself: that records were lost on their way, and what a file holds.

use crate::json::{Word, fields};
use model::Timestamp;

use super::SCHEMA_VERSION;
use super::envelope::{Ecs, Event, Observer, class};
use crate::formats::Native;
use crate::stamp::Stamp;

struct Lost<'a> {
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    message: &'a str,
    rule: Rule,
    observer: Observer<'a>,
    rmm: LostRmm<'a>,
}

fields!(Lost<'_>: at as "@timestamp", ecs, event, message, rule, observer, rmm);

struct Rule {
    id: Word,
    name: Word,
}

fields!(Rule: id, name);

struct LostRmm<'a> {
    schema: u32,
    detection: Word,
    lost: LostCounts<'a>,
}

fields!(LostRmm<'_>: schema, detection, lost);

struct LostCounts<'a> {
    sink: &'a str,
    records: u64,
    total: u64,
}

fields!(LostCounts<'_>: sink, records, total);

/// An alert that records were lost: of a sink, since the last such alert and since the start.
pub(super) fn lost(
    at: Timestamp,
    (sink, records, total): (&str, u64, u64),
    observer: Observer<'_>,
    out: &mut Vec<u8>,
) {
    let message = format!("Records were lost on their way: {records} for the sink {sink}");
    let reason = format!(
        "{records} records left the spool before the sink {sink} had taken them ({total} since the \
         start); see why that sink takes nothing, or give the spool more room ([spool] mib_max)."
    );
    let line = Lost {
        at: Stamp(at),
        ecs: Ecs::HERE,
        event: Event {
            severity: Some(70),
            reason: Some(&reason),
            ..Event::new(class!("alert" ["network"] ["info"] "records-lost", "alert"))
        },
        message: &message,
        rule: Rule {
            id: Word("rmm.sensor.records-lost"),
            name: Word("Records were lost on their way"),
        },
        observer,
        rmm: LostRmm {
            schema: SCHEMA_VERSION,
            detection: Word("sensor"),
            lost: LostCounts { sink, records, total },
        },
    };
    super::line_with_id(&line, out);
}

struct Header<'a> {
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    observer: &'a serde_json::Value,
    file: File<'a>,
    rmm: HeaderRmm<'a>,
}

fields!(Header<'_>: at as "@timestamp", ecs, event, observer, file, rmm);

struct File<'a> {
    name: &'a str,
}

fields!(File<'_>: name);

struct HeaderRmm<'a> {
    schema: u32,
    first: &'a str,
}

fields!(HeaderRmm<'_>: schema, first);

/// Add the first line of a file that rotates: no two files begin with the same octets, so that
/// whoever follows them by their beginning takes none for another. It has the time and the id of
/// the file's first record.
pub fn header(first: &Native<'_>, file: &str, out: &mut Vec<u8>) {
    let unknown = serde_json::Value::Null;
    let line = Header {
        at: Stamp(first.at()),
        ecs: Ecs::HERE,
        event: Event::new(class!("event"["file"]["info"], "header")),
        observer: first.get(&["observer"]).unwrap_or(&unknown),
        file: File { name: file },
        rmm: HeaderRmm { schema: SCHEMA_VERSION, first: first.id() },
    };
    super::line_with_id(&line, out);
}
