//! Greetings from both ends and from one, what follows them, the second transport, and the
//! protocols that begin alike.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Fact, Flow, Protocol, Side, Transport};

use super::{ENTRY, fuzz};
use crate::protocols::PROTOCOLS;
use crate::protocols::drive::{Told, flow, stream};
use crate::protocols::mutate::mutants;
use crate::protocols::reader::{Datagram, Next, Out};

const C: Side = Side::Client;
const S: Side = Side::Server;
const GAP: &[u8] = b"";

/// A connection whose opening was seen.
fn sure(transport: Transport) -> Flow {
    Flow { guessed: false, ..flow(transport, 8443) }
}

fn line(fact: &Fact) -> String {
    match fact {
        Fact::Remote(seen) => {
            assert_eq!(seen.protocol, Protocol::Rdp);
            let details: Vec<_> =
                seen.details.iter().map(|(word, text)| format!(" {word}={text}")).collect();
            let version = seen.version.as_deref().unwrap_or("-");
            format!("{:?} {version}{}", seen.side, details.concat())
        }
        Fact::TlsHello(hello) => {
            format!("hello {}", hello.server_name.as_ref().map_or("-", |name| name.as_str()))
        }
        Fact::TlsCertificate(_) => "certificate".to_owned(),
        other => panic!("not of RDP: {other:?}"),
    }
}

/// One line a fact.
fn lines(told: &Told) -> Vec<String> {
    told.facts.iter().map(line).collect()
}

/// What is told of a talk when every protocol is asked.
fn told(segments: &[(Side, &[u8])]) -> Vec<String> {
    lines(&stream(PROTOCOLS, &sure(Transport::Tcp), segments))
}

/// A greeting: its code, the two references, the options.
fn greeting(code: u8, references: [u8; 4], options: &[u8]) -> Vec<u8> {
    let len = u8::try_from(options.len() + 11).expect("a short greeting");
    [&[3, 0, 0, len, len - 5, code][..], &references, &[0], options].concat()
}

fn request(options: &[u8]) -> Vec<u8> {
    greeting(0xe0, [0; 4], options)
}

fn confirm(options: &[u8]) -> Vec<u8> {
    greeting(0xd0, [0, 0, 0x12, 0x34], options)
}

/// A request of a user, with protocols of security.
fn usual(protocols: u8) -> Vec<u8> {
    request(&[b"Cookie: mstshash=IEUser\r\n", &[1, 0, 8, 0, protocols, 0, 0, 0][..]].concat())
}

fn selected(protocol: u8) -> Vec<u8> {
    confirm(&[2, 0x1f, 8, 0, protocol, 0, 0, 0])
}

/// A hello that asks for `a.example`.
fn hello() -> Vec<u8> {
    let name = [&[0, 0, 0, 14, 0, 12, 0, 0, 9][..], b"a.example"].concat();
    let rest = [&[0, 4, 0x13, 1, 0x13, 2, 1, 0, 0, 18][..], &name].concat();
    let body = [&[3, 3][..], &[0x5a; 32], &[0], &rest].concat();
    let len = u8::try_from(body.len()).expect("a short hello");
    [&[22, 3, 1, 0, len + 4, 1, 0, 0, len][..], &body].concat()
}

fn wide(text: &str, len: usize) -> Vec<u8> {
    let mut octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    octets.resize(len, 0);
    octets
}

/// The settings of a client without protection; T.125 around T.124 around the blocks.
fn settings(version: u32, host: &str) -> Vec<u8> {
    let numbers = [version, 0x0258_0320, 0xaa03_ca01, 0x0407, 2600];
    let numbers: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
    let core = [&[1, 0xc0, 0xd8, 0][..], &numbers, &wide(host, 32), &[0; 160]].concat();
    let blocks = [&core[..], &[4, 0xc0, 12, 0, 9, 0, 0, 0, 0, 0, 0, 0]].concat();
    let key = [&[0, 8, 0, 0x10, 0, 1, 0xc0, 0][..], b"Duca", &[0x80, 0xe4]].concat();
    conference(0x65, &[&key[..], &blocks].concat())
}

