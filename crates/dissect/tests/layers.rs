//! What stands before a segment or datagram: link layers, tags, IP and its extensions; and that
//! every frame is counted once, wherever it was cut.

use dissect::{Dissector, Limits, Seed, Shards, shard};
use model::{Fact, Frame, LinkType, Refused, Timestamp};

mod script;
use script::{ACK, address, ethernet, flow_words, framed, ip, tcp_header, udp, udp_header};

/// Where a frame was counted, and the flow and IP octets that it gave, if any.
fn fate_of_cut(link: LinkType, bytes: &[u8], orig_len: usize) -> String {
    let mut dissector = Dissector::new(
        &Limits { flows_max: 128, ..Limits::default() },
        Seed([1, 2]),
        Shards::all(),
    );
    let at = Timestamp::from_secs(script::BEGIN, 0);
    let frame = Frame { at, order: 1, link, bytes, orig_len: orig_len as u32 };
    let (facts, tally) = script::run(&[frame], 64, &mut dissector);
    assert_eq!((tally.frames, tally.bytes), (1, orig_len as u64));
    if let Some((reason, count)) = tally.refused.first_key_value() {
        assert_eq!((*count, tally.refused.len()), (1, 1));
        // What a fragment tells of its flow is told when no others come.
        assert!(facts.is_empty() || *reason == Refused::Fragment, "{facts:?}");
        assert_eq!(tally.links_refused.contains_key(&link), *reason == Refused::LinkType);
        return reason.word().to_owned();
    }
    let transport = if tally.tcp == 1 { "tcp" } else { "udp" };
    let mut told = String::new();
    let mut octets = 0;
    for seen in &facts {
        match &seen.fact {
            Fact::FlowClose(close) => {
                told = flow_words(seen);
                octets = close.from_client.bytes + close.from_server.bytes;
            }
            Fact::Opening(opening) => {
                assert!(b"payload".starts_with(&opening.octets));
                assert_eq!(opening.first_len, 7, "as long as it was on the wire");
            }
            other => panic!("{other:?}"),
        }
    }
    format!("{transport} {told} {octets}")
}

fn fate(link: LinkType, bytes: &[u8]) -> String {
    fate_of_cut(link, bytes, bytes.len())
}

fn four() -> Vec<u8> {
    udp(address("10.0.0.1:40000"), address("10.0.0.2:9999"), b"payload")
}

fn six() -> Vec<u8> {
    udp(address("[fd00::1]:40000"), address("[fd00::2]:9999"), b"payload")
}

const FOUR: &str = "udp 10.0.0.1:40000 > 10.0.0.2:9999 35";
const SIX: &str = "udp [fd00::1]:40000 > [fd00::2]:9999 55";

fn before(head: &[u8], datagram: &[u8]) -> Vec<u8> {
    [head, datagram].concat()
}

#[test]
fn every_link_layer_leads_to_its_datagram() {
    let sll = |kind: u16| [&[0; 14], &kind.to_be_bytes()[..]].concat();
    let sll2 = |kind: u16| [&kind.to_be_bytes()[..], &[0; 18]].concat();
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let table: &[(&str, LinkType, Vec<u8>, &str)] = &[
        ("Ethernet", LinkType::ETHERNET, ethernet(&[], 0x0800, &four()), FOUR),
        ("Ethernet, 6", LinkType::ETHERNET, ethernet(&[], 0x86dd, &six()), SIX),
        ("SNAP", LinkType::ETHERNET, ethernet(&[], 46, &before(&snap, &four())), FOUR),
        ("LLC", LinkType::ETHERNET, ethernet(&[], 38, &[0x42, 0x42, 3, 0, 0, 0, 0, 0]), "not_ip"),
        ("ARP", LinkType::ETHERNET, ethernet(&[], 0x0806, &[0; 28]), "not_ip"),
        ("MACsec, encrypted", LinkType::ETHERNET, ethernet(&[], 0x88e5, &[12; 40]), "encapsulated"),
        ("a type of no one", LinkType::ETHERNET, ethernet(&[], 0x88b5, &four()), "not_ip"),
        ("PPPoE discovery", LinkType::ETHERNET, ethernet(&[], 0x8863, &[0; 40]), "not_ip"),
        ("SLL", LinkType::LINUX_SLL, before(&sll(0x0800), &four()), FOUR),
        ("SLL, 6", LinkType::LINUX_SLL, before(&sll(0x86dd), &six()), SIX),
        ("SLL, ARP", LinkType::LINUX_SLL, before(&sll(0x0806), &four()), "not_ip"),
        ("SLL2", LinkType::LINUX_SLL2, before(&sll2(0x0800), &four()), FOUR),
        ("SLL2, 6", LinkType::LINUX_SLL2, before(&sll2(0x86dd), &six()), SIX),
        ("NULL, little", LinkType::NULL, before(&[2, 0, 0, 0], &four()), FOUR),
        ("NULL, big", LinkType::NULL, before(&[0, 0, 0, 2], &four()), FOUR),
        ("NULL, Linux", LinkType::NULL, before(&[10, 0, 0, 0], &six()), SIX),
        ("NULL, NetBSD", LinkType::NULL, before(&[24, 0, 0, 0], &six()), SIX),
        ("NULL, FreeBSD", LinkType::NULL, before(&[0, 0, 0, 28], &six()), SIX),
        ("NULL, macOS", LinkType::NULL, before(&[30, 0, 0, 0], &six()), SIX),
        ("NULL, ISO", LinkType::NULL, before(&[7, 0, 0, 0], &six()), "not_ip"),
        ("LOOP", LinkType::LOOP, before(&[0, 0, 0, 2], &four()), FOUR),
        ("LOOP, 6", LinkType::LOOP, before(&[0, 0, 0, 24], &six()), SIX),
        ("RAW", LinkType::RAW, four(), FOUR),
        ("RAW, 6", LinkType::RAW, six(), SIX),
        ("RAW, BSD", LinkType::RAW_BSD, four(), FOUR),
        ("RAW, OpenBSD", LinkType::RAW_OPENBSD, six(), SIX),
        ("RAW, neither", LinkType::RAW, vec![0x50; 40], "not_ip"),
        ("IPv4", LinkType::IPV4, four(), FOUR),
        ("IPv6", LinkType::IPV6, six(), SIX),
        ("IPv4 that is 6", LinkType::IPV4, six(), SIX),
        ("IPv6 that is 4", LinkType::IPV6, four(), FOUR),
        ("IPv6 that is none", LinkType::IPV6, vec![0; 60], "not_ip"),
        ("another", LinkType(147), four(), "link_type"),
    ];
    for (name, link, bytes, want) in table {
        assert_eq!(&fate(*link, bytes), want, "{name}");
    }
}

