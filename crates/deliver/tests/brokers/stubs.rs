//! Servers that misbehave, and a wire between two ends that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::peers::free_place;

/// A server that says `greeting` to whoever connects, answers every read with `answer`, and keeps
/// what it was told.
pub(crate) struct Stub {
    pub(crate) at: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Stub {
    pub(crate) fn new(greeting: &'static [u8], answer: &'static [u8]) -> Stub {
        let listener = TcpListener::bind(free_place()).expect("a port");
        let at = listener.local_addr().expect("its address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ear = Arc::clone(&ear);
                thread::spawn(move || listen(stream, greeting, answer, &ear));
            }
        });
        Stub { at, heard }
    }

    /// What it was told, of all connections.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.heard.lock().expect("no panic before").clone()
    }
}

fn listen(mut stream: TcpStream, greeting: &[u8], answer: &[u8], ear: &Mutex<Vec<u8>>) {
    if stream.write_all(greeting).is_err() {
        return;
    }
    let mut octets = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut octets) {
        ear.lock().expect("no panic before").extend_from_slice(&octets[..length]);
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

/// A wire to a server, which can stop to bring answers back, and can be cut.
pub(crate) struct Wire {
    pub(crate) at: SocketAddr,
    deaf: Arc<AtomicBool>,
    ends: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    pub(crate) fn to(server: SocketAddr) -> Wire {
        let listener = TcpListener::bind(free_place()).expect("a port");
        let at = listener.local_addr().expect("its address");
        let deaf = Arc::new(AtomicBool::new(false));
        let ends = Arc::new(Mutex::new(Vec::new()));
        let (hush, kept) = (Arc::clone(&deaf), Arc::clone(&ends));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(server) else {
                    continue;
                };
                let both = [&client, &server].map(|end| end.try_clone().expect("another handle"));
                kept.lock().expect("no panic before").extend(both);
                let (from, to) = (client.try_clone(), server.try_clone());
                thread::spawn(move || pass(from.expect("a handle"), to.expect("a handle"), None));
                let hush = Arc::clone(&hush);
                thread::spawn(move || pass(server, client, Some(&hush)));
            }
        });
        Wire { at, deaf, ends }
    }

    /// From now on, what the server answers is lost.
    pub(crate) fn lose_answers(&self, lose: bool) {
        self.deaf.store(lose, Ordering::SeqCst);
    }

    /// Cut every connection.
    pub(crate) fn cut(&self) {
        for end in self.ends.lock().expect("no panic before").drain(..) {
            end.shutdown(Shutdown::Both).ok();
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, lose: Option<&AtomicBool>) {
    let mut octets = [0; 16384];
    while let Ok(length @ 1..) = from.read(&mut octets) {
        if lose.is_some_and(|lose| lose.load(Ordering::SeqCst)) {
            continue;
        }
        if to.write_all(&octets[..length]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
}
