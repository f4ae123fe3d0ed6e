//! Names that lie: what tells a story, how it grows and falls, and what quiets it.

use std::time::Duration;

use super::{expect, only, play, reasons, short};
use crate::Limits;

const ASK: &str = "0 10.0.0.5>10.0.0.53:53 query www.acme-p4y.example : DnsQuestion imitation\n";

#[test]
fn asked_answered_reached_fetched_is_one_story() {
    let outcome = expect(
        "",
        &format!(
            "{ASK}
             1 10.0.0.5>10.0.0.53:53 answer www.acme-p4y.example 192.0.2.1 : DnsQuestion imitation
             2 10.0.0.5>192.0.2.1:443 hello www.acme-p4y.example : TlsSni imitation
             3 10.0.0.5>192.0.2.1:80 http acme-p4y.example : HttpHost imitation
             4 10.0.0.5>192.0.2.1:80 file acme-p4y.example : HttpHost imitation
             5 10.0.0.5>192.0.2.1:443 close :"
        ),
        &[
            "0 new rmm.lure.imitation 50 80% 10.0.0.5 - x1 0-0",
            "2 upd rmm.lure.imitation 60 85% 10.0.0.5 - x3 0-2",
            "4 upd rmm.lure.imitation 75 90% 10.0.0.5 - x6 0-4",
            // From here on the incident tells it.
            "4 new rmm.campaign.chain 75 85% 10.0.0.5 - x7 0-4",
            "5 upd rmm.campaign.chain 75 85% 10.0.0.5 - x7 0-5",
        ],
    );
    assert_eq!(
        reasons(&outcome.alerts)[..2],
        [
            "10.0.0.5 asked for www.acme-p4y.example, which imitates Acme Pay (homoglyph, 1 edit); \
             ask the user of 10.0.0.5 what led them there, whom they spoke to and what they \
             entered or opened, and block the name unless it is one of yours.",
            "10.0.0.5 reached www.acme-p4y.example (192.0.2.1:443), which imitates Acme Pay \
             (homoglyph, 1 edit); ask the user of 10.0.0.5 what led them there, whom they spoke to \
             and what they entered or opened, and block the name unless it is one of yours.",
        ]
    );
    let last = &outcome.alerts[2];
    assert!(last.reason.contains(", and a program came down from it; "), "{}", last.reason);
    let lure = last.lure.as_ref().expect("what it pretends");
    assert_eq!(
        lure.steps,
        [
            "how it reads",
            "severity: 50, a name that imitates a brand or a vendor",
            "severity: +10, the host reached a server under it",
            "severity: +20, a program came down from it",
            "severity: 75, the most, of 80",
        ]
    );
    let seen: Vec<String> = last
        .evidence
        .iter()
        .map(|sign| format!("{:?} {} {}", sign.source, sign.value, sign.list))
        .collect();
    assert_eq!(
        seen,
        [
            "DnsQuestion www.acme-p4y.example brands",
            "TlsSni www.acme-p4y.example brands",
            "HttpHost acme-p4y.example brands",
            "HttpFile setup.exe brands",
        ]
    );
    assert_eq!(last.techniques, ["T1566.002", "T1583.001"]);
    assert_eq!(last.rule_name.as_ref(), "A name that imitates a brand");
    assert!(last.tool.is_none() && last.operator.is_none());
}

