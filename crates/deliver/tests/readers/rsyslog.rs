//! Syslog into a real rsyslog, which parses every message and writes its fields as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use deliver::sinks::{Carrier, Kind, SyslogPlan, SyslogTransport, TlsPlan};
use serde_json::{Value, json};

use super::peers::{self, Server};
use super::pki::Pki;
use super::{block_on, carry, entries, why};

/// The fields of each message, one JSON object a line.
const TEMPLATE: &str = r#"
template(name="fields" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="procid" name="procid" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="sd" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
}
"#;

/// An rsyslog, its place, and what it wrote.
struct Rsyslog {
    folder: tempfile::TempDir,
    program: PathBuf,
    at: SocketAddr,
    server: Option<Server>,
}

impl Rsyslog {
    /// `input`: its module and settings, with `PORT` and `ADDRESS` where those belong.
    fn new(input: &str) -> Option<Rsyslog> {
        let program = peers::program("rsyslogd")?;
        let folder = tempfile::tempdir().expect("a folder");
        let at = peers::free_place();
        let input =
            input.replace("ADDRESS", &at.ip().to_string()).replace("PORT", &at.port().to_string());
        let work = folder.path().display();
        let text = format!(
            "global(workDirectory=\"{work}\" maxMessageSize=\"64k\")\n{input}\n{TEMPLATE}\n\
             ruleset(name=\"all\" queue.type=\"Direct\") {{\n  \
             action(type=\"omfile\" file=\"{work}/out.jsonl\" template=\"fields\")\n}}\n"
        );
        std::fs::write(folder.path().join("rsyslog.conf"), text).expect("written");
        Some(Rsyslog { folder, program, at, server: None })
    }

    fn start(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(&self.program);
        command.arg("-n").arg("-f").arg(path("rsyslog.conf")).arg("-i").arg(path("pid"));
        self.server = Some(Server::start(&mut command));
    }

    /// As a service is stopped: it finishes what it has read.
    fn stop(&mut self) {
        if let Some(_server) = self.server.take() {
            let pid = self.folder.path().join("pid");
            let id = std::fs::read_to_string(&pid).expect("its number");
            let signal = Command::new("kill").arg(id.trim()).status();
            assert!(signal.expect("kill runs").success());
            peers::wait_until("rsyslog ends", || !pid.exists());
        }
    }

    fn messages(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("out.jsonl"));
        let text = text.unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("rsyslog's JSON")).collect()
    }

    fn wait_for_messages(&self, number: usize) -> Vec<Value> {
        peers::wait_until("every message is written", || self.messages().len() >= number);
        self.messages()
    }

    fn sink(&self, transport: SyslogTransport, tls: Option<TlsPlan>) -> Box<dyn Carrier> {
        let place = peers::place(self.at, tls.is_some());
        let tls = tls.unwrap_or_default();
        peers::carrier(Kind::Syslog(SyslogPlan { place, transport, confirm: true, tls }))
    }
}

const TCP: &str = r#"module(load="imtcp")
input(type="imtcp" port="PORT" address="ADDRESS" ruleset="all")"#;

