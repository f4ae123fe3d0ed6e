//! Datagrams: of UDP, which are heard or not, and of a Unix socket.

use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use deliver::sinks::{Kind, SyslogPlan, SyslogTransport, TlsPlan, UnixPlan};

use crate::cell::{FarEnd, Fault, Scale, State, suffer};
use crate::host::{Shelves, empty};
use crate::peers::{free_place, place, wait_until};
use crate::shelf::Shelf;

/// Reads a datagram, if one comes soon.
type Read = Box<dyn FnMut(&mut [u8]) -> Option<usize> + Send>;

const WELL: u8 = 0;
const SLOW: u8 = 1;
const DOWN: u8 = 2;

/// Where datagrams go.
#[derive(Clone)]
enum At {
    Udp(SocketAddr),
    Unix(PathBuf),
}

/// A reader of datagrams.
struct Datagrams {
    at: At,
    shelf: Shelves,
    state: Arc<AtomicU8>,
    reader: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Datagrams {
    fn new(scale: Scale, unix: bool) -> Datagrams {
        let folder = tempfile::tempdir().expect("a folder");
        let at = match unix {
            true => At::Unix(folder.path().join("reader.sock")),
            false => At::Udp(free_place()),
        };
        let shelf = Arc::new(Mutex::new(Shelf::new(scale.records)));
        let state = Arc::new(AtomicU8::new(DOWN));
        Datagrams { at, shelf, state, reader: None, _folder: folder }
    }

    fn listen(&mut self) {
        const LOOK: Option<Duration> = Some(Duration::from_millis(5));
        let mut read: Option<Read> = None;
        wait_until("its place is free", || {
            read = match &self.at {
                At::Udp(at) => UdpSocket::bind(at).ok().map(|socket| {
                    socket.set_read_timeout(LOOK).expect("set");
                    Box::new(move |octets: &mut [u8]| socket.recv(octets).ok()) as _
                }),
                At::Unix(path) => {
                    std::fs::remove_file(path).ok();
                    UnixDatagram::bind(path).ok().map(|socket| {
                        socket.set_read_timeout(LOOK).expect("set");
                        Box::new(move |octets: &mut [u8]| socket.recv(octets).ok()) as _
                    })
                }
            };
            read.is_some()
        });
        let mut read = read.expect("a socket");
        let (state, shelf) = (Arc::clone(&self.state), Arc::clone(&self.shelf));
        self.reader = Some(thread::spawn(move || {
            let mut octets = vec![0; 64 << 10];
            while state.load(Ordering::SeqCst) != DOWN {
                if let Some(count) = read(&mut octets) {
                    shelf.lock().expect("a shelf").take(&octets[..count]);
                }
                if state.load(Ordering::SeqCst) == SLOW {
                    sleep(Duration::from_millis(2));
                }
            }
        }));
    }
}

impl FarEnd for Datagrams {
    fn kind(&self) -> Kind {
        match &self.at {
            At::Unix(path) => {
                Kind::Unix(UnixPlan { path: path.clone(), datagrams: true, confirm: false })
            }
            At::Udp(at) => Kind::Syslog(SyslogPlan {
                place: place(*at, false),
                transport: SyslogTransport::Udp,
                confirm: false,
                tls: TlsPlan::default(),
            }),
        }
    }

    fn turn(&mut self, state: State) {
        let state = match state {
            State::Down => DOWN,
            State::Slow => SLOW,
            _ => WELL,
        };
        self.state.store(state, Ordering::SeqCst);
        if state == DOWN {
            self.reader.take().map(JoinHandle::join);
        } else if self.reader.is_none() {
            self.listen();
        }
    }

    fn arrived(&mut self) -> Shelf {
        // What still lies in the socket is read.
        sleep(Duration::from_millis(500));
        self.turn(State::Down);
        empty(&self.shelf)
    }

    fn may_lose(&self) -> Option<&'static str> {
        Some(match self.at {
            At::Udp(_) => "as UDP does",
            At::Unix(_) => "what lay unread when the reader died",
        })
    }
}

fn datagrams(sink: &'static str, unix: bool) {
    suffer(sink, |fault, scale| {
        let can = matches!(fault, Fault::DownAtStart | Fault::DownMidway | Fault::Slow);
        can.then(|| Box::new(Datagrams::new(scale, unix)) as Box<dyn FarEnd>)
    });
}

#[test]
fn syslog_over_udp() {
    datagrams("syslog, UDP", false);
}

#[test]
fn a_unix_socket_of_datagrams() {
    datagrams("unix, datagrams", true);
}
