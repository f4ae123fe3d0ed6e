//! LOLRMM (lolrmm.io): tools that attackers abuse, one in a YAML document, or all in JSON. Of a
//! tool the names and addresses are read that its vendor serves it from.
//!
//! Such a list says what software talks to, not who attacks: its kind is that of vendors. Ports
//! alone, files, registry keys and certificates that sign programs are not read.

mod tool;
mod yaml;

use crate::limits::{FEED_BEGINNING_BYTES, YAML_BYTES_MAX};
use crate::sheet::Complaints;

use super::frame::{Format, Head, Out, Reading};
use super::json::{self, Broken, Cursor, Kind, Places, may_descend};
use tool::{Place, Tools};

/// Takes YAML with `Name` and `Artifacts` or `Details` at its left edge, and the JSON of the same.
pub(super) const FORMAT: Format = Format {
    name: "lolrmm",
    fits: |_, text| json::kind(text) == Some(Kind::Lolrmm) || is_yaml(text),
    read: Reading::Whole(|source, complaints, out| read(source.text, complaints, out)),
    sample: "Name: Desk\nCategory: RMM\nLastModified: '2026-11-21'\nDetails:\n    \
        Website: https://desk.example\nArtifacts:\n    Network:\n        - Description: N/A\n          \
        Domains:\n              - '*.desk.example'\n              - relay-*.net.desk.example:443\n          \
        Ports:\n              - 443\n              - user_managed\n",
};

fn is_yaml(text: &str) -> bool {
    let head = text.as_bytes().get(..FEED_BEGINNING_BYTES).unwrap_or(text.as_bytes());
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let (mut name, mut more) = (false, false);
    for line in head.split(|octet| *octet == b'\n') {
        name |= line.starts_with(b"Name:");
        more |= line.starts_with(b"Artifacts:") || line.starts_with(b"Details:");
        if name && more {
            return true;
        }
    }
    false
}

fn read(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
    let mut tools = Tools::new(out);
    if json::kind(text).is_some() {
        let mut reader = Json { places: Places::new(text), tools: &mut tools, complaints };
        let mut cursor = Cursor::of(text, reader.complaints);
        while cursor.peek().is_some() {
            if reader.value(&mut cursor, 0) != Ok(true) {
                break;
            }
        }
        // What a tool that breaks off says until then.
        tools.end_tool(complaints);
    } else if text.len() > YAML_BYTES_MAX {
        let why = format!("the YAML is larger than {YAML_BYTES_MAX} octets");
        complaints.placed(1, 1, why, "give one file for each tool");
    } else {
        yaml::read(text, &mut tools, complaints);
    }
    tools.head()
}

/// Walks the JSON, and gives each text to the tools by its path.
struct Json<'r, 'c, 't, 'o> {
    places: Places<'t>,
    tools: &'r mut Tools<'o>,
    complaints: &'r mut Complaints<'c>,
}

impl<'t> Json<'_, '_, 't, '_> {
    /// A tool, or a list of them. `Ok(false)`: there is no more place.
    fn value(&mut self, cursor: &mut Cursor<'t>, level: usize) -> Result<bool, Broken> {
        if may_descend(level) && cursor.open(b'[') {
            while cursor.element()? {
                if !self.value(cursor, level.saturating_add(1))? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let mut path = Vec::new();
        self.inside(cursor, &mut path, level)?;
        Ok(self.tools.end_tool(self.complaints))
    }

    fn inside(
        &mut self,
        cursor: &mut Cursor<'t>,
        path: &mut Vec<String>,
        level: usize,
    ) -> Result<(), Broken> {
        let deeper = level.saturating_add(1);
        if !may_descend(level) || !tool::is_read(path) {
            return cursor.skip().map(drop);
        }
        if cursor.open(b'[') {
            while cursor.element()? {
                self.inside(cursor, path, deeper)?;
            }
            return Ok(());
        }
        if cursor.open(b'{') {
            while let Some(key) = cursor.key()? {
                path.push(key.into_owned());
                self.inside(cursor, path, deeper)?;
                path.pop();
            }
            self.tools.end_map(path);
            return Ok(());
        }
        let raw = cursor.skip()?;
        if let Some(text) = raw.text() {
            let (line, column) = self.places.place(raw.at);
            self.tools.text(path, &text, Place { line, column });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