fn conference(tag: u8, data: &[u8]) -> Vec<u8> {
    let body = [&[0x30, 0x19, 2, 1][..], &[0; 80], &[0, 5, 0, 0x14, 0x7c, 0, 1], data].concat();
    let len = u16::try_from(body.len() + 12).expect("a short message").to_be_bytes();
    [&[3, 0][..], &len, &[2, 0xf0, 0x80, 0x7f, tag, 0x82, 1, 0xb2], &body].concat()
}

/// The settings of a server.
fn answer() -> Vec<u8> {
    let core = [1, 0x0c, 12, 0, 4, 0, 8, 0, 0, 0, 0, 0];
    conference(0x66, &[b"McDn", &[12][..], &core].concat())
}

#[test]
fn what_both_ends_agree_on() {
    let hello = hello();
    let short = confirm(&[]);
    let settings = settings(0x0008_0004, "JOHN-PC");
    let session = "Client 5.0-8.1 cookie=IEUser requested=standard selected=standard \
                   build=2600 keyboard=0x0407 client=JOHN-PC";
    let server = [&selected(2)[..], &[22, 3, 3, 0, 4, 2]].concat();
    let table: &[(&str, &[(Side, &[u8])], &[&str])] = &[
        (
            "credentials first",
            &[(C, &usual(11)), (S, &selected(8)), (C, &hello)],
            &[
                "Client - cookie=IEUser requested=tls,credssp,credssp-ex selected=credssp-ex",
                "hello a.example",
            ],
        ),
        (
            "TLS, and no cookie",
            &[(C, &request(&[1, 0, 8, 0, 1, 0, 0, 0])), (S, &selected(1)), (C, &hello)],
            &["Client - requested=tls selected=tls", "hello a.example"],
        ),
        (
            "no protection",
            &[(C, &usual(0)), (S, &selected(0)), (C, &settings), (S, &answer())],
            &[session],
        ),
        (
            "no protection, a server of old",
            &[(C, &usual(0)), (S, &short), (C, &settings)],
            &[session],
        ),
        (
            "no options at all",
            &[(C, &request(&[])), (S, &short), (C, &settings)],
            &["Client 5.0-8.1 build=2600 keyboard=0x0407 client=JOHN-PC"],
        ),
        (
            "refused",
            &[(C, &usual(0)), (S, &confirm(&[3, 0, 8, 0, 5, 0, 0, 0]))],
            &["Client - cookie=IEUser requested=standard refused=credssp-required"],
        ),
        ("no answer", &[(C, &usual(3))], &["Client - cookie=IEUser requested=tls,credssp"]),
        (
            "an answer and no more",
            &[(C, &usual(3)), (S, &selected(0))],
            &["Client - cookie=IEUser requested=tls,credssp selected=standard"],
        ),
        (
            "the answer first",
            &[(S, &selected(1)), (C, &usual(1)), (C, &hello), (S, &[22, 3, 3, 0, 4, 2])],
            &["Server - cookie=IEUser requested=tls selected=tls", "hello a.example"],
        ),
        (
            "the hello last",
            &[(C, &usual(2)), (S, &server), (C, &hello)],
            &["Client - cookie=IEUser requested=credssp selected=credssp", "hello a.example"],
        ),
        (
            "a gap behind the request",
            &[(C, &usual(2)), (C, GAP), (S, &selected(2))],
            &["Client - cookie=IEUser requested=credssp"],
        ),
    ];
    for (name, segments, want) in table {
        assert_eq!(told(segments), *want, "{name}");
    }
}

