//! A certificate as Suricata prints it.

use crate::formats::Native;
use crate::formats::object::Object;

use super::Room;

/// Subject, issuer, fingerprint and dates of the certificate of that side.
pub(super) fn write(record: &Native<'_>, side: &str, room: Room, o: &mut Object<'_>) {
    // A record has these names in the certificate's order, as Suricata has.
    let name = |of| record.text(&["tls", side, "x509", of, "distinguished_name"]);
    o.maybe("subject", name("subject").map(|text| room.cut(text)));
    o.maybe("issuerdn", name("issuer").map(|text| room.cut(text)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints() {
        let digits = "91B7C075966AA2A924A4EBF8B3DFC29AE17FA14E";
        let pairs = "91:b7:c0:75:96:6a:a2:a9:24:a4:eb:f8:b3:df:c2:9a:e1:7f:a1:4e";
        assert_eq!(fingerprint(digits).as_deref(), Some(pairs));
        assert_eq!(fingerprint("91B7"), None);
        assert_eq!(fingerprint(&"\u{e9}".repeat(20)), None);
    }
}
