//! One property of an object: a text, the condition under which it counts, and what that makes.
//!
//! CybOX 2.1, `PatternFieldGroup`: a property is one value, or several between `delimiter`s,
//! `##comma##` by default; `condition` says how what is seen compares with a value, and
//! `apply_condition` with how many of them (`ANY` by default, `ALL`, `NONE`).

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::{IpNet, IpSubnets, Ipv4Subnets, Ipv6Subnets};

use crate::limits::STIX1_LIST_ITEMS_MAX;
use crate::naming;
use crate::pattern::NamePattern;
use crate::sheet::shown;

use super::super::Subject;
use super::super::told::{NoIndicator, Told, indicator};
use super::place::Place;

/// What parts the values of a list when the publisher does not say.
pub(super) const DELIMITER: &str = "##comma##";

/// A property as it stands in the file.
#[derive(Debug)]
pub(super) struct Value<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) sort: Sort,
    pub(super) condition: Condition,
    pub(super) apply: Apply,
    /// What parts its values, if that is not [`DELIMITER`].
    pub(super) delimiter: Option<Box<str>>,
    pub(super) place: Place,
}

/// What a property is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    /// A domain's or host's name.
    Name,
    /// An address or a network.
    Address,
    /// A URI of any kind.
    Uri,
    /// The name of a file; whether hashes stand beside it.
    File { hashed: bool },
    /// A certificate's fingerprint.
    Certificate,
}

/// How what is seen compares with a value (CybOX's `ConditionTypeEnum`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Condition {
    #[default]
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    FitsPattern,
    Between,
    /// It is not so.
    Not,
    /// A comparison of numbers, or a word that is in no version of CybOX.
    Other,
}

impl Condition {
    pub(super) fn of(word: &str) -> Condition {
        match word.trim() {
            "Equals" | "" => Condition::Equals,
            "StartsWith" => Condition::StartsWith,
            "EndsWith" => Condition::EndsWith,
            "Contains" => Condition::Contains,
            "FitsPattern" => Condition::FitsPattern,
            "InclusiveBetween" => Condition::Between,
            "DoesNotEqual" | "DoesNotContain" => Condition::Not,
            _ => Condition::Other,
        }
    }
}

/// How many of a list's values must compare so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Apply {
    #[default]
    Any,
    All,
    None,
}

impl Apply {
    pub(super) fn of(word: &str) -> Apply {
        match word.trim() {
            "ALL" => Apply::All,
            "NONE" => Apply::None,
            _ => Apply::Any,
        }
    }
}

