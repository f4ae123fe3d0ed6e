//! Who the hosts of the captures at hand are, beside what tshark says: its readers of ARP, neighbour
//! discovery and both versions of DHCP share no line with ours.

#![allow(clippy::print_stdout, clippy::indexing_slicing)] // It is a test, and says why it skips.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, HintSource, Mac};

mod captures;
mod script;

/// `by ip mac name`, `-` for what is not said.
type Who = String;

/// What tshark is asked for.
const FIELDS: [&str; 26] = [
    "arp.opcode",
    "arp.src.proto_ipv4",
    "arp.src.hw_mac",
    "icmpv6.type",
    "icmpv6.code",
    "icmpv6.nd.na.target_address",
    "icmpv6.nd.ns.target_address",
    "icmpv6.opt.linkaddr",
    "ipv6.src",
    "ipv6.hlim",
    "dhcp.option.dhcp",
    "dhcp.ip.client",
    "dhcp.ip.your",
    "dhcp.option.requested_ip_address",
    "dhcp.hw.mac_addr",
    "dhcp.option.hostname",
    "dhcp.fqdn.name",
    "dhcpv6.msgtype",
    "dhcpv6.option.type",
    "dhcpv6.duid.type",
    "dhcpv6.duidll.link_layer_addr",
    "dhcpv6.duidllt.link_layer_addr",
    "dhcpv6.client_domain",
    "dhcpv6.iaaddr.ip",
    "dhcpv6.iaaddr.valid_lifetime",
    "dhcpv6.peeraddr",
];

/// Captures of which tshark says nothing, since it does not open what the frames come in: switches'
/// tags behind or before the addresses, and VXLAN on its old port. We do.
const UNOPENED: &[&str] =
    &["brcm-tag-prepend.pcap", "brcm-tag.pcap", "dsa.pcap", "vxlan_port_8472.pcap"];

/// What tshark alone says, and why: end of the capture's path, what is said.
///
/// - An advertisement with a source's option, which means nothing there (RFC 4861 §4.4).
/// - ARP straight behind a GENEVE header: not Ethernet, not IP, so that it counts as a datagram.
const MEANINGLESS: &[(&str, &str)] = &[
    ("icmp6-nd-short-options.pcap", "neighbour fe80::3 00-11-22-33-44-55 -"),
    ("geneve-arp.pcap", "arp 10.0.0.1 AA-BB-CC-DD-EE-FF -"),
];

/// What our readers say of a capture.
fn ours(path: &Path) -> Option<BTreeSet<Who>> {
    let capture = captures::Capture::read(path)?;
    let limits = Limits { flows_max: 1 << 14, ..Limits::default() };
    let mut dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
    let (facts, _) = script::run(&capture.frames(), 64, &mut dissector);
    let who = facts.iter().filter_map(|seen| match &seen.fact {
        Fact::HostHint(hint) => {
            let by = match hint.by {
                HintSource::Dhcp => "dhcp",
                HintSource::Arp => "arp",
                HintSource::Neighbour => "neighbour",
            };
            Some(said(by, hint.ip, hint.mac, hint.name.as_deref()))
        }
        _ => None,
    });
    Some(who.collect())
}

fn said(by: &str, ip: IpAddr, mac: Option<Mac>, name: Option<&str>) -> Who {
    let mac = mac.map_or("-".to_owned(), |mac| mac.to_string());
    format!("{by} {ip} {mac} {}", name.unwrap_or("-"))
}

/// What tshark says of one; `None` where it is not installed.
#[allow(clippy::disallowed_methods)] // A test may run a program.
fn tsharks(path: &Path) -> Option<BTreeSet<Who>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(path).args(["-T", "fields", "-E", "separator=/t", "-E", "aggregator=|"]);
    tshark.args(["-Y", "arp or dhcp or dhcpv6 or icmpv6.type in {135,136}"]);
    tshark.args(FIELDS.iter().flat_map(|field| ["-e", field]));
    let done = tshark.output().ok()?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    Some(text.lines().flat_map(of_a_frame).collect())
}

