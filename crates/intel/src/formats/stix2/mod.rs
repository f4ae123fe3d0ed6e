//! STIX 2.0 and 2.1 in JSON (OASIS STIX Version 2.1): the patterns of `indicator` objects.
//!
//! Observables, sightings, malware and other objects name nothing by themselves: an address in a
//! bundle may well be the victim's. What an indicator says of its values is in its pattern.

mod object;
mod paths;
mod pattern;
mod tokens;

use std::borrow::Cow;

use crate::day::Day;
use crate::limits::{
    CONFIDENCE_FEED_PCT, CONFIDENCE_PART_PCT, PATTERNS_REFUSED_MAX, STIX_PATTERN_BYTES_MAX,
};
use crate::pattern::NamePattern;
use crate::sheet::{Complaints, shown};

use super::family::family;
use super::frame::{Format, Head, Listed, Out, Reading, Subject};
use super::json::{self, Broken, Cursor, Kind, Places, Raw, may_descend};
use super::told::{NoIndicator, Told, indicator};
use object::{Object, Source};
use pattern::{How, Term, What};

/// Takes bundles, TAXII envelopes, and objects without one.
pub(super) const FORMAT: Format = Format {
    name: "stix2",
    fits: |_, text| json::kind(text) == Some(Kind::Stix),
    read: Reading::Whole(|source, complaints, out| read(source.text, complaints, out)),
    sample: r#"{"type": "bundle", "id": "bundle--0d8f1b0c-3c55-4d3a-9d3e-2f4a0c1b2d3e", "objects": [
{"type": "indicator", "id": "indicator--5c1d2e3f-0a1b-4c2d-8e3f-4a5b6c7d8e9f",
 "created": "2026-11-21T00:00:00.000Z", "modified": "2026-11-21T00:00:00.000Z",
 "name": "A lure", "indicator_types": ["malicious-activity"], "confidence": 90,
 "pattern_type": "stix", "valid_from": "2026-11-21T00:00:00Z",
 "valid_until": "2027-11-21T00:00:00Z",
 "pattern": "[domain-name:value = 'evil[.]example' OR ipv4-addr:value IN ('198.51.100.7', '203.0.113.0/24')] WITHIN 5 SECONDS"},
{"type": "indicator", "id": "indicator--6c1d2e3f-0a1b-4c2d-8e3f-4a5b6c7d8e9f",
 "pattern_type": "stix",
 "pattern": "[x509-certificate:hashes.'SHA-1' = '0123456789abcdef0123456789abcdef01234567'] AND [file:name = 'a.exe']"}
]}
"#,
};

/// The kind of indicators that are not meant to be found.
const HARMLESS: &str = "benign";

fn read(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
    let mut cursor = Cursor::of(text, complaints);
    let mut reader = Reader {
        places: Places::new(text),
        source: Source::default(),
        unseen: 0,
        unfit: 0,
        withdrawn: 0,
        complaints,
        out,
    };
    while cursor.peek().is_some() {
        if reader.value(&mut cursor, 0) != Ok(true) {
            break;
        }
    }
    let Reader { unseen, withdrawn, source, .. } = reader;
    Head { unseen, withdrawn, ..source.head() }
}

struct Reader<'r, 'c, 't> {
    places: Places<'t>,
    /// What the bundle says of those who made it.
    source: Source,
    unseen: u64,
    /// Families of names that were none: to find that out costs.
    unfit: usize,
    withdrawn: u64,
    complaints: &'r mut Complaints<'c>,
    out: Out<'r>,
}

