//! Sinks as a user meets them: settings that are checked, records that wait for a sink and outlive
//! a kill, losses that are told by an alert, a spool that has one user.

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";

/// A child that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder with settings, a spool, and what comes out.
struct Stage(TempDir);

impl Stage {
    /// With those sinks; `spool` are further keys of `[spool]`.
    fn new(spool: &str, sinks: &str) -> Stage {
        let stage = Stage(TempDir::new().expect("a folder"));
        let text = format!("[spool]\npath = 'spool'\n{spool}\n{sinks}\n");
        fs::write(stage.path("rmmwatch.toml"), text).expect("settings");
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).arg("--config");
        command.arg(self.path("rmmwatch.toml")).stdin(Stdio::null());
        command
    }

    /// Replay a capture through the sinks, with the alerts in `alerts.jsonl` as well.
    fn replay(&self, capture: &str) -> Command {
        let mut command = self.command(&["replay", "--sinks", "--quiet", capture]);
        command.arg("--alerts").arg(self.path("alerts.jsonl"));
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout)
}

fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

fn file_sink(name: &str) -> String {
    format!("[[sink]]\nname = '{name}'\nkind = 'file'\nto = '{name}.jsonl'\n")
}

const DEAD: &str = "[[sink]]\nname = 'dead'\nkind = 'unix'\nto = 'nobody.sock'\n";

#[test]
fn a_replay_fills_its_sinks_and_says_what_still_waits() {
    let stage = Stage::new("drain_secs = 3", &[&file_sink("one"), DEAD].concat());
    let done = stage.replay(CAPTURE).output().expect("it runs");
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let alerts = records(&stage.path("alerts.jsonl"));
    let mut one = records(&stage.path("one.jsonl"));
    assert_eq!(one.remove(0)["event"]["dataset"], "rmmwatch.header");
    assert_eq!(one, alerts, "the sink has what the output has");
    let why = format!("{} records wait in the spool for the sink dead", alerts.len());
    assert!(said(&done).contains(&why), "{}", said(&done));
}

/// A segment of the spool is removed between two starts: what the sink will never have is counted,
/// and told by an alert.
#[test]
fn records_that_no_sink_will_have_are_told_by_an_alert() {
    let stage = Stage::new("drain_secs = 0", DEAD);
    let run = || assert_eq!(stage.replay(CAPTURE).status().expect("it runs").code(), Some(0));
    run();
    let folder = fs::read_dir(stage.path("spool/alerts")).expect("segments");
    let mut segments: Vec<PathBuf> = folder.map(|one| one.expect("one").path()).collect();
    run();
    segments.sort();
    fs::remove_file(segments.first().expect("a segment")).expect("removed");
    let count = records(&stage.path("alerts.jsonl")).len();
    // Half of the capture comes a second later than the rest, so that the sink looks first.
    let capture = fs::read(CAPTURE).expect("the capture");
    let mut command = stage.replay("-");
    let mut child = Killed(command.stdin(Stdio::piped()).spawn().expect("it runs"));
    let mut input = child.0.stdin.take().expect("its input");
    let (first, rest) = capture.split_at(capture.len() / 2);
    input.write_all(first).expect("taken");
    thread::sleep(Duration::from_secs(1));
    input.write_all(rest).expect("taken");
    drop(input);
    assert_eq!(child.0.wait().expect("an end").code(), Some(0));
    let alerts = records(&stage.path("alerts.jsonl"));
    let lost = alerts.iter().filter(|alert| alert["event"]["action"] == "records-lost");
    let lost: Vec<&Value> = lost.collect();
    assert_eq!(lost.len(), 1, "{alerts:?}");
    let message = lost[0]["message"].as_str().expect("a message");
    assert!(message.contains("dead") && message.contains(&count.to_string()), "{message}");
}

/// A server that takes a record after `pause`, and tells each id that it took.
fn slow_server(pause: Duration) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (tell, told) = sync_channel(100_000);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            thread::spawn(move || serve(stream, pause, &tell));
        }
    });
    (port, told)
}

fn serve(stream: TcpStream, pause: Duration, tell: &SyncSender<String>) {
    let mut answers = stream.try_clone().expect("a socket");
    let mut from = BufReader::new(stream);
    loop {
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).is_ok_and(|len| len > 0) {
                let line = line.trim_end().to_ascii_lowercase();
                match line.split_once(": ") {
                    Some(("idempotency-key", key)) => id = key.trim_matches('"').to_owned(),
                    Some(("content-length", text)) => length = text.parse().expect("a number"),
                    _ if line.is_empty() => break,
                    _ => {}
                }
            } else {
                return;
            }
        }
        let mut body = vec![0; length];
        if from.read_exact(&mut body).is_err() {
            return;
        }
        thread::sleep(pause);
        let _ = tell.send(id);
        if answers.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

