//! Readers of CEF, LEEF and RFC 5424, written from their specifications alone.

use std::collections::BTreeMap;

/// A line of CEF or LEEF.
pub(crate) struct Line {
    /// The fields between the bars, without the version of the format.
    pub(crate) header: Vec<String>,
    pub(crate) values: BTreeMap<String, String>,
}

/// Read CEF: a key is what stands before an `=` that is not escaped, back to a space.
pub(crate) fn cef(line: &str) -> Line {
    let mut rest = line.strip_prefix("CEF:0|").expect("the version");
    let mut header = Vec::new();
    while header.len() < 6 {
        let end = free(rest, '|').next().expect("a bar");
        header.push(unescaped(&rest[..end]));
        rest = &rest[end + 1..];
    }
    let severity: u8 = header[5].parse().expect("a number");
    assert!(severity <= 10);
    let mut values = BTreeMap::new();
    let equals: Vec<usize> = free(rest, '=').collect();
    let begins = |equal: usize| rest[..equal].rfind(' ').map_or(0, |space| space + 1);
    for (place, equal) in equals.iter().enumerate() {
        let end = equals.get(place + 1).map_or(rest.len(), |next| begins(*next) - 1);
        let key = rest[begins(*equal)..*equal].to_owned();
        assert!(key.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{key:?} in {line}");
        let value = unescaped(&rest[equal + 1..end]);
        assert_eq!(values.insert(key, value), None, "a key stands once: {line}");
    }
    let labels: Vec<_> = values.keys().filter_map(|key| key.strip_suffix("Label")).collect();
    assert!(labels.iter().all(|key| values.contains_key(*key)), "a label alone: {line}");
    Line { header, values }
}

/// Places of `mark` that no backslash escapes.
fn free(text: &str, mark: char) -> impl Iterator<Item = usize> {
    let mut escaped = false;
    text.char_indices().filter_map(move |(place, c)| {
        let found = c == mark && !escaped;
        escaped = c == '\\' && !escaped;
        found.then_some(place)
    })
}

fn unescaped(text: &str) -> String {
    let mut all = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next().expect("something is escaped") {
                'n' => all.push('\n'),
                'r' => all.push('\r'),
                c => all.push(c),
            },
            c => all.push(c),
        }
    }
    all
}

/// Read LEEF 2.0.
pub(crate) fn leef(line: &str) -> Line {
    let mut fields = line.splitn(7, '|');
    assert_eq!(fields.next(), Some("LEEF:2.0"));
    let header: Vec<String> = fields.by_ref().take(4).map(str::to_owned).collect();
    assert_eq!(fields.next(), Some("x09"), "the delimiter: {line}");
    let mut values = BTreeMap::new();
    for pair in fields.next().expect("attributes").split('\t') {
        let (key, value) = pair.split_once('=').expect("a pair");
        assert!(key.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{key:?} in {line}");
        assert_eq!(values.insert(key.to_owned(), value.to_owned()), None, "twice: {line}");
    }
    let severity: u8 = values["sev"].parse().expect("a number");
    assert!((1..=10).contains(&severity));
    Line { header, values }
}

/// A syslog message.
pub(crate) struct Syslog {
    pub(crate) priority: u16,
    /// TIMESTAMP to MSGID.
    pub(crate) header: Vec<String>,
    /// Of all elements together.
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) message: String,
}

/// Read RFC 5424 §6.
pub(crate) fn syslog(text: &str) -> Syslog {
    let (priority, rest) = text.split_once(">1 ").expect("priority and version");
    let priority = priority.strip_prefix('<').expect("<").parse().expect("a number");
    assert!(priority <= 191);
    let mut fields = rest.splitn(6, ' ');
    let header: Vec<String> = fields.by_ref().take(5).map(str::to_owned).collect();
    for (field, most) in header.iter().zip([32, 255, 48, 128, 32]) {
        assert!(field.bytes().all(|octet| octet.is_ascii_graphic()), "{field:?}");
        assert!((1..=most).contains(&field.len()), "{field:?}");
    }
    let mut rest = fields.next().expect("structured data");
    let mut params = BTreeMap::new();
    if let Some(behind) = rest.strip_prefix('-') {
        rest = behind;
    }
    while let Some(element) = rest.strip_prefix('[') {
        let (id, mut inside) = element.split_once(' ').expect("a parameter");
        assert!(id == "origin" || id == "rmmwatch@32473", "{id}");
        loop {
            let (name, value) = inside.split_once("=\"").expect("a parameter");
            assert!(name.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{name}");
            assert!(name.len() <= 32, "{name}");
            let end = free(value, '"').next().expect("the value's end");
            let brackets = free(&value[..end], ']').count();
            assert_eq!(brackets, 0, "a bracket that is not escaped: {text}");
            assert_eq!(params.insert(name.to_owned(), unescaped(&value[..end])), None);
            inside = &value[end + 1..];
            match inside.strip_prefix(' ') {
                Some(more) => inside = more,
                None => break,
            }
        }
        rest = inside.strip_prefix(']').expect("the element's end");
    }
    let message = rest.strip_prefix(' ').expect("a space before the message").to_owned();
    Syslog { priority, header, params, message }
}