impl<'t> Reader<'_, '_, 't> {
    /// A bundle, an object, or a list of such. `Ok(false)`: there is no more place.
    fn value(&mut self, cursor: &mut Cursor<'t>, level: usize) -> Result<bool, Broken> {
        let deeper = level.saturating_add(1);
        if may_descend(level) && cursor.open(b'[') {
            while cursor.element()? {
                if !self.value(cursor, deeper)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let mut inside = cursor.clone();
        if may_descend(level) && inside.open(b'{') {
            // A bundle that breaks off has no end, but objects.
            let mut is_bundle = false;
            while let Some(key) = inside.key()? {
                if key == "objects" && inside.peek() == Some(b'[') {
                    is_bundle = true;
                    if !self.value(&mut inside, deeper)? {
                        return Ok(false);
                    }
                } else {
                    inside.skip()?;
                }
            }
            if is_bundle {
                *cursor = inside;
                return Ok(true);
            }
        }
        let raw = cursor.skip()?;
        self.object(raw)
    }

    fn object(&mut self, raw: Raw<'t>) -> Result<bool, Broken> {
        let object = Object::read(raw.cursor())?;
        match object.kind() {
            "indicator" => return Ok(self.indicator(raw.at, &object)),
            "" => self.complain(raw.at, "this is no STIX object: it has no `type`", "left out"),
            _ => self.source.learn(&object),
        }
        Ok(true)
    }

    fn complain(&mut self, at: usize, why: impl Into<String>, fix: &str) {
        let (line, column) = self.places.place(at);
        self.complaints.placed(line, column, why.into(), fix);
    }

    fn indicator(&mut self, at: usize, object: &Object<'t>) -> bool {
        self.source.made(object);
        let revoked = object.revoked.is_some_and(|raw| raw.flag() == Some(true));
        let types: Vec<String> = object.types();
        if revoked || types.iter().any(|kind| kind == HARMLESS) {
            self.withdrawn = self.withdrawn.saturating_add(1);
            return true;
        }
        let language = object.pattern_type.and_then(|raw| raw.text());
        if let Some(language) = language.filter(|language| *language != "stix") {
            let why =
                format!("the pattern is written in `{}`, not in STIX's own", shown(&language));
            self.complain(at, why, "left out: give rules in a file of their own format");
            return true;
        }
        let Some(raw) = object.pattern else {
            self.complain(at, "the indicator has no `pattern`", "left out");
            return true;
        };
        let why = match raw.text() {
            Some(text) if text.len() <= STIX_PATTERN_BYTES_MAX => {
                return self.pattern(raw.at, at, &text, object, &types);
            }
            Some(_) => format!("the pattern is larger than {STIX_PATTERN_BYTES_MAX} octets"),
            None => "the pattern is no text".to_owned(),
        };
        self.complain(raw.at, why, "left out");
        true
    }

    fn pattern(
        &mut self,
        at: usize,
        object_at: usize,
        text: &str,
        object: &Object<'_>,
        types: &[String],
    ) -> bool {
        let told = match pattern::read(text) {
            Ok(told) => told,
            Err(unread) => {
                self.complain(at, unread.0, "the indicator is left out; see STIX 2.1 §9");
                return true;
            }
        };
        self.unseen = self.unseen.saturating_add(told.unseen);
        if let Some(words) = told.unused {
            let why = format!("`{}` names no value to look for", shown(&words));
            self.complain(at, why, "that comparison is left out");
        } else if told.terms.is_empty() && told.unseen == 0 {
            let why = "the pattern names no value to look for, only where one would stand";
            self.complain(at, why, "left out");
        }
        let line = self.places.line(object_at);
        let about = About { line, until: object.until(), confidence_pct: object.confidence_pct() };
        for term in &told.terms {
            let description = object.description(&term.value, types);
            if !self.term(term, at, &about, &description) {
                return false;
            }
        }
        true
    }

    fn term(&mut self, term: &Term<'_>, at: usize, about: &About, description: &str) -> bool {
        let family = matches!(term.how, How::Like | How::Matches);
        if family && self.unfit >= PATTERNS_REFUSED_MAX {
            let why = "too many patterns of this feed were none".to_owned();
            self.complain(at, why, "left out; list names");
            return true;
        }
        let subject = match subject(term) {
            Ok(subject) => subject,
            Err(NoSubject::Unseen) => {
                self.unseen = self.unseen.saturating_add(1);
                return true;
            }
            Err(NoSubject::Wrong(why, fix)) => {
                self.unfit = self.unfit.saturating_add(usize::from(family));
                self.complain(at, why, fix);
                return true;
            }
        };
        let sure = about.confidence_pct;
        let confidence_pct = if term.part {
            Some(sure.unwrap_or(CONFIDENCE_FEED_PCT).min(CONFIDENCE_PART_PCT))
        } else {
            sure
        };
        (self.out)(Listed {
            subject,
            exact: false,
            stage: None,
            description: Cow::Borrowed(description),
            confidence_pct,
            until: about.until,
            line: about.line,
        })
    }
}

/// What an indicator says of all its values.
struct About {
    line: u32,
    until: Option<Day>,
    confidence_pct: Option<u8>,
}

/// Why a value is no entry.
enum NoSubject {
    Unseen,
    Wrong(String, &'static str),
}

/// What a value is about.
fn subject<'a>(term: &'a Term<'_>) -> Result<Subject<'a>, NoSubject> {
    let value = &*term.value;
    let told = match (term.how, term.what) {
        (How::Is, What::Host | What::Url) => Told::Any,
        (How::Is, What::Certificate) => Told::Certificate,
        (How::Is, What::File) => Told::File,
        (How::Is, What::Ja3) => Told::Ja3,
        (How::Is, What::Ja4) => Told::Ja4,
        (How::Like, What::Host) => {
            let text = value.replace('%', "*").replace('_', "?");
            let wrong = |unfit: crate::pattern::Unfit| {
                let why = format!("LIKE '{}': {}", shown(value), unfit.why);
                NoSubject::Wrong(why, unfit.fix)
            };
            return family(&text).map_err(wrong);
        }
        (How::Matches, What::Host) => {
            let wrong = |unfit: crate::pattern::Unfit| {
                let why = format!("MATCHES '{}': {}", shown(value), unfit.why);
                NoSubject::Wrong(why, unfit.fix)
            };
            return NamePattern::new(value)
                .map(|pattern| Subject::Pattern(Box::new(pattern)))
                .map_err(wrong);
        }
        (How::Like | How::Matches, _) => {
            let why = format!("'{}' stands for many values, and not for names", shown(value));
            return Err(NoSubject::Wrong(
                why,
                "left out: only names may be told by LIKE or MATCHES",
            ));
        }
    };
    indicator(value, told).map_err(|error| match error {
        NoIndicator::Unseen => NoSubject::Unseen,
        NoIndicator::Wrong(why) => {
            NoSubject::Wrong(format!("`{}` {why}", shown(value)), "left out")
        }
    })
}

#[cfg(test)]
mod tests;
