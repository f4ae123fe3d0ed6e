//! Patterns and bundles, and what comes of them.

use super::*;

/// Each entry in short: its subject, what is said of it, and where it stands.
fn entries(text: &str) -> (Vec<String>, Head, Vec<String>) {
    assert_eq!(json::kind(text), Some(Kind::Stix), "{text}");
    let mut complaints = Complaints::new("f.json", text);
    let mut got = Vec::new();
    let head = read(text, &mut complaints, &mut |listed| {
        let sure = listed.confidence_pct.map_or(String::new(), |pct| format!(" {pct}%"));
        let what = match listed.subject {
            Subject::Name(name) => name.into_owned(),
            Subject::Network(network) => network.to_string(),
            Subject::Pattern(pattern) => pattern.text.to_string(),
            other => format!("{other:?}"),
        };
        got.push(format!("{what}{sure}"));
        true
    });
    (got, head, complaints.finish().iter().map(ToString::to_string).collect())
}

/// A bundle of one indicator.
fn bundle(properties: &str) -> String {
    format!("{{\"type\": \"bundle\", \"objects\": [{{\"type\": \"indicator\", {properties}}}]}}")
}

fn of_pattern(pattern: &str) -> (Vec<String>, Head, Vec<String>) {
    let pattern = serde_json::to_string(pattern).unwrap();
    entries(&bundle(&format!("\"pattern_type\": \"stix\", \"pattern\": {pattern}")))
}