#[test]
fn tags_are_followed_and_the_innermost_vlan_counts() {
    let vlan = |id: &str| FOUR.replace(" 35", &format!(" vlan {id} 35"));
    let table: &[(&[(u16, u16)], String)] = &[
        (&[(0x8100, 7)], vlan("7")),
        (&[(0x8100, 0xe007)], vlan("7")),
        (&[(0x88a8, 100), (0x8100, 7)], vlan("7")),
        (&[(0x9100, 100), (0x8100, 4095)], vlan("4095")),
        (&[(0x8100, 0)], FOUR.to_owned()),
        (&[(0x8100, 5), (0x8100, 0)], vlan("5")),
        (&[(0x8100, 1), (0x8100, 2), (0x8100, 3), (0x8100, 4)], vlan("4")),
        (&[(0x8100, 9); 12], vlan("9")),
        (&[(0x8100, 1); 13], "encapsulated".to_owned()),
        (&[(0x8100, 1); 300], "encapsulated".to_owned()),
    ];
    for (tags, want) in table {
        assert_eq!(&fate(LinkType::ETHERNET, &ethernet(tags, 0x0800, &four())), want, "{tags:?}");
    }
}

#[test]
fn padding_is_no_payload_and_a_length_of_0_means_all_there_is() {
    let padded = [four(), vec![0xee; 30]].concat();
    assert_eq!(fate(LinkType::ETHERNET, &ethernet(&[], 0x0800, &padded)), FOUR);
    let padded = [six(), vec![0xee; 30]].concat();
    assert_eq!(fate(LinkType::ETHERNET, &ethernet(&[], 0x86dd, &padded)), SIX);
    let mut offloaded = four();
    offloaded[2..4].fill(0);
    assert_eq!(fate(LinkType::ETHERNET, &ethernet(&[], 0x0800, &offloaded)), FOUR);
    let mut offloaded = six();
    offloaded[4..6].fill(0);
    offloaded[44..46].fill(0);
    assert_eq!(fate(LinkType::ETHERNET, &ethernet(&[], 0x86dd, &offloaded)), SIX);
}

/// A datagram whose protocol is `first`, with `between` before its UDP header.
fn extended(first: u8, between: &[u8], v6: bool) -> Vec<u8> {
    let ends = if v6 { ["[fd00::1]:0", "[fd00::2]:0"] } else { ["10.0.0.1:0", "10.0.0.2:0"] };
    let [from, to] = ends.map(|end| address(end).ip());
    let behind = [between, &udp_header(40000, 9999, b"payload")].concat();
    ip(from, to, first, &behind)
}

