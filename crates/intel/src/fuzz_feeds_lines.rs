//! Bodies for fuzzing the feeds that are read by line: any octets, whether or not the format would
//! have been chosen for them.

use crate::formats::{self, FORMATS, Reading, Source};
use crate::fuzz_feeds_json::read;
use crate::rows::Column;
use crate::sheet::Complaints;

/// A filter list of any octets gives sound entries and bounded complaints.
pub fn adblock(octets: &[u8]) {
    read("adblock", &String::from_utf8_lossy(octets));
}

/// A hosts file does too.
pub fn hosts(octets: &[u8]) {
    read("hosts", &String::from_utf8_lossy(octets));
}

/// Trails of Maltrail do too.
pub fn maltrail(octets: &[u8]) {
    read("maltrail", &String::from_utf8_lossy(octets));
}

/// A plain list does too, and gives no fewer entries than a hosts file does.
pub fn plain(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    assert_eq!(read("plain", &text), read("hosts", &text));
}

/// A table does too, whatever its owner says of its columns.
pub fn separated(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    read("separated", &text);
    let Some(format) = FORMATS.iter().find(|format| format.name == "separated") else { return };
    let word = text.split([',', '\n']).next().unwrap_or_default();
    let columns = [
        (Column::Value, word.to_owned()),
        (Column::Description, "2".to_owned()),
        (Column::Until, "3".to_owned()),
    ];
    let source = Source { file: "feed", text: &text, columns: &columns };
    let mut complaints = Complaints::new("feed", &text);
    formats::read(format, &source, &mut complaints, &mut |_| true);
    assert!(complaints.finish().iter().all(|complaint| complaint.line >= 1));
}

/// A dataset of Suricata does too.
pub fn suricata_dataset(octets: &[u8]) {
    read("suricata_dataset", &String::from_utf8_lossy(octets));
}

/// Rules of Suricata and Snort do too.
pub fn suricata_rules(octets: &[u8]) {
    read("suricata_rules", &String::from_utf8_lossy(octets));
}

/// Entries that a format finds in a text, and values that no wire shows.
#[must_use]
pub fn count(format: &str, text: &str) -> (u64, u64) {
    let Some(format) = FORMATS.iter().find(|known| known.name == format) else { return (0, 0) };
    let source = Source { file: "feed", text, columns: &[] };
    let mut complaints = Complaints::new("feed", text);
    let mut entries = 0u64;
    let head = formats::read(format, &source, &mut complaints, &mut |_| {
        entries = entries.saturating_add(1);
        true
    });
    (entries, head.unseen)
}

/// Samples for those bodies: each format's own, and keywords of the richer ones.
#[must_use]
pub fn line_samples() -> Vec<String> {
    let by_line = FORMATS.iter().filter(|format| matches!(format.read, Reading::Lines(_)));
    let mut samples: Vec<String> = by_line.map(|format| format.sample.to_owned()).collect();
    let more = [
        "hxxps://user@evil[.]example:8443/a?b#c\n[2001:db8::1]:443/x\n*.bücher.example\n\
         t13d1516h2_8daaf6152771_e5627efa2ab1\n/gate.php\na@b.example\n",
        "# \"first_seen\",\"ioc_value\",\"ioc_type\",\"confidence_level\"\n\
         \"2026-01-01\", \"203.0.113.7:44\", \"ip:port\", \"75\"\n\"x\", \"a \"\"b\nc\", \"ja3\"\n",
        "#fields\tindicator\tindicator_type\tuntil\na.example\tIntel::DOMAIN\t1798070400\n",
        "alert http any any -> any any (content:\"/a|2e|b\"; http_uri; depth:4; endswith; \
         content:\"evil.example\"; http_host; isdataat:!1,relative; bsize:12; sid:1;)\n\
         alert udp any any -> any 53 (byte_test:1,!&,0xF8,2; content:\"|04|evil|03|com|00|\"; \
         pcre:\"/^x/\"; metadata:confidence_level 75; \\\n threshold:type limit; sid:2;)\n\
         alert tls any any -> any any (tls.cert_fingerprint; content:!\"01:23\"; startswith;)\n",
        "# Copyright (c) Maltrail developers\n# Reference: https://a.example\nx\\.evil\\.example\n",
        "||a.example^$domain=b\n@@||c^\nd.example#@#.e\n/ads[0-9]/$script\n|http://e.example/x|\n",
    ];
    samples.extend(more.into_iter().map(str::to_owned));
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_by_every_body() {
        for sample in line_samples() {
            let bodies: [fn(&[u8]); 7] =
                [adblock, hosts, maltrail, plain, separated, suricata_dataset, suricata_rules];
            for body in bodies {
                body(sample.as_bytes());
            }
        }
        assert_eq!(count("hosts", "0.0.0.0 a.example\n/x\n"), (1, 1));
    }
}
