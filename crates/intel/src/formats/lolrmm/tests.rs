//! Tools in YAML and in JSON, and what comes of them.

use model::ListKind;

use super::*;
use crate::formats::Subject;

fn entries(text: &str) -> (Vec<String>, Head, Vec<String>) {
    assert!((FORMAT.fits)("f", text), "{text}");
    let mut complaints = Complaints::new("f.yaml", text);
    let mut got = Vec::new();
    let head = read(text, &mut complaints, &mut |listed| {
        let what = match listed.subject {
            Subject::Name(name) => name.into_owned(),
            Subject::Network(network) => network.to_string(),
            Subject::Pattern(pattern) => pattern.text.to_string(),
            other => format!("{other:?}"),
        };
        got.push(format!("{}: {what} ({})", listed.line, listed.description));
        true
    });
    (got, head, complaints.finish().iter().map(ToString::to_string).collect())
}

/// A tool with one domain.
fn tool(domain: &str) -> String {
    format!("Name: Desk\nArtifacts:\n  Network:\n    - Domains:\n        - {domain}\n")
}

#[test]
fn domains_come_in_many_spellings() {
    let table: &[(&str, &str, u64)] = &[
        ("desk.example", "desk.example", 0),
        ("Desk.Example", "desk.example", 0),
        ("'*.desk.example'", "desk.example", 0),
        ("'*desk.example '", "desk.example", 0),
        ("desk.example:443", "desk.example", 0),
        ("198.51.100.7", "198.51.100.7/32", 0),
        ("https://desk.example/", "desk.example", 0),
        ("cdn.example/desk/setup.html", "Url(\"cdn.example/desk/setup.html\")", 0),
        ("px-*.desk.example", r"^px-[a-z0-9._-]*\.desk\.example$", 0),
        ("relay-[a-f0-9]{8}.desk.example:443", r"^relay-[a-f0-9]{8}\.desk\.example$", 0),
        ("user_managed", "", 1),
        ("<operator's own server>", "", 1),
        ("N/A (listens on the host)", "", 1),
        ("''", "", 0),
        ("~", "", 0),
    ];
    for (domain, want, unseen) in table {
        let (got, head, said) = entries(&tool(domain));
        let want = if want.is_empty() { vec![] } else { vec![format!("5: {want} (Desk)")] };
        assert_eq!((got, head.unseen), (want, *unseen), "{domain}");
        assert_eq!(said, [""; 0], "{domain}");
    }
    let wrong = [
        ("insight", "`insight`: it is one word"),
        ("'*.local'", "`*.local`: "),
        ("relay.desk.*", "`relay.desk.*`: "),
        ("*.desk.example", "no YAML"),
        ("'a b.example'", "`a b.example`: it is no valid"),
    ];
    for (domain, why) in wrong {
        let (got, _, said) = entries(&tool(domain));
        assert_eq!(got, [""; 0], "{domain}");
        assert!(said.len() == 1 && said[0].contains(why), "{domain}: {said:?}");
        assert!(said[0].starts_with("f.yaml:5:"), "{said:?}");
    }
}

const YAML: &str = "Name: Desk One\nCategory: RMM\nCreated: '2024-08-02'\n\
    LastModified: '2026-01-02'\nDetails:\n    Website: https://desk.example\n    \
    PEMetadata:\n        - Filename: desk.exe\n    InstallationPaths: []\nArtifacts:\n    \
    Disk:\n        - File: '%programdata%\\x'\n          Description: a log\n    Network:\n        \
    - Domains:\n              - a.desk.example\n              - b.desk.example\n          \
    Description: Known remote domains\n          Ports:\n              - 443\n        \
    - Description: N/A\n          Domain: c.desk.example\n          Port: 80\n    Other: []\n\
    Detections: []\n";

