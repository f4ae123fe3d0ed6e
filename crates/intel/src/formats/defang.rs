//! One indicator as people pass it around: defanged, as a URL, with a port or a wildcard.

use std::borrow::Cow;

use crate::gate::network;
use crate::naming::{self, NotAName};

use super::Subject;

/// What the text is about. `Err` says what is wrong with it.
pub(crate) fn subject(text: &str) -> Result<Subject<'_>, NotAName> {
    let text = text.trim().trim_matches(['"', '\'', '`']).trim();
    match refang(text) {
        Cow::Borrowed(text) => plain(text),
        Cow::Owned(text) => Ok(match plain(&text)? {
            Subject::Name(name) => Subject::Name(Cow::Owned(name.into_owned())),
            Subject::Network(network) => Subject::Network(network),
            Subject::Pattern(pattern) => Subject::Pattern(pattern),
            Subject::Url(url) => Subject::Url(Cow::Owned(url.into_owned())),
            // Nothing else is guessed.
            Subject::Ja3(_) | Subject::Ja4(_) | Subject::Certificate(_) | Subject::File(_) => {
                return Err(NotAName::Malformed);
            }
        }),
    }
}

fn plain(text: &str) -> Result<Subject<'_>, NotAName> {
    // Longer than any URL that a browser takes: not worth looking at.
    if text.len() > 4096 {
        return Err(NotAName::Malformed);
    }
    if let Some(network) = network(text) {
        return Ok(Subject::Network(network));
    }
    let host = host(text);
    if let Some(network) = network(host) {
        return Ok(Subject::Network(network));
    }
    let name = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')).unwrap_or(host);
    naming::normalise(name).map(Subject::Name)
}

/// The host of a URL, of `host:port`, or of `host/path` (RFC 3986 §3.2).
fn host(text: &str) -> &str {
    let text = text.strip_prefix("||").map_or(text, |rest| rest.trim_end_matches('^'));
    let (is_url, rest) = match text.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, text),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    // Without a scheme, `a@b` is a mail address, which is no host.
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) if is_url => host,
        _ => authority,
    };
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match authority.split_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    }
}

const SPELLINGS: [(&str, &str); 15] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[.", "."),
    (".]", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[DOT]", "."),
    ("(DOT)", "."),
    ("[:]", ":"),
    ("[://]", "://"),
    ("[at]", "@"),
    ("[@]", "@"),
    ("\\.", "."),
];

/// The text as it was before someone made it safe to click.
fn refang(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.contains(['[', '(', '{', '\\']) {
        for (safe, live) in SPELLINGS {
            if text.contains(safe) {
                text = Cow::Owned(text.replace(safe, live));
            }
        }
    }
    if let Some((scheme, _)) = text.split_once("://") {
        let len = scheme.len();
        if let Some("hxxp" | "hxxps" | "meow" | "fxp") = Some(scheme.to_ascii_lowercase().as_str())
        {
            text = Cow::Owned(format!("http{}", text.get(len..).unwrap_or_default()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_come_in_many_spellings() {
        let table: &[(&str, Result<&str, NotAName>)] = &[
            ("evil.example", Ok("evil.example")),
            ("EVIL[.]example", Ok("evil.example")),
            ("evil(.)example", Ok("evil.example")),
            ("evil[dot]example", Ok("evil.example")),
            ("evil[.example", Ok("evil.example")),
            ("hxxps://evil[.]example/a?b=c", Ok("evil.example")),
            ("hxxp[://]user:pw@evil.example:8080/a", Ok("evil.example")),
            ("hxxp[:]//evil.example", Ok("evil.example")),
            ("https://evil.example?x", Ok("evil.example")),
            ("evil.example:443", Ok("evil.example")),
            ("evil.example/path", Ok("evil.example")),
            ("*.evil.example", Ok("evil.example")),
            (".evil.example", Ok("evil.example")),
            ("||evil.example^", Ok("evil.example")),
            ("\"evil.example.\"", Ok("evil.example")),
            ("bücher.example", Ok("xn--bcher-kva.example")),
            ("198.51.100.7", Ok("198.51.100.7/32")),
            ("198[.]51[.]100[.]7", Ok("198.51.100.7/32")),
            ("198.51.100.7:8041", Ok("198.51.100.7/32")),
            ("198.51.100.9/24", Ok("198.51.100.0/24")),
            ("hxxp://198.51.100.7/x", Ok("198.51.100.7/32")),
            ("2001:db8::1", Ok("2001:db8::1/128")),
            ("[2001:db8::1]:443", Ok("2001:db8::1/128")),
            ("2001:db8::/32", Ok("2001:db8::/32")),
            ("someone@evil.example", Err(NotAName::Malformed)),
            ("malware", Err(NotAName::OneLabel)),
            ("user_managed", Err(NotAName::Placeholder)),
            ("2022-06-14", Err(NotAName::OneLabel)),
            ("12.5", Err(NotAName::Malformed)),
            ("", Err(NotAName::Malformed)),
        ];
        for (text, want) in table {
            let got = subject(text).map(|subject| match subject {
                Subject::Name(name) => name.into_owned(),
                Subject::Network(network) => network.to_string(),
                other => unreachable!("{other:?} is never guessed"),
            });
            assert_eq!(got.as_deref(), want.as_ref().map(|text| &**text), "{text}");
        }
    }
}