/// What a value makes, or why it makes nothing.
#[derive(Debug)]
pub(super) enum Made<'v> {
    Subject(Subject<'v>),
    /// What no wire shows.
    Unseen,
    /// It counts when something is not there.
    Negated,
    /// Why not, and what to do.
    Wrong(String, &'static str),
}

const NOT_FOUND: &str = "left out: names and addresses are found whole, by their end or by pattern";

impl Value<'_> {
    /// Whether its values count only together.
    pub(super) fn is_joint(&self) -> bool {
        self.apply == Apply::All && self.items().nth(1).is_some()
    }

    fn items(&self) -> impl Iterator<Item = &str> {
        let delimiter = self.delimiter.as_deref().unwrap_or(DELIMITER);
        self.text.split(delimiter).map(str::trim).filter(|item| !item.is_empty())
    }

    /// Everything that the property makes, until `take` answers `false`.
    pub(super) fn make<'v>(&'v self, take: &mut dyn FnMut(Made<'v>) -> bool) -> bool {
        let mut items = self.items();
        if self.condition == Condition::Not || self.apply == Apply::None {
            return take(Made::Negated);
        }
        if self.condition == Condition::Between {
            return self.make_range(&mut items, take);
        }
        for item in items.by_ref().take(STIX1_LIST_ITEMS_MAX) {
            if !take(self.one(item)) {
                return false;
            }
        }
        if items.next().is_some() {
            let why = format!("a list of more than {STIX1_LIST_ITEMS_MAX} values");
            return take(Made::Wrong(why, "the rest of it is left out; write several"));
        }
        true
    }

    fn one<'v>(&self, item: &'v str) -> Made<'v> {
        match (self.condition, self.sort) {
            (Condition::Equals, _) => whole(item, self.sort),
            (Condition::FitsPattern, Sort::Name) => match NamePattern::new(item) {
                Ok(pattern) => Made::Subject(Subject::Pattern(Box::new(pattern))),
                Err(unfit) => Made::Wrong(unfit.why, unfit.fix),
            },
            (Condition::EndsWith | Condition::Contains, Sort::Name | Sort::Uri) => {
                end(item).unwrap_or_else(|| self.unfit(item))
            }
            // `http://evil.example/` at the beginning of a URL is its whole host.
            (Condition::StartsWith, Sort::Uri) => match whole(item, Sort::Uri) {
                Made::Subject(Subject::Url(_)) => self.unfit(item),
                made => made,
            },
            (Condition::StartsWith, Sort::Address) => {
                octets(item).map_or_else(|| self.unfit(item), Made::Subject)
            }
            _ => self.unfit(item),
        }
    }

    fn unfit<'v>(&self, item: &str) -> Made<'v> {
        let where_ = match self.condition {
            Condition::StartsWith => "need only be its beginning",
            Condition::EndsWith => "need only be its end",
            Condition::Contains => "may stand anywhere in it",
            Condition::FitsPattern => "is a pattern of what is no name",
            _ => "is compared in a way that is not known here",
        };
        Made::Wrong(format!("`{}` {where_}", shown(item)), NOT_FOUND)
    }

    /// From one address to another, both in it.
    fn make_range<'v>(
        &self,
        items: &mut dyn Iterator<Item = &'v str>,
        take: &mut dyn FnMut(Made<'v>) -> bool,
    ) -> bool {
        let mut address = || items.next().and_then(|text| text.parse::<IpAddr>().ok());
        let (first, last) = (address(), address());
        let subnets = match (first, last, items.next()) {
            (Some(IpAddr::V4(first)), Some(IpAddr::V4(last)), None) if first <= last => {
                IpSubnets::from(Ipv4Subnets::new(first, last, 0))
            }
            (Some(IpAddr::V6(first)), Some(IpAddr::V6(last)), None) if first <= last => {
                IpSubnets::from(Ipv6Subnets::new(first, last, 0))
            }
            _ => {
                let why = format!("`{}` is no range of addresses", shown(&self.text));
                return take(Made::Wrong(why, "left out; write the first and the last address"));
            }
        };
        for network in subnets {
            if !take(Made::Subject(Subject::Network(network))) {
                return false;
            }
        }
        true
    }
}

/// A value that is meant as a whole.
fn whole(item: &str, sort: Sort) -> Made<'_> {
    let told = match sort {
        Sort::Name | Sort::Address | Sort::Uri => Told::Any,
        Sort::File { .. } => Told::File,
        Sort::Certificate => Told::Certificate,
    };
    match indicator(item, told) {
        Ok(subject) => Made::Subject(subject),
        Err(NoIndicator::Unseen) => Made::Unseen,
        Err(NoIndicator::Wrong(why)) => Made::Wrong(format!("`{}` {why}", shown(item)), "left out"),
    }
}

/// The end of a name, or a part of it that can only be its end: a name and all below it.
fn end(item: &str) -> Option<Made<'_>> {
    let name = item.strip_prefix("*.").or_else(|| item.strip_prefix('.')).unwrap_or(item);
    match whole(name, Sort::Name) {
        Made::Subject(Subject::Name(name)) if naming::known_ending(&name) => {
            Some(Made::Subject(Subject::Name(name)))
        }
        _ => None,
    }
}

