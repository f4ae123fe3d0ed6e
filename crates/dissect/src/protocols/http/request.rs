//! A request's head: what is asked of whom.

use model::{DomainName, HttpRequest};

use super::head::{Head, target};
use super::text::printable;
use crate::protocols::limits::{HTTP_AGENT_MAX, HTTP_METHOD_MAX, HTTP_PATH_MAX};

/// Read a request's head, or as much of it as there is. `None` without a whole request line.
pub(super) fn read(head: Head<'_>) -> Option<HttpRequest> {
    let line = head.first();
    let blank = line.iter().position(|octet| *octet == b' ')?;
    let (method, rest) = line.split_at_checked(blank)?;
    let target = target(rest.get(1..)?)?;
    let field = head.field("Host");
    let (authority, path) = match split(method, target) {
        (Some(authority), path) => (Some(authority), path),
        (None, path) => (field.as_deref(), path),
    };
    let (host, port) = authority.map_or((None, None), read_authority);
    Some(HttpRequest {
        method: printable(method, HTTP_METHOD_MAX),
        host,
        port,
        path: printable(path, HTTP_PATH_MAX),
        user_agent: head.field("User-Agent").map(|agent| printable(&agent, HTTP_AGENT_MAX)),
    })
}

/// Split a target into its authority, where it has one, and its path (RFC 9112 §3.2).
fn split<'a>(method: &[u8], target: &'a [u8]) -> (Option<&'a [u8]>, &'a [u8]) {
    if method == b"CONNECT" {
        return (Some(target), target);
    }
    let scheme = target.iter().take_while(|octet| octet.is_ascii_alphanumeric()).count();
    let behind = target.get(scheme..).and_then(|rest| rest.strip_prefix(b"://"));
    let Some(behind) = behind.filter(|_| scheme > 0) else { return (None, target) };
    let end = behind.iter().position(|octet| matches!(octet, b'/' | b'?' | b'#'));
    let (authority, path) = behind.split_at(end.unwrap_or(behind.len()));
    let path: &[u8] = if path.is_empty() { b"/" } else { path };
    (Some(authority).filter(|authority| !authority.is_empty()), path)
}

/// The host and the port of an authority (RFC 3986 §3.2); IPv6 without its brackets.
pub(in crate::protocols) fn read_authority(authority: &[u8]) -> (Option<DomainName>, Option<u16>) {
    let user = authority.iter().rposition(|octet| *octet == b'@');
    let place = user.and_then(|at| authority.get(at.saturating_add(1)..)).unwrap_or(authority);
    let (host, port) = if let Some(literal) = place.strip_prefix(b"[") {
        let end = literal.iter().position(|octet| *octet == b']').unwrap_or(literal.len());
        let (host, rest) = literal.split_at(end);
        (host, rest.strip_prefix(b"]:"))
    } else {
        match place.iter().position(|octet| *octet == b':') {
            // More than one colon: an IPv6 literal that lacks its brackets.
            Some(colon) if !place.get(colon.saturating_add(1)..).is_some_and(has_colon) => {
                let (host, rest) = place.split_at(colon);
                (host, rest.strip_prefix(b":"))
            }
            _ => (place, None),
        }
    };
    let port = port.and_then(|port| std::str::from_utf8(port).ok()?.trim().parse().ok());
    (DomainName::from_text(host.trim_ascii()).ok(), port)
}

fn has_colon(octets: &[u8]) -> bool {
    octets.contains(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_paths() {
        type Row = (&'static str, Option<&'static str>, Option<u16>, &'static str);
        let table: &[Row] = &[
            ("GET /a?b HTTP/1.1\r\nHost: WWW.Example.\r\n", Some("www.example"), None, "/a?b"),
            ("GET / HTTP/1.1\r\nHost: a.example:8080\r\n", Some("a.example"), Some(8080), "/"),
            ("GET / HTTP/1.1\r\nHost: a.example:\r\n", Some("a.example"), None, "/"),
            ("GET / HTTP/1.1\r\nHost: a.example:99999\r\n", Some("a.example"), None, "/"),
            ("GET / HTTP/1.1\r\nHost: [2001:DB8::1]:81\r\n", Some("2001:db8::1"), Some(81), "/"),
            ("GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n", Some("2001:db8::1"), None, "/"),
            ("GET / HTTP/1.1\r\nHost: 2001:db8::1\r\n", Some("2001:db8::1"), None, "/"),
            ("GET / HTTP/1.1\r\nHost:\r\n", None, None, "/"),
            ("GET / HTTP/1.0\r\n", None, None, "/"),
            ("GET / HTTP/1.1\r\nHost: caf\u{e9}\r\n", Some("caf\\xc3\\xa9"), None, "/"),
            ("GET http://h.example:8/p HTTP/1.1\r\nHost: o\r\n", Some("h.example"), Some(8), "/p"),
            ("GET http://u:p@h.example HTTP/1.1\r\n", Some("h.example"), None, "/"),
            ("GET http:///p HTTP/1.1\r\nHost: o.example\r\n", Some("o.example"), None, "/p"),
            ("GET /r?u=http://x.example/ HTTP/1.1\r\n", None, None, "/r?u=http://x.example/"),
            ("CONNECT t.example:443 HTTP/1.1\r\n", Some("t.example"), Some(443), "t.example:443"),
            ("OPTIONS * HTTP/1.1\r\nHost: o.example\r\n", Some("o.example"), None, "*"),
            ("GET /\u{e9} HTTP/1.1\r\n", None, None, "/\\xc3\\xa9"),
        ];
        for (text, host, port, path) in table {
            let read = read(Head(text.as_bytes())).expect("a request line");
            assert_eq!(read.host.as_ref().map(DomainName::as_str), *host, "{text}");
            assert_eq!((read.port, &*read.path), (*port, *path), "{text}");
        }
        assert_eq!(read(Head(b"GET / HTTP/1.1")), None);
    }

    #[test]
    fn a_user_agent_is_told() {
        let read = read(Head(b"POST /x HTTP/1.1\nUser-Agent: NetSupport Manager/1.3\n"));
        let read = read.expect("a request line");
        assert_eq!(read.user_agent.as_deref(), Some("NetSupport Manager/1.3"));
        assert_eq!(&*read.method, "POST");
    }
}
