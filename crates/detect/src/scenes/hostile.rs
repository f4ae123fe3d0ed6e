//! Chains against those who know how they work: nothing that they do first hides what they do then.

use super::{Outcome, play, short};
use crate::Limits;

const LURE: &str =
    "0 10.0.0.5>192.0.2.1:443 hello win-care.example : TlsSni helpdesk value=win-care.example\n";
const PROGRAM: &str = "60 10.0.0.5>192.0.2.1:80 file win-care.example :\n";
const RELAY: &str = "120 10.0.0.5>198.51.100.7:8041 opening : Payload Relay Server\n";

fn at(secs: u32, line: &str) -> String {
    format!("{secs} {}\n", line.trim().split_once(' ').expect("a line").1)
}

/// The last record of each alert, in the order in which they were first told, with its stages.
fn last(outcome: &Outcome) -> Vec<String> {
    let mut ids: Vec<model::AlertId> = Vec::new();
    for alert in &outcome.alerts {
        if !ids.contains(&alert.id) {
            ids.push(alert.id);
        }
    }
    let of = |id: &model::AlertId| outcome.alerts.iter().rev().find(|alert| alert.id == *id);
    ids.iter().filter_map(of).map(line).collect()
}

fn line(alert: &model::Alert) -> String {
    let words: Vec<String> = short(alert).split(' ').map(str::to_owned).collect();
    let stages = alert.chain.iter().flat_map(|chain| &chain.steps).map(|step| step.stage.word());
    let stages: Vec<&str> = stages.collect();
    format!("{} {} {} {}", words[2], words[3], words[6], stages.join(" ")).trim_end().to_owned()
}

fn told(scene: &str) -> Vec<String> {
    last(&play("", &Limits::default(), scene))
}

#[test]
fn a_flood_of_lures_leaves_room_for_what_follows() {
    let lures: String = (0..40)
        .map(|n| {
            format!(
                "{n} 10.0.0.5>192.0.2.1:443 hello care{n}.example : \
                 TlsSni helpdesk value=care{n}.example\n"
            )
        })
        .collect();
    let scene = lures.clone() + &PROGRAM.replace("win-care", "care0") + &lures_at(70) + RELAY;
    let all = told(&scene);
    let incident = all.iter().find(|line| line.contains("campaign")).expect("one");
    assert!(incident.starts_with("rmm.campaign.chain 92 198.51.100.7"), "{all:#?}");
    assert!(incident.ends_with("second-name relay"), "{all:#?}");
}

fn lures_at(secs: u32) -> String {
    let lure = |n: u32| {
        format!(
            "{secs} 10.0.0.5>192.0.2.1:443 hello late{n}.example : \
             TlsSni helpdesk value=late{n}.example\n"
        )
    };
    (0..40).map(lure).collect()
}

#[test]
fn what_goes_on_after_an_incident_is_over_is_told() {
    let day = 24 * 3600;
    let calls: String = (1..60).map(|n| at(n * 3600, RELAY)).collect();
    let outcome = play("", &Limits::default(), &format!("{LURE}{RELAY}{calls}"));
    let alone: Vec<String> = outcome
        .alerts
        .iter()
        .filter(|alert| alert.tool.is_some() && alert.chain.is_none())
        .map(short)
        .collect();
    assert!(alone.first().is_some_and(|line| line.contains(" new ")), "{alone:#?}");
    let first = outcome.alerts.iter().find(|a| a.tool.is_some() && a.chain.is_none()).expect("one");
    assert!(first.at.secs() > super::NOON + day, "{alone:#?}");
}

#[test]
fn one_name_is_one_stage() {
    assert_eq!(
        told(&format!("{LURE}{PROGRAM}{}", at(70, LURE))),
        ["rmm.lure.helpdesk 40 -", "rmm.campaign.chain 75 - lure download"]
    );
}

#[test]
fn pictures_of_a_new_name_make_no_download_of_what_follows() {
    let big = |name: &str, secs: u32, ip: u8| {
        format!(
            "{secs} 10.0.0.5>192.0.2.{ip}:443 hello {name} :
             {} 10.0.0.5>192.0.2.{ip}:443 close 9/20000/5000000 :\n",
            secs + 9
        )
    };
    let relay = "300 10.0.0.5>198.51.100.7:443 hello relay.example : TlsSni Relay Vendor\n";
    let scene =
        [&big("mail.example", 0, 8), &at(60, LURE), &big("cdn.example", 100, 9), relay].concat();
    assert_eq!(told(&scene), ["rmm.campaign.chain 90 - download lure download relay"]);
}

