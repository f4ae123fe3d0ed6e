//! Records through the spool to a broker that fails meanwhile: none is lost, and what came twice bears
//! the same id. 20,000 of them and outages of seconds; with `RMMWATCH_LONG=1`, 100,000 and a minute.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use deliver::sinks::{Kind, Prepare, RedisShape, SinkPlan, SinkState};
use deliver::{Delivery, SpoolOptions, Spooling, Stream};

use super::peers::wait_for;
use super::stubs::Wire;
use super::{nats, redis};

/// What happens to a server, from before the load on.
type Fault<S> = fn(&mut S, &Wire);

/// A server that faults happen to.
trait Victim: Send + 'static {
    /// Not running yet.
    fn new() -> Option<Self>
    where
        Self: Sized;
    fn at(&self) -> SocketAddr;
    fn start(&mut self);
    fn kill(&mut self);
    fn signal(&self, signal: &str);
    fn kind(at: SocketAddr) -> Kind;
    /// How often it has each id.
    fn ids(&self) -> HashMap<String, usize>;
}

impl Victim for nats::Nats {
    fn new() -> Option<nats::Nats> {
        nats::Nats::start("").map(killed)
    }
    fn at(&self) -> SocketAddr {
        self.at
    }
    fn start(&mut self) {
        self.restart();
    }
    fn kill(&mut self) {
        self.server.kill();
    }
    fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }
    fn kind(at: SocketAddr) -> Kind {
        Kind::Nats(nats::plan(at))
    }
    fn ids(&self) -> HashMap<String, usize> {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let stored = runtime.block_on(async { nats::stored(&self.context().await).await });
        counted(stored.into_iter().map(|(_, id, _)| id))
    }
}

impl Victim for redis::Redis {
    fn new() -> Option<redis::Redis> {
        redis::Redis::start(&["--appendonly", "yes"]).map(killed)
    }
    fn at(&self) -> SocketAddr {
        self.at
    }
    fn start(&mut self) {
        self.restart();
    }
    fn kill(&mut self) {
        self.server.kill();
    }
    fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }
    fn kind(at: SocketAddr) -> Kind {
        Kind::Redis(redis::plan(at, RedisShape::Stream(0)))
    }
    fn ids(&self) -> HashMap<String, usize> {
        let all = self.ask(&["XRANGE", "rmm watch", "-", "+"]);
        counted(all.into_iter().skip(4).step_by(5))
    }
}

fn killed<V: Victim>(mut victim: V) -> V {
    victim.kill();
    victim
}

