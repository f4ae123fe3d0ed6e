//! What the policy makes of a scene.

use super::{expect, play, text};
use crate::alone::Alone;
use crate::{Detector, Limits, Policy};

const POLICY: &str = r#"
[[zone]]
name = "vdi"
networks = ["10.20.0.0/16"]
[[zone]]
name = "office"
networks = ["10.0.0.0/16"]

[[allow]]
tool = "alpha"
operators = ["acme.example", "*.help.acme.example"]
zones = ["vdi"]
hours = "Mon-Fri 07:00-19:00 Europe/Berlin"
until = 2026-11-20
owner = "it-helpdesk"
reason = "contract 4711"

[[allow]]
tool = "beta"

[[suppress]]
tool = "gamma"
zones = ["vdi"]

[[suppress]]
operators = ["known.example"]
reason = "our own phishing exercise"
"#;

#[test]
fn authorised_use_is_counted_and_not_told() {
    let outcome = expect(
        POLICY,
        "0 10.20.0.5>10.0.0.53:53 query acme.example : DnsQuestion Relay Named=acme.example
         1 10.20.0.5>192.0.2.1:443 hello acme.example : TlsSni Relay Named=acme.example
         2 10.20.0.5>192.0.2.1:443 certificate : TlsCertificate Relay Server
         3 10.0.0.5>10.0.0.53:53 query r.beta.example : DnsQuestion Relay Vendor tool=beta
         4 10.20.0.5>10.0.0.53:53 query r.gamma.example : DnsQuestion Relay Vendor tool=gamma
         5 10.0.0.5>10.0.0.53:53 query www.alpha.example : DnsQuestion Website Vendor
         6 10.0.0.5>10.0.0.53:53 query up.beta.example : DnsQuestion Update Vendor tool=beta",
        &[],
    );
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(outcome.verdicts, [yes, yes, yes, yes, no, None, yes]);
    let hits = outcome.detector.rule_hits();
    let counts: Vec<(&str, u64, u64)> =
        hits.iter().map(|(rule, hits)| (&**rule, hits.uses, hits.signs)).collect();
    assert_eq!(
        counts,
        [
            ("allow[0] alpha", 1, 3),
            ("allow[1] beta", 1, 1),
            ("suppress[0] gamma", 1, 1),
            ("suppress[1] any tool", 0, 0),
        ]
    );
    assert_eq!(outcome.detector.memory_counts()["uses_suppressed"], 1);
    assert_eq!(outcome.detector.authorised_counts().len(), 2);
}

#[test]
fn what_lacks_one_thing_is_told_with_that_thing() {
    let ask = "DnsQuestion Relay";
    let day = 24 * 3600;
    // Seconds from noon UTC on the rule's last day; host; the sign; what the reason says.
    let table: &[(u64, &str, &str, &str)] = &[
        (
            0,
            "10.20.0.5",
            "Named=evil.example",
            "allow[0] alpha of it-helpdesk allows it for \
         acme.example or *.help.acme.example only: their tool, not their tenant",
        ),
        (0, "10.20.0.5", "Vendor", "only, and whose tenant it is does not show"),
        (0, "10.0.0.5", "Named=acme.example", "allows it in zone vdi only"),
        (
            6 * 3600,
            "10.20.0.5",
            "Named=acme.example",
            "allows it at Mon-Fri 07:00-19:00 \
         Europe/Berlin only",
        ),
        (3 * day, "10.20.0.5", "Named=acme.example", "ended with 2026-11-20"),
        (0, "10.0.0.5", "Named=evil.example", "and no rule of the policy allows it"),
        (0, "10.20.0.5", "Named=help.acme.example", "not their tenant"),
    ];
    for (secs, host, operator, why) in table {
        let scene = format!("{secs} {host}>10.0.0.53:53 query x.example : {ask} {operator}");
        let outcome = play(POLICY, &Limits::default(), &scene);
        let alert = super::only(outcome.alerts);
        assert!(alert.reason.contains(why), "{scene}: {}", alert.reason);
        assert_eq!(&*alert.policy.rule, "deny-by-default");
    }
    for allowed in ["Named=acme.example", "Named=a.help.acme.example"] {
        let ask = format!("21599 10.20.0.5>10.0.0.53:53 query x.example : {ask} {allowed}");
        expect(POLICY, &ask, &[]);
    }
}

