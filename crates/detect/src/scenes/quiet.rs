//! First, growth, still, ended: how stories sleep and wake, and what is held back when many of one
//! kind are told at once.

use std::time::Duration;

use model::{Alert, Detection};

use super::{NOON, Outcome, expect, play, short};
use crate::Limits;

const HOUR: u64 = 3600;

/// `0 first x1`: when, why, how many signs.
fn occasions(outcome: &Outcome) -> Vec<String> {
    let secs = |alert: &Alert| alert.at.secs() - NOON;
    let line = |a: &Alert| format!("{} {} x{}", secs(a), a.occasion.word(), a.count);
    outcome.alerts.iter().map(line).collect()
}

fn ids(outcome: &Outcome) -> usize {
    let mut ids: Vec<_> = outcome.alerts.iter().map(|alert| alert.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

fn ask(secs: u64) -> String {
    format!("{secs} 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor\n")
}

#[test]
fn software_that_calls_home_every_half_hour_is_one_story_and_eight_records_a_day() {
    let scene: String = (0..48).map(|turn| ask(turn * HOUR / 2)).collect();
    let outcome = play("", &Limits::default(), &scene);
    assert_eq!(ids(&outcome), 1);
    assert_eq!(
        occasions(&outcome),
        [
            "0 first x1",
            "2700 ended x2",
            "17100 still x10",
            "31500 still x18",
            "45900 still x26",
            "60300 still x34",
            "74700 still x42",
            "84600 ended x48",
        ]
    );
}

#[test]
fn whatever_the_interval_a_day_has_few_records() {
    for minutes in [1, 5, 14, 16, 31, 47, 60, 121, 239, 241, 500] {
        let scene: String = (0..24 * 60 / minutes).map(|turn| ask(turn * minutes * 60)).collect();
        let outcome = play("", &Limits::default(), &scene);
        assert_eq!(ids(&outcome), 1, "{minutes}");
        assert!(outcome.alerts.len() <= 8, "{minutes}: {:?}", occasions(&outcome));
    }
}

#[test]
fn software_that_is_never_silent_goes_on() {
    let scene: String = (0..61).map(|turn| ask(turn * 600)).collect();
    let outcome = play("", &Limits::default(), &scene);
    assert_eq!(
        occasions(&outcome),
        ["0 first x1", "14400 still x24", "28800 still x48", "36000 ended x61"]
    );
}

/// Something else happens every five minutes, from then till then.
fn others(from: u64, till: u64) -> String {
    let line = |secs| format!("{secs} 10.0.0.9>10.0.0.53:53 query other.example :\n");
    (from..till).step_by(300).map(line).collect()
}

#[test]
fn an_open_flow_goes_on_though_nothing_new_shows() {
    let scene = [
        "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor\n",
        &others(300, 40_000),
        "40000 10.0.0.5>192.0.2.1:443 close :\n",
        &others(40_200, 50_000),
    ]
    .concat();
    let outcome = play("", &Limits::default(), &scene);
    assert_eq!(
        occasions(&outcome),
        ["0 first x1", "14400 still x1", "28800 still x1", "40900 ended x1"]
    );
}

#[test]
fn what_nobody_watched_is_not_told_to_go_on() {
    // Captures that lie years apart, and the flow's end told after the gap.
    let outcome = play(
        "",
        &Limits::default(),
        "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         99999999 10.0.0.9>10.0.0.53:53 query other.example :
         99999999 10.0.0.5>192.0.2.1:443 close :",
    );
    assert_eq!(occasions(&outcome), ["0 first x1", "99999999 ended x1"]);
}

#[test]
fn what_is_allowed_by_now_does_not_go_on_being_told() {
    let policy = "[[allow]]\ntool = \"alpha\"\nhours = \"Mon-Fri 13:00-23:59 UTC\"";
    let outcome = play(
        policy,
        &Limits::default(),
        &[
            "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
             3600 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor\n",
            &others(3900, 30_000),
        ]
        .concat(),
    );
    assert_eq!(occasions(&outcome), ["0 first x1"]);
}

#[test]
fn a_sign_within_a_day_wakes_a_story_and_growth_is_told_at_once() {
    let outcome = expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         20000 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         20001 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsAlpn Relay Vendor value=a/6
         20009 10.0.0.5>192.0.2.1:443 close :
         99999 10.0.0.9>10.0.0.53:53 query other.example :",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0",
            "20000 upd rmm.relay.alpha 50 80% 10.0.0.5 - x2 0-20000",
            "20001 upd rmm.protocol.alpha 60 99% 10.0.0.5 - x3 0-20001",
            "20909 upd rmm.protocol.alpha 60 99% 10.0.0.5 - x3 0-20009",
        ],
    );
    assert_eq!(outcome.alerts[1].occasion.word(), "growth");
    assert_eq!(outcome.alerts[3].occasion.word(), "ended");
}

