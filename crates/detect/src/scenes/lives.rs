//! How stories begin, grow and end.

use super::{expect, only, play, reasons, short};
use crate::Limits;
use std::time::Duration;

#[test]
fn a_question_is_told_once_and_not_again_when_nothing_follows() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor",
        &["0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0"],
    );
}

#[test]
fn asked_reached_spoke_is_one_story() {
    let outcome = expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         1 10.0.0.5>10.0.0.53:53 answer r.alpha.example 192.0.2.1 : DnsQuestion Relay Vendor
         2 10.0.0.5>192.0.2.1:443 open : DnsAnswer Relay Vendor value=r.alpha.example
         3 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor value=alpha/6
         4 10.0.0.5>192.0.2.1:443 certificate : TlsCertificate Relay Vendor value=O=Alpha
         60 10.0.0.5>192.0.2.1:443 close :",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0",
            "2 upd rmm.relay.alpha 50 80% 10.0.0.5 - x3 0-2",
            "3 upd rmm.protocol.alpha 60 99% 10.0.0.5 - x4 0-3",
            "60 upd rmm.protocol.alpha 60 99% 10.0.0.5 - x5 0-60",
        ],
    );
    let last = &outcome.alerts[3];
    assert_eq!(last.flow.server.to_string(), "192.0.2.1:443");
    assert_eq!(last.server_name.as_ref().map(|name| name.as_str()), Some("r.alpha.example"));
    assert_eq!(last.evidence.len(), 4);
    assert_eq!(last.rule_name.as_ref(), "Alpha: recognised by its octets");
    assert_eq!(
        reasons(&outcome.alerts)[..2],
        [
            "10.0.0.5 asked for r.alpha.example, a relay of Alpha, and no rule of the policy allows \
         it; ask the user of 10.0.0.5 who is connected, and cut the host off if nobody there \
         knows.",
            "10.0.0.5 reached r.alpha.example (192.0.2.1:443), a relay of Alpha, and no rule of the \
         policy allows it; ask the user of 10.0.0.5 who is connected, and cut the host off if \
         nobody there knows.",
        ]
    );
}

#[test]
fn repeats_are_counted_and_told_at_the_end() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         300 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         1100 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         5000 10.0.0.9>10.0.0.53:53 query other.example :",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0",
            "2000 upd rmm.relay.alpha 50 60% 10.0.0.5 - x3 0-1100",
        ],
    );
}

#[test]
fn a_sign_after_a_day_of_silence_begins_a_new_story() {
    let outcome = expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         87300 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0",
            "87300 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 87300-87300",
        ],
    );
    assert_ne!(outcome.alerts[0].id, outcome.alerts[1].id);
}

#[test]
fn a_frame_from_the_far_future_ends_stories_once_and_no_more() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         9999999 10.0.0.9>10.0.0.53:53 query other.example :
         1 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         2 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor
         3 10.0.0.5>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 0-0",
            "1 new rmm.relay.alpha 50 60% 10.0.0.5 - x1 1-1",
            "3 upd rmm.relay.alpha 50 60% 10.0.0.5 - x3 1-3",
        ],
    );
}

#[test]
fn an_open_flow_holds_its_story_open() {
    expect(
        "",
        "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         7200 10.0.0.5#50001>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         7201 10.0.0.5>192.0.2.1:443 close :
         7300 10.0.0.5#50001>192.0.2.1:443 close :
         9000 10.0.0.9>10.0.0.53:53 query other.example :",
        &[
            "0 new rmm.relay.alpha 50 75% 10.0.0.5 - x1 0-0",
            "8200 upd rmm.relay.alpha 50 75% 10.0.0.5 - x2 0-7300",
        ],
    );
}

