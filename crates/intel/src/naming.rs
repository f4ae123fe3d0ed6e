//! A name as a person writes it, turned into the one that the wire shows.

use std::borrow::Cow;

/// Why a text is no host name that a list may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotAName {
    /// A stand-in that someone was meant to fill out.
    Placeholder,
    /// A `*` where none is meant.
    Wildcard,
    /// No dot: a bare word.
    OneLabel,
    /// An address.
    Address,
    /// Empty or overlong labels, characters that no host name has.
    Malformed,
}

impl NotAName {
    /// What is wrong, as the end of a sentence that begins with the text.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            NotAName::Placeholder => "is a placeholder, not a name",
            NotAName::Wildcard => "has a wildcard",
            NotAName::OneLabel => "is one word, not a domain name",
            NotAName::Address => "is an address, not a name",
            NotAName::Malformed => "is no valid domain name",
        }
    }

    /// How to mend it.
    pub(crate) const fn fix(self) -> &'static str {
        match self {
            NotAName::Placeholder => "leave the row out: the user's own server has no fixed name",
            NotAName::Wildcard => {
                "write `suffix = …` without the `*.` for everything below a name, or a `pattern`"
            }
            NotAName::OneLabel => "write the whole name, e.g. `host.example.com`",
            NotAName::Address => "write it as `cidr` under [[networks]], or `address` in a feed",
            NotAName::Malformed => {
                "labels have 1 to 63 letters, digits, `-` or `_`, no hyphen at an end, 253 in all"
            }
        }
    }
}

/// Words that lists hold where a user's own server was meant.
const PLACEHOLDERS: [&str; 8] = [
    "user_managed",
    "user-managed",
    "self_hosted",
    "your_server",
    "yourserver",
    "your_domain",
    "yourdomain",
    "customer_domain",
];

/// The name in the wire's spelling: lower case, no trailing dot, A-labels (RFC 5891 §4.4).
pub(crate) fn normalise(text: &str) -> Result<Cow<'_, str>, NotAName> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    // Almost all are in that spelling already.
    if is_normal(text) {
        return Ok(Cow::Borrowed(text));
    }
    check_stand_ins(text)?;
    let name = ascii(text)?;
    check_shape(&name)?;
    Ok(name)
}

/// Whether the text is a name in the wire's spelling already. `false` also for the few that need
/// a closer look.
pub(crate) fn is_normal(text: &str) -> bool {
    if text.len() > model::DomainName::LEN_MAX {
        return false;
    }
    let (mut label, mut dots, mut letters) = (0usize, 0usize, false);
    let (mut first, mut before) = (b'.', b'.');
    for octet in text.bytes() {
        match octet {
            // Labels as long as those words may be one that stands for a name to be filled in.
            b'.' if before == b'.' || before == b'-' || label > 63 => return false,
            b'.' if matches!((label, first), (10 | 12, b'u' | b'y')) => return false,
            b'.' => {
                (label, letters) = (0, false);
                dots = dots.saturating_add(1);
                before = octet;
                continue;
            }
            b'-' if label == 0 => return false,
            b'a'..=b'z' | b'-' => letters = true,
            b'0'..=b'9' => {}
            _ => return false,
        }
        if label == 0 {
            first = octet;
        }
        label = label.saturating_add(1);
        before = octet;
    }
    let stand_in = matches!((label, first), (10 | 12, b'u' | b'y'));
    dots > 0 && letters && label > 0 && label <= 63 && before != b'-' && !stand_in
}

fn check_stand_ins(text: &str) -> Result<(), NotAName> {
    let odd = |c: char| matches!(c, '<' | '>' | '{' | '}' | '$' | '%');
    if text.contains(odd) || PLACEHOLDERS.iter().any(|word| contains_label(text, word)) {
        return Err(NotAName::Placeholder);
    }
    if text.contains('*') {
        return Err(NotAName::Wildcard);
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err(NotAName::Address);
    }
    Ok(())
}

fn contains_label(text: &str, word: &str) -> bool {
    text.split(['.', ' ']).any(|label| label.eq_ignore_ascii_case(word))
}

/// The text with its U-labels turned into A-labels, lower case.
pub(crate) fn ascii(text: &str) -> Result<Cow<'_, str>, NotAName> {
    if text.is_ascii() {
        return Ok(if text.bytes().any(|octet| octet.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        });
    }
    // Long texts are no names, and the mapping's cost grows with them.
    if text.len() > 4 * model::DomainName::LEN_MAX {
        return Err(NotAName::Malformed);
    }
    idna::domain_to_ascii(text).map(Cow::Owned).map_err(|_| NotAName::Malformed)
}

