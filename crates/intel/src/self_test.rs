//! Whether every row about names can be found: an example of each is looked up.

use model::{DomainName, Meaning, SignSource};

use crate::book::{Book, PatternOwner};
use crate::rows::RowKind;

impl Book {
    /// The rows that no name finds, as `tool: kind value`; empty when all are live.
    ///
    /// For each row about names a name is made that it describes; looking that up must find the
    /// row's tool. A row that others hide, or that describes nothing, is dead.
    #[must_use]
    pub fn self_test(&self) -> Vec<String> {
        let mut dead = Vec::new();
        let mut out = Vec::new();
        for (number, place) in (0u32..).zip(&self.rows) {
            let Some((tool, row, _)) = self.row(number) else {
                dead.push(format!("row {} of tool {}", place.row, place.tool));
                continue;
            };
            let Some(example) = self.example(number, row.kind, &row.value) else { continue };
            out.clear();
            if let Ok(name) = DomainName::from_text(example.as_bytes()) {
                self.look_up_name(Some(&name), SignSource::DnsQuestion, &mut out);
            }
            let found = out.iter().any(|found| {
                matches!(&found.meaning, Meaning::Tool { tool: has, .. } if *has == tool.id)
            });
            if !found {
                dead.push(format!("{}: {} {}", tool.id, row.kind.word(), row.value));
            }
        }
        dead
    }

    /// A name that the row describes; `None` for rows that are not about names.
    fn example(&self, number: u32, kind: RowKind, value: &str) -> Option<String> {
        match kind {
            RowKind::Exact => Some(value.to_owned()),
            // A public suffix stands for itself alone.
            RowKind::Suffix if crate::naming::public(value) == crate::naming::Public::Registry => {
                Some(value.to_owned())
            }
            RowKind::Suffix if value.len() > DomainName::LEN_MAX - 2 => Some(value.to_owned()),
            RowKind::Suffix => Some(format!("x.{value}")),
            RowKind::Pattern => {
                let owner = PatternOwner::Row(number);
                let mut own = self.patterns.iter().filter(|(_, has)| *has == owner);
                Some(own.next().map(|(p, _)| p.example.clone()).unwrap_or_default())
            }
            _ => None,
        }
    }
}
