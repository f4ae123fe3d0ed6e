//! What a rule of Suricata or Snort looks for, if that is one name, page, fingerprint or address.

use std::borrow::Cow;

use ipnet::IpNet;

use crate::gate::network;
use crate::naming;

use super::Subject;
use super::rule::{Rule, octets, quoted};
use super::told::{Told, indicator};

/// Which part of the traffic a content is looked for in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Buffer {
    /// The octets as they pass.
    Raw,
    /// A name that is asked for, or that a hello says.
    Name,
    Host,
    /// All header fields of a request.
    Header,
    Uri,
    Method,
    Ja3,
    Ja4,
    Certificate,
    /// The attributes of a certificate's subject.
    CertSubject,
}

/// Keywords that name a buffer.
const BUFFERS: [(&str, Buffer); 28] = [
    ("dns.query", Buffer::Name),
    ("dns_query", Buffer::Name),
    ("dns.query.name", Buffer::Name),
    ("dns.queries.rrname", Buffer::Name),
    ("tls.sni", Buffer::Name),
    ("tls_sni", Buffer::Name),
    ("quic.sni", Buffer::Name),
    ("http.host", Buffer::Host),
    ("http_host", Buffer::Host),
    ("http.host.raw", Buffer::Host),
    ("http_raw_host", Buffer::Host),
    ("http.header", Buffer::Header),
    ("http_header", Buffer::Header),
    ("http.uri", Buffer::Uri),
    ("http_uri", Buffer::Uri),
    ("http.uri.raw", Buffer::Uri),
    ("http_raw_uri", Buffer::Uri),
    ("http.method", Buffer::Method),
    ("http_method", Buffer::Method),
    ("ja3.hash", Buffer::Ja3),
    ("ja3_hash", Buffer::Ja3),
    ("ja4.hash", Buffer::Ja4),
    ("ja4_hash", Buffer::Ja4),
    ("tls.cert_fingerprint", Buffer::Certificate),
    ("tls_cert_fingerprint", Buffer::Certificate),
    ("tls.cert_subject", Buffer::CertSubject),
    ("tls_cert_subject", Buffer::CertSubject),
    ("pkt_data", Buffer::Raw),
];

/// Keywords that are no condition, or one that all such traffic meets.
const NEUTRAL: [&str; 21] = [
    "msg",
    "sid",
    "rev",
    "gid",
    "classtype",
    "reference",
    "metadata",
    "priority",
    "target",
    "flow",
    "nocase",
    "fast_pattern",
    "rawbytes",
    "within",
    "distance",
    "service",
    "app-layer-protocol",
    "flags",
    "prefilter",
    "tag",
    "rem",
];

/// A content and how it is tied to its buffer.
#[derive(Debug)]
struct Content {
    buffer: Buffer,
    octets: Vec<u8>,
    /// It is at the buffer's beginning, at its end.
    start: bool,
    end: bool,
    /// A dot was put before the buffer.
    dotted: bool,
}

/// What the rule is about, and whether of a name just that one. `None`: it has more conditions
/// than that, or others. `Err` says what is wrong with it.
pub(super) fn subjects(rule: &Rule<'_>) -> Result<Option<Vec<(Subject<'static>, bool)>>, String> {
    let (source, destination) = (side(rule.source)?, side(rule.destination)?);
    let Some(mut contents) = contents(rule) else { return Ok(None) };
    contents.retain(|content| content.buffer != Buffer::Method);
    let listed = match (source, destination) {
        (Side::Anyone, Side::Anyone) => return Ok(of_contents(rule, &contents)),
        (Side::Listed(listed), Side::Anyone) | (Side::Anyone, Side::Listed(listed)) => listed,
        _ => return Ok(None),
    };
    if !contents.is_empty() {
        return Ok(None);
    }
    Ok(Some(listed.into_iter().map(|network| (Subject::Network(network), false)).collect()))
}

enum Side {
    /// Everyone, or whom the owner of the sensor says.
    Anyone,
    Listed(Vec<IpNet>),
    /// All but some, and the like.
    Other,
}

fn side(text: &str) -> Result<Side, String> {
    let parts = || text.trim_matches(['[', ']']).split(',').map(str::trim);
    if parts().all(|part| part == "any" || part.trim_start_matches('!').starts_with('$')) {
        return Ok(Side::Anyone);
    }
    if text.contains(['!', '$']) || parts().any(|part| part == "any") {
        return Ok(Side::Other);
    }
    let read = |part: &str| {
        let part = part.trim_matches(['[', ']', ' ']);
        network(part).ok_or_else(|| format!("`{}` is no address", crate::sheet::shown(part)))
    };
    parts().map(read).collect::<Result<Vec<IpNet>, String>>().map(Side::Listed)
}