#[test]
fn patterns_name_values() {
    const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";
    let cert = format!("Certificate(\"{SHA1}\")");
    let sha256 = format!("{SHA1}0123456789abcdef01234567");
    let cert256 = format!("Certificate(\"{sha256}\")");
    let ja3 = "0123456789abcdef0123456789abcdef";
    let table: &[(&str, &[&str], u64)] = &[
        ("[domain-name:value = 'evil.example']", &["evil.example"], 0),
        ("[domain-name:value = 'evil[.]example']", &["evil.example"], 0),
        ("[ domain-name : value='A.evil.example.' ]", &["a.evil.example"], 0),
        ("[ipv4-addr:value = '198.51.100.7']", &["198.51.100.7/32"], 0),
        ("[ipv4-addr:value = '198.51.100.0/24']", &["198.51.100.0/24"], 0),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", &["198.51.100.0/24"], 0),
        ("[ipv6-addr:value = '2001:db8::1']", &["2001:db8::1/128"], 0),
        ("[url:value = 'http://evil.example']", &["evil.example"], 0),
        ("[url:value = 'hxxp://evil.example/a?b']", &["Url(\"evil.example/a?b\")"], 0),
        ("[file:name = 'Invoice.EXE']", &["File(\"invoice.exe\")"], 0),
        ("[file:hashes.'SHA-256' = 'x']", &[], 1),
        ("[file:hashes.MD5 = 'x' OR file:hashes.'SHA-1' IN ('y', 'z')]", &[], 3),
        ("[email-addr:value = 'a@evil.example']", &[], 1),
        ("[email-message:from_ref.value = 'a@evil.example']", &[], 1),
        ("[windows-registry-key:key = 'HKLM\\\\x']", &[], 1),
        ("[network-traffic:extensions.'x-tls'.ja3 = 'JA3']", &["Ja3(\"JA3\")"], 0),
        ("[x-desk:ja3s_hash = 'JA3']", &[], 1),
        ("[x509-certificate:hashes.'SHA-1' = 'SHA1']", &[&cert], 0),
        ("[x509-certificate:hashes.SHA-256 = 'SHA256']", &[&cert256], 0),
        ("[x509-certificate:hashes.MD5 = 'x']", &[], 1),
        ("[x509-certificate:serial_number = '01']", &[], 1),
        // Sets and OR, inside and outside the brackets.
        ("[domain-name:value IN ('a.example', 'b.example')]", &["a.example", "b.example"], 0),
        (
            "[domain-name:value = 'a.example' OR ipv4-addr:value = '198.51.100.7']",
            &["a.example", "198.51.100.7/32"],
            0,
        ),
        (
            "([domain-name:value = 'a.example'] OR [domain-name:value = 'b.example']) WITHIN 5 SECONDS",
            &["a.example", "b.example"],
            0,
        ),
        // Where a value stands makes no part of it.
        (
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = \
             '198.51.100.7' AND network-traffic:dst_port = 443 AND network-traffic:protocols[*] = 'tcp']",
            &["198.51.100.7/32"],
            0,
        ),
        (
            "[domain-name:value = 'a.example' AND \
             domain-name:resolves_to_refs[*].value = '198.51.100.7']",
            &["a.example", "198.51.100.7/32 45%"],
            0,
        ),
        // Of values that count only together, each is a part.
        (
            "[domain-name:value = 'a.example' AND url:value = 'http://b.example/']",
            &["a.example 45%", "b.example 45%"],
            0,
        ),
        ("[domain-name:value = 'a.example'] AND [file:hashes.MD5 = 'x']", &["a.example 45%"], 1),
        ("[file:name = 'a.exe' AND file:hashes.MD5 = 'x']", &["File(\"a.exe\") 45%"], 1),
        ("[file:name = 'a.exe' AND file:size = 25536]", &["File(\"a.exe\") 45%"], 1),
        (
            "[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY ([domain-name:value = 'a.example'] OR \
             [domain-name:value = 'b.example']) REPEATS 5 TIMES WITHIN 30.5 SECONDS",
            &["198.51.100.7/32 45%", "a.example 45%", "b.example 45%"],
            0,
        ),
        (
            "[domain-name:value = 'a.example'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
            &["a.example"],
            0,
        ),
        // Wildcards.
        ("[domain-name:value LIKE '%.evil.example']", &["evil.example"], 0),
        ("[domain-name:value LIKE 'a%.evil.example']", &[r"^a[a-z0-9._-]*\.evil\.example$"], 0),
        ("[domain-name:value MATCHES '^a[0-9]\\\\.b\\\\.com$']", &[r"^a[0-9]\.b\.com$"], 0),
        // Comments, case, escapes.
        ("/* x */ [domain-name:value = 'a.example'] // y", &["a.example"], 0),
        ("[file:name = 'it\\'s.exe']", &["File(\"it's.exe\")"], 0),
        (
            "[(domain-name:value = 'a.example' or domain-name:value in ('b.example'))]",
            &["a.example", "b.example"],
            0,
        ),
    ];
    for (pattern, want, unseen) in table {
        let pattern = pattern.replace("SHA256'", &format!("{sha256}'"));
        let pattern =
            pattern.replace("'SHA1'", &format!("'{SHA1}'")).replace("'JA3'", &format!("'{ja3}'"));
        let want: Vec<String> = want.iter().map(|text| text.replace("JA3", ja3)).collect();
        let (got, head, said) = of_pattern(&pattern);
        assert_eq!((got, head.unseen), (want, *unseen), "{pattern}");
        assert_eq!(said, [""; 0], "{pattern}");
    }
}

