//! Encapsulations and link types as recipes: what stands before what, in hexadecimal, and what has
//! to come out.
#![allow(dead_code, unreachable_pub)] // Each test uses a part.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test's.

use model::LinkType;

use super::script::{address, ethernet, ip, udp};

mod links;
mod tables;
pub use links::LINKS;
pub use tables::{BY_CONTENT, NEAR, NESTED, ON_IP, ON_PORTS, TAGS};

/// A frame's name, how it is built, and what comes out.
pub type Row = (&'static str, &'static str, &'static str);

pub const FOUR: &str = "10.0.0.1:40000 > 10.0.0.2:9999";
pub const SIX: &str = "[fd00::1]:40000 > [fd00::2]:9999";
const TEREDO: &str = "[2001:0:102:304::1]:40000 > [fd00::2]:9999";

/// Build a frame. Words from left to right, each before what follows it:
///
/// - octets in hexadecimal, `02*12` twelve times the same;
/// - `eth` an Ethernet header, its type by the datagram that follows, `eth:8847` of that type;
/// - `ip:47` an IPv4 header of that protocol, `ip6:41` an IPv6 header, `udp:4789` an IPv4 and a UDP
///   header to that port, `from:2152` the same from it; the ends are the tunnel's;
/// - `wlan:8801` an IEEE 802.11 header of that frame control, and SNAP;
/// - `four`, `six`, `teredo`, `arp`: what is inside.
pub fn build(recipe: &str) -> Vec<u8> {
    let Some((word, rest)) = recipe.trim().split_once(' ').or(Some((recipe.trim(), ""))) else {
        return Vec::new();
    };
    if word.is_empty() {
        return Vec::new();
    }
    let rest = build(rest);
    let (word, of) = word.split_once(':').unwrap_or((word, ""));
    let ends = ["198.51.100.1", "198.51.100.2"].map(|end| end.parse().unwrap());
    let ends_6 = ["2001:db8::1", "2001:db8::2"].map(|end| end.parse().unwrap());
    let number = || of.parse::<u16>().unwrap();
    match word {
        "eth" if of.is_empty() => {
            ethernet(&[], if rest[0] >> 4 == 4 { 0x0800 } else { 0x86dd }, &rest)
        }
        "eth" => ethernet(&[], u16::from_str_radix(of, 16).unwrap(), &rest),
        "ip" => sealed(ip(ends[0], ends[1], number() as u8, &rest)),
        "ip6" => ip(ends_6[0], ends_6[1], number() as u8, &rest),
        "udp" => sealed(udp((ends[0], 50000).into(), (ends[1], number()).into(), &rest)),
        "from" => sealed(udp((ends[0], number()).into(), (ends[1], 50000).into(), &rest)),
        "wlan" => [wlan(u16::from_str_radix(of, 16).unwrap()), rest].concat(),
        "four" => [four(), rest].concat(),
        "six" => [six(), rest].concat(),
        "teredo" => {
            let ends = ["[2001:0:102:304::1]:40000", "[fd00::2]:9999"].map(address);
            [udp(ends[0], ends[1], b"payload"), rest].concat()
        }
        "arp" => [ethernet(&[], 0x0806, &[[0, 1, 8, 0], [6, 4, 0, 1]].concat()), rest].concat(),
        octets => [hexadecimal(octets), rest].concat(),
    }
}

fn hexadecimal(word: &str) -> Vec<u8> {
    let (digits, times) = word.split_once('*').unwrap_or((word, "1"));
    let octets: Vec<_> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    octets.repeat(times.parse().unwrap())
}

/// What comes out, in full: `four vlan 7 in vxlan id 100` between the tunnel's ends, `in6` between
/// those of IPv6.
pub fn wanted(short: &str) -> String {
    let mut long = String::new();
    let mut words = short.split(' ').peekable();
    while let Some(word) = words.next() {
        let more = match word {
            "four" => FOUR.to_owned(),
            "six" => SIX.to_owned(),
            "teredo" if long.is_empty() => TEREDO.to_owned(),
            "in" => format!("in {} 198.51.100.1 > 198.51.100.2", words.next().unwrap()),
            "in6" => format!("in {} 2001:db8::1 > 2001:db8::2", words.next().unwrap()),
            word => word.to_owned(),
        };
        long.push_str(&more);
        if words.peek().is_some() {
            long.push(' ');
        }
    }
    long
}

/// An IPv4 header with its checksum: where content alone tells a tunnel, it has to hold.
fn sealed(mut datagram: Vec<u8>) -> Vec<u8> {
    datagram[10..12].fill(0);
    let words = datagram[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let sum: u32 = words.sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    datagram[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    datagram
}

/// 35 octets.
fn four() -> Vec<u8> {
    sealed(udp(address("10.0.0.1:40000"), address("10.0.0.2:9999"), b"payload"))
}

/// 55 octets.
fn six() -> Vec<u8> {
    udp(address("[fd00::1]:40000"), address("[fd00::2]:9999"), b"payload")
}

/// An 802.11 header of that frame control, with SNAP for IPv4 behind it.
fn wlan(control: u16) -> Vec<u8> {
    let [kind, flags] = control.to_be_bytes();
    let qos = kind & 0x80 != 0;
    let parts: &[&[u8]] = &[
        &[kind, flags, 0, 0],
        &[2; 18],
        &[0, 0],
        if flags & 3 == 3 { &[2; 6] } else { &[] },
        if qos { &[0, 0] } else { &[] },
        if qos && flags & 0x80 != 0 { &[0; 4] } else { &[] },
        &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
    ];
    parts.concat()
}

/// Every frame, with its name and what comes out.
pub fn all() -> Vec<(&'static str, LinkType, Vec<u8>, String)> {
    let ethernet = [TAGS, ON_IP, ON_PORTS, BY_CONTENT, NESTED].concat();
    let ethernet = ethernet
        .into_iter()
        .map(|(name, recipe, want)| (name, LinkType::ETHERNET, build(recipe), wanted(want)));
    let links = LINKS
        .iter()
        .map(|(link, (name, recipe, want))| (*name, *link, build(recipe), wanted(want)));
    ethernet.chain(links).collect()
}