#[test]
fn what_the_resolver_says_moves_a_story_both_ways() {
    // The answer; how the story stands then, and whether it was told again.
    let table: &[(&str, &[&str])] = &[
        ("1 nx", &["0 new 50", "1 upd 30"]),
        ("1 nothing", &["0 new 50", "1 upd 30"]),
        ("1 nothing6", &["0 new 50", "1 upd 50"]),
        ("1 trouble", &["0 new 50", "1 upd 50"]),
        ("1 192.0.2.1", &["0 new 50", "1 upd 50"]),
        ("1 10.9.9.9", &["0 new 50", "1 upd 30"]),
        ("1 0.0.0.0", &["0 new 50", "1 upd 30"]),
        ("1 127.0.0.1", &["0 new 50", "1 upd 30"]),
        // One that leads to a server once does.
        ("1 nx; 2 192.0.2.1", &["0 new 50", "1 upd 30", "2 upd 50"]),
        ("1 192.0.2.1; 2 nx", &["0 new 50", "2 upd 50"]),
        ("1 nothing6; 2 192.0.2.1", &["0 new 50", "2 upd 50"]),
    ];
    for (answers, want) in table {
        let mut scene = ASK.to_owned();
        for answer in answers.split("; ") {
            let (secs, what) = answer.split_once(' ').expect(answer);
            scene.push_str(&format!(
                "{secs} 10.0.0.5>10.0.0.53:53 answer www.acme-p4y.example {what} : \
                 DnsQuestion imitation\n"
            ));
        }
        let outcome = play("", &Limits::default(), &scene);
        let told: Vec<String> = outcome
            .alerts
            .iter()
            .map(|alert| {
                let line = short(alert);
                let words: Vec<&str> = line.split(' ').collect();
                format!("{} {} {}", words[0], words[1], words[3])
            })
            .collect();
        assert_eq!(told, *want, "{answers}");
    }
    let nowhere = format!(
        "{ASK}1 10.0.0.5>10.0.0.53:53 answer www.acme-p4y.example nx : DnsQuestion imitation"
    );
    let outcome = play("", &Limits::default(), &nowhere);
    let reason = &outcome.alerts[1].reason;
    assert!(reason.contains("(homoglyph, 1 edit), and the resolver knew no address for it; "));
}

#[test]
fn a_page_of_a_filter_is_no_visit_and_a_proxy_is_one() {
    let answer = "0 10.0.0.5>10.0.0.53:53 answer a.example 10.9.9.9 : DnsQuestion imitation\n";
    let visit = "1 10.0.0.5>10.9.9.9:443 hello a.example : TlsSni imitation";
    let sinkhole = play("", &Limits::default(), &format!("{answer}{visit}"));
    assert_eq!(sinkhole.alerts.last().map(|alert| alert.severity.get()), Some(30));
    let proxy = play("", &Limits::default(), visit);
    assert_eq!(proxy.alerts.last().map(|alert| alert.severity.get()), Some(60));
}

#[test]
fn each_host_and_registered_name_has_a_story() {
    let outcome = expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query a.lie.example : DnsQuestion imitation
         1 10.0.0.5>10.0.0.53:53 query b.lie.example : DnsQuestion imitation
         2 10.0.0.6>10.0.0.53:53 query a.lie.example : DnsQuestion imitation
         3 10.0.0.5>10.0.0.53:53 query lie.test : DnsQuestion imitation
         4 10.0.0.5>10.0.0.53:53 query xyhelp.test : DnsQuestion helpdesk",
        &[
            "0 new rmm.lure.imitation 50 80% 10.0.0.5 - x1 0-0",
            "2 new rmm.lure.imitation 50 80% 10.0.0.6 - x1 2-2",
            "3 new rmm.lure.imitation 50 80% 10.0.0.5 - x1 3-3",
            "4 new rmm.lure.helpdesk 30 80% 10.0.0.5 - x1 4-4",
            "4 upd rmm.lure.imitation 50 80% 10.0.0.5 - x2 0-1",
        ],
    );
    assert_eq!(outcome.alerts[3].techniques, ["T1566.002"]);
    assert!(outcome.alerts[3].reason.contains("which speaks like a help desk (short-help)"));
}

