//! Chains: which stages make an incident, how it grows, and what makes none.

use std::time::Duration;

use super::{expect, play, reasons, short};
use crate::Limits;

/// A host is led to a name that speaks like a help desk.
const LURE: &str =
    "0 10.0.0.5>192.0.2.1:443 hello win-care.example : TlsSni helpdesk value=win-care.example\n";
/// A program comes down from there.
const PROGRAM: &str = "60 10.0.0.5>192.0.2.1:80 file win-care.example :\n";
/// And a tool runs that anyone may serve.
const RELAY: &str = "120 10.0.0.5>198.51.100.7:8041 opening : Payload Relay Server\n";

/// The incidents among the alerts, as `when new|upd severity confidence stages`.
fn incidents(scene: &str) -> Vec<String> {
    incidents_under("", scene)
}

fn incidents_under(policy: &str, scene: &str) -> Vec<String> {
    let outcome = play(policy, &Limits::default(), scene);
    let told = outcome.alerts.iter().filter(|alert| alert.chain.is_some());
    told.map(|alert| {
        let chain = alert.chain.as_ref().expect("it has one");
        let stages: Vec<&str> = chain.steps.iter().map(|step| step.stage.word()).collect();
        let words: Vec<String> = short(alert).split(' ').map(str::to_owned).collect();
        format!("{} {} {} {} {}", words[0], words[1], words[3], words[4], stages.join(" "))
    })
    .collect()
}

#[test]
fn the_whole_way_is_one_incident() {
    let scene = format!(
        "{LURE}{PROGRAM}
         70 10.0.0.5>192.0.2.9:80 http second-one.example :
         71 10.0.0.5>192.0.2.9:80 file second-one.example :
         {RELAY}
         900 10.0.0.5>198.51.100.7:8041 close 780/9000000/200000 :"
    );
    assert_eq!(
        incidents(&scene),
        [
            "60 new 75 85% lure download",
            "71 upd 85 90% lure download second-name download",
            "120 upd 92 99% lure download second-name download relay",
            "900 upd 94 99% lure download second-name download relay session",
        ]
    );
}

#[test]
fn two_stages_are_high_and_three_are_critical_in_any_order() {
    let at = |secs: u32, line: &str| {
        format!("{secs} {}\n", line.trim().split_once(' ').expect("a line").1)
    };
    let (lure, program, relay) = (|s| at(s, LURE), |s| at(s, PROGRAM), |s| at(s, RELAY));
    let table: [(&str, String, &[&str]); 10] = [
        ("lure and relay", lure(0) + &relay(60), &["60 new 75 95% lure relay"]),
        ("relay and lure", relay(0) + &lure(60), &["60 new 75 95% relay lure"]),
        ("lure and program", lure(0) + &program(60), &["60 new 75 85% lure download"]),
        (
            "a program without a lure's word is from a new name",
            program(0) + &relay(60),
            &["60 new 90 99% lure download relay"],
        ),
        ("the relay first", relay(0) + &program(60), &["60 new 90 99% relay lure download"]),
        ("the relay long before, and perhaps always", relay(0) + &program(400), &[]),
        ("a lure days before", lure(0) + &relay(200_000), &["200000 new 75 95% lure relay"]),
        (
            "a lure, and hours later a program from elsewhere",
            lure(0) + "8000 10.0.0.5>192.0.2.9:80 file tax.example :",
            &[],
        ),
        (
            "a lure, and hours later a program from it",
            lure(0) + &program(8_000),
            &["8000 new 75 85% lure download"],
        ),
        ("a program hours before", program(0) + &relay(8_000), &[]),
    ];
    for (what, scene, want) in table {
        assert_eq!(incidents(&scene), want, "{what}");
    }
}

