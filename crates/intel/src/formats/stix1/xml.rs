//! The text as events of XML, within bounds; no DTD and no entities of the file's own.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::{QName, ResolveResult};

use crate::limits::{
    STIX1_DEPTH_MAX, STIX1_NAMES_MAX, STIX1_NAMESPACES_MAX, STIX1_NODES_MAX, STIX1_TAG_BYTES_MAX,
};
use crate::sheet::{Complaints, shown};

use super::names::{Space, space};
use super::place::{Place, Ruler};
use super::reading::Reading;
use super::tag::Tag;
use super::tally::Reason;

/// Why the reading of a text ends before its end.
struct Stop {
    offset: usize,
    why: String,
    fix: &'static str,
    /// Nothing of the file may be used.
    refused: bool,
}

const STANDS: &str = "what is whole before this place is read, the rest is left out; mend it here";

fn stop(offset: usize, why: impl Into<String>, fix: &'static str) -> Stop {
    Stop { offset, why: why.into(), fix, refused: false }
}

fn doctype(offset: usize) -> Stop {
    Stop {
        offset,
        why: "a DOCTYPE: it can define entities that grow without end".to_owned(),
        fix: "the file is left out; delete `<!DOCTYPE … >`, which no STIX needs",
        refused: true,
    }
}

/// Read the text. `None` when nothing of it may be used.
pub(super) fn read<'a>(text: &'a str, complaints: &mut Complaints<'_>) -> Option<Reading<'a>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        body,
        xml: NsReader::from_str(body),
        ruler: Ruler::new(body),
        reading: Reading::default(),
        depth: 0,
    };
    let config = reader.xml.config_mut();
    config.expand_empty_elements = true;
    // `&` in a URL that nobody escaped.
    config.allow_dangling_amp = true;
    reader.xml.resolver_mut().set_max_namespace_bindings(STIX1_NAMESPACES_MAX);
    if let Err(stop) = reader.run() {
        let place = reader.ruler.place(stop.offset);
        complaints.placed(place.line, place.column, stop.why, stop.fix);
        if stop.refused {
            return None;
        }
    }
    Some(reader.reading)
}

struct Reader<'a> {
    body: &'a str,
    xml: NsReader<&'a [u8]>,
    ruler: Ruler<'a>,
    reading: Reading<'a>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn offset(&self) -> usize {
        usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    fn run(&mut self) -> Result<(), Stop> {
        loop {
            let before = self.offset();
            match self.xml.read_event() {
                Ok(Event::Start(tag)) => self.start(before, tag.name())?,
                Ok(Event::End(_)) => {
                    self.depth = self.depth.saturating_sub(1);
                    self.reading.close();
                }
                Ok(Event::Text(text)) => self.reading.text(text.into_inner()),
                Ok(Event::CData(text)) => self.reading.text(text.into_inner()),
                Ok(Event::GeneralRef(reference)) => match character(&reference) {
                    Some(text) => self.reading.text(text),
                    None => {
                        let place = self.ruler.place(before);
                        self.reading.spoil(place);
                    }
                },
                Ok(Event::DocType(_)) => return Err(doctype(before)),
                Ok(Event::Eof) if self.depth > 0 => {
                    let why = format!("the text ends inside {} elements", self.depth);
                    return Err(stop(before, why, STANDS));
                }
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(self.broken(before, &error)),
            }
        }
    }

    fn start(&mut self, before: usize, name: QName<'_>) -> Result<(), Stop> {
        let place = self.bounded(before)?;
        let raw = self.body.get(before..self.offset()).unwrap_or_default();
        let resolver = self.xml.resolver();
        let (tag, wrong) = Tag::read(raw, name.0.len(), resolver);
        if let Some(wrong) = wrong {
            return Err(stop(before, wrong, STANDS));
        }
        let space = match resolver.resolve_element(name).0 {
            ResolveResult::Bound(namespace) => space(namespace.0),
            ResolveResult::Unbound => Space::Other,
            ResolveResult::Unknown(_) => {
                self.reading.tally.add(Reason::Undeclared, place);
                Space::Other
            }
        };
        self.reading.open(space, name.local_name().into_inner(), tag, place);
        Ok(())
    }

    /// A start tag's place, when it and all that is open are within bounds.
    fn bounded(&mut self, before: usize) -> Result<Place, Stop> {
        let len = self.offset().saturating_sub(before);
        if len > STIX1_TAG_BYTES_MAX {
            let why = format!("a tag of {len} octets, more than {STIX1_TAG_BYTES_MAX}");
            return Err(stop(before, why, STANDS));
        }
        self.depth = self.depth.saturating_add(1);
        if self.depth > STIX1_DEPTH_MAX {
            let why = format!("elements are nested deeper than {STIX1_DEPTH_MAX}");
            return Err(stop(before, why, STANDS));
        }
        if self.reading.graph.is_full() {
            let why = format!(
                "more than {STIX1_NODES_MAX} indicators, observables, objects and values, or more \
                 than {STIX1_NAMES_MAX} ids"
            );
            return Err(stop(before, why, "the rest is left out; write several files"));
        }
        Ok(self.ruler.place(before))
    }

    fn broken(&self, before: usize, error: &quick_xml::Error) -> Stop {
        let at = usize::try_from(self.xml.error_position()).unwrap_or(before);
        let begins = |at: usize| {
            let head = self.body.as_bytes().get(at..at.saturating_add(9));
            head.is_some_and(|head| head.eq_ignore_ascii_case(b"<!DOCTYPE"))
        };
        if let Some(at) = [at, before].into_iter().find(|at| begins(*at)) {
            return doctype(at);
        }
        let why = format!("this is no well-formed XML: {}", shown(&error.to_string()));
        stop(at, why, STANDS)
    }
}

/// The character of `&#…;` or of one of the five entities that all XML has (XML 1.0 §4.6).
fn character(reference: &BytesRef<'_>) -> Option<Cow<'static, str>> {
    Some(match &**reference {
        "amp" => Cow::Borrowed("&"),
        "lt" => Cow::Borrowed("<"),
        "gt" => Cow::Borrowed(">"),
        "quot" => Cow::Borrowed("\""),
        "apos" => Cow::Borrowed("'"),
        _ => Cow::Owned(reference.resolve_char_ref().ok()??.to_string()),
    })
}
