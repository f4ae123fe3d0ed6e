//! The committed captures are what their scenarios build, and what strangers can read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use etherparse::{LaxPacketHeaders, NetHeaders, PacketHeaders, TransportHeader};
use trafficgen::{Expected, Scenario};

const DEMO: &str = "aa23-025a-campaign";

fn pcaps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pcaps")
}

fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn scenarios() -> Vec<(String, Scenario)> {
    let folder = pcaps().join("scenarios");
    let read = |name: String| {
        let path = folder.join(&name).with_extension("toml");
        let text = fs::read_to_string(&path).unwrap();
        let scenario = Scenario::parse(&text);
        (name, scenario.unwrap_or_else(|error| panic!("{}:{error}", path.display())))
    };
    stems(&folder, "toml").into_iter().map(read).collect()
}

#[test]
fn each_capture_is_what_its_scenario_builds() {
    let built: BTreeSet<String> = scenarios().into_iter().map(|(name, _)| name).collect();
    assert_eq!(stems(&pcaps(), "pcap"), built, "a capture and a scenario for each; run make pcaps");
    let mut all = 0;
    for (name, scenario) in scenarios() {
        let path = pcaps().join(&name).with_extension("pcap");
        let committed = fs::read(&path).unwrap();
        let same = committed == scenario.capture();
        assert!(same, "{name}.pcap is not what its scenario builds; run make pcaps");
        let most = if name == DEMO { 2 << 20 } else { 300 << 10 };
        assert!(committed.len() < most, "{name}.pcap has {} octets", committed.len());
        all += committed.len();
    }
    assert!(all < 7 << 20, "the captures have {all} octets together");
}

/// Sums by etherparse, which shares nothing with how they were written.
#[test]
fn every_checksum_holds() {
    let (mut v4, mut v6, mut other, mut sliced) = (0, 0, 0, 0);
    for (name, scenario) in scenarios() {
        for (number, (_, frame)) in scenario.frames().iter().enumerate() {
            let place = format!("{name}.pcap, frame {}", number + 1);
            if trafficgen::wire_len(frame) > frame.len() {
                sliced += 1; // the sum is over what the tap did not keep
                continue;
            }
            let headers = PacketHeaders::from_ethernet_slice(frame).expect(&place);
            let payload = headers.payload.slice();
            match (&headers.net, &headers.transport) {
                (Some(NetHeaders::Ipv4(ip, _)), Some(transport)) => {
                    assert_eq!(ip.header_checksum, ip.calc_header_checksum(), "{place}");
                    let (told, sum) = match transport {
                        TransportHeader::Tcp(tcp) => {
                            (tcp.checksum, tcp.calc_checksum_ipv4(ip, payload).unwrap())
                        }
                        TransportHeader::Udp(udp) => {
                            (udp.checksum, udp.calc_checksum_ipv4(ip, payload).unwrap())
                        }
                        TransportHeader::Icmpv4(icmp) => {
                            (icmp.checksum, icmp.icmp_type.calc_checksum(payload))
                        }
                        found => panic!("{place}: {found:?} over IPv4"),
                    };
                    assert_eq!(told, sum, "{place}");
                    v4 += 1;
                }
                (Some(NetHeaders::Ipv6(ip, _)), Some(transport)) => {
                    let (told, sum) = match transport {
                        TransportHeader::Tcp(tcp) => {
                            (tcp.checksum, tcp.calc_checksum_ipv6(ip, payload).unwrap())
                        }
                        TransportHeader::Udp(udp) => {
                            (udp.checksum, udp.calc_checksum_ipv6(ip, payload).unwrap())
                        }
                        TransportHeader::Icmpv6(icmp) => {
                            let ends = (ip.source, ip.destination);
                            let sum = icmp.icmp_type.calc_checksum(ends.0, ends.1, payload);
                            (icmp.checksum, sum.unwrap())
                        }
                        found => panic!("{place}: {found:?} over IPv6"),
                    };
                    assert_eq!(told, sum, "{place}");
                    v6 += 1;
                }
                (Some(NetHeaders::Arp(_)), None) => other += 1,
                found => panic!("{place}: {found:?}"),
            }
        }
    }
    assert!(v4 > 2_000 && v6 > 300 && other > 0, "{v4} IPv4, {v6} IPv6, {other} others");
    assert!(sliced > 0, "no tap slices");
}

