//! EVE, the JSON lines that Suricata writes: events that stand beside its own in one index.
//!
//! Source: the schema that Suricata ships with 7.0, 8.0 and 9.0-dev, and its userguide, "Eve JSON
//! Format". One profile is valid by all three: what only some of them know is not written, DNS has
//! the form of version 2, and our own facts stand in the one open place, `alert.metadata`, as
//! arrays of texts whose names begin with `rmm_`.

mod alert;
mod certificate;
mod signature;
mod stats;
mod traffic;

use std::hash::Hasher as _;
use std::net::IpAddr;

use model::Timestamp;
use siphasher::sip::SipHasher13;

pub use self::signature::sid;
use super::object::{Object, object};
use super::{FormatOptions, Native, facts};
use crate::limits::EVE_LINE_BYTES_MAX;
use crate::stamp::Stamp;

/// Octets of a text, and members of a list, that a line has room for.
#[derive(Clone, Copy)]
struct Room {
    text: usize,
    members: usize,
}

/// What is tried in turn until a line fits.
const ROOMS: [Room; 3] = [
    Room { text: 512, members: 16 },
    Room { text: 128, members: 6 },
    Room { text: 32, members: 1 },
];

impl Room {
    fn cut(self, text: &str) -> &str {
        text.get(..text.floor_char_boundary(self.text)).unwrap_or(text)
    }
}

/// Which of EVE's events a record becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Alert,
    Dns,
    Tls,
    Quic,
    Http,
    File,
    Flow,
    Stats,
}

impl Event {
    /// `None`: EVE has nothing for this kind of record.
    fn of(record: &Native<'_>) -> Option<Event> {
        match record.dataset() {
            "alert" => return Some(Event::Alert),
            "health" | "summary" => return Some(Event::Stats),
            "observation" => {}
            _ => return None,
        }
        match record.text(&["event", "action"])? {
            // NetBIOS has a coding of names of its own, and no event in EVE.
            "dns-query" | "dns-answer" => (protocol(record) != Some("nbns")).then_some(Event::Dns),
            "tls-client-hello" | "tls-certificate" => Some(Event::Tls),
            "quic-client-hello" => Some(Event::Quic),
            "http-request" => Some(Event::Http),
            "file-download" => Some(Event::File),
            "flow-close" => Some(Event::Flow),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Event::Alert => "alert",
            Event::Dns => "dns",
            Event::Tls => "tls",
            Event::Quic => "quic",
            Event::Http => "http",
            Event::File => "fileinfo",
            Event::Flow => "flow",
            Event::Stats => "stats",
        }
    }
}

/// Add the record as one event. False where EVE has none for its kind: the opening of a flow, a
/// remote protocol, NetBIOS, a row of the inventory.
pub(super) fn write(record: &Native<'_>, _: &FormatOptions, out: &mut Vec<u8>) -> bool {
    let Some(event) = Event::of(record) else { return false };
    let begin = out.len();
    for room in ROOMS {
        out.truncate(begin);
        object(out, |o| whole(record, event, room, o));
        if out.len() - begin <= EVE_LINE_BYTES_MAX {
            break;
        }
    }
    true
}

fn whole(record: &Native<'_>, event: Event, room: Room, o: &mut Object<'_>) {
    o.text("timestamp", &moment(record.at()));
    if event == Event::Stats {
        o.text("event_type", event.word());
        o.maybe("host", facts::sensor(record).map(|name| room.cut(name)));
        return stats::write(record, o);
    }
    if let Some(id) = flow_id(record) {
        o.number("flow_id", id);
    }
    o.text("event_type", event.word());
    ends(record, event, o);
    if event != Event::Flow {
        o.text("pkt_src", "wire/pcap");
    }
    let community = record.text(&["network", "community_id"]);
    o.maybe("community_id", community.map(|id| room.cut(id)));
    o.maybe("app_proto", app_proto(record));
    o.maybe("host", facts::sensor(record).map(|name| room.cut(name)));
    match event {
        Event::Alert => alert::write(record, room, o),
        Event::Dns => traffic::dns(record, room, o),
        Event::Tls => traffic::tls(record, room, o),
        Event::Quic => traffic::quic(record, room, o),
        Event::Http => traffic::http(record, room, o),
        Event::File => traffic::file(record, room, o),
        Event::Flow => traffic::flow(record, o),
        Event::Stats => {}
    }
}

