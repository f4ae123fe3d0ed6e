//! The inventory: every use is one row, whoever allows it, and whatever shows of its operator.

use model::{Usage, UsageId};

use super::{NOON, Outcome, play, play_with};
use crate::limits::Limits;

/// `10.0.0.5 alpha a deny-by-default 3 signs 1 sessions 10/20 0-9`, and ` in` where it came from
/// outside.
fn short(usage: &Usage) -> String {
    format!(
        "{} {} {} {} {} signs {} sessions {}/{} {}-{}{}",
        usage.host,
        usage.tool.0,
        usage.operator.as_deref().unwrap_or("-"),
        usage.rule,
        usage.signs,
        usage.sessions,
        usage.bytes_sent,
        usage.bytes_received,
        usage.first.secs() - NOON,
        usage.last.secs() - NOON,
        if usage.inbound { " in" } else { "" },
    )
}

fn rows(outcome: &mut Outcome) -> Vec<String> {
    outcome.detector.take_usages().iter().map(|(_, usage)| short(usage)).collect()
}

const ALLOW: &str = "[[zone]]\nname = \"lan\"\nnetworks = [\"10.0.0.0/8\"]\n\
                     [[allow]]\ntool = \"alpha\"\noperators = [\"a\"]\nzones = [\"lan\"]\n";

const SUPPRESS: &str = "[[suppress]]\ntool = \"alpha\"\n";

#[test]
fn every_use_is_a_row() {
    let flow = "0 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                5 10.0.0.5>192.0.2.1:443 close 1/10/20 :";
    let table: [(&str, &str, &str, &[&str]); 10] = [
        (
            "a use that nobody allows",
            "",
            flow,
            &["10.0.0.5 alpha a deny-by-default 1 signs 1 sessions 10/20 0-5"],
        ),
        (
            "one that is allowed",
            ALLOW,
            flow,
            &["10.0.0.5 alpha a allow[0] alpha 1 signs 1 sessions 10/20 0-5"],
        ),
        (
            "one that is kept quiet",
            SUPPRESS,
            flow,
            &["10.0.0.5 alpha a suppress[0] alpha 1 signs 1 sessions 10/20 0-5"],
        ),
        (
            "a name asked for is a sign, and no session",
            "",
            "0 10.0.0.5>10.0.0.53:53 query a.example : DnsQuestion Relay Named=a
             5 10.0.0.5>10.0.0.53:53 close 1/10/20 :",
            &["10.0.0.5 alpha a deny-by-default 1 signs 0 sessions 0/0 0-0"],
        ),
        (
            "from outside the octets are the other way round",
            "",
            "0 198.51.100.7>10.0.0.5:7070 remote : Payload Relay Server value=x
             9 198.51.100.7>10.0.0.5:7070 close 1/10/20 :",
            &["10.0.0.5 alpha 10.0.0.5 deny-by-default 1 signs 1 sessions 20/10 0-9 in"],
        ),
        (
            "a tenant that shows after the vendor's common servers is one row with them",
            "",
            "0 10.0.0.5>192.0.2.9:443 hello api.example : TlsSni Api Vendor
             1 10.0.0.5#50001>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
             5 10.0.0.5>192.0.2.9:443 close 1/1/2 :
             6 10.0.0.5#50001>192.0.2.1:443 close 1/10/20 :",
            &["10.0.0.5 alpha a deny-by-default 2 signs 2 sessions 11/22 0-6"],
        ),
        (
            "an address that gets a name is one row with it",
            "",
            "0 10.0.0.5>192.0.2.1:8041 opening : Payload Relay Server value=87
             1 10.0.0.5>10.0.0.53:53 answer evil.example 192.0.2.1 :
             2 10.0.0.5#50001>192.0.2.1:8041 opening : Payload Relay Server value=87",
            &["10.0.0.5 alpha evil.example deny-by-default 2 signs 2 sessions 0/0 0-2"],
        ),
        (
            "two operators are two rows",
            ALLOW,
            "0 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
             1 10.0.0.5#50001>192.0.2.2:443 hello b.example : TlsSni Relay Named=b",
            &[
                "10.0.0.5 alpha a allow[0] alpha 1 signs 1 sessions 0/0 0-0",
                "10.0.0.5 alpha b deny-by-default 1 signs 1 sessions 0/0 1-1",
            ],
        ),
        (
            "two hosts are two rows, and a tool beside is another",
            "",
            "0 10.0.0.6>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
             1 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
             2 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a tool=beta",
            &[
                "10.0.0.5 alpha a deny-by-default 1 signs 1 sessions 0/0 1-1",
                "10.0.0.5 beta a deny-by-default 1 signs 1 sessions 0/0 2-2",
                "10.0.0.6 alpha a deny-by-default 1 signs 1 sessions 0/0 0-0",
            ],
        ),
        (
            "a website that is read is no use",
            "",
            "0 10.0.0.5>192.0.2.1:443 hello alpha.example : TlsSni Website Vendor",
            &[],
        ),
    ];
    for (what, policy, scene, want) in table {
        let mut outcome = play(policy, &Limits::default(), scene);
        assert_eq!(rows(&mut outcome), want, "{what}");
    }
}

