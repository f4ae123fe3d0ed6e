//! Attributes and events, and what comes of them.

use super::*;
use crate::formats::Subject;

fn entries(text: &str) -> (Vec<String>, Head, Vec<String>) {
    assert!((FORMAT.fits)("f", text), "{text}");
    let mut complaints = Complaints::new("f.json", text);
    let mut got = Vec::new();
    let head = read(text, &mut complaints, &mut |listed| {
        let sure = listed.confidence_pct.map_or(String::new(), |pct| format!(" {pct}%"));
        let what = match listed.subject {
            Subject::Name(name) => name.into_owned(),
            Subject::Network(network) => network.to_string(),
            other => format!("{other:?}"),
        };
        let said = listed.description;
        got.push(if said.is_empty() { what + &sure } else { format!("{what}{sure}: {said}") });
        true
    });
    (got, head, complaints.finish().iter().map(ToString::to_string).collect())
}

fn event(attributes: &str) -> String {
    format!("{{\"Event\": {{\"Attribute\": [{attributes}]}}}}")
}

#[test]
fn attributes_have_types() {
    const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";
    let cert = format!("Certificate(\"{SHA1}\")");
    let sha256 = format!("{SHA1}0123456789abcdef01234567");
    let cert256 = format!("Certificate(\"{sha256}\")");
    let ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    let ja4_shown = format!("Ja4(\"{ja4}\")");
    let md5 = "0123456789ABCDEF0123456789abcdef";
    let table: &[(&str, &str, &[&str], u64)] = &[
        ("domain", "evil.example", &["evil.example"], 0),
        ("domain", "evil[.]example", &["evil.example"], 0),
        ("hostname", "A.evil.example", &["a.evil.example"], 0),
        ("ip-src", "198.51.100.7", &["198.51.100.7/32"], 0),
        ("ip-dst", "198.51.100.0/24", &["198.51.100.0/24"], 0),
        ("ip-dst", "2001:db8::1", &["2001:db8::1/128"], 0),
        ("ip-dst|port", "198.51.100.7|8041", &["198.51.100.7/32"], 0),
        ("ip-src|port", "2001:db8::1|443", &["2001:db8::1/128"], 0),
        ("hostname|port", "evil.example|443", &["evil.example"], 0),
        ("domain|ip", "evil.example|198.51.100.7", &["evil.example", "198.51.100.7/32 45%"], 0),
        ("url", "http://evil.example/", &["evil.example"], 0),
        ("url", "hxxp://evil[.]example/a", &["Url(\"evil.example/a\")"], 0),
        ("uri", "/gate.php", &[], 1),
        ("ja3-fingerprint-md5", md5, &["Ja3(\"0123456789abcdef0123456789abcdef\")"], 0),
        ("x509-fingerprint-sha1", SHA1, &[&cert], 0),
        ("x509-fingerprint-sha256", &sha256, &[&cert256], 0),
        ("x509-fingerprint-md5", md5, &[], 1),
        ("filename", "C:\\\\x\\\\Setup.exe", &["File(\"setup.exe\")"], 0),
        ("filename|sha256", "a.exe|00", &["File(\"a.exe\") 45%"], 1),
        ("md5", md5, &[], 1),
        ("text", ja4, &[], 1),
        ("text\", \"object_relation\": \"ja4-fingerprint", ja4, &[&ja4_shown], 0),
        ("ja3-fingerprint-md5\", \"object_relation\": \"ja3s-fingerprint-md5", md5, &[], 1),
        ("email-src", "a@evil.example", &[], 1),
        ("yara", "rule x {}", &[], 1),
        ("a type of tomorrow", "x", &[], 1),
    ];
    for (kind, value, want, unseen) in table {
        let text = event(&format!("{{\"type\": \"{kind}\", \"value\": \"{value}\"}}"));
        let (got, head, said) = entries(&text);
        assert_eq!((got, head.unseen), (want.iter().map(|t| (*t).to_owned()).collect(), *unseen));
        assert_eq!(said, [""; 0], "{text}");
    }
}

#[test]
fn attributes_may_be_out() {
    let table: &[(&str, &[&str], u64)] = &[
        ("\"to_ids\": true", &["evil.example"], 0),
        ("\"to_ids\": \"1\"", &["evil.example"], 0),
        ("\"to_ids\": false", &[], 1),
        ("\"to_ids\": 0", &[], 1),
        ("\"deleted\": false", &["evil.example"], 0),
        ("\"deleted\": true", &[], 1),
        ("\"deleted\": \"1\"", &[], 1),
        ("\"comment\": \" a relay \"", &["evil.example: a relay"], 0),
        (
            "\"comment\": \"\", \"last_seen\": \"2026-01-02T03:04:05.000000+00:00\"",
            &["evil.example: last seen 2026-01-02"],
            0,
        ),
        ("\"Tag\": [{\"name\": \"tlp:red\"}]", &["evil.example"], 0),
        (
            "\"Tag\": [{\"name\": \"misp:confidence-level=\\\"fairly-confident\\\"\"}, {\"name\": 1}]",
            &["evil.example 50%"],
            0,
        ),
        ("\"Tag\": [{\"name\": \"osint:certainty=\\\"93\\\"\"}]", &["evil.example 93%"], 0),
        ("\"Tag\": [{\"name\": \"false-positive:risk=\\\"high\\\"\"}]", &["evil.example 25%"], 0),
        ("\"Tag\": [{\"name\": \"false-positive:confirmed=\\\"true\\\"\"}]", &[], 1),
        ("\"Event\": {\"info\": \"Event 7\"}", &["evil.example: Event 7"], 0),
    ];
    for (properties, want, withdrawn) in table {
        let attribute = "\"type\": \"domain\", \"value\": \"evil.example\"";
        let (got, head, said) = entries(&event(&format!("{{{properties}, {attribute}}}")));
        assert_eq!(
            (got, head.withdrawn),
            (want.iter().map(|t| (*t).to_owned()).collect(), *withdrawn)
        );
        assert_eq!(said, [""; 0], "{properties}");
    }
}

