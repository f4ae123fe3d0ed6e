//! Initials made from the RFCs' words and their published vectors: in pieces, in any order, behind
//! a Retry, damaged, and of every version.

#![allow(clippy::type_complexity, reason = "tables")]

use model::{Carrier, Fact, Flow, Side, TlsHello, Transport};

use super::protection::Keys;
use super::version::Version;
use super::{ENTRY, fuzz};
use crate::protocols::drive::{Told, datagrams, flow};
use crate::protocols::limits::{QUIC_DATAGRAMS_MAX, QUIC_OPENED_MAX, QUIC_PIECES_MAX};
use crate::protocols::mutate::mutants;

const CLIENT: Side = Side::Client;

/// Octets of hexadecimal text.
fn hex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("a digit") as u8;
    text.as_bytes().as_chunks::<2>().0.iter().map(|[a, b]| digit(*a) << 4 | digit(*b)).collect()
}

/// Octets behind their length of so many octets.
fn behind(width: usize, octets: &[u8]) -> Vec<u8> {
    [&octets.len().to_be_bytes()[8 - width..], octets].concat()
}

/// A number of variable length, in four octets.
fn varint(number: usize) -> [u8; 4] {
    (u32::try_from(number).expect("a short number") | 0x8000_0000).to_be_bytes()
}

/// A ClientHello that asks for a name behind so many octets of padding.
fn hello(name: &str, padding: usize) -> Vec<u8> {
    let extension = |kind: u16, value: &[u8]| [&kind.to_be_bytes()[..], &behind(2, value)].concat();
    let sni = behind(2, &[&[0][..], &behind(2, name.as_bytes())].concat());
    let extensions = [
        extension(16, &behind(2, b"\x02h3")),
        extension(43, b"\x02\x03\x04"),
        extension(21, &vec![0; padding]),
        extension(0, &sni),
    ];
    let fixed = [&[3, 3][..], &[0x5a; 32], &[0], &behind(2, &[0x13, 1]), &[1, 0]].concat();
    let body = [fixed, behind(2, &extensions.concat())].concat();
    [&[1][..], &behind(3, &body)].concat()
}

fn crypto(offset: usize, octets: &[u8]) -> Vec<u8> {
    [&[6][..], &varint(offset), &varint(octets.len()), octets].concat()
}

/// A piece of a hello, from here to there.
fn piece(hello: &[u8], from: usize, to: usize) -> Vec<u8> {
    crypto(from, &hello[from..to])
}

/// Who sends Initials.
#[derive(Clone)]
struct Sender {
    version: u32,
    destination: Vec<u8>,
    source: Vec<u8>,
    token: Vec<u8>,
    keys: Keys,
}

impl Sender {
    /// A client of a version that chose this id for its server.
    fn new(version: u32, destination: &[u8]) -> Sender {
        let known = Version::find(version).expect("a known version");
        let keys = Keys::client(&known, destination).expect("keys");
        let destination = destination.to_vec();
        Sender { version, destination, source: vec![7; 4], token: Vec::new(), keys }
    }

    /// The header up to a length of `len`, which the packet's number follows.
    fn header(&self, kind: u8, len: usize) -> Vec<u8> {
        let second = u8::from(matches!(self.version, 0x6b33_43cf | 0x709a_50c4));
        let first = 0xc0 | ((kind + second) & 3) << 4;
        let ids = [behind(1, &self.destination), behind(1, &self.source)].concat();
        let token = match kind {
            0 => [&varint(self.token.len())[..], &self.token].concat(),
            _ => Vec::new(),
        };
        [&[first][..], &self.version.to_be_bytes(), &ids, &token, &varint(len)].concat()
    }

    /// An Initial with these frames.
    fn initial(&self, number: u8, frames: &[u8]) -> Vec<u8> {
        let header = [self.header(0, 1 + frames.len() + 16), vec![number]].concat();
        self.keys.seal(&header, frames)
    }

