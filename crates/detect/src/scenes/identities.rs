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

/// One interface has an address of each family.
const BOTH: &str = "0 0.0.0.0>255.255.255.255:67 lease pc 10.0.0.5=1
     1 0.0.0.0>255.255.255.255:67 lease pc fe80::5=1\n";

#[test]
fn what_one_family_asked_for_names_the_flows_of_the_other() {
    let policy = "[[allow]]\ntool = \"alpha\"\noperators = [\"help.acme.example\"]\n";
    let ask = "2 10.0.0.5>10.0.0.53:53 answer help.acme.example 2001:db8::7 :\n";
    let speak = "3 fe80::5>2001:db8::7:8041 opening : Payload Relay Server";
    let table = [("one interface", BOTH, 0), ("nobody knows", "", 1)];
    for (what, before, want) in table {
        let outcome = play(policy, &Limits::default(), &format!("{before}{ask}{speak}"));
        assert_eq!(outcome.alerts.len(), want, "{what}: {:?}", outcome.alerts);
    }
}

#[test]
fn stages_over_both_families_are_one_incident() {
    let scene = format!(
        "{BOTH}
         2 10.0.0.5>192.0.2.1:443 hello win-care.example : TlsSni helpdesk
         9 fe80::5>2001:db8::7:8041 opening : Payload Relay Server
         10 fe80::5>2001:db8::7:8041 close :"
    );
    let outcome = play("", &Limits::default(), &scene);
    let told: Vec<String> = outcome.alerts.iter().map(super::short).collect();
    assert_eq!(
        told,
        [
            "2 new rmm.lure.helpdesk 40 80% 10.0.0.5 - x1 2-2",
            "9 new rmm.campaign.chain 75 95% 10.0.0.5 2001:db8::7 x2 2-9",
            "10 upd rmm.campaign.chain 75 95% 10.0.0.5 2001:db8::7 x2 2-10",
        ]
    );
    assert_eq!(outcome.alerts[1].hosts, ["fe80::5".parse::<std::net::IpAddr>().expect("an ip")]);
}
