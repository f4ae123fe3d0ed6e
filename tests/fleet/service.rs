//! What a service manager hears: ready, reloading, ready again, stopping.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::peers::{Nats, wait_until};

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Service {
    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }
}

/// Wait for a message with that line; the others are passed over.
fn wait_for(manager: &UnixDatagram, line: &str) {
    let mut buffer = [0; 4096];
    loop {
        let len = manager.recv(&mut buffer).unwrap_or_else(|why| panic!("never {line}: {why}"));
        let text = std::str::from_utf8(&buffer[..len]).expect("UTF-8");
        if text.lines().any(|told| told == line) {
            return;
        }
    }
}

#[test]
fn a_service_manager_is_told() {
    let Some(nats) = Nats::start() else { return };
    let state = nats.path("state").display().to_string();
    let analyse = ["analyse", "--from", &nats.url, "--create", "--alerts", "/dev/null"];
    let run = ["run", "-i", "lo", "--alerts", "/dev/null", "--state", &state];
    let uid = Command::new("id").arg("-u").output().expect("id runs");
    let root = uid.stdout.trim_ascii() == b"0";
    for args in [&analyse[..], &run[..]] {
        if args[0] == "run" && !root {
            println!("SKIPPED: {args:?} needs root");
            continue;
        }
        let socket = nats.path(&format!("{}.socket", args[0]));
        let manager = UnixDatagram::bind(&socket).expect("a socket");
        manager.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NOTIFY_SOCKET", &socket).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut service = Service(command.spawn().expect("the program runs"));
        wait_for(&manager, "READY=1");
        service.signal("HUP");
        wait_for(&manager, "RELOADING=1");
        wait_for(&manager, "READY=1");
        service.signal("TERM");
        wait_for(&manager, "STOPPING=1");
        wait_until("the program ends", || matches!(service.0.try_wait(), Ok(Some(_))));
    }
}
