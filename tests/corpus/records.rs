//! Records of real captures: each valid by the published schema, the same for any number of lanes,
//! and telling what the captures are known to hold.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{corpus, program};

/// Every record that a replay of `path` writes, in order: observations, alerts, health, summary.
fn records(path: &std::path::Path, lanes: &str) -> String {
    let done = Command::new(program())
        .args(["replay", "--quiet", "--summary", "none", "--lanes", lanes])
        .args(["--alerts", "-", "--observations", "-", "--health", "-"])
        .arg(path)
        .stderr(Stdio::null())
        .output()
        .expect("the program runs");
    assert!(matches!(done.status.code(), Some(0 | 3)), "{}: {:?}", path.display(), done.status);
    String::from_utf8(done.stdout).expect("records are text")
}

#[test]
fn all_records_are_valid_and_the_same_for_any_lanes() {
    let Some(captures) = corpus() else { return };
    let files = captures.join("files");
    let lines = records(&files, "1");
    let facts = |text: &str| {
        let kept = text.lines().filter(|line| !line.contains("\"kind\":\"metric\""));
        kept.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(facts(&lines), facts(&records(&files, "7")), "seven lanes");
    let schema = serde_json::from_str(records::SCHEMA).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for line in lines.lines() {
        let record: Value = serde_json::from_str(line).expect("a line is JSON");
        let wrong: Vec<String> = schema.iter_errors(&record).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{line}");
    }
    println!("{} records", lines.lines().count());
}

/// Capture, action, place in the record, what stands there in one record at least.
const TOLD: &[(&str, &str, &str, &str)] = &[
    ("ndpi/tests/cfgs/default/pcap/doq.pcapng", "quic-client-hello", "/rmm/dns_transport", "quic"),
    (
        "ndpi/tests/cfgs/default/pcap/doq_adguard.pcapng",
        "quic-client-hello",
        "/rmm/quic/version",
        "draft-29",
    ),
    (
        "ndpi/tests/cfgs/default/pcap/googledns_android10.pcap",
        "tls-client-hello",
        "/rmm/dns_transport",
        "tls",
    ),
    (
        "suricata/tests/community-id-ipv6/input.pcap",
        "tls-client-hello",
        "/rmm/dns_transport",
        "https",
    ),
    ("arkime/tests/pcap/gre-erspan-vxlan.pcap", "http-request", "/rmm/ingress/kind", "erspan"),
    (
        "arkime/tests/pcap/gre-erspan-vxlan.pcap",
        "flow-close",
        "/observer/ingress/interface/alias",
        "erspan 100.20.9.2 > 100.20.9.1 id 20",
    ),
    ("ndpi/tests/cfgs/default/pcap/anydesk.pcapng", "remote-protocol", "/rmm/version", "6.2.0"),
    ("ndpi/tests/cfgs/default/pcap/vnc.pcap", "remote-protocol", "/network/protocol", "vnc"),
    ("ndpi/tests/cfgs/default/pcap/rdp.pcap", "remote-protocol", "/rmm/tool", "rdp"),
    ("ja4/pcap/ssh2.pcapng", "remote-protocol", "/rmm/details/client_software", "OpenSSH_7.6p1"),
];

#[test]
fn what_leaves_the_sensor_says_what_is_there() {
    let Some(captures) = corpus() else { return };
    for (capture, action, place, want) in TOLD {
        let lines = records(&captures.join("files").join(capture), "1");
        let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let told: Vec<String> = records
            .filter(|record| record["event"]["action"] == *action)
            .filter_map(|record| Some(record.pointer(place)?.as_str()?.to_owned()))
            .collect();
        assert!(told.iter().any(|one| one.starts_with(want)), "{capture} {action}: {told:?}");
    }
}

#[test]
fn the_share_of_dns_is_told() {
    let Some(captures) = corpus() else { return };
    // Capture, and the flows in clear, over TLS, over HTTPS and over QUIC.
    let table = [
        ("ndpi/tests/cfgs/default/pcap/anydesk.pcapng", [2, 0, 0, 0]),
        ("ndpi/tests/cfgs/default/pcap/googledns_android10.pcap", [0, 5, 0, 0]),
        ("ndpi/tests/cfgs/default/pcap/doq_adguard.pcapng", [0, 0, 0, 1]),
        ("suricata/tests/community-id-ipv6/input.pcap", [0, 0, 1, 0]),
    ];
    for (capture, want) in table {
        let lines = records(&captures.join("files").join(capture), "1");
        let summary: Value =
            serde_json::from_str(lines.lines().last().unwrap_or("")).expect("JSON");
        let share = &summary["rmm"]["health"]["dns"];
        let got = ["clear", "over_tls", "over_https", "over_quic"]
            .map(|way| share[way].as_u64().expect("a count"));
        assert_eq!(got, want, "{capture}");
    }
}
