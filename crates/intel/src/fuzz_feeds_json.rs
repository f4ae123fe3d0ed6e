//! Bodies for fuzzing the feeds in JSON and YAML: any octets, whether or not the format would have
//! been chosen for them.

use crate::formats::{self, FORMATS, Listed, Source, Subject};
use crate::limits::COMPLAINTS_PER_FILE_MAX;
use crate::naming;
use crate::sheet::Complaints;

/// A STIX 2 bundle of any octets gives sound entries and bounded complaints.
pub fn stix2(octets: &[u8]) {
    read("stix2", &String::from_utf8_lossy(octets));
}

/// A STIX pattern of any octets, in an indicator, does too.
pub fn stix2_pattern(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Ok(pattern) = serde_json::to_string(&text) else { return };
    let object = format!("{{\"type\": \"indicator\", \"pattern\": {pattern}}}");
    let said = read("stix2", &object);
    // Each comparison of a pattern says at most one thing, in a few octets at least.
    assert!(said <= text.len(), "{text:?}");
}

/// A MISP event of any octets does too.
pub fn misp(octets: &[u8]) {
    read("misp", &String::from_utf8_lossy(octets));
}

/// A tool of LOLRMM does too, in YAML and in JSON.
pub fn lolrmm(octets: &[u8]) {
    read("lolrmm", &String::from_utf8_lossy(octets));
}

/// Any JSON does too.
pub fn json(octets: &[u8]) {
    read("json", &String::from_utf8_lossy(octets));
}

/// Samples for those bodies besides each format's own: every kind of comparison, attribute and
/// notation.
#[must_use]
pub fn json_samples() -> Vec<String> {
    let mut samples: Vec<String> = ["stix2", "misp", "lolrmm", "json"]
        .into_iter()
        .filter_map(|name| FORMATS.iter().find(|format| format.name == name))
        .map(|format| format.sample.to_owned())
        .collect();
    let more = [
        "[domain-name:value LIKE 'a%.evil.example' AND network-traffic:dst_port = 8041]",
        "([ipv4-addr:value ISSUBSET '198.51.100.0/24'] OR [file:name IN ('a.exe', 'b\\'.exe')]) \
         START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z' REPEATS 5 TIMES",
        "[x509-certificate:hashes.'SHA-256' = 'ab'] FOLLOWEDBY [NOT url:value MATCHES '^a$']",
        "{\"response\": [{\"Event\": {\"info\": \"x\", \"Attribute\": [{\"type\": \"domain|ip\", \
         \"value\": \"evil.example|198.51.100.7\", \"Tag\": [{\"name\": \"tlp:red\"}]}]}}]}",
        "[{\"Name\": \"Desk\", \"Artifacts\": {\"Network\": [{\"Description\": \"N/A\", \
         \"Domains\": [\"*.desk.example\", \"relay-[a-f0-9]{8}.desk.example:443\"]}]}}]",
        "---\nName: Desk\nDetails: &a {b: [c, \"d\"]}\nArtifacts:\n  Network:\n  - Domain: >-\n      \
         desk.example\n    Description: |\n      x\n...\n---\nName: *a\n",
    ];
    samples.extend(more.into_iter().map(str::to_owned));
    samples
}

/// Read a text as that format, twice; how many entries came.
pub(crate) fn read(format: &str, text: &str) -> usize {
    let Some(format) = FORMATS.iter().find(|known| known.name == format) else { return 0 };
    let source = Source { file: "feed", text, columns: &[] };
    // YAML ends a line with a carriage return alone, too.
    let lines =
        text.bytes().filter(|octet| matches!(octet, b'\n' | b'\r')).count().saturating_add(1);
    let mut complaints = Complaints::new("feed", text);
    let mut count = 0usize;
    formats::read(format, &source, &mut complaints, &mut |listed| {
        sound(&listed, lines);
        count = count.saturating_add(1);
        true
    });
    let complaints = complaints.finish();
    assert!(complaints.len() <= COMPLAINTS_PER_FILE_MAX.saturating_add(1));
    for complaint in &complaints {
        let line = usize::try_from(complaint.line).unwrap_or(usize::MAX);
        // A YAML that breaks off is wrong behind its last line.
        assert!(line >= 1 && line <= lines.saturating_add(1), "{complaint}");
        assert!(complaint.column >= 1 && complaint.why.len() < 2000, "{complaint}");
    }
    // Each entry has its own text in the feed.
    assert!(count <= text.len());
    let mut first = 0usize;
    let mut complaints = Complaints::new("feed", text);
    formats::read(format, &source, &mut complaints, &mut |_| {
        first = first.saturating_add(1);
        false
    });
    assert_eq!(first, count.min(1), "no entry comes when there is no more place");
    count
}

fn sound(listed: &Listed<'_>, lines: usize) {
    let hex = |text: &str| text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    let fits = match &listed.subject {
        Subject::Name(name) => naming::normalise(name).as_deref() == Ok(&**name),
        Subject::Network(network) => *network == network.trunc(),
        Subject::Pattern(pattern) => pattern.fits(&pattern.example),
        Subject::Url(url) => url.contains('/'),
        Subject::Ja3(digits) => digits.len() == 32 && hex(digits),
        Subject::Ja4(text) => text.len() == 36,
        Subject::Certificate(digits) => matches!(digits.len(), 40 | 64) && hex(digits),
        Subject::File(name) => !name.is_empty() && !name.contains(['/', '\\']),
    };
    assert!(fits, "{listed:?}");
    let line = usize::try_from(listed.line).unwrap_or(usize::MAX);
    assert!(line >= 1 && line <= lines, "{listed:?}");
    assert!(listed.confidence_pct.is_none_or(|pct| pct <= 100), "{listed:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_by_every_body() {
        for sample in json_samples() {
            for body in [stix2, stix2_pattern, misp, lolrmm, json] {
                body(sample.as_bytes());
            }
        }
        let patterns = json_samples().iter().filter(|text| text.starts_with("[domain")).count();
        assert!(patterns > 0);
    }
}
