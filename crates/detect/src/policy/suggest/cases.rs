//! Uses, and the policy that is learned from them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Identity, Timestamp, ToolId, Usage};

use super::habit::habit;
use super::{HoursUsed, Learned, Policy, SuggestOptions, Suggestion};
use crate::{Level, LintOptions};

/// 2026-11-20T12:00:00Z, a Friday.
const NOON: u64 = 1_795_176_000;
const TOOLS: [&str; 2] = ["alpha", "beta"];

fn id(text: &str) -> ToolId {
    ToolId::parse(text).expect("an id")
}

/// `host tool operator [inbound] [rule=…] [zone=…]`; `-` is an operator that does not show.
fn usage(line: &str) -> Usage {
    let mut words = line.split_whitespace();
    let mut word = || words.next().expect("a word");
    let (host, tool, operator) = (word(), word(), word());
    let option = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key));
    let rule = option("rule=");
    Usage {
        host: host.parse().expect(line),
        zone: option("zone=").map(Into::into),
        identity: Identity::default(),
        tool: (id(tool), tool.to_uppercase().into()),
        operator: (operator != "-").then(|| operator.into()),
        inbound: line.contains("inbound"),
        authorised: rule.is_some(),
        rule: rule.map_or("deny-by-default".into(), |rule| rule.replace('_', " ").into()),
        first: Timestamp::from_secs(NOON, 0),
        last: Timestamp::from_secs(NOON + 86_400, 0),
        signs: 5,
        sessions: 2,
        bytes_sent: 1,
        bytes_received: 1,
        new: None,
    }
}

/// A host of an incident, and its tool.
type Incident = (IpAddr, Option<ToolId>);

fn suggest(policy: &str, lines: &[&str], incidents: &[Incident]) -> Suggestion {
    let (policy, complaints) = Policy::parse("old", policy);
    assert_eq!(complaints, []);
    let usages: Vec<Usage> = lines.iter().map(|line| usage(line)).collect();
    let hours = HoursUsed::new();
    let learned = Learned { usages: &usages, hours: &hours, incidents, tools: &TOOLS };
    let options = SuggestOptions::new("UTC", 2).expect("a time zone");
    let told = policy.suggest(&learned, &options);
    sound(&told.text);
    // With every comment that is TOML taken for what it says, it is a policy too.
    let keys =
        ["[[allow]]", "[[zone]]", "name =", "networks =", "tool =", "operators =", "zones ="];
    let keys = keys.iter().chain(&["hours =", "until =", "owner =", "reason ="]);
    let all = keys.fold(told.text.clone(), |all, key| {
        all.replace(&format!("\n# {key}"), &format!("\n{key}"))
    });
    let unnamed = told.text.contains("cannot name");
    assert!(unnamed || Policy::parse("all", &all).1.is_empty(), "{all}");
    told
}

/// It is a policy, and nothing is wrong with it.
fn sound(text: &str) {
    let (policy, complaints) = Policy::parse("new", text);
    assert_eq!(complaints, [], "{text}");
    let at = Timestamp::from_secs(NOON + 86_400, 0);
    let lint = policy.lint(&LintOptions { tools: &TOOLS, at, uses: None });
    let bad = lint.remarks.iter().filter(|remark| remark.level != Level::Note);
    assert_eq!(bad.count(), 0, "{:?}\n{text}", lint.remarks);
}

