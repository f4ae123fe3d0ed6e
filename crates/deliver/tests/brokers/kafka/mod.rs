//! The Kafka sink against librdkafka's mock cluster, which speaks the protocol over real sockets.

mod front;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use deliver::sinks::{Carrier, KafkaPlan, Kind, Secret, TlsPlan};
use futures_util::future::join_all;
use serde_json::Value;

use self::front::Guard;
use crate::peers::{carrier, carry, entries, free_place, place, program};
use crate::pki::Pki;
use crate::stubs::Stub;

/// The mock cluster, in a process of its own.
struct Cluster {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    brokers: Vec<SocketAddr>,
}

impl Cluster {
    fn start() -> Option<Cluster> {
        let python = program("python3")?;
        let has = Command::new(&python).args(["-c", "import confluent_kafka"]).output();
        if !has.expect("python runs").status.success() {
            println!("SKIPPED: confluent-kafka is not installed (packaging/ci/deps.sh test)");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/brokers/kafka/cluster.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        let ask = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut cluster = Cluster { child, ask, answers, brokers: Vec::new() };
        let places = cluster.answer();
        let places = places.as_array().expect("places").iter();
        cluster.brokers =
            places.map(|at| at.as_str().expect("text").parse().expect("a place")).collect();
        Some(cluster)
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    fn ask(&mut self, question: &str) -> Value {
        writeln!(self.ask, "{question}").expect("written");
        self.answer()
    }

    /// The keys and values of each partition, in order.
    fn read(&mut self, topic: &str) -> BTreeMap<u64, Vec<(String, String)>> {
        let mut partitions: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
        for record in self.ask(&format!("read {topic}")).as_array().expect("records") {
            let text = |at: usize| record[at].as_str().expect("text").to_owned();
            let partition = record[0].as_u64().expect("a number");
            partitions.entry(partition).or_default().push((text(1), text(2)));
        }
        partitions
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn plan(brokers: &[SocketAddr]) -> KafkaPlan {
    KafkaPlan {
        brokers: brokers.iter().map(|at| place(*at, false)).collect(),
        tls: TlsPlan::default(),
        user: None,
        topic: "rmm-alerts".to_owned(),
    }
}

fn sink(plan: KafkaPlan) -> Box<dyn Carrier> {
    carrier(Kind::Kafka(plan))
}

#[tokio::test]
async fn records_lie_in_order_where_their_keys_belong() {
    let Some(mut cluster) = Cluster::start() else { return };
    assert_eq!(cluster.ask("topic rmm-alerts"), 4);
    let mut sink = sink(plan(&cluster.brokers[..1]));
    let batch = entries(0, 2000);
    for part in batch.chunks(700) {
        assert_eq!(carry(&mut *sink, part).await.expect("through").refused, []);
    }
    let partitions = cluster.read("rmm-alerts");
    assert_eq!(partitions.len(), 4, "every partition has some");
    assert_eq!(partitions.values().map(Vec::len).sum::<usize>(), batch.len());
    for records in partitions.values() {
        let places = records.iter().map(|(key, value)| {
            let seq: usize = key.strip_prefix("id-").expect("an id").parse().expect("a number");
            assert_eq!(value.as_bytes(), batch[seq].body);
            seq
        });
        assert!(places.is_sorted(), "in order");
    }
    // Another client's murmur2 puts them there too.
    for seq in [0, 1, 7, 42, 123, 1999] {
        let partition = cluster.ask(&format!("where id-{seq}")).as_u64().expect("a number");
        let there = &partitions[&partition];
        assert!(there.iter().any(|(key, _)| *key == format!("id-{seq}")), "id-{seq}");
    }
}

#[tokio::test]
async fn a_missing_topic_is_said_with_the_command_that_makes_it() {
    let Some(mut cluster) = Cluster::start() else { return };
    let mut sink = sink(plan(&cluster.brokers));
    let why = carry(&mut *sink, &entries(0, 1)).await.expect_err("no topic").why;
    assert!(why.contains("kafka-topics.sh --create --topic rmm-alerts"), "{why}");
    cluster.ask("topic rmm-alerts");
    carry(&mut *sink, &entries(0, 1)).await.expect("it is there now");
}

#[tokio::test]
async fn what_is_too_large_is_halved_until_one_is_refused() {
    let Some(mut cluster) = Cluster::start() else { return };
    cluster.ask("topic rmm-alerts");
    let guard = Guard { request_max: Some(20_000), ..Guard::default() };
    let fronts = front::before(&cluster.brokers, guard).await;
    let mut batch = entries(0, 2000);
    batch[77].body = vec![b'x'; 30_000];
    let refused = carry(&mut *sink(plan(&fronts)), &batch).await.expect("through").refused;
    assert_eq!(refused.iter().map(|refused| refused.at).collect::<Vec<_>>(), [77], "{refused:?}");
    let partitions = cluster.read("rmm-alerts");
    assert_eq!(partitions.values().map(Vec::len).sum::<usize>(), batch.len() - 1);
}

#[tokio::test]
async fn tls_and_passwords_are_checked_and_never_left_out() {
    let Some(mut cluster) = Cluster::start() else { return };
    cluster.ask("topic rmm-alerts");
    let pki = Pki::new(cluster.brokers[0].ip());
    let guard = Guard {
        tls: Some(front::tls(&pki)),
        plain: Some(b"\0sensor\0right-one"),
        ..Guard::default()
    };
    let fronts = front::before(&cluster.brokers, guard).await;
    let table = [
        ("ca.pem", true, Some("right-one"), true),
        ("ca.pem", true, Some("wrong-one"), false),
        ("ca.pem", true, None, false),
        ("ca.pem", false, Some("right-one"), false),
        ("other.pem", true, Some("right-one"), false),
    ];
    for (ca, shows, password, good) in table {
        let mut sink = sink(KafkaPlan {
            brokers: fronts.iter().map(|at| place(*at, true)).collect(),
            tls: pki.plan(ca, shows),
            user: password.map(|password| ("sensor".to_owned(), Secret::new(password))),
            ..plan(&fronts)
        });
        match carry(&mut *sink, &entries(0, 10)).await {
            Ok(_) => assert!(good, "{ca}, {shows}, {password:?}"),
            Err(setback) => {
                assert!(!good, "{ca}, {shows}, {password:?}: {}", setback.why);
                assert!(!setback.why.contains("-one"), "a secret is shown: {}", setback.why);
                assert_eq!(setback.carried, 0);
            }
        }
    }
    assert_eq!(cluster.read("rmm-alerts").values().map(Vec::len).sum::<usize>(), 10);

    let stub = Stub::new(b"", b"\0\0\0\x04oops");
    let credentials = Some(("sensor".to_owned(), Secret::new("right-one")));
    let brokers = vec![place(stub.at, true)];
    let mut sink = sink(KafkaPlan {
        brokers,
        tls: pki.plan("ca.pem", true),
        user: credentials,
        ..plan(&fronts)
    });
    carry(&mut *sink, &entries(0, 1)).await.expect_err("no TLS");
    let heard = stub.heard();
    assert_eq!(heard.first(), Some(&0x16), "a TLS handshake");
    assert!(!heard.windows(5).any(|part| part == b"right"));
}

#[tokio::test]
async fn brokers_that_are_none_or_go_away_are_setbacks() {
    let table = [
        ("down", free_place()),
        ("garbage", Stub::new(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n").at),
        ("a length that is too long", Stub::new(b"", &[0x7f; 16]).at),
        ("binary", Stub::new(b"", &[0xff; 64]).at),
        ("says nothing", Stub::new(b"", b"").at),
    ];
    let all = table.map(|(what, at)| async move {
        let setback = carry(&mut *sink(plan(&[at])), &entries(0, 1)).await.expect_err(what);
        assert!(setback.why.contains(&at.to_string()), "{what}: {}", setback.why);
    });
    join_all(all).await;

    let Some(mut cluster) = Cluster::start() else { return };
    cluster.ask("topic rmm-alerts");
    let mut sink = sink(plan(&cluster.brokers));
    carry(&mut *sink, &entries(0, 10)).await.expect("through");
    cluster.child.kill().expect("killed");
    cluster.child.wait().expect("gone");
    let setback = carry(&mut *sink, &entries(10, 20)).await.expect_err("gone");
    assert_eq!(setback.carried, 0, "{}", setback.why);
}