/// The contents that a rule looks for. `None`: it has other conditions too.
fn contents(rule: &Rule<'_>) -> Option<Vec<Content>> {
    let mut contents: Vec<Content> = Vec::new();
    let (mut sticky, mut dotted, mut size) = (Buffer::Raw, false, None);
    for (key, value) in &rule.options {
        if let Some((_, buffer)) = BUFFERS.iter().find(|(word, _)| word == key) {
            // An older modifier stands behind its content.
            match contents.last_mut() {
                Some(last) if key.starts_with("http_") && last.buffer == Buffer::Raw => {
                    last.buffer = *buffer;
                }
                _ => (sticky, dotted, size) = (*buffer, false, None),
            }
            continue;
        }
        match *key {
            "dotprefix" => dotted = true,
            "bsize" => {
                let len: usize = value.parse().ok()?;
                size = Some(len);
                if let Some(last) = contents.last_mut().filter(|last| last.buffer == sticky) {
                    last.fill(len)?;
                }
            }
            "content" | "tls.fingerprint" => {
                let said = quoted(value).filter(|said| !said.negated)?;
                let octets = octets(said.text)?;
                let buffer = if *key == "content" { sticky } else { Buffer::Certificate };
                let mut content = Content { buffer, octets, start: false, end: false, dotted };
                if let Some(len) = size {
                    content.fill(len)?;
                }
                for modifier in said.behind.split(',').map(str::trim).filter(|it| !it.is_empty()) {
                    let (word, value) = modifier.split_once(' ').unwrap_or((modifier, ""));
                    content.modify(word, value)?;
                }
                contents.push(content);
            }
            // How a name is parted from what stands before it.
            "pcre" => contents.last().filter(|last| last.is_said_by(value)).map(|_| ())?,
            "flowbits" | "xbits" | "hostbits" => {
                value.starts_with("set").then_some(())?;
            }
            "threshold" => value.contains("limit").then_some(())?,
            // Flags and counts in the head of a DNS message.
            "byte_test" if sticky == Buffer::Raw => {}
            _ => match contents.last_mut() {
                Some(last) => last.modify(key, value)?,
                None => NEUTRAL.contains(key).then_some(())?,
            },
        }
    }
    Some(contents)
}

impl Content {
    /// Note that the buffer has so many octets. `None`: then it cannot hold just this.
    fn fill(&mut self, len: usize) -> Option<()> {
        (self.octets.len() == len).then_some(())?;
        (self.start, self.end) = (true, true);
        Some(())
    }

    /// Note what a modifier says. `None`: it is a condition of its own.
    fn modify(&mut self, word: &str, value: &str) -> Option<()> {
        match word {
            "startswith" => self.start = true,
            "endswith" => self.end = true,
            "depth" => self.start |= value.parse() == Ok(self.octets.len()),
            "isdataat" => {
                (value.starts_with("!1") && value.contains("relative")).then_some(())?;
                self.end = true;
            }
            "offset" => (value == "0" || self.buffer == Buffer::Raw).then_some(())?,
            _ => NEUTRAL.contains(&word).then_some(())?,
        }
        Some(())
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.octets).ok().filter(|text| text.is_ascii())
    }

    /// Whether an expression says the same once more: `/(?:^|\.)evil\.example$/i`.
    fn is_said_by(&self, value: &str) -> bool {
        let Some((text, said)) = self.text().zip(quoted(value)) else { return false };
        let begun = said.text.trim_start_matches('/');
        let starts = ["(?:^|\\.)", "(^|\\.)", "^", ""];
        let Some(rest) = starts.iter().find_map(|start| begun.strip_prefix(start)) else {
            return false;
        };
        let (pattern, flags) = rest.rsplit_once('/').unwrap_or((rest, ""));
        let literal: String =
            pattern.trim_end_matches('$').chars().filter(|c| *c != '\\').collect();
        !said.negated
            && flags.len() <= 4
            && literal.eq_ignore_ascii_case(text.trim_start_matches('.'))
    }
}

