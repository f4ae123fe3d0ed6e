//! A regular expression over a whole host name that a table can find: it must end in a literal.

use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::limits::PATTERN_BYTES_MAX;
use crate::naming;

/// A pattern that is anchored at both ends, has a literal end and fits at least one name.
#[derive(Clone, Debug)]
pub(crate) struct NamePattern {
    regex: Regex,
    /// The expression as it was written.
    pub(crate) text: Arc<str>,
    /// The literal end of every name that fits.
    pub(crate) ending: Box<str>,
    /// The part of the ending that begins at a label; a table finds the pattern by it. `None`
    /// when only a public suffix does: the pattern is tried on every name with its ending.
    pub(crate) bucket: Option<Box<str>>,
    /// A name that fits.
    pub(crate) example: String,
    /// Octets that it takes at the most, compiled.
    pub(crate) octets: usize,
}

/// Why a pattern does not load.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unfit {
    pub(crate) why: String,
    pub(crate) fix: &'static str,
}

fn unfit(why: impl Into<String>, fix: &'static str) -> Unfit {
    Unfit { why: why.into(), fix }
}

impl NamePattern {
    pub(crate) fn new(text: &str) -> Result<NamePattern, Unfit> {
        let hir = parse(text)?;
        let parts = flat(&hir);
        let open = "begin with `^` and end with `$`: a pattern is about the whole name";
        let (Some(HirKind::Look(Look::Start)), Some(HirKind::Look(Look::End))) =
            (parts.first().map(|part| part.kind()), parts.last().map(|part| part.kind()))
        else {
            return Err(unfit("the pattern is not anchored", open));
        };
        let ending = literal_end(&parts);
        let registrable = "end in at least a registrable domain in clear, e.g. `\\.example\\.com$`";
        let ending = String::from_utf8(ending)
            .ok()
            .filter(|ending| ending.is_ascii())
            .ok_or_else(|| unfit("the pattern ends in octets that no name has", registrable))?;
        // The text after the first dot begins at a label, whatever stands before the ending. A
        // fully literal pattern begins at a label too, but an `exact` row says that better.
        let from_label = ending.split_once('.').map_or("", |(_, rest)| rest);
        let bucket = sound(from_label).then(|| Box::from(from_label));
        if bucket.is_none() && !sound(ending.trim_start_matches('-')) {
            return Err(unfit("the pattern has no literal end to find it by", registrable));
        }
        // To compile costs a thousand times more than all that stands before it here.
        let large = || unfit("the pattern is too large", "repeat less, e.g. `{1,63}`");
        if least_octets(&hir) > PATTERN_BYTES_MAX {
            return Err(large());
        }
        let example = example(&hir);
        let dead = "names are lower case and have at most 253 octets; mend it or leave it out";
        let dead = || unfit("the pattern is dead: no name that it describes can be seen", dead);
        let name = model::DomainName::from_text(example.as_bytes());
        if !name.is_ok_and(|name| name.as_str() == example) {
            return Err(dead());
        }
        let (regex, octets) = compiled(text).ok_or_else(large)?;
        if !regex.is_match(example.as_bytes()) {
            return Err(dead());
        }
        let ending = ending.into_boxed_str();
        Ok(NamePattern { regex, text: text.into(), ending, bucket, example, octets })
    }

    /// Whether the whole name fits.
    pub(crate) fn fits(&self, name: &str) -> bool {
        name.ends_with(&*self.ending) && self.regex.is_match(name.as_bytes())
    }
}

/// Octets that an expression takes at the least when it is compiled: 24 a state, and eight for each
/// range of a class that has several. What surely is too large need not be tried.
fn least_octets(hir: &Hir) -> usize {
    const STATE: usize = 24;
    let times = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len().saturating_mul(STATE),
        HirKind::Class(Class::Bytes(class)) if class.ranges().len() > 1 => {
            class.ranges().len().saturating_mul(8).saturating_add(STATE)
        }
        HirKind::Class(_) => STATE,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min).max(1);
            let sub = least_octets(&repetition.sub).saturating_mul(times(most));
            // What may be left out has a state that says so.
            let left_out = times(most.saturating_sub(repetition.min));
            sub.saturating_add(left_out.saturating_mul(STATE))
        }
        HirKind::Capture(group) => least_octets(&group.sub),
        HirKind::Concat(parts) => parts.iter().map(least_octets).fold(0, usize::saturating_add),
        // Ways that begin alike may be put together.
        HirKind::Alternation(ways) => ways.iter().map(least_octets).max().unwrap_or(0),
    }
}

/// The expression, and what it takes at the most: a bound that it keeps.
fn compiled(text: &str) -> Option<(Regex, usize)> {
    [8 << 10, 64 << 10, PATTERN_BYTES_MAX].into_iter().find_map(|octets| {
        let built = RegexBuilder::new(text).unicode(false).size_limit(octets).build();
        built.ok().map(|regex| (regex, octets))
    })
}

/// Whether a literal end says enough: a valid name at or below one that someone registered.
fn sound(ending: &str) -> bool {
    naming::normalise(ending).is_ok() && naming::below_registry(ending)
}

/// A regular expression over one attribute of a certificate, anchored if it is not already.
pub(crate) fn attribute(text: &str) -> Result<Regex, Unfit> {
    parse(text)?;
    RegexBuilder::new(&format!("^(?:{text})$"))
        .unicode(false)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| unfit("the pattern is too large", "repeat less, e.g. `{1,63}`"))
}