#[test]
fn a_story_sleeps_for_a_day_after_it_fell_silent() {
    // Fifteen minutes of silence, and 24 hours.
    let over = 15 * 60 + 24 * HOUR;
    for (secs, ids_want) in [(over - 1, 1), (over, 2)] {
        let outcome = play("", &Limits::default(), &[ask(0), ask(secs)].concat());
        assert_eq!(ids(&outcome), ids_want, "{secs}");
        assert_eq!(outcome.detector.memory_counts()["stories"], 0);
    }
}

#[test]
fn what_was_not_told_at_the_end_is_told_four_hours_later() {
    let outcome = play(
        "",
        &Limits::default(),
        &[ask(0), ask(60), ask(3600), "99999 10.0.0.9>10.0.0.53:53 query o.example :\n".into()]
            .concat(),
    );
    assert_eq!(occasions(&outcome), ["0 first x1", "960 ended x2", "15360 ended x3"]);
}

#[test]
fn stories_of_lists_and_of_names_that_lie_sleep_too() {
    for sign in ["DnsQuestion 90% list=bad", "DnsQuestion imitation"] {
        let ask = |secs| format!("{secs} 10.0.0.5>10.0.0.53:53 query a.example : {sign}\n");
        let outcome = play("", &Limits::default(), &[ask(0), ask(20_000), ask(40_000)].concat());
        assert_eq!(ids(&outcome), 1, "{sign}");
        assert_eq!(
            occasions(&outcome),
            ["0 first x1", "20900 ended x2", "40000 ended x3"],
            "{sign}"
        );
    }
}

#[test]
fn a_sleeping_story_is_found_by_its_server_and_takes_a_better_name() {
    expect(
        "",
        "0 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=17
         1 10.0.0.5>192.0.2.1:443 close :
         20000 10.0.0.5#50001>192.0.2.1:443 hello r.evil.example : TlsSni Relay Server",
        &[
            "0 new rmm.protocol.alpha 60 90% 10.0.0.5 192.0.2.1 x1 0-0",
            "901 upd rmm.protocol.alpha 60 90% 10.0.0.5 192.0.2.1 x1 0-1",
            "20000 upd rmm.protocol.alpha 60 95% 10.0.0.5 r.evil.example x2 0-20000",
        ],
    );
}

#[test]
fn what_lives_comes_before_what_sleeps() {
    // The tenant that began later sleeps when the vendor's common server is called.
    let tenant = |secs: u64, who: &str| {
        format!(
            "{secs} 10.0.0.5>10.0.0.53:53 query {who}.example : DnsQuestion Relay Named={who}\n"
        )
    };
    let scene = [
        tenant(0, "one"),
        tenant(10, "two"),
        tenant(5000, "one"),
        "5001 10.0.0.5>10.0.0.53:53 query api.alpha.example : DnsQuestion Api Vendor\n".into(),
    ]
    .concat();
    let outcome = play("", &Limits::default(), &scene);
    let got: Vec<String> = outcome.alerts.iter().map(short).collect();
    assert_eq!(
        got,
        [
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 one x1 0-0",
            "10 new rmm.relay.alpha 50 60% 10.0.0.5 two x1 10-10",
            "5001 upd rmm.relay.alpha 50 60% 10.0.0.5 one x3 0-5001",
        ]
    );
}

#[test]
fn authorised_uses_do_not_sleep_and_sleepers_go_first() {
    let policy = "[[allow]]\ntool = \"alpha\"";
    let outcome = play(
        policy,
        &Limits::default(),
        "0 10.0.0.5>10.0.0.53:53 query r.example : DnsQuestion Relay Vendor
         1000 10.0.0.9>10.0.0.53:53 query other.example :",
    );
    assert_eq!(outcome.detector.memory_counts()["stories"], 0);
    let of = |secs: u64, host: u8| {
        format!("{secs} 10.0.0.{host}>10.0.0.53:53 query r.example : DnsQuestion Relay Vendor\n")
    };
    // The second falls silent after the first did, and lives when the third comes.
    let limits = Limits { stories_max: 2, ..Limits::default() };
    let scene = [of(0, 1), of(800, 2), of(1000, 3), of(1100, 2), of(1200, 1)].concat();
    let outcome = play("", &limits, &scene);
    let got: Vec<String> = outcome.alerts.iter().map(short).collect();
    assert_eq!(
        got,
        [
            "0 new rmm.relay.alpha 50 60% 10.0.0.1 - x1 0-0",
            "800 new rmm.relay.alpha 50 60% 10.0.0.2 - x1 800-800",
            "1000 new rmm.relay.alpha 50 60% 10.0.0.3 - x1 1000-1000",
            "1200 new rmm.relay.alpha 50 60% 10.0.0.1 - x1 1200-1200",
            "1200 upd rmm.relay.alpha 50 60% 10.0.0.2 - x2 800-1100",
        ]
    );
    assert_eq!(outcome.detector.memory_counts()["stories_evicted"], 2);
}

