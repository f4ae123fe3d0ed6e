//! The Redis sink against redis-server, read back with redis-cli's protocol by a few lines here.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use deliver::sinks::{Carrier, Kind, RedisPlan, RedisShape, Secret, TlsPlan};

use super::peers::{
    Server, carrier, carry, carry_all, entries, free_place, place, program, wait_for,
};
use super::pki::Pki;
use super::stubs::{Stub, Wire};

/// A redis-server; `more` are its arguments.
pub(crate) struct Redis {
    pub(crate) at: SocketAddr,
    folder: tempfile::TempDir,
    pub(crate) server: Server,
    more: Vec<String>,
}

impl Redis {
    pub(crate) fn start(more: &[&str]) -> Option<Redis> {
        Redis::start_at(free_place(), more)
    }

    fn start_at(at: SocketAddr, more: &[&str]) -> Option<Redis> {
        program("redis-server")?;
        let folder = tempfile::tempdir().expect("a folder");
        let more: Vec<String> = more.iter().map(ToString::to_string).collect();
        let server = launch(at, folder.path(), &more);
        Some(Redis { at, folder, server, more })
    }

    pub(crate) fn restart(&mut self) {
        self.server = launch(self.at, self.folder.path(), &self.more);
    }

    /// What it answers, as the lines of the protocol without their marks.
    pub(crate) fn ask(&self, words: &[&str]) -> Vec<String> {
        let mut stream = TcpStream::connect(self.at).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let mut octets = format!("*{}\r\n", words.len());
        for word in words {
            octets += &format!("${}\r\n{word}\r\n", word.len());
        }
        stream.write_all(octets.as_bytes()).expect("written");
        let mut all = Vec::new();
        value(&mut BufReader::new(stream), &mut all);
        all
    }
}

fn value(from: &mut BufReader<TcpStream>, all: &mut Vec<String>) {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    let (kind, rest) = line.trim_end().split_at(1);
    match (kind, rest.parse::<usize>()) {
        ("*", Ok(count)) => (0..count).for_each(|_| value(from, all)),
        ("$", Ok(length)) => {
            let mut octets = vec![0; length + 2];
            from.read_exact(&mut octets).expect("a value");
            octets.truncate(length);
            all.push(String::from_utf8(octets).expect("text"));
        }
        _ => all.push(rest.to_owned()),
    }
}

fn launch(at: SocketAddr, folder: &Path, more: &[String]) -> Server {
    let mut command = Command::new(program("redis-server").expect("as before"));
    let (address, port) = (at.ip().to_string(), at.port().to_string());
    command.args(["--bind", &address, "--save", "", "--dir"]).arg(folder);
    if !more.iter().any(|word| word == "--tls-port") {
        command.args(["--port", &port]);
    }
    let server = Server::start(command.args(more).stderr(Stdio::null()));
    wait_for(at);
    server
}

pub(crate) fn plan(at: SocketAddr, shape: RedisShape) -> RedisPlan {
    RedisPlan {
        place: place(at, false),
        tls: TlsPlan::default(),
        user: None,
        password: None,
        database: 0,
        key: "rmm watch".to_owned(),
        shape,
    }
}

fn sink(plan: RedisPlan) -> Box<dyn Carrier> {
    carrier(Kind::Redis(plan))
}

#[tokio::test]
async fn lists_have_the_oldest_where_a_reader_pops() {
    let Some(redis) = Redis::start(&[]) else { return };
    let batch = entries(0, 1000);
    let bodies: Vec<String> =
        batch.iter().map(|entry| String::from_utf8(entry.body.clone()).expect("text")).collect();
    for (shape, pop) in [(RedisShape::List, "RPOP"), (RedisShape::ListEnd, "LPOP")] {
        let mut sink = sink(plan(redis.at, shape));
        for part in batch.chunks(300) {
            carry(&mut *sink, part).await.expect("through");
        }
        assert_eq!(redis.ask(&["LLEN", "rmm watch"]), ["1000"]);
        assert_eq!(redis.ask(&[pop, "rmm watch", "2000"]), bodies, "{shape:?}");
    }
}

#[tokio::test]
async fn a_stream_has_records_with_their_ids_and_is_kept_short() {
    let Some(redis) = Redis::start(&[]) else { return };
    let batch = entries(0, 1000);
    let mut all = sink(plan(redis.at, RedisShape::Stream(0)));
    carry(&mut *all, &batch).await.expect("through");
    assert_eq!(redis.ask(&["XLEN", "rmm watch"]), ["1000"]);
    let first = redis.ask(&["XRANGE", "rmm watch", "-", "+", "COUNT", "1"]);
    let body = String::from_utf8(batch[0].body.clone()).expect("text");
    assert_eq!(first[1..], ["event", &body, "id", "id-0"]);

    let mut short = sink(plan(redis.at, RedisShape::Stream(200)));
    carry(&mut *short, &batch).await.expect("through");
    let length: u64 = redis.ask(&["XLEN", "rmm watch"])[0].parse().expect("a number");
    assert!((200..400).contains(&length), "{length}");
}

#[tokio::test]
async fn a_channel_brings_records_to_who_listens() {
    let Some(redis) = Redis::start(&[]) else { return };
    let mut listener = TcpStream::connect(redis.at).expect("connected");
    listener.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    listener.write_all(b"*2\r\n$9\r\nSUBSCRIBE\r\n$9\r\nrmm watch\r\n").expect("written");
    let mut listener = BufReader::new(listener);
    value(&mut listener, &mut Vec::new());
    let batch = entries(0, 50);
    carry(&mut *sink(plan(redis.at, RedisShape::Channel)), &batch).await.expect("through");
    for entry in &batch {
        let mut message = Vec::new();
        value(&mut listener, &mut message);
        assert_eq!(message[0..2], ["message", "rmm watch"]);
        assert_eq!(message[2].as_bytes(), entry.body);
    }
}