#[test]
fn what_a_request_says() {
    let number = [&[1, 8, 8, 0, 3, 0, 0, 0, 6, 0, 36, 0][..], &[7; 32]].concat();
    let asked: &[u8] = &[1, 0, 8, 0, 1, 0, 0, 0];
    let table: &[(&[u8], &str)] = &[
        (b"Cookie: mstshash=a b\r\n", "Client - cookie=a b"),
        (b"Cookie: mstshash=", "Client -"),
        (b"Cookie: msts=3640205228.15629.0000\r\n", "Client - token=msts=3640205228.15629.0000"),
        (&[b"tsv://Farm.1\r\n", asked].concat(), "Client - token=tsv://Farm.1 requested=tls"),
        (asked, "Client - requested=tls"),
        (&[1, 1, 8, 0, 3, 0, 0, 0], "Client - requested=tls,credssp mode=restricted-admin"),
        (&[1, 2, 8, 0, 2, 0, 0, 0], "Client - requested=credssp mode=redirected-authentication"),
        (&number, "Client - requested=tls,credssp"),
        (&[1, 0, 8, 0, 0, 1, 0, 0], "Client - requested=0x100"),
        (b"Cookie: mstshash=\xff\r\n", "Client - cookie=\\xff"),
    ];
    for (options, want) in table {
        let whole = request(options);
        assert_eq!(told(&[(C, &whole)]), [*want], "{}", options.escape_ascii());
    }
}

#[test]
fn one_direction_is_enough() {
    let record: &[u8] = &[22, 3, 3, 0, 4, 2];
    let client = [usual(1), hello()].concat();
    let server = [&selected(1)[..], record].concat();
    let settings = settings(0x0008_0010, "H");
    let table: &[(&str, Side, Vec<u8>, &[&str])] = &[
        ("a client's TLS", C, client, &["Client - cookie=IEUser requested=tls", "hello a.example"]),
        ("a server's TLS", S, server, &["Server - selected=tls"]),
        ("a server's answer", S, selected(2), &["Server - selected=credssp"]),
        (
            "a client's settings",
            C,
            [usual(0), settings].concat(),
            &["Client 10.11 cookie=IEUser requested=standard build=2600 keyboard=0x0407 client=H"],
        ),
        (
            "a server's settings",
            S,
            [selected(0), answer()].concat(),
            &["Server 5.0-8.1 selected=standard"],
        ),
        (
            "a server's settings, no options",
            S,
            [confirm(&[]), answer()].concat(),
            &["Server 5.0-8.1 selected=standard"],
        ),
    ];
    for (name, side, octets, want) in table {
        assert_eq!(told(&[(*side, octets)]), *want, "{name}");
        let single: Vec<_> = octets.chunks(1).map(|octet| (*side, octet)).collect();
        assert_eq!(told(&single), *want, "{name}, an octet at a time");
    }
}

#[test]
fn a_name_before_the_greeting() {
    let name = wide("3F2504E0", 18);
    let len = u8::try_from(name.len() + 18).expect("short");
    let head = [&[len, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 9, 0][..], &name].concat();
    let number = [16, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0];
    let table: &[(&str, Vec<u8>, &[&str])] = &[
        (
            "TLS at once",
            [&head[..], &hello()].concat(),
            &["Client - preconnection=3F2504E0", "hello a.example"],
        ),
        (
            "a greeting",
            [&head[..], &usual(1)].concat(),
            &["Client - preconnection=3F2504E0 cookie=IEUser requested=tls"],
        ),
        (
            "just a number",
            [&number[..], &usual(1)].concat(),
            &["Client - cookie=IEUser requested=tls"],
        ),
    ];
    for (name, octets, want) in table {
        let (one, other) = octets.split_at(octets.len() / 2);
        for segments in [vec![(C, &octets[..])], vec![(C, one), (C, other)]] {
            assert_eq!(told(&segments), *want, "{name}");
        }
    }
    let lone = stream(&[ENTRY], &sure(Transport::Tcp), &[(C, &number), (C, b"other")]);
    assert_eq!(lines(&lone), [""; 0]);
}