    /// A packet that nobody can open: 1 is early data, 2 of the handshake.
    fn sealed(&self, kind: u8, len: usize) -> Vec<u8> {
        [self.header(kind, len), vec![0x99; len]].concat()
    }
}

fn client() -> Sender {
    Sender::new(1, &[1, 2, 3, 4, 5, 6, 7, 8])
}

/// What datagrams of the client tell, on a port of no meaning.
fn read(sent: &[Vec<u8>]) -> Told {
    let sent: Vec<_> = sent.iter().map(|octets| (CLIENT, &octets[..])).collect();
    datagrams(&ENTRY, &flow(Transport::Udp, 9443), &sent).1
}

fn hellos(told: &Told) -> Vec<&TlsHello> {
    let mut hellos = Vec::new();
    for fact in &told.facts {
        let Fact::TlsHello(hello) = fact else { panic!("{fact:?}") };
        hellos.push(&**hello);
    }
    hellos
}

/// The names that were told; "" is a hello without.
fn names(told: &Told) -> Vec<&str> {
    let names = hellos(told).into_iter().map(|hello| hello.server_name.as_ref());
    names.map(|name| name.map_or("", |name| name.as_str())).collect()
}

#[test]
fn the_vectors_of_both_rfcs() {
    // RFC 9001 §A.2 and RFC 9369 §A.2 share the frame; 1,162 octets with padding.
    let frame = hex(concat!(
        "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000",
        "0413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017",
        "001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559f",
        "edba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408",
        "050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff080110",
        "0104800075300901100f088394c8f03e51570806048000ffff",
    ));
    let payload = [&frame[..], &vec![0; 1162 - frame.len()]].concat();
    let table = [
        (
            1,
            "c300000001088394c8f03e5157080000449e00000002",
            "1f369613dd76d5467730efcbe3b1a22dfa044b2f42a3fd3b46fb255c9f50449e04a0e810283a1e9933adedd2",
            "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d",
            "e221af44860018ab0856972e194cd934",
        ),
        (
            0x6b33_43cf,
            "d36b3343cf088394c8f03e5157080000449e00000002",
            "8b1a0bc121284290a29e0971b5cd045d91f73e2351d8fa91660e909f45b95e15235d6f45a6b19cbcb0294ba9",
            "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa1",
            "a18b2faa745b6fe189cf772a9f84cbfc",
        ),
    ];
    for (number, header, keys, begin, tag) in table {
        let version = Version::find(number).expect("a version");
        let client = Keys::client(&version, &hex("8394c8f03e515708")).expect("keys");
        assert_eq!(client.octets(), hex(keys));
        let packet = client.seal(&hex(header), &payload);
        assert_eq!(packet.len(), 1200);
        assert!(packet.starts_with(&hex(begin)) && packet.ends_with(&hex(tag)));
        let told = read(&[packet]);
        let [hello] = hellos(&told)[..] else { panic!("{told:?}") };
        assert_eq!(hello.carrier, Carrier::Quic(number));
        assert_eq!((names(&told), &*hello.alpn[0]), (vec!["example.com"], &b"alpn"[..]));
        assert!(told.done && told.anomalies.is_empty());
    }
    // §A.3: the server's answer is no client's, and who asks its own id for keys gets none.
    let server = hex(concat!(
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c697975",
        "54780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bde",
        "d74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407d",
        "d074ee",
    ));
    let answered = datagrams(&ENTRY, &flow(Transport::Udp, 443), &[(Side::Server, &server)]);
    assert!(answered.0.is_none() && answered.1.facts.is_empty());
}