/// Rows as they are handed out after each line of a scene, and at the end.
fn handed_out(limits: &Limits, scene: &str) -> Vec<Vec<(UsageId, String)>> {
    let mut all = Vec::new();
    let mut outcome = play_with("", limits, scene, &mut |detector| {
        all.push(detector.take_usages());
    });
    all.push(outcome.detector.take_usages());
    let told = |rows: Vec<(UsageId, Usage)>| {
        rows.into_iter().map(|(row, usage)| (row, short(&usage))).collect()
    };
    all.into_iter().map(told).collect()
}

#[test]
fn a_row_keeps_its_id_and_one_that_goes_into_another_is_told_to() {
    let scene = "0 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 1 10.0.0.5>192.0.2.1:443 close 1/1/1 :
                 100000 10.0.0.5>192.0.2.9:443 hello api.example : TlsSni Api Vendor
                 100001 10.0.0.5#50001>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 100002 10.0.0.5>192.0.2.9:443 close 1/5/6 :";
    let all = handed_out(&Limits::default(), scene);
    let texts: Vec<Vec<&str>> =
        all.iter().map(|rows| rows.iter().map(|(_, text)| &**text).collect()).collect();
    let want: [&[&str]; 6] = [
        &["10.0.0.5 alpha a deny-by-default 1 signs 1 sessions 0/0 0-0"],
        &["10.0.0.5 alpha a deny-by-default 1 signs 1 sessions 1/1 0-1"],
        &["10.0.0.5 alpha - deny-by-default 1 signs 1 sessions 0/0 100000-100000"],
        &[
            "10.0.0.5 alpha - deny-by-default 0 signs 0 sessions 0/0 100000-100000",
            "10.0.0.5 alpha a deny-by-default 3 signs 3 sessions 1/1 0-100001",
        ],
        &["10.0.0.5 alpha a deny-by-default 3 signs 3 sessions 6/7 0-100002"],
        &["10.0.0.5 alpha a deny-by-default 3 signs 3 sessions 6/7 0-100002"],
    ];
    assert_eq!(texts, want);
    let id = |round: usize, place: usize| all[round][place].0;
    assert_eq!([id(1, 0), id(3, 1), id(4, 0), id(5, 0)], [id(0, 0); 4]);
    assert_eq!(id(3, 0), id(2, 0));
    assert_ne!(id(0, 0), id(2, 0));
}

#[test]
fn at_the_bound_the_row_seen_longest_ago_is_told_a_last_time() {
    let limits = Limits { inventory_max: 2, inventory_gone_max: 1, ..Limits::default() };
    let scene = "0 10.0.0.1>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 1 10.0.0.2>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 2 10.0.0.1>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 3 10.0.0.3>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 4 10.0.0.4>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 5 10.0.0.2>192.0.2.1:443 close 1/7/8 :";
    let mut outcome = play("", &limits, scene);
    let want = [
        // The first to go, 10.0.0.2, was never fetched.
        "10.0.0.1 alpha a deny-by-default 2 signs 1 sessions 0/0 0-2",
        "10.0.0.3 alpha a deny-by-default 1 signs 1 sessions 0/0 3-3",
        "10.0.0.4 alpha a deny-by-default 1 signs 1 sessions 0/0 4-4",
    ];
    assert!(outcome.detector.usages_wait());
    assert_eq!(rows(&mut outcome), want);
    assert!(!outcome.detector.usages_wait());
    let counts = outcome.detector.memory_counts();
    let count = |name| counts.get(name).copied();
    assert_eq!(
        [count("inventory"), count("inventory_evicted"), count("inventory_untold")],
        [Some(2), Some(2), Some(1)]
    );
}

#[test]
fn new_is_what_the_sensor_had_watched_long_enough_to_know() {
    let scene = "0 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 90000 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 90001 10.0.0.6>192.0.2.1:443 hello a.example : TlsSni Relay Named=a
                 90002 10.0.0.6>192.0.2.2:443 hello b.example : TlsSni Relay Named=b";
    let mut outcome = play("", &Limits::default(), scene);
    let new: Vec<_> =
        outcome.detector.take_usages().into_iter().map(|(_, usage)| usage.new).collect();
    assert_eq!(new, [None, Some(true), Some(false)]);
}