#[test]
fn cut_anywhere() {
    let client = [usual(3), hello()].concat();
    let want = ["Client - cookie=IEUser requested=tls,credssp", "hello a.example"];
    for cut in 1..client.len() {
        let (one, other) = client.split_at(cut);
        assert_eq!(told(&[(C, one), (C, other)]), want, "cut at {cut}");
        let alone = lines(&stream(&[ENTRY], &sure(Transport::Tcp), &[(C, one)]));
        // A part says nothing, or what stood in it.
        for line in alone {
            assert!(line == "Client -" || want[0].starts_with(&line), "cut at {cut}: {line}");
        }
    }
    let talk = [usual(0), settings(0x0008_0004, "H")].concat();
    let (one, other) = talk.split_at(usual(0).len());
    for cut in 1..other.len() {
        let (first, second) = other.split_at(cut);
        let told = told(&[(C, one), (S, &selected(0)), (C, first), (C, second)]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("Client 5.0-8.1 cookie=IEUser"), "cut at {cut}: {told:?}");
    }
}

#[test]
fn protocols_that_begin_alike() {
    let mut others: Vec<(&str, Side, Vec<u8>)> = vec![
        // Controllers of machines name their ends in parameters 0xc0 to 0xc2 (X.224 §13.3.4).
        (
            "a controller",
            C,
            greeting(0xe0, [0, 0, 0, 1], b"\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"),
        ),
        ("a controller answers", S, greeting(0xd0, [0, 1, 0, 2], b"\xc0\x01\x0a\xc1\x02\x01\x00")),
        (
            "a substation",
            C,
            greeting(0xe0, [0, 0, 0, 2], b"\xc0\x01\x0d\xc2\x02\x00\x01\xc1\x02\x00\x00"),
        ),
        ("no options and no more", C, request(&[])),
        ("no options, answered", S, confirm(&[])),
        (
            "no options, another conference",
            C,
            [request(&[]), conference(0x65, b"\0\0 Meet")].concat(),
        ),
        (
            "no options, a controller",
            C,
            [request(&[]), b"\x03\0\0\x19\x02\xf0\x802\x01".to_vec()].concat(),
        ),
        ("telephony", C, b"\x03\0\0\x30\x08\x02\x12\x34\x05\x04\x03\x88\x93\xa5".to_vec()),
        ("another class", C, [&usual(1)[..10], &[4], &usual(1)[11..]].concat()),
        ("lengths that differ", C, [&[3, 0, 0, 0x2d][..], &usual(1)[4..]].concat()),
        ("a token alone", C, request(b"tsv://Farm.1\r\n")),
        ("half a negotiation", C, request(&[1, 0, 8, 0, 1])),
        ("a longer negotiation", C, request(&[1, 0, 9, 0, 1, 0, 0, 0, 0])),
        ("TPKT of data", C, b"\x03\0\0\x0c\x02\xf0\x80\x04\x01\0\x01\0".to_vec()),
        ("the train's protocol", C, b"\0\0\0\x01\x01\0Pd\0\0\0\0".to_vec()),
        ("text", C, b"Cookie: mstshash=a\r\n".to_vec()),
    ];
    others.push(("a request from a server", S, usual(1)[..10].to_vec()));
    for (name, side, octets) in &others {
        let told = stream(&[ENTRY], &sure(Transport::Tcp), &[(*side, octets)]);
        assert_eq!(lines(&told), [""; 0], "{name}");
    }
    // The server speaks something else: no session comes of it.
    let web: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    assert_eq!(told(&[(C, &usual(1)), (S, web)]), [""; 0]);
    assert_eq!(told(&[(C, &usual(1)), (S, &usual(1))]), [""; 0]);
}

/// A datagram that greets, filled up to its size.
fn syn(acknowledged: [u8; 4], flags: u16, behind: &[u8], len: usize) -> Vec<u8> {
    let [high, low] = flags.to_be_bytes();
    let head = [&acknowledged[..], &[0, 64, high, low, 1, 2, 3, 4, 4, 0xd0, 4, 0xd0], behind];
    let mut octets = head.concat();
    octets.resize(len, 0);
    octets
}

/// The version behind a number for the log.
fn version(high: u8, low: u8) -> Vec<u8> {
    [&[9; 16][..], &[0; 16], &[0, 1, high, low], &[0; 32]].concat()
}