#[test]
fn every_version_that_can_be_opened_and_no_other() {
    let drafts = 0xff00_0016..=0xff00_0022;
    let mvfst = [0xface_b001, 0xface_b002, 0xface_b003, 0xface_b00e, 0xface_b010, 0xface_b013];
    let known = [1, 0x6b33_43cf, 0x709a_50c4].into_iter().chain(drafts).chain(mvfst);
    for number in known {
        let sender = Sender::new(number, b"eight...");
        let told = read(&[sender.initial(0, &crypto(0, &hello("a.example", 0)))]);
        assert_eq!(names(&told), ["a.example"], "{number:#x}");
        assert_eq!(hellos(&told)[0].carrier, Carrier::Quic(number));
        // Another version's keys do not open it.
        let mut packet = sender.initial(0, &crypto(0, &hello("a.example", 0)));
        packet[4] ^= 1;
        assert!(read(&[packet]).facts.is_empty(), "{number:#x}");
    }
    let unknown = [0, 2, 0x0a0a_0a0a, 0x1a2a_3a4a, 0xff00_0015, 0xff00_0023, 0xface_b000, u32::MAX];
    for number in unknown {
        assert_eq!(Version::find(number), None);
        let mut packet = client().initial(0, &crypto(0, &hello("a.example", 0)));
        packet[1..5].copy_from_slice(&number.to_be_bytes());
        let (claimed, told) = datagrams(&ENTRY, &flow(Transport::Udp, 443), &[(CLIENT, &packet)]);
        assert!(claimed.is_none() && told.facts.is_empty(), "{number:#x}");
    }
}

#[test]
fn a_hello_in_two_pieces_cut_anywhere_in_any_order() {
    let (sender, whole) = (client(), hello("cut.example", 40));
    let len = whole.len();
    let both = |first: &[u8], second: &[u8]| {
        let one = read(&[sender.initial(0, &[first, second].concat())]);
        let two = read(&[sender.initial(0, first), sender.initial(1, second)]);
        let joined = read(&[[sender.initial(0, first), sender.initial(1, second)].concat()]);
        for told in [one, two, joined] {
            assert_eq!(names(&told), ["cut.example"]);
            assert!(told.done && told.anomalies.is_empty(), "{:?}", told.anomalies);
            assert!(hellos(&told)[0].ja4.as_ref().is_some_and(|ja4| ja4.head().starts_with('q')));
        }
    };
    for cut in 1..len {
        let (front, back) = (piece(&whole, 0, cut), piece(&whole, cut, len));
        both(&front, &back);
        both(&back, &front);
    }
    // Overlapping, twice, and with others in between.
    both(&piece(&whole, 0, 50), &piece(&whole, 20, len));
    both(&piece(&whole, 20, len), &piece(&whole, 0, 50));
    both(&[piece(&whole, 5, 9), piece(&whole, 5, 9)].concat(), &piece(&whole, 0, len));
    let shuffled = (0..len).rev().map(|at| piece(&whole, at, at + 1));
    let (odd, even): (Vec<_>, Vec<_>) = shuffled.enumerate().partition(|(place, _)| place % 2 == 1);
    let frames = |pieces: Vec<(usize, Vec<u8>)>| pieces.into_iter().map(|(_, piece)| piece);
    let few = frames(odd).take(60).collect::<Vec<_>>().concat();
    both(&few, &[frames(even).take(9).collect::<Vec<_>>().concat(), crypto(0, &whole)].concat());
}

#[test]
fn the_first_octets_stand() {
    let (sender, good) = (client(), hello("good.example", 0));
    let evil = hello("evil.example", 0);
    let told =
        read(&[sender.initial(0, &[piece(&good, 8, good.len()), crypto(0, &evil)].concat())]);
    assert_eq!(
        (names(&told), &told.anomalies[..]),
        (vec!["good.example"], &["quic_crypto_contradicts"][..])
    );
}

#[test]
fn a_datagram_cut_anywhere_tells_nothing_or_the_truth() {
    let datagram = client().initial(0, &crypto(0, &hello("cut.example", 0)));
    for cut in 0..datagram.len() {
        assert!(read(&[datagram[..cut].to_vec()]).facts.is_empty(), "cut at {cut}");
    }
    assert_eq!(names(&read(&[datagram])), ["cut.example"]);
}

