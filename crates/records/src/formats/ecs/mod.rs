//! Native records: ECS names and one object `rmm`, one JSON object a line.
//!
//! Names are those of the Elastic Common Schema 9.4.0; what it lacks stands under `rmm`.
//! `docs/records.md` tells every field, `docs/schema/record.schema.json` holds us to it.

mod alert;
pub(super) mod attack;
mod chain;
mod dns;
mod envelope;
mod flows;
mod health;
mod inventory;
mod kinds;
mod lure;
mod observation;
mod prints;
mod sensor;
mod signs;
mod web;
mod words;

use model::{
    Alert, DnsTransport, Health, Match, Observation, Setting, Timestamp, Usage, UsageId, UseShown,
};
use siphasher::sip128::SipHasher13;

use self::envelope::Observer;
pub use self::envelope::Sensor;
use self::observation::Writer;
pub use self::sensor::header;
use crate::json::{Json, Page};
use crate::stamp::STAMP_LEN;
use crate::summary::Files;

/// The release of ECS whose names are used.
pub(crate) const ECS_VERSION: &str = "9.4.0";
/// The version of the object `rmm`.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What a line begins with, without the time: the id's place follows from it.
const BEFORE_TIME: usize = "{\"@timestamp\":\"".len();
const BEFORE_ID: usize = "\",\"ecs\":{\"version\":\"9.4.0\"},\"event\":{\"id\":\"".len();
const ID_AT: usize = BEFORE_TIME + STAMP_LEN + BEFORE_ID;
const ID_LEN: usize = 32;
/// The hash's key. Fixed, so that equal facts have equal ids everywhere; the id is no secret.
const ID_KEY: [u8; 16] = *b"rmmwatch.record1";

/// What a [`Recorder`] may be told.
#[derive(Clone, Debug, Default)]
pub struct RecorderOptions {
    /// `observer.name`: which sensor this is, where there are several. An empty one is none.
    pub sensor: Option<String>,
}

/// What the other crates made of an observation.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// Where its flow lies.
    pub setting: &'a Setting,
    /// What intelligence knows of it.
    pub matches: &'a [Match],
    /// The policy's word, where it said one.
    pub authorised: Option<bool>,
    /// The rule that decided.
    pub rule: Option<&'a str>,
    /// The rows of the inventory that it adds to.
    pub uses: &'a [UseShown],
    /// How its flow carries DNS inside another protocol.
    pub dns_transport: Option<DnsTransport>,
}

/// Writes records as lines of JSON.
///
/// Each method adds one whole line, with its newline, to `out`. Equal input gives equal octets:
/// there is no clock, no counter and no random number in a record.
#[derive(Clone, Debug)]
pub struct Recorder {
    sensor: Sensor,
    observations: Writer,
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder::new(RecorderOptions::default())
    }
}

impl Recorder {
    /// A recorder.
    #[must_use]
    pub fn new(options: RecorderOptions) -> Recorder {
        let sensor = Sensor::new(options.sensor.as_deref());
        Recorder { sensor, observations: Writer::default() }
    }

    /// From now on, records are of that sensor.
    pub fn set_sensor(&mut self, sensor: &Sensor) {
        self.sensor = sensor.clone();
    }

    /// Add the record of an alert.
    pub fn alert(&self, alert: &Alert, out: &mut Vec<u8>) {
        let observer = Observer::new(&self.sensor, alert.ingress.as_deref());
        alert::write(alert, observer, out);
    }

    /// Add the record of an observation.
    ///
    /// False, and nothing added, when this fact has no record: an opening that no tool's signature
    /// fits.
    pub fn observation(
        &mut self,
        seen: &Observation,
        found: &Findings<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        observation::has_record(&seen.fact, found) && {
            self.observations.write(&self.sensor, seen, found, out);
            true
        }
    }

    /// Add a `remote-protocol` record: what passed on the flow of an observation showed a tool.
    /// The matches are the signs by which it did, all of the same tool.
    pub fn recognised(&mut self, seen: &Observation, found: &Findings<'_>, out: &mut Vec<u8>) {
        self.observations.write_recognised(&self.sensor, seen, found, out);
    }

    /// Add the record of a row of the inventory. A later record of the row takes its place.
    pub fn inventory(&self, row: UsageId, usage: &Usage, out: &mut Vec<u8>) {
        inventory::write(row, usage, Observer::new(&self.sensor, None), out);
    }

    /// Add a health record.
    pub fn health(&self, health: &Health, out: &mut Vec<u8>) {
        health::write(health, None, Observer::new(&self.sensor, None), out);
    }

    /// Add an alert that `records` records were lost for a sink, of `total` since the start.
    pub fn lost(&self, at: Timestamp, sink: &str, records: u64, total: u64, out: &mut Vec<u8>) {
        sensor::lost(at, (sink, records, total), Observer::new(&self.sensor, None), out);
    }

    /// Add the summary record, the last one of a run.
    pub fn summary(&self, health: &Health, files: &Files, out: &mut Vec<u8>) {
        health::write(health, Some(files), Observer::new(&self.sensor, None), out);
    }
}

/// Add `record` as a line.
fn line(record: &impl Json, out: &mut Vec<u8>) {
    let mut page = Page::default();
    record.json(&mut page);
    page.put(b"\n");
    out.extend_from_slice(page.octets());
}

/// Add `record`, whose id is [`Id::UNKNOWN`](envelope::Id::UNKNOWN), as a line, and give it the id
/// that follows from all its other octets.
fn line_with_id(record: &impl Json, out: &mut Vec<u8>) {
    let mut page = Page::default();
    record.json(&mut page);
    page.put(b"\n");
    finish(&mut page, out);
}

/// Add the line on `page`, whose id is yet unknown, with the id that follows from all its other
/// octets.
#[inline]
fn finish(page: &mut Page, out: &mut Vec<u8>) {
    let id = SipHasher13::new_with_key(&ID_KEY).hash(page.octets()).as_u128();
    if let Some(place) = page.octets_mut().get_mut(ID_AT..ID_AT + ID_LEN) {
        debug_assert!(place.iter().all(|&octet| octet == b'0'), "the id stands elsewhere");
        place.copy_from_slice(&envelope::hex(id));
    }
    out.extend_from_slice(page.octets());
}