/// A datagram of data in the form of versions 1 and 2.
fn older(data: &[u8]) -> Vec<u8> {
    numbered(9, data)
}

fn numbered(number: u8, data: &[u8]) -> Vec<u8> {
    let head: &[u8] = &[1, 2, 3, 4, 4, 0, 0, 12, 0, 0, 0, 0];
    [head, &[0, 0, 0, number, 0, 0, 0, number], data].concat()
}

/// The same hello as datagrams carry it (RFC 6347 §4.2.2): numbers before it, a cookie in it.
fn hello_of_datagrams() -> Vec<u8> {
    let stream = hello();
    let (body, cookie) = (&stream[9..], 35);
    let body = [&[0xfe, 0xff], &body[2..cookie], &[0], &body[cookie..]].concat();
    let len = u8::try_from(body.len()).expect("a short hello");
    let message = [&[1, 0, 0, len, 0, 0, 0, 0, 0, 0, 0, len][..], &body].concat();
    [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, len + 12][..], &message].concat()
}

/// What is told of datagrams, by a reader for all of them if the first is claimed.
fn datagrams(sent: &[(Side, Vec<u8>)]) -> Vec<String> {
    let flow = sure(Transport::Udp);
    let (mut facts, mut reader) = (Vec::new(), None);
    for (side, octets) in sent {
        let claim = ENTRY.claim.expect("a claim");
        let begin = ENTRY.begin.expect("a reader");
        if reader.is_none() && claim(&flow, *side, octets) == Datagram::NotMine {
            continue;
        }
        let reader = reader.get_or_insert_with(begin);
        let mut out =
            Out { flow: &flow, fact: &mut |fact| facts.push(line(&fact)), anomaly: &mut |_| {} };
        if reader.read(*side, octets, &mut out) == Next::FlowDone {
            return facts;
        }
    }
    if let Some(mut reader) = reader {
        let mut out =
            Out { flow: &flow, fact: &mut |fact| facts.push(line(&fact)), anomaly: &mut |_| {} };
        reader.cut(&mut out);
    }
    facts
}

#[test]
fn the_second_transport() {
    const NOTHING: [u8; 4] = [0xff; 4];
    let ask = |high, low| syn(NOTHING, 0x1801, &version(high, low), 1232);
    let answers = |high, low| syn([1; 4], 0x1005, &[0, 1, high, low], 1232);
    let hello = hello();
    // Version 3: flags 0x114, a delay, what was acknowledged, numbers; octets 0 and 7 in exchange.
    let mut newer = [&[0xe0, 0x14, 0xc1, 1, 0xf4, 1, 0x64, 0, 0x64, 0, 1, 0][..], &hello].concat();
    newer.swap(0, 7);
    let mut filler = [&[0xf0, 0x14, 0xc0][..], &[0; 900]].concat();
    filler.swap(0, 7);
    let table: &[(&str, Vec<(Side, Vec<u8>)>, &[&str])] = &[
        (
            "version 2",
            vec![(C, ask(0, 2)), (S, answers(0, 2)), (C, older(&hello))],
            &["Client - transport_version=2 transport=reliable", "hello a.example"],
        ),
        (
            "version 3",
            vec![(C, ask(1, 1)), (S, answers(1, 1)), (S, filler), (C, newer.clone())],
            &["Client - transport_version=3 transport=reliable", "hello a.example"],
        ),
        (
            "version 1, lossy",
            vec![(C, syn(NOTHING, 0x0201, &[], 1132)), (S, syn([1; 4], 5, &[], 1132))],
            &["Client - transport_version=1 transport=lossy"],
        ),
        (
            "no answer",
            vec![(C, ask(0, 2)), (C, ask(0, 2))],
            &["Client - transport_version=2 transport=reliable"],
        ),
        (
            "the client alone",
            vec![(C, ask(1, 1)), (C, newer)],
            &["Client - transport_version=3 transport=reliable", "hello a.example"],
        ),
        (
            "a version that no one wrote down",
            vec![(C, ask(0, 3)), (S, answers(0, 2)), (C, older(&hello))],
            &["Client - transport_version=2 transport=reliable", "hello a.example"],
        ),
        (
            "a hello in two, one of them twice, and what comes too early",
            vec![
                (C, ask(0, 2)),
                (S, answers(0, 2)),
                (C, numbered(9, &hello[..40])),
                (C, numbered(9, &hello[..40])),
                (C, numbered(11, b"later")),
                (C, numbered(10, &hello[40..])),
            ],
            &["Client - transport_version=2 transport=reliable", "hello a.example"],
        ),
        (
            "a hello in datagrams of its own",
            vec![
                (C, syn(NOTHING, 0x1a01, &version(0, 2), 1232)),
                (S, answers(0, 2)),
                (C, older(&hello_of_datagrams())),
            ],
            &["Client - transport_version=2 transport=lossy", "hello a.example"],
        ),
        ("the server alone", vec![(S, answers(0, 2))], &["Server - transport_version=2"]),
        (
            "under way",
            vec![(S, older(&[23, 3, 3, 0, 3, 1, 2, 3])), (C, older(&[23, 3, 3, 0, 1, 1]))],
            &["Server -"],
        ),
    ];
    for (name, sent, want) in table {
        assert_eq!(datagrams(sent), *want, "{name}");
    }
    let cut = older(&hello[..hello.len() - 3]);
    let told = datagrams(&[(C, ask(0, 2)), (C, cut)]);
    assert_eq!(told.len(), 2, "a hello that is cut still tells: {told:?}");
}

