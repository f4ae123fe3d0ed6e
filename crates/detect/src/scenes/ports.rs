//! Ports of tools: hints, and from outside an alert where the policy asks for it.

use super::{expect, only, play};
use crate::{Limits, Policy};

const ALERT: &str = "[inbound]\nports = \"alert\"";
const OPEN: &str = "0 198.51.100.7>10.0.0.9:5900 open : Port Relay Server value=tcp/5900 shared";

#[test]
fn a_port_from_outside_alerts_where_the_policy_says_so() {
    let outcome = expect(ALERT, OPEN, &["0 new rmm.inbound.alpha 40 20% 10.0.0.9 10.0.0.9 x1 0-0"]);
    assert_eq!(
        only(outcome.alerts).reason,
        "198.51.100.7 outside reached 10.0.0.9:5900, a port of Alpha, on 10.0.0.9, and what answered \
         does not show, and no rule of the policy allows it; find out what answers there, and \
         close it at the perimeter unless it is meant for everyone."
    );
    for policy in ["", "[inbound]\nports = \"note\"", "[inbound]"] {
        expect(policy, OPEN, &[]);
    }
}

#[test]
fn a_port_alone_never_alerts_elsewhere_and_others_show_it_nowhere() {
    for (flow, sign) in [
        ("10.0.0.9>198.51.100.7:5900", "Port Relay Server shared"),
        ("10.0.0.9>10.0.0.8:5900", "Port Relay Server shared"),
        ("198.51.100.7>10.0.0.9:443", "Port Relay Server generic"),
        ("198.51.100.7>10.0.0.9:5900", "Address Relay Server shared"),
    ] {
        expect(ALERT, &format!("0 {flow} open : {sign}"), &[]);
    }
    let allow = format!("{ALERT}\n[[allow]]\ntool = \"alpha\"\npeers = [\"198.51.100.0/24\"]");
    expect(&allow, OPEN, &[]);
}

#[test]
fn what_answers_shows_later() {
    expect(
        ALERT,
        &format!("{OPEN}\n1 198.51.100.7>10.0.0.9:5900 opening : Payload Relay Server value=52"),
        &[
            "0 new rmm.inbound.alpha 40 20% 10.0.0.9 10.0.0.9 x1 0-0",
            "1 upd rmm.inbound.alpha 75 95% 10.0.0.9 10.0.0.9 x2 0-1",
        ],
    );
}

#[test]
fn many_servers_with_one_port_are_one_summary() {
    let line =
        |n: u32| format!("{n} 198.51.100.7>10.0.0.{n}:5900 open : Port Relay Server shared\n");
    let outcome = play(ALERT, &Limits::default(), &(1..=60).map(line).collect::<String>());
    assert_eq!(outcome.alerts.iter().filter(|alert| alert.more == 0).count(), 20);
    assert_eq!(outcome.alerts.last().map(|alert| alert.more), Some(40));
}

#[test]
fn other_words_are_complained_about() {
    for (text, why) in [
        ("[inbound]\nports = \"shout\"", "`shout` is nothing to do about ports"),
        ("[inbound]\nport = \"alert\"", "`[inbound]` has no key `port`"),
        ("inbound = 3", "`inbound` is no table"),
    ] {
        let (_, complaints) = Policy::parse("policy.toml", text);
        assert_eq!(only(complaints).why, why);
    }
}
