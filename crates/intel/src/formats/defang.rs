//! One indicator as people pass it around: defanged, as a URL, with a port or a wildcard.

use std::borrow::Cow;

use ipnet::IpNet;

use crate::gate::network;
use crate::naming::{self, NotAName};

use super::Subject;

/// Longer than any URL that a browser takes: not worth looking at.
const TEXT_BYTES_MAX: usize = 4096;

/// The host or network that the text is about; of a URL just the host. `Err` says what is wrong
/// with it.
pub(crate) fn subject(text: &str) -> Result<Subject<'_>, NotAName> {
    match refang(trimmed(text)) {
        Cow::Borrowed(text) => host_of(text),
        Cow::Owned(text) => host_of(&text).map(Subject::into_owned),
    }
}

/// The same, but a URL with a path or a query is about that page alone.
pub(super) fn subject_or_page(text: &str) -> Result<Subject<'_>, NotAName> {
    let either = |text| page(text).unwrap_or_else(|| host_of(text));
    match refang(trimmed(text)) {
        Cow::Borrowed(text) => page(text).unwrap_or_else(|| host_of(text)),
        Cow::Owned(text) => either(&text).map(Subject::into_owned),
    }
}

fn trimmed(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'', '`']).trim()
}

fn host_of(text: &str) -> Result<Subject<'_>, NotAName> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(NotAName::Malformed);
    }
    if let Some(network) = network(text) {
        return Ok(Subject::Network(network));
    }
    let text = text.strip_prefix("||").map_or(text, |rest| rest.trim_end_matches('^'));
    let (is_url, rest) = match text.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, text),
    };
    let (host, _) = host(split_path(rest).0, is_url);
    if let Some(network) = network(host) {
        return Ok(Subject::Network(network));
    }
    let name = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')).unwrap_or(host);
    naming::normalise(name).map(Subject::Name)
}

/// The authority of what stands behind `://`, and the rest.
fn split_path(text: &str) -> (&str, &str) {
    let end = text.find(['/', '?', '#', '\\']).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Host and port of an authority (RFC 3986 §3.2), without brackets around the host.
fn host(authority: &str, is_url: bool) -> (&str, Option<&str>) {
    // Without a scheme, `a@b` is a mail address, which is no host.
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) if is_url => host,
        _ => authority,
    };
    if let Some(rest) = authority.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => (rest, None),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

/// The page of a URL, as `host[:port]/path?query`: the host in the wire's spelling, no port that
/// a scheme implies, no fragment. `None` when it names no page.
fn page(text: &str) -> Option<Result<Subject<'_>, NotAName>> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", text),
    };
    let known = ["http", "https", "ws", "wss", ""];
    // What passes under other schemes is no request for a page.
    if !known.iter().any(|word| scheme.eq_ignore_ascii_case(word)) {
        return None;
    }
    let is_url = !scheme.is_empty();
    let (authority, path) = split_path(rest);
    let path = path.split('#').next().unwrap_or_default();
    let shown = path.bytes().all(|octet| octet.is_ascii_graphic());
    let no_page = path.is_empty() || path == "/" || path.starts_with('\\');
    if no_page || text.len() > TEXT_BYTES_MAX || (!is_url && network(text).is_some()) {
        return None;
    }
    let (host, port) = host(authority, is_url);
    let port = port.filter(|port| !matches!(*port, "" | "80" | "443"));
    let name = if naming::is_normal(host) {
        Cow::Borrowed(host)
    } else {
        match page_host(host, path, is_url) {
            Ok(name) => name,
            Err(error) => return Some(Err(error)),
        }
    };
    let whole = rest.get(..authority.len().saturating_add(path.len())).unwrap_or_default();
    if shown && path.starts_with('/') && *name == *authority {
        return Some(Ok(Subject::Url(Cow::Borrowed(whole))));
    }
    let mut page = name.into_owned();
    if let Some(port) = port {
        page.push(':');
        page.push_str(port);
    }
    if !path.starts_with('/') {
        page.push('/');
    }
    push_path(&mut page, path);
    Some(Ok(Subject::Url(Cow::Owned(page))))
}

/// The host of a page as it is written before the path.
fn page_host<'h>(host: &'h str, path: &str, is_url: bool) -> Result<Cow<'h, str>, NotAName> {
    match network(host) {
        // `198.51.100.7/33` is a network that someone mistyped.
        Some(_) if !is_url && path.bytes().skip(1).all(|octet| octet.is_ascii_digit()) => {
            Err(NotAName::Malformed)
        }
        Some(IpNet::V4(net)) => Ok(Cow::Owned(net.addr().to_string())),
        Some(IpNet::V6(net)) => Ok(Cow::Owned(format!("[{}]", net.addr()))),
        None => naming::normalise(host),
    }
}

