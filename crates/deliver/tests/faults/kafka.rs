//! Librdkafka's mock cluster, with a front before each broker: TLS, answers that are lost, late,
//! nonsense or refusals. The cluster itself keeps its records in memory, so that it is its fronts
//! that go.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use deliver::sinks::{KafkaPlan, Kind};
use serde_json::Value;

use crate::cell::{FarEnd, Scale, State, suffer_of};
use crate::host::{At, Host, Papers, Protocol, Wire};
use crate::peers::{place, program};
use crate::shelf::Shelf;

/// Before one broker.
struct Front {
    broker: SocketAddr,
    /// Each broker, and its front.
    fronts: Vec<(SocketAddr, SocketAddr)>,
}

impl Protocol for Front {
    fn serve(&self, wire: &mut Wire) {
        let Ok(mut broker) = TcpStream::connect(self.broker) else { return };
        broker.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        while let Some(request) = request(wire) {
            let (state, count) = (wire.state(), wire.count());
            if state == State::Garbage {
                let said: &[&[u8]] =
                    &[b"HTTP/1.1 400 Bad Request\r\n\r\n", &[0xff; 64], b"\0\0\0\x04no"];
                wire.say(said[count % said.len()]);
                return wire.hang();
            }
            let refuses = state == State::Refusing && request[1] == 0;
            let answer =
                if refuses { Ok(not_enough(&request)) } else { ask(&mut broker, &request) };
            let Ok(mut answer) = answer else { return };
            for (broker, front) in &self.fronts {
                replace(&mut answer, &named(*broker), &named(*front));
            }
            match state {
                State::Slow if count == 0 => wire.hang(),
                State::Slow => wire.pause(wire.scale().late / 4),
                _ => {}
            }
            if wire.dies() || !wire.say(&framed(&answer)) {
                return;
            }
        }
    }
}

/// The next request without its length; none at the end.
fn request(wire: &mut Wire) -> Option<Vec<u8>> {
    loop {
        if let Some(head) = wire.octets.first_chunk::<4>() {
            let end = 4 + usize::try_from(u32::from_be_bytes(*head)).expect("32 bits");
            if wire.octets.len() >= end {
                let request = wire.octets[4..end].to_vec();
                wire.octets.drain(..end);
                return Some(request);
            }
        }
        if !wire.more() {
            return None;
        }
    }
}

fn ask(broker: &mut TcpStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    broker.write_all(&framed(request))?;
    let mut length = [0; 4];
    broker.read_exact(&mut length)?;
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("32 bits")];
    broker.read_exact(&mut answer)?;
    Ok(answer)
}

fn framed(octets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(octets.len()).expect("not long");
    [&length.to_be_bytes(), octets].concat()
}

/// A broker as it stands in an answer: its host as a string, its port in 32 bits.
fn named(broker: SocketAddr) -> Vec<u8> {
    let host = broker.ip().to_string();
    let length = u16::try_from(host.len()).expect("not long");
    [&length.to_be_bytes(), host.as_bytes(), &u32::from(broker.port()).to_be_bytes()].concat()
}

fn replace(octets: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len());
    let mut at = 0;
    while let Some(found) = octets[at..].windows(old.len()).position(|part| part == old) {
        at += found + old.len();
        octets[at - new.len()..at].copy_from_slice(new);
    }
}

/// A produce response (version 3 to 7) of one partition with NOT_ENOUGH_REPLICAS (19).
fn not_enough(request: &[u8]) -> Vec<u8> {
    let version = request[3];
    assert!((3..=7).contains(&version), "produce version {version}");
    let short = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
    let string = |at: usize| 2 + usize::try_from(short(at)).unwrap_or(0);
    // Header: kind, version, id, client's name. Body: transaction, acks, timeout, topics.
    let transaction = 8 + string(8);
    let topic = transaction + string(transaction) + 2 + 4 + 4;
    let partition = topic + string(topic) + 4;
    let log_start: &[u8] = if version >= 5 { &[0xff; 8] } else { &[] };
    [
        &request[4..8],
        &[0, 0, 0, 1],
        &request[topic..topic + string(topic)],
        &[0, 0, 0, 1],
        &request[partition..partition + 4],
        &[0, 19],
        &[0xff; 16],
        log_start,
        &[0; 4],
    ]
    .concat()
}