/// A message of RFC 5424, and its fields as rsyslog has to see them.
fn message(number: usize) -> (String, Value) {
    let pri = [165, 13, 0, 191][number % 4];
    let mut text = format!("{{\"n\":{number},\"quote\":\"\\\"é€𝄞\\\"\",\"path\":\"C:\\\\x\"}}");
    if number % 50 == 7 {
        let _ = write!(text, " {}", "long ".repeat(6000));
    }
    let sd = match number % 3 {
        0 => "-".to_owned(),
        1 => format!(r#"[rmmwatch@32473 id="{number}" rule="a\"b\\c\]d"]"#),
        _ => format!(r#"[rmmwatch@32473 id="{number}"][origin ip="192.0.2.1"]"#),
    };
    let time = format!("2026-11-21T20:15:{:02}.{number:06}Z", number % 60);
    let line = format!("<{pri}>1 {time} sensor-a rmmwatch 4711 alert {sd} {text}");
    let fields = json!({
        "pri": pri.to_string(), "version": "1", "time": time, "host": "sensor-a",
        "app": "rmmwatch", "procid": "4711", "msgid": "alert", "sd": sd, "msg": text,
    });
    (line, fields)
}

fn messages(number: usize) -> (Vec<String>, Vec<Value>) {
    (0..number).map(message).unzip()
}

#[test]
fn rsyslog_reads_every_field_over_tcp() {
    let Some(mut rsyslog) = Rsyslog::new(TCP) else { return };
    rsyslog.start();
    peers::wait_for(rsyslog.at);
    let (lines, expected) = messages(5000);
    let mut sink = rsyslog.sink(SyslogTransport::Stream, None);
    for batch in lines.chunks(500) {
        let carried = carry(&mut *sink, &entries(batch.to_vec())).expect("taken");
        assert_eq!(carried.refused, []);
    }
    assert!(rsyslog.wait_for_messages(5000) == expected, "what came is not what was sent");
}

#[test]
fn nothing_is_lost_while_rsyslog_restarts() {
    let Some(mut rsyslog) = Rsyslog::new(TCP) else { return };
    let at = rsyslog.at;
    let (lines, _) = messages(10_000);
    let sent = lines.clone();
    let mut sink = rsyslog.sink(SyslogTransport::Stream, None);
    let sender = std::thread::spawn(move || {
        block_on(async {
            for batch in sent.chunks(20) {
                peers::carry_all(&mut *sink, &entries(batch.to_vec())).await;
            }
        });
    });
    while !sender.is_finished() {
        rsyslog.start();
        peers::wait_for(at);
        super::pause(60);
        rsyslog.stop();
    }
    sender.join().expect("all is through");
    let seen = rsyslog.messages();
    let different: BTreeSet<String> = seen.iter().map(|one| one["time"].to_string()).collect();
    println!("{} messages, of them {} twice", lines.len(), seen.len() - different.len());
    assert_eq!(different.len(), lines.len());
}

#[test]
fn over_tls_with_certificates_both_ways() {
    let pki = Pki::new(peers::free_place().ip());
    let file = |name: &str| pki.path(name).display().to_string();
    let input = format!(
        r#"global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{}"
    DefaultNetstreamDriverCertFile="{}" DefaultNetstreamDriverKeyFile="{}")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1"
    StreamDriver.Authmode="x509/name" PermittedPeer="sensor-1.example")
input(type="imtcp" port="PORT" address="ADDRESS" ruleset="all")"#,
        file("ca.pem"),
        file("server.pem"),
        file("server.key"),
    );
    let Some(mut rsyslog) = Rsyslog::new(&input) else { return };
    if !["/usr/lib", "/lib"].iter().any(|lib| has_gtls(lib)) {
        println!("SKIPPED: rsyslog-gnutls is not installed (packaging/ci/deps.sh test)");
        return;
    }
    rsyslog.start();
    peers::wait_for(rsyslog.at);
    let (lines, expected) = messages(1000);
    let right = pki.plan("ca.pem", true);
    let elsewhere = TlsPlan { name: Some("else.example".into()), ..right.clone() };
    let cases = [
        ("another CA", pki.plan("other.pem", true), "invalid peer certificate"),
        ("another name", elsewhere, "not valid for name"),
        ("no certificate of ours", pki.plan("ca.pem", false), "broke off"),
    ];
    for (what, tls, expected) in cases {
        let mut sink = rsyslog.sink(SyslogTransport::Stream, Some(tls));
        let said = why(carry(&mut *sink, &entries(lines.clone())));
        assert!(said.contains(expected), "{what}: {said}");
    }
    let mut plain = rsyslog.sink(SyslogTransport::Stream, None);
    // Plain octets are no TLS: rsyslog hangs up, with the batch unread or not.
    let _ = carry(&mut *plain, &entries(["<13>1 - - - - - - plain"]));
    assert_eq!(rsyslog.messages(), Vec::<Value>::new(), "something came in that should not");
    let mut sink = rsyslog.sink(SyslogTransport::Stream, Some(right));
    for batch in lines.chunks(100) {
        carry(&mut *sink, &entries(batch.to_vec())).expect("taken");
    }
    assert!(rsyslog.wait_for_messages(1000) == expected, "what came is not what was sent");
}

#[test]
fn rsyslog_reads_every_field_over_udp() {
    let input = r#"module(load="imudp")
input(type="imudp" port="PORT" address="ADDRESS" rcvbufSize="4m" ruleset="all")"#;
    let Some(mut rsyslog) = Rsyslog::new(input) else { return };
    rsyslog.start();
    let (lines, expected) = messages(500);
    let mut sink = rsyslog.sink(SyslogTransport::Udp, None);
    block_on(async {
        // Nobody listens at first; the one probe that is heard is no part of the comparison.
        let probe = entries(["<13>1 2026-11-21T20:15:00Z probe - - - - -"]);
        peers::carry_all(&mut *sink, &probe).await;
        peers::carry_all(&mut *sink, &entries(lines)).await;
    });
    let mut seen = rsyslog.wait_for_messages(501);
    seen.retain(|one| one["host"] != "probe");
    assert!(seen == expected, "what came is not what was sent");
}

/// Whether rsyslog's driver for TLS lies in a folder of libraries.
fn has_gtls(lib: &str) -> bool {
    let lib = PathBuf::from(lib);
    let triplet = lib.join(format!("{}-linux-gnu", std::env::consts::ARCH));
    [lib, triplet].iter().any(|folder| folder.join("rsyslog/lmnsd_gtls.so").is_file())
}
