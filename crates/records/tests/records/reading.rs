//! What is written is read back: every sample, and inputs that no program of ours wrote.

use std::io::{self, BufReader, Read};

use model::*;
use records::limits::{COMPLAINTS_MAX, LINE_BYTES_MAX, TEXT_READ_MAX};
use records::read::{AlertTold, Peer, Reader, StageTold, Told, read};

use crate::samples;

fn told(text: &str) -> Told {
    read("records.jsonl", text.as_bytes()).expect("memory never fails")
}

/// Moments of records have microseconds.
fn written(at: Timestamp) -> Timestamp {
    Timestamp::from_nanos(at.nanos() / 1_000 * 1_000)
}

fn expected(alert: Alert) -> AlertTold {
    let (client, server) = (alert.flow.client, alert.flow.server);
    let inbound = alert.host == server.ip;
    let end = if inbound { client } else { server };
    let name = alert.server_name.filter(|_| !inbound).map(|name| name.as_str().into());
    AlertTold {
        id: alert.id,
        at: written(alert.at),
        update: alert.update,
        occasion: alert.occasion,
        start: written(alert.start),
        end: written(alert.end),
        host: alert.host,
        host_name: alert.identity.name,
        rule_id: alert.rule_id,
        rule_name: alert.rule_name,
        detection: alert.detection,
        severity: alert.severity,
        confidence_pct: alert.confidence_pct,
        tool: alert.tool,
        operator: alert.operator,
        reason: alert.reason.into(),
        authorised: alert.policy.authorised,
        zone: alert.policy.zone,
        policy_rule: alert.policy.rule,
        peer: Peer { ip: end.ip, port: end.port, name },
        count: alert.count,
        chain: alert.chain.as_ref().map(|chain| chain.id),
        stages: alert.chain.into_iter().flat_map(|chain| chain.steps).map(stage).collect(),
        hosts: alert.hosts,
        more: alert.more,
    }
}

fn stage(step: Step) -> StageTold {
    StageTold {
        stage: step.stage,
        at: written(step.at),
        event: step.event,
        name: step.name,
        host: step.host,
        why: step.why,
    }
}

#[test]
fn every_alert_comes_back() {
    for (name, alert) in samples::alerts() {
        let line = samples::line(|out| samples::sensor().alert(&alert, out));
        let told = told(&line);
        assert_eq!(told.alerts, [expected(alert)], "{name}");
        assert_eq!((told.lines, told.refused, told.passed_over), (1, 0, 0), "{name}");
    }
}

#[test]
fn every_row_of_the_inventory_comes_back() {
    for (name, row, usage) in samples::usages() {
        let line = samples::line(|out| samples::sensor().inventory(row, &usage, out));
        let want = Usage { first: written(usage.first), last: written(usage.last), ..usage };
        assert_eq!(told(&line).usages, [want], "{name}");
    }
}

#[test]
fn health_comes_back_once_a_run() {
    let text: String = samples::all()
        .into_iter()
        .filter(|(name, _)| name.starts_with("health") || *name == "summary")
        .map(|(_, line)| line)
        .collect();
    let told = told(&text);
    let runs: Vec<_> = told.health.iter().map(|run| (run.sensor.as_deref(), run.packets)).collect();
    assert_eq!(runs, [(None, 0), (None, 1_000), (Some("span-1"), 1_000)]);
    let run = told.health.last().expect("a run");
    assert_eq!((run.bytes, run.flows, run.flows_one_way), (654_321, 90, 8));
    assert_eq!((run.tls_hellos, run.tls_nameless, run.tls_ech), (30, 1, 10));
    assert_eq!(run.dns, DnsShare { clear: 90, over_tls: 4, over_https: 5, over_quic: 1 });
    assert!((run.loss_pct - 0.3).abs() < 1e-9, "{}", run.loss_pct);
    let kernel = run.kernel.expect("it was live");
    assert!(kernel.received > 0 && kernel.dropped + kernel.interface_dropped > 0);
    assert_eq!(run.refused.values().sum::<u64>(), 20, "{:?}", run.refused);
    let want = [("indicator.aa23-025a".into(), 1), ("rmm.relay.anydesk".into(), 2)];
    assert_eq!(run.alerts, want);
    assert_eq!(run.authorised, [("allow[0] screenconnect".into(), 12)]);
    let rules: Vec<_> = run.rules.iter().map(|rule| (&*rule.rule, rule.uses)).collect();
    assert_eq!(rules, [("allow[0] screenconnect", 12), ("suppress[0] any tool", 0)]);
}