fn of_contents(rule: &Rule<'_>, contents: &[Content]) -> Option<Vec<(Subject<'static>, bool)>> {
    let one = |subject| Some(vec![subject]);
    let plain = |content: &Content, told| {
        let subject = indicator(content.text()?, told).ok()?;
        one((subject.into_owned(), false))
    };
    match contents {
        [it] => match it.buffer {
            Buffer::Name | Buffer::Host => one(name(it)?),
            Buffer::Header => one(header_host(it)?),
            Buffer::Ja3 => plain(it, Told::Ja3),
            Buffer::Ja4 => plain(it, Told::Ja4),
            Buffer::Certificate => plain(it, Told::Certificate),
            Buffer::CertSubject => one(common_name(it)?),
            Buffer::Raw => one(dns_name(rule, contents)?),
            Buffer::Uri | Buffer::Method => None,
        },
        [one_part, other] => match (one_part.buffer, other.buffer) {
            (Buffer::Host, Buffer::Uri) => one(page(one_part, other)?),
            (Buffer::Uri, Buffer::Host) => one(page(other, one_part)?),
            _ => one(dns_name(rule, contents)?),
        },
        _ => one(dns_name(rule, contents)?),
    }
}

/// A content in a buffer that holds just a name.
fn name(content: &Content) -> Option<(Subject<'static>, bool)> {
    let text = content.text()?;
    let whole = text.strip_prefix('.');
    let subject = indicator(whole.unwrap_or(text), Told::Any).ok()?;
    match &subject {
        // `.example` alone is the end of everyone's names.
        Subject::Name(found) => {
            let open_end = content.start && !content.end;
            (!open_end || naming::known_ending(found)).then_some(())?;
            (whole.is_some() || !content.dotted).then_some(())?;
        }
        Subject::Network(_) if content.buffer == Buffer::Host => {}
        _ => return None,
    }
    let exact = whole.is_none() && content.start && content.end;
    Some((subject.into_owned(), exact))
}

/// `Host: evil.example` and the end of its line.
fn header_host(content: &Content) -> Option<(Subject<'static>, bool)> {
    let text = content.text()?;
    let field = text.trim_start_matches(['\r', '\n']);
    let value = field.get(5..).filter(|_| field.to_ascii_lowercase().starts_with("host:"))?;
    let host = value.strip_suffix("\r\n").or_else(|| value.strip_suffix("\r"))?.trim();
    let subject = indicator(host.trim_start_matches('.'), Told::Any).ok()?;
    let fits = matches!(subject, Subject::Name(_) | Subject::Network(_));
    fits.then(|| (subject.into_owned(), !host.starts_with('.')))
}

/// `CN=evil.example` of a certificate's subject.
fn common_name(content: &Content) -> Option<(Subject<'static>, bool)> {
    let name = content.text()?.strip_prefix("CN=")?;
    match indicator(name, Told::Any).ok()? {
        Subject::Name(found) => {
            Some((Subject::Name(Cow::Owned(found.into_owned())), !name.starts_with('*')))
        }
        _ => None,
    }
}

/// A host and a path, each of them whole.
fn page(host: &Content, path: &Content) -> Option<(Subject<'static>, bool)> {
    let whole = |content: &Content| content.start && content.end;
    (whole(host) && whole(path) && path.octets.starts_with(b"/")).then_some(())?;
    let host = match name(host)?.0 {
        Subject::Name(name) => name.into_owned(),
        Subject::Network(network) => network.addr().to_string(),
        _ => return None,
    };
    let url = format!("http://{host}{}", path.text()?);
    match indicator(&url, Told::Any).ok()? {
        page @ Subject::Url(_) => Some((page.into_owned(), false)),
        _ => None,
    }
}

/// A name as DNS spells it, labels behind their lengths (RFC 1035 §3.1); other contents may be
/// flags and counts, which no letter is in.
fn dns_name(rule: &Rule<'_>, contents: &[Content]) -> Option<(Subject<'static>, bool)> {
    let dns = rule.protocol == "dns" || rule.ports.iter().any(|port| port.trim() == "53");
    let head = |content: &&Content| content.octets.iter().all(|octet| *octet < b' ');
    let mut said = contents.iter().filter(|content| !head(content));
    let (Some(content), None, true) = (said.next(), said.next(), dns) else { return None };
    contents.iter().all(|content| content.buffer == Buffer::Raw).then_some(())?;
    let mut name = String::new();
    let mut rest = content.octets.as_slice();
    // A rule for all below a name may begin with an octet that is no length.
    loop {
        let (len, after) = rest.split_first()?;
        if *len == 0 && !name.is_empty() {
            after.iter().all(|octet| *octet < b' ').then_some(())?;
            break;
        }
        let (label, after) = after.split_at_checked(usize::from(*len))?;
        if *len == 0 {
            rest = after;
            continue;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(std::str::from_utf8(label).ok()?);
        rest = after;
    }
    match indicator(&name, Told::Any).ok()? {
        Subject::Name(found) => Some((Subject::Name(Cow::Owned(found.into_owned())), false)),
        _ => None,
    }
}
