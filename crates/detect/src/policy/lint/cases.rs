//! Policies and what is said of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Timestamp;

use super::{Level, Lint, LintOptions, Policy};

/// 2026-11-20T12:00:00Z.
const AT: Timestamp = Timestamp::from_secs(1_795_176_000, 0);

fn lint(text: &str, uses: Option<&BTreeMap<Arc<str>, u64>>) -> Lint {
    let (policy, complaints) = Policy::parse("p", text);
    assert_eq!(complaints, [], "{text}");
    policy.lint(&LintOptions { tools: &["alpha", "beta"], at: AT, uses })
}

/// `4:1 shadowed` of each remark but those of the level given.
fn codes(text: &str, without: &[&str]) -> Vec<String> {
    let told = lint(text, None).remarks.into_iter();
    let told = told.filter(|remark| !without.contains(&remark.code));
    told.map(|remark| {
        assert!(!remark.complaint.fix.is_empty(), "{remark:?}");
        format!("{}:{} {}", remark.complaint.line, remark.complaint.column, remark.code)
    })
    .collect()
}

/// What every case below would say otherwise.
const QUIET: [&str; 5] = ["no-owner", "no-reason", "any-zone", "any-operator", "unused-zone"];

#[test]
fn a_rule_is_held_against_its_end_and_its_reach() {
    let table: &[(&str, &[&str])] = &[
        ("", &[]),
        (
            "[[allow]]\ntool = \"alpha\"",
            &[
                "2:8 warning any-operator",
                "2:8 note any-zone",
                "2:8 note no-owner",
                "2:8 note no-reason",
            ],
        ),
        (
            "[[suppress]]\ntool = \"alpha\"\nowner = \"TODO\"\nreason = \"r\"",
            &["2:8 note any-operator", "2:8 note any-zone", "3:1 note no-owner"],
        ),
        ("[[allow]]\noperators = [\"a.example\"]\nowner = \"o\"\nreason = \"r\"", &[]),
        (
            "[[zone]]\nname = \"z\"\nvlans = [1]\n[[allow]]\ntool = \"alhpa\"\n\
             operators = [\"unknown\"]\nzones = [\"z\"]\nowner = \"o\"\nreason = \"r\"",
            &["5:8 error unknown-tool"],
        ),
        ("[[zone]]\nname = \"z\"\nvlans = [1]", &["1:1 note unused-zone"]),
    ];
    for (text, want) in table {
        let mut told: Vec<String> = lint(text, None)
            .remarks
            .iter()
            .map(|remark| {
                let (line, column) = (remark.complaint.line, remark.complaint.column);
                format!("{line}:{column} {} {}", remark.level.word(), remark.code)
            })
            .collect();
        let mut want: Vec<&str> = want.to_vec();
        told.sort();
        want.sort_unstable();
        assert_eq!(told, want, "{text}");
    }
}

#[test]
fn ends_are_told_by_the_day_in_the_rule_s_own_zone() {
    let table: &[(&str, &[&str])] = &[
        ("until = 2026-11-19", &["3:1 expired"]),
        ("until = 2026-11-20", &["3:1 ends-soon"]),
        ("until = 2026-12-20", &["3:1 ends-soon"]),
        ("until = 2026-12-21", &[]),
        // In Kiribati it is the 21st already.
        ("until = 2026-11-20\nhours = \"00:00-24:00 Pacific/Kiritimati\"", &["3:1 expired"]),
    ];
    for (line, want) in table {
        let text = format!("[[allow]]\ntool = \"alpha\"\n{line}");
        assert_eq!(codes(&text, &QUIET), *want, "{line}");
    }
}

