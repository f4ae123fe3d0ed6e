//! STIX 2.1: a bundle for an alert, whose sightings say what was seen, where, when and how often.
//!
//! Source: OASIS STIX 2.1 (2021). All ids are version 5: observables by the specification's own
//! rule (§2.9), the rest by what it is. So bundles of several alerts, tellings and sensors merge:
//! the same tool, name or sighting has the same id everywhere, and a later telling of an alert is a
//! later version of its sightings.

mod observed;

use std::net::IpAddr;

use model::Timestamp;

use super::object::{Array, Object};
use super::{FormatOptions, Native, facts, object, uuid};
use crate::stamp::Stamp;

/// When things were made that nobody dates: tools, techniques, entries of lists. A constant, so
/// that they are the same in every bundle.
const TIMELESS: &str = "2000-01-01T00:00:00.000Z";
/// Indicators of one bundle. Ours have a few; further ones are left out.
const INDICATORS_MAX: usize = 32;
/// Octets of a list's entry that becomes a pattern; names and most addresses of pages are shorter.
const PATTERN_BYTES_MAX: usize = 1_024;
/// STIX counts to this.
const COUNT_MAX: u64 = 999_999_999;

pub(super) fn write(record: &Native<'_>, _: &FormatOptions, out: &mut Vec<u8>) -> bool {
    if record.dataset() != "alert" {
        return false;
    }
    let bundle = Bundle::new(record);
    if bundle.sighted().is_empty() {
        return false; // an alert about the sensor itself
    }
    object::object(out, |o| {
        o.text("type", "bundle");
        o.text("id", &format!("bundle--{}", uuid::of(&["bundle", &record.delivery_id()])));
        o.array("objects", |a| bundle.fill(a));
    });
    true
}

/// What a bundle speaks of.
struct Bundle<'r> {
    record: &'r Native<'r>,
    /// The sensor's identity.
    sensor: String,
    tool: Option<String>,
    attacks: Vec<(String, facts::Technique<'r>)>,
    indicators: Vec<Indicator<'r>>,
    observed: observed::Observed<'r>,
}

/// An entry of a list that an attacker's name or address fitted.
struct Indicator<'r> {
    id: String,
    list: &'r str,
    what: &'r str,
    pattern: String,
}

impl<'r> Bundle<'r> {
    fn new(record: &'r Native<'r>) -> Bundle<'r> {
        let id = |kind: &str, key: &str| format!("{kind}--{}", uuid::of(&[kind, key]));
        let tool = record.text(&["rmm", "tool"]).filter(|tool| !tool.is_empty());
        let attacks = facts::exact_techniques(record).into_iter();
        Bundle {
            record,
            sensor: id("identity", facts::sensor(record).unwrap_or_default()),
            tool: tool.map(|tool| id("tool", tool)),
            attacks: attacks.map(|row| (id("attack-pattern", row.id), row)).collect(),
            indicators: indicators(record),
            observed: observed::Observed::new(record),
        }
    }

    fn fill(&self, a: &mut Array<'_>) {
        self.library(a);
        self.observed.fill(a);
        let data = self.observed_data(a);
        for of in self.sighted() {
            a.object(|o| self.sighting(of, data.as_deref(), o));
        }
        self.relationships(a);
    }

    /// What was sighted: entries of lists, the tool, and where there are none the technique.
    fn sighted(&self) -> Vec<&str> {
        let mut sighted: Vec<&str> = self.indicators.iter().map(|row| row.id.as_str()).collect();
        sighted.extend(self.tool.as_deref());
        if sighted.is_empty() {
            sighted.extend(self.attacks.first().map(|(id, _)| id.as_str()));
        }
        sighted
    }

    /// What does not depend on when it was met.
    fn library(&self, a: &mut Array<'_>) {
        a.object(|o| {
            timeless("identity", &self.sensor, o);
            o.text("name", facts::sensor(self.record).unwrap_or("rmmwatch"));
            o.text("identity_class", "system");
        });
        if let Some(id) = &self.tool {
            a.object(|o| {
                timeless("tool", id, o);
                let name = self.record.text(&["threat", "software", "name"]);
                let name = name.or_else(|| self.record.text(&["rmm", "tool"]));
                o.text("name", name.unwrap_or_default());
                o.texts("tool_types", ["remote-access"]);
            });
        }
        for (id, row) in &self.attacks {
            a.object(|o| {
                timeless("attack-pattern", id, o);
                o.text("name", row.name);
                o.array("external_references", |a| {
                    a.object(|o| {
                        o.text("source_name", "mitre-attack");
                        o.text("external_id", row.id);
                    });
                });
            });
        }
        for row in &self.indicators {
            a.object(|o| {
                timeless("indicator", &row.id, o);
                o.text("name", row.what);
                o.texts("indicator_types", ["malicious-activity"]);
                // Not cut: what is longer was no pattern (see `indicators`).
                o.text("pattern", &row.pattern);
                o.text("pattern_type", "stix");
                o.text("pattern_version", "2.1");
                o.text("valid_from", TIMELESS);
                o.array("external_references", |a| {
                    a.object(|o| {
                        o.text("source_name", row.list);
                        o.text("external_id", row.what);
                    });
                });
            });
        }
    }

    /// The observation behind the sightings; `None` where the alert names nothing that can be seen.
    fn observed_data(&self, a: &mut Array<'_>) -> Option<String> {
        let refs = self.observed.refs();
        if refs.is_empty() {
            return None;
        }
        // Two sensors that saw the same packets tell the same alert; each observed it.
        let key = uuid::of(&["observed-data", self.record.id(), &self.sensor]);
        let id = format!("observed-data--{key}");
        a.object(|o| {
            self.told("observed-data", &id, o);
            let (start, end) = facts::span(self.record);
            o.text("first_observed", &Stamp(start).to_string());
            o.text("last_observed", &Stamp(end).to_string());
            o.number("number_observed", self.count());
            o.texts("object_refs", refs.iter().map(String::as_str));
        });
        Some(id)
    }

    fn sighting(&self, of: &str, data: Option<&str>, o: &mut Object<'_>) {
        let record = self.record;
        let key = uuid::of(&["sighting", record.id(), &self.sensor, of]);
        self.told("sighting", &format!("sighting--{key}"), o);
        o.maybe("description", record.text(&["event", "reason"]));
        let (start, end) = facts::span(record);
        o.text("first_seen", &Stamp(start).to_string());
        o.text("last_seen", &Stamp(end).to_string());
        o.number("count", self.count());
        o.text("sighting_of_ref", of);
        o.texts("observed_data_refs", data);
        o.texts("where_sighted_refs", [self.sensor.as_str()]);
        if let Some(confidence) = facts::confidence_pct(record) {
            o.number("confidence", confidence);
        }
        o.texts("labels", record.text(&["rule", "id"]));
        o.array("external_references", |a| {
            a.object(|o| {
                o.text("source_name", "rmmwatch");
                o.text("external_id", record.id());
            });
        });
    }

    fn relationships(&self, a: &mut Array<'_>) {
        let Some((attack, _)) = self.attacks.first() else { return };
        let indicates = self.indicators.iter().map(|row| (row.id.as_str(), "indicates", &**attack));
        let uses = self.tool.iter().map(|tool| (&**attack, "uses", tool.as_str()));
        for (from, kind, to) in indicates.chain(uses) {
            a.object(|o| {
                let key = uuid::of(&["relationship", from, kind, to]);
                timeless("relationship", &format!("relationship--{key}"), o);
                o.text("relationship_type", kind);
                o.text("source_ref", from);
                o.text("target_ref", to);
            });
        }
    }

    /// What an object has that a telling of the alert made.
    fn told(&self, kind: &str, id: &str, o: &mut Object<'_>) {
        heading(kind, id, o);
        o.text("created_by_ref", &self.sensor);
        let (start, end) = facts::span(self.record);
        o.text("created", &Stamp(start).to_string());
        // Two tellings may be of one moment. The one with more signs is the later version, and the
        // last one of all is: less than a millisecond tells them apart.
        let ended = self.record.text(&["rmm", "occasion"]) == Some("ended");
        let micros = self.count().min(998) + u64::from(ended);
        let told = self.record.at().max(end).nanos().saturating_add(micros * 1_000);
        o.text("modified", &Stamp(Timestamp::from_nanos(told)).to_string());
    }

    fn count(&self) -> u64 {
        self.record.number(&["rmm", "count"]).unwrap_or(1).clamp(1, COUNT_MAX)
    }
}

