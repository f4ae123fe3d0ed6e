//! Sensors and one analyst: the same alerts as without anything between.

use std::collections::BTreeSet;

use super::peers::{Nats, field, rmmwatch};

/// A capture, and further arguments for whoever weighs it.
struct Case {
    capture: &'static str,
    policy: Option<&'static str>,
}

const CASES: [Case; 5] = [
    Case { capture: "aa23-025a-campaign", policy: Some("pcaps/aa23-025a-campaign.policy.toml") },
    Case { capture: "behind-resolvers", policy: None },
    Case { capture: "mass-deployment", policy: None },
    Case { capture: "chain-ipv6", policy: Some("pcaps/chain-ipv6.policy.toml") },
    Case { capture: "inbound-desktops", policy: None },
];

/// Replay a capture as a sensor, with its own records in the answer.
fn sense(nats: &Nats, case: &Case, sensor: &str, partitions: u16, filter: Option<&str>) -> String {
    let settings = nats.settings(sensor, partitions, "sensor");
    let capture = format!("pcaps/{}.pcap", case.capture);
    let settings = settings.display().to_string();
    let mut args = vec!["replay", &capture, "--sinks", "--quiet", "-c", &settings];
    args.extend(case.policy.into_iter().flat_map(|policy| ["--policy", policy]));
    args.extend(filter.into_iter().flat_map(|filter| ["--filter", filter]));
    String::from_utf8(rmmwatch(&args).stdout).expect("records are UTF-8")
}

/// Weigh all that is in the stream.
fn analyse(nats: &Nats, case: &Case, partitions: u16, group: &str) -> String {
    let settings = nats.analyst(partitions, group).display().to_string();
    let mut args = vec!["analyse", "--from", &nats.url, "--create", "--drain", "--quiet"];
    args.extend(["-c", &settings]);
    args.extend(case.policy.into_iter().flat_map(|policy| ["--policy", policy]));
    String::from_utf8(rmmwatch(&args).stdout).expect("records are UTF-8")
}

fn all(lines: &str) -> BTreeSet<&str> {
    lines.lines().collect()
}

#[tokio::test]
async fn one_analyst_tells_what_the_sensor_tells() {
    let Some(nats) = Nats::start() else { return };
    for case in &CASES {
        let name = case.capture;
        let told = sense(&nats, case, "span", 1, None);
        assert!(!told.is_empty(), "{name}");
        assert_eq!(analyse(&nats, case, 1, name), told, "{name}");
        nats.stream().await.purge().await.expect("purged");
    }
}

#[tokio::test]
async fn who_is_asked_again_tells_the_ends_again_and_nothing_else() {
    let Some(nats) = Nats::start() else { return };
    let case = &CASES[0];
    let told = sense(&nats, case, "span", 1, None);
    assert_eq!(analyse(&nats, case, 1, "all"), told);
    let again = analyse(&nats, case, 1, "all");
    assert!(all(&again).is_subset(&all(&told)) && again.len() < told.len(), "{again}");
}

#[tokio::test]
async fn hosts_in_partitions_are_told_alike() {
    let Some(nats) = Nats::start() else { return };
    // What is compared across hosts or across one host's addresses is not among these.
    for case in [&CASES[0], &CASES[1], &CASES[4]] {
        let told = sense(&nats, case, "span", 8, None);
        let name = case.capture;
        let analysed = analyse(&nats, case, 8, name);
        let ids = |lines: &str| -> BTreeSet<String> {
            lines.lines().map(|line| field(line, "/event/id")).collect()
        };
        assert_eq!(ids(&analysed), ids(&told), "{name}");
        assert_eq!(all(&analysed), all(&told), "{name}");
        nats.stream().await.purge().await.expect("purged");
    }
}

/// One sensor sees names being asked for, another one what comes of it.
#[tokio::test]
async fn a_campaign_that_no_sensor_sees_whole_is_one_incident() {
    let (Some(apart), Some(nats)) = (Nats::start(), Nats::start()) else { return };
    let case = &CASES[0];
    let alone = [
        sense(&apart, case, "names", 4, Some("udp port 53")),
        sense(&apart, case, "flows", 4, Some("not udp port 53")),
    ];
    // On a live wire both send at the same time.
    let mut messages = apart.messages().await;
    messages.sort_by_key(|message| wire::peek(message).expect("a message").tick);
    let whole = sense(&nats, case, "whole", 4, None);
    nats.stream().await.purge().await.expect("purged");
    nats.publish(&messages).await;
    let told = analyse(&nats, case, 4, "all");
    let incidents = |lines: &str| -> BTreeSet<String> {
        let campaigns =
            lines.lines().filter(|line| field(line, "/event/action").contains("campaign"));
        campaigns.map(|line| field(line, "/event/id")).collect()
    };
    assert_eq!(incidents(&whole).len(), 1, "{whole}");
    assert_eq!(incidents(&told), incidents(&whole), "{told}");
    for lines in alone {
        assert_ne!(incidents(&lines), incidents(&whole), "seen by one alone: {lines}");
    }
}