const JSON: &str = r#"[{"Name": "Desk One", "LastModified": "2026-01-02", "Details": {"PEMetadata":
 {"Filename": "desk.exe"}}, "Artifacts": {"Disk": [{"Description": "a log"}], "Network": [
 {"Domains": ["a.desk.example",
 "b.desk.example"], "Description": "Known remote domains", "Ports": [443]},
 {"Domain": "c.desk.example", "Description": "N/A", "Port": null}]}},
 {"Name": "Desk Two", "LastModified": "2025-01-02", "Artifacts": {"Network": null}}]"#;

#[test]
fn a_tool_is_read_in_either_notation() {
    let (got, head, said) = entries(YAML);
    let known = "(Desk One: Known remote domains)";
    let want = [
        format!("16: a.desk.example {known}"),
        format!("17: b.desk.example {known}"),
        "22: c.desk.example (Desk One)".to_owned(),
    ];
    assert_eq!((got.as_slice(), said), (want.as_slice(), vec![]));
    let Head { name, version, source, kind, .. } = head;
    assert_eq!(kind, Some(ListKind::Vendor));
    let told = [name, version, source].map(Option::unwrap_or_default);
    assert_eq!(told, ["LOLRMM, Desk One", "2026-01-02", "lolrmm.io"]);
    let (got, head, said) = entries(JSON);
    let want = [
        format!("3: a.desk.example {known}"),
        format!("4: b.desk.example {known}"),
        "5: c.desk.example (Desk One)".to_owned(),
    ];
    assert_eq!((got.as_slice(), said), (want.as_slice(), vec![]));
    assert_eq!(head.name.as_deref(), Some("LOLRMM, 2 tools"));
    assert_eq!(head.version.as_deref(), Some("2026-01-02"));
}

#[test]
fn several_documents_are_all_read() {
    let other = tool("b.example").replace("Desk", "Other");
    let broken = tool("\"open");
    for text in [
        format!("{}---\n{other}", tool("a.example")),
        format!("---\n{}...\n---\n# a note\n{other}", tool("a.example")),
        format!("\u{feff}{}---\n{broken}---\n{other}", tool("a.example")),
    ] {
        let (got, head, said) = entries(&text);
        let line = text.lines().position(|line| line.contains("b.example")).unwrap() + 1;
        assert_eq!(got.last().unwrap(), &format!("{line}: b.example (Other)"), "{text}");
        assert_eq!(got.len(), 2, "{text}");
        assert_eq!(said.len(), usize::from(text.contains("open")), "{text}: {said:?}");
        assert!(head.name.unwrap().ends_with("tools"));
    }
}

#[test]
fn hostile_documents_end() {
    let head = "Name: Desk\nDetails: 1\n";
    let laughs =
        format!("{head}a: &a [x, x]\nb: &b [*a, *a]\nArtifacts:\n  Network:\n    - Domains: *b\n");
    let mut many = head.to_owned();
    for n in 1..40 {
        many.push_str(&format!("k{n}: &k{n} [*k{}, *k{}]\n", n - 1, n - 1));
    }
    let table = [
        (laughs, "an alias stands here"),
        (many, "no YAML"),
        (format!("{head}a: {}", "[".repeat(50_000)), "recursion limit"),
        (format!("{head}a:\n{}", "- ".repeat(50_000)), "levels"),
        (format!("{head}a: {}", "{a: ".repeat(50_000)), "levels"),
        (format!("{head}? [a]\n: b\n"), "a key is no text"),
        (format!("{head}a: \"{}", "x".repeat(100_000)), "no YAML"),
        (format!("{head}\0"), "no YAML"),
    ];
    for (text, why) in table {
        let (got, _, said) = entries(&text);
        let short: String = text.chars().take(80).collect();
        assert_eq!(got, [""; 0], "{short}");
        assert!(said.len() == 1 && said[0].contains(why), "{short}: {said:?}");
    }
    let (got, _, _) = entries("Name: x\nArtifacts: 5\n");
    assert_eq!(got, [""; 0]);
}

#[test]
fn other_texts_are_not_taken() {
    for text in ["Name: x\n", "name,Artifacts:\n", "evil.example\n", "Name:Details:\n", ""] {
        assert!(!(FORMAT.fits)("tool.yaml", text), "{text}");
    }
}
