//! Redis itself: a stream, every command on the disk before it is answered; its answers come
//! through a front that can lose them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use deliver::sinks::{Kind, RedisPlan, RedisShape, TlsPlan};

use crate::cell::{FarEnd, Fault, Scale, State, suffer};
use crate::front::Front;
use crate::host::{Host, Papers};
use crate::peers::{Server, free_place, place, program, wait_for};
use crate::shelf::Shelf;

const KEY: &str = "rmmwatch";

/// A redis-server, and what stands before it unless it speaks TLS.
struct Redis {
    scale: Scale,
    at: SocketAddr,
    server: Option<Server>,
    folder: tempfile::TempDir,
    front: Option<Host>,
    papers: Papers,
    state: State,
}

impl Redis {
    fn new(fault: Fault, scale: Scale) -> Option<Redis> {
        program("redis-server")?;
        let (at, folder) = (free_place(), tempfile::tempdir().expect("a folder"));
        let front =
            (fault != Fault::Stranger).then(|| Host::new(scale, Arc::new(Front { to: at })));
        let papers = Papers::new(at);
        let state = State::Down;
        Some(Redis { scale, at, server: None, folder, front, papers, state })
    }

    /// Start it, or another one in its place: with TLS, of that CA.
    fn start(&mut self, tls: bool, stranger: bool) {
        self.server = None;
        let mut command = Command::new(program("redis-server").expect("as before"));
        let (address, port) = (self.at.ip().to_string(), self.at.port().to_string());
        command.args(["--bind", &address, "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--dir"]).arg(self.folder.path());
        if tls {
            let pki = if stranger { &self.papers.other } else { &self.papers.pki };
            command.args(["--port", "0", "--tls-auth-clients", "no", "--tls-port", &port]);
            command.arg("--tls-cert-file").arg(pki.path("server.pem"));
            command.arg("--tls-key-file").arg(pki.path("server.key"));
            command.arg("--tls-ca-cert-file").arg(pki.path("ca.pem"));
        } else {
            command.args(["--port", &port]);
        }
        self.server = Some(Server::start(command.stderr(Stdio::null())));
        wait_for(self.at);
    }

    /// What it answers, as the lines of the protocol without their marks.
    fn ask(&self, words: &[&str]) -> Vec<String> {
        let mut octets = format!("*{}\r\n", words.len());
        for word in words {
            octets += &format!("${}\r\n{word}\r\n", word.len());
        }
        // Who has just started reads its file first.
        for _ in 0..100 {
            let mut stream = TcpStream::connect(self.at).expect("connected");
            stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
            stream.write_all(octets.as_bytes()).expect("written");
            let mut all = Vec::new();
            value(&mut BufReader::new(stream), &mut all);
            if !all.first().is_some_and(|first| first.starts_with("LOADING")) {
                return all;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it reads its file for too long")
    }
}

fn value(from: &mut BufReader<TcpStream>, all: &mut Vec<String>) {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    let (kind, rest) = line.trim_end().split_at(1);
    match (kind, rest.parse::<usize>()) {
        ("*", Ok(count)) => (0..count).for_each(|_| value(from, all)),
        ("$", Ok(length)) => {
            let mut octets = vec![0; length + 2];
            from.read_exact(&mut octets).expect("a value");
            octets.truncate(length);
            all.push(String::from_utf8(octets).expect("text"));
        }
        _ => all.push(rest.to_owned()),
    }
}

impl FarEnd for Redis {
    fn kind(&self) -> Kind {
        let tls = match &self.front {
            Some(_) => TlsPlan::default(),
            None => self.papers.pki.plan("ca.pem", false),
        };
        let at = self.front.as_ref().map_or(self.at, Host::place);
        Kind::Redis(RedisPlan {
            place: place(at, self.front.is_none()),
            tls,
            user: None,
            password: None,
            database: 0,
            key: KEY.to_owned(),
            shape: RedisShape::Stream(0),
        })
    }

    fn turn(&mut self, state: State) {
        let before = std::mem::replace(&mut self.state, state);
        if self.front.is_none() {
            return self.start(true, state == State::Stranger);
        }
        if state == State::Refusing {
            // OOM, from now on.
            self.ask(&["CONFIG", "SET", "maxmemory", "1"]);
        } else if before == State::Refusing {
            self.ask(&["CONFIG", "SET", "maxmemory", "0"]);
        }
        if state == State::Well && self.server.is_none() {
            self.start(false, false);
        }
        let refuses = [before, state].contains(&State::Refusing);
        if let Some(front) = self.front.as_mut().filter(|_| !refuses) {
            front.turn(state);
        }
        if state == State::Down {
            self.server = None;
        }
    }

    fn arrived(&mut self) -> Shelf {
        self.start(false, false);
        let mut shelf = Shelf::new(self.scale.records);
        let all = self.ask(&["XRANGE", KEY, "-", "+"]);
        // The stream's own id, then `event`, the record, `id`, its id.
        for entry in all.chunks(5) {
            let ours = entry.get(1).is_some_and(|name| name == "event");
            shelf.take(entry.get(2).filter(|_| ours).map_or(b"", |body| body.as_bytes()));
        }
        shelf
    }
}

#[test]
fn redis() {
    suffer("redis, stream", |fault, scale| {
        Some(Box::new(Redis::new(fault, scale)?) as Box<dyn FarEnd>)
    });
}
