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
        send.send("FEVER is connected".to_owned()).ok();
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
    let connected = receive.recv_timeout(Duration::from_secs(15));
    assert_eq!(connected.as_deref(), Ok("FEVER is connected"));
    let plan = UnixPlan { path: at("in.sock"), datagrams: false, confirm: false };
    let mut sink = carrier(Kind::Unix(plan));
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
    for entry in eve() {
        // FEVER 1.3.5 drops what its forwarding cannot take at once: one by one, and again if need
        // be.
        let forwarded = (0..5).find_map(|_| {
            assert_eq!(carry_all(&mut *sink, std::slice::from_ref(&entry)), Vec::<String>::new());
            receive.recv_timeout(Duration::from_secs(2)).ok()
        });
        let forwarded = forwarded.unwrap_or_else(|| panic!("{} is forwarded", entry.id));
        assert_eq!(json(forwarded.as_bytes()), json(&entry.body), "{}", entry.id);
    }
}