/// The tables of a text, without its comments.
fn tables(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_several_hosts_have_in_common_becomes_a_rule() {
    let told = suggest(
        "",
        &[
            "10.1.2.3 alpha acme.example",
            "10.1.2.4 alpha acme.example",
            "10.1.3.9 beta -",
            "10.1.3.8 beta -",
        ],
        &[],
    );
    assert_eq!((told.rules, told.commented, told.allowed), (2, 0, 0));
    assert_eq!(
        tables(&told.text),
        r#"[[zone]]
name = "net 10.1.2.0/24"
networks = ["10.1.2.0/24"]
[[zone]]
name = "net 10.1.3.0/24"
networks = ["10.1.3.0/24"]
[[zone]]
name = "elsewhere"
networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"]
[[allow]]
tool = "alpha"
operators = ["acme.example"]
zones = ["net 10.1.2.0/24"]
until = 2027-11-21
owner = "TODO"
reason = "learned: 2 hosts, 4 sessions, 10 signs, 2026-11-20 to 2026-11-21"
[[allow]]
tool = "beta"
operators = ["unknown"]
zones = ["net 10.1.3.0/24"]
until = 2027-11-21
owner = "TODO"
reason = "learned: 2 hosts, 4 sessions, 10 signs, 2026-11-20 to 2026-11-21""#
    );
}

#[test]
fn what_has_something_against_it_stands_as_a_comment_that_says_so() {
    let host: IpAddr = "10.1.2.3".parse().expect("an address");
    let table: &[(&[&str], &[Incident], &str)] = &[
        (
            &["10.1.2.3 alpha evil.example"],
            &[],
            "one host alone has this operator, as a victim would",
        ),
        (&["10.1.2.3 alpha -"], &[], "one host alone uses it"),
        (
            &["10.1.2.3 alpha a.example inbound", "10.1.2.4 alpha a.example inbound"],
            &[],
            "it came from outside",
        ),
        (
            &["10.1.2.3 alpha a.example", "10.1.2.4 alpha a.example"],
            &[(host, Some(id("alpha")))],
            "part of an incident of 10.1.2.3",
        ),
        (&["10.1.2.3 alpha a.example", "10.1.2.4 alpha a.example"], &[(host, None)], "an incident"),
        (&["10.1.2.3 gamma a.example", "10.1.2.4 gamma a.example"], &[], "catalogue does not have"),
        (&["10.1.2.3 alpha *.*", "10.1.2.4 alpha *.*"], &[], "cannot name this operator"),
        // Server names as anybody may send them, which mean more in a policy.
        (&["10.1.2.3 alpha *.com", "10.1.2.4 alpha *.com"], &[], "cannot name this operator"),
        (&["10.1.2.3 alpha CN=Root", "10.1.2.4 alpha CN=Root"], &[], "cannot name this operator"),
        (&["10.1.2.3 alpha \u{202e}x", "10.1.2.4 alpha \u{202e}x"], &[], "ALPHA, \\u{202e}x:"),
        (&["10.1.2.3 alpha unknown", "10.1.2.4 alpha unknown"], &[], "cannot name this operator"),
    ];
    for (lines, incidents, why) in table {
        let told = suggest("", lines, incidents);
        assert_eq!((told.rules, told.commented), (0, 1), "{}", told.text);
        assert_eq!(tables(&told.text), "", "{}", told.text);
        assert!(told.text.contains(why), "{why}: {}", told.text);
        // Nothing to take the signs away from where the operator would be missing.
        let named = !told.text.contains("cannot name");
        assert_eq!(told.text.contains("# [[allow]]"), named, "{}", told.text);
    }
    // An incident with another tool, and one host under a rule of its time.
    let others = [(host, Some(id("beta")))];
    let told = suggest("", &["10.1.2.3 alpha a.example", "10.1.2.4 alpha a.example"], &others);
    assert_eq!(told.rules, 1);
    let told = suggest("", &["10.1.2.3 alpha a.example rule=allow[0]_alpha"], &[]);
    assert_eq!(told.rules, 1);
    // Calls of a tenant's software to the vendor.
    let lines = [
        "10.1.2.3 alpha a.example",
        "10.1.2.4 alpha a.example",
        "10.1.2.3 alpha -",
        "10.1.2.4 alpha -",
    ];
    let told = suggest("", &lines, &[]);
    assert_eq!((told.rules, told.commented), (1, 1));
    assert!(told.text.contains("their software's calls to the vendor"), "{}", told.text);
}

const OLD: &str = r#"
[inbound]
ports = "alert"

[[zone]]
name = "vdi \"x\""
networks = ["10.20.0.0/16"]
vlans = [7, 9]

[[zone]]
name = "office"
networks = ["10.1.0.0/16", "2001:db8::/32"]

[[allow]]
tool = "alpha"
operators = ["acme.example", "*.acme.example", "sha256:abababababababababababababababababababababababababababababababab"]
zones = ["office"]
peers = ["192.0.2.0/24"]
hours = "Mon-Fri 07:00-19:00 Europe/Berlin"
until = 2027-03-31
owner = "it"
reason = "a \\ \"b\""

[[suppress]]
operators = ["x.example"]
"#;

#[test]
fn a_policy_at_hand_stays_whole_and_gets_what_it_lacks() {
    let lines = [
        "10.1.2.3 alpha a.acme.example rule=allow[0]_alpha",
        "10.1.2.4 beta -",
        "10.1.2.5 beta -",
        "10.20.0.1 beta - zone=vdi",
        "2001:db8::1 beta -",
        "10.99.0.1 beta -",
    ];
    let told = suggest(OLD, &lines, &[]);
    assert_eq!((told.rules, told.commented, told.allowed), (1, 0, 1), "{}", told.text);
    let first = tables(OLD);
    let text = tables(&told.text)
        .replace("[[zone]]\nname = \"net 10.20.0.0/24\"\nnetworks = [\"10.20.0.0/24\"]\n", "");
    let text =
        text.replace("[[zone]]\nname = \"net 10.99.0.0/24\"\nnetworks = [\"10.99.0.0/24\"]\n", "");
    assert!(text.starts_with(&first), "{text}\n{first}");
    assert!(
        text.contains("zones = [\"net 10.20.0.0/24\", \"net 10.99.0.0/24\", \"office\"]"),
        "{text}"
    );
    // What is whole already is not learned again.
    let again = suggest(&told.text, &lines, &[]);
    assert_eq!((again.rules, again.commented, again.allowed), (0, 0, 6), "{}", again.text);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = tables(text).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&again.text), sorted(&told.text));
}

