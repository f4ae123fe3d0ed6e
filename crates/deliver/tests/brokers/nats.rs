//! The NATS sink against nats-server: stored once, in order, whatever is killed.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, consumer, stream};
use deliver::sinks::{Carrier, Entry, Kind, NatsAuth, NatsPlan, NatsStream, Secret, TlsPlan};
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::peers::{
    Server, carrier, carry, carry_all, entries, free_place, place, program, wait_for,
};
use super::pki::Pki;
use super::stubs::{Stub, Wire};

/// A nats-server with JetStream on disk; `more` are lines of its configuration.
pub(crate) struct Nats {
    pub(crate) at: SocketAddr,
    folder: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Nats {
    pub(crate) fn start(more: &str) -> Option<Nats> {
        let binary = program("nats-server")?;
        let (at, folder) = (free_place(), tempfile::tempdir().expect("a folder"));
        let config = format!(
            "listen: \"{at}\"\njetstream {{ store_dir: {:?} }}\n{more}\n",
            folder.path().join("store")
        );
        std::fs::write(folder.path().join("nats.conf"), config).expect("written");
        let server = launch(&binary, folder.path(), at);
        Some(Nats { at, folder, server })
    }

    pub(crate) fn restart(&mut self) {
        self.server =
            launch(&program("nats-server").expect("as before"), self.folder.path(), self.at);
    }

    pub(crate) async fn context(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(self.at.to_string()).await.expect("connected"))
    }
}

fn launch(binary: &Path, folder: &Path, at: SocketAddr) -> Server {
    let mut command = Command::new(binary);
    command.arg("-c").arg(folder.join("nats.conf")).stderr(Stdio::null());
    let server = Server::start(&mut command);
    wait_for(at);
    server
}

pub(crate) fn plan(at: SocketAddr) -> NatsPlan {
    NatsPlan {
        servers: vec![place(at, false)],
        tls: TlsPlan::default(),
        auth: NatsAuth::None,
        stream: "RMM".to_owned(),
        subject: Arc::new(|_, _| "rmm.v1.alerts.site-1.sensor-1".to_owned()),
        create: Some(made()),
    }
}

fn made() -> NatsStream {
    NatsStream {
        subjects: vec!["rmm.>".to_owned()],
        bytes_max: Some(1 << 30),
        age_max: Some(Duration::from_secs(3600)),
        duplicates: Duration::from_secs(600),
        replicas: 1,
    }
}

fn sink(plan: NatsPlan) -> Box<dyn Carrier> {
    carrier(Kind::Nats(plan))
}