#[test]
fn a_server_without_a_name_is_not_called_another_tenant() {
    // Its lookup may be what the tap missed.
    let outcome = expect(
        POLICY,
        "0 10.20.0.5>192.0.2.1:8041 opening : Payload Relay Server",
        &["0 new rmm.protocol.alpha 60 90% 10.20.0.5 192.0.2.1 x1 0-0"],
    );
    let reason = &outcome.alerts[0].reason;
    assert!(reason.contains("only, and the server shows no name to know it by;"), "{reason}");
}

#[test]
fn a_session_that_outlasts_its_hours_is_told_from_then_on() {
    // 19:00 in Berlin is six hours after noon UTC.
    expect(
        POLICY,
        "21500 10.20.0.5>192.0.2.1:443 hello acme.example : TlsSni Relay Named=acme.example
         21600 10.20.0.5#50001>192.0.2.1:443 hello acme.example : TlsSni Relay Named=acme.example",
        &["21600 new rmm.relay.alpha 50 75% 10.20.0.5 acme.example x1 21600-21600"],
    );
}

#[test]
fn software_of_an_authorised_tenant_may_call_the_vendor() {
    expect(
        POLICY,
        "0 10.20.0.5>10.0.0.53:53 query api.alpha.example : DnsQuestion Api Vendor
         1 10.20.0.5>10.0.0.53:53 query dl.alpha.example : DnsQuestion Download Vendor",
        &[],
    );
}

#[test]
fn a_foreign_tenant_beside_the_authorised_one_is_its_own_story() {
    expect(
        POLICY,
        "0 10.20.0.5>10.0.0.53:53 query acme.example : DnsQuestion Relay Named=acme.example
         1 10.20.0.5>10.0.0.53:53 query api.alpha.example : DnsQuestion Api Vendor
         2 10.20.0.5>10.0.0.53:53 query evil.example : DnsQuestion Relay Named=evil.example
         3 10.20.0.5>10.0.0.53:53 query acme.example : DnsQuestion Relay Named=acme.example",
        &["2 new rmm.relay.alpha 55 60% 10.20.0.5 evil.example x1 2-2"],
    );
}

#[test]
fn an_indicator_is_silenced_by_its_name_and_by_nothing_else() {
    let outcome = expect(
        POLICY,
        "0 10.20.0.5>10.0.0.53:53 query known.example : DnsQuestion 90%
         1 10.20.0.5>10.0.0.53:53 query x.example : DnsQuestion 90%",
        &["1 new rmm.indicator.feed 80 90% 10.20.0.5 - x1 1-1"],
    );
    assert_eq!(outcome.detector.memory_counts()["uses_suppressed"], 1);
}

#[test]
fn peers_and_vlans_bound_a_rule() {
    let policy = r#"
        [[zone]]
        name = "lab"
        vlans = [7]
        [[allow]]
        tool = "alpha"
        zones = ["lab"]
        peers = ["192.0.2.0/24", "2001:db8::/32"]
    "#;
    let scene = "0 10.0.0.5>192.0.2.1:1@7 opening : Payload Relay Server value=87
         1 10.0.0.5>10.0.0.53:53@7 query r.example : DnsQuestion Relay Vendor
         2 192.0.2.9>10.0.0.5:1@7 opening : Payload Relay Server value=87
         3 10.0.0.5>198.51.100.1:1@7 opening : Payload Relay Server value=87
         4 10.0.0.6>192.0.2.1:1@8 opening : Payload Relay Server value=87";
    let outcome = expect(
        policy,
        scene,
        &[
            "3 new rmm.protocol.alpha 60 90% 10.0.0.5 198.51.100.1 x1 3-3",
            "4 new rmm.protocol.alpha 60 90% 10.0.0.6 192.0.2.1 x1 4-4",
        ],
    );
    assert!(outcome.alerts[0].reason.contains("allows it with 192.0.2.0/24 or 2001:db8::/32 only"));
    assert!(outcome.alerts[1].reason.contains("allows it in zone lab only"));
    assert_eq!(text(&outcome.alerts[0].policy.zone), Some("lab"));
}