/// Everything outside the house lives at addresses that are no one's (RFC 5737, RFC 3849).
#[test]
fn no_one_real_is_shown() {
    for (name, scenario) in scenarios() {
        for (_, frame) in scenario.frames() {
            // Lax: of a frame that the tap sliced, the payload is not there.
            let headers = LaxPacketHeaders::from_ethernet(&frame).unwrap();
            let ends: Vec<std::net::IpAddr> = match headers.net {
                Some(NetHeaders::Ipv4(ip, _)) => vec![ip.source.into(), ip.destination.into()],
                Some(NetHeaders::Ipv6(ip, _)) => vec![ip.source.into(), ip.destination.into()],
                _ => Vec::new(),
            };
            for end in ends {
                let kept = match end {
                    std::net::IpAddr::V4(v4) => {
                        v4.is_private()
                            || v4.is_documentation()
                            || v4.is_multicast()
                            || v4.is_broadcast()
                            || v4.is_unspecified()
                    }
                    std::net::IpAddr::V6(v6) => {
                        v6.is_unique_local()
                            || v6.is_unicast_link_local()
                            || v6.segments().starts_with(&[0x2001, 0xDB8])
                            || v6.is_multicast()
                    }
                };
                assert!(kept, "{name} shows {end}");
            }
        }
    }
}

const BEGIN: &str = "<!-- from the scenarios; BLESS=1 cargo test -p rmmwatch-trafficgen -->\n";
const END: &str = "<!-- end -->\n";

/// The table in pcaps/README.md says what the scenarios expect.
#[test]
fn the_readme_tells_what_to_expect() {
    let mut table = String::from(
        "| capture | what it shows | frames | alerts to expect |\n|---|---|---|---|\n",
    );
    for (name, scenario) in scenarios() {
        let alerts: Vec<String> = scenario.expected().iter().map(told).collect();
        let alerts = if alerts.is_empty() { "none".to_owned() } else { alerts.join("<br>") };
        let (about, frames) = (scenario.about(), scenario.frames().len());
        writeln!(table, "| {name} | {about} | {frames} | {alerts} |").unwrap();
    }
    let path = pcaps().join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table's begin");
    let (old, after) = rest.split_once(END).expect("the table's end");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(old, table, "pcaps/README.md is behind; run the test with BLESS=1");
    }
}

/// An expected alert as a cell of the table tells it.
fn told(expected: &Expected) -> String {
    let (kind, host, sign) = (&expected.detection, &expected.host, &expected.sign);
    let level = expected.severity.map(|level| format!("{level} ")).unwrap_or_default();
    let tool = expected.tool.as_ref().map(|tool| format!(" `{tool}`")).unwrap_or_default();
    let mut text = format!("{level}{kind}{tool} of *{host}*: `{sign}`");
    if let Some(operator) = &expected.operator {
        write!(text, " run by `{operator}`").unwrap();
    }
    if !expected.stages.is_empty() {
        write!(text, ", {}", expected.stages.join(" → ")).unwrap();
    }
    if !expected.hosts.is_empty() {
        write!(text, ", {} hosts", expected.hosts.len()).unwrap();
    }
    if let Some(words) = &expected.says {
        write!(text, ", \u{201c}{words}\u{201d}").unwrap();
    }
    if let Some(records) = expected.records {
        write!(text, ", {records} records at most").unwrap();
    }
    if expected.optional {
        text.push_str(" (may be part of another)");
    }
    text
}
