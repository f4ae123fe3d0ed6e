//! What is published in each of the formats that are read by line, in its shapes, with other names.

use model::Complaint;

use crate::rows::Column;
use crate::sheet::Complaints;

use super::{FORMATS, Head, Listed, Source, Subject, of, read};

/// Everything that a text gives, one line an entry.
pub(super) struct Got {
    format: &'static str,
    pub(super) entries: Vec<String>,
    pub(super) head: Head,
    pub(super) complaints: Vec<Complaint>,
}

pub(super) fn give(file: &str, text: &str, columns: &[(Column, String)]) -> Got {
    let format = of(file, text);
    let mut complaints = Complaints::new(file, text);
    let mut entries = Vec::new();
    let source = Source { file, text, columns };
    let head = read(format, &source, &mut complaints, &mut |listed| {
        entries.push(shown(&listed));
        true
    });
    Got { format: format.name, entries, head, complaints: complaints.finish() }
}

fn shown(listed: &Listed<'_>) -> String {
    let mut text = match &listed.subject {
        Subject::Name(name) if listed.exact => format!("={name}"),
        Subject::Name(name) => name.to_string(),
        Subject::Network(network) => network.to_string(),
        Subject::Pattern(pattern) => format!("~{}", pattern.text),
        Subject::Url(url) => format!("url {url}"),
        Subject::Ja3(print) => format!("ja3 {print}"),
        Subject::Ja4(print) => format!("ja4 {print}"),
        Subject::Certificate(hash) => format!("cert {hash}"),
        Subject::File(name) => format!("file {name}"),
    };
    if let Some(pct) = listed.confidence_pct {
        text.push_str(&format!(" {pct}%"));
    }
    if let Some(begins) = listed.until.and_then(crate::day::Day::begins) {
        let begins = jiff::Timestamp::from_second(i64::try_from(begins.secs()).unwrap()).unwrap();
        text.push_str(&format!(" until {}", &begins.to_string()[..10]));
    }
    if !listed.description.is_empty() {
        text.push_str(&format!(" | {}", listed.description));
    }
    text
}

