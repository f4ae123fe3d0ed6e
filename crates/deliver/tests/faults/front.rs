//! What stands before a real server, so that its answers can be lost, late or nonsense: every octet
//! is passed on, until the server is in trouble.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::cell::State;
use crate::host::{Protocol, Watch, Wire};

/// Passes everything on to that place.
pub(crate) struct Front {
    pub(crate) to: SocketAddr,
}

impl Protocol for Front {
    fn serve(&self, wire: &mut Wire) {
        let count = wire.count();
        if wire.state() == State::Garbage {
            let said: &[&[u8]] = &[
                b"220 mail.example ESMTP\r\n",
                &[0xff; 64],
                b"HTTP/1.1 400 Bad Request\r\n\r\n",
                b"INFO {\"server_id\":",
            ];
            wire.say(said[count % said.len()]);
            return wire.hang();
        }
        let Ok(server) = TcpStream::connect(self.to) else { return };
        server.set_read_timeout(Some(Duration::from_millis(5))).expect("set");
        let client = wire.tcp.take().expect("over TCP");
        let (ended, watch) = (AtomicBool::new(false), wire.watch());
        thread::scope(|scope| {
            scope.spawn(|| pass(&server, &client, &ended, &watch, true));
            pass(&client, &server, &ended, &watch, false);
        });
    }
}

/// Octets of one direction.
fn pass(
    mut from: &TcpStream,
    mut to: &TcpStream,
    ended: &AtomicBool,
    watch: &Watch,
    answers: bool,
) {
    let mut octets = [0; 16 << 10];
    while !ended.load(Ordering::SeqCst) && !watch.is_cut() && watch.state() != State::Garbage {
        match from.read(&mut octets) {
            Ok(count @ 1..) => {
                let passes = !answers || answered(watch);
                if !passes || to.write_all(&octets[..count]).is_err() {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(_) | Err(_) => break,
        }
    }
    ended.store(true, Ordering::SeqCst);
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

/// Before an answer is passed on: whether it is.
fn answered(watch: &Watch) -> bool {
    if watch.state() == State::Slow {
        match watch.count() {
            0 => watch.pause(2 * watch.scale().timeout),
            _ => watch.pause(watch.scale().late),
        }
    }
    // The server has it, and nobody hears so.
    !watch.dies()
}