#[test]
fn scattered_hosts_get_no_zones() {
    let lines: Vec<String> =
        (0..300).map(|n| format!("10.{}.{}.1 beta -", n / 250, n % 250)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let told = suggest("", &lines, &[]);
    assert!(!told.text.contains("[[zone]]") && !told.text.contains("zones ="), "{}", told.text);
}

#[test]
fn hours_are_learned_where_they_are_a_habit() {
    let options = |zone: &str| SuggestOptions::new(zone, 2).expect(zone);
    // Two weeks from Monday 2026-11-16 on: days of the week, from and to hour in UTC.
    let hours = |days: &[u32], used: &[u32]| -> BTreeSet<u32> {
        let monday = 1_794_787_200 / 3600;
        let days = (0..14).filter(|day| days.contains(&(day % 7)));
        days.flat_map(|day| used.iter().map(move |hour| monday + day * 24 + hour)).collect()
    };
    let work = [0, 1, 2, 3, 4];
    let table: &[(&str, BTreeSet<u32>, Option<&str>)] = &[
        ("UTC", hours(&work, &[7, 9, 16]), Some("Mon-Fri 07:00-17:00 UTC")),
        ("Europe/Berlin", hours(&work, &[7, 9, 16]), Some("Mon-Fri 08:00-18:00 Europe/Berlin")),
        ("UTC", hours(&[5, 6, 0, 1, 2], &[8]), Some("08:00-09:00 UTC")),
        ("UTC", hours(&[5, 6], &[8]), None),
        ("UTC", hours(&work, &[23, 2]), None),
        ("UTC", hours(&work, &[22, 23]), Some("Mon-Fri 22:00-24:00 UTC")),
        ("UTC", hours(&work, &[0, 8, 16]), None),
        // A time zone that is half an hour off.
        ("Asia/Kolkata", hours(&work, &[4]), Some("Mon-Fri 09:00-11:00 Asia/Kolkata")),
        ("UTC", BTreeSet::new(), None),
        ("UTC", hours(&[0], &[9]), None),
    ];
    for (zone, hours, want) in table {
        let got = habit(hours, &options(zone));
        if hours.iter().any(|hour| hour % 24 == 2) {
            // The nights of Friday run into Saturday, and Monday's early hours are Sunday's.
            assert_eq!(got.as_deref(), Some("23:00-03:00 UTC"));
        } else {
            assert_eq!(got.as_deref(), *want, "{zone} {hours:?}");
        }
    }
    let wrong = SuggestOptions::new("Europe/Berlni", 2).expect_err("no zone");
    assert!(wrong.contains("did you mean `Europe/Berlin`?"), "{wrong}");
}

#[test]
fn a_rule_gets_the_hours_of_its_tool_and_operator() {
    let usages: Vec<Usage> = ["10.1.2.3 alpha a.example", "10.1.2.4 alpha a.example"]
        .iter()
        .map(|line| usage(line))
        .collect();
    let noon = u32::try_from(NOON / 3600).expect("hours");
    let days: BTreeSet<u32> = [0, 3, 4, 5, 6, 7, 10].map(|day| noon + day * 24).into();
    let hours = BTreeMap::from([((id("alpha"), Some("a.example".into())), days)]);
    let learned = Learned { usages: &usages, hours: &hours, incidents: &[], tools: &TOOLS };
    let options = SuggestOptions::new("UTC", 2).expect("a time zone");
    let told = Policy::deny_by_default().suggest(&learned, &options);
    assert!(told.text.contains("hours = \"Mon-Fri 12:00-13:00 UTC\""), "{}", told.text);
}

#[test]
fn names_from_the_wire_stay_within_their_quotes() {
    let mut usages = [usage("10.1.2.3 alpha x"), usage("10.1.2.4 alpha x")];
    for usage in &mut usages {
        usage.operator = Some("a\"]\n[[allow]]\ntool = \"beta\u{7f}".into());
        usage.tool.1 = "Alpha\n[[allow]]".into();
    }
    let hours = HoursUsed::new();
    let learned = Learned { usages: &usages, hours: &hours, incidents: &[], tools: &TOOLS };
    let options = SuggestOptions::new("UTC", 2).expect("a time zone");
    let told = Policy::deny_by_default().suggest(&learned, &options);
    sound(&told.text);
    assert!(!tables(&told.text).contains("beta"), "{}", told.text);
}
