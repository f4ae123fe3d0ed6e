//! Addresses of several owners: what a name that led there may say, and what it may not.

use super::{expect, only, play, reasons};
use crate::Limits;

/// A lure and a bank, both behind one address of a content network.
const LURE: &str = "0 10.0.0.5>10.0.0.53:53 query lie.example : DnsQuestion imitation
                    1 10.0.0.5>10.0.0.53:53 answer lie.example 192.0.2.1 : DnsQuestion imitation\n";
const BANK: &str = "2 10.0.0.5>10.0.0.53:53 answer bank.example 192.0.2.1 :\n";

/// How often, how bad and how sure, and where it went.
fn told(scene: &str) -> Vec<String> {
    let outcome = play("", &Limits::default(), scene);
    let lines = outcome.alerts.iter().map(|alert| {
        let server = alert.server_name.as_ref().map_or("-", |name| name.as_str());
        let reached = alert.reason.contains(" reached ");
        let (severity, sure) = (alert.severity.get(), alert.confidence_pct);
        format!("{} {severity} {sure}% {server} {reached}", alert.rule_id)
    });
    lines.collect()
}

#[test]
fn a_nameless_flow_to_an_address_of_a_lure_and_a_bank_reached_nobody() {
    let nameless = "3 10.0.0.5>192.0.2.1:443 quic-ech - : DnsAnswer imitation value=lie.example\n";
    let asked = "rmm.lure.imitation 50 80% - false";
    // Whichever was resolved last, and however: the guess is none.
    let hint = BANK.replace("answer", "hint");
    let again = "2 10.0.0.5>10.0.0.53:53 answer lie.example 192.0.2.1 :\n";
    for scene in [
        format!("{LURE}{BANK}{nameless}"),
        format!("{LURE}{hint}{nameless}"),
        format!("{LURE}{BANK}{again}{nameless}"),
        format!("{LURE}{BANK}{nameless}{}", nameless.replacen('3', "4", 1)),
        format!("{LURE}{BANK}{}", nameless.replace("imitation", "90%")),
    ] {
        let told = told(&scene);
        assert!(!told.is_empty() && told.iter().all(|line| line == asked), "{scene} {told:#?}");
    }
    // The only name that leads there does lend itself, and one of its own house is no other.
    let reached = "rmm.lure.imitation 60 85% lie.example true";
    let house = BANK.replace("bank", "www.lie");
    let of_another = BANK.replace("10.0.0.5", "10.0.0.6");
    for scene in [
        format!("{LURE}{nameless}"),
        format!("{LURE}{}{nameless}", LURE.replace("answer", "hint")),
        format!("{LURE}{of_another}{nameless}"),
    ] {
        assert_eq!(told(&scene).last().map(String::as_str), Some(reached), "{scene}");
    }
    let housed = told(&format!("{LURE}{house}{nameless}"));
    assert_eq!(housed.last().map(String::as_str), Some(&*reached.replace("lie", "www.lie")));
    // A name that the client says itself is no guess.
    let named = "3 10.0.0.5>192.0.2.1:443 hello lie.example : TlsSni imitation\n";
    assert_eq!(told(&format!("{LURE}{BANK}{named}")).last().map(String::as_str), Some(reached));
}

#[test]
fn a_guess_begins_no_story_of_a_tool_and_joins_one() {
    let names = "0 10.0.0.5>10.0.0.53:53 answer a.example 192.0.2.1 :
                 1 10.0.0.5>10.0.0.53:53 answer relay.test 192.0.2.1 :\n";
    let lent = "2 10.0.0.5>192.0.2.1:443 hello - : DnsAnswer Relay Vendor value=relay.test\n";
    expect("", &format!("{names}{lent}"), &[]);
    let tenant = lent.replace("Vendor", "Named=acme");
    expect("", &format!("{names}{tenant}"), &[]);
    // Without the other name it is one.
    let alone = names.replace("a.example", "b.relay.test");
    assert_eq!(play("", &Limits::default(), &format!("{alone}{lent}")).alerts.len(), 1);
    // Octets show the tool: the guess stands beside them, and does not say who runs it.
    let octets = "3 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=87\n";
    let outcome = expect(
        "",
        &format!("{names}{tenant}{octets}"),
        &["3 new rmm.protocol.alpha 60 95% 10.0.0.5 192.0.2.1 x2 3-3"],
    );
    let alert = only(outcome.alerts);
    assert_eq!(alert.evidence.len(), 2);
    assert!(alert.server_name.is_none());
    assert!(!reasons(&[alert]).concat().contains("relay.test"));
}

#[test]
fn a_rule_for_one_of_the_names_allows_the_server() {
    let names = "0 10.0.0.5>10.0.0.53:53 answer www.acme.test 192.0.2.1 :
                 1 10.0.0.5>10.0.0.53:53 answer help.acme.example 192.0.2.1 :\n";
    let octets = "3 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=87\n";
    let policy = "[[allow]]\ntool = \"alpha\"\noperators = [\"help.acme.example\"]";
    expect(policy, &format!("{names}{octets}"), &[]);
}
