//! Rules of Suricata and Snort in the shapes that are published, with other names.

use super::published::{check, give};

/// Rules that are about one thing alone, and what that is.
#[test]
fn rules_about_one_thing() {
    let names = "alert dns $HOME_NET any -> any any (msg:\"m\"; ";
    let table: &[(&str, &str)] = &[
        ("dns.query; content:\"evil.example\"; nocase; bsize:12; sid:1;", "=evil.example"),
        ("dns.query; bsize:12; content:\"evil.example\"; sid:1;", "=evil.example"),
        (
            "dns_query; content:\"evil.example\"; nocase; isdataat:!1,relative; sid:1;",
            "evil.example",
        ),
        (
            "dns_query; content:\"evil.example\"; depth:12; isdataat:!1,relative; sid:1;",
            "=evil.example",
        ),
        ("dns.query; content:\"evil.example\"; sid:1;", "evil.example"),
        (
            "dns.query; dotprefix; content:\".evil.example\"; nocase; endswith; sid:1;",
            "evil.example",
        ),
        ("dns.query; content:\".evil.example\"; nocase; endswith; sid:1;", "evil.example"),
        ("dns.query; content:\"evil|2e|example\"; startswith; endswith; sid:1;", "=evil.example"),
        (
            "dns_query; content:\"evil.example\"; nocase; isdataat:!1,relative; \
             pcre:\"/(?:^|\\.)evil\\.example$/\"; sid:1;",
            "evil.example",
        ),
        ("tls.sni; content:\"evil.example\"; bsize:12; fast_pattern; sid:1;", "=evil.example"),
        ("tls_sni; content:\"evil.example\"; endswith; sid:1;", "evil.example"),
        ("http.host; content:\"evil.example\"; bsize:12; sid:1;", "=evil.example"),
        (
            "http.method; content:\"GET\"; http.host; content:\"evil.example\"; sid:1;",
            "evil.example",
        ),
        ("content:\"evil.example\"; http_host; sid:1;", "evil.example"),
        ("content:\"Host|3a| evil.example|0d 0a|\"; http_header; nocase; sid:1;", "=evil.example"),
        ("http.host; content:\"203.0.113.7\"; startswith; endswith; sid:1;", "203.0.113.7/32"),
        (
            "http.method; content:\"GET\"; http.uri; content:\"/i.sh\"; depth:5; endswith; nocase; \
             http.host; content:\"203.0.113.7\"; depth:11; isdataat:!1,relative; sid:1;",
            "url 203.0.113.7/i.sh",
        ),
        (
            "content:\"GET\"; http_method; content:\"/a.dll\"; http_uri; depth:6; isdataat:!1,relative; \
             nocase; content:\"evil.example\"; http_host; depth:12; isdataat:!1,relative; sid:1;",
            "url evil.example/a.dll",
        ),
        (
            "ja3.hash; content:\"0123456789abcdef0123456789abcdef\"; sid:1;",
            "ja3 0123456789abcdef0123456789abcdef",
        ),
        (
            "ja3_hash; content:\"0123456789abcdef0123456789abcdef\"; sid:1;",
            "ja3 0123456789abcdef0123456789abcdef",
        ),
        (
            "ja4.hash; content:\"t13d1516h2_8daaf6152771_e5627efa2ab1\"; sid:1;",
            "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1",
        ),
        (
            "tls.cert_fingerprint; content:\"01:23:45:67:89:AB:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67\"; sid:1;",
            "cert 0123456789abcdef0123456789abcdef01234567",
        ),
        (
            "tls.fingerprint:\"01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67\"; sid:1;",
            "cert 0123456789abcdef0123456789abcdef01234567",
        ),
        ("tls.cert_subject; content:\"CN=evil.example\"; fast_pattern; sid:1;", "=evil.example"),
        ("content:\"|04|evil|07|example|00|\"; nocase; sid:1;", "evil.example"),
        (
            "content:\"|01|\"; offset:2; depth:1; content:\"|00 01 00 00 00 00 00|\"; distance:1; within:7; \
             content:\"|04|evil|07|example|00|\"; nocase; distance:0; fast_pattern; sid:1;",
            "evil.example",
        ),
        (
            "byte_test:1,!&,0xF8,2; content:\"|04|evil|07|example|00|\"; fast_pattern:only; sid:1;",
            "evil.example",
        ),
        (
            "byte_test:1,!&,0xF8,2; content:\"|04|evil|07|example|00|\",fast_pattern,nocase; sid:1;",
            "evil.example",
        ),
    ];
    for (options, want) in table {
        let text = format!("{names}{options})");
        let got = give("x.rules", &text, &[]);
        assert_eq!(got.entries, [format!("{want} | m (rule 1)")], "{text}\n{:?}", got.complaints);
    }
}

