//! A family of names, as lists write one: `*.example.com`, `px-*.example.com`, `a[0-9]{2}.b.com`.

use std::borrow::Cow;

use crate::naming;
use crate::pattern::{NamePattern, Unfit};

use super::Subject;

/// What a `*` may stand for in a name: any characters, dots too.
const ANY: &str = "[a-z0-9._-]*";
const ONE: &str = "[a-z0-9_-]";

/// The names that a text with `*`, `?`, classes or counts stands for, without a port behind it.
///
/// `*.example.com` and `*example.com` are the name and all below it, as such lists mean them: what
/// someone else registered as `my-example.com` is not of that family.
pub(super) fn family(text: &str) -> Result<Subject<'static>, Unfit> {
    let text = text.trim().to_ascii_lowercase();
    let text = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => &text,
    };
    let below = text.strip_prefix("*.").or_else(|| text.strip_prefix('*'));
    if let Some(Ok(name)) = below.map(naming::normalise) {
        return Ok(Subject::Name(Cow::Owned(name.into_owned())));
    }
    NamePattern::new(&regex(text)?).map(|pattern| Subject::Pattern(Box::new(pattern)))
}

/// Whether a text stands for more than one name.
pub(super) fn is_family(text: &str) -> bool {
    text.contains(['*', '?']) || (text.contains('[') && text.contains("]{"))
}

/// The text as a regular expression over a whole name.
fn regex(text: &str) -> Result<String, Unfit> {
    let mut out = String::from("^");
    let mut class = false;
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '[' if !class => class = true,
            ']' if class => class = false,
            'a'..='z' | '0'..='9' | '-' | '_' => {}
            '.' if !class => {
                out.push_str("\\.");
                last = c;
                continue;
            }
            // Behind a class it is a count, elsewhere it stands for any characters.
            '*' | '+' if last == ']' => {}
            '*' if !class => {
                out.push_str(ANY);
                last = c;
                continue;
            }
            '?' if !class => {
                out.push_str(ONE);
                last = c;
                continue;
            }
            '{' | '}' | ',' if !class => {}
            _ => {
                let why =
                    format!("`{}` is no part of a name or of a family of names", c.escape_debug());
                let fix = "write a name, or `*` for any characters of it";
                return Err(Unfit { why, fix });
            }
        }
        out.push(c);
        last = c;
    }
    out.push('$');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_a_suffix_or_a_pattern() {
        let table: &[(&str, Result<&str, &str>)] = &[
            ("*.example.com", Ok("example.com")),
            ("*example.com", Ok("example.com")),
            ("*.Example.com:443 ", Ok("example.com")),
            ("px-*.example.com", Ok(r"^px-[a-z0-9._-]*\.example\.com$")),
            ("*-cloud.example.com", Ok(r"^[a-z0-9._-]*-cloud\.example\.com$")),
            ("a.*.example.com", Ok(r"^a\.[a-z0-9._-]*\.example\.com$")),
            ("relay-[a-f0-9]{8}.example.com:443", Ok(r"^relay-[a-f0-9]{8}\.example\.com$")),
            ("n[0-9]*.example.com", Ok(r"^n[0-9]*\.example\.com$")),
            ("n?.example.com", Ok(r"^n[a-z0-9_-]\.example\.com$")),
            ("relay.example.*", Err("no literal end")),
            ("*.local", Err("no literal end")),
            ("*", Err("no literal end")),
            ("*.com", Err("no literal end")),
            ("a b*.example.com", Err("no part of a name")),
            ("[*.example.com", Err("no part of a name")),
        ];
        for (text, want) in table {
            match (family(text), want) {
                (Ok(Subject::Name(name)), Ok(want)) => assert_eq!(name, *want, "{text}"),
                (Ok(Subject::Pattern(pattern)), Ok(want)) => {
                    assert_eq!(&*pattern.text, *want, "{text}");
                }
                (Err(unfit), Err(why)) => assert!(unfit.why.contains(why), "{text}: {unfit:?}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
        assert!(!is_family("evil[.]example"));
    }
}