/// Every message of the stream: its subject, id and body.
pub(crate) async fn stored(context: &jetstream::Context) -> Vec<(String, String, Vec<u8>)> {
    let mut stream = context.get_stream("RMM").await.expect("the stream");
    let count = stream.info().await.expect("its state").state.messages;
    let config = consumer::pull::Config {
        ack_policy: consumer::AckPolicy::None,
        ..consumer::pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.expect("a consumer");
    let messages = consumer.messages().await.expect("messages");
    let count = usize::try_from(count).expect("not many");
    let all = messages.take(count).map(|message| {
        let message = message.expect("a message");
        let id = message.headers.as_ref().and_then(|all| all.get("Nats-Msg-Id"));
        let id = id.expect("an id").to_string();
        (message.subject.to_string(), id, message.payload.to_vec())
    });
    tokio::time::timeout(Duration::from_secs(15), all.collect()).await.expect("read in time")
}

async fn count(context: &jetstream::Context) -> u64 {
    match context.get_stream("RMM").await {
        Ok(mut stream) => stream.info().await.map_or(0, |info| info.state.messages),
        Err(_) => 0,
    }
}

/// Each entry is stored exactly once.
async fn assert_once(context: &jetstream::Context, batch: &[Entry]) {
    let stored = stored(context).await;
    let ids: HashSet<&str> = stored.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(stored.len(), batch.len(), "stored, of which {} differ", ids.len());
    for entry in batch {
        assert!(ids.contains(entry.id.as_str()), "{} is missing", entry.id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_stored_in_order_and_once_however_often_they_are_sent() {
    let Some(nats) = Nats::start("") else { return };
    let mut sink = sink(plan(nats.at));
    let batch = entries(0, 3000);
    for _ in 0..2 {
        assert_eq!(carry(&mut *sink, &batch).await.expect("through").refused, []);
    }
    let stored = stored(&nats.context().await).await;
    assert_eq!(stored.len(), batch.len());
    for (entry, (subject, id, body)) in batch.iter().zip(&stored) {
        assert_eq!(subject, "rmm.v1.alerts.site-1.sensor-1");
        assert_eq!((id, body), (&entry.id, &entry.body));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_between_storing_and_acknowledging_stores_once() {
    let Some(mut nats) = Nats::start("") else { return };
    let wire = Wire::to(nats.at);
    let mut sink = sink(plan(wire.at));
    carry(&mut *sink, &entries(0, 10)).await.expect("through");
    let (context, batch) = (nats.context().await, entries(10, 510));

    wire.lose_answers(true);
    let attempt = tokio::spawn(async move {
        let outcome = carry(&mut *sink, &entries(10, 510)).await;
        (sink, outcome)
    });
    while count(&context).await < 510 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    nats.server.kill();
    wire.cut();
    let (mut sink, outcome) = attempt.await.expect("no panic");
    let setback = outcome.expect_err("never acknowledged");
    assert_eq!((setback.carried, setback.refused.len()), (0, 0), "{}", setback.why);

    nats.restart();
    wire.lose_answers(false);
    assert_eq!(carry_all(&mut *sink, &batch).await, 0);
    assert_once(&nats.context().await, &entries(0, 510)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_again_and_again_under_load_stores_each_once() {
    let Some(mut nats) = Nats::start("") else { return };
    let mut sink = sink(plan(nats.at));
    let batch = entries(0, 20_000);
    let all = batch.clone();
    let load = tokio::spawn(async move {
        for part in all.chunks(1000) {
            assert_eq!(carry_all(&mut *sink, part).await, 0);
        }
    });
    let mut kills = 0;
    while !load.is_finished() {
        tokio::time::sleep(Duration::from_millis(150)).await;
        if kills < 3 && count(&nats.context().await).await > 2000 * (kills + 1) {
            nats.server.kill();
            tokio::time::sleep(Duration::from_millis(100)).await;
            nats.restart();
            kills += 1;
        }
    }
    load.await.expect("no panic");
    assert!(kills > 0, "the load was over before the first kill");
    assert_once(&nats.context().await, &batch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_stream_is_said_with_the_command_that_makes_it() {
    let Some(nats) = Nats::start("") else { return };
    let mut bare = sink(NatsPlan { create: None, ..plan(nats.at) });
    let why = carry(&mut *bare, &entries(0, 1)).await.expect_err("no stream").why;
    assert!(why.contains("nats stream add RMM --subjects 'rmm.>'"), "{why}");
    assert_eq!(count(&nats.context().await).await, 0, "nothing was made");

    carry(&mut *sink(plan(nats.at)), &entries(0, 1)).await.expect("made");
    let mut stream = nats.context().await.get_stream("RMM").await.expect("the stream");
    let config = stream.info().await.expect("its settings").config.clone();
    assert_eq!(config.subjects, ["rmm.>"]);
    assert_eq!((config.max_bytes, config.max_age), (1 << 30, Duration::from_secs(3600)));
    assert_eq!(config.duplicate_window, Duration::from_secs(600));
    assert_eq!(config.storage, stream::StorageType::File);

    carry(&mut *bare, &entries(1, 2)).await.expect("it is there now");
    let other = NatsStream { subjects: vec!["x.>".to_owned()], ..made() };
    let mut other = sink(NatsPlan { create: Some(other), ..plan(nats.at) });
    carry(&mut *other, &entries(2, 3)).await.expect("what exists is left as it is");
    assert_eq!(count(&nats.context().await).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_stream_takes_is_not_through() {
    let Some(nats) = Nats::start("") else { return };
    let config = stream::Config {
        name: "OTHER".to_owned(),
        subjects: vec!["rmm.>".to_owned()],
        ..stream::Config::default()
    };
    nats.context().await.create_stream(config).await.expect("another stream");
    let mut sink = sink(NatsPlan { create: None, ..plan(nats.at) });
    let setback = carry(&mut *sink, &entries(0, 1)).await.expect_err("another stream's");
    assert!(setback.why.contains("another stream"), "{}", setback.why);
    assert_eq!(setback.carried, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_or_has_no_subject_is_refused_and_the_rest_goes() {
    let Some(nats) = Nats::start("max_payload: 64KB") else { return };
    let mut batch = entries(0, 4);
    batch[1].body = vec![b'x'; 80 << 10];
    batch[2].line = b"no subject".to_vec();
    let subject = |_, line: &[u8]| match line {
        b"no subject" => "rmm.*".to_owned(),
        _ => "rmm.v1.x".to_owned(),
    };
    let mut sink = sink(NatsPlan { subject: Arc::new(subject), ..plan(nats.at) });
    let refused = carry(&mut *sink, &batch).await.expect("through").refused;
    let told: Vec<(usize, bool)> =
        refused.iter().map(|refused| (refused.at, refused.why.contains("65536"))).collect();
    assert_eq!(told, [(1, true), (2, false)], "{refused:?}");
    assert_eq!(count(&nats.context().await).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_we_are_is_asked_and_never_shown() {
    // A pair of keys that the NATS documentation shows.
    const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
    let user = |password: &str| NatsAuth::User("sensor".to_owned(), Secret::new(password));
    let (operator, user_file, stranger_file) = super::jwt::operator();
    let nkey = format!("authorization {{ users: [ {{ nkey: {PUBLIC} }} ] }}");
    let table = [
        (
            "authorization { token: \"right-one\" }",
            NatsAuth::Token(Secret::new("right-one\n")),
            true,
        ),
        (
            "authorization { token: \"right-one\" }",
            NatsAuth::Token(Secret::new("wrong-one")),
            false,
        ),
        ("authorization { user: sensor, password: right-one }", user("right-one"), true),
        ("authorization { user: sensor, password: right-one }", user("wrong-one"), false),
        ("authorization { user: sensor, password: right-one }", NatsAuth::None, false),
        (&nkey, NatsAuth::NKey(Secret::new(SEED)), true),
        (&nkey, NatsAuth::NKey(Secret::new("wrong-one")), false),
        (&nkey, NatsAuth::Credentials(Secret::new("wrong-one")), false),
        (&operator, NatsAuth::Credentials(Secret::new(&user_file)), true),
        (&operator, NatsAuth::Credentials(Secret::new(&stranger_file)), false),
    ];
    for (config, auth, good) in table {
        let Some(nats) = Nats::start(config) else { return };
        let mut sink = sink(NatsPlan { auth: auth.clone(), ..plan(nats.at) });
        match carry(&mut *sink, &entries(0, 1)).await {
            Ok(_) => assert!(good, "{config} with {auth:?}"),
            Err(setback) => {
                assert!(!good, "{config} with {auth:?}: {}", setback.why);
                assert!(!setback.why.contains("-one"), "a secret is shown: {}", setback.why);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_forbids_is_said_at_once() {
    let users = "authorization { users: [ { user: s, password: p, permissions: \
                 { publish: [\"$JS.API.>\"], subscribe: [\"_INBOX.>\"] } } ] }";
    let Some(nats) = Nats::start(users) else { return };
    let auth = NatsAuth::User("s".to_owned(), Secret::new("p"));
    let mut sink = sink(NatsPlan { auth, ..plan(nats.at) });
    let begun = std::time::Instant::now();
    let why = carry(&mut *sink, &entries(0, 1)).await.expect_err("forbidden").why;
    assert!(why.to_lowercase().contains("permissions violation"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_checked_and_never_left_out() {
    let at = free_place();
    let pki = Pki::new(at.ip());
    let tls = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        pki.path("server.pem"),
        pki.path("server.key"),
        pki.path("ca.pem"),
    );
    let Some(nats) = Nats::start(&tls) else { return };
    let table =
        [("ca.pem", true, ""), ("other.pem", true, "UnknownIssuer"), ("ca.pem", false, "NATS")];
    for (ca, shows, said) in table {
        let servers = vec![place(nats.at, true)];
        let mut sink = sink(NatsPlan { servers, tls: pki.plan(ca, shows), ..plan(nats.at) });
        match carry(&mut *sink, &entries(0, 1)).await {
            Ok(_) => assert_eq!(said, "", "{ca}, {shows}"),
            Err(setback) => {
                assert!(!said.is_empty() && setback.why.contains(said), "{ca}: {}", setback.why);
            }
        }
    }

    // A server that offers no TLS hears no more than the beginning of a handshake.
    let info = b"INFO {\"server_id\":\"x\",\"version\":\"2.12.0\",\"go\":\"\",\"host\":\"x\",\
                 \"port\":1,\"headers\":true,\"max_payload\":1048576,\"proto\":1}\r\n";
    let stub = Stub::new(info, b"PONG\r\n");
    let auth = NatsAuth::User("sensor".to_owned(), Secret::new("password-1"));
    let plain = NatsPlan { servers: vec![place(stub.at, true)], auth, ..plan(stub.at) };
    let mut sink = sink(NatsPlan { tls: pki.plan("ca.pem", true), ..plain });
    carry(&mut *sink, &entries(0, 1)).await.expect_err("no TLS");
    let heard = stub.heard();
    assert_eq!(heard.first(), Some(&0x16), "a TLS handshake");
    assert!(!heard.windows(7).any(|part| part == b"CONNECT"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_none_are_setbacks() {
    let nobody = free_place();
    let table = [
        ("down", nobody),
        ("says nothing", Stub::new(b"", b"").at),
        ("garbage", Stub::new(b"220 mail.example ESMTP\r\n", b"500 what?\r\n").at),
        ("binary", Stub::new(&[0xff; 64], b"\0").at),
        ("half of it", Stub::new(b"INFO {\"server_id\":", b"").at),
    ];
    let all = table.map(|(what, at)| async move {
        let setback = carry(&mut *sink(plan(at)), &entries(0, 1)).await.expect_err(what);
        assert!(setback.why.contains(&at.to_string()), "{what}: {}", setback.why);
        assert_eq!(setback.carried, 0, "{what}");
    });
    join_all(all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_servers_one_that_answers_is_enough() {
    let Some(nats) = Nats::start("") else { return };
    let servers = vec![place(free_place(), false), place(nats.at, false)];
    let mut sink = sink(NatsPlan { servers, ..plan(nats.at) });
    for n in 0..8 {
        carry(&mut *sink, &entries(n, n + 1)).await.expect("through");
    }
    assert_eq!(count(&nats.context().await).await, 8);
}
