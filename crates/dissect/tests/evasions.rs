//! What is done on the wire so that a sensor reads another name than the server, or none: each
//! case that `docs/evasions.md` lists.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // It is a test.

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, Observation, Side, Tally};

mod script;
use script::{ACK, FIN, RST, SYN, Script, Tcp, address, ethernet, framed, ip, udp};

const URG: u8 = 32;

fn limits() -> Limits {
    Limits { flows_max: 1024, ..Limits::default() }
}

fn run(script: &Script) -> (Vec<Observation>, Tally) {
    let mut dissector = Dissector::new(&limits(), Seed([1, 2]), Shards::all());
    script::run(&script.frames(), 64, &mut dissector)
}

/// The names of hellos, requests and questions, each once.
fn names(facts: &[Observation]) -> Vec<String> {
    let name = |seen: &Observation| match &seen.fact {
        Fact::TlsHello(hello) => Some(hello.server_name.as_ref()?.to_string()),
        Fact::HttpRequest(request) => Some(request.host.as_ref()?.to_string()),
        Fact::DnsQuery(query) => Some(query.question.name.as_ref()?.to_string()),
        _ => None,
    };
    let mut names: Vec<_> = facts.iter().filter_map(name).collect();
    names.dedup();
    names
}

fn told(frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<String> {
    names(&run(&Script::of(frames)).0)
}

fn behind(len: usize, octets: &[u8]) -> Vec<u8> {
    [&octets.len().to_be_bytes()[8 - len..], octets].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), &behind(2, value)[..]].concat()
}

fn server_name(name: &str) -> Vec<u8> {
    extension(0, &behind(2, &[&[0], &behind(2, name.as_bytes())[..]].concat()))
}

/// A ClientHello with these extensions, in a record.
fn hello_of(extensions: &[u8]) -> Vec<u8> {
    let lists = [behind(1, &[7; 32]), behind(2, &[0x13, 1]), behind(1, &[0])].concat();
    let body = [&[3, 3], &[0x5a; 32][..], &lists, &behind(2, extensions)].concat();
    let message = [&[1], &behind(3, &body)[..]].concat();
    [&[22, 3, 1], &behind(2, &message)[..]].concat()
}

/// A ClientHello of about 700 octets; the name stands at the end.
fn hello(name: &str) -> Vec<u8> {
    hello_of(&[extension(51, &[9; 600]), server_name(name)].concat())
}

fn request(name: &str) -> Vec<u8> {
    let padding = "x".repeat(600);
    format!("GET /{padding} HTTP/1.1\r\nAccept: */*\r\nHost: {name}\r\n\r\n").into_bytes()
}

fn question(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| behind(1, label.as_bytes()));
    let head = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    head.into_iter().chain(labels).chain([0, 0, 1, 0, 1]).collect()
}

fn question_on_tcp(name: &str) -> Vec<u8> {
    behind(2, &question(name))
}

/// What a segment has that no true one has.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fake {
    /// Nothing.
    Plain,
    /// Hops for half the way.
    FewHops,
    /// A wrong checksum.
    BadSum,
    /// An MD5 signature.
    Signed,
    /// No acknowledgement.
    NoAck,
}

