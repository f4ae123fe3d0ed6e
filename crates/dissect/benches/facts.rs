//! Instructions that each kind of fact costs: `cargo bench -p rmmwatch-dissect --bench facts`.
//!
//! Each case runs by itself under valgrind's callgrind, which counts only what is pushed: many
//! flows, a frame each, of which every one tells the same fact. Beside it stands the same frame
//! without payload, so that the difference is what reading costs. Counts are the same on a busy
//! machine; but valgrind knows no SHA extensions, so that hashes look several times too dear.
//! A word picks the cases whose names hold it.
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // A bench starts programs and prints.
#![allow(clippy::indexing_slicing, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Fact, Frame, Observation, Side};

#[path = "../tests/captures/mod.rs"]
mod captures;
#[path = "../tests/hellos/mod.rs"]
mod hellos;
#[path = "../tests/script/mod.rs"]
mod script;
use script::{Script, Tcp, ethernet, udp};

const FLOWS: u32 = 2000;

/// What flows say before, which is not counted, and then.
struct Case {
    name: &'static str,
    tcp: bool,
    port: u16,
    before: Vec<(Side, Vec<u8>)>,
    then: (Side, Vec<u8>),
}

/// A DNS message: flags, counts of questions and answers, and what follows.
fn dns(flags: u16, answers: u16, behind: &[u8]) -> Vec<u8> {
    let head = [0x1234, flags, 1, answers, 0, 0];
    let head: Vec<u8> = head.iter().flat_map(|word: &u16| word.to_be_bytes()).collect();
    [&head, &b"\x03www\x0blongexample\x03com\0\0\x01\0\x01"[..], behind].concat()
}

/// A CNAME and three addresses.
fn answers() -> Vec<u8> {
    let cname = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x0b\x03cdn\x04edge\xc0\x1c";
    let address = b"\xc0\x31\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";
    [&cname[..], address, address, address].concat()
}

/// The payload of the first frame of a committed capture that is wanted.
fn captured(file: &str, headers: usize, wanted: fn(&[u8]) -> bool) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pcaps").join(file);
    let capture = captures::Capture::read(&path).expect("the committed capture");
    let frames = capture.frames();
    let mut payloads = frames.iter().filter_map(|frame| frame.bytes.get(headers..));
    payloads.find(|payload| wanted(payload)).expect("such a frame").to_vec()
}

fn cases() -> Vec<Case> {
    use Side::{Client, Server};
    let hello = hellos::chrome("www.example.com");
    // A server's hello of TLS 1.2 with all of its certificates in one segment.
    let flight: fn(&[u8]) -> bool = |payload| {
        payload.first() == Some(&22) && payload.get(5) == Some(&2) && payload.len() < 1400
    };
    // The one of the committed capture whose hello is whole.
    let initial = captured("quic-hellos.pcap", 14, |packet| packet[12..16] == [10, 1, 4, 19]);
    let initial = initial[28..].to_vec();
    let get = b"GET /index.html?a=b HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 \
        (Windows NT 10.0; Win64; x64)\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n";
    let case = |name, tcp, port, before, then| Case { name, tcp, port, before, then };
    let query = dns(0x0100, 0, &[]);
    vec![
        case("DNS query", false, 53, vec![], (Client, query.clone())),
        case(
            "DNS answer, four records",
            false,
            53,
            vec![(Client, query)],
            (Server, dns(0x8180, 4, &answers())),
        ),
        case("TLS ClientHello", true, 443, vec![], (Client, hello.clone())),
        case(
            "TLS 1.2 certificate",
            true,
            443,
            vec![(Client, hello)],
            (Server, captured("quiet-office.pcap", 54, flight)),
        ),
        case("QUIC Initial, whole hello", false, 443, vec![], (Client, initial)),
        case("HTTP request", true, 80, vec![], (Client, get.to_vec())),
        case("TCP, nobody's", true, 9000, vec![], (Client, vec![0x81; 200])),
        case("UDP, nobody's", false, 9000, vec![], (Client, vec![0x81; 200])),
    ]
}

