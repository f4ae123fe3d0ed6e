//! A server on this host that can be well, down, slow, refusing, talking nonsense or somebody else;
//! what it says is its protocol's matter.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Deref;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::cell::{Scale, State};
use crate::peers::{free_place, wait_until};
use crate::pki::Pki;
use crate::shelf::Shelf;

/// How connections are served.
pub(crate) trait Protocol: Send + Sync {
    /// One connection, until it ends or is cut.
    fn serve(&self, wire: &mut Wire);

    /// The server was killed: what it had not on disk is gone.
    fn died(&self) {}
}

/// Octets both ways.
trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// Where it listens.
#[derive(Clone)]
pub(crate) enum At {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A server.
pub(crate) struct Host {
    pub(crate) at: At,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

/// A server's two certificates: its own, and one for the same name of another CA.
pub(crate) struct Papers {
    pub(crate) pki: Pki,
    pub(crate) other: Pki,
}

struct Shared {
    state: Mutex<State>,
    scale: Scale,
    /// Connections of an earlier epoch are cut.
    epoch: AtomicUsize,
    /// Whoever answers next dies instead.
    dying: AtomicBool,
    /// Requests in this state.
    count: AtomicUsize,
    protocol: Arc<dyn Protocol>,
    tls: Option<[Arc<ServerConfig>; 2]>,
    connections: Mutex<Vec<JoinHandle<()>>>,
}

impl Papers {
    pub(crate) fn new(at: SocketAddr) -> Papers {
        Papers { pki: Pki::new(at.ip()), other: Pki::new(at.ip()) }
    }

    /// Settings of the server that it is, and of the one that it is not.
    fn servers(&self) -> [Arc<ServerConfig>; 2] {
        [&self.pki, &self.other].map(|pki| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let cert = CertificateDer::from_pem_file(pki.path("server.pem")).expect("a file");
            let key = PrivateKeyDer::from_pem_file(pki.path("server.key")).expect("a key");
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![cert], key);
            Arc::new(config.expect("they belong together"))
        })
    }
}

impl Host {
    /// Down, until it is told otherwise.
    pub(crate) fn new(scale: Scale, protocol: Arc<dyn Protocol>) -> Host {
        Host::at(At::Tcp(free_place()), scale, protocol, None)
    }

    pub(crate) fn at(
        at: At,
        scale: Scale,
        protocol: Arc<dyn Protocol>,
        papers: Option<&Papers>,
    ) -> Host {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Down),
            scale,
            epoch: AtomicUsize::new(0),
            dying: AtomicBool::new(false),
            count: AtomicUsize::new(0),
            protocol,
            tls: papers.map(Papers::servers),
            connections: Mutex::default(),
        });
        Host { at, shared, listener: None }
    }

    pub(crate) fn place(&self) -> SocketAddr {
        let At::Tcp(place) = self.at else { panic!("not over TCP") };
        place
    }

    pub(crate) fn turn(&mut self, state: State) {
        let before = std::mem::replace(&mut *self.shared.state.lock().expect("a state"), state);
        self.shared.count.store(0, Ordering::SeqCst);
        if state == State::Down && before != State::Down {
            // Best while there is something to answer: then the answer is what gets lost.
            *self.shared.state.lock().expect("a state") = before;
            self.shared.dying.store(true, Ordering::SeqCst);
            let begun = Instant::now();
            while self.shared.dying.load(Ordering::SeqCst)
                && begun.elapsed() < Duration::from_millis(300)
            {
                sleep(Duration::from_millis(1));
            }
            self.shared.dying.store(false, Ordering::SeqCst);
            *self.shared.state.lock().expect("a state") = State::Down;
        }
        if [state, before].iter().any(|one| matches!(one, State::Down | State::Stranger)) {
            self.cut();
        }
        if state == State::Down {
            self.listener.take().map(JoinHandle::join);
            self.shared.protocol.died();
        } else if self.listener.is_none() {
            self.listen();
        }
    }

    /// End every connection, with what lies in its sockets.
    fn cut(&self) {
        self.shared.epoch.fetch_add(1, Ordering::SeqCst);
        let connections = std::mem::take(&mut *self.shared.connections.lock().expect("a list"));
        for connection in connections {
            connection.join().expect("no panic in a connection");
        }
    }

    fn listen(&mut self) {
        let (mut tcp, mut unix) = (None, None);
        wait_until("its port is free", || match &self.at {
            At::Tcp(place) => {
                tcp = TcpListener::bind(place).ok();
                tcp.is_some()
            }
            At::Unix(path) => {
                std::fs::remove_file(path).ok();
                unix = UnixListener::bind(path).ok();
                unix.is_some()
            }
        });
        let shared = Arc::clone(&self.shared);
        self.listener = Some(match (tcp, unix) {
            (Some(listener), _) => {
                listener.set_nonblocking(true).expect("set");
                thread::spawn(move || shared.accept(|| Some(tcp_wire(listener.accept().ok()?.0))))
            }
            (None, listener) => {
                let listener = listener.expect("one of them");
                listener.set_nonblocking(true).expect("set");
                thread::spawn(move || shared.accept(|| Some(unix_wire(listener.accept().ok()?.0))))
            }
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            *state = State::Down;
        }
        self.shared.epoch.fetch_add(1, Ordering::SeqCst);
        self.listener.take().map(JoinHandle::join);
    }
}