#[tokio::test]
async fn users_passwords_and_databases() {
    let acl = ["--requirepass", "right-one", "--user", "sensor", "on", ">other-one", "~*", "+@all"];
    let Some(redis) = Redis::start(&acl) else { return };
    let table = [
        (None, Some("right-one"), 3, ""),
        (Some("sensor"), Some("other-one"), 0, ""),
        (Some("sensor"), Some("wrong-one"), 0, "AUTH: WRONGPASS"),
        (None, Some("wrong-one"), 0, "AUTH: WRONGPASS"),
        (None, None, 0, "NOAUTH"),
        (None, Some("right-one"), 99, "SELECT: ERR DB index is out of range"),
    ];
    for (user, password, database, said) in table {
        let mut sink = sink(RedisPlan {
            user: user.map(ToOwned::to_owned),
            password: password.map(Secret::new),
            database,
            ..plan(redis.at, RedisShape::List)
        });
        match carry(&mut *sink, &entries(0, 1)).await {
            Ok(_) => assert_eq!(said, "", "{user:?} {password:?}"),
            Err(setback) => {
                assert!(!said.is_empty() && setback.why.contains(said), "{}", setback.why);
                assert!(!setback.why.contains("-one"), "a secret is shown: {}", setback.why);
            }
        }
    }
}

#[tokio::test]
async fn what_redis_refuses_is_a_setback_that_says_what_to_do() {
    let Some(redis) = Redis::start(&["--maxmemory", "1mb"]) else { return };
    redis.ask(&["SET", "taken", "x"]);
    let other = RedisPlan { key: "taken".to_owned(), ..plan(redis.at, RedisShape::List) };
    let why = carry(&mut *sink(other), &entries(0, 1)).await.expect_err("another type").why;
    assert!(why.contains("WRONGTYPE") && why.contains("choose another"), "{why}");

    // Of a pipeline, what went in before the memory was full is through.
    let mut sink = sink(plan(redis.at, RedisShape::Stream(0)));
    let batch = entries(0, 20_000);
    let setback = carry(&mut *sink, &batch).await.expect_err("memory is full");
    assert!(setback.why.contains("OOM") && setback.why.contains("maxmemory"), "{}", setback.why);
    let length = redis.ask(&["XLEN", "rmm watch"])[0].parse::<usize>().expect("a number");
    assert_eq!(setback.carried, length);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_after_it_stored_has_everything_at_least_once() {
    let files = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut redis) = Redis::start(&files) else { return };
    let wire = Wire::to(redis.at);
    let mut sink = sink(plan(wire.at, RedisShape::Stream(0)));
    carry(&mut *sink, &entries(0, 10)).await.expect("through");

    wire.lose_answers(true);
    let attempt = tokio::spawn(async move {
        let outcome = carry(&mut *sink, &entries(10, 500)).await;
        (sink, outcome)
    });
    while redis.ask(&["XLEN", "rmm watch"]) != ["500"] {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    redis.server.kill();
    wire.cut();
    let (mut sink, outcome) = attempt.await.expect("no panic");
    assert_eq!(outcome.expect_err("no answer came").carried, 0);
    redis.restart();
    wire.lose_answers(false);
    carry_all(&mut *sink, &entries(10, 500)).await;

    let all = redis.ask(&["XRANGE", "rmm watch", "-", "+"]);
    let mut ids: Vec<&String> = all.iter().skip(4).step_by(5).collect();
    assert_eq!(ids.len(), 990, "an answer that is lost makes duplicates");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 500, "which their ids remove");
}

#[tokio::test]
async fn tls_is_checked_and_never_left_out() {
    let at = free_place();
    let pki = Pki::new(at.ip());
    let path = |name: &str| pki.path(name).display().to_string();
    let (cert, key, ca) = (path("server.pem"), path("server.key"), path("ca.pem"));
    let port = at.port().to_string();
    let tls = [
        "--port",
        "0",
        "--tls-port",
        &port,
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &ca,
    ];
    let Some(redis) = Redis::start_at(at, &tls) else { return };
    let table =
        [("ca.pem", true, ""), ("other.pem", true, "UnknownIssuer"), ("ca.pem", false, "Redis at")];
    for (ca, shows, said) in table {
        let mut sink = sink(RedisPlan {
            place: place(redis.at, true),
            tls: pki.plan(ca, shows),
            ..plan(redis.at, RedisShape::List)
        });
        match carry(&mut *sink, &entries(0, 1)).await {
            Ok(_) => assert_eq!(said, "", "{ca}, {shows}"),
            Err(setback) => {
                assert!(!said.is_empty() && setback.why.contains(said), "{ca}: {}", setback.why);
            }
        }
    }
}

#[tokio::test]
async fn servers_that_are_none_are_setbacks() {
    let table = [
        ("down", free_place()),
        ("HTTP", Stub::new(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n").at),
        ("binary", Stub::new(b"", &[0xff; 100]).at),
        ("an array", Stub::new(b"", b"*1000000000\r\n").at),
        ("a reply without end", Stub::new(b"", &[b'+'; 100_000]).at),
        ("a reply that is too long", Stub::new(b"", b"$2000000000\r\n").at),
        ("loading", Stub::new(b"", b"-LOADING Redis is loading the dataset in memory\r\n").at),
    ];
    for (what, at) in table {
        let mut sink = sink(plan(at, RedisShape::Stream(0)));
        let setback = carry(&mut *sink, &entries(0, 3)).await.expect_err(what);
        assert!(setback.why.contains(&at.to_string()), "{what}: {}", setback.why);
        assert_eq!(setback.carried, 0, "{what}");
    }
}