/// A path as a browser sends it: what is no printable ASCII is percent-encoded (RFC 3986 §2.1).
fn push_path(page: &mut String, path: &str) {
    for octet in path.bytes() {
        if octet.is_ascii_graphic() {
            page.push(char::from(octet));
        } else {
            page.push_str(&format!("%{octet:02X}"));
        }
    }
}

const SPELLINGS: [(&str, &str); 19] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("<.>", "."),
    ("[.", "."),
    (".]", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[DOT]", "."),
    ("(DOT)", "."),
    ("[d]", "."),
    ("[:]", ":"),
    ("[://]", "://"),
    ("[/]", "/"),
    ("[at]", "@"),
    ("[@]", "@"),
    ("\\.", "."),
    ("\\/", "/"),
];

/// Schemes that no client knows, and those they stand for.
const SCHEMES: [(&str, &str); 8] = [
    ("hxxp", "http"),
    ("hxxps", "https"),
    ("htxp", "http"),
    ("hxtp", "http"),
    ("h**p", "http"),
    ("h**ps", "https"),
    ("meow", "http"),
    ("fxp", "ftp"),
];

/// The text as it was before someone made it safe to click.
fn refang(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.len() <= TEXT_BYTES_MAX && text.contains(['[', '(', '{', '<', '\\']) {
        for (safe, live) in SPELLINGS {
            if text.contains(safe) {
                text = Cow::Owned(text.replace(safe, live));
            }
        }
    }
    if let Some((scheme, rest)) = text.split_once("://")
        && let Some((_, live)) = SCHEMES.iter().find(|(safe, _)| scheme.eq_ignore_ascii_case(safe))
    {
        text = Cow::Owned(format!("{live}://{rest}"));
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
                other => unreachable!("{other:?} is no host"),
            });
            assert_eq!(got.as_deref(), want.as_ref().map(|text| &**text), "{text}");
            let normal = matches!(want, Ok(name) if name == text) && !text.contains('/');
            assert_eq!(naming::is_normal(text), normal, "{text}");
        }
        for text in ["user-managed.example.com", "yourserver.example.com", "a_b.example.com"] {
            assert!(!naming::is_normal(text), "{text}: looked at closely");
        }
        assert!(!naming::is_normal(&format!("{}.com", "a".repeat(64))));
        assert!(naming::is_normal(&format!("{}.com", "a".repeat(63))));
        assert!(!naming::is_normal(&"a.".repeat(127)));
    }

    #[test]
    fn urls_are_pages_or_hosts() {
        let table: &[(&str, Result<&str, NotAName>)] = &[
            ("http://evil.example/a.exe", Ok("page evil.example/a.exe")),
            ("hxxps://Evil[.]Example:443/A?b=C#d", Ok("page evil.example/A?b=C")),
            ("https://evil.example:8443/a", Ok("page evil.example:8443/a")),
            ("http://evil.example:443/a", Ok("page evil.example/a")),
            ("http://user:pw@evil.example:80/a", Ok("page evil.example/a")),
            ("evil.example/a", Ok("page evil.example/a")),
            ("evil.example:443/a", Ok("page evil.example/a")),
            ("https://evil.example?x=1", Ok("page evil.example/?x=1")),
            ("https://bücher.example/ü x", Ok("page xn--bcher-kva.example/%C3%BC%20x")),
            ("http://203.0.113.7/x", Ok("page 203.0.113.7/x")),
            ("http://[2001:DB8::1]:8080/x", Ok("page [2001:db8::1]:8080/x")),
            ("https://evil.example", Ok("host evil.example")),
            ("https://evil.example/", Ok("host evil.example")),
            ("https://evil.example/#top", Ok("host evil.example")),
            ("tcp://203.0.113.7:4444", Ok("host 203.0.113.7/32")),
            ("ftp://evil.example/x", Ok("host evil.example")),
            ("203.0.113.9/24", Ok("host 203.0.113.0/24")),
            ("203.0.113.9/33", Err(NotAName::Malformed)),
            ("http://nowhere/x", Err(NotAName::OneLabel)),
            ("http:///x", Err(NotAName::Malformed)),
        ];
        for (text, want) in table {
            let got = subject_or_page(text).map(|subject| match subject {
                Subject::Name(name) => format!("host {name}"),
                Subject::Network(network) => format!("host {network}"),
                Subject::Url(url) => format!("page {url}"),
                other => unreachable!("{other:?} is never guessed"),
            });
            assert_eq!(got.as_deref(), want.as_ref().map(|text| &**text), "{text}");
        }
    }
}