fn counted(ids: impl Iterator<Item = String>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for id in ids {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

fn long() -> bool {
    std::env::var_os("RMMWATCH_LONG").is_some()
}

fn outage() -> Duration {
    Duration::from_secs(if long() { 60 } else { 2 })
}

fn records() -> usize {
    if long() { 100_000 } else { 20_000 }
}

/// What happens, by name.
fn faults<V: Victim>() -> [(&'static str, Fault<V>); 5] {
    [
        ("down at the start", |victim, _| {
            sleep(outage());
            victim.start();
        }),
        ("killed under load, and back", |victim, _| {
            victim.start();
            sleep(Duration::from_millis(700));
            victim.kill();
            sleep(outage());
            victim.start();
        }),
        ("stopped for a while, three times", |victim, _| {
            victim.start();
            for _ in 0..3 {
                sleep(Duration::from_millis(400));
                victim.signal("STOP");
                sleep(outage() / 2);
                victim.signal("CONT");
            }
        }),
        ("connections cut ten times, answers lost", |victim, wire| {
            victim.start();
            for _ in 0..10 {
                sleep(Duration::from_millis(150));
                wire.lose_answers(true);
                sleep(Duration::from_millis(20));
                wire.cut();
                wire.lose_answers(false);
            }
        }),
        ("another server there at first, which talks nonsense", |victim, _| {
            let listener = TcpListener::bind(victim.at()).expect("its port");
            listener.set_nonblocking(true).expect("set");
            let begun = Instant::now();
            while begun.elapsed() < outage() {
                if let Ok((mut stream, _)) = listener.accept() {
                    std::io::Write::write_all(&mut stream, b"SSH-2.0-OpenSSH_9.9\r\n").ok();
                }
                sleep(Duration::from_millis(5));
            }
            drop(listener);
            victim.start();
        }),
    ]
}

fn suffer<V: Victim>(at: usize) {
    let (what, fault) = faults::<V>()[at];
    let Some(mut victim) = V::new() else { return };
    let wire = Wire::to(victim.at());
    let kind = V::kind(wire.at);
    let suffering = thread::spawn(move || {
        fault(&mut victim, &wire);
        wait_for(victim.at());
        victim
    });
    let begun = Instant::now();
    let state = deliver(kind);
    let took = begun.elapsed();
    let ids = suffering.join().expect("no panic").ids();
    let records = records();
    let twice: usize = ids.values().map(|count| count - 1).sum();
    println!(
        "{}: {what}: {records} records in {:.1} s, {} setbacks, {} lost, {twice} twice",
        state.kind,
        took.as_secs_f64(),
        state.setbacks,
        records - ids.len(),
    );
    assert_eq!((ids.len(), state.lost, state.waiting), (records, 0, 0), "{state:?}");
    if state.kind == "nats" {
        assert_eq!(twice, 0, "the stream knows them again");
    }
}

/// The load over about two seconds, and how the sink stands when all is through.
fn deliver(kind: Kind) -> SinkState {
    let folder = tempfile::tempdir().expect("a folder");
    let prepare: Prepare = Arc::new(|_, line, out| {
        out.extend_from_slice(line);
        Some(String::from_utf8_lossy(line).split('"').nth(3)?.to_owned())
    });
    let sink = SinkPlan {
        name: "sink".to_owned(),
        streams: vec![Stream::Alerts],
        kind,
        prepare,
        batch_records: 500,
        batch_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
    };
    let spooling = Spooling {
        folder: folder.path().join("spool"),
        options: SpoolOptions::default(),
        sinks: vec![sink],
        drain: Duration::from_secs(120),
    };
    let delivery = Delivery::start(Vec::new()).and_then(|all| all.with_sinks(spooling));
    let delivery = delivery.expect("a spool");
    let numbers: Vec<usize> = (0..records()).collect();
    for part in numbers.chunks(records() / 100) {
        let lines: Vec<String> =
            part.iter().map(|n| format!("{{\"id\":\"id-{n}\",\"text\":\"{n:0200}\"}}\n")).collect();
        delivery.send(Stream::Alerts, lines.concat().into_bytes()).expect("taken");
        sleep(Duration::from_millis(20));
    }
    let (_, sinks) = delivery.finish().expect("an end").sinks.expect("sinks");
    sinks.into_iter().next().expect("one sink")
}

#[test]
fn nats_down_at_the_start() {
    suffer::<nats::Nats>(0);
}

#[test]
fn nats_killed_under_load() {
    suffer::<nats::Nats>(1);
}

#[test]
fn nats_stopped_for_a_while() {
    suffer::<nats::Nats>(2);
}

#[test]
fn nats_cut_and_unanswered() {
    suffer::<nats::Nats>(3);
}

#[test]
fn nats_after_nonsense() {
    suffer::<nats::Nats>(4);
}

#[test]
fn redis_down_at_the_start() {
    suffer::<redis::Redis>(0);
}

#[test]
fn redis_killed_under_load() {
    suffer::<redis::Redis>(1);
}

#[test]
fn redis_stopped_for_a_while() {
    suffer::<redis::Redis>(2);
}

#[test]
fn redis_cut_and_unanswered() {
    suffer::<redis::Redis>(3);
}

#[test]
fn redis_after_nonsense() {
    suffer::<redis::Redis>(4);
}