#[test]
fn rules_that_never_decide_or_contradict_each_other_are_told() {
    let a = "[[allow]]\ntool = \"alpha\"\n";
    let s = "[[suppress]]\ntool = \"alpha\"\n";
    let z = "[[zone]]\nname = \"x\"\nvlans = [1]\n[[zone]]\nname = \"y\"\nvlans = [2]\n";
    let table: &[(String, &[&str])] = &[
        (format!("{a}{a}"), &["4:8 shadowed"]),
        (format!("{a}{s}"), &["4:8 shadowed"]),
        (format!("{s}{a}"), &["2:8 shadowed"]),
        // A broader rule behind a closer one decides elsewhere.
        (format!("{a}operators = [\"a.example\"]\n{a}"), &["2:8 overlap"]),
        (format!("{a}{s}operators = [\"a.example\"]"), &["4:8 conflict"]),
        (format!("{a}operators = [\"a.example\"]\n{a}operators = [\"b.example\"]"), &[]),
        (
            format!("{a}operators = [\"*.example\"]\n{a}operators = [\"b.example\"]"),
            &["2:8 overlap"],
        ),
        (
            format!(
                "{a}operators = [\"a.example\", \"b.example\"]\n{a}operators = [\"b.example\"]"
            ),
            &["5:8 shadowed"],
        ),
        (format!("{z}{a}zones = [\"x\", \"y\"]\n{a}zones = [\"y\"]"), &["11:8 shadowed"]),
        (format!("{z}{a}zones = [\"x\"]\n{a}zones = [\"y\"]"), &[]),
        (format!("{z}{a}zones = [\"x\"]\n{s}zones = [\"x\"]"), &["11:8 shadowed"]),
        (
            format!("{a}hours = \"Mon-Fri 07:00-19:00\"\n{a}hours = \"Mon 08:00-09:00\""),
            &["5:8 shadowed"],
        ),
        (format!("{a}hours = \"Mon 08:00-09:00\"\n{a}hours = \"Tue 08:00-09:00\""), &[]),
        (format!("{a}until = 2030-01-01\n{a}until = 2029-01-01"), &["5:8 shadowed"]),
        (format!("{a}until = 2029-01-01\n{a}until = 2030-01-01"), &["2:8 overlap"]),
        (format!("{a}peers = [\"192.0.2.0/24\"]\n{a}peers = [\"192.0.2.7\"]"), &["2:8 overlap"]),
        (format!("{a}peers = [\"192.0.2.0/24\"]\n{a}peers = [\"198.51.100.7\"]"), &[]),
        (format!("{a}peers = [\"0.0.0.0/0\"]"), &["3:1 any-peer"]),
        (format!("{a}[[allow]]\ntool = \"beta\""), &[]),
        // What has ended overlaps nothing.
        (format!("{a}until = 2020-01-01\n{s}"), &["3:1 expired"]),
        // Names that lie, and what lists report.
        (format!("{a}[[suppress]]\noperators = [\"a.example\"]"), &["3:1 conflict"]),
        (format!("{a}[[allow]]\noperators = [\"a.example\"]"), &[]),
        (
            "[[suppress]]\noperators = [\"a.example\"]\n[[allow]]\noperators = [\"a.example\"]"
                .into(),
            &["3:1 conflict"],
        ),
    ];
    for (text, want) in table {
        assert_eq!(codes(text, &QUIET), *want, "{text}");
    }
}

#[test]
fn zones_that_hide_each_other_are_told() {
    let zone = |name: &str, more: &str| format!("[[zone]]\nname = \"{name}\"\n{more}\n");
    let net = |name: &str, nets: &str| zone(name, &format!("networks = [{nets}]"));
    let table: &[(String, &[&str])] = &[
        (net("a", "\"0.0.0.0/0\""), &["3:1 internet"]),
        (net("a", "\"::/0\""), &["3:1 internet"]),
        (net("a", "\"2000::/3\""), &["3:1 internet"]),
        (net("a", "\"10.0.0.0/8\", \"fc00::/7\", \"fe80::/10\""), &[]),
        (net("a", "\"10.1.0.0/16\", \"10.1.0.0/16\""), &["3:1 duplicate-network"]),
        (net("a", "\"10.1.0.0/16\"") + &net("b", "\"10.1.0.0/16\""), &["6:1 zone-hidden"]),
        (
            net("a", "\"10.1.0.0/16\"") + &zone("b", "networks = [\"10.1.0.0/16\"]\nvlans = [7]"),
            &[],
        ),
        (
            net("a", "\"10.0.0.0/8\"")
                + &net("b", "\"10.1.0.0/16\"")
                + "[[allow]]\ntool = \"alpha\"\nzones = [\"a\"]",
            &["9:1 zone-within"],
        ),
        (
            net("a", "\"10.0.0.0/8\"")
                + &net("b", "\"10.1.0.0/16\"")
                + "[[allow]]\ntool = \"alpha\"\nzones = [\"a\", \"b\"]",
            &[],
        ),
    ];
    for (text, want) in table {
        assert_eq!(codes(text, &QUIET), *want, "{text}");
    }
}

#[test]
fn rules_that_no_record_tells_of_never_hit() {
    let text = "[[allow]]\ntool = \"alpha\"\n[[allow]]\ntool = \"beta\"";
    let uses = BTreeMap::from([("allow[0] alpha".into(), 3), ("allow[7] gamma".into(), 1)]);
    let told = lint(text, Some(&uses));
    let never: Vec<&str> = told
        .remarks
        .iter()
        .filter(|remark| remark.code == "never-hit")
        .map(|remark| remark.complaint.why.as_str())
        .collect();
    assert_eq!(never, ["allow[1] beta never decided in the records"]);
    assert_eq!(told.foreign_rules, ["allow[7] gamma".into()]);
    assert_eq!(told.count(Level::Error), 0);
}

#[test]
fn a_page_of_equal_rules_is_told_within_bounds() {
    let text = "[[allow]]\ntool = \"alpha\"\n".repeat(3000);
    let told = lint(&text, None);
    assert_eq!(told.remarks.len(), crate::limits::LINT_REMARKS_MAX);
    assert!(told.left_out > 0);
}