#[test]
fn patterns_that_say_nothing_are_told() {
    let deep = format!("{}[domain-name:value = 'a.example']", "(".repeat(5000));
    let deep_inside = format!("[{}domain-name:value = 'a.example']", "(".repeat(5000));
    let table: &[(&str, &[&str], &str)] = &[
        ("[domain-name:value != 'a.example']", &[], "names no value to look for"),
        ("[domain-name:value NOT = 'a.example']", &[], "`domain-name:value NOT =`"),
        ("[NOT domain-name:value IN ('a.example')]", &[], "`domain-name:value NOT IN`"),
        ("[EXISTS domain-name:value]", &[], "`EXISTS domain-name:value`"),
        ("[domain-name:value = 7]", &[], "names no value to look for"),
        ("[ipv4-addr:value ISSUPERSET '198.51.100.0/24']", &[], "ISSUPERSET"),
        ("[network-traffic:dst_port = 8041]", &[], "only where one would stand"),
        (
            "[domain-name:value = 'a.example' OR domain-name:value != 'b.example']",
            &["a.example"],
            "names no value",
        ),
        (
            "[domain-name:value LIKE '%.b.com' AND domain-name:value != 'a.b.com']",
            &["b.com 45%"],
            "names no value",
        ),
        ("[domain-name:value = 'word']", &[], "is one word"),
        ("[domain-name:value LIKE 'evil%']", &[], "no literal end"),
        ("[domain-name:value MATCHES 'evil']", &[], "not anchored"),
        ("[url:value LIKE 'http://evil.example/%']", &[], "stands for many values"),
        ("[domain-name:value = 'a.example'", &[], "breaks off where `]`"),
        ("[domain-name:value = 'a.example]", &[], "has `'a.example]` where"),
        ("domain-name:value = 'a.example'", &[], "has `domain-name` where"),
        ("[domain-name:value = 'a.example'] x", &[], "has `x` where the end"),
        ("[domain-name:value 'a.example']", &[], "an operator"),
        ("[domain-name:value IN 'a.example']", &[], "where `(`"),
        ("", &[], "breaks off"),
        (&deep, &[], "more than 32 levels"),
        (&deep_inside, &[], "more than 32 levels"),
    ];
    for (pattern, want, why) in table {
        let (got, _, said) = of_pattern(pattern);
        assert_eq!(got, *want, "{pattern}");
        assert!(said.len() == 1 && said[0].contains(why), "{pattern}: {said:?}");
    }
}

#[test]
fn indicators_say_more_than_their_pattern() {
    const EVIL: &str = "\"pattern\": \"[domain-name:value = 'evil.example']\"";
    let table: &[(&str, &[&str], u64, Option<&str>)] = &[
        ("PATTERN", &["evil.example"], 0, None),
        ("PATTERN, \"confidence\": 95", &["evil.example 95%"], 0, None),
        ("PATTERN, \"confidence\": \"high\"", &["evil.example"], 0, None),
        ("PATTERN, \"revoked\": false", &["evil.example"], 0, None),
        ("PATTERN, \"revoked\": true", &[], 1, None),
        ("PATTERN, \"indicator_types\": [\"benign\"]", &[], 1, None),
        ("PATTERN, \"labels\": [1, \"Benign\"]", &[], 1, None),
        ("PATTERN, \"pattern_type\": \"stix\"", &["evil.example"], 0, None),
        ("PATTERN, \"pattern_type\": \"yara\"", &[], 0, Some("written in `yara`")),
        ("\"pattern\": 7", &[], 0, Some("no text")),
        ("\"pattern\": null", &[], 0, Some("no `pattern`")),
        ("\"name\": \"x\"", &[], 0, Some("no `pattern`")),
        ("\"pattern\": \"[x\", PATTERN", &["evil.example"], 0, None),
    ];
    for (properties, want, withdrawn, why) in table {
        let (got, head, said) = entries(&bundle(&properties.replace("PATTERN", EVIL)));
        assert_eq!(
            (got, head.withdrawn),
            (want.iter().map(|t| (*t).to_owned()).collect(), *withdrawn)
        );
        match why {
            None => assert_eq!(said, [""; 0], "{properties}"),
            Some(why) => assert!(said.len() == 1 && said[0].contains(why), "{said:?}"),
        }
    }
}

#[test]
fn descriptions_and_ends_are_kept() {
    let table = [
        ("\"name\": \"A lure\"", "A lure", None),
        ("\"name\": \"evil.example\", \"description\": \"by mail\"", "by mail", None),
        ("\"labels\": [\"malicious-activity\", \"phish\"]", "malicious-activity, phish", None),
        ("\"valid_until\": \"2026-01-05T00:00:00Z\"", "", Some("2026-01-05")),
        ("\"valid_until\": \"2026-01-05T12:00:00.000Z\"", "", Some("2026-01-06")),
        ("\"valid_until\": \"soon\"", "", None),
    ];
    for (properties, description, until) in table {
        let pattern = "\"pattern\": \"[domain-name:value = 'evil.example']\"";
        let text = bundle(&format!("{properties},\n {pattern}"));
        let mut complaints = Complaints::new("f.json", &text);
        let mut count = 0;
        read(&text, &mut complaints, &mut |listed| {
            count += 1;
            assert_eq!(listed.description, description, "{properties}");
            assert_eq!(listed.until, until.and_then(Day::parse), "{properties}");
            true
        });
        assert_eq!((count, complaints.finish()), (1, vec![]), "{properties}");
    }
}