#[test]
fn worse_is_always_told_and_new_kinds_three_times_at_most() {
    let scene = "0 10.0.0.5>10.0.0.53:53 query u.alpha.example : DnsQuestion Unknown Vendor
         1 10.0.0.5>192.0.2.1:80 http d.alpha.example : HttpHost Download Vendor
         2 10.0.0.5>192.0.2.1:80 archive d.alpha.example : HttpFile Download Vendor value=a.zip
         3 10.0.0.5>192.0.2.2:443 hello a.alpha.example : TlsSni Api Vendor
         4 10.0.0.5>192.0.2.3:443 hello r.alpha.example : TlsSni Relay Vendor
         5 10.0.0.5>192.0.2.3:443 certificate : TlsCertificate Relay Vendor value=O=Alpha";
    expect(
        "",
        scene,
        &[
            "0 new rmm.api.alpha 30 60% 10.0.0.5 - x1 0-0",
            "1 upd rmm.api.alpha 30 80% 10.0.0.5 - x2 0-1",
            "2 upd rmm.download.alpha 40 85% 10.0.0.5 - x3 0-2",
            "3 upd rmm.api.alpha 45 85% 10.0.0.5 - x4 0-3",
            "4 upd rmm.relay.alpha 50 85% 10.0.0.5 - x5 0-4",
            "5 upd rmm.protocol.alpha 60 99% 10.0.0.5 - x6 0-5",
        ],
    );
    let outcome = play("", &Limits { growths_max: 0, ..Limits::default() }, scene);
    let severities: Vec<u8> = outcome.alerts.iter().map(|alert| alert.severity.get()).collect();
    assert_eq!(severities, [30, 40, 45, 50, 60], "a rise is told whatever the bound");
    assert_eq!(outcome.alerts[4].techniques, ["T1105", "T1219.002"]);
}

#[test]
fn weak_signs_join_a_story_and_begin_none() {
    let port = "0 10.0.0.5>192.0.2.1:5938 open : Port Relay Server value=5938 shared; \
                Address Relay Server value=192.0.2.0/24";
    expect("", port, &[]);
    let then = format!("{port}\n1 10.0.0.5>192.0.2.1:5938 opening : Payload Relay Server value=17");
    let outcome = expect("", &then, &["1 new rmm.protocol.alpha 60 95% 10.0.0.5 192.0.2.1 x3 1-1"]);
    let sources: Vec<String> =
        only(outcome.alerts).evidence.iter().map(|sign| format!("{:?}", sign.source)).collect();
    assert_eq!(sources, ["Payload", "Port", "Address"]);
    // Generic signs, and those of a vendor that sells more than the tool.
    for sign in ["DnsQuestion Relay Vendor generic", "DnsQuestion Unknown Vendor shared"] {
        expect("", &format!("0 10.0.0.5>10.0.0.53:53 query x.example : {sign}"), &[]);
    }
}

#[test]
fn indicators_are_told_by_host_list_and_entry() {
    let outcome = expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query help.example : DnsQuestion 90% list=bad-list stage=first
         1 10.0.0.5>192.0.2.1:443 hello help.example : TlsSni 90% list=bad-list stage=first
         2 10.0.0.5>192.0.2.1:443 hello more.example : TlsSni 60% list=My_List.csv pattern=two
         3 10.0.0.6>10.0.0.53:53 query help.example : DnsQuestion 90% list=bad-list stage=second",
        &[
            "0 new rmm.indicator.bad-list 80 90% 10.0.0.5 - x1 0-0",
            "1 upd rmm.indicator.bad-list 80 95% 10.0.0.5 - x2 0-1",
            "2 new rmm.indicator.my-list-csv 60 60% 10.0.0.5 - x1 2-2",
            "3 new rmm.indicator.bad-list 80 90% 10.0.0.6 - x1 3-3",
        ],
    );
    assert_eq!(outcome.alerts[0].techniques, ["T1566.002"]);
    assert_eq!(outcome.alerts[3].techniques, ["T1105"]);
    assert_eq!(
        outcome.alerts[1].reason,
        "10.0.0.5 reached help.example (192.0.2.1:443), which the list bad-list reports (a lure); \
         look on 10.0.0.5 for what was opened and fetched around that time, and cut the host off \
         if a remote session followed."
    );
}

