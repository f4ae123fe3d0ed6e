//! Lists by what their entries are, and entries that expired.

use super::{expect, only, play};
use crate::Limits;

#[test]
fn only_attackers_are_loud() {
    let table: &[(&str, &[&str])] = &[
        ("DnsQuestion 90%", &["rmm.indicator.feed 80"]),
        ("DnsQuestion 99% kind=sweep", &["rmm.indicator.feed 40"]),
        ("DnsQuestion 50% kind=sweep", &["rmm.indicator.feed 25"]),
        ("DnsQuestion 99% kind=vendor", &[]),
        ("DnsQuestion 99% kind=young", &[]),
        ("DnsQuestion 90% until=5", &["rmm.indicator.feed 80"]),
        ("DnsQuestion 90% until=4", &[]),
    ];
    for (sign, want) in table {
        let scene = format!("4 10.0.0.5>10.0.0.53:53 query a.example : {sign}");
        let outcome = play("", &Limits::default(), &scene);
        let told = outcome.alerts.iter();
        let told: Vec<String> =
            told.map(|alert| format!("{} {}", alert.rule_id, alert.severity.get())).collect();
        assert_eq!(told, *want, "{sign}");
    }
}

#[test]
fn a_quiet_entry_stands_beside_what_its_flow_shows() {
    let table: &[(&str, &str)] = &[
        ("TlsSni 99% kind=vendor", ", and the list feed has it as a vendor's; "),
        ("TlsSni 99% until=0", ", and the list feed reported it once (expired); "),
        ("TlsSni 99% kind=sweep until=0", ", and the list feed reported it once (expired); "),
        ("TlsSni 99% kind=young", ", and no rule of the policy allows it; "),
    ];
    for (sign, clause) in table {
        let scene = format!(
            "0 10.0.0.5>192.0.2.1:443 hello a.example : {sign}
             1 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=87"
        );
        let alert = only(play("", &Limits::default(), &scene).alerts);
        assert_eq!(&*alert.rule_id, "rmm.protocol.alpha", "{sign}");
        // It makes nothing worse, and nobody surer.
        assert_eq!((alert.severity.get(), alert.confidence_pct), (60, 90), "{sign}");
        assert!(alert.reason.contains(clause), "{sign}: {}", alert.reason);
        let listed = alert.evidence.iter().find(|one| &*one.list == "feed").expect(sign);
        assert_eq!(listed.expired, sign.contains("until"), "{sign}");
    }
}

#[test]
fn an_entry_that_expires_in_a_story_ends_its_part() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query a.example : DnsQuestion 90% until=60
         60 10.0.0.5>10.0.0.53:53 query a.example : DnsQuestion 90% until=60",
        &[
            "0 new rmm.indicator.feed 80 90% 10.0.0.5 - x1 0-0",
            "60 upd rmm.indicator.feed 80 90% 10.0.0.5 - x2 0-60",
        ],
    );
}