/// Rules that ask for more than one thing, or for none of ours: left out, and no mistakes.
#[test]
fn rules_with_more_conditions_are_left_out() {
    let table = [
        "alert dns any any -> any any (dns.query; content:\"evil\"; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\".top\"; endswith; sid:1;)",
        "alert dns any any -> any any (dns.query; content:!\"evil.example\"; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\".pw\"; content:!\".u.pw\"; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\"evil.example\"; pcre:\"/^[a-z]{8}\\./\"; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\"evil.example\"; bsize:20; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\"evil.\"; startswith; sid:1;)",
        "alert dns any any -> any any (dns.query; dataset:isset,names,load n.lst; sid:1;)",
        "alert tls any any -> any any (tls.sni; content:\"a.example\"; tls.version:1.0; sid:1;)",
        "alert http any any -> any any (http.host; content:\"a.example\"; http.uri; content:\"/x\"; sid:1;)",
        "alert http any any -> any any (http.uri; content:\"/gate.php\"; endswith; sid:1;)",
        "alert tcp any any -> any 80 (content:\"|04|evil|07|example|00|\"; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\"a.example\"; flowbits:isset,x; sid:1;)",
        "alert dns any any -> any any (dns.query; content:\"a.example\"; threshold:type both, count 9; sid:1;)",
        "alert tcp any any -> 203.0.113.7 any (content:\"x\"; sid:1;)",
        "alert tcp 198.51.100.7 any -> 203.0.113.7 any (sid:1;)",
        "alert tcp any any -> [!203.0.113.7,$X] any (sid:1;)",
        "alert tcp any any -> any any (flags:S; sid:1;)",
        "pass dns any any -> any any (dns.query; content:\"good.example\"; sid:1;)",
        "alert tls any any -> any any (tls.cert_subject; content:\"O=evil\"; sid:1;)",
    ];
    for text in table {
        let got = give("x.rules", text, &[]);
        assert_eq!((got.entries, got.head.unseen), (Vec::new(), 1), "{text}");
        assert_eq!(got.complaints, [], "{text}");
    }
}

#[test]
fn files_of_rules() {
    check(&[
        (
            "suricata_rules",
            "local.txt",
            "# alert dns any any -> any any (dns.query; content:\"off.example\"; sid:9;)\n\
             alert ip [203.0.113.7, 198.51.100.0/24] any -> $HOME_NET any (msg:\"known \\\"bad\\\"\"; \
             threshold: type limit, track by_src, seconds 3600, count 1; flowbits:set,x; sid:2;)\n\
             drop tcp $HOME_NET any -> 203.0.113.9 443 (msg:\"c2\"; metadata: confidence_level 75, first_seen 2026_01_01; sid:3;)\n\
             alert dns $HOME_NET any -> any any (msg:\"two \\\n  lines\"; dns.query; \\\n\
             content:\"evil.example\"; metadata:created_at 2026_01_01, confidence High; sid:4;)\n\
             alert http\n(\n    msg:\"three\";\n    http_header:field host;\n    sid:5;\n)\n\
             alert dns any any -> any any (dns.query; content:\"broken.example\"; sid:6;\n\
             alert dns any any -> any any (dns.query; content:\"a.example\"; sid:7;)\n\
             alert ip 203.0.113.777 any -> any any (sid:8;)\njunk\n\
             alert dns any any -> any any (dns.query; content:\"b.example\"; sid:10; \\\n",
            &[
                "203.0.113.7/32 | known \"bad\" (rule 2)",
                "198.51.100.0/24 | known \"bad\" (rule 2)",
                "203.0.113.9/32 75% | c2 (rule 3)",
                "evil.example 90% | two lines (rule 4)",
                "a.example | rule 7",
            ],
            1,
            &[13, 15, 16, 17],
        ),
        ("suricata_rules", "empty.rules", "# nothing\n", &[], 0, &[]),
    ]);
}