/// Addresses, ports, protocol and VLAN. The source is who opened the flow, but for a file: that
/// comes from its sender.
fn ends(record: &Native<'_>, event: Event, o: &mut Object<'_>) {
    let (from, to) = match event {
        Event::File => ("destination", "source"),
        _ => ("source", "destination"),
    };
    for (end, ip, port) in [(from, "src_ip", "src_port"), (to, "dest_ip", "dest_port")] {
        if let Some(address) = record.text(&[end, "ip"]).and_then(expanded) {
            o.text(ip, &address);
        }
        if let Some(number) = facts::port(record, &[end, "port"]) {
            o.number(port, number);
        }
    }
    o.maybe("proto", transport(record));
    let vlan = record.text(&["network", "vlan", "id"]).and_then(|id| id.parse::<u16>().ok());
    if let Some(id) = vlan {
        o.array("vlan", |array| array.raw(id.to_string().as_bytes()));
    }
}

fn transport(record: &Native<'_>) -> Option<&'static str> {
    match record.text(&["network", "transport"])? {
        "tcp" => Some("TCP"),
        "udp" => Some("UDP"),
        _ => None,
    }
}

fn protocol<'r>(record: &'r Native<'_>) -> Option<&'r str> {
    record.text(&["network", "protocol"])
}

/// What the flow speaks, in the words of Suricata; nothing for what it has no word for.
fn app_proto(record: &Native<'_>) -> Option<&'static str> {
    Some(match protocol(record)? {
        "dns" | "mdns" | "llmnr" => "dns",
        "tls" | "dtls" => "tls",
        "quic" => "quic",
        "http" => "http",
        "rdp" => "rdp",
        "vnc" => "rfb",
        "ssh" => "ssh",
        "dhcp" => "dhcp",
        _ => return None,
    })
}

/// An address as Suricata prints it: all eight groups of IPv6, four digits each. `None` for what is
/// no address.
fn expanded(text: &str) -> Option<String> {
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(ip) => Some(ip.to_string()),
        IpAddr::V6(ip) => {
            let groups = ip.segments().map(|group| format!("{group:04x}"));
            Some(groups.to_vec().join(":"))
        }
    }
}

/// Microseconds, and the zone as four digits: the schema refuses `Z`, and Arkime reads the zone
/// at octets 26 to 30.
fn moment(at: Timestamp) -> String {
    let text = Stamp(at).to_string();
    format!("{}+0000", text.trim_end_matches('Z'))
}

/// What joins the events of a flow: 52 bits, so that JavaScript reads it whole, from the Community
/// ID and the VLAN; from the ends where a record has no Community ID.
///
/// The start of the flow is not in it: only the record of its end knows that. So a pair of ends
/// that is used again has its number again, as it has its Community ID again.
fn flow_id(record: &Native<'_>) -> Option<u64> {
    let mut hash = SipHasher13::new_with_keys(0, 0);
    if let Some(community) = record.text(&["network", "community_id"]) {
        hash.write(community.as_bytes());
    } else {
        record.text(&["source", "ip"])?;
        for end in ["source", "destination"] {
            hash.write(record.text(&[end, "ip"]).unwrap_or_default().as_bytes());
            hash.write_u64(record.number(&[end, "port"]).unwrap_or(u64::MAX));
        }
        hash.write(transport(record).unwrap_or_default().as_bytes());
    }
    hash.write_u8(0xff);
    hash.write(record.text(&["network", "vlan", "id"]).unwrap_or_default().as_bytes());
    Some(hash.finish() >> 12)
}