fn check_shape(name: &str) -> Result<(), NotAName> {
    if name.is_empty() || name.len() > model::DomainName::LEN_MAX {
        return Err(NotAName::Malformed);
    }
    let mut labels = 0usize;
    let mut last = "";
    for label in name.split('.') {
        let plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        let sound = !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-');
        if !sound {
            return Err(NotAName::Malformed);
        }
        labels = labels.saturating_add(1);
        last = label;
    }
    if last.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(if labels == 4 { NotAName::Address } else { NotAName::Malformed });
    }
    if labels < 2 { Err(NotAName::OneLabel) } else { Ok(()) }
}

/// What a name is to the public suffix list (its ICANN part and its private part).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Public {
    /// A name under which anyone may register: `com`, `co.uk`.
    Registry,
    /// A name under which a company gives names to anyone: `pages.dev`.
    Private,
    /// Neither.
    No,
}

/// Whether the name itself is a public suffix.
pub(crate) fn public(name: &str) -> Public {
    match psl::suffix(name.as_bytes()) {
        Some(suffix) if suffix.as_bytes().len() == name.len() => match suffix.typ() {
            Some(psl::Type::Private) => Public::Private,
            _ => Public::Registry,
        },
        _ => Public::No,
    }
}

/// Whether the top-level label of the name stands in the public suffix list.
pub(crate) fn known_ending(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// The name that someone registered, by both parts of the list: `a.pages.dev` for
/// `x.a.pages.dev`. `None` for a public suffix.
pub(crate) fn registrable(name: &str) -> Option<&str> {
    psl::domain_str(name)
}

/// The same where a company gives out names to anyone, and this one's is of them.
pub(crate) fn tenant(name: &str) -> Option<&str> {
    let suffix = psl::suffix(name.as_bytes())?;
    registrable(name).filter(|_| suffix.typ() == Some(psl::Type::Private))
}

/// Whether someone registered a name at or above this one, by the registries' part of the list
/// alone: `pages.dev` counts, `co.uk` does not.
pub(crate) fn below_registry(name: &str) -> bool {
    let mut rest = name;
    loop {
        match public(rest) {
            Public::No => return true,
            Public::Registry => return false,
            // A private suffix is itself registered somewhere above.
            Public::Private => match rest.split_once('.') {
                Some((_, parent)) if public(parent) == Public::Registry => return true,
                Some((_, parent)) => rest = parent,
                None => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_as_the_wire_shows_them() {
        let table: &[(&str, Result<&str, NotAName>)] = &[
            ("Relay.Example.COM.", Ok("relay.example.com")),
            ("münchen.example", Ok("xn--mnchen-3ya.example")),
            ("_dmarc.example.com", Ok("_dmarc.example.com")),
            ("user_managed", Err(NotAName::Placeholder)),
            ("relay.user_managed.com", Err(NotAName::Placeholder)),
            ("<your server>", Err(NotAName::Placeholder)),
            ("*.example.com", Err(NotAName::Wildcard)),
            ("insight", Err(NotAName::OneLabel)),
            ("10.0.0.1", Err(NotAName::Address)),
            ("999.0.0.1", Err(NotAName::Address)),
            ("-dms.example.com", Err(NotAName::Malformed)),
            ("a..example.com", Err(NotAName::Malformed)),
            ("a b.example.com", Err(NotAName::Malformed)),
            ("", Err(NotAName::Malformed)),
        ];
        for (text, want) in table {
            let got = normalise(text);
            assert_eq!(got.as_deref(), want.as_ref().map(|name| &**name), "{text}");
        }
    }

    #[test]
    fn public_suffixes_are_told_apart() {
        let table = [
            ("com", Public::Registry, false),
            ("co.uk", Public::Registry, false),
            ("pages.dev", Public::Private, true),
            ("blogspot.com", Public::Private, true),
            ("example.co.uk", Public::No, true),
            ("x.pages.dev", Public::No, true),
        ];
        for (name, want, below) in table {
            assert_eq!(public(name), want, "{name}");
            assert_eq!(below_registry(name), below, "{name}");
        }
        assert_eq!(registrable("a.b.example.co.uk"), Some("example.co.uk"));
        assert_eq!(registrable("co.uk"), None);
        let tenants =
            [("a.b.pages.dev", Some("b.pages.dev")), ("pages.dev", None), ("b.com", None)];
        for (name, want) in tenants {
            assert_eq!(tenant(name), want, "{name}");
        }
    }
}