#[test]
fn extension_headers_are_walked() {
    let options = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let fragment = |next: u8, offset: u16| {
        let [high, low] = offset.to_be_bytes();
        [next, 0, high, low, 0, 0, 0, 1]
    };
    let auth = |next: u8| [&[next, 4, 0, 0], &[9; 20][..]].concat();
    let chain = |headers: usize| {
        let mut octets = Vec::new();
        for header in 0..headers {
            octets.extend(options(if header + 1 == headers { 17 } else { 60 }));
        }
        octets
    };
    let six = |extra: usize| SIX.replace("55", &(55 + extra).to_string());
    let table: &[(&str, Vec<u8>, String)] = &[
        ("hop by hop", extended(0, &options(17), true), six(8)),
        ("routing", extended(43, &options(17), true), six(8)),
        ("destination", extended(60, &options(17), true), six(8)),
        ("hop by hop, last", extended(60, &[options(0), options(17)].concat(), true), six(16)),
        ("AH", extended(51, &auth(17), true), six(24)),
        ("AH, 4", extended(51, &auth(17), false), FOUR.replace("35", "59")),
        ("atomic fragment", extended(44, &fragment(17, 0), true), six(8)),
        ("first fragment", extended(44, &fragment(17, 1), true), "fragment".to_owned()),
        ("later fragment", extended(44, &fragment(17, 800), true), "fragment".to_owned()),
        ("eight", extended(60, &chain(8), true), six(64)),
        ("nine", extended(60, &chain(9), true), "malformed".to_owned()),
        ("a hundred", extended(60, &chain(100), true), "malformed".to_owned()),
        ("ESP", extended(50, &[], true), "other_transport".to_owned()),
        ("none", extended(59, &[], true), "other_transport".to_owned()),
        ("ICMPv6", extended(58, &[], true), "other_transport".to_owned()),
        ("ICMP", extended(1, &[], false), "other_transport".to_owned()),
        ("IP in IP that is none", extended(4, &[], false), "truncated".to_owned()),
        ("6 in 4 that is none", extended(41, &[], false), "truncated".to_owned()),
        ("GRE of another version", extended(47, &[0, 7, 8, 0], false), "malformed".to_owned()),
    ];
    for (name, datagram, want) in table {
        assert_eq!(&fate(LinkType::RAW, datagram), want, "{name}");
    }
}

#[test]
fn headers_that_contradict_themselves_are_malformed() {
    let with = |change: &[(usize, u8)], mut octets: Vec<u8>| {
        for (place, octet) in change {
            octets[*place] = *octet;
        }
        octets
    };
    let tcp = |change: &[(usize, u8)]| {
        let header = tcp_header((40000, 9999), ACK, (1, 1), b"payload");
        let whole = ip("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap(), 6, &header);
        with(change, whole)
    };
    let fine = "tcp 10.0.0.1:40000 > 10.0.0.2:9999 guessed 47";
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("whole", tcp(&[]), fine),
        ("header of 16", with(&[(0, 0x44)], four()), "malformed"),
        ("total length of 19", with(&[(3, 19)], four()), "malformed"),
        ("first fragment", with(&[(6, 0x20)], four()), "fragment"),
        ("later fragment", with(&[(7, 9)], four()), "fragment"),
        ("UDP length of 7", with(&[(25, 7)], four()), "malformed"),
        ("TCP offset of 4", tcp(&[(32, 0x40)]), "malformed"),
        ("TCP offset behind the end", tcp(&[(32, 0xf0)]), "malformed"),
        ("wrong checksums", tcp(&[(10, 1), (36, 1)]), fine),
    ];
    for (name, datagram, want) in table {
        assert_eq!(&fate(LinkType::RAW, datagram), want, "{name}");
    }
}

#[test]
fn wherever_a_frame_is_cut_it_is_counted_and_never_misread() {
    let tcp = tcp_header((40000, 9999), ACK, (1, 1), b"payload");
    let tcp = ip("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap(), 6, &tcp);
    for (whole, from, want) in [
        (ethernet(&[(0x8100, 7)], 0x0800, &four()), 46, FOUR.replace(" 35", " vlan 7 35")),
        (ethernet(&[], 0x86dd, &six()), 62, SIX.to_owned()),
        (framed(&tcp), 48, "tcp 10.0.0.1:40000 > 10.0.0.2:9999 guessed 47".to_owned()),
    ] {
        for cut in 0..whole.len() {
            let got = fate_of_cut(LinkType::ETHERNET, &whole[..cut], whole.len());
            let want = if cut < from { "truncated" } else { &want };
            assert_eq!(got, want, "{cut}");
        }
    }
}

#[test]
fn a_dealer_finds_the_shard_both_ways() {
    let (one, other) = (address("[fd00::1]:40000"), address("[fd00::2]:9999"));
    let frame =
        |bytes| Frame { at: Timestamp::ZERO, order: 1, link: LinkType::RAW, bytes, orig_len: 0 };
    let (there, back) = (udp(one, other, b""), udp(other, one, b"answer"));
    assert_eq!(shard(&frame(&there)), shard(&frame(&back)));
    assert_eq!(shard(&frame(&[])), Some(0));
}
