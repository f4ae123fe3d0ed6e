//! YAML as events: documents one by one, no tree, no alias followed.

use saphyr_parser::{Event, Parser, Span};

use crate::limits::YAML_DEPTH_MAX;
use crate::sheet::{Complaints, shown};

use super::tool::{Place, Tools};

/// Read every document. One that breaks off leaves the others.
pub(super) fn read(text: &str, tools: &mut Tools<'_>, complaints: &mut Complaints<'_>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, document) in documents(text) {
        let mut walk = Walk { frames: Vec::new(), line, tools, complaints };
        walk.document(document);
        if !tools.end_tool(complaints) {
            return;
        }
    }
}

/// The documents of a stream (YAML 1.2.2 §9.1.2), and the lines before each.
fn documents(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut rest = Some((0u32, text));
    std::iter::from_fn(move || {
        let (line, text) = rest?;
        let mut lines = 0u32;
        let mut at = 0usize;
        rest = None;
        for piece in text.split_inclusive('\n') {
            let word = piece.trim_end();
            if lines > 0 && (word == "---" || word.starts_with("--- ")) {
                rest = Some((line.saturating_add(lines), text.get(at..).unwrap_or_default()));
                break;
            }
            lines = lines.saturating_add(1);
            at = at.saturating_add(piece.len());
        }
        Some((line, text.get(..at).unwrap_or_default()))
    })
}

/// A map or list that is open.
enum Frame {
    /// Whether the next text is a key.
    Map {
        key_next: bool,
    },
    List,
}

struct Walk<'w, 'c, 'o> {
    frames: Vec<Frame>,
    /// Lines before the document.
    line: u32,
    tools: &'w mut Tools<'o>,
    complaints: &'w mut Complaints<'c>,
}

impl Walk<'_, '_, '_> {
    fn document(&mut self, text: &str) {
        // The keys above the value at hand, of maps only.
        let mut path: Vec<String> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let mark = error.marker();
                    let place = self.place(mark.line(), mark.col());
                    let why = format!("this is no YAML: {}", shown(error.info()));
                    let fix = "the rest of the document is left out; put names that begin with \
                               `*` in quotes";
                    self.complaints.placed(place.line, place.column, why, fix);
                    return;
                }
            };
            if matches!(event, Event::StreamEnd) || !self.event(event, span, &mut path) {
                return;
            }
        }
    }

    /// The parser counts lines from 1 and columns from 0.
    fn place(&self, line: usize, column: usize) -> Place {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let column = number(column).saturating_add(1);
        Place { line: number(line).max(1).saturating_add(self.line), column }
    }

    /// `false`: the document goes deeper than any tool.
    fn event(&mut self, event: Event<'_>, span: Span, path: &mut Vec<String>) -> bool {
        let place = self.place(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, ..) => self.scalar(&text, place, path),
            Event::Alias(_) => {
                if super::tool::is_read(path) {
                    let why = "an alias stands here, which is not followed".to_owned();
                    let fix = "write the value out; put names that begin with `*` in quotes";
                    self.complaints.placed(place.line, place.column, why, fix);
                }
                self.scalar("", place, path);
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if self.frames.len() >= YAML_DEPTH_MAX {
                    let why = format!("the document has more than {YAML_DEPTH_MAX} levels");
                    self.complaints.placed(place.line, place.column, why, "the rest is left out");
                    return false;
                }
                if let Some(Frame::Map { key_next: true }) = self.frames.last() {
                    let why = "a key is no text".to_owned();
                    self.complaints.placed(place.line, place.column, why, "the rest is left out");
                    return false;
                }
                let is_map = matches!(event, Event::MappingStart(..));
                self.frames.push(if is_map { Frame::Map { key_next: true } } else { Frame::List });
            }
            Event::MappingEnd => {
                self.frames.pop();
                self.tools.end_map(path);
                self.value_ends(path);
            }
            Event::SequenceEnd => {
                self.frames.pop();
                self.value_ends(path);
            }
            _ => {}
        }
        true
    }

    fn scalar(&mut self, text: &str, place: Place, path: &mut Vec<String>) {
        if let Some(Frame::Map { key_next: key_next @ true }) = self.frames.last_mut() {
            *key_next = false;
            path.push(text.to_owned());
            return;
        }
        let empty = matches!(text, "" | "~" | "null" | "Null" | "NULL");
        if !empty {
            self.tools.text(path, text, place);
        }
        self.value_ends(path);
    }

    /// A value has ended: in a map its key is done with.
    fn value_ends(&mut self, path: &mut Vec<String>) {
        if let Some(Frame::Map { key_next }) = self.frames.last_mut() {
            *key_next = true;
            path.pop();
        }
    }
}