#[test]
fn inbound_is_one_story_a_host_however_many_knock() {
    let outcome = expect(
        "",
        "0 198.51.100.1>10.0.0.9:3389 opening : Payload Relay Server value=0300
         1 198.51.100.2>10.0.0.9:3389 opening : Payload Relay Server value=0300
         2 198.51.100.2>10.0.0.53:53 query r.alpha.example : DnsQuestion Relay Vendor",
        &[
            "0 new rmm.inbound.alpha 75 90% 10.0.0.9 10.0.0.9 x1 0-0",
            "2 upd rmm.inbound.alpha 75 90% 10.0.0.9 10.0.0.9 x2 0-1",
        ],
    );
    assert_eq!(
        outcome.alerts[0].reason,
        "198.51.100.1 outside reached 10.0.0.9 with Alpha, and no rule of the policy allows it; \
         close the way in at the perimeter, and look on 10.0.0.9 for who logged in."
    );
}

#[test]
fn the_table_of_stories_has_a_bound_and_tells_what_goes() {
    let limits = Limits { stories_max: 2, ..Limits::default() };
    let ask = |secs: u32, host: u32| {
        format!(
            "{secs} 10.0.0.{host}>10.0.0.53:53 query r.alpha.example : \
                 DnsQuestion Relay Vendor\n"
        )
    };
    let scene = [ask(0, 1), ask(1, 2), ask(2, 1), ask(3, 3), ask(4, 4)].concat();
    let outcome = play("", &limits, &scene);
    let got: Vec<String> = outcome.alerts.iter().map(short).collect();
    assert_eq!(
        got,
        [
            "0 new rmm.relay.alpha 50 60% 10.0.0.1 - x1 0-0",
            "1 new rmm.relay.alpha 50 60% 10.0.0.2 - x1 1-1",
            // The host 10.0.0.2 was silent longest and goes first, with nothing new to tell.
            "3 new rmm.relay.alpha 50 60% 10.0.0.3 - x1 3-3",
            "4 upd rmm.relay.alpha 50 60% 10.0.0.1 - x2 0-2",
            "4 new rmm.relay.alpha 50 60% 10.0.0.4 - x1 4-4",
        ]
    );
    let counts = outcome.detector.memory_counts();
    assert_eq!((counts["stories"], counts["stories_evicted"]), (0, 2));
}

#[test]
fn forgotten_flows_do_not_hold_stories_open() {
    let limits = Limits { flows_max: 1, quiet: Duration::from_secs(10), ..Limits::default() };
    let outcome = play(
        "",
        &limits,
        "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         1 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         2 10.0.0.6>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         99 10.0.0.9>10.0.0.53:53 query other.example :",
    );
    let got: Vec<String> = outcome.alerts.iter().map(short).collect();
    assert_eq!(
        got,
        [
            "0 new rmm.relay.alpha 50 75% 10.0.0.5 - x1 0-0",
            "2 new rmm.relay.alpha 50 75% 10.0.0.6 - x1 2-2",
            "11 upd rmm.relay.alpha 50 75% 10.0.0.5 - x2 0-1",
        ]
    );
    assert_eq!(outcome.detector.memory_counts()["flows_evicted"], 1);
}

#[test]
fn evidence_has_a_bound_and_the_rest_is_counted() {
    let limits = Limits { evidence_max: 2, ..Limits::default() };
    let ask = |number: u32| {
        format!(
            "{number} 10.0.0.5>10.0.0.53:53 query r{number}.alpha.example : \
                 DnsQuestion Relay Vendor\n"
        )
    };
    let outcome = play("", &limits, &(0..5).map(ask).collect::<String>());
    let last = outcome.alerts.last().expect("an alert");
    assert_eq!((last.evidence.len(), last.count), (2, 5));
    assert_eq!(outcome.detector.memory_counts()["signs_left_out"], 3);
}