#[test]
fn nothing_is_told_of_what_the_tag_does_not_hold() {
    let datagram = client().initial(0, &crypto(0, &hello("tag.example", 0)));
    for at in 0..datagram.len() {
        for bit in [0x01, 0x80] {
            let mut damaged = datagram.clone();
            damaged[at] ^= bit;
            assert!(read(&[damaged]).facts.is_empty(), "octet {at}");
        }
    }
}

#[test]
fn packets_that_share_a_datagram() {
    let (sender, whole) = (client(), hello("shared.example", 0));
    let initial = sender.initial(3, &crypto(0, &whole));
    let (early, handshake) = (sender.sealed(1, 60), sender.sealed(2, 60));
    let table: [(&str, Vec<Vec<u8>>); 8] = [
        ("early data behind", vec![[&initial[..], &early].concat()]),
        ("early data before", vec![[&early[..], &initial].concat()]),
        ("early data in a datagram before", vec![early.clone(), initial.clone()]),
        ("handshake behind", vec![[&initial[..], &handshake].concat()]),
        ("handshake before", vec![early.clone(), [&handshake[..], &initial].concat()]),
        ("padding behind", vec![[&initial[..], &[0; 400]].concat()]),
        ("a short header behind", vec![[&initial[..], &[0x41; 60]].concat()]),
        ("an Initial of another before", vec![[sender.sealed(0, 60), initial.clone()].concat()]),
    ];
    for (what, sent) in table {
        assert_eq!(names(&read(&sent)), ["shared.example"], "{what}");
    }
    // A bound: eight packets are looked at.
    let many = [sender.sealed(1, 20).repeat(8), initial].concat();
    assert!(read(&[many]).facts.is_empty());
}

#[test]
fn connection_ids_of_all_lengths_and_those_that_change() {
    let whole = hello("ids.example", 300);
    for len in 0..=20 {
        let mut sender = Sender::new(1, &vec![9; len]);
        sender.source = vec![8; 20 - len];
        assert_eq!(names(&read(&[sender.initial(0, &crypto(0, &whole))])), ["ids.example"]);
    }
    let long = Sender::new(1, &[9; 21]);
    assert!(read(&[long.initial(0, &crypto(0, &whole))]).facts.is_empty());
    // The server chose another id; the keys stay.
    let first = client();
    let chosen = Sender { destination: vec![0xee; 8], ..first.clone() };
    let (front, back) = (piece(&whole, 0, 100), piece(&whole, 100, whole.len()));
    assert_eq!(
        names(&read(&[first.initial(0, &front), chosen.initial(1, &back)])),
        ["ids.example"]
    );
    // Behind a Retry the id in it gives new keys, and the hello comes again from its start.
    let mut again = Sender::new(1, b"retried!");
    again.token = vec![0x70; 90];
    let told = read(&[first.initial(0, &front), again.initial(1, &front), again.initial(2, &back)]);
    assert_eq!(names(&told), ["ids.example"]);
    // A capture that begins behind the first Initial has no keys.
    assert!(read(&[chosen.initial(1, &crypto(0, &whole))]).facts.is_empty());
    // Another version was agreed on (RFC 9368): its keys follow from the same first id.
    let second = Sender::new(0x6b33_43cf, &first.destination);
    let told = read(&[first.initial(0, &front), second.initial(1, &crypto(0, &whole))]);
    assert_eq!(hellos(&told)[0].carrier, Carrier::Quic(0x6b33_43cf));
}