#[test]
fn datagrams_of_others() {
    const NOTHING: [u8; 4] = [0xff; 4];
    let good = syn(NOTHING, 0x1801, &version(0, 2), 1232);
    assert_eq!(datagrams(&[(C, good.clone())]).len(), 1);
    let changed = |place: usize, octet: u8| {
        let mut octets = good.clone();
        octets[place] = octet;
        octets
    };
    let others: &[(&str, Vec<u8>)] = &[
        ("an acknowledgement", changed(0, 1)),
        ("no window", changed(5, 0)),
        ("data", changed(7, 9)),
        ("an unknown flag", changed(6, 0x38)),
        ("a size too small", changed(12, 3)),
        ("a size too large", changed(14, 5)),
        ("an unknown version", changed(51, 0x77)),
        ("not filled with zeros", changed(1231, 1)),
        ("too short", good[..1131].to_vec()),
        ("too long", [&good[..], &[0]].concat()),
        ("a game's query", [&[0xff; 4][..], b"TSource Engine Query\0"].concat()),
        ("all ones", vec![0xff; 1232]),
        ("all zeros", vec![0; 1232]),
        ("DNS", b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01".to_vec()),
        ("numbers that differ", {
            let mut octets = older(&[23, 3, 3, 0, 1, 1]);
            octets[15] ^= 1;
            octets
        }),
        ("no record inside", older(&[23, 9, 9, 0, 1, 1])),
        ("a record that is too long", older(&[23, 3, 3, 0, 9, 1])),
    ];
    for (name, octets) in others {
        assert_eq!(datagrams(&[(C, octets.clone())]), [""; 0], "{name}");
    }
    for cut in 0..good.len() {
        assert!(cut >= 1132 || datagrams(&[(C, good[..cut].to_vec())]).is_empty(), "{cut}");
    }
}

#[test]
fn damaged_octets() {
    let samples = [
        [usual(3), hello()].concat(),
        [usual(0), settings(0x0008_0004, "JOHN-PC")].concat(),
        [selected(0), answer()].concat(),
        request(b"Cookie: msts=3640205228.15629.0000\r\n"),
        [&wide("\u{10}\0\0\0\u{1}\0\u{9}\0", 16)[..], &usual(1)].concat(),
        syn([0xff; 4], 0x1801, &version(1, 1), 1232),
        older(&hello()),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 61, 3000, fuzz);
}
