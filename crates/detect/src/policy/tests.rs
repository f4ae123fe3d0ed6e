//! Policy files, good and bad.

use super::Policy;

/// Complaints as `line:column why; fix`.
fn complaints(text: &str) -> Vec<String> {
    let (_, complaints) = Policy::parse("p.toml", text);
    complaints.iter().map(|said| said.to_string().replacen("p.toml:", "", 1)).collect()
}

const GOOD: &str = r#"
[[zone]]
name = "vdi"
networks = ["10.20.0.0/16", "2001:db8::/32", "192.0.2.1"]
vlans = [20, 0x1e]

[[allow]]
tool = "acme-remote"
operators = ["acme.example", "*.help.acme.example", "203.0.113.5"]
zones = ["vdi"]
peers = ["203.0.113.0/24"]
hours = "Mon-Fri 07:00-19:00 Europe/Berlin"
until = 2027-03-31
owner = "it-helpdesk"
reason = "contract 4711"

[[suppress]]
operators = ["test.example"]
"#;

#[test]
fn a_good_policy_has_all_its_rules() {
    let (policy, complaints) = Policy::parse("p.toml", GOOD);
    assert_eq!(complaints, []);
    let labels: Vec<&str> = policy.rules().map(|rule| &**rule.label).collect();
    assert_eq!(labels, ["allow[0] acme-remote", "suppress[0] any tool"]);
    let first = policy.rules().next().expect("a rule");
    assert_eq!((first.owner, first.reason), (Some("it-helpdesk"), Some("contract 4711")));
    assert_eq!(policy.zones().collect::<Vec<_>>(), ["vdi"]);
    assert_eq!(complaints_of_nothing(), 0);
}

fn complaints_of_nothing() -> usize {
    complaints("").len() + complaints("# nothing\n").len()
}

#[test]
fn every_slip_is_told_with_its_place_and_its_fix() {
    let table: &[(&str, &[&str])] = &[
        ("[[alow]]\ntool = \"a\"", &["1:3: a policy has no key `alow`; did you mean `allow`?"]),
        (
            "colour = 1",
            &[
                "1:1: a policy has no key `colour`; known are `zone`, `allow`, `suppress`, `inbound`",
            ],
        ),
        (
            "[allow]\ntool = \"a\"",
            &["1:1: `allow` is no list of tables; begin each with a line `[[allow]]`"],
        ),
        ("zone = 3", &["1:8: `zone` is no list of tables; begin each with a line `[[zone]]`"]),
        (
            "allow = [1]",
            &["1:10: `allow` is no list of tables; begin each with a line `[[allow]]`"],
        ),
        (
            "[[zone]]\nname = \"a\"\nnetwork = [\"10.0.0.0/8\"]",
            &[
                "1:1: a zone has neither networks nor vlans; add `networks = [\"10.20.0.0/16\"]` \
                 or `vlans = [20]`",
                "3:1: a zone has no key `network`; did you mean `networks`?",
            ],
        ),
        (
            "[[zone]]\nnetworks = [\"10.1.0.0/8\", \"x\", 3]",
            &[
                "1:1: a zone has no name; add `name = \"…\"`",
                "2:13: `10.1.0.0/8` names a host in a network; write `10.0.0.0/8`",
                "2:27: `x` is no network; write a network as 10.20.0.0/16 or 2001:db8::/32, or \
                 one address",
                "2:32: `networks` is a whole number, no text; write a text in quotes",
            ],
        ),
        (
            "[[zone]]\nname = \"a\"\nvlans = [0, 4095, \"7\", 7]",
            &[
                "3:10: `0` is no VLAN; VLANs are numbers from 1 to 4094",
                "3:13: `4095` is no VLAN; VLANs are numbers from 1 to 4094",
                "3:19: `\"7\"` is no VLAN; VLANs are numbers from 1 to 4094",
            ],
        ),
        (
            "[[zone]]\nname = \"a\"\nvlans = [1]\n[[zone]]\nname = \"a\"\nvlans = [2]",
            &["4:1: a second zone is called `a`; put its networks into one `[[zone]]`"],
        ),
        (
            "[[allow]]",
            &["1:1: `allow` names neither a tool nor operators; add `tool = \"…\"`, or \
               `operators` with a name of yours that looks like a lie"],
        ),
        (
            "[[suppress]]\nzones = [\"a\"]",
            &[
                "1:1: `suppress` names neither a tool nor operators; add `tool = \"…\"`, or \
                 `operators` with the name or address to keep quiet about",
                "2:10: no zone is called `a`; add a `[[zone]]` with `name = \"a\"`",
            ],
        ),
        (
            "[[zone]]\nname = \"office\"\nvlans = [1]\n[[allow]]\ntool = \"t\"\nzones = [\"ofice\", \"lab\"]",
            &[
                "6:10: no zone is called `ofice`; did you mean `office`?",
                "6:19: no zone is called `lab`; zones are `office`",
            ],
        ),
        (
            "[[allow]]\ntool = \"Acme Remote\"\noperators = [\"*\", \"a*b\", \"\"]",
            &[
                "2:8: `Acme Remote` is no tool's id; tools are written in lower case, digits and \
                 hyphens, e.g. `acme-remote`",
                "3:14: `*` names nobody; leave `operators` out: then any operator passes",
                "3:19: `a*b` is no operator; write a name, an address, or `*.suffix`",
                "3:26: `operators` has an empty text; fill it in or leave the key out",
            ],
        ),
        (
            "[[allow]]\ntool = \"t\"\noperators = []\nzones = \"a\"\nowner = 3\nreason = \" \"",
            &[
                "3:13: `operators` is an empty list; fill it in or leave the key out",
                "4:9: `zones` is a text, no list; write a list in brackets",
                "5:9: `owner` is a whole number, no text; write a text in quotes",
                "6:10: `reason` has an empty text; fill it in or leave the key out",
            ],
        ),
        (
            "[[allow]]\ntool = \"t\"\nhours = \"Mon-Fry 07:00-19:00\"\nuntil = \"2027-03-31\"",
            &[
                "3:14: `Fry` is no day of the week; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun",
                "4:9: `until` is a text, no date; write a date without quotes, e.g. `until = \
                 2027-03-31`: the last day it holds",
            ],
        ),
        (
            "[[allow]]\ntool = \"t\"\nuntil = 2027-03-31T10:00:00Z",
            &["3:9: `until` has a time of day, or only that; write a date without quotes, e.g. \
                 `until = 2027-03-31`: the last day it holds"],
        ),
        (
            // A text with an escape: the place within it cannot be told, that of the text can.
            "[[allow]]\ntool = \"t\"\nhours = \"Mon-\\u0046ry 07:00-19:00\"",
            &["3:9: `Fry` is no day of the week; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun"],
        ),
    ];
    for (text, want) in table {
        assert_eq!(complaints(text), *want, "{text}");
    }
}

