//! Messages of each kind, options in odd places, lies and cuts.

use model::{Fact, Flow, Protocol, Side, Transport};

use super::message::HEAD_OF_A_REQUEST;
use super::{ENTRY, fuzz};
use crate::protocols::PROTOCOLS;
use crate::protocols::drive::{Told, datagram, flow};
use crate::protocols::mutate::mutants;
use crate::protocols::reader::Datagram;

/// What is written into a request's head: place and octets.
type Changes<'a> = &'a [(usize, &'a [u8])];

const ANSWERS: (usize, &[u8]) = (0, &[2]);
const HAS: (usize, &[u8]) = (12, &[10, 0, 0, 5]);
const GIVEN: (usize, &[u8]) = (16, &[10, 0, 0, 7]);
const REQUEST: &[u8] = &[53, 1, 3];
const ACK: &[u8] = &[53, 1, 5];
const INFORM: &[u8] = &[53, 1, 8];
const WANTS: &[u8] = &[50, 4, 10, 0, 0, 6];
const NAMED: &[u8] = b"\x0c\x05annas";

fn message(changes: Changes<'_>, options: &[&[u8]]) -> Vec<u8> {
    let mut octets = HEAD_OF_A_REQUEST.to_vec();
    for (at, with) in changes {
        octets[*at..at + with.len()].copy_from_slice(with);
    }
    octets.extend(options.concat());
    octets
}

fn words(told: &Told) -> Vec<String> {
    let one = |fact: &Fact| match fact {
        Fact::HostHint(hint) => {
            let mac = hint.mac.map_or("-".to_owned(), |mac| mac.to_string());
            format!("{} {mac} {}", hint.ip, hint.name.as_deref().unwrap_or("-"))
        }
        other => panic!("not of DHCP: {other:?}"),
    };
    told.facts.iter().map(one).collect()
}

fn read(octets: &[u8]) -> Option<(Datagram, Told)> {
    datagram(PROTOCOLS, &flow(Transport::Udp, 67), Side::Client, octets)
}

#[test]
fn what_messages_tell() {
    let mac = "02-00-00-00-00-11";
    let fqdn = b"\x51\x0b\x04\x00\x00\x02pc\x04corp";
    let table: &[(&str, Vec<u8>, Option<String>)] = &[
        // RFC 2131 §4.3.2.
        (
            "selecting",
            message(&[], &[REQUEST, WANTS, NAMED]),
            Some(format!("10.0.0.6 {mac} annas")),
        ),
        ("renewing", message(&[HAS], &[REQUEST, NAMED]), Some(format!("10.0.0.5 {mac} annas"))),
        (
            "renewing, and more",
            message(&[HAS], &[REQUEST, WANTS]),
            Some(format!("10.0.0.5 {mac} -")),
        ),
        ("for nothing", message(&[], &[REQUEST, NAMED]), None),
        // §4.3.1, §4.3.5.
        ("given", message(&[ANSWERS, GIVEN], &[ACK]), Some(format!("10.0.0.7 {mac} -"))),
        ("renewed", message(&[ANSWERS, GIVEN, HAS], &[ACK]), Some(format!("10.0.0.7 {mac} -"))),
        ("informed", message(&[ANSWERS, HAS], &[ACK]), Some(format!("10.0.0.5 {mac} -"))),
        // §4.4.3.
        (
            "informs itself",
            message(&[HAS], &[INFORM, NAMED]),
            Some(format!("10.0.0.5 {mac} annas")),
        ),
        // §3.1: nothing of these holds yet, or any more.
        ("discover", message(&[], &[&[53, 1, 1], WANTS, NAMED]), None),
        ("offer", message(&[ANSWERS, GIVEN], &[&[53, 1, 2]]), None),
        ("decline", message(&[], &[&[53, 1, 4], WANTS]), None),
        ("refused", message(&[ANSWERS, GIVEN], &[&[53, 1, 6]]), None),
        ("release", message(&[HAS], &[&[53, 1, 7]]), None),
        // The wrong end says it.
        ("a server's request", message(&[ANSWERS], &[REQUEST, WANTS]), None),
        ("a client's answer", message(&[GIVEN], &[ACK]), None),
        // BOOTP (RFC 951) has no kind.
        ("no kind", message(&[ANSWERS, GIVEN], &[NAMED]), None),
        // RFC 4702 §2, §3.3.
        (
            "full name",
            message(&[HAS], &[REQUEST, fqdn, NAMED]),
            Some(format!("10.0.0.5 {mac} pc.corp")),
        ),
        (
            "full name as of old",
            message(&[HAS], &[REQUEST, b"\x51\x08\x00\x00\x00pc.co"]),
            Some(format!("10.0.0.5 {mac} pc.co")),
        ),
        (
            "full name that is none",
            message(&[HAS], &[REQUEST, NAMED, b"\x51\x05\x04\x00\x00\x09a"]),
            Some(format!("10.0.0.5 {mac} annas")),
        ),
        (
            "full name cut",
            message(&[HAS], &[REQUEST, b"\x51\x02\x04\x00"]),
            Some(format!("10.0.0.5 {mac} -")),
        ),
        // RFC 2132 §3.1, §3.2.
        (
            "padded, and behind the end",
            message(&[HAS], &[&[0, 0], REQUEST, &[0, 255], NAMED]),
            Some(format!("10.0.0.5 {mac} -")),
        ),
        // RFC 3396 §5.
        (
            "in two options",
            message(&[HAS], &[REQUEST, b"\x0c\x02an", &[0], b"\x0c\x03nas"]),
            Some(format!("10.0.0.5 {mac} annas")),
        ),
        // RFC 2131 §4.1: the options go on in the two fields.
        (
            "in the file's field",
            message(&[HAS, (108, NAMED), (108 + 7, &[255])], &[REQUEST, &[52, 1, 1]]),
            Some(format!("10.0.0.5 {mac} annas")),
        ),
        (
            "in both fields",
            message(&[HAS, (108, REQUEST), (44, NAMED)], &[&[52, 1, 3, 255]]),
            Some(format!("10.0.0.5 {mac} annas")),
        ),
        (
            "in a field without a word",
            message(&[HAS, (44, NAMED)], &[REQUEST]),
            Some(format!("10.0.0.5 {mac} -")),
        ),
        // RFC 2131 §2: other hardware than Ethernet; an interface without an address.
        (
            "InfiniBand",
            message(&[HAS, (1, &[32, 0])], &[REQUEST, NAMED]),
            Some("10.0.0.5 - annas".into()),
        ),
        (
            "a group's interface",
            message(&[HAS, (28, &[1])], &[REQUEST, NAMED]),
            Some("10.0.0.5 - annas".into()),
        ),
        ("nothing but an address", message(&[HAS, (1, &[32, 0])], &[REQUEST]), None),
        // Lies.
        ("a group's address", message(&[(12, &[224, 0, 0, 1])], &[REQUEST, NAMED]), None),
        ("everyone's address", message(&[(12, &[255; 4])], &[REQUEST, NAMED]), None),
        ("loopback", message(&[(12, &[127, 0, 0, 1])], &[REQUEST, NAMED]), None),
        (
            "a name to break a terminal",
            message(&[HAS], &[REQUEST, b"\x0c\x04\x1b[2J"]),
            Some(format!("10.0.0.5 {mac} \\x1b\\x5b2J")),
        ),
    ];
    for (name, octets, want) in table {
        let (claimed, told) = read(octets).expect(name);
        let side = if octets[0] == 1 { Side::Client } else { Side::Server };
        assert_eq!(claimed, Datagram::Mine(Protocol::Dhcp, side), "{name}");
        assert_eq!(words(&told), Vec::from_iter(want.clone()), "{name}");
        assert_eq!(told.anomalies, [""; 0], "{name}");
        // Everywhere the same, since the cookie tells.
        let elsewhere = datagram(PROTOCOLS, &flow(Transport::Udp, 4011), Side::Server, octets);
        assert_eq!(elsewhere.map(|(_, told)| words(&told)), Some(words(&told)), "{name}");
    }
}

#[test]
fn what_is_cut_tells_as_far_as_it_goes() {
    let whole = message(&[HAS], &[REQUEST, NAMED]);
    for len in 0..whole.len() {
        let told = read(&whole[..len]);
        assert_eq!(told.is_some(), len >= 240, "{len}");
        let Some((_, told)) = told else { continue };
        // Of the name nothing, since its length is what was asked for.
        let want = (len >= 243).then(|| "10.0.0.5 02-00-00-00-00-11 -".to_owned());
        assert_eq!(words(&told), Vec::from_iter(want), "{len}");
        let counted = told.anomalies.first() == Some(&"dhcp_options_cut");
        assert_eq!(counted, len > 243, "{len}: {:?}", told.anomalies);
    }
}

#[test]
fn a_message_of_many_options_ends() {
    let many = message(&[HAS], &[REQUEST, &[1, 0].repeat(1000), NAMED]);
    let (_, told) = read(&many).expect("its cookie");
    assert_eq!((words(&told).len(), &*told.anomalies), (1, &["dhcp_options_cut"][..]));
    let long = message(&[HAS], &[REQUEST, &[&[12, 255][..], &[b'a'; 255]].concat().repeat(20)]);
    let (_, told) = read(&long).expect("its cookie");
    assert_eq!(words(&told)[0].len(), "10.0.0.5 02-00-00-00-00-11 ".len() + 253);
}

#[test]
fn other_datagrams_are_others() {
    let flow: Flow = flow(Transport::Udp, 67);
    for change in [(236, [0x63, 0x82, 0x53, 0x62]), (0, [3, 1, 6, 0]), (0, [1, 1, 17, 0])] {
        let octets = message(&[(change.0, &change.1)], &[REQUEST, WANTS]);
        let entries = std::slice::from_ref(&ENTRY);
        assert!(datagram(entries, &flow, Side::Client, &octets).is_none(), "{change:?}");
    }
}

#[test]
fn damaged_messages_keep_the_promises() {
    let samples = [
        message(&[HAS], &[REQUEST, WANTS, NAMED, b"\x51\x0b\x04\x00\x00\x02pc\x04corp", &[255]]),
        message(&[ANSWERS, GIVEN, (108, NAMED)], &[ACK, &[52, 1, 3], &[51, 4, 0, 0, 14, 16, 255]]),
        [REQUEST, WANTS, NAMED].concat(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 31, 3000, fuzz);
}
