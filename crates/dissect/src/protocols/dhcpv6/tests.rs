//! Messages of each kind, relayed or not, lies and cuts.

use std::net::{IpAddr, Ipv6Addr};

use model::{Endpoint, Fact, Flow, Protocol, Side, Transport};

use super::{fuzz, message};
use crate::protocols::PROTOCOLS;
use crate::protocols::drive::{Told, datagram, flow};
use crate::protocols::limits::{DHCPV6_ADDRESSES_MAX, DHCPV6_RELAYS_MAX};
use crate::protocols::mutate::mutants;
use crate::protocols::reader::Datagram;

fn option(code: u8, value: &[u8]) -> Vec<u8> {
    [&[0, code][..], &(value.len() as u16).to_be_bytes(), value].concat()
}

fn says(kind: u8, options: &[Vec<u8>]) -> Vec<u8> {
    [&[kind, 1, 2, 3][..], &options.concat()].concat()
}

fn address(last: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last.into())
}

/// RFC 8415 §21.4 to §21.6.
fn leased(last: u8, valid: u8) -> Vec<u8> {
    let address = [&address(last).octets()[..], &[0, 0, 0, valid], &[0, 0, 0, valid]].concat();
    option(3, &[&[0; 12][..], &option(5, &address)].concat())
}

/// RFC 8415 §9: kind, hops, link, peer.
fn relayed(kind: u8, peer: u8, options: &[Vec<u8>], inner: &[u8]) -> Vec<u8> {
    let options = options.concat();
    let link = address(0).octets();
    [&[kind, 0][..], &link, &address(peer).octets(), &options, &option(9, inner)].concat()
}

/// §11.2: of Ethernet, with a time.
fn with_time() -> Vec<u8> {
    option(1, &[0, 1, 0, 1, 9, 9, 9, 9, 2, 0, 0, 0, 0, 0x11])
}