fn heading(kind: &str, id: &str, o: &mut Object<'_>) {
    o.text("type", kind);
    o.text("spec_version", "2.1");
    o.text("id", id);
}

fn timeless(kind: &str, id: &str, o: &mut Object<'_>) {
    heading(kind, id, o);
    o.text("created", TIMELESS);
    o.text("modified", TIMELESS);
}

/// The entries of lists of attackers' things that the alert's signs fitted, each once.
fn indicators<'r>(record: &'r Native<'_>) -> Vec<Indicator<'r>> {
    let mut all: Vec<Indicator<'r>> = Vec::new();
    let lists = facts::signs(record).filter(facts::Sign::is_attackers);
    for sign in lists {
        let Some(pattern) = pattern(&sign) else { continue };
        let id = format!("indicator--{}", uuid::of(&["indicator", sign.list, &pattern]));
        if all.len() < INDICATORS_MAX && all.iter().all(|known| known.id != id) {
            all.push(Indicator { id, list: sign.list, what: sign.pattern, pattern });
        }
    }
    all
}

/// A sign's entry as a pattern of STIX; `None` for what it has no observable for.
fn pattern(sign: &facts::Sign<'_>) -> Option<String> {
    let entry = sign.pattern;
    if entry.is_empty() || entry.len() > PATTERN_BYTES_MAX {
        return None;
    }
    let address = |ip: IpAddr| if ip.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" };
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    match sign.source {
        "address" | "dns.question" | "dns.answer" | "tls.sni" | "quic.sni" | "http.host" => {}
        "http.url" => return Some(format!("[url:value = {}]", quoted(entry))),
        _ => return None,
    }
    if let Ok(ip) = entry.parse::<IpAddr>() {
        return Some(format!("[{}:value = {}]", address(ip), quoted(entry)));
    }
    if let Some(ip) = entry.split_once('/').and_then(|(ip, _)| ip.parse::<IpAddr>().ok()) {
        return Some(format!("[{}:value ISSUBSET {}]", address(ip), quoted(entry)));
    }
    // A list's regular expression is anchored at both ends; a `^` begins no name.
    if entry.starts_with('^') {
        return Some(format!("[domain-name:value MATCHES {}]", quoted(entry)));
    }
    if entry.contains('*') {
        return Some(format!("[domain-name:value LIKE {}]", quoted(&entry.replace('*', "%"))));
    }
    Some(format!("[domain-name:value = {}]", quoted(entry)))
}
