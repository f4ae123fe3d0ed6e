//! The real FEVER: it reads our EVE records from its Unix socket, as from Suricata, and forwards
//! them unchanged.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use deliver::sinks::{Kind, UnixPlan};
use serde_json::Value;

use crate::peers::{Server, carrier, carry_all, eve, program, wait_until};

#[test]
fn fever_forwards_our_events_unchanged() {
    let Some(program) = program("fever") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let listener = UnixListener::bind(at("out.sock")).expect("a socket");
    let (send, receive) = mpsc::sync_channel(10_000);
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("FEVER connects");
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let _fever = Server::start(
        Command::new(program)
            .args(["run", "--fwd-all-types", "--in-buffer-drop=false"])
            .arg("--in-socket")
            .arg(at("in.sock"))
            .arg("--out-socket")
            .arg(at("out.sock"))
            .arg("--mgmt-socket")
            .arg(at("mgmt.sock"))
            .arg("--logfile")
            .arg(at("log"))
            .current_dir(folder.path()),
    );
    wait_until("FEVER listens", || UnixStream::connect(at("in.sock")).is_ok());
    let batch = eve();
    let plan = UnixPlan { path: at("in.sock"), datagrams: false, confirm: false };
    assert_eq!(carry_all(&mut *carrier(Kind::Unix(plan)), &batch), Vec::<String>::new());
    let mut found = Vec::new();
    while found.len() < batch.len() {
        let line = receive.recv_timeout(Duration::from_secs(10));
        found.push(line.unwrap_or_else(|_| panic!("{} of {}", found.len(), batch.len())));
    }
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
    let mut found: Vec<String> =
        found.iter().map(|line| json(line.as_bytes()).to_string()).collect();
    let mut sent: Vec<String> = batch.iter().map(|entry| json(&entry.body).to_string()).collect();
    found.sort();
    sent.sort();
    assert_eq!(found, sent);
}
