//! A certificate as Suricata prints it.

use crate::formats::Native;
use crate::formats::object::Object;

use super::Room;

/// Relative names of a distinguished name that are turned round.
const PARTS_MAX: usize = 64;

/// Subject, issuer, fingerprint and dates of the certificate of that side.
pub(super) fn write(record: &Native<'_>, side: &str, room: Room, o: &mut Object<'_>) {
    let name = |of| record.text(&["tls", side, "x509", of, "distinguished_name"]);
    let printed = |of| name(of).map(distinguished);
    o.maybe("subject", printed("subject").as_deref().map(|text| room.cut(text)));
    o.maybe("issuerdn", printed("issuer").as_deref().map(|text| room.cut(text)));
    let sha1 = record.text(&["tls", side, "hash", "sha1"]).and_then(fingerprint);
    o.maybe("fingerprint", sha1.as_deref());
    let date = |of| record.text(&["tls", side, "x509", of]).and_then(date);
    o.maybe("notbefore", date("not_before"));
    o.maybe("notafter", date("not_after"));
}

/// `2014-04-11T02:37:55`: without a zone.
fn date(text: &str) -> Option<&str> {
    text.strip_suffix('Z').filter(|text| text.len() == 19 && text.is_ascii())
}

/// 40 digits as pairs: `91:b7:…`. `None` for what is no SHA-1.
fn fingerprint(digits: &str) -> Option<String> {
    if digits.len() != 40 || !digits.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    let mut out = String::with_capacity(59);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            out.push(':');
        }
        out.push(digit.to_ascii_lowercase());
    }
    Some(out)
}

/// A distinguished name of RFC 4514 (the last part first, a comma between, some characters
/// escaped) in the order of the certificate, `, ` between, nothing escaped: `C=DE, O=x, CN=y`.
fn distinguished(text: &str) -> String {
    let mut parts: Vec<String> = vec![String::new()];
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            ',' if parts.len() < PARTS_MAX => parts.push(String::new()),
            '\\' => unescape(&mut rest, &mut parts),
            other => push(&mut parts, other),
        }
    }
    parts.reverse();
    parts.join(", ")
}

fn push(parts: &mut [String], character: char) {
    if let Some(part) = parts.last_mut() {
        part.push(character);
    }
}

/// What follows a backslash: two hexadecimal digits are an octet (RFC 4514 §2.4) and stay as they
/// are, so that no control character comes to life; anything else stands for itself.
fn unescape(rest: &mut std::str::Chars<'_>, parts: &mut [String]) {
    let Some(next) = rest.next() else { return push(parts, '\\') };
    if next.is_ascii_hexdigit() {
        push(parts, '\\');
    }
    push(parts, next);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_certificates() {
        let table = [
            ("", ""),
            ("CN=a", "CN=a"),
            ("CN=Relay,O=x GmbH,C=DE", "C=DE, O=x GmbH, CN=Relay"),
            ("CN=Relay,O=x\\, Inc.,C=US", "C=US, O=x, Inc., CN=Relay"),
            ("O=a\\\\b\\", "O=a\\b\\"),
            ("O=a\\00b", "O=a\\00b"),
        ];
        for (ours, theirs) in table {
            assert_eq!(distinguished(ours), theirs, "{ours}");
        }
    }

    #[test]
    fn fingerprints() {
        let digits = "91B7C075966AA2A924A4EBF8B3DFC29AE17FA14E";
        let pairs = "91:b7:c0:75:96:6a:a2:a9:24:a4:eb:f8:b3:df:c2:9a:e1:7f:a1:4e";
        assert_eq!(fingerprint(digits).as_deref(), Some(pairs));
        assert_eq!(fingerprint("91B7"), None);
        assert_eq!(fingerprint(&"\u{e9}".repeat(20)), None);
    }
}
