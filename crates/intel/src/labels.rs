//! What a first label says of a host whose role nobody stated.

use std::collections::HashMap;

use model::Role;

use crate::naming::{self, Public};
use crate::rows::{ROLES, RowKind};
use crate::sheet::{self, Complaints, Sheet, shown};

/// Labels that name a role.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    roles: HashMap<Box<str>, Role>,
    /// Labels under which the page of the apex is found too.
    front: Vec<Box<str>>,
}

/// Why a row's role was replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refined<'a> {
    /// The registered name itself is what people visit.
    Apex,
    /// The first label says so.
    Label(&'a str),
}

impl Labels {
    /// Add the labels of a file.
    pub(crate) fn read(&mut self, text: &str, complaints: &mut Complaints<'_>) {
        let table = sheet::parse(text, complaints);
        let top = Sheet::new(&table);
        top.only(&["front", "labels"], complaints);
        for label in top.texts("front", complaints).unwrap_or_default() {
            if let Some(label) = label_text(label, complaints) {
                self.front.push(label);
            }
        }
        for entry in top.sheets("labels", complaints) {
            entry.only(&["role", "labels", "source", "checked", "note"], complaints);
            let role = entry.word("role", &ROLES, None, complaints);
            let labels = entry.texts("labels", complaints).unwrap_or_default();
            for label in labels {
                if let (Some(role), Some(label)) = (role, label_text(label, complaints)) {
                    self.roles.insert(label, role);
                }
            }
        }
    }

    /// The role of `name`, found by a row of that kind, value and role.
    ///
    /// A stated role of an exact name or a pattern stands. An unstated role (`Unknown`) gives way
    /// to what the first label says, and to "website" at the apex. A suffix row whose role is
    /// relay or api is about the instances below a registered name, not about its front page.
    pub(crate) fn refine<'n>(
        &self,
        name: &'n str,
        kind: RowKind,
        value: &str,
        role: Role,
    ) -> (Role, Option<Refined<'n>>) {
        let first = name.split('.').next().unwrap_or(name);
        match role {
            Role::Unknown => {
                if is_apex(name) {
                    return (Role::Website, Some(Refined::Apex));
                }
                match self.roles.get(first) {
                    Some(better) => (*better, Some(Refined::Label(first))),
                    None => (role, None),
                }
            }
            Role::Relay | Role::Api if kind == RowKind::Suffix && is_apex(value) => {
                if name.len() == value.len() {
                    return (Role::Website, Some(Refined::Apex));
                }
                let above = name.get(first.len().saturating_add(1)..).unwrap_or_default();
                if above == value && self.front.iter().any(|label| **label == *first) {
                    return (Role::Website, Some(Refined::Label(first)));
                }
                (role, None)
            }
            _ => (role, None),
        }
    }
}

/// Whether the name is one that was registered with a registry: the name above it is a public
/// suffix of the list's ICANN part. `pages.dev` is one; what it hands out is not.
fn is_apex(name: &str) -> bool {
    naming::public(name) != Public::Registry
        && name.split_once('.').is_some_and(|(_, above)| naming::public(above) == Public::Registry)
}

fn label_text(label: sheet::Placed<&str>, complaints: &mut Complaints<'_>) -> Option<Box<str>> {
    let plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if label.value.len() <= 63 && label.value.bytes().all(plain) {
        return Some(label.value.into());
    }
    complaints.at(
        label.offset,
        format!("`{}` is no label", shown(label.value)),
        "write one label in lower case, without a dot",
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_labels_where_nobody_stated_one() {
        let text = "front = ['www']\n\
            [[labels]]\nrole = 'website'\nlabels = ['www', 'blog']\n\
            [[labels]]\nrole = 'download'\nlabels = ['dl']\n";
        let mut labels = Labels::default();
        let mut complaints = Complaints::new("labels.toml", text);
        labels.read(text, &mut complaints);
        assert_eq!(complaints.finish(), []);
        use Role::{Api, Download, Relay, Unknown, Website};
        use RowKind::{Exact, Pattern, Suffix};
        let table = [
            ("example.com", Suffix, "example.com", Unknown, Website),
            ("www.example.com", Suffix, "example.com", Unknown, Website),
            ("www.eu.example.com", Suffix, "example.com", Unknown, Website),
            ("dl.example.com", Suffix, "example.com", Unknown, Download),
            ("agent.example.com", Suffix, "example.com", Unknown, Unknown),
            ("dl.example.com", Exact, "dl.example.com", Unknown, Download),
            ("example.co.uk", Exact, "example.co.uk", Unknown, Website),
            ("net.example.com", Suffix, "net.example.com", Unknown, Unknown),
            ("x.pages.dev", Exact, "x.pages.dev", Unknown, Unknown),
            ("ngrok.io", Suffix, "ngrok.io", Relay, Website),
            ("x.ngrok.io", Suffix, "ngrok.io", Relay, Relay),
            ("dl.example.com", Pattern, r"^dl\.example\.com$", Relay, Relay),
            ("example.com", Suffix, "example.com", Relay, Website),
            ("www.example.com", Suffix, "example.com", Api, Website),
            ("blog.example.com", Suffix, "example.com", Relay, Relay),
            ("www.eu.example.com", Suffix, "example.com", Relay, Relay),
            ("net.example.com", Suffix, "net.example.com", Relay, Relay),
            ("example.com", Exact, "example.com", Relay, Relay),
            ("www.example.com", Suffix, "example.com", Download, Download),
        ];
        for (name, kind, value, role, want) in table {
            assert_eq!(labels.refine(name, kind, value, role).0, want, "{name} {kind:?} {role:?}");
        }
    }
}