/// So many hosts ask for a name each that speaks like a help desk, a second apart.
fn flood(hosts: u64, from: u64) -> String {
    let line = |n: u64| {
        format!(
            "{} 10.0.{}.{}>10.0.0.53:53 query help{n}.example : DnsQuestion helpdesk\n",
            from + n,
            1 + n / 250,
            1 + n % 250
        )
    };
    (0..hosts).map(line).collect()
}

#[test]
fn further_alerts_of_a_rule_stand_in_one_summary() {
    let later = "9999 10.0.0.9>10.0.0.53:53 query other.example :\n";
    let outcome = play("", &Limits::default(), &[flood(150, 0).as_str(), later].concat());
    let summaries: Vec<&Alert> = outcome.alerts.iter().filter(|alert| alert.more > 0).collect();
    let line = |a: &&Alert| {
        let secs = a.at.secs() - NOON;
        format!(
            "{secs} {} +{} of {} {}",
            a.occasion.word(),
            a.more,
            a.hosts.len(),
            a.severity.get()
        )
    };
    let got: Vec<String> = summaries.iter().map(line).collect();
    assert_eq!(
        got,
        [
            "20 first +1 of 1 30",
            "29 growth +10 of 10 30",
            "119 growth +100 of 100 30",
            "3600 ended +130 of 130 30"
        ]
    );
    assert_eq!(outcome.alerts.len(), 20 + 4, "nothing else, not at their ends either");
    assert_eq!(outcome.detector.memory_counts()["alerts_held"], 130);
    let last = summaries.last().expect("four");
    assert_eq!(&*last.rule_id, "rmm.lure.helpdesk");
    assert!(last.evidence.len() <= 8 && last.lure.is_some());
    assert!(summaries.iter().all(|alert| alert.id == last.id));
    assert_eq!(
        last.reason.split("; the worst").next(),
        Some(
            "20 alerts \u{201c}A name that speaks like a help desk\u{201d} were told within an \
             hour, and 130 more, of 130 hosts, were held back"
        )
    );
}

#[test]
fn the_next_hour_counts_anew_under_another_id() {
    let outcome =
        play("", &Limits::default(), &[flood(21, 0).as_str(), &flood(21, 100_000)].concat());
    let summaries: Vec<&Alert> = outcome.alerts.iter().filter(|alert| alert.more > 0).collect();
    let [first, second] = summaries.as_slice() else { panic!("{summaries:#?}") };
    assert_ne!(first.id, second.id);
    assert_eq!(outcome.detector.memory_counts()["alerts_held"], 2);
}

#[test]
fn what_is_high_is_never_held_back_and_what_becomes_high_is_told() {
    let limits = Limits { cap_tellings: 1, ..Limits::default() };
    // Listed names are high.
    let ask = |n: u8| format!("{n} 10.0.0.{n}>10.0.0.53:53 query a.example : DnsQuestion 90%\n");
    let outcome = play("", &limits, &(1..=5).map(ask).collect::<String>());
    assert_eq!(outcome.alerts.len(), 5);
    // A name that lies is high once a program came down from it.
    let outcome = play(
        "",
        &limits,
        "0 10.0.0.5>10.0.0.53:53 query acme-p4y.example : DnsQuestion imitation
         1 10.0.0.6>10.0.0.53:53 query acme-p4y.example : DnsQuestion imitation
         2 10.0.0.6>192.0.2.1:80 http acme-p4y.example : HttpHost imitation
         3 10.0.0.7>192.0.2.1:80 file acme-p4y.example : HttpHost imitation
         4 10.0.0.7>192.0.2.1:80 close :",
    );
    let own = |alert: &&Alert| alert.more == 0 && alert.detection != Detection::Campaign;
    let got: Vec<String> = outcome.alerts.iter().filter(own).map(short).collect();
    assert_eq!(
        got[..2],
        [
            "0 new rmm.lure.imitation 50 80% 10.0.0.5 - x1 0-0",
            "3 new rmm.lure.imitation 75 85% 10.0.0.7 - x2 3-3",
        ]
    );
    let limits = Limits { cap_tellings: 0, ..Limits::default() };
    let outcome = play(
        "",
        &limits,
        "0 10.0.0.6>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         1 10.0.0.6>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor",
    );
    assert_eq!(occasions(&outcome), ["0 first x1"], "the summary, and no growth");
}

#[test]
fn a_story_may_be_quick() {
    let limits = Limits {
        quiet: Duration::from_secs(10),
        sleep: Duration::from_secs(10),
        again: Duration::from_secs(10),
        ..Limits::default()
    };
    let scene: String = [0, 11, 22, 45].map(ask).concat();
    let outcome = play("", &limits, &scene);
    assert_eq!(
        occasions(&outcome),
        ["0 first x1", "21 ended x2", "32 still x3", "42 ended x3", "45 first x1"]
    );
}