/// The network of an IPv4 address's first octets: `198.51.100.`.
fn octets(item: &str) -> Option<Subject<'static>> {
    let count = item.strip_suffix('.')?.split('.').count();
    let missing = 4usize.checked_sub(count).filter(|missing| (1..=3).contains(missing))?;
    let zeros = vec!["0"; missing].join(".");
    let network: IpNet = format!("{item}{zeros}/{}", count.saturating_mul(8)).parse().ok()?;
    Some(Subject::Network(network))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, sort: Sort, condition: &str, apply: &str) -> Vec<String> {
        let value = Value {
            text: text.into(),
            sort,
            condition: Condition::of(condition),
            apply: Apply::of(apply),
            delimiter: None,
            place: Place { line: 1, column: 1 },
        };
        let mut all = Vec::new();
        value.make(&mut |made| {
            all.push(match made {
                Made::Subject(Subject::Name(name)) => name.into_owned(),
                Made::Subject(Subject::Network(network)) => network.to_string(),
                Made::Subject(Subject::Pattern(pattern)) => format!("~{}", pattern.text),
                Made::Subject(Subject::Url(page)) => format!("page {page}"),
                Made::Subject(Subject::Certificate(hash)) => format!("certificate {hash}"),
                Made::Subject(Subject::File(name)) => format!("file {name}"),
                Made::Subject(other) => format!("{other:?}"),
                Made::Wrong(why, _) => format!("! {why}"),
                other => format!("{other:?}"),
            });
            true
        });
        all
    }

    #[test]
    fn a_condition_says_what_a_value_makes() {
        use Sort::{Address, Name, Uri};
        let file = Sort::File { hashed: false };
        let table: &[(&str, Sort, &str, &str, &[&str])] = &[
            ("evil.example", Name, "Equals", "", &["evil.example"]),
            ("Evil[.]example", Name, "", "", &["evil.example"]),
            ("a.example##comma## b.example", Name, "Equals", "ANY", &["a.example", "b.example"]),
            ("a.example##comma##", Name, "Equals", "ALL", &["a.example"]),
            ("a.example##comma##b.example", Name, "Equals", "ALL", &["a.example", "b.example"]),
            ("a.example", Name, "Equals", "NONE", &["Negated"]),
            ("a.example", Name, "DoesNotEqual", "", &["Negated"]),
            (".evil.com", Name, "EndsWith", "", &["evil.com"]),
            ("evil.com", Name, "Contains", "", &["evil.com"]),
            ("help", Name, "Contains", "", &["! `help` may stand anywhere in it"]),
            ("help", Name, "StartsWith", "", &["! `help` need only be its beginning"]),
            ("^a[0-9]+\\.evil\\.com$", Name, "FitsPattern", "", &["~^a[0-9]+\\.evil\\.com$"]),
            ("a.*", Name, "FitsPattern", "", &["! the pattern is not anchored"]),
            ("198.51.100.7", Address, "Equals", "", &["198.51.100.7/32"]),
            ("198.51.100.", Address, "StartsWith", "", &["198.51.100.0/24"]),
            ("198.51.1", Address, "StartsWith", "", &["! `198.51.1` need only be its beginning"]),
            (
                "198.51.100.6##comma##198.51.100.9",
                Address,
                "InclusiveBetween",
                "",
                &["198.51.100.6/31", "198.51.100.8/31"],
            ),
            (
                "198.51.100.6",
                Address,
                "InclusiveBetween",
                "",
                &["! `198.51.100.6` is no range of addresses"],
            ),
            (
                "5",
                Address,
                "GreaterThan",
                "",
                &["! `5` is compared in a way that is not known here"],
            ),
            ("hxxp://evil[.]example/a?b", Uri, "Equals", "", &["page evil.example/a?b"]),
            ("http://evil.example/", Uri, "StartsWith", "", &["evil.example"]),
            ("a@evil.example", Uri, "Equals", "", &["Unseen"]),
            ("C:\\Temp\\Support.EXE", file, "Equals", "", &["file support.exe"]),
            ("sup", file, "Contains", "", &["! `sup` may stand anywhere in it"]),
            ("nope", Name, "Equals", "", &["! `nope` is one word, not a domain name"]),
            ("", Name, "Equals", "", &[]),
        ];
        for (text, sort, condition, apply, want) in table {
            assert_eq!(made(text, *sort, condition, apply), *want, "{text} {condition} {apply}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let text = "a.example##comma##".repeat(STIX1_LIST_ITEMS_MAX + 2);
        let all = made(&text, Sort::Name, "Equals", "ANY");
        assert_eq!(all.len(), STIX1_LIST_ITEMS_MAX + 1);
        assert!(all.last().unwrap().starts_with("! a list of more than"));
    }
}