#[test]
fn a_flow_that_ends_late_takes_nothing_away() {
    let scene = format!(
        "0 10.0.0.5>192.0.2.8:443 hello old.example :
         {}9000 10.0.0.5>192.0.2.8:443 close 9000/20000/5000000 :
         {}",
        at(8950, PROGRAM),
        at(9010, RELAY)
    );
    assert_eq!(told(&scene), ["rmm.campaign.chain 90 198.51.100.7 lure download relay"]);
}

#[test]
fn a_weaker_sign_of_a_lure_takes_nothing_away() {
    let listed = |secs: u32, how: &str| {
        format!(
            "{secs} 10.0.0.5>192.0.2.1:443 hello r.bad.example : \
             TlsSni 90% list=bad pattern=r.bad.example {how}\n"
        )
    };
    assert_eq!(
        told(&format!("{}{}{RELAY}", listed(0, ""), listed(5, "shared"))),
        ["rmm.indicator.bad 80 -", "rmm.campaign.chain 75 198.51.100.7 lure relay"]
    );
}

#[test]
fn a_tool_whose_operator_becomes_known_is_one_stage_and_its_operator_is_told() {
    let scene = format!(
        "{LURE}{RELAY}
         130 10.0.0.5#50001>198.51.100.7:8041 hello r.evil.example : TlsSni Relay Server"
    );
    assert_eq!(
        told(&scene),
        ["rmm.lure.helpdesk 40 -", "rmm.campaign.chain 75 r.evil.example lure relay"]
    );
}

#[test]
fn a_listed_relay_does_not_hide_the_tool_that_is_spoken_there() {
    let scene = format!(
        "{LURE}120 10.0.0.5>198.51.100.7:8041 hello r.bad.example : \
         TlsSni 90% stage=relay value=r.bad.example
         121 10.0.0.5>198.51.100.7:8041 opening : Payload Relay Server"
    );
    let outcome = play("", &Limits::default(), &scene);
    let all = last(&outcome);
    assert_eq!(
        all.last().map(String::as_str),
        Some("rmm.campaign.chain 75 198.51.100.7 lure relay relay"),
        "{all:#?}"
    );
    let incident = outcome.alerts.last().expect("one");
    assert_eq!(incident.tool.as_ref().map(|(id, _)| id.as_str()), Some("alpha"));
}

#[test]
fn a_tool_that_was_here_hides_none_that_comes_after_a_program() {
    // In the first day, when nobody can say what is new.
    let scene = format!(
        "0 10.0.0.5>198.51.100.1:443 hello r.beta.example : TlsSni Relay Vendor tool=beta
         {}{}{}",
        at(2000, LURE),
        at(2060, PROGRAM),
        at(2120, RELAY)
    );
    let all = told(&scene);
    assert_eq!(
        all.last().map(String::as_str),
        Some("rmm.campaign.chain 92 198.51.100.7 relay lure download second-tool"),
        "{all:#?}"
    );
}

#[test]
fn of_very_many_operators_each_is_one_story_all_the_same() {
    // Each sign looks at some of them only, or a page that makes a browser call thousands of
    // tenants would keep the sensor busy.
    let call = |secs: u32, n: u32| {
        format!(
            "{secs} 10.0.0.5#{}>198.51.100.7:443 hello r{n:03}.example : \
             TlsSni Relay Named=r{n:03}.example\n",
            1024 + n
        )
    };
    let scene: String = (0..200).map(|n| call(1, n)).chain((0..200).map(|n| call(2, n))).collect();
    let outcome = play("", &Limits { cap_tellings: 999, ..Limits::default() }, &scene);
    let firsts = outcome.alerts.iter().filter(|alert| !alert.update);
    assert_eq!(firsts.filter(|alert| alert.detection == model::Detection::Relay).count(), 200);
}

#[test]
fn a_host_of_two_families_has_one_way_whatever_each_met_before() {
    let day = 24 * 3600;
    let own = "2 0.0.0.0>10.0.0.1:67 lease pc 10.0.0.5=1\n2 ::>fd00::1:67 lease pc fd00::5=1\n";
    let six = |secs: u32, line: &str| {
        at(secs, line).replace("10.0.0.5", "fd00::5").replace("192.0.2.1", "2001:db8::1")
    };
    // Days before, one of its addresses met something, or both did, and nobody knew whose they are.
    for old in [at(1, LURE), six(1, LURE), at(1, LURE) + &six(1, LURE), String::new()] {
        let old = old.replace("win-care", "old-care");
        let scene = [
            &old,
            own,
            &six(5 * day, LURE),
            &six(5 * day + 60, PROGRAM),
            &at(5 * day + 120, RELAY),
        ]
        .concat();
        let all = told(&scene);
        let last = all.last().map(String::as_str);
        assert_eq!(
            last,
            Some("rmm.campaign.chain 90 198.51.100.7 lure download relay"),
            "{old} {all:#?}"
        );
    }
}