/// The frames before and the frames that count; those with their payload, or without.
fn scripts(case: &Case, empty: bool) -> (Script, Script) {
    let (mut before, mut then) = (Script::fast(), Vec::new());
    for number in 0..FLOWS {
        let [_, a, b, c] = number.to_be_bytes();
        let (client, server) =
            (format!("10.{a}.{b}.{c}:50000"), format!("192.0.2.1:{}", case.port));
        let mut tcp = Tcp::new(&client, &server);
        if case.tcp {
            before.play(tcp.greet());
        }
        let mut say = |side: Side, octets: &[u8]| {
            if case.tcp {
                return tcp.say(side, octets);
            }
            let ends = (script::address(&client), script::address(&server));
            let (from, to) = if side == Side::Client { ends } else { (ends.1, ends.0) };
            ethernet(&[], 0x0800, &udp(from, to, octets))
        };
        let said: Vec<_> = case.before.iter().map(|(side, octets)| say(*side, octets)).collect();
        let octets = if empty { &[][..] } else { &case.then.1 };
        then.push(say(case.then.0, octets));
        before.play(said);
    }
    let mut counted = before.clone();
    counted.frames.clear();
    counted.wait(1.0).play(then);
    (before, counted)
}

/// What callgrind counts.
#[inline(never)]
fn counted_here(dissector: &mut Dissector, frames: &[Frame<'_>], told: &mut Vec<Observation>) {
    for frames in frames.chunks(64) {
        dissector.push(frames, &mut |seen| told.push(seen));
    }
}

/// Run a case under callgrind's eyes.
fn run(case: &Case, empty: bool) {
    let (before, counted) = scripts(case, empty);
    let mut dissector = Dissector::new(&Limits::default(), Seed([1, 2]), Shards::all());
    dissector.push(&before.frames(), &mut |_| {});
    let mut told = Vec::with_capacity(4 * FLOWS as usize);
    counted_here(&mut dissector, &counted.frames(), &mut told);
    let facts = told.iter().filter(|seen| !matches!(seen.fact, Fact::FlowOpen)).count();
    println!("facts {facts}");
}

/// Instructions a frame of a case, and facts a frame; `None` without valgrind.
fn count(case: &Case, empty: bool) -> Option<(f64, f64)> {
    let program = std::env::current_exe().ok()?;
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted_here*")
        .arg(program)
        .args(["--run", case.name, if empty { "empty" } else { "whole" }])
        .output()
        .ok()?;
    let number = |text: &[u8], behind: &str| {
        let text = String::from_utf8_lossy(text).into_owned();
        let rest = text.split_once(behind)?.1.split_whitespace().next()?.to_owned();
        rest.parse::<f64>().ok()
    };
    let instructions = number(&out.stderr, "Collected : ")?;
    let facts = number(&out.stdout, "facts ")?;
    Some((instructions / f64::from(FLOWS), facts / f64::from(FLOWS)))
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let cases = cases();
    if let [first, name, how] = &*words
        && first == "--run"
    {
        let case = cases.iter().find(|case| case.name == name).expect("a case of that name");
        return run(case, how == "empty");
    }
    println!("octets in memory: Observation {}", size_of::<Observation>());
    let picks = |case: &&Case| words.iter().all(|w| w.starts_with('-') || case.name.contains(w));
    for case in cases.iter().filter(picks) {
        let (Some((whole, facts)), Some((empty, _))) = (count(case, false), count(case, true))
        else {
            println!("skipped: valgrind is not here");
            return;
        };
        println!(
            "{:26} {whole:7.0} instructions a frame, {empty:5.0} without payload: {:7.0}, {facts} facts",
            case.name,
            whole - empty
        );
    }
}
