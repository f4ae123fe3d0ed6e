//! What all broker tests need: processes that end with the test, sinks made of plans, entries.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deliver::Stream;
use deliver::sinks::{Carried, Carrier, Entry, Kind, Place, Setback, SinkPlan};

/// A server that is killed when the test ends, however it ends.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(command: &mut Command) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Server(child.expect("the server starts"))
    }

    /// `kill -9`, and gone.
    pub(crate) fn kill(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A program of the peers' Python environment, or of the system; says so when there is none.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let peers = std::env::var_os("RMMWATCH_PEERS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.peers"),
        PathBuf::from,
    );
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![peers.join("venv/bin")];
    folders.extend(std::env::split_paths(&search));
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        println!("SKIPPED: {name} is not installed (packaging/ci/deps.sh test)");
    }
    found
}

/// A loopback address that only this test process uses, and a port that is free there.
pub(crate) fn free_place() -> SocketAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, high.saturating_add(1), middle, low.max(1));
    let listener = TcpListener::bind((IpAddr::V4(address), 0)).expect("a port");
    listener.local_addr().expect("its address")
}

/// Wait until something listens there.
pub(crate) fn wait_for(place: SocketAddr) {
    wait_until("a server listens", || TcpStream::connect(place).is_ok());
}

/// Wait up to ten seconds.
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn place(at: SocketAddr, tls: bool) -> Place {
    Place { host: at.ip().to_string(), port: at.port(), tls }
}

pub(crate) fn carrier(kind: Kind) -> Box<dyn Carrier> {
    let plan = SinkPlan {
        name: "test".to_owned(),
        streams: vec![Stream::Alerts],
        kind,
        prepare: Arc::new(|_, _, _| None),
        batch_records: 1000,
        batch_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
    };
    deliver::sinks::carrier(&plan).expect("this kind is built in")
}

/// Entries `from..to`, each with an id and a body of its own.
pub(crate) fn entries(from: u64, to: u64) -> Vec<Entry> {
    let entry = |seq| {
        let body = format!(r#"{{"n":{seq},"text":"ünïcode \"quoted\" * $5\\r\\n"}}"#).into_bytes();
        Entry { seq, stream: Stream::Alerts, id: format!("id-{seq}"), line: body.clone(), body }
    };
    (from..to).map(entry).collect()
}

/// One attempt, within 15 seconds.
pub(crate) async fn carry(sink: &mut dyn Carrier, batch: &[Entry]) -> Result<Carried, Setback> {
    tokio::time::timeout(Duration::from_secs(15), sink.carry(batch)).await.expect("an outcome")
}

/// Attempts until all is through, as the runner makes them; gives what was refused.
pub(crate) async fn carry_all(sink: &mut dyn Carrier, mut batch: &[Entry]) -> usize {
    let mut refused = 0;
    for _ in 0..100 {
        match carry(sink, batch).await {
            Ok(carried) => return refused + carried.refused.len(),
            Err(setback) => {
                refused += setback.refused.len();
                batch = batch.get(setback.carried..).expect("no more than there were");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    panic!("not through after 100 attempts");
}
