//! `rmm.evidence`: every sign that counted, and what signs say together.

use crate::json::{self, Json, Page, Word, fields};
use model::{Evidence, ListKind, Match, Meaning, Operator, Specificity, Timestamp, ToolId};

use super::words;

/// One sign.
struct Sign<'a> {
    source: Word,
    value: &'a str,
    pattern: &'a str,
    list: &'a str,
    list_version: &'a str,
    role: Option<Word>,
    tool: Option<&'a str>,
    kind: Option<Word>,
    expired: bool,
}

fields!(Sign<'_>: source, value, pattern, list, list_version, ?role, ?tool, ?kind, ?expired);

/// The kind of a list, where it is not what most lists are.
fn kind_shown(kind: Option<ListKind>) -> Option<Word> {
    kind.filter(|kind| *kind != ListKind::Attacker).map(ListKind::word).map(Word)
}

/// The evidence of an alert.
pub(super) struct Proof<'a>(pub(super) &'a [Evidence]);

impl Json for Proof<'_> {
    fn json(&self, out: &mut Page) {
        json::array(
            out,
            self.0.iter().map(|sign| Sign {
                source: words::sign_source(sign.source),
                value: &sign.value,
                pattern: &sign.pattern,
                list: &sign.list,
                list_version: &sign.list_version,
                role: sign.role.map(|role| Word(role.word())),
                tool: None,
                kind: kind_shown(sign.kind),
                expired: sign.expired,
            }),
        );
    }
}

/// The signs in an observation. Here each names its tool, since they may point to several.
pub(super) struct Signs<'a> {
    pub(super) found: &'a [Match],
    /// When they were seen: an entry may have expired by then.
    pub(super) at: Timestamp,
}

impl Json for Signs<'_> {
    fn json(&self, out: &mut Page) {
        json::array(
            out,
            self.found.iter().map(|found| {
                let (role, tool, kind) = match &found.meaning {
                    Meaning::Tool { tool, role, .. } => {
                        (Some(Word(role.word())), Some(tool.as_str()), None)
                    }
                    Meaning::Indicator { kind, .. } => (None, None, Some(*kind)),
                    Meaning::Lure(_) => (None, None, None),
                };
                Sign {
                    source: words::sign_source(found.source),
                    value: &found.value,
                    pattern: &found.pattern,
                    list: &found.list,
                    list_version: &found.list_version,
                    role,
                    tool,
                    kind: kind_shown(kind),
                    expired: found.meaning.is_expired(self.at),
                }
            }),
        );
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        self.found.is_empty()
    }
}

/// The tool that an observation's signs point to, and the role and operator of its best sign.
pub(super) struct Pointed<'a> {
    pub(super) tool: &'a ToolId,
    pub(super) role: Word,
    pub(super) operator: Option<&'a str>,
    /// The tool's version, of the first of its signs that shows one.
    pub(super) version: Option<&'a str>,
}

/// What the signs say together: the most specific one speaks, of equals the one whose role proves
/// more, of equals the first. Signs that everyone shows say nothing when they point to several
/// tools.
pub(super) fn pointed(matches: &[Match]) -> Option<Pointed<'_>> {
    let rows = || {
        matches.iter().filter_map(|found| match &found.meaning {
            Meaning::Tool { tool, role, operator, .. } => {
                Some((found.specificity, *role, tool, operator))
            }
            Meaning::Indicator { .. } | Meaning::Lure(_) => None,
        })
    };
    let (specificity, role, tool, operator) =
        rows().min_by_key(|&(specificity, role, ..)| (specificity, role))?;
    if specificity == Specificity::Generic && rows().any(|(_, _, other, _)| other != tool) {
        return None;
    }
    let operator = match operator {
        Operator::Named(name) => Some(&**name),
        Operator::Vendor | Operator::Server => None,
    };
    let of_tool =
        |sign: &&Match| matches!(&sign.meaning, Meaning::Tool { tool: other, .. } if other == tool);
    let version = matches.iter().filter(of_tool).find_map(|sign| sign.version.as_deref());
    Some(Pointed { tool, role: Word(role.word()), operator, version })
}
