//! Scenes: whom an alert names as the host, besides its address.

use super::play;
use crate::Limits;

#[test]
fn an_alert_says_whom_it_is_about() {
    let relay = |host: &str| {
        format!(
            "9 {host}>192.0.2.1:443 hello relay.example : TlsSni Relay Vendor value=relay.example"
        )
    };
    let table: &[(&str, &str, &str, &[&str])] = &[
        ("", "", "10.0.0.5", &["- -"]),
        ("", "0 0.0.0.0>255.255.255.255:67 lease pc 10.0.0.5=1", "10.0.0.5", &["1 pc"]),
        ("", "0 0.0.0.0>255.255.255.255:67 lease - 10.0.0.5=1", "10.0.0.5", &["1 -"]),
        ("", "0 0.0.0.0>255.255.255.255:67 lease pc 10.0.0.6=1", "10.0.0.5", &["- -"]),
        // Of the last telling's moment.
        (
            "",
            "0 10.0.0.5>10.0.0.1:67 lease pc 10.0.0.5=1
             5 10.0.0.9>10.0.0.1:67 lease tv 10.0.0.5=2",
            "10.0.0.5",
            &["2 tv"],
        ),
        // Of hosts outside nobody here can say who they are.
        ("", "0 10.0.0.1>10.0.0.2:67 lease pc 192.0.2.77=1", "192.0.2.77", &["- -"]),
        (
            "[[zone]]\nname = \"house\"\nnetworks = [\"192.0.2.64/26\"]",
            "0 10.0.0.1>10.0.0.2:67 lease pc 192.0.2.77=1",
            "192.0.2.77",
            &["1 pc"],
        ),
    ];
    for (policy, before, host, want) in table {
        let scene = format!("{before}\n{}", relay(host));
        let outcome = play(policy, &Limits::default(), &scene);
        let called = outcome.alerts.iter().map(|alert| {
            let mac = alert.identity.mac.map_or("-".to_owned(), |mac| mac.0[5].to_string());
            format!("{mac} {}", alert.identity.name.as_deref().unwrap_or("-"))
        });
        assert_eq!(Vec::from_iter(called), *want, "{scene}");
    }
}

#[test]
fn a_new_lease_is_known() {
    let scene = "0 0.0.0.0>255.255.255.255:67 lease pc 10.0.0.5=1
                 9 0.0.0.0>255.255.255.255:67 lease pc 10.0.0.8=1";
    let outcome = play("", &Limits::default(), scene);
    let known = outcome.detector.known_host([10, 0, 0, 8].into()).expect("a lease");
    assert_eq!(known.former, Some([10, 0, 0, 5].into()));
    assert_eq!((known.changes, known.at), (0, super::moment(9)));
    assert_eq!(outcome.detector.memory_counts().get("identities_moved"), Some(&1));
}