#[test]
fn every_sample_is_read() {
    let all: String = samples::all().into_iter().map(|(_, line)| line).collect();
    let told = told(&all);
    assert_eq!((told.refused, told.passed_over, told.complaints.len()), (0, 0, 0));
    assert_eq!(told.lines, samples::all().len() as u64);
    // The update took the place of its first telling; both have one id with the incident's parts.
    assert_eq!(told.alerts.len(), samples::alerts().len() - 1);
}

/// One observation of a use: when, action, row, operator, more of the use, octets of both ends.
fn seen(at: u64, action: &str, row: u8, operator: &str, more: &str, octets: (u64, u64)) -> String {
    let operator = match operator {
        "" => String::new(),
        name => format!("\"operator\":\"{name}\","),
    };
    let (sent, received) = octets;
    format!(
        "{{\"@timestamp\":\"2026-11-21T20:00:{at:02}.000000Z\",\"event\":{{\"id\":\"{at:032x}\",\
         \"dataset\":\"rmmwatch.observation\",\"action\":\"{action}\",\
         \"start\":\"2026-11-21T20:00:00.000000Z\",\"end\":\"2026-11-21T20:00:{at:02}.000000Z\"}},\
         \"source\":{{\"ip\":\"10.0.0.5\",\"port\":1,\"bytes\":{sent}}},\
         \"destination\":{{\"ip\":\"192.0.2.1\",\"port\":2,\"bytes\":{received}}},\
         \"network\":{{\"direction\":\"outbound\"}},\"rmm\":{{\"schema\":1,\"host\":\"10.0.0.5\",\
         \"uses\":[{{\"id\":\"{row:032x}\",\"tool\":\"alpha\",\"name\":\"Alpha\",{operator}{more}\
         \"authorised\":false,\"rule\":\"deny-by-default\"}}]}}}}\n"
    )
}

/// `alpha a 3 signs 1 sessions 10/20 0-9`: tool, operator, counts, octets, first and last second.
fn short(usage: &Usage) -> String {
    let begin = Timestamp::from_secs(1_795_291_200, 0);
    format!(
        "{} {} {} signs {} sessions {}/{} {}-{}",
        usage.tool.0,
        usage.operator.as_deref().unwrap_or("-"),
        usage.signs,
        usage.sessions,
        usage.bytes_sent,
        usage.bytes_received,
        usage.first.since(begin).as_secs(),
        usage.last.since(begin).as_secs(),
    )
}

