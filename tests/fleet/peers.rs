//! A nats-server of one's own, programs that end with the test, and what they told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream;

/// A program that is killed when the test ends, however it ends.
pub(crate) struct Running(Child);

impl Running {
    /// `kill -9`, and gone.
    pub(crate) fn kill(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }

    /// SIGTERM, and wait for its end.
    pub(crate) fn stop(&mut self) {
        let id = self.0.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        wait_until("the program ends", || matches!(self.0.try_wait(), Ok(Some(_))));
    }
}

impl Running {
    /// Whether it ended.
    pub(crate) fn is_over(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Wait up to half a minute.
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A nats-server with JetStream, and a folder for everything.
pub(crate) struct Nats {
    pub(crate) url: String,
    pub(crate) folder: tempfile::TempDir,
    _server: Running,
}

impl Nats {
    /// None, and said so, where there is no nats-server.
    pub(crate) fn start() -> Option<Nats> {
        let peers = std::env::var_os("RMMWATCH_PEERS").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".peers"),
            PathBuf::from,
        );
        let search = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(peers.join("venv/bin")).chain(std::env::split_paths(&search));
        let Some(binary) = folders.map(|at| at.join("nats-server")).find(|at| at.is_file()) else {
            println!("SKIPPED: nats-server is not installed (packaging/ci/deps.sh test)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let ports = folder.path().join("ports");
        std::fs::create_dir(&ports).expect("a folder");
        let server = Command::new(binary)
            .args(["-a", "127.0.0.1", "-p", "-1", "-js", "-sd"])
            .arg(folder.path().join("store"))
            .arg("--ports_file_dir")
            .arg(&ports)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let server = Running(server.expect("nats-server starts"));
        let mut url = None;
        wait_until("nats-server listens", || {
            let file = std::fs::read_dir(&ports).expect("a folder").flatten().next();
            let text = file.and_then(|file| std::fs::read_to_string(file.path()).ok());
            let told = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
            url = told.and_then(|told| told["nats"][0].as_str().map(str::to_owned));
            url.is_some()
        });
        let url = url.expect("just seen");
        Some(Nats { url, folder, _server: server })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Settings of a sensor that forwards facts, or of an analyst.
    pub(crate) fn settings(&self, sensor: &str, partitions: u16, group: &str) -> PathBuf {
        let path = self.path(&format!("{sensor}-{partitions}-{group}.toml"));
        let (url, spool) = (&self.url, self.path(&format!("spool-{sensor}")));
        let text = format!(
            "[sensor]\nname = \"{sensor}\"\nsite = \"here\"\n\
             [fleet]\npartitions = {partitions}\ngroup = \"{group}\"\n\
             [spool]\npath = {spool:?}\ndrain_secs = 30\n\
             [[sink]]\nname = \"fleet\"\nkind = \"nats\"\nto = \"{url}\"\nrecords = [\"facts\"]\n\
             create = true\n"
        );
        std::fs::write(&path, text).expect("written");
        path
    }

    /// Settings of an analyst: no sink, no spool.
    pub(crate) fn analyst(&self, partitions: u16, group: &str) -> PathBuf {
        let path = self.path(&format!("analyst-{partitions}-{group}.toml"));
        let text = format!("[fleet]\npartitions = {partitions}\ngroup = \"{group}\"\n");
        std::fs::write(&path, text).expect("written");
        path
    }

    /// All messages of the stream, in its order.
    pub(crate) async fn messages(&self) -> Vec<Vec<u8>> {
        use futures_util::StreamExt as _;
        let stream = self.stream().await;
        let config = jetstream::consumer::pull::OrderedConfig::default();
        let consumer = stream.create_consumer(config).await.expect("a consumer");
        let waiting = consumer.cached_info().num_pending as usize;
        let messages = consumer.messages().await.expect("messages").take(waiting);
        messages.map(|message| message.expect("a message").payload.to_vec()).collect().await
    }

    pub(crate) async fn stream(&self) -> jetstream::stream::Stream {
        self.context().await.get_stream("RMM").await.expect("the stream")
    }

    pub(crate) async fn context(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(&self.url).await.expect("connected"))
    }

    /// Store messages, each acknowledged.
    pub(crate) async fn publish(&self, messages: &[Vec<u8>]) {
        let context = self.context().await;
        for message in messages {
            let head = wire::peek(message).expect("a message");
            let sent = context.publish(head.subject(), message.clone().into()).await;
            sent.expect("sent").await.expect("stored");
        }
    }
}

/// The program, in the project's folder.
pub(crate) fn rmmwatch(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(0), "{args:?}: {:?}: {said}", output.status);
    output
}

/// The program in the background; what it says goes to a file beside its alerts.
pub(crate) fn begin(args: &[&str], said: &Path) -> Running {
    let said = std::fs::File::create(said).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    Running(command.stdout(Stdio::null()).stderr(said).spawn().expect("the program runs"))
}

/// The lines of a file; none where there is no file.
pub(crate) fn lines(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// One field of a record, e.g. `/event/id`.
pub(crate) fn field(line: &str, pointer: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(line).expect("a record is JSON");
    record.pointer(pointer).map(|value| value.to_string()).unwrap_or_default()
}