#[test]
fn what_does_not_stand_alone_tells_nothing_and_joins() {
    let weak = "0 10.0.0.5>192.0.2.1:443 hello a.example : TlsSni imitation weak\n";
    let outcome = expect("", weak, &[]);
    assert_eq!(outcome.detector.memory_counts()["lures"], 1);
    // The name's own story.
    let own = "1 10.0.0.5>10.0.0.53:53 query b.a.example : DnsQuestion imitation
               2 10.0.0.5>10.0.0.53:53 query a.example : DnsQuestion imitation weak";
    expect(
        "",
        own,
        &[
            "1 new rmm.lure.imitation 50 80% 10.0.0.5 - x1 1-1",
            "2 upd rmm.lure.imitation 50 80% 10.0.0.5 - x2 1-2",
        ],
    );
    // A tool's story that begins on the same flow, or is there.
    let tool = "5 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=87";
    for scene in [format!("{weak}{tool}"), format!("{tool}\n{}", weak.replacen('0', "6", 1))] {
        let outcome = play("", &Limits::default(), &scene);
        let alert = outcome.alerts.last().expect("the tool's story");
        assert_eq!(&*alert.rule_id, "rmm.protocol.alpha");
        assert_eq!((alert.severity.get(), alert.confidence_pct), (60, 90), "{scene}");
        assert!(alert.evidence.iter().any(|sign| &*sign.list == "brands"), "{scene}");
        assert!(alert.lure.is_some());
        assert!(alert.reason.contains(", under a name that imitates Acme Pay"), "{}", alert.reason);
    }
}

#[test]
fn a_name_both_listed_and_lying_is_one_story_of_the_worse() {
    let ask = "0 10.0.0.5>10.0.0.53:53 query a.example :";
    let table: &[(&str, &str, &str)] = &[
        ("90%", "imitation", "rmm.indicator.feed 80"),
        ("60%", "imitation", "rmm.indicator.feed 60"),
        ("30%", "imitation", "rmm.lure.imitation 50"),
        ("30%", "helpdesk", "rmm.indicator.feed 30"),
        ("90% kind=sweep", "imitation", "rmm.lure.imitation 50"),
        ("90% kind=sweep", "helpdesk", "rmm.indicator.feed 40"),
        ("90% kind=vendor", "helpdesk", "rmm.lure.helpdesk 30"),
        ("90% kind=young", "helpdesk", "rmm.lure.helpdesk 40"),
        ("90% until=0", "helpdesk", "rmm.lure.helpdesk 30"),
        ("90% kind=young until=0", "helpdesk", "rmm.lure.helpdesk 30"),
        ("90% until=1", "helpdesk", "rmm.indicator.feed 80"),
        ("90%", "imitation weak", "rmm.indicator.feed 80"),
    ];
    for (listed, lie, want) in table {
        for (one, two) in [(listed, lie), (lie, listed)] {
            let scene = format!("{ask} DnsQuestion {one}; DnsQuestion {two}");
            let alert = only(play("", &Limits::default(), &scene).alerts);
            assert_eq!(format!("{} {}", alert.rule_id, alert.severity.get()), *want, "{scene}");
            assert_eq!(alert.evidence.len(), 2, "{scene}");
            assert!(alert.lure.is_some(), "{scene}");
        }
    }
    let both = format!("{ask} DnsQuestion 90%; DnsQuestion imitation");
    let reason = only(play("", &Limits::default(), &both).alerts).reason;
    assert!(reason.contains(", and which imitates Acme Pay (homoglyph, 1 edit); "), "{reason}");
}

#[test]
fn new_names_weigh_more_and_our_own_less() {
    let day = 24 * 3600;
    let ask = |secs: u64, host: u32, name: &str| {
        format!("{secs} 10.0.1.{host}>10.0.0.53:53 query {name} : DnsQuestion imitation\n")
    };
    let severities = |scene: &str| -> Vec<u8> {
        let outcome = play("", &Limits { stories_max: 99, ..Limits::default() }, scene);
        let first = outcome.alerts.iter().filter(|alert| !alert.update);
        first.map(|alert| alert.severity.get()).collect()
    };
    // The first day teaches; what is new after it is new for a day.
    let scene = [ask(0, 1, "a.test"), ask(2 * day, 1, "a.test"), ask(2 * day, 1, "b.test")];
    let later = [ask(2 * day + 60, 2, "b.test"), ask(3 * day + 60, 3, "b.test")];
    assert_eq!(severities(&[scene.concat(), later.concat()].concat()), [50, 50, 55, 55, 50]);
    // Eight hosts over three days: most likely ours.
    let wave: String = (1..=8).map(|host| ask(0, host, "ours.test")).collect();
    let after = ask(3 * day, 1, "ours.test");
    assert_eq!(severities(&format!("{wave}{after}")), [50, 50, 50, 50, 50, 50, 50, 50, 30]);
    let quick = Limits { learning: Duration::ZERO, ..Limits::default() };
    let new = only(play("", &quick, &ask(0, 1, "b.test")).alerts);
    assert!(new.reason.contains("and nobody here asked for it before the last day; "));
}

