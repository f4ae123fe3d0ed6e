//! Elements that hold a text, and what the text is for.

use std::borrow::Cow;

use crate::day::Day;
use crate::limits::STIX1_TEXT_BYTES_MAX;

use super::draft::Side;
use super::graph::Relation;
use super::names::{Family, Space, family};
use super::place::Place;
use super::reading::{Frame, Reading, Role};
use super::tag::Tag;
use super::tally::Reason;
use super::value::{Apply, Condition, DELIMITER, Sort, Value};

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaf {
    HeaderTitle,
    SourceName,
    Reference,
    Produced,
    MarkedBy,
    Terms,
    IndicatorTitle,
    IndicatorText,
    Confidence,
    EndTime,
    Note,
    ObjectNote,
    Relationship,
    Property(Sort),
    /// What HTTP asks for: a path, or all of a URL.
    Requested,
    Port,
    /// A hash of what the object is.
    Hash,
    /// A certificate's property without a place of its own, by its name.
    Fingerprint,
    /// What no wire shows.
    Unseen,
}

impl Leaf {
    /// What an element's text is for, where it stands.
    pub(super) fn of(parent: Frame, space: Space<'_>, local: &str, tag: &Tag<'_>) -> Option<Leaf> {
        Some(match (parent.role, space, local) {
            (Role::Properties | Role::Request, _, _) => return Leaf::property(space, local, tag),
            (Role::Header, Space::Stix, "Title") => Leaf::HeaderTitle,
            (Role::Source, Space::Stix, "Name") => Leaf::SourceName,
            (Role::Source | Role::Handling, Space::Ciq, "NameElement") => Leaf::MarkedBy,
            (Role::Source, Space::Stix, "Reference") => Leaf::Reference,
            (Role::Source, Space::Stix | Space::CyboxCommon, "Produced_Time") => Leaf::Produced,
            (Role::Handling, Space::Marking, "Terms_Of_Use") => Leaf::Terms,
            (Role::Indicator, Space::Stix, "Title") => Leaf::IndicatorTitle,
            (Role::Indicator, Space::Stix, "Description" | "Short_Description") => {
                Leaf::IndicatorText
            }
            (Role::Confidence, Space::Stix, "Value") => Leaf::Confidence,
            (Role::Validity, Space::Stix, "End_Time") => Leaf::EndTime,
            (Role::Observable, Space::Cybox, "Title" | "Description") => Leaf::Note,
            (Role::Object, Space::Cybox, "Description") => Leaf::ObjectNote,
            (Role::Object, Space::Cybox, "Relationship") => Leaf::Relationship,
            _ => return None,
        })
    }

    fn property(space: Space<'_>, local: &str, tag: &Tag<'_>) -> Option<Leaf> {
        let kind = match space {
            Space::Object(kind) => kind,
            Space::CyboxCommon => {
                return match local {
                    "Simple_Hash_Value" | "Fuzzy_Hash_Value" => Some(Leaf::Hash),
                    "Property" if is_fingerprint(tag.get("name")?) => Some(Leaf::Fingerprint),
                    _ => None,
                };
            }
            _ => return None,
        };
        Some(match (kind, local) {
            ("DomainNameObject", "Value") | ("HostnameObject", "Hostname_Value") => {
                Leaf::Property(Sort::Name)
            }
            ("AddressObject", "Address_Value") => Leaf::Property(Sort::Address),
            ("URIObject" | "LinkObject", "Value") => Leaf::Property(Sort::Uri),
            ("HTTPSessionObject", "Value") => Leaf::Requested,
            ("HTTPSessionObject", "User_Agent") => Leaf::Unseen,
            ("PortObject", "Port_Value") => Leaf::Port,
            (kind, "File_Name") if family(kind) == Family::File => {
                Leaf::Property(Sort::File { hashed: false })
            }
            _ => return None,
        })
    }
}

/// Whether a property of the publisher's own is a certificate's SHA-1 or SHA-256.
fn is_fingerprint(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.contains("sha1") || name.contains("sha-1") || name.contains("sha256"))
        || name.contains("sha-256")
}

/// An element whose text is being read.
#[derive(Debug)]
pub(super) struct Gathering<'a> {
    leaf: Leaf,
    text: Cow<'a, str>,
    /// Elements open inside it.
    pub(super) depth: u32,
    /// Something in it cannot be read.
    pub(super) spoiled: bool,
    overlong: bool,
    unseen: bool,
    side: Side,
    condition: Condition,
    apply: Apply,
    delimiter: Option<Box<str>>,
    place: Place,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(leaf: Leaf, parent: Frame, tag: &mut Tag<'a>, place: Place) -> Self {
        let condition = tag.get("condition").map(Condition::of);
        let is_pattern = tag.get("pattern_type").is_some_and(|word| word.trim() == "Regex");
        let default = if is_pattern { Condition::FitsPattern } else { Condition::Equals };
        let delimiter = tag.take("delimiter").filter(|text| text != DELIMITER);
        Gathering {
            leaf,
            text: Cow::Borrowed(""),
            depth: 0,
            spoiled: false,
            overlong: false,
            unseen: parent.unseen,
            side: parent.side,
            condition: condition.unwrap_or(default),
            apply: tag.get("apply_condition").map(Apply::of).unwrap_or_default(),
            delimiter: delimiter.map(|text| text.into_owned().into_boxed_str()),
            place,
        }
    }

    pub(super) fn push(&mut self, piece: Cow<'a, str>) {
        if self.text.len().saturating_add(piece.len()) > STIX1_TEXT_BYTES_MAX {
            self.overlong = true;
        } else if self.text.is_empty() {
            self.text = piece;
        } else {
            self.text.to_mut().push_str(&piece);
        }
    }
}