/// The mock cluster in a process of its own, its fronts, and the sink that leads to them.
struct Cluster {
    scale: Scale,
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    fronts: Vec<Host>,
    papers: Papers,
}

impl Cluster {
    fn new(scale: Scale) -> Option<Cluster> {
        let python = program("python3")?;
        let has = Command::new(&python).args(["-c", "import confluent_kafka"]).output();
        if !has.expect("python runs").status.success() {
            println!("SKIPPED: confluent-kafka is not installed (packaging/ci/deps.sh test)");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/brokers/kafka/cluster.py");
        let (piped, null) = (Stdio::piped, Stdio::null);
        let mut python = Command::new(python);
        python.arg(script).stdin(piped()).stdout(piped()).stderr(null());
        let mut child = python.spawn().expect("python starts");
        let ask = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let places = answer(&mut answers);
        let brokers: Vec<SocketAddr> =
            places.as_array().expect("places").iter().map(parsed).collect();
        let pairs: Vec<_> = brokers.iter().map(|broker| (*broker, free())).collect();
        let papers = Papers::new(pairs[0].1);
        let front = |(broker, at): &(SocketAddr, SocketAddr)| {
            let front = Front { broker: *broker, fronts: pairs.clone() };
            Host::at(At::Tcp(*at), scale, Arc::new(front), Some(&papers))
        };
        let fronts = pairs.iter().map(front).collect();
        let mut cluster = Cluster { scale, child, ask, answers, fronts, papers };
        cluster.ask("topic rmm-alerts");
        Some(cluster)
    }

    fn ask(&mut self, question: &str) -> Value {
        writeln!(self.ask, "{question}").expect("written");
        answer(&mut self.answers)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn answer(answers: &mut impl std::io::BufRead) -> Value {
    let mut line = String::new();
    answers.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

fn parsed(place: &Value) -> SocketAddr {
    place.as_str().expect("text").parse().expect("a place")
}

/// A free place whose address is as long as that of the brokers, and this process's own.
fn free() -> SocketAddr {
    let id = std::process::id();
    let digit = |at: u32| u8::try_from(1 + id / at % 9).expect("a digit");
    let address = Ipv4Addr::new(127, digit(1), digit(9), digit(81));
    let listener = TcpListener::bind((IpAddr::V4(address), 0)).expect("a port");
    listener.local_addr().expect("its address")
}

impl FarEnd for Cluster {
    fn kind(&self) -> Kind {
        Kind::Kafka(KafkaPlan {
            brokers: self.fronts.iter().map(|front| place(front.place(), true)).collect(),
            tls: self.papers.pki.plan("ca.pem", false),
            user: None,
            topic: "rmm-alerts".to_owned(),
        })
    }

    fn turn(&mut self, state: State) {
        self.fronts.iter_mut().for_each(|front| front.turn(state));
    }

    fn arrived(&mut self) -> Shelf {
        self.turn(State::Down);
        let mut shelf = Shelf::new(self.scale.records);
        for record in self.ask("read rmm-alerts").as_array().expect("records") {
            shelf.take(record[2].as_str().expect("text").as_bytes());
        }
        shelf
    }
}

#[test]
fn kafka() {
    // The mock keeps 5 MiB of each of its four partitions.
    let mut scale = Scale::get();
    scale.records = scale.records.min(40_000);
    suffer_of("kafka", scale, |_, scale| Some(Box::new(Cluster::new(scale)?) as Box<dyn FarEnd>));
}