#[test]
fn frames_around_the_hello() {
    let (sender, whole) = (client(), crypto(0, &hello("frames.example", 0)));
    let ack = [2, 5, 0, 1, 0, 1, 1];
    let ack_ecn = [&[3][..], &ack[1..], &[1, 2, 3]].concat();
    let close = [0x1c, 0x40, 0x0a, 6, 3, b'b', b'y', b'e'];
    let sound: [&[u8]; 5] = [&[0, 0, 1, 0, 1], &ack, &ack_ecn, &close, b""];
    for before in sound {
        for after in sound {
            let told = read(&[sender.initial(0, &[before, &whole, after].concat())]);
            assert_eq!(names(&told), ["frames.example"]);
            assert!(told.anomalies.is_empty());
        }
    }
    // What no Initial holds, or ends early, ends the packet; what stood before it counts.
    let odd: [&[u8]; 7] =
        [&[8, 1], &[0x1e], &[6], &[6, 0, 0x40], &[2, 5, 0, 0x3f, 0], &[0x1c, 0, 0, 9], &[0xff]];
    for frames in odd {
        let told = read(&[sender.initial(0, &[&whole[..], frames].concat())]);
        assert_eq!(
            (names(&told), &told.anomalies[..]),
            (vec!["frames.example"], &["quic_frame_malformed"][..])
        );
        let padded = [frames, &[0; 20]].concat();
        assert!(read(&[sender.initial(0, &padded)]).facts.is_empty());
    }
    // A handshake that begins with anything but a ClientHello is none that is looked for.
    let told = read(&[sender.initial(0, &crypto(0, b"\x02\0\0\x02ab")), sender.initial(1, &whole)]);
    assert!(told.done && told.facts.is_empty());
    assert_eq!(told.anomalies, ["quic_hello_malformed"]);
}

#[test]
fn half_a_hello_is_told_in_the_end_if_it_has_the_name() {
    let mut whole = hello("half.example", 0);
    // The name is the last extension: let another follow.
    whole.extend([0; 50]);
    let len = whole.len() - 4;
    whole[1..4].copy_from_slice(&len.to_be_bytes()[5..]);
    let named = whole.len() - 50;
    let sender = client();
    for cut in 1..whole.len() {
        let told = read(&[sender.initial(0, &piece(&whole, 0, cut))]);
        let known = if cut >= named { vec!["half.example"] } else { vec![] };
        assert_eq!(names(&told), known, "cut at {cut}");
        assert!(!told.done && hellos(&told).iter().all(|hello| hello.ja3.is_none()));
    }
}

#[test]
fn a_flow_that_leads_nowhere_is_given_up() {
    let sender = client();
    let count = |sent: &[u8], most: u32| {
        for number in [most - 1, most] {
            let told = read(&vec![sent.to_vec(); number as usize]);
            assert_eq!((told.done, told.facts.len()), (number == most, 0));
        }
    };
    count(&sender.sealed(0, 60), QUIC_OPENED_MAX);
    count(&sender.initial(0, &[1; 20]), QUIC_OPENED_MAX);
    count(&sender.sealed(1, 60), QUIC_DATAGRAMS_MAX);
    // Half a hello is told when that comes: all but the last octet of the padding behind the name.
    let mut whole = hello("given.example", 0);
    whole.push(0);
    whole[3] += 1;
    let mut sent = vec![sender.initial(0, &piece(&whole, 0, whole.len() - 1))];
    sent.extend(vec![sender.sealed(1, 60); QUIC_DATAGRAMS_MAX as usize]);
    let told = read(&sent);
    assert_eq!((names(&told), told.done), (vec!["given.example"], true));
}