#[test]
fn a_kill_in_the_middle_loses_nothing() {
    let (port, ids) = slow_server(Duration::from_millis(100));
    let webhook =
        format!("[[sink]]\nname = 'w'\nkind = 'webhook'\nto = 'http://127.0.0.1:{port}/'\n");
    let stage = Stage::new("drain_secs = 20", &webhook);
    let mut child = Killed(stage.replay(CAPTURE).spawn().expect("it runs"));
    let within = Duration::from_secs(15);
    let mut got: Vec<String> =
        (0..5).map(|_| ids.recv_timeout(within).expect("a record")).collect();
    child.0.kill().expect("killed");
    child.0.wait().expect("an end");
    let sent = records(&stage.path("alerts.jsonl")).len();
    assert!(got.len() < sent, "it was in the middle");
    // A capture of nothing: the second start has only what the first one left.
    let mut empty = fs::read(CAPTURE).expect("the capture");
    empty.truncate(24);
    fs::write(stage.path("empty.pcap"), empty).expect("a file");
    let empty = stage.path("empty.pcap").display().to_string();
    let done = stage.replay(&empty).output().expect("it runs");
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    got.extend(ids.try_iter());
    let once: BTreeSet<&String> = got.iter().collect();
    assert_eq!(once.len(), sent, "every record, and each known by its id: {got:?}");
    assert!(!once.contains(&String::new()));
}

#[test]
fn a_spool_has_one_user_and_the_other_is_told() {
    let stage = Stage::new("drain_secs = 20", &file_sink("one"));
    let mut command = stage.replay("-");
    let mut child = Killed(command.stdin(Stdio::piped()).spawn().expect("it runs"));
    let mut input = child.0.stdin.take().expect("its input");
    input.write_all(&fs::read(CAPTURE).expect("the capture")[..4096]).expect("taken");
    let end = Instant::now() + Duration::from_secs(15);
    while !stage.path("spool/lock").exists() && Instant::now() < end {
        thread::sleep(Duration::from_millis(10));
    }
    let done = stage.replay(CAPTURE).output().expect("it runs");
    assert_eq!(done.status.code(), Some(4), "{}", said(&done));
    assert!(said(&done).contains("another process writes to this spool"), "{}", said(&done));
}

#[test]
fn settings_of_sinks_are_checked() {
    let table = [
        (file_sink("a"), 0, "sink       a: file to "),
        ([file_sink("a"), file_sink("a")].concat(), 1, "two sinks are called `a`"),
        (file_sink("a") + "rotate_mib = 0", 1, "`rotate_mib` goes from 1"),
        (
            [file_sink("a"), file_sink("b").replace("b.jsonl", "a.jsonl")].concat(),
            1,
            "the sinks `b` and `a` would write one file",
        ),
        (file_sink("a") + "colour = 'red'", 1, "colour"),
        ("[[sink]]\nname = 'a'\nkind = 'pigeon'\nto = 'x'".to_owned(), 1, "pigeon"),
        (
            "[[sink]]\nname = 'l'\nkind = 'loki'\nto = 'https://h'\nsecret = { file = 'no' }"
                .to_owned(),
            1,
            "no cannot be read",
        ),
        (
            "[[sink]]\nname = 'l'\nkind = 'loki'\nto = 'https://h'\nsecret = { credential = 'no' }"
                .to_owned(),
            1,
            "LoadCredential=",
        ),
        (
            "[[sink]]\nname = 'l'\nkind = 'loki'\nto = 'https://h'\ntls = { ca = 'no.pem' }"
                .to_owned(),
            1,
            "no.pem",
        ),
    ];
    for (sinks, code, want) in table {
        let stage = Stage::new("", &sinks);
        let done = stage.run(&["check"]);
        assert_eq!(done.status.code(), Some(code), "{sinks}: {}", said(&done));
        assert!(said(&done).contains(want), "{sinks}: {}", said(&done));
    }
}

#[test]
fn a_secret_that_everybody_can_read_is_said_and_never_shown() {
    let sink =
        "[[sink]]\nname = 'l'\nkind = 'loki'\nto = 'https://127.0.0.1:9'\nsecret = { file = 's' }";
    let stage = Stage::new("drain_secs = 1", sink);
    let secret = stage.path("s");
    fs::write(&secret, "hunter22\n").expect("a secret");
    for (mode, warned) in [(0o644, true), (0o640, false)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("a mode");
        for mut command in [stage.command(&["check"]), stage.replay(CAPTURE)] {
            let done = command.output().expect("it runs");
            assert_eq!(said(&done).contains("by everybody"), warned, "{}", said(&done));
            assert!(!said(&done).contains("hunter22"), "{}", said(&done));
        }
    }
}