/// A regular expression with one group, which it takes out of a text.
pub(crate) fn group(text: &str) -> Result<Regex, Unfit> {
    parse(text)?;
    let regex = RegexBuilder::new(text)
        .unicode(false)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| unfit("the pattern is too large", "repeat less, e.g. `{1,63}`"))?;
    if regex.captures_len() != 2 {
        let why = "the pattern has not just one group";
        return Err(unfit(why, "put the part that is meant, and no other, in `(…)`"));
    }
    Ok(regex)
}

fn parse(text: &str) -> Result<Hir, Unfit> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(32)
        .build()
        .parse(text)
        .map_err(|error| {
            let said = match &error {
                regex_syntax::Error::Parse(error) => error.kind().to_string(),
                regex_syntax::Error::Translate(error) => error.kind().to_string(),
                _ => "it cannot be read".to_owned(),
            };
            unfit(format!("the pattern is no regular expression: {said}"), "see the regex syntax")
        })
}

/// The parts of an expression one after another, without groups around them.
fn flat(hir: &Hir) -> Vec<&Hir> {
    match hir.kind() {
        HirKind::Concat(parts) => parts.iter().flat_map(flat).collect(),
        HirKind::Capture(group) => flat(&group.sub),
        _ => vec![hir],
    }
}

/// The literal octets before the final `$`.
fn literal_end(parts: &[&Hir]) -> Vec<u8> {
    let mut ending: Vec<u8> = Vec::new();
    for part in parts.iter().rev().skip(1) {
        let HirKind::Literal(literal) = part.kind() else { break };
        let mut longer = literal.0.to_vec();
        longer.append(&mut ending);
        ending = longer;
    }
    ending
}

/// A text that the expression describes, in lower case letters and digits where it leaves a choice.
fn example(hir: &Hir) -> String {
    let mut octets = Vec::new();
    write_example(hir, &mut octets);
    octets.into_iter().map(char::from).collect()
}

fn write_example(hir: &Hir, out: &mut Vec<u8>) {
    // Nested counts multiply; a name has 253 octets, so more is of no use.
    if out.len() > model::DomainName::LEN_MAX {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => out.push(choose(class)),
        HirKind::Capture(group) => write_example(&group.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write_example(part, out)),
        HirKind::Alternation(ways) => {
            if let Some(way) = ways.first() {
                write_example(way, out);
            }
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            for _ in 0..repetition.min.max(1).min(most).min(256) {
                write_example(&repetition.sub, out);
            }
        }
    }
}

fn choose(class: &Class) -> u8 {
    let holds = |octet: u8| match class {
        Class::Bytes(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&octet))
        }
        Class::Unicode(class) => {
            let c = char::from(octet);
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c))
        }
    };
    (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-_.").find(|octet| holds(*octet)).unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_load_or_say_why_not() {
        type Ends<'a> = (&'a str, Option<&'a str>);
        let table: &[(&str, Result<Ends<'_>, &str>)] = &[
            (
                r"^relay-[a-f0-9]{8}\.net\.example\.com$",
                Ok((".net.example.com", Some("net.example.com"))),
            ),
            (r"^[a-z0-9.-]*relay\.example\.com$", Ok(("relay.example.com", Some("example.com")))),
            (r"^(?:[a-z-]+\.)*[a-z0-9-]+care\.com$", Ok(("care.com", None))),
            (r"^a[0-9]\.b\.pages\.dev$", Ok((".b.pages.dev", Some("b.pages.dev")))),
            (r"^x(?:\.example)\.com$", Ok(("x.example.com", Some("example.com")))),
            (r"relay\.example\.com$", Err("not anchored")),
            (r"^relay\.example\.com", Err("not anchored")),
            (r"^remote[a-z]*\.[a-z0-9.-]+$", Err("no literal end")),
            (r"^.*\.com$", Err("no literal end")),
            (r"^.*\.co\.uk$", Err("no literal end")),
            (r"^x\.example\.(?:com|net)$", Err("no literal end")),
            (r"^RELAY\.example\.com$", Err("dead")),
            (r"^a[\x80-\xff]\.example\.com$", Err("dead")),
            (r"^(a\.example\.com$", Err("no regular expression")),
            (r"^[a-z]{100}[a-z]{100}[a-z]{100}\.example\.com$", Err("dead")),
            (r"^(?:(?:a{1000}){1000}){1000}\.example\.com$", Err("too large")),
            (r"^x(?:[a-z]{1,63}){1,300}\.example\.com$", Err("too large")),
            (r"^x(?:[a-z]{1,63}){1,9}\.example\.com$", Ok((".example.com", Some("example.com")))),
        ];
        for (text, want) in table {
            let got = NamePattern::new(text);
            match (&got, want) {
                (Ok(pattern), Ok((ending, bucket))) => {
                    assert_eq!((&*pattern.ending, pattern.bucket.as_deref()), (*ending, *bucket));
                    assert!(pattern.fits(&pattern.example), "{text}: {}", pattern.example);
                }
                (Err(said), Err(why)) => assert!(said.why.contains(why), "{text}: {said:?}"),
                _ => panic!("{text}: {got:?}"),
            }
        }
    }
}
