//! JSON written field by field, in the order in which it is asked for.
//!
//! Texts are cut at [`TEXT_SHAPED_MAX`] and arrays at [`MEMBERS_SHAPED_MAX`], so that no line of
//! anyone's makes a record that a collector must cut.

use crate::limits::{MEMBERS_SHAPED_MAX, TEXT_SHAPED_MAX};

/// Add one object; an empty one where nothing is put in.
pub(super) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, filled: false });
    out.push(b'}');
}

/// An object that is being written.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    filled: bool,
}

impl Object<'_> {
    fn name(&mut self, name: &str) {
        if self.filled {
            self.out.push(b',');
        }
        self.filled = true;
        text(self.out, name);
        self.out.push(b':');
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        text(self.out, value);
    }

    /// A text, where there is one that says something.
    pub(super) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(name, value);
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str, value: impl Into<i128>) {
        self.name(name);
        self.out.extend_from_slice(value.into().to_string().as_bytes());
    }

    /// Whether it is so.
    pub(super) fn truth(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// What is JSON already, without a line's end in it.
    pub(super) fn raw(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(json);
    }

    /// An object; left out where nothing is put in.
    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let (start, filled) = (self.out.len(), self.filled);
        self.name(name);
        let empty = self.out.len() + 2;
        object(self.out, fill);
        if self.out.len() == empty {
            self.out.truncate(start);
            self.filled = filled;
        }
    }

    /// An array; left out where nothing is put in.
    pub(super) fn array(&mut self, name: &str, fill: impl FnOnce(&mut Array<'_>)) {
        let (start, filled) = (self.out.len(), self.filled);
        self.name(name);
        self.out.push(b'[');
        let mut array = Array { out: self.out, members: 0 };
        fill(&mut array);
        if array.members == 0 {
            self.out.truncate(start);
            self.filled = filled;
        } else {
            self.out.push(b']');
        }
    }

    /// An array of texts; left out where there is none.
    pub(super) fn texts<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t str>) {
        self.array(name, |array| texts.into_iter().for_each(|text| array.text(text)));
    }
}

/// An array that is being written.
pub(super) struct Array<'o> {
    out: &'o mut Vec<u8>,
    members: usize,
}

impl Array<'_> {
    /// Whether there is room for one more.
    fn next(&mut self) -> bool {
        if self.members >= MEMBERS_SHAPED_MAX {
            return false;
        }
        if self.members > 0 {
            self.out.push(b',');
        }
        self.members += 1;
        true
    }

    /// A text.
    pub(super) fn text(&mut self, value: &str) {
        if self.next() {
            text(self.out, value);
        }
    }

    /// An object, an empty one too.
    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        if self.next() {
            object(self.out, fill);
        }
    }

    /// What is JSON already, without a line's end in it.
    pub(super) fn raw(&mut self, json: &[u8]) {
        if self.next() {
            self.out.extend_from_slice(json);
        }
    }

    /// An array.
    pub(super) fn array(&mut self, fill: impl FnOnce(&mut Array<'_>)) {
        if self.next() {
            self.out.push(b'[');
            fill(&mut Array { out: self.out, members: 0 });
            self.out.push(b']');
        }
    }
}

/// A text, cut at [`TEXT_SHAPED_MAX`] octets.
pub(super) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_SHAPED_MAX)).unwrap_or(text)
}

/// Add a text as JSON: quoted, cut, every control character escaped.
pub(super) fn text(out: &mut Vec<u8>, value: &str) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, cut(value)).is_err() {
        // A vector takes every octet: this cannot be.
        out.truncate(start);
        out.extend_from_slice(b"\"\"");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_what_is_long_is_cut() {
        let mut out = Vec::new();
        object(&mut out, |o| {
            o.object("none", |o| o.maybe("nothing", None));
            o.array("no", |_| {});
            o.text("a\"", "b\n\u{7}");
            o.maybe("c", Some(""));
            o.object("d", |o| o.number("e", 7_u64));
            o.array("f", |a| (0..MEMBERS_SHAPED_MAX + 9).for_each(|_| a.text("")));
            o.text("g", &"\u{e9}".repeat(TEXT_SHAPED_MAX));
        });
        let value: Value = serde_json::from_slice(&out).expect("JSON");
        assert!(out.starts_with(b"{\"a\\\"\":\"b\\n\\u0007\",\"d\":{\"e\":7},\"f\":["));
        assert_eq!(value["f"].as_array().expect("an array").len(), MEMBERS_SHAPED_MAX);
        assert_eq!(value["g"].as_str().expect("a text").len(), TEXT_SHAPED_MAX);
    }
}
