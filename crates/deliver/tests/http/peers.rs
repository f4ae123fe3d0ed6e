//! What all these tests need: processes that end with the test, carriers made of plans, entries.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deliver::Stream;
use deliver::sinks::{
    AlertmanagerPlan, Auth, Carried, Carrier, ElasticPlan, Entry, EveBoxPlan, HecPlan, HttpPlan,
    Join, Kind, LokiPlan, Place, Secret, Setback, SinkPlan, TlsPlan, WebhookPlan,
};

/// A server that is killed when the test ends, however it ends.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(command: &mut Command) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Server(child.spawn().expect("the server starts"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A program of the peers' folder, or of the system; says so when there is none.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let peers = std::env::var_os("RMMWATCH_PEERS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.peers"),
        PathBuf::from,
    );
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![peers.join("bin")];
    folders.extend(std::env::split_paths(&search));
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        println!("SKIPPED: {name} is not installed");
    }
    found
}

/// A port of the loopback that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Wait up to ten seconds.
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn http(port: u16, path: &str) -> HttpPlan {
    HttpPlan {
        place: Place { host: "127.0.0.1".to_owned(), port, tls: false },
        path: path.to_owned(),
        tls: TlsPlan::default(),
        auth: Auth::None,
        headers: Vec::new(),
    }
}

/// Each kind of this family, at that server.
pub(crate) fn kinds(http: &HttpPlan) -> [(&'static str, Kind); 8] {
    let to = |path: &str| HttpPlan { path: path.to_owned(), ..http.clone() };
    let webhook = |join| {
        let content_type = "application/json".to_owned();
        Kind::Webhook(WebhookPlan { http: to("/hook"), content_type, join })
    };
    let splunk = Auth::Scheme("Splunk".to_owned(), Secret::new("hunter22"));
    let collector = HttpPlan { auth: splunk, ..to("/services/collector/event") };
    [
        ("elastic", Kind::Elastic(ElasticPlan { http: to("/_bulk"), index: "rmm".to_owned() })),
        ("hec", Kind::Hec(HecPlan { http: collector, ack: false })),
        ("loki", Kind::Loki(LokiPlan { http: to("/loki/api/v1/push"), tenant: None })),
        ("alertmanager", Kind::Alertmanager(AlertmanagerPlan { http: to("/api/v2/alerts") })),
        ("evebox", Kind::EveBox(EveBoxPlan { http: to("/api/1/submit") })),
        ("webhook-each", webhook(Join::Each)),
        ("webhook-lines", webhook(Join::Lines)),
        ("webhook-array", webhook(Join::Array)),
    ]
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

/// An entry of that id and body.
pub(crate) fn entry(seq: u64, id: &str, body: &str) -> Entry {
    let body = body.as_bytes().to_vec();
    Entry { seq, stream: Stream::Alerts, id: id.to_owned(), line: body.clone(), body }
}

/// Entries `from..to` as Loki has them, which is JSON to everybody else.
pub(crate) fn entries(from: u64, to: u64) -> Vec<Entry> {
    let made = |seq: u64| {
        let nanos = 1_795_292_142_000_000_000 + seq;
        let line = format!(r#"the \"{seq}\"th line, ünïcode * $5\\r\\n"#);
        let body = format!(
            r#"{{"stream":{{"job":"rmmwatch"}},"values":[["{nanos}","{line}",{{"n":"{seq}"}}]]}}"#
        );
        entry(seq, &format!("id-{seq}"), &body)
    };
    (from..to).map(made).collect()
}

thread_local! {
    /// One for all that a test does: connections outlive an attempt.
    static RUNTIME: tokio::runtime::Runtime = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime")
    };
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// One attempt, of that many seconds at most: what the runner makes of it.
pub(crate) fn carry_within(
    sink: &mut dyn Carrier,
    batch: &[Entry],
    limit: Duration,
) -> Result<Carried, Setback> {
    run(async {
        let outcome = tokio::time::timeout(limit, sink.carry(batch)).await;
        outcome.unwrap_or_else(|_| Err(Setback::new("no answer within the time")))
    })
}

pub(crate) fn carry(sink: &mut dyn Carrier, batch: &[Entry]) -> Result<Carried, Setback> {
    carry_within(sink, batch, Duration::from_secs(10))
}

/// Attempts until all is through, as the runner makes them; the ids that were refused.
pub(crate) fn carry_all(sink: &mut dyn Carrier, mut batch: &[Entry]) -> Vec<String> {
    let mut refused = Vec::new();
    let id = |batch: &[Entry], at: usize| batch[at].id.clone();
    run(async {
        for _ in 0..200 {
            match sink.carry(batch).await {
                Ok(carried) => {
                    refused.extend(carried.refused.iter().map(|one| id(batch, one.at)));
                    return refused;
                }
                Err(setback) => {
                    assert!(setback.refused.iter().all(|one| one.at < setback.carried));
                    refused.extend(setback.refused.iter().map(|one| id(batch, one.at)));
                    batch = &batch[setback.carried..];
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
        panic!("not through after 200 attempts")
    })
}

/// `GET` of a server on the loopback: the body, when the status was 200.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}

/// The golden native records as EVE events, where they have a form there.
pub(crate) fn eve() -> Vec<Entry> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../records/tests/golden");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(golden)
        .expect("golden records")
        .flatten()
        .map(|one| one.path())
        .collect();
    paths.sort();
    let mut entries = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a record");
        if text.starts_with("{\"@timestamp\":\"1970") {
            continue; // Who shows records by their age does not show this one.
        }
        let record = records::Native::parse(text.trim_end().as_bytes()).expect("a native record");
        let mut body = Vec::new();
        let options = records::FormatOptions::default();
        if records::shape(records::Format::Eve, &record, &options, &mut body) {
            let id = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let body = String::from_utf8(body).expect("text");
            entries.push(entry(entries.len() as u64, &id, &body));
        }
    }
    assert!(entries.len() > 10, "{} events", entries.len());
    entries
}
