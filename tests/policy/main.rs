//! `rmmwatch policy` as its user meets it: which rule decides, what is wrong, what could be.

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

mod agree;
mod suggest;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn rmmwatch(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    command.output().expect("the program runs")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("it is text")
}

/// What it printed, when it ended with `code`.
#[track_caller]
fn printed(args: &[&str], code: i32) -> String {
    let done = rmmwatch(args);
    assert_eq!(done.status.code(), Some(code), "{args:?}: {}", text(&done.stderr));
    text(&done.stdout)
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&printed(args, 0)).expect("one JSON object")
}

/// A folder with one file, and the file's path.
fn written(name: &str, content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("the file is written");
    (folder, path)
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("a path is text")
}

const POLICY: &str = r#"[[zone]]
name = "vdi"
networks = ["10.20.0.0/16"]
[[zone]]
name = "guests"
vlans = [99]
[[zone]]
name = "office"
networks = ["10.0.0.0/8"]

[[allow]]
tool = "screenconnect"
operators = ["acme.screenconnect.com", "*.help.acme.example"]
zones = ["vdi"]
hours = "Mon-Fri 07:00-19:00 Europe/Berlin"
until = 2027-03-31
owner = "it-helpdesk"
reason = "contract 4711"

[[allow]]
tool = "screenconnect"
operators = ["*.screenconnect.com"]
zones = ["vdi"]
owner = "it"

[[allow]]
tool = "anydesk"
operators = ["unknown"]
peers = ["203.0.113.0/24"]

[[suppress]]
tool = "screenconnect"
zones = ["office"]
"#;

/// Source, name, further arguments; the verdict, and what stands of rules.
type Question<'a> = (&'a str, &'a str, &'a [&'a str], &'a str, &'a [&'a str]);

