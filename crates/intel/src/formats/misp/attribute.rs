//! One attribute of an event, and what the values of its type are to us (MISP core format §2.4).

use std::borrow::Cow;

use super::super::json::{Broken, Cursor, Raw};
use super::super::told::Told;
use super::member;
use super::tags::Tags;

/// What one value of an attribute is; types with `|` have two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// There is none.
    None,
    /// It only says where the other stands.
    Port,
    Seen(Told),
    /// It only goes with the other: what a name resolved to may be anyone's.
    Aside(Told),
    /// No wire shows it.
    Unseen,
}

/// The first and the second value of a type. `relation` is what an object calls it.
pub(super) fn parts(kind: &str, relation: Option<&str>) -> (Part, Part) {
    use Part::{Aside, None, Port, Seen, Unseen};
    let relation = relation.unwrap_or_default();
    match kind {
        "domain" | "hostname" | "ip-src" | "ip-dst" | "url" => (Seen(Told::Any), None),
        // A part of a URL, unless it is all of it.
        "uri" => (Seen(Told::Any), None),
        "ip-src|port" | "ip-dst|port" | "hostname|port" => (Seen(Told::Any), Port),
        "domain|ip" => (Seen(Told::Any), Aside(Told::Any)),
        "ja3-fingerprint-md5" if !relation.contains("ja3s") => (Seen(Told::Ja3), None),
        "x509-fingerprint-sha1" | "x509-fingerprint-sha256" => (Seen(Told::Certificate), None),
        "filename" => (Seen(Told::File), None),
        // The hash is what is meant; names of files are the same everywhere.
        _ if kind.starts_with("filename|") => (Aside(Told::File), Unseen),
        // There is no type of its own for it.
        "text" if relation.starts_with("ja4") => (Seen(Told::Ja4), None),
        _ => (Unseen, None),
    }
}

/// An attribute, with its value not read yet.
#[derive(Default)]
pub(super) struct Attribute<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) value: Option<Raw<'a>>,
    /// What its object calls it.
    pub(super) relation: Option<Cow<'a, str>>,
    pub(super) tags: Tags,
    comment: Option<Cow<'a, str>>,
    last_seen: Option<Cow<'a, str>>,
    /// What the event says of itself, where a search gives attributes without their event.
    info: Option<String>,
    to_ids: Option<bool>,
    deleted: Option<bool>,
}

impl<'a> Attribute<'a> {
    pub(super) fn read(mut cursor: Cursor<'a>) -> Result<Attribute<'a>, Broken> {
        let mut attribute = Attribute::default();
        if !cursor.open(b'{') {
            return Ok(attribute);
        }
        while let Some(key) = cursor.key()? {
            let inside = cursor.clone();
            let raw = cursor.skip()?;
            match &*key {
                "type" => attribute.kind = raw.text(),
                "value" => attribute.value = Some(raw).filter(|raw| !raw.is_null()),
                "object_relation" => attribute.relation = raw.text(),
                "to_ids" => attribute.to_ids = raw.flag(),
                "deleted" => attribute.deleted = raw.flag(),
                "comment" => attribute.comment = raw.text(),
                "last_seen" => attribute.last_seen = raw.text(),
                "Tag" => attribute.tags = Tags::read(inside),
                "Event" => attribute.info = member(inside, "info"),
                _ => {}
            }
        }
        Ok(attribute)
    }

    /// Whether it is not, or no longer, meant to be looked for. Without a word it is.
    pub(super) fn is_out(&self) -> bool {
        self.deleted == Some(true) || self.to_ids == Some(false)
    }

    /// Its comment, else what the event says of itself; and when it was last seen.
    pub(super) fn description(&self, event: Option<&str>) -> Cow<'_, str> {
        let comment = self.comment.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let said = comment.or(self.info.as_deref()).or(event).unwrap_or_default();
        match self.last_seen.as_deref().and_then(|text| text.get(..10)) {
            Some(day) if said.is_empty() => Cow::Owned(format!("last seen {day}")),
            Some(day) => Cow::Owned(format!("{said}; last seen {day}")),
            None => Cow::Owned(said.to_owned()),
        }
    }
}
