//! Many hosts begin to use one tool at once, and what else is known of a use.

use model::{Alert, ChainStage, Detection};

use super::{NOON, Outcome, only, play, short};
use crate::Limits;

const DAY: u64 = 86_400;

fn spreads(outcome: &Outcome) -> Vec<String> {
    let line = |a: &Alert| {
        let secs = a.at.secs() - NOON;
        let steps = a.chain.as_ref().map_or(0, |chain| chain.steps.len());
        format!("{secs} {} {} of {} {steps}", a.occasion.word(), a.severity.get(), a.hosts.len())
    };
    outcome.alerts.iter().filter(|a| &*a.rule_id == "rmm.campaign.spread").map(line).collect()
}

/// So many hosts use a relay, so many seconds apart.
fn roll_out(hosts: u64, from: u64, apart: u64, sign: &str) -> String {
    let line = |n: u64| {
        let (host, secs) = (format!("10.0.{}.{}", 1 + n / 200, 1 + n % 200), from + n * apart);
        format!("{secs} {host}>192.0.2.1:443 hello r.alpha.example : {sign}\n")
    };
    (0..hosts).map(line).collect()
}

/// The sensor watches for a day before.
fn learnt(scene: &str) -> String {
    format!("0 10.0.0.9>10.0.0.53:53 query other.example :\n{scene}")
}

#[test]
fn eight_hosts_within_an_hour_are_told_and_again_at_twice_as_many() {
    let scene = learnt(&roll_out(40, 2 * DAY, 60, "TlsSni Relay Vendor"));
    let later = format!("{scene}{} 10.0.0.9>10.0.0.53:53 query other.example :\n", 3 * DAY);
    let outcome = play("", &Limits::default(), &later);
    assert_eq!(
        spreads(&outcome),
        [
            "173220 first 80 of 8 8",
            "173700 growth 80 of 16 16",
            "174660 growth 80 of 32 32",
            "178740 ended 80 of 40 32",
        ]
    );
    let first = outcome.alerts.iter().find(|alert| alert.chain.is_some()).expect("a spread");
    assert_eq!(
        first.reason,
        "8 hosts began to use Alpha within 7 minutes: ask IT whether it rolls this out; if not, cut \
         them off, and look for what they have in common and who could install it on all of them."
    );
    let chain = first.chain.as_ref().expect("a chain");
    assert_eq!((chain.id, first.detection), (first.id, Detection::Campaign));
    assert!(chain.steps.iter().all(|step| step.stage == ChainStage::Spread));
    // The hosts' own alerts stand beside it.
    let own = outcome.alerts.iter().find(|alert| alert.host == first.host).expect("its own");
    assert_eq!(chain.steps[0].event, own.id);
}

#[test]
fn a_sensor_that_still_learns_says_so() {
    let outcome = play("", &Limits::default(), &roll_out(8, 0, 60, "TlsSni Relay Vendor"));
    assert_eq!(spreads(&outcome), ["420 first 55 of 8 8"]);
}