#[test]
fn what_is_no_toml_is_told_once_a_slip() {
    let said = complaints("[[allow]]\ntool = acme\nzones = [\"a\"\n");
    assert!(said.len() >= 2 && said[0].starts_with("2:"), "{said:?}");
    assert!(said.iter().all(|line| line.contains("this is no TOML")), "{said:?}");
    let said = complaints("[[allow]]\ntool = \"t\"\nuntil = 2027-02-30");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("3:"), "{said:?}");
}

#[test]
fn a_rule_with_an_error_is_left_out_and_the_rest_stands() {
    let text = "[[allow]]\ntool = \"a\"\nzone = [\"x\"]\n[[allow]]\ntool = \"b\"";
    let (policy, complaints) = Policy::parse("p.toml", text);
    assert_eq!(complaints.len(), 1);
    let labels: Vec<&str> = policy.rules().map(|rule| &**rule.label).collect();
    assert_eq!(labels, ["allow[1] b"]);
}

#[test]
fn files_add_up_and_settings_may_hold_more() {
    let mut policy = Policy::deny_by_default();
    let zone = "[[zone]]\nname = \"vdi\"\nvlans = [1]\n[[allow]]\ntool = \"a\"";
    assert_eq!(policy.add("one.toml", zone), []);
    assert_eq!(policy.add("two.toml", "[[allow]]\ntool = \"b\"\nzones = [\"vdi\"]"), []);
    let settings = "[privacy]\nretention = 30\n[[allow]]\ntool = \"c\"";
    assert_eq!(policy.add_from_settings("all.toml", settings), []);
    assert_eq!(policy.add("three.toml", settings).len(), 1);
    let labels: Vec<&str> = policy.rules().map(|rule| &**rule.label).collect();
    assert_eq!(labels, ["allow[0] a", "allow[1] b", "allow[2] c", "allow[3] c"]);
}

#[test]
fn tools_that_the_catalogue_lacks_are_told() {
    let (policy, _) = Policy::parse(
        "p.toml",
        "[[allow]]\ntool = \"acme-remot\"\n\n[[suppress]]\n\
                                               tool = \"zzz\"\n[[suppress]]\noperators = [\"a\"]",
    );
    let said = policy.check_tools(&["acme-remote", "other"]);
    let said: Vec<String> = said.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "p.toml:2:8: the catalogue has no tool `acme-remot`; did you mean `acme-remote`?",
            "p.toml:5:8: the catalogue has no tool `zzz`; `rmmwatch tools` lists the catalogue",
        ]
    );
}

#[test]
fn any_text_is_read_without_harm() {
    let samples = [
        GOOD.as_bytes(),
        b"[[allow]]\ntool = \"t\"\nhours = \"Sat-Mon 22:00-06:00 America/New_York\"\n",
        b"[[suppress]]\noperators = [\"*.a\"]\npeers = [\"::/0\"]\nuntil = 2027-03-31\n",
    ];
    crate::fuzz::drive(&samples, 1500, crate::fuzz::policy);
}