#[test]
fn observations_make_rows() {
    let none = (0, 0);
    let joined = "\"signs\":1,\"joined\":\"00000000000000000000000000000001\",";
    let table: [(&str, Vec<String>, &[&str]); 5] = [
        (
            "signs add up, and flows that end are sessions",
            vec![
                seen(1, "dns-query", 1, "a", "\"signs\":1,", none),
                seen(2, "tls-client-hello", 1, "a", "\"signs\":2,", none),
                seen(9, "flow-close", 1, "a", "\"signs\":0,", (10, 20)),
            ],
            &["alpha a 3 signs 1 sessions 10/20 1-9"],
        ),
        (
            "an operator that shows later is the row's",
            vec![
                seen(1, "dns-query", 1, "", "\"signs\":1,", none),
                seen(2, "dns-query", 1, "a", "\"signs\":1,", none),
            ],
            &["alpha a 2 signs 0 sessions 0/0 1-2"],
        ),
        (
            "a row that went into another",
            vec![
                seen(1, "dns-query", 2, "a", "\"signs\":1,", none),
                seen(2, "dns-query", 1, "", "\"signs\":1,", none),
                seen(3, "dns-query", 2, "a", joined, none),
            ],
            &["alpha a 3 signs 0 sessions 0/0 1-3"],
        ),
        (
            "rows of two runs are one",
            vec![
                seen(1, "dns-query", 1, "a", "\"signs\":1,", none),
                seen(5, "dns-query", 2, "a", "\"signs\":1,", none),
                seen(6, "dns-query", 3, "b", "\"signs\":1,", none),
            ],
            &["alpha a 2 signs 0 sessions 0/0 1-5", "alpha b 1 signs 0 sessions 0/0 6-6"],
        ),
        ("what shows no use", vec![seen(1, "flow-open", 1, "", "\"signs\":0,", none)], &[]),
    ];
    for (what, lines, want) in table {
        let got = told(&lines.concat());
        let rows: Vec<String> = got.usages.iter().map(short).collect();
        assert_eq!((rows, got.refused), (want.iter().map(|s| (*s).into()).collect(), 0), "{what}");
    }
}

#[test]
fn the_inventory_wins_over_observations_and_the_latest_record_over_earlier_ones() {
    let (_, _, usage) = samples::usages().remove(0);
    let row =
        |usage: &Usage| samples::line(|out| samples::sensor().inventory(UsageId(1), usage, out));
    let later = Usage {
        last: usage.last.after(std::time::Duration::from_secs(60)),
        signs: 99,
        ..usage.clone()
    };
    let observed = seen(1, "dns-query", 1, "a", "\"signs\":1,", (0, 0));
    let gone = Usage { signs: 0, sessions: 0, ..later.clone() };
    let table = [
        (vec![row(&usage), observed.clone()], Some(41)),
        (vec![observed.clone(), row(&usage)], Some(41)),
        (vec![row(&usage), row(&later)], Some(99)),
        (vec![row(&later), observed, row(&usage)], Some(99)),
        (vec![row(&usage), row(&gone)], None),
    ];
    for (lines, want) in table {
        let signs: Vec<u64> =
            told(&lines.concat()).usages.iter().map(|usage| usage.signs).collect();
        assert_eq!(signs, Vec::from_iter(want), "{lines:?}");
    }
}