/// RFC 4704 §4.
fn named() -> Vec<u8> {
    option(39, b"\x01\x02pc\x04corp\0")
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

/// A flow of a client at `fe80::5` to all servers, or of a server to it.
fn link(from_server: bool) -> Flow {
    let ip = |text: &str| text.parse::<IpAddr>().expect(text);
    let (client, server) = match from_server {
        true => (Endpoint::new(ip("fe80::1"), 547), Endpoint::new(ip("fe80::5"), 546)),
        false => (Endpoint::new(ip("fe80::5"), 546), Endpoint::new(ip("ff02::1:2"), 547)),
    };
    Flow { client, server, ..flow(Transport::Udp, 547) }
}

#[test]
fn what_messages_tell() {
    let mac = "02-00-00-00-00-11";
    let both =
        |last: u8| vec![format!("fe80::5 {mac} pc.corp"), format!("fd00::{last} {mac} pc.corp")];
    let own = || vec![format!("fe80::5 {mac} pc.corp")];
    let options = |more: Vec<u8>| [with_time(), named(), more];
    let other = |id: &[u8]| option(1, id);
    let table: &[(&str, Vec<u8>, Vec<String>)] = &[
        // RFC 8415 §18.2.2, §18.2.4, §18.2.5: lifetimes are 0 there (§21.6).
        ("request", says(3, &options(leased(7, 0))), both(7)),
        ("renew", says(5, &options(leased(7, 0))), both(7)),
        ("rebind", says(6, &options(leased(7, 0))), both(7)),
        // §18.2.1, §18.2.3, §18.2.6: the client's wishes are nothing that it has.
        ("solicit", says(1, &options(leased(7, 0))), own()),
        ("confirm", says(4, &options(leased(7, 0))), own()),
        ("information request", says(11, &[with_time(), named()]), own()),
        // §18.3.10.
        ("reply", says(7, &options(leased(7, 60))), vec![format!("fd00::7 {mac} pc.corp")]),
        ("reply, taken back", says(7, &options(leased(7, 0))), vec![]),
        (
            "reply without a name",
            says(7, &[with_time(), leased(7, 9)]),
            vec![format!("fd00::7 {mac} -")],
        ),
        ("reply to release", says(7, &[with_time()]), vec![]),
        ("advertise", says(2, &options(leased(7, 60))), vec![]),
        ("release", says(8, &options(leased(7, 0))), vec![]),
        ("decline", says(9, &options(leased(7, 0))), vec![]),
        // §11.3, §11.4, §11.5; RFC 6355.
        (
            "without a time",
            says(1, &[other(&[0, 3, 0, 1, 2, 0, 0, 0, 0, 0x11])]),
            vec![format!("fe80::5 {mac} -")],
        ),
        (
            "of a vendor",
            says(1, &[other(&[0, 2, 0, 0, 1, 1, 2, 3]), named()]),
            vec!["fe80::5 - pc.corp".into()],
        ),
        ("of InfiniBand", says(1, &[other(&[0, 3, 0, 32, 2, 0, 0, 0, 0, 0x11])]), vec![]),
        ("of a group", says(1, &[other(&[0, 3, 0, 1, 3, 0, 0, 0, 0, 0x11])]), vec![]),
        ("cut", says(1, &[other(&[0, 1, 0])]), vec![]),
        // §9, §19: the relay says whom it has it from.
        (
            "relayed",
            relayed(12, 9, &[], &says(3, &options(leased(7, 0)))),
            vec![format!("fd00::9 {mac} pc.corp"), format!("fd00::7 {mac} pc.corp")],
        ),
        (
            "relayed twice, and back",
            relayed(13, 8, &[], &relayed(13, 9, &[], &says(7, &options(leased(7, 60))))),
            vec![format!("fd00::7 {mac} pc.corp")],
        ),
        // RFC 6939 §4.
        (
            "with the address that the relay saw",
            relayed(12, 9, &[option(79, &[0, 1, 2, 0, 0, 0, 0, 0x22])], &says(1, &[with_time()])),
            vec!["fd00::9 02-00-00-00-00-22 -".into()],
        ),
        ("a relay's alone", relayed(12, 9, &[], &[]), vec![]),
    ];
    for (name, octets, want) in table {
        let kind = octets[0];
        let from_server = matches!(kind, 2 | 7 | 13);
        let (claimed, told) =
            datagram(PROTOCOLS, &link(from_server), Side::Client, octets).expect(name);
        let side = if from_server { Side::Server } else { Side::Client };
        assert_eq!(claimed, Datagram::Mine(Protocol::Dhcpv6, side), "{name}");
        assert_eq!(words(&told), *want, "{name}");
        assert_eq!(told.anomalies, [""; 0], "{name}");
        let elsewhere = Flow { client: Endpoint::new(address(5).into(), 5000), ..link(false) };
        let elsewhere = Flow { server: Endpoint::new(address(6).into(), 5001), ..elsewhere };
        let told = datagram(PROTOCOLS, &elsewhere, Side::Client, octets);
        assert!(told.is_none(), "{name}: there is no cookie, so its ports must tell");
    }
}

#[test]
fn what_is_cut_tells_as_far_as_it_goes() {
    let whole = says(3, &[with_time(), leased(7, 0), named()]);
    for len in 0..whole.len() {
        let told = datagram(PROTOCOLS, &link(false), Side::Client, &whole[..len]);
        assert_eq!(told.is_some(), len >= 4 + 18, "{len}: its first option tells");
        let Some((_, told)) = told else { continue };
        assert_eq!(words(&told)[0], "fe80::5 02-00-00-00-00-11 -", "{len}");
        let whole_options = matches!(len, 22 | 66);
        assert_eq!(told.anomalies.is_empty(), whole_options, "{len}");
    }
}

#[test]
fn relays_and_addresses_are_bounded() {
    let mut octets = says(1, &[with_time()]);
    for hop in 1..20 {
        octets = relayed(12, 9, &[], &octets);
        assert_eq!(message::read(&octets).is_some(), hop <= DHCPV6_RELAYS_MAX, "{hop}");
    }
    let many: Vec<_> = (1..40).map(|last| leased(last, 60)).chain([with_time()]).collect();
    let read = message::read(&says(7, &many)).expect("a reply");
    assert_eq!(read.addresses.len(), DHCPV6_ADDRESSES_MAX);
}

#[test]
fn damaged_messages_keep_the_promises() {
    let inner = says(3, &[with_time(), leased(7, 0), named()]);
    let samples = [
        relayed(12, 9, &[option(79, &[0, 1, 2, 0, 0, 0, 0, 0x22])], &inner),
        says(7, &[with_time(), leased(7, 60), leased(8, 60), named()]),
        inner,
        [with_time(), named()].concat(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 37, 3000, fuzz);
}