#[test]
fn the_rule_that_decides_is_told_and_why_each_other_does_not() {
    let (_folder, path) = written("p.toml", POLICY);
    // 2026-11-20 is a Friday; 10:00 in Berlin, and 22:00.
    let (day, night) = ("2026-11-20T10:00:00+01:00", "2026-11-20T22:00:00+01:00");
    let table: &[Question<'_>] = &[
        (
            "10.20.0.5",
            "acme.screenconnect.com",
            &["--at", day],
            "allowed",
            &[
                "1 allow[0] screenconnect decides",
                "2 allow[1] screenconnect behind at operators",
                "allow[2] anydesk lacks operators,tool",
                "suppress[0] screenconnect lacks zones",
            ],
        ),
        (
            "10.20.0.5",
            "acme.screenconnect.com",
            &["--at", night],
            "allowed",
            &["1 allow[1] screenconnect decides", "allow[0] screenconnect lacks hours"],
        ),
        (
            "10.20.0.5",
            "acme.screenconnect.com",
            &["--at", "2028-01-03T10:00:00Z"],
            "allowed",
            &["1 allow[1] screenconnect decides", "allow[0] screenconnect lacks until"],
        ),
        (
            "10.1.0.5",
            "evil.screenconnect.com",
            &["--at", day],
            "suppressed",
            &["1 suppress[0] screenconnect decides", "allow[1] screenconnect lacks zones"],
        ),
        (
            "10.20.0.5",
            "screenconnect",
            &[],
            "unauthorised",
            &["allow[1] screenconnect lacks operators"],
        ),
        // A server that anyone may run is known to the policy alone.
        (
            "10.20.0.5",
            "a.help.acme.example",
            &["--at", day],
            "allowed",
            &["1 allow[0] screenconnect decides"],
        ),
        (
            "10.20.0.5",
            "relay-3185a847.net.anydesk.com",
            &[],
            "allowed",
            &["1 allow[2] anydesk decides"],
        ),
        ("10.20.0.5", "198.51.100.7:7070", &[], "none", &["allow[2] anydesk lacks peers"]),
    ];
    for (src, name, more, verdict, want) in table {
        let fixed = ["policy", "explain", "--policy", shown(&path), "--json", "--src", src];
        let args = [&fixed[..], &["--name", name], more].concat();
        let answer = json(&args);
        let account = &answer["accounts"][0];
        assert_eq!(account["verdict"], *verdict, "{args:?}: {answer}");
        let rules: Vec<String> = account["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .enumerate()
            .map(|(number, rule)| brief(number + 1, rule))
            .collect();
        assert_eq!(rules.len(), 4, "every rule is told: {answer}");
        for line in *want {
            assert!(rules.iter().any(|rule| rule.ends_with(line)), "{line}: {rules:?}");
        }
        let decided = account["rule"].as_str();
        assert_eq!(decided.is_some(), !matches!(*verdict, "unauthorised" | "none"), "{answer}");
    }
}

/// `1 allow[0] acme-remote decides`, `… behind at zones`, `… lacks hours,zones`
fn brief(number: usize, rule: &Value) -> String {
    let label = rule["rule"].as_str().expect("a label");
    let lacks: Vec<&str> = rule["lacks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["key"].as_str())
        .collect();
    assert_eq!(rule["fits"], lacks.is_empty(), "{rule}");
    let what = match rule["behind_at"].as_str() {
        _ if rule["decides"] == true => "decides".to_owned(),
        Some(key) => format!("behind at {key}"),
        None => format!("lacks {}", lacks.join(",")),
    };
    format!("{number} {label} {what}")
}

#[test]
fn people_get_sentences() {
    let (_folder, path) = written("p.toml", POLICY);
    let ask = |more: &[&str]| {
        let fixed =
            ["policy", "explain", "--policy", shown(&path), "--at", "2026-11-20T10:00:00+01:00"];
        printed(&[&fixed[..], more].concat(), 0)
    };
    let table: &[(&[&str], &[&str])] = &[
        (
            &["--src", "10.20.0.5", "--name", "evil.example.com"],
            &["10.20.0.5, zone vdi, at 2026-11-20T09:00:00Z", "nothing is known of it"],
        ),
        (
            &["--src", "10.20.0.5", "--name", "acme.screenconnect.com"],
            &[
                "allowed by allow[0] screenconnect",
                "1. allow[0] screenconnect of it-helpdesk (",
                "p.toml:12:8) fits, and decides",
                "looks more closely: compared by `operators`",
                "zones: the host lies in vdi, and it is for office",
            ],
        ),
        (
            &["--src", "10.20.0.5", "--name", "teamviewer"],
            &["unauthorised", "told as rmm.protocol.teamviewer, severity 60"],
        ),
        (
            &["--src", "10.20.0.5", "--name", "anydesk"],
            &["allowed by allow[2]", "203.0.113.0/24, as long as no server is reached"],
        ),
        (&["--src", "10.0.0.5", "--name", "anydesk", "--vlan", "99"], &["zone office"]),
        (
            &["--src", "10.0.0.5", "--name", "www.anydesk.com"],
            &["anydesk (website), whose tenant does not show: none", "nothing that is told of"],
        ),
        (&["--src", "192.0.2.5", "--name", "anydesk"], &["which is not inside"]),
        (&["--src", "10.0.0.5", "--name", "not a name"], &["it is no name"]),
    ];
    for (args, want) in table {
        let told = ask(args);
        for words in *want {
            assert!(told.contains(words), "{args:?}: {words}: {told}");
        }
    }
    let wrong: &[&[&str]] = &[
        &["policy", "explain", "--src", "10.0.0.5"],
        &["policy", "explain", "--src", "office", "--name", "x"],
        &["policy", "explain", "--src", "10.0.0.5", "--name", "x", "--at", "yesterday"],
        &["policy", "explain", "--src", "10.0.0.5", "--name", "x", "--vlan", "4095"],
        &["policy", "suggest", "--tz", "Europe/Berlni", "x"],
    ];
    for args in wrong {
        printed(args, 1);
    }
}

#[test]
fn an_address_in_the_other_familys_clothes_is_the_same_host() {
    let (_folder, policy) = written("policy.toml", POLICY);
    for src in ["10.20.0.5", "::ffff:10.20.0.5"] {
        let args = ["policy", "explain", "--policy", shown(&policy), "--src", src, "--json"];
        let answer = json(&[&args[..], &["--name", "anydesk"]].concat());
        assert_eq!((&answer["zone"], &answer["inside"]), (&"vdi".into(), &true.into()), "{src}");
    }
}

#[test]
fn lint_names_the_line_and_ends_with_its_number() {
    let broken = "[[allow]]\ntool = \"no-such-tool\"\n";
    let table: &[(&str, &[&str], i32, &[&str])] = &[
        ("", &[], 0, &["0 errors, 0 warnings, 0 notes"]),
        (
            broken,
            &[],
            1,
            &["p.toml:2:8: error: the catalogue has no tool `no-such-tool`", "1 error,"],
        ),
        (
            "[[allow]]\ntool = 3",
            &[],
            1,
            &["p.toml:2:8: error: `tool` is a whole number", "[policy]"],
        ),
        (
            "[[allow]]\ntool = \"anydesk\"\nuntil = 2020-01-01",
            &[],
            0,
            &[
                "p.toml:3:1: warning: allow[0] anydesk ended with 2020-01-01",
                "[expired]",
                "[any-operator]",
            ],
        ),
        ("[[allow]]\ntool = \"anydesk\"\nuntil = 2020-01-01", &["--strict"], 1, &["[expired]"]),
        (
            "[[allow]]\ntool = \"anydesk\"\nuntil = 2020-01-01",
            &["--at", "2019-12-31T12:00:00Z"],
            0,
            &["p.toml:3:1: note: allow[0] anydesk ends with 2020-01-01, tomorrow"],
        ),
        ("x = [", &[], 1, &["this is no TOML"]),
    ];
    for (policy, more, code, want) in table {
        let (_folder, path) = written("p.toml", policy);
        let args = [&["policy", "lint", "--policy", shown(&path)], *more].concat();
        let told = printed(&args, *code);
        for words in *want {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}

#[test]
fn rules_that_never_decide_are_told_by_health_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let health = folder.path().join("health.jsonl");
    let policy = "[[zone]]\nname = \"a\"\nnetworks = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n\
        [[allow]]\ntool = \"screenconnect\"\n[[suppress]]\ntool = \"netsupport\"\n";
    let path = folder.path().join("p.toml");
    std::fs::write(&path, policy).expect("written");
    let demo = "pcaps/aa23-025a-campaign.pcap";
    let fixed = ["replay", "--quiet", "--policy", shown(&path), "--alerts", "/dev/null"];
    printed(&[&fixed[..], &["--health", shown(&health), demo]].concat(), 0);
    let args = ["policy", "lint", "--policy", shown(&path), "--json", shown(&health)];
    let lint = json(&args);
    let never: Vec<&str> = lint["remarks"]
        .as_array()
        .expect("remarks")
        .iter()
        .filter(|remark| remark["code"] == "never-hit")
        .filter_map(|remark| remark["why"].as_str())
        .collect();
    assert_eq!(never, ["suppress[0] netsupport never decided in the records"], "{lint}");
    assert_eq!(lint["records"], true);
    // Without records it says what it cannot tell.
    let told = printed(&["policy", "lint", "--policy", shown(&path)], 0);
    assert!(told.contains("cannot be told without records"), "{told}");
}