/// What tshark's fields of one frame amount to, by the rules of the RFCs.
fn of_a_frame(line: &str) -> Vec<Who> {
    let values = FIELDS.iter().zip(line.split('\t'));
    let fields: BTreeMap<&str, Vec<&str>> = values
        .map(|(field, text)| (*field, text.split('|').filter(|one| !one.is_empty()).collect()))
        .collect();
    let all = |field: &str| fields.get(field).cloned().unwrap_or_default();
    let first = |field: &str| all(field).first().copied();
    // Of the innermost header.
    let last = |field: &str| all(field).last().copied();
    let mut told = Vec::new();
    let mut tell = |by: &str, ip: Option<&str>, mac: Option<&str>, name: Option<String>| {
        let mac = mac.and_then(interface);
        if let Some(ip) = ip.and_then(host).filter(|_| mac.is_some() || name.is_some()) {
            told.push(said(by, ip, mac, name.as_deref()));
        }
    };
    let linked = all("icmpv6.opt.linkaddr");
    if let Some("1" | "2") = first("arp.opcode") {
        tell("arp", first("arp.src.proto_ipv4"), first("arp.src.hw_mac"), None);
    }
    if (last("ipv6.hlim"), first("icmpv6.code")) == (Some("255"), Some("0")) {
        match first("icmpv6.type") {
            Some("135") if first("icmpv6.nd.ns.target_address").and_then(host).is_some() => {
                tell("neighbour", last("ipv6.src"), linked.first().copied(), None);
            }
            Some("136") => {
                tell(
                    "neighbour",
                    first("icmpv6.nd.na.target_address"),
                    linked.first().copied(),
                    None,
                );
            }
            _ => {}
        }
    }
    let none = |ip: &&str| *ip != "0.0.0.0";
    let client = first("dhcp.ip.client").filter(none);
    let leased = match first("dhcp.option.dhcp") {
        Some("3") => client.or_else(|| first("dhcp.option.requested_ip_address")),
        Some("5") => first("dhcp.ip.your").filter(none).or(client),
        Some("8") => client,
        _ => None,
    };
    let name = first("dhcp.fqdn.name").and_then(escaped);
    let name = name.or_else(|| first("dhcp.option.hostname").and_then(escaped));
    tell("dhcp", leased, first("dhcp.hw.mac_addr"), name);
    for (ip, mac, name) in leased_v6(&all) {
        tell("dhcp", Some(ip), mac, name);
    }
    told
}

type Lease<'a> = (&'a str, Option<&'a str>, Option<String>);

/// The same of DHCP for IPv6.
fn leased_v6<'a>(all: &dyn Fn(&str) -> Vec<&'a str>) -> Vec<Lease<'a>> {
    let Some(kind) = all("dhcpv6.msgtype").last().copied() else { return Vec::new() };
    if !matches!(kind, "1" | "3" | "4" | "5" | "6" | "7" | "11") {
        return Vec::new();
    }
    // Which of the identifiers is the client's: the options of both stand in some order.
    let options = all("dhcpv6.option.type");
    let owners = options.iter().filter(|option| matches!(**option, "1" | "2"));
    let kinds = all("dhcpv6.duid.type");
    let mut plain = all("dhcpv6.duidll.link_layer_addr").into_iter();
    let mut timed = all("dhcpv6.duidllt.link_layer_addr").into_iter();
    let mut mac = None;
    for (owner, kind) in owners.zip(kinds) {
        let address = match kind {
            "1" => timed.next(),
            "3" => plain.next(),
            _ => None,
        };
        if *owner == "1" {
            mac = address;
        }
    }
    let name = all("dhcpv6.client_domain").first().and_then(|name| escaped(name));
    let lifetimes = all("dhcpv6.iaaddr.valid_lifetime");
    let addresses = all("dhcpv6.iaaddr.ip").into_iter().zip(lifetimes);
    let given = addresses.filter(|(_, valid)| kind != "7" || *valid != "0").map(|(ip, _)| ip);
    let mut told = Vec::new();
    if kind != "7" {
        told.extend(all("dhcpv6.peeraddr").last().or(all("ipv6.src").last()).copied());
    }
    if !matches!(kind, "1" | "4" | "11") {
        told.extend(given);
    }
    told.into_iter().map(|ip| (ip, mac, name.clone())).collect()
}