#[test]
fn pieces_are_bounded() {
    let (sender, whole) = (client(), hello("pieces.example", 600));
    let apart: Vec<_> =
        (1..=QUIC_PIECES_MAX + 1).map(|at| piece(&whole, 3 * at, 3 * at + 1)).collect();
    let told = read(&[sender.initial(0, &apart.concat())]);
    assert_eq!(told.anomalies, ["quic_crypto_in_too_many_pieces"]);
    let told = read(&[sender.initial(0, &apart.concat()), sender.initial(1, &crypto(0, &whole))]);
    assert_eq!(names(&told), ["pieces.example"], "and the hello may still come");
    for offset in [(16 << 10) - 3, 1 << 29] {
        let told = read(&[sender.initial(0, &crypto(offset, b"far"))]);
        let far = if offset > 1 << 20 { vec!["quic_crypto_too_far_ahead"] } else { vec![] };
        assert_eq!((told.facts.len(), told.anomalies), (0, far));
    }
    let told = read(&[sender.initial(0, &crypto(0, b"\x01\x00\x40\x00\x03\x03"))]);
    assert!(told.done, "a hello of 16 KiB never fits");
}

#[test]
fn the_one_whose_keys_open_it_is_the_client() {
    let datagram = client().initial(0, &crypto(0, &hello("roles.example", 0)));
    let ports = |client, server| {
        let mut flow = flow(Transport::Udp, server);
        flow.client.port = client;
        flow
    };
    let table: [(Flow, Side); 5] = [
        (ports(50_000, 443), CLIENT),
        (ports(50_000, 443), Side::Server),
        (ports(443, 50_000), CLIENT),
        (ports(50_000, 50_001), Side::Server),
        (ports(784, 784), CLIENT),
    ];
    for (flow, sender) in table {
        let (turned, told) = datagrams(&ENTRY, &flow, &[(sender, &datagram)]);
        assert_eq!(names(&told), ["roles.example"]);
        assert_eq!(turned.expect("claimed").client, flow.end(sender), "{flow:?} {sender:?}");
        // A server's are not told from a damaged client's, so nothing is claimed.
        if sender == Side::Server {
            let damaged = [&datagram[..datagram.len() - 1], &[0x55]].concat();
            assert!(datagrams(&ENTRY, &flow, &[(sender, &damaged)]).0.is_none());
        }
    }
}

/// A CHLO with these tags and values.
fn chlo(values: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let count = u16::try_from(values.len()).expect("few tags").to_le_bytes();
    let mut message = [b"CHLO", &count[..], &[0, 0]].concat();
    let mut end = 0u32;
    for (tag, value) in values {
        end += u32::try_from(value.len()).expect("a short value");
        message.extend([&tag[..], &end.to_le_bytes()].concat());
    }
    values.iter().for_each(|(_, value)| message.extend(*value));
    message
}

fn everyday() -> Vec<u8> {
    chlo(&[
        (b"PAD\0", &[b'-'; 400]),
        (b"SNI\0", b"old.example"),
        (b"UAID", b"Chrome"),
        (b"PDMD", b"X509"),
    ])
}

/// A packet in clear: what stands before the version, behind it, and before the frames.
fn clear(before: &[u8], version: &[u8; 4], behind: &[u8], frames: &[u8]) -> Vec<u8> {
    [before, version, behind, &[0x77; 12], frames].concat()
}

/// A stream frame with the message (no offset, a length).
fn stream(message: &[u8]) -> Vec<u8> {
    [&[0xa0, 1, 0, 4], message, &[0; 40]].concat()
}

