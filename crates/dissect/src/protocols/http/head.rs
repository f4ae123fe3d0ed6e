//! The head of a message (RFC 9112 §2.1): its first line and its fields. A bare LF ends a line too
//! (§2.2), since some remote-access clients send nothing else.

use std::borrow::Cow;

use super::text::find;
use crate::protocols::limits::{HTTP_METHOD_MAX, WAIT_MAX};
use crate::protocols::reader::Probe;

/// The octets of a head, from its first line on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a>(pub(super) &'a [u8]);

impl<'a> Head<'a> {
    /// The first line.
    pub(super) fn first(self) -> &'a [u8] {
        self.lines().next().unwrap_or_default()
    }

    /// The value of a field, without the blanks around it; of the first one when there are
    /// several. Folded lines (RFC 9112 §5.2) are joined by a blank.
    pub(super) fn field(self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut lines = self.lines().skip(1).peekable();
        while let Some(line) = lines.next() {
            let Some(value) = value_of(line, name) else { continue };
            let mut value = Cow::Borrowed(value.trim_ascii());
            while let Some(more) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t')))
            {
                let joined = value.to_mut();
                if !joined.is_empty() {
                    joined.push(b' ');
                }
                joined.extend_from_slice(more.trim_ascii());
            }
            return Some(value);
        }
        None
    }

    /// The lines that are whole.
    fn lines(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.0;
        let next = move || {
            let (line, behind) = rest.split_at_checked(find(rest, b'\n')?)?;
            rest = behind.get(1..)?;
            Some(line.strip_suffix(b"\r").unwrap_or(line))
        };
        std::iter::from_fn(next)
    }
}

fn value_of<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    // Few lines get past their first letter.
    if !line.first()?.eq_ignore_ascii_case(name.as_bytes().first()?) {
        return None;
    }
    let (field, rest) = line.split_at_checked(name.len())?;
    if !field.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    rest.trim_ascii_start().strip_prefix(b":")
}

/// The octets without the empty lines before them (RFC 9112 §2.2).
pub(super) fn without_empty_lines(octets: &[u8]) -> &[u8] {
    let mut rest = octets;
    while let Some(after) = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n")) {
        rest = after;
    }
    rest
}

/// Where the octets after the empty line that ends a head begin. The first `seen` octets were
/// looked at before, in vain.
pub(super) fn end(octets: &[u8], seen: usize) -> Option<usize> {
    // The line end before the empty line may have been seen already.
    let mut at = seen.saturating_sub(2);
    loop {
        let rest = octets.get(at..)?;
        at = find(rest, b'\n')?.saturating_add(at).saturating_add(1);
        match octets.get(at..)? {
            [b'\n', ..] => return at.checked_add(1),
            [b'\r', b'\n', ..] => return at.checked_add(2),
            _ => {}
        }
    }
}

/// What octets are the beginning of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Begins {
    /// A request.
    Request,
    /// A response.
    Response,
    /// One of them, perhaps: more octets are needed.
    More,
    /// Something else.
    Foreign,
}

/// What octets are the beginning of, by their first line.
pub(super) fn begins(octets: &[u8]) -> Begins {
    const VERSION: &[u8] = b"HTTP/1.";
    let octets = without_empty_lines(octets);
    let common = octets.iter().zip(VERSION).take_while(|(a, b)| a == b).count();
    if common == VERSION.len() {
        return status_line(octets.get(VERSION.len()..).unwrap_or_default());
    }
    if common == octets.len() || octets == b"\r" {
        return Begins::More;
    }
    request_line(octets)
}

impl Begins {
    /// As the list wants it, when the octets are of `client` or `server`.
    pub(super) fn probe(self) -> Probe {
        match self {
            Begins::Request => Probe::Mine(model::Side::Client),
            Begins::Response => Probe::Mine(model::Side::Server),
            Begins::More => Probe::More,
            Begins::Foreign => Probe::NotMine,
        }
    }
}

/// RFC 9112 §4: behind `HTTP/1.`, a digit, a blank, three digits.
fn status_line(rest: &[u8]) -> Begins {
    let digit: fn(&u8) -> bool = u8::is_ascii_digit;
    let blank: fn(&u8) -> bool = |octet| *octet == b' ';
    let shape = [digit, blank, digit, digit, digit];
    match rest.iter().zip(&shape).all(|(octet, fits)| fits(octet)) {
        true if rest.len() >= shape.len() => Begins::Response,
        true => Begins::More,
        false => Begins::Foreign,
    }
}