#[test]
fn events_come_in_many_shapes() {
    const DOMAIN: &str = "{\"type\": \"domain\", \"value\": \"evil.example\"}";
    let table: &[(&str, usize, Option<&str>)] = &[
        ("{\"Event\": {\"Attribute\": [DOMAIN]}}", 1, None),
        (
            "[{\"Event\": {\"Attribute\": [DOMAIN]}}, {\"Event\": {\"Attribute\": [DOMAIN]}}]",
            2,
            None,
        ),
        ("{\"response\": [{\"Event\": {\"Attribute\": [DOMAIN]}}]}", 1, None),
        ("{\"response\": {\"Attribute\": [DOMAIN, DOMAIN]}}", 2, None),
        ("{\"Event\": {\"Attribute\": []}}\n{\"Event\": {\"Attribute\": [DOMAIN]}}\n", 1, None),
        ("{\"info\": \"x\", \"Attribute\": [DOMAIN]}", 1, None),
        ("{\"Event\": {\"Object\": [{\"name\": \"x\", \"Attribute\": [DOMAIN]}]}}", 1, None),
        // An event that is only mentioned is not read.
        (
            "{\"Event\": {\"RelatedEvent\": [{\"Event\": {\"Attribute\": [DOMAIN]}}], \
             \"Attribute\": [DOMAIN]}}",
            1,
            None,
        ),
        (
            "{\"Event\": {\"Attribute\": [DOMAIN, {\"type\": \"domain\"}, DOMAIN]}}",
            2,
            Some("`value`"),
        ),
        ("{\"Event\": {\"Attribute\": [7, {\"value\": 7}]}}", 0, Some("no `type`")),
        (
            "{\"Event\": {\"Attribute\": [{\"type\": \"domain\", \"value\": 7}]}}",
            0,
            Some("no text"),
        ),
        (
            "{\"Event\": {\"Attribute\": [{\"type\": \"domain\", \"value\": \"x\"}]}}",
            0,
            Some("one word"),
        ),
        ("{\"Event\": {\"Attribute\": [DOMAIN, {\"type\": \"dom", 1, Some("breaks off")),
        ("{\"Event\": {\"Attribute\": {\"a\": 1}}}", 0, None),
        (
            "{\"0f2c7f7e-37ba-4fd6-8d6b-3e2c4c1a0b11\": {\"info\": \"x\", \"date\": \"2026-01-01\"}}",
            0,
            Some("manifest"),
        ),
    ];
    for (text, want, why) in table {
        let text = text.replace("DOMAIN", DOMAIN);
        let (got, _, said) = entries(&text);
        assert_eq!(got.len(), *want, "{text}: {said:?}");
        match why {
            None => assert_eq!(said, [""; 0], "{text}"),
            Some(why) => assert!(said[0].contains(why), "{text}: {said:?}"),
        }
    }
}

#[test]
fn what_an_event_says_goes_for_its_attributes_wherever_it_stands() {
    let about = "\"info\": \"A campaign\", \"date\": \"2026-02-03\", \"Orgc\": {\"id\": \"1\", \
        \"name\": \"A CERT\"}, \"Tag\": [{\"name\": \"tlp:amber\"}, \
        {\"name\": \"admiralty-scale:information-credibility=\\\"2\\\"\"}]";
    let attribute = "\"Attribute\": [{\"type\": \"domain\", \"value\": \"evil.example\"}]";
    for text in [
        format!("{{\"Event\": {{{about}, {attribute}}}}}"),
        format!("{{\"Event\": {{{attribute}, {about}}}}}"),
        format!("{{\"Event\": {{{about}, \"Object\": [{{{attribute}}}]}}}}"),
    ] {
        let (got, head, said) = entries(&text);
        assert_eq!((got, said), (vec!["evil.example 75%: A campaign".to_owned()], vec![]));
        let Head { name, version, source, licence, .. } = head;
        let told = [name, version, source, licence].map(Option::unwrap_or_default);
        assert_eq!(told, ["A campaign", "2026-02-03", "A CERT", "TLP:AMBER"]);
    }
    let (_, head, _) =
        entries(&format!("[{{\"Event\": {{{about}, {attribute}}}}}, {{\"Event\": {{{about}}}}}]"));
    assert_eq!((head.name, head.source.as_deref()), (None, Some("A CERT")));
}
