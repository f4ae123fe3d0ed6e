//! A stub of an HTTP/1.1 server on the loopback: it takes requests apart and answers as it is told.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The how-manyth connection it came on.
    pub(crate) connection: usize,
    /// The how-manyth request it is.
    pub(crate) number: usize,
}

/// What is done about it.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Say(u16, &'static [(&'static str, &'static str)], String),
    /// These octets, whatever they are; the connection stays.
    Raw(Vec<u8>),
    /// An answer without end: the header, then the body again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// Nothing, until the client goes away.
    Silence,
    /// The connection is closed.
    Close,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<String>) -> Reply {
        Reply::Say(200, &[], body.into())
    }
}

type Behaviour = Arc<Mutex<dyn FnMut(&Asked) -> Reply + Send>>;

/// A stub at work; gone when dropped.
pub(crate) struct Stub {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    pub(crate) fn start(behaviour: impl FnMut(&Asked) -> Reply + Send + 'static) -> Stub {
        Stub::start_with(None, behaviour)
    }

    pub(crate) fn start_with(
        tls: Option<ServerConfig>,
        behaviour: impl FnMut(&Asked) -> Reply + Send + 'static,
    ) -> Stub {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("no waiting");
        let (asked, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let behaviour: Behaviour = Arc::new(Mutex::new(behaviour));
        let work = Work { asked: Arc::clone(&asked), stop: Arc::clone(&stop), behaviour };
        let tls = tls.map(Arc::new);
        let thread = std::thread::spawn(move || work.accept(&listener, tls.as_ref()));
        Stub { port, asked, stop, thread: Some(thread) }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic in the stub").clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

#[derive(Clone)]
struct Work {
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    behaviour: Behaviour,
}

impl Work {
    fn accept(&self, listener: &TcpListener, tls: Option<&Arc<ServerConfig>>) {
        let mut connection = 0;
        let mut threads = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let Ok((stream, _)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(2));
                continue;
            };
            connection += 1;
            stream.set_nonblocking(false).expect("waiting");
            stream.set_read_timeout(Some(Duration::from_millis(10))).expect("not for long");
            stream.set_write_timeout(Some(Duration::from_millis(2000))).expect("not for long");
            let (work, tls) = (self.clone(), tls.cloned());
            threads.push(std::thread::spawn(move || work.serve(stream, tls, connection)));
        }
        for thread in threads {
            thread.join().ok();
        }
    }

    fn serve(&self, stream: TcpStream, tls: Option<Arc<ServerConfig>>, connection: usize) {
        match tls {
            None => self.answer(stream, connection),
            Some(config) => {
                let session = ServerConnection::new(config).expect("a session");
                self.answer(StreamOwned::new(session, stream), connection);
            }
        }
    }

    fn answer(&self, mut stream: impl Read + Write, connection: usize) {
        let mut octets = Vec::new();
        while let Some(mut asked) = self.request(&mut stream, &mut octets, connection) {
            {
                let mut all = self.asked.lock().expect("no panic in the stub");
                asked.number = all.len() + 1;
                all.push(asked.clone());
            }
            let reply = (self.behaviour.lock().expect("no panic in the stub"))(&asked);
            let written = match reply {
                Reply::Say(status, headers, body) => {
                    let mut head = format!("HTTP/1.1 {status} Said\r\n");
                    for (name, value) in headers {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                    if status != 204 {
                        head.push_str(&format!("content-length: {}\r\n", body.len()));
                    }
                    stream.write_all(format!("{head}\r\n{body}").as_bytes())
                }
                Reply::Raw(octets) => stream.write_all(&octets),
                Reply::Endless(head, again) => {
                    let mut written = stream.write_all(&head);
                    while written.is_ok() && !self.stop.load(Ordering::Relaxed) {
                        written = stream.write_all(&again);
                    }
                    written
                }
                Reply::Silence => {
                    while self.more(&mut stream, &mut octets) {}
                    return;
                }
                Reply::Close => return,
            };
            if written.and_then(|()| stream.flush()).is_err() {
                return;
            }
        }
    }

    /// Read some more; false when the other side or the test is gone.
    fn more(&self, stream: &mut impl Read, octets: &mut Vec<u8>) -> bool {
        let mut some = [0; 64 << 10];
        loop {
            match stream.read(&mut some) {
                Ok(0) => return false,
                Ok(count) => {
                    octets.extend_from_slice(&some[..count]);
                    return true;
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if self.stop.load(Ordering::Relaxed) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
    }

    fn request(
        &self,
        stream: &mut impl Read,
        octets: &mut Vec<u8>,
        connection: usize,
    ) -> Option<Asked> {
        let end = loop {
            if let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more(stream, octets) {
                return None;
            }
        };
        let head = String::from_utf8(octets[..end].to_vec()).expect("a header of text");
        let mut lines = head.lines();
        let mut first = lines.next().expect("a request line").split(' ');
        assert_eq!(first.next(), Some("POST"));
        let path = first.next().expect("a path").to_owned();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers["content-length"].parse().expect("a length");
        while octets.len() < end + length {
            if !self.more(stream, octets) {
                return None;
            }
        }
        let body = String::from_utf8(octets[end..end + length].to_vec()).expect("a body of text");
        octets.drain(..end + length);
        Some(Asked { path, headers, body, connection, number: 0 })
    }
}
