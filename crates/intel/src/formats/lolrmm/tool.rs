//! One tool, put together from the texts of its document, whichever notation that is in.

use std::borrow::Cow;
use std::rc::Rc;

use model::ListKind;

use crate::naming::NotAName;
use crate::sheet::{Complaints, shown};

use super::super::family::{family, is_family};
use super::super::frame::{Head, Listed, Out, Subject};
use super::super::told::{NoIndicator, Told, indicator};

/// Where a text stands, both from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A domain or address of a tool.
struct Row {
    text: String,
    description: Rc<str>,
    place: Place,
}

/// The tools of a file, one after another.
pub(super) struct Tools<'o> {
    out: Out<'o>,
    /// Of the tool at hand.
    name: Option<String>,
    modified: Option<String>,
    rows: Vec<Row>,
    /// How many of them have their description.
    described: usize,
    description: Rc<str>,
    /// Of the file.
    count: u64,
    first: Option<String>,
    version: Option<String>,
    unseen: u64,
}

/// The keys that lead to what is read.
const READ: [&[&str]; 6] = [
    &["Name"],
    &["LastModified"],
    &["Artifacts", "Network", "Domains"],
    &["Artifacts", "Network", "Domain"],
    &["Artifacts", "Network", "Description"],
    &["Artifacts", "Network"],
];

/// Whether anything at or below a path is read.
pub(super) fn is_read(path: &[String]) -> bool {
    READ.iter()
        .any(|keys| path.iter().zip(*keys).all(|(one, key)| one == key) && path.len() <= keys.len())
}

impl<'o> Tools<'o> {
    pub(super) fn new(out: Out<'o>) -> Tools<'o> {
        Tools {
            out,
            name: None,
            modified: None,
            rows: Vec::new(),
            described: 0,
            description: Rc::from(""),
            count: 0,
            first: None,
            version: None,
            unseen: 0,
        }
    }

    /// A text of the tool, by the keys above it.
    pub(super) fn text(&mut self, path: &[String], text: &str, place: Place) {
        let text = text.trim();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["Name"] => self.name = Some(kept(text)),
            ["LastModified"] => self.modified = Some(kept(text)),
            ["Artifacts", "Network", "Description"] => self.description = kept(text).into(),
            ["Artifacts", "Network", "Domains" | "Domain"] if !text.is_empty() => {
                let (text, description) = (text.to_owned(), Rc::clone(&self.description));
                self.rows.push(Row { text, description, place });
            }
            _ => {}
        }
    }

    /// A map ends: that of one entry below `Network` describes its domains, wherever among them
    /// the description stood.
    pub(super) fn end_map(&mut self, path: &[String]) {
        if matches!(path, [one, two] if one == "Artifacts" && two == "Network") {
            let description = std::mem::replace(&mut self.description, Rc::from(""));
            for row in self.rows.iter_mut().skip(self.described) {
                row.description = Rc::clone(&description);
            }
            self.described = self.rows.len();
        }
    }

    /// The tool ends. `false`: there is no more place.
    pub(super) fn end_tool(&mut self, complaints: &mut Complaints<'_>) -> bool {
        self.described = 0;
        self.description = Rc::from("");
        let rows = std::mem::take(&mut self.rows);
        let name = self.name.take();
        let modified = self.modified.take();
        if name.is_some() {
            self.count = self.count.saturating_add(1);
            self.version = self.version.take().max(modified);
        }
        let name = name.unwrap_or_default();
        self.first.get_or_insert_with(|| name.clone());
        let said = |row: &Row| match &*row.description {
            "" | "N/A" => name.clone(),
            description => format!("{name}: {description}"),
        };
        rows.iter().all(|row| self.row(row, &said(row), complaints))
    }

    fn row(&mut self, row: &Row, description: &str, complaints: &mut Complaints<'_>) -> bool {
        match subject(&row.text) {
            Ok(subject) => (self.out)(Listed {
                subject,
                exact: false,
                stage: None,
                description: Cow::Borrowed(description),
                confidence_pct: None,
                until: None,
                line: row.place.line,
            }),
            Err(None) => {
                self.unseen = self.unseen.saturating_add(1);
                true
            }
            Err(Some((why, fix))) => {
                let why = format!("`{}`: {why}", shown(&row.text));
                complaints.placed(row.place.line, row.place.column, why, fix);
                true
            }
        }
    }

    /// What the file says of itself.
    pub(super) fn head(self) -> Head {
        let name = match (self.first, self.count) {
            (Some(name), 0 | 1) if !name.is_empty() => name,
            (_, count) => format!("{count} tools"),
        };
        Head {
            name: Some(format!("LOLRMM, {name}")),
            version: self.version,
            source: Some("lolrmm.io".to_owned()),
            kind: Some(ListKind::Vendor),
            unseen: self.unseen,
            ..Head::default()
        }
    }
}

/// What a domain of a tool is about. `Err(None)`: a stand-in for the user's own server.
fn subject(text: &str) -> Result<Subject<'_>, Option<(String, &'static str)>> {
    let no_name = text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("n/a"));
    if no_name || text.starts_with('<') || text == "-" {
        return Err(None);
    }
    let wrong = match indicator(text, Told::Any) {
        Ok(subject) => return Ok(subject),
        Err(NoIndicator::Unseen) => return Err(None),
        Err(NoIndicator::Wrong(why)) => why,
    };
    if is_family(text) {
        return family(text).map_err(|unfit| Some((unfit.why, unfit.fix)));
    }
    if wrong == NotAName::Placeholder.why() {
        return Err(None);
    }
    Err(Some((format!("it {wrong}"), "left out")))
}

fn kept(text: &str) -> String {
    text.trim().chars().take(400).collect()
}