impl<'a> Reading<'a> {
    /// A text is whole.
    pub(super) fn gathered(&mut self, gathering: Gathering<'a>) {
        let Gathering { leaf, side, .. } = gathering;
        if gathering.overlong {
            self.tally.add(Reason::Long, gathering.place);
        }
        let text = trimmed(gathering.text);
        if gathering.overlong || gathering.spoiled || text.is_empty() {
            return;
        }
        match leaf {
            Leaf::Property(sort) => {
                let value = Value {
                    text,
                    sort,
                    condition: gathering.condition,
                    apply: gathering.apply,
                    delimiter: gathering.delimiter,
                    place: gathering.place,
                };
                self.property(value, side, gathering.unseen);
            }
            Leaf::Requested | Leaf::Port | Leaf::Hash | Leaf::Fingerprint | Leaf::Unseen => {
                let place = gathering.place;
                if let Some(draft) = self.objects.last_mut() {
                    draft.gathered(leaf, text, side, place);
                    self.graph.kept = self.graph.kept.saturating_add(1);
                }
            }
            Leaf::Note => {
                if let Some(open) = self.observables.last_mut().filter(|o| o.note.is_empty()) {
                    open.note = text;
                }
            }
            Leaf::ObjectNote | Leaf::Relationship => {
                let Some(open) = self.objects.last_mut() else { return };
                if leaf == Leaf::Relationship {
                    open.relation = Relation::of(&text);
                } else {
                    open.note = text;
                }
            }
            Leaf::IndicatorTitle | Leaf::IndicatorText | Leaf::Confidence | Leaf::EndTime => {
                self.of_indicator(leaf, text);
            }
            _ => self.of_heading(leaf, text),
        }
    }

    fn property(&mut self, value: Value<'a>, side: Side, unseen: bool) {
        self.graph.kept = self.graph.kept.saturating_add(1);
        let Some(draft) = self.objects.last_mut() else { return };
        if unseen {
            draft.unseen = draft.unseen.saturating_add(1);
        } else {
            draft.values.push((side, value));
        }
    }

    fn of_indicator(&mut self, leaf: Leaf, text: Cow<'a, str>) {
        let Some(open) = self.indicators.last_mut() else { return };
        match leaf {
            Leaf::IndicatorTitle => open.title = text,
            Leaf::IndicatorText if open.description.is_empty() => open.description = text,
            Leaf::Confidence => open.confidence_pct = confidence_pct(&text),
            Leaf::EndTime => {
                if let Some(end) = first_day_after(&text) {
                    open.ends = open.ends.saturating_add(1);
                    open.until = open.until.max(Some(end));
                }
            }
            _ => {}
        }
    }

    fn of_heading(&mut self, leaf: Leaf, text: Cow<'a, str>) {
        let heading = &mut self.heading;
        let field = match leaf {
            Leaf::HeaderTitle => &mut heading.title,
            Leaf::SourceName => &mut heading.source,
            Leaf::Reference => &mut heading.reference,
            Leaf::Produced => &mut heading.produced,
            Leaf::MarkedBy => &mut heading.marked_by,
            Leaf::Terms => &mut heading.terms,
            _ => return,
        };
        field.get_or_insert(text);
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The words of STIX's `HighMediumLowVocab` on the scale of STIX 2.1, Appendix A, or a number.
fn confidence_pct(text: &str) -> Option<u8> {
    match text.trim() {
        "High" => Some(85),
        "Medium" => Some(50),
        "Low" => Some(15),
        "None" => Some(0),
        other => other.trim_end_matches('%').trim().parse().ok().filter(|pct| *pct <= 100),
    }
}

/// The first day on which what ends then no longer counts.
fn first_day_after(text: &str) -> Option<Day> {
    let day = Day::parse(text)?;
    let time = text.trim().get(10..).unwrap_or_default();
    let begins = time.starts_with("T00:00:00");
    Some(if begins { day } else { day.after(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_days_are_read() {
        let table = [("High", Some(85)), ("None", Some(0)), ("70 %", Some(70)), ("101", None)];
        for (text, want) in table {
            assert_eq!(confidence_pct(text), want, "{text}");
        }
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(first_day_after("2023-01-25T00:00:00Z"), Some(day("2023-01-25")));
        assert_eq!(first_day_after("2023-01-25T12:00:00Z"), Some(day("2023-01-26")));
        assert_eq!(first_day_after("2023-01-25"), Some(day("2023-01-26")));
        assert_eq!(first_day_after("never"), None);
    }
}
