//! Readers that never answer: of a Unix socket, of syslog over TCP and over TLS. Batches are
//! confirmed by closing, as is the default for syslog.

use std::sync::{Arc, Mutex};

use deliver::sinks::{Kind, SyslogPlan, SyslogTransport, TlsPlan, UnixPlan};

use crate::cell::{FarEnd, Fault, Scale, State, suffer};
use crate::host::{At, Host, Papers, Protocol, Shelves, Wire, empty};
use crate::peers::{free_place, place};
use crate::shelf::Shelf;

/// How records follow one another.
#[derive(Clone, Copy)]
enum Cut {
    /// A newline after each.
    Lines,
    /// Their length before each (RFC 6587 §3.4.1).
    Counted,
}

/// A reader that writes down what it reads as it reads it.
struct Reader {
    cut: Cut,
    shelf: Shelves,
}

impl Reader {
    /// Write down what is whole.
    fn keep(&self, octets: &mut Vec<u8>) {
        let mut at = 0;
        while let Some((begin, end, next)) = self.next(&octets[at..]) {
            self.shelf.lock().expect("a shelf").take(&octets[at + begin..at + end]);
            at += next;
        }
        octets.drain(..at);
    }

    /// Where the next record begins and ends, and what follows it begins.
    fn next(&self, octets: &[u8]) -> Option<(usize, usize, usize)> {
        match self.cut {
            Cut::Lines => {
                let end = octets.iter().position(|octet| *octet == b'\n')?;
                Some((0, end, end + 1))
            }
            Cut::Counted => {
                let space = octets.iter().take(8).position(|octet| *octet == b' ')?;
                let length: usize = std::str::from_utf8(&octets[..space]).ok()?.parse().ok()?;
                let end = space + 1 + length;
                (octets.len() >= end).then_some((space + 1, end, end))
            }
        }
    }
}

impl Protocol for Reader {
    fn serve(&self, wire: &mut Wire) {
        let (state, count) = (wire.state(), wire.count());
        match state {
            // The connection is taken and closed, as by a relay whose own collector is away.
            State::Refusing if count.is_multiple_of(2) => return,
            State::Refusing => return wire.peep(),
            State::Garbage if count.is_multiple_of(2) => {
                wire.say(&[b'?'; 100 << 10]);
                return;
            }
            _ => {}
        }
        while wire.more() {
            self.keep(&mut wire.octets);
            if wire.dies() {
                return;
            }
        }
        if wire.is_cut() {
            return;
        }
        match state {
            State::Slow if count == 0 => wire.pause(2 * wire.scale().timeout),
            State::Slow => wire.pause(wire.scale().late),
            State::Garbage => drop(wire.say(&[b'?'; 100 << 10])),
            _ => {}
        }
    }
}

/// A reader and the sink that leads to it.
struct Stream {
    host: Host,
    shelf: Shelves,
    papers: Option<Papers>,
    _folder: Option<tempfile::TempDir>,
}

impl Stream {
    fn new(scale: Scale, cut: Cut, tls: bool) -> Stream {
        let shelf = Arc::new(Mutex::new(Shelf::new(scale.records)));
        let reader = Arc::new(Reader { cut, shelf: Arc::clone(&shelf) });
        if let Cut::Lines = cut {
            let folder = tempfile::tempdir().expect("a folder");
            let at = At::Unix(folder.path().join("reader.sock"));
            let host = Host::at(at, scale, reader, None);
            return Stream { host, shelf, papers: None, _folder: Some(folder) };
        }
        let at = free_place();
        let papers = tls.then(|| Papers::new(at));
        let host = Host::at(At::Tcp(at), scale, reader, papers.as_ref());
        Stream { host, shelf, papers, _folder: None }
    }
}

impl FarEnd for Stream {
    fn kind(&self) -> Kind {
        match &self.host.at {
            At::Unix(path) => {
                Kind::Unix(UnixPlan { path: path.clone(), datagrams: false, confirm: true })
            }
            At::Tcp(at) => Kind::Syslog(SyslogPlan {
                place: place(*at, self.papers.is_some()),
                transport: SyslogTransport::Stream,
                confirm: true,
                tls: self
                    .papers
                    .as_ref()
                    .map_or_else(TlsPlan::default, |papers| papers.pki.plan("ca.pem", false)),
            }),
        }
    }

    fn turn(&mut self, state: State) {
        self.host.turn(state);
    }

    fn arrived(&mut self) -> Shelf {
        self.host.turn(State::Down);
        empty(&self.shelf)
    }
}

fn stream(sink: &'static str, cut: Cut, tls: bool) {
    suffer(sink, |fault, scale| {
        let speaks = tls || fault != Fault::Stranger;
        speaks.then(|| Box::new(Stream::new(scale, cut, tls)) as Box<dyn FarEnd>)
    });
}

#[test]
fn a_unix_socket() {
    stream("unix", Cut::Lines, false);
}

#[test]
fn syslog_over_tcp() {
    stream("syslog, TCP", Cut::Counted, false);
}

#[test]
fn syslog_over_tls() {
    stream("syslog, TLS", Cut::Counted, true);
}
