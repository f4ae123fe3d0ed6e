//! Which feed a JSON text is, by the keys at its beginning.

use crate::limits::FEED_BEGINNING_BYTES;

use super::{Broken, Cursor, may_descend};

/// What a JSON text holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Kind {
    /// A STIX 2 bundle, a TAXII envelope, or STIX objects without one.
    Stix,
    /// One or more MISP events, or what a search of them gave.
    Misp,
    /// The `manifest.json` of a MISP feed, which only tells of events.
    MispManifest,
    /// LOLRMM's export: tools with `Name` and `Artifacts`.
    Lolrmm,
    /// Something else.
    Other,
}

/// What a text holds, when it is JSON at all. A beginning of the text is enough.
pub(in super::super) fn kind(text: &str) -> Option<Kind> {
    let mut end = text.len().min(FEED_BEGINNING_BYTES);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let text = text.get(..end)?;
    if !is_json(text) {
        return None;
    }
    let mut seen = Seen::default();
    // A beginning breaks off somewhere.
    let _ = seen.value(&mut Cursor::beginning(text), 0, 0);
    Some(seen.kind())
}

/// Whether it begins as an object, or as a list of objects, lists or texts. Other brackets are
/// those of addresses, and of headings of TOML and of lists of filters.
fn is_json(text: &str) -> bool {
    let mut cursor = Cursor::beginning(text);
    if cursor.open(b'{') {
        return matches!(cursor.peek(), Some(b'"' | b'}'));
    }
    let mut lists = 0usize;
    while may_descend(lists) && cursor.open(b'[') {
        lists = lists.saturating_add(1);
    }
    lists > 0 && matches!(cursor.peek(), Some(b'"' | b'{' | b']'))
}

/// Keys that were met.
#[derive(Default)]
struct Seen {
    misp: bool,
    bundle: bool,
    /// An `id` as STIX has them: the type, two hyphens, a UUID.
    stix_id: bool,
    manifest: bool,
    name: bool,
    artifacts: bool,
}

impl Seen {
    fn kind(&self) -> Kind {
        if self.bundle || self.stix_id {
            Kind::Stix
        } else if self.misp {
            Kind::Misp
        } else if self.manifest {
            Kind::MispManifest
        } else if self.name && self.artifacts {
            Kind::Lolrmm
        } else {
            Kind::Other
        }
    }

    /// Look at a value; `objects` counts the objects around it, `level` lists too.
    fn value(
        &mut self,
        cursor: &mut Cursor<'_>,
        objects: usize,
        level: usize,
    ) -> Result<(), Broken> {
        if !may_descend(level) || objects > 1 {
            return cursor.skip().map(drop);
        }
        let level = level.saturating_add(1);
        if cursor.open(b'[') {
            while cursor.element()? {
                self.value(cursor, objects, level)?;
            }
            return Ok(());
        }
        if !cursor.open(b'{') {
            return cursor.skip().map(drop);
        }
        while let Some(key) = cursor.key()? {
            let holds = matches!(cursor.peek(), Some(b'{' | b'['));
            match &*key {
                "Event" | "response" | "Attribute" if holds => self.misp = true,
                "Artifacts" | "Details" if holds && objects == 0 => self.artifacts = true,
                "Name" if objects == 0 => self.name = true,
                "type" | "id" => {
                    let text = cursor.skip()?.text().unwrap_or_default();
                    self.bundle |= objects == 0 && key == "type" && text == "bundle";
                    self.stix_id |= key == "id" && is_stix_id(&text);
                    continue;
                }
                uuid if holds && objects == 0 && is_uuid(uuid) => self.manifest = true,
                _ => {}
            }
            if self.misp || self.bundle {
                return Err(Broken);
            }
            self.value(cursor, objects.saturating_add(1), level)?;
        }
        Ok(())
    }
}

fn is_stix_id(text: &str) -> bool {
    text.split_once("--").is_some_and(|(kind, uuid)| !kind.is_empty() && is_uuid(uuid))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, octet)| match at {
            8 | 13 | 18 | 23 => octet == b'-',
            _ => octet.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_told_apart_by_their_keys() {
        const ID: &str = "0f2c7f7e-37ba-4fd6-8d6b-3e2c4c1a0b11";
        let table: &[(&str, Option<Kind>)] = &[
            ("{\"type\": \"bundle\", \"id\": \"bundle--x\", \"objects\": []}", Some(Kind::Stix)),
            ("{\"objects\": [{\"id\": \"indicator--ID\"", Some(Kind::Stix)),
            ("{\"more\": false, \"objects\": [{\"id\": \"malware--ID\"}]}", Some(Kind::Stix)),
            ("\u{feff} [{\"id\": \"indicator--ID\", \"type\": \"indicator\"}]", Some(Kind::Stix)),
            ("{\"Event\": {\"info\": \"x", Some(Kind::Misp)),
            ("[{\"Event\": {}}]", Some(Kind::Misp)),
            ("{\"response\": [{\"Event\": {}}]}", Some(Kind::Misp)),
            ("{\"response\": {\"Attribute\": []}}", Some(Kind::Misp)),
            ("{\"uuid\": \"ID\", \"info\": \"x\", \"Attribute\": [", Some(Kind::Misp)),
            ("{\"ID\": {\"info\": \"x\", \"timestamp\": \"1\"}}", Some(Kind::MispManifest)),
            ("[{\"Name\": \"Desk\", \"Details\": {}, \"Artifacts\": {}}]", Some(Kind::Lolrmm)),
            ("{\"Name\": \"Desk\", \"Artifacts\": {\"Network\": []}}", Some(Kind::Lolrmm)),
            ("[\"a.example\"]", Some(Kind::Other)),
            ("{\"list\": [\"a.example\"], \"type\": \"hostname\"}", Some(Kind::Other)),
            ("{}", Some(Kind::Other)),
            ("[]", Some(Kind::Other)),
            ("{\"a", Some(Kind::Other)),
            ("[Adblock Plus 2.0]\n||evil.example^\n", None),
            ("[[indicators]]\ndomain = 'x'\n", None),
            ("[2001:db8::1]:443\n", None),
            ("{evil}\n", None),
            ("evil.example\n", None),
            ("", None),
        ];
        for (text, want) in table {
            let text = text.replace("ID", ID);
            assert_eq!(kind(&text), *want, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(kind(&deep), None);
        assert_eq!(kind(&format!("{{\"a\": {deep}")), Some(Kind::Other));
    }
}