#[test]
fn bundles_come_in_many_shapes() {
    let indicator = "{\"type\": \"indicator\", \"id\": \
         \"indicator--0f2c7f7e-37ba-4fd6-8d6b-3e2c4c1a0b11\", \"created_by_ref\": \"identity--1\", \
         \"modified\": \"2026-02-03T00:00:00Z\", \
         \"pattern\": \"[domain-name:value = 'evil.example']\"}";
    let others = "{\"type\": \"identity\", \"id\": \"identity--0\", \"name\": \"Another\"}, \
         {\"type\": \"identity\", \"id\": \"identity--1\", \"name\": \"A CERT\"}, \
         {\"type\": \"report\", \"name\": \"Report 7\"}, \
         {\"type\": \"marking-definition\", \"definition_type\": \"tlp\", \
          \"definition\": {\"tlp\": \"green\"}}, \
         {\"type\": \"domain-name\", \"value\": \"innocent.example\"}, \
         {\"type\": \"observed-data\", \"objects\": {\"0\": {\"type\": \"ipv4-addr\", \
          \"value\": \"198.51.100.7\"}}}";
    let table: &[(String, usize, Option<&str>)] = &[
        (format!("{{\"type\": \"bundle\", \"objects\": [{indicator}, {others}]}}"), 1, None),
        (format!("{{\"objects\": [{others}, {indicator}], \"type\": \"bundle\"}}"), 1, None),
        (format!("{{\"more\": true, \"objects\": [{indicator}, {indicator}]}}"), 2, None),
        (format!("[{indicator}, {others}]"), 1, None),
        (format!("{indicator}\n{indicator}\n"), 2, None),
        (format!("{{\"type\": \"bundle\", \"objects\": [{indicator}, {others}"), 1, Some("off")),
        (
            format!(
                "{{\"type\": \"bundle\", \"objects\": [{indicator}, \"x\", {{}}, {indicator}]}}"
            ),
            2,
            Some("no STIX object"),
        ),
        ("{\"type\": \"bundle\"}".to_owned(), 0, None),
    ];
    for (text, want, why) in table {
        let (got, head, said) = entries(text);
        assert_eq!(got.len(), *want, "{text}");
        match why {
            None => assert_eq!(said, [""; 0], "{text}"),
            Some(why) => assert!(said.iter().any(|said| said.contains(why)), "{text}: {said:?}"),
        }
        if text.contains("identity--0") {
            let said = (head.source.as_deref(), head.name.as_deref(), head.version.as_deref());
            assert_eq!(said, (Some("A CERT"), Some("Report 7"), Some("2026-02-03")));
            assert_eq!(head.licence.as_deref(), Some("TLP:GREEN"));
        }
    }
}

#[test]
fn complaints_have_their_place() {
    let text = "{\"type\": \"bundle\", \"objects\": [\n  {\"type\": \"indicator\",\n   \
        \"name\": \"é\", \"pattern\": \"[domain-name:value = 'word']\"},\n {\"type\": 5}]}";
    let (_, _, said) = entries(text);
    assert!(said[0].starts_with("f.json:3:28: `word`"), "{said:?}");
    assert!(said[1].starts_with("f.json:4:2: "), "{said:?}");
}

/// To find out that a pattern is none costs, so that it is not done for ever.
#[test]
fn patterns_that_are_none_are_given_up() {
    let one = |n: usize| {
        format!(
            "{{\"type\":\"indicator\",\"id\":\"indicator--5c1d2e3f-0a1b-4c2d-8e3f-4a5b6c7d8e9f\",\
             \"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value MATCHES 'x{n}']\"}}"
        )
    };
    let count = crate::limits::PATTERNS_REFUSED_MAX + 9;
    let text = format!("[{}]", (0..count).map(one).collect::<Vec<_>>().join(","));
    let mut complaints = crate::sheet::Complaints::new("f.json", "");
    super::read(&text, &mut complaints, &mut |_| true);
    assert_eq!(complaints.count(), count, "each is told or counted");
}