#[test]
fn the_latest_telling_of_an_alert_holds() {
    let all = samples::alerts();
    let named = |wanted: &str| {
        let (_, alert) = all.iter().find(|(name, _)| *name == wanted).expect("a sample");
        samples::line(|out| samples::sensor().alert(alert, out))
    };
    let (first, update) = (named("alert_relay"), named("alert_update"));
    for lines in [[&*first, &*update], [&*update, &*first]] {
        let told = told(&lines.concat());
        assert_eq!(told.alerts.len(), 1);
        assert!(told.alerts.iter().all(|alert| alert.update && alert.count == 41));
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_stands() {
    let good = samples::line(|out| samples::sensor().alert(&samples::alerts().remove(2).1, out));
    let without = |what: &str, with: &str| good.trim_end().replacen(what, with, 1);
    let cut = good.trim_end().get(..good.len() / 2).expect("ASCII").to_owned();
    let newer = without("\"schema\":1", "\"schema\":2");
    let table = [
        ("", None),
        ("   ", None),
        ("{}", None),
        ("{\"event\":{\"dataset\":\"suricata.eve\"},\"rmm\":{\"schema\":1}}", None),
        ("{\"event\":{\"dataset\":\"rmmwatch.alert\"}}", None),
        ("\u{feff}{}", None),
        ("5", Some("it is no record: invalid type")),
        ("[]", Some("it is no record: ")),
        (&*cut, Some("it is no record: EOF while parsing")),
        ("{\"event\":{\"dataset\":\"a\u{1}\"}}", Some("it is no record: control character")),
        (&*newer, Some("a newer rmmwatch wrote it: schema 2")),
        (&*without("\"relay\",\"tool\"", "\"tea\",\"tool\""), Some("rmm.detection is unknown")),
        (&*without("2026-11-21T20", "2026-11-41T20"), Some("@timestamp is no moment")),
        (&*without("a3f1c0de", "A3f1c0d"), Some("event.id is not 32 hexadecimal digits")),
        (&*without("a3f1c0de", "+3f1c0de"), Some("event.id is not 32 hexadecimal digits")),
        (&*without("\"host\":", "\"ghost\":"), Some("it has no rmm.host")),
        (&*without("\"10.20.4.17\"", "\"10.20.4\""), Some("it is no record: ")),
    ];
    for (line, want) in table {
        let told = told(&format!("{good}\r\n{line}\n\n{good}"));
        let whys: Vec<String> = told.complaints.iter().map(ToString::to_string).collect();
        assert_eq!(told.alerts.len(), 1, "{line}");
        assert_eq!(told.refused, u64::from(want.is_some()), "{line}: {whys:?}");
        let place = "records.jsonl:3:";
        for (why, want) in whys.iter().zip(want) {
            assert!(why.starts_with(place) && why.contains(want), "{line}: {why}");
        }
    }
}

#[test]
fn bounds_hold() {
    let good = samples::line(|out| samples::sensor().alert(&samples::alerts().remove(2).1, out));
    let long = "x".repeat(LINE_BYTES_MAX + 1);
    let told_of = told(&format!("{long}\n{good}{long}"));
    assert_eq!((told_of.lines, told_of.refused, told_of.alerts.len()), (3, 2, 1));
    let bad = told(&"?\n".repeat(COMPLAINTS_MAX + 50));
    assert_eq!((bad.refused, bad.complaints.len()), (COMPLAINTS_MAX as u64 + 50, COMPLAINTS_MAX));
    let text = good.replacen("10.20.4.17 uses", &"\u{e9}".repeat(TEXT_READ_MAX), 1);
    assert_eq!(told(&text).alerts.first().map(|alert| alert.reason.len()), Some(TEXT_READ_MAX));
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    assert_eq!(told(&deep).refused, 1);
}

#[test]
fn inputs_come_in_pieces_and_may_fail() {
    /// Gives an octet at a time, and fails in the end.
    struct Dripping<'a>(&'a [u8], bool);
    impl Read for Dripping<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match (self.0.split_first(), to.first_mut()) {
                _ if self.1 => Err(io::ErrorKind::Interrupted.into()),
                (Some((octet, rest)), Some(place)) => {
                    (*place, self.0) = (*octet, rest);
                    Ok(1)
                }
                _ => Err(io::Error::other("the disk is gone")),
            }
        }
    }
    let all: String = samples::all().into_iter().map(|(_, line)| line).collect();
    let mut reader = Reader::new();
    let error = reader.read("drip", BufReader::with_capacity(7, Dripping(all.as_bytes(), false)));
    assert_eq!(error.expect_err("it fails").to_string(), "the disk is gone");
    assert_eq!(reader.finish(), told(&all));
}

#[test]
fn any_octets() {
    records::fuzz::records(b"");
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    for (_, line) in samples::all() {
        records::fuzz::records(line.as_bytes());
        for _ in 0..60 {
            let mut octets = line.clone().into_bytes();
            for _ in 0..3 {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                let place = usize::try_from(dice >> 16).unwrap_or(0) % octets.len().max(1);
                match dice % 3 {
                    _ if octets.is_empty() => {}
                    0 => octets[place] = (dice >> 8) as u8,
                    1 => drop(octets.remove(place)),
                    _ => octets.truncate(place + 1),
                }
            }
            records::fuzz::records(&octets);
        }
    }
}