/// Format, file and text; entries; values that no wire shows; lines that are complained about.
type Case =
    (&'static str, &'static str, &'static str, &'static [&'static str], u64, &'static [u32]);

pub(super) fn check(cases: &[Case]) {
    for (format, file, text, want, unseen, lines) in cases {
        let got = give(file, text, &[]);
        assert_eq!(got.format, *format, "{text}");
        assert_eq!(got.entries, *want, "{text}\n{:?}", got.complaints);
        assert_eq!(got.head.unseen, *unseen, "{text}");
        let told: Vec<u32> = got.complaints.iter().map(|complaint| complaint.line).collect();
        assert_eq!(told, *lines, "{text}\n{:?}", got.complaints);
    }
}

#[test]
fn plain_lists() {
    check(&[
        ("plain", "l.txt", "evil.example", &["evil.example"], 0, &[]),
        ("plain", "l.txt", "\u{feff}Evil.example\r\n", &["evil.example"], 0, &[]),
        (
            "plain",
            "openphish.txt",
            "https://a.example/login.php?x=1,2\nhttps://b.example/\nhttp://c.example:8080/x#y\n",
            &["url a.example/login.php?x=1,2", "b.example", "url c.example:8080/x"],
            0,
            &[],
        ),
        (
            "plain",
            "l.txt",
            "evil.example, a remark\nworse.example # a; b\n198.51.100.7;x\n; note\n// note\n",
            &["evil.example", "worse.example", "198.51.100.7/32"],
            0,
            &[],
        ),
        (
            "plain",
            "hashes.txt",
            "0123456789abcdef0123456789abcdef\nt13d1516h2_8daaf6152771_e5627efa2ab1\n\
             a@evil.example\n/gate.php\nbroken\nevil.example\n",
            &["ja4 t13d1516h2_8daaf6152771_e5627efa2ab1", "evil.example"],
            3,
            &[5],
        ),
    ]);
    let got = give("l.txt", "# Title: A list #\n# Licence: CC0\n# version: 7\na.example", &[]);
    let head = got.head;
    assert_eq!((head.name.unwrap(), head.licence.unwrap()), ("A list".into(), "CC0".into()));
    assert_eq!(head.version.unwrap(), "7");
}

#[test]
fn hosts_files() {
    check(&[
        ("hosts", "hosts", "0.0.0.0 evil.example", &["evil.example"], 0, &[]),
        (
            "hosts",
            "hostfile.txt",
            "# malware hosts\r\n127.0.0.1\tevil.example\r\n127.0.0.1\tworse.example\r\n",
            &["evil.example", "worse.example"],
            0,
            &[],
        ),
        (
            "hosts",
            "hosts",
            "127.0.0.1 localhost\n127.0.0.1 localhost.localdomain\n::1 ip6-localhost\n\
             255.255.255.255 broadcasthost\nfe80::1%lo0 localhost\n0.0.0.0 0.0.0.0\n\
             0.0.0.0 a.example B.example # two\n:: c.example\n203.0.113.9\n0.0.0.0 bro_ken\n",
            &["a.example", "b.example", "c.example", "203.0.113.9/32"],
            0,
            &[10],
        ),
    ]);
}

#[test]
fn tables() {
    check(&[
        ("separated", "l.csv", "domain,evil.example", &["evil.example"], 0, &[]),
        ("separated", "l.csv", "a.example.com,1\n", &["a.example.com"], 0, &[]),
        (
            "separated",
            "urls.csv",
            "################\n# malware urls #\n################\n#\n\
             # id,dateadded,url,url_status,last_online,threat,tags,link,reporter\n\
             \"3\",\"2026-01-01 10:00:00\",\"http://evil.example/x,y.bin\",\"online\",\"\",\
             \"malware_download\",\"elf,bot\",\"https://list.example/url/3/\",\"someone\"\n",
            &["url evil.example/x,y.bin | malware_download"],
            0,
            &[],
        ),
        (
            "separated",
            "fox.csv",
            "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\
             \"malware_printable\",\"confidence_level\",\"reference\"\n\
             \"2026-10-09 04:31:23\", \"12\", \"evil.example\", \"domain\", \"botnet_cc\", \"Bot\", \"75\", \"None\"\n\
             \"2026-10-09 04:31:23\", \"13\", \"203.0.113.7:4444\", \"ip:port\", \"botnet_cc\", \"None\", \"100\", \"None\"\n\
             \"2026-10-09 04:31:23\", \"14\", \"0123456789abcdef0123456789abcdef01234567\", \"sha1_hash\", \"payload\", \"Bot\", \"50\", \"None\"\n\
             # Number of entries: 3\n",
            &["evil.example 75% | Bot", "203.0.113.7/32 100%"],
            1,
            &[],
        ),
        (
            "separated",
            "c2.csv",
            "# first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware\n\
             2026-01-02 10:00:00,203.0.113.7,443,online,2026-01-03,Bot\n",
            &["203.0.113.7/32 | Bot"],
            0,
            &[],
        ),
        (
            "separated",
            "ja3.csv",
            "# ja3_md5,Firstseen,Lastseen,Listingreason\n\
             0123456789ABCDEF0123456789abcdef,2017-07-14 18:08:15,2019-07-27 20:42:54,Bot\nnone,,,\n",
            &["ja3 0123456789abcdef0123456789abcdef | Bot"],
            0,
            &[3],
        ),
        (
            "separated",
            "certificates.csv",
            "# Listingdate,SHA1,Listingreason\n\
             2026-04-29 12:00:00,0123456789abcdef0123456789abcdef01234567,Bot C&C\n",
            &["cert 0123456789abcdef0123456789abcdef01234567 | Bot C&C"],
            0,
            &[],
        ),
        (
            "separated",
            "l.csv",
            "Type;Value;Valid until;Confidence\nx509-fingerprint-sha1;01:23:45:67:89:ab:cd:ef:01:23:\
             45:67:89:ab:cd:ef:01:23:45:67;2027-01-01;0.5\nemail;a@b.example;;\nfilename|md5;\
             Setup.EXE|0123;never;low\nja3;zz;;\ndomain;b.example;soon;\ndomain;;;\n",
            &[
                "cert 0123456789abcdef0123456789abcdef01234567 50% until 2027-01-01",
                "file setup.exe 30%",
                "b.example",
            ],
            1,
            &[5, 6, 7],
        ),
        (
            "separated",
            "intel.dat",
            "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n\
             evil.example\tIntel::DOMAIN\tx\ta note\nevil.example/a\tIntel::URL\tx\t-\n\
             0123456789abcdef0123456789abcdef01234567\tIntel::CERT_HASH\tx\t-\n",
            &[
                "evil.example | a note",
                "url evil.example/a",
                "cert 0123456789abcdef0123456789abcdef01234567",
            ],
            0,
            &[],
        ),
        (
            "separated",
            "l.csv",
            "Indicateur,Remarque\nevil.example,\"deux\nlignes, \"\"oui\"\"\"\nworse.example,x\n",
            &["evil.example", "worse.example"],
            0,
            &[],
        ),
        // No header: the words are of types.
        (
            "separated",
            "l.csv",
            "1,domain,a.example,x\n2,ip,203.0.113.7,y\n3,ja3,0123456789abcdef0123456789abcdef,z\n",
            &["a.example", "203.0.113.7/32", "ja3 0123456789abcdef0123456789abcdef"],
            0,
            &[],
        ),
        (
            "separated",
            "l.csv",
            "domain,a.example\ndomain,b.example\n",
            &["a.example", "b.example"],
            0,
            &[],
        ),
        (
            "separated",
            "l.csv",
            "url,http://a.com/x\nmd5,0123456789abcdef0123456789abcdef\n",
            &["url a.com/x"],
            1,
            &[],
        ),
        (
            "separated",
            "l.tsv",
            "ip\tdomain\n\tevil.example\n203.0.113.7\t\n",
            &["evil.example", "203.0.113.7/32"],
            0,
            &[],
        ),
    ]);
}

#[test]
fn a_quote_that_never_ends_takes_no_more_than_its_share() {
    let mut text = "domain,note\na.example,\"open\n".to_owned();
    for number in 0..100 {
        text.push_str(&format!("b{number}.example,x\n"));
    }
    let got = give("l.csv", &text, &[]);
    assert_eq!(got.entries.len(), 101, "{:?}", got.complaints);
    assert_eq!((got.complaints.len(), got.complaints[0].line), (1, 2), "{:?}", got.complaints);
    let got = give("l.csv", "domain,note\na.example,\"open\nb.example,x\n", &[]);
    assert_eq!((got.entries.len(), got.complaints.len()), (2, 1), "the end of the file ends it");
}

#[test]
fn owners_say_which_column_is_what() {
    let map = |pairs: &[(Column, &str)]| -> Vec<(Column, String)> {
        pairs.iter().map(|(column, word)| (*column, (*word).to_owned())).collect()
    };
    let text = "domain,resolved host,why,score,last day\n\
        good.example,evil.example,said so,70,2027-01-01\n";
    /// What the owner says; entries; complaints.
    type Said = (&'static [(Column, &'static str)], &'static [&'static str], usize);
    const ALL: [(Column, &str); 4] = [
        (Column::Value, "2"),
        (Column::Description, "Why"),
        (Column::Confidence, "score"),
        (Column::Until, "last day"),
    ];
    let cases: &[Said] = &[
        (&[], &["good.example"], 0),
        (&ALL, &["evil.example 70% until 2027-01-01 | said so"], 0),
        (&[(Column::Value, "Resolved Host")], &["evil.example"], 0),
        (&[(Column::Value, "nowhere"), (Column::Until, "0")], &["good.example"], 2),
    ];
    for (columns, want, complaints) in cases {
        let got = give("l.csv", text, &map(columns));
        assert_eq!(got.entries, *want, "{columns:?}");
        assert_eq!(got.complaints.len(), *complaints, "{:?}", got.complaints);
    }
    let bare = "1,evil.example,x\n2,worse.example,y\n";
    let got = give("l.csv", bare, &map(&[(Column::Value, "2"), (Column::Description, "3")]));
    assert_eq!(got.entries, ["evil.example | x", "worse.example | y"]);
}