/// RFC 9112 §3: a method, a target, a version. Blanks in a target break the rule, and are sent.
fn request_line(octets: &[u8]) -> Begins {
    let token = octets.iter().take(HTTP_METHOD_MAX).take_while(|octet| is_token(**octet)).count();
    let Some((blank, rest)) = octets.get(token..).unwrap_or_default().split_first() else {
        return if token < HTTP_METHOD_MAX { Begins::More } else { Begins::Foreign };
    };
    if token == 0 || *blank != b' ' {
        return Begins::Foreign;
    }
    let line = find(rest, b'\n');
    let shown = line.and_then(|end| rest.get(..end)).unwrap_or(rest);
    let shown = shown.strip_suffix(b"\r").unwrap_or(shown);
    let control = |octet: &u8| octet.is_ascii_control() & (*octet != b'\t');
    if shown.iter().fold(false, |found, octet| found | control(octet)) {
        return Begins::Foreign;
    }
    match line {
        Some(_) if target(shown).is_some() => Begins::Request,
        Some(_) => Begins::Foreign,
        None if rest.len() < WAIT_MAX => Begins::More,
        None => Begins::Foreign,
    }
}

/// The target in what follows a method: all before the version. Some devices have a version of
/// their own behind the first digit, as in `HTTP/1.0.8`.
pub(super) fn target(octets: &[u8]) -> Option<&[u8]> {
    let octets = octets.trim_ascii_end();
    let blank = octets.iter().rposition(|octet| *octet == b' ')?;
    let (target, version) = octets.split_at_checked(blank)?;
    let minor = version.strip_prefix(b" HTTP/1.")?;
    let of_a_version = |octet: &u8| octet.is_ascii_digit() || *octet == b'.';
    if !minor.first()?.is_ascii_digit() || !minor.iter().all(of_a_version) {
        return None;
    }
    let target = target.trim_ascii();
    (!target.is_empty()).then_some(target)
}

/// RFC 9110 §5.6.2.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        let table: &[(&[u8], Begins)] = &[
            (b"", Begins::More),
            (b"\r", Begins::More),
            (b"\r\n", Begins::More),
            (b"GET / HTTP/1.1\r\n", Begins::Request),
            (b"\r\nGET / HTTP/1.0\n", Begins::Request),
            (b"M-SEARCH * HTTP/1.1\r\n", Begins::Request),
            (b"GET /weather HTTP/1.0.8\r\n", Begins::Request),
            (b"GET / HTTP/1.x\r\n", Begins::Foreign),
            (b"x!#$%&'*+-.^_`|~ /a b HTTP/1.1  \r\n", Begins::Request),
            (b"GET / HTTP/1.1", Begins::More),
            (b"GE", Begins::More),
            (b"GET /index", Begins::More),
            (b"GET /\r\n", Begins::Foreign),
            (b"GET  HTTP/1.1\r\n", Begins::Foreign),
            (b"PRI * HTTP/2.0\r\n", Begins::Foreign),
            (b"OPTIONS rtsp://h/ RTSP/1.0\r\n", Begins::Foreign),
            (b"INVITE sip:a@b SIP/2.0\r\n", Begins::Foreign),
            (b"EHLO host\r\n", Begins::Foreign),
            (b"GET /\x01", Begins::Foreign),
            (b"\x16\x03\x01", Begins::Foreign),
            (b"HTTP/1.", Begins::More),
            (b"HTTP/1.1 20", Begins::More),
            (b"HTTP/1.1 200", Begins::Response),
            (b"HTTP/1.1 OK", Begins::Foreign),
            (b"HTTP/2 200", Begins::Foreign),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n", Begins::Foreign),
        ];
        for (octets, want) in table {
            assert_eq!(begins(octets), *want, "{:?}", String::from_utf8_lossy(octets));
        }
    }

    #[test]
    fn the_end_of_a_head_however_it_comes() {
        for head in
            [&b"GET / HTTP/1.1\r\nA: b\r\n\r\n"[..], b"GET / HTTP/1.1\nA: b\n\n", b"a\n\r\n"]
        {
            let mut seen = 0;
            for len in 0..head.len() {
                assert_eq!(end(&head[..len], seen), None);
                seen = len;
            }
            assert_eq!(end(head, seen), Some(head.len()));
            assert_eq!(end(head, 0), Some(head.len()));
        }
    }

    #[test]
    fn fields_are_found_by_name() {
        let head =
            Head(b"GET / HTTP/1.1\r\nhOST :  a.example \r\nX: 1\r\n 2\r\n\t3\r\nHost: b\r\nCut: y");
        assert_eq!(head.first(), b"GET / HTTP/1.1");
        assert_eq!(head.field("Host").as_deref(), Some(&b"a.example"[..]));
        assert_eq!(head.field("x").as_deref(), Some(&b"1 2 3"[..]));
        assert_eq!(head.field("Cut"), None);
    }
}