#[test]
fn the_closest_look_decides() {
    let policy = r#"
        [[suppress]]
        tool = "alpha"
        [[allow]]
        tool = "alpha"
        operators = ["*.example"]
        [[allow]]
        tool = "alpha"
        operators = ["*.acme.example"]
        [[suppress]]
        tool = "alpha"
        operators = ["a.acme.example"]
        [[allow]]
        tool = "alpha"
        operators = ["b.acme.example"]
        [[suppress]]
        tool = "alpha"
        operators = ["b.acme.example"]
        [[allow]]
        tool = "alpha"
        operators = ["*.acme.example"]
    "#;
    let table: &[(&str, &str)] = &[
        ("Vendor", "suppress[0] alpha"),
        ("Named=x.example", "allow[0] alpha"),
        ("Named=x.acme.example", "allow[1] alpha"),
        ("Named=a.acme.example", "suppress[1] alpha"),
        ("Named=b.acme.example", "allow[2] alpha"),
    ];
    for (operator, rule) in table {
        let line = format!("0 10.0.0.5>10.0.0.53:53 query x.test : DnsQuestion Relay {operator}");
        let outcome = expect(policy, &line, &[]);
        let hit = outcome.detector.rule_hits().iter().find(|(_, hits)| hits.uses == 1);
        assert_eq!(hit.map(|(rule, _)| &**rule), Some(*rule), "{operator}");
    }
}

#[test]
fn a_new_policy_counts_on_where_it_has_the_same_rules() {
    let policy = |text: &str| Policy::parse("policy.toml", text).0;
    let mut detector = Detector::new(policy("[[allow]]\ntool = \"alpha\""), &Limits::default());
    detector.hits.get_mut("allow[0] alpha").expect("a rule").uses = 3;
    detector.set_policy(policy("[[allow]]\ntool = \"alpha\"\n[[allow]]\ntool = \"beta\""));
    let uses: Vec<u64> = detector.rule_hits().values().map(|hits| hits.uses).collect();
    assert_eq!(uses, [3, 0]);
}

#[test]
fn a_name_alone_is_judged_as_for_an_unknown_host() {
    let table: &[(&str, &str)] = &[
        ("DnsQuestion Relay Vendor", "alert rmm.relay.alpha 50"),
        ("DnsQuestion Relay Named=acme.example", "alert rmm.relay.alpha 50"),
        ("DnsQuestion Relay Vendor tool=beta", "log allow[1] beta"),
        ("DnsQuestion Relay Vendor tool=gamma", "alert rmm.relay.gamma 50"),
        ("DnsQuestion Website Vendor", "log"),
        ("DnsQuestion Relay Vendor generic", "log"),
        ("Port Relay Vendor", "log"),
        ("DnsQuestion 90%", "alert rmm.indicator.feed 80"),
        ("DnsQuestion 90% value=known.example", "log suppress[1] any tool"),
        ("", "none"),
        ("DnsQuestion Website Vendor; DnsQuestion 60%", "alert rmm.indicator.feed 60"),
        ("DnsQuestion Relay Vendor tool=beta; DnsQuestion 90%", "alert rmm.indicator.feed 80"),
        ("DnsQuestion imitation", "alert rmm.lure.imitation 50"),
        ("DnsQuestion helpdesk", "alert rmm.lure.helpdesk 30"),
        ("DnsQuestion imitation weak", "log"),
        ("DnsQuestion helpdesk weak", "log"),
        ("DnsQuestion imitation registrable=known.example", "log suppress[1] any tool"),
        ("DnsQuestion imitation; DnsQuestion 90%", "alert rmm.indicator.feed 80"),
        ("DnsQuestion imitation; DnsQuestion 30%", "alert rmm.lure.imitation 50"),
        ("DnsQuestion 90% kind=sweep", "alert rmm.indicator.feed 40"),
        ("DnsQuestion 90% kind=vendor", "log"),
        ("DnsQuestion 90% kind=young", "log"),
        ("DnsQuestion 90% kind=young; DnsQuestion helpdesk", "alert rmm.lure.helpdesk 30"),
        ("DnsQuestion 90% until=0", "log"),
        ("DnsQuestion 90% until=1", "alert rmm.indicator.feed 80"),
    ];
    let policy = Policy::parse("policy.toml", POLICY).0;
    let detector = Detector::new(policy, &Limits::default());
    for (signs, want) in table {
        let signs: Vec<_> =
            signs.split("; ").filter(|line| !line.is_empty()).map(super::sign).collect();
        let got = match detector.alone(&signs, super::moment(0)) {
            Alone::Alert { rule_id, severity, .. } => format!("alert {rule_id} {}", severity.get()),
            Alone::Log { rule: Some(rule) } => format!("log {rule}"),
            Alone::Log { rule: None } => "log".into(),
            Alone::None => "none".into(),
        };
        assert_eq!(got, *want, "{signs:?}");
    }
}