#[test]
fn filter_lists() {
    check(&[
        ("adblock", "l.txt", "||evil.example^", &["evil.example"], 0, &[]),
        (
            "adblock",
            "easylist.txt",
            "[Adblock Plus 2.0]\n! Title: A list\n! Expires: 4 days (update frequency)\n!\n\
             ||evil.example^$third-party\n||worse.example^$popup,~image\n||a.example^$domain=b.example\n\
             ||c.example^$badfilter\n@@||good.example^\nexample.com##.banner\n##.ad\n###ad-id\n\
             example.com#@#.ad\n/ads[0-9]+\\.js/\n/banner/ad.js\n&ad_box_\n||d.example/page^\n\
             ||*.e.example^\n||f.*^\n|https://g.example/x|\n-ad-300x250.\n",
            &[
                "evil.example",
                "worse.example",
                "url d.example/page",
                "e.example",
                "url g.example/x",
            ],
            11,
            &[14],
        ),
        (
            "adblock",
            "dns.txt",
            "! Title: DNS\n# a comment\n#############\n||evil.example^$important\n0.0.0.0 b.example\nc.example\n\
             ||203.0.113.7^\n||bro ken^\n||d.example^$dnsrewrite=127.0.0.1\n",
            &["evil.example", "b.example", "c.example", "203.0.113.7/32"],
            1,
            &[8],
        ),
    ]);
    let got = give("l.txt", "! Title: A list\n! Last modified: 2026-11-21\n||a.example^\n", &[]);
    assert_eq!(
        (got.head.name.unwrap(), got.head.version.unwrap()),
        ("A list".into(), "2026-11-21".into())
    );
}