#[test]
fn one_thing_alone_is_no_incident() {
    let table = [
        ("a lure", LURE.to_owned()),
        ("a program from a new name", PROGRAM.to_owned()),
        ("a tool", RELAY.to_owned()),
        (
            "a tool and its session",
            format!("{RELAY} 900 10.0.0.5>198.51.100.7:8041 close 780/9000000/200000 :"),
        ),
        ("an archive from a new name, and a tool", PROGRAM.replace("file", "archive") + RELAY),
        ("a program from a server of ours", PROGRAM.replace("192.0.2.1", "10.0.9.9") + RELAY),
        (
            "a tool's file from a new name",
            "0 10.0.0.5>192.0.2.1:80 file mirror.example : HttpFile Download Vendor".to_owned(),
        ),
        ("another host's tool", format!("{LURE}{}", RELAY.replace("10.0.0.5", "10.0.0.6"))),
        (
            "a listed server's relay",
            "0 10.0.0.5>192.0.2.1:443 hello r.bad.example : \
             TlsSni 90% value=r.bad.example;TlsSni Relay Server value=r.bad.example"
                .to_owned(),
        ),
        (
            "a name that leads nowhere, and a tool",
            format!(
                "0 10.0.0.5>10.0.0.53:53 query acme-p4y.example : DnsQuestion helpdesk
                 1 10.0.0.5>10.0.0.53:53 answer acme-p4y.example nx : DnsQuestion helpdesk
                 {RELAY}"
            ),
        ),
        (
            "from outside",
            "0 192.0.2.66>10.0.0.5:80 hello win-care.example : TlsSni helpdesk
             1 192.0.2.66>10.0.0.5:3389 opening : Payload Relay Server"
                .to_owned(),
        ),
        ("a shared sign", format!("{LURE}{}", RELAY.replace("Server", "Server shared"))),
        (
            "a large download, and a vendor's relay",
            "0 10.0.0.5>192.0.2.1:443 hello new-one.example :
             9 10.0.0.5>192.0.2.1:443 close 9/20000/5000000 :
             60 10.0.0.5>198.51.100.7:443 hello relay.example : TlsSni Relay Vendor"
                .to_owned(),
        ),
    ];
    for (what, scene) in table {
        assert_eq!(incidents(&scene), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn downloads_under_encryption_count_beside_what_explains_them() {
    let down = |bytes: u32| {
        format!(
            "30 10.0.0.5>192.0.2.8:443 hello cdn.example :
             40 10.0.0.5>192.0.2.8:443 close 9/20000/{bytes} :\n"
        )
    };
    let hello = "120 10.0.0.5>198.51.100.7:443 hello relay.example : TlsSni Relay Vendor\n";
    let table: [(&str, String, &[&str]); 5] = [
        (
            "after a lure",
            format!("{LURE}{}{hello}", down(5_000_000)),
            &["40 new 75 85% lure download", "120 upd 90 90% lure download relay"],
        ),
        ("too little", format!("{LURE}{}{hello}", down(900_000)), &["120 new 75 85% lure relay"]),
        (
            "before a relay that no vendor runs",
            format!("{}{RELAY}", down(5_000_000)),
            &["120 new 75 95% download relay"],
        ),
        ("long before it", down(5_000_000) + &RELAY.replace("120", "1200"), &[]),
        (
            "from a name that was known for hours",
            format!(
                "0 10.0.0.9>10.0.0.53:53 query cdn.example :\n{}{}",
                down(5_000_000).replace("30 ", "9030 ").replace("40 ", "9040 "),
                RELAY.replace("120", "9120")
            ),
            &[],
        ),
    ];
    for (what, scene, want) in table {
        assert_eq!(incidents(&scene), want, "{what}");
    }
}

#[test]
fn what_a_rule_allows_is_no_stage_and_a_foreign_tenant_is() {
    let policy = "[[allow]]\ntool = \"alpha\"\noperators = [\"198.51.100.7\"]\n";
    let foreign = RELAY.replace("100.7", "100.8");
    assert_eq!(incidents_under(policy, &format!("{LURE}{RELAY}")), Vec::<String>::new());
    assert_eq!(
        incidents_under(policy, &format!("{LURE}{RELAY}{foreign}")),
        ["120 new 75 95% lure relay"]
    );
}

#[test]
fn two_tools_within_the_hour_are_high_and_a_third_stage_says_how_they_came() {
    let beta = "150 10.0.0.5>203.0.113.9:443 opening : Payload Relay Server tool=beta\n";
    assert_eq!(incidents(&format!("{RELAY}{beta}")), ["150 new 75 95% relay second-tool"]);
    assert_eq!(
        incidents(&format!(
            "{RELAY}{beta}900 10.0.0.5>198.51.100.7:8041 close 780/9000000/200000 :"
        )),
        ["150 new 75 95% relay second-tool", "900 upd 85 99% relay second-tool session"]
    );
    assert_eq!(
        incidents(&format!("{RELAY}{beta}{}", PROGRAM.replace("60 ", "160 "))).last(),
        Some(&"160 upd 92 99% relay second-tool lure download".to_owned())
    );
}

#[test]
fn a_story_that_is_a_stage_is_told_by_the_incident() {
    let outcome = expect(
        "",
        &format!(
            "{LURE}{RELAY}
             130 10.0.0.5>198.51.100.7:8041 opening : Payload Relay Server
             140 10.0.0.5>198.51.100.7:8041 close :"
        ),
        &[
            "0 new rmm.lure.helpdesk 40 80% 10.0.0.5 - x1 0-0",
            "120 new rmm.campaign.chain 75 95% 10.0.0.5 198.51.100.7 x2 0-120",
            "140 upd rmm.campaign.chain 75 95% 10.0.0.5 198.51.100.7 x3 0-140",
        ],
    );
    let [lure, incident, _] = &outcome.alerts[..] else { panic!() };
    let chain = incident.chain.as_ref().expect("stages");
    assert_eq!(chain.id, incident.id);
    let events: Vec<_> = chain.steps.iter().map(|step| step.event).collect();
    assert_eq!(events, [lure.id, incident.id], "told on its own before, and told here");
    assert_eq!(incident.tool.as_ref().map(|(id, _)| id.as_str()), Some("alpha"));
    assert_eq!(incident.evidence.len(), 2, "{:?}", incident.evidence);
    assert_eq!(
        reasons(&outcome.alerts)[1],
        "10.0.0.5 was led to win-care.example, which speaks like a help desk, then began to use \
         Alpha run by 198.51.100.7: 2 stages within 2 minutes; cut the host off, and call its user \
         on a number that you know."
    );
    assert_eq!(
        chain.sum,
        [
            "severity: 75, 2 stages: lure, relay",
            "confidence: 90 %, relay (Alpha), and 5 for each further stage: 95 %",
        ]
    );
}

#[test]
fn the_window_that_is_set_is_the_window() {
    // A listed name that the program calls 5,000 seconds after it came down.
    let called = "5060 10.0.0.5>192.0.2.9:443 hello second-one.example : TlsSni 90% stage=second";
    for (secs, want) in [(3_600, None), (7_200, Some("lure download second-name"))] {
        let limits = Limits { chain_window: Duration::from_secs(secs), ..Limits::default() };
        let outcome = play("", &limits, &format!("{PROGRAM}{called}"));
        let chain = outcome.alerts.iter().find_map(|alert| alert.chain.as_ref());
        let stages = chain.map(|chain| {
            chain.steps.iter().map(|step| step.stage.word()).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(stages.as_deref(), want, "{secs}");
    }
}

#[test]
fn a_lure_of_the_day_before_keeps_its_signs() {
    // By then its own story is over for good.
    let relay = RELAY.replace("120 ", "100000 ");
    let outcome = play("", &Limits::default(), &format!("{LURE}{relay}"));
    let incident = outcome.alerts.iter().find(|alert| alert.chain.is_some()).expect("one");
    let shown: Vec<&str> = incident.evidence.iter().map(|sign| &*sign.value).collect();
    assert_eq!(shown, ["win-care.example", "shown"], "the lure and the tool");
    assert_eq!(incident.count, 2);
}

#[test]
fn an_incident_is_over_after_a_day_and_the_next_is_another() {
    let day = 24 * 3600;
    let again = |line: &str, secs: u32| {
        let (at, rest) = line.trim().split_once(' ').expect("a line");
        format!("{} {rest}\n", at.parse::<u32>().expect("seconds") + secs)
    };
    let scene = format!(
        "{LURE}{PROGRAM}{RELAY}{}{}{}",
        again(LURE, 2 * day),
        again(PROGRAM, 2 * day),
        again(&RELAY.replace("100.7", "100.9"), 2 * day)
    );
    let outcome = play("", &Limits::default(), &scene);
    let mut ids: Vec<_> =
        outcome.alerts.iter().filter(|a| a.chain.is_some()).map(|a| a.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 2, "{:#?}", reasons(&outcome.alerts));
}

#[test]
fn hosts_beyond_the_bound_go_and_their_incident_is_told_a_last_time() {
    let limits = Limits { trails_max: 1, ..Limits::default() };
    let other = RELAY.replace("10.0.0.5", "10.0.0.6").replace("120 ", "200 ");
    let more = "130 10.0.0.5>198.51.100.7:8041 opening : Payload Relay Server\n";
    let scene = format!("{LURE}{RELAY}{more}{other}210 10.0.0.7>10.0.0.53:53 query a.example :");
    let outcome = play("", &limits, &scene);
    let told: Vec<String> =
        outcome.alerts.iter().filter(|alert| alert.chain.is_some()).map(short).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("210 upd"), "{told:?}");
    let count = |what| outcome.detector.memory_counts()[what];
    assert_eq!((count("trails"), count("trails_evicted")), (1, 1));
}
