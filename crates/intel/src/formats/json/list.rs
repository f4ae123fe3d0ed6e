//! JSON that is no feed we know: a bare list of texts is read, of all else the keys are told.

use crate::sheet::{Complaints, shown};

use super::super::frame::{Format, Head, Out, Reading};
use super::super::plain::entry;
use super::super::told::{NoIndicator, Told, indicator};
use super::{Broken, Cursor, Kind, Places, kind, may_descend};

/// Takes what begins as JSON and is none of the other feeds.
pub(in super::super) const FORMAT: Format = Format {
    name: "json",
    fits: |_, text| kind(text) == Some(Kind::Other),
    read: Reading::Whole(|source, complaints, out| read(source.text, complaints, out)),
    sample: "[\"evil[.]example\",\n \"198.51.100.7\"]\n",
};

/// Keys that a complaint names.
const KEYS_SHOWN: usize = 6;

const UNDERSTOOD: &str = "understood are STIX 2 bundles, MISP events, LOLRMM tools, and a list of \
    texts `[\"evil.example\", …]`; write anything else as CSV or one value a line";

fn read(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
    let mut reader = Reader { places: Places::new(text), others: 0, unseen: 0, complaints, out };
    let mut cursor = Cursor::of(text, reader.complaints);
    while cursor.peek().is_some() {
        if reader.value(&mut cursor, 0) != Ok(true) {
            break;
        }
    }
    Head { unseen: reader.unseen, ..Head::default() }
}

struct Reader<'r, 'c, 't> {
    places: Places<'t>,
    /// Values that are neither text nor list; only the first is told.
    others: usize,
    /// Values that no wire shows.
    unseen: u64,
    complaints: &'r mut Complaints<'c>,
    out: Out<'r>,
}

impl Reader<'_, '_, '_> {
    /// `Ok(false)`: there is no more place.
    fn value(&mut self, cursor: &mut Cursor<'_>, level: usize) -> Result<bool, Broken> {
        if may_descend(level) && cursor.open(b'[') {
            while cursor.element()? {
                if !self.value(cursor, level.saturating_add(1))? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let before = cursor.clone();
        let raw = cursor.skip()?;
        let Some(text) = raw.text() else {
            self.other(before);
            return Ok(true);
        };
        let (line, column) = self.places.place(raw.at);
        match indicator(&text, Told::Any) {
            Ok(subject) => Ok((self.out)(entry(subject, line))),
            Err(NoIndicator::Unseen) => {
                self.unseen = self.unseen.saturating_add(1);
                Ok(true)
            }
            Err(NoIndicator::Wrong(why)) => {
                let why = format!("`{}` {why}", shown(&text));
                self.complaints.placed(line, column, why, "left out");
                Ok(true)
            }
        }
    }

    fn other(&mut self, mut cursor: Cursor<'_>) {
        self.others = self.others.saturating_add(1);
        if self.others > 1 {
            return;
        }
        let (line, column) = self.places.place(cursor.offset());
        let mut keys = Vec::new();
        if cursor.open(b'{') {
            while let Ok(Some(key)) = cursor.key() {
                keys.push(format!("`{}`", shown(&key)));
                if keys.len() >= KEYS_SHOWN || cursor.skip().is_err() {
                    break;
                }
            }
        }
        let why = match keys.as_slice() {
            [] => "this is JSON, but no feed".to_owned(),
            keys => format!("this is JSON, but no feed: its keys are {}", keys.join(", ")),
        };
        self.complaints.placed(line, column, why, UNDERSTOOD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_all_else_is_told_once() {
        let table: &[(&str, usize, &[&str])] = &[
            ("[\"a.example\", \"hxxp://b[.]example/x\"]", 2, &[]),
            ("[\"t13d1516h2_8daaf6152771_e5627efa2ab1\", \"a@b.example\"]", 1, &[]),
            ("[\"a.example\", \"word\"]", 1, &["one word"]),
            ("[[\"a.example\"]]", 1, &[]),
            ("{\"list\": [\"a.example\"], \"type\": 1}", 0, &["keys are `list`, `type`"]),
            ("[{\"a\": 1}, {\"b\": 2}]", 0, &["keys are `a`"]),
            ("{\"a\": 1}\n{\"a\": 2}\n", 0, &["keys are `a`"]),
            ("[\"a.example\", \"b.exa", 1, &["breaks off"]),
            ("{}", 0, &["no feed"]),
            ("[]", 0, &[]),
        ];
        for (text, want, told) in table {
            let mut complaints = Complaints::new("f.json", text);
            let mut count = 0;
            assert!((FORMAT.fits)("f", text), "{text}");
            read(text, &mut complaints, &mut |_| {
                count += 1;
                true
            });
            let said = complaints.finish();
            assert_eq!((count, said.len()), (*want, told.len()), "{text}: {said:?}");
            for (complaint, why) in said.iter().zip(*told) {
                assert!(complaint.why.contains(why), "{text}: {complaint}");
            }
        }
    }
}