#[test]
fn operators_are_tenants_certificates_or_nobody_that_shows() {
    // The rule's operators; the line's sign and what it is seen in; whether it is allowed.
    let ask = "query r.example : DnsQuestion Relay";
    let shown = "certificate : TlsCertificate Relay Server";
    let table: &[(&str, &str, bool)] = &[
        ("unknown", &format!("{ask} Vendor"), true),
        ("unknown", &format!("{ask} Named=evil.example"), false),
        ("unknown", "opening : Payload Relay Server", false),
        ("relay.example", &format!("{ask} Vendor"), false),
        ("r.example", &format!("{ask} Vendor"), true),
        ("203.0.113.5", "opening : Payload Relay Server", true),
        ("CN=x", shown, true),
        ("cn=X", shown, true),
        ("CN=y", shown, false),
        ("x", shown, false),
        ("CN=x", "opening : Payload Relay Server", false),
        (&"ab".repeat(32), shown, false),
    ];
    for (operator, line, allowed) in table {
        let policy = format!("[[allow]]\ntool = \"alpha\"\noperators = [\"{operator}\"]");
        let scene = format!("0 10.0.0.5>203.0.113.5:443 {line}");
        let outcome = play(&policy, &Limits::default(), &scene);
        assert_eq!(outcome.alerts.is_empty(), *allowed, "{operator}: {scene}");
    }
}

/// Each account agrees with what the policy does, whatever is asked.
#[test]
fn an_account_says_what_the_policy_does() {
    let policy = Policy::parse("policy.toml", POLICY).0;
    let signs = [
        "DnsQuestion Relay Vendor",
        "DnsQuestion Relay Named=acme.example",
        "DnsQuestion Relay Named=evil.example",
        "DnsQuestion Relay Vendor tool=beta",
        "DnsQuestion Relay Vendor tool=gamma",
        "DnsQuestion Api Vendor",
        "DnsQuestion Website Vendor",
        "DnsQuestion 90% value=known.example",
        "DnsQuestion imitation registrable=known.example",
        "DnsQuestion imitation",
    ];
    for line in signs {
        for (host, secs) in [("10.20.0.5", 0), ("10.0.0.5", 0), ("10.20.0.5", 3 * 24 * 3600)] {
            let scene = format!("{secs} {host}>10.0.0.53:53 query shown : {line}");
            let outcome = play(POLICY, &Limits::default(), &scene);
            let visit = crate::Visit {
                host: host.parse().expect(host),
                vlan: None,
                peer: None,
                at: super::moment(secs),
            };
            let accounts = policy.accounts(&visit, &[super::sign(line)]);
            let [account] = accounts.as_slice() else { panic!("{accounts:?}") };
            let told = account.alert.is_some() && account.outcome.word() == "unauthorised";
            assert_eq!(told, !outcome.alerts.is_empty(), "{scene}: {account:?}");
            assert_eq!(account.rules.len(), 4, "every rule is held against it");
            let deciding = account.rules.iter().filter(|rule| rule.decides).count();
            assert_eq!(deciding, usize::from(account.outcome.word() != "unauthorised"));
            for rule in &account.rules {
                let fits = rule.lacks.is_empty();
                assert_eq!(fits, rule.decides || rule.behind_at.is_some(), "{rule:?}");
                assert_eq!(rule.looks.len(), 8, "{rule:?}");
            }
        }
    }
}
