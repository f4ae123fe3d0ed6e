//! Who asked: resolvers inside that pass questions on.

use super::{expect, play, short};
use crate::Limits;

const CLIENT: &str = "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor\n";

/// Rules and hosts of the alerts that came first.
fn told(policy: &str, scene: &str) -> Vec<String> {
    let outcome = play(policy, &Limits::default(), scene);
    let first = outcome.alerts.iter().filter(|alert| !alert.update);
    first.map(|alert| format!("{} {}", alert.rule_id, alert.host)).collect()
}

#[test]
fn a_question_passed_on_is_the_clients_alone() {
    expect(
        "",
        &format!(
            "{CLIENT}
             1 10.0.0.53>192.0.2.1:53 query r.alpha.example : DnsQuestion Relay Vendor
             2 10.0.0.53>192.0.2.1:53 answer r.alpha.example 203.0.113.1 : \
             DnsQuestion Relay Vendor"
        ),
        &["0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0"],
    );
}

#[test]
fn what_a_resolver_does_of_itself_is_told() {
    let relay = "DnsQuestion Relay Vendor";
    let both = ["rmm.relay.alpha 10.0.0.5", "rmm.relay.alpha 10.0.0.53"];
    let table: &[(&str, String, &[&str])] = &[
        ("another name", format!("1 10.0.0.53>9.9.9.9:53 query q.alpha.example : {relay}"), &both),
        (
            "an hour later",
            format!("3601 10.0.0.53>9.9.9.9:53 query r.alpha.example : {relay}"),
            &both,
        ),
        (
            "a server reached",
            "1 10.0.0.53>203.0.113.1:443 hello r.alpha.example : \
          TlsSni Relay Vendor"
                .to_owned(),
            &both,
        ),
        (
            "another resolver",
            format!("1 10.0.0.54>9.9.9.9:53 query r.alpha.example : {relay}"),
            &["rmm.relay.alpha 10.0.0.5", "rmm.relay.alpha 10.0.0.54"],
        ),
        // QNAME minimisation.
        (
            "a name above",
            format!("1 10.0.0.53>9.9.9.9:53 query alpha.example : {relay}"),
            &both[..1],
        ),
        ("below it", format!("1 10.0.0.53>9.9.9.9:53 query _.alpha.example : {relay}"), &both[..1]),
        (
            "a chain of resolvers",
            format!(
                "1 10.0.0.53>10.0.0.54:53 query r.alpha.example : {relay}
             2 10.0.0.54>9.9.9.9:53 query r.alpha.example : {relay}"
            ),
            &both[..1],
        ),
    ];
    for (case, scene, want) in table {
        assert_eq!(told("", &format!("{CLIENT}{scene}")), *want, "{case}");
    }
}

#[test]
fn a_stranger_who_asks_our_resolver_excuses_nothing() {
    let scene = "0 203.0.113.66>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
                 1 10.0.0.53>192.0.2.1:53 query r.alpha.example : DnsQuestion Relay Vendor";
    assert_eq!(told("", scene), ["rmm.relay.alpha 10.0.0.53"]);
}

#[test]
fn authorised_use_is_not_told_of_the_resolver() {
    let policy = r#"
        [[zone]]
        name = "desk"
        networks = ["10.20.0.0/16"]
        [[zone]]
        name = "servers"
        networks = ["10.0.0.0/24"]
        [[allow]]
        tool = "alpha"
        zones = ["desk"]
        owner = "it"
        reason = "contract"
    "#;
    let scene = "0 10.20.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
                 1 10.0.0.53>192.0.2.1:53 query r.alpha.example : DnsQuestion Relay Vendor";
    let outcome = play(policy, &Limits::default(), scene);
    assert_eq!(outcome.alerts.iter().map(short).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(outcome.verdicts, [Some(true), None]);
}
