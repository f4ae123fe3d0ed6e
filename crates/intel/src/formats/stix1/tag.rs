//! The attributes of a start tag, as far as they matter.

use std::borrow::Cow;

use quick_xml::escape::unescape;
use quick_xml::events::attributes::Attributes;
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};

use crate::limits::STIX1_ATTRIBUTE_BYTES_MAX;

use super::names::{Family, Space, family, space};

/// Attributes without a namespace that are read.
const KNOWN: [&str; 16] = [
    "id",
    "idref",
    "object_reference",
    "timestamp",
    "operator",
    "negate",
    "category",
    "type",
    "condition",
    "apply_condition",
    "delimiter",
    "pattern_type",
    "is_spoofed",
    "name",
    "color",
    "consent",
];

/// What a start tag says besides its name.
#[derive(Debug, Default)]
pub(super) struct Tag<'a> {
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// What `xsi:type` says that its content is.
    pub(super) family: Option<Family>,
}

impl<'a> Tag<'a> {
    /// Read a tag as it stands in the text, from `<` to `>`. The second is what is wrong with it.
    pub(super) fn read(
        raw: &'a str,
        name_len: usize,
        resolver: &NamespaceResolver,
    ) -> (Tag<'a>, Option<String>) {
        let mut tag = Tag::default();
        let mut wrong = None;
        let inner = raw.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or("");
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        // A name twice in one tag: the first counts. The check's own table grows with the tag.
        for attribute in Attributes::new(inner, name_len).with_checks(false) {
            let Ok(attribute) = attribute else {
                wrong = Some("this tag has an attribute without a value in quotes".to_owned());
                break;
            };
            let local = attribute.key.local_name().into_inner();
            let prefixed = attribute.key.prefix().is_some();
            let instance = prefixed && local == "type" && is_instance(resolver, attribute.key);
            if !instance && (prefixed || !KNOWN.contains(&local)) {
                continue;
            }
            let Cow::Borrowed(value) = attribute.value else { continue };
            if value.len() > STIX1_ATTRIBUTE_BYTES_MAX {
                wrong =
                    Some(format!("`{local}` is longer than {STIX1_ATTRIBUTE_BYTES_MAX} octets"));
                continue;
            }
            let Ok(value) = unescape(value) else {
                wrong = Some(format!("`{local}` refers to an entity that no XML has by itself"));
                continue;
            };
            if instance {
                tag.family = type_of(&value, resolver);
            } else {
                tag.attributes.push((local, value));
            }
        }
        (tag, wrong)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The same, to keep.
    pub(super) fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let found = self.attributes.iter_mut().find(|(known, _)| *known == name)?;
        Some(std::mem::take(&mut found.1)).filter(|value| !value.trim().is_empty())
    }

    pub(super) fn says(&self, name: &str) -> bool {
        matches!(self.get(name).map(str::trim), Some("true" | "1"))
    }
}

fn is_instance(resolver: &NamespaceResolver, key: QName<'_>) -> bool {
    match resolver.resolve_attribute(key).0 {
        ResolveResult::Bound(ns) => space(ns.0) == Space::Instance,
        _ => false,
    }
}

/// What `prefix:Type` is: the prefix counts as it is declared there.
fn type_of(value: &str, resolver: &NamespaceResolver) -> Option<Family> {
    let name = QName(value.trim());
    match resolver.resolve_prefix(name.prefix(), true) {
        ResolveResult::Bound(ns) => match space(ns.0) {
            Space::Object(kind) => Some(family(kind)),
            // Of CybOX itself or the publisher's own: its content tells.
            _ => None,
        },
        _ => None,
    }
}