/// The longest that a connection does not look whether it is cut.
const LOOK: Duration = Duration::from_millis(5);

type Plain = (Box<dyn Duplex>, Option<TcpStream>);

fn tcp_wire(stream: TcpStream) -> Plain {
    stream.set_nonblocking(false).expect("set");
    stream.set_read_timeout(Some(LOOK)).expect("set");
    stream.set_write_timeout(Some(Duration::from_secs(5))).expect("set");
    stream.set_nodelay(true).expect("set");
    let other = stream.try_clone().expect("another handle");
    (Box::new(stream), Some(other))
}

fn unix_wire(stream: UnixStream) -> Plain {
    stream.set_nonblocking(false).expect("set");
    stream.set_read_timeout(Some(LOOK)).expect("set");
    stream.set_write_timeout(Some(Duration::from_secs(5))).expect("set");
    (Box::new(stream), None)
}

impl Shared {
    fn state(&self) -> State {
        *self.state.lock().expect("a state")
    }

    fn accept(self: Arc<Shared>, mut next: impl FnMut() -> Option<Plain>) {
        while self.state() != State::Down {
            let epoch = self.epoch.load(Ordering::SeqCst);
            let Some((stream, tcp)) = next() else {
                sleep(Duration::from_millis(1));
                continue;
            };
            let shared = Arc::clone(&self);
            let served = thread::spawn(move || {
                let stream = match &shared.tls {
                    None => stream,
                    Some([ours, other]) => {
                        let is_other = shared.state() == State::Stranger;
                        let config = Arc::clone(if is_other { other } else { ours });
                        let session = ServerConnection::new(config).expect("a session");
                        Box::new(StreamOwned::new(session, stream))
                    }
                };
                let protocol = Arc::clone(&shared.protocol);
                let watch = Watch { shared, epoch };
                protocol.serve(&mut Wire { stream, tcp, watch, octets: Vec::new() });
            });
            self.connections.lock().expect("a list").push(served);
        }
    }
}

/// A connection, as its protocol sees it.
pub(crate) struct Wire {
    stream: Box<dyn Duplex>,
    /// The same without TLS.
    pub(crate) tcp: Option<TcpStream>,
    watch: Watch,
    /// What was read and not used yet.
    pub(crate) octets: Vec<u8>,
}

impl Deref for Wire {
    type Target = Watch;

    fn deref(&self) -> &Watch {
        &self.watch
    }
}

/// What a connection is to know of its server.
#[derive(Clone)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    epoch: usize,
}

impl Watch {
    pub(crate) fn state(&self) -> State {
        self.shared.state()
    }

    pub(crate) fn scale(&self) -> Scale {
        self.shared.scale
    }

    /// The how-manyth request this is since the server is as it is, from 0.
    pub(crate) fn count(&self) -> usize {
        self.shared.count.fetch_add(1, Ordering::SeqCst)
    }

    /// Whether the server is gone, or another one.
    pub(crate) fn is_cut(&self) -> bool {
        self.shared.epoch.load(Ordering::SeqCst) != self.epoch
    }

    /// Whether the server dies now, before it says anything.
    pub(crate) fn dies(&self) -> bool {
        self.shared.dying.swap(false, Ordering::SeqCst)
    }

    /// Sleep, as long as it is not cut.
    pub(crate) fn pause(&self, long: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < long && !self.is_cut() {
            sleep(LOOK);
        }
    }
}

impl Wire {
    /// The same for another thread.
    pub(crate) fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Read some more; false at the end, or when it is cut or broken.
    pub(crate) fn more(&mut self) -> bool {
        let mut some = [0; 64 << 10];
        loop {
            if self.is_cut() {
                return false;
            }
            let most = if self.state() == State::Slow {
                sleep(Duration::from_millis(1));
                2048
            } else {
                some.len()
            };
            match self.stream.read(&mut some[..most]) {
                Ok(0) => return false,
                Ok(count) => {
                    self.octets.extend_from_slice(&some[..count]);
                    return true;
                }
                Err(error) if is_idle(&error) => {}
                Err(_) => return false,
            }
        }
    }

    /// Read the first octets, and forget them.
    pub(crate) fn peep(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < self.scale().timeout && !self.is_cut() {
            match self.stream.read(&mut [0; 5]) {
                Err(error) if is_idle(&error) => {}
                _ => return,
            }
        }
    }

    /// Nothing is said until the other end goes away.
    pub(crate) fn hang(&mut self) {
        let octets = std::mem::take(&mut self.octets);
        while self.more() {}
        self.octets = octets;
    }

    /// Whether that could be said.
    pub(crate) fn say(&mut self, octets: &[u8]) -> bool {
        !self.is_cut() && self.stream.write_all(octets).and_then(|()| self.stream.flush()).is_ok()
    }
}

fn is_idle(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// What arrived at a server, for the server and for who counts.
pub(crate) type Shelves = Arc<Mutex<Shelf>>;

/// Take what arrived, and leave nothing.
pub(crate) fn empty(shelf: &Shelves) -> Shelf {
    std::mem::replace(&mut *shelf.lock().expect("a shelf"), Shelf::new(0))
}
