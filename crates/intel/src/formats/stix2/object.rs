//! The properties of a STIX object that we read (STIX 2.1 §3, §4.7, §7.2).

use std::borrow::Cow;

use crate::day::Day;

use super::super::frame::Head;
use super::super::json::{Broken, Cursor, Raw};

/// Kinds, labels and markings of one object that are looked at.
const TEXTS_MAX: usize = 16;
/// Octets of a name, a licence or a description that are kept.
const KEPT_LEN: usize = 400;

/// An object, with its values not read yet.
#[derive(Default)]
pub(super) struct Object<'a> {
    kind: Option<Cow<'a, str>>,
    name: Option<Raw<'a>>,
    said: Option<Raw<'a>>,
    pub(super) pattern: Option<Raw<'a>>,
    pub(super) pattern_type: Option<Raw<'a>>,
    pub(super) revoked: Option<Raw<'a>>,
    confidence: Option<Raw<'a>>,
    valid_until: Option<Raw<'a>>,
    modified: Option<Raw<'a>>,
    id: Option<Raw<'a>>,
    created_by: Option<Raw<'a>>,
    definition: Option<Raw<'a>>,
    /// `labels`, by STIX 2.0, and `indicator_types`.
    types: [Option<Raw<'a>>; 2],
}

impl<'a> Object<'a> {
    pub(super) fn read(mut cursor: Cursor<'a>) -> Result<Object<'a>, Broken> {
        let mut object = Object::default();
        if !cursor.open(b'{') {
            return Ok(object);
        }
        while let Some(key) = cursor.key()? {
            let raw = cursor.skip()?;
            let place = match &*key {
                "type" => {
                    object.kind = raw.text();
                    continue;
                }
                "name" => &mut object.name,
                "description" => &mut object.said,
                "pattern" => &mut object.pattern,
                "pattern_type" => &mut object.pattern_type,
                "revoked" => &mut object.revoked,
                "confidence" => &mut object.confidence,
                "valid_until" => &mut object.valid_until,
                "modified" => &mut object.modified,
                "id" => &mut object.id,
                "created_by_ref" => &mut object.created_by,
                "definition" => &mut object.definition,
                "labels" => &mut object.types[0],
                "indicator_types" => &mut object.types[1],
                _ => continue,
            };
            // Of a key that stands twice the last counts, as with most readers.
            *place = Some(raw).filter(|raw| !raw.is_null());
        }
        Ok(object)
    }

    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// `labels` and `indicator_types`, in lower case.
    pub(super) fn types(&self) -> Vec<String> {
        let mut types = Vec::new();
        for raw in self.types.iter().flatten() {
            let mut cursor = raw.cursor();
            if !cursor.open(b'[') {
                continue;
            }
            while types.len() < TEXTS_MAX && cursor.element() == Ok(true) {
                let Ok(raw) = cursor.skip() else { break };
                types.extend(raw.text().map(|text| text.to_ascii_lowercase()));
            }
        }
        types
    }

    /// How sure its maker is, in per cent; the scale has 0 to 100 (Appendix A).
    pub(super) fn confidence_pct(&self) -> Option<u8> {
        self.confidence.and_then(|raw| raw.pct())
    }

    /// The first day on which it no longer counts. A value that is valid until noon counts all day.
    pub(super) fn until(&self) -> Option<Day> {
        let text = self.valid_until?.text()?;
        let text = text.trim();
        let day = Day::parse(text)?;
        let midnight = text.bytes().skip(10).all(|octet| !matches!(octet, b'1'..=b'9'));
        Some(if midnight { day } else { day.after(1) })
    }

    /// What it says of itself: its name, unless that is just the value; else its description, else
    /// its kinds.
    pub(super) fn description(&self, value: &str, types: &[String]) -> String {
        let text = |raw: Option<Raw<'a>>| {
            raw.and_then(|raw| raw.text()).filter(|text| !text.trim().is_empty())
        };
        let name = text(self.name).filter(|name| !name.trim().eq_ignore_ascii_case(value.trim()));
        match name.or_else(|| text(self.said)) {
            Some(said) => kept(&said).to_owned(),
            None => types.join(", "),
        }
    }
}

/// What the objects around the indicators say of where they come from.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Who made the first indicator, by id.
    maker: Option<String>,
    identities: Vec<(String, String)>,
    name: Option<String>,
    licence: Option<String>,
    version: Option<String>,
}

impl Source {
    /// Note who made an indicator, and when it was last changed: the latest day is the version.
    pub(super) fn made(&mut self, object: &Object<'_>) {
        if self.maker.is_none() {
            self.maker =
                object.created_by.and_then(|raw| raw.text()).map(|id| kept(&id).to_owned());
        }
        let modified = object.modified.and_then(|raw| raw.text());
        let day = modified.as_deref().and_then(|text| text.get(..10)).filter(|text| {
            Day::parse(text).is_some() && self.version.as_deref().is_none_or(|known| known < *text)
        });
        if let Some(day) = day {
            self.version = Some(day.to_owned());
        }
    }

    /// Note what an identity, a report or a marking says.
    pub(super) fn learn(&mut self, object: &Object<'_>) {
        let name = object.name.and_then(|raw| raw.text());
        let name = name.map(|name| kept(name.trim()).to_owned()).filter(|name| !name.is_empty());
        match (object.kind(), name) {
            ("identity", Some(name)) if self.identities.len() < TEXTS_MAX => {
                let id = object.id.and_then(|raw| raw.text()).unwrap_or_default();
                self.identities.push((kept(&id).to_owned(), name));
            }
            ("report" | "grouping", Some(name)) => {
                self.name.get_or_insert(name);
            }
            ("marking-definition", name) => {
                let licence = object.definition.and_then(statement).or(name);
                if self.licence.is_none() {
                    self.licence = licence;
                }
            }
            _ => {}
        }
    }

    /// What it comes to.
    pub(super) fn head(self) -> Head {
        let Source { maker, identities, name, licence, version } = self;
        let by_maker = identities.iter().find(|(id, _)| Some(id) == maker.as_ref());
        let source = by_maker.or(identities.first()).map(|(_, name)| name.clone());
        Head { name, version, source, licence, ..Head::default() }
    }
}

/// The statement or the TLP of a marking (§7.2.1).
fn statement(raw: Raw<'_>) -> Option<String> {
    let mut cursor = raw.cursor();
    if !cursor.open(b'{') {
        return None;
    }
    while let Ok(Some(key)) = cursor.key() {
        let text = cursor.skip().ok()?.text();
        match (&*key, text) {
            ("statement", Some(text)) => return Some(kept(text.trim()).to_owned()),
            ("tlp", Some(text)) => return Some(format!("TLP:{}", kept(&text).to_uppercase())),
            _ => {}
        }
    }
    None
}

fn kept(text: &str) -> &str {
    let mut end = text.len().min(KEPT_LEN);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}