fn host(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    let everyone = text == "255.255.255.255";
    (!everyone && !ip.is_multicast() && !ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

fn interface(text: &str) -> Option<Mac> {
    let octets: Vec<u8> =
        text.split(':').map(|pair| u8::from_str_radix(pair, 16)).collect::<Result<_, _>>().ok()?;
    let octets: [u8; 6] = octets.try_into().ok()?;
    (octets[0] & 1 == 0 && octets != [0; 6]).then_some(Mac(octets))
}

fn escaped(name: &str) -> Option<String> {
    let one = |octet: u8| match octet {
        b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
            char::from(octet).to_string()
        }
        other => format!("\\x{other:02x}"),
    };
    let name: String = name.trim_matches('.').bytes().map(one).collect();
    (!name.is_empty()).then_some(name)
}

/// Whether a capture may hold what is asked for, so that tshark need not read all of them.
#[allow(clippy::disallowed_methods)] // A test may read files.
fn worth_asking(path: &Path) -> bool {
    let octets = std::fs::read(path).unwrap_or_default();
    octets.windows(8).any(|at| {
        at == [0, 1, 8, 0, 6, 4, 0, 1]
            || at == [0, 1, 8, 0, 6, 4, 0, 2]
            || at.starts_with(&[99, 130, 83, 99])
            || at.starts_with(&[2, 34, 2, 35])
            || at.starts_with(&[2, 35, 2, 34])
            || at.starts_with(&[58, 255]) && matches!(at[2], 0x20..=0x3f | 0xfc..=0xfe)
    })
}

fn by_whom(who: &str) -> String {
    who.split(' ').next().unwrap_or_default().to_owned()
}

fn meaningless(capture: &str, who: &str) -> bool {
    MEANINGLESS.iter().any(|(end, what)| capture.ends_with(end) && *what == who)
}

#[test]
fn hosts_are_whom_tshark_says() {
    let files = captures::corpus();
    if files.is_empty() {
        println!("skipped: RMMWATCH_CORPUS is not set, so there are no captures to read");
        return;
    }
    let (mut captures, mut both, mut unopened, mut wrong) = (0, BTreeMap::new(), 0, 0);
    for path in files.iter().filter(|path| worth_asking(path)) {
        let Some(ours) = ours(path) else { continue };
        let Some(tsharks) = tsharks(path) else {
            println!("skipped: tshark is not installed");
            return;
        };
        let shown = path.display().to_string();
        captures += usize::from(!tsharks.is_empty());
        for who in ours.union(&tsharks) {
            let mine = ours.contains(who);
            if mine && tsharks.contains(who) {
                *both.entry(by_whom(who)).or_insert(0) += 1;
            } else if mine && tsharks.is_empty() && UNOPENED.iter().any(|end| shown.ends_with(end))
            {
                unopened += 1;
            } else if mine || !meaningless(&shown, who) {
                println!("{shown}: {} alone: {who}", if mine { "we" } else { "tshark" });
                wrong += 1;
            }
        }
    }
    println!("{captures} captures tell who is who: {both:?} said by both, {unopened} where tshark");
    println!("does not look, {wrong} by one alone");
    assert_eq!(wrong, 0);
    assert!(both.values().sum::<i32>() >= 100 && both.len() == 3, "{both:?}");
}