#[test]
fn datasets() {
    check(&[
        ("suricata_dataset", "d.lst", "ZXZpbC5leGFtcGxl", &["evil.example"], 0, &[]),
        (
            "suricata_dataset",
            "d.rep",
            // evil.example; .worse.example; 203.0.113.7; a user agent; a URL; no base64
            "ZXZpbC5leGFtcGxl,75\nLndvcnNlLmV4YW1wbGU=,400\nMjAzLjAuMTEzLjc=\n\
             TW96aWxsYS80LjAgKGNvbXBhdGlibGU7ICk=\naHR0cDovL2V2aWwuZXhhbXBsZS94\nnot base64\n",
            &["evil.example 75%", "worse.example", "203.0.113.7/32", "url evil.example/x"],
            1,
            &[6],
        ),
        (
            "plain",
            "bad_ips.lst",
            "203.0.113.7\n2001:db8::7\n198.51.100.0/24\n::ffff:203.0.113.9\n",
            &["203.0.113.7/32", "2001:db8::7/128", "198.51.100.0/24", "203.0.113.9/32"],
            0,
            &[],
        ),
        (
            "separated",
            "ip.rep",
            "203.0.113.7,127\n203.0.113.8,3\n",
            &["203.0.113.7/32", "203.0.113.8/32"],
            0,
            &[],
        ),
        (
            "plain",
            "md5.lst",
            "0123456789abcdef0123456789abcdef\nabcdabcdabcdabcdabcdabcdabcdabcd\n",
            &[],
            2,
            &[],
        ),
    ]);
}

#[test]
fn trails() {
    check(&[
        (
            "maltrail",
            "trails.csv",
            "evil.example,bot (malware),(static)",
            &["evil.example | bot (malware)"],
            0,
            &[],
        ),
        (
            "maltrail",
            "trails.csv",
            "evil.example,bot (malware),(static)\n203.0.113.7:4444,known attacker,list.example\n\
             evil.example/gate.php,bot (malware),(static)\n/gate.php,bot (malware),(static)\n\
             \"x[0-9]{2,3}\\.evil\\.example\",bot (malware),(static)\n\"[0-9]{2,3}\\.ru\",bot (malware),(static)\n\
             evil.example,two\n",
            &[
                "evil.example | bot (malware)",
                "203.0.113.7/32 | known attacker, list.example",
                "url evil.example/gate.php | bot (malware)",
                "~^x[0-9]{2,3}\\.evil\\.example$ | bot (malware)",
            ],
            2,
            &[7],
        ),
        (
            "maltrail",
            "bot.txt",
            "# Copyright (c) Maltrail developers (https://github.com/stamparm/maltrail/)\n\
             # See the file 'LICENSE' for copying permission\n\n# Aliases: bot\n\n\
             # Reference: https://report.example/1\n# Reference: https://report.example/2\n\n\
             evil.example\n203.0.113.7:4444\nhttp://203.0.113.8\n\n# Reference: https://report.example/3\n\n\
             worse.example/a.php\n/gate.php\n.third.example\n198.51.100.0/24\nbroken\n",
            &[
                "evil.example | https://report.example/1",
                "203.0.113.7/32 | https://report.example/1",
                "203.0.113.8/32 | https://report.example/1",
                "url worse.example/a.php | https://report.example/3",
                "third.example | https://report.example/3",
                "198.51.100.0/24 | https://report.example/3",
            ],
            1,
            &[19],
        ),
    ]);
}

/// Whatever a text is, it is read to its end in little time, and complaints stay few.
#[test]
fn junk_is_told_and_bounded() {
    let texts = [
        "\0".repeat(1 << 17),
        "x".repeat(1 << 17),
        ",".repeat(1 << 17),
        "\"".repeat(1 << 17),
        "broken\n".repeat(1000),
        "\"open,\n".repeat(1000),
        "alert dns any any -> any any (\n".repeat(1000),
        "a \\\n".repeat(1000),
        "||\n".repeat(1000),
        "#".repeat(1 << 17),
        "# domain,ip\n".repeat(1000),
        "\u{feff}".repeat(10_000),
    ];
    for text in &texts {
        for format in FORMATS.iter().filter(|format| format.name != "curated") {
            if !matches!(format.read, super::Reading::Lines(_)) {
                continue;
            }
            let mut complaints = Complaints::new("junk", text);
            let source = Source { file: "junk", text, columns: &[] };
            read(format, &source, &mut complaints, &mut |listed| {
                panic!("{} in {:.20}", shown(&listed), text);
            });
            let most = crate::limits::COMPLAINTS_PER_FILE_MAX + 1;
            assert!(complaints.finish().len() <= most, "{} {:.20}", format.name, text);
        }
    }
}
