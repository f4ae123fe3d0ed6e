//! MISP (misp-standard.org, MISP core format): events of a feed, and what searches of a MISP give.
//!
//! Attributes are read one by one, wherever they stand: of an event, of an object of one, or as
//! the answer of a search. Those without `to_ids` set are what an analyst noted, not what one is to
//! look for, and are left out; so are deleted ones and confirmed false positives.

mod attribute;
mod tags;

use crate::limits::{CONFIDENCE_FEED_PCT, CONFIDENCE_PART_PCT};
use crate::sheet::{Complaints, shown};

use super::frame::{Format, Head, Listed, Out, Reading};
use super::json::{self, Broken, Cursor, Kind, Places, Raw, may_descend};
use super::told::{NoIndicator, indicator};
use attribute::{Attribute, Part};
use tags::Tags;

/// Takes events, lists of events, answers of searches, and the index of a feed, which it tells.
pub(super) const FORMAT: Format = Format {
    name: "misp",
    fits: |_, text| matches!(json::kind(text), Some(Kind::Misp | Kind::MispManifest)),
    read: Reading::Whole(|source, complaints, out| read(source.text, complaints, out)),
    sample: r#"{"Event": {"info": "A campaign", "date": "2026-11-21", "timestamp": "1763683200",
"Orgc": {"name": "A CERT", "uuid": "0f2c7f7e-37ba-4fd6-8d6b-3e2c4c1a0b11"},
"Tag": [{"name": "tlp:green"}, {"name": "misp:confidence-level=\"usually-confident\""}],
"Attribute": [
{"type": "domain", "category": "Network activity", "to_ids": true, "value": "evil.example"},
{"type": "ip-dst|port", "to_ids": true, "value": "198.51.100.7|8041", "comment": "a relay"},
{"type": "comment", "to_ids": false, "value": "seen by telephone", "deleted": false}],
"Object": [{"name": "x509", "Attribute": [{"type": "x509-fingerprint-sha1",
"object_relation": "x509-fingerprint-sha1", "to_ids": true,
"value": "0123456789abcdef0123456789abcdef01234567"}]}]}}
"#,
};

/// Octets of what an event says of itself that are kept.
const KEPT_LEN: usize = 400;

fn read(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
    if json::kind(text) == Some(Kind::MispManifest) {
        let why = "this is the manifest of a MISP feed: it names events, but holds none".to_owned();
        complaints.placed(1, 1, why, "give the events' own files, those named `<uuid>.json`");
        return Head::default();
    }
    let mut cursor = Cursor::of(text, complaints);
    let mut reader =
        Reader { places: Places::new(text), head: Head::default(), events: 0, complaints, out };
    while cursor.peek().is_some() {
        if reader.value(&mut cursor, 0, &Event::default()) != Ok(true) {
            break;
        }
    }
    // Of many events none speaks for all.
    if reader.events > 1 {
        reader.head.name = None;
    }
    reader.head
}

/// What an event says of all its attributes.
#[derive(Clone, Default)]
struct Event {
    info: Option<String>,
    tags: Tags,
}

struct Reader<'r, 'c, 't> {
    places: Places<'t>,
    head: Head,
    events: u64,
    complaints: &'r mut Complaints<'c>,
    out: Out<'r>,
}