#[test]
fn what_is_no_mass_deployment() {
    let allow = "[[allow]]\ntool = \"alpha\"";
    let table: &[(&str, &str, String)] = &[
        ("seven hosts", "", roll_out(7, 2 * DAY, 60, "TlsSni Relay Vendor")),
        ("eight in two hours", "", roll_out(8, 2 * DAY, 900, "TlsSni Relay Vendor")),
        ("allowed", allow, roll_out(20, 2 * DAY, 1, "TlsSni Relay Vendor")),
        ("what others show too", "", roll_out(20, 2 * DAY, 1, "TlsSni Relay Vendor shared")),
        ("downloads", "", roll_out(20, 2 * DAY, 1, "HttpFile Download Vendor")),
        (
            "from outside",
            "",
            (1..=20)
                .map(|n| {
                    format!(
                        "{} 198.51.100.7>10.0.0.{n}:3389 opening : Payload Relay Server value=3\n",
                        2 * DAY + n
                    )
                })
                .collect(),
        ),
        (
            "an operator each",
            "",
            (1..=20)
                .map(|n| {
                    format!(
                        "{} 10.0.0.{n}>192.0.2.1:443 hello t{n}.example : TlsSni Relay Named=t{n}\n",
                        2 * DAY + n
                    )
                })
                .collect(),
        ),
        (
            "old friends",
            "",
            [
                roll_out(20, 0, 7200, "TlsSni Relay Vendor"),
                roll_out(20, 5 * DAY, 1, "TlsSni Relay Vendor"),
            ]
            .concat(),
        ),
    ];
    for (what, policy, scene) in table {
        let outcome = play(policy, &Limits::default(), &learnt(scene));
        assert_eq!(spreads(&outcome), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn tenants_that_show_after_the_vendor_are_one_wave_each() {
    let host = |n: u64| {
        let at = 2 * DAY + n * 10;
        format!(
            "{at} 10.0.0.{n}>10.0.0.53:53 query api.alpha.example : DnsQuestion Relay Vendor
             {} 10.0.0.{n}>192.0.2.1:443 hello evil.alpha.example : TlsSni Relay Named=evil\n",
            at + 1
        )
    };
    let scene: String = (1..=9).map(host).collect();
    let outcome = play("", &Limits::default(), &learnt(&scene));
    assert_eq!(spreads(&outcome), ["172881 first 80 of 8 8", "172891 ended 80 of 9 9"]);
    let told = outcome.alerts.iter().find(|alert| alert.chain.is_some()).expect("a spread");
    assert_eq!(told.operator.as_deref(), Some("evil"));
    assert!(told.reason.starts_with("8 hosts began to use Alpha of evil within 70 seconds: "));
}

#[test]
fn the_table_of_waves_is_bounded() {
    let line = |n: u64| {
        let at = 2 * DAY + n;
        format!("{at} 10.0.0.5>192.0.2.1:443 hello t{n}.example : TlsSni Relay Named=t{n}\n")
    };
    let scene: String = (0..1100).map(line).collect();
    let outcome = play("", &Limits::default(), &learnt(&scene));
    let counts = outcome.detector.memory_counts();
    assert_eq!((counts["spreads"], counts["spreads_evicted"]), (0, 76));
}

#[test]
fn what_is_known_of_a_use_moves_its_severity() {
    let use_at = |secs: u64, host: u8| {
        let flow = format!("10.0.0.{host}>192.0.2.1:443");
        let hello = format!("{secs} {flow} hello r.example : TlsSni Relay Named=evil");
        format!("{hello}\n{secs} {flow} close :\n")
    };
    let scene = [use_at(2 * DAY, 1), use_at(2 * DAY + 9, 2), use_at(5 * DAY, 2)].concat();
    let outcome = play("", &Limits::default(), &learnt(&scene));
    let got: Vec<String> = outcome.alerts.iter().map(short).collect();
    assert_eq!(
        got,
        [
            "172800 new rmm.relay.alpha 63 75% 10.0.0.1 evil x1 172800-172800",
            "172809 new rmm.relay.alpha 53 75% 10.0.0.2 evil x1 172809-172809",
            "432000 new rmm.relay.alpha 50 75% 10.0.0.2 evil x1 432000-432000",
        ]
    );
    assert_eq!(
        outcome.alerts[0].reason,
        "10.0.0.1 reached r.example (192.0.2.1:443), a relay of Alpha, run by evil, and no rule of \
         the policy allows it, and nobody here used it before, and nobody here had to do with its \
         operator before; ask the user of 10.0.0.1 who is connected, and cut the host off if \
         nobody there knows."
    );
}

#[test]
fn a_long_session_is_told_when_it_is_over() {
    let outcome = play(
        "",
        &Limits::default(),
        "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         2520 10.0.0.5>192.0.2.1:443 close 2520/12582912/1048576 :
         9000 10.0.0.9>10.0.0.53:53 query other.example :",
    );
    let own: Vec<Alert> =
        outcome.alerts.into_iter().filter(|a| a.detection != Detection::Campaign).collect();
    let got: Vec<String> = own.iter().map(short).collect();
    assert_eq!(
        got,
        [
            "0 new rmm.relay.alpha 50 75% 10.0.0.5 - x1 0-0",
            "2520 upd rmm.relay.alpha 55 75% 10.0.0.5 - x1 0-2520",
        ]
    );
    let told = only(own.into_iter().skip(1).collect());
    let clause = "and a session went on for 42 minutes, 12 MiB out, 1024 KiB in;";
    assert!(told.reason.contains(clause), "{}", told.reason);
}

#[test]
fn their_tool_under_another_tenant_is_worse() {
    let policy = "[[allow]]\ntool = \"alpha\"\noperators = [\"acme.example\"]";
    let ask = |operator| {
        format!("0 10.0.0.5>10.0.0.53:53 query r.example : DnsQuestion Relay Named={operator}")
    };
    let alert = only(play(policy, &Limits::default(), &ask("evil.example")).alerts);
    assert_eq!(alert.severity.get(), 55);
    assert!(alert.reason.contains("their tool, not their tenant"), "{}", alert.reason);
}