fn internet_sum(octets: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
    let mut sum: u32 = octets.chunks(2).map(word).sum();
    while sum >> 16 > 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// A frame of `Tcp`, with its checksum filled in, changed as `fake` has it.
fn finished(mut frame: Vec<u8>, fake: Option<Fake>, number: u16) -> Vec<u8> {
    let len = usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    frame.truncate(14 + len);
    frame[18..20].copy_from_slice(&number.to_be_bytes());
    match fake {
        Some(Fake::FewHops) => frame[22] = 4,
        Some(Fake::NoAck) => frame[47] &= !ACK,
        Some(Fake::Signed) => {
            frame.splice(54..54, [1, 1, 19, 18].into_iter().chain([7; 16]));
            frame[16..18].copy_from_slice(&(len as u16 + 20).to_be_bytes());
            frame[46] = 0xa0;
        }
        _ => {}
    }
    let pseudo = [&frame[26..34], &[0, 6], &(frame.len() as u16 - 34).to_be_bytes()].concat();
    let sum = internet_sum(&[&pseudo, &frame[34..]].concat());
    frame[50..52].copy_from_slice(&sum.to_be_bytes());
    if fake == Some(Fake::BadSum) {
        frame[50] ^= 0x55;
    }
    frame.resize(frame.len().max(60), 0xee);
    frame
}

/// A connection whose client means one thing and shows another.
struct Play {
    tcp: Tcp,
    frames: Vec<Vec<u8>>,
    real: Vec<u8>,
    fake: Vec<u8>,
    kind: Fake,
}

impl Play {
    fn new(make: fn(&str) -> Vec<u8>, kind: Fake) -> Play {
        let port = if make(".").len() < 40 { 53 } else { 9999 };
        let mut tcp = Tcp::new("10.0.0.1:40000", &format!("10.0.0.2:{port}"));
        tcp.next = [u32::MAX - 300, 5000]; // The numbers wrap amid the hello.
        let frames = tcp.greet().into_iter().map(|frame| finished(frame, None, 0)).collect();
        let (real, fake) = (make("relay.example"), make("decoy.example"));
        Play { tcp, frames, real, fake, kind }
    }

    /// Which octets a segment has: the first or the second half, or all.
    fn part(&self, half: char) -> std::ops::Range<usize> {
        let middle = self.real.len() - 24;
        match half {
            '1' => 0..middle,
            '2' => middle..self.real.len(),
            _ => 0..self.real.len(),
        }
    }

    /// Segments: `r` is a true one, `f` is a false one; behind it stands which half it has.
    fn segments(&mut self, said: &str) {
        for word in said.split(' ') {
            let mut letters = word.chars();
            let fake = letters.next() == Some('f');
            let range = self.part(letters.next().unwrap_or('0'));
            let octets = if fake { &self.fake } else { &self.real };
            let at = range.start as i64;
            let frame = self.tcp.segment(Side::Client, ACK, at, &octets[range]);
            let number = self.frames.len() as u16;
            self.frames.push(finished(frame, fake.then_some(self.kind), number));
        }
        let len = self.real.len() as u32;
        self.tcp.next[0] = self.tcp.next[0].wrapping_add(len);
    }

    fn answer(&mut self) {
        let frame = self.tcp.say(Side::Server, b"\x15\x03\x03\x00\x02\x02\x28");
        self.frames.push(finished(frame, None, 0));
    }
}

type Make = fn(&str) -> Vec<u8>;
const PROTOCOLS: [(&str, Make); 3] =
    [("TLS", hello), ("HTTP", request), ("DNS over TCP", question_on_tcp)];

#[test]
fn false_segments_hide_no_name() {
    use Fake::{BadSum, FewHops, NoAck, Plain, Signed};
    let marked: &[Fake] = &[FewHops, BadSum, Signed, NoAck];
    let all: &[Fake] = &[Plain, FewHops, BadSum, Signed, NoAck];
    let table: &[(&str, &[Fake])] = &[
        ("r", all),
        ("f r", all),
        ("r f", all),
        ("f r f", all),
        ("f r1 r2", all),
        ("f r2 r1", all),
        ("r1 f r2", all),
        ("r1 r2 f", all),
        ("r2 f r1", all),
        ("f1 r1 f1 f2 r2 f2", all),
        ("f2 r2 f2 f1 r1 f1", all),
        ("f1 r1 r2", all),
        ("f1 r", all),
        ("f2 r", all),
        ("r1 f2 r2", all),
        ("r1 f1 f2 r2", marked),
        ("f1 r1 r2 f2", marked),
        ("r2 f2 f1 r1", marked),
        ("f f r1 f f r2 f", marked),
    ];
    for (protocol, make) in PROTOCOLS {
        for (said, kinds) in table {
            for kind in *kinds {
                for answered in [true, false] {
                    let mut play = Play::new(make, *kind);
                    play.segments(said);
                    if answered {
                        play.answer();
                    }
                    let (facts, tally) = run(&Script::of(play.frames));
                    let names = names(&facts);
                    let what = format!("{protocol}, {kind:?}, {said}, answered: {answered}");
                    assert!(names.contains(&"relay.example".to_owned()), "{what}: {names:?}");
                    let lied = names.iter().any(|name| name == "decoy.example");
                    let late = *said == "r f" || *said == "r1 r2 f";
                    if *said == "r" || *kind == BadSum && late {
                        assert!(!lied, "{what}: {names:?}");
                    }
                    let twice = tally.anomalies.contains_key("tcp_read_in_two_ways");
                    assert!(*said != "r" || !twice, "{what}: {tally:?}");
                }
            }
        }
    }
}

#[test]
fn one_end_alone_and_no_syn_hide_no_name() {
    for (protocol, make) in PROTOCOLS {
        for said in ["f r", "r f", "f1 r1 f2 r2", "r2 r1"] {
            for skip in [1, 3] {
                let mut play = Play::new(make, Fake::FewHops);
                play.segments(said);
                let frames = play.frames.split_off(skip);
                let kept = frames.into_iter().filter(|frame| frame[26..30] == [10, 0, 0, 1]);
                let names = told(kept.collect::<Vec<_>>());
                assert!(names.contains(&"relay.example".to_owned()), "{protocol}, {said}, {skip}");
            }
        }
    }
}

#[test]
fn a_lie_that_ends_the_reading_does_not_end_it() {
    // No protocol knows the first; another one claims the second and wants no more of it.
    let nonsense = |len: usize| vec![0x80; len];
    let banner =
        |len: usize| [b"SSH-2.0-".to_vec(), vec![b'x'; len - 10], b"\r\n".to_vec()].concat();
    for (what, fake) in
        [("noise", nonsense(700)), ("a banner", banner(200)), ("less", nonsense(30))]
    {
        for (protocol, make) in PROTOCOLS {
            let mut play = Play::new(make, Fake::FewHops);
            let frame = play.tcp.segment(Side::Client, ACK, 0, &fake);
            play.frames.push(finished(frame, Some(Fake::FewHops), 77));
            play.segments("r1 r2");
            play.answer();
            let names = told(play.frames);
            assert_eq!(names, ["relay.example"], "{protocol} behind {what}");
        }
    }
}

#[test]
fn a_lie_on_a_later_request_hides_no_name() {
    let mut play = Play::new(request, Fake::FewHops);
    play.segments("r");
    let page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    play.frames.push(play.tcp.say(Side::Server, page));
    (play.real, play.fake) = (request("second.example"), request("decoyd.example"));
    play.segments("f1 r1 f2 r2");
    play.frames.push(play.tcp.say(Side::Server, page));
    let names = told(play.frames);
    assert_eq!(names, ["relay.example", "decoyd.example", "second.example"]);
}

#[test]
fn retransmissions_are_no_second_request() {
    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:80");
    let mut frames = tcp.greet();
    for number in 0..6 {
        let octets = request(&format!("h{number}.example"));
        let whole = tcp.segment(Side::Client, ACK, 0, &octets);
        frames.extend([tcp.segment(Side::Client, ACK, 0, &octets[..300]), whole.clone()]);
        frames.extend([tcp.segment(Side::Client, ACK, 100, &octets[100..]), whole]);
        tcp.say(Side::Client, &octets);
        frames.push(tcp.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    }
    let (facts, tally) = run(&Script::of(frames));
    let requests = facts.iter().filter(|seen| matches!(seen.fact, Fact::HttpRequest(_))).count();
    assert_eq!((requests, tally.overlaps), (6, 0));
    assert!(tally.anomalies.is_empty(), "{tally:?}");
}

#[test]
fn an_urgent_octet_amid_a_name_hides_it_from_no_one() {
    for (protocol, make) in PROTOCOLS {
        let real = make("relay.example");
        let at = real.len() - 24;
        let with = [&real[..at], b"X", &real[at..]].concat();
        let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
        let mut frames = tcp.greet();
        let mut frame = tcp.segment(Side::Client, ACK | URG, 0, &with[..=at]);
        frame[52..54].copy_from_slice(&(at as u16 + 1).to_be_bytes());
        frames.extend([frame, tcp.segment(Side::Client, ACK, at as i64 + 1, &with[at + 1..])]);
        let names = told(frames);
        assert!(names.contains(&"relay.example".to_owned()), "{protocol}: {names:?}");
    }
}

#[test]
fn octets_with_the_syn_and_before_the_first_one() {
    for (protocol, make) in PROTOCOLS {
        let (real, fake) = (make("relay.example"), make("decoy.example"));
        let tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
        let greeted = |frames: Vec<Vec<u8>>| {
            let mut tcp = tcp.clone();
            let [_, answer, ack] = <[_; 3]>::try_from(tcp.greet()).unwrap();
            let mut all = frames;
            all.extend([answer, ack]);
            (all, tcp)
        };
        // The server takes what came with the SYN.
        let syn = tcp.segment(Side::Client, SYN, 0, &real);
        assert_eq!(told(greeted(vec![syn]).0), ["relay.example"], "{protocol}");
        // It does not.
        let syn = tcp.segment(Side::Client, SYN, 0, &fake);
        let (mut frames, after) = greeted(vec![syn]);
        frames.push(after.segment(Side::Client, ACK, 0, &real));
        let names = told(frames);
        assert!(names.contains(&"relay.example".to_owned()), "{protocol}: {names:?}");
        // A segment that begins before the first octet: what stands there is none.
        let (mut frames, after) = greeted(vec![tcp.segment(Side::Client, SYN, 0, &[])]);
        let padded = [&fake[..20], &real[..]].concat();
        frames.push(after.segment(Side::Client, ACK, -20, &padded));
        assert_eq!(told(frames), ["relay.example"], "{protocol}");
        // The whole of it far outside of what the server takes.
        for ahead in [-100_000, -3000, 200_000, 30_000_000] {
            let (mut frames, after) = greeted(vec![tcp.segment(Side::Client, SYN, 0, &[])]);
            let stray = after.segment(Side::Client, ACK, ahead, &fake);
            frames.extend([stray.clone(), stray.clone()]);
            frames.push(after.segment(Side::Client, ACK, 0, &real[..real.len() - 24]));
            frames.extend([stray.clone(), stray.clone(), stray]);
            let rest = &real[real.len() - 24..];
            frames.push(after.segment(Side::Client, ACK, real.len() as i64 - 24, rest));
            assert_eq!(told(frames), ["relay.example"], "{protocol}, {ahead} ahead");
        }
    }
}

#[test]
fn a_syn_or_an_answer_that_is_a_lie_moves_no_beginning() {
    for (protocol, make) in PROTOCOLS {
        for off in [1, 5000, -5000, 5_000_000] {
            let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
            let mut frames = tcp.greet();
            for place in [0, 1] {
                frames.insert(
                    place,
                    Tcp::new("10.0.0.1:40000", "10.0.0.2:53").segment(Side::Client, SYN, off, &[]),
                );
                let says = tcp.clone().say(Side::Client, &make("relay.example"));
                let names = told(frames.iter().cloned().chain([says]));
                assert_eq!(names, ["relay.example"], "{protocol}, a SYN {off} off at {place}");
            }
            let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
            let mut other = tcp.clone();
            other.next[0] = other.next[0].wrapping_add(1 + off as u32);
            let mut frames =
                vec![tcp.flags(Side::Client, SYN), other.flags(Side::Server, SYN | ACK)];
            tcp.next[1] = other.next[1];
            frames.extend([
                tcp.flags(Side::Client, ACK),
                tcp.say(Side::Client, &make("relay.example")),
            ]);
            assert_eq!(told(frames), ["relay.example"], "{protocol}, {off} off");
        }
    }
}

#[test]
fn scattered_octets_do_not_make_a_gap_of_what_comes() {
    for (protocol, make) in PROTOCOLS {
        let real = make("relay.example");
        let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
        let mut frames = tcp.greet();
        let half = real.len() / 2;
        frames.push(tcp.segment(Side::Client, ACK, 0, &real[..half]));
        for number in 0..40 {
            frames.push(tcp.segment(Side::Client, ACK, 2000 + number * 7, b"!"));
            frames.push(tcp.segment(Side::Server, ACK, 0, &[]));
        }
        frames.push(tcp.segment(Side::Client, ACK, half as i64, &real[half..]));
        assert_eq!(told(frames), ["relay.example"], "{protocol}");
    }
}

#[test]
fn the_end_of_a_connection_that_the_server_never_hears_of() {
    for (protocol, make) in PROTOCOLS {
        for flags in [RST, RST | ACK, FIN | ACK] {
            for ahead in [0, 20, -20, 1_000_000_000] {
                for silence in [0.0, 7.0, 40.0] {
                    let real = make("relay.example");
                    let (one, other) = real.split_at(real.len() - 24);
                    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
                    let mut script = Script::of(tcp.greet());
                    script.play([tcp.say(Side::Client, one)]);
                    for side in [Side::Client, Side::Server] {
                        if flags & RST != 0 || side == Side::Client {
                            script.play([tcp.segment(side, flags, ahead, &[])]);
                        }
                    }
                    script.wait(silence).play([tcp.say(Side::Client, other)]);
                    script.wait(4.0).play([tcp.say(Side::Client, &make("again.example"))]);
                    let (facts, _) = run(&script);
                    let names = names(&facts);
                    let what = format!("{protocol}, flags {flags}, {ahead} ahead, {silence} s");
                    assert_eq!(names.first().map(String::as_str), Some("relay.example"), "{what}");
                    let opened = facts.iter().filter(|seen| seen.fact == Fact::FlowOpen).count();
                    assert_eq!(opened, 1, "{what}");
                }
            }
        }
    }
}

#[test]
fn names_behind_odd_extensions() {
    let name = server_name("relay.example");
    let table: &[(&str, Vec<u8>)] = &[
        ("of unknown kinds", [extension(0xfafa, &[1; 9]), name.clone()].concat()),
        ("malformed groups", [extension(10, &[0xff, 0xff, 1]), name.clone()].concat()),
        ("malformed ALPN", [extension(16, &[0, 9, 200, 1]), name.clone()].concat()),
        ("malformed key share", [extension(51, &[0xff]), name.clone()].concat()),
        ("empty ones", [extension(10, &[]), extension(43, &[]), name.clone()].concat()),
        ("a hundred of them", [extension(0x0a0a, &[]).repeat(100), name.clone()].concat()),
        ("cut behind the name", [name.clone(), vec![0, 43, 0, 99, 1]].concat()),
    ];
    for (what, extensions) in table {
        let octets = hello_of(extensions);
        let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
        let mut frames = tcp.greet();
        frames.push(tcp.say(Side::Client, &octets));
        assert_eq!(told(frames), ["relay.example"], "{what}");
    }
    // Two hellos in one connection.
    let octets = [hello("decoy.example"), hello("relay.example")].concat();
    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    let mut frames = tcp.greet();
    frames.push(tcp.say(Side::Client, &octets));
    assert_eq!(told(frames), ["decoy.example", "relay.example"]);
}

#[test]
fn pieces_of_any_size_in_any_order() {
    for (protocol, make) in PROTOCOLS {
        let octets = make("relay.example");
        for size in [1, 2, 3, 7, 16, 100] {
            for order in ["in order", "reversed", "swapped", "odd ones last"] {
                if order != "in order" && octets.len() / size > 16 {
                    continue; // More gaps than are held.
                }
                let tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:53");
                let pieces = octets.chunks(size).enumerate();
                let mut frames: Vec<_> = pieces
                    .map(|(number, piece)| {
                        tcp.segment(Side::Client, ACK, 1 + (number * size) as i64, piece)
                    })
                    .collect();
                match order {
                    "reversed" => frames.reverse(),
                    "swapped" => frames.chunks_mut(2).for_each(<[_]>::reverse),
                    "odd ones last" => {
                        let odd = frames.iter().skip(1).step_by(2).cloned();
                        frames = frames.iter().step_by(2).cloned().chain(odd).collect();
                    }
                    _ => {}
                }
                for greeted in [true, false] {
                    if !greeted && size == 1 && octets[0] == 0 {
                        continue; // Without a SYN, a 0 alone is a keep-alive.
                    }
                    let before = if greeted { tcp.clone().greet() } else { Vec::new() };
                    let names = told(before.into_iter().chain(frames.clone()));
                    let what = format!("{protocol}, {size} octets, {order}, greeted: {greeted}");
                    assert_eq!(names, ["relay.example"], "{what}");
                }
            }
        }
    }
}

#[test]
fn names_in_dns_that_lead_nowhere_cost_little_and_hide_none() {
    let head = |questions: u8| vec![0x12, 0x34, 1, 0, 0, questions, 0, 0, 0, 0, 0, 0];
    let ask = |octets: &[u8]| {
        told([framed(&udp(address("10.0.0.1:5000"), address("10.0.0.9:53"), octets))])
    };
    let real = &question("relay.example")[12..];
    // A pointer to itself, to the front, in a circle; then a question that can be read.
    for pointer in [[0xc0, 12], [0xc0, 0], [0xff, 0xff]] {
        let octets = [head(2), pointer.to_vec(), vec![0, 1, 0, 1], real.to_vec()].concat();
        assert_eq!(ask(&octets), ["relay.example"], "{pointer:?}");
    }
    let circle = [head(2), vec![0xc0, 14, 0xc0, 12, 0, 1, 0, 1], real.to_vec()].concat();
    assert!(ask(&circle).len() <= 1);
    // Each name is the one before and a label: compressed, 60 octets become 8,000.
    let mut bomb = head(60);
    for number in 0..60u16 {
        bomb.extend([1, b'a']);
        bomb.extend((0xc000 | (12 + 8 * number.saturating_sub(1))).to_be_bytes());
        bomb.extend([0, 1, 0, 1]);
    }
    assert!(ask(&bomb).len() <= 60);
    assert_eq!(ask(&question("relay.example")), ["relay.example"]);
}

#[test]
fn tags_and_quotations() {
    let asks = udp(address("10.0.0.1:5000"), address("10.0.0.9:53"), &question("relay.example"));
    for count in 1..=4 {
        for kind in [0x8100, 0x88a8, 0x9100] {
            let tags = vec![(kind, 100); count];
            let frame = ethernet(&tags, 0x0800, &asks);
            assert_eq!(told([frame]), ["relay.example"], "{count} tags of {kind:04x}");
        }
    }
    // ICMP "port unreachable" quotes what was asked; no one asks it again.
    let quoting = [&[3, 3, 0, 0, 0, 0, 0, 0], &asks[..]].concat();
    let icmp = ip("10.0.0.9".parse().unwrap(), "10.0.0.1".parse().unwrap(), 1, &quoting);
    let (facts, tally) = run(&Script::of([framed(&icmp)]));
    assert!(facts.is_empty(), "{facts:?}");
    assert_eq!(tally.refused.values().sum::<u64>(), 1);
}

#[test]
fn requests_in_odd_shapes() {
    let padded =
        format!("GET / HTTP/1.1\r\n{}Host: relay.example\r\n\r\n", "X: y\r\n".repeat(1500));
    let table: &[(&str, &str)] = &[
        ("two blanks", "GET  / HTTP/1.1\r\nHost: relay.example\r\n\r\n"),
        ("blanks at the end", "GET / HTTP/1.1  \r\nHost: relay.example\r\n\r\n"),
        ("no blank", "GET / HTTP/1.1\r\nHost:relay.example\r\n\r\n"),
        ("tabs", "GET / HTTP/1.1\r\nHost:\trelay.example\t\r\n\r\n"),
        ("a blank before the colon", "GET / HTTP/1.1\r\nHost : relay.example\r\n\r\n"),
        ("letters and a dot", "GET / HTTP/1.1\r\nhoSt: Relay.EXAMPLE.\r\n\r\n"),
        ("lines before", "\r\n\n\r\nGET / HTTP/1.1\r\nHost: relay.example\r\n\r\n"),
        ("line feeds alone", "GET / HTTP/1.1\nHost: relay.example\n\n"),
        ("folded", "GET / HTTP/1.1\r\nHost:\r\n relay.example\r\n\r\n"),
        ("an absolute target", "GET http://relay.example/ HTTP/1.1\r\nHost: decoy.example\r\n\r\n"),
        ("a user", "GET http://decoy.example@relay.example:80/ HTTP/1.1\r\n\r\n"),
        ("a method that no one knows", "X-Y_Z / HTTP/1.1\r\nHost: relay.example\r\n\r\n"),
        ("9 KiB of fields before", &padded),
    ];
    for (what, request) in table {
        for size in [1, 5, 700, 20_000] {
            let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
            let frames = tcp.greet();
            let pieces = request.as_bytes().chunks(size).map(|piece| tcp.say(Side::Client, piece));
            let frames: Vec<_> = frames.into_iter().chain(pieces).collect();
            assert_eq!(told(frames), ["relay.example"], "{what}, segments of {size}");
        }
    }
}
