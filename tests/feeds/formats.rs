//! Each format, written to a file: told by `check`, and found on a wire by `replay`.

use std::collections::BTreeSet;
use std::path::Path;

use super::wire::{Wire, wire};
use super::{output, said, written};

/// The entries of a list that a replay finds.
fn found(feed: &Path) -> BTreeSet<String> {
    let feed = feed.display().to_string();
    let args = ["replay", "--quiet", "--summary", "none", "--feed", &feed, &wire().capture];
    let done = output(&args);
    assert_eq!(done.status.code(), Some(0), "{feed}: {}", said(&done));
    let mut found = BTreeSet::new();
    for line in String::from_utf8_lossy(&done.stdout).lines() {
        let alert: serde_json::Value = serde_json::from_str(line).expect("JSON");
        for sign in alert["rmm"]["evidence"].as_array().expect("evidence") {
            // What the sensor remembers stands in no list.
            if sign["list"] == "memory" {
                continue;
            }
            found.insert(sign["pattern"].as_str().unwrap_or_default().to_owned());
        }
    }
    found
}

/// A feed as a file: its name, its text, the format that it is told to be, what of it is found on
/// the wire, how many of its lines are complained about.
type Sample<'a> = (&'a str, String, &'a str, &'a [&'a str], usize);

fn check(samples: &[Sample<'_>]) {
    for (name, text, format, want, problems) in samples {
        let (_folder, path) = written(name, text.as_bytes());
        let checked = output(&["check", "--feed", &path.display().to_string()]);
        let told = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(told.contains(&format!("\n           format {format}, ")), "{name}: {told}");
        let at = format!("problem    {}:", path.display());
        assert_eq!(told.matches(&at).count(), *problems, "{name}: {told}");
        assert_eq!(checked.status.code(), Some(i32::from(*problems > 0)), "{name}: {told}");
        let want: BTreeSet<String> = want.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(found(&path), want, "{name}: {text}");
    }
}

const PAGE: &str = "pages.lake.example/a/gate.php?id=7";
/// The host of a listed page is a sign of its own.
const HOST: &str = "pages.lake.example";

#[test]
fn every_format_by_line_is_found_on_the_wire() {
    let Wire { ja3, ja4, sha1, sha256, .. } = wire();
    let named = |name: &str| format!("content:\"{name}\"");
    check(&[
        (
            "list.txt",
            format!(
                "\u{feff}# ours\r\nshop[.]example\r\n45.153.34.10\r\n45.153.35.7/24\r\n\
                 hxxp://pages[.]lake.example/a/gate.php?id=7\r\n2a0e:9b00::/32\r\n{ja4}\r\nnonsense\r\n"
            ),
            "plain",
            &["shop.example", "45.153.34.10", "45.153.35.0/24", PAGE, HOST, "2a0e:9b00::/32", ja4],
            1,
        ),
        (
            "hosts",
            "127.0.0.1 localhost\n0.0.0.0 other.example login.shop.example # two\n\
             :: pages.lake.example\n"
                .to_owned(),
            "hosts",
            &["login.shop.example", HOST],
            0,
        ),
        (
            "table.csv",
            format!(
                "type,indicator,comment,valid_until,confidence\n\
                 domain,SHOP[.]example,\"said, \"\"once\"\"\",2099-01-01,high\n\
                 ip,45.153.34.10:443,x,,0.9\nja3,{ja3},,,\nja4,{ja4},,,\n\
                 x509-fingerprint-sha1,{sha1},,,\ncertificate_sha256,{sha256},,,\n\
                 filename,Invoice-4711.EXE,,,\nsha256,{sha256},a file,,\nurl,http://{PAGE},,,250\n"
            ),
            "separated",
            &[
                "shop.example",
                "45.153.34.10",
                ja3,
                ja4,
                sha1,
                sha256,
                "invoice-4711.exe",
                PAGE,
                HOST,
            ],
            1,
        ),
        (
            "filters.txt",
            "[Adblock Plus 2.0]\n||shop.example^$third-party\n@@||six.sea.example^\n\
             ||pages.lake.example/a/gate.php?id=7\nexample.com##.ad\n/[a-z]+/\n"
                .to_owned(),
            "adblock",
            &["shop.example", PAGE, HOST],
            1,
        ),
        // base64 of shop.example and sea.example, and of no name.
        (
            "set.lst",
            "c2hvcC5leGFtcGxl\nc2VhLmV4YW1wbGU=,90\nTW96aWxsYQ==\n".to_owned(),
            "suricata_dataset",
            &["shop.example", "sea.example"],
            0,
        ),
        (
            "ip.lst",
            "45.153.34.10\n2a0e:9b00:7::5\n".to_owned(),
            "plain",
            &["45.153.34.10", "2a0e:9b00:7::5"],
            0,
        ),
        (
            "local.rules",
            format!(
                "alert dns any any -> any any (msg:\"a\"; dns.query; dotprefix; {}; endswith; sid:1;)\n\
                 alert tls any any -> any any (msg:\"b\"; tls.sni; {}; startswith; endswith; sid:2;)\n\
                 alert tls any any -> any any (msg:\"c\"; ja3.hash; {}; sid:3;)\n\
                 alert ip $HOME_NET any -> [45.153.34.10,45.153.36.0/24] any (msg:\"d\"; sid:4;)\n\
                 alert dns any any -> any any (msg:\"e\"; dns.query; {}; sid:5;\n",
                named(".shop.example"),
                named("six.sea.example"),
                named(ja3),
                named("pages.lake.example"),
            ),
            "suricata_rules",
            &["shop.example", "six.sea.example", ja3, "45.153.34.10", "45.153.36.0/24"],
            1,
        ),
        (
            "trails.txt",
            "# Copyright (c) Maltrail developers (https://github.com/stamparm/maltrail/)\n\
             # Reference: https://report.example/1\nlogin.shop.example\n45.153.34.10:443\n\
             p[a-z]+\\.lake\\.example\n/gate.php\n"
                .to_owned(),
            "maltrail",
            &["login.shop.example", "45.153.34.10", "^p[a-z]+\\.lake\\.example$"],
            0,
        ),
        (
            "trails.csv",
            "login.shop.example,bot (malware),(static)\n45.153.34.10,known attacker,list.example\n"
                .to_owned(),
            "maltrail",
            &["login.shop.example", "45.153.34.10"],
            0,
        ),
    ]);
}

/// One indicator of STIX 2.1, with a pattern.
fn indicator(pattern: &str) -> String {
    let pattern = serde_json::Value::from(pattern);
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"pattern_type\":\"stix\",\
         \"id\":\"indicator--5c1d2e3f-0a1b-4c2d-8e3f-4a5b6c7d8e9f\",\"pattern\":{pattern},\
         \"valid_from\":\"2026-01-01T00:00:00Z\"}}"
    )
}

#[test]
fn every_structured_format_is_found_on_the_wire() {
    let Wire { ja3, ja4, sha1, sha256, .. } = wire();
    let stix: Vec<String> = [
        "[domain-name:value = 'shop.example']",
        "[ipv4-addr:value = '45.153.34.10' OR ipv4-addr:value ISSUBSET '45.153.36.0/24']",
        "[ipv6-addr:value = '2a0e:9b00:7::5']",
        &format!("[url:value = 'http://{PAGE}']"),
        &format!("[x509-certificate:hashes.'SHA-1' = '{sha1}']"),
        &format!("[x509-certificate:hashes.'SHA-256' = '{sha256}']"),
        "[file:name = 'invoice-4711.exe']",
        "[file:hashes.'SHA-256' = 'aa']",
        "[domain-name:value = ",
    ]
    .iter()
    .map(|pattern| indicator(pattern))
    .collect();
    let tool = "Name: A tool\nArtifacts:\n  Network:\n  - Description: relays\n    Domains:\n    \
        - '*.shop.example'\n    - user_managed\n    - 'p[a-z]{4}.lake.example'\n    Ports: [443]\n";
    let attribute = |of: &str, value: &str| {
        format!("{{\"type\":\"{of}\",\"value\":\"{value}\",\"to_ids\":true}}")
    };
    let event = |attributes: &[String]| {
        format!("{{\"Event\":{{\"info\":\"e\",\"Attribute\":[{}]}}}}", attributes.join(","))
    };
    check(&[
        (
            "bundle.json",
            format!("{{\"type\":\"bundle\",\"objects\":[{}]}}", stix.join(",\n")),
            "stix2",
            &[
                "shop.example",
                "45.153.34.10",
                "45.153.36.0/24",
                "2a0e:9b00:7::5",
                PAGE,
                HOST,
                sha1,
                sha256,
                "invoice-4711.exe",
            ],
            1,
        ),
        (
            "packages.xml",
            package("1", "login.shop.example##comma##other.example", "45.153.34.10")
                + &package("2", "six.sea.example", "45.153.35.20"),
            "stix1",
            &["login.shop.example", "45.153.34.10", "six.sea.example", "45.153.35.20"],
            0,
        ),
        (
            "event.json",
            event(&[
                attribute("domain", "shop.example"),
                attribute("ip-dst|port", "45.153.34.10|443"),
                attribute("url", &format!("http://{PAGE}")),
                attribute("ja3-fingerprint-md5", ja3),
                attribute("x509-fingerprint-sha1", sha1),
                attribute("x509-fingerprint-sha256", sha256),
                attribute("filename", "invoice-4711.exe"),
                attribute("md5", ja3),
                attribute("domain", "no name"),
            ]),
            "misp",
            &["shop.example", "45.153.34.10", PAGE, HOST, ja3, sha1, sha256, "invoice-4711.exe"],
            1,
        ),
        (
            "feed.json",
            format!(
                "{{\"response\":[{},{}]}}",
                event(&[attribute("hostname", "login.shop.example")]),
                event(&[attribute("domain|ip", "sea.example|2a0e:9b00:7::5")]),
            ),
            "misp",
            &["login.shop.example", "sea.example", "2a0e:9b00:7::5"],
            0,
        ),
        ("texts.json", format!("[\"shop.example\", \"{ja4}\"]"), "json", &["shop.example", ja4], 0),
        // A vendor's servers alert no one by themselves.
        ("tool.yaml", tool.to_owned(), "lolrmm", &[], 0),
        (
            "ours.toml",
            "id = 'ours'\nname = 'Ours'\nversion = '2026-10-01'\nsource = 's'\n\
             [[indicators]]\ndomain = 'shop.example'\n[[indicators]]\naddress = '45.153.34.10'\n\
             [[indicators]]\npattern = '^p[a-z]+\\.lake\\.example$'\n"
                .to_owned(),
            "curated",
            &["shop.example", "45.153.34.10", "^p[a-z]+\\.lake\\.example$"],
            0,
        ),
    ]);
    let (_folder, path) = written("tool.yaml", tool.as_bytes());
    let path = path.display().to_string();
    let names = ["login.shop.example", "pages.lake.example"];
    let done = output(&[&["explain", "--json", "--feed", &path], &names[..]].concat());
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(told.matches("\"list\":\"tool\"").count(), 2, "{told}");
}

/// A package of STIX 1.1.1: an indicator refers to names, to which an address is related.
fn package(number: &str, names: &str, address: &str) -> String {
    format!(
        r#"<s:STIX_Package xmlns:s="http://stix.mitre.org/stix-1"
 xmlns:i="http://stix.mitre.org/Indicator-2" xmlns:c="http://cybox.mitre.org/cybox-2"
 xmlns:d="http://cybox.mitre.org/objects#DomainNameObject-1"
 xmlns:a="http://cybox.mitre.org/objects#AddressObject-2"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="p-{number}" version="1.1.1">
<s:Observables><c:Observable id="o-{number}"><c:Object>
<c:Properties xsi:type="d:DomainNameObjectType"><d:Value condition="Equals">{names}</d:Value>
</c:Properties><c:Related_Objects><c:Related_Object>
<c:Properties xsi:type="a:AddressObjectType" category="ipv4-addr"><a:Address_Value>{address}</a:Address_Value>
</c:Properties></c:Related_Object></c:Related_Objects></c:Object></c:Observable></s:Observables>
<s:Indicators><s:Indicator xsi:type="i:IndicatorType"><i:Title>t</i:Title>
<i:Observable idref="o-{number}"/></s:Indicator></s:Indicators></s:STIX_Package>
"#
    )
}

/// One line of each format, without an end, is a feed.
#[test]
fn a_feed_of_a_single_line_is_a_feed() {
    let name = "shop.example";
    let table = [
        ("plain", "shop.example".to_owned()),
        ("hosts", "0.0.0.0 shop.example".to_owned()),
        ("separated", "1,shop.example,x".to_owned()),
        ("adblock", "||shop.example^".to_owned()),
        ("suricata_dataset", "c2hvcC5leGFtcGxl".to_owned()),
        (
            "suricata_rules",
            "alert dns any any -> any any (dns.query; content:\"shop.example\"; sid:1;)".to_owned(),
        ),
        ("maltrail", "shop.example,bot (malware),(static)".to_owned()),
        ("stix2", indicator("[domain-name:value = 'shop.example']")),
        ("stix1", package("1", name, "45.153.34.10").replace('\n', " ").trim().to_owned()),
        (
            "misp",
            "{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"shop.example\"}]}}"
                .to_owned(),
        ),
        (
            "lolrmm",
            "{\"Name\":\"x\",\"Artifacts\":{\"Network\":[{\"Domains\":[\"shop.example\"]}]}}"
                .to_owned(),
        ),
        ("json", "[\"shop.example\"]".to_owned()),
    ];
    for (format, text) in table {
        let (_folder, path) = written("one", text.as_bytes());
        let path = path.display().to_string();
        let told =
            String::from_utf8_lossy(&output(&["check", "--feed", &path]).stdout).into_owned();
        assert!(told.contains(&format!("format {format}, ")), "{text}: {told}");
        let done = output(&["explain", "--json", "--feed", &path, name]);
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(
            told.contains("\"verdict\":\"alert\"") || told.contains("\"list\":\"one\""),
            "{format}: {told}"
        );
    }
}