#[test]
fn the_hellos_of_googles_versions_in_clear() {
    let id = [&[0x0d][..], &[0x11; 8]].concat();
    let acked = [&[0x40, 1, 0, 0, 1, 1, 6, 0][..], &stream(&everyday())].concat();
    let hello = stream(&everyday());
    let table: [(&[u8], &[u8; 4], &[u8], &[u8]); 8] = [
        (&id, b"Q024", &[1, 0], &hello),
        (&id, b"Q035", &[1], &hello),
        (&id, b"Q039", &[1], &acked),
        (&id, b"Q043", &[1], &hello),
        (&[&[0x1d][..], &[0x11; 8]].concat(), b"Q043", &[0, 1], &hello),
        (&[0xff], b"Q044", &[0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1], &hello),
        (&[0xc3], b"Q046", &[0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1], &hello),
        (&[0xc3], b"Q048", &[0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1], &hello),
    ];
    for (before, version, behind, frames) in table {
        let datagram = clear(before, version, behind, frames);
        let told = read(std::slice::from_ref(&datagram));
        assert_eq!(names(&told), ["old.example"], "{version:?}");
        let hello = hellos(&told)[0];
        assert_eq!(hello.carrier, Carrier::Quic(u32::from_be_bytes(*version)));
        assert!(hello.alpn.is_empty() && hello.ja3.is_none() && hello.ja4.is_none());
        for cut in 0..datagram.len() {
            let told = read(&[datagram[..cut].to_vec()]);
            let told = names(&told);
            assert!(matches!(told[..], [] | [""] | ["old.example"]), "{told:?} at {cut}");
        }
    }
    // Flags, versions and messages that are none.
    let none: [Vec<u8>; 8] = [
        clear(&[&[0x0c][..], &[0x11; 8]].concat(), b"Q043", &[1], &hello),
        clear(&[&[0x0f][..], &[0x11; 8]].concat(), b"Q043", &[1], &hello),
        clear(&[&[0x05][..], &[0x11; 8]].concat(), b"Q043", &[1], &hello),
        clear(&id, b"Q023", &[1], &hello),
        clear(&id, b"Q046", &[1], &hello),
        clear(&id, b"Q0x3", &[1], &hello),
        clear(&id, b"T043", &[1], &hello),
        clear(&[0xc3], b"Q043", &[0x50], &hello),
    ];
    for datagram in none {
        let (claimed, _) = datagrams(&ENTRY, &flow(Transport::Udp, 443), &[(CLIENT, &datagram)]);
        assert!(claimed.is_none(), "{datagram:x?}");
    }
    let mut late = vec![0; 200];
    late.extend(&hello);
    let mut backwards = everyday();
    backwards[12..16].copy_from_slice(&[0xff; 4]);
    for frames in [late, stream(b"REJ\0"), stream(b"CHLO\0\0\0\0"), stream(&backwards)] {
        let told = read(&[clear(&id, b"Q043", &[1], &frames)]);
        assert!(told.facts.is_empty() && !told.done);
    }
    let nameless = stream(&chlo(&[(b"PDMD", b"X509")]));
    assert_eq!(names(&read(&[clear(&id, b"Q043", &[1], &nameless)])), [""]);
}

#[test]
fn the_hellos_of_googles_versions_behind_the_cipher() {
    let frame = |octets: &[u8]| [&[7, 0, 8][..], &crypto(0, octets)[1..], &[0; 30]].concat();
    let table = [
        (0x5130_3530, frame(&everyday()), "old.example"),
        (0x5430_3530, frame(&hello("new.example", 0)), "new.example"),
        (0x5430_3531, frame(&hello("new.example", 0)), "new.example"),
    ];
    for (version, frames, name) in table {
        let sender = Sender::new(version, b"eight...");
        let told = read(&[sender.initial(1, &frames)]);
        assert_eq!(names(&told), [name]);
        assert_eq!(hellos(&told)[0].carrier, Carrier::Quic(version));
        assert!(read(&[sender.initial(1, &crypto(0, &everyday()))]).facts.is_empty());
    }
}

#[test]
fn any_octets() {
    let (sender, whole) = (client(), hello("fuzz.example", 0));
    let len = whole.len();
    let frames = [piece(&whole, 30, len), piece(&whole, 0, 40), vec![2, 5, 0, 0, 1, 1, 0]].concat();
    let samples = vec![
        sender.initial(0, &frames),
        [sender.sealed(1, 30), sender.initial(1, &frames)].concat(),
        frames,
        clear(&[&[0x0d][..], &[0x11; 8]].concat(), b"Q043", &[1], &stream(&everyday())),
        everyday(),
    ];
    samples.iter().for_each(|sample| fuzz(sample));
    mutants(&samples, 19, 4000, fuzz);
}
