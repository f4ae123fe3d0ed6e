//! What the packages of a file say of themselves, and of who may read them.

use std::borrow::Cow;

use super::super::Head;

/// The header of the first package; markings of all.
#[derive(Debug, Default)]
pub(super) struct Heading<'a> {
    packages: u32,
    id: Option<Cow<'a, str>>,
    timestamp: Option<Cow<'a, str>>,
    pub(super) title: Option<Cow<'a, str>>,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) reference: Option<Cow<'a, str>>,
    pub(super) produced: Option<Cow<'a, str>>,
    /// Who marked it: the organisation that speaks, where no source is given.
    pub(super) marked_by: Option<Cow<'a, str>>,
    pub(super) terms: Option<Cow<'a, str>>,
    color: Option<Color>,
    consent: Option<Cow<'a, str>>,
}

/// The Traffic Light Protocol's colours, the most open first (FIRST TLP 1.0 and 2.0).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Color {
    Clear,
    Green,
    Amber,
    AmberStrict,
    Red,
}

const COLORS: [(&str, Color); 6] = [
    ("WHITE", Color::Clear),
    ("CLEAR", Color::Clear),
    ("GREEN", Color::Green),
    ("AMBER", Color::Amber),
    ("AMBER+STRICT", Color::AmberStrict),
    ("RED", Color::Red),
];

impl<'a> Heading<'a> {
    pub(super) fn package(&mut self, id: Option<Cow<'a, str>>, timestamp: Option<Cow<'a, str>>) {
        self.packages = self.packages.saturating_add(1);
        if self.packages == 1 {
            (self.id, self.timestamp) = (id, timestamp);
        }
    }

    /// A marking's colour: of several the strictest counts.
    pub(super) fn mark(&mut self, color: &str) {
        let known = COLORS.iter().find(|(word, _)| color.trim().eq_ignore_ascii_case(word));
        self.color = self.color.max(known.map(|(_, color)| *color));
    }

    pub(super) fn consent(&mut self, consent: Option<Cow<'a, str>>) {
        self.consent = self.consent.take().or(consent);
    }

    /// What the feed says of itself.
    pub(super) fn finish(self, unseen: u64) -> Head {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| one_line(cut(text.trim(), 300)));
        let mut name = own(self.title);
        if let Some(name) = name.as_mut().filter(|_| self.packages > 1) {
            name.push_str(&format!(" (first of {} packages)", self.packages));
        }
        let dated = self.timestamp.filter(|day| !day.starts_with("9999"));
        let version = dated.or(self.produced).map(|day| cut(day.trim(), 10).to_owned());
        let source = match (own(self.source.or(self.marked_by)), own(self.reference)) {
            (Some(who), Some(where_)) => Some(format!("{who}, {where_}")),
            (who, where_) => who.or(where_),
        };
        let mut licence: Vec<String> = Vec::new();
        licence.extend(self.color.map(|color| {
            let word =
                COLORS.iter().find(|(_, known)| *known == color).map_or("", |(word, _)| word);
            format!("TLP:{word}")
        }));
        licence.extend(own(self.consent).map(|consent| format!("AIS consent {consent}")));
        licence.extend(own(self.terms));
        let licence = (!licence.is_empty()).then(|| licence.join("; "));
        Head { id: own(self.id), name, version, source, licence, unseen, ..Head::default() }
    }
}

/// At most `most` octets of a text.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// Text as it was wrapped and indented for the eye, in one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