impl<'t> Reader<'_, '_, 't> {
    /// An event, an object of one, something around events, or a list of such. `Ok(false)`: there
    /// is no more place.
    fn value(
        &mut self,
        cursor: &mut Cursor<'t>,
        level: usize,
        event: &Event,
    ) -> Result<bool, Broken> {
        let deeper = level.saturating_add(1);
        if !may_descend(level) {
            return cursor.skip().map(|_| true);
        }
        if cursor.open(b'[') {
            while cursor.element()? {
                if !self.value(cursor, deeper, event)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let own = self.event(cursor.clone());
        let event = own.as_ref().unwrap_or(event);
        if !cursor.open(b'{') {
            return cursor.skip().map(|_| true);
        }
        while let Some(key) = cursor.key()? {
            let more = match &*key {
                "Event" | "response" | "Object" => self.value(cursor, deeper, event)?,
                "Attribute" => self.attributes(cursor, event)?,
                _ => {
                    cursor.skip()?;
                    true
                }
            };
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What an event says of itself, before its attributes are read: the order of keys is free.
    /// `None` for what is no event.
    fn event(&mut self, mut cursor: Cursor<'t>) -> Option<Event> {
        let mut event = Event::default();
        let (mut maker, mut date) = (None, None);
        if !cursor.open(b'{') {
            return None;
        }
        // An event that breaks off says what it says until then.
        while let Ok(Some(key)) = cursor.key() {
            match &*key {
                "Orgc" => maker = member(cursor.clone(), "name"),
                "Tag" => event.tags = Tags::read(cursor.clone()),
                _ => {}
            }
            let Ok(raw) = cursor.skip() else { break };
            match &*key {
                "info" => event.info = raw.text().map(|text| kept(&text)),
                "date" => date = raw.text().map(|text| kept(&text)),
                _ => {}
            }
        }
        event.info.as_ref()?;
        self.events = self.events.saturating_add(1);
        let head = &mut self.head;
        head.name = head.name.take().or_else(|| event.info.clone());
        head.source = head.source.take().or(maker);
        head.version = head.version.take().max(date);
        head.licence = head.licence.take().or_else(|| event.tags.tlp.clone());
        Some(event)
    }

    fn attributes(&mut self, cursor: &mut Cursor<'t>, event: &Event) -> Result<bool, Broken> {
        if !cursor.open(b'[') {
            return cursor.skip().map(|_| true);
        }
        while cursor.element()? {
            let raw = cursor.skip()?;
            if !self.attribute(raw, event)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn complain(&mut self, at: usize, why: String, fix: &str) {
        let (line, column) = self.places.place(at);
        self.complaints.placed(line, column, why, fix);
    }

    fn unseen(&mut self) {
        self.head.unseen = self.head.unseen.saturating_add(1);
    }

    fn attribute(&mut self, raw: Raw<'t>, event: &Event) -> Result<bool, Broken> {
        let attribute = Attribute::read(raw.cursor())?;
        if attribute.is_out() || event.tags.refuted || attribute.tags.refuted {
            self.head.withdrawn = self.head.withdrawn.saturating_add(1);
            return Ok(true);
        }
        let (Some(kind), Some(value)) = (&attribute.kind, attribute.value) else {
            let missing = if attribute.kind.is_none() { "type" } else { "value" };
            self.complain(raw.at, format!("the attribute has no `{missing}`"), "left out");
            return Ok(true);
        };
        let Some(text) = value.text() else {
            self.complain(value.at, "the attribute's value is no text".to_owned(), "left out");
            return Ok(true);
        };
        let (first, second) = attribute::parts(kind, attribute.relation.as_deref());
        let (one, other) = match text.split_once('|') {
            Some((one, other)) if second != Part::None => (one, other),
            _ => (&*text, ""),
        };
        let line = self.places.line(raw.at);
        for (part, text) in [(first, one), (second, other)] {
            if !self.part(part, text, value.at, line, &attribute, event) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn part(
        &mut self,
        part: Part,
        text: &str,
        at: usize,
        line: u32,
        attribute: &Attribute<'_>,
        event: &Event,
    ) -> bool {
        let (told, aside) = match part {
            Part::None | Part::Port => return true,
            Part::Unseen => {
                self.unseen();
                return true;
            }
            Part::Seen(told) => (told, false),
            Part::Aside(told) => (told, true),
        };
        let subject = match indicator(text, told) {
            Ok(subject) => subject,
            Err(NoIndicator::Unseen) => {
                self.unseen();
                return true;
            }
            Err(NoIndicator::Wrong(why)) => {
                self.complain(at, format!("`{}` {why}", shown(text)), "left out");
                return true;
            }
        };
        let sure = attribute.tags.confidence_pct.or(event.tags.confidence_pct);
        let confidence_pct = if aside {
            Some(sure.unwrap_or(CONFIDENCE_FEED_PCT).min(CONFIDENCE_PART_PCT))
        } else {
            sure
        };
        (self.out)(Listed {
            subject,
            exact: false,
            stage: None,
            description: attribute.description(event.info.as_deref()),
            confidence_pct,
            until: None,
            line,
        })
    }
}

/// The text that an object has under a key.
fn member(mut cursor: Cursor<'_>, wanted: &str) -> Option<String> {
    if !cursor.open(b'{') {
        return None;
    }
    while let Ok(Some(key)) = cursor.key() {
        let raw = cursor.skip().ok()?;
        if key == wanted {
            return raw.text().map(|text| kept(&text));
        }
    }
    None
}

fn kept(text: &str) -> String {
    text.trim().chars().take(KEPT_LEN).collect()
}

#[cfg(test)]
mod tests;