#[test]
fn a_certificate_alone_weighs_less() {
    let named = "0 10.0.0.5>192.0.2.1:443 certificate : TlsCertificate imitation value=a.example";
    let alert = only(play("", &Limits::default(), named).alerts);
    // Reached, but by what others call it.
    assert_eq!(alert.severity.get(), 50);
    assert!(alert.reason.starts_with(
        "10.0.0.5 reached a.example (192.0.2.1:443), which imitates Acme Pay (homoglyph, 1 edit), \
         and only the certificate of the server names it; "
    ));
}

#[test]
fn archives_and_strangers_are_no_reason() {
    let archive = "0 10.0.0.5>192.0.2.1:80 archive a.example : HttpHost helpdesk";
    assert_eq!(only(play("", &Limits::default(), archive).alerts).severity.get(), 40);
    expect("", "0 192.0.2.9>10.0.0.5:443 hello a.example : TlsSni imitation", &[]);
    expect("", "0 192.0.2.9>10.0.0.5:53 query a.example : DnsQuestion imitation", &[]);
}

#[test]
fn a_resolver_that_passes_the_question_on_has_no_story() {
    expect(
        "",
        &format!(
            "{ASK}1 10.0.0.53>192.0.2.53:53 query www.acme-p4y.example : DnsQuestion imitation"
        ),
        &["0 new rmm.lure.imitation 50 80% 10.0.0.5 - x1 0-0"],
    );
}

#[test]
fn a_policy_quiets_a_lie_by_what_was_registered() {
    let table: &[(&str, bool)] = &[
        ("suppress operators = [\"lie.example\"]", true),
        ("suppress operators = [\"*.lie.example\"]", true),
        ("suppress operators = [\"a.lie.example\"]", true),
        ("suppress operators = [\"b.lie.example\"]", false),
        ("suppress operators = [\"example\"]", false),
        ("allow operators = [\"lie.example\"]", true),
        // Whoever may run a tool under the name owns it.
        ("allow tool = \"alpha\"\noperators = [\"*.lie.example\"]", true),
        ("allow tool = \"alpha\"\nuntil = 2020-01-01\noperators = [\"lie.example\"]", true),
        ("allow tool = \"alpha\"", false),
        ("suppress tool = \"alpha\"\noperators = [\"lie.example\"]", false),
    ];
    for (text, quiet) in table {
        let (kind, rest) = text.split_once(' ').expect(text);
        let policy = format!("[[{kind}]]\n{rest}");
        let ask = "0 10.0.0.5>10.0.0.53:53 query a.lie.example : DnsQuestion imitation";
        let outcome = play(&policy, &Limits::default(), ask);
        assert_eq!(outcome.alerts.is_empty(), *quiet, "{policy}");
    }
    // It allows no tool there, and nothing that a list reports.
    let ours = "[[allow]]\noperators = [\"lie.example\"]";
    for sign in ["DnsQuestion Relay Named=lie.example", "DnsQuestion 90%", "DnsQuestion Api Vendor"]
    {
        let ask = format!("0 10.0.0.5>10.0.0.53:53 query lie.example : {sign}");
        assert_eq!(play(ours, &Limits::default(), &ask).alerts.len(), 1, "{sign}");
    }
    // The list still tells what the look-alike may not.
    let both = "0 10.0.0.5>10.0.0.53:53 query lie.example : DnsQuestion imitation; DnsQuestion 30%";
    expect(ours, both, &["0 new rmm.indicator.feed 30 30% 10.0.0.5 - x1 0-0"]);
}
